/**
 * Finds every occurrence of many keywords in one pass over a text, ASCII letters in either case (Aho and Corasick, 1975,
 * as a complete automaton). States with output have the highest numbers, so the inner loop is one table look-up and one
 * comparison a character.
 */
export class KeywordMatcher {
  readonly #classes = new Uint8Array(128);
  readonly #width: number;
  readonly #next: Int32Array;
  readonly #firstOutput: number;
  readonly #outputs: readonly (readonly number[])[];
  readonly keywords: readonly string[];

  /** @param keywords ASCII; their index is what `scan` gives */
  constructor(keywords: readonly string[]) {
    this.keywords = keywords.map((keyword) => keyword.toLowerCase());
    let width = 1;
    for (const keyword of this.keywords) {
      for (let i = 0; i < keyword.length; i += 1) {
        const c = keyword.charCodeAt(i);
        if (c > 127) throw new Error(`keyword is not ASCII: ${keyword}`);
        if (this.#classes[c] === 0) {
          this.#classes[c] = width;
          width += 1;
        }
      }
    }
    for (let c = 65; c <= 90; c += 1) this.#classes[c] = this.#classes[c + 32] as number;
    this.#width = width;
    const trie: Int32Array[] = [new Int32Array(width).fill(-1)];
    const ends: number[][] = [[]];
    for (const [index, keyword] of this.keywords.entries()) {
      let state = 0;
      for (let i = 0; i < keyword.length; i += 1) {
        const cls = this.#classes[keyword.charCodeAt(i)] as number;
        const row = trie[state] as Int32Array;
        if ((row[cls] as number) < 0) {
          row[cls] = trie.length;
          trie.push(new Int32Array(width).fill(-1));
          ends.push([]);
        }
        state = row[cls] as number;
      }
      (ends[state] as number[]).push(index);
    }
    const fail = new Int32Array(trie.length);
    const order: number[] = [];
    const root = trie[0] as Int32Array;
    for (let cls = 0; cls < width; cls += 1) {
      if ((root[cls] as number) < 0) root[cls] = 0;
      else order.push(root[cls] as number);
    }
    for (let i = 0; i < order.length; i += 1) {
      const state = order[i] as number;
      const row = trie[state] as Int32Array;
      const back = trie[fail[state] as number] as Int32Array;
      (ends[state] as number[]).push(...(ends[fail[state] as number] as number[]));
      for (let cls = 0; cls < width; cls += 1) {
        const to = row[cls] as number;
        if (to < 0) row[cls] = back[cls] as number;
        else {
          fail[to] = back[cls] as number;
          order.push(to);
        }
      }
    }
    const silent = [0, ...order].filter((state) => (ends[state] as number[]).length === 0);
    const loud = order.filter((state) => (ends[state] as number[]).length > 0);
    const numbers = new Int32Array(trie.length);
    for (const [number, state] of [...silent, ...loud].entries()) numbers[state] = number;
    this.#next = new Int32Array(trie.length * width);
    for (const [state, row] of trie.entries()) {
      for (let cls = 0; cls < width; cls += 1) {
        this.#next[(numbers[state] as number) * width + cls] = (numbers[row[cls] as number] as number) * width;
      }
    }
    this.#firstOutput = silent.length * width;
    this.#outputs = loud.map((state) => ends[state] as number[]);
  }

  /**
   * Calls `hit` with the keyword's index and the offset after its last character, in the order of the text.
   * @param from and `to` bound the stretch that is searched
   */
  scan(text: string, hit: (keyword: number, end: number) => void, from = 0, to = text.length): void {
    const next = this.#next;
    const classes = this.#classes;
    const first = this.#firstOutput;
    let state = 0;
    for (let i = from; i < to; i += 1) {
      const c = text.charCodeAt(i);
      state = next[state + (c < 128 ? (classes[c] as number) : 0)] as number;
      if (state >= first) {
        for (const keyword of this.#outputs[(state - first) / this.#width] as readonly number[]) hit(keyword, i + 1);
      }
    }
  }
}
