import { type Clause, readClauses } from './specifier';

/** A distribution that is asked for. Offsets are into the text that was parsed. */
export interface Requirement {
  kind: 'requirement';
  /** As written. */
  name: string;
  extras: string[];
  clauses: Clause[];
  /** Environment marker, as written. */
  marker?: string;
  /** Set for `name @ url`, `-e url` and bare URLs. */
  url?: Link;
  editable: boolean;
  /** How many `--hash` options it carries. */
  hashes: number;
  ecosystem: 'pypi' | 'conda';
  /** `[start, end)` of name, extras and specifier (or of the URL). */
  start: number;
  end: number;
}

export interface Link {
  text: string;
  start: number;
  end: number;
}

/** An option of pip that changes what is installed, in a file or on a command line. */
export interface InstallOption {
  kind: 'option';
  /** Long spelling: `--extra-index-url`. */
  name: string;
  value?: Link;
  /** `[start, end)` of the option with its value. */
  start: number;
  end: number;
}

/** A line that pip would refuse, or that is not understood. */
export interface UnreadLine {
  kind: 'unread';
  start: number;
  end: number;
}

export type RequirementItem = Requirement | InstallOption | UnreadLine;

/** Options that pip reads in a requirements file and their short spellings. */
const OPTION_NAMES: ReadonlyMap<string, string> = new Map([
  ['-i', '--index-url'],
  ['--index-url', '--index-url'],
  ['--pypi-url', '--index-url'],
  ['--default-index', '--index-url'],
  ['--extra-index-url', '--extra-index-url'],
  ['--index', '--extra-index-url'],
  ['-f', '--find-links'],
  ['--find-links', '--find-links'],
  ['--trusted-host', '--trusted-host'],
  ['--allow-insecure-host', '--trusted-host'],
  ['--pre', '--pre'],
  ['--prerelease', '--pre'],
  ['--no-index', '--no-index'],
  ['-r', '--requirement'],
  ['--requirement', '--requirement'],
  ['--requirements', '--requirement'],
  ['-c', '--constraint'],
  ['--constraint', '--constraint'],
  ['-e', '--editable'],
  ['--editable', '--editable'],
]);

const WITHOUT_VALUE = new Set(['--pre', '--no-index']);

/** The option's long name, for those that matter here. */
export function optionName(spelling: string): string | undefined {
  return OPTION_NAMES.get(spelling);
}

export function takesValue(name: string): boolean {
  return !WITHOUT_VALUE.has(name);
}

