import { Budget } from '../../budget';
import type { Location } from '../../finding';
import type { ByteSource } from '../../io/byteSource';
import { PagedByteSource } from '../../io/pages';
import { evidenceText } from '../../redact';
import { defineRules, MODEL_REFERENCES } from '../../rule';
import type { Format, Probe, ScanContext, ScanInput } from '../../scanner';
import { findCode } from '../codeText';
import { isOutsidePath } from '../filePaths';
import { BYTES, VARINT, type WireField, wireFields } from '../protobuf/wire';

export const COREML_RULES = defineRules('coreml', {
  'custom-code': {
    title: 'Core ML model needs a class of the application',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'A custom layer or custom model names a class that the loading application must provide and that runs with its rights.',
    remediation: 'Use the model only with a class you wrote for it; check the name against your own code.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-829'] },
  },
  'native-library': {
    title: 'Core ML model names a native library',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description: 'The model refers to a shared library, which Core ML models have no use for.',
    remediation: 'Do not use the model.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-114'] },
  },
  'metadata-code': {
    title: 'Command or code in the description of a Core ML model',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'The description or user-defined metadata of the model holds what reads as a command or as code. Nothing runs it by itself; applications show it or read their settings from it.',
    remediation: 'Ask the author what it is for.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-77', 'CWE-506'] },
  },
  'path-outside': {
    title: 'Core ML model reads a file outside its package',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description:
      'Weights, a linked model or an item of the package lie at an absolute path, a network path, or one that leaves the package: loading the model opens that file.',
    remediation: 'Do not load the model; obtain it with its files inside.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-22', 'CWE-73'] },
  },
  'linked-model': {
    title: 'Core ML model links another file',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'A linked model is loaded from a path or search path that the file gives; what it does is not part of this file.',
    remediation: 'Scan the linked model too, and refuse paths that leave the bundle.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-22'] },
  },
});

/** Fields of CoreML.Specification.Model that hold the model proper (Model.proto of coremltools). */
const TYPES = new Map<number, string>([
  [200, 'pipeline classifier'],
  [201, 'pipeline regressor'],
  [202, 'pipeline'],
  [300, 'GLM regressor'],
  [301, 'support vector regressor'],
  [302, 'tree ensemble regressor'],
  [303, 'neural network regressor'],
  [304, 'Bayesian probit regressor'],
  [400, 'GLM classifier'],
  [401, 'support vector classifier'],
  [402, 'tree ensemble classifier'],
  [403, 'neural network classifier'],
  [404, 'k-nearest-neighbours classifier'],
  [500, 'neural network'],
  [501, 'item similarity recommender'],
  [502, 'ML program'],
  [555, 'custom model'],
  [556, 'linked model'],
  [560, 'class confidence thresholding'],
  [600, 'one-hot encoder'],
  [601, 'imputer'],
  [602, 'feature vectorizer'],
  [603, 'dictionary vectorizer'],
  [604, 'scaler'],
  [606, 'categorical mapping'],
  [607, 'normalizer'],
  [609, 'array feature extractor'],
  [610, 'non-maximum suppression'],
  [900, 'identity'],
  [2000, 'word tagger'],
  [2001, 'text classifier'],
  [2002, 'vision feature print'],
  [2003, 'sound analysis preprocessing'],
  [2004, 'gazetteer'],
  [2005, 'word embedding'],
  [2006, 'audio feature print'],
  [3000, 'serialized model'],
]);
const NEURAL_NETWORKS = new Set([303, 403, 500]);
const PIPELINES = new Set([200, 201, 202]);
const CUSTOM_LAYER = 500;
/** Layers that hold networks of their own, with the fields of these: BranchLayerParams, LoopLayerParams. */
const INNER_NETWORKS = new Map<number, readonly number[]>([
  [605, [1, 2]],
  [615, [3, 4]],
]);
const ML_PROGRAM = 502;
const DEEPEST = 16;
const LONGEST_NAME = 4096;
/** The map of metadata that applications define. */
const USER_DEFINED = 100;
const LONGEST_METADATA = 256 * 1024;

const LIBRARY = /[^\s]*\.(?:dylib|so|dll)\b/i;

class Walk {
  readonly layers: { name: string; className: string; path?: string }[] = [];
  /** Where the file first breaks off; what stands before and beside the damage is judged all the same. */
  damage: Error | undefined;

  constructor(
    readonly source: ByteSource,
    readonly context: ScanContext,
  ) {}

