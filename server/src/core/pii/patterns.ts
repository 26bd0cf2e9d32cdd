/**
 * Reads regular expressions into the positions of an automaton (Glushkov, "The abstract theory of automata", 1961): what
 * stands for a letter is known exactly, all digits are one.
 */

/** The first kinds are the letters in either case. */
export const DIGIT = 26;
/** A letter outside ASCII. */
export const OTHER_LETTER = 27;
const SEPARATORS = '- ./:_+';
/** What stands in no pattern. */
export const NONE = 28 + SEPARATORS.length;
export const KINDS = NONE + 1;

export function kindOf(c: number): number {
  if (c >= 48 && c <= 57) return DIGIT;
  if (c >= 97 && c <= 122) return c - 97;
  if (c >= 65 && c <= 90) return c - 65;
  if (c >= 0xc0) return OTHER_LETTER;
  const separator = SEPARATORS.indexOf(String.fromCharCode(c));
  return separator < 0 ? NONE : 28 + separator;
}

/** Kinds that may stand at a position of a pattern: 1 for each of them. */
export type Kinds = Uint8Array;

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

/** Many patterns as one automaton: from each position the next ones, each with the kinds that may stand there. */
export interface Positions {
  readonly kinds: readonly Kinds[];
  readonly follows: readonly (readonly number[])[];
  /** Patterns that end with a position. */
  readonly ends: ReadonlyMap<number, number>;
  /** The position in front of a text, from which all first ones can be reached. */
  readonly begin: number;
}

/**
 * @param patterns regular expressions of digits, letters and the separators `-./:_+` and space
 * @throws Error for a pattern that it cannot read
 */
export function positionsOf(patterns: readonly RegExp[]): Positions {
  const kinds: Kinds[] = [];
  const first: number[] = [];
  const follows: Set<number>[] = [];
  const ends = new Map<number, number>();
  for (const [index, { source }] of patterns.entries()) {
    const part = new PatternReader(source, kinds, follows).read();
    first.push(...part.first);
    for (const position of part.last) ends.set(position, index);
  }
  const begin = kinds.push(new Uint8Array(KINDS)) - 1;
  return { kinds, follows: [...follows.map((after) => [...after]), first], ends, begin };
}

/** Positions that are reached from any of some by a character, in their order. @param may whether it may stand at one */
export function reached(
  { kinds, follows }: Positions,
  positions: readonly number[],
  may: (kinds: Kinds) => unknown,
): readonly number[] {
  const next = new Set<number>();
  for (const position of positions)
    for (const follower of follows[position] as readonly number[])
      if (may(kinds[follower] as Kinds)) next.add(follower);
  return [...next].sort((a, b) => a - b);
}
