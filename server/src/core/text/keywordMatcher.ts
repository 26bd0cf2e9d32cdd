import { type Automaton, automatonOf, ROW } from './automaton';

/** Finds every occurrence of many keywords in one pass over a text, ASCII letters in either case: few words, or a short text. */
export class KeywordMatcher {
  readonly #automaton: Automaton;
  readonly keywords: readonly string[];

  /** @param keywords ASCII; their index is what `scan` gives */
  constructor(keywords: readonly string[]) {
    this.keywords = keywords.map((keyword) => keyword.toLowerCase());
    this.#automaton = automatonOf(this.keywords.map((text) => ({ text, opens: false })));
  }

  /**
   * Calls `hit` with the keyword's index and the offset after its last character, in the order of the text.
   * @param from and `to` bound the stretch that is searched
   */
  scan(text: string, hit: (keyword: number, end: number) => void, from = 0, to = text.length): void {
    const { kinds, rows, firstOutput, outputs } = this.#automaton;
    let state = 0;
    for (let i = from; i < to; i += 1) {
      const c = text.charCodeAt(i);
      state = c < 128 ? (rows[state * ROW + (kinds[c] as number)] as number) : 0;
      if (state >= firstOutput) {
        for (const keyword of outputs[state - firstOutput] as readonly number[]) hit(keyword, i + 1);
      }
    }
  }
}