  fields(start: number, end: number): AsyncGenerator<WireField, void, undefined> {
    return wireFields(this.source, start, end, this.context.budget, (error) => {
      this.damage ??= error;
    });
  }
}

async function text(walk: Walk, offset: number, length: number, longest = LONGEST_NAME): Promise<string> {
  return new TextDecoder().decode(await walk.source.read(offset, Math.min(length, longest)));
}

/** A damaged model is searched as plain bytes: what its strings name is still there to be used. */
async function searchLibraries(walk: Walk): Promise<void> {
  const text = new TextDecoder('latin1').decode(await walk.source.read(0, 2 ** 20));
  const match = /[\x21-\x7e]{1,200}\.(?:dylib|so|dll)(?![\w.])/.exec(text);
  if (match) reportLibrary(walk, match[0], match.index, '');
}

function reportLibrary(walk: Walk, name: string, offset: number, node: string): void {
  walk.context.report({
    rule: COREML_RULES['native-library'],
    message: `The model names the native library ${evidenceText(name, 120)}`,
    anchor: name,
    location: { offset, ...(node && { node }) },
  });
}

/** Short strings among the fields of a message that name a native library. */
async function findLibraries(walk: Walk, start: number, end: number, node: string): Promise<void> {
  // The bytes of a string need not be a message; the walk of the model itself reports what is malformed.
  for await (const field of wireFields(walk.source, start, end, walk.context.budget, () => undefined)) {
    if (field.wireType !== BYTES || field.length === 0 || field.length > LONGEST_NAME) continue;
    const match = LIBRARY.exec(await text(walk, field.offset, field.length));
    if (!match) continue;
    reportLibrary(walk, match[0], field.offset, node);
  }
}

/** Layers are field 1 of each kind of neural network. */
async function readNetwork(walk: Walk, start: number, end: number, path: string, depth: number): Promise<void> {
  if (depth > DEEPEST) {
    walk.context.incomplete(`Core ML networks nested deeper than ${DEEPEST}`);
    return;
  }
  for await (const field of walk.fields(start, end)) {
    if (field.number === 1 && field.wireType === BYTES)
      await readLayer(walk, field.offset, field.offset + field.length, path, depth);
  }
}

async function readLayer(walk: Walk, start: number, end: number, path: string, depth: number): Promise<void> {
  let name = '';
  for await (const field of walk.fields(start, end)) {
    if (field.wireType !== BYTES) continue;
    if (field.number === 1) name = await text(walk, field.offset, field.length);
    const networks = INNER_NETWORKS.get(field.number);
    if (networks) {
      for await (const inner of walk.fields(field.offset, field.offset + field.length)) {
        if (inner.wireType === BYTES && networks.includes(inner.number))
          await readNetwork(walk, inner.offset, inner.offset + inner.length, `${path}/${name}`, depth + 1);
      }
    }
    if (field.number === CUSTOM_LAYER) {
      const className = await className10(walk, field.offset, field.offset + field.length);
      walk.context.report({
        rule: COREML_RULES['custom-code'],
        message: `Layer ${evidenceText(name, 80)} is a custom layer of class ${evidenceText(className || '(unnamed)', 80)}`,
        anchor: `${name}\0${className}`,
        location: { offset: start, node: `${path}/${name}` },
      });
      await findLibraries(walk, field.offset, field.offset + field.length, `${path}/${name}`);
    }
  }
  if (walk.layers.length < 2000) walk.layers.push({ name, className: 'layer', path });
}

/** `className` is field 10 of both CustomLayerParams and CustomModel. */
async function className10(walk: Walk, start: number, end: number): Promise<string> {
  for await (const field of walk.fields(start, end)) {
    if (field.number === 10 && field.wireType === BYTES) return text(walk, field.offset, field.length);
  }
  return '';
}

