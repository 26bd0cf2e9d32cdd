import type { Location } from '../finding';

/** Turns offsets of a text into 1-based lines and columns (UTF-16 code units; `\n`, `\r\n` and `\r` end a line). */
export class LineIndex {
  readonly #starts: number[] = [0];

  constructor(text: string) {
    // Most texts have one kind of line end, and looking for that is much faster than looking at every character.
    let feed = text.indexOf('\n');
    let carriage = text.indexOf('\r');
    while (feed >= 0 || carriage >= 0) {
      if (carriage < 0 || (feed >= 0 && feed < carriage)) {
        this.#starts.push(feed + 1);
        feed = text.indexOf('\n', feed + 1);
        continue;
      }
      if (text.charCodeAt(carriage + 1) !== 10) this.#starts.push(carriage + 1);
      carriage = text.indexOf('\r', carriage + 1);
    }
  }

  get lineCount(): number {
    return this.#starts.length;
  }

  /** Offset at which a 1-based line begins. */
  lineStart(line: number): number {
    return this.#starts[line - 1] ?? 0;
  }

  /** 1-based line and column of an offset. */
  position(offset: number): { line: number; column: number } {
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
}
