import { defineRules, MODEL_REFERENCES } from '../../rule';

const INJECTION = {
  ...MODEL_REFERENCES.runtime,
  cwe: ['CWE-1336', 'CWE-94'],
  see: ['CVE-2024-34359', 'CVE-2025-61620'],
} as const;

const POISON = {
  ...MODEL_REFERENCES.backdoor,
  cwe: ['CWE-506', 'CWE-1427'],
  owasp: ['LLM01:2025', 'LLM04:2025', 'ML10:2023'],
  atlas: ['AML.T0051.001', 'AML.T0018', 'AML.T0020'],
} as const;

const REVIEW = 'Read the template before use, or set a chat template of your own instead of the one in the file.';

export const TEMPLATE_RULES = defineRules('template', {
  'code-execution': {
    title: 'Template reaches Python internals',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description:
      'A chat template goes through Python internals (such as `__class__` or `__globals__`) or calls a function that runs commands. A loader that renders it without a sandbox runs whatever code the author of the file chose.',
    remediation: `${REVIEW} Render chat templates in Jinja's ImmutableSandboxedEnvironment only.`,
    references: INJECTION,
  },
  'computed-attribute': {
    title: 'Template looks up a computed attribute',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'A template looks up an attribute by a name that is only known when it is rendered. Chat templates have no need for that; it is how a forbidden name is hidden from readers and filters.',
    remediation: REVIEW,
    references: INJECTION,
  },
  'unusual-global': {
    title: 'Template goes through an object of the template engine',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'A template reads attributes of an object of the template engine or of the web framework around it. From there Python internals and settings are within reach.',
    remediation: REVIEW,
    references: INJECTION,
  },
  'loads-template': {
    title: 'Template loads another file',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'A template includes, imports or extends another template, which reads a file of the machine that renders it.',
    remediation: REVIEW,
    references: { ...INJECTION, cwe: ['CWE-1336', 'CWE-98'] },
  },
  'resource-exhaustion': {
    title: 'Template that exhausts the renderer',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description: 'A template counts or repeats so often that rendering it takes all time or memory.',
    remediation: REVIEW,
    references: {
      ...INJECTION,
      cwe: ['CWE-400', 'CWE-834'],
      owasp: ['LLM10:2025', 'ML06:2023'],
      see: ['CVE-2025-62426'],
    },
  },
  'hidden-characters': {
    title: 'Invisible characters in a template',
    category: 'model',
    severity: 'medium',
    risk: 'backdoor',
    description:
      'A template contains characters that nobody sees but the model reads (Unicode tags, bidirectional controls, zero-width characters): a way to hide instructions from reviewers.',
    remediation: REVIEW,
    references: { ...POISON, cwe: ['CWE-1007', 'CWE-506'] },
  },
  'hidden-instruction': {
    title: 'Template gives the model instructions of its own',
    category: 'model',
    severity: 'medium',
    risk: 'backdoor',
    description:
      'A template adds an instruction that depends on what the conversation says, or tells the model to keep something from the user. That is a backdoor in the prompt: nothing of it is in the weights, and the user never sees it.',
    remediation: REVIEW,
    references: POISON,
  },
  'not-parsed': {
    title: 'Template is no valid Jinja',
    category: 'model',
    severity: 'info',
    risk: 'runtime',
    description:
      'A template could not be parsed as Jinja, so it was judged by its words and tag by tag. One that is nested or long beyond measure is medium: nobody writes such a template but to keep readers from it.',
    remediation: REVIEW,
    references: INJECTION,
  },
});