async function readModel(walk: Walk, start: number, end: number, path: string, depth: number): Promise<void> {
  if (depth > DEEPEST) {
    walk.context.incomplete(`Core ML pipelines nested deeper than ${DEEPEST}`);
    return;
  }
  for await (const field of walk.fields(start, end)) {
    const last = field.offset + field.length;
    const type = TYPES.get(field.number);
    if (field.number === 1 && field.wireType === VARINT && depth === 0) {
      walk.context.describe({ frameworkVersion: String(field.value) });
    } else if (field.number === 2 && field.wireType === BYTES && depth === 0)
      await readDescription(walk, field.offset, last);
    if (!type || field.wireType !== BYTES) continue;
    if (depth === 0) walk.context.describe({ properties: { type } });
    const node = path ? `${path}/${type}` : type;
    if (NEURAL_NETWORKS.has(field.number)) {
      await findLibraries(walk, field.offset, last, node);
      await readNetwork(walk, field.offset, last, node, depth);
    } else if (field.number === ML_PROGRAM) await readProgram(walk, field.offset, last, node);
    else if (PIPELINES.has(field.number))
      await readPipeline(walk, field.offset, last, node, depth, field.number !== 202);
    else if (field.number === 555) {
      const name = await className10(walk, field.offset, last);
      walk.context.report({
        rule: COREML_RULES['custom-code'],
        message: `The model is a custom model of class ${evidenceText(name || '(unnamed)', 80)}`,
        anchor: name,
        location: { offset: field.offset, node },
      });
      await findLibraries(walk, field.offset, last, node);
    } else if (field.number === 556) await readLinked(walk, field, node);
  }
}

/** LinkedModel: a LinkedModelFile in field 1, whose file name and search path are StringParameters (default in field 1). */
async function readLinked(walk: Walk, field: WireField, node: string): Promise<void> {
  const paths: string[] = [];
  for await (const file of walk.fields(field.offset, field.offset + field.length)) {
    if (file.number !== 1 || file.wireType !== BYTES) continue;
    for await (const parameter of walk.fields(file.offset, file.offset + file.length)) {
      if (parameter.wireType !== BYTES || parameter.number > 2) continue;
      for await (const value of walk.fields(parameter.offset, parameter.offset + parameter.length)) {
        if (value.number !== 1 || value.wireType !== BYTES) continue;
        const told = await text(walk, value.offset, value.length);
        // The search path is a list.
        paths.push(...(parameter.number === 2 ? told.split(':').filter(Boolean) : [told]));
      }
    }
  }
  walk.context.report({
    rule: COREML_RULES['linked-model'],
    message: `The model links another model file${paths.length ? ` (${evidenceText(paths.join(', '), 160)})` : ''} and leaves its own content to it`,
    anchor: node,
    location: { offset: field.offset, node },
  });
  for (const path of paths) reportPath(walk.context, 'The linked model', path, { offset: field.offset, node });
}

/** Says that a path leads out of the package. `@model_path` is the folder of the model. */
export function reportPath(context: ScanContext, what: string, path: string, location: Location): void {
  const inside = path.replace(/^@model_path(?=\/)/, '.');
  if (!isOutsidePath(inside)) return;
  context.report({
    rule: COREML_RULES['path-outside'],
    message: `${what} lies at '${evidenceText(path, 160)}', outside of the package.`,
    evidence: evidenceText(path, 160),
    anchor: `${what}\0${path}`,
    location,
  });
}

/** Numbers of MIL.proto: functions of a program, blocks of a function, operations of a block, and so on to the values. */
const PROGRAM_PARTS: ReadonlyMap<string, readonly (readonly [number, string])[]> = new Map([
  ['program', [[2, 'function entry']]],
  ['function entry', [[2, 'function']]],
  ['function', [[3, 'block entry']]],
  ['block entry', [[2, 'block']]],
  ['block', [[3, 'operation']]],
  [
    'operation',
    [
      [4, 'block'],
      [5, 'attribute entry'],
    ],
  ],
  ['attribute entry', [[2, 'value']]],
  ['value', [[5, 'blob']]],
]);
const MOST_OPERATIONS = 200_000;
const DEEPEST_PROGRAM = 64;

/** Operations of an ML program, and the files that its constants lie in. */
async function readProgram(walk: Walk, start: number, end: number, node: string): Promise<void> {
  const operators = new Map<string, number>();
  /** Thousands of constants lie in one file. */
  const paths = new Set<string>();
  let count = 0;
  const read = async (kind: string, from: number, to: number, depth: number): Promise<void> => {
    if (depth > DEEPEST_PROGRAM) {
      walk.context.incomplete(`ML program nested deeper than ${DEEPEST_PROGRAM}`);
      return;
    }
    const parts = PROGRAM_PARTS.get(kind) ?? [];
    for await (const field of walk.fields(from, to)) {
      if (field.wireType !== BYTES) continue;
      if (kind === 'operation' && field.number === 1) {
        count += 1;
        const type = evidenceText(await text(walk, field.offset, Math.min(field.length, 100)), 60);
        operators.set(type, (operators.get(type) ?? 0) + 1);
      } else if (kind === 'blob' && field.number === 1) {
        const path = await text(walk, field.offset, field.length);
        if (!paths.has(path)) reportPath(walk.context, 'Data of a constant', path, { offset: field.offset, node });
        paths.add(path);
      }
      const inner = parts.find(([number]) => number === field.number)?.[1];
      if (inner && count < MOST_OPERATIONS) await read(inner, field.offset, field.offset + field.length, depth + 1);
    }
  };
  await read('program', start, end, 0);
  if (count >= MOST_OPERATIONS) walk.context.incomplete(`more than ${MOST_OPERATIONS} operations`);
  walk.context.describe({ operators: Object.fromEntries([...operators].slice(0, 300)) });
}

