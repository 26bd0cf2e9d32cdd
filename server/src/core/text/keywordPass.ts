import { type Automaton, automatonOf } from './automaton';

/** What is looked for: ASCII, in either case. */
export interface Keyword {
  readonly text: string;
  /** It begins a word: no letter, digit or underscore stands before it, but for the letter of an escape such as `\\n`. */
  readonly opens: boolean;
}

/** Keywords that all have to open a word, or none of them. */
export const keywords = (texts: readonly string[], opens: boolean): readonly Keyword[] =>
  texts.map((text) => ({ text, opens }));

/** Where the keywords of one family stand in a text, in its order. */
export class Occurrences {
  readonly #keywords: number[] = [];
  readonly #ends: number[] = [];

  get length(): number {
    return this.#ends.length;
  }

  add(keyword: number, end: number): void {
    this.#keywords.push(keyword);
    this.#ends.push(end);
  }

  /** Index of the keyword in its family. */
  keyword(index: number): number {
    return this.#keywords[index] as number;
  }

  /** Offset after the keyword's last character. */
  end(index: number): number {
    return this.#ends[index] as number;
  }
}

const LANES = 4;
/** Characters of a lane at most; what is looked at between two calls of `checkTime` is that of all lanes. */
const LANE = 1 << 13;
const CHUNK = LANES * LANE;
/** Shorter texts are not worth setting up the lanes. */
const SHORT = 512;

// One text is read at a time, and nothing is called between filling these and reading them.
const BYTES = new Uint8Array(CHUNK + 256);
const STATES = new Uint32Array(CHUNK);
const ENDS = new Uint32Array(CHUNK);
const ENCODER = new TextEncoder();

/**
 * Finds the keywords of several families in a single pass over a text, ASCII letters in either case. A step of an
 * automaton waits for the one before it, so a stretch of ASCII is read in four lanes at once.
 */
export class KeywordPass {
  readonly #automaton: Automaton;
  /** Of each output state, for each word: family, index in the family, and its length when it has to open a word. */
  readonly #words: readonly (readonly number[])[];
  /** Characters before a place that the state there depends on. */
  readonly #reach: number;
  readonly #families: number;

  /** @param families what {@link over} gives is in their order */
  constructor(families: readonly (readonly Keyword[])[]) {
    const owners = new Map<string, number[]>();
    for (const [family, keywords] of families.entries()) {
      for (const [index, { text, opens }] of keywords.entries()) {
        const lower = text.toLowerCase();
        const words = owners.get(lower) ?? [];
        words.push(family, index, opens ? text.length : 0);
        owners.set(lower, words);
      }
    }
    const all = [...owners.keys()];
    this.#automaton = automatonOf(all);
    this.#words = this.#automaton.outputs.map((ends) =>
      ends.flatMap((keyword) => owners.get(all[keyword] as string) as number[]),
    );
    this.#reach = Math.max(0, ...all.map(({ length }) => length)) - 1;
    if (this.#reach > 255) throw new Error('a keyword is longer than 256 characters');
    this.#families = families.length;
  }

