/**
 * LZMA and its containers: .lzma (LZMA alone), .xz, the LZMA method of zip, and the raw coders that 7z puts together.
 * Follows the LZMA specification of the LZMA SDK and the .xz file format 1.2.1. Checks (CRC32, CRC64, SHA-256) are not
 * compared: loaders hand out the bytes before they are.
 */
import { type ByteReader, UnexpectedEnd } from '../io/reader';
import { applyFilter, filterById } from './branchFilters';
import { DamagedStream, type Decode } from './decoded';

const CHUNK = 64 * 1024;
/** Most input bytes that one symbol (a match with all its bits) can take from the range coder. */
const SYMBOL_INPUT = 24;
/** Dictionaries are grown to what is used. A header may ask for more; a match further back than this is then refused. */
const LARGEST_DICTIONARY = 2 ** 27;

interface Properties {
  lc: number;
  lp: number;
  pb: number;
}

/** Sliding window of decoded bytes, grown to the dictionary's size as it fills. */
class Dictionary {
  buffer: Uint8Array;
  /** Where the next byte goes. */
  at = 0;
  /** Bytes decoded so far that a match may copy. */
  filled = 0;
  #sent = 0;

  readonly size: number;

  constructor(declaredSize: number) {
    this.size = Math.min(declaredSize, LARGEST_DICTIONARY);
    this.buffer = new Uint8Array(Math.min(this.size, CHUNK * 2) + CHUNK * 2);
  }

  /** Makes room for `CHUNK` bytes more and forgets what lies further back than the dictionary. */
  reserve(): void {
    if (this.at + CHUNK + 300 <= this.buffer.length) return;
    const kept = Math.max(this.size, this.pending);
    if (this.at > kept + CHUNK) {
      this.buffer.copyWithin(0, this.at - kept, this.at);
      this.#sent -= this.at - kept;
      this.at = kept;
    }
    if (this.at + CHUNK + 300 > this.buffer.length) {
      const wanted = Math.min(this.buffer.length * 2, this.size + CHUNK * 4);
      const grown = new Uint8Array(Math.max(wanted, this.at + CHUNK + 300));
      grown.set(this.buffer.subarray(0, this.at));
      this.buffer = grown;
    }
  }

  put(byte: number): void {
    this.buffer[this.at] = byte;
    this.at += 1;
    this.filled += 1;
  }

  /** @param distance 0 is the newest byte */
  byte(distance: number): number {
    return this.buffer[this.at - distance - 1] as number;
  }

  copy(distance: number, length: number): void {
    if (distance >= this.filled || distance >= this.size) throw new DamagedStream('lzma: a match before the start');
    const { buffer } = this;
    let from = this.at - distance - 1;
    for (let i = 0; i < length; i += 1) {
      buffer[this.at] = buffer[from] as number;
      this.at += 1;
      from += 1;
    }
    this.filled += length;
  }

  get pending(): number {
    return this.at - this.#sent;
  }

  take(): Uint8Array {
    const piece = this.buffer.slice(this.#sent, this.at);
    this.#sent = this.at;
    return piece;
  }

  /** A dictionary reset: nothing decoded before may be copied. */
  forget(): void {
    this.filled = 0;
  }
}

const PROBABILITY = 1024;

function probabilities(count: number): Uint16Array {
  return new Uint16Array(count).fill(PROBABILITY);
}

/** Lengths of matches: a choice of three trees. Flat: 2 choices, 16 low trees of 8, 16 middle trees of 8, one of 256. */
const LENGTH_MODEL = 2 + 16 * 8 * 2 + 256;

/** One LZMA coder: range decoder, probabilities and state. */
class LzmaCoder {
  /** Range and code of the range decoder. In a typed array, where 32-bit unsigned numbers stay unboxed. */
  readonly #rc = new Uint32Array(2);
  #state = 0;
  #rep0 = 0;
  #rep1 = 0;
  #rep2 = 0;
  #rep3 = 0;
  #literals: Uint16Array = new Uint16Array(0);
  #isMatch = probabilities(0);
  #isRep = probabilities(0);
  #isRepG0 = probabilities(0);
  #isRepG1 = probabilities(0);
  #isRepG2 = probabilities(0);
  #isRep0Long = probabilities(0);
  #slots = probabilities(0);
  #special = probabilities(0);
  #align = probabilities(0);
  #length = probabilities(0);
  #repLength = probabilities(0);
  #properties: Properties = { lc: 3, lp: 0, pb: 2 };

