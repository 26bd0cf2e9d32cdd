import type { ByteReader } from '../io/reader';
import { UnexpectedEnd } from '../io/reader';
import { DamagedStream, type Decode } from './decoded';

const CHUNK = 64 * 1024;
const FAST_BITS = 10;
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

// RFC 1951, 3.2.5
const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577, 32769, 49153,
];
const DISTANCE_EXTRA = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14,
];

interface Huffman {
  /** Indexed by the next FAST_BITS bits: symbol << 4 | length, 0 for a longer code. */
  fast: Uint16Array;
  counts: Uint16Array;
  symbols: Uint16Array;
}

function huffman(lengths: Uint8Array): Huffman {
  const counts = new Uint16Array(16);
  for (const length of lengths) counts[length] = (counts[length] as number) + 1;
  const used = lengths.length - (counts[0] as number);
  counts[0] = 0;
  let left = 1;
  for (let length = 1; length <= 15; length += 1) {
    left = left * 2 - (counts[length] as number);
    if (left < 0) throw new DamagedStream('deflate: over-subscribed code');
  }
  // As zlib and miniz: an incomplete code is allowed only when it has one symbol or none.
  if (left > 0 && used > 1) throw new DamagedStream('deflate: incomplete code');
  const offsets = new Uint16Array(17);
  for (let length = 1; length <= 15; length += 1) {
    offsets[length + 1] = (offsets[length] as number) + (counts[length] as number);
  }
  const symbols = new Uint16Array(used);
  const next = offsets.slice();
  for (let symbol = 0; symbol < lengths.length; symbol += 1) {
    const length = lengths[symbol] as number;
    if (length) {
      symbols[next[length] as number] = symbol;
      next[length] = (next[length] as number) + 1;
    }
  }
  const fast = new Uint16Array(1 << FAST_BITS);
  let code = 0;
  for (let length = 1; length <= FAST_BITS; length += 1) {
    for (let i = 0; i < (counts[length] as number); i += 1) {
      let reversed = 0;
      for (let bit = 0; bit < length; bit += 1) reversed |= ((code >> bit) & 1) << (length - 1 - bit);
      const value = ((symbols[(offsets[length] as number) + i] as number) << 4) | length;
      for (let at = reversed; at < 1 << FAST_BITS; at += 1 << length) fast[at] = value;
      code += 1;
    }
    code <<= 1;
  }
  return { fast, counts, symbols };
}

let fixed: { literals: Huffman; distances: Huffman } | undefined;

function fixedCodes(): { literals: Huffman; distances: Huffman } {
  if (!fixed) {
    const lengths = new Uint8Array(288).fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280);
    fixed = { literals: huffman(lengths), distances: huffman(new Uint8Array(32).fill(5)) };
  }
  return fixed;
}

/** Bits of a ByteReader, least significant first. `fill` must have been awaited for as many bytes as are then taken. */
class BitReader {
  hold = 0;
  bits = 0;
  /** Where the output stood when the hot loop met damage: what came before is still handed out. */
  stoppedAt = 0;

  constructor(readonly reader: ByteReader) {}

  /** Gets `bytes` into the window when there are so many; fewer at the end of the source is no error yet. */
  async fill(bytes: number): Promise<void> {
    if (this.reader.available < bytes) await this.reader.ensure(bytes);
  }

  /** @param count at most 16 */
  take(count: number): number {
    while (this.bits < count) this.#byte();
    const value = this.hold & ((1 << count) - 1);
    this.hold >>>= count;
    this.bits -= count;
    return value;
  }

  #byte(): void {
    const { reader } = this;
    if (reader.index >= reader.buffer.length) throw new UnexpectedEnd(reader.position);
    this.hold |= (reader.buffer[reader.index] as number) << this.bits;
    reader.index += 1;
    this.bits += 8;
  }

  symbol(code: Huffman): number {
    const { reader } = this;
    while (this.bits < 15 && reader.index < reader.buffer.length) this.#byte();
    const found = code.fast[this.hold & ((1 << FAST_BITS) - 1)] as number;
    const length = found & 15;
    if (length && length <= this.bits) {
      this.hold >>>= length;
      this.bits -= length;
      return found >> 4;
    }
    let value = 0;
    let first = 0;
    let index = 0;
    for (let size = 1; size <= 15; size += 1) {
      if (size > this.bits) throw new UnexpectedEnd(reader.position);
      value |= (this.hold >>> (size - 1)) & 1;
      const count = code.counts[size] as number;
      if (value - first < count) {
        this.hold >>>= size;
        this.bits -= size;
        return code.symbols[index + value - first] as number;
      }
      index += count;
      first = (first + count) << 1;
      value <<= 1;
    }
    throw new DamagedStream('deflate: a code that stands for nothing');
  }

  /** Drops the rest of the byte and gives whole bytes back to the reader. */
  align(): void {
    const whole = this.bits >>> 3;
    this.hold = 0;
    this.bits = 0;
    if (whole) this.reader.seek(this.reader.position - whole);
  }
}

