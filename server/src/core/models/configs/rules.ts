import { defineRules, MODEL_REFERENCES } from '../../rule';

const REMOTE_CODE = {
  ...MODEL_REFERENCES.runtime,
  cwe: ['CWE-829', 'CWE-94'],
  owasp: ['A08:2021', 'LLM03:2025', 'ML06:2023'],
} as const;

export const CONFIG_RULES = defineRules('config', {
  'remote-code': {
    title: 'Configuration that loads code of the repository',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'The configuration names Python code (auto_map, custom pipelines, modules) that the loader imports from the model repository or from another one once trust_remote_code is given. That code runs with all rights of the process.',
    remediation:
      'Read the named code, pin its revision, or use a model that the library supports without code of its own.',
    references: REMOTE_CODE,
  },
  'trusts-remote-code': {
    title: 'Configuration that turns trust_remote_code on',
    category: 'model',
    severity: 'low',
    risk: 'runtime',
    description: 'The configuration asks for code of model repositories to be run without a question.',
    remediation: 'Turn it off, and give it only for a pinned revision whose code has been read.',
    references: REMOTE_CODE,
  },
  'dangerous-target': {
    title: 'Configuration that calls a dangerous function',
    category: 'model',
    severity: 'high',
    risk: 'deserialization',
    description:
      'The configuration names a callable (such as `_target_` of Hydra) that runs commands or code, loads modules or reaches files and network. Instantiating the configuration calls it with arguments from the same file.',
    remediation: 'Do not instantiate the configuration. Allow only the targets that you know.',
    references: { ...MODEL_REFERENCES.deserialization, cwe: ['CWE-502', 'CWE-470'], see: ['CVE-2025-23304'] },
  },
  'call-target': {
    title: 'Configuration that names what is called',
    category: 'model',
    severity: 'info',
    risk: 'deserialization',
    description:
      'The configuration names a callable that nothing is known of; instantiating the configuration calls it.',
    remediation: 'Make sure that you know where the callable comes from.',
    references: { ...MODEL_REFERENCES.deserialization, cwe: ['CWE-470'] },
  },
  'python-tag': {
    title: 'YAML that makes Python objects',
    category: 'model',
    severity: 'medium',
    risk: 'deserialization',
    description:
      "The YAML has tags that make PyYAML's full or unsafe loader import modules, build objects or call functions while it reads the file.",
    remediation: 'Read it with yaml.safe_load, and write it without Python tags.',
    references: {
      ...MODEL_REFERENCES.deserialization,
      see: ['CVE-2020-1747', 'CVE-2020-14343', 'CVE-2017-18342'],
    },
  },
  'json-pickle': {
    title: 'JSON that makes Python objects',
    category: 'model',
    severity: 'medium',
    risk: 'deserialization',
    description:
      'The JSON has keys of jsonpickle, which imports modules, builds objects and calls functions while it reads the file.',
    remediation: 'Read it with json.load, and write it without Python objects.',
    references: MODEL_REFERENCES.deserialization,
  },
  'missing-shard': {
    title: 'Shard of a checkpoint is not there',
    category: 'coverage',
    severity: 'info',
    description:
      'The index of a sharded checkpoint names files that are not in its folder. What they hold was not scanned.',
    remediation: 'Fetch the missing files and scan again.',
    references: { cwe: ['CWE-693'], atlas: ['AML.T0010'], nist: ['MEASURE 2.7'] },
  },
  'shard-mismatch': {
    title: 'Index and shards of a checkpoint disagree',
    category: 'model',
    severity: 'low',
    risk: 'runtime',
    description:
      'The index of a sharded checkpoint places tensors in files that do not hold them, or files hold tensors that it does not name. Parts of the checkpoint are of another origin, or weights ride along that no loader reads.',
    remediation: 'Obtain the checkpoint from its publisher again.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-345', 'CWE-353'] },
  },
  'weights-disagree': {
    title: 'Two forms of the weights disagree',
    category: 'model',
    severity: 'low',
    risk: 'backdoor',
    description:
      'A model lies there as safetensors and as a PyTorch pickle, and tensors of the one have another shape in the other or are not in it. The two are not the same model: what was tested in one form says nothing of the other.',
    remediation: 'Load the form that was evaluated, remove the other, or obtain the model from its publisher again.',
    references: { ...MODEL_REFERENCES.backdoor, cwe: ['CWE-345', 'CWE-353'] },
  },
  'base-model-path': {
    title: 'Adapter for a model at a path of another machine',
    category: 'model',
    severity: 'info',
    risk: 'runtime',
    description:
      'The adapter names its base model by a path on the machine it was trained on. What lies at that path where it is loaded is unknown, and the path may tell a name.',
    remediation: 'Name the base model by its repository and revision.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-73', 'CWE-200'] },
  },
  'path-escape': {
    title: 'Configuration that points out of its folder',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description:
      'The index of a sharded checkpoint, or another list of files, names a file outside the folder of the model. The loader opens it, and unpickles it when it is a PyTorch file.',
    remediation: 'Do not load the model; obtain the index from its publisher again.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-22', 'CWE-73'] },
  },
});
