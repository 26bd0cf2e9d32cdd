import { defineRules, MODEL_REFERENCES } from '../../rule';

const { deserialization, runtime } = MODEL_REFERENCES;

export const HDF5_RULES = defineRules('hdf5', {
  'external-link': {
    title: 'Link to another file',
    category: 'model',
    severity: 'high',
    risk: 'deserialization',
    description:
      'The HDF5 file links to another file. Whoever opens the link opens that file, so loading the model can read any HDF5 file of the machine into it.',
    remediation: 'Do not load the file; obtain it as one file without external links.',
    references: { ...deserialization, cwe: ['CWE-73', 'CWE-200'], see: ['CVE-2026-1669'] },
  },
  'external-storage': {
    title: 'Data kept in another file',
    category: 'model',
    severity: 'high',
    risk: 'deserialization',
    description:
      'A data set keeps its values in another file. Reading it reads that file, whatever its format: loading the model discloses local files as weights.',
    remediation: 'Do not load the file; obtain it with its data inside. Update Keras to 3.13 or newer.',
    references: { ...deserialization, cwe: ['CWE-73', 'CWE-200'], see: ['CVE-2026-1669'] },
  },
  'user-defined-link': {
    title: 'User-defined link',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description: 'The file has a link of a class that only a program of its own can follow.',
    remediation: 'Find out which program wrote the link and why.',
    references: { ...runtime, cwe: ['CWE-829'] },
  },
  'unknown-filter': {
    title: 'Unregistered filter',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'A data set is stored through a filter that the HDF Group does not know: reading it makes HDF5 look for a native plug-in of that number.',
    remediation: 'Find out which plug-in is needed and whether you trust it.',
    references: { ...runtime, cwe: ['CWE-829', 'CWE-114'] },
  },
  'oversized-dataset': {
    title: 'Weights of an implausible size',
    category: 'model',
    severity: 'medium',
    risk: 'deserialization',
    description:
      'A data set of the weights declares a shape a thousand times larger than the file that holds it. Loading allocates what is declared: memory is exhausted.',
    remediation: 'Do not load the file. Update Keras to 3.13.1 or newer, which limits the size.',
    references: { ...deserialization, cwe: ['CWE-770', 'CWE-789'], see: ['CVE-2026-0897'] },
  },
  'embedded-pickle': {
    title: 'Pickle inside of an HDF5 file',
    category: 'model',
    severity: 'high',
    risk: 'deserialization',
    description:
      'A data set or attribute holds a pickle stream. Keras never writes one; whatever reads it has to unpickle it.',
    remediation: 'Do not unpickle it; ask the author what it is for.',
    references: deserialization,
  },
});
