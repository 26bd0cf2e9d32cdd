import { setMaxListeners } from 'node:events';
import { RemoteError } from '../sources/remoteError';
import type { ClosableByteSource } from './byteSource';
import { type ByteRange, expectedPart, type RangeBody, type RangeTransport, sameTag } from './httpRange';
import { Slots, type TransferMeter } from './transfer';

/** What the cache keeps and what a request is rounded to. Small, so that skipping over tensors costs little. */
const BLOCK = 1024;
/** First piece of a file whose size is known. Most headers and every magic number lie in it. */
const HEAD = 32 * 1024;
/** First piece of a file whose size is not known; holds the directory of most zip archives. */
const TAIL = 64 * 1024;
/** A forward jump of at most this is read through: it costs less than another request. */
const NEAR = 64 * 1024;
/** Size of the pages that readers of scattered structures round to. */
const PAGE = 2048;
/** By how much the steps of a regular stride may differ: those of a reader of pages do by a page. */
const JITTER = 4096;
const SMALLEST_WINDOW = 4 * 1024;
const FIRST_WINDOW = 32 * 1024;
const LARGEST_WINDOW = 2 ** 20;
const LARGEST_REQUEST = 8 * 2 ** 20;
const CACHE_BYTES = 16 * 2 ** 20;
/** Requests that are under way for one file at once, when its source has no number of its own. */
const PARALLEL = 12;
/** Places of a regular stride that are asked for ahead: as many as have come true, up to this. */
const FURTHEST_AHEAD = 16;
/** Jumps of a stride that are remembered. */
const MOST_JUMPS = 64;

/** A place for bytes that are too many for memory. */
export interface Spill {
  write(bytes: Uint8Array): Promise<void>;
  /** The source owns the place: closing it removes the bytes. */
  finish(): Promise<ClosableByteSource>;
  discard(): Promise<void>;
}

export interface RangedOptions {
  transport: RangeTransport;
  meter: TransferMeter;
  /** Shared by the files of a source, so that a host is not asked by a hundred connections. */
  slots?: Slots;
  /** As the listing says it; the server's own answer is what counts. */
  expectedSize?: number;
  /** Milliseconds without a byte after which a request is given up. */
  stallMs: number;
  signal?: AbortSignal;
  /** Where a file goes that can only be had as a whole. Without it such files must fit into `memoryBytes`. */
  spill?: () => Promise<Spill>;
  memoryBytes?: number;
}

/**
 * Opens a remote object for ranged reading. With a known size its head is asked for first, else its tail, which also
 * tells the size. A server that ignores ranges has its body taken as a whole when the budget allows, else dropped.
 * @throws RemoteError, BudgetExceeded
 */
export async function openRanged(options: RangedOptions): Promise<ClosableByteSource> {
  const { expectedSize: size, meter, transport, signal } = options;
  if (size === 0) return emptySource();
  const range: ByteRange = size === undefined ? { suffix: TAIL } : { offset: 0, length: size <= TAIL ? size : HEAD };
  meter.begin(Math.min('suffix' in range ? range.suffix : range.length, size ?? TAIL));
  const reply = await withStall(options, (inner) => transport.get(range, undefined, inner), signal);
  switch (reply.kind) {
    case 'past-end':
      if (reply.total === 0 || (reply.total === undefined && 'suffix' in range)) return emptySource();
      throw new RemoteError('protocol', 'the server says that the file ends before its first byte');
    case 'changed':
      throw new RemoteError('protocol', 'the server refuses a condition that was not made');
    case 'whole':
      return takeWhole(reply.body, reply.total, options);
    case 'part': {
      if (size !== undefined && reply.total !== size) {
        reply.body.cancel();
        throw new RemoteError('changed', `the listing says ${size} bytes, the server ${reply.total}`);
      }
      const first = await readExactly(reply.body, reply.length, options);
      return new RangedByteSource(options, reply.total, reply.tag, reply.offset, first);
    }
  }
}

