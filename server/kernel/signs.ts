/** Collects the characters that divide a Python text, sixteen characters at a time: `core/python/signs.ts` uses them. */
import { OUTPUT } from './memory';

/** Kind of each byte that is collected, and 0: written by the other side. */
export const SIGN_KINDS = memory.data(128);

/**
 * Which of these characters a byte is by its lower and by its upper half: the bit that both have stands for one of the
 * upper halves 0, 2, 3, 5 and 7 with the lower ones that go with it.
 */
const LOWER = i8x16(0, 0, 2, 2, 0, 0, 0, 2, 2, 2, 1, 24, 8, 29, 0, 0);
const UPPER = i8x16(1, 0, 2, 4, 0, 8, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0);

/**
 * Writes the line ends, quotes, brackets, `#`, `\` and `=` in the first `size` characters of a text to OUTPUT: the offset
 * of each times 16, and its kind. @returns how many there are
 */
export function collectSigns(text: usize, size: i32): i32 {
  const half = i8x16.splat(15);
  let place = OUTPUT;
  for (let at = 0; at < size; at += 16) {
    const characters = v128.load(text + at);
    const lower = v128.swizzle(LOWER, v128.and(characters, half));
    const upper = v128.swizzle(UPPER, i8x16.shr_u(characters, 4));
    let mask = ~i8x16.bitmask(i8x16.eq(v128.and(lower, upper), i8x16.splat(0))) & 0xffff;
    if (size - at < 16) mask &= (1 << (size - at)) - 1;
    for (; mask !== 0; mask &= mask - 1) {
      const offset = at + ctz(mask);
      store<i32>(place, (offset << 4) | load<u8>(SIGN_KINDS + load<u8>(text + offset)));
      place += 4;
    }
  }
  return <i32>((place - OUTPUT) >> 2);
}
