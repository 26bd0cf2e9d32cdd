/**
 * The memory that both sides know. A text lies in it as one byte for each UTF-16 code unit: ASCII and Latin-1 signs as
 * they are, every letter from U+00C0 on as LETTER, with zeros in front of it and behind it, so that nobody has to look
 * whether a text begins or ends.
 */

/** Byte of a code unit from U+00C0 on. */
export const LETTER: u8 = 0xc1;

/** Code units of a lane at most. */
const LANE: i32 = 1 << 14;
/** What one call reads at most. */
export const CHUNK: i32 = 4 * LANE;

/** Pairs of a state with output and the offset behind its character, for each lane; the last one may have three more. */
export const STATES = memory.data((CHUNK + 3) * 8);
/** Numbers that fit into OUTPUT: every other character of a stretch may begin a word of which a survey tells five. */
export const CAPACITY: i32 = CHUNK * 3;

/** What is given to the other side: see each function. */
export const OUTPUT = memory.data(CHUNK * 12);

export function put(index: i32, value: i32): void {
  store<i32>(OUTPUT + ((<usize>index) << 2), value);
}
