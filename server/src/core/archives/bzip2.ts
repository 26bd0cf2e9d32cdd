import { type ByteReader, UnexpectedEnd } from '../io/reader';
import { DamagedStream, type Decode } from './decoded';

const BLOCK_MAGIC = 0x314159265359;
const END_MAGIC = 0x177245385090;
const GROUP = 50;
/** A block of 900,000 symbols in codes of at most 20 bits, with its tables. */
const LARGEST_BLOCK = 2_400_000;

/**
 * bzip2, several streams in a row as `bzip2 -d` and Python's bz2 read them. Follows the format as described by the
 * reference implementation's manual; block checksums are not compared, since loaders see the bytes before they are.
 */
export const decodeBzip2: Decode = async function* (reader) {
  for (let first = true; ; first = false) {
    const mark = reader.position;
    await reader.ensure(14);
    const head = reader.buffer.subarray(reader.index, reader.index + 4);
    const level = (head[3] ?? 0) - 0x30;
    if (head[0] !== 0x42 || head[1] !== 0x5a || head[2] !== 0x68 || level < 1 || level > 9) {
      if (first) throw new DamagedStream('bzip2: no stream header');
      reader.seek(mark);
      return;
    }
    reader.skip(4);
    const bits = new Bits(reader);
    while (true) {
      await bits.fill();
      const magic = bits.take(24) * 2 ** 24 + bits.take(24);
      bits.take(16);
      bits.take(16);
      if (magic === END_MAGIC) break;
      if (magic !== BLOCK_MAGIC) throw new DamagedStream('bzip2: no block header');
      yield* expand(readBlock(bits, level * 100_000));
    }
    bits.align();
    if (reader.atEnd) return;
  }
};

/** Bits of a ByteReader, most significant first. */
class Bits {
  #hold = 0;
  #count = 0;

  constructor(private readonly reader: ByteReader) {}

  /** Gets a whole block into the window, or what there is of it. */
  async fill(): Promise<void> {
    if (this.reader.available < LARGEST_BLOCK) await this.reader.ensure(LARGEST_BLOCK);
  }

