import { SpanMap } from '../text/spanMap';

/**
 * A JSON reader for notebooks: it works on offsets of the text, copies nothing that is not asked for, and reads on where
 * a strict parser gives up (trailing commas, missing ends, control characters in strings, duplicate keys). Objects are
 * walked, not built, so a file of 100 MB of images costs no more than finding the ends of its strings.
 * Syntax as in RFC 8259.
 */

/** `[start, end)` of a value in the text, quotes and brackets included. */
export interface JsonSpan {
  start: number;
  end: number;
}

export interface JsonEntry extends JsonSpan {
  key: string;
  keyStart: number;
}

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const COMMA = 44;
const COLON = 58;

/** Keys longer than this are data; key paths are cut to their last keys. */
const MAX_KEY = 200;
const MAX_DEPTH = 12;

/** The first thing that is not JSON. */
export interface JsonDamage {
  offset: number;
  reason: string;
}

export class JsonText {
  damage: JsonDamage | undefined;

  constructor(readonly text: string) {}

  #damaged(offset: number, reason: string): void {
    if (!this.damage || offset < this.damage.offset) this.damage = { offset, reason };
  }

  skipSpace(at: number): number {
    let i = at;
    for (;;) {
      const c = this.text.charCodeAt(i);
      if (c === 32 || c === 10 || c === 13 || c === 9) i += 1;
      else return i;
    }
  }

  kindAt(at: number): 'object' | 'array' | 'string' | 'scalar' {
    const c = this.text.charCodeAt(at);
    if (c === OPEN_BRACE) return 'object';
    if (c === OPEN_BRACKET) return 'array';
    return c === QUOTE ? 'string' : 'scalar';
  }

  /** Numbers and the three words of JSON, and those that Python writes besides. */
  #checkScalar(start: number, end: number): void {
    if (this.kindAt(start) !== 'scalar') return;
    const scalar = /^(?:true|false|null|NaN|-?Infinity|-?\d{1,400}(?:\.\d{1,400})?(?:[eE][+-]?\d{1,9})?)$/;
    if (!scalar.test(this.text.slice(start, Math.min(end, start + 1000)))) this.#damaged(start, 'a value was expected');
  }

  /** Offset after the string that begins at `at` with its quote. */
  #stringEnd(at: number): number {
    const { text } = this;
    let quote = text.indexOf('"', at + 1);
    while (quote > 0) {
      let slashes = 0;
      while (text.charCodeAt(quote - 1 - slashes) === BACKSLASH) slashes += 1;
      if (slashes % 2 === 0) return quote + 1;
      quote = text.indexOf('"', quote + 1);
    }
    this.#damaged(at, 'a string has no end');
    return text.length;
  }

  /** Offset after the value at `at`. Never before `at`, and past it unless the text ends. */
  skip(at: number): number {
    const { text } = this;
    const first = text.charCodeAt(at);
    if (first === QUOTE) return this.#stringEnd(at);
    if (first !== OPEN_BRACE && first !== OPEN_BRACKET) {
      let i = at;
      while (i < text.length) {
        const c = text.charCodeAt(i);
        if (c === COMMA || c === CLOSE_BRACE || c === CLOSE_BRACKET || c === 32 || c === 10 || c === 13 || c === 9)
          break;
        i += 1;
      }
      return i;
    }
    let depth = 0;
    let i = at;
    while (i < text.length) {
      const c = text.charCodeAt(i);
      if (c === QUOTE) {
        i = this.#stringEnd(i);
        continue;
      }
      if (c === OPEN_BRACE || c === OPEN_BRACKET) depth += 1;
      else if (c === CLOSE_BRACE || c === CLOSE_BRACKET) {
        depth -= 1;
        if (depth === 0) return i + 1;
      }
      i += 1;
    }
    this.#damaged(at, 'an object or array has no end');
    return text.length;
  }

  /** Members of the object at `at`, in the order of the file; a key that stands twice is given twice. */
  *entries(at: number): Generator<JsonEntry> {
    const { text } = this;
    if (text.charCodeAt(at) !== OPEN_BRACE) return;
    let i = this.skipSpace(at + 1);
    let comma = true;
    while (i < text.length) {
      const c = text.charCodeAt(i);
      if (c === CLOSE_BRACE) return;
      if (c === COMMA) {
        comma = true;
        i = this.skipSpace(i + 1);
        continue;
      }
      if (!comma) this.#damaged(i, 'a comma was expected');
      comma = false;
      if (c !== QUOTE) {
        this.#damaged(i, 'a key was expected');
        return;
      }
      const keyEnd = this.#stringEnd(i);
      const keyStart = i;
      i = this.skipSpace(keyEnd);
      if (text.charCodeAt(i) !== COLON) {
        this.#damaged(i, 'a colon was expected');
        return;
      }
      const start = this.skipSpace(i + 1);
      if (start >= text.length) {
        this.#damaged(start, 'a value was expected');
        return;
      }
      const end = this.skip(start);
      this.#checkScalar(start, end);
      yield { key: this.decode({ start: keyStart, end: keyEnd }), keyStart, start, end };
      i = this.skipSpace(Math.max(end, start));
      if (end === start && text.charCodeAt(i) !== COMMA && text.charCodeAt(i) !== CLOSE_BRACE) {
        this.#damaged(i, 'a value was expected');
        return;
      }
    }
    this.#damaged(at, 'an object has no end');
  }

  /** Elements of the array at `at`. */
  *elements(at: number): Generator<JsonSpan> {
    const { text } = this;
    if (text.charCodeAt(at) !== OPEN_BRACKET) return;
    let i = this.skipSpace(at + 1);
    let comma = true;
    while (i < text.length) {
      const c = text.charCodeAt(i);
      if (c === CLOSE_BRACKET) return;
      if (c === COMMA) {
        comma = true;
        i = this.skipSpace(i + 1);
        continue;
      }
      if (!comma) this.#damaged(i, 'a comma was expected');
      comma = false;
      const end = this.skip(i);
      this.#checkScalar(i, end);
      if (end === i) {
        this.#damaged(i, 'a value was expected');
        return;
      }
      yield { start: i, end };
      i = this.skipSpace(end);
    }
    this.#damaged(at, 'an array has no end');
  }

  /**
   * Every string and scalar below the value at `at`, with its key path (`widgets/token/value`), in one pass whatever the
   * depth. A string that ends in `:` is a key.
   */
  *leaves(at: number, end: number): Generator<JsonSpan & { path: string }> {
    const { text } = this;
    /** Key of the value that is being read at each depth; undefined inside an array. */
    const keys: (string | undefined)[] = [undefined];
    let i = at;
    while (i < end) {
      i = this.skipSpace(i);
      if (i >= end) return;
      const c = text.charCodeAt(i);
      if (c === OPEN_BRACE || c === OPEN_BRACKET) {
        keys.push(undefined);
        i += 1;
      } else if (c === CLOSE_BRACE || c === CLOSE_BRACKET) {
        if (keys.length > 1) keys.pop();
        i += 1;
      } else if (c === COMMA || c === COLON) {
        i += 1;
      } else {
        const start = i;
        i = c === QUOTE ? this.#stringEnd(i) : Math.max(this.skip(i), i + 1);
        const after = this.skipSpace(i);
        if (c === QUOTE && text.charCodeAt(after) === COLON) {
          keys[keys.length - 1] = i - start > MAX_KEY ? '' : this.decode({ start, end: i });
          i = after + 1;
        } else {
          const shown = keys.length > MAX_DEPTH ? keys.slice(-MAX_DEPTH) : keys;
          yield { start, end: i, path: shown.filter((key) => key !== undefined).join('/') };
        }
      }
    }
  }

  /** Content of a string, or the raw text of anything else. */
  decode({ start, end }: JsonSpan): string {
    if (this.text.charCodeAt(start) !== QUOTE) return this.text.slice(start, end);
    const out = new DecodedString();
    out.add(this, { start, end });
    return out.text;
  }
}

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '"': '"', '\\': '\\', '/': '/' };

