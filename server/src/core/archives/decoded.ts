import { type Budget, BudgetExceeded } from '../budget';
import type { ByteSource } from '../io/byteSource';
import { ByteReader, UnexpectedEnd } from '../io/reader';

/**
 * Decodes one compressed stream. Reads what it needs from the reader and leaves it just behind the stream's last byte.
 * Yields pieces of at most a few hundred kilobytes that the consumer may keep.
 * @throws DamagedStream or UnexpectedEnd where the stream cannot be decoded further
 */
export type Decode = (reader: ByteReader) => AsyncGenerator<Uint8Array, void>;

/** The compressed data is not what its format allows. What was decoded before stands. */
export class DamagedStream extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DamagedStream';
  }
}

const HEAD_BYTES = 2 ** 20;
const RETAINED_BYTES = 32 * 2 ** 20;

/**
 * What a compressed stream decodes to, decoded as far as it is read and no further. The head and the newest 32 MiB are
 * kept; a read of what has been dropped decodes again from the start. New bytes are paid from the budget once.
 */
export class DecodedByteSource implements ByteSource {
  /** Why decoding ended before the stream did; known once the end has been met. */
  damage: string | undefined;
  /** True once the end has been met: `size` is then exact. */
  ended = false;
  /** Compressed bytes that the stream occupies; known once the end has been met without damage. */
  consumed: number | undefined;
  #size: number;
  #farthest = 0;
  #produced = 0;
  #stream: AsyncGenerator<Uint8Array, void> | undefined;
  #reader: ByteReader | undefined;
  #pieces: { start: number; bytes: Uint8Array }[] = [];
  #head: { start: number; bytes: Uint8Array }[] = [];
  #retained = 0;
  #queue: Promise<unknown> = Promise.resolve();

  /** @param declaredSize what the container says the size is; `size` says so too until the end has been met */
  constructor(
    private readonly compressed: ByteSource,
    private readonly decode: Decode,
    private readonly budget: Budget,
    declaredSize = 0,
  ) {
    this.#size = declaredSize;
  }

  /** The declared size, or what has been decoded when that is more; exact once `ended`. */
  get size(): number {
    return this.#size;
  }

  /** Decodes until the end, or until more than `limit` bytes are known to exist. @throws BudgetExceeded */
  async measure(limit = Number.POSITIVE_INFINITY): Promise<void> {
    await this.#exclusive(async () => {
      while (!this.ended && this.#produced <= limit) if (!(await this.#next())) break;
    });
  }

  /** @throws BudgetExceeded; errors of the underlying source. A damaged stream gives fewer bytes and sets `damage`. */
  read(offset: number, length: number): Promise<Uint8Array> {
    return this.#exclusive(() => this.#read(offset, length));
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#queue.then(work, work);
    this.#queue = run.catch(() => undefined);
    return run;
  }

  async #read(offset: number, length: number): Promise<Uint8Array> {
    const end = this.ended ? Math.min(this.#size, offset + length) : offset + length;
    if (end <= offset) return new Uint8Array(0);
    const parts: Uint8Array[] = [];
    let at = offset;
    const take = ({ start, bytes }: { start: number; bytes: Uint8Array }) => {
      if (start > at || start + bytes.length <= at) return;
      const part = bytes.subarray(at - start, Math.min(bytes.length, end - start));
      parts.push(part);
      at += part.length;
    };
    for (const piece of this.#head) take(piece);
    for (const piece of this.#pieces) take(piece);
    if (at < end && at < this.#produced) this.#restart();
    while (at < end) {
      const piece = await this.#next();
      if (!piece) break;
      take(piece);
    }
    if (parts.length === 1) return parts[0] as Uint8Array;
    const out = new Uint8Array(at - offset);
    let filled = 0;
    for (const part of parts) {
      out.set(part, filled);
      filled += part.length;
    }
    return out;
  }

  #restart(): void {
    this.#stream = undefined;
    this.#produced = 0;
    this.#pieces = [];
    this.#retained = 0;
  }

  async #next(): Promise<{ start: number; bytes: Uint8Array } | undefined> {
    if (this.ended && this.#produced >= this.#size) return undefined;
    this.budget.checkTime();
    if (!this.#stream) {
      this.#reader = new ByteReader(this.compressed);
      this.#stream = this.decode(this.#reader);
    }
    const reader = this.#reader as ByteReader;
    let bytes: Uint8Array | undefined;
    try {
      const step = await this.#stream.next();
      if (!step.done) bytes = step.value;
      else this.consumed = reader.position;
    } catch (error) {
      if (error instanceof DamagedStream) this.damage = error.message;
      else if (error instanceof UnexpectedEnd) this.damage = 'the compressed data ends before its end mark';
      else throw error;
    }
    if (!bytes) {
      this.ended = true;
      this.#size = this.#produced;
      return undefined;
    }
    const piece = { start: this.#produced, bytes };
    this.#produced += bytes.length;
    if (this.#produced > this.#farthest) {
      const fresh = this.#produced - this.#farthest;
      this.#farthest = this.#produced;
      this.budget.spendExpanded(fresh, this.#produced, Math.max(1, reader.position));
    }
    if (!this.ended && this.#produced > this.#size) this.#size = this.#produced;
    this.#keep(piece);
    return piece;
  }

  #keep(piece: { start: number; bytes: Uint8Array }): void {
    if (piece.start < HEAD_BYTES) {
      const last = this.#head.at(-1);
      if (!last || last.start < piece.start) this.#head.push(piece);
      return;
    }
    this.#pieces.push(piece);
    this.#retained += piece.bytes.length;
    let dropped = 0;
    while (this.#retained > RETAINED_BYTES && dropped < this.#pieces.length - 1) {
      this.#retained -= (this.#pieces[dropped] as { bytes: Uint8Array }).bytes.length;
      dropped += 1;
    }
    if (dropped) this.#pieces.splice(0, dropped);
  }
}

/**
 * True for the caps on decompression, as opposed to a scan that is merely slow. Only `ratio` speaks of a bomb: more than
 * the absolute cap is what an honest archive of a large data set holds too.
 */
export function isExpansionCap(error: unknown): error is BudgetExceeded {
  return error instanceof BudgetExceeded && (error.kind === 'ratio' || error.kind === 'expanded');
}
