import { type ByteSource, peekAt } from './byteSource';

const PAGE = 2048;
const MOST_AHEAD = 32;

/**
 * Small pages over a source whose structure lies scattered between large data, as in HDF5 and ONNX: a look at a few
 * bytes costs one page. Where reading goes on page after page, more and more is taken at once.
 */
export class PagedByteSource implements ByteSource {
  readonly #pages = new Map<number, Uint8Array>();
  #expected = -1;
  #ahead = 1;

  constructor(
    private readonly inner: ByteSource,
    private readonly capacity = 1024,
  ) {}

  get size(): number {
    return this.inner.size;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const end = Math.min(this.inner.size, offset + length);
    if (end <= offset) return new Uint8Array(0);
    if (end - offset > PAGE * MOST_AHEAD) return this.inner.read(offset, end - offset);
    const first = Math.floor(offset / PAGE);
    const last = Math.floor((end - 1) / PAGE);
    const out = new Uint8Array(end - offset);
    for (let index = first; index <= last; index += 1) {
      const page = this.#pages.get(index) ?? (await this.#fetch(index, last));
      const from = Math.max(0, offset - index * PAGE);
      const piece = page.subarray(from, Math.min(page.length, end - index * PAGE));
      out.set(piece, index * PAGE + from - offset);
      if (page.length < PAGE && index < last) return out.subarray(0, index * PAGE + page.length - offset);
    }
    return out;
  }

  async #fetch(index: number, last: number): Promise<Uint8Array> {
    this.#ahead = index === this.#expected ? Math.min(MOST_AHEAD, this.#ahead * 2) : 1;
    const count = Math.max(this.#ahead, last - index + 1);
    const bytes = await peekAt(this.inner, index * PAGE, count * PAGE);
    this.#expected = index + count;
    for (let i = 0; i === 0 || i * PAGE < bytes.length; i += 1) {
      if (this.#pages.size >= this.capacity) this.#pages.delete(this.#pages.keys().next().value as number);
      this.#pages.set(index + i, bytes.subarray(i * PAGE, (i + 1) * PAGE));
    }
    return this.#pages.get(index) ?? bytes.subarray(0, PAGE);
  }
}
