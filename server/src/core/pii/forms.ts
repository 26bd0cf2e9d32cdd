/**
 * Tells quickly which of many patterns a text may begin with: what stands for a letter is known exactly, all digits are
 * one. Nearly every word of a program begins with none. The patterns are read into one automaton (Glushkov, "The abstract
 * theory of automata", 1961), whose states are made as texts come to need them.
 */
import { closesHere } from './bounds';

/** The first kinds are the letters in either case. */
const DIGIT = 26;
/** A letter outside ASCII. */
const OTHER_LETTER = 27;
const SEPARATORS = '- ./:_+';
/** What stands in no pattern. */
const NONE = 28 + SEPARATORS.length;
const KINDS = NONE + 1;
/** A state's row has its followers by kind, and behind them what is told where it is reached: a number, or 0. */
const TOLD = KINDS;
const ROW = KINDS + 1;

function kindOf(c: number): number {
  if (c >= 48 && c <= 57) return DIGIT;
  if (c >= 97 && c <= 122) return c - 97;
  if (c >= 65 && c <= 90) return c - 65;
  if (c >= 0xc0) return OTHER_LETTER;
  const separator = SEPARATORS.indexOf(String.fromCharCode(c));
  return separator < 0 ? NONE : 28 + separator;
}

/** Kinds that may stand at a position of a pattern: 1 for each of them. */
type Kinds = Uint8Array;

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
    /** Kinds of each position, and the positions that may follow it. */
    private readonly kinds: Kinds[],
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
    if (match[2]) return { ...this.#position(kindsOfSet(SEPARATORS)), empty: true };
    return this.#position(kindsOfSet(match[1] ?? match[0]));
  }

  #position(kinds: Kinds): Part {
    const position = this.kinds.push(kinds) - 1;
    this.follows.push(new Set());
    return { first: [position], last: [position], empty: false };
  }
}

const sets = new Map<string, Kinds>();

/** Kinds of the characters of a set: `0-9A-FX`, `- `, `\d`. */
function kindsOfSet(set: string): Kinds {
  const known = sets.get(set);
  if (known) return known;
  const kinds = new Uint8Array(KINDS);
  for (const [part] of set.matchAll(/\\?[^\\]-\\?[^\]]|\\?./gu)) {
    if (part === '\\d') {
      kinds[DIGIT] = 1;
      continue;
    }
    const ends = part.replace(/\\/g, '').replace(/(?<=.)-(?=.)/, '');
    const last = ends.codePointAt(ends.length - 1) as number;
    for (let c = ends.codePointAt(0) as number; c <= last; c += 1) kinds[kindOf(c)] = 1;
  }
  if (kinds[NONE]) throw new Error(`a character is of no kind: ${set}`);
  sets.set(set, kinds);
  return kinds;
}

export class Forms<V> {
  readonly #kinds: Kinds[] = [];
  /** Positions that may follow each one. */
  #follows: readonly (readonly number[])[] = [];
  /** Patterns that end with a position. */
  readonly #ends = new Map<number, number>();
  /** Positions of each state, by their text, and where its row begins. */
  readonly #states = new Map<string, number>();
  readonly #positions: (readonly number[])[] = [];
  /** Rows of the states: -1 for a follower that was not asked for yet. State 0 leads nowhere. */
  readonly #next: number[] = [];
  readonly #kindOf = Uint8Array.from({ length: 0xc0 }, (_, c) => kindOf(c));
  /** Sets of patterns, what is told of them, and their numbers by their text. */
  readonly #patternsOf: (readonly number[])[] = [[]];
  readonly #told: (V | undefined)[] = [undefined];
  readonly #numbers = new Map<string, number>();
  readonly #unions = new Map<number, number>();
  #initial = -1;

  /**
   * @param patterns regular expressions of digits, letters and the separators `-./:_+` and space
   * @param tell what is to be told of a text that may begin with some of the patterns, given in their order
   */
  constructor(
    private readonly patterns: readonly RegExp[],
    private readonly tell: (which: readonly number[]) => V,
  ) {}

  /** @throws Error for a pattern that it cannot read */
  #read(): void {
    const first: number[] = [];
    const follows: Set<number>[] = [];
    for (const [index, { source }] of this.patterns.entries()) {
      const part = new PatternReader(source, this.#kinds, follows).read();
      first.push(...part.first);
      for (const position of part.last) this.#ends.set(position, index);
    }
    this.#state([]);
    // The state in front of a text is where all first positions can be reached from.
    const begin = this.#kinds.push(new Uint8Array(KINDS)) - 1;
    this.#follows = [...follows.map((after) => [...after]), first];
    this.#initial = this.#state([begin]);
  }

  /** What is told of the patterns that may match from `start` on, to a place where a value may end; undefined of none. */
  at(text: string, start: number): V | undefined {
    // A start of the program asks for none.
    if (this.#initial < 0) this.#read();
    const kinds = this.#kindOf;
    const follow = this.#next;
    let state = this.#initial;
    let found = 0;
    for (let i = start; ; i += 1) {
      const c = text.charCodeAt(i);
      const accepted = follow[state + TOLD] as number;
      if (accepted !== 0 && closesHere(text, i)) found = found === 0 ? accepted : this.#union(found, accepted);
      // Behind the end of a text there is none.
      const kind = c < 0xc0 ? (kinds[c] as number) : c >= 0xc0 ? OTHER_LETTER : NONE;
      let next = follow[state + kind] as number;
      if (next < 0) next = this.#make(state, kind);
      if (next === 0) return this.#told[found];
      state = next;
    }
  }

  #make(state: number, kind: number): number {
    const reached = new Set<number>();
    for (const position of this.#positions[state / ROW] as readonly number[])
      for (const next of this.#follows[position] as readonly number[])
        if ((this.#kinds[next] as Kinds)[kind]) reached.add(next);
    const next = this.#state([...reached].sort((a, b) => a - b));
    this.#next[state + kind] = next;
    return next;
  }

  #state(positions: readonly number[]): number {
    const key = positions.join();
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const state = this.#next.length;
    this.#states.set(key, state);
    this.#positions.push(positions);
    for (let kind = 0; kind < KINDS; kind += 1) this.#next.push(positions.length === 0 ? 0 : -1);
    this.#next.push(this.#set(positions.flatMap((position) => this.#ends.get(position) ?? [])));
    return state;
  }

  /** The number of a set of patterns. */
  #set(patterns: readonly number[]): number {
    if (patterns.length === 0) return 0;
    const sorted = [...new Set(patterns)].sort((a, b) => a - b);
    const key = sorted.join();
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#told.push(this.tell(sorted)) - 1;
    this.#patternsOf.push(sorted);
    this.#numbers.set(key, number);
    return number;
  }

  #union(a: number, b: number): number {
    if (a === b) return a;
    const key = a * SETS + b;
    let union = this.#unions.get(key);
    if (union === undefined) {
      union = this.#set([...(this.#patternsOf[a] as readonly number[]), ...(this.#patternsOf[b] as readonly number[])]);
      this.#unions.set(key, union);
    }
    return union;
  }
}

/** Numbers of sets are below this. */
const SETS = 2 ** 26;
