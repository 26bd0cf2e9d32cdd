/** What is looked for: ASCII, in either case. */
export interface Keyword {
  readonly text: string;
  /** It begins a word: no letter, digit or underscore stands before it, but for the letter of an escape such as `\\n`. */
  readonly opens: boolean;
}

/**
 * Many keywords as one complete automaton, ASCII letters in either case (Aho and Corasick, "Efficient string matching",
 * Communications of the ACM 18(6), 1975), in which a keyword that opens a word is only followed where a word begins.
 * States with output have the highest numbers, so that a comparison tells them.
 */
export interface Automaton {
  /** Kind of each byte; letters outside ASCII are signs like any other. */
  readonly kinds: Uint8Array;
  /** State after a state and the kind of a character: `rows[state * 64 + kind]`. A text begins in state 0. */
  readonly rows: Uint16Array | Uint32Array;
  /** The first state with output. */
  readonly firstOutput: number;
  /** Keywords that end at `firstOutput`, at the state behind it, and so on; longer ones first. */
  readonly outputs: readonly (readonly number[])[];
  /** Characters in front of a place that the state there depends on. */
  readonly reach: number;
}

/** Kinds of characters in a row. */
export const ROW = 64;

/**
 * @param keywords ASCII, none of them empty; their index is what an output gives
 * @throws Error for a keyword that is not ASCII, and when the keywords hold too many different characters
 */
export function automatonOf(keywords: readonly Keyword[]): Automaton {
  const kinds = kindsOf(keywords);
  const trie = new Trie(kinds);
  for (const [index, keyword] of keywords.entries()) trie.add(keyword, index);
  const { rows, outputs, start } = statesOf(trie);
  const silent = [start];
  const loud: number[] = [];
  for (const [state, ends] of outputs.entries()) {
    if (ends.length > 0) loud.push(state);
    else if (state !== start) silent.push(state);
  }
  const numbers = new Uint32Array(rows.length);
  for (const [number, state] of [...silent, ...loud].entries()) numbers[state] = number;
  const table = rows.length <= 0xffff ? new Uint16Array(rows.length * ROW) : new Uint32Array(rows.length * ROW);
  for (const [state, row] of rows.entries()) {
    const base = (numbers[state] as number) * ROW;
    for (let kind = 0; kind < row.length; kind += 1) table[base + kind] = numbers[row[kind] as number] as number;
  }
  const longest = keywords.reduce((length, { text }) => Math.max(length, text.length), 0);
  return {
    kinds: kinds.of,
    rows: table,
    firstOutput: silent.length,
    outputs: loud.map((state) => outputs[state] as readonly number[]),
    // An escape opens a word with its letter in between.
    reach: longest + 1,
  };
}

interface Kinds {
  /** Kind of each byte. */
  readonly of: Uint8Array;
  readonly count: number;
  /** Kinds of letters, digits and the underscore. */
  readonly inWords: ReadonlySet<number>;
  readonly backslash: number;
}

/** Each character that occurs in the keywords is a kind; all others are of kind 0, or of another one within words. */
function kindsOf(keywords: readonly Keyword[]): Kinds {
  const of = new Uint8Array(256);
  const inWords = new Set<number>();
  let count = 1;
  const own = (c: number): number => {
    if (of[c] === 0) {
      of[c] = count;
      count += 1;
    }
    return of[c] as number;
  };
  const backslash = own(0x5c);
  for (const { text } of keywords) {
    for (const sign of text.toLowerCase()) {
      const c = sign.charCodeAt(0);
      if (c >= 128) throw new Error(`keyword is not ASCII: ${text}`);
      own(c);
    }
  }
  const other = count;
  for (const sign of 'abcdefghijklmnopqrstuvwxyz0123456789_') {
    const c = sign.charCodeAt(0);
    if (of[c] === 0) {
      of[c] = other;
      count = other + 1;
    }
    inWords.add(of[c] as number);
  }
  if (count > ROW) throw new Error('the keywords hold too many different characters');
  for (let c = 65; c <= 90; c += 1) of[c] = of[c + 32] as number;
  return { of, count, inWords, backslash };
}

interface Node {
  /** Node below this one for each kind that has one. */
  readonly children: Map<number, Node>;
  /** Keywords that end here. */
  readonly ends: number[];
  readonly number: number;
}

/** Prefixes of the keywords: those that open a word below one root, all others below another. */
class Trie {
  #size = 0;
  readonly anywhere = this.#node();
  readonly boundary = this.#node();
  /** In front of the letter of an escape, behind which a word begins. */
  readonly escape = this.#node();

  constructor(readonly kinds: Kinds) {
    for (const kind of kinds.inWords) this.escape.children.set(kind, this.boundary);
  }

  #node(): Node {
    this.#size += 1;
    return { children: new Map(), ends: [], number: this.#size };
  }

  add({ text, opens }: Keyword, index: number): void {
    let node = opens ? this.boundary : this.anywhere;
    for (const sign of text.toLowerCase()) {
      const kind = this.kinds.of[sign.charCodeAt(0)] as number;
      let child = node.children.get(kind);
      if (!child) {
        child = this.#node();
        node.children.set(kind, child);
      }
      node = child;
    }
    node.ends.push(index);
  }
}

/**
 * A state is the longest prefix that the characters before a place may be the end of, and the state of the others: where
 * a failed comparison goes on. State 0 has none.
 */
function statesOf(trie: Trie): { rows: Int32Array[]; outputs: (readonly number[])[]; start: number } {
  const { kinds } = trie;
  const nodes: (Node | undefined)[] = [undefined];
  const others = [-1];
  const outputs: (readonly number[])[] = [[]];
  const known = new Map<number, number>();
  const stateOf = (node: Node, other: number): number => {
    const key = node.number * 0x100000 + other;
    let state = known.get(key);
    if (state === undefined) {
      state = nodes.length;
      nodes.push(node);
      others.push(other);
      const behind = outputs[other] as readonly number[];
      outputs.push(node.ends.length > 0 ? [...node.ends, ...behind] : behind);
      known.set(key, state);
    }
    return state;
  };
  // What begins behind or at a character, whatever stood before it.
  const escaped = stateOf(trie.boundary, stateOf(trie.escape, 0));
  const start = stateOf(trie.boundary, 0);
  const begins = new Int32Array(kinds.count);
  for (let kind = 0; kind < kinds.count; kind += 1) {
    const behind = kind === kinds.backslash ? escaped : kinds.inWords.has(kind) ? 0 : start;
    const first = trie.anywhere.children.get(kind);
    begins[kind] = first ? stateOf(first, behind) : behind;
  }
  const rows = [begins];
  for (let state = 1; state < nodes.length; state += 1) {
    const row = (rows[others[state] as number] as Int32Array).slice();
    for (const [kind, child] of (nodes[state] as Node).children) row[kind] = stateOf(child, row[kind] as number);
    rows.push(row);
  }
  return { rows, outputs, start };
}