  /**
   * @param wanted families that are looked for; of the others nothing is found
   * @param checkTime called now and then; may throw
   */
  over(text: string, wanted: readonly boolean[], checkTime: () => void): Occurrences[] {
    const found = Array.from({ length: this.#families }, () => new Occurrences());
    if (text.length < SHORT) this.#scan(text, 0, text.length, wanted, found);
    else {
      for (let from = 0; from < text.length; from += CHUNK) {
        const to = Math.min(text.length, from + CHUNK);
        const first = Math.max(0, from - this.#reach);
        const { read, written } = ENCODER.encodeInto(text.slice(first, to), BYTES);
        // Outside ASCII a character is more than a byte.
        if (read === written && read === to - first && to - from >= SHORT)
          this.#lanes(text, first, from, to, wanted, found);
        else this.#scan(text, from, to, wanted, found);
        checkTime();
      }
    }
    return found;
  }

  /** Reads `[from, to)`, beginning as far in front of it as a keyword may. */
  #scan(text: string, from: number, to: number, wanted: readonly boolean[], found: readonly Occurrences[]): void {
    const { next, firstOutput } = this.#automaton;
    let state = 0;
    for (let i = Math.max(0, from - this.#reach); i < to; i += 1) {
      const c = text.charCodeAt(i);
      state = c < 128 ? (next[state * 128 + c] as number) : 0;
      if (state >= firstOutput && i >= from) this.#tell(text, state, i + 1, wanted, found);
    }
  }

  /** As {@link #scan}, for what stands in BYTES. @param first offset of the first byte */
  #lanes(
    text: string,
    first: number,
    from: number,
    to: number,
    wanted: readonly boolean[],
    found: readonly Occurrences[],
  ): void {
    const { next, firstOutput } = this.#automaton;
    const size = (to - from) >> 2;
    const start0 = from - first;
    const start1 = start0 + size;
    const start2 = start1 + size;
    const start3 = start2 + size;
    let state0 = this.#stateAt(start0);
    let state1 = this.#stateAt(start1);
    let state2 = this.#stateAt(start2);
    let state3 = this.#stateAt(start3);
    let hits0 = 0;
    let hits1 = LANE;
    let hits2 = 2 * LANE;
    let hits3 = 3 * LANE;
    for (let i = 0; i < size; i += 1) {
      state0 = next[state0 * 128 + (BYTES[start0 + i] as number)] as number;
      state1 = next[state1 * 128 + (BYTES[start1 + i] as number)] as number;
      state2 = next[state2 * 128 + (BYTES[start2 + i] as number)] as number;
      state3 = next[state3 * 128 + (BYTES[start3 + i] as number)] as number;
      if (state0 >= firstOutput) {
        STATES[hits0] = state0;
        ENDS[hits0] = start0 + i;
        hits0 += 1;
      }
      if (state1 >= firstOutput) {
        STATES[hits1] = state1;
        ENDS[hits1] = start1 + i;
        hits1 += 1;
      }
      if (state2 >= firstOutput) {
        STATES[hits2] = state2;
        ENDS[hits2] = start2 + i;
        hits2 += 1;
      }
      if (state3 >= firstOutput) {
        STATES[hits3] = state3;
        ENDS[hits3] = start3 + i;
        hits3 += 1;
      }
    }
    const behind = first + 1;
    this.#tellAll(text, 0, hits0, behind, wanted, found);
    this.#tellAll(text, LANE, hits1, behind, wanted, found);
    this.#tellAll(text, 2 * LANE, hits2, behind, wanted, found);
    this.#tellAll(text, 3 * LANE, hits3, behind, wanted, found);
    for (let i = start3 + size; i < to - first; i += 1) {
      state3 = next[state3 * 128 + (BYTES[i] as number)] as number;
      if (state3 >= firstOutput) this.#tell(text, state3, behind + i, wanted, found);
    }
  }

  /** State in front of a byte. */
  #stateAt(at: number): number {
    const { next } = this.#automaton;
    let state = 0;
    for (let i = Math.max(0, at - this.#reach); i < at; i += 1)
      state = next[state * 128 + (BYTES[i] as number)] as number;
    return state;
  }

  #tellAll(
    text: string,
    from: number,
    to: number,
    behind: number,
    wanted: readonly boolean[],
    found: readonly Occurrences[],
  ): void {
    for (let i = from; i < to; i += 1)
      this.#tell(text, STATES[i] as number, behind + (ENDS[i] as number), wanted, found);
  }

  #tell(text: string, state: number, end: number, wanted: readonly boolean[], found: readonly Occurrences[]): void {
    const words = this.#words[state - this.#automaton.firstOutput] as readonly number[];
    for (let i = 0; i < words.length; i += 3) {
      const family = words[i] as number;
      const opening = words[i + 2] as number;
      if (wanted[family] && (opening === 0 || opensWord(text, end - opening)))
        (found[family] as Occurrences).add(words[i + 1] as number, end);
    }
  }
}

function opensWord(text: string, at: number): boolean {
  if (at === 0) return true;
  const c = text.charCodeAt(at - 1);
  const word = (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || (c >= 48 && c <= 57) || c === 95;
  return !word || text.charCodeAt(at - 2) === BACKSLASH;
}

const BACKSLASH = 92;

/** Finds the keywords of one family in texts that are no segments. The pass is made for the first of them. */
export function singleReader(words: () => readonly Keyword[]): (text: string, checkTime: () => void) => Occurrences {
  let pass: KeywordPass | undefined;
  return (text, checkTime) => {
    pass ??= new KeywordPass([words()]);
    return pass.over(text, [true], checkTime)[0] as Occurrences;
  };
}
