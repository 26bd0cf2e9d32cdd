import assert from 'node:assert/strict';
import JSZip from 'jszip';
import { Budget } from '../../../../src/core/budget';
import { scanDirectory } from '../../../../src/core/engine';
import { DIRECTORY_FORMATS, FORMATS } from '../../../../src/core/formats';
import { type ByteSource, MemoryByteSource } from '../../../../src/core/io/byteSource';
import { CachedByteSource } from '../../../../src/core/io/cache';
import { loadMessage, wireFields } from '../../../../src/core/models/protobuf/wire';
import { parseTextProto } from '../../../../src/core/models/tensorflow/textProto';
import { DEFAULT_SETTINGS } from '../../../../src/core/settings';
import { base64, scaling } from '../marshal/assemble';
import { scanBytes, verdicts } from '../scanBytes';
import { concat, field, floats, number } from './message';

type Attributes = Record<string, Uint8Array>;

function node(name: string, op: string, inputs: string[] = [], attributes: Attributes = {}): Uint8Array {
  return concat(
    field(1, name),
    field(2, op),
    ...inputs.map((input) => field(3, input)),
    ...Object.entries(attributes).map(([key, value]) => field(5, field(1, key), field(2, value))),
  );
}
const textConstant = (name: string, text: string) =>
  node(name, 'Const', [], { value: field(8, number(1, 7), field(8, text)) });
const constant = (name: string, values: number[], shape: number[] = []) =>
  node(name, 'Const', [], {
    value: field(
      8,
      number(1, 1),
      field(2, concat(...shape.map((size) => field(2, number(1, size))))),
      field(4, floats(values)),
    ),
  });
const input = node('x', 'Placeholder');
const graph = (nodes: Uint8Array[], functions: Uint8Array[] = []) =>
  concat(
    ...nodes.map((n) => field(1, n)),
    ...(functions.length ? [field(2, concat(...functions.map((f) => field(1, f))))] : []),
    field(4, number(1, 1395)),
  );
const fn = (name: string, nodes: Uint8Array[], results: Record<string, string> = {}) =>
  concat(
    field(1, field(1, name)),
    ...nodes.map((n) => field(3, n)),
    ...Object.entries(results).map(([key, value]) => field(4, field(1, key), field(2, value))),
  );
const savedModel = (g: Uint8Array, assets: string[] = []) =>
  concat(
    number(1, 1),
    field(
      2,
      field(1, field(4, 'serve'), field(5, '2.15.0')),
      field(2, g),
      ...assets.map((name) => field(6, field(1, field(1, 'Const:0')), field(2, name))),
    ),
  );
const metaGraph = (g: Uint8Array) => concat(field(1, field(5, '2.15.0')), field(2, g));

