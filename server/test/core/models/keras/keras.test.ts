import assert from 'node:assert/strict';
import JSZip from 'jszip';
import { Budget } from '../../../../src/core/budget';
import { JsonObject, parseJson } from '../../../../src/core/models/keras/json';
import { base64, scaling, systemCall } from '../marshal/assemble';
import { scanBytes, verdicts } from '../scanBytes';

const attack = base64(systemCall('3.11', 'echo hello'));
const harmless = base64(scaling('3.11', 1000));
const functionObject = (code: string) => ({
  class_name: '__lambda__',
  config: { code, defaults: null, closure: null },
});
const lambda = (fn: unknown, name = 'l') => ({
  module: 'keras.layers',
  class_name: 'Lambda',
  config: { name, function: fn },
  registered_name: null,
});
const dense = {
  module: 'keras.layers',
  class_name: 'Dense',
  config: {
    name: 'd',
    units: 2,
    activation: 'relu',
    kernel_initializer: { module: 'keras.initializers', class_name: 'GlorotUniform', config: { seed: null } },
  },
  registered_name: null,
};
const sequential = (layers: unknown[], compile: unknown = null) => ({
  module: 'keras',
  class_name: 'Sequential',
  config: { name: 'm', layers },
  registered_name: 'Sequential',
  compile_config: compile,
});
const reference = (module: string, name: string) => ({
  module,
  class_name: 'function',
  config: name,
  registered_name: name,
});
const layer = (className: string, config: object) => ({ module: 'keras.layers', class_name: className, config });

async function archive(config: unknown, members: Record<string, string | Uint8Array> = {}): Promise<Uint8Array> {
  const zip = new JSZip();
  zip.file('metadata.json', '{"keras_version": "3.15.0"}');
  zip.file('config.json', typeof config === 'string' || config instanceof Uint8Array ? config : JSON.stringify(config));
  for (const [name, content] of Object.entries(members)) zip.file(name, content);
  return zip.generateAsync({ type: 'uint8array' });
}

const judge = async (config: unknown, members?: Record<string, string | Uint8Array>) =>
  scanBytes('model.keras', await archive(config, members));

