import { Kernel, SIGNS_AT_ONCE } from '../text/kernel';

/** Finds the characters that divide a Python text: line ends, quotes, brackets, comments, joined lines, equals signs. */

export enum Sign {
  /** There is none. */
  None,
  LineFeed,
  CarriageReturn,
  DoubleQuote,
  SingleQuote,
  Hash,
  Open,
  Close,
  Backslash,
  Equals,
}

const KINDS: ReadonlyMap<string, Sign> = new Map([
  ['\n', Sign.LineFeed],
  ['\r', Sign.CarriageReturn],
  ['"', Sign.DoubleQuote],
  ["'", Sign.SingleQuote],
  ['#', Sign.Hash],
  ...[...'([{'].map((c) => [c, Sign.Open] as const),
  ...[...')]}'].map((c) => [c, Sign.Close] as const),
  ['\\', Sign.Backslash],
  ['=', Sign.Equals],
]);

const NONE = new Int32Array();

// One text is read at a time: whoever makes a reader reads to the end before another is made.
let kernel: Kernel | undefined;

function signsIn(text: string): Int32Array {
  if (!kernel) {
    kernel = new Kernel();
    kernel.nameSigns(KINDS);
  }
  return kernel.signs(text);
}

/**
 * The signs of a text in their order. One in eight characters is one, so they are collected a stretch at a time, without
 * a branch for each character that a processor would guess wrong.
 */
export class Signs {
  /** Offset of the sign at hand; the length of the text when there is none. */
  offset = 0;
  /** `None` behind the last. */
  kind: Sign = Sign.None;
  #from = 0;
  #to = 0;
  /** The signs of the stretch at hand, and how many of them have been read. */
  #found: Int32Array = NONE;
  #read = 0;

  /** @param from where the first is looked for */
  constructor(
    private readonly text: string,
    from: number,
  ) {
    this.#fill(from);
    this.next();
  }

  next(): void {
    while (this.#read === this.#found.length) {
      if (this.#to >= this.text.length) {
        this.offset = this.text.length;
        this.kind = Sign.None;
        return;
      }
      this.#fill(this.#to);
    }
    const found = this.#found[this.#read] as number;
    this.#read += 1;
    this.offset = this.#from + (found >> 4);
    this.kind = found & 15;
  }

  /** Goes on to the first sign at or behind an offset. */
  skipTo(offset: number): void {
    if (this.offset >= offset) return;
    if (offset > this.#to) this.#fill(Math.min(offset, this.text.length));
    const least = (offset - this.#from) << 4;
    let read = this.#read;
    while (read < this.#found.length && (this.#found[read] as number) < least) read += 1;
    this.#read = read;
    this.next();
  }

  #fill(from: number): void {
    const { text } = this;
    const to = Math.min(text.length, from + SIGNS_AT_ONCE);
    this.#from = from;
    this.#to = to;
    this.#found = signsIn(text.slice(from, to));
    this.#read = 0;
  }
}
