import type { JoinedLiterals, Literal } from './literals';
import type { Range } from './markup';

/** A name and the value the text gives it. */
export interface Assignment {
  key: string;
  keyStart: number;
  value: string;
  /** Range of the value in the text, without quotes. Of the first part when it is put together from several. */
  start: number;
  end: number;
  /** Range of all literals, quotes and prefixes included, when the value is put together from several. */
  joined?: Range;
  operator: 'assign' | 'compare' | 'argument' | 'tag' | 'option' | 'default' | 'cell' | 'item';
  /** `literal`: a quoted string; `config`: a bare value of a configuration file; `prose`: a bare word of anything else. */
  context: 'literal' | 'config' | 'prose';
  /** The place alone does not say that the name is given this value, so the value must look like a secret by itself. */
  loose?: boolean;
}

/** How bare values are read: code has none, a configuration file has little else, prose has some. */
export type Surroundings = 'code' | 'config' | 'shell' | 'prose';

const NAME_LIMIT = 64;
const LINE_LIMIT = 400;

function isNameCode(c: number): boolean {
  if (c > 127) return c >= 192 && c <= 591 && c !== 215 && c !== 247;
  return (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || (c >= 48 && c <= 57) || c === 95 || c === 45 || c === 46;
}

/** The name around `[start, end)`, with hyphens and dots inside it. */
export function nameAround(text: string, start: number, end: number): Range {
  let from = start;
  const first = Math.max(0, start - NAME_LIMIT);
  while (from > first && isNameCode(text.charCodeAt(from - 1))) from -= 1;
  let to = end;
  const last = Math.min(text.length, end + NAME_LIMIT);
  while (to < last && isNameCode(text.charCodeAt(to))) to += 1;
  while (from < start && (text[from] === '.' || text[from] === '-')) from += 1;
  while (to > end && (text[to - 1] === '.' || text[to - 1] === '-')) to -= 1;
  return { start: from, end: to };
}

/** The line before `at`, as far as it is looked at. */
export function lineBefore(text: string, at: number): string {
  return text.slice(lineStart(text, at), at);
}

/** Where the line of a place begins, or what is looked at of it. */
function lineStart(text: string, at: number): number {
  const first = Math.max(0, at - LINE_LIMIT);
  let start = at;
  while (start > first && text.charCodeAt(start - 1) !== 10) start -= 1;
  return start;
}

/** `//registry.example.com/path/:` of npm's configuration, before the name of what belongs to the registry. */
const REGISTRY_KEY = /\/\/[\w.-]{1,100}(?::\d{1,5})?\/[^\s:=]{0,200}:_?[a-zA-Z]/y;

/** Whether a place of a line is in a string or a comment, by the quotes and `#` or `//` before it on the line. */
export function lineState(text: string, at: number): 'code' | 'string' | 'comment' | 'shell' {
  let i = lineStart(text, at);
  while (i < at && (text[i] === ' ' || text[i] === '\t')) i += 1;
  if (text[i] === '!' || text[i] === '%' || (text[i] === '$' && text[i + 1] === ' ')) return 'shell';
  let quote = '';
  for (; i < at; i += 1) {
    const c = text[i] as string;
    if (quote) {
      if (c === '\\') i += 1;
      else if (text.startsWith(quote, i)) {
        i += quote.length - 1;
        quote = '';
      }
    } else if (c === '"' || c === "'" || c === '`') {
      quote = c !== '`' && text.startsWith(c.repeat(3), i) ? c.repeat(3) : c;
      i += quote.length - 1;
    } else if (c === '#') return 'comment';
    else if (c === '/' && text[i + 1] === '/' && text[i - 1] !== ':') {
      REGISTRY_KEY.lastIndex = i;
      if (!REGISTRY_KEY.test(text)) return 'comment';
    }
  }
  return quote ? 'string' : 'code';
}

export function isLineStart(text: string, at: number): boolean {
  let i = at - 1;
  while (i >= 0 && at - i < 60) {
    const c = text[i];
    if (c === '\n') return true;
    if (c !== ' ' && c !== '\t' && c !== '-' && c !== '#' && c !== ';' && c !== '"' && c !== "'") return false;
    i -= 1;
  }
  return i < 0;
}

/** The longest stretch of an f-string that is text and not an expression, when it is long enough to be a secret. */
function constantPart({ value, start }: Literal): Range | undefined {
  let best: Range | undefined;
  for (const part of value.matchAll(/(?:^|\})([^{}\s]{12,})(?=\{|$)/g)) {
    const inner = part[1] as string;
    const at = start + part.index + part[0].length - inner.length;
    if (!best || inner.length > best.end - best.start) best = { start: at, end: at + inner.length };
  }
  return best;
}

/** What literals give to a name; undefined when they are formatted from other values. */
export function literalAssignment(
  text: string,
  name: Range,
  operator: Assignment['operator'],
  joined: JoinedLiterals,
): Assignment | undefined {
  const first = joined.parts[0] as Literal;
  const only = joined.parts.length === 1;
  const base = { key: text.slice(name.start, name.end), keyStart: name.start, operator, context: 'literal' as const };
  if (joined.parts.some((part) => part.formatted && part.value.includes('{'))) {
    const part = only ? constantPart(first) : undefined;
    return part && { ...base, value: text.slice(part.start, part.end), ...part, loose: true };
  }
  const last = joined.parts[joined.parts.length - 1] as Literal;
  return {
    ...base,
    value: joined.value,
    start: first.start,
    end: first.end,
    ...(!only && { joined: { start: first.outerStart, end: last.outerEnd } }),
  };
}

/** A bare stretch of the text as the value of a name. */
export function bareAssignment(
  text: string,
  name: Range,
  value: Range,
  operator: Assignment['operator'],
  context: Assignment['context'],
): Assignment | undefined {
  if (value.end - value.start < 4) return undefined;
  return {
    key: text.slice(name.start, name.end),
    keyStart: name.start,
    value: text.slice(value.start, value.end),
    start: value.start,
    end: value.end,
    operator,
    context,
  };
}
