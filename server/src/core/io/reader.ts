import type { ByteSource } from './byteSource';

/** The file ends, or a field claims more than there is. */
export class UnexpectedEnd extends Error {
  constructor(readonly offset: number) {
    super(`unexpected end of data at offset ${offset}`);
    this.name = 'UnexpectedEnd';
  }
}

/**
 * Forward reader over a ByteSource with a small window in memory. `ensure(n)` makes the next n bytes available to the
 * synchronous getters; skipping never reads. All offsets are absolute in the source.
 */
export class ByteReader {
  /** The window; `buffer[index]` is the next byte when `available > 0`. For hot loops; call `ensure` before touching it. */
  buffer: Uint8Array = new Uint8Array(0);
  index = 0;
  #start = 0;

  constructor(
    readonly source: ByteSource,
    offset = 0,
    private readonly chunk = source.distant ? 4096 : 64 * 1024,
  ) {
    this.#start = offset;
  }

  /** Offset of the next byte. */
  get position(): number {
    return this.#start + this.index;
  }

  get available(): number {
    return this.buffer.length - this.index;
  }

  get atEnd(): boolean {
    return this.position >= this.source.size;
  }

  /** Moves to an absolute offset; keeps the window when the offset lies in it. */
  seek(offset: number): void {
    const inWindow = offset - this.#start;
    if (inWindow >= 0 && inWindow <= this.buffer.length) {
      this.index = inWindow;
    } else {
      this.buffer = new Uint8Array(0);
      this.index = 0;
      this.#start = offset;
    }
  }

  skip(length: number): void {
    this.seek(this.position + length);
  }

  /** True when `length` more bytes are in the window now, false when the source ends before. */
  async ensure(length: number): Promise<boolean> {
    if (this.available >= length) return true;
    const at = this.position;
    const more = await this.source.read(at, Math.max(length, this.chunk));
    this.buffer = more;
    this.#start = at;
    this.index = 0;
    return more.length >= length;
  }

  /** The next `length` bytes, shared with the window. @throws UnexpectedEnd */
  async bytes(length: number): Promise<Uint8Array> {
    if (!(await this.ensure(length))) throw new UnexpectedEnd(this.position);
    const out = this.buffer.subarray(this.index, this.index + length);
    this.index += length;
    return out;
  }

  async #view(length: number): Promise<DataView> {
    const b = await this.bytes(length);
    return new DataView(b.buffer, b.byteOffset, length);
  }

  async u8(): Promise<number> {
    return (await this.bytes(1))[0] as number;
  }

  async u16(littleEndian = true): Promise<number> {
    return (await this.#view(2)).getUint16(0, littleEndian);
  }

  async u32(littleEndian = true): Promise<number> {
    return (await this.#view(4)).getUint32(0, littleEndian);
  }

  async i32(littleEndian = true): Promise<number> {
    return (await this.#view(4)).getInt32(0, littleEndian);
  }

  /** 64-bit unsigned as bigint: sums of attacker-given sizes must not lose bits. */
  async u64(littleEndian = true): Promise<bigint> {
    return (await this.#view(8)).getBigUint64(0, littleEndian);
  }
}