  constructor(
    private readonly reader: ByteReader,
    private readonly dictionary: Dictionary,
  ) {}

  setProperties(properties: Properties): void {
    this.#properties = properties;
    this.resetState();
  }

  resetState(): void {
    const { lc, lp } = this.#properties;
    const literalCount = 0x300 << (lc + lp);
    if (this.#literals.length === literalCount) this.#literals.fill(PROBABILITY);
    else this.#literals = probabilities(literalCount);
    this.#isMatch = probabilities(12 << 4);
    this.#isRep = probabilities(12);
    this.#isRepG0 = probabilities(12);
    this.#isRepG1 = probabilities(12);
    this.#isRepG2 = probabilities(12);
    this.#isRep0Long = probabilities(12 << 4);
    this.#slots = probabilities(4 * 64);
    this.#special = probabilities(128);
    this.#align = probabilities(16);
    this.#length = probabilities(LENGTH_MODEL);
    this.#repLength = probabilities(LENGTH_MODEL);
    this.#state = 0;
    this.#rep0 = 0;
    this.#rep1 = 0;
    this.#rep2 = 0;
    this.#rep3 = 0;
  }

  async startRange(): Promise<void> {
    const head = await this.reader.bytes(5);
    if (head[0] !== 0) throw new DamagedStream('lzma: the range coder does not begin with 0');
    this.#rc[0] = 0xffffffff;
    this.#rc[1] =
      ((head[1] as number) << 24) | ((head[2] as number) << 16) | ((head[3] as number) << 8) | (head[4] as number);
  }

  #next(): number {
    const { reader } = this;
    if (reader.index >= reader.buffer.length) throw new UnexpectedEnd(reader.position);
    const byte = reader.buffer[reader.index] as number;
    reader.index += 1;
    return byte;
  }

  #bit(model: Uint16Array, index: number): number {
    const rc = this.#rc;
    const probability = model[index] as number;
    let range = rc[0] as number;
    const code = rc[1] as number;
    const bound = (range >>> 11) * probability;
    let bit = 0;
    if (code < bound) {
      range = bound;
      model[index] = probability + ((2048 - probability) >> 5);
    } else {
      rc[1] = code - bound;
      range -= bound;
      model[index] = probability - (probability >> 5);
      bit = 1;
    }
    if (range < 0x1000000) {
      range <<= 8;
      rc[1] = ((rc[1] as number) << 8) | this.#next();
    }
    rc[0] = range;
    return bit;
  }

