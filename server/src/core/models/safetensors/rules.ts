import { defineRules } from '../../rule';

const MALFORMED = {
  cwe: ['CWE-20', 'CWE-436'],
  owasp: ['A08:2021', 'LLM03:2025', 'ML06:2023'],
  atlas: ['AML.T0010', 'AML.T0074'],
  nist: ['MAP 4.1', 'MEASURE 2.7'],
} as const;

const REWRITE =
  'Obtain the file from its publisher again, or load it in isolation and write it anew with the safetensors library.';

export const SAFETENSORS_RULES = defineRules('safetensors', {
  'header-size': {
    title: 'Header that exhausts memory',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description:
      'The header claims a length above the 100 MB that the format allows, or more than the file has. A reader that trusts it allocates as much before it notices.',
    remediation: REWRITE,
    references: { ...MALFORMED, cwe: ['CWE-789', 'CWE-770', 'CWE-400'] },
  },
  'invalid-header': {
    title: 'Header breaks the format',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'The header of the safetensors file breaks a rule of the format (JSON, types, shapes, offsets). The reference implementation refuses such a file; readers that do not check it read wrong memory or something else than a scanner.',
    remediation: REWRITE,
    references: MALFORMED,
  },
  'uncovered-data': {
    title: 'Data that belongs to no tensor',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'Bytes between the tensors or behind the last one belong to none of them. The format forbids that, because such a file can be another kind of file at the same time.',
    remediation: REWRITE,
    references: { ...MALFORMED, cwe: ['CWE-434', 'CWE-436'] },
  },
  'active-metadata': {
    title: 'Code or markup in the metadata',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'The metadata of the file contains program code or active HTML. It does nothing by itself, but runs where a tool evaluates it or shows it in a page.',
    remediation: 'Do not evaluate or show the metadata unescaped; remove the entry.',
    references: { ...MALFORMED, cwe: ['CWE-79', 'CWE-94'] },
  },
  'hostile-name': {
    title: 'Tensor name that is a path or markup',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'The name of a tensor leaves a folder through `..`, is an absolute path, or contains control characters or markup. Tools that write or show tensors by name are misled.',
    remediation: REWRITE,
    references: { ...MALFORMED, cwe: ['CWE-22', 'CWE-79'] },
  },
});
