import { Budget } from '../../budget';
import type { ByteSource } from '../../io/byteSource';
import { PagedByteSource } from '../../io/pages';
import { evidenceText } from '../../redact';
import { defineRules, MODEL_REFERENCES } from '../../rule';
import type { Format, Probe, ScanContext, ScanInput } from '../../scanner';
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
const DEEPEST = 16;
const LONGEST_NAME = 4096;

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

async function text(walk: Walk, offset: number, length: number): Promise<string> {
  return new TextDecoder().decode(await walk.source.read(offset, Math.min(length, LONGEST_NAME)));
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

async function readLayer(walk: Walk, start: number, end: number, path: string): Promise<void> {
  let name = '';
  for await (const field of walk.fields(start, end)) {
    if (field.wireType !== BYTES) continue;
    if (field.number === 1) name = await text(walk, field.offset, field.length);
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
      for await (const inner of walk.fields(field.offset, last)) {
        if (inner.number === 1 && inner.wireType === BYTES)
          await readLayer(walk, inner.offset, inner.offset + inner.length, node);
      }
    } else if (PIPELINES.has(field.number))
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
    } else if (field.number === 556) {
      walk.context.report({
        rule: COREML_RULES['linked-model'],
        message: 'The model links another model file and leaves its own content to it',
        anchor: node,
        location: { offset: field.offset, node },
      });
    }
  }
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
  for await (const field of walk.fields(start, end)) {
    if (field.number !== 100 || field.wireType !== BYTES) continue;
    for await (const entry of walk.fields(field.offset, field.offset + field.length)) {
      const key = KEYS.get(entry.number);
      if (key && entry.wireType === BYTES)
        metadata[key] = evidenceText(await text(walk, entry.offset, entry.length), 500);
    }
  }
  walk.context.describe({ metadata, ...(metadata.license && { license: metadata.license }) });
}

/** Field numbers of the outermost message; at most a dozen, and no content is read. */
async function outerFields(probe: Probe): Promise<Set<number>> {
  return probe.once('protobuf-outer-fields', async () => {
    const numbers = new Set<number>();
    try {
      for await (const field of wireFields(probe.source, 0, probe.size, new Budget())) {
        numbers.add(field.number);
        if (numbers.size > 16) break;
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
