import { defineRules } from '../rule';

const references = {
  cwe: ['CWE-1116'],
  owasp: ['A09:2021'],
  nist: ['MANAGE 4.1'],
} as const;

/** What is told of comments that are meant to hide findings and do not. */
export const SUPPRESSION_RULES = defineRules('suppression', {
  'not-understood': {
    title: 'Suppression that is not understood',
    category: 'coverage',
    severity: 'low',
    description:
      'A comment or cell tag is meant to hide findings and names no rule that can be hidden there, or is no instruction that is known. It hides nothing.',
    remediation: 'Correct the name (`watchtower rules` lists them), or take the comment away.',
    references,
  },
  unused: {
    title: 'Suppression without a finding',
    category: 'coverage',
    severity: 'info',
    description:
      'A comment hides findings where there are none. It would hide the next one that somebody writes there.',
    remediation: 'Take the comment away.',
    references,
  },
});
