import { evidenceText } from '../../redact';
import { defineRules, MODEL_REFERENCES } from '../../rule';
import type { Format, Probe, ScanContext, ScanInput } from '../../scanner';

export const NATIVE_RULES = defineRules('native', {
  'executable-as-model': {
    title: 'Executable under the name of a model',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description:
      'The file is a program or a script, but its name says model or data. Whoever starts or loads it runs it.',
    remediation: 'Do not open, load or start the file; obtain the model from its publisher again.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-434', 'CWE-506'], atlas: ['AML.T0074', 'AML.T0011'] },
  },
  'library-beside-model': {
    title: 'Native library beside a model',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'A shared library lies next to a model. Custom operators and plug-ins are loaded from there and run with the rights of the process.',
    remediation: 'Use libraries you built yourself or that come with your runtime.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-114', 'CWE-829'] },
  },
  'native-code': {
    title: 'Native code',
    category: 'model',
    severity: 'info',
    risk: 'runtime',
    description: 'The file is native code. What it does is not judged.',
    remediation: 'Make sure you know where it comes from.',
    references: MODEL_REFERENCES.runtime,
  },
});

/** Names under which people expect weights or data, not programs. */
const DATA_EXTENSIONS = new Set([
  '.bin',
  '.pt',
  '.pth',
  '.ckpt',
  '.pkl',
  '.pickle',
  '.joblib',
  '.dill',
  '.h5',
  '.hdf5',
  '.keras',
  '.onnx',
  '.pb',
  '.tflite',
  '.safetensors',
  '.gguf',
  '.ggml',
  '.npy',
  '.npz',
  '.model',
  '.weights',
  '.params',
  '.dat',
  '.data',
  '.mlmodel',
  '.msgpack',
  '.nemo',
  '.mar',
  '.skops',
  '.rds',
  '.pdmodel',
  '.pdparams',
  '.pdiparams',
  '.cbm',
  '.bst',
  '.ubj',
  '.t7',
  '.engine',
  '.trt',
  '.txt',
  '.json',
  '.csv',
  '.parquet',
  '.arrow',
  '.jpg',
  '.png',
  '.zip',
  '.tar',
  '.gz',
]);
const MODEL_NAMES =
  /\.(?:pt|pth|ckpt|pkl|pickle|joblib|h5|hdf5|keras|onnx|ort|pb|tflite|safetensors|gguf|ggml|mlmodel|engine|xml|pdmodel)$/i;
const LIBRARY = /\.(?:so(?:\.\d+)*|dll|dylib|pyd)$/i;

interface Kind {
  name: string;
  program: boolean;
}

function kindOf({ head, size }: Probe): Kind | undefined {
  const [a, b, c, d] = head;
  if (a === 0x7f && b === 0x45 && c === 0x4c && d === 0x46) return { name: 'ELF binary', program: true };
  if (a === 0x4d && b === 0x5a && size > 64) {
    const at = new DataView(head.buffer, head.byteOffset, head.byteLength).getUint32(60, true);
    // Any text may begin with MZ; a program has its PE header where byte 60 says.
    if (at + 4 <= head.length && head[at] === 0x50 && head[at + 1] === 0x45 && head[at + 2] === 0) {
      return { name: 'Windows executable', program: true };
    }
    return undefined;
  }
  const magic = ((a ?? 0) * 2 ** 24 + ((b ?? 0) << 16) + ((c ?? 0) << 8) + (d ?? 0)) >>> 0;
  if (magic === 0xfeedface || magic === 0xfeedfacf || magic === 0xcefaedfe || magic === 0xcffaedfe) {
    return { name: 'Mach-O binary', program: true };
  }
  if (magic === 0x0061736d && head[4] === 1) return { name: 'WebAssembly module', program: false };
  if (magic === 0xcafebabe) {
    // Java classes and universal Mach-O share the magic; a count of architectures is small, a class version is 45 or more.
    const second = new DataView(head.buffer, head.byteOffset, head.byteLength);
    return head.length >= 8 && second.getUint32(4) < 30
      ? { name: 'Mach-O binary', program: true }
      : { name: 'Java class', program: false };
  }
  if (a === 0x23 && b === 0x21) {
    const line = new TextDecoder('latin1').decode(head.subarray(0, 128)).split('\n', 1)[0] as string;
    if (/^#!\s*\/\S*(?:sh|bash|zsh|python[\d.]*|perl|ruby|node|env|php|lua)\b/.test(line))
      return { name: 'script', program: true };
  }
  return undefined;
}

async function scan(input: ScanInput, context: ScanContext, kind: Kind, extension: string): Promise<void> {
  context.describe({ format: 'native', properties: { kind: kind.name } });
  const base = input.name.slice(input.name.lastIndexOf('/') + 1);
  if (kind.program && DATA_EXTENSIONS.has(extension)) {
    context.report({
      rule: NATIVE_RULES['executable-as-model'],
      message: `The file is ${kind.name === 'script' ? 'a script' : `an executable (${kind.name})`}, but its name ends in ${evidenceText(extension, 20)}`,
      anchor: kind.name,
      location: { offset: 0 },
    });
    return;
  }
  const neighbours = LIBRARY.test(base) ? ((await input.companions?.list()) ?? []) : [];
  const model = neighbours.find((name) => MODEL_NAMES.test(name));
  if (model) {
    context.report({
      rule: NATIVE_RULES['library-beside-model'],
      message: `The shared library lies beside the model ${evidenceText(model, 100)}; a runtime that loads custom operators from it runs its code`,
      anchor: 'library',
      location: { offset: 0 },
    });
  } else if (kind.name !== 'script') {
    context.report({
      rule: NATIVE_RULES['native-code'],
      message: `The file is native code (${kind.name}); what it does is not judged`,
      anchor: kind.name,
      location: { offset: 0 },
    });
  }
}

/** Programs and libraries: ELF, PE, Mach-O, WebAssembly, Java classes, and scripts that hide under a data file's name. */
export const NATIVE_FORMAT: Format = {
  id: 'native',
  title: 'Native code',
  kind: 'model',
  extensions: ['.so', '.dll', '.dylib', '.pyd', '.exe', '.wasm'],
  identify(probe) {
    const kind = kindOf(probe);
    if (!kind) return undefined;
    if (kind.name === 'script')
      return DATA_EXTENSIONS.has(probe.extension) && probe.extension !== '.txt' ? 'certain' : undefined;
    return 'certain';
  },
  async scan(input, context) {
    const head = await input.source.read(0, 4096);
    const base = input.name.slice(input.name.lastIndexOf('/') + 1).toLowerCase();
    const extension = base.includes('.') ? base.slice(base.lastIndexOf('.')) : '';
    const kind = kindOf({ head, size: input.source.size } as Probe);
    if (kind) await scan(input, context, kind, extension);
  },
};
