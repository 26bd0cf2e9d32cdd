/**
 * The compression of RAR 5: Huffman codes over literals and matches in blocks, and four filters. After the description in
 * libarchive's reader (BSD licence); written anew.
 */
import type { ByteReader } from '../../io/reader';
import { DamagedStream, type Decode } from '../decoded';

const LITERALS = 306;
const DISTANCES = 64;
const LOW_DISTANCES = 16;
const REPEATS = 44;
const LENGTHS = 20;
const QUICK = 10;
/** A match may reach back further in the format; as for LZMA more is not held. */
export const LARGEST_DICTIONARY = 128 * 2 ** 20;
const LARGEST_FILTERED = 2 ** 22;
const PIECE = 256 * 1024;

/** A member of a solid run: where its compressed data lies in the reader, and how many bytes it becomes. */
export interface PackedPart {
  readonly start: number;
  readonly end: number;
  readonly size: number;
}

/** Canonical codes of up to 15 bits, the first `QUICK` of them by a table. */
class Code {
  readonly #limits = new Int32Array(17);
  readonly #firsts = new Int32Array(17);
  readonly #symbols: Uint16Array;
  /** Symbol and length of each code of at most QUICK bits: `symbol << 4 | length`. */
  readonly #quick = new Uint16Array(1 << QUICK);

  constructor(lengths: Uint8Array) {
    const counts = new Int32Array(16);
    for (const length of lengths) counts[length] = (counts[length] as number) + 1;
    counts[0] = 0;
    let code = 0;
    let first = 0;
    const next = new Int32Array(17);
    for (let bits = 1; bits <= 15; bits += 1) {
      this.#firsts[bits] = first - code;
      next[bits] = code;
      code += counts[bits] as number;
      // Codes that are full or not: what lies beyond is damage.
      this.#limits[bits] = code << (15 - bits);
      first += counts[bits] as number;
      code <<= 1;
    }
    this.#symbols = new Uint16Array(first);
    for (let symbol = 0; symbol < lengths.length; symbol += 1) {
      const bits = lengths[symbol] as number;
      if (bits === 0) continue;
      const own = next[bits] as number;
      next[bits] = own + 1;
      this.#symbols[(this.#firsts[bits] as number) + own] = symbol;
      if (bits > QUICK || own >> bits) continue;
      const from = own << (QUICK - bits);
      this.#quick.fill((symbol << 4) | bits, from, from + (1 << (QUICK - bits)));
    }
  }