  /** @param n at most 24 */
  take(n: number): number {
    const { reader } = this;
    while (this.#count < n) {
      if (reader.index >= reader.buffer.length) throw new UnexpectedEnd(reader.position);
      this.#hold = ((this.#hold << 8) | (reader.buffer[reader.index] as number)) >>> 0;
      reader.index += 1;
      this.#count += 8;
    }
    this.#count -= n;
    return (this.#hold >>> this.#count) & (2 ** n - 1);
  }

  align(): void {
    const whole = this.#count >>> 3;
    this.#count = 0;
    if (whole) this.reader.seek(this.reader.position - whole);
  }
}

interface Table {
  limit: Int32Array;
  base: Int32Array;
  symbols: Uint16Array;
  shortest: number;
}

function readTable(bits: Bits, alphabet: number): Table {
  const lengths = new Uint8Array(alphabet);
  let length = bits.take(5);
  for (let i = 0; i < alphabet; i += 1) {
    while (true) {
      if (length < 1 || length > 20) throw new DamagedStream('bzip2: a code length out of range');
      if (bits.take(1) === 0) break;
      length += bits.take(1) ? -1 : 1;
    }
    lengths[i] = length;
  }
  const counts = new Int32Array(22);
  for (const l of lengths) counts[l] = (counts[l] as number) + 1;
  const limit = new Int32Array(22).fill(-1);
  const base = new Int32Array(22);
  const symbols = new Uint16Array(alphabet);
  let shortest = 20;
  let code = 0;
  let placed = 0;
  for (let l = 1; l <= 20; l += 1) {
    base[l] = placed - code;
    for (let symbol = 0; symbol < alphabet; symbol += 1) {
      if (lengths[symbol] !== l) continue;
      symbols[placed] = symbol;
      placed += 1;
      code += 1;
    }
    if (counts[l]) {
      limit[l] = code - 1;
      shortest = Math.min(shortest, l);
    }
    code <<= 1;
  }
  return { limit, base, symbols, shortest };
}

function readBlock(bits: Bits, capacity: number): Uint8Array {
  if (bits.take(1)) throw new DamagedStream('bzip2: randomised blocks are not supported');
  const origin = bits.take(24);
  const ranges = bits.take(16);
  const used: number[] = [];
  for (let range = 0; range < 16; range += 1) {
    if (!(ranges & (0x8000 >> range))) continue;
    const map = bits.take(16);
    for (let i = 0; i < 16; i += 1) if (map & (0x8000 >> i)) used.push(range * 16 + i);
  }
  if (used.length === 0) throw new DamagedStream('bzip2: a block without symbols');
  const alphabet = used.length + 2;
  const tableCount = bits.take(3);
  const selectorCount = bits.take(15);
  if (tableCount < 2 || tableCount > 6 || selectorCount < 1) throw new DamagedStream('bzip2: table count out of range');
  const order = [0, 1, 2, 3, 4, 5];
  const selectors = new Uint8Array(selectorCount);
  for (let i = 0; i < selectorCount; i += 1) {
    let at = 0;
    while (bits.take(1)) {
      at += 1;
      if (at >= tableCount) throw new DamagedStream('bzip2: a selector out of range');
    }
    const [chosen] = order.splice(at, 1) as [number];
    order.unshift(chosen);
    selectors[i] = chosen;
  }
  const tables: Table[] = [];
  for (let i = 0; i < tableCount; i += 1) tables.push(readTable(bits, alphabet));

  const front = Uint8Array.from(used);
  const data = new Uint32Array(capacity);
  const starts = new Int32Array(257);
  let filled = 0;
  let run = 0;
  let runBit = 1;
  const endOfBlock = alphabet - 1;
  const put = (byte: number, count: number) => {
    if (filled + count > capacity) throw new DamagedStream('bzip2: a block longer than its level allows');
    data.fill(byte, filled, filled + count);
    filled += count;
    starts[byte + 1] = (starts[byte + 1] as number) + count;
  };
  decoding: for (let group = 0; ; group += 1) {
    const table = tables[selectors[group] ?? -1];
    if (!table) throw new DamagedStream('bzip2: too few selectors');
    for (let i = 0; i < GROUP; i += 1) {
      let length = table.shortest;
      let code = bits.take(length);
      while (code > (table.limit[length] as number)) {
        length += 1;
        if (length > 20) throw new DamagedStream('bzip2: a code that stands for nothing');
        code = (code << 1) | bits.take(1);
      }
      const symbol = table.symbols[code + (table.base[length] as number)];
      if (symbol === undefined) throw new DamagedStream('bzip2: a code that stands for nothing');
      if (symbol <= 1) {
        run += runBit << symbol;
        runBit <<= 1;
        if (run > capacity) throw new DamagedStream('bzip2: a run longer than the block');
        continue;
      }
      if (run) {
        put(front[0] as number, run);
        run = 0;
        runBit = 1;
      }
      if (symbol === endOfBlock) break decoding;
      const at = symbol - 1;
      const byte = front[at] as number;
      front.copyWithin(1, 0, at);
      front[0] = byte;
      put(byte, 1);
    }
  }
  if (origin >= filled) throw new DamagedStream('bzip2: the origin lies outside the block');
  for (let i = 1; i <= 256; i += 1) starts[i] = (starts[i] as number) + (starts[i - 1] as number);
  for (let i = 0; i < filled; i += 1) {
    const byte = (data[i] as number) & 0xff;
    const at = starts[byte] as number;
    starts[byte] = at + 1;
    data[at] = ((data[at] as number) | (i << 8)) >>> 0;
  }
  const out = new Uint8Array(filled);
  let at = (data[origin] as number) >>> 8;
  for (let i = 0; i < filled; i += 1) {
    const cell = data[at] as number;
    out[i] = cell & 0xff;
    at = cell >>> 8;
  }
  return out;
}

/** Undoes the first run-length coding: four equal bytes are followed by how many more there are. */
function* expand(block: Uint8Array): Generator<Uint8Array, void> {
  const out = new Uint8Array(256 * 1024);
  let at = 0;
  let same = 0;
  let previous = -1;
  for (let i = 0; i < block.length; i += 1) {
    const byte = block[i] as number;
    if (same === 4) {
      out.fill(previous, at, at + byte);
      at += byte;
      same = 0;
      previous = -1;
    } else {
      same = byte === previous ? same + 1 : 1;
      previous = byte;
      out[at] = byte;
      at += 1;
    }
    if (at > out.length - 512) {
      yield out.slice(0, at);
      at = 0;
    }
  }
  if (at) yield out.slice(0, at);
}
