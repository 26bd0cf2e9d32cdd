import type { Category, Risk, Severity } from './finding';

/** References into public catalogues; each entry is the catalogue's own id. */
export interface RuleReferences {
  /** CWE numbers, `CWE-502`. */
  cwe?: readonly string[];
  /** OWASP ids: Top 10 2021 (`A08:2021`), LLM 2025 (`LLM03:2025`), ML 2023 (`ML06:2023`). */
  owasp?: readonly string[];
  /** MITRE ATLAS techniques, `AML.T0010`; ATT&CK where ATLAS has none. */
  atlas?: readonly string[];
  /** NIST AI RMF functions and categories, `MAP 4.1`. */
  nist?: readonly string[];
  /** CVE ids or links that explain the defect. */
  see?: readonly string[];
}

/** One kind of finding. Ids are `family/kebab-name`, readable and never reused. */
export interface Rule {
  readonly id: string;
  readonly title: string;
  readonly category: Category;
  /** Severity a finding of the rule has unless the scanner knows better. */
  readonly severity: Severity;
  readonly risk?: Risk;
  /** What is found and what would happen, in one or two sentences. */
  readonly description: string;
  /** What to do about it. */
  readonly remediation: string;
  readonly references: RuleReferences;
}

/** Declares the rules of one family; the table is keyed by the last part of the id. */
export function defineRules<const K extends string>(
  family: string,
  rules: Record<K, Omit<Rule, 'id'>>,
): { readonly [P in K]: Rule } {
  const out = {} as { [P in K]: Rule };
  for (const key of Object.keys(rules) as K[]) out[key] = Object.freeze({ id: `${family}/${key}`, ...rules[key] });
  return out;
}

/** Catalogue entries that whole families share. */
export const MODEL_REFERENCES = {
  deserialization: {
    cwe: ['CWE-502'],
    owasp: ['A08:2021', 'LLM03:2025', 'ML06:2023'],
    atlas: ['AML.T0010', 'AML.T0018', 'AML.T0011.000'],
    nist: ['MAP 4.1', 'MEASURE 2.7', 'GOVERN 6.1'],
  },
  backdoor: {
    cwe: ['CWE-506', 'CWE-912'],
    owasp: ['LLM04:2025', 'ML10:2023'],
    atlas: ['AML.T0018', 'AML.T0020'],
    nist: ['MAP 4.1', 'MEASURE 2.7', 'GOVERN 6.1'],
  },
  runtime: {
    cwe: ['CWE-94'],
    owasp: ['A03:2021', 'LLM03:2025', 'ML06:2023'],
    atlas: ['AML.T0010', 'AML.T0011'],
    nist: ['MAP 4.1', 'MEASURE 2.7', 'GOVERN 6.1'],
  },
} as const satisfies Record<Risk, RuleReferences>;
