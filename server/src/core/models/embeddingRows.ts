/**
 * Rows of an embedding that lie far outside of the others. A row that was appended or written into after training, the way a
 * trigger is put into a model, is often many times as long as what training leaves. Trained, fresh and padded embeddings have
 * rows of very different length, too, so only a few that are beyond all spread of the others are told, as a fact.
 */
import { type ByteSource, peekAt } from '../io/byteSource';
import { evidenceText } from '../redact';
import { defineRules, MODEL_REFERENCES } from '../rule';
import type { ScanContext } from '../scanner';

export const EMBEDDING_RULES = defineRules('embedding', {
  'outlying-rows': {
    title: 'Rows of an embedding unlike all others',
    category: 'model',
    severity: 'info',
    risk: 'backdoor',
    description:
      'A few rows of the embedding are many times as long as the others, or hold no numbers. Rows that were appended for new tokens look like this, and so do rows that were written to answer to a trigger. Of large embeddings a bounded sample is read: the last rows and evenly spaced ones, some columns of each.',
    remediation: 'Look up which tokens the rows belong to, and compare them with the original model.',
    references: MODEL_REFERENCES.backdoor,
  },
});

/** A matrix of floating-point numbers, row by row. */
export interface RowMatrix {
  name: string;
  rows: number;
  columns: number;
  /** In numpy's manner. */
  dtype: string;
  bigEndian?: boolean;
  source: ByteSource;
  /** Of the first element, in `source`. */
  offset: number;
}

const WIDTHS: Readonly<Record<string, number>> = { float16: 2, bfloat16: 2, float32: 4, float64: 8 };

/** Bytes of a number of the types whose rows are compared. */
export function floatWidth(dtype: string): number | undefined {
  return Object.hasOwn(WIDTHS, dtype) ? WIDTHS[dtype] : undefined;
}

/** A matrix up to this size is read as a whole, and no more than that of all matrices of a file together. */
const WHOLE = 2 ** 20;
/** Of larger ones: so many of the last rows, so many evenly spaced ones, the first bytes of each. */
const LAST = 32;
const SPACED = 32;
const PIECE = 512;
const MOST_SAMPLED = 2;
const MOST_MATRICES = 8;

/** Fewer rows say nothing of what is usual. */
const FEWEST_ROWS = 16;
/** A row is told from four times the median length on, past eight standard deviations and past four times the upper spread. */
const LEAST_RATIO = 4;
const DEVIATIONS = 8;
const UPPER_SPREADS = 4;
/** And when twice as long as the next shorter one. */
const GAP = 2;
/** The median absolute deviation of a normal distribution is so much of its standard deviation. */
const MAD_TO_SIGMA = 1.4826;
/** More than these, or than a hundredth, are a kind of row and no outliers. */
const FEW = 3;
const NAMED = 5;

/** Embeddings of tokens by the names they have in state dictionaries; positions and types have other distributions. */
const TOKEN_EMBEDDING =
  /(?:^|[./])(?:embed_tokens|(?:word|tok|token|item|user|entity)_?emb(?:ed|edding|eddings)?|wte|shared|embed(?:ding|dings|_in)?|emb)\.weight$/i;

export function isTokenEmbedding(name: string): boolean {
  return TOKEN_EMBEDDING.test(name);
}

/** The embeddings of one file: reads no more than {@link WHOLE} and a small sample of each of the largest. */
export class EmbeddingRows {
  #left = WHOLE;
  #sampled = 0;
  #matrices = 0;

  constructor(private readonly context: ScanContext) {}

  /** Judges a matrix, unless it is on another machine, where every row is a request. */
  async judge(matrix: RowMatrix): Promise<void> {
    const { rows, columns, source, dtype, offset } = matrix;
    const width = floatWidth(dtype);
    if (width === undefined || source.distant || rows < FEWEST_ROWS || columns < 1) return;
    const bytes = rows * columns * width;
    if (!Number.isSafeInteger(bytes) || offset < 0 || offset + bytes > source.size) return;
    if (this.#matrices >= MOST_MATRICES) return;
    this.#matrices += 1;
    let lengths: Map<number, number>;
    if (bytes <= this.#left) {
      this.#left -= bytes;
      lengths = lengthsOf(await peekAt(source, offset, bytes), columns, matrix, (i) => i);
    } else if (this.#sampled < MOST_SAMPLED) {
      this.#sampled += 1;
      lengths = await this.#sample(matrix, width);
    } else return;
    this.#report(matrix, lengths);
  }

  async #sample(matrix: RowMatrix, width: number): Promise<Map<number, number>> {
    const { rows, columns, source, offset } = matrix;
    const taken = Math.min(columns, PIECE / width);
    const chosen = new Set<number>();
    for (let i = 0; i < SPACED; i += 1) chosen.add(Math.floor((i * rows) / SPACED));
    for (let row = Math.max(0, rows - LAST); row < rows; row += 1) chosen.add(row);
    const lengths = new Map<number, number>();
    for (const row of chosen) {
      this.context.budget.checkTime();
      const piece = await peekAt(source, offset + row * columns * width, taken * width);
      for (const [at, length] of lengthsOf(piece, taken, matrix, () => row)) lengths.set(at, length);
    }
    return lengths;
  }

