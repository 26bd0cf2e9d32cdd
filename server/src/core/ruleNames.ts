/** Whether there is what settings and lists name. */
import { RULES } from './rules';
import { nearest, ruleMatches } from './suppress/patterns';

const FAMILIES = [...new Set(RULES.map(({ id }) => id.slice(0, id.indexOf('/'))))].map((family) => `${family}/*`);
const NAMES = new Set([...RULES.map(({ id }) => id), ...FAMILIES]);

/**
 * What is wrong with the keys of `severity.overrides`: each has to be the id of a rule, or `family/*`.
 * @returns the setting with a sentence for each that is none, and the name that may be meant
 */
export function overrideProblems(overrides: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(overrides)
    .filter((name) => !NAMES.has(name))
    .map((name) => `severity.overrides["${name}"]: ${noSuchRule(name)}`);
}

/**
 * What is wrong with a pattern in an ignore file, which may have stars anywhere.
 * @returns undefined when a rule fits it
 */
export function patternProblem(pattern: string): string | undefined {
  return RULES.some(({ id }) => ruleMatches(id, [pattern])) ? undefined : noSuchRule(pattern);
}

function noSuchRule(name: string): string {
  const meant = nearest(name, NAMES);
  return `there is no such rule${meant ? `; ${meant} may be meant` : ''}`;
}
