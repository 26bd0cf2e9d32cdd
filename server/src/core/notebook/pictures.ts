import type { Location } from '../finding';
import { decodeText } from '../text/decode';
import { LazyLines } from '../text/fileDocument';
import { SpanMap } from '../text/spanMap';
import type { Lines } from './segments';

/**
 * Bytes of a picture that is worth to be cut out. A string of so many has more characters than `isProgramKey` lets pass,
 * so no reader of the notebook ever gives one to anyone.
 */
const LEAST = 2 ** 14;
/** The key of a string that is cut out, up to the string's opening quote. */
const KEY = /^"image\/(?:png|jpeg|jpg)"[ \t\r\n]{0,8}:[ \t\r\n]{0,8}$/;
const LONGEST_KEY = 32;
const QUOTE = 34;
const BACKSLASH = 92;

/**
 * The text of a notebook whose pictures are empty strings. They are most of the bytes of most notebooks, are never read,
 * and to decode them takes longer than to read all the rest. When it is sound JSON, so is the whole text: a key that is
 * preceded by no backslash can stand nowhere else in sound JSON than where a key does. Places are those of the whole text.
 */
export class TextWithoutPictures implements Lines {
  readonly text: string;
  #whole: { lines: LazyLines; map: SpanMap } | undefined;
  #lineOf: ((offset: number) => number) | undefined;

  private constructor(
    private readonly bytes: Uint8Array,
    /** `[start, end)` of each picture. */
    private readonly pictures: readonly (readonly [start: number, end: number])[],
  ) {
    const kept = new Uint8Array(bytes.length - pictures.reduce((sum, [start, end]) => sum + end - start, 0));
    let at = 0;
    let from = 0;
    for (const [start, end] of [...pictures, [bytes.length, bytes.length]] as const) {
      kept.set(bytes.subarray(from, start), at);
      at += start - from;
      from = end;
    }
    this.text = decodeText(kept).text;
  }

  /** @returns undefined when there is no large picture, or the text is not UTF-8 */
  static of(bytes: Uint8Array): TextWithoutPictures | undefined {
    if (decodeText(bytes.subarray(0, 2)).encoding !== 'utf-8') return undefined;
    const pictures = picturesIn(bytes);
    return pictures.length > 0 ? new TextWithoutPictures(bytes, pictures) : undefined;
  }

  locate(start: number, end: number): Location {
    this.#whole ??= this.#decodeWhole();
    const { lines, map } = this.#whole;
    return lines.locate(map.start(start), map.end(end));
  }

  lineOf(offset: number): number {
    this.#lineOf ??= this.#linesByCut() ?? ((at) => this.locate(at, at).line as number);
    return this.#lineOf(offset);
  }

  /** Lines are told without a look at what was cut out, unless that has line ends, which it has in no sound JSON. */
  #linesByCut(): ((offset: number) => number) | undefined {
    const { bytes, pictures } = this;
    for (const [start, end] of pictures) {
      const picture = bytes.subarray(start, end);
      if (picture.includes(10) || picture.includes(13)) return undefined;
    }
    const lines = new LazyLines(this.text);
    return (offset) => lines.lineOf(offset);
  }

  /** Pictures begin and end at quotes, so what is decoded piece by piece is what is decoded at once. */
  #decodeWhole(): { lines: LazyLines; map: SpanMap } {
    const { bytes, pictures } = this;
    const map = new SpanMap();
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    let text = '';
    let cut = 0;
    let from = 0;
    for (const [start, end] of pictures) {
      map.run(text.length - cut, text.length);
      // The mark at the beginning of a file is no character of its text.
      text += from === 0 ? decodeText(bytes.subarray(0, start)).text : decoder.decode(bytes.subarray(from, start));
      const picture = decoder.decode(bytes.subarray(start, end));
      text += picture;
      cut += picture.length;
      from = end;
    }
    map.run(text.length - cut, text.length);
    text += decoder.decode(bytes.subarray(from));
    return { lines: new LazyLines(text), map };
  }
}

/** Looks at one byte in many: what has no quotes around it for so long may be a picture. */
function picturesIn(bytes: Uint8Array): [start: number, end: number][] {
  const pictures: [number, number][] = [];
  const step = LEAST / 2;
  for (let at = step; at < bytes.length; ) {
    const close = bytes.indexOf(QUOTE, at);
    if (close < 0) break;
    const start = bytes.lastIndexOf(QUOTE, at - 1) + 1;
    if (close - start >= LEAST && bytes[close - 1] !== BACKSLASH && hasPictureKey(bytes, start - 1))
      pictures.push([start, close]);
    at = Math.max(at + step, close + 1);
  }
  return pictures;
}

function hasPictureKey(bytes: Uint8Array, quote: number): boolean {
  const before = String.fromCharCode(...bytes.subarray(Math.max(0, quote - LONGEST_KEY), Math.max(0, quote)));
  const key = before.lastIndexOf('"image/');
  return key > 0 && before[key - 1] !== '\\' && KEY.test(before.slice(key));
}
