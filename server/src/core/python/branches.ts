/** Which of several lines that bind a name can be the last one before another line is come to: what branches decide. */
import type { Lines } from './lines';

/** Characters of a line in which its first word stands. */
const HEAD = 24;
/** Blocks around a line that are looked at. */
const DEEPEST = 100;

const WORD = /^(?:async\s+)?[a-z]+/;
/** Where a block ends with one of these, what is below it is not reached from there. */
const LEAVES = /^(?:return|raise|continue|break)\b/;
/** Blocks of which one is run and the others are not. */
const CHOICE = /^(?:if|elif|else|case)$/;
/** A line that goes on with what a line of the same column began. */
const GOES_ON = /^(?:elif|else|except|finally|case)\b/;
/** Blocks that are run whenever they are come to. */
const RUNS = /^(?:async\s+)?with$|^finally$/;

/** How a binding is seen from a line below it. */
export type Reach =
  /** Whoever comes to the line has passed the binding. */
  | 'always'
  /** A branch decides. */
  | 'perhaps'
  /** They stand in different branches, or what is between leaves. */
  | 'never';

/** The blocks in some lines of a text, as the indentation tells them (Python language reference 8, compound statements). */
export class Branches {
  /** Line that opens the block of each line; -1 at the top. Lines are counted from the first of them. */
  readonly #parent: Int32Array;
  /** Line behind the block that each line opens, which is the next when it opens none. */
  readonly #end: Int32Array;
  /** Last line of the block that each line opens, the lines of its own blocks left out. */
  readonly #last: Int32Array;
  /** First line of the `if`, `elif`, `else` or of the `try` that a line belongs to, of the same column. */
  readonly #chain: Int32Array;

  /**
   * @param first of the lines, which is not within a block that begins above it
   * @param end line behind the last of them
   */
  constructor(
    private readonly text: string,
    private readonly lines: Lines,
    private readonly first: number,
    private readonly end: number,
  ) {
    const count = end - first;
    this.#parent = new Int32Array(count);
    this.#end = new Int32Array(count);
    this.#last = new Int32Array(count);
    this.#chain = new Int32Array(count);
    const open: { line: number; column: number }[] = [];
    for (let line = 0; line < count; line += 1) {
      const start = lines.start(first + line);
      const column = start - 1 - text.lastIndexOf('\n', start - 1);
      let sibling = -1;
      for (let top = open[open.length - 1]; top && top.column >= column; top = open[open.length - 1]) {
        this.#end[top.line] = line;
        sibling = top.line;
        open.pop();
      }
      const parent = open[open.length - 1]?.line ?? -1;
      this.#parent[line] = parent;
      this.#last[line] = line;
      if (parent >= 0) this.#last[parent] = line;
      this.#chain[line] = sibling >= 0 && GOES_ON.test(this.#head(line)) ? (this.#chain[sibling] as number) : line;
      open.push({ line, column });
    }
    for (const { line } of open) this.#end[line] = count;
  }

  #head(line: number): string {
    const start = this.lines.start(this.first + line);
    return this.text.slice(start, start + HEAD);
  }

  #word(line: number): string {
    return WORD.exec(this.#head(line))?.[0] ?? '';
  }

  /**
   * Whether what one line binds is still there at another.
   * @param binding its line
   * @param use a line further down; one behind the last means the end of them
   * @param behindColon the binding stands behind a colon on its line: `if a: b = c`
   */
  reach(binding: number, use: number, behindColon: boolean): Reach {
    const from = binding - this.first;
    const to = Math.min(use, this.end) - this.first;
    let reach: Reach = 'always';
    let block = behindColon && to > from ? from : (this.#parent[from] as number);
    for (let depth = 0; block >= 0 && to >= (this.#end[block] as number); depth += 1) {
      if (depth === DEEPEST) return 'perhaps';
      if (block !== from && LEAVES.test(this.#head(this.#last[block] as number))) return 'never';
      const word = this.#word(block);
      if (CHOICE.test(word) && this.#isOther(block, to)) return 'never';
      if (!RUNS.test(word)) reach = 'perhaps';
      block = this.#parent[block] as number;
    }
    return reach;
  }

  /** Whether a line stands in another branch of the choice that a block is one of. */
  #isOther(block: number, line: number): boolean {
    if (line >= this.#parent.length) return false;
    const parent = this.#parent[block] as number;
    let at = line;
    for (let depth = 0; at >= 0 && this.#parent[at] !== parent; depth += 1) {
      if (depth === DEEPEST) return false;
      at = this.#parent[at] as number;
    }
    return at >= 0 && at !== block && this.#chain[at] === this.#chain[block];
  }
}
