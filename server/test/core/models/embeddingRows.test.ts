import assert from 'node:assert/strict';
import { Budget } from '../../../src/core/budget';
import type { ByteSource } from '../../../src/core/io/byteSource';
import { MemoryByteSource } from '../../../src/core/io/byteSource';
import { EmbeddingRows, isTokenEmbedding, outlyingRows, type RowMatrix } from '../../../src/core/models/embeddingRows';
import type { FindingDraft, ScanContext } from '../../../src/core/scanner';
import { DEFAULT_SETTINGS } from '../../../src/core/settings';
import { bytesOf, integer, scanBytes, verdicts } from './scanBytes';

/** The same numbers in every run. */
function generator(seed: number) {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  /** Root mean square of a row of `columns` normal numbers. */
  const row = (columns: number) => {
    let sum = 0;
    for (let i = 0; i < columns; i += 1) sum += normal() ** 2;
    return Math.sqrt(sum / columns);
  };
  return { uniform, normal, row };
}

type Lengths = (row: number, rows: number, random: ReturnType<typeof generator>) => number;

/** Lengths of rows as honest embeddings have them. */
const HONEST: Record<string, Lengths> = {
  'freshly initialised, normal, 1 column': (_, __, { row }) => row(1),
  'freshly initialised, normal, 2 columns': (_, __, { row }) => row(2),
  'freshly initialised, normal, 64 columns': (_, __, { row }) => row(64),
  'freshly initialised, uniform': (_, __, { uniform }) => Math.hypot(uniform() * 2 - 1, uniform() * 2 - 1),
  'a padding row of zeros': (at, _, { row }) => (at === 0 ? 0 : row(64)),
  'half of the rows never seen': (_, __, { uniform, row }) => (uniform() < 0.5 ? 0 : row(64)),
  'nearly no row seen': (_, __, { uniform, row }) => (uniform() < 0.95 ? 0 : row(64)),
  'reserved tokens at the end, untrained': (at, rows, { row }) => (at > rows - 25 ? 1e-5 : row(64)),
  'normalised to one': () => 1,
  'log-normal': (_, __, { normal }) => Math.exp(0.5 * normal()),
  'log-normal, wide': (_, __, { normal }) => Math.exp(normal()),
  'by frequency, falling as Zipf': (at, _, { row }) => (at + 1) ** -0.5 * row(64),
  'by frequency, falling as Zipf, steep': (at, _, { row }) => (at + 1) ** -1 * row(64),
  'by frequency, rising': (at, _, { row }) => (at + 1) ** 0.3 * row(64),
  'by the logarithm of frequency': (at, rows, { row }) => (1 + Math.log(rows / (at + 1))) * row(32),
  'two kinds of rows': (_, __, { uniform, row }) => (uniform() < 0.8 ? 1 : 10) * row(64),
  'a few frequent ones three times as long': (at, _, { row }) => (at < 2 ? 3 : 1) * row(64),
};

function lengthsOf(lengths: Lengths, rows: number, seed: number): Map<number, number> {
  const random = generator(seed);
  return new Map(Array.from({ length: rows }, (_, row) => [row, lengths(row, rows, random)]));
}

const float32 = (values: readonly number[]) => new Uint8Array(Float32Array.from(values).buffer);

/** A matrix of normal numbers of standard deviation 1, with some rows multiplied. */
function matrix(rows: number, columns: number, factors: Record<number, number> = {}): number[] {
  const { normal } = generator(7);
  return Array.from({ length: rows * columns }, (_, i) => normal() * (factors[Math.floor(i / columns)] ?? 1));
}

class CountingSource implements ByteSource {
  bytes = 0;
  reads = 0;
  constructor(
    readonly size: number,
    private readonly inner: (offset: number, length: number) => Uint8Array,
    readonly distant = false,
  ) {}
  async read(offset: number, length: number): Promise<Uint8Array> {
    this.bytes += length;
    this.reads += 1;
    return this.inner(offset, length);
  }
}

