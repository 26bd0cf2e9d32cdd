import { readAll } from '../../io/byteSource';
import { evidenceText } from '../../redact';
import { defineRules, MODEL_REFERENCES } from '../../rule';
import type { Format, ScanContext, ScanInput } from '../../scanner';

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

interface SymbolNode {
  op?: unknown;
  name?: unknown;
  attrs?: unknown;
  attr?: unknown;
  param?: unknown;
}

async function scanSymbol(input: ScanInput, context: ScanContext): Promise<void> {
  const bytes = await readAll(input.source, (size) => context.budget.checkMemory(size, 'the MXNet symbol'));
  const symbol = JSON.parse(new TextDecoder().decode(bytes)) as {
    nodes?: unknown;
    attrs?: { mxnet_version?: unknown };
  };
  const nodes = Array.isArray(symbol.nodes) ? (symbol.nodes as SymbolNode[]) : [];
  const operators = new Map<string, number>();
  for (const [index, node] of nodes.entries()) {
    if (node === null || typeof node !== 'object') continue;
    const op = String(node.op);
    operators.set(op, (operators.get(op) ?? 0) + 1);
    if (op !== 'Custom' && op !== '_Native' && op !== '_NDArray') continue;
    const attributes = (node.attrs ?? node.attr ?? node.param) as { op_type?: unknown } | undefined;
    const type = String(attributes?.op_type ?? op);
    context.report({
      rule: MXNET_RULES['custom-operator'],
      message: `Node ${evidenceText(String(node.name), 80)} calls the custom operator ${evidenceText(type, 80)}`,
      anchor: `${String(node.name)}\0${type}`,
      location: { node: `nodes/${index} (${String(node.name)})` },
    });
  }
  context.describe({
    format: 'mxnet-symbol',
    framework: 'MXNet',
    operators: Object.fromEntries([...operators].slice(0, 500)),
    layers: nodes
      .filter((n) => n && typeof n === 'object' && n.op !== 'null')
      .slice(0, 2000)
      .map((n) => ({ name: String(n.name), className: String(n.op) })),
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