function dynamicCodes(input: BitReader): { literals: Huffman; distances: Huffman } {
  const literalCount = input.take(5) + 257;
  const distanceCount = input.take(5) + 1;
  const codeCount = input.take(4) + 4;
  const codeLengths = new Uint8Array(19);
  for (let i = 0; i < codeCount; i += 1) codeLengths[CODE_ORDER[i] as number] = input.take(3);
  const codes = huffman(codeLengths);
  const lengths = new Uint8Array(literalCount + distanceCount);
  for (let at = 0; at < lengths.length; ) {
    const symbol = input.symbol(codes);
    if (symbol < 16) {
      lengths[at] = symbol;
      at += 1;
      continue;
    }
    if (symbol === 16 && at === 0) throw new DamagedStream('deflate: repeats a length before the first');
    const value = symbol === 16 ? (lengths[at - 1] as number) : 0;
    const repeat = symbol === 16 ? 3 + input.take(2) : symbol === 17 ? 3 + input.take(3) : 11 + input.take(7);
    if (at + repeat > lengths.length) throw new DamagedStream('deflate: too many code lengths');
    lengths.fill(value, at, at + repeat);
    at += repeat;
  }
  if (!lengths[256]) throw new DamagedStream('deflate: no code ends the block');
  return { literals: huffman(lengths.subarray(0, literalCount)), distances: huffman(lengths.subarray(literalCount)) };
}

/** Applies a length symbol: reads the distance and copies. @returns where the output goes on */
function copyMatch(
  input: BitReader,
  symbol: number,
  distances: Huffman,
  out: Uint8Array,
  at: number,
  deflate64: boolean,
): number {
  if (symbol > 285) throw new DamagedStream('deflate: a length code that stands for nothing');
  const length =
    deflate64 && symbol === 285
      ? 3 + input.take(16)
      : (LENGTH_BASE[symbol - 257] as number) + input.take(LENGTH_EXTRA[symbol - 257] as number);
  const code = input.symbol(distances);
  if (code > (deflate64 ? 31 : 29)) throw new DamagedStream('deflate: a distance code that stands for nothing');
  const distance = (DISTANCE_BASE[code] as number) + input.take(DISTANCE_EXTRA[code] as number);
  if (distance > at) throw new DamagedStream('deflate: copies from before the start');
  if (distance >= length && length > 32) out.copyWithin(at, at - distance, at - distance + length);
  else for (let i = 0; i < length; i += 1) out[at + i] = out[at - distance + i] as number;
  return at + length;
}

/**
 * The hot loop: runs of symbols with short codes, with the bit buffer in local variables. Stops before anything unusual
 * (the end of the block, a long code, the end of the window or of the room in `out`) and leaves that to the careful path.
 */
