import { COVERAGE_RULES } from './coverage';
import type { Rule } from './rule';

/** Every rule of the product, one family a line. Faces, reports and documentation read this list. */
const FAMILIES: readonly Record<string, Rule>[] = [COVERAGE_RULES];

export const RULES: readonly Rule[] = FAMILIES.flatMap((family) => Object.values(family));

const BY_ID = new Map(RULES.map((rule) => [rule.id, rule]));

export function ruleById(id: string): Rule | undefined {
  return BY_ID.get(id);
}
