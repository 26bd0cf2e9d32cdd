import { defineRules, MODEL_REFERENCES } from '../../rule';

const runtime = MODEL_REFERENCES.runtime;
const backdoor = MODEL_REFERENCES.backdoor;

export const TENSORFLOW_RULES = defineRules('tensorflow', {
  'python-operator': {
    title: 'Operator that calls Python',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description:
      'The graph holds a PyFunc operator: running the model calls a Python function of the serving process, outside of the graph and its sandbox.',
    remediation:
      'Export the model again without py_function and numpy_function; do not run it before it is known what the token refers to.',
    references: { ...runtime, see: ['https://github.com/tensorflow/tensorflow/blob/master/SECURITY.md'] },
  },
  'file-operator': {
    title: 'Operator that reads or writes files',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description:
      'The graph holds an operator that reads, lists or writes files of the machine that runs the model. Inference models get their data as inputs and have no use for it.',
    remediation:
      'Remove the operator from the graph (read files in your own code), or run the model where it can reach no files.',
    references: {
      ...runtime,
      cwe: ['CWE-73', 'CWE-200', 'CWE-94'],
      see: ['https://github.com/tensorflow/tensorflow/blob/master/SECURITY.md'],
    },
  },
  'network-operator': {
    title: 'Operator that opens connections',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description: 'The graph holds an operator that talks to another machine while the model runs.',
    remediation: 'Remove the operator, or run the model without network.',
    references: { ...runtime, cwe: ['CWE-918', 'CWE-201'] },
  },
  'native-operator': {
    title: 'Operator that runs native code',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description: 'The graph holds an operator that runs native code which the graph names.',
    remediation: 'Do not run the model unless the native library and its origin are known.',
    references: { ...runtime, cwe: ['CWE-114'] },
  },
  'data-operator': {
    title: 'Operator that reads data sets',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description: 'The graph holds an input pipeline that reads files or a data base while the model runs.',
    remediation: 'Export the serving function alone, without the input pipeline.',
    references: { ...runtime, cwe: ['CWE-73'] },
  },
  'side-effect-operator': {
    title: 'Operator with an effect outside of the graph',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description: 'The graph holds an operator that prints tensors or ends the process.',
    remediation: 'Export the model without debugging operators.',
    references: { ...runtime, cwe: ['CWE-489'] },
  },
  'table-file': {
    title: 'Lookup table filled from a file outside of the model',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'A lookup table is filled from a text file that is not among the assets of the model, so loading it reads a file of the machine.',
    remediation: 'Export the vocabulary as an asset of the SavedModel, or as a constant.',
    references: { ...runtime, cwe: ['CWE-73', 'CWE-200'] },
  },
  'unknown-operator': {
    title: 'Operator that TensorFlow does not know',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'The graph needs an operator that is not part of TensorFlow: it only runs with a native library loaded by tf.load_op_library.',
    remediation: 'Find out which library brings the operator and whether you trust it.',
    references: { ...runtime, cwe: ['CWE-829', 'CWE-114'] },
  },
  'output-tampering': {
    title: 'Output is scaled or disturbed by a constant step',
    category: 'model',
    severity: 'medium',
    risk: 'backdoor',
    description:
      'The last step before an output multiplies it by a large constant or adds random noise: the shape that tampered models have and trained ones do not.',
    remediation: 'Compare with the original model; ask the author what the step is for.',
    references: backdoor,
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
  'lambda-function': {
    title: 'Traced Keras Lambda layer',
    category: 'model',
    severity: 'low',
    risk: 'backdoor',
    description:
      'The function library holds the trace of a Keras Lambda layer, while the Keras metadata that would tell its code is missing.',
    remediation: 'Obtain the model with its keras_metadata.pb, or have the layer replaced by a registered one.',
    references: backdoor,
  },
  'checkpoint-path': {
    title: 'Checkpoint entry that points outside',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description: 'A checkpoint index or state file refers to data outside of its folder.',
    remediation: 'Do not restore the checkpoint; obtain it from its source.',
    references: { ...runtime, cwe: ['CWE-22'] },
  },
  malformed: {
    title: 'Malformed TensorFlow file',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'The file breaks off or its structure is damaged. What a loader makes of it is undefined; damaged graphs have crashed TensorFlow before.',
    remediation: 'Obtain the file again and compare its hash.',
    references: { ...runtime, cwe: ['CWE-20'] },
  },
});