describe('TensorFlow graphs', () => {
  it('every SavedModel saves and restores: never flagged', async () => {
    const ops = [
      'SaveV2',
      'RestoreV2',
      'MergeV2Checkpoints',
      'ShardedFilename',
      'VarHandleOp',
      'MatMul',
      'StatefulPartitionedCall',
      'XlaLaunch',
    ];
    const report = await scanBytes(
      'saved_model.pb',
      savedModel(graph([input, ...ops.map((op, i) => node(`n${i}`, op))])),
    );
    assert.deepEqual(report.findings, []);
    assert.equal(report.format, 'tensorflow-saved-model');
    assert.equal(report.description?.frameworkVersion, '2.15.0');
    assert.equal(report.description?.operators?.MatMul, 1);
  });

  const risky: [string, string][] = [
    ['PyFunc', 'high tensorflow/python-operator'],
    ['EagerPyFunc', 'high tensorflow/python-operator'],
    ['ReadFile', 'high tensorflow/file-operator'],
    ['WriteFile', 'high tensorflow/file-operator'],
    ['MatchingFiles', 'high tensorflow/file-operator'],
    ['WholeFileReaderV2', 'high tensorflow/file-operator'],
    ['DebugIdentityV2', 'high tensorflow/file-operator'],
    ['SnapshotDatasetV2', 'high tensorflow/file-operator'],
    ['DataServiceDatasetV2', 'high tensorflow/network-operator'],
    ['DistributedSave', 'high tensorflow/network-operator'],
    ['DatasetFromGraph', 'medium tensorflow/data-operator'],
    ['RpcCall', 'high tensorflow/network-operator'],
    ['TFRecordDataset', 'medium tensorflow/data-operator'],
    ['PrintV2', 'medium tensorflow/side-effect-operator'],
    ['SomebodysOwnOp', 'medium tensorflow/unknown-operator'],
  ];
  for (const [op, expected] of risky) {
    it(`${op} is told in a graph, a function, a frozen graph, a MetaGraph and text`, async () => {
      const bad = node('bad', op, ['x']);
      assert.deepEqual(verdicts(await scanBytes('saved_model.pb', savedModel(graph([input, bad])))), [expected]);
      assert.deepEqual(verdicts(await scanBytes('saved_model.pb', savedModel(graph([input], [fn('f', [bad])])))), [
        expected,
      ]);
      assert.deepEqual(verdicts(await scanBytes('anything', graph([input, bad]))), [expected]);
      assert.deepEqual(verdicts(await scanBytes('model.meta', metaGraph(graph([input, bad])))), [expected]);
      const text = `node { name: "x" op: "Placeholder" }\nnode { name: "bad" op: "${op}" input: "x" }\n`;
      assert.deepEqual(verdicts(await scanBytes('graph.pbtxt', text)), [expected]);
    });
  }

  it('a path that stands in the graph is named, and many nodes are one finding', async () => {
    const nodes = [
      textConstant('c', '/etc/cron.d/x'),
      node('i', 'Identity', ['c:0']),
      node('w1', 'WriteFile', ['i', 'x']),
      node('w2', 'WriteFile', ['c', 'x']),
    ];
    const report = await scanBytes('m.pb', graph([input, ...nodes]));
    assert.deepEqual(verdicts(report), ['high tensorflow/file-operator']);
    assert.match(report.findings[0]?.message ?? '', /WriteFile \(2 nodes\).*'\/etc\/cron\.d\/x'/);
  });

  it('a path in an attribute counts when there is one', async () => {
    const text = (value: string) => field(2, value);
    const verdict = async (op: string, attribute: string, value: string) =>
      verdicts(await scanBytes('m.pb', graph([input, node('n', op, ['x'], { [attribute]: text(value) })])));
    assert.deepEqual(await verdict('RecordInput', 'file_pattern', '/data/*'), ['high tensorflow/file-operator']);
    assert.deepEqual(await verdict('DumpTensor', 'log_dir_path', '/tmp/x'), ['high tensorflow/file-operator']);
    assert.deepEqual(await verdict('FixedUnigramCandidateSampler', 'vocab_file', '/etc/passwd'), [
      'medium tensorflow/file-operator',
    ]);
    assert.deepEqual(await verdict('FixedUnigramCandidateSampler', 'vocab_file', ''), []);
  });

  it('a saver gets its path from whoever runs it: one that stands in the graph is a place of its author', async () => {
    const of = async (op: string, at: number, ...nodes: Uint8Array[]) => {
      const inputs = Array.from({ length: at }, () => 'x');
      return verdicts(await scanBytes('m.pb', graph([input, ...nodes, node('n', op, [...inputs, 'p'])])));
    };
    const join = (...parts: string[]) => [
      ...parts.map((part, i) => textConstant(`c${i}`, part)),
      node(
        'p',
        'StringJoin',
        parts.map((_, i) => `c${i}`),
      ),
    ];
    const high = ['high tensorflow/file-operator'];
    assert.deepEqual(await of('SaveV2', 0, textConstant('p', '/etc/cron.d/x')), high);
    assert.deepEqual(await of('SaveV2', 0, ...join('/etc', '/cron.d/x')), high);
    assert.deepEqual(await of('SaveSlices', 0, textConstant('p', '../x')), high);
    assert.deepEqual(await of('MergeV2Checkpoints', 1, textConstant('p', '/home/x')), high);
    assert.deepEqual(await of('RestoreV2', 0, textConstant('p', 'gs://bucket/bert')), [
      'low tensorflow/checkpoint-path',
    ]);
    assert.deepEqual(await of('SaveV2', 0, textConstant('p', 'model')), []);
    assert.deepEqual(await of('SaveV2', 0, ...join('model', '_temp_1/part')), []);
    assert.deepEqual(await of('SaveV2', 0, node('p', 'Placeholder')), []);
  });

  it('paths that functions are given by their callers are known inside of them', async () => {
    const taking = (name: string, parameters: string[], nodes: Uint8Array[]) =>
      concat(
        field(1, field(1, name), ...parameters.map((parameter) => field(2, field(1, parameter)))),
        ...nodes.map((n) => field(3, n)),
      );
    const call = (name: string, callee: string, ...inputs: string[]) =>
      node(name, 'StatefulPartitionedCall', inputs, { f: field(10, field(1, callee)) });
    const save = taking('save', ['other', 'prefix'], [node('w', 'SaveV2', ['prefix', 'n', 's', 'other'])]);
    const of = async (nodes: Uint8Array[], ...functions: Uint8Array[]) => {
      const report = await scanBytes('m.pb', graph([input, ...nodes], functions));
      return report.findings.map((f) => `${f.severity} ${f.evidence}`);
    };
    assert.deepEqual(await of([textConstant('p', '/etc/cron.d/x'), call('c', 'save', 'x', 'p')], save), [
      "high SaveV2('/etc/cron.d/x')",
    ]);
    // Every caller counts, and what another function hands on; a saver's own name is none.
    const middle = taking(
      'middle',
      ['q'],
      [textConstant('d', '/root'), node('j', 'StringJoin', ['d', 'q']), call('c', 'save', 'q', 'j')],
    );
    assert.deepEqual(
      await of(
        [textConstant('a', '/x'), textConstant('b', 'model'), call('c1', 'middle', 'a'), call('c2', 'save', 'x', 'b')],
        middle,
        save,
      ),
      ["high SaveV2('/root/x')"],
    );
    assert.deepEqual(await of([textConstant('b', 'model'), call('c', 'save', 'x', 'b')], save), []);
    assert.deepEqual(await of([call('c', 'save', 'x', 'unknown')], save), []);
    const read = taking('read', ['p'], [node('r', 'ReadFile', ['p'])]);
    assert.deepEqual(await of([textConstant('p', '/etc/passwd'), node('c', 'read', ['p'])], read), [
      "high ReadFile('/etc/passwd')",
    ]);
    assert.deepEqual(await of([call('c', 'read', 'x')], read), ['high ReadFile']);
    // A condition's first input chooses, the others are arguments; functions that call themselves end.
    const self = taking('self', ['p'], [node('r', 'ReadFile', ['p']), call('c', 'self', 'p')]);
    const branch = node('i', 'If', ['x', 'p'], {
      then_branch: field(10, field(1, 'read')),
      else_branch: field(10, field(1, 'self')),
    });
    assert.deepEqual(await of([textConstant('p', '/a'), branch], read, self), ["high ReadFile('/a')", 'high ReadFile']);
  });

  it('a cache in memory touches no file, summaries below the working directory overwrite none', async () => {
    const of = async (op: string, path: string) =>
      verdicts(await scanBytes('m.pb', graph([input, textConstant('p', path), node('n', op, ['x', 'p'])])));
    assert.deepEqual(await of('CacheDatasetV2', ''), []);
    assert.deepEqual(await of('CacheDatasetV2', '/tmp/c'), ['medium tensorflow/file-operator']);
    assert.deepEqual(await of('CreateSummaryFileWriter', '/etc/x'), ['high tensorflow/file-operator']);
    assert.deepEqual(await of('CreateSummaryFileWriter', 'logs'), ['medium tensorflow/file-operator']);
  });

  it('the tensor that gets the path of an asset may hold the path of the machine that exported it', async () => {
    const nodes = [
      textConstant('Const', '/home/me/vocab.txt'),
      node('t', 'InitializeTableFromTextFileV2', ['h', 'Const']),
    ];
    assert.deepEqual(verdicts(await scanBytes('saved_model.pb', savedModel(graph(nodes), ['vocab.txt']))), []);
  });

  it('a call of a function of the library is no unknown operator', async () => {
    const own = graph([input, node('p', 'my_function_1', ['x'])], [fn('my_function_1', [node('r', 'Relu', ['x'])])]);
    assert.deepEqual(verdicts(await scanBytes('m.pb', own)), []);
  });

  it('lookup tables: assets are ordinary, paths of the machine are not', async () => {
    const table = (path: string, assets: string[]) =>
      scanBytes(
        'saved_model.pb',
        // The asset is fed into another tensor than the one the table reads.
        savedModel(graph([textConstant('c', path), node('t', 'InitializeTableFromTextFileV2', ['h', 'c'])]), assets),
      );
    assert.deepEqual(verdicts(await table('vocab.txt', ['vocab.txt'])), []);
    assert.deepEqual(verdicts(await table('/etc/passwd', ['vocab.txt'])), ['medium tensorflow/table-file']);
    assert.deepEqual(verdicts(await table('vocab.txt', ['../../etc/passwd'])), ['high tensorflow/table-file']);
  });

  it('tampering and triggers have shapes; masks and pixels do not', async () => {
    const ending = (factor: number) =>
      graph([input, constant('k', [factor]), node('m', 'Mul', ['x', 'k']), node('Identity', 'Identity', ['m'])]);
    assert.deepEqual(verdicts(await scanBytes('m.pb', ending(1000))), ['medium tensorflow/output-tampering']);
    assert.deepEqual(verdicts(await scanBytes('m.pb', ending(255))), []);
    const noisy = graph([input, node('r', 'RandomStandardNormal', ['s']), node('a', 'AddV2', ['x', 'r'])]);
    assert.deepEqual(verdicts(await scanBytes('m.pb', noisy)), ['medium tensorflow/output-tampering']);
    for (const factor of [32767, 32768, 1024]) assert.deepEqual(verdicts(await scanBytes('m.pb', ending(factor))), []);
    const scaled = (by: Uint8Array) =>
      graph([
        input,
        node('r', 'RandomStandardNormal', ['s']),
        by,
        node('m', 'Mul', ['r', 'by']),
        node('a', 'AddV2', ['x', 'm']),
      ]);
    assert.deepEqual(verdicts(await scanBytes('m.pb', scaled(constant('by', [0.1])))), [
      'medium tensorflow/output-tampering',
    ]);
    // A variational sampler scales the noise by what it computed.
    assert.deepEqual(verdicts(await scanBytes('m.pb', scaled(node('by', 'Exp', ['x'])))), []);
    const training = savedModel(
      graph([input], [fn('train', [node('r', 'RandomUniform', ['s']), node('a', 'Add', ['x', 'r'])], { o: 'a:z:0' })]),
    );
    assert.deepEqual(verdicts(await scanBytes('saved_model.pb', training)), ['low tensorflow/output-tampering']);
    const branch = (values: number[], shape: number[]) =>
      graph([
        input,
        constant('k', values, shape),
        node('e', 'Equal', ['x', 'k']),
        node('a', 'All', ['e']),
        node('s', 'SelectV2', ['a', 'y', 'x']),
      ]);
    assert.deepEqual(verdicts(await scanBytes('m.pb', branch([1, 2, 3, 4, 5], [5]))), [
      'medium tensorflow/trigger-branch',
    ]);
    assert.deepEqual(verdicts(await scanBytes('m.pb', branch([0], []))), []);
  });

  it('a truncated graph is said, and what came before is judged', async () => {
    const nodes = [input, textConstant('p', '/tmp/x'), node('w', 'WriteFile', ['p', 'x']), constant('c', [1])];
    const body = graph(nodes, [fn('f', [node('r', 'ReadFile', ['x']), constant('big', [1, 2, 3, 4], [4])])]);
    for (const [name, whole, read] of [
      ['saved_model.pb', savedModel(body), true],
      ['x.bin', savedModel(body), true],
      ['model.meta', metaGraph(body), true],
      ['frozen.pb', body, true],
      ['frozen.pb', graph(nodes), false],
    ] as const) {
      const report = await scanBytes(name, whole.subarray(0, whole.length - 16));
      assert.equal(report.status, 'partial', name);
      assert.deepEqual(
        verdicts(report),
        [
          ...(read ? ['high tensorflow/file-operator'] : []),
          'high tensorflow/file-operator',
          'medium tensorflow/malformed',
        ],
        name,
      );
    }
  });

  it('fields that no graph has, and text in any spelling, hide nothing', async () => {
    const nodes = [input, node('r', 'ReadFile', ['x'])];
    const text = 'node { name: "a" op: "ReadFile" }';
    for (const [name, bytes] of [
      ['g.pb', concat(field(99, 'other'), graph(nodes))],
      ['g.pb', concat(number(77, 5), graph(nodes))],
      ['g.pb', concat(field(4, number(1, 1)), graph(nodes))],
      ['m.bin', concat(field(99, 'other'), savedModel(graph(nodes)))],
      ['g.pb', concat(graph([input], [fn('a', [input])]), field(2, field(1, fn('b', [node('r', 'ReadFile')]))))],
      ['saved_model.pb', concat(savedModel(graph([input])), field(2, field(2, graph(nodes))))],
      ['g.pbtxt', text.replace('{', '<').replace('}', '>')],
      ['g.pbtxt', 'node: [{ name: "x" op: "Placeholder" },\n # second\n { name: "a" op: "ReadFile" }]'],
      ['g.pbtxt', `# ${'x'.repeat(9000)}\n${text}`],
      ['g.txt', "node { op: 'Read' \"\\x46ile\" name: 'a' }"],
    ] as const) {
      const report = await scanBytes(name, bytes);
      assert.deepEqual(verdicts(report), ['high tensorflow/file-operator'], `${name} ${String(bytes).slice(0, 60)}`);
    }
  });

  it('many harmless nodes hide no other, and a join that doubles at every step ends', async () => {
    const crowd = Array.from({ length: 12_000 }, (_, i) => node(`r${i}`, 'RestoreV2', ['x']));
    const prints = Array.from({ length: 600 }, (_, i) =>
      node(`p${i}`, 'PrintV2', ['x'], { output_stream: field(2, `s${i}`) }),
    );
    const report = await scanBytes('m.pb', graph([input, ...crowd, ...prints, node('last', 'PyFunc', ['x'])]));
    assert.ok(verdicts(report).includes('high tensorflow/python-operator'));
    assert.equal(report.status, 'partial');
    const joins = Array.from({ length: 16 }, (_, i) =>
      node(
        `j${i}`,
        'StringJoin',
        Array.from({ length: 16 }, () => (i === 15 ? 'c' : `j${i + 1}`)),
      ),
    );
    const doubling = graph([textConstant('c', '/tmp/x'), ...joins, node('r', 'ReadFile', ['j0'])]);
    assert.deepEqual(verdicts(await scanBytes('m.pb', doubling)), ['high tensorflow/file-operator']);
  });

  it('arbitrary bytes are no graph', async () => {
    const text = new TextEncoder().encode('\n\u000bhello world, this is text');
    await assert.rejects(scanBytes('a.bin', concat(text, new Uint8Array(64))), /no format claims/);
  });

  it('a large constant is skipped unread', async () => {
    const huge = new Uint8Array(8 * 1024 * 1024);
    const big = node('w', 'Const', [], { value: field(8, number(1, 1), field(4, huge)), dtype: number(6, 1) });
    const report = await scanBytes('m.pb', graph([input, big, node('p', 'PyFunc', ['w'])]));
    assert.deepEqual(verdicts(report), ['high tensorflow/python-operator']);
    assert.ok(report.bytesRead < 400_000, `${report.bytesRead} bytes read`);
  });
});

