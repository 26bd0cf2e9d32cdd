import assert from 'node:assert/strict';
import { ZIP_FORMAT } from '../../../../src/core/models/archive/zip';
import { GGUF_FORMAT } from '../../../../src/core/models/gguf/format';
import { GGML_FORMAT } from '../../../../src/core/models/gguf/ggml';
import { LLAMAFILE_FORMAT } from '../../../../src/core/models/gguf/llamafile';
import { buildZip } from '../../archives/builders';
import { HONEST_TEMPLATES } from '../jinja/honestTemplates';
import { bytesOf, integer, scanBytes, verdicts } from '../scanBytes';

type Part = Uint8Array | readonly number[] | string;

const string = (value: string, length?: number | bigint) =>
  bytesOf(integer(length ?? new TextEncoder().encode(value).length, 8), value);
const pair = (key: string, type: number, ...value: Part[]) => bytesOf(string(key), integer(type, 4), ...value);
const text = (key: string, value: string) => pair(key, 8, string(value));

interface Tensor {
  name?: string;
  shape?: (number | bigint)[];
  type?: number;
  offset?: number | bigint;
  dimensions?: number;
}

function build(
  { pairs = [], tensors = [] }: { pairs?: Uint8Array[]; tensors?: Tensor[] },
  {
    data = 0,
    pairCount,
    tensorCount,
    version = 3,
    tail = new Uint8Array(0),
  }: { data?: number; pairCount?: bigint; tensorCount?: bigint; version?: number; tail?: Uint8Array } = {},
): Uint8Array {
  const infos = tensors.map(({ name = 'w', shape = [4], type = 0, offset = 0, dimensions }) =>
    bytesOf(
      string(name),
      integer(dimensions ?? shape.length, 4),
      ...shape.map((s) => integer(s, 8)),
      integer(type, 4),
      integer(offset, 8),
    ),
  );
  const head = bytesOf(
    'GGUF',
    integer(version, 4),
    integer(tensorCount ?? tensors.length, 8),
    integer(pairCount ?? pairs.length, 8),
    ...pairs,
    ...infos,
  );
  return bytesOf(head, new Uint8Array((32 - (head.length % 32)) % 32), new Uint8Array(data), tail);
}

const scan = (bytes: Uint8Array) => scanBytes('model.gguf', bytes, { formats: [GGUF_FORMAT] });
const worst = async (bytes: Uint8Array) =>
  (await scan(bytes)).findings.map((f) => `${f.severity} ${f.ruleId}`).filter((v) => !v.includes('coverage'));

