import { BudgetExceeded } from '../budget';
import type { ByteSource } from './byteSource';

const BLOCK = 32 * 1024;
/** Reads larger than this go straight through. */
const LARGEST_KEPT = 8 * BLOCK;
const KEPT_BYTES = 64 * BLOCK;

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
  readonly #blockSize: number;
  readonly #capacity: number;

  constructor(
    private readonly inner: ByteSource,
    private readonly options: { blocks?: number; blockSize?: number; readLimit?: number } = {},
  ) {
    this.#blockSize = options.blockSize ?? inner.blockSize ?? BLOCK;
    this.#capacity = options.blocks ?? Math.max(4, Math.floor(KEPT_BYTES / this.#blockSize));
  }

  get size(): number {
    return this.inner.size;
  }

  get distant(): boolean {
    return this.inner.distant ?? false;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const end = Math.min(this.inner.size, offset + length);
    if (end <= offset) return new Uint8Array(0);
    const blockSize = this.#blockSize;
    if (end - offset > Math.max(blockSize, Math.min(LARGEST_KEPT, this.#capacity * blockSize))) {
      return this.#fetch(offset, end - offset);
    }
    const first = Math.floor(offset / blockSize);
    const last = Math.floor((end - 1) / blockSize);
    const blocks = this.#hold(first, last);
    if (first === last) {
      const block = await (blocks[0] as Promise<Uint8Array>);
      return block.subarray(offset - first * blockSize, end - first * blockSize);
    }
    const out = new Uint8Array(end - offset);
    let filled = 0;
    for (const [step, waiting] of blocks.entries()) {
      const block = await waiting;
      const start = (first + step) * blockSize;
      const piece = block.subarray(Math.max(0, offset - start), Math.min(block.length, end - start));
      out.set(piece, filled);
      filled += piece.length;
      if (block.length < blockSize) break;
    }
    return filled === out.length ? out : out.subarray(0, filled);
  }

  /** Past the blocks: what is asked for is taken and not kept. */
  async readInto(target: Uint8Array, offset: number): Promise<number> {
    const { inner } = this;
    const part = target.subarray(0, Math.max(0, Math.min(target.length, inner.size - offset)));
    if (part.length === 0) return 0;
    if (!inner.readInto) {
      const bytes = await this.read(offset, part.length);
      part.set(bytes);
      return bytes.length;
    }
    this.#count(part.length);
    return inner.readInto(part, offset);
  }

  /** From the blocks that are held; of anything else exactly what is asked for is taken, and not kept. */
  async peek(offset: number, length: number): Promise<Uint8Array> {
    const end = Math.min(this.inner.size, offset + length);
    if (end <= offset) return new Uint8Array(0);
    for (let index = Math.floor(offset / this.#blockSize); index * this.#blockSize < end; index += 1) {
      if (!this.#blocks.has(index)) return this.#fetch(offset, end - offset);
    }
    return this.read(offset, end - offset);
  }

  /** The blocks `[first, last]`; neighbours that are missing come with one read. */
  #hold(first: number, last: number): Promise<Uint8Array>[] {
    const held: Promise<Uint8Array>[] = [];
    for (let index = first; index <= last; index += 1) {
      const block = this.#blocks.get(index);
      if (block) {
        this.#blocks.delete(index);
        this.#blocks.set(index, block);
        held.push(block);
        continue;
      }
      let count = 1;
      while (index + count <= last && !this.#blocks.has(index + count)) count += 1;
      held.push(...this.#load(index, count));
      index += count - 1;
    }
    while (this.#blocks.size > this.#capacity) this.#blocks.delete(this.#blocks.keys().next().value as number);
    return held;
  }

  #load(first: number, count: number): Promise<Uint8Array>[] {
    const blockSize = this.#blockSize;
    const whole = this.#fetch(first * blockSize, count * blockSize);
    const blocks: Promise<Uint8Array>[] = [];
    for (let step = 0; step < count; step += 1) {
      const block =
        count === 1 ? whole : whole.then((bytes) => bytes.subarray(step * blockSize, (step + 1) * blockSize));
      block.catch(() => this.#blocks.delete(first + step));
      this.#blocks.set(first + step, block);
      blocks.push(block);
    }
    return blocks;
  }

  async #fetch(offset: number, length: number): Promise<Uint8Array> {
    this.#count(Math.min(length, this.inner.size - offset));
    return this.inner.read(offset, length);
  }

  #count(bytes: number): void {
    const limit = this.options.readLimit ?? Number.POSITIVE_INFINITY;
    if (this.bytesRead + bytes > limit) throw new BudgetExceeded('read', `more than ${limit} bytes would be read`);
    this.bytesRead += bytes;
    this.reads += 1;
  }
}
