/**
 * Tells quickly whether a text begins with what has the form of any of many patterns: which of its characters are digits,
 * letters and separators. What has none of the forms matches none of the patterns, and that is nearly every word of a
 * program. The patterns are read into one automaton over these few kinds of characters (Glushkov, "The abstract theory of
 * automata", 1961), whose states are made as texts come to need them.
 */
import { isWordCode } from './hits';

const DIGIT = 0;
const LETTER = 1;
/** A letter outside ASCII. */
const OTHER_LETTER = 2;
const SEPARATORS = ' -./:_+';
const KINDS = 3 + SEPARATORS.length;
/** What stands in no pattern. */
const NONE = -1;

function kindOf(c: number): number {
  if (c >= 48 && c <= 57) return DIGIT;
  if ((c >= 97 && c <= 122) || (c >= 65 && c <= 90)) return LETTER;
  if (c >= 0xc0) return OTHER_LETTER;
  const separator = SEPARATORS.indexOf(String.fromCharCode(c));
  return separator < 0 ? NONE : 3 + separator;
}

const KIND = Int8Array.from({ length: 0xc0 }, (_, c) => kindOf(c));

/** A part of a pattern as its positions: those it may begin with and end with, and whether it may be empty. */
interface Part {
  readonly first: readonly number[];
  readonly last: readonly number[];
  readonly empty: boolean;
}

const EMPTY: Part = { first: [], last: [], empty: true };

/** Reads a pattern: sets, groups, alternatives, counted repetitions. What looks ahead is taken to be true. */
class PatternReader {
  #at = 0;

  constructor(
    private readonly source: string,
    /** Kinds of each position, as bits, and the positions that may follow it. */
    private readonly kinds: number[],
    private readonly follows: Set<number>[],
  ) {}

  read(): Part {
    const whole = this.#alternatives();
    if (this.#at < this.source.length) throw new Error(`not read: ${this.source.slice(this.#at)}`);
    return whole;
  }

  #alternatives(): Part {
    let all = this.#sequence();
    while (this.source[this.#at] === '|') {
      this.#at += 1;
      const other = this.#sequence();
      all = {
        first: [...all.first, ...other.first],
        last: [...all.last, ...other.last],
        empty: all.empty || other.empty,
      };
    }
    return all;
  }

  #sequence(): Part {
    let whole = EMPTY;
    while (this.#at < this.source.length && !'|)'.includes(this.source[this.#at] as string))
      whole = this.#joined(whole, this.#repeated());
    return whole;
  }

  #joined(left: Part, right: Part): Part {
    for (const position of left.last) for (const next of right.first) this.follows[position]?.add(next);
    return {
      first: left.empty ? [...left.first, ...right.first] : left.first,
      last: right.empty ? [...left.last, ...right.last] : right.last,
      empty: left.empty && right.empty,
    };
  }

  #repeated(): Part {
    const start = this.#at;
    const once = this.#atom();
    const [least, most] = this.#counts();
    if (least === 1 && most === 1) return once;
    const after = this.#at;
    let whole = EMPTY;
    for (let i = 0; i < most; i += 1) {
      let part = once;
      if (i > 0) {
        this.#at = start;
        part = this.#atom();
      }
      whole = this.#joined(whole, i < least ? part : { ...part, empty: true });
    }
    this.#at = after;
    return whole;
  }

  #counts(): [least: number, most: number] {
    if (this.source[this.#at] === '?') {
      this.#at += 1;
      return [0, 1];
    }
    const counts = /\{(\d+)(?:,(\d+))?\}/y;
    counts.lastIndex = this.#at;
    const match = counts.exec(this.source);
    if (!match) return [1, 1];
    this.#at = counts.lastIndex;
    return [Number(match[1]), Number(match[2] ?? match[1])];
  }

  #atom(): Part {
    const group = /\((\?[:!=])?/y;
    group.lastIndex = this.#at;
    const open = group.exec(this.source);
    if (open) {
      this.#at = group.lastIndex;
      const inner = this.#alternatives();
      if (this.source[this.#at] !== ')') throw new Error(`a group has no end: ${this.source}`);
      this.#at += 1;
      return open[1] === '?!' || open[1] === '?=' ? EMPTY : inner;
    }
    const set = /\[((?:[^\]\\]|\\.)+)\]|\\(\d)|\\(.)|[A-Za-z0-9 _-]|[^\\[\](){}?*+|.^$]/y;
    set.lastIndex = this.#at;
    const match = set.exec(this.source);
    if (!match) throw new Error(`not read: ${this.source.slice(this.#at)}`);
    this.#at = set.lastIndex;
    // What is the same as a group before: a separator, if there was one.
    if (match[2]) return { ...this.#position(SEPARATOR_KINDS), empty: true };
    return this.#position(match[1] ? kindsOfSet(match[1]) : kindsOfSet(match[0]));
  }

  #position(kinds: number): Part {
    const position = this.kinds.push(kinds) - 1;
    this.follows.push(new Set());
    return { first: [position], last: [position], empty: false };
  }
}

