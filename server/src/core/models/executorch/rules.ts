import { defineRules, MODEL_REFERENCES } from '../../rule';

const { runtime } = MODEL_REFERENCES;
const see = ['https://docs.pytorch.org/executorch/stable/pte-file-format.html'];

export const EXECUTORCH_RULES = defineRules('executorch', {
  'custom-operator': {
    title: 'Custom kernel of an ExecuTorch program',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'The program calls an operator that ExecuTorch and its own libraries do not bring: it only runs in an application with native code that registers the kernel.',
    remediation: 'Find out which library brings the kernel and whether you trust it.',
    references: { ...runtime, cwe: ['CWE-829', 'CWE-114'], see },
  },
  'unknown-delegate': {
    title: 'Delegate that ExecuTorch does not bring',
    category: 'model',
    severity: 'low',
    risk: 'runtime',
    description:
      'A part of the program is handed, as opaque bytes, to a backend that is none of those in the ExecuTorch repository. What it does with them is decided by native code of the application.',
    remediation: 'Find out which library registers the backend and whether you trust it.',
    references: { ...runtime, cwe: ['CWE-829'], see },
  },
  'native-library': {
    title: 'Native library inside an ExecuTorch program',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description:
      'The data of a delegate are a native library. Backends such as AOTInductor write it to a file and load it, which runs its code.',
    remediation: 'Do not run the program unless you built it; export it for a backend that takes data and no code.',
    references: { ...runtime, cwe: ['CWE-114', 'CWE-829'], see },
  },
  'hidden-data': {
    title: 'Data outside of the segments',
    category: 'model',
    severity: 'low',
    risk: 'runtime',
    description: 'The file goes on behind its last segment. The runtime ignores what is there.',
    remediation: 'Ask what it is for.',
    references: { ...runtime, cwe: ['CWE-506'], see },
  },
  malformed: {
    title: 'Damaged ExecuTorch program',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'Offsets of the program or of its segments point outside of the file. A runtime that does not verify programs reads beyond its memory.',
    remediation: 'Obtain the file again; have the runtime verify it (Program::Verification::InternalConsistency).',
    references: { ...runtime, cwe: ['CWE-125', 'CWE-20'], see },
  },
});
