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

/** Characters that are looked at at once. */
const STRETCH = 1 << 13;
/** Shorter texts are not worth their bytes. */
const SHORT = 128;

/** Collects signs. @returns how many there are in `[from, to)`; `found` holds them until the next call */
type Collect = (text: string, from: number, to: number) => number;

// One text is read at a time: whoever makes a reader reads to the end before another is made.
const { found: FOUND, collect } = collector();

/** The tables are constants of a function: those of a module become variables in a bundle, which are slow in a loop. */
function collector(): { found: Int32Array; collect: Collect } {
  const kinds = new Uint8Array(128);
  for (const [characters, kind] of [
    ['\n', Sign.LineFeed],
    ['\r', Sign.CarriageReturn],
    ['"', Sign.DoubleQuote],
    ["'", Sign.SingleQuote],
    ['#', Sign.Hash],
    ['([{', Sign.Open],
    [')]}', Sign.Close],
    ['\\', Sign.Backslash],
    ['=', Sign.Equals],
  ] as const) {
    for (const c of characters) kinds[c.charCodeAt(0)] = kind;
  }
  const encoder = new TextEncoder();
  const bytes = new Uint8Array(STRETCH);
  // Offset in the stretch, and kind in the lowest four bits.
  const found = new Int32Array(STRETCH);
  const ofBytes = (size: number): number => {
    let count = 0;
    for (let i = 0; i < size; i += 1) {
      const kind = kinds[bytes[i] as number] as number;
      found[count] = (i << 4) | kind;
      count += (kind + 15) >> 4;
    }
    return count;
  };
  const ofText = (text: string, from: number, size: number): number => {
    let count = 0;
    for (let i = 0; i < size; i += 1) {
      const c = text.charCodeAt(from + i);
      const kind = c < 128 ? (kinds[c] as number) : Sign.None;
      found[count] = (i << 4) | kind;
      count += (kind + 15) >> 4;
    }
    return count;
  };
  const collect: Collect = (text, from, to) => {
    const size = to - from;
    if (size < SHORT) return ofText(text, from, size);
    const { read, written } = encoder.encodeInto(text.slice(from, to), bytes);
    // Outside ASCII a character is more than a byte.
    return read === size && written === size ? ofBytes(size) : ofText(text, from, size);
  };
  return { found, collect };
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
  #count = 0;
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
    while (this.#read === this.#count) {
      if (this.#to >= this.text.length) {
        this.offset = this.text.length;
        this.kind = Sign.None;
        return;
      }
      this.#fill(this.#to);
    }
    const found = FOUND[this.#read] as number;
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
    while (read < this.#count && (FOUND[read] as number) < least) read += 1;
    this.#read = read;
    this.next();
  }

  #fill(from: number): void {
    const { text } = this;
    const to = Math.min(text.length, from + STRETCH);
    this.#from = from;
    this.#to = to;
    this.#count = collect(text, from, to);
    this.#read = 0;
  }
}
