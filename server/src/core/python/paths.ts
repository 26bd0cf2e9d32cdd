/** What tells the path of a file from others, and the folders that it lies in. */
import type { CallNode, Node } from './ast';
import { type Names, positional } from './names';

/** Names and calls that are followed from a path to what it is. */
export const STEPS = 12;
/** Longest expression that is told by how it is written. */
const WRITTEN = 200;

/** Calls that give the path they are given. */
const SAME_PATH = /^(?:str|os\.fspath|os\.path\.(?:abspath|expanduser|realpath|normpath)|pathlib\.Path)\(\)$/;
const OPENS = /(?:^|\.)open\(\)$/;

export interface Place {
  readonly node: Node;
  readonly names: Names;
}

/** The path of a file: what is opened at it, what is read from that, and what has either as its name. */
export function pathOf(node: Node, names: Names): Place {
  let at: Place = { node, names };
  for (let step = 0; step < STEPS; step += 1) {
    const { node: one, names: seen } = at;
    if (one.kind === 'group') at = { node: one.inner, names: seen };
    else if (one.kind === 'call') {
      const path = seen.value(one).path ?? '';
      const [first] = positional(one.args);
      const { callee } = one;
      // `Path(p).open()` is opened at what stands in front of it.
      if (OPENS.test(path) && callee.kind === 'member' && (!first || /pathlib\.Path\(\)/.test(path)))
        at = { node: callee.object, names: seen };
      else if (OPENS.test(path) && first) at = { node: first, names: seen };
      else if (callee.kind === 'member' && /^(?:read|read_text|read_bytes|decode)$/.test(callee.property))
        at = { node: callee.object, names: seen };
      else return at;
    } else if (one.kind === 'name') {
      const { origin } = seen.value(one);
      const made = origin?.node;
      // What is opened under a name is opened at the path; the path itself keeps its name.
      const isFile =
        made?.kind === 'call' &&
        (OPENS.test(origin?.names.value(made).path ?? '') || /^(?:read|read_text|read_bytes)$/.test(method(made)));
      if (!isFile || !origin) return at;
      at = origin;
    } else return at;
  }
  return at;
}

const method = ({ callee }: CallNode): string => (callee.kind === 'member' ? callee.property : '');

/** What the path begins with that `os.path.join(a, b)`, `a / b`, `a + b`, `f'{a}/b'` or `Path(a)` makes. */
export function folderOf({ node, names }: Place): Place | undefined {
  if (node.kind === 'binary') return { node: node.left, names };
  if (node.kind === 'format') {
    const [first] = node.values;
    return first && /^[fF]["']{1,3}\{$/.test(names.module.text.slice(node.start, first.start))
      ? { node: first, names }
      : undefined;
  }
  if (node.kind !== 'call' || !/^(?:os\.path\.join|pathlib\.Path|str)\(\)$/.test(names.value(node).path ?? ''))
    return undefined;
  const [first] = positional(node.args);
  return first && { node: first, names };
}

/** What tells a path from others: its text, where it was made, how it is written. */
export function keysOf(node: Node, names: Names): string[] {
  const keys: string[] = [];
  const open: Place[] = [{ node, names }];
  for (let steps = STEPS; steps > 0; steps -= 1) {
    const at = open.pop();
    if (!at) break;
    const { node: one, names: seen } = at;
    const text = seen.constant(one);
    if (text !== undefined) {
      if (text !== '') keys.push(plainPath(text));
      continue;
    }
    if (one.kind === 'group') open.push({ node: one.inner, names: seen });
    else if (one.kind === 'name') {
      const values = seen.alternatives(one);
      let unknown = true;
      for (const { origin } of values) {
        if (!origin) continue;
        unknown = false;
        open.push(origin);
      }
      if (unknown) keys.push(place(seen, one.name));
    } else if (one.kind === 'call') {
      const [first] = positional(one.args);
      const { callee } = one;
      const isText = callee.kind === 'name' && callee.name === 'str';
      if (first && (isText || SAME_PATH.test(seen.value(one).path ?? ''))) open.push({ node: first, names: seen });
      else if (callee.kind === 'member' && /^(?:as_posix|resolve|absolute|expanduser)$/.test(callee.property))
        open.push({ node: callee.object, names: seen });
      else keys.push(written(one, seen));
    } else if (one.kind === 'format' && one.values.length === 1 && /^[fF]["']\{[^{}]*\}["']$/.test(seen.source(one)))
      open.push({ node: one.values[0] as Node, names: seen });
    else if (one.kind !== 'literal' && one.kind !== 'sequence') keys.push(written(one, seen));
  }
  return keys;
}

export const place = ({ program, module, scope }: Names, name: string): string =>
  `\0${program.modules.indexOf(module)} ${scope.index} ${name}`;

/** An expression that is written the same way in the same function gives the same path. */
function written(node: Node, names: Names): string {
  const source = names.source(node);
  return place(names, source.length > WRITTEN ? `@${node.start}` : source.replace(/\s+/g, ''));
}

/** The parts of a path, each a constant or what tells it from others: of `os.path.join(d, 'a')`, `d / 'a'`, `f'{d}/a'`. */
export function wayOf(node: Node, names: Names, depth = 0): string[] {
  if (depth > STEPS) return [];
  const text = names.constant(node);
  if (text !== undefined) return plainPath(text).split('/');
  const of = (one: Node) => wayOf(one, names, depth + 1);
  switch (node.kind) {
    case 'group':
      return of(node.inner);
    case 'name': {
      const { origin } = names.value(node);
      return origin && JOINED.has(origin.node.kind)
        ? wayOf(origin.node, origin.names, depth + 1)
        : [place(names, node.name)];
    }
    case 'binary':
      return node.operator === '/' || (node.operator === '+' && names.constant(node.right)?.startsWith('/'))
        ? [...of(node.left), ...of(node.right).filter((part) => part !== '')]
        : [written(node, names)];
    case 'format': {
      const [first] = node.values;
      const source = names.source(node);
      const rest = first && /^\}([^{}"'\\]*)["']+$/.exec(names.module.text.slice(first.end, node.end))?.[1];
      return first && rest !== undefined && /^[fF]["']{1,3}\{$/.test(source.slice(0, first.start - node.start))
        ? [...of(first), ...rest.split('/').filter((part) => part !== '')]
        : [written(node, names)];
    }
    case 'call': {
      const { path = '' } = names.value(node);
      const args = positional(node.args);
      if (/^(?:os\.path\.join|pathlib\.Path)\(\)$/.test(path)) return args.flatMap(of);
      const [first] = args;
      if (first && (SAME_PATH.test(path) || (node.callee.kind === 'name' && node.callee.name === 'str')))
        return of(first);
      return node.callee.kind === 'member' && node.callee.property === 'joinpath'
        ? [...of(node.callee.object), ...args.flatMap(of)]
        : [written(node, names)];
    }
    default:
      return [written(node, names)];
  }
}

/** What may put a path together. */
const JOINED: ReadonlySet<Node['kind']> = new Set(['call', 'binary', 'format', 'group', 'name']);

export const plainPath = (path: string): string => {
  let end = path.length;
  while (end > 0 && path[end - 1] === '/') end -= 1;
  return path.slice(0, end).replace(/^(?:\.\/)+/, '');
};
