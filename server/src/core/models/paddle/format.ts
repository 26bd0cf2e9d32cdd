import { readAll } from '../../io/byteSource';
import { PagedByteSource } from '../../io/pages';
import { evidenceText } from '../../redact';
import { defineRules, MODEL_REFERENCES } from '../../rule';
import type { Format, ScanContext, ScanInput } from '../../scanner';
import { type JsonNode, readTolerantJson } from '../configs/tolerantJson';
import { BYTES, wireFields } from '../protobuf/wire';

export const PADDLE_RULES = defineRules('paddle', {
  'python-operator': {
    title: 'PaddlePaddle program calls Python',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'The program has a `py_func` operator: running it calls a Python function registered in the process by index.',
    remediation: 'Ask for a model exported without Python operators.',
    references: MODEL_REFERENCES.runtime,
  },
  'custom-operator': {
    title: 'PaddlePaddle program has a custom operator',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'The program has an operator that PaddlePaddle does not bring: it only runs with a native library that registers it.',
    remediation: 'Find out which library brings the operator and whether you trust it.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-829', 'CWE-114'] },
  },
  'file-operator': {
    title: 'PaddlePaddle program reads or writes files or the network',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description: 'An operator of the program opens files or connections when the model runs.',
    remediation: 'Do not run the model; ask for one exported for inference.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-73'] },
  },
});

/** Operators by what they reach, from the operator library of PaddlePaddle. */
const PYTHON = new Set(['py_func', 'py_layer', 'pylayer']);
const OUTSIDE = new Map([
  ['save', 'writes a file'],
  ['save_combine', 'writes a file'],
  ['load', 'reads a file'],
  ['load_combine', 'reads a file'],
  ['listen_and_serv', 'opens a server'],
  ['send', 'sends to a server'],
  ['recv', 'receives from a server'],
  ['fetch_barrier', 'talks to a server'],
  ['send_barrier', 'talks to a server'],
  ['distributed_lookup_table', 'talks to a server'],
  ['checkpoint_notify', 'makes a server write a checkpoint'],
  ['run_program', 'runs another program'],
  ['dlnne_engine', 'loads native code'],
]);

async function scan(input: ScanInput, context: ScanContext): Promise<void> {
  const operators = new Map<string, number>();
  const decoder = new TextDecoder();
  const source = new PagedByteSource(input.source);
  context.describe({ format: 'paddle-program', framework: 'PaddlePaddle' });
  let damage: Error | undefined;
  const fields = (start: number, length: number) =>
    wireFields(source, start, start + length, context.budget, (error) => {
      damage ??= error;
    });
  for await (const block of fields(0, source.size)) {
    if (block.number !== 1 || block.wireType !== BYTES) continue;
    for await (const op of fields(block.offset, block.length)) {
      if (op.number !== 4 || op.wireType !== BYTES) continue;
      for await (const part of fields(op.offset, op.length)) {
        if (part.number !== 3 || part.wireType !== BYTES) continue;
        const type = decoder.decode(await source.read(part.offset, Math.min(part.length, 256)));
        operators.set(type, (operators.get(type) ?? 0) + 1);
        if (operators.get(type) === 1) judge(type, part.offset, context);
      }
    }
  }
  if (damage) {
    context.incomplete(`PaddlePaddle program: ${damage.message}`);
    // A program that breaks off may still be read by a more forgiving loader; its operators are told by name.
    const rest = new TextDecoder('latin1').decode(await source.read(0, 2 ** 20));
    for (const name of PYTHON) {
      const at = rest.indexOf(name);
      if (at >= 0 && !operators.has(name)) judge(name, at, context);
    }
  }
  context.describe({ operators: Object.fromEntries(operators) });
}

function judge(type: string, offset: number, context: ScanContext): void {
  if (PYTHON.has(type)) {
    context.report({
      rule: PADDLE_RULES['python-operator'],
      message: `The program has the operator ${evidenceText(type, 60)}, which calls Python`,
      anchor: type,
      location: { offset, node: type },
    });
  }
  const outside = OUTSIDE.get(type);
  if (outside) {
    context.report({
      rule: PADDLE_RULES['file-operator'],
      // Loading parameters is what every older exported program does first.
      severity: type.startsWith('load') ? 'low' : 'high',
      message: `The operator ${evidenceText(type, 60)} ${outside} when the program runs`,
      anchor: type,
      location: { offset, node: type },
    });
  }
}

