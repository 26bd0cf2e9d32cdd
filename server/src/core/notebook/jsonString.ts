import { SpanMap } from '../text/spanMap';
import { isEscaped, type JsonSpan, QUOTE } from './json';

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '"': '"', '\\': '\\', '/': '/' };

/** The content of one string, or of several joined, with the way back to the raw text. */
export class DecodedString {
  readonly map = new SpanMap();
  readonly #parts: string[] = [];
  #length = 0;

  constructor(private readonly raw: string) {}

  get text(): string {
    return this.#parts.join('');
  }

  get length(): number {
    return this.#length;
  }

  #push(part: string): void {
    this.#parts.push(part);
    this.#length += part.length;
  }

  /** Appends text that stands between two strings and has no place of its own. */
  addSeparator(separator: string, source: number): void {
    this.map.unit(this.#length, source, 0);
    this.#push(separator);
  }

  /** Appends a scalar as it stands: a number, `true`, or what should have been one. */
  addRaw({ start, end }: JsonSpan): void {
    this.map.run(this.#length, start);
    this.#push(this.raw.slice(start, end));
  }

  /** Appends a string, whose closing quote may be missing and whose escapes may be none of JSON's. */
  add({ start, end }: JsonSpan): void {
    const from = start + 1;
    const raw = this.raw.slice(from, isClosed(this.raw, start, end) ? end - 1 : end);
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

function isClosed(raw: string, start: number, end: number): boolean {
  return end - 1 > start && raw.charCodeAt(end - 1) === QUOTE && !isEscaped(raw, end - 1, start + 1);
}

/** Content of the string at `[start, end)`, whatever is wrong with it, or the text of anything else. */
export function rawContent(raw: string, start: number, end: number): string {
  if (raw.charCodeAt(start) !== QUOTE) return raw.slice(start, end);
  const decoded = new DecodedString(raw);
  decoded.add({ start, end });
  return decoded.text;
}
