import { defineRules } from '../../src/core/rule';

/** The rule of formats that tests make up. */
export const PROBE_RULES = defineRules('probe', {
  found: {
    title: 'Found',
    category: 'model',
    severity: 'high',
    description: 'd',
    remediation: 'r',
    references: {},
  },
});
