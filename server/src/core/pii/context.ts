/** What stands around a value and tells what it is: a label, a key, a variable, a column header. */
import { type FarNames, isRule } from './columns';

const PRELUDE_LINES = 5;
const BEFORE = 90;
const AFTER = 40;

/**
 * What is no part of a word, and where a word begins with a capital: `mobileNo`, `NHSNumber`. Many scripts write vowels as
 * marks, which are parts of words. Those of all scripts take several times as long.
 */
const ANY_SCRIPT = { other: /[^\p{L}\p{M}\p{N}&]+/gu, hump: /(\p{Ll})(?=\p{Lu})|(\p{Lu})(?=\p{Lu}\p{Ll})/gu };
const ASCII_ONLY = { other: /[^A-Za-z0-9&]+/g, hump: /([a-z])(?=[A-Z])|([A-Z])(?=[A-Z][a-z])/g };

/** Words as they can be compared: lower case, one space between them, identifiers split at underscores and humps. */
export function normaliseLabel(text: string): string {
  const foreign = OTHER_LETTER.test(text);
  const { other, hump } = foreign ? ANY_SCRIPT : ASCII_ONLY;
  const flat = (foreign ? text.normalize('NFC') : text).replace(other, ' ');
  const split = flat.replace(hump, '$1$2 ');
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
export function anyOf(...given: string[]): LabelTest {
  const phrases = given.flatMap(spellings);
  // Made when it is first asked: a start of the program asks none of them.
  let patterns: readonly [rough: RegExp, exact: RegExp] | undefined;
  const test = (label: string): boolean => {
    patterns ??= [new RegExp(phrases.map(escaped).join('|')), patternOf(phrases)];
    // Looking behind at every letter of a label takes much longer than looking for the words.
    return patterns[0].test(label) && patterns[1].test(label);
  };
  return Object.assign(test, { phrases });
}

/** A phrase as it stands, without its accents, and as a German writes it who has no umlauts: columns are often named so. */
function spellings(phrase: string): string[] {
  if (!/[\u00c0-\u024f]/.test(phrase)) return [phrase];
  const german = phrase.replace(/[äöüß]/g, (c) => ({ ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss' })[c] as string);
  return [...new Set([phrase, german, withoutMarks(phrase)])];
}

const withoutMarks = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/ı/g, 'i')
    .replace(/ł/g, 'l')
    .replace(/ø/g, 'o')
    .replace(/ß/g, 'ss');

const escaped = (phrase: string): string => phrase.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function patternOf(phrases: readonly string[]): RegExp {
  const parts = phrases.map((phrase) => {
    const words = escaped(phrase);
    if (/[^\u0000-\u024f]/.test(phrase)) return words;
    return phrase.length >= 6 ? `(?<!\\p{L})${words}` : `(?<!\\p{L})${words}s?(?!\\p{L})`;
  });
  return new RegExp(parts.join('|'), 'u');
}

/** A test for any of the phrases in a label that does not match `other`: `account number` of a bank, not of AWS. */
export function butNot(other: RegExp, ...phrases: string[]): LabelTest {
  const test = anyOf(...phrases);
  return Object.assign((label: string) => test(label) && !other.test(label), { phrases });
}

/** Says quickly that no phrase of many tests can be in a stretch of text: every phrase begins with one of these words. */
export class FirstWords {
  /** Each word, and whether it may be the beginning of a longer one. Made when it is first asked. */
  #words: ReadonlyMap<string, boolean> | undefined;
  /** What has a hash: the beginning of a word, a whole word. Most words of a text are given up after a few letters. */
  readonly #hashes = new Uint8Array(HASHES);
  #longest = 0;

  constructor(private readonly tests: readonly LabelTest[]) {}

  #make(): ReadonlyMap<string, boolean> {
    const words = new Map<string, boolean>();
    for (const { phrases } of this.tests) {
      for (const phrase of phrases) {
        const word = phrase.split(' ')[0] as string;
        // Those in other scripts are left to the text's own characters.
        if (OTHER_LETTER.test(word)) continue;
        if (/[^a-z]/.test(word)) throw new Error(`a phrase does not begin with letters: ${phrase}`);
        words.set(word, words.get(word) === true || (word === phrase && phrase.length >= STEM));
      }
    }
    for (const word of words.keys()) {
      this.#longest = Math.max(this.#longest, word.length);
      let hash = 0;
      for (let i = 0; i < word.length; i += 1) {
        hash = hashed(hash, word.charCodeAt(i));
        this.#hashes[hash] = (this.#hashes[hash] as number) | (i + 1 < word.length ? BEGINNING : WHOLE);
      }
    }
    return words;
  }

  /** Whether a phrase may begin in `[from, to)`, identifiers split at underscores and humps. */
  mayOccur(text: string, from = 0, to = text.length): boolean {
    return this.next(text, from, to) < to;
  }

  /** Offset in `[from, to)` at which a phrase may begin, the first; `to` when there is none. */
  next(text: string, from: number, to: number): number {
    this.#words ??= this.#make();
    let before = from > 0 ? text.charCodeAt(from - 1) : 0;
    for (let i = from; i < to; i += 1) {
      const c = text.charCodeAt(i);
      if (c >= 0xc0) return i;
      if (isLetter(c) && beginsAt(text, i, before) && this.#begins(text, i, to)) return i;
      before = c;
    }
    return to;
  }

  /** Whether one of the words begins at `start`, where a word begins, and ends where one may end. */
  #begins(text: string, start: number, to: number): boolean {
    let hash = 0;
    const last = Math.min(to, start + this.#longest);
    for (let i = start; i < last; i += 1) {
      const c = text.charCodeAt(i);
      if (!isLetter(c)) return false;
      hash = hashed(hash, c | 32);
      const kind = this.#hashes[hash] as number;
      if (kind === 0) return false;
      if ((kind & WHOLE) === 0) continue;
      const open = this.#words?.get(text.slice(start, i + 1).toLowerCase());
      if (open !== undefined && (open || endsAt(text, i + 1))) return true;
    }
    return false;
  }
}

/** Hashes are below this, a power of two. */
const HASHES = 1 << 13;
/** Of a hash. */
const BEGINNING = 1;
const WHOLE = 2;
const hashed = (hash: number, letter: number): number => (Math.imul(hash, 31) + letter) & (HASHES - 1);

/** Whether a word may begin at the letter at `i`: the first of some, a hump, the last capital of `NHSNumber`. */
function beginsAt(text: string, i: number, before: number): boolean {
  if (!isLetter(before)) return true;
  return !isLower(text.charCodeAt(i)) && (isLower(before) || isLower(text.charCodeAt(i + 1)));
}

/** Whether a word may end at a place, or its plural behind it. */
function endsAt(text: string, end: number): boolean {
  const last = text.charCodeAt(end - 1);
  const next = text.charCodeAt(end);
  if (!isLetter(next) || (isLower(last) && !isLower(next))) return true;
  const after = text.charCodeAt(end + 1);
  if (!isLower(last) && !isLower(next) && isLower(after)) return true;
  return (next | 32) === 115 && (!isLetter(after) || (isLower(next) && !isLower(after)));
}

const STEM = 6;
const OTHER_LETTER = /[^\u0000-\u007f]/;
const isLower = (c: number): boolean => c >= 97 && c <= 122;
const isLetter = (c: number): boolean => isLower(c) || (c >= 65 && c <= 90);

/**
 * Label of one place: the same line on both sides, what opens the list it stands in, and the header or key path given.
 * Looks at a bounded stretch only, so that a file of one line costs no more than one of many.
 */
export function labelAround({ text, header, far }: Labelled, start: number, end: number): string {
  return new Labels({ text, header, far }).at(start, end);
}

/** A text whose places have labels. */
export interface Labelled {
  readonly text: string;
  /** A label for all of the text. */
  readonly header: string;
  readonly far?: FarNames | undefined;
}

const PRELUDE_LIMIT = 600;

/** What opens the list that a line stands in. */
interface Opener {
  /** Where the line begins. */
  readonly of: number;
  /** The nearest line above that has letters, when all between are bare values: how many lines above, and its place. */
  readonly above: number;
  readonly start: number;
  readonly text: string;
}

/** @param known of a line above, from where on it is the same unless that is too far away */
function openerOf(text: string, lineStart: number, known: Opener | undefined): Opener {
  const least = Math.max(0, lineStart - PRELUDE_LIMIT);
  let end = lineStart - 1;
  for (let line = 0; line < PRELUDE_LINES && end >= least; line += 1) {
    if (known && end + 1 === known.of) {
      if (known.text === '') break;
      const above = line + known.above;
      if (above < PRELUDE_LINES && known.start >= least) return { ...known, of: lineStart, above };
    }
    let start = end;
    let speaks = false;
    let foreign = false;
    let inLetters = false;
    for (; start > least; start -= 1) {
      const c = text.charCodeAt(start - 1);
      if (c === 10) break;
      const letter = isLetter(c);
      speaks ||= letter && inLetters;
      foreign ||= c >= 0x80;
      inLetters = letter;
    }
    if ((speaks || (foreign && TWO_LETTERS.test(text.slice(start, end)))) && !isRule(text.slice(start, end)))
      return { of: lineStart, above: line, start, text: text.slice(Math.max(start, end - BEFORE), end) };
    end = start - 1;
  }
  return { of: lineStart, above: 0, start: 0, text: '' };
}

const TWO_LETTERS = /\p{L}{2}/u;

/** Looks for phrases in one line from ascending places on, so that neighbourhoods that overlap are read once. */
class Ahead {
  #from = 0;
  #found = -1;

  forget(): void {
    this.#found = -1;
  }

  /** As {@link FirstWords.next}, `to` being the end of the line. */
  next(text: string, from: number, to: number, words: FirstWords): number {
    if (from < this.#from || from > this.#found) {
      this.#found = words.next(text, from, to);
      this.#from = from;
    }
    return this.#found;
  }
}

/** Labels of the places of one text, remembering what is the same for a whole line. One is asked about one set of words only. */
export class Labels {
  #opener: Opener | undefined;
  /** What was asked last for the words, and whether it has any. */
  #askedOpener = '';
  #openerPasses = false;
  #askedNames = '';
  #namesPass = false;
  #headerPasses: boolean | undefined;
  #lineFrom = 0;
  #lineTo = -1;
  #linePasses: boolean | undefined;
  /** No letter stands in the line before this place. */
  #lettersFrom = 0;
  /** The next phrase from the left end of a place's neighbourhood on, and from behind the place on. */
  readonly #before = new Ahead();
  readonly #behind = new Ahead();

  private readonly text: string;
  private readonly header: string;
  private readonly far: FarNames | undefined;

  constructor({ text, header, far }: Labelled) {
    this.text = text;
    this.header = header;
    this.far = far;
  }

  /** Whether the label of a place may hold any of the words, so that most places need no label of their own. */
  mayPass(start: number, end: number, words: FirstWords): boolean {
    this.#headerPasses ??= this.header !== '' && words.mayOccur(this.header);
    if (this.#headerPasses) return true;
    const { text } = this;
    if (start < this.#lineFrom || end > this.#lineTo) this.#readLine(start, end, words);
    if (this.#linePasses) return true;
    const from = Math.max(this.#lineFrom, start - BEFORE);
    if (this.#linePasses === undefined) {
      if (this.#before.next(text, from, this.#lineTo, words) < start) return true;
      if (this.#behind.next(text, end, this.#lineTo, words) < end + AFTER) return true;
    }
    if (this.far) {
      const names = this.far.around(start, end);
      if (names !== this.#askedNames) {
        this.#askedNames = names;
        this.#namesPass = words.mayOccur(names);
      }
      if (this.#namesPass) return true;
    }
    if (from > this.#lineFrom || from === 0 || this.#firstLetter(start) < start) return false;
    const opener = this.#openerOf(from);
    if (opener !== this.#askedOpener) {
      this.#askedOpener = opener;
      this.#openerPasses = words.mayOccur(opener);
    }
    return this.#openerPasses;
  }

  /** Whether the line of a place has any of the words, asked once for a line; undefined when the line is long. */
  #readLine(start: number, end: number, words: FirstWords): void {
    const { text } = this;
    let from = start;
    while (from > 0 && text.charCodeAt(from - 1) !== 10) from -= 1;
    this.#lineFrom = from;
    const stop = text.indexOf('\n', end);
    this.#lineTo = stop < 0 ? text.length : stop;
    this.#linePasses =
      this.#lineTo - this.#lineFrom > LONG_LINE ? undefined : words.mayOccur(text, this.#lineFrom, this.#lineTo);
    this.#lettersFrom = this.#lineFrom;
    this.#before.forget();
    this.#behind.forget();
  }

  /** Where the first letter of the line stands, if it is in front of a place. */
  #firstLetter(end: number): number {
    const { text } = this;
    let at = this.#lettersFrom;
    for (; at < end; at += 1) {
      const c = text.charCodeAt(at);
      if (isLetter(c) || c >= 0xc0) break;
    }
    this.#lettersFrom = at;
    return at;
  }

  #openerOf(lineStart: number): string {
    if (this.#opener?.of !== lineStart) this.#opener = openerOf(this.text, lineStart, this.#opener);
    return this.#opener.text;
  }

  /** As {@link labelAround}; the empty string when there is not one letter around. */
  at(start: number, end: number): string {
    const back = this.text.slice(Math.max(0, start - BEFORE), start);
    const newline = back.lastIndexOf('\n');
    const before = newline < 0 ? back : back.slice(newline + 1);
    const ahead = this.text.slice(end, end + AFTER);
    const lineEnd = ahead.indexOf('\n');
    const after = lineEnd < 0 ? ahead : ahead.slice(0, lineEnd);
    const prelude = newline >= 0 && !LETTER.test(before) ? this.#openerOf(start - before.length) : '';
    const name = this.far?.of(start, end) ?? '';
    const raw = `${this.header} ${name} ${prelude} ${before} | ${after}`;
    return LETTER.test(raw) ? normaliseLabel(raw) : '';
  }
}

/** Characters of a line of which the neighbourhood of a place is only a part. */
const LONG_LINE = 400;
const LETTER = /[A-Za-z\u00c0-\uffff]/;
