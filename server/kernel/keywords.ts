/**
 * Reads a text through the automaton of its keywords (Aho and Corasick 1975). A step waits for the one before it, so a
 * stretch is read in four lanes at once.
 */
import { CAPACITY, CHUNK, put, STATES } from './memory';

const LANE_BYTES: usize = (<usize>CHUNK >> 2) << 3;

/** Where the kind of each byte stands in a row of the automaton, in bytes. */
let columns: usize = 0;
/** The state after a state and a kind, in rows of 64 numbers of 16 bits. */
let rows: usize = 0;
/** States from here on have words that end there. */
let firstOutput: u32 = 0;
/** Of each of these states where its words begin in `words`, and behind the last one where they end. */
let outputs: usize = 0;
/** What each word is told as. */
let words: usize = 0;
/** Characters in front of a place that the state there depends on. */
let reach: i32 = 0;

/** Where the tables lie that the other side has written. */
export function useAutomaton(
  columnsAt: usize,
  rowsAt: usize,
  first: u32,
  outputsAt: usize,
  wordsAt: usize,
  reachOfWords: i32,
): void {
  columns = columnsAt;
  rows = rowsAt;
  firstOutput = first;
  outputs = outputsAt;
  words = wordsAt;
  reach = reachOfWords;
}

function next(table: usize, kinds: usize, state: u32, character: u8): u32 {
  return load<u16>(table + ((<usize>state) << 7) + <usize>load<u8>(kinds + character));
}

/** State in front of a place. */
function stateAt(text: usize, at: i32): u32 {
  let state: u32 = 0;
  for (let i = max(0, at - reach); i < at; i += 1) state = next(rows, columns, state, load<u8>(text + i));
  return state;
}

function note(place: usize, state: u32, end: i32): usize {
  store<u32>(place, state);
  store<i32>(place, end, 4);
  return place + 8;
}

/** Reads one lane alone. @returns behind what it has noted */
function finish(text: usize, from: i32, to: i32, before: u32, end: usize): usize {
  let state = before;
  let place = end;
  for (let i = from; i < to; i += 1) {
    state = next(rows, columns, state, load<u8>(text + i));
    if (state >= firstOutput) place = note(place, state, i + 1);
  }
  return place;
}

let end0: usize = 0;
let end1: usize = 0;
let end2: usize = 0;
let end3: usize = 0;
/** The lane and the place in it that are told next. */
let lane: i32 = 0;
let told: usize = 0;
let toldWord: u32 = 0;

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
  // Locals, since what a module keeps is read again behind every write.
  const table = rows;
  const kinds = columns;
  const first = firstOutput;
  let place0 = end0;
  let place1 = end1;
  let place2 = end2;
  let place3 = end3;
  let at0 = text0;
  let at1 = text1;
  let at2 = text2;
  let at3 = text3;
  // Four characters of each lane in a round.
  for (let left = size >> 2; left > 0; left -= 1) {
    state0 = next(table, kinds, state0, load<u8>(at0, 0));
    state1 = next(table, kinds, state1, load<u8>(at1, 0));
    state2 = next(table, kinds, state2, load<u8>(at2, 0));
    state3 = next(table, kinds, state3, load<u8>(at3, 0));
    if (state0 >= first) place0 = note(place0, state0, <i32>(at0 - text) + 1);
    if (state1 >= first) place1 = note(place1, state1, <i32>(at1 - text) + 1);
    if (state2 >= first) place2 = note(place2, state2, <i32>(at2 - text) + 1);
    if (state3 >= first) place3 = note(place3, state3, <i32>(at3 - text) + 1);
    state0 = next(table, kinds, state0, load<u8>(at0, 1));
    state1 = next(table, kinds, state1, load<u8>(at1, 1));
    state2 = next(table, kinds, state2, load<u8>(at2, 1));
    state3 = next(table, kinds, state3, load<u8>(at3, 1));
    if (state0 >= first) place0 = note(place0, state0, <i32>(at0 - text) + 2);
    if (state1 >= first) place1 = note(place1, state1, <i32>(at1 - text) + 2);
    if (state2 >= first) place2 = note(place2, state2, <i32>(at2 - text) + 2);
    if (state3 >= first) place3 = note(place3, state3, <i32>(at3 - text) + 2);
    state0 = next(table, kinds, state0, load<u8>(at0, 2));
    state1 = next(table, kinds, state1, load<u8>(at1, 2));
    state2 = next(table, kinds, state2, load<u8>(at2, 2));
    state3 = next(table, kinds, state3, load<u8>(at3, 2));
    if (state0 >= first) place0 = note(place0, state0, <i32>(at0 - text) + 3);
    if (state1 >= first) place1 = note(place1, state1, <i32>(at1 - text) + 3);
    if (state2 >= first) place2 = note(place2, state2, <i32>(at2 - text) + 3);
    if (state3 >= first) place3 = note(place3, state3, <i32>(at3 - text) + 3);
    state0 = next(table, kinds, state0, load<u8>(at0, 3));
    state1 = next(table, kinds, state1, load<u8>(at1, 3));
    state2 = next(table, kinds, state2, load<u8>(at2, 3));
    state3 = next(table, kinds, state3, load<u8>(at3, 3));
    if (state0 >= first) place0 = note(place0, state0, <i32>(at0 - text) + 4);
    if (state1 >= first) place1 = note(place1, state1, <i32>(at1 - text) + 4);
    if (state2 >= first) place2 = note(place2, state2, <i32>(at2 - text) + 4);
    if (state3 >= first) place3 = note(place3, state3, <i32>(at3 - text) + 4);
    at0 += 4;
    at1 += 4;
    at2 += 4;
    at3 += 4;
  }
  end0 = place0;
  end1 = place1;
  end2 = place2;
  end3 = place3;
  // What is left of each lane: at most three characters, and of the last one at most three more.
  const read = size & ~3;
  end0 = finish(text, from + read, from + size, state0, end0);
  end1 = finish(text, from + size + read, from + 2 * size, state1, end1);
  end2 = finish(text, from + 2 * size + read, from + 3 * size, state2, end2);
  end3 = finish(text, from + 3 * size + read, to, state3, end3);
  lane = 0;
  told = STATES;
  toldWord = 0;
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
        put(count, load<i32>(words + ((<usize>word) << 2)));
        put(count + 1, offset);
        count += 2;
      }
      toldWord = 0;
      told += 8;
    }
    lane += 1;
    told = STATES + <usize>lane * LANE_BYTES;
  }
  return count;
}
