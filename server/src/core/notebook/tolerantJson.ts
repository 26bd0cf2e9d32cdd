import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  elementStrings,
  isScalar,
  type Json,
  type JsonDamage,
  type JsonLeaf,
  type JsonMember,
  type JsonValue,
  keyPath,
  kindAt,
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
 * Reads on where a strict parser gives up: trailing commas, missing ends, control characters in strings, duplicate keys.
 * A value is passed over by looking for its end, so a text is looked at once for each level that is walked.
 */
export class TolerantJson implements Json {
  damage: JsonDamage | undefined;
  readonly top: JsonValue;

  constructor(readonly text: string) {
    this.top = { start: skipSpace(text, 0), end: text.length, token: 0 };
  }

  damaged(offset: number, reason: string): void {
    if (!this.damage || offset < this.damage.offset) this.damage = { offset, reason };
  }

  checkScalar(start: number, end: number): void {
    if (kindAt(this.text, start) === 'scalar' && !isScalar(this.text, start, end))
      this.damaged(start, 'a value was expected');
  }

  stringEnd(at: number): number {
    const end = stringEnd(this.text, at);
    if (end >= 0) return end;
    this.damaged(at, 'a string has no end');
    return this.text.length;
  }

  /** Offset after the value at `at`. Never before `at`, and past it unless the text ends. */
  skip(at: number): number {
    const { text } = this;
    const first = text.charCodeAt(at);
    if (first === QUOTE) return this.stringEnd(at);
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
        i = this.stringEnd(i);
        continue;
      }
      if (c === OPEN_BRACE || c === OPEN_BRACKET) depth += 1;
      else if (c === CLOSE_BRACE || c === CLOSE_BRACKET) {
        depth -= 1;
        if (depth === 0) return i + 1;
      }
      i += 1;
    }
    this.damaged(at, 'an object or array has no end');
    return text.length;
  }

  members(value: JsonValue): Walk<JsonMember> {
    return new Members(this, value.start);
  }

  elements(value: JsonValue): Walk<JsonValue> {
    return new Elements(this, value.start);
  }

  leaves(value: JsonValue): Walk<JsonLeaf> {
    return new Leaves(this, value.start, value.end);
  }

  content({ start, end }: JsonValue): string {
    return rawContent(this.text, start, end);
  }

  strings(value: JsonValue): readonly string[] {
    return kindAt(this.text, value.start) === 'string' ? [this.content(value)] : elementStrings(this, value);
  }
}

class Members implements Walk<JsonMember> {
  readonly token = 0;
  start = 0;
  end = 0;
  keyStart = 0;
  keyEnd = 0;
  #at: number;
  #comma = true;

  constructor(
    private readonly json: TolerantJson,
    private readonly object: number,
  ) {
    const { text } = json;
    this.#at = text.charCodeAt(object) === OPEN_BRACE ? skipSpace(text, object + 1) : -1;
  }

  get key(): string {
    return rawContent(this.json.text, this.keyStart, this.keyEnd);
  }

  next(): boolean {
    const { text } = this.json;
    let i = this.#at;
    if (i < 0) return false;
    for (; text.charCodeAt(i) === COMMA; i = skipSpace(text, i + 1)) this.#comma = true;
    if (i >= text.length) return this.#stop(this.object, 'an object has no end');
    const c = text.charCodeAt(i);
    if (c === CLOSE_BRACE) return this.#stop();
    if (!this.#comma) this.json.damaged(i, 'a comma was expected');
    this.#comma = false;
    if (c !== QUOTE) return this.#stop(i, 'a key was expected');
    this.keyStart = i;
    this.keyEnd = this.json.stringEnd(i);
    i = skipSpace(text, this.keyEnd);
    if (text.charCodeAt(i) !== COLON) return this.#stop(i, 'a colon was expected');
    this.start = skipSpace(text, i + 1);
    if (this.start >= text.length) return this.#stop(this.start, 'a value was expected');
    this.end = this.json.skip(this.start);
    this.json.checkScalar(this.start, this.end);
    this.#at = skipSpace(text, this.end);
    const after = text.charCodeAt(this.#at);
    if (this.end === this.start && after !== COMMA && after !== CLOSE_BRACE)
      this.#stop(this.#at, 'a value was expected');
    return true;
  }

  #stop(offset?: number, reason = ''): false {
    if (offset !== undefined) this.json.damaged(offset, reason);
    this.#at = -1;
    return false;
  }
}

class Elements implements Walk<JsonValue> {
  readonly token = 0;
  start = 0;
  end = 0;
  #at: number;
  #comma = true;

  constructor(
    private readonly json: TolerantJson,
    private readonly array: number,
  ) {
    const { text } = json;
    this.#at = text.charCodeAt(array) === OPEN_BRACKET ? skipSpace(text, array + 1) : -1;
  }

  next(): boolean {
    const { text } = this.json;
    let i = this.#at;
    if (i < 0) return false;
    for (; text.charCodeAt(i) === COMMA; i = skipSpace(text, i + 1)) this.#comma = true;
    if (i >= text.length) return this.#stop(this.array, 'an array has no end');
    if (text.charCodeAt(i) === CLOSE_BRACKET) return this.#stop();
    if (!this.#comma) this.json.damaged(i, 'a comma was expected');
    this.#comma = false;
    this.start = i;
    this.end = this.json.skip(i);
    this.json.checkScalar(i, this.end);
    if (this.end === i) return this.#stop(i, 'a value was expected');
    this.#at = skipSpace(text, this.end);
    return true;
  }

  #stop(offset?: number, reason = ''): false {
    if (offset !== undefined) this.json.damaged(offset, reason);
    this.#at = -1;
    return false;
  }
}

/** Takes the text as it comes, whatever its brackets are: a string that ends in `:` is a key. */
class Leaves implements Walk<JsonLeaf> {
  readonly token = 0;
  start = 0;
  end = 0;
  readonly #keys: (string | undefined)[] = [undefined];
  #at: number;

  constructor(
    private readonly json: TolerantJson,
    from: number,
    private readonly to: number,
  ) {
    this.#at = from;
  }

  get path(): string {
    return keyPath(this.#keys);
  }

  next(): boolean {
    const { json, to } = this;
    const { text } = json;
    const keys = this.#keys;
    let i = this.#at;
    while (i < to) {
      i = skipSpace(text, i);
      if (i >= to) break;
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
        i = c === QUOTE ? json.stringEnd(i) : Math.max(json.skip(i), i + 1);
        const after = skipSpace(text, i);
        if (c !== QUOTE || text.charCodeAt(after) !== COLON) {
          this.start = start;
          this.end = i;
          this.#at = i;
          return true;
        }
        keys[keys.length - 1] = i - start > MAX_KEY ? '' : rawContent(text, start, i);
        i = after + 1;
      }
    }
    this.#at = to;
    return false;
  }
}
