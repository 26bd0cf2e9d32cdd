/**
 * All pickles of one file: stacked ones, those behind junk or behind an error, and opcodes that hide in the payloads of
 * others. Linear in the length of the file.
 */
import type { Budget } from '../budget';
import type { ByteSource } from '../io/byteSource';
import { isGrave, isQuiet } from './judge';
import { isGlobalLine, PickleMachine, type PickleTrace, PickleWindow } from './machine';
import { HIGHEST_PROTOCOL, OPCODES } from './opcodes';

export interface FoundStream {
  trace: PickleTrace;
  /** How it was found: where a loader begins, right after another, by search, or in the payload of an opcode. */
  origin: 'first' | 'stacked' | 'searched' | 'hidden';
}

export interface StreamOptions {
  budget: Budget;
  start?: number;
  end?: number;
  /** Ranges of raw data (tensors, arrays) that no search needs to look into. */
  skip?: (offset: number) => number | undefined;
  /** Look for pickles behind bytes that are none. */
  search?: boolean;
}

const CHUNK = 1024 * 1024;
/** Opcodes that beginnings which turn out to be none may cost, per byte of the file and at least. */
const WASTE_FLOOR = 20_000_000;
const IDENTIFIER = /^[A-Za-z_][\w.]*$/;

/** True when a stream that was found by search is more than a coincidence of bytes. */
function isCredible(trace: PickleTrace): boolean {
  return trace.globals.some(
    (global) =>
      global.unresolved === false &&
      global.module.length >= 2 &&
      IDENTIFIER.test(global.module) &&
      (global.name === '' || IDENTIFIER.test(global.name)),
  );
}

/** What a beginning that turns out to be none costs apart from its opcodes. */
const FALSE_START = 50;
const ARRAYS_TRIED = 64;

/**
 * The streams in the order of the file. One that met a budget is the last and has `trace.interrupted`.
 * @throws BudgetExceeded from the search between streams
 */
export async function* findStreams(source: ByteSource, options: StreamOptions): AsyncGenerator<FoundStream, void> {
  const { budget } = options;
  const end = Math.min(options.end ?? source.size, source.size);
  const window = new PickleWindow(source);
  let waste = Math.max(WASTE_FLOOR, end * 4);
  const run = (start: number, loose: boolean, until = end): Promise<PickleTrace> =>
    new PickleMachine(window, { budget, quiet: isQuiet, loose, end: until }).run(start);

  /** Offset of the next place in [from, to) where a pickle may begin; -1 when there is none. */
  const search = async (from: number, to: number): Promise<number> => {
    let at = from;
    while (at < to) {
      const skipTo = options.skip?.(at);
      if (skipTo !== undefined && skipTo > at) {
        at = skipTo;
        continue;
      }
      budget.checkTime();
      const inWindow = at - window.start;
      if (inWindow < 0 || inWindow + 512 > window.buffer.length) {
        window.buffer = await source.read(at, CHUNK);
        window.start = at;
        if (window.buffer.length === 0) return -1;
      }
      const { buffer } = window;
      const last =
        window.start + buffer.length >= to
          ? Math.min(buffer.length, to - window.start)
          : Math.max(1, buffer.length - 300);
      for (let i = at - window.start; i < last; i += 1) {
        const b = buffer[i] as number;
        if (b === 0x80) {
          if ((buffer[i + 1] as number) <= HIGHEST_PROTOCOL && OPCODES[buffer[i + 2] ?? 0xff] !== undefined) {
            return window.start + i;
          }
        } else if (b === 0x63 || b === 0x69) {
          if (isGlobalLine(buffer, i, buffer.length)) return window.start + i;
        } else if (b === 0x8c && isNamePair(buffer, i)) return window.start + i;
      }
      at = window.start + Math.max(last, at - window.start + 1);
    }
    return -1;
  };

  /** Streams that a loader meets inside `trace`: where its frames or its arrays are read differently. */
  async function* hidden(trace: PickleTrace): AsyncGenerator<FoundStream, void> {
    for (const inner of trace.machine.inner) yield { trace: inner, origin: 'stacked' };
    for (const { resumeAt, until } of trace.anomalies) {
      if (resumeAt === undefined || until === undefined) continue;
      for (let at = resumeAt; at >= 0 && at < until && waste > 0; at = await search(at + 1, until)) {
        const other = await run(at, true);
        waste -= other.opcodes + FALSE_START;
        if (isCredible(other)) {
          yield { trace: other, origin: 'hidden' };
          break;
        }
      }
    }
    // joblib takes array bytes out of the stream, the ordinary unpickler would run them.
    for (const { from } of trace.machine.arrays.slice(0, ARRAYS_TRIED)) {
      const other = await run(from, true, Math.min(end, from + CHUNK));
      if (isCredible(other)) yield { trace: other, origin: 'hidden' };
    }
  }

  let at = options.start ?? 0;
  let origin: FoundStream['origin'] = 'first';
  while (at < end) {
    budget.checkTime();
    if (origin === 'first' || origin === 'stacked') {
      const trace = await run(at, false);
      const plausible =
        origin === 'first' || (trace.complete ? trace.opcodes > 1 : isCredible(trace) && trace.opcodes > 2);
      if (plausible) {
        yield { trace, origin };
        if (trace.interrupted) return;
        yield* hidden(trace);
        at = trace.complete ? trace.end : Math.max(trace.error?.offset ?? trace.end, at + 1);
        origin = trace.complete ? 'stacked' : 'searched';
        continue;
      }
      origin = 'searched';
    }
    if (options.search === false) return;
    const next = await search(at, end);
    if (next < 0) return;
    const trace = await run(next, true);
    if (isCredible(trace)) {
      yield { trace, origin: 'searched' };
      if (trace.interrupted) return;
      yield* hidden(trace);
      at = trace.complete ? trace.end : Math.max(trace.error?.offset ?? trace.end, next + 1);
      origin = trace.complete ? 'stacked' : 'searched';
    } else {
      if (trace.interrupted) throw trace.interrupted;
      waste -= trace.opcodes + FALSE_START;
      // A false beginning may swallow a true one in its strings, so the search goes on right behind its first byte.
      at = waste > 0 ? next + 1 : Math.max(next + 1, trace.end);
    }
  }
}