/** Prefixes of the dialects in a program of PIR (`DialectIdMap`): 3 are custom operators. */
const CUSTOM_DIALECT = /^(?:3|custom_op)\./;
const MOST_OPERATORS = 1_000_000;

/** Programs of PaddlePaddle 3: JSON in which every operation has its name, with the number of its dialect, under `#`. */
async function scanPir(input: ScanInput, context: ScanContext): Promise<void> {
  const bytes = await readAll(input.source, (size) => context.budget.checkMemory(size * 8, 'the program'));
  const { roots, damage, truncated } = readTolerantJson(new TextDecoder().decode(bytes), () =>
    context.budget.checkTime(),
  );
  if (damage) context.incomplete(`the program is damaged (${damage.what})`);
  if (truncated) context.incomplete('the program has more values than are looked at');
  const operators = new Map<string, number>();
  const stack: JsonNode[] = [...roots];
  let count = 0;
  for (let node = stack.pop(); node && count < MOST_OPERATORS; node = stack.pop()) {
    count += 1;
    if (count % 4096 === 0) context.budget.checkTime();
    if (node.kind === 'array') stack.push(...node.items);
    if (node.kind !== 'object') continue;
    for (const { key, value } of node.members) {
      if (value.kind === 'string' && key === '#' && /^\w+\.\w/.test(value.value)) {
        const type = value.value;
        if (!operators.has(type)) judgePir(type, value.at, context);
        operators.set(type, (operators.get(type) ?? 0) + 1);
      } else if (value.kind === 'object' || value.kind === 'array') stack.push(value);
    }
  }
  context.describe({
    format: 'paddle-pir',
    framework: 'PaddlePaddle',
    operators: Object.fromEntries([...operators].slice(0, 300).map(([type, n]) => [evidenceText(type, 80), n])),
  });
}

function judgePir(type: string, offset: number, context: ScanContext): void {
  const name = type.slice(type.indexOf('.') + 1);
  judge(name.replace(/_$/, ''), offset, context);
  if (!CUSTOM_DIALECT.test(type)) return;
  context.report({
    rule: PADDLE_RULES['custom-operator'],
    message: `The program has the custom operator ${evidenceText(name, 80)}, which a native library must register`,
    anchor: name,
    location: { offset, node: evidenceText(name, 80) },
  });
}

/** A program of PIR (`inference.json`). */
export const PADDLE_PIR_FORMAT: Format = {
  id: 'paddle-pir',
  title: 'PaddlePaddle program (PIR)',
  kind: 'model',
  extensions: [],
  identify: ({ head }) => {
    if (head[0] !== 0x7b) return undefined;
    const text = new TextDecoder('latin1').decode(head);
    return /"magic"\s*:\s*"pir"/.test(text) && /"(?:base_code|program|regions)"\s*:/.test(text) ? 'certain' : undefined;
  },
  scan: scanPir,
};

/** Block 0, whose parent is -1: the first block of every program, whatever the file is called. */
function beginsWithRootBlock(head: Uint8Array): boolean {
  if (head[0] !== 0x0a) return false;
  let at = 1;
  while (at < 6 && (head[at] as number) >= 0x80) at += 1;
  const root = [0x08, 0x00, 0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
  return root.every((byte, i) => head[at + 1 + i] === byte);
}

/** PaddlePaddle programs (framework.proto ProgramDesc). Parameters are pickles or raw tensors and known by their content. */
export const PADDLE_FORMAT: Format = {
  id: 'paddle-program',
  title: 'PaddlePaddle program',
  kind: 'model',
  extensions: ['.pdmodel'],
  identify: ({ head, extension, name }) => {
    if (beginsWithRootBlock(head)) return 'certain';
    const shaped = head[0] === 0x0a;
    return (extension === '.pdmodel' || name === '__model__') && shaped
      ? 'certain'
      : extension === '.pdmodel'
        ? 'named'
        : undefined;
  },
  scan,
};
