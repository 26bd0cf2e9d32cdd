import { RE2JS } from 're2js';

/** Instructions of a compiled pattern; the time of a match is this number times the length of the text. */
const LARGEST_PROGRAM = 1000;

/**
 * Compiles a pattern of the user's own for the linear-time engine. `^` and `$` stand for the ends of a line.
 * @param source RE2 syntax (https://github.com/google/re2/wiki/Syntax): no look-around, no back references
 * @returns the pattern, or what is wrong with it in words
 */
export function compilePattern(source: string): { pattern: RE2JS } | { problem: string } {
  try {
    const pattern = RE2JS.compile(source, RE2JS.MULTILINE);
    const size = pattern.programSize();
    if (size > LARGEST_PROGRAM) {
      return { problem: `is too large (${size} instructions, at most ${LARGEST_PROGRAM}): use smaller repetitions` };
    }
    if (pattern.matches('')) return { problem: 'matches the empty text, and so everywhere' };
    return { pattern };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : 'is no regular expression of RE2' };
  }
}
