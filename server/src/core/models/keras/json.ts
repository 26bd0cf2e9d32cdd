import type { Budget } from '../../budget';

/** An object with every pair that the text has: Python keeps the last of two equal keys, other readers the first. */
export class JsonObject {
  readonly entries: [key: string, value: JsonValue][] = [];

  /** The value that Python's json module would keep. */
  get(key: string): JsonValue | undefined {
    for (let i = this.entries.length - 1; i >= 0; i -= 1) {
      const entry = this.entries[i] as [string, JsonValue];
      if (entry[0] === key) return entry[1];
    }
    return undefined;
  }

  /** Every value of the key, in the order of the text. */
  all(key: string): JsonValue[] {
    return this.entries.filter(([name]) => name === key).map(([, value]) => value);
  }

  text(key: string): string | undefined {
    const value = this.get(key);
    return typeof value === 'string' ? value : undefined;
  }
}

export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

export interface ParsedJson {
  value: JsonValue;
  /** Deepest nesting of arrays and objects. */
  depth: number;
  /** Keys that stand more than once in one object. */
  duplicates: string[];
  /** Where and why the text breaks off; what came before is in `value`. */
  error?: string;
  /** The text is longer than is read; not an error of the text. */
  truncated?: boolean;
}

const NUMBER = /-?(?:Infinity|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/y;
const SPACE = /[ \t\n\r]*/y;
const PLAIN = /[^"\\]*/y;
const MOST_VALUES = 3_000_000;

/**
 * Parses what Python's `json.loads` would (NaN and Infinity included) without recursion, keeping duplicate keys. A text
 * that breaks off gives what was read of it and the error.
 */
export function parseJson(text: string, budget: Budget): ParsedJson {
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  const stack: (JsonValue[] | JsonObject)[] = [];
  const keys: string[] = [];
  const duplicates = new Set<string>();
  let root: JsonValue = null;
  let depth = 0;
  let count = 0;

  const put = (value: JsonValue): void => {
    const parent = stack[stack.length - 1];
    if (parent === undefined) root = value;
    else if (parent instanceof JsonObject) {
      const key = keys[keys.length - 1] as string;
      if (duplicates.size < 20 && parent.entries.length < 200 && parent.entries.some(([name]) => name === key)) {
        duplicates.add(key);
      }
      parent.entries.push([key, value]);
    } else parent.push(value);
  };
  const match = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? '';
    at += found.length;
    return found;
  };
  const fail = (what: string): ParsedJson => ({
    value: root,
    depth,
    duplicates: [...duplicates],
    error: `${what} at character ${at}`,
  });
  const readString = (): string | undefined => {
    at += 1;
    let out = '';
    for (;;) {
      out += match(PLAIN);
      if (at >= text.length) return undefined;
      if (text[at] === '"') {
        at += 1;
        return out;
      }
      const escaped = text[at + 1];
      if (escaped === 'u') {
        out += String.fromCharCode(Number.parseInt(text.slice(at + 2, at + 6), 16) || 0);
        at += 6;
      } else {
        out += ESCAPES[escaped ?? ''] ?? escaped ?? '';
        at += 2;
      }
    }
  };

  let expectValue = true;
  for (;;) {
    match(SPACE);
    if (at >= text.length) return fail('the text ends');
    const c = text[at] as string;
    const top = stack[stack.length - 1];
    if (expectValue) {
      count += 1;
      if (count % 4096 === 0) budget.checkTime();
      if (count > MOST_VALUES) return { value: root, depth, duplicates: [...duplicates], truncated: true };
      if (c === '{' || c === '[') {
        const container: JsonValue[] | JsonObject = c === '{' ? new JsonObject() : [];
        put(container);
        stack.push(container);
        depth = Math.max(depth, stack.length);
        at += 1;
        match(SPACE);
        if (container instanceof JsonObject) keys.push('');
        if (text[at] === (c === '{' ? '}' : ']')) {
          expectValue = false;
          continue;
        }
        if (c === '[') continue;
        if (text[at] !== '"') return fail('a key is missing');
        const key = readString();
        if (key === undefined) return fail('the text ends');
        keys[keys.length - 1] = key;
        match(SPACE);
        if (text[at] !== ':') return fail('a colon is missing');
        at += 1;
        continue;
      }
      if (c === '"') {
        const value = readString();
        if (value === undefined) return fail('the text ends');
        put(value);
      } else if (text.startsWith('true', at)) {
        put(true);
        at += 4;
      } else if (text.startsWith('false', at)) {
        put(false);
        at += 5;
      } else if (text.startsWith('null', at)) {
        put(null);
        at += 4;
      } else if (text.startsWith('NaN', at)) {
        put(Number.NaN);
        at += 3;
      } else {
        const number = match(NUMBER);
        if (!number) return fail('a value is missing');
        put(Number(number));
      }
      expectValue = false;
    } else if (top === undefined) {
      return fail('text follows the value');
    } else if (c === ',') {
      at += 1;
      if (top instanceof JsonObject) {
        match(SPACE);
        if (text[at] !== '"') return fail('a key is missing');
        const key = readString();
        if (key === undefined) return fail('the text ends');
        keys[keys.length - 1] = key;
        match(SPACE);
        if (text[at] !== ':') return fail('a colon is missing');
        at += 1;
      }
      expectValue = true;
    } else if (c === (top instanceof JsonObject ? '}' : ']')) {
      at += 1;
      stack.pop();
      if (top instanceof JsonObject) keys.pop();
    } else return fail('a comma is missing');
    if (!expectValue && stack.length === 0) {
      match(SPACE);
      if (at < text.length && text.charCodeAt(at) !== 0) return fail('text follows the value');
      return { value: root, depth, duplicates: [...duplicates] };
    }
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  '"': '"',
  '\\': '\\',
  '/': '/',
};

/** Turns what another parser (YAML) made into the same shape. Shared and cyclic parts are cut at `limit` values. */
export function fromPlain(value: unknown, budget: Budget, limit = 200_000): JsonValue {
  let count = 0;
  const convert = (part: unknown, depth: number): JsonValue => {
    count += 1;
    if (count % 4096 === 0) budget.checkTime();
    if (count > limit || depth > 500) return null;
    if (Array.isArray(part)) return part.map((item) => convert(item, depth + 1));
    if (part instanceof Map) {
      const object = new JsonObject();
      for (const [key, item] of part) object.entries.push([String(key), convert(item, depth + 1)]);
      return object;
    }
    if (typeof part === 'string' || typeof part === 'number' || typeof part === 'boolean') return part;
    return typeof part === 'bigint' ? Number(part) : null;
  };
  return convert(value, 0);
}

// A decoder costs more to make than a small member of an archive to decode.
const UTF8 = new TextDecoder('utf-8');
const UTF16_LITTLE = new TextDecoder('utf-16le');
const UTF16_BIG = new TextDecoder('utf-16be');

/**
 * Text of a JSON document as Python's json module decodes bytes: UTF-8, UTF-16 or UTF-32 by byte order mark or by the
 * pattern of its zero bytes (`json.detect_encoding`).
 */
export function decodeJsonBytes(bytes: Uint8Array): { text: string; encoding: string; mark: boolean } {
  const [a, b, c, d] = bytes;
  const wide = (little: boolean, mark: boolean) => ({ text: utf32(bytes, little), encoding: 'UTF-32', mark });
  const double = (little: boolean, mark: boolean) => {
    const text = (little ? UTF16_LITTLE : UTF16_BIG).decode(bytes);
    return { text, encoding: 'UTF-16', mark };
  };
  if (a === 0 && b === 0 && c === 0xfe && d === 0xff) return wide(false, true);
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? wide(true, true) : double(true, true);
  if (a === 0xfe && b === 0xff) return double(false, true);
  if (bytes.length >= 4) {
    if (a === 0) return b === 0 ? wide(false, false) : double(false, false);
    if (b === 0) return c === 0 && d === 0 ? wide(true, false) : double(true, false);
  }
  const mark = a === 0xef && b === 0xbb && c === 0xbf;
  return { text: UTF8.decode(bytes), encoding: 'UTF-8', mark };
}

function utf32(bytes: Uint8Array, little: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const parts: string[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const codes: number[] = [];
    for (; at + 4 <= bytes.length && codes.length < 4096; at += 4) {
      const code = view.getUint32(at, little);
      codes.push(code <= 0x10ffff ? code : 0xfffd);
    }
    parts.push(String.fromCodePoint(...codes));
  }
  return parts.join('').replace(/^\ufeff/, '');
}
