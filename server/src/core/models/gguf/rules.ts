import { defineRules } from '../../rule';

const MEMORY = {
  cwe: ['CWE-190', 'CWE-122', 'CWE-125'],
  owasp: ['A06:2021', 'LLM03:2025', 'ML06:2023'],
  atlas: ['AML.T0010', 'AML.T0011.000'],
  nist: ['MAP 4.1', 'MEASURE 2.7'],
} as const;

const REWRITE =
  'Do not load it with an old llama.cpp or a binding of it. Obtain the file from its publisher again, or convert the model anew.';

export const GGUF_RULES = defineRules('gguf', {
  'header-overflow': {
    title: 'Numbers in the header overflow',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description:
      'A count, length, size, type, alignment or offset in the header is larger than the file or than any table, or wraps around when it is multiplied or padded. Readers that do not check read or write past a buffer, which has been used to run code.',
    remediation: REWRITE,
    references: {
      ...MEMORY,
      see: [
        'CVE-2024-21802',
        'CVE-2024-21825',
        'CVE-2024-21836',
        'CVE-2024-23496',
        'CVE-2024-23605',
        'CVE-2025-53630',
        'CVE-2026-27940',
        'CVE-2026-33298',
      ],
    },
  },
  'invalid-header': {
    title: 'Header breaks the format',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'The header has a type, an alignment, an offset or a key that the format does not allow. Readers differ on what they make of it, and some read wrong memory.',
    remediation: REWRITE,
    references: { ...MEMORY, cwe: ['CWE-20', 'CWE-125'] },
  },
  'uncovered-data': {
    title: 'Data that belongs to no tensor',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'More bytes than alignment explains lie between the tensors or behind the last one: a payload can lie there.',
    remediation: REWRITE,
    references: { ...MEMORY, cwe: ['CWE-434', 'CWE-436'] },
  },
});
