/**
 * Tells by its first characters what can be no token: which characters may stand at each of the first places of what a
 * pattern matches. Most words that begin like a token go on like none, and a regular expression takes much longer to say so.
 */

/** Places that are told, a bit for each. */
const PLACES = 16;
/** The bit of all places behind them. */
const BEHIND = 1 << PLACES;
const ASCII = 128;

/** Characters that a set of a regular expression matches, ASCII only. */
const characters = new Map<string, readonly number[]>();

function charactersOf(set: string): readonly number[] {
  let known = characters.get(set);
  if (!known) {
    const regex = new RegExp(`^${set}$`, 's');
    known = Array.from({ length: ASCII }, (_, c) => c).filter((c) => regex.test(String.fromCharCode(c)));
    characters.set(set, known);
  }
  return known;
}

/** Reads a pattern from places at which it may begin to those at which it may end: each a set of bits. */
class PlaceReader {
  readonly may = new Uint16Array(ASCII);
  #at = 0;

  constructor(private readonly source: string) {}

  read(): Uint16Array {
    const ends = this.#alternatives(1);
    if (this.#at < this.source.length) throw new Error(`not read: ${this.source.slice(this.#at)}`);
    // Behind the shortest match anything may follow.
    const free = -(ends & -ends);
    for (let c = 0; c < ASCII; c += 1) this.may[c] = (this.may[c] as number) | free;
    return this.may;
  }

  #alternatives(from: number): number {
    let ends = this.#sequence(from);
    while (this.source[this.#at] === '|') {
      this.#at += 1;
      ends |= this.#sequence(from);
    }
    return ends;
  }

  #sequence(from: number): number {
    let ends = from;
    while (this.#at < this.source.length && !'|)'.includes(this.source[this.#at] as string))
      ends = this.#repeated(ends);
    return ends;
  }

  #repeated(from: number): number {
    const start = this.#at;
    let place = this.#atom(from);
    const [least, most] = this.#counts();
    const after = this.#at;
    let ends = (least === 0 ? from : 0) | (least <= 1 ? place : 0);
    for (let count = 2; count <= most && place !== BEHIND; count += 1) {
      this.#at = start;
      place = this.#atom(place);
      if (count >= least) ends |= place;
    }
    this.#at = after;
    return ends | (place & BEHIND);
  }

  #counts(): [least: number, most: number] {
    const counts = /\?|\{(\d+)(?:,(\d+))?\}/y;
    counts.lastIndex = this.#at;
    const match = counts.exec(this.source);
    if (!match) return [1, 1];
    this.#at = counts.lastIndex;
    return match[1] === undefined ? [0, 1] : [Number(match[1]), Number(match[2] ?? match[1])];
  }

  #atom(from: number): number {
    const group = /\((?:\?(?:(<?[!=])|:|<\w+>))?/y;
    group.lastIndex = this.#at;
    const open = group.exec(this.source);
    if (open) {
      this.#at = group.lastIndex;
      // What looks around is taken to be true.
      const ends = this.#alternatives(open[1] ? BEHIND : from);
      if (this.source[this.#at] !== ')') throw new Error(`a group has no end: ${this.source}`);
      this.#at += 1;
      return open[1] ? from : ends;
    }
    const set = /\[(?:[^\]\\]|\\.)+\]|\\(?:[dws]|[^A-Za-z0-9])|[^\\[\](){}?*+|^$]/y;
    set.lastIndex = this.#at;
    const match = set.exec(this.source);
    if (!match) throw new Error(`not read: ${this.source.slice(this.#at)}`);
    this.#at = set.lastIndex;
    for (const c of charactersOf(match[0])) this.may[c] = (this.may[c] as number) | from;
    return ((from << 1) | (from & BEHIND)) & (2 * BEHIND - 1);
  }
}

export class Opening {
  /** Of each ASCII character the places at which it may stand. Made when it is first asked. */
  #may: Uint16Array | undefined;

  /** @param pattern source of a regular expression without unbounded repetition, case-sensitive */
  constructor(private readonly pattern: string) {}

  /**
   * Whether what the pattern matches may begin at a place.
   * @throws Error for a pattern that it cannot read
   */
  mayBegin(text: string, at: number): boolean {
    this.#may ??= new PlaceReader(this.pattern).read();
    const may = this.#may;
    const places = Math.min(PLACES, text.length - at);
    for (let place = 0; place < places; place += 1) {
      const c = text.charCodeAt(at + place);
      // What is not ASCII is not told here, and no token that the end of a text cuts off.
      if (c >= ASCII) return true;
      if ((((may[c] as number) >> place) & 1) === 0) return false;
    }
    return true;
  }
}
