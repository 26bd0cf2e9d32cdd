import type { ByteReader } from '../io/reader';
import { DamagedStream, type Decode } from './decoded';

const CLEAR = 256;
const LEAST_BITS = 9;
const PIECE = 64 * 1024;

/** Whether a head is one of Unix compress: the magic, and a code length that it can have. */
export function isLzw(head: Uint8Array): boolean {
  const bits = (head[2] ?? 0) & 0x1f;
  return head[0] === 0x1f && head[1] === 0x9d && ((head[2] ?? 0) & 0x60) === 0 && bits >= LEAST_BITS && bits <= 16;
}

/** Unix compress (.Z): LZW with codes of 9 to 16 bits, the lowest first, as ncompress and gzip's unlzw read it. */
export const decodeLzw: Decode = async function* (reader) {
  const head = await reader.bytes(3);
  if (!isLzw(head)) throw new DamagedStream('compress: no header');
  const flags = head[2] as number;
  yield* new Lzw(flags & 0x1f, (flags & 0x80) !== 0).decode(reader);
};

class Lzw {
  readonly #prefix = new Uint16Array(65536);
  readonly #suffix = new Uint8Array(65536);
  readonly #stack = new Uint8Array(65536);
  #out = new Uint8Array(PIECE + 65536);
  #filled = 0;
  #bits = LEAST_BITS;
  #free: number;
  #old = -1;
  #first = 0;

  constructor(
    private readonly most: number,
    private readonly hasClear: boolean,
  ) {
    this.#free = hasClear ? 257 : 256;
  }

  /** Codes come in groups of eight; where their length changes, the rest of the group is passed over. */
  async *decode(reader: ByteReader): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      // The codes grow when the table is full, before the next one is read.
      if (this.#free > this.#fullAt()) this.#bits += 1;
      const whole = await reader.ensure(this.#bits);
      const length = whole ? this.#bits : reader.available;
      if (length * 8 < this.#bits) break;
      const group = await reader.bytes(length);
      try {
        this.#group(group);
      } catch (error) {
        if (this.#filled) yield this.#take();
        throw error;
      }
      if (this.#filled >= PIECE) yield this.#take();
    }
    if (this.#filled) yield this.#take();
  }

  #take(): Uint8Array {
    const out = this.#out.slice(0, this.#filled);
    this.#filled = 0;
    return out;
  }

  /** The last code that fits; of the longest ones all do. */
  #fullAt(): number {
    return this.#bits >= this.most ? Number.POSITIVE_INFINITY : 2 ** this.#bits - 1;
  }

  #group(group: Uint8Array): void {
    const bits = this.#bits;
    for (let at = 0; at + bits <= group.length * 8; at += bits) {
      if (this.#free > this.#fullAt()) return;
      const byte = at >> 3;
      const word = (group[byte] as number) | ((group[byte + 1] ?? 0) << 8) | ((group[byte + 2] ?? 0) << 16);
      const code = (word >> (at & 7)) & ((1 << bits) - 1);
      if (code === CLEAR && this.hasClear && this.#old >= 0) {
        this.#free = 256;
        this.#bits = LEAST_BITS;
        return;
      }
      this.#code(code);
    }
  }

  #code(code: number): void {
    if (this.#old < 0) {
      if (code > 255) throw new DamagedStream('compress: the first code is none');
      this.#first = code;
      this.#emit(Uint8Array.of(code), 1);
      this.#old = code;
      return;
    }
    if (code > this.#free) throw new DamagedStream('compress: a code that is not there yet');
    const stack = this.#stack;
    let top = stack.length;
    let rest = code;
    if (code === this.#free) {
      // The string that is being made: the one before it with its own first letter.
      top -= 1;
      stack[top] = this.#first;
      rest = this.#old;
    }
    while (rest >= 256) {
      if (top <= 1) throw new DamagedStream('compress: a string without end');
      top -= 1;
      stack[top] = this.#suffix[rest] as number;
      rest = this.#prefix[rest] as number;
    }
    this.#first = rest;
    top -= 1;
    stack[top] = rest;
    this.#emit(stack.subarray(top), stack.length - top);
    if (this.#free < 2 ** this.most) {
      this.#prefix[this.#free] = this.#old;
      this.#suffix[this.#free] = this.#first;
      this.#free += 1;
    }
    this.#old = code;
  }

  #emit(bytes: Uint8Array, length: number): void {
    if (this.#filled + length > this.#out.length) {
      const larger = new Uint8Array(this.#out.length * 2);
      larger.set(this.#out.subarray(0, this.#filled));
      this.#out = larger;
    }
    this.#out.set(bytes, this.#filled);
    this.#filled += length;
  }
}
