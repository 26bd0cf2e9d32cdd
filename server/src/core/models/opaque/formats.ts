/**
 * Formats that are recognised and named, and whose inside is not read. They are `partial` with that reason, since a file
 * nobody looked into is not clean.
 */
import type { ByteSource } from '../../io/byteSource';
import { evidenceText } from '../../redact';
import { defineRules, MODEL_REFERENCES } from '../../rule';
import type { Format, ScanContext } from '../../scanner';
import { findCodeAtEnds } from '../codeText';

export const OPAQUE_RULES = defineRules('engine', {
  'native-plan': {
    title: 'Compiled engine',
    category: 'model',
    severity: 'low',
    risk: 'runtime',
    description:
      'The file is compiled for one runtime and holds code for its device, possibly with plug-ins inside. Its makers say that loading one is as safe as running a program.',
    remediation: 'Build the engine yourself from a model in an open format.',
    references: MODEL_REFERENCES.runtime,
  },
  'code-text': {
    title: 'Program code as text in a compiled or closed format',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'The file is of a format whose inside is not read, and program code stands in it as text, where such a file has none.',
    remediation: 'Do not load the file; obtain the model from its publisher again.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-94', 'CWE-506'] },
  },
});

/** Names and notes stand at the ends of such a file; code as text is found there although the format is not read. */
async function judgeTexts(source: ByteSource, title: string, context: ScanContext): Promise<void> {
  const found = await findCodeAtEnds(source);
  if (!found) return;
  context.report({
    rule: OPAQUE_RULES['code-text'],
    message: `The ${title} has program code in it: ${evidenceText(found.text, 60)}`,
    anchor: found.text,
    location: { offset: found.offset },
  });
}

interface Opaque {
  id: string;
  title: string;
  extensions: readonly string[];
  /** Bytes at the start; `undefined` where any will do. */
  magics: readonly (readonly (number | undefined)[])[];
  native: boolean;
  framework: string;
}

const TABLE: readonly Opaque[] = [
  {
    id: 'tensorrt-engine',
    title: 'TensorRT engine',
    extensions: ['.engine', '.trt', '.plan'],
    magics: [
      [0x70, 0x74, 0x72, 0x74],
      [0x66, 0x74, 0x72, 0x74],
    ],
    native: true,
    framework: 'TensorRT',
  },
  {
    id: 'rknn',
    title: 'RKNN model',
    extensions: ['.rknn'],
    magics: [[0x52, 0x4b, 0x4e, 0x4e]],
    native: true,
    framework: 'RKNN Toolkit',
  },
  {
    id: 'cntk',
    title: 'CNTK model',
    extensions: ['.cntk', '.dnn', '.cmf'],
    magics: [[0x42, 0, 0x43, 0, 0x4e, 0, 0, 0]],
    native: false,
    framework: 'CNTK',
  },
  {
    id: 'ncnn-param',
    title: 'ncnn graph',
    extensions: [],
    magics: [[0x37, 0x37, 0x36, 0x37, 0x35, 0x31, 0x37, 0x0a]],
    native: false,
    framework: 'ncnn',
  },
  {
    id: 'mnn',
    title: 'MNN model',
    extensions: ['.mnn'],
    magics: [],
    native: false,
    framework: 'MNN',
  },
  {
    id: 'tvm-params',
    title: 'TVM parameters',
    extensions: [],
    magics: [[0xb7, 0x9c, 0x04, 0x05, 0x4f, 0x8d, 0xe5, 0xf7]],
    native: false,
    framework: 'Apache TVM',
  },
  {
    id: 'mlir-bytecode',
    title: 'MLIR bytecode',
    extensions: ['.mlirbc'],
    magics: [[0x4d, 0x4c, 0xef, 0x52]],
    native: false,
    framework: 'MLIR / StableHLO',
  },
  {
    id: 'dali-pipeline',
    title: 'DALI pipeline',
    extensions: ['.dali'],
    magics: [],
    native: true,
    framework: 'NVIDIA DALI',
  },
  {
    id: 'ascend-model',
    title: 'Ascend offline model',
    extensions: ['.om'],
    magics: [[0x49, 0x4d, 0x4f, 0x44]],
    native: true,
    framework: 'CANN',
  },
  {
    id: 'hailo-model',
    title: 'Hailo executable',
    extensions: ['.hef'],
    magics: [[0x01, 0x48, 0x45, 0x46]],
    native: true,
    framework: 'Hailo',
  },
];

function opaque({ id, title, extensions, magics, native, framework }: Opaque): Format {
  return {
    id,
    title,
    kind: 'model',
    extensions,
    identify({ head, extension }) {
      const known = magics.some(
        (magic) =>
          magic.length > 0 &&
          head.length >= magic.length &&
          magic.every((byte, i) => byte === undefined || head[i] === byte),
      );
      return known ? 'certain' : extensions.includes(extension) ? 'named' : undefined;
    },
    async scan(input, context) {
      context.describe({ format: id, framework });
      await judgeTexts(input.source, title, context);
      if (native) {
        context.report({
          rule: OPAQUE_RULES['native-plan'],
          message: `The file is a ${title}: it holds compiled code that is run as it is`,
          anchor: id,
        });
      }
      context.incomplete(`the inside of a ${title} is not read`);
    },
  };
}

export const OPAQUE_FORMATS: readonly Format[] = TABLE.map(opaque);
