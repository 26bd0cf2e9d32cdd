/**
 * Where the characters of a decoded text come from. Decoding drops and shortens (JSON escapes, ANSI colours, HTML tags
 * and entities), so the map is a list of runs: within a run the source moves in step with the text.
 */
export class SpanMap {
  readonly #text: number[] = [];
  readonly #source: number[] = [];
  /** 0 for a run that moves in step; otherwise the source length of the single character at the run's start. */
  readonly #unit: number[] = [];

  /** From `text` on, the source is at `source`. Must be called in the order of the text. */
  run(text: number, source: number): void {
    const last = this.#text.length - 1;
    if (last >= 0) {
      if (this.#text[last] === text) {
        this.#source[last] = source;
        this.#unit[last] = 0;
        return;
      }
      const follows = (this.#source[last] as number) + (text - (this.#text[last] as number));
      if (this.#unit[last] === 0 && follows === source) return;
    }
    this.#text.push(text);
    this.#source.push(source);
    this.#unit.push(0);
  }

  /** The one character at `text` stands for `length` characters of the source. */
  unit(text: number, source: number, length: number): void {
    this.#text.push(text);
    this.#source.push(source);
    this.#unit.push(length);
  }

  #find(offset: number): number {
    let low = 0;
    let high = this.#text.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#text[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Source offset of the character at `offset`. */
  start(offset: number): number {
    if (this.#text.length === 0) return offset;
    const i = this.#find(offset);
    const step = offset - (this.#text[i] as number);
    const unit = this.#unit[i] as number;
    if (unit === 0 || step === 0) return (this.#source[i] as number) + step;
    return (this.#source[i] as number) + unit + step - 1;
  }

  /** Source offset just after the character before `offset`: right for the exclusive end of a range. */
  end(offset: number): number {
    if (this.#text.length === 0 || offset === 0) return this.start(offset);
    const i = this.#find(offset - 1);
    const unit = this.#unit[i] as number;
    const step = offset - 1 - (this.#text[i] as number);
    return (this.#source[i] as number) + (unit === 0 ? step + 1 : unit + step);
  }
}
