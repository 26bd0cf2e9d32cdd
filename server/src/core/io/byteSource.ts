/** Anything that has bytes at offsets: a local file, memory, a window of another source, a member of an archive, an HTTP range. */
export interface ByteSource {
  /** Bytes in all. */
  readonly size: number;
  /** Granularity that reads are best made in, when it is not the cache's own: a remote file is read in smaller pieces. */
  readonly blockSize?: number;
  /** Every jump is a request to another machine: whoever can do with fewer looks, or smaller ones, should. */
  readonly distant?: boolean;
  /**
   * Reads `length` bytes at `offset`. Gives fewer only where the source ends; an offset at or past the end gives none.
   * The result may share memory with a cache: do not write to it, and copy what you keep of a large one.
   * @throws Error of the underlying system when the source cannot be read (it is reported as `failed`, not hidden)
   */
  read(offset: number, length: number): Promise<Uint8Array>;
  /**
   * Like `read`, into memory of the caller's own, which nobody else keeps: to go through something long without leaving a
   * new array behind for every piece.
   * @returns bytes that were filled, fewer than asked for only where the source ends
   */
  readInto?(target: Uint8Array, offset: number): Promise<number>;
  /** Like `read`, but takes no more of the underlying source than was asked for: to look at the head of something large. */
  peek?(offset: number, length: number): Promise<Uint8Array>;
}

/** A source that holds something open. */
export interface ClosableByteSource extends ByteSource {
  close(): Promise<void>;
}

export class MemoryByteSource implements ByteSource {
  constructor(readonly bytes: Uint8Array) {}

  get size(): number {
    return this.bytes.length;
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return Promise.resolve(this.bytes.subarray(Math.min(offset, this.bytes.length), Math.max(offset, offset + length)));
  }
}

/** `[start, start + size)` of another source, cut to what that has. */
export class WindowByteSource implements ByteSource {
  readonly size: number;

  constructor(
    private readonly inner: ByteSource,
    private readonly start: number,
    size: number,
  ) {
    this.size = Math.max(0, Math.min(size, inner.size - start));
  }

  get distant(): boolean {
    return this.inner.distant ?? false;
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    if (offset >= this.size) return Promise.resolve(new Uint8Array(0));
    return this.inner.read(this.start + offset, Math.min(length, this.size - offset));
  }

  async readInto(target: Uint8Array, offset: number): Promise<number> {
    const part = target.subarray(0, Math.max(0, Math.min(target.length, this.size - offset)));
    if (part.length === 0) return 0;
    return readInto(this.inner, part, this.start + offset);
  }

  peek(offset: number, length: number): Promise<Uint8Array> {
    if (offset >= this.size) return Promise.resolve(new Uint8Array(0));
    return peekAt(this.inner, this.start + offset, Math.min(length, this.size - offset));
  }
}

/** `readInto` of a source that has it, otherwise `read` and a copy. */
async function readInto(source: ByteSource, target: Uint8Array, offset: number): Promise<number> {
  if (source.readInto) return source.readInto(target, offset);
  const bytes = await source.read(offset, target.length);
  target.set(bytes);
  return bytes.length;
}

/** `peek` of a source that has it, otherwise `read`. */
export function peekAt(source: ByteSource, offset: number, length: number): Promise<Uint8Array> {
  return source.peek ? source.peek(offset, length) : source.read(offset, length);
}

/** All of a source, refused by the caller's budget before a byte is read. */
export async function readAll(source: ByteSource, checkMemory: (bytes: number) => void): Promise<Uint8Array> {
  checkMemory(source.size);
  return source.read(0, source.size);
}
