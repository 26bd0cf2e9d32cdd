import { readAll } from '../../io/byteSource';
import { evidenceText } from '../../redact';
import { defineRules, MODEL_REFERENCES } from '../../rule';
import type { Format, ScanContext, ScanInput } from '../../scanner';
import { type JsonNode, readTolerantJson } from '../configs/tolerantJson';

export const MXNET_RULES = defineRules('mxnet', {
  'custom-operator': {
    title: 'MXNet graph has a custom operator',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'A `Custom` node calls a Python operator that must be registered in the process; its code comes from elsewhere.',
    remediation: 'Find the code that registers the operator and judge it before running the model.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-829'] },
  },
});

const CUSTOM = new Set(['Custom', '_Custom', '_CustomFunction', '_Native', '_NDArray']);
const MOST_NODES = 200_000;

const member = (node: JsonNode, ...keys: string[]): JsonNode | undefined =>
  node.kind === 'object' ? node.members.find(({ key }) => keys.includes(key))?.value : undefined;
const textOf = (node: JsonNode | undefined): string => (node?.kind === 'string' ? node.value : '');

/** Nodes of a graph and of those that its control flow holds (`subgraphs`), each with its path. */
function* nodesOf(graph: JsonNode, path = ''): Generator<{ node: JsonNode; place: string }> {
  const stack = [{ graph, path }];
  for (let top = stack.pop(); top; top = stack.pop()) {
    const lists = top.graph.kind === 'object' ? top.graph.members.filter(({ key }) => key === 'nodes') : [];
    for (const { value } of lists) {
      if (value.kind !== 'array') continue;
      for (const [index, node] of value.items.entries()) {
        const place = `${top.path}nodes/${index}`;
        yield { node, place };
        const inner = member(node, 'subgraphs');
        for (const graph of inner?.kind === 'array' ? inner.items : []) stack.push({ graph, path: `${place}/` });
      }
    }
  }
}

async function scanSymbol(input: ScanInput, context: ScanContext): Promise<void> {
  const bytes = await readAll(input.source, (size) => context.budget.checkMemory(size * 8, 'the MXNet symbol'));
  const { roots, damage } = readTolerantJson(new TextDecoder().decode(bytes), () => context.budget.checkTime());
  if (damage) context.incomplete(`the symbol is damaged (${damage.what})`);
  const operators = new Map<string, number>();
  const layers: { name: string; className: string }[] = [];
  let count = 0;
  for (const { node, place } of roots.slice(0, 1).flatMap((root) => [...nodesOf(root)])) {
    count += 1;
    if (count % 4096 === 0) context.budget.checkTime();
    if (count > MOST_NODES) {
      context.incomplete(`more than ${MOST_NODES} nodes`);
      break;
    }
    const op = textOf(member(node, 'op'));
    const name = textOf(member(node, 'name'));
    operators.set(op, (operators.get(op) ?? 0) + 1);
    if (op !== 'null' && layers.length < 2000)
      layers.push({ name: evidenceText(name, 120), className: evidenceText(op, 80) });
    if (!CUSTOM.has(op)) continue;
    const attributes = member(node, 'attrs', 'attr', 'param');
    const type = textOf(attributes && member(attributes, 'op_type')) || op;
    context.report({
      rule: MXNET_RULES['custom-operator'],
      message: `Node ${evidenceText(name, 80)} calls the custom operator ${evidenceText(type, 80)}`,
      anchor: `${name}\0${type}`,
      location: { node: `${place} (${name})` },
    });
  }
  context.describe({
    format: 'mxnet-symbol',
    framework: 'MXNet',
    operators: Object.fromEntries([...operators].slice(0, 500).map(([op, n]) => [evidenceText(op, 80), n])),
    layers,
  });
}

export const MXNET_SYMBOL_FORMAT: Format = {
  id: 'mxnet-symbol',
  title: 'MXNet symbol',
  kind: 'model',
  extensions: ['-symbol.json'],
  identify({ head, name }) {
    const start = new TextDecoder('latin1').decode(head.subarray(0, 200));
    if (!/^\s*\{\s*"nodes"\s*:\s*\[/.test(start)) return undefined;
    const text = new TextDecoder('latin1').decode(head);
    return name.endsWith('-symbol.json') || /"op"\s*:\s*"null"/.test(text) ? 'certain' : undefined;
  },
  scan: scanSymbol,
};

const PARAMS_MAGIC = 0x112;

/** MXNet's NDArray list (`NDArray::Save`): only the header is looked at, arrays are numbers. */
export const MXNET_PARAMS_FORMAT: Format = {
  id: 'mxnet-params',
  title: 'MXNet parameters',
  kind: 'model',
  extensions: ['.params'],
  identify({ head, size }) {
    if (size < 24) return undefined;
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    return view.getBigUint64(0, true) === BigInt(PARAMS_MAGIC) && view.getBigUint64(8, true) === 0n
      ? 'certain'
      : undefined;
  },
  async scan(input, context) {
    const head = await input.source.read(0, 24);
    const count = new DataView(head.buffer, head.byteOffset, 24).getBigUint64(16, true);
    context.describe({
      format: 'mxnet-params',
      framework: 'MXNet',
      ...(count < 2n ** 32n && { tensorCount: Number(count) }),
    });
    // Each array costs at least a shape and a type.
    if (count * 16n > BigInt(input.source.size))
      throw new Error(`${count} arrays are announced in ${input.source.size} bytes`);
  },
};