/**
 * Takes the whole of a remote object, into memory or the spill, and gives it as a source.
 * @throws RemoteError, BudgetExceeded
 */
export async function openWhole(options: RangedOptions): Promise<ClosableByteSource> {
  const { expectedSize, meter, transport, signal } = options;
  if (expectedSize === 0) return emptySource();
  meter.begin(expectedSize ?? 0);
  const reply = await withStall(options, (inner) => transport.get(undefined, undefined, inner), signal);
  if (reply.kind !== 'whole') throw new RemoteError('protocol', 'the server does not send the file');
  if (expectedSize !== undefined && reply.total !== undefined && reply.total !== expectedSize) {
    reply.body.cancel();
    throw new RemoteError('changed', `the listing says ${expectedSize} bytes, the server ${reply.total}`);
  }
  return takeWhole(reply.body, reply.total ?? expectedSize, options);
}

function emptySource(): ClosableByteSource {
  return { size: 0, read: () => Promise.resolve(new Uint8Array(0)), close: () => Promise.resolve() };
}

class RangedByteSource implements ClosableByteSource {
  readonly blockSize = 4096;
  readonly distant = true;
  readonly #blocks = new Map<number, Uint8Array>();
  readonly #flying = new Map<number, Promise<Map<number, Uint8Array>>>();
  readonly #stop = new AbortController();
  readonly #pin: string | undefined;
  #window = 0;
  /** Reads that have gone on where the one before ended, since the last jump. */
  #continued = 0;
  #lastEnd = -1;
  /** One past the last block that read-ahead has asked for. */
  #aheadEnd = 0;
  #jumps: number[] = [];
  #speculatedTo = 0;
  readonly #slots: Slots;

  constructor(
    private readonly options: RangedOptions,
    readonly size: number,
    tag: string | undefined,
    offset: number,
    first: Uint8Array,
  ) {
    this.#pin = tag;
    this.#slots = options.slots ?? new Slots(PARALLEL);
    // Every request of the file listens to it.
    setMaxListeners(0, this.#stop.signal);
    this.#keep(this.#split(offset, first));
    options.signal?.addEventListener('abort', () => this.#stop.abort(options.signal?.reason), {
      once: true,
      signal: this.#stop.signal,
    });
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const end = Math.min(this.size, offset + length);
    if (end <= offset) return new Uint8Array(0);
    if (end - offset > CACHE_BYTES / 2) return this.#readThrough(offset, end);
    const first = Math.floor(offset / BLOCK);
    const last = Math.floor((end - 1) / BLOCK);
    const wanted = this.#pattern(offset, end, last);
    const held = await this.#hold(first, last, wanted);
    if (first === last) return (held.get(first) as Uint8Array).subarray(offset - first * BLOCK, end - first * BLOCK);
    const out = new Uint8Array(end - offset);
    for (let index = first; index <= last; index += 1) {
      const block = held.get(index) as Uint8Array;
      const from = Math.max(0, offset - index * BLOCK);
      const to = Math.min(block.length, end - index * BLOCK);
      out.set(block.subarray(from, to), index * BLOCK + from - offset);
    }
    return out;
  }

  close(): Promise<void> {
    this.#stop.abort(new RemoteError('refused', 'the file has been closed'));
    this.#blocks.clear();
    return Promise.resolve();
  }

