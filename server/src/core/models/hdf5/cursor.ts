/** The bytes do not follow the HDF5 file format, or use a part of it that is not read here. */
export class UnreadableHdf5 extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UnreadableHdf5';
  }
}

/** Parts of the file are shared so often that reading them all has no end: built to keep readers busy. */
export class ExcessiveHdf5 extends UnreadableHdf5 {
  constructor(message: string) {
    super(message);
    this.name = 'ExcessiveHdf5';
  }
}

/** Address that stands for "not allocated". */
export const UNDEFINED_ADDRESS = -1;

/** Little-endian reader over bytes in memory; reading past the end throws. */
export class Cursor {
  readonly #view: DataView;

  constructor(
    readonly bytes: Uint8Array,
    public at = 0,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  #take(length: number): number {
    const start = this.at;
    if (length < 0 || start + length > this.bytes.length) throw new UnreadableHdf5(`${length} bytes are missing`);
    this.at += length;
    return start;
  }

  skip(length: number): void {
    this.#take(length);
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** Unsigned integer of 1 to 8 bytes. Values past 2^53 are no place or size in any file and are refused. */
  uint(size: number): number {
    const start = this.#take(size);
    let value = 0;
    for (let i = size - 1; i >= 0; i -= 1) value = value * 256 + (this.bytes[start + i] as number);
    if (!Number.isSafeInteger(value)) throw new UnreadableHdf5('a size beyond 2^53');
    return value;
  }

  /** An address: all ones mean that there is none. */
  address(size: number): number {
    const start = this.at;
    for (let i = 0; i < size; i += 1) {
      if (this.bytes[start + i] !== 0xff) return this.uint(size);
    }
    this.#take(size);
    return UNDEFINED_ADDRESS;
  }

  slice(length: number): Uint8Array {
    const start = this.#take(length);
    return this.bytes.subarray(start, start + length);
  }

  signature(): string {
    return String.fromCharCode(...this.slice(4));
  }

  /** Text up to a NUL (or the end), leaving the cursor behind it. */
  text(): string {
    let end = this.at;
    while (end < this.bytes.length && this.bytes[end] !== 0) end += 1;
    const out = decodeText(this.bytes.subarray(this.at, end));
    this.at = Math.min(this.bytes.length, end + 1);
    return out;
  }
}

const TEXT = new TextDecoder('utf-8');

export function decodeText(bytes: Uint8Array): string {
  return TEXT.decode(bytes);
}