describe('SavedModel folders', () => {
  const layer = {
    class_name: 'Lambda',
    name: 'lam',
    config: { name: 'lam', function: [base64(scaling('3.10', 1000)), null, null] },
  };
  const object = (path: string, metadata: unknown) =>
    field(1, field(3, path), field(4, '_tf_keras_layer'), field(5, JSON.stringify(metadata)));
  const metadata = concat(
    object('root', {
      class_name: 'Sequential',
      config: { layers: [layer] },
      model_config: { class_name: 'Sequential', config: { layers: [layer] } },
    }),
    object('root.layer-1', layer),
  );
  const traced = savedModel(
    graph(
      [
        input,
        node('call', 'StatefulPartitionedCall', ['x'], { f: field(10, field(1, '__inference_lam_layer_call_fn_7')) }),
      ],
      [fn('__inference_lam_layer_call_fn_7', [constant('k', [1000]), node('m', 'Mul', ['x', 'k'])], { o: 'm:z:0' })],
    ),
  );
  const scan = (files: Record<string, Uint8Array>) => {
    const format = DIRECTORY_FORMATS.find(({ id }) => id === 'savedmodel');
    assert.ok(format);
    const members = format.claim(Object.keys(files));
    assert.ok(members);
    const open = async (name: string): Promise<ByteSource> => new MemoryByteSource(files[name] as Uint8Array);
    return scanDirectory('model', format, members, open, { settings: DEFAULT_SETTINGS, formats: FORMATS });
  };

  it('one Lambda, told three times in the metadata and traced in the graph, is one finding', async () => {
    const report = await scan({ 'saved_model.pb': traced, 'keras_metadata.pb': metadata });
    assert.deepEqual(verdicts(report), ['high keras/lambda-layer']);
    assert.equal(report.findings[0]?.location.member, 'keras_metadata.pb');
    assert.match(report.findings[0]?.message ?? '', /x \* 1000/);
  });

  it('so it is in a zip archive, in whatever folder', async () => {
    const zip = new JSZip();
    zip.file('export/model/saved_model.pb', traced);
    zip.file('export/model/keras_metadata.pb', metadata);
    const report = await scanBytes('model.zip', await zip.generateAsync({ type: 'uint8array' }));
    assert.deepEqual(verdicts(report), ['high keras/lambda-layer']);
    const apart = new JSZip();
    apart.file('a/saved_model.pb', traced);
    apart.file('b/keras_metadata.pb', metadata);
    assert.deepEqual(verdicts(await scanBytes('model.zip', await apart.generateAsync({ type: 'uint8array' }))), [
      'high keras/lambda-layer',
      'medium tensorflow/output-tampering',
    ]);
  });

  it('without the metadata the graph alone tells of it', async () => {
    const report = await scan({ 'saved_model.pb': traced, 'fingerprint.pb': new Uint8Array(4) });
    assert.deepEqual(verdicts(report), ['medium tensorflow/output-tampering']);
    assert.match(report.findings[0]?.message ?? '', /layer 'lam'.*multiplies its input by 1000/);
  });

  it('a custom class in the metadata is a fact: it is rebuilt from its traced functions', async () => {
    const custom = object('root', { class_name: 'MyModel', name: 'my', config: { name: 'my' } });
    const report = await scan({ 'saved_model.pb': savedModel(graph([input])), 'keras_metadata.pb': custom });
    assert.deepEqual(verdicts(report), ['info keras/custom-object']);
  });

  it('takes its own files and leaves others', () => {
    const format = DIRECTORY_FORMATS.find(({ id }) => id === 'savedmodel');
    const files = ['saved_model.pb', 'variables/variables.index', 'assets/v.txt', 'README.md', 'other/saved_model.pb'];
    assert.deepEqual(format?.claim(files), ['assets/v.txt', 'saved_model.pb', 'variables/variables.index']);
    assert.equal(format?.claim(['README.md', 'variables/x']), undefined);
  });
});

