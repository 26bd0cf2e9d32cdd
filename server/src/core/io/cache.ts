import { BudgetExceeded } from '../budget';
import type { ByteSource } from './byteSource';

const BLOCK = 64 * 1024;

/**
 * Reads another source in aligned blocks, keeps the newest of them, and counts what was really read.
 * Reads larger than the cache go straight through.
 */
export class CachedByteSource implements ByteSource {
  /** Bytes taken from the inner source. */
  bytesRead = 0;
  /** Reads made of the inner source. */
  reads = 0;
  readonly #blocks = new Map<number, Promise<Uint8Array>>();

  constructor(
    private readonly inner: ByteSource,
    private readonly options: { blocks?: number; blockSize?: number; readLimit?: number } = {},
  ) {}

  get size(): number {
    return this.inner.size;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const end = Math.min(this.inner.size, offset + length);
    if (end <= offset) return new Uint8Array(0);
    const blockSize = this.options.blockSize ?? BLOCK;
    if (end - offset > blockSize * 4) return this.#fetch(offset, end - offset);
    const first = Math.floor(offset / blockSize);
    const last = Math.floor((end - 1) / blockSize);
    if (first === last) {
      const block = await this.#block(first);
      return block.subarray(offset - first * blockSize, end - first * blockSize);
    }
    const out = new Uint8Array(end - offset);
    let filled = 0;
    for (let index = first; index <= last; index += 1) {
      const block = await this.#block(index);
      const from = Math.max(0, offset - index * blockSize);
      const piece = block.subarray(from, Math.min(block.length, end - index * blockSize));
      out.set(piece, filled);
      filled += piece.length;
      if (block.length < blockSize) break;
    }
    return filled === out.length ? out : out.subarray(0, filled);
  }

  #block(index: number): Promise<Uint8Array> {
    const blockSize = this.options.blockSize ?? BLOCK;
    let block = this.#blocks.get(index);
    if (block) {
      this.#blocks.delete(index);
    } else {
      block = this.#fetch(index * blockSize, blockSize);
      block.catch(() => this.#blocks.delete(index));
      while (this.#blocks.size >= (this.options.blocks ?? 32)) {
        this.#blocks.delete(this.#blocks.keys().next().value as number);
      }
    }
    this.#blocks.set(index, block);
    return block;
  }

  async #fetch(offset: number, length: number): Promise<Uint8Array> {
    const limit = this.options.readLimit ?? Number.POSITIVE_INFINITY;
    const expected = Math.min(length, this.inner.size - offset);
    if (this.bytesRead + expected > limit) throw new BudgetExceeded('read', `more than ${limit} bytes would be read`);
    this.bytesRead += expected;
    this.reads += 1;
    return this.inner.read(offset, length);
  }
}