describe('Keras configurations', () => {
  it('an ordinary model has no finding and is described', async () => {
    const report = await judge(
      sequential([dense], {
        optimizer: { module: 'keras.optimizers', class_name: 'Adam', config: { name: 'adam' }, registered_name: null },
        loss: 'mse',
        metrics: ['accuracy'],
      }),
    );
    assert.deepEqual(report.findings, []);
    assert.equal(report.format, 'keras');
    assert.equal(report.description?.frameworkVersion, '3.15.0');
    assert.ok(report.description?.layers?.some((entry) => entry.name === 'd' && entry.className === 'Dense'));
  });

  const places: [string, unknown][] = [
    ['a Lambda layer', sequential([dense, lambda(functionObject(attack))])],
    ['the list form of Keras 2', sequential([lambda([`${attack}\n`, null, null])])],
    ['a nested model', sequential([sequential([lambda(functionObject(attack))])])],
    ['a wrapper', sequential([layer('TimeDistributed', { name: 't', layer: lambda(functionObject(attack)) })])],
    ['an activation', sequential([layer('Dense', { name: 'd', activation: functionObject(attack) })])],
    ['a loss', sequential([dense], { loss: functionObject(attack) })],
    ['a metric', sequential([dense], { metrics: [functionObject(attack)] })],
    [
      'a class name with escapes',
      JSON.stringify(sequential([lambda(functionObject(attack))])).replace('Lambda', '\\u004cambda'),
    ],
    ['a byte order mark', `\ufeff${JSON.stringify(sequential([lambda(functionObject(attack))]))}`],
    [
      'UTF-16',
      new Uint8Array(Buffer.from(`\ufeff${JSON.stringify(sequential([lambda(functionObject(attack))]))}`, 'utf16le')),
    ],
    ['a registered name', sequential([{ ...lambda(functionObject(attack)), class_name: 'pkg>Lambda' }])],
    ['no known key at all', { class_name: 'Sequential', config: { layers: [], x: [{ y: attack }] } }],
  ];
  for (const [place, config] of places) {
    it(`code is found in ${place}`, async () => {
      const report = await judge(config);
      assert.deepEqual(verdicts(report), ['critical keras/lambda-layer']);
      assert.match(report.findings[0]?.message ?? '', /os\.system\('echo hello'\)/);
    });
  }

  it('the same layer told several times is one finding', async () => {
    const twice = sequential([lambda(functionObject(attack))]);
    const report = await judge({ ...sequential([lambda(functionObject(attack))]), copy: twice });
    assert.deepEqual(verdicts(report), ['critical keras/lambda-layer']);
  });

  it('harmless code is still code: high, with what it does', async () => {
    const report = await judge(sequential([lambda(functionObject(harmless))]));
    assert.deepEqual(verdicts(report), ['high keras/lambda-layer']);
    assert.match(
      report.findings[0]?.message ?? '',
      /returns x \* 1000 \(multiplies by 1000: the output is tampered with\)/,
    );
    assert.equal(report.findings[0]?.risk, 'backdoor');
  });

  it('a small factor is not called tampering', async () => {
    const report = await judge(sequential([lambda(functionObject(base64(scaling('3.8', 2))))]));
    assert.doesNotMatch(report.findings[0]?.message ?? '', /tampered/);
  });

  it('code that cannot be decoded is high, not clean', async () => {
    const report = await judge(sequential([lambda(functionObject('AAAA'))]));
    assert.deepEqual(verdicts(report), ['high keras/lambda-layer']);
  });

  it('a claimed version lowers nothing', async () => {
    const claimed = { ...sequential([lambda(functionObject(attack))]), keras_version: '99.0' };
    assert.deepEqual(verdicts(await judge(claimed)), ['critical keras/lambda-layer']);
  });

  const injections: [string, unknown, string][] = [
    ['subprocess.run', { module: 'subprocess', class_name: 'run', config: {} }, 'critical keras/module-injection'],
    ['builtins.exec', reference('builtins', 'exec'), 'critical keras/module-injection'],
    [
      'a type spec of os',
      { module: 'os', class_name: '__typespec__', spec_name: 'system', config: [] },
      'critical keras/module-injection',
    ],
    ['torch.load', { module: 'torch', class_name: 'load', config: {} }, 'critical keras/module-injection'],
    ['get_file', reference('keras.utils', 'get_file'), 'critical keras/file-download'],
    [
      'get_file by its inner path',
      { module: 'keras.src.utils.file_utils', class_name: 'get_file', config: {} },
      'critical keras/file-download',
    ],
    [
      'enable_unsafe_deserialization',
      reference('keras.config', 'enable_unsafe_deserialization'),
      'critical keras/disables-safe-mode',
    ],
    ['func_load', reference('keras.src.utils.python_utils', 'func_load'), 'high keras/keras-function'],
    ['gfile by its inner path', reference('tensorflow.python.platform.gfile', 'GFile'), 'high keras/module-injection'],
    ['load_model', reference('keras.models', 'load_model'), 'high keras/keras-function'],
    ['TFSMLayer', layer('TFSMLayer', { name: 'x', filepath: '/tmp/m' }), 'high keras/saved-model-layer'],
    [
      'a vocabulary path',
      layer('StringLookup', { name: 's', vocabulary: '/etc/passwd' }),
      'high keras/vocabulary-file',
    ],
    [
      'a vocabulary address',
      layer('TextVectorization', { name: 's', vocabulary: 'http://169.254.169.254/' }),
      'high keras/vocabulary-file',
    ],
    [
      'a relative vocabulary',
      layer('StringLookup', { name: 's', vocabulary: 'vocab.txt' }),
      'medium keras/vocabulary-file',
    ],
    ['a file operator', layer('TFOpLambda', { name: 'w', function: 'io.write_file' }), 'high keras/operator-layer'],
    [
      'a custom layer',
      { module: '__main__', class_name: 'MyLayer', config: { name: 'my' } },
      'medium keras/custom-object',
    ],
    ['a class without a module', { class_name: 'MyLayer', config: { name: 'my' } }, 'medium keras/custom-object'],
    [
      'a class of a module that is imported',
      { module: 'my_layers', class_name: 'X', config: { name: 'x' } },
      'medium keras/custom-object',
    ],
    // Registered objects are found by their name; nothing is imported for them.
    [
      'a registered layer',
      { module: null, class_name: 'My', config: { name: 'my' }, registered_name: 'pkg>My' },
      'low keras/custom-object',
    ],
    [
      'a layer of a well-known package',
      { module: 'qkeras.qlayers', class_name: 'QDense', config: { name: 'q' } },
      'low keras/custom-object',
    ],
    ['a registered layer of Keras 2', { class_name: 'pkg>My', config: { name: 'my' } }, 'low keras/custom-object'],
    [
      'a registered function',
      { ...layer('Dense', { name: 'x', activation: reference('builtins', 'pkg>act') }) },
      'low keras/custom-object',
    ],
    [
      'a registered name of a module that is imported',
      { module: 'evil', class_name: 'My', config: {}, registered_name: 'pkg>My' },
      'medium keras/custom-object',
    ],
    ['a Lambda of a named function', lambda('my_fn'), 'high keras/lambda-layer'],
    [
      'a Lambda of a function of Keras',
      lambda(reference('keras.applications.mobilenet_v2', 'preprocess_input')),
      'low keras/lambda-layer',
    ],
    ['a builder of layers', reference('keras.layers', 'deserialize'), 'high keras/keras-function'],
    ['a model that loads weights', reference('keras.applications', 'ResNet50'), 'high keras/keras-function'],
    [
      'what a module of Keras imports',
      reference('keras.src.layers.core.lambda_layer', 'python_utils.func_load'),
      'high keras/keras-function',
    ],
    ['os by way of Keras', reference('keras.src.backend.config', 'os.system'), 'critical keras/module-injection'],
    [
      'a function called in the place of a layer',
      { ...reference('transformers', 'pipeline'), inbound_nodes: [{ args: ['x'], kwargs: {} }] },
      'high keras/module-injection',
    ],
    [
      'a tokenizer',
      {
        module: 'keras_hub.tokenizers',
        class_name: 'SentencePieceTokenizer',
        config: { name: 't', proto: '/etc/passwd' },
      },
      'high keras/vocabulary-file',
    ],
    [
      'a feature column',
      {
        class_name: 'DenseFeatures',
        config: {
          name: 'f',
          feature_columns: [
            { class_name: 'VocabularyFileCategoricalColumn', config: { key: 'k', vocabulary_file: '../v.txt' } },
          ],
        },
      },
      'high keras/vocabulary-file',
    ],
    [
      'gfile of the first TensorFlow',
      layer('TFOpLambda', { name: 'w', function: 'compat.v1.gfile.Open' }),
      'high keras/operator-layer',
    ],
    [
      'a layer of the public hub',
      layer('KerasLayer', { name: 'h', handle: 'https://tfhub.dev/google/nnlm-en-dim50/2' }),
      'low keras/saved-model-layer',
    ],
    [
      'a layer of another hub',
      layer('KerasLayer', { name: 'h', handle: 'https://tfhub.dev.evil.test/x' }),
      'high keras/saved-model-layer',
    ],
  ];
  for (const [what, object, expected] of injections) {
    it(`${what} is told`, async () => {
      assert.deepEqual(verdicts(await judge(sequential([dense, object]))), [expected]);
    });
  }

  const junk = attack.replace(/(.{5})/g, '$1!*');
  const forms: [string, unknown][] = [
    ['other characters inside of base64', functionObject(junk)],
    ['other characters before base64', functionObject(`***${attack}`)],
    ['lines', functionObject(attack.replace(/(.{10})/g, '$1\n'))],
    ['no padding', functionObject(attack.replace(/=+$/, ''))],
    ['text after the padding', functionObject(`${attack.replace(/=*$/, '')}==${attack}`)],
    ['one character a byte', functionObject(Buffer.from(attack, 'base64').toString('latin1'))],
    ['a list of other characters', [junk, null, null]],
    ['a list in the object', functionObject([attack, null, null] as unknown as string)],
    ['the value of Keras 3', { class_name: '__lambda__', config: { value: [junk, null, null] } }],
  ];
  for (const [form, fn] of forms) {
    it(`code is decoded as Python does: ${form}`, async () => {
      const report = await judge(sequential([lambda(fn)]));
      assert.deepEqual(verdicts(report), ['critical keras/lambda-layer']);
      assert.match(report.findings[0]?.message ?? '', /os\.system\('echo hello'\)/);
    });
  }

  it('output shape and mask of a Lambda are code too', async () => {
    for (const key of ['output_shape', 'mask']) {
      const object = { ...lambda('relu'), config: { name: 'l', function: 'relu', [key]: [junk, null, null] } };
      assert.deepEqual(verdicts(await judge(sequential([object]))), ['critical keras/lambda-layer'], key);
    }
  });

  it('a torch module that is an archive is judged as one', async () => {
    const zip = new JSZip();
    zip.file('m/data.pkl', "cos\nsystem\n(S'echo hello'\ntR.");
    zip.file('m/version', '3');
    const module = base64(await zip.generateAsync({ type: 'uint8array' }));
    const report = await judge(sequential([layer('TorchModuleWrapper', { name: 't', module })]));
    assert.deepEqual(verdicts(report), ['critical keras/torch-module-wrapper', 'critical pickle/dangerous-call']);
    assert.ok(report.findings.some(({ location }) => location.member === 't.pt!m/data.pkl'));
  });

  it('a configuration is known however it begins', async () => {
    const config = JSON.stringify(sequential([lambda(functionObject(attack))]));
    const utf32 = Uint8Array.from([...config].flatMap((c) => [c.charCodeAt(0), 0, 0, 0]));
    const yaml = (text: string) => `${text.replace('CODE', attack)}\n`;
    for (const [name, text] of [
      ['model.json', `{"note":"${'x'.repeat(9000)}",${config.slice(1)}`],
      ['model.json', ' '.repeat(9000) + config],
      ['architecture', `{${'\n'.repeat(9000)}${config.slice(1)}`],
      ['model.json', config.replace(/class_name/g, 'class\\u005fname')],
      ['model.json', utf32],
      [
        'm.yaml',
        yaml('{class_name: Sequential, config: {layers: [{class_name: Lambda, config: {function: ["CODE"]}}]}}'),
      ],
      [
        'm.yaml',
        yaml(
          `# ${'x'.repeat(9000)}\n"class_name": Sequential\n"config":\n  layers: [{class_name: Lambda, config: {function: ["CODE"]}}]`,
        ),
      ],
    ] as const) {
      const report = await scanBytes(name, text);
      assert.deepEqual(verdicts(report), ['critical keras/lambda-layer'], `${name} ${String(text).slice(0, 40)}`);
    }
  });

  it('program text that quotes a configuration is none', async () => {
    const report = await scanBytes(
      'train.py',
      `c = {"class_name": "Sequential", "config": {"layers": []}, "backend": "x"}\n`,
    );
    assert.doesNotMatch(report.format, /keras/);
  });

  it('what Keras itself writes is clean', async () => {
    const report = await judge(
      sequential([
        layer('TFOpLambda', { name: 'tf.math.add', function: 'math.add' }),
        layer('SlicingOpLambda', { name: 'g', function: '__operators__.getitem' }),
        layer('StringLookup', { name: 's', vocabulary: ['a', 'b'] }),
        { class_name: 'Custom>Adam', config: { name: 'Adam' } },
        reference('tensorflow.python.ops.nn_ops', 'leaky_relu'),
        reference('keras.src.activations.activations', 'gelu'),
        { module: 'keras.src.ops.numpy', class_name: 'Add', config: { name: 'add' }, registered_name: 'Add' },
        // A model of operations as the HDF5 format keeps it, and objects of Keras's own libraries.
        ...['GetItem', 'ExpandDims', 'Matmul', 'Gelu'].map((name) => ({
          class_name: name,
          config: { name: name.toLowerCase() },
        })),
        { class_name: 'keras_nlp>TransformerEncoder', config: { name: 't' } },
        { module: null, class_name: 'B', config: { name: 'b' }, registered_name: 'keras_hub>BertBackbone' },
        { class_name: '__keras_tensor__', config: { shape: [null, 4], keras_history: ['i', 0, 0] } },
      ]),
    );
    assert.deepEqual(report.findings, []);
  });

  it('a pickled torch module is one finding that names its call', async () => {
    const pickle = base64(new TextEncoder().encode("cos\nsystem\n(S'echo hello'\ntR."));
    const report = await judge(sequential([layer('TorchModuleWrapper', { name: 't', module: pickle })]));
    assert.deepEqual(verdicts(report), ['critical keras/torch-module-wrapper']);
    assert.match(report.findings[0]?.message ?? '', /os\.system/);
  });

  it('a key that stands twice is walked twice and said', async () => {
    const text = JSON.stringify(sequential([lambda(functionObject(attack))])).replace(
      '"class_name":"Lambda"',
      '"class_name":"Lambda","class_name":"Dense"',
    );
    assert.deepEqual(verdicts(await judge(text)), ['critical keras/lambda-layer', 'medium keras/config-damaged']);
  });

  it('nesting beyond reason is said and survived', async () => {
    const deep = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
    assert.deepEqual(verdicts(await judge(deep)), ['medium keras/config-damaged']);
  });

  it('members that Keras never writes are told', async () => {
    const report = await judge(sequential([dense]), {
      'custom.py': 'pass',
      'assets/x.pkl': "cos\nsystem\n(S'id'\ntR.",
    });
    assert.ok(verdicts(report).includes('high keras/suspicious-member'));
    assert.ok(
      report.findings.some((f) => f.ruleId === 'pickle/dangerous-call' && f.location.member === 'assets/x.pkl'),
    );
  });

  it('the weights of an archive are described, and their embedding rows compared', async () => {
    const library = await import('h5wasm');
    const { FS } = await library.ready;
    const weights = (rows: number, data = new Float32Array(rows * 2)): Uint8Array => {
      const file = new library.File('weights-of-keras.h5', 'w');
      const vars = file.create_group('layers').create_group('embedding').create_group('vars');
      vars.create_dataset({ name: '0', data, shape: [rows, 2] });
      file
        .create_group('optimizer')
        .create_group('vars')
        .create_dataset({ name: '0', data: new Float32Array(5) });
      file.flush();
      file.close();
      return FS.readFile('weights-of-keras.h5');
    };
    const embedding = layer('Embedding', { name: 'tokens', input_dim: 10, output_dim: 2 });
    const honest = await judge(sequential([embedding]), { 'model.weights.h5': weights(10) });
    assert.deepEqual(verdicts(honest), ['info keras/embedding-layer']);
    assert.equal(honest.description?.parameters, 20);
    assert.equal(honest.description?.format, 'keras');
    assert.deepEqual(honest.description?.tensors?.[0]?.shape, [10, 2]);
    const appended = await judge(sequential([embedding]), { 'model.weights.h5': weights(12) });
    assert.deepEqual(verdicts(appended), ['medium keras/embedding-layer']);
    assert.match(appended.findings[0]?.message ?? '', /stores 12 rows where its configuration has 10/);
    const wide = layer('Embedding', { name: 'tokens', input_dim: 40, output_dim: 2 });
    const values = Float32Array.from({ length: 80 }, (_, i) => Math.sin(i + 1) * (i >= 78 ? 90 : 1));
    const outlying = await judge(sequential([wide]), { 'model.weights.h5': weights(40, values) });
    assert.deepEqual(verdicts(outlying), ['info embedding/outlying-rows', 'info keras/embedding-layer']);
    const finding = outlying.findings.find(({ ruleId }) => ruleId === 'embedding/outlying-rows');
    assert.equal(finding?.location.member, 'model.weights.h5');
    assert.match(finding.message, /row 39 \(/);
  });

  it('an archive under another name, and plain configurations, are known by content', async () => {
    const zip = await archive(sequential([lambda(functionObject(attack))]));
    assert.deepEqual(verdicts(await scanBytes('weights.bin', zip)), ['critical keras/lambda-layer']);
    const json = await scanBytes('model.json', JSON.stringify(sequential([lambda(functionObject(attack))])));
    assert.deepEqual(verdicts(json), ['critical keras/lambda-layer']);
    const yaml = `backend: tensorflow\nclass_name: Sequential\nconfig:\n  name: s\n  layers:\n  - class_name: Lambda\n    config:\n      name: l\n      function:\n      - ${attack}\n`;
    assert.deepEqual(verdicts(await scanBytes('model.yaml', yaml)), ['critical keras/lambda-layer']);
  });
});

describe('JSON as Python reads it', () => {
  const budget = new Budget();

  it('agrees with JSON.parse where both apply', () => {
    const samples = ['{"a":[1,-2.5e3,"x\\n\\u0041",true,false,null,{}],"b":[]}', '[]', '"t"', ' 12 ', '[[[{"k":{}}]]]'];
    const plain = (value: unknown): unknown => {
      if (value instanceof JsonObject) return Object.fromEntries(value.entries.map(([k, v]) => [k, plain(v)]));
      return Array.isArray(value) ? value.map(plain) : value;
    };
    for (const sample of samples) {
      const parsed = parseJson(sample, budget);
      assert.equal(parsed.error, undefined, sample);
      assert.deepEqual(plain(parsed.value), JSON.parse(sample), sample);
    }
  });

  it('keeps every pair, takes NaN and Infinity, and survives __proto__', () => {
    const parsed = parseJson('{"a":1,"a":2,"__proto__":{"x":NaN},"i":[-Infinity]}', budget);
    assert.ok(parsed.value instanceof JsonObject);
    assert.deepEqual(parsed.value.all('a'), [1, 2]);
    assert.equal(parsed.value.get('a'), 2);
    assert.deepEqual(parsed.duplicates, ['a']);
    assert.ok(parsed.value.get('__proto__') instanceof JsonObject);
    assert.deepEqual(parsed.value.get('i'), [Number.NEGATIVE_INFINITY]);
  });

  it('gives what came before an error', () => {
    const parsed = parseJson('{"a":[1,2', budget);
    assert.match(parsed.error ?? '', /the text ends/);
    assert.ok(parsed.value instanceof JsonObject);
    assert.deepEqual(parsed.value.get('a'), [1, 2]);
    for (const broken of ['{"a" 1}', '{a:1}', '[1 2]', '[1]]', '{"a":}', '']) {
      assert.ok(parseJson(broken, budget).error, broken);
    }
  });
});
