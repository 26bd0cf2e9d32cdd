/**
 * The side of the text scan that looks at every character, as WebAssembly: `server/kernel` has its source. A kernel has
 * a memory of its own, into which the tables of an automaton and the texts are written that it is to look at.
 */
import { KERNEL_MODULE } from './kernelModule';

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly HEAP: { readonly value: number };
  readonly CHUNK: { readonly value: number };
  readonly OUTPUT: { readonly value: number };
  readonly STATES: { readonly value: number };
  readonly FACTS: { readonly value: number };
  readonly LINES: { readonly value: number };
  readonly COMMENTS: { readonly value: number };
  readonly NOTES: { readonly value: number };
  readonly DIVIDED: { readonly value: number };
  useAutomaton(columns: number, rows: number, first: number, outputs: number, words: number, reach: number): void;
  scan(text: number, from: number, to: number): void;
  tell(): number;
  beginLines(text: number, length: number, from: number): void;
  divide(): number;
  beginSurvey(): void;
  survey(text: number, from: number, to: number): number;
  runsSurveyed(): number;
  nothingSurveyed(): number;
}

/** The part of the WebAssembly JavaScript interface that is needed; neither Node's types nor ECMAScript's have it. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: unknown };
};

const PAGE = 1 << 16;
/** Zeros around each text, so that nothing goes on behind its end. */
const MARGIN = 32;
/** Characters that are written at once. */
const STEP = 1 << 14;
/** Characters that are tried again when not all of those are ASCII. */
const PIECE = 1 << 9;
/** Fewer characters are written one by one. */
const FEW = 48;
/** A memory that has grown past this is given back when its texts have been looked at. */
const KEPT = 1 << 25;

/** Every code unit from U+00C0 on is written as this one: it is part of a word. */
const LETTER = 0xc1;
/** Numbers that a survey tells of a whole text. */
const FACTS_LENGTH = 10;

const ENCODER = new TextEncoder();

let compiled: object | undefined;

function instance(): Exports {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(KERNEL_MODULE), (c) => c.charCodeAt(0)));
  return new WebAssembly.Instance(compiled).exports as Exports;
}

/** Tables of an automaton as the kernel reads them. */
export interface AutomatonTables {
  /** Where the kind of each byte stands in a row, in bytes. */
  readonly columns: Uint8Array;
  /** State after a state and a kind: rows of 64. */
  readonly rows: Uint16Array;
  /** The first state with output. */
  readonly firstOutput: number;
  /** For each state with output where its words begin in `words`, and the end of the last one's. */
  readonly outputs: Uint32Array;
  /** What each word is told as. */
  readonly words: Int32Array;
  /** Characters in front of a place that the state there depends on. */
  readonly reach: number;
}

/** What a survey has written, by the stretches of the text: `server/kernel/survey.ts` says what the numbers are. */
export interface SurveyNumbers {
  readonly words: readonly Int32Array[];
  readonly runs: readonly Int32Array[];
  /** Left out when there is nothing of what they tell. */
  readonly facts: Int32Array | undefined;
}

const NO_NUMBERS = new Int32Array();

