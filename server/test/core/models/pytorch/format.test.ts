import assert from 'node:assert/strict';
import { scanFile } from '../../../../src/core/engine';
import { FORMATS } from '../../../../src/core/formats';
import type { ByteSource } from '../../../../src/core/io/byteSource';
import { DEFAULT_SETTINGS } from '../../../../src/core/settings';
import {
  bytes,
  call,
  evil,
  global,
  MARK,
  type Part,
  pickle,
  proto,
  RANK,
  REDUCE,
  STOP,
  scan,
  stackGlobal,
  text,
  tuple,
  u32,
  u64,
  worst,
  zip,
} from '../../pickle/assembler';

const { high, medium, low } = RANK;

const short = (value: string) => bytes('X', u32(value.length), value);

/** `_rebuild_tensor_v2(persistent('storage', FloatStorage, key, 'cpu', n), 0, shape, stride, False, OrderedDict())`. */
function tensor(key: string, shape: [number, number]): Uint8Array {
  const dims = (a: number, b: number) => bytes('J', u32(a), 'J', u32(b), 0x86);
  const storage = bytes(
    MARK,
    short('storage'),
    global('torch', 'FloatStorage'),
    short(key),
    short('cpu'),
    'J',
    u32(shape[0] * shape[1]),
    't',
    'Q',
  );
  return bytes(
    global('torch._utils', '_rebuild_tensor_v2'),
    MARK,
    storage,
    'K',
    0,
    dims(...shape),
    dims(shape[1], 1),
    0x89,
    global('collections', 'OrderedDict'),
    ')',
    REDUCE,
    't',
    REDUCE,
  );
}

const stateDict = (...entries: [string, Uint8Array][]) =>
  bytes(
    proto(2),
    global('collections', 'OrderedDict'),
    ')',
    REDUCE,
    MARK,
    ...entries.flatMap(([name, value]) => [short(name), value]),
    'u',
    STOP,
  );

const checkpoint = () => stateDict(['layer.weight', tensor('0', [2, 3])], ['layer.bias', tensor('1', [3, 1])]);
const numbers = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 37) % 251);

