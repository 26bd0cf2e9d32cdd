/** Values of the machine as text for people: bounded in depth, width and length, and with what looks like a secret left out. */
import type { PickleMachine } from './machine';
import {
  Constant,
  PickleCall,
  PickleComputed,
  PickleContainer,
  PickleExtension,
  PickleGlobal,
  PicklePersistent,
  payloadOf,
  type Ref,
  Tag,
  tagOf,
} from './values';

const MAX_TEXT = 120;
const MAX_ITEMS = 6;
const MAX_DEPTH = 4;

/** User names and passwords of URLs and long tokens are replaced: a payload may carry somebody's credential. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/(\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}:\/\/)[^\s/@'"]{1,200}@/g, '$1***@')
    .replace(/[A-Za-z0-9_\-+=]{24,512}/g, (token) =>
      /\d/.test(token) && /[A-Za-z]/.test(token) ? `${token.slice(0, 4)}***` : token,
    );
}

function quoted(text: string, isBytes: boolean): string {
  const cut = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  const body = withoutSecrets(cut).replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n');
  return `${isBytes ? 'b' : ''}'${body}'`;
}

/** Text of a value, at most about 400 characters. */
export async function render(machine: PickleMachine, ref: Ref, depth = 0, budget = { nodes: 40 }): Promise<string> {
  if (ref === 0 || budget.nodes-- <= 0) return '…';
  const payload = payloadOf(ref);
  switch (tagOf(ref)) {
    case Tag.Int:
      return String(payload);
    case Tag.Text:
    case Tag.Bytes:
      return quoted((await machine.resolve(ref, 4 * MAX_TEXT)) ?? '', tagOf(ref) === Tag.Bytes);
    case Tag.Float:
    case Tag.BigInt:
      return (await machine.readText(payload, 40)).slice(0, 40);
    case Tag.Constant:
      return payload === Constant.None
        ? 'None'
        : payload === Constant.True
          ? 'True'
          : payload === Constant.False
            ? 'False'
            : '…';
    case Tag.Object:
      break;
    default:
      return '…';
  }
  const object = machine.object(ref);
  if (object instanceof PickleGlobal) return object.path;
  if (object instanceof PickleComputed) return quoted(object.value, object.isBytes);
  if (object instanceof PickleExtension) return `extension ${object.code}`;
  if (depth >= MAX_DEPTH) return '…';
  if (object instanceof PicklePersistent) return `persistent(${await render(machine, object.id, depth + 1, budget)})`;
  if (object instanceof PickleCall) return renderCall(machine, object, depth + 1, budget);
  if (object instanceof PickleContainer) {
    const shown: string[] = [];
    const pairs = object.kind === 'dict';
    const step = pairs ? 2 : 1;
    for (let i = 0; i < object.items.length && shown.length < MAX_ITEMS && budget.nodes > 0; i += step) {
      const key = await render(machine, object.items[i] as Ref, depth + 1, budget);
      shown.push(pairs ? `${key}: ${await render(machine, object.items[i + 1] ?? 0, depth + 1, budget)}` : key);
    }
    if (object.count > shown.length) shown.push('…');
    const body = shown.join(', ');
    if (object.kind === 'tuple') return object.count === 1 ? `(${body},)` : `(${body})`;
    if (object.kind === 'list') return `[${body}]`;
    return object.kind === 'frozenset' ? `frozenset({${body}})` : `{${body}}`;
  }
  return '…';
}

/** `module.function('argument')`. */
export async function renderCall(
  machine: PickleMachine,
  call: PickleCall,
  depth = 0,
  budget = { nodes: 40 },
): Promise<string> {
  const callee = machine.object(call.fn);
  const name = callee instanceof PickleGlobal ? callee.path : await render(machine, call.fn, depth, budget);
  const args = machine.object(call.args);
  const shown: string[] = [];
  if (args instanceof PickleContainer) {
    for (const item of args.items.slice(0, MAX_ITEMS)) shown.push(await render(machine, item, depth + 1, budget));
    if (args.count > shown.length) shown.push('…');
  } else if (call.args) shown.push(`*${await render(machine, call.args, depth + 1, budget)}`);
  const named = machine.object(call.kwargs);
  if (named instanceof PickleContainer) {
    for (let i = 0; i + 1 < named.items.length && i < 2 * MAX_ITEMS; i += 2) {
      const key = (await machine.resolve(named.items[i] as Ref, 100)) ?? '…';
      shown.push(`${key}=${await render(machine, named.items[i + 1] as Ref, depth + 1, budget)}`);
    }
  }
  const made = call.opcode === 'NEWOBJ' || call.opcode === 'NEWOBJ_EX' ? '.__new__' : '';
  return `${name}${made}(${shown.join(', ')})`.slice(0, 400);
}
