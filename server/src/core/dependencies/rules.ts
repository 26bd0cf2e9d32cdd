import { defineRules } from '../rule';

const SUPPLY_CHAIN = {
  owasp: ['A06:2021', 'LLM03:2025', 'ML06:2023'],
  atlas: ['AML.T0010.001'],
  nist: ['MAP 4.1', 'MANAGE 3.1', 'GOVERN 6.1'],
} as const;

export const DEPENDENCY_RULES = defineRules('dependency', {
  'known-vulnerability': {
    title: 'Known vulnerability',
    category: 'dependency',
    severity: 'high',
    description:
      'The version that is asked for, or every version that the specifier allows, has published advisories. The severity is that of the worst one by CVSS; without a score it is medium, and one step lower when no fix is known.',
    remediation: 'Move to the version that is named as the smallest one without a known vulnerability, and test.',
    references: { cwe: ['CWE-1395', 'CWE-1104'], ...SUPPLY_CHAIN },
  },
  'malicious-package': {
    title: 'Malicious package',
    category: 'dependency',
    severity: 'critical',
    description:
      'An advisory says that this distribution, or this release of it, was published to do harm. Installing it runs its code.',
    remediation: 'Remove it, and treat every machine that has installed it as compromised.',
    references: { cwe: ['CWE-506'], ...SUPPLY_CHAIN },
  },
  'vulnerable-range': {
    title: 'Range that admits vulnerable versions',
    category: 'dependency',
    severity: 'info',
    description:
      'Some of the versions that the specifier allows have published advisories. What is installed depends on when and where; an existing environment may keep a vulnerable one.',
    remediation: 'Raise the lower bound to the version that is named.',
    references: { cwe: ['CWE-1395'], ...SUPPLY_CHAIN },
  },
  unpinned: {
    title: 'Unpinned dependencies',
    category: 'dependency',
    severity: 'info',
    description: 'Distributions are asked for without any version, so each installation may bring other code.',
    remediation: 'Pin versions, best in a lock file with hashes.',
    references: { cwe: ['CWE-1357'], ...SUPPLY_CHAIN },
  },
  'extra-index': {
    title: 'Additional package index',
    category: 'dependency',
    severity: 'medium',
    description:
      'With --extra-index-url pip takes the highest version from any index, so whoever registers the same name on the other one decides what is installed (dependency confusion).',
    remediation: 'Use one index that proxies the others, or pin every distribution by hash.',
    references: { cwe: ['CWE-427', 'CWE-829'], ...SUPPLY_CHAIN, see: ['CVE-2018-20225'] },
  },
  'untrusted-index': {
    title: 'Index that is not PyPI',
    category: 'dependency',
    severity: 'low',
    description: 'Packages come from another index or a page of links, whose operator decides what code is installed.',
    remediation: 'Make sure that the index is yours or one you trust, and pin by hash.',
    references: { cwe: ['CWE-829', 'CWE-494'], ...SUPPLY_CHAIN },
  },
  'trusted-host': {
    title: 'Certificate check switched off',
    category: 'dependency',
    severity: 'medium',
    description:
      '--trusted-host makes pip accept any certificate, or none, from the host, so anyone on the way can replace what is installed.',
    remediation: 'Remove the option; give pip the right certificate authority with --cert instead.',
    references: { cwe: ['CWE-295', 'CWE-494'], ...SUPPLY_CHAIN },
  },
  'insecure-transport': {
    title: 'Packages over an unencrypted connection',
    category: 'dependency',
    severity: 'high',
    description:
      'Packages are fetched over http or git without encryption, so anyone on the way can replace the code that is installed.',
    remediation: 'Use https.',
    references: { cwe: ['CWE-319', 'CWE-494'], ...SUPPLY_CHAIN },
  },
  'unpinned-source': {
    title: 'Source that can change',
    category: 'dependency',
    severity: 'low',
    description:
      'A distribution is installed from a branch or a URL without commit or hash: what is behind it can change at any time.',
    remediation: 'Name a full commit id (`@<40 hex digits>`), or add a hash (`#sha256=...`).',
    references: { cwe: ['CWE-494', 'CWE-829'], ...SUPPLY_CHAIN },
  },
  prerelease: {
    title: 'Pre-releases are allowed',
    category: 'dependency',
    severity: 'low',
    description: '--pre lets every dependency be a pre-release, also those that were not meant.',
    remediation: 'Remove --pre and pin the one pre-release that is needed.',
    references: { cwe: ['CWE-1357'], ...SUPPLY_CHAIN },
  },
  'remote-include': {
    title: 'Requirements from a URL',
    category: 'dependency',
    severity: 'medium',
    description:
      'pip fetches this list of requirements over the network; whoever controls it decides what is installed. It was not fetched here.',
    remediation: 'Keep a copy of the list in the repository.',
    references: { cwe: ['CWE-829', 'CWE-494'], ...SUPPLY_CHAIN },
  },
  'wrong-name': {
    title: 'Name of another distribution',
    category: 'dependency',
    severity: 'low',
    description:
      'The name is not that of the distribution that is meant: it is an import name, a placeholder or a deprecated alias. Whoever owns the name decides what is installed.',
    remediation: 'Use the name that is given.',
    references: { cwe: ['CWE-1357', 'CWE-506'], ...SUPPLY_CHAIN },
  },
});
