/** `.watchtowerignore`: lines of gitignore syntax hide whole files, `rule:glob` lines hide one rule or family in some. */
import ignore from 'ignore';
import { patternProblem } from '../ruleNames';
import { ruleMatches } from './patterns';
import type { Suppressor } from './suppressor';

export const IGNORE_FILE = '.watchtowerignore';

/** `pii/email-address:docs/**`, `secret/*:tests/`, `*:vendor/`. A colon in a path has to be escaped. */
const RULE_LINE = /^(\*|[a-z][a-z0-9-]*\/[a-z0-9*-]+):(.+)$/;

/** Lines that are something: no comment, not empty; a byte order mark is none of the first. */
function linesOf(text: string): string[] {
  return text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** What is wrong with an ignore file: the rules that it names and that there are not, each with its line. */
export function ignoreFileProblems(text: string): string[] {
  return linesOf(text).flatMap((line) => {
    const name = RULE_LINE.exec(line)?.[1];
    const problem = name === undefined ? undefined : patternProblem(name);
    return problem ? [`${name}: ${problem}`] : [];
  });
}

/**
 * Findings are hidden, not unseen: the files are scanned all the same and what is hidden is counted.
 * @param trusted see {@link Suppressor.trusted}
 */
export function ignoreFileSuppressor(text: string, trusted: boolean): Suppressor {
  const files = ignore({ allowRelativePaths: true });
  const rules: { pattern: string; files: ReturnType<typeof ignore>; line: string }[] = [];
  for (const line of linesOf(text)) {
    const match = RULE_LINE.exec(line);
    if (match) {
      const own = ignore({ allowRelativePaths: true });
      own.add(match[2] as string);
      rules.push({ pattern: match[1] as string, files: own, line });
    } else files.add(line);
  }
  return {
    trusted,
    match(artifact, finding) {
      if (files.ignores(artifact.path)) return { by: 'ignore-file', reason: IGNORE_FILE };
      for (const rule of rules) {
        if (ruleMatches(finding.ruleId, [rule.pattern]) && rule.files.ignores(artifact.path)) {
          return { by: 'ignore-file', reason: `${IGNORE_FILE}: ${rule.line}` };
        }
      }
      return undefined;
    },
  };
}
