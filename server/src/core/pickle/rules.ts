import { defineRules, MODEL_REFERENCES } from '../rule';

const references = { ...MODEL_REFERENCES.deserialization } as const;

/** What a Python pickle can do when it is loaded. */
export const PICKLE_RULES = defineRules('pickle', {
  'dangerous-call': {
    title: 'Pickle calls a dangerous function',
    category: 'model',
    severity: 'critical',
    risk: 'deserialization',
    description:
      'Loading the pickle calls a function that can run commands or code, import modules, load native code, read or write files or open connections. It happens while the file is loaded, before anything of the model is used.',
    remediation:
      'Do not load the file. Get the model in a format without code (safetensors, ONNX, skops), or load PyTorch checkpoints with weights_only=True.',
    references: { ...references, see: ['https://docs.python.org/3/library/pickle.html#module-pickle'] },
  },
  'dangerous-reference': {
    title: 'Pickle refers to a dangerous function',
    category: 'model',
    severity: 'medium',
    risk: 'deserialization',
    description:
      'The pickle imports a dangerous function without calling it itself. What it is handed to, or the program that uses the loaded object, may call it.',
    remediation: 'Do not load the file unless you know why the function is there.',
    references,
  },
  'unknown-call': {
    title: 'Pickle calls an unknown function',
    category: 'model',
    severity: 'medium',
    risk: 'deserialization',
    description:
      'Loading the pickle calls a function or constructs a class that is not known to be harmless. What it does depends on code outside of the file.',
    remediation:
      'Check what the callable does before you load the file, or have the model exported to safetensors, ONNX or skops.',
    references,
  },
  'object-overwritten': {
    title: 'Pickle changes an imported object',
    category: 'model',
    severity: 'high',
    risk: 'deserialization',
    description:
      'The pickle sets attributes or items of a module, class or function that it imported. That changes the behaviour of the whole process after loading and is how scanners and allow-lists are got around.',
    remediation: 'Do not load the file: no pickler writes this.',
    references,
  },
  'hidden-name': {
    title: 'Pickle computes the name of what it imports',
    category: 'model',
    severity: 'high',
    risk: 'deserialization',
    description:
      'The name of an imported callable is not in the file but made by other calls while loading, so that it cannot be read. Picklers write names in plain text.',
    remediation: 'Do not load the file: no pickler writes this.',
    references,
  },
  'code-object': {
    title: 'Pickle holds Python code',
    category: 'model',
    severity: 'high',
    risk: 'deserialization',
    description:
      'The pickle rebuilds functions or classes from byte code, as dill and cloudpickle do. The code runs when the object is used, or while it is loaded.',
    remediation:
      'Load it only when you trust its author as you trust code that you run. Prefer to ship the code as source and the data apart from it.',
    references: { ...references, cwe: ['CWE-502', 'CWE-94'] },
  },
  'nested-pickle': {
    title: 'Serialised object inside a constant',
    category: 'model',
    severity: 'info',
    risk: 'deserialization',
    description:
      'A string or bytes constant is itself a pickle. Some library may load it, and what it holds is hidden from tools that look at the outer file only.',
    remediation: 'Ask why data are serialised twice.',
    references,
  },
  'frame-mismatch': {
    title: 'Pickle frame ends inside an opcode',
    category: 'model',
    severity: 'high',
    risk: 'deserialization',
    description:
      'A FRAME is shorter than what it holds. The C unpickler reading from a file then takes bytes that a linear reader sees as data for opcodes, so that different readers see different programs (cpython issue 154848).',
    remediation: 'Do not load the file: no pickler writes this.',
    references: {
      ...references,
      cwe: ['CWE-502', 'CWE-436'],
      see: ['https://github.com/python/cpython/issues/154848'],
    },
  },
  'resource-exhaustion': {
    title: 'Pickle exhausts memory',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description: 'A few bytes of the pickle make the loading process allocate gigabytes.',
    remediation: 'Do not load the file.',
    references: { ...references, cwe: ['CWE-400', 'CWE-409', 'CWE-789'] },
  },
  malformed: {
    title: 'Damaged or unusual pickle stream',
    category: 'model',
    severity: 'low',
    risk: 'runtime',
    description:
      'The stream ends before STOP, holds an invalid opcode, or holds more pickles behind other bytes. What comes before the defect runs all the same when the file is loaded.',
    remediation: 'Get the file again from its source, and do not load it before that.',
    references: { ...references, cwe: ['CWE-502', 'CWE-228'] },
  },
});
