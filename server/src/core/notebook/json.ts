/**
 * What a reader of JSON gives the notebook reader. Objects are walked, not built: a value is where it stands in the text,
 * and nothing is copied that is not asked for. Syntax as in RFC 8259.
 */

/** `[start, end)` of a value in the text, quotes and brackets included. */
export interface JsonSpan {
  readonly start: number;
  readonly end: number;
}

/** A value on a way through the text. */
export interface JsonValue extends JsonSpan {
  /** Number of the value in the index of its text; without meaning where there is no index. */
  readonly token: number;
}

/** A member of an object. */
export interface JsonMember extends JsonValue {
  readonly key: string;
  readonly keyStart: number;
  readonly keyEnd: number;
}

/** A string or scalar with the keys that lead to it. */
export interface JsonLeaf extends JsonValue {
  /** Keys joined by `/`; empty for a value that is in arrays only, or in nothing. */
  readonly path: string;
}

/**
 * A way through values. It stands before the first; `next` goes on and tells whether there is one, and then the way itself
 * is that value until `next` is called again.
 */
export type Walk<T extends JsonValue> = T & { next(): boolean };

/** The first thing that is not JSON. */
export interface JsonDamage {
  offset: number;
  reason: string;
}

/** A text of JSON, to be walked. */
export interface Json {
  readonly text: string;
  readonly top: JsonValue;
  /** What was met on the ways so far. */
  readonly damage: JsonDamage | undefined;
  /** Members of an object in the order of the file, a key that stands twice is given twice; none of anything else. */
  members(value: JsonValue): Walk<JsonMember>;
  /** Elements of an array; none of anything else. */
  elements(value: JsonValue): Walk<JsonValue>;
  /** Every string and scalar in the value, in one pass whatever the depth. */
  leaves(value: JsonValue): Walk<JsonLeaf>;
  /** What a string says, and the text of anything else as it stands. */
  content(value: JsonValue): string;
  /** What a string says, or each string of an array; nothing of anything else. */
  strings(value: JsonValue): readonly string[];
}

export const QUOTE = 34;
export const COMMA = 44;
export const COLON = 58;
export const OPEN_BRACKET = 91;
export const BACKSLASH = 92;
export const CLOSE_BRACKET = 93;
export const OPEN_BRACE = 123;
export const CLOSE_BRACE = 125;

export type JsonKind = 'object' | 'array' | 'string' | 'scalar';

/** What begins at an offset. */
export function kindAt(text: string, at: number): JsonKind {
  const c = text.charCodeAt(at);
  if (c === QUOTE) return 'string';
  if (c === OPEN_BRACE) return 'object';
  return c === OPEN_BRACKET ? 'array' : 'scalar';
}

/** Contents of the strings of an array, one by one. */
export function elementStrings(json: Json, array: JsonValue): string[] {
  const strings: string[] = [];
  for (const element = json.elements(array); element.next(); )
    if (kindAt(json.text, element.start) === 'string') strings.push(json.content(element));
  return strings;
}

/** Offset of the first character from `at` on that is no white space. */
export function skipSpace(text: string, at: number): number {
  let i = at;
  for (;;) {
    const c = text.charCodeAt(i);
    if (c === 32 || c === 10 || c === 13 || c === 9) i += 1;
    else return i;
  }
}

/** Offset after the string whose opening quote is at `at`; -1 when it has no end. */
export function stringEnd(text: string, at: number): number {
  for (let quote = text.indexOf('"', at + 1); quote > 0; quote = text.indexOf('"', quote + 1)) {
    if (!isEscaped(text, quote, at + 1)) return quote + 1;
  }
  return -1;
}

/** True when an odd number of backslashes stands before `at`, not looking before `from`. */
export function isEscaped(text: string, at: number, from: number): boolean {
  let first = at;
  while (first > from && text.charCodeAt(first - 1) === BACKSLASH) first -= 1;
  return (at - first) % 2 === 1;
}

/** Numbers and the three words of JSON, and those that Python writes besides. */
const SCALAR = /^(?:true|false|null|NaN|-?Infinity|-?\d{1,400}(?:\.\d{1,400})?(?:[eE][+-]?\d{1,9})?)$/;

export const isScalar = (text: string, start: number, end: number): boolean =>
  SCALAR.test(text.slice(start, Math.min(end, start + 1000)));

/** Keys longer than this are data; key paths are cut to their last keys. */
export const MAX_KEY = 200;
const MAX_DEPTH = 12;

/** @param keys key of the value that is read at each depth; undefined inside an array */
export function keyPath(keys: readonly (string | undefined)[]): string {
  let path: string | undefined;
  for (let i = Math.max(0, keys.length - MAX_DEPTH); i < keys.length; i += 1) {
    const key = keys[i];
    if (key !== undefined) path = path === undefined ? key : `${path}/${key}`;
  }
  return path ?? '';
}