describe('GGUF', () => {
  it('an honest file has no finding and is described', async () => {
    const bytes = build(
      {
        pairs: [
          text('general.architecture', 'llama'),
          text('general.license', 'apache-2.0'),
          pair('n', 4, integer(7, 4)),
          pair('f', 6, integer(0, 4)),
          pair('b', 7, [1]),
          pair('tokens', 9, integer(8, 4), integer(100, 8), ...Array.from({ length: 100 }, (_, i) => string(`t${i}`))),
          pair('scores', 9, integer(6, 4), integer(3, 8), integer(0, 8), integer(0, 4)),
          text('tokenizer.chat_template', HONEST_TEMPLATES.chatml as string),
        ],
        tensors: [
          { name: 'a', shape: [4, 2], offset: 0 },
          { name: 'q', shape: [32], type: 2, offset: 32 },
        ],
      },
      { data: 64 },
    );
    const report = await scan(bytes);
    assert.deepEqual(verdicts(report), []);
    assert.equal(report.status, 'scanned');
    assert.equal(report.description?.parameters, 40);
    assert.equal(report.description?.license, 'apache-2.0');
    assert.deepEqual(
      report.description?.tensors?.map((t) => [t.name, t.dtype, t.shape, t.bytes]),
      [
        ['a', 'F32', [2, 4], 32],
        ['q', 'Q4_0', [32], 18],
      ],
    );
  });

  it('honest chat templates are clean', async () => {
    for (const [name, template] of Object.entries(HONEST_TEMPLATES)) {
      assert.deepEqual(verdicts(await scan(build({ pairs: [text('tokenizer.chat_template', template)] }))), [], name);
    }
  });

  it('templates are judged under every key, and in lists', async () => {
    const evil = '{{ x.__class__ }}';
    for (const key of ['tokenizer.chat_template', 'tokenizer.chat_template.tool_use', 'anything']) {
      assert.deepEqual(await worst(build({ pairs: [text(key, evil)] })), ['high template/code-execution'], key);
    }
    const list = pair('list', 9, integer(8, 4), integer(2, 8), string('a'), string(evil));
    assert.deepEqual(await worst(build({ pairs: [list] })), ['high template/code-execution']);
  });

  it('numbers that overflow are high', async () => {
    const huge = 2n ** 62n;
    const cases: [string, Uint8Array][] = [
      ['tensor count', build({}, { tensorCount: huge })],
      ['pair count', build({}, { pairCount: huge })],
      ['key length', build({ pairs: [bytesOf(string('k', huge))] })],
      ['string length', build({ pairs: [pair('k', 8, string('v', 2n ** 64n - 1n))] })],
      ['list length', build({ pairs: [pair('k', 9, integer(4, 4), integer(huge, 8))] })],
      ['length of a list of strings', build({ pairs: [pair('k', 9, integer(8, 4), integer(huge, 8))] })],
      [
        'string in a list',
        build({ pairs: [pair('k', 9, integer(8, 4), integer(70, 8), string('', huge), new Uint8Array(600))] }),
      ],
      ['dimensions', build({ tensors: [{ dimensions: 200 }] })],
      ['product', build({ tensors: [{ shape: [2 ** 40, 2 ** 40] }] })],
      ['one size', build({ tensors: [{ shape: [2n ** 63n] }] })],
      ['wrap to a small product', build({ tensors: [{ shape: [2n ** 33n, 2n ** 33n, 4] }] })],
      [
        'tensor name',
        build({ tensors: [{}] }, { tail: new Uint8Array(0) }).map((b, i) => (i >= 24 && i < 32 ? 0x7f : b)),
      ],
      ['offset', build({ tensors: [{ offset: 2n ** 63n }] }, { data: 32 })],
      ['offset outside the file', build({ tensors: [{ offset: 4096 }] }, { data: 32 })],
      ['tensor type outside every table', build({ tensors: [{ type: 9999 }] }, { data: 32 })],
      ['negative tensor type', build({ tensors: [{ type: 0xffffffff }] }, { data: 32 })],
      ['value type outside every table', build({ pairs: [pair('k', 70000, integer(0, 4))] })],
      ['list type outside every table', build({ pairs: [pair('k', 9, integer(0xfffffff0, 4), integer(1, 8))] })],
      ...[0, 3, 2 ** 30].map((alignment): [string, Uint8Array] => [
        `alignment ${alignment}`,
        build({ pairs: [pair('general.alignment', 4, integer(alignment, 4))], tensors: [{}] }, { data: 32 }),
      ]),
    ];
    for (const [what, bytes] of cases) {
      const found = await worst(bytes);
      assert.ok(found.includes('high gguf/header-overflow'), `${what}: ${found.join()}`);
    }
  });

  it('what the format forbids is medium', async () => {
    const cases: [string, Uint8Array][] = [
      ['unknown value type', build({ pairs: [pair('k', 77, integer(0, 4))] })],
      ['twice the same key', build({ pairs: [text('k', 'a'), text('k', 'b')] })],
      ['twice the same tensor', build({ tensors: [{ offset: 0 }, { offset: 32 }] }, { data: 64 })],
      ['offset is not aligned', build({ tensors: [{ offset: 4 }] }, { data: 64 })],
      [
        'overlap',
        build(
          {
            tensors: [
              { name: 'a', shape: [16] },
              { name: 'b', shape: [4], offset: 32 },
            ],
          },
          { data: 64 },
        ),
      ],
      ['beyond the end', build({ tensors: [{ shape: [4096] }] }, { data: 32 })],
      ['rows of half a block', build({ tensors: [{ shape: [16], type: 2 }] }, { data: 32 })],
      ['name too long', build({ tensors: [{ name: 'n'.repeat(80) }] }, { data: 32 })],
      ['truth value 2', build({ pairs: [pair('k', 7, [2])] })],
      ['unknown version', build({}, { version: 9 })],
    ];
    for (const [what, bytes] of cases) {
      const found = await worst(bytes);
      assert.ok(found.includes('medium gguf/invalid-header'), `${what}: ${found.join()}`);
      assert.ok(!found.some((v) => v.startsWith('high')), `${what}: ${found.join()}`);
    }
  });

  it('a type newer than this table is no alarm, withdrawn ones are none either', async () => {
    for (const type of [4, 43, 137, 399])
      assert.deepEqual(await worst(build({ tensors: [{ type }] }, { data: 32 })), ['low gguf/invalid-header']);
  });

  it('every type of ggml is honest, and its size is known', async () => {
    const sizes: Record<number, [block: number, bytes: number]> = {
      0: [1, 4],
      1: [1, 2],
      2: [32, 18],
      8: [32, 34],
      14: [256, 210],
      16: [256, 66],
      21: [256, 110],
      23: [256, 136],
      29: [256, 56],
      30: [1, 2],
      31: [32, 18],
      34: [256, 54],
      35: [256, 66],
      39: [32, 17],
      40: [64, 36],
      41: [128, 18],
      42: [64, 18],
    };
    for (const [type, [block, bytes]] of Object.entries(sizes)) {
      const padded = Math.ceil((bytes * 2) / 32) * 32;
      const tensors = [
        { name: 'a', shape: [block * 2], type: Number(type) },
        { name: 'b', shape: [1], offset: padded },
      ];
      assert.deepEqual(await worst(build({ tensors }, { data: padded + 4 })), [], type);
    }
  });

  it('a file that is cut off is broken, not hostile', async () => {
    const tensors = Array.from({ length: 4 }, (_, i) => ({ name: `t${i}`, shape: [64], offset: i * 256 }));
    assert.deepEqual(await worst(build({ tensors }, { data: 300 })), ['medium gguf/invalid-header']);
  });

  it('data behind the tensors is told, padding is not', async () => {
    const tensors = [{ shape: [8] }];
    assert.deepEqual(await worst(build({ tensors }, { data: 32, tail: new Uint8Array(32) })), []);
    assert.deepEqual(await worst(build({ tensors }, { data: 32, tail: new TextEncoder().encode('payload') })), [
      'medium gguf/uncovered-data',
    ]);
    const elf = bytesOf('\x7fELF', new Uint8Array(100));
    assert.deepEqual(await worst(build({ tensors }, { data: 32, tail: elf })), ['high gguf/uncovered-data']);
  });

  it('reads big-endian files', async () => {
    const big = (value: number | bigint, size: number) => integer(value, size, false);
    const bytes = bytesOf(
      'GGUF',
      big(3, 4),
      big(0, 8),
      big(1, 8),
      big(1, 8),
      'k',
      big(8, 4),
      big(17, 8),
      '{{ x.__class__ }}',
    );
    assert.deepEqual(await worst(bytes), ['high template/code-execution']);
  });

  it('cut off or altered anywhere it ends with a report', async () => {
    const whole = build(
      { pairs: [text('general.name', 'x'), pair('l', 9, integer(4, 4), integer(2, 8), integer(0, 8))], tensors: [{}] },
      { data: 32 },
    );
    for (let length = 4; length < whole.length - 16; length += 1) {
      const report = await scan(whole.subarray(0, length));
      assert.ok(report.findings.length > 0, `${length}`);
    }
    for (let at = 4; at < whole.length; at += 1) {
      for (const value of [0, 0x7f, 0xff]) {
        const altered = whole.slice();
        altered[at] = value;
        await scan(altered);
      }
    }
  });
});