const SEPARATOR_KINDS = [...SEPARATORS].reduce((bits, c) => bits | (1 << kindOf(c.charCodeAt(0))), 0);

/** Kinds of the characters of a set, as bits: `0-9A-FX`, `- `, `\d`. */
function kindsOfSet(set: string): number {
  let bits = 0;
  for (const [part] of set.matchAll(/\\?.-\\?[^\]]|\\?./gu)) {
    if (part === '\\d') bits |= 1 << DIGIT;
    // The ends of a range of letters or digits are of the kind of all of it.
    else
      for (const c of part.replace(/\\/g, '').replace(/(?<=.)-(?=.)/, ''))
        bits |= 1 << kindOf(c.codePointAt(0) as number);
  }
  if (bits < 0) throw new Error(`a character is of no kind: ${set}`);
  return bits;
}

export class Forms {
  readonly #kinds: number[] = [];
  readonly #follows: Set<number>[] = [];
  readonly #ends = new Set<number>();
  /** Positions of each state, by their text, and its number. */
  readonly #states = new Map<string, number>();
  readonly #positions: (readonly number[])[] = [];
  readonly #accepts: boolean[] = [];
  /** State after a state and a kind; -1 for what was not asked yet. State 0 leads nowhere. */
  readonly #next: number[] = [];
  #initial = NONE;

  /** @param patterns regular expressions of digits, letters and the separators `-./:_+` and space */
  constructor(private readonly patterns: readonly RegExp[]) {}

  /** @throws Error for a pattern that it cannot read */
  #read(): void {
    const first: number[] = [];
    for (const { source } of this.patterns) {
      const part = new PatternReader(source, this.#kinds, this.#follows).read();
      first.push(...part.first);
      for (const position of part.last) this.#ends.add(position);
    }
    this.#state([]);
    // The state in front of a text is where all first positions can be reached from.
    const begin = this.#kinds.push(0) - 1;
    this.#follows.push(new Set(first));
    this.#initial = this.#state([begin]);
  }

  /** Whether a text may match one of the patterns from `start` on, to a place where a word ends. */
  mayBegin(text: string, start: number): boolean {
    // A start of the program asks for none.
    if (this.#initial === NONE) this.#read();
    let state = this.#initial;
    for (let i = start; ; i += 1) {
      const c = text.charCodeAt(i);
      if (this.#accepts[state] && !isWordCode(c)) return true;
      const kind = c < 0xc0 ? (KIND[c] as number) : c >= 0xc0 ? OTHER_LETTER : NONE;
      if (kind < 0) return false;
      let next = this.#next[state * KINDS + kind] as number;
      if (next < 0) next = this.#make(state, kind);
      if (next === 0) return false;
      state = next;
    }
  }

  #make(state: number, kind: number): number {
    const reached = new Set<number>();
    for (const position of this.#positions[state] as readonly number[])
      for (const next of this.#follows[position] as Set<number>)
        if (((this.#kinds[next] as number) >> kind) & 1) reached.add(next);
    const next = this.#state([...reached].sort((a, b) => a - b));
    this.#next[state * KINDS + kind] = next;
    return next;
  }

  #state(positions: readonly number[]): number {
    const key = positions.join();
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const state = this.#states.size;
    this.#states.set(key, state);
    this.#positions.push(positions);
    this.#accepts.push(positions.some((position) => this.#ends.has(position)));
    for (let kind = 0; kind < KINDS; kind += 1) this.#next.push(positions.length === 0 ? 0 : -1);
    return state;
  }
}