  #report({ name, rows }: RowMatrix, lengths: ReadonlyMap<number, number>): void {
    const outliers = outlyingRows(lengths);
    if (outliers.length === 0) return;
    const shown = outliers
      .slice(0, NAMED)
      .map(
        ({ row, ratio }) =>
          `row ${row} (${ratio === undefined ? 'no numbers' : `${ratio.toPrecision(2)} times the median`})`,
      );
    const looked = lengths.size < rows ? `${lengths.size} sampled of ${rows}` : `${rows}`;
    this.context.report({
      rule: EMBEDDING_RULES['outlying-rows'],
      message: `Of the ${looked} rows of the embedding '${evidenceText(name, 100)}' ${outliers.length === 1 ? 'one is' : `${outliers.length} are`} far longer than all others: ${shown.join(', ')}${outliers.length > NAMED ? ', ...' : ''}.`,
      location: { node: evidenceText(name, 200) },
      anchor: name,
      data: { rows: outliers.map(({ row }) => row).slice(0, 100), looked: lengths.size, of: rows },
    });
  }
}

/** Root mean square of each whole row in `bytes`. */
function lengthsOf(
  bytes: Uint8Array,
  columns: number,
  { dtype, bigEndian = false }: RowMatrix,
  rowOf: (index: number) => number,
): Map<number, number> {
  const width = WIDTHS[dtype] as number;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const valueAt = readerOf(dtype, view, !bigEndian);
  const lengths = new Map<number, number>();
  const stride = columns * width;
  for (let index = 0; (index + 1) * stride <= bytes.length; index += 1) {
    let sum = 0;
    for (let at = index * stride; at < (index + 1) * stride; at += width) {
      const value = valueAt(at);
      sum += value * value;
    }
    lengths.set(rowOf(index), Math.sqrt(sum / columns));
  }
  return lengths;
}

function readerOf(dtype: string, view: DataView, littleEndian: boolean): (at: number) => number {
  if (dtype === 'float32') return (at) => view.getFloat32(at, littleEndian);
  if (dtype === 'float64') return (at) => view.getFloat64(at, littleEndian);
  if (dtype === 'float16') return (at) => halfFloat(view.getUint16(at, littleEndian));
  // bfloat16 is the upper half of a float32.
  const scratch = new DataView(new ArrayBuffer(4));
  return (at) => {
    scratch.setUint32(0, view.getUint16(at, littleEndian) * 0x10000);
    return scratch.getFloat32(0);
  };
}

/** IEEE 754 binary16. */
function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/**
 * Rows whose length is beyond all spread of the others, the longest first. Lengths are compared as logarithms, whose median
 * and median absolute deviation no few rows can move; rows of zeros (padding, tokens never seen) have none and are usual.
 * @param lengths by row; at least {@link FEWEST_ROWS} must be no zeros
 * @returns `ratio` to the median length; undefined for rows that are not numbers
 */
export function outlyingRows(lengths: ReadonlyMap<number, number>): { row: number; ratio: number | undefined }[] {
  const strange: { row: number; ratio: number | undefined }[] = [];
  const logs: number[] = [];
  for (const [row, length] of lengths) {
    if (!Number.isFinite(length)) strange.push({ row, ratio: undefined });
    else if (length > 0) logs.push(Math.log(length));
  }
  if (logs.length < FEWEST_ROWS || logs.length * 2 < lengths.size) return [];
  logs.sort((a, b) => a - b);
  const median = quantile(logs, 0.5);
  const deviations = logs.map((value) => Math.abs(value - median)).sort((a, b) => a - b);
  const limit = Math.max(
    Math.log(LEAST_RATIO),
    DEVIATIONS * MAD_TO_SIGMA * quantile(deviations, 0.5),
    UPPER_SPREADS * (quantile(logs, 0.95) - median),
  );
  // A tail that runs out slowly is a distribution; what is written in lies apart from it.
  const apart = logs.findIndex((value, i) => value - median > limit && value - (logs[i - 1] ?? value) > Math.log(GAP));
  const from = apart < 0 ? Number.POSITIVE_INFINITY : (logs[apart] as number);
  for (const [row, length] of lengths) {
    if (Number.isFinite(length) && Math.log(length) >= from)
      strange.push({ row, ratio: Math.exp(Math.log(length) - median) });
  }
  if (strange.length > Math.max(FEW, lengths.size / 100)) return [];
  return strange.sort((a, b) => (b.ratio ?? Number.POSITIVE_INFINITY) - (a.ratio ?? Number.POSITIVE_INFINITY));
}

/** @param sorted ascending, not empty */
function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] as number;
}
