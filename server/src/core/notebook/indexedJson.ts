import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  elementStrings,
  isScalar,
  type Json,
  type JsonLeaf,
  type JsonMember,
  type JsonValue,
  keyPath,
  MAX_KEY,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  skipSpace,
  stringEnd,
  type Walk,
} from './json';
import { rawContent } from './jsonString';

/**
 * The values of a sound text, keys among them, in their order: three numbers for each. The first two are where it stands.
 * The third tells where to go on: for an object or array the value after all that it holds; for a string with a backslash
 * the offset of the first one, negative; for anything else 0.
 */
type Index = Int32Array;
const WIDTH = 3;
/** 48 MB. What has more values is no notebook that anyone wrote, and is walked without an index. */
const MOST = 4 * 2 ** 20;
const LETTER_N = 110;

/**
 * A text whose values are known from one pass: all stand as in RFC 8259, the words of Python's `json` included, and only
 * what is in strings may be wrong. Every way through it and what it says is that of {@link TolerantJson}, and there is no
 * damage.
 */
export class IndexedJson implements Json {
  readonly damage = undefined;
  readonly top: JsonValue;
  /** Until a string has escapes that are not JSON's; attempts that fail cost more than they save. */
  #native = true;
  /**
   * True when a character of the text takes two bytes. What is cut from such a text takes two for each of its own, and
   * whoever reads it is slower, while what is parsed from it takes one where that is enough.
   */
  #wide: boolean | undefined;

  private constructor(
    readonly text: string,
    readonly index: Index,
  ) {
    this.top = { start: index[0] as number, end: index[1] as number, token: 0 };
  }

  /**
   * The text with its index, if it begins with an object and that is sound.
   * @param most values that the index may have, keys among them
   */
  static of(text: string, most = MOST): IndexedJson | undefined {
    const index = new Indexer(text, most).read();
    return index && new IndexedJson(text, index);
  }

  members(value: JsonValue): Walk<JsonMember> {
    return new Members(this, value, this.text.charCodeAt(value.start) === OPEN_BRACE);
  }

  elements(value: JsonValue): Walk<JsonValue> {
    return new Inside(this, value, this.text.charCodeAt(value.start) === OPEN_BRACKET, false);
  }

  leaves(value: JsonValue): Walk<JsonLeaf> {
    return new Leaves(this, value);
  }

  content({ token }: JsonValue): string {
    return this.contentOf(token);
  }

  contentOf(token: number): string {
    const { text, index } = this;
    const start = index[token * WIDTH] as number;
    const end = index[token * WIDTH + 1] as number;
    if (text.charCodeAt(start) !== QUOTE) return text.slice(start, end);
    const slash = -(index[token * WIDTH + 2] as number);
    if (slash === 0) return text.slice(start + 1, end - 1);
    // Most lines of a source have one escape, at their end.
    if (slash === end - 3 && text.charCodeAt(slash + 1) === LETTER_N) return `${text.slice(start + 1, slash)}\n`;
    return this.#parsed<string>(start, end) ?? rawContent(text, start, end);
  }

  strings(value: JsonValue): readonly string[] {
    const { start, end } = value;
    const single = this.text.charCodeAt(start) === QUOTE;
    this.#wide ??= /[^\x00-\xff]/.test(this.text);
    const parsed = this.#wide && (single || this.#hasStringsOnly(value)) && this.#parsed<string | string[]>(start, end);
    if (typeof parsed === 'string') return [parsed];
    return parsed || (single ? [this.content(value)] : elementStrings(this, value));
  }

  #hasStringsOnly({ start, token }: JsonValue): boolean {
    const { text, index } = this;
    if (text.charCodeAt(start) !== OPEN_BRACKET) return false;
    const stop = after(index, token);
    for (let element = token + 1; element < stop; element += 1) {
      if (text.charCodeAt(index[element * WIDTH] as number) !== QUOTE) return false;
    }
    return true;
  }

  /** What is written as JSON at `[start, end)`; undefined when a string in it is not sound. */
  #parsed<T extends string | string[]>(start: number, end: number): T | undefined {
    if (!this.#native) return undefined;
    try {
      return JSON.parse(this.text.slice(start, end));
    } catch {
      this.#native = false;
      return undefined;
    }
  }
}

/** Number of the value that follows a value and all it holds. */
function after(index: Index, token: number): number {
  const next = index[token * WIDTH + 2] as number;
  return next > 0 ? next : token + 1;
}

/** Walks through the values that an object or an array holds. */
class Inside {
  start = 0;
  end = 0;
  token: number;
  #next: number;
  readonly #stop: number;

  /** @param keyed whether each value has a key in front of it */
  constructor(
    protected readonly json: IndexedJson,
    { token }: JsonValue,
    any: boolean,
    private readonly keyed: boolean,
  ) {
    this.token = token;
    this.#next = token + 1;
    this.#stop = any ? after(json.index, token) : 0;
  }

  next(): boolean {
    if (this.#next >= this.#stop) return false;
    const { index } = this.json;
    const token = this.keyed ? this.#next + 1 : this.#next;
    this.token = token;
    this.start = index[token * WIDTH] as number;
    this.end = index[token * WIDTH + 1] as number;
    this.#next = after(index, token);
    return true;
  }
}

class Members extends Inside implements Walk<JsonMember> {
  constructor(json: IndexedJson, value: JsonValue, any: boolean) {
    super(json, value, any, true);
  }

  get key(): string {
    return this.json.contentOf(this.token - 1);
  }

  get keyStart(): number {
    return this.json.index[(this.token - 1) * WIDTH] as number;
  }