/** The content of one string, or of several joined, with the way back to the raw text. */
export class DecodedString {
  readonly map = new SpanMap();
  readonly #parts: string[] = [];
  #length = 0;
  #text: string | undefined;

  get text(): string {
    this.#text ??= this.#parts.join('');
    return this.#text;
  }

  get length(): number {
    return this.#length;
  }

  #push(part: string): void {
    this.#parts.push(part);
    this.#length += part.length;
    this.#text = undefined;
  }

  /** Appends text that stands between two strings and has no place of its own. */
  addSeparator(separator: string, source: number): void {
    this.map.unit(this.#length, source, 0);
    this.#push(separator);
  }

  /** Appends a scalar as it stands: a number, `true`, or what should have been one. */
  addRaw({ text }: JsonText, span: JsonSpan): void {
    this.map.run(this.#length, span.start);
    this.#push(text.slice(span.start, span.end));
  }

  /** Appends the string at `span` (with its quotes; the closing one may be missing). */
  add({ text }: JsonText, span: JsonSpan): void {
    const from = span.start + 1;
    const closed = span.end > from && text.charCodeAt(span.end - 1) === QUOTE && !escapedAt(text, span.end - 1, from);
    const raw = text.slice(from, closed ? span.end - 1 : span.end);
    let i = 0;
    for (let slash = raw.indexOf('\\'); slash >= 0; slash = raw.indexOf('\\', i)) {
      if (slash > i) {
        this.map.run(this.#length, from + i);
        this.#push(raw.slice(i, slash));
      }
      const letter = raw[slash + 1] ?? '';
      let length = 2;
      let value = ESCAPES[letter] ?? letter;
      if (letter === 'u') {
        const hex = raw.slice(slash + 2, slash + 6);
        if (/^[0-9a-fA-F]{4}$/.test(hex)) {
          value = String.fromCharCode(Number.parseInt(hex, 16));
          length = 6;
        }
      }
      if (value !== '') {
        this.map.unit(this.#length, from + slash, length);
        this.#push(value);
      }
      i = slash + length;
    }
    if (i < raw.length) {
      this.map.run(this.#length, from + i);
      this.#push(raw.slice(i));
    }
  }
}

function escapedAt(text: string, quote: number, from: number): boolean {
  let slashes = 0;
  while (quote - 1 - slashes >= from && text.charCodeAt(quote - 1 - slashes) === BACKSLASH) slashes += 1;
  return slashes % 2 === 1;
}
