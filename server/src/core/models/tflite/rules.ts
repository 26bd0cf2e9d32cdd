import { defineRules, MODEL_REFERENCES } from '../../rule';

const { runtime } = MODEL_REFERENCES;

export const TFLITE_RULES = defineRules('tflite', {
  'flex-operator': {
    title: 'Full TensorFlow operator with an effect outside of the model',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description:
      'The model holds a Flex operator, run by full TensorFlow, that reads or writes files, opens connections or calls Python.',
    remediation: 'Do not run the model with the Flex delegate; convert it again without the operator.',
    references: { ...runtime, cwe: ['CWE-73', 'CWE-94'] },
  },
  'custom-operator': {
    title: 'Custom operator',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'The model needs an operator that TensorFlow Lite does not bring: it only runs with native code that registers it.',
    remediation: 'Find out which library brings the operator and whether you trust it.',
    references: { ...runtime, cwe: ['CWE-829', 'CWE-114'] },
  },
  'hidden-data': {
    title: 'Program behind the model',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description:
      'Behind everything that the model refers to lies a program. The file is read as a model by an interpreter and run as a program by who knows where it begins.',
    remediation: 'Do not use the file; obtain the model from its publisher again.',
    references: { ...runtime, cwe: ['CWE-506', 'CWE-434'] },
  },
  malformed: {
    title: 'Damaged TensorFlow Lite model',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'Offsets of the model point outside of the file or tables cannot be read. Interpreters that do not verify models read beyond their memory.',
    remediation: 'Obtain the file again; verify it before it is run.',
    references: { ...runtime, cwe: ['CWE-125', 'CWE-20'] },
  },
});