/** A Pipeline holds models in field 1; the classifier and regressor kinds hold a Pipeline in field 1. */
async function readPipeline(
  walk: Walk,
  start: number,
  end: number,
  node: string,
  depth: number,
  wrapped: boolean,
): Promise<void> {
  let index = 0;
  for await (const field of walk.fields(start, end)) {
    if (field.number !== 1 || field.wireType !== BYTES) continue;
    const last = field.offset + field.length;
    if (wrapped) await readPipeline(walk, field.offset, last, node, depth + 1, false);
    else await readModel(walk, field.offset, last, `${node}/${index++}`, depth + 1);
  }
}

async function readDescription(walk: Walk, start: number, end: number): Promise<void> {
  const metadata: Record<string, string> = {};
  const KEYS = new Map([
    [1, 'description'],
    [2, 'version'],
    [3, 'author'],
    [4, 'license'],
  ]);
  const note = (key: string, value: string, offset: number) => {
    if (Object.keys(metadata).length < 200) metadata[evidenceText(key, 80)] = evidenceText(value, 500);
    const code = findCode(value);
    if (!code) return;
    walk.context.report({
      rule: COREML_RULES['metadata-code'],
      message: `The metadata ${evidenceText(key, 80)} holds program code: ${evidenceText(code.text, 60)}`,
      evidence: evidenceText(value, 160),
      anchor: key,
      location: { offset, node: `metadata/${key}` },
    });
  };
  for await (const field of walk.fields(start, end)) {
    if (field.number !== 100 || field.wireType !== BYTES) continue;
    for await (const entry of walk.fields(field.offset, field.offset + field.length)) {
      if (entry.wireType !== BYTES) continue;
      const key = KEYS.get(entry.number);
      if (key) note(key, await text(walk, entry.offset, entry.length), entry.offset);
      if (entry.number !== USER_DEFINED) continue;
      let name = '';
      for await (const part of walk.fields(entry.offset, entry.offset + entry.length)) {
        if (part.wireType !== BYTES) continue;
        const value = await text(walk, part.offset, part.length, LONGEST_METADATA);
        if (part.number === 1) name = value;
        else if (part.number === 2) note(name || 'user defined', value, part.offset);
      }
    }
  }
  walk.context.describe({ metadata, ...(metadata.license && { license: metadata.license }) });
}

/** Field numbers of the outermost message; at most a dozen, and no content is read. */
async function outerFields(probe: Probe): Promise<Set<number>> {
  return probe.once('protobuf-outer-fields', async () => {
    const numbers = new Set<number>();
    let count = 0;
    try {
      for await (const field of wireFields(probe.source, 0, probe.size, new Budget())) {
        numbers.add(field.number);
        count += 1;
        if (numbers.size > 16 || count > 1000) break;
      }
    } catch {
      numbers.add(0);
    }
    return numbers;
  });
}

export const COREML_FORMAT: Format = {
  id: 'coreml',
  title: 'Core ML',
  kind: 'model',
  extensions: ['.mlmodel'],
  async identify(probe) {
    const { head, extension } = probe;
    const plausible = head[0] === 0x08 && (head[1] as number) > 0 && (head[1] as number) < 32;
    if (plausible) {
      const numbers = await outerFields(probe);
      const known = [...numbers].every((n) => n === 1 || n === 2 || n === 10 || TYPES.has(n));
      if (known && [...numbers].some((n) => TYPES.has(n))) return 'certain';
    }
    return extension === '.mlmodel' ? 'named' : undefined;
  },
  async scan(input: ScanInput, context: ScanContext) {
    const walk = new Walk(new PagedByteSource(input.source), context);
    context.describe({ format: 'coreml', framework: 'Core ML' });
    await readModel(walk, 0, input.source.size, '', 0);
    if (walk.damage) {
      context.incomplete(`Core ML model: ${walk.damage.message}`);
      await searchLibraries(walk);
    }
    context.describe({ layers: walk.layers });
  },
};
