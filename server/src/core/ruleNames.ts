/** Whether there is what settings and lists name. */
import { RULES } from './rules';
import { nearest, ruleMatches } from './suppress/patterns';

const FAMILIES = [...new Set(RULES.map(({ id }) => id.slice(0, id.indexOf('/'))))].map((family) => `${family}/*`);
const NAMES = new Set([...RULES.map(({ id }) => id), ...FAMILIES]);

/**
 * What is wrong with a key of `severity.overrides`: the id of a rule, or `family/*`.
 * @returns undefined when there is one, else a sentence with the name that may be meant
 */
export function overrideProblem(name: string): string | undefined {
  return NAMES.has(name) ? undefined : noSuchRule(name);
}

/** The same of a pattern in an ignore file, which may have stars anywhere. */
export function patternProblem(pattern: string): string | undefined {
  return RULES.some(({ id }) => ruleMatches(id, [pattern])) ? undefined : noSuchRule(pattern);
}

function noSuchRule(name: string): string {
  const meant = nearest(name, NAMES);
  return `there is no such rule${meant ? `; ${meant} may be meant` : ''}`;
}