  /**
   * Notes how the reader moves. Reading on makes the window grow; a constant stride is answered with parallel reads of
   * the places that come next.
   * @returns the last block to ask for when this read is not in the cache
   */
  #pattern(offset: number, end: number, last: number): number {
    const lastBlock = Math.floor((this.size - 1) / BLOCK);
    const gap = offset - this.#lastEnd;
    if (this.#lastEnd >= 0 && gap >= -4096 && gap <= NEAR) {
      this.#continued += 1;
      // Something small that lies across the end of a block is not yet reading on.
      this.#window =
        this.#continued === 1 ? SMALLEST_WINDOW : Math.min(LARGEST_WINDOW, Math.max(FIRST_WINDOW, this.#window * 2));
    } else if (this.#lastEnd < 0 || gap > NEAR || end < this.#lastEnd - NEAR) {
      this.#window = 0;
      this.#continued = 0;
      this.#aheadEnd = 0;
      this.#jump(offset, end - offset);
    }
    this.#lastEnd = Math.max(end, gap < 0 && gap >= -NEAR ? this.#lastEnd : 0);
    const wanted = Math.min(lastBlock, Math.max(last, Math.floor((offset + this.#window) / BLOCK)));
    if (this.#window >= LARGEST_WINDOW / 2 && this.#aheadEnd > 0 && last + this.#window / BLOCK / 2 >= this.#aheadEnd) {
      const to = Math.min(lastBlock, this.#aheadEnd + this.#window / BLOCK - 1);
      if (to >= this.#aheadEnd) {
        this.#inBackground(this.#aheadEnd, to);
        this.#aheadEnd = to + 1;
      }
    }
    return wanted;
  }

  /**
   * A jump of the reader. Jumps of about the same length are taken for a stride, and the places that come next are asked
   * for in parallel. Readers round to pages of their own, so a place is only known to within what the jumps so far have
   * deviated from a line, and the less the further ahead it lies: that much more is asked for around it.
   */
  #jump(offset: number, length: number): void {
    const previous = this.#jumps.at(-1);
    const before = this.#jumps.at(-2);
    const regular =
      previous !== undefined &&
      before !== undefined &&
      offset - previous > NEAR &&
      Math.abs(offset - previous - (previous - before)) <= JITTER;
    if (!regular) {
      this.#jumps = previous === undefined ? [offset] : [previous, offset];
      this.#speculatedTo = 0;
      return;
    }
    this.#jumps = [...this.#jumps.slice(1 - MOST_JUMPS), offset];
    if (this.#jumps.length < 4) return;
    const first = this.#jumps[0] as number;
    const steps = this.#jumps.length - 1;
    const stride = (offset - first) / steps;
    const deviation = Math.max(...this.#jumps.map((place, i) => Math.abs(place - (first + i * stride))));
    for (let step = 1; step <= Math.min(FURTHEST_AHEAD, steps); step += 1) {
      const place = Math.round(offset + step * stride);
      // The last places of the previous guess are still ahead: nothing is asked for twice.
      if (place <= this.#speculatedTo + JITTER) continue;
      if (place >= this.size) break;
      this.#speculatedTo = place;
      const slack = Math.min(JITTER, deviation * (1 + step / steps));
      // A little more than was read here: what lies in front of the data differs in length, and adds up until a reader of
      // pages comes to the next one.
      const end = place + Math.min(length, NEAR) + Math.max(slack, PAGE) - 1;
      const block = Math.floor(Math.max(0, place - slack) / BLOCK);
      this.#inBackground(block, Math.min(Math.floor(end / BLOCK), Math.floor((this.size - 1) / BLOCK)));
    }
  }

  #inBackground(from: number, to: number): void {
    if (this.options.meter.left < (to - from + 1) * BLOCK * 2) return;
    for (const flight of this.#launch(from, to)) {
      // A guess that fails costs nothing: who really needs the bytes asks again and gets the error.
      flight.catch(() => undefined);
    }
  }

  /** The blocks `[first, last]`; what has to be asked for is asked for up to `wanted`. */
  async #hold(first: number, last: number, wanted: number): Promise<Map<number, Uint8Array>> {
    const held = new Map<number, Uint8Array>();
    const flights = new Set<Promise<Map<number, Uint8Array>>>();
    let missing: number | undefined;
    for (let index = first; index <= last; index += 1) {
      const block = this.#blocks.get(index);
      if (block) {
        this.#blocks.delete(index);
        this.#blocks.set(index, block);
        held.set(index, block);
        continue;
      }
      const flight = this.#flying.get(index);
      if (flight) flights.add(flight);
      else missing ??= index;
    }
    if (missing !== undefined) {
      for (const flight of this.#launch(missing, Math.max(last, wanted))) flights.add(flight);
      this.#aheadEnd = Math.max(this.#aheadEnd, wanted + 1);
    }
    for (const blocks of await Promise.all(flights)) for (const [index, block] of blocks) held.set(index, block);
    for (let index = first; index <= last; index += 1) {
      // Left out of this round, or evicted between: asked for by itself.
      if (!held.has(index)) for (const [i, b] of await this.#fetchBlocks(index, index)) held.set(i, b);
    }
    return held;
  }

  /** Starts requests for what is neither cached nor under way in `[from, to]`. */
  #launch(from: number, to: number): Promise<Map<number, Uint8Array>>[] {
    const flights: Promise<Map<number, Uint8Array>>[] = [];
    let start: number | undefined;
    for (let index = from; index <= to + 1; index += 1) {
      const have = index > to || this.#blocks.has(index) || this.#flying.has(index);
      const full = start !== undefined && (index - start) * BLOCK >= LARGEST_REQUEST;
      if (start !== undefined && (have || full)) {
        flights.push(this.#fly(start, index - 1));
        start = undefined;
      }
      if (!have) start ??= index;
    }
    return flights;
  }

  #fly(from: number, to: number): Promise<Map<number, Uint8Array>> {
    const flight = this.#fetchBlocks(from, to).finally(() => {
      for (let index = from; index <= to; index += 1) this.#flying.delete(index);
    });
    for (let index = from; index <= to; index += 1) this.#flying.set(index, flight);
    return flight;
  }

  async #fetchBlocks(from: number, to: number): Promise<Map<number, Uint8Array>> {
    const offset = from * BLOCK;
    const bytes = await this.#fetchAgain(offset, Math.min((to + 1) * BLOCK, this.size) - offset);
    const blocks = this.#split(offset, bytes);
    this.#keep(blocks);
    return blocks;
  }

  /** Cuts bytes into whole blocks; a piece of a block at the start is left out, the file's last block may be short. */
  #split(offset: number, bytes: Uint8Array): Map<number, Uint8Array> {
    const blocks = new Map<number, Uint8Array>();
    for (let index = Math.ceil(offset / BLOCK); index * BLOCK < offset + bytes.length; index += 1) {
      const from = index * BLOCK - offset;
      const to = Math.min(from + BLOCK, this.size - offset);
      if (to > bytes.length) break;
      // Copies: a view would keep the whole answer alive for as long as one block of it is.
      blocks.set(index, bytes.slice(from, to));
    }
    return blocks;
  }

  #keep(blocks: ReadonlyMap<number, Uint8Array>): void {
    for (const [index, block] of blocks) this.#blocks.set(index, block);
    while (this.#blocks.size * BLOCK > CACHE_BYTES) this.#blocks.delete(this.#blocks.keys().next().value as number);
  }

  async #readThrough(offset: number, end: number): Promise<Uint8Array> {
    const out = new Uint8Array(end - offset);
    for (let at = offset; at < end; at += LARGEST_REQUEST) {
      out.set(await this.#fetchAgain(at, Math.min(LARGEST_REQUEST, end - at)), at - offset);
    }
    return out;
  }

  /** A connection that breaks in the middle of an answer is given a second chance. */
  async #fetchAgain(offset: number, length: number): Promise<Uint8Array> {
    try {
      return await this.#fetch(offset, length);
    } catch (error) {
      if (!(error instanceof RemoteError) || error.kind !== 'offline') throw error;
      return this.#fetch(offset, length);
    }
  }

