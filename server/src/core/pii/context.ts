/** What stands around a value and tells what it is: a label, a key, a variable, a column header. */

const PRELUDE_LINES = 5;
const BEFORE = 90;
const AFTER = 40;

/** Words as they can be compared: lower case, one space between them, identifiers split at underscores and humps. */
export function normaliseLabel(text: string): string {
  const flat = text.replace(/[^\p{L}\p{N}&]+/gu, ' ');
  const split = flat.replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2');
  return ` ${(split === flat ? flat : `${split} | ${flat}`).trim().toLowerCase()} `;
}

/** A test of a normalised label, with the phrases it looks for. */
export interface LabelTest {
  (label: string): boolean;
  readonly phrases: readonly string[];
}

/**
 * A test for any of the phrases in a normalised label. Phrases of six letters or more also stand as the first part of a
 * longer word (German compounds); phrases in scripts without spaces may stand anywhere.
 */
export function anyOf(...phrases: string[]): LabelTest {
  const parts = phrases.map((phrase) => {
    const escaped = phrase.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    if (/[^\u0000-\u024f]/.test(phrase)) return escaped;
    return phrase.length >= 6 ? `(?<!\\p{L})${escaped}` : `(?<!\\p{L})${escaped}s?(?!\\p{L})`;
  });
  const pattern = new RegExp(parts.join('|'), 'u');
  return Object.assign((label: string) => pattern.test(label), { phrases });
}

/** Says quickly that no phrase of many tests can be in a text: every phrase begins with one of these words. */
export class FirstWords {
  readonly #words = new Set<string>();
  readonly #stems = new Set<string>();
  #anyScript = false;

  constructor(tests: Iterable<LabelTest>) {
    for (const { phrases } of tests) {
      for (const phrase of phrases) {
        const word = phrase.split(' ')[0] as string;
        if (/[^\u0000-\u024f]/.test(word)) this.#anyScript = true;
        if (phrase.length >= STEM && word.length >= STEM) this.#stems.add(word.slice(0, STEM));
        this.#words.add(word);
        this.#words.add(`${word}s`);
      }
    }
  }

  mayOccur(text: string): boolean {
    if (this.#anyScript && /[\u0e00-\uffff]/.test(text)) return true;
    for (const [word] of text.matchAll(/[A-Za-z\u00c0-\u024f]+/g)) {
      if (this.#has(word.toLowerCase())) return true;
      if (
        HUMP.test(word) &&
        word
          .replace(HUMPS, '$1 $2')
          .toLowerCase()
          .split(' ')
          .some((part) => this.#has(part))
      )
        return true;
    }
    return false;
  }

  #has(word: string): boolean {
    return this.#words.has(word) || (word.length >= STEM && this.#stems.has(word.slice(0, STEM)));
  }
}

const STEM = 6;
const HUMP = /[a-z][A-Z]/;
const HUMPS = /([a-z])([A-Z])/g;

/**
 * Label of one place: the same line on both sides, what opens the list it stands in, and the header or key path given.
 * Looks at a bounded stretch only, so that a file of one line costs no more than one of many.
 */
export function labelAround(text: string, start: number, end: number, header: string): string {
  return new Labels(text, header).at(start, end);
}

const PRELUDE_LIMIT = 600;

/** The nearest line above that has letters, when all between are bare values. */
function opener(text: string, lineStart: number): string {
  const lines = text.slice(Math.max(0, lineStart - PRELUDE_LIMIT), lineStart - 1).split('\n');
  for (let i = lines.length - 1; i >= Math.max(0, lines.length - PRELUDE_LINES); i -= 1) {
    const line = lines[i] as string;
    if (/\p{L}{2}/u.test(line)) return line.slice(-BEFORE);
  }
  return '';
}

/** Labels of the places of one text, remembering what is the same for a whole line. */
export class Labels {
  #lineStart = -1;
  #opener = '';
  #block = -1;
  #passes = false;

  constructor(
    private readonly text: string,
    private readonly header: string,
  ) {}

  /**
   * Whether the wider neighbourhood has any of the words at all, so that most places need no label of their own.
   * Answers for a whole block at once.
   */
  mayPass(start: number, words: FirstWords): boolean {
    const block = start >> BLOCK_BITS;
    if (block !== this.#block) {
      this.#block = block;
      const from = block << BLOCK_BITS;
      const region = this.text.slice(
        Math.max(0, from - PRELUDE_LIMIT - BEFORE),
        from + (1 << BLOCK_BITS) + AFTER + BEFORE,
      );
      this.#passes = words.mayOccur(`${this.header} ${region}`);
    }
    return this.#passes;
  }

  /** As {@link labelAround}; the empty string when there is not one letter around. */
  at(start: number, end: number): string {
    const back = this.text.slice(Math.max(0, start - BEFORE), start);
    const newline = back.lastIndexOf('\n');
    const before = newline < 0 ? back : back.slice(newline + 1);
    const ahead = this.text.slice(end, end + AFTER);
    const lineEnd = ahead.indexOf('\n');
    const after = lineEnd < 0 ? ahead : ahead.slice(0, lineEnd);
    let prelude = '';
    if (newline >= 0 && !LETTER.test(before)) {
      const lineStart = start - before.length;
      if (lineStart !== this.#lineStart) {
        this.#lineStart = lineStart;
        this.#opener = opener(this.text, lineStart);
      }
      prelude = this.#opener;
    }
    const raw = `${this.header} ${prelude} ${before} | ${after}`;
    return LETTER.test(raw) ? normaliseLabel(raw) : '';
  }
}

const BLOCK_BITS = 10;
const LETTER = /[A-Za-z\u00c0-\uffff]/;
