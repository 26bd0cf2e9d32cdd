import { defineRules, MODEL_REFERENCES } from '../../rule';

export const SERVING_RULES = defineRules('serving', {
  'python-backend': {
    title: 'Model served by Python code of the repository',
    category: 'model',
    severity: 'low',
    risk: 'runtime',
    description:
      'The configuration asks Triton for a backend that runs code which lies in the model repository, such as `model.py`. It runs with the rights of the server as soon as the model is loaded.',
    remediation: 'Read that code before the model is put into a repository of a server.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-829', 'CWE-94'] },
  },
  'native-backend': {
    title: 'Model that has the server load a library',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'The configuration names a shared library or a backend of its own: the server loads it when it loads the model, and it runs with the rights of the server.',
    remediation: 'Serve the model only with backends and operators you built yourself or that come with the server.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-114', 'CWE-829'] },
  },
  'path-outside': {
    title: 'Serving configuration names a path outside the model',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description:
      'A file, environment or backend that the server opens lies outside the folder of the model: an absolute path, a network path, or one through `..`.',
    remediation: 'Do not serve the model; name files inside its folder only.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-22', 'CWE-73'], see: ['CVE-2023-31036', 'CVE-2024-0087'] },
  },
});