  #direct(bits: number): number {
    const rc = this.#rc;
    let value = 0;
    for (let i = 0; i < bits; i += 1) {
      const half = (rc[0] as number) >>> 1;
      rc[0] = half;
      let bit = 0;
      if ((rc[1] as number) >= half) {
        rc[1] = (rc[1] as number) - half;
        bit = 1;
      }
      if (half < 0x1000000) {
        rc[0] = half << 8;
        rc[1] = ((rc[1] as number) << 8) | this.#next();
      }
      value = value * 2 + bit;
    }
    return value;
  }

  #tree(model: Uint16Array, base: number, bits: number): number {
    let at = 1;
    for (let i = 0; i < bits; i += 1) at = (at << 1) | this.#bit(model, base + at);
    return at - (1 << bits);
  }

  #reverseTree(model: Uint16Array, base: number, bits: number): number {
    let at = 1;
    let value = 0;
    for (let i = 0; i < bits; i += 1) {
      const bit = this.#bit(model, base + at);
      at = (at << 1) | bit;
      value |= bit << i;
    }
    return value;
  }

  #matchLength(model: Uint16Array, position: number): number {
    if (this.#bit(model, 0) === 0) return this.#tree(model, 2 + position * 8, 3);
    if (this.#bit(model, 1) === 0) return 8 + this.#tree(model, 2 + 128 + position * 8, 3);
    return 16 + this.#tree(model, 2 + 256, 8);
  }

  #distance(length: number): number {
    const slot = this.#tree(this.#slots, Math.min(length, 3) * 64, 6);
    if (slot < 4) return slot;
    const direct = (slot >> 1) - 1;
    const base = (2 | (slot & 1)) * 2 ** direct;
    if (slot < 14) return base + this.#reverseTree(this.#special, base - slot, direct);
    return base + this.#direct(direct - 4) * 16 + this.#reverseTree(this.#align, 0, 4);
  }

  #literal(): void {
    const { dictionary } = this;
    const { lc, lp } = this.#properties;
    const previous = dictionary.filled ? dictionary.byte(0) : 0;
    const base = 0x300 * (((dictionary.filled & ((1 << lp) - 1)) << lc) + (previous >> (8 - lc)));
    const model = this.#literals;
    let symbol = 1;
    if (this.#state >= 7) {
      if (this.#rep0 >= dictionary.filled) throw new DamagedStream('lzma: a match before the start');
      let match = dictionary.byte(this.#rep0);
      while (symbol < 0x100) {
        const matchBit = (match >> 7) & 1;
        match <<= 1;
        const bit = this.#bit(model, base + ((1 + matchBit) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (bit !== matchBit) break;
      }
    }
    while (symbol < 0x100) symbol = (symbol << 1) | this.#bit(model, base + symbol);
    dictionary.put(symbol & 0xff);
    this.#state = this.#state < 4 ? 0 : this.#state < 10 ? this.#state - 3 : this.#state - 6;
  }

  /**
   * Decodes symbols while the input holds a whole one (or is at its end) and the output has room.
   * @param limit bytes that may still be produced
   * @returns 'marker' at the end mark, else 'more'
   */
  run(limit: number, inputIsLast: boolean): 'marker' | 'more' {
    const { dictionary, reader } = this;
    const mask = (1 << this.#properties.pb) - 1;
    const stop = dictionary.at + Math.min(limit, CHUNK);
    while (dictionary.at < stop && (inputIsLast || reader.available >= SYMBOL_INPUT)) {
      const position = dictionary.filled & mask;
      if (this.#bit(this.#isMatch, (this.#state << 4) + position) === 0) {
        this.#literal();
        continue;
      }
      let length: number;
      if (this.#bit(this.#isRep, this.#state) === 0) {
        this.#rep3 = this.#rep2;
        this.#rep2 = this.#rep1;
        this.#rep1 = this.#rep0;
        length = this.#matchLength(this.#length, position);
        this.#state = this.#state < 7 ? 7 : 10;
        this.#rep0 = this.#distance(length);
        if (this.#rep0 === 0xffffffff) return 'marker';
      } else {
        if (this.#bit(this.#isRepG0, this.#state) === 0) {
          if (this.#bit(this.#isRep0Long, (this.#state << 4) + position) === 0) {
            this.#state = this.#state < 7 ? 9 : 11;
            dictionary.copy(this.#rep0, 1);
            continue;
          }
        } else {
          let distance: number;
          if (this.#bit(this.#isRepG1, this.#state) === 0) distance = this.#rep1;
          else {
            if (this.#bit(this.#isRepG2, this.#state) === 0) distance = this.#rep2;
            else {
              distance = this.#rep3;
              this.#rep3 = this.#rep2;
            }
            this.#rep2 = this.#rep1;
          }
          this.#rep1 = this.#rep0;
          this.#rep0 = distance;
        }
        length = this.#matchLength(this.#repLength, position);
        this.#state = this.#state < 7 ? 8 : 11;
      }
      // A match may reach past `stop` by less than 273 bytes, for which the dictionary has room; the caller judges it.
      dictionary.copy(this.#rep0, length + 2);
    }
    return 'more';
  }
}

function properties(byte: number): Properties {
  if (byte >= 9 * 5 * 5) throw new DamagedStream('lzma: properties out of range');
  return { lc: byte % 9, lp: Math.floor(byte / 9) % 5, pb: Math.floor(byte / 45) };
}

/**
 * A raw LZMA stream.
 * @param header its five bytes of properties and dictionary size
 * @param size bytes it decodes to, or undefined when an end mark ends it
 */
export function decodeLzma(header: Uint8Array, size: number | undefined): Decode {
  return async function* (reader) {
    const dictionarySize = new DataView(header.buffer, header.byteOffset).getUint32(1, true);
    const dictionary = new Dictionary(Math.max(4096, dictionarySize));
    const coder = new LzmaCoder(reader, dictionary);
    coder.setProperties(properties(header[0] as number));
    await coder.startRange();
    let left = size ?? Number.POSITIVE_INFINITY;
    try {
      while (left > 0) {
        const more = await reader.ensure(SYMBOL_INPUT);
        dictionary.reserve();
        const before = dictionary.at;
        const state = coder.run(left, !more);
        left -= dictionary.at - before;
        if (left < 0) throw new DamagedStream('lzma: the last match reaches past the declared size');
        if (dictionary.pending >= CHUNK / 2) yield dictionary.take();
        if (state === 'marker') {
          if (size !== undefined && left > 0) throw new DamagedStream('lzma: ends before its declared size');
          break;
        }
      }
    } catch (error) {
      if (dictionary.pending) yield dictionary.take();
      throw error;
    }
    if (dictionary.pending) yield dictionary.take();
  };
}

/** The .lzma file format: 5 bytes of properties, the size (all ones: unknown), the stream. */
export const decodeLzmaAlone: Decode = async function* (reader) {
  const header = (await reader.bytes(13)).slice();
  const declared = new DataView(header.buffer, header.byteOffset).getBigUint64(5, true);
  const size = declared === 0xffffffffffffffffn ? undefined : Number(declared);
  yield* decodeLzma(header.subarray(0, 5), size)(reader);
};

/** Method 14 of zip: version, length of properties, properties, stream. The end is an end mark or the member's end. */
export const decodeLzmaInZip: Decode = async function* (reader) {
  await reader.u16();
  const length = await reader.u16();
  if (length !== 5) throw new DamagedStream('lzma: properties of an unknown length');
  const header = (await reader.bytes(5)).slice();
  try {
    yield* decodeLzma(header, undefined)(reader);
  } catch (error) {
    // Without an end mark the declared size ends the stream, which the reader of the archive applies.
    if (!(error instanceof UnexpectedEnd)) throw error;
  }
};

/** LZMA2: chunks with their own lengths. @param sizeCode the dictionary size as .xz and 7z encode it */
export function decodeLzma2(sizeCode: number): Decode {
  return async function* (reader) {
    if (sizeCode > 40) throw new DamagedStream('lzma2: dictionary size out of range');
    const size = sizeCode === 40 ? 0xffffffff : (2 | (sizeCode & 1)) * 2 ** (Math.floor(sizeCode / 2) + 11);
    const dictionary = new Dictionary(size);
    const coder = new LzmaCoder(reader, dictionary);
    let hasProperties = false;
    let hasDictionary = false;
    try {
      for (;;) {
        const control = await reader.u8();
        if (control === 0) break;
        if (control < 0x80) {
          if (control > 2) throw new DamagedStream('lzma2: an unknown chunk');
          if (control === 1) {
            dictionary.forget();
            hasDictionary = true;
          }
          if (!hasDictionary) throw new DamagedStream('lzma2: the first chunk resets no dictionary');
          const length = (await reader.u16(false)) + 1;
          const bytes = await reader.bytes(length);
          dictionary.reserve();
          for (const byte of bytes) dictionary.put(byte);
          if (dictionary.pending >= CHUNK / 2) yield dictionary.take();
          continue;
        }
        const unpacked = ((control & 0x1f) << 16) + (await reader.u16(false)) + 1;
        const packed = (await reader.u16(false)) + 1;
        const reset = (control >> 5) & 3;
        if (reset === 3) {
          dictionary.forget();
          hasDictionary = true;
        }
        if (!hasDictionary) throw new DamagedStream('lzma2: the first chunk resets no dictionary');
        if (reset >= 2) {
          const chosen = properties(await reader.u8());
          if (chosen.lc + chosen.lp > 4) throw new DamagedStream('lzma2: properties out of range');
          coder.setProperties(chosen);
          hasProperties = true;
        } else if (reset === 1) coder.resetState();
        if (!hasProperties) throw new DamagedStream('lzma2: a chunk without properties');
        const end = reader.position + packed;
        if (!(await reader.ensure(packed))) throw new UnexpectedEnd(reader.position);
        await coder.startRange();
        let left = unpacked;
        while (left > 0) {
          dictionary.reserve();
          const before = dictionary.at;
          if (coder.run(left, true) === 'marker') throw new DamagedStream('lzma2: an end mark inside a chunk');
          left -= dictionary.at - before;
          if (left < 0 || reader.position > end) throw new DamagedStream('lzma2: a chunk holds more than it says');
          if (dictionary.pending >= CHUNK / 2) yield dictionary.take();
        }
        reader.seek(end);
      }
    } catch (error) {
      if (dictionary.pending) yield dictionary.take();
      throw error;
    }
    if (dictionary.pending) yield dictionary.take();
  };
}

const XZ_MAGIC = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];
const CHECK_BYTES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];

/** The .xz file format: streams, with padding between them, of blocks whose last filter is LZMA2. */
export const decodeXz: Decode = async function* (reader) {
  for (let first = true; ; first = false) {
    let mark = reader.position;
    if (!first) {
      // Stream padding: zero bytes in fours.
      while ((await reader.ensure(4)) && (await reader.u32()) === 0) mark = reader.position;
      reader.seek(mark);
    }
    const there = await reader.ensure(12);
    const magic = reader.buffer.subarray(reader.index, reader.index + 6);
    if (!there || XZ_MAGIC.some((byte, i) => magic[i] !== byte)) {
      if (first) throw new DamagedStream('xz: no stream header');
      reader.seek(mark);
      return;
    }
    reader.skip(6);
    const flags = await reader.u16(false);
    if (flags > 15) throw new DamagedStream('xz: unknown stream flags');
    reader.skip(4);
    const check = CHECK_BYTES[flags] as number;
    for (;;) {
      const size = await reader.u8();
      if (size === 0) break;
      yield* block(reader, (size + 1) * 4, check);
    }
    await passIndex(reader);
    reader.skip(12);
  }
};

async function* block(reader: ByteReader, headerSize: number, check: number): AsyncGenerator<Uint8Array, void> {
  const header = (await reader.bytes(headerSize - 1)).slice();
  let at = 1;
  const integer = (): number => {
    let value = 0;
    for (let i = 0; ; i += 1) {
      const byte = header[at];
      if (byte === undefined || i > 8) throw new DamagedStream('xz: a number in a block header is damaged');
      at += 1;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
  };
  const flags = header[0] as number;
  if (flags & 0x40) integer();
  if (flags & 0x80) integer();
  const filters: { id: number; data: Uint8Array }[] = [];
  for (let i = 0; i <= (flags & 3); i += 1) {
    const id = integer();
    const length = integer();
    filters.push({ id, data: header.subarray(at, at + length) });
    at += length;
  }
  const last = filters.pop();
  if (last?.id !== 0x21 || last.data.length !== 1) throw new DamagedStream('xz: the last filter is not LZMA2');
  let stream: AsyncGenerator<Uint8Array, void> = decodeLzma2(last.data[0] as number)(reader);
  const start = reader.position;
  for (const filter of filters.reverse()) stream = applyFilter(filterById(filter.id, filter.data), stream);
  yield* stream;
  const used = reader.position - start;
  reader.skip(((4 - (used % 4)) % 4) + check);
}

/** Behind the index indicator: pairs of sizes, padding, a CRC32. */
async function passIndex(reader: ByteReader): Promise<void> {
  const start = reader.position - 1;
  const integer = async (): Promise<number> => {
    let value = 0;
    for (let i = 0; i < 9; i += 1) {
      const byte = await reader.u8();
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    throw new DamagedStream('xz: a number in the index is damaged');
  };
  const records = await integer();
  for (let i = 0; i < records; i += 1) {
    await integer();
    await integer();
  }
  reader.skip(((4 - ((reader.position - start) % 4)) % 4) + 4);
}

/** lzip (file format of the lzip manual, version 1), several members in a row. Checksums are passed over. */
export const decodeLzip: Decode = async function* (reader) {
  for (let first = true; ; first = false) {
    const mark = reader.position;
    const head = (await reader.ensure(6)) ? await reader.bytes(6) : new Uint8Array(6);
    if (head[0] !== 0x4c || head[1] !== 0x5a || head[2] !== 0x49 || head[3] !== 0x50 || head[4] !== 1) {
      if (first) throw new DamagedStream('lzip: no member header');
      reader.seek(mark);
      return;
    }
    // A power of two less some sixteenths of it.
    const coded = head[5] as number;
    const base = 2 ** (coded & 0x1f);
    const header = new Uint8Array(5);
    header[0] = 0x5d;
    new DataView(header.buffer).setUint32(1, base - (base / 16) * (coded >> 5), true);
    yield* decodeLzma(header, undefined)(reader);
    reader.skip(20);
  }
};
