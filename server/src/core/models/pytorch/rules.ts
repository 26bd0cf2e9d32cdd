import { defineRules, MODEL_REFERENCES } from '../../rule';

export const TORCH_RULES = defineRules('torch', {
  'script-file-access': {
    title: 'TorchScript reads or writes files',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description:
      'The TorchScript program calls an operator that opens a file. torch.jit.load has no restriction on them: running the model reads or overwrites files with the rights of the process.',
    remediation: 'Do not run the model; export it again from its source, for example to ONNX or safetensors.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-73', 'CWE-94'] },
  },
  'script-foreign-code': {
    title: 'Code in a TorchScript archive that is no TorchScript',
    category: 'model',
    severity: 'high',
    risk: 'backdoor',
    description:
      'A source file of the archive holds statements that the TorchScript compiler never writes, such as imports or process calls. Somebody put them there by hand, for a tool that runs the file as Python.',
    remediation: 'Do not load the file, and do not import anything of it.',
    references: MODEL_REFERENCES.backdoor,
  },
  'native-library': {
    title: 'Native library inside a model archive',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description:
      'The archive brings a compiled library (AOTInductor and similar exporters make them). Loading the model loads the library, which runs with the rights of the process.',
    remediation: 'Compile the model yourself from its exported program or its source.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-114', 'CWE-829'] },
  },
  'package-code': {
    title: 'torch.package archive with Python sources',
    category: 'model',
    severity: 'medium',
    risk: 'deserialization',
    description: 'The archive holds Python modules, which run as soon as the importer loads an object of the package.',
    remediation: 'Read the sources as you read code that you run, or get the weights as safetensors.',
    references: { ...MODEL_REFERENCES.deserialization, cwe: ['CWE-94', 'CWE-829'] },
  },
  'exported-call': {
    title: 'Exported program calls a function that is no operator',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description:
      'A node of the graph names a function of torch, or reached through it, that is no operator on tensors. torch.export.load looks the name up and running the program calls it.',
    remediation: 'Do not run the program: torch.export writes operators only.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-470', 'CWE-94'] },
  },
  'exported-code': {
    title: 'Code in the expressions of an exported program',
    category: 'model',
    severity: 'critical',
    risk: 'deserialization',
    description:
      'The text of a size or a guard is Python code. torch.export.load hands such texts to sympy.sympify and exec, which run it.',
    remediation: 'Do not load the file: torch.export writes arithmetic of symbols only.',
    references: { ...MODEL_REFERENCES.deserialization, cwe: ['CWE-95', 'CWE-94'] },
  },
  'storage-is-pickle': {
    title: 'Tensor data that are a pickle',
    category: 'model',
    severity: 'medium',
    risk: 'deserialization',
    description:
      'The bytes of a tensor are a pickle. torch does not load it, but code that is hidden elsewhere can find it there, past scanners that skip tensors.',
    remediation: 'Do not load the file.',
    references: MODEL_REFERENCES.deserialization,
  },
});
