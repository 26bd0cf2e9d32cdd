import { defineRules } from './rule';

const references = {
  cwe: ['CWE-693'],
  owasp: ['A09:2021', 'LLM03:2025'],
  atlas: ['AML.T0010'],
  nist: ['MEASURE 2.7', 'MANAGE 4.1'],
} as const;

/** What the scanner says of its own reach: nothing that was not looked at may pass for clean. */
export const COVERAGE_RULES = defineRules('coverage', {
  'not-inspected': {
    title: 'Not inspected',
    category: 'coverage',
    severity: 'low',
    description:
      'Part of the file could not be looked at: a budget was met, or it is encrypted, damaged or of a kind that is not supported. What lies there is unknown, not clean.',
    remediation: 'Raise the limit that is named, or obtain the file in a form that can be read.',
    references,
  },
  unreadable: {
    title: 'Unreadable',
    category: 'coverage',
    severity: 'low',
    description: 'The file could not be read or is not what its name says, so nothing is known of its content.',
    remediation: 'Check permissions and that the file is complete; do not load it before it has been scanned.',
    references,
  },
  'extension-mismatch': {
    title: 'Content is not what the name says',
    category: 'coverage',
    severity: 'info',
    description:
      'The content is of another format than the file name promises. Loaders go by content, many scanners by name.',
    remediation: 'Rename the file to its real format, and ask why it was named otherwise.',
    references: { cwe: ['CWE-434', 'CWE-646'], owasp: ['LLM03:2025'], atlas: ['AML.T0074'], nist: ['MAP 4.1'] },
  },
  'lfs-pointer': {
    title: 'Git LFS pointer',
    category: 'coverage',
    severity: 'info',
    description: 'The file is a Git LFS pointer; the model itself is not here, so it was not scanned.',
    remediation: 'Fetch the object with `git lfs pull` and scan again, or scan the remote repository.',
    references,
  },
});
