import { RE2JS } from 're2js';

/** Instructions of a compiled pattern; the time of a match is this number times the length of the text. */
const LARGEST_PROGRAM = 1000;

/** What other engines have and no engine can match in linear time. Behind an even number of backslashes it is meant so. */
const WITHOUT_LINEAR_TIME: readonly { form: RegExp; problem: string }[] = [
  {
    form: /(?<!\\)(?:\\\\)*\(\?<?[=!]/,
    problem:
      'looks ahead or behind ((?=, (?!, (?<=, (?<!), which RE2 does not: match what is around, and put the secret into a group',
  },
  {
    form: /(?<!\\)(?:\\\\)*\\(?:[1-9]|k[<{'])/,
    problem: 'refers back to a group (\\1), which RE2 does not: write the part again',
  },
];

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
    const { problem } = WITHOUT_LINEAR_TIME.find(({ form }) => form.test(source)) ?? {};
    return { problem: problem ?? (error instanceof Error ? error.message : 'is no regular expression of RE2') };
  }
}