async function judged(...matrices: RowMatrix[]): Promise<FindingDraft[]> {
  const drafts: FindingDraft[] = [];
  const context: ScanContext = {
    budget: new Budget(),
    settings: DEFAULT_SETTINGS,
    report: (draft) => drafts.push(draft),
    describe: () => undefined,
    scan: async () => [],
    incomplete: () => undefined,
  };
  const rows = new EmbeddingRows(context);
  for (const one of matrices) await rows.judge(one);
  return drafts;
}

describe('rows of embeddings', () => {
  for (const [name, lengths] of Object.entries(HONEST)) {
    it(`are quiet: ${name}`, () => {
      for (const rows of [16, 64, 500, 4000]) {
        for (let seed = 1; seed <= 30; seed += 1)
          assert.deepEqual(outlyingRows(lengthsOf(lengths, rows, seed)), [], `${rows} rows, seed ${seed}`);
      }
    });
  }

  it('that are far longer than all others are told, whatever the others are like', () => {
    for (const name of [
      'freshly initialised, normal, 64 columns',
      'a padding row of zeros',
      'log-normal',
      'normalised to one',
    ]) {
      const lengths = lengthsOf(HONEST[name] as Lengths, 500, 3);
      lengths.set(499, 200);
      lengths.set(17, 150);
      assert.deepEqual(
        outlyingRows(lengths).map(({ row }) => row),
        [499, 17],
        name,
      );
    }
  });

  it('are a kind of row when they are many, and say nothing when there are too few to compare', () => {
    const many = lengthsOf(HONEST['normalised to one'] as Lengths, 100, 1);
    for (let row = 0; row < 4; row += 1) many.set(row, 100);
    assert.deepEqual(outlyingRows(many), []);
    const few = new Map(Array.from({ length: 15 }, (_, row) => [row, row === 3 ? 100 : 1]));
    assert.deepEqual(outlyingRows(few), []);
  });

  it('that hold no numbers are told', () => {
    const lengths = lengthsOf(HONEST['normalised to one'] as Lengths, 100, 1);
    lengths.set(5, Number.NaN);
    lengths.set(6, Number.POSITIVE_INFINITY);
    assert.deepEqual(
      outlyingRows(lengths).map(({ row, ratio }) => [row, ratio]),
      [
        [5, undefined],
        [6, undefined],
      ],
    );
  });

  it('are read as every type of number that embeddings have', async () => {
    const plain = matrix(40, 8, { 39: 60 });
    const half = (value: number) => {
      const [bits] = new Uint32Array(Float32Array.of(value).buffer);
      const exponent = (((bits as number) >>> 23) & 255) - 112;
      return (
        (((bits as number) >>> 16) & 0x8000) |
        (exponent <= 0 ? 0 : (exponent << 10) | (((bits as number) >>> 13) & 1023))
      );
    };
    const encoded: [string, boolean, Uint8Array][] = [
      ['float32', false, float32(plain)],
      ['float64', false, new Uint8Array(Float64Array.from(plain).buffer)],
      ['float16', false, new Uint8Array(Uint16Array.from(plain, half).buffer)],
      [
        'bfloat16',
        false,
        new Uint8Array(
          Uint16Array.from(plain, (v) => (new Uint32Array(Float32Array.of(v).buffer)[0] as number) >>> 16).buffer,
        ),
      ],
      ['float32', true, float32(plain).reverse()],
    ];
    for (const [dtype, bigEndian, bytes] of encoded) {
      // Reversed bytes are the rows from the last to the first, each number big-endian.
      const expected = bigEndian ? 0 : 39;
      const [draft] = await judged({
        name: 'e',
        rows: 40,
        columns: 8,
        dtype,
        bigEndian,
        source: new MemoryByteSource(bytes),
        offset: 0,
      });
      assert.deepEqual(draft?.data?.rows, [expected], `${dtype} ${bigEndian}`);
    }
    assert.deepEqual(
      await judged({
        name: 'e',
        rows: 40,
        columns: 8,
        dtype: 'int8',
        source: new MemoryByteSource(new Uint8Array(320)),
        offset: 0,
      }),
      [],
    );
  });

  it('of a large matrix are sampled: the last ones and some between, a bounded number of bytes', async () => {
    const [rows, columns] = [1_000_000, 4096];
    const { normal } = generator(5);
    const source = new CountingSource(rows * columns * 4, (offset, length) => {
      const row = Math.floor(offset / (columns * 4));
      return float32(Array.from({ length: length / 4 }, () => normal() * (row === rows - 2 ? 50 : 1)));
    });
    const one = { name: 'embed_tokens.weight', rows, columns, dtype: 'float32', source, offset: 0 };
    const [draft, ...others] = await judged(one);
    assert.equal(others.length, 0);
    assert.match(
      draft?.message ?? '',
      /^Of the 64 sampled of 1000000 rows .*one is far longer than all others: row 999998 \(\d+ times the median\)/,
    );
    assert.ok(source.bytes <= 64 * 512, `${source.bytes} bytes`);
    // However many a file has, it stays with a small sample of two.
    source.bytes = 0;
    await judged(...Array.from({ length: 50 }, () => one));
    assert.ok(source.bytes <= 2 * 64 * 512, `${source.bytes} bytes`);
  });

  it('of small matrices are read as long as they are a mebibyte together', async () => {
    const bytes = float32(matrix(1000, 128));
    const source = new CountingSource(bytes.length, (offset, length) => bytes.subarray(offset, offset + length));
    await judged(
      ...Array.from({ length: 8 }, () => ({
        name: 'e',
        rows: 1000,
        columns: 128,
        dtype: 'float32',
        source,
        offset: 0,
      })),
    );
    assert.ok(source.bytes <= 2 ** 20 + 2 * 64 * 512, `${source.bytes} bytes`);
  });

  it('on another machine are not read, nor those that reach past the file', async () => {
    const distant = new CountingSource(10_000, (_, length) => new Uint8Array(length), true);
    await judged({ name: 'e', rows: 100, columns: 4, dtype: 'float32', source: distant, offset: 0 });
    const short = new CountingSource(100, (_, length) => new Uint8Array(length));
    for (const [rows, columns, offset] of [
      [100, 4, 0],
      [2 ** 40, 2 ** 40, 0],
      [20, 1, -4],
      [20, 1, 90],
    ] as const)
      await judged({ name: 'e', rows, columns, dtype: 'float32', source: short, offset });
    assert.deepEqual([distant.reads, short.reads], [0, 0]);
  });

  it('are those of tokens by their names', () => {
    for (const name of [
      'model.embed_tokens.weight',
      'bert.embeddings.word_embeddings.weight',
      'transformer.wte.weight',
      'shared.weight',
      'tok_embeddings.weight',
      'embedding.weight',
      'item_emb.weight',
    ])
      assert.ok(isTokenEmbedding(name), name);
    for (const name of [
      'embeddings.position_embeddings.weight',
      'wpe.weight',
      'embeddings.token_type_embeddings.weight',
      'lm_head.weight',
      'patch_embed.proj.weight',
      'layers.0.weight',
      'time_embedding.weight',
    ])
      assert.ok(!isTokenEmbedding(name), name);
  });

  it('of a safetensors file are told with the tensor', async () => {
    const file = (factors: Record<number, number>) => {
      const data = float32(matrix(50, 8, factors));
      const header = JSON.stringify({
        'model.embed_tokens.weight': { dtype: 'F32', shape: [50, 8], data_offsets: [0, data.length] },
      });
      return bytesOf(integer(header.length, 8), header, data);
    };
    assert.deepEqual(verdicts(await scanBytes('model.safetensors', file({}))), []);
    const report = await scanBytes('model.safetensors', file({ 49: 40 }));
    assert.deepEqual(verdicts(report), ['info embedding/outlying-rows']);
    assert.equal(report.findings[0]?.location.node, 'model.embed_tokens.weight');
    assert.match(report.findings[0]?.message ?? '', /^Of the 50 rows .* row 49 \(/);
  });
});
