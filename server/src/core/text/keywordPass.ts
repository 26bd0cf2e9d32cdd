import { automatonOf, type Keyword } from './automaton';
import { type AutomatonTables, Kernel } from './kernel';
import { NOTHING, type Survey, surveyAt } from './survey';

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

  /** Of a family of which nothing is there. */
  static readonly NONE = new Occurrences();

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

  /** @param families what {@link Look.occurrences} gives is in their order */
  constructor(families: readonly (readonly Keyword[])[]) {
    if (families.length > FAMILIES) throw new Error('too many families of keywords');
    this.#kernel = new Kernel(tablesOf(families));
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
    const places = kernel.load(texts);
    const base = places[0] as number;
    const found: (Occurrences[] | undefined)[] = texts.map(() => undefined);
    let index = 0;
    let start = 0;
    let next = (places[1] as number) - base;
    const note = (numbers: Int32Array, from: number, to: number) => {
      for (let i = from; i < to; i += 2) {
        const word = numbers[i] as number;
        const end = numbers[i + 1] as number;
        while (end > next) {
          index += 1;
          start = next;
          next = (places[index + 1] as number) - base;
        }
        const family = word >> FAMILY_BITS;
        if ((((wanted[index] as FamilySet) >> family) & 1) === 0) continue;
        let own = found[index];
        if (!own) {
          own = [...this.#nothing.occurrences];
          found[index] = own;
        }
        let occurrences = own[family] as Occurrences;
        if (occurrences === Occurrences.NONE) {
          occurrences = new Occurrences();
          own[family] = occurrences;
        }
        occurrences.add(word & (FAMILY - 1), end - start);
      }
    };
    try {
      kernel.scan(base, places[texts.length] as number, note, checkTime);
      return texts.map((text, i) => {
        const survey = surveyed ? surveyAt(kernel, places[i] as number, text.length, checkTime) : NOTHING;
        const occurrences = found[i];
        if (!occurrences && survey === NOTHING) return this.#nothing;
        return { occurrences: occurrences ?? this.#nothing.occurrences, survey };
      });
    } finally {
      kernel.release();
    }
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
