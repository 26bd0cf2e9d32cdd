/**
 * Many keywords as one complete automaton, ASCII letters in either case (Aho and Corasick, "Efficient string matching",
 * Communications of the ACM 18(6), 1975). States with output have the highest numbers, so that a comparison tells them.
 */
export interface Automaton {
  /** Kind of each byte: a character that is in no keyword, or of another alphabet, is of kind 0. */
  readonly kinds: Uint8Array;
  /** State after a state and the kind of a character: `rows[state * 64 + kind]`. */
  readonly rows: Uint16Array | Uint32Array;
  /** The first state with output. */
  readonly firstOutput: number;
  /** Keywords that end at `firstOutput`, at the state behind it, and so on; longer ones first. */
  readonly outputs: readonly (readonly number[])[];
}

/** Kinds of characters in a row. */
export const ROW = 64;

/**
 * @param keywords ASCII, none of them empty; their index is what an output gives
 * @throws Error for a keyword that is not ASCII, and when the keywords hold more than 63 different characters
 */
export function automatonOf(keywords: readonly string[]): Automaton {
  const lower = keywords.map((keyword) => keyword.toLowerCase());
  const { kinds, width } = kindsOf(lower);
  const rows: Int32Array[] = [new Int32Array(width).fill(-1)];
  const ends: number[][] = [[]];
  for (const [index, keyword] of lower.entries()) {
    let state = 0;
    for (let i = 0; i < keyword.length; i += 1) {
      const row = rows[state] as Int32Array;
      const kind = kinds[keyword.charCodeAt(i)] as number;
      if ((row[kind] as number) < 0) {
        row[kind] = rows.length;
        rows.push(new Int32Array(width).fill(-1));
        ends.push([]);
      }
      state = row[kind] as number;
    }
    (ends[state] as number[]).push(index);
  }
  const order = complete(rows, ends, width);
  const silent = [0, ...order].filter((state) => (ends[state] as number[]).length === 0);
  const loud = order.filter((state) => (ends[state] as number[]).length > 0);
  const numbers = new Uint32Array(rows.length);
  for (const [number, state] of [...silent, ...loud].entries()) numbers[state] = number;
  const table = rows.length <= 0xffff ? new Uint16Array(rows.length * ROW) : new Uint32Array(rows.length * ROW);
  for (const [state, row] of rows.entries()) {
    const base = (numbers[state] as number) * ROW;
    for (let kind = 0; kind < width; kind += 1) table[base + kind] = numbers[row[kind] as number] as number;
  }
  return { kinds, rows: table, firstOutput: silent.length, outputs: loud.map((state) => ends[state] as number[]) };
}

/** Characters that occur in the keywords, numbered from 1; all others are of kind 0. */
function kindsOf(keywords: readonly string[]): { kinds: Uint8Array; width: number } {
  const kinds = new Uint8Array(256);
  let width = 1;
  for (const keyword of keywords) {
    for (let i = 0; i < keyword.length; i += 1) {
      const c = keyword.charCodeAt(i);
      if (c >= 128) throw new Error(`keyword is not ASCII: ${keyword}`);
      if (kinds[c] === 0) {
        kinds[c] = width;
        width += 1;
      }
    }
  }
  if (width > ROW) throw new Error('the keywords hold too many different characters');
  for (let c = 65; c <= 90; c += 1) kinds[c] = kinds[c + 32] as number;
  return { kinds, width };
}

/** Fills the rows of a trie with where a failed comparison goes on. @returns the states in order of depth, without the first */
function complete(rows: readonly Int32Array[], ends: readonly number[][], width: number): number[] {
  const fail = new Int32Array(rows.length);
  const order: number[] = [];
  const root = rows[0] as Int32Array;
  for (let kind = 0; kind < width; kind += 1) {
    if ((root[kind] as number) < 0) root[kind] = 0;
    else order.push(root[kind] as number);
  }
  for (let i = 0; i < order.length; i += 1) {
    const state = order[i] as number;
    const row = rows[state] as Int32Array;
    const back = rows[fail[state] as number] as Int32Array;
    (ends[state] as number[]).push(...(ends[fail[state] as number] as number[]));
    for (let kind = 0; kind < width; kind += 1) {
      const to = row[kind] as number;
      if (to < 0) row[kind] = back[kind] as number;
      else {
        fail[to] = back[kind] as number;
        order.push(to);
      }
    }
  }
  return order;
}
