import { defineRules, MODEL_REFERENCES } from '../../rule';

const { deserialization, runtime } = MODEL_REFERENCES;

export const KERAS_RULES = defineRules('keras', {
  'lambda-layer': {
    title: 'Lambda layer with code',
    category: 'model',
    severity: 'high',
    risk: 'deserialization',
    description:
      'A Lambda layer, or a function object in the place of an activation, loss or metric, carries marshalled Python bytecode. Loading the model rebuilds it and running the model calls it: arbitrary code.',
    remediation:
      'Do not load the model with safe_mode=False or an old Keras; have the layer replaced by built-in or registered ones.',
    references: {
      ...deserialization,
      cwe: ['CWE-502', 'CWE-94'],
      see: [
        'CVE-2024-3660',
        'CVE-2025-9905',
        'https://keras.io/api/models/model_saving_apis/model_saving_and_loading/',
      ],
    },
  },
  'module-injection': {
    title: 'Configuration that imports a foreign module',
    category: 'model',
    severity: 'critical',
    risk: 'deserialization',
    description:
      'The configuration names a class or function of a module outside of Keras: loading imports the module and calls what is named, with arguments of the file.',
    remediation: 'Do not load the model. Update Keras to 3.9 or newer, which refuses such modules.',
    references: { ...deserialization, cwe: ['CWE-502', 'CWE-94', 'CWE-470'], see: ['CVE-2025-1550', 'CVE-2025-8747'] },
  },
  'file-download': {
    title: 'Configuration that downloads a file',
    category: 'model',
    severity: 'critical',
    risk: 'deserialization',
    description:
      'The configuration calls keras.utils.get_file: loading the model downloads and unpacks what the file names, to a place that the file names.',
    remediation: 'Do not load the model. Update Keras to 3.11 or newer.',
    references: { ...deserialization, cwe: ['CWE-502', 'CWE-494', 'CWE-22'], see: ['CVE-2025-8747'] },
  },
  'disables-safe-mode': {
    title: 'Configuration that switches safe mode off',
    category: 'model',
    severity: 'critical',
    risk: 'deserialization',
    description:
      'The configuration calls keras.config.enable_unsafe_deserialization: loading the model lifts the ban on Lambda code for what follows.',
    remediation: 'Do not load the model. Update Keras to 3.11 or newer.',
    references: { ...deserialization, cwe: ['CWE-502', 'CWE-693'], see: ['CVE-2025-9906'] },
  },
  'keras-function': {
    title: 'Configuration that calls a Keras function with side effects',
    category: 'model',
    severity: 'high',
    risk: 'deserialization',
    description:
      'The configuration names a function or class of Keras that reads, writes or loads files. Saved models name layers, activations, losses and the like, never those.',
    remediation: 'Do not load the model before it is known why the function stands there.',
    references: { ...deserialization, cwe: ['CWE-502', 'CWE-470'], see: ['CVE-2025-1550', 'CVE-2025-8747'] },
  },
  'torch-module-wrapper': {
    title: 'TorchModuleWrapper with a pickled module',
    category: 'model',
    severity: 'critical',
    risk: 'deserialization',
    description:
      'A TorchModuleWrapper layer holds a pickled PyTorch module: loading the model unpickles it, whatever safe_mode says.',
    remediation: 'Do not load the model. Update Keras to 3.11.3 or newer.',
    references: { ...deserialization, see: ['CVE-2025-49655'] },
  },
  'saved-model-layer': {
    title: 'Layer that loads a SavedModel',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description:
      'A TFSMLayer or hub layer loads a SavedModel from a path or address that the file names, with all operators in it.',
    remediation: 'Check and scan the SavedModel that is named.',
    references: { ...runtime, cwe: ['CWE-829', 'CWE-494'] },
  },
  'vocabulary-file': {
    title: 'Vocabulary read from a file or address',
    category: 'model',
    severity: 'high',
    risk: 'deserialization',
    description:
      'A lookup or text layer names a file or address as its vocabulary: loading the model reads it, and its content becomes part of the model (local file disclosure, request forgery).',
    remediation: 'Do not load the model where it can read secrets. Update Keras to 3.12 or newer.',
    references: { ...deserialization, cwe: ['CWE-73', 'CWE-918', 'CWE-200'], see: ['CVE-2025-12058'] },
  },
  'operator-layer': {
    title: 'Operator layer with an effect outside of the model',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description:
      'A TFOpLambda or similar layer wraps a TensorFlow function that reads or writes files, opens connections or runs code.',
    remediation: 'Do not run the model before it is known what the operator is for.',
    references: { ...runtime, cwe: ['CWE-73', 'CWE-94'] },
  },
  'custom-object': {
    title: 'Custom layer or object',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'The model needs a class or function that is not part of Keras. The file does not hold its code: whoever loads the model has to bring it, and runs it.',
    remediation: 'Obtain the code from the author and read it before it is passed as custom_objects.',
    references: { ...runtime, cwe: ['CWE-829'] },
  },
  'suspicious-member': {
    title: 'Member that does not belong into a Keras archive',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description: 'The archive holds a file that Keras never writes there.',
    remediation: 'Do not unpack or import it; ask the author what it is for.',
    references: { ...runtime, cwe: ['CWE-829'] },
  },
  'config-damaged': {
    title: 'Configuration that readers disagree on',
    category: 'model',
    severity: 'medium',
    risk: 'deserialization',
    description:
      'The configuration is damaged, holds keys twice or is nested beyond reason: what one reader shows is not what another loads, or a reader crashes.',
    remediation: 'Obtain the file again, or have the model saved anew.',
    references: { ...deserialization, cwe: ['CWE-436', 'CWE-674'] },
  },
  'embedding-layer': {
    title: 'Embedding layer',
    category: 'model',
    severity: 'info',
    risk: 'backdoor',
    description: 'The model looks vectors up by token. Rows beyond the vocabulary can hold triggers or memorised data.',
    remediation: 'Compare rows and vocabulary with the original model.',
    references: MODEL_REFERENCES.backdoor,
  },
});
