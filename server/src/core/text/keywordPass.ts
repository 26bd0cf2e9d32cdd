import { automatonOf, type Keyword } from './automaton';
import { type AutomatonTables, Kernel } from './kernel';
import { NOTHING, type Survey, surveyAt } from './survey';

/** Keywords that all have to open a word, or none of them. */
export const keywords = (texts: readonly string[], opens: boolean): readonly Keyword[] =>
  texts.map((text) => ({ text, opens }));

/** Where the keywords of one family stand in a text, in its order. */
export class Occurrences {
  /**
   * @param numbers two of each keyword: its index in the family, and the offset behind it
   * @param first of the numbers
   * @param length keywords
   */
  constructor(
    private readonly numbers: Int32Array,
    private readonly first: number,
    readonly length: number,
  ) {}

  /** Of a family of which nothing is there. */
  static readonly NONE = new Occurrences(new Int32Array(), 0, 0);

  /** Index of the keyword in its family. */
  keyword(index: number): number {
    return this.numbers[this.first + 2 * index] as number;
  }

  /** Offset after the keyword's last character. */
  end(index: number): number {
    return this.numbers[this.first + 2 * index + 1] as number;
  }
}

/** What the first pass over a text finds. */
export interface Look {
  /** Of each family, in the order of the families. */
  readonly occurrences: readonly Occurrences[];
  /** The empty one when the text was not surveyed. */
  readonly survey: Survey;
}

/** Families of a pass, one bit for each in their order. */
export type FamilySet = number;
/** Families of a pass at most. */
const FAMILIES = 30;

/** Keywords of a family at most; the number of a word is its family's times this and its own. */
const FAMILY_BITS = 16;
const FAMILY = 1 << FAMILY_BITS;
/** Short texts are looked at together, as many as have so many characters. */
const TOGETHER = 1 << 16;

/**
 * Finds the keywords of several families in a single pass over a text, ASCII letters in either case, and surveys its
 * digits on the way.
 */
export class KeywordPass {
  readonly #kernel: Kernel;
  /** Of a text in which nothing is. */
  readonly #nothing: Look;
  /** A number for each family. */
  readonly #counts: Int32Array;

  /** @param families what {@link Look.occurrences} gives is in their order */
  constructor(families: readonly (readonly Keyword[])[]) {
    if (families.length > FAMILIES) throw new Error('too many families of keywords');
    this.#kernel = new Kernel(tablesOf(families));
    this.#counts = new Int32Array(families.length);
    this.#nothing = { occurrences: families.map(() => Occurrences.NONE), survey: NOTHING };
  }

  /**
   * What is in each of many texts.
   * @param wanted of each text the families that are looked for; of the others nothing is found
   * @param surveyed whether the texts are surveyed too
   * @param checkTime called now and then; may throw
   */
  overAll(texts: readonly string[], wanted: readonly FamilySet[], surveyed: boolean, checkTime: () => void): Look[] {
    const looks: Look[] = [];
    for (let first = 0; first < texts.length; ) {
      let last = first;
      let length = 0;
      while (last < texts.length && (last === first || length + (texts[last] as string).length <= TOGETHER)) {
        length += (texts[last] as string).length;
        last += 1;
      }
      looks.push(...this.#together(texts.slice(first, last), wanted.slice(first, last), surveyed, checkTime));
      first = last;
    }
    return looks;
  }

  #together(texts: readonly string[], wanted: readonly FamilySet[], surveyed: boolean, checkTime: () => void): Look[] {
    const kernel = this.#kernel;
    try {
      const places = kernel.load(texts);
      const base = places[0] as number;
      const found = kernel.scan(base, places[texts.length] as number, checkTime);
      const kept = new Int32Array(found.length);
      const occurrences: (readonly Occurrences[])[] = [];
      for (let i = 0, first = 0; i < texts.length; i += 1) {
        const start = (places[i] as number) - base;
        const next = (places[i + 1] as number) - base;
        let last = first;
        while (last < found.length && (found[last + 1] as number) <= next) last += 2;
        occurrences.push(this.#sort(found, first, last, start, wanted[i] as FamilySet, kept));
        first = last;
      }
      return texts.map((text, i) => {
        const survey = surveyed ? surveyAt(kernel, places[i] as number, text.length, checkTime) : NOTHING;
        const own = occurrences[i] as readonly Occurrences[];
        return own === this.#nothing.occurrences && survey === NOTHING ? this.#nothing : { occurrences: own, survey };
      });
    } finally {
      kernel.release();
    }
  }

  /**
   * Sorts `[first, last)` of the numbers found, which are of one text, by families into the same place of `kept`.
   * @param start of the text
   */
  #sort(
    found: Int32Array,
    first: number,
    last: number,
    start: number,
    wanted: FamilySet,
    kept: Int32Array,
  ): readonly Occurrences[] {
    const counts = this.#counts.fill(0);
    let any = false;
    for (let i = first; i < last; i += 2) {
      const family = (found[i] as number) >> FAMILY_BITS;
      if (((wanted >> family) & 1) === 0) continue;
      counts[family] = (counts[family] as number) + 1;
      any = true;
    }
    if (!any) return this.#nothing.occurrences;
    const own: Occurrences[] = [];
    for (let family = 0, at = first; family < counts.length; family += 1) {
      const count = counts[family] as number;
      own.push(count > 0 ? new Occurrences(kept, at, count) : Occurrences.NONE);
      // From here on where the next one of the family goes to.
      counts[family] = at;
      at += 2 * count;
    }
    for (let i = first; i < last; i += 2) {
      const word = found[i] as number;
      const family = word >> FAMILY_BITS;
      if (((wanted >> family) & 1) === 0) continue;
      const at = counts[family] as number;
      kept[at] = word & (FAMILY - 1);
      kept[at + 1] = (found[i + 1] as number) - start;
      counts[family] = at + 2;
    }
    return own;
  }
}

/** The tables of an automaton for the words of all families. */
function tablesOf(families: readonly (readonly Keyword[])[]): AutomatonTables {
  const all: Keyword[] = [];
  const numbers: number[] = [];
  for (const [family, keywords] of families.entries()) {
    if (keywords.length > FAMILY) throw new Error('too many keywords');
    for (const [index, keyword] of keywords.entries()) {
      all.push(keyword);
      numbers.push(family * FAMILY + index);
    }
  }
  const { kinds, rows, firstOutput, outputs, reach } = automatonOf(all);
  if (!(rows instanceof Uint16Array)) throw new Error('too many keywords');
  const words: number[] = [];
  const begins = [0];
  for (const ends of outputs) {
    for (const keyword of ends) words.push(numbers[keyword] as number);
    begins.push(words.length);
  }
  return {
    columns: kinds.map((kind) => kind * 2),
    rows,
    firstOutput,
    outputs: Uint32Array.from(begins),
    words: Int32Array.from(words),
    reach,
  };
}

/**
 * Looks at texts that are no segments for the keywords of one family. The pass is made for the first of them.
 * @param surveyed whether the texts are surveyed too
 */
export function singleReader(
  words: () => readonly Keyword[],
  surveyed: boolean,
): (text: string, checkTime: () => void) => { occurrences: Occurrences; survey: Survey } {
  let pass: KeywordPass | undefined;
  return (text, checkTime) => {
    pass ??= new KeywordPass([words()]);
    const { occurrences, survey } = pass.overAll([text], [1], surveyed, checkTime)[0] as Look;
    return { occurrences: occurrences[0] as Occurrences, survey };
  };
}