  get keyEnd(): number {
    return this.json.index[(this.token - 1) * WIDTH + 1] as number;
  }
}

class Leaves implements Walk<JsonLeaf> {
  start = 0;
  end = 0;
  token = 0;
  #next: number;
  readonly #stop: number;
  readonly #keys: (string | undefined)[] = [undefined];
  /** Where the objects and arrays end that the next value is in, and whether it has a key there. */
  readonly #ends: number[] = [];
  #keyed = false;

  constructor(
    private readonly json: IndexedJson,
    { token }: JsonValue,
  ) {
    this.#next = token;
    this.#stop = after(json.index, token);
  }

  get path(): string {
    return keyPath(this.#keys);
  }

  next(): boolean {
    const { text, index } = this.json;
    const keys = this.#keys;
    const ends = this.#ends;
    for (;;) {
      let token = this.#next;
      for (; ends.length > 0 && token >= (ends[ends.length - 1] as number); keys.pop()) {
        ends.pop();
        // The value that holds what ended now had a key if the one around it is an object.
        this.#keyed = keys[keys.length - 2] !== undefined;
      }
      if (token >= this.#stop) return false;
      if (this.#keyed) {
        const start = index[token * WIDTH] as number;
        const end = index[token * WIDTH + 1] as number;
        keys[keys.length - 1] = end - start > MAX_KEY ? '' : this.json.contentOf(token);
        token += 1;
      }
      const start = index[token * WIDTH] as number;
      const c = text.charCodeAt(start);
      this.#next = token + 1;
      if (c === OPEN_BRACE || c === OPEN_BRACKET) {
        ends.push(after(index, token));
        keys.push(undefined);
        this.#keyed = c === OPEN_BRACE;
        continue;
      }
      this.token = token;
      this.start = start;
      this.end = index[token * WIDTH + 1] as number;
      return true;
    }
  }
}

/** Reads the object that a text begins with into an index. */
class Indexer {
  #index: Index = new Int32Array(1024 * WIDTH);
  #used = 0;
  /** First backslash from the last string on. */
  #slash = -1;

  constructor(
    private readonly text: string,
    private readonly most: number,
  ) {}

  /** The index, or undefined when there is no object, it is not sound or it holds too many values. */
  read(): Index | undefined {
    const { text } = this;
    /** Place in the index of the object or array that is read. While it is open, its third number is that of the one around it. */
    let open = -1;
    /** What closes it. */
    let closing = 0;
    let i = skipSpace(text, 0);
    if (text.charCodeAt(i) !== OPEN_BRACE) return undefined;
    for (;;) {
      if (this.#used + 2 * WIDTH > this.#index.length && !this.#grow()) return undefined;
      if (closing === CLOSE_BRACE) {
        i = skipSpace(text, this.#string(i));
        if (text.charCodeAt(i) !== COLON) return undefined;
        i = skipSpace(text, i + 1);
      }
      const c = text.charCodeAt(i);
      if (c === QUOTE) i = this.#string(i);
      else if (c === OPEN_BRACE || c === OPEN_BRACKET) {
        const around = open;
        open = this.#add(i, 0, around);
        closing = c + 2;
        i = skipSpace(text, i + 1);
        if (text.charCodeAt(i) !== closing) continue;
      } else i = this.#scalar(i);
      if (i < 0) return undefined;
      // A value ended at `i`, or an object or array that is empty is about to.
      for (;;) {
        const index = this.#index;
        if (open < 0) return index.subarray(0, this.#used);
        i = skipSpace(text, i);
        const next = text.charCodeAt(i);
        i += 1;
        if (next === COMMA) break;
        if (next !== closing) return undefined;
        const around = index[open + 2] as number;
        index[open + 1] = i;
        index[open + 2] = this.#used / WIDTH;
        open = around;
        if (around >= 0) closing = text.charCodeAt(index[around] as number) + 2;
      }
      i = skipSpace(text, i);
    }
  }

  #grow(): boolean {
    if (this.#used >= this.most * WIDTH) return false;
    const grown = new Int32Array(this.#index.length * 2);
    grown.set(this.#index);
    this.#index = grown;
    return true;
  }

  #add(start: number, end: number, third: number): number {
    const at = this.#used;
    const index = this.#index;
    index[at] = start;
    index[at + 1] = end;
    index[at + 2] = third;
    this.#used = at + WIDTH;
    return at;
  }

  /** Adds the string at `at` and gives the offset after it; -1 when there is none. */
  #string(at: number): number {
    const { text } = this;
    if (text.charCodeAt(at) !== QUOTE) return -1;
    let end = text.indexOf('"', at + 1) + 1;
    if (end === 0) return -1;
    if (text.charCodeAt(end - 2) === BACKSLASH) end = stringEnd(text, at);
    if (end < 0) return -1;
    if (this.#slash < at) {
      const slash = text.indexOf('\\', at);
      this.#slash = slash < 0 ? text.length : slash;
    }
    this.#add(at, end, this.#slash < end ? -this.#slash : 0);
    return end;
  }

  /** Adds the scalar at `at` and gives the offset after it; -1 when there is none. */
  #scalar(at: number): number {
    const { text } = this;
    let i = at;
    for (; i < text.length; i += 1) {
      const c = text.charCodeAt(i);
      if (c === COMMA || c === CLOSE_BRACE || c === CLOSE_BRACKET || c === 32 || c === 10 || c === 13 || c === 9) break;
    }
    if (!isScalar(text, at, i)) return -1;
    this.#add(at, i, 0);
    return i;
  }
}
