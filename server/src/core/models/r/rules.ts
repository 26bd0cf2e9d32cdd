import { defineRules, MODEL_REFERENCES } from '../../rule';

export const R_RULES = defineRules('r', {
  'dangerous-call': {
    title: 'R object calls a dangerous function',
    category: 'model',
    severity: 'high',
    risk: 'deserialization',
    description:
      'The serialized R object holds a call of a function that runs commands, loads code or touches files or the network. It runs as soon as the object is evaluated, which `readRDS`, `load` and package loading can cause.',
    remediation: 'Do not load the file. Ask for the data in a format without language objects (CSV, Arrow, ONNX).',
    references: { ...MODEL_REFERENCES.deserialization, see: ['CVE-2024-27322'] },
  },
  promise: {
    title: 'R object holds an unevaluated promise',
    category: 'model',
    severity: 'medium',
    risk: 'deserialization',
    description:
      'A promise that has not been evaluated runs its expression when the value is first touched. R before 4.4.0 creates it while loading.',
    remediation: 'Load only with R 4.4.0 or newer, and only files of a source you trust.',
    references: { ...MODEL_REFERENCES.deserialization, see: ['CVE-2024-27322'] },
  },
});