  async #fetch(offset: number, length: number): Promise<Uint8Array> {
    const { meter, transport } = this.options;
    this.#stop.signal.throwIfAborted();
    await this.#slots.take();
    try {
      this.#stop.signal.throwIfAborted();
      meter.begin(length);
      const range = { offset, length };
      const reply = await withStall(
        this.options,
        (signal) => transport.get(range, this.#pin, signal),
        this.#stop.signal,
      );
      if (reply.kind === 'changed' || (reply.kind === 'past-end' && reply.total !== this.size)) {
        throw new RemoteError('changed', 'the file has been changed on the server while it was scanned');
      }
      if (reply.kind === 'past-end') throw new RemoteError('protocol', 'the server denies bytes that it said it has');
      if (reply.kind === 'whole') {
        reply.body.cancel();
        throw new RemoteError('no-range', 'the server has stopped sending parts of the file');
      }
      const part = expectedPart(range, this.size);
      if (reply.total !== this.size || (this.#pin && reply.tag && !sameTag(this.#pin, reply.tag))) {
        reply.body.cancel();
        throw new RemoteError('changed', 'the file has been changed on the server while it was scanned');
      }
      return await readExactly(reply.body, part.length, { ...this.options, signal: this.#stop.signal });
    } finally {
      this.#slots.give();
    }
  }
}

type StallOptions = Pick<RangedOptions, 'stallMs' | 'signal'>;

/** Gives a request up when nothing comes for `stallMs`. */
async function withStall<T>(
  { stallMs }: StallOptions,
  ask: (signal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted();
  const stop = new AbortController();
  const stalled = new RemoteError('timeout', `the server has not answered for ${Math.round(stallMs / 1000)} s`);
  const timer = setTimeout(() => stop.abort(stalled), stallMs);
  const abort = () => stop.abort(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([
      ask(stop.signal),
      new Promise<never>((_, reject) => {
        stop.signal.addEventListener('abort', () => reject(stop.signal.reason as Error), { once: true });
      }),
    ]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** The body piece by piece; ends with an error when it stalls. */
async function* pieces(body: RangeBody, options: StallOptions): AsyncIterable<Uint8Array> {
  const iterator = body[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      const next = await withStall(options, () => iterator.next(), options.signal);
      if (next.done) {
        ended = true;
        return;
      }
      yield next.value;
    }
  } finally {
    if (!ended) body.cancel();
  }
}

async function readExactly(
  body: RangeBody,
  length: number,
  options: StallOptions & Pick<RangedOptions, 'meter'>,
): Promise<Uint8Array> {
  const out = new Uint8Array(length);
  let filled = 0;
  for await (const piece of pieces(body, options)) {
    options.meter.received(piece.length);
    if (filled + piece.length > length) {
      throw new RemoteError('protocol', 'the server sends more bytes than the part it announced');
    }
    out.set(piece, filled);
    filled += piece.length;
  }
  if (filled < length) throw new RemoteError('offline', 'the connection broke before the part was complete');
  return out;
}

async function takeWhole(
  body: RangeBody,
  total: number | undefined,
  options: RangedOptions,
): Promise<ClosableByteSource> {
  const { meter, spill, memoryBytes = 8 * 2 ** 20 } = options;
  const cap = spill ? meter.left : Math.min(meter.left, memoryBytes);
  const tooLarge = () =>
    new RemoteError('no-range', `the server sends whole files only, and this one is larger than ${cap} bytes`);
  if (total !== undefined && total > cap) {
    body.cancel();
    throw tooLarge();
  }
  const kept: Uint8Array[] = [];
  let place: Spill | undefined;
  let size = 0;
  try {
    for await (const piece of pieces(body, options)) {
      meter.received(piece.length);
      size += piece.length;
      if (size > cap) throw tooLarge();
      if (!place && spill && size > memoryBytes) {
        place = await spill();
        for (const earlier of kept.splice(0)) await place.write(earlier);
      }
      if (place) await place.write(piece);
      else kept.push(piece);
    }
    if (total !== undefined && size !== total) {
      throw new RemoteError('offline', 'the connection broke before the file was complete');
    }
    if (place) return await place.finish();
  } catch (error) {
    await place?.discard();
    throw error;
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const piece of kept) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return {
    size,
    read: (offset, length) =>
      Promise.resolve(bytes.subarray(Math.min(offset, size), Math.max(offset, offset + length))),
    close: () => Promise.resolve(),
  };
}
