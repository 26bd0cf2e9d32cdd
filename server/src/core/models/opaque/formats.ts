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
  'embedded-library': {
    title: 'Program or library inside a compiled engine',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'The file holds a program or shared library for the processor of the host, not only for the accelerator. Engines bring plug-ins that way; a runtime that admits them loads the library when it loads the engine.',
    remediation: 'Do not let the runtime load plug-ins of the engine; build the engine yourself.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-114', 'CWE-829'] },
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

/** As much as is searched at each end for libraries. */
const SEARCHED = 16 * 2 ** 20;
const PIECE = 2 ** 20;
/** Machines of hosts in ELF: x86, Arm, x86-64, AArch64, RISC-V. Code for a GPU is ELF too, of a machine of its own. */
const HOST_MACHINES = new Set([3, 40, 62, 183, 243]);

/** A program or library for the host among the bytes of an engine. */
function hostProgram(bytes: Uint8Array, limit: number): { kind: string; at: number } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < limit; at += 1) {
    if (bytes[at] !== 0x7f && bytes[at] !== 0x4d) continue;
    if (at + 64 > bytes.length) return undefined;
    if (view.getUint32(at) === 0x7f454c46) {
      const [bits, order, version] = [bytes[at + 4], bytes[at + 5], bytes[at + 6]];
      const isHeader = (bits === 1 || bits === 2) && (order === 1 || order === 2) && version === 1;
      const little = order === 1;
      const type = view.getUint16(at + 16, little);
      if (isHeader && (type === 2 || type === 3) && HOST_MACHINES.has(view.getUint16(at + 18, little)))
        return { kind: type === 3 ? 'ELF shared library' : 'ELF program', at };
    } else if (bytes[at + 1] === 0x5a) {
      const header = at + view.getUint32(at + 60, true);
      if (header > at && header + 4 <= bytes.length && view.getUint32(header) === 0x50450000)
        return { kind: 'Windows program', at };
    }
  }
  return undefined;
}

async function judgeLibraries(source: ByteSource, title: string, context: ScanContext): Promise<void> {
  const end = Math.max(SEARCHED, source.size - SEARCHED);
  for (const [start, stop] of [
    [64, Math.min(SEARCHED, source.size)],
    [end, source.size],
  ] as const) {
    for (let at = start; at < stop; at += PIECE) {
      context.budget.checkTime();
      const found = hostProgram(await source.read(at, PIECE + 4096), Math.min(PIECE, stop - at));
      if (!found) continue;
      context.report({
        rule: OPAQUE_RULES['embedded-library'],
        message: `The ${title} has a program for the host inside (${found.kind}).`,
        anchor: found.kind,
        location: { offset: at + found.at },
      });
      return;
    }
  }
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
        await judgeLibraries(input.source, title, context);
      }
      context.incomplete(`the inside of a ${title} is not read`);
    },
  };
}

export const OPAQUE_FORMATS: readonly Format[] = TABLE.map(opaque);