describe('GGML before GGUF', () => {
  const scanOld = (bytes: Uint8Array) => scanBytes('model.bin', bytes, { formats: [GGML_FORMAT] });
  const header = (vocabulary: number) => bytesOf('tjgg', integer(3, 4), integer(vocabulary, 4), new Uint8Array(24));

  it('walks the vocabulary and tells lengths that lie', async () => {
    const honest = bytesOf(header(2), integer(1, 4), 'a', integer(0, 4), integer(2, 4), 'bc', integer(0, 4));
    assert.deepEqual(verdicts(await scanOld(honest)), []);
    assert.deepEqual(verdicts(await scanOld(header(0x7fffffff))), ['high gguf/header-overflow']);
    assert.deepEqual(verdicts(await scanOld(bytesOf(header(1), integer(0xfffffff0, 4)))), [
      'high gguf/header-overflow',
    ]);
  });

  describe('of whisper.cpp', () => {
    const i32 = (...values: number[]) => bytesOf(...values.map((value) => integer(value, 4)));
    const tensor = (
      name: string,
      sizes: number[],
      type = 0,
      data = sizes.reduce((p, n) => p * n, 4),
      told = sizes.length,
    ) => bytesOf(i32(told, name.length, type, ...sizes), name, new Uint8Array(data));
    const whisper = (...tensors: Uint8Array[]) =>
      bytesOf(
        'lmgg',
        i32(3, 1500, 384, 6, 4, 448, 384, 6, 4, 80, 1),
        i32(2, 3),
        new Uint8Array(24),
        i32(2, 1),
        'a',
        i32(2),
        'bc',
        ...tensors,
      );

    it('is read to its end', async () => {
      const report = await scanBytes('ggml-tiny.bin', whisper(tensor('a.w', [4, 2]), tensor('a.b', [32], 2, 18)));
      assert.deepEqual(report.findings, []);
      assert.equal(report.status, 'scanned');
      assert.equal(report.description?.framework, 'whisper.cpp');
      assert.deepEqual(report.description?.tensors, [
        { name: 'a.w', dtype: 'F32', shape: [2, 4], bytes: 32 },
        { name: 'a.b', dtype: 'Q4_0', shape: [32], bytes: 18 },
      ]);
    });

    it('numbers that readers believe are told', async () => {
      const overflow = ['high gguf/header-overflow'];
      const judge = async (...tensors: Uint8Array[]) => verdicts(await scanOld(whisper(...tensors)));
      assert.deepEqual(await judge(tensor('w', [1], 0, 64, 900)), overflow);
      assert.deepEqual(await judge(tensor('w', [1], 0, 64, -1)), overflow);
      assert.deepEqual(await judge(tensor('w', [-4], 0, 64)), overflow);
      assert.deepEqual(await judge(tensor('w', [1], 77, 64)), overflow);
      assert.deepEqual(await judge(bytesOf(i32(1, -1, 0, 1), new Uint8Array(64))), overflow);
      assert.deepEqual(await judge(bytesOf(i32(1, 0x7fffffff, 0, 1), new Uint8Array(64))), overflow);
      const words = whisper().slice();
      words.set(i32(0x7fffffff), 48 + 8 + 24);
      assert.deepEqual(verdicts(await scanOld(words)), overflow);
      const cut = await scanOld(whisper(tensor('w', [64], 0, 20)));
      assert.deepEqual(verdicts(cut), ['medium gguf/invalid-header']);
      assert.equal(cut.status, 'partial');
    });
  });

  it('says that other layouts are not looked at', async () => {
    const report = await scanOld(bytesOf('lmgg', new Uint8Array(60)));
    assert.equal(report.status, 'partial');
  });
});

describe('llamafile', () => {
  it('is said to be a program, and its archive is looked into', async () => {
    const model = build({ pairs: [text('tokenizer.chat_template', '{{ x.__class__ }}')] });
    const archive = buildZip([{ name: 'model.gguf', data: model }], {
      prefix: bytesOf("MZqFpD='\n", new Uint8Array(200)),
    });
    const report = await scanBytes('model.llamafile', archive, {
      formats: [LLAMAFILE_FORMAT, ZIP_FORMAT, GGUF_FORMAT],
    });
    assert.deepEqual(verdicts(report), [
      'high llamafile/executable',
      'high template/code-execution',
      'medium archive/hidden-data',
    ]);
    const elf = buildZip([{ name: 'w.gguf', data: model }], {
      prefix: bytesOf('\x7fELF', new Uint8Array(200)),
      unshifted: true,
    });
    assert.ok(
      verdicts(await scanBytes('run', elf, { formats: [LLAMAFILE_FORMAT] })).includes('high llamafile/executable'),
    );
    await assert.rejects(
      scanBytes('run', bytesOf('\x7fELF', new Uint8Array(500)), { formats: [LLAMAFILE_FORMAT] }),
      /no format/,
    );
  });
});