describe('PyTorch archives', () => {
  it('describes an honest checkpoint and finds nothing in it', async () => {
    const report = await scan(
      zip([
        ['m/data.pkl', checkpoint()],
        ['m/byteorder', bytes('little')],
        ['m/data/0', numbers(24)],
        ['m/data/1', numbers(12)],
        ['m/version', bytes('3\n')],
      ]),
      'model.bin',
    );
    assert.equal(report?.format, 'pytorch-zip');
    assert.equal(report?.status, 'scanned');
    assert.deepEqual(report?.findings, []);
    assert.deepEqual(report?.description?.tensors, [
      { name: 'layer.weight', dtype: 'float32', shape: [2, 3], bytes: 24 },
      { name: 'layer.bias', dtype: 'float32', shape: [3, 1], bytes: 12 },
    ]);
    assert.equal(report?.description?.parameters, 9);
    assert.equal(report?.description?.properties?.byteOrder, 'little');
  });

  it('tells outlying rows of an embedding where the pickle places it', async () => {
    const rows = (factor: number, at = 39) =>
      new Uint8Array(
        Float32Array.from({ length: 160 }, (_, i) => Math.sin(i * 7) * (Math.floor(i / 4) === at ? factor : 1)).buffer,
      );
    const model = (data: Uint8Array) =>
      zip([
        [
          'm/data.pkl',
          stateDict(['layer.weight', tensor('0', [40, 4])], ['embed_tokens.weight', tensor('1', [40, 4])]),
        ],
        ['m/byteorder', bytes('little')],
        ['m/data/0', rows(90)],
        ['m/data/1', data],
        ['m/version', bytes('3\n')],
      ]);
    assert.deepEqual((await scan(model(rows(1)), 'model.bin'))?.findings, []);
    const [finding, ...others] = (await scan(model(rows(90, 12)), 'model.bin'))?.findings ?? [];
    assert.deepEqual(others, []);
    assert.equal(finding?.ruleId, 'embedding/outlying-rows');
    assert.equal(finding.severity, 'info');
    assert.match(finding.message, /'embed_tokens\.weight' one is far longer than all others: row 12 \(/);
  });

  it('finds the pickle under every name and in every member that torch or a helper may load', async () => {
    for (const name of ['model.pt', 'model.ckpt', 'weights', 'model.dat']) {
      assert.ok(
        (await worst(
          zip([
            ['m/data.pkl', evil()],
            ['m/version', bytes('3\n')],
          ]),
          name,
        )) >= high,
        name,
      );
    }
    for (const member of ['m/DATA.PKL', 'm/constants.pkl', 'm/config.p', 'm/extra', 'm/code/x.debug_pkl']) {
      const list = await scan(
        zip([
          ['m/data.pkl', member === 'm/DATA.PKL' ? evil() : checkpoint()],
          [member, evil()],
          ['m/version', bytes('3\n')],
        ]),
        'a.pt',
      );
      const finding = list?.findings.find(({ severity }) => RANK[severity] >= high);
      assert.ok(finding, member);
      assert.equal(finding.location.member?.startsWith('m/'), true);
    }
    const old = bytes(global('os', 'system'), '(', "S'echo'\n", 't', REDUCE, STOP);
    assert.ok(
      (await worst(
        zip([
          ['m/DATA.PKL', old],
          ['m/version', bytes('3\n')],
        ]),
        'a.pt',
      )) >= high,
    );
  });

  it('reads both of two members with one name', async () => {
    for (const pair of [
      [evil(), checkpoint()],
      [checkpoint(), evil()],
    ] as const) {
      assert.ok(
        (await worst(
          zip([
            ['m/data.pkl', pair[0]],
            ['m/data.pkl', pair[1]],
            ['m/version', bytes('3\n')],
          ]),
          'a.pt',
        )) >= high,
      );
    }
  });

  it('tells a tensor that is a pickle', async () => {
    const report = await scan(
      zip([
        ['m/data.pkl', checkpoint()],
        ['m/data/0', evil()],
        ['m/version', bytes('3\n')],
      ]),
      'a.pt',
    );
    assert.ok(
      report?.findings.some(({ ruleId, severity }) => ruleId === 'torch/storage-is-pickle' && severity === 'medium'),
    );
    assert.ok(
      report?.findings.some(
        ({ ruleId, location }) => ruleId === 'pickle/dangerous-call' && location.member === 'm/data/0',
      ),
    );
  });

  it('judges TorchScript sources as TorchScript', async () => {
    const script = (source: string) =>
      zip([
        ['m/data.pkl', pickle(stackGlobal('__torch__', 'M'), ')', 0x81)],
        ['m/code/__torch__.py', bytes(source)],
        ['m/constants.pkl', pickle(')')],
        ['m/version', bytes('3\n')],
      ]);
    const honest = `class M(Module):\n  def forward(self: __torch__.M, x: Tensor) -> Tensor:\n    _0 = torch.append(annotate(List[Tensor], []), x)\n    _1 = ops.prim.NumToTensor(torch.len("import os"))\n    return torch.add(x, CONSTANTS.c0)\n`;
    assert.ok((await worst(script(honest), 'a.pt')) <= low);
    for (const line of [
      '_0 = ops.aten.save([x], "/tmp/x")',
      '_0 = ops.aten.from_file("/etc/passwd", False, 10)',
      'import os',
      "os.system('x')",
      'exec("x")',
    ]) {
      assert.ok((await worst(script(`${honest}    ${line}\n`), 'a.pt')) >= high, line);
    }
  });

  it('tells native libraries and sources that loading runs', async () => {
    const elf = bytes(0x7f, 'ELF', 2, 1, 1, new Uint8Array(100));
    const aoti = await scan(
      zip([
        ['m/archive_format', bytes('pt2')],
        ['m/archive_version', bytes('0')],
        ['m/data/aotinductor/model/x.so', elf],
      ]),
      'a.pt2',
    );
    assert.equal(aoti?.findings.filter(({ ruleId }) => ruleId === 'torch/native-library').length, 1);
  });

  it('reads the sources of a package', async () => {
    const packaged = (source: string) =>
      scan(
        zip([
          ['p/.data/extern_modules', bytes('')],
          ['p/.data/version', bytes('6')],
          ['p/model/model.pkl', checkpoint()],
          ['p/my/__init__.py', bytes('import math\n')],
          ['p/my/net.py', bytes(source)],
        ]),
        'a.pt',
      );
    const severity = async (source: string) =>
      (await packaged(source))?.findings
        .filter(({ ruleId }) => ruleId === 'torch/package-code')
        .map(({ severity }) => severity);
    const net =
      'import torch\nimport my\nclass N(torch.nn.Module):\n  def forward(self, x):\n    return torch.relu(x)\n';
    assert.deepEqual(await severity(net), ['info']);
    assert.deepEqual(await severity(`${net}  def load(self, p):\n    return open(p)\n`), ['medium']);
    assert.deepEqual(await severity(`import elsewhere\n${net}`), ['medium']);
    assert.deepEqual(await severity(`import os\nROOT = os.environ.get("ROOT")\n${net}`), ['medium']);
    assert.deepEqual((await severity(`exec("x")\n${net}`))?.sort(), ['high', 'medium']);
    assert.deepEqual((await severity(`import requests\nrequests.get("http://x")\n${net}`))?.sort(), ['high', 'medium']);
    // To import a module or to read a file beside it is not to act.
    assert.deepEqual(await severity(`import subprocess\nVERSION = open("x").read()\n${net}`), ['medium']);
    assert.deepEqual((await severity(`${net}  def run(self):\n    import subprocess as s\n    s.run("x")\n`))?.sort(), [
      'high',
      'medium',
    ]);
  });

  it('knows the classes that a package brings along', async () => {
    const net = 'import torch\nclass N(torch.nn.Module):\n  def forward(self, x):\n    return torch.relu(x)\n';
    const packaged = (pickled: Uint8Array) =>
      worst(
        zip([
          ['p/.data/version', bytes('6')],
          ['p/my/net.py', bytes(net)],
          ['p/model/model.pkl', pickled],
        ]),
        'a.pt',
      );
    const made = (module: string) => pickle(stackGlobal(module, 'N'), ')', 0x81, '}b');
    assert.ok((await packaged(made('my.net'))) <= low);
    assert.equal(await packaged(made('other.net')), medium);
    const packagedGraph = bytes(
      MARK,
      text('reduce_package'),
      'K',
      0,
      stackGlobal('torch.fx.graph_module', 'reduce_package_graph_module'),
      tuple(bytes('}'), text('my.net')),
      't',
      'Q',
    );
    assert.ok((await packaged(pickle(packagedGraph))) <= low);
    assert.ok(
      (await packaged(pickle(packagedGraph.slice(0, -1), '0', call(stackGlobal('os', 'system'), text('x'))))) >= high,
    );
    assert.ok((await worst(pickle(packagedGraph))) >= high);
  });

  it('takes a few bytes of a checkpoint of gigabytes', async () => {
    const members: [string, Uint8Array, number][] = [];
    const data = stateDict(
      ...Array.from({ length: 16 }, (_, i) => [`w${i}`, tensor(String(i), [8192, 4096])] as [string, Uint8Array]),
    );
    members.push(['m/data.pkl', data, data.length]);
    const bulk = 2 ** 27;
    for (let i = 0; i < 16; i += 1) members.push([`m/data/${i}`, new Uint8Array(0), bulk]);
    members.push(['m/version', bytes('3\n'), 2]);
    // Only the headers exist; the tensors are zeros that are made when somebody asks for them.
    const pieces: { at: number; content: Uint8Array }[] = [];
    const central: Part[] = [];
    let at = 0;
    for (const [name, content, size] of members) {
      const fields = bytes(0, 0, 0, 0, 0, 0, 0x21, 0, u32(0), u32(size), u32(size), name.length, 0, 0, 0);
      pieces.push({ at, content: bytes('PK', 3, 4, 20, 0, fields, name, content) });
      central.push(bytes('PK', 1, 2, 20, 0, 20, 0, fields, 0, 0, 0, 0, 0, 0, u32(0), u32(at), name));
      at += 30 + name.length + size;
    }
    const directory = bytes(...central);
    pieces.push({
      at,
      content: bytes(
        directory,
        'PK',
        5,
        6,
        u32(0),
        members.length,
        0,
        members.length,
        0,
        u32(directory.length),
        u32(at),
        0,
        0,
      ),
    });
    const size = at + directory.length + 22;
    const source: ByteSource = {
      size,
      read(offset, length) {
        const out = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
        for (const piece of pieces) {
          const from = Math.max(offset, piece.at);
          const to = Math.min(offset + out.length, piece.at + piece.content.length);
          if (to > from) out.set(piece.content.subarray(from - piece.at, to - piece.at), from - offset);
        }
        return Promise.resolve(out);
      },
    };
    const report = await scanFile('big.pt', source, { settings: DEFAULT_SETTINGS, formats: FORMATS });
    assert.equal(report?.format, 'pytorch-zip');
    assert.ok(report && report.bytes > 2 ** 31);
    assert.ok(report.bytesRead < 200_000, `${report.bytesRead} bytes were read`);
    assert.equal(report.description?.parameters, 16 * 8192 * 4096);
  });
});

describe('PyTorch checkpoints before 1.6', () => {
  const magic = bytes(proto(2), 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, STOP);
  const version = bytes(proto(2), 'M', 0xe9, 3, STOP);
  const info = bytes(proto(2), '}', STOP);
  const keys = bytes(proto(2), ']', MARK, short('0'), short('1'), 'e', STOP);
  const storages = () => bytes(u64(6), numbers(24), u64(3), numbers(12));
  const legacy = (parts: Partial<Record<'before' | 'info' | 'object' | 'keys' | 'after', Uint8Array>> = {}) =>
    bytes(
      parts.before ?? bytes(),
      magic,
      version,
      parts.info ?? info,
      parts.object ?? checkpoint(),
      parts.keys ?? keys,
      storages(),
      parts.after ?? bytes(),
    );

  it('reads the five pickles and steps over the storages', async () => {
    const report = await scan(legacy(), 'model.pt');
    assert.equal(report?.format, 'pytorch-legacy');
    assert.deepEqual(report?.findings, []);
    assert.equal(report?.description?.tensorCount, 2);
    assert.equal(report?.description?.properties?.pickles, 5);
  });

  it('finds a payload in each of them, before and behind', async () => {
    for (const part of ['before', 'info', 'object', 'keys', 'after'] as const) {
      assert.ok((await worst(legacy({ [part]: evil() }), 'model.pt')) >= high, part);
    }
  });

  it('takes the class of a module for what its loader gives', async () => {
    const cls = bytes(
      MARK,
      short('module'),
      global('torch.nn.modules.linear', 'Linear'),
      short('/x/linear.py'),
      short('class Linear'),
      't',
      'Q',
    );
    const object = bytes(proto(2), cls, ')', 0x81, '}', 'b', STOP);
    assert.ok((await worst(legacy({ object }), 'model.pt')) < medium);
    const bad = bytes(
      proto(2),
      bytes(MARK, short('module'), global('os', 'system'), short('a'), short('b'), 't', 'Q'),
      tuple(text('x')),
      REDUCE,
      STOP,
    );
    assert.ok((await worst(legacy({ object: bad }), 'model.pt')) >= high);
  });
});

describe('programs of torch.export', () => {
  interface Parts {
    target?: string;
    size?: string;
    guard?: string;
    member?: string;
  }

  const archive = ({ target = 'torch.ops.aten.add.Tensor', size = '2*s0 + Max(1, u0)', guard, member }: Parts) =>
    zip([
      [
        member ?? 'a/models/model.json',
        bytes(
          JSON.stringify({
            graph_module: {
              graph: {
                nodes: [{ target, inputs: [], outputs: [], metadata: { stack_trace: 'open("x.py")\nos.system' } }],
                sym_int_values: { s0: { as_expr: { expr_str: size, hint: { as_int: 3 } } } },
              },
            },
            guards_code: guard === undefined ? [] : [guard],
          }),
        ),
      ],
      ['a/archive_format', bytes('pt2')],
      ['a/archive_version', bytes('0')],
    ]);

  it('is quiet about operators, sizes and guards', async () => {
    for (const target of [
      'torch.ops.aten.add.Tensor',
      'torch.ops.higher_order.cond',
      'torch.ops.my_library.kernel.default',
      '_operator.getitem',
      'math.trunc',
      'torch.sym_max',
      'torch._C._set_grad_enabled',
      '#namespace:operator',
    ]) {
      assert.equal(await worst(archive({ target }), 'a.pt2'), -1, target);
    }
    for (const size of [
      'FloorDiv(s0, 2) + Mod(s1, 0.5)',
      "Min(Integer(8), Mul(Rational(1, 2), Symbol('s28', positive=True, integer=True), Float('0.5', precision=53)))",
      'ceiling(s0/2)',
    ]) {
      assert.equal(await worst(archive({ size }), 'a.pt2'), -1, size);
    }
    assert.equal(await worst(archive({ guard: "L['x'].size()[0] == L['args'][0].size()[1]" }), 'a.pt2'), -1);
  });

  it('finds functions that are no operators and code that loading evaluates', async () => {
    for (const target of [
      'torch.hub.load',
      'torch.serialization.os.system',
      'torch.load',
      'torch.ops.aten.from_file',
    ]) {
      assert.ok((await worst(archive({ target }), 'a.pt2')) >= high, target);
    }
    for (const size of [
      '__import__("os").system("x")',
      's0.__class__',
      "eval('1')",
      'exec (1)',
      'open(s0)',
      "Symbol('x().y')",
    ]) {
      assert.equal(await worst(archive({ size }), 'a.pt2'), RANK.critical, size);
    }
    assert.equal(await worst(archive({ guard: "__import__('os').system('x')" }), 'a.pt2'), RANK.critical);
    const old = archive({ size: '__import__("os")', member: 'a/serialized_exported_program.json' });
    assert.equal(await worst(old, 'a.pt2'), RANK.critical);
  });
});

describe('PyTorch tar checkpoints', () => {
  function tar(members: readonly [string, Uint8Array][]): Uint8Array {
    const blocks: Uint8Array[] = [];
    for (const [name, content] of members) {
      const header = new Uint8Array(512);
      const put = (at: number, value: string) => header.set(bytes(value), at);
      put(0, name);
      put(100, '0000644\0');
      put(108, '0000000\0');
      put(116, '0000000\0');
      put(124, `${content.length.toString(8).padStart(11, '0')}\0`);
      put(136, '00000000000\0');
      put(148, '        ');
      put(156, '0');
      put(257, 'ustar\x0000');
      const sum = header.reduce((a, b) => a + b, 0);
      put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
      blocks.push(header, content, new Uint8Array((512 - (content.length % 512)) % 512));
    }
    return bytes(...blocks, new Uint8Array(1024));
  }

  it('unpickles what the loader unpickles', async () => {
    const members = (pickled: Uint8Array): [string, Uint8Array][] => [
      ['sys_info', bytes(proto(2), '}', STOP)],
      ['pickle', pickled],
      ['tensors', bytes(proto(2), 'K', 0, STOP)],
      ['storages', bytes(proto(2), 'K', 0, STOP)],
    ];
    const honest = await scan(tar(members(checkpoint())), 'old.pt');
    assert.equal(honest?.format, 'pytorch-tar');
    assert.ok(honest.findings.every(({ severity }) => RANK[severity] < medium));
    assert.ok((await worst(tar(members(pickle(call(stackGlobal('os', 'system'), text('x'))))), 'old.pt')) >= high);
  });
});
