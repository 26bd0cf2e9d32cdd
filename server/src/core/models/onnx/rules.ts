import { defineRules, MODEL_REFERENCES } from '../../rule';

const { runtime, backdoor } = MODEL_REFERENCES;

export const ONNX_RULES = defineRules('onnx', {
  'external-data': {
    title: 'Tensor data outside of the model folder',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description:
      'A tensor takes its data from a file outside of the folder of the model: loading the model reads that file (or asks a server for it) and its bytes become weights.',
    remediation: 'Do not load the model; obtain it with its data inside or in a file beside it.',
    references: {
      ...runtime,
      cwe: ['CWE-22', 'CWE-73', 'CWE-918'],
      see: ['CVE-2022-25882', 'CVE-2024-27318', 'CVE-2024-5187', 'CVE-2025-51480'],
    },
  },
  'python-operator': {
    title: 'Operator that calls Python',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description: 'The graph holds an operator that calls a Python function of the process that runs it.',
    remediation: 'Export the model again without Python operators.',
    references: runtime,
  },
  'custom-operator': {
    title: 'Operator of a custom domain',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'The graph needs an operator that no known runtime brings: it only runs with a native library that registers it.',
    remediation: 'Find out which library brings the operator and whether you trust it.',
    references: { ...runtime, cwe: ['CWE-829', 'CWE-114'] },
  },
  'vendor-operator': {
    title: 'Operator of a runtime vendor',
    category: 'model',
    severity: 'info',
    risk: 'runtime',
    description: 'The graph uses operators that ONNX Runtime or another well-known runtime adds to the standard ones.',
    remediation: 'Nothing needs to be done; the model only runs where the vendor’s operators are.',
    references: runtime,
  },
  'metadata-code': {
    title: 'Command or code in the metadata',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description: 'The metadata of the model holds what reads as a shell command or as code. Nothing runs it by itself.',
    remediation: 'Ask the author what it is for; do not copy it into a terminal.',
    references: { ...runtime, cwe: ['CWE-77', 'CWE-506'] },
  },
  'trigger-branch': {
    title: 'Branch on an exact input pattern',
    category: 'model',
    severity: 'medium',
    risk: 'backdoor',
    description:
      'A branch depends on whether a tensor equals a stored pattern element by element: the shape of a backdoor that waits for its trigger.',
    remediation: 'Find out what the pattern is and what the branch does; compare with the original model.',
    references: backdoor,
  },
  'output-tampering': {
    title: 'Output is scaled or disturbed by a constant step',
    category: 'model',
    severity: 'medium',
    risk: 'backdoor',
    description: 'The last step before an output multiplies it by a large constant or adds random noise.',
    remediation: 'Compare with the original model; ask the author what the step is for.',
    references: backdoor,
  },
  malformed: {
    title: 'Damaged ONNX file',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description: 'The file breaks off or its structure is damaged: what a loader makes of it is undefined.',
    remediation: 'Obtain the file again and compare its hash.',
    references: { ...runtime, cwe: ['CWE-20'] },
  },
});