/** Two short strings with names in them and STACK_GLOBAL behind: protocol 4 without its header. */
function isNamePair(buf: Uint8Array, at: number): boolean {
  let i = at;
  for (let k = 0; k < 2; k += 1) {
    if (buf[i] !== 0x8c) return false;
    const length = buf[i + 1] as number;
    if (length < 2 || length > 120 || i + 2 + length >= buf.length) return false;
    for (let j = i + 2; j < i + 2 + length; j += 1) {
      const c = buf[j] as number;
      const word =
        (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a) || c === 0x5f || c === 0x2e || (c >= 0x30 && c <= 0x39);
      if (!word) return false;
    }
    i += 2 + length;
    if (buf[i] === 0x94) i += 1;
    else if (buf[i] === 0x71) i += 2;
  }
  return buf[i] === 0x93;
}

/**
 * Whether bytes at the start of a file are a pickle, by reading them as one.
 * @param head the first bytes
 * @param size of the whole file
 * @returns how sure that is; undefined when they are none
 */
export async function looksLikePickle(
  head: Uint8Array,
  size: number,
  source: ByteSource,
  budget: Budget,
): Promise<'certain' | 'likely' | undefined> {
  const first = head[0];
  if (first === undefined || OPCODES[first] === undefined) return undefined;
  const magic = first === 0x80 && (head[1] ?? 0xff) <= HIGHEST_PROTOCOL;
  if (first === 0x80 && !magic) return undefined;
  // A zip archive begins with the letter of PERSID, and a loader without persistent ids stops right there.
  if (first === 0x50 && head[1] === 0x4b && (head[2] as number) < 0x20) return undefined;
  const trace = await new PickleMachine(new PickleWindow(source), {
    budget,
    quiet: isQuiet,
    end: Math.min(size, 64 * 1024),
  }).run(0);
  const cut = size > 64 * 1024 && (trace.error?.offset ?? 0) > 60 * 1024;
  const called = trace.calls.length > 0 || trace.globals.some((g) => g.calls > 0);
  if (magic) {
    if (trace.complete || cut || trace.globals.length > 0) return 'certain';
    return trace.opcodes >= 6 || trace.error?.reason.startsWith('a length that runs past') ? 'likely' : undefined;
  }
  if (trace.opcodes < 2) return undefined;
  // No text begins with the name of a function that runs code, spelt as a GLOBAL.
  const grave = trace.globals[0] && isGrave(trace.globals[0]) && isCredible(trace);
  if (grave && trace.opcodes >= 2) return 'certain';
  // Protocols 0 and 1 have no magic and are mostly text, so that text must not be taken for them.
  if (isCredible(trace) && (called || trace.complete || (cut && trace.opcodes > 100))) return 'certain';
  if (trace.complete && trace.end === size && trace.opcodes >= 4 && hasStructure(trace)) return 'likely';
  return cut && trace.opcodes > 1000 && hasStructure(trace) ? 'likely' : undefined;
}

/** MARK or an empty container, and the memo: what every pickler writes and ordinary text hardly ever forms. */
function hasStructure({ histogram }: PickleTrace): boolean {
  const count = (...codes: number[]): number => codes.reduce((sum, code) => sum + (histogram[code] as number), 0);
  const containers = count(0x28, 0x5d, 0x7d, 0x29);
  return containers > 0 && (count(0x70, 0x71, 0x72) > 0 || count(0x58, 0x4b, 0x4a, 0x47, 0x55) > 0);
}
