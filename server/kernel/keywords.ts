/**
 * Reads a text through the automaton of its keywords (Aho and Corasick 1975). A step waits for the one before it, so a
 * stretch is read in four lanes at once.
 */
import { CAPACITY, CHUNK, put, STATES } from './memory';

const LANE_BYTES: usize = (<usize>CHUNK >> 2) << 3;

/** Kind of each byte, 0 to 63: its place in a row of the automaton. */
let kinds: usize = 0;
/** The state after a state and a kind, in rows of 64 numbers of 16 bits. */
let rows: usize = 0;
/** States from here on have words that end there. */
let firstOutput: u32 = 0;
/** Of each of these states where its words begin in `words`, and behind the last one where they end. */
let outputs: usize = 0;
/** Of each word two numbers: what it is told as, and how long it is when it has to open a word (0: it may stand anywhere). */
let words: usize = 0;
/** Characters in front of a place that the state there depends on. */
let reach: i32 = 0;

/** Where the tables lie that the other side has written. */
export function useAutomaton(
  kindsAt: usize,
  rowsAt: usize,
  first: u32,
  outputsAt: usize,
  wordsAt: usize,
  reachOfWords: i32,
): void {
  kinds = kindsAt;
  rows = rowsAt;
  firstOutput = first;
  outputs = outputsAt;
  words = wordsAt;
  reach = reachOfWords;
}

function step(state: u32, at: usize): u32 {
  return load<u16>(rows + ((<usize>state) << 7) + ((<usize>load<u8>(kinds + load<u8>(at))) << 1));
}

/** State in front of a place. */
function stateAt(text: usize, at: i32): u32 {
  let state: u32 = 0;
  for (let i = max(0, at - reach); i < at; i += 1) state = step(state, text + i);
  return state;
}

function note(place: usize, state: u32, end: i32): usize {
  store<u32>(place, state);
  store<i32>(place, end, 4);
  return place + 8;
}

let end0: usize = 0;
let end1: usize = 0;
let end2: usize = 0;
let end3: usize = 0;
/** The lane and the place in it that are told next. */
let lane: i32 = 0;
let told: usize = 0;
let toldWord: u32 = 0;
let scanned: usize = 0;

/** Reads `[from, to)` of a text, at most CHUNK; `tell` gives what ends there. */
export function scan(text: usize, from: i32, to: i32): void {
  const size = (to - from) >> 2;
  const text0 = text + from;
  const text1 = text0 + size;
  const text2 = text1 + size;
  const text3 = text2 + size;
  let state0 = stateAt(text, from);
  let state1 = stateAt(text, from + size);
  let state2 = stateAt(text, from + 2 * size);
  let state3 = stateAt(text, from + 3 * size);
  end0 = STATES;
  end1 = STATES + LANE_BYTES;
  end2 = STATES + 2 * LANE_BYTES;
  end3 = STATES + 3 * LANE_BYTES;
  for (let i = 0; i < size; i += 1) {
    state0 = step(state0, text0 + i);
    state1 = step(state1, text1 + i);
    state2 = step(state2, text2 + i);
    state3 = step(state3, text3 + i);
    if (state0 >= firstOutput) end0 = note(end0, state0, from + i + 1);
    if (state1 >= firstOutput) end1 = note(end1, state1, from + size + i + 1);
    if (state2 >= firstOutput) end2 = note(end2, state2, from + 2 * size + i + 1);
    if (state3 >= firstOutput) end3 = note(end3, state3, from + 3 * size + i + 1);
  }
  for (let i = from + 4 * size; i < to; i += 1) {
    state3 = step(state3, text + i);
    if (state3 >= firstOutput) end3 = note(end3, state3, i + 1);
  }
  lane = 0;
  told = STATES;
  toldWord = 0;
  scanned = text;
}

function isWord(c: u8): bool {
  return u8((c | 32) - 97) < 26 || u8(c - 48) < 10 || c === 95;
}

/** Whether a word begins at a place: no letter stands before it, but for the letter of an escape such as `\n`. */
function opensWord(at: usize): bool {
  return !isWord(load<u8>(at - 1)) || load<u8>(at - 2) === 92;
}

/**
 * Writes the words that `scan` has met to OUTPUT, as pairs of what a word is told as and the offset behind it.
 * @returns how many numbers; 0 when there are no more
 */
export function tell(): i32 {
  let count = 0;
  while (lane < 4) {
    const end = lane === 0 ? end0 : lane === 1 ? end1 : lane === 2 ? end2 : end3;
    while (told < end) {
      const output = outputs + ((<usize>(load<u32>(told) - firstOutput)) << 2);
      const last = load<u32>(output, 4);
      const offset = load<i32>(told, 4);
      for (let word = load<u32>(output) + toldWord; word < last; word += 1) {
        if (count + 2 > CAPACITY) {
          toldWord = word - load<u32>(output);
          return count;
        }
        const opening = load<i32>(words + ((<usize>word) << 3), 4);
        if (opening === 0 || opensWord(scanned + offset - opening)) {
          put(count, load<i32>(words + ((<usize>word) << 3)));
          put(count + 1, offset);
          count += 2;
        }
      }
      toldWord = 0;
      told += 8;
    }
    lane += 1;
    told = STATES + <usize>lane * LANE_BYTES;
  }
  return count;
}