/** Numbers that were told in parts. */
export function joined(parts: readonly Int32Array[]): Int32Array {
  if (parts.length === 0) return NO_NUMBERS;
  if (parts.length === 1) return parts[0] as Int32Array;
  const whole = new Int32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** What the division of a text has written: `server/kernel/lines.ts` says what the numbers are. */
export interface LineNumbers {
  readonly lines: Int32Array;
  readonly comments: Int32Array;
  readonly notes: Int32Array;
}

export class Kernel {
  #exports!: Exports;
  #bytes!: Uint8Array;
  #numbers!: Int32Array;
  /** Where texts are written, behind the tables. */
  #texts!: number;

  constructor(private readonly tables?: AutomatonTables) {
    this.#setUp();
  }

  #setUp(): void {
    const { tables } = this;
    this.#exports = instance();
    this.#view();
    let at = this.#exports.HEAP.value;
    const room = (size: number): number => {
      const place = (at + 15) & ~15;
      at = place + size;
      this.#reserve(at);
      return place;
    };
    const put = (table: Uint8Array | Uint16Array | Uint32Array | Int32Array): number => {
      const place = room(table.byteLength);
      this.#bytes.set(new Uint8Array(table.buffer, table.byteOffset, table.byteLength), place);
      return place;
    };
    if (tables) {
      const { columns, rows, firstOutput, outputs, words, reach } = tables;
      this.#exports.useAutomaton(put(columns), put(rows), firstOutput, put(outputs), put(words), reach);
    }
    this.#texts = room(0) + MARGIN;
  }

  /** Makes the memory as large as is needed; views of it before that are empty. */
  #reserve(size: number): void {
    const missing = size - this.#bytes.length;
    if (missing <= 0) return;
    this.#exports.memory.grow(Math.ceil(Math.max(missing, this.#bytes.length / 2) / PAGE));
    this.#view();
  }

  #view(): void {
    const { buffer } = this.#exports.memory;
    this.#bytes = new Uint8Array(buffer);
    this.#numbers = new Int32Array(buffer);
  }

  /** Writes texts one behind the other. @returns addresses of their first characters, and the one behind the last */
  load(texts: readonly string[]): number[] {
    const places: number[] = [];
    let at = this.#texts;
    for (const text of texts) {
      places.push(at);
      at += text.length + MARGIN;
    }
    places.push(at);
    this.#reserve(at + MARGIN);
    for (const [index, text] of texts.entries()) this.#write(text, places[index] as number);
    return places;
  }

  #write(text: string, at: number): void {
    for (let from = 0; from < text.length; from += STEP) {
      const to = Math.min(text.length, from + STEP);
      if (this.#writeAscii(text, from, to, at)) continue;
      // What is outside ASCII stands in few places of most texts.
      for (let piece = from; piece < to; piece += PIECE) {
        const end = Math.min(to, piece + PIECE);
        if (!this.#writeAscii(text, piece, end, at)) this.#writeAny(text, piece, end, at);
      }
    }
    this.#bytes.fill(0, at + text.length, at + text.length + MARGIN);
  }

  /** @returns false when `[from, to)` is not all ASCII, or too short to be worth the call */
  #writeAscii(text: string, from: number, to: number, at: number): boolean {
    if (to - from < FEW) return false;
    const part = to - from === text.length ? text : text.slice(from, to);
    const { read, written } = ENCODER.encodeInto(part, this.#bytes.subarray(at + from, at + to));
    // Outside ASCII a character is more than a byte.
    return read === written && read === to - from;
  }

  #writeAny(text: string, from: number, to: number, at: number): void {
    const bytes = this.#bytes;
    for (let i = from; i < to; i += 1) {
      const c = text.charCodeAt(i);
      bytes[at + i] = c < 0xc0 ? c : LETTER;
    }
  }

  /**
   * Finds the words of the automaton in `[first, last)` of what was loaded.
   * @param checkTime called now and then; may throw
   * @returns two numbers of each word, in the order of the text: what it is told as, and the offset behind it from
   *   `first`
   */
  scan(first: number, last: number, checkTime: () => void): Int32Array {
    const { scan, tell, CHUNK, OUTPUT } = this.#exports;
    const parts: Int32Array[] = [];
    for (let from = first; from < last; from += CHUNK.value) {
      scan(first, from - first, Math.min(last, from + CHUNK.value) - first);
      for (let count = tell(); count > 0; count = tell()) parts.push(this.#copy(OUTPUT.value, count));
      checkTime();
    }
    return joined(parts);
  }

  /**
   * Surveys the text of `length` characters at an address.
   * @returns undefined when nothing is there that a recogniser could look at
   */
  survey(address: number, length: number, checkTime: () => void): SurveyNumbers | undefined {
    const { beginSurvey, survey, runsSurveyed, nothingSurveyed, CHUNK, OUTPUT, STATES, FACTS } = this.#exports;
    const chunk = CHUNK.value;
    const words: Int32Array[] = [];
    const runs: Int32Array[] = [];
    beginSurvey();
    for (let from = 0; from < length; from += chunk) {
      const wordNumbers = survey(address, from, Math.min(length, from + chunk));
      const runNumbers = runsSurveyed();
      if (wordNumbers > 0) words.push(this.#copy(OUTPUT.value, wordNumbers));
      if (runNumbers > 0) runs.push(this.#copy(STATES.value, runNumbers));
      if (from > 0) checkTime();
    }
    if (nothingSurveyed()) return words.length > 0 || runs.length > 0 ? { words, runs, facts: undefined } : undefined;
    return { words, runs, facts: this.#copy(FACTS.value, FACTS_LENGTH) };
  }

  #copy(address: number, length: number): Int32Array {
    return this.#numbers.slice(address >> 2, (address >> 2) + length);
  }

  /**
   * Divides a Python text into its lines.
   * @param from where Python begins in it
   */
  divide(text: string, from: number): LineNumbers {
    const [address] = this.load([text]) as [number];
    const { beginLines, divide, LINES, COMMENTS, NOTES, DIVIDED } = this.#exports;
    const [lines, comments, notes]: [Int32Array[], Int32Array[], Int32Array[]] = [[], [], []];
    beginLines(address, text.length, from);
    for (let goesOn = true; goesOn; ) {
      goesOn = divide() !== 0;
      const counts = DIVIDED.value >> 2;
      lines.push(this.#copy(LINES.value, this.#numbers[counts] as number));
      comments.push(this.#copy(COMMENTS.value, this.#numbers[counts + 1] as number));
      notes.push(this.#copy(NOTES.value, this.#numbers[counts + 2] as number));
    }
    return { lines: joined(lines), comments: joined(comments), notes: joined(notes) };
  }

  /** Gives back what large texts have taken. */
  release(): void {
    if (this.#bytes.length > KEPT) this.#setUp();
  }
}
