/** Where a comment can stand in the languages of text segments. */
import { Lines, lastAtMost } from '../python/lines';
import { cellStart } from '../python/magics';
import type { SegmentLanguage, TextSegment } from '../text/document';

/** Whatever begins a comment in some language. */
const ANY = ['#', '//', '--', '<!--', ';', '/*', '*', '%', "'", 'REM', '::'];

/** What begins a comment; languages that are not named have anything, those with nothing have no comments. */
const OPENERS: Partial<Record<SegmentLanguage, readonly string[]>> = {
  python: ['#'],
  shell: ['#', 'REM', '::'],
  yaml: ['#'],
  toml: ['#'],
  env: ['#'],
  dockerfile: ['#'],
  requirements: ['#'],
  ini: ['#', ';'],
  sql: ['--', '#', '/*', '*'],
  xml: ['<!--'],
  html: ['<!--', '//', '/*', '*'],
  json: ['//', '/*', '*'],
  csv: [],
};

/** What may stand in front of a comment that is not at the beginning of its line. */
const BEFORE = /[\s;,(){}[\]"'`>]/;

/** Says which places of a segment are comments, and how far a comment of Python reaches. */
export class Comments {
  readonly #lines: Lines | undefined;
  readonly #fences: readonly number[];
  readonly #text: string;

  constructor(private readonly segment: TextSegment) {
    const { text, language } = segment;
    this.#text = text;
    const from = language === 'python' ? cellStart(text) : text.length;
    if (from < text.length || (language === 'python' && text.length === 0)) this.#lines = new Lines(text, from);
    this.#fences = language === 'markdown' ? fencesOf(text) : [];
  }

  /**
   * Whether a comment can begin at an offset.
   * @param opener what stands there: `#`, `<!--`, ...
   */
  opens(at: number, opener: string): boolean {
    const { language } = this.segment;
    const before = this.#text[at - 1];
    const free = before === undefined || BEFORE.test(before);
    const lines = this.#lines;
    if (lines && lines.at(at) >= 0) {
      // One comment may hold another: `# type: ignore  # watchtower: ignore`.
      return opener === '#' && lines.isComment(at) && (free || !lines.isComment(at - 1));
    }
    if (!free) return false;
    const start = this.#text.lastIndexOf('\n', at - 1) + 1;
    if (language === 'markdown' && opener !== '<!--' && !this.#isFenced(at)) return false;
    if (language !== 'markdown' && !(OPENERS[language] ?? ANY).includes(opener.toUpperCase())) return false;
    // These are signs of something else in the middle of a line.
    if (/^[*%:;']/.test(opener) && opener !== ';' && opener !== '%' && this.#text.slice(start, at).trim() !== '')
      return false;
    const newline = this.#text.indexOf('\n', at);
    const rest = this.#text.slice(at, Math.min(newline < 0 ? this.#text.length : newline, at + LOOK_BACK));
    return !isQuoted(this.#text.slice(Math.max(start, at - LOOK_BACK), at), rest);
  }

  /** Whether the language has no comments, so that a tool that looks at whole lines finds its word anywhere. */
  get none(): boolean {
    const { language } = this.segment;
    return language === 'csv' || language === 'json';
  }

  /**
   * Offsets of the logical line of Python that a comment stands in, when it speaks for all of it: it is the first place
   * behind an opening bracket, or it is at the end of a line that begins with what closes one. A line that cannot have a
   * comment of its own (before a backslash, within a string) is meant by the next that can.
   * @param physical whether any comment on the first or last of its lines is enough
   */
  statement(at: number, physical: boolean): { start: number; end: number } | undefined {
    const lines = this.#lines;
    const line = lines?.at(at) ?? -1;
    if (!lines || line < 0) return undefined;
    const start = lines.start(line);
    const end = lines.end(line);
    const text = this.#text;
    const begin = Math.max(start, text.lastIndexOf('\n', at - 1) + 1);
    const newline = text.indexOf('\n', at);
    const isFirst = begin === start;
    const isLast = newline < 0 || newline >= end;
    if (isFirst === isLast) return undefined;
    const code = text.slice(begin, at).trim();
    const source = text.slice(start, Math.min(end, start + LONGEST));
    const whole =
      physical ||
      (isFirst && /(?:[([{]|"""|''')$/.test(code)) ||
      (isLast && (/^(?:[)\]}]|"""|''')/.test(code) || /\\\r?\n/.test(source)));
    return whole ? { start, end } : undefined;
  }

  /** Offsets of the logical line of Python that begins on the line of an offset, when it has more lines than that. */
  statementFrom(lineStart: number, physical: boolean): { start: number; end: number } | undefined {
    const lines = this.#lines;
    if (!lines) return undefined;
    const text = this.#text;
    const newline = text.indexOf('\n', lineStart);
    const stop = newline < 0 ? text.length : newline;
    const line = lines.before(stop - 1);
    if (line < 0 || lines.start(line) < lineStart || lines.end(line) <= stop) return undefined;
    const code = text.slice(lines.start(line), stop).replace(/#.*$/, '').trim();
    return physical || /(?:[([{\\]|"""|''')$/.test(code)
      ? { start: lines.start(line), end: lines.end(line) }
      : undefined;
  }

  #isFenced(at: number): boolean {
    return lastAtMost(this.#fences.length, (i) => this.#fences[i] as number, at) % 2 === 0;
  }
}

/** Characters of a line in front of a comment in which quotes are looked for. */
const LOOK_BACK = 1000;
/** Characters of a logical line that are looked at for what continues it. */
const LONGEST = 20_000;

/** Offsets behind the lines that begin and end blocks of code (CommonMark 4.5). */
function fencesOf(text: string): number[] {
  const found: number[] = [];
  let open: string | undefined;
  for (const match of text.matchAll(/^ {0,3}(`{3,}|~{3,})([^\n]*)/gm)) {
    const fence = match[1] as string;
    if (open === undefined) open = fence;
    else if (fence[0] === open[0] && fence.length >= open.length && (match[2] as string).trim() === '')
      open = undefined;
    else continue;
    found.push(match.index + match[0].length);
  }
  return found;
}

/** Whether the place between two parts of a line lies within quotes; an apostrophe within a word opens none. */
function isQuoted(lead: string, rest: string): boolean {
  let open: string | undefined;
  for (let i = 0; i < lead.length; i += 1) {
    const c = lead[i] as string;
    if (c === '\\') i += 1;
    else if (open !== undefined) {
      if (c === open) open = undefined;
    } else if ((c === '"' || c === "'" || c === '`') && !/\w/.test(lead[i - 1] ?? '')) open = c;
  }
  return open !== undefined && rest.includes(open);
}
