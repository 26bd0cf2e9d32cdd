import { RULES } from './rules';
import { nearest, ruleMatches } from './suppress/patterns';

const FAMILIES = [...new Set(RULES.map(({ id }) => id.slice(0, id.indexOf('/'))))];

/**
 * What is wrong with the name of a rule in a setting or a list: an id, `family/*`, or `*`.
 * @returns undefined when there is such a rule, else a sentence with the name that may be meant
 */
export function ruleNameProblem(name: string): string | undefined {
  if (RULES.some(({ id }) => ruleMatches(id, [name]))) return undefined;
  const meant = nearest(name, [...RULES.map(({ id }) => id), ...FAMILIES.map((family) => `${family}/*`)]);
  return `there is no such rule${meant ? `; ${meant} may be meant` : ''}`;
}
