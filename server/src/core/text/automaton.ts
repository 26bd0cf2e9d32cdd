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
  for (let state = 0; state < outputs.length; state += 1) {
    if ((outputs[state] as readonly number[]).length > 0) loud.push(state);
    else if (state !== start) silent.push(state);
  }
  const numbers = new Uint32Array(outputs.length);
  for (let i = 0; i < silent.length; i += 1) numbers[silent[i] as number] = i;
  for (let i = 0; i < loud.length; i += 1) numbers[loud[i] as number] = silent.length + i;
  const size = numbers.length * ROW;
  const table = numbers.length <= 0xffff ? new Uint16Array(size) : new Uint32Array(size);
  for (let state = 0; state < numbers.length; state += 1) {
    const from = state * ROW;
    const to = (numbers[state] as number) * ROW;
    for (let kind = 0; kind < kinds.count; kind += 1) table[to + kind] = numbers[rows[from + kind] as number] as number;
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
  /** Kinds that lead to a node below this one, and these nodes. */
  readonly kinds: number[];
  readonly below: Node[];
  /** Keywords that end here. */
  readonly ends: number[];
  /** States that have this node for their prefix, each behind the state of its others. Few have more than one. */
  readonly states: number[];
}

const nodeOf = (): Node => ({ kinds: [], below: [], ends: [], states: [] });

/** Prefixes of the keywords: those that open a word below one root, all others below another. */
class Trie {
  readonly anywhere = nodeOf();
  readonly boundary = nodeOf();
  /** In front of the letter of an escape, behind which a word begins. */
  readonly escape = nodeOf();

  constructor(readonly kinds: Kinds) {
    for (const kind of kinds.inWords) {
      this.escape.kinds.push(kind);
      this.escape.below.push(this.boundary);
    }
  }

  add({ text, opens }: Keyword, index: number): void {
    let node = opens ? this.boundary : this.anywhere;
    const lower = text.toLowerCase();
    for (let i = 0; i < lower.length; i += 1) {
      const kind = this.kinds.of[lower.charCodeAt(i)] as number;
      let at = node.kinds.indexOf(kind);
      if (at < 0) at = node.kinds.push(kind) - 1;
      node.below[at] ??= nodeOf();
      node = node.below[at] as Node;
    }
    node.ends.push(index);
  }
}

/**
 * A state is the longest prefix that the characters before a place may be the end of, and the state of the others: where
 * a failed comparison goes on. State 0 has none.
 */
function statesOf(trie: Trie): { rows: Uint32Array; outputs: (readonly number[])[]; start: number } {
  const { kinds } = trie;
  const nodes: (Node | undefined)[] = [undefined];
  const others = [-1];
  const outputs: (readonly number[])[] = [[]];
  const stateOf = (node: Node, other: number): number => {
    const { states } = node;
    for (let i = 0; i < states.length; i += 2) if (states[i] === other) return states[i + 1] as number;
    const state = nodes.length;
    nodes.push(node);
    others.push(other);
    const behind = outputs[other] as readonly number[];
    outputs.push(node.ends.length > 0 ? [...node.ends, ...behind] : behind);
    states.push(other, state);
    return state;
  };
  // What begins behind or at a character, whatever stood before it.
  const escaped = stateOf(trie.boundary, stateOf(trie.escape, 0));
  const start = stateOf(trie.boundary, 0);
  let rows = new Uint32Array(ROW * 4096);
  for (let kind = 0; kind < kinds.count; kind += 1) {
    const behind = kind === kinds.backslash ? escaped : kinds.inWords.has(kind) ? 0 : start;
    const at = trie.anywhere.kinds.indexOf(kind);
    rows[kind] = at < 0 ? behind : stateOf(trie.anywhere.below[at] as Node, behind);
  }
  for (let state = 1; state < nodes.length; state += 1) {
    const row = state * ROW;
    if (row === rows.length) {
      const grown = new Uint32Array(rows.length * 2);
      grown.set(rows);
      rows = grown;
    }
    const other = (others[state] as number) * ROW;
    rows.copyWithin(row, other, other + kinds.count);
    const { kinds: own, below } = nodes[state] as Node;
    for (let i = 0; i < own.length; i += 1) {
      const place = row + (own[i] as number);
      rows[place] = stateOf(below[i] as Node, rows[place] as number);
    }
  }
  return { rows, outputs, start };
}