describe('checkpoints', () => {
  it('the index of a checkpoint names its tensors', async () => {
    const entry = (key: string, value: Uint8Array) =>
      concat(Uint8Array.from([0, key.length, value.length]), new TextEncoder().encode(key), value);
    const block = (...entries: Uint8Array[]) => concat(...entries, Uint8Array.from([0, 0, 0, 0, 1, 0, 0, 0]));
    const shape = concat(field(2, number(1, 3)), field(2, number(1, 4)));
    const data = block(
      entry('', number(1, 1)),
      entry('dense/kernel', concat(number(1, 1), field(2, shape), number(5, 48))),
    );
    const meta = block();
    const trailer = new Uint8Array(5);
    const metaAt = data.length + 5;
    const indexAt = metaAt + meta.length + 5;
    const index = block(entry('z', Uint8Array.from([0, data.length])));
    const handles = new Uint8Array(40);
    handles.set([metaAt, meta.length, indexAt, index.length]);
    const footer = concat(handles, Uint8Array.from([0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]));
    const bytes = concat(data, trailer, meta, trailer, index, trailer, footer);
    const report = await scanBytes('model.index', bytes);
    assert.equal(report.format, 'tensorflow-checkpoint');
    assert.deepEqual(report.findings, []);
    assert.deepEqual(report.description?.tensors, [
      { name: 'dense/kernel', dtype: 'float32', shape: [3, 4], bytes: 48 },
    ]);
    bytes[1] = 0x7f;
    const damaged = await scanBytes('model.index', bytes);
    assert.deepEqual(verdicts(damaged), ['medium tensorflow/malformed']);
    assert.equal(damaged.status, 'partial');
  });
});