const NAME = /[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?/y;
const URL_START = /^(?:(?:git|hg|svn|bzr)(?:\+[a-z]+)?:\/\/|(?:https?|ftp|file):\/\/)/i;

export function isUrl(text: string): boolean {
  return URL_START.test(text);
}

const WHEEL =
  /(?:^|\/)([A-Za-z0-9][A-Za-z0-9._]*)-(\d[A-Za-z0-9.!+%_]*)(?:-\d[^-/]*)?-[^-/]+-[^-/]+-[^-/]+\.whl(?:[?#]|$)/;
const ARCHIVE = /(?:^|\/)([A-Za-z0-9][A-Za-z0-9._-]*)-(\d[A-Za-z0-9.!+_]*)\.(?:tar\.gz|zip|tar\.bz2)(?:[?#]|$)/;

/** What the file name at the end of a URL says: wheels and source archives carry name and version (PEP 427, PEP 625). */
export function distributionOfUrl(url: string): { name: string; version?: string } | undefined {
  const egg = /[#&]egg=([A-Za-z0-9][A-Za-z0-9._-]*)/.exec(url)?.[1];
  const [, name, version] = WHEEL.exec(url) ?? (/\/archive\/|\.git(?:@|$)/.test(url) ? [] : (ARCHIVE.exec(url) ?? []));
  if (name && version) return { name: egg ?? name, version: version.replace(/%2b/i, '+') };
  return egg ? { name: egg } : undefined;
}

/**
 * Reads one requirement, `name[extra]>=1.0; marker --hash=...` or a URL, that fills `[start, end)`.
 * @returns undefined when it is none
 */
export function readRequirement(text: string, start: number, end: number): Requirement | undefined {
  let from = start;
  let to = end;
  while (from < to && /\s/.test(text[from] as string)) from += 1;
  while (to > from && /\s/.test(text[to - 1] as string)) to -= 1;
  const whole = text.slice(from, to);
  if (isUrl(whole)) return urlRequirement(text, from, to);
  NAME.lastIndex = from;
  const name = NAME.exec(text)?.[0];
  if (!name || from + name.length > to) return undefined;
  let at = from + name.length;
  let last = at;
  const space = () => {
    while (at < to && (text[at] === ' ' || text[at] === '\t')) at += 1;
  };
  space();
  let extras: string[] = [];
  if (text[at] === '[' && at < to) {
    const close = text.indexOf(']', at);
    if (close < 0 || close >= to) return undefined;
    extras = text
      .slice(at + 1, close)
      .split(',')
      .map((extra) => extra.trim())
      .filter(Boolean);
    at = close + 1;
    last = at;
    space();
  }
  const base = { kind: 'requirement', name, extras, editable: false, ecosystem: 'pypi', start: from } as const;
  if (text[at] === '@' && at < to) {
    at += 1;
    space();
    const stop = /\s/.exec(text.slice(at, to));
    const urlEnd = stop ? at + stop.index : to;
    const tail = readTail(text.slice(urlEnd, to));
    if (urlEnd === at || !tail) return undefined;
    const url = { text: text.slice(at, urlEnd), start: at, end: urlEnd };
    return { ...base, clauses: [], url, ...tail, end: urlEnd };
  }
  let clauses: Clause[] = [];
  const parenthesis = text[at] === '(' && at < to;
  if (parenthesis) at += 1;
  const read = readClauses(text, at, to);
  if (read) {
    clauses = read.clauses;
    at = read.end;
    last = at;
  }
  if (parenthesis) {
    const close = text.indexOf(')', at);
    if (close < 0 || close >= to) return undefined;
    at = close + 1;
    last = at;
  }
  const tail = readTail(text.slice(at, to));
  if (!tail) return undefined;
  return { ...base, clauses, ...tail, end: last };
}

/** What may follow a specifier: a marker and the options of one requirement. */
function readTail(tail: string): { marker?: string; hashes: number } | undefined {
  const options = /(?:^|\s)--[a-z]/.exec(tail);
  const before = options ? tail.slice(0, options.index) : tail;
  const hashes = options ? (tail.slice(options.index).match(/--hash[= ]/g)?.length ?? 0) : 0;
  const trimmed = before.replace(/^[\s,]+/, '');
  if (trimmed === '') return { hashes };
  if (!trimmed.startsWith(';')) return undefined;
  return { hashes, marker: trimmed.slice(1).trim() };
}

function urlRequirement(text: string, start: number, end: number, editable = false): Requirement {
  const stop = /\s/.exec(text.slice(start, end));
  const to = stop ? start + stop.index : end;
  const link = text.slice(start, to);
  const known = distributionOfUrl(link);
  return {
    kind: 'requirement',
    name: known?.name ?? '',
    extras: [],
    clauses: [],
    url: { text: link, start, end: to },
    editable,
    hashes: text.slice(to, end).match(/--hash[= ]/g)?.length ?? 0,
    ecosystem: 'pypi',
    start,
    end: to,
  };
}

/** An option and what it is given, as one item; `-e URL` is a requirement. */
export function optionItem(
  name: string,
  start: number,
  value: Link | undefined,
  end: number,
): InstallOption | Requirement | undefined {
  if (name === '--editable') {
    if (!value || !isUrl(value.text)) return undefined;
    return {
      ...urlRequirement(value.text, 0, value.text.length, true),
      url: value,
      start: value.start,
      end: value.end,
    };
  }
  return { kind: 'option', name, start, end, ...(value && { value }) };
}

/**
 * Reads a requirements or constraints file the way pip does, line by line and without giving up on a bad one.
 * Continuations, comments, hashes, markers and options are understood; nothing that a line names is opened.
 */
export function parseRequirements(text: string): RequirementItem[] {
  const items: RequirementItem[] = [];
  // Blanks in the place of a byte order mark and of continuations keep every offset what it is.
  const joined = joinContinuations(text.replace(/^\ufeff/, ' '));
  let start = 0;
  while (start < joined.length) {
    let end = start;
    while (end < joined.length && joined[end] !== '\n' && joined[end] !== '\r') end += 1;
    readLine(joined, start, end, items);
    start = end + 1;
  }
  return items;
}

function joinContinuations(text: string): string {
  if (!text.includes('\\')) return text;
  // A comment line is not continued (pip, req_file.join_lines).
  let out = '';
  let lineStart = 0;
  let at = 0;
  const pieces: string[] = [];
  let commented = false;
  while (at < text.length) {
    const c = text[at] as string;
    if (at === lineStart) commented = /^[ \t]*#/.test(text.slice(at, at + 200));
    const newline = text[at + 1] === '\n' ? 1 : text[at + 1] === '\r' ? (text[at + 2] === '\n' ? 2 : 1) : 0;
    if (c === '\\' && newline && !commented) {
      out += ' '.repeat(1 + newline);
      at += 1 + newline;
      // What follows belongs to the same logical line, so it cannot begin a comment line of its own.
      lineStart = -1;
    } else {
      out += c;
      at += 1;
      if (c === '\n' || c === '\r') lineStart = at;
    }
    if (out.length > 4096) {
      pieces.push(out);
      out = '';
    }
  }
  pieces.push(out);
  return pieces.join('');
}

function readLine(text: string, start: number, end: number, items: RequirementItem[]): void {
  const line = text.slice(start, end);
  const comment = /(?:^|\s)#/.exec(line);
  const body = comment ? line.slice(0, comment.index) : line;
  const trimmed = body.trimStart();
  if (trimmed.trim() === '') return;
  const from = start + body.length - trimmed.length;
  const to = from + trimmed.trimEnd().length;
  if (!trimmed.startsWith('-')) {
    // A path is a requirement too, of nothing that is known here.
    items.push(readRequirement(text, from, to) ?? { kind: 'unread', start: from, end: to });
    return;
  }
  readOptions(text, from, to, items);
}

function readOptions(text: string, start: number, end: number, items: RequirementItem[]): void {
  let at = start;
  while (at < end) {
    while (at < end && /\s/.test(text[at] as string)) at += 1;
    const from = at;
    while (at < end && !/\s/.test(text[at] as string)) at += 1;
    let word = text.slice(from, at);
    if (word === '') return;
    let value: Link | undefined;
    const equals = word.startsWith('--') ? word.indexOf('=') : -1;
    if (equals > 0) {
      value = { text: word.slice(equals + 1), start: from + equals + 1, end: at };
      word = word.slice(0, equals);
    } else if (/^-[a-z]./.test(word)) {
      value = { text: word.slice(2), start: from + 2, end: at };
      word = word.slice(0, 2);
    }
    const name = optionName(word);
    if (!name) continue;
    if (!value && takesValue(name)) {
      let valueStart = at;
      while (valueStart < end && /\s/.test(text[valueStart] as string)) valueStart += 1;
      at = valueStart;
      while (at < end && !/\s/.test(text[at] as string)) at += 1;
      if (at > valueStart) value = { text: text.slice(valueStart, at), start: valueStart, end: at };
    }
    const item = optionItem(name, from, value, at);
    if (item) items.push(item);
  }
}