  read(bits: Bits): number {
    const window = bits.peek15();
    const quick = this.#quick[window >> (15 - QUICK)] as number;
    if (quick) {
      bits.skip(quick & 15);
      return quick >> 4;
    }
    for (let length = QUICK + 1; length <= 15; length += 1) {
      if (window >= (this.#limits[length] as number)) continue;
      bits.skip(length);
      const symbol = this.#symbols[(this.#firsts[length] as number) + (window >> (15 - length))];
      if (symbol === undefined) break;
      return symbol;
    }
    throw new DamagedStream('rar: no such code');
  }
}

/** Bits of one block, the highest first. */
class Bits {
  at = 0;

  constructor(
    readonly bytes: Uint8Array,
    /** Bits in all. */
    readonly end: number,
  ) {}

  peek15(): number {
    const byte = this.at >> 3;
    const b = this.bytes;
    const word = ((b[byte] ?? 0) << 16) | ((b[byte + 1] ?? 0) << 8) | (b[byte + 2] ?? 0);
    return (word >> (9 - (this.at & 7))) & 0x7fff;
  }

  skip(count: number): void {
    this.at += count;
    if (this.at > this.end) throw new DamagedStream('rar: a block ends too early');
  }

  /** Up to 32 bits. */
  read(count: number): number {
    let value = 0;
    for (let left = count; left > 0; ) {
      const take = Math.min(15, left);
      value = value * 2 ** take + (this.peek15() >> (15 - take));
      this.skip(take);
      left -= take;
    }
    return value;
  }

  get isOver(): boolean {
    return this.at >= this.end;
  }
}

interface Tables {
  literals: Code;
  distances: Code;
  lowDistances: Code;
  repeats: Code;
}

interface PendingFilter {
  start: number;
  length: number;
  kind: number;
  channels: number;
}

/**
 * Decodes the members of one solid run, one after the other, into one stream of what they become. The first begins anew,
 * the others take over codes, distances and the window.
 * @param dictionary bytes that a match may reach back, at most {@link LARGEST_DICTIONARY}
 */
export function unpack5(parts: readonly PackedPart[], dictionary: number): Decode {
  return async function* (reader) {
    const unpacker = new Unpacker(
      dictionary,
      parts.reduce((sum, part) => sum + part.size, 0),
    );
    for (const part of parts) {
      reader.seek(part.start);
      yield* unpacker.member(reader, part);
    }
  };
}

class Unpacker {
  readonly #window: Uint8Array;
  readonly #mask: number;
  #tables: Tables | undefined;
  readonly #distances = [0, 0, 0, 0];
  #lastLength = 0;
  /** Bytes written to the window, and handed on, since the run began. */
  #written = 0;
  #flushed = 0;
  #filters: PendingFilter[] = [];

  /** @param total bytes of the run: a window that holds all of them is enough */
  constructor(
    private readonly dictionary: number,
    total: number,
  ) {
    const enough = 2 ** Math.ceil(Math.log2(total + LARGEST_MATCH));
    const size = Math.max(2 ** 18, Math.min(dictionary, enough));
    this.#window = new Uint8Array(size);
    this.#mask = size - 1;
  }

  /** @throws DamagedStream once everything before the damage has been given */
  async *member(reader: ByteReader, part: PackedPart): AsyncGenerator<Uint8Array, void> {
    const begin = this.#written;
    const end = begin + part.size;
    this.#filters = [];
    let damage: unknown;
    try {
      yield* this.#blocks(reader, part.end, begin, end);
    } catch (error) {
      damage = error;
    }
    // A filter may be announced for more than the member has.
    for (const filter of this.#filters) filter.length = Math.min(filter.length, this.#written - filter.start);
    yield* this.#flush(begin);
    if (damage) throw damage;
    if (this.#written !== end) throw new DamagedStream('rar: a member is not as long as its header says');
  }

  async *#blocks(reader: ByteReader, packedEnd: number, begin: number, end: number): AsyncGenerator<Uint8Array, void> {
    for (let isLast = false; !isLast && this.#written < end && reader.position < packedEnd; ) {
      const head = await reader.bytes(2);
      const flags = head[0] as number;
      const expected = head[1] as number;
      const sizeBytes = ((flags >> 3) & 3) + 1;
      let size = 0;
      let sum = 0x5a ^ flags;
      for (let i = 0; i < sizeBytes; i += 1) {
        const byte = await reader.u8();
        size += byte * 2 ** (8 * i);
        sum ^= byte;
      }
      if (sum !== expected || sizeBytes > 3) throw new DamagedStream('rar: a block header is damaged');
      if (reader.position + size > packedEnd) throw new DamagedStream('rar: a block reaches past its member');
      const bits = new Bits(await reader.bytes(size), size * 8 - (8 - ((flags & 7) + 1)));
      if (flags & 0x80) this.#tables = readTables(bits);
      if (!this.#tables) throw new DamagedStream('rar: a block without codes');
      while (!bits.isOver && this.#written < end) {
        const room = this.#flushed + this.#window.length - LARGEST_MATCH;
        this.#step(bits, this.#tables, Math.min(end, room), begin);
        if (this.#ready() >= PIECE || this.#written >= room) yield* this.#flush(begin);
      }
      isLast = (flags & 0x40) !== 0;
    }
  }

  /** Decodes until `limit` bytes are written, the block ends or a filter has to be applied. */
  #step(bits: Bits, { literals, distances, lowDistances, repeats }: Tables, limit: number, begin: number): void {
    const window = this.#window;
    const stop = Math.min(limit, this.#written + PIECE);
    while (!bits.isOver && this.#written < stop) {
      const symbol = literals.read(bits);
      if (symbol < 256) {
        window[this.#written & this.#mask] = symbol;
        this.#written += 1;
      } else if (symbol >= 262) {
        let length = readLength(symbol - 262, bits);
        const slot = distances.read(bits);
        let distance = 1;
        if (slot < 4) distance += slot;
        else {
          const extra = (slot >> 1) - 1;
          distance += (2 | (slot & 1)) * 2 ** extra;
          if (extra >= 4) {
            if (extra > 4) distance += bits.read(extra - 4) * 16;
            distance += lowDistances.read(bits);
          } else distance += bits.read(extra);
        }
        if (distance > 0x100) length += 1;
        if (distance > 0x2000) length += 1;
        if (distance > 0x40000) length += 1;
        this.#distances.pop();
        this.#distances.unshift(distance);
        this.#copy(length, distance);
      } else if (symbol === 256) {
        this.#filter(bits, begin);
      } else if (symbol === 257) {
        if (this.#lastLength) this.#copy(this.#lastLength, this.#distances[0] as number);
      } else {
        const [distance] = this.#distances.splice(symbol - 258, 1) as [number];
        this.#distances.unshift(distance);
        this.#copy(readLength(repeats.read(bits), bits), distance);
      }
    }
  }

  #copy(length: number, distance: number): void {
    this.#lastLength = length;
    if (distance === 0 || distance > this.dictionary) throw new DamagedStream('rar: a match reaches too far back');
    const window = this.#window;
    const mask = this.#mask;
    let from = this.#written - distance;
    for (let left = length; left > 0; left -= 1) {
      // Before the first byte of a run all is zero.
      window[this.#written & mask] = from < 0 ? 0 : (window[from & mask] as number);
      this.#written += 1;
      from += 1;
    }
  }

  #filter(bits: Bits, begin: number): void {
    const number = () => {
      let value = 0;
      const count = bits.read(2) + 1;
      for (let i = 0; i < count; i += 1) value += bits.read(8) * 2 ** (8 * i);
      return value;
    };
    const start = this.#written + number();
    const length = number();
    const kind = bits.read(3);
    const channels = kind === 0 ? bits.read(5) + 1 : 0;
    const last = this.#filters.at(-1);
    if (length < 4 || length > Math.min(LARGEST_FILTERED, this.#window.length / 2) || kind > 3)
      throw new DamagedStream('rar: a filter that is not supported');
    if (start < begin || (last && last.start + last.length > start) || this.#filters.length > 8192)
      throw new DamagedStream('rar: filters that overlap');
    this.#filters.push({ start, length, kind, channels });
  }

  /** Bytes that can be handed on: not those which a filter still waits for. */
  #ready(): number {
    const [filter] = this.#filters;
    if (!filter || filter.start > this.#written) return this.#written - this.#flushed;
    if (filter.start + filter.length <= this.#written) return PIECE;
    return filter.start - this.#flushed;
  }

  *#flush(begin: number): Generator<Uint8Array, void> {
    for (;;) {
      const [filter] = this.#filters;
      const until = filter ? Math.min(filter.start, this.#written) : this.#written;
      while (this.#flushed < until) {
        const size = Math.min(PIECE, until - this.#flushed);
        yield this.#take(this.#flushed, size);
        this.#flushed += size;
      }
      if (!filter || filter.length <= 0 || filter.start + filter.length > this.#written) break;
      this.#filters.shift();
      // The window keeps what was there before the filter: later matches refer to it.
      const bytes = this.#take(filter.start, filter.length);
      yield unfilter(bytes, filter, filter.start - begin);
      this.#flushed += filter.length;
    }
  }

  #take(start: number, size: number): Uint8Array {
    const from = start & this.#mask;
    const first = Math.min(size, this.#window.length - from);
    const out = new Uint8Array(size);
    out.set(this.#window.subarray(from, from + first));
    out.set(this.#window.subarray(0, size - first), first);
    return out;
  }
}

/** The longest match, with what its distance adds. */
const LARGEST_MATCH = 0x1004 + 8;

function readLength(slot: number, bits: Bits): number {
  if (slot < 8) return slot + 2;
  const extra = (slot >> 2) - 1;
  return 2 + (4 | (slot & 3)) * 2 ** extra + bits.read(extra);
}

function readTables(bits: Bits): Tables {
  const own = new Uint8Array(LENGTHS);
  for (let i = 0; i < LENGTHS; ) {
    const length = bits.read(4);
    const zeros = length === 15 ? bits.read(4) : 0;
    if (length === 15 && zeros > 0) i += zeros + 2;
    else {
      own[i] = length;
      i += 1;
    }
  }
  const code = new Code(own);
  const all = new Uint8Array(LITERALS + DISTANCES + LOW_DISTANCES + REPEATS);
  for (let i = 0; i < all.length; ) {
    const symbol = code.read(bits);
    if (symbol < 16) {
      all[i] = symbol;
      i += 1;
      continue;
    }
    const count = symbol % 2 === 0 ? bits.read(3) + 3 : bits.read(7) + 11;
    if (symbol < 18 && i === 0) throw new DamagedStream('rar: a code without a length before it');
    all.fill(symbol < 18 ? (all[i - 1] as number) : 0, i, i + count);
    i += count;
  }
  let at = 0;
  const next = (count: number) => {
    at += count;
    return new Code(all.subarray(at - count, at));
  };
  return {
    literals: next(LITERALS),
    distances: next(DISTANCES),
    lowDistances: next(LOW_DISTANCES),
    repeats: next(REPEATS),
  };
}

/** @param position of the first byte in the member */
function unfilter(bytes: Uint8Array, { kind, channels }: PendingFilter, position: number): Uint8Array {
  if (kind === 0) return undelta(bytes, channels);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (kind === 3) {
    for (let i = 0; i + 4 <= bytes.length; i += 4) {
      if (bytes[i + 3] !== 0xeb) continue;
      const word = view.getUint32(i, true);
      const target = ((word & 0xffffff) - ((position + i) >>> 2)) & 0xffffff;
      view.setUint32(i, ((word & 0xff000000) | target) >>> 0, true);
    }
    return bytes;
  }
  const FILE_SIZE = 0x1000000;
  for (let i = 0; i + 4 < bytes.length; ) {
    const byte = bytes[i];
    i += 1;
    if (byte !== 0xe8 && !(kind === 2 && byte === 0xe9)) continue;
    const offset = (position + i) % FILE_SIZE;
    const address = view.getInt32(i, true);
    if (address < 0) {
      if (address + offset >= 0) view.setInt32(i, address + FILE_SIZE, true);
    } else if (address < FILE_SIZE) view.setInt32(i, address - offset, true);
    i += 4;
  }
  return bytes;
}

/** Channel after channel, each byte stored as what is to be taken from the one before it. */
function undelta(bytes: Uint8Array, channels: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  let at = 0;
  for (let channel = 0; channel < channels; channel += 1) {
    let previous = 0;
    for (let i = channel; i < out.length; i += channels) {
      previous = (previous - (bytes[at] as number)) & 255;
      out[i] = previous;
      at += 1;
    }
  }
  return out;
}