describe('Protocol Buffers', () => {
  it('skips what nobody asks for, and keeps the rest of a large message', async () => {
    const source = new CachedByteSource(
      new MemoryByteSource(
        concat(
          field(1, 'name'),
          field(2, new Uint8Array(1_000_000)),
          field(3, field(1, 'in'), field(9, new Uint8Array(100_000))),
        ),
      ),
      { blockSize: 1024 },
    );
    const kept = await loadMessage(source, 0, source.size, { 1: true, 3: { 1: true } }, new Budget());
    assert.deepEqual(kept, concat(field(1, 'name'), field(3, field(1, 'in'))));
    assert.ok(source.bytesRead < 20_000);
  });

  it('refuses lengths, tags and varints that cannot be', async () => {
    for (const bytes of [
      [0x0a, 0x7f],
      [0x00, 0x01],
      [0x0f],
      [0x08, ...new Array(11).fill(0xff)],
      [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
    ]) {
      const source = new MemoryByteSource(Uint8Array.from(bytes));
      await assert.rejects(async () => {
        for await (const part of wireFields(source, 0, source.size, new Budget())) assert.ok(part);
      }, `${bytes}`);
    }
  });

  it('reads the text format: escapes, neighbouring strings, both brackets, comments', () => {
    const { root, error } = parseTextProto(
      '# c\na: "x\\x41\\101" \'y\' b <c: -1.5 d { e: TRUE }>\nf: [1, 2]',
      new Budget(),
    );
    assert.equal(error, undefined);
    assert.equal(root.text('a'), 'xAAy');
    assert.equal(root.message('b')?.text('c'), '-1.5');
    assert.equal(root.message('b')?.message('d')?.text('e'), 'TRUE');
    assert.deepEqual(root.texts('f'), ['1', '2']);
    assert.match(parseTextProto('a {', new Budget()).error?.message ?? '', /not closed/);
    assert.ok(parseTextProto('a { '.repeat(5000), new Budget()).error);
  });
});
