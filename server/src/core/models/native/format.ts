import { evidenceText } from '../../redact';
import { defineRules, MODEL_REFERENCES } from '../../rule';
import type { Format, ScanContext, ScanInput } from '../../scanner';
import { type ProgramKind, programKind } from './programs';

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
/** Models of runtimes that load operators and plug-ins from libraries; pickles lie beside the libraries of any package. */
const MODEL_NAMES =
  /\.(?:pt|pth|ckpt|h5|hdf5|keras|onnx|ort|pb|tflite|safetensors|gguf|ggml|mlmodel|engine|xml|pdmodel)$/i;
const LIBRARY = /\.(?:so(?:\.\d+)*|dll|dylib|pyd)$/i;

/** Extensions that other files have as well: lines of Python's search path, any XML. What such a file begins with tells. */
const SHARED_NAMES: readonly { readonly name: RegExp; readonly begins: RegExp }[] = [
  { name: /\.pth$/i, begins: /^(?:PK|\x80)/ },
  { name: /\.xml$/i, begins: /<net\b/ },
];
const HEAD_BYTES = 512;
/** Files of a folder that are opened to see whether they are models. */
const OPENED = 16;

/** Name of a model in the folder of a file. */
async function modelBeside({ companions }: ScanInput): Promise<string | undefined> {
  const named = ((await companions?.list()) ?? []).filter((name) => MODEL_NAMES.test(name));
  const shared = (name: string) => SHARED_NAMES.find((one) => one.name.test(name));
  const certain = named.find((name) => !shared(name));
  if (certain !== undefined) return certain;
  for (const name of named.slice(0, OPENED)) {
    const source = await companions?.open(name);
    const head = source && (await source.read(0, Math.min(HEAD_BYTES, source.size)));
    if (head && shared(name)?.begins.test(String.fromCharCode(...head))) return name;
  }
  return undefined;
}

async function scan(input: ScanInput, context: ScanContext, kind: ProgramKind, extension: string): Promise<void> {
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
  const model = LIBRARY.test(base) ? await modelBeside(input) : undefined;
  if (model !== undefined) {
    context.report({
      rule: NATIVE_RULES['library-beside-model'],
      message: `The shared library lies beside the model ${evidenceText(model, 100)}; a runtime that loads custom operators from it runs its code`,
      anchor: 'library',
      location: { offset: 0 },
    });
  } else if (kind.name !== 'script' && !(kind.name === 'Java class' && extension === '.class')) {
    // A class under its own name is no surprise, and an archive of Java has thousands.
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
    const kind = programKind(probe.head, probe.size);
    if (!kind) return undefined;
    if (kind.name === 'script')
      return DATA_EXTENSIONS.has(probe.extension) && probe.extension !== '.txt' ? 'certain' : undefined;
    return 'certain';
  },
  async scan(input, context) {
    const head = await input.source.read(0, 4096);
    const base = input.name.slice(input.name.lastIndexOf('/') + 1).toLowerCase();
    const extension = base.includes('.') ? base.slice(base.lastIndexOf('.')) : '';
    const kind = programKind(head, input.source.size);
    if (kind) await scan(input, context, kind, extension);
  },
};
