import type { Rule } from '../rule';
import { AI_SERVICES } from './rules/ai';
import { CLOUD_SERVICES } from './rules/cloud';
import { rulesOf } from './rules/define';
import { MLOPS_SERVICES } from './rules/mlops';
import { OTHER_SERVICES } from './rules/services';
import { STRUCTURAL_RULES } from './rules/structural';

const services = rulesOf([...AI_SERVICES, ...MLOPS_SERVICES, ...CLOUD_SERVICES, ...OTHER_SERVICES]);

/** What finds each rule of a service, by rule id. */
export const SECRET_SPECS = services.specs;

/** Every rule of the family `secret`. */
export const SECRET_RULES: Record<string, Rule> = { ...STRUCTURAL_RULES, ...services.rules };
