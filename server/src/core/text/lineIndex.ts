import type { Location } from '../finding';

/**
 * Turns offsets of a text into 1-based lines and columns (UTF-16 code units; `\n`, `\r\n` and `\r` end a line). The text is
 * read as far as somebody asks.
 */
export class LineIndex {
  readonly #starts: number[] = [0];
  /** The next line ends from the last start on; the length of the text when there is none. */
  #feed: number;
  #carriage: number;

  constructor(private readonly text: string) {
    this.#feed = this.#next('\n', 0);
    this.#carriage = this.#next('\r', 0);
  }

  /** 1-based line and column of an offset. */
  position(offset: number): { line: number; column: number } {
    while (Math.min(this.#feed, this.#carriage) < offset && this.#add());
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#starts[low] as number) + 1 };
  }

  /** Location of `[start, end)`, with `fileLine` the same as `line`: right for a file, to be overwritten for a cell. */
  locate(start: number, end: number): Location {
    const from = this.position(start);
    const to = this.position(end);
    return { line: from.line, column: from.column, endLine: to.line, endColumn: to.column, fileLine: from.line };
  }

  /** Adds the start of the next line, if there is one. Most texts have one kind of line end, which is found without looking at every character. */
  #add(): boolean {
    const { text } = this;
    const at = Math.min(this.#feed, this.#carriage);
    if (at === text.length) return false;
    if (at === this.#feed) this.#feed = this.#next('\n', at + 1);
    else {
      this.#carriage = this.#next('\r', at + 1);
      // Both together end one line.
      if (text.charCodeAt(at + 1) === 10) return true;
    }
    this.#starts.push(at + 1);
    return true;
  }

  #next(end: string, from: number): number {
    const at = this.text.indexOf(end, from);
    return at < 0 ? this.text.length : at;
  }
}