function decodeFast(
  input: BitReader,
  literals: Huffman,
  distances: Huffman,
  out: Uint8Array,
  start: number,
  limit: number,
  deflate64: boolean,
): number {
  const { reader } = input;
  const { buffer } = reader;
  const literalTable = literals.fast;
  const distanceTable = distances.fast;
  const mask = (1 << FAST_BITS) - 1;
  const lastIndex = buffer.length - 16;
  let { hold, bits } = input;
  let { index } = reader;
  let at = start;
  while (at < limit && index < lastIndex) {
    while (bits < 16) {
      hold |= (buffer[index] as number) << bits;
      index += 1;
      bits += 8;
    }
    const found = literalTable[hold & mask] as number;
    const symbol = found >> 4;
    if (found === 0 || symbol === 256) break;
    if (symbol < 256) {
      hold >>>= found & 15;
      bits -= found & 15;
      out[at] = symbol;
      at += 1;
      continue;
    }
    if (symbol > 284) {
      if (symbol !== 285 || deflate64) break;
    }
    hold >>>= found & 15;
    bits -= found & 15;
    while (bits < 16) {
      hold |= (buffer[index] as number) << bits;
      index += 1;
      bits += 8;
    }
    const lengthBits = LENGTH_EXTRA[symbol - 257] as number;
    const length = (LENGTH_BASE[symbol - 257] as number) + (hold & ((1 << lengthBits) - 1));
    hold >>>= lengthBits;
    bits -= lengthBits;
    while (bits < 16) {
      hold |= (buffer[index] as number) << bits;
      index += 1;
      bits += 8;
    }
    input.stoppedAt = at;
    const place = distanceTable[hold & mask] as number;
    let code: number;
    if (place === 0) {
      input.hold = hold;
      input.bits = bits;
      reader.index = index;
      code = input.symbol(distances);
      ({ hold, bits } = input);
      index = reader.index;
    } else {
      code = place >> 4;
      hold >>>= place & 15;
      bits -= place & 15;
    }
    if (code > (deflate64 ? 31 : 29)) throw new DamagedStream('deflate: a distance code that stands for nothing');
    while (bits < 16) {
      hold |= (buffer[index] as number) << bits;
      index += 1;
      bits += 8;
    }
    const distanceBits = DISTANCE_EXTRA[code] as number;
    const distance = (DISTANCE_BASE[code] as number) + (hold & ((1 << distanceBits) - 1));
    hold >>>= distanceBits;
    bits -= distanceBits;
    if (distance > at) throw new DamagedStream('deflate: copies from before the start');
    if (distance >= length && length > 64) out.copyWithin(at, at - distance, at - distance + length);
    else for (let i = 0; i < length; i += 1) out[at + i] = out[at - distance + i] as number;
    at += length;
  }
  input.hold = hold;
  input.bits = bits;
  reader.index = index;
  return at;
}

/** Raw deflate (RFC 1951), or with `deflate64` the enhanced deflating of PKWARE's method 9. */
export function inflate({ deflate64 = false } = {}): Decode {
  const window = deflate64 ? 64 * 1024 : 32 * 1024;
  const longest = deflate64 ? 65538 : 258;
  return async function* (reader) {
    const input = new BitReader(reader);
    const out = new Uint8Array(window + CHUNK + longest);
    let at = 0;
    let sent = 0;
    let last = false;
    const full = () => at >= window + CHUNK;
    const flush = () => {
      const piece = out.slice(sent, at);
      if (at > window) {
        out.copyWithin(0, at - window, at);
        at = window;
      }
      sent = at;
      input.stoppedAt = 0;
      return piece;
    };
    try {
      while (!last) {
        await input.fill(2);
        last = input.take(1) === 1;
        const type = input.take(2);
        if (type === 3) throw new DamagedStream('deflate: block type 3');
        if (type === 0) {
          input.align();
          let length = await reader.u16();
          if ((length ^ (await reader.u16())) !== 0xffff) throw new DamagedStream('deflate: stored length is damaged');
          while (length > 0) {
            const piece = await reader.bytes(Math.min(length, out.length - at, reader.available || 1));
            out.set(piece, at);
            at += piece.length;
            length -= piece.length;
            if (full()) yield flush();
          }
          continue;
        }
        if (type === 2) await input.fill(1024);
        const { literals, distances } = type === 1 ? fixedCodes() : dynamicCodes(input);
        for (let open = true; open; ) {
          await input.fill(16);
          at = decodeFast(input, literals, distances, out, at, window + CHUNK, deflate64);
          if (full()) {
            yield flush();
            continue;
          }
          const symbol = input.symbol(literals);
          if (symbol < 256) {
            out[at] = symbol;
            at += 1;
          } else if (symbol === 256) open = false;
          else at = copyMatch(input, symbol, distances, out, at, deflate64);
          if (full()) yield flush();
        }
      }
      input.align();
    } catch (error) {
      // What was decoded before the damage is what a streaming loader sees too.
      at = Math.max(at, input.stoppedAt);
      if (at > sent) yield flush();
      throw error;
    }
    if (at > sent) yield flush();
  };
}
