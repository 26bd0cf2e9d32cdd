import { readAll } from '../../io/byteSource';
import { PagedByteSource } from '../../io/pages';
import { evidenceText } from '../../redact';
import { defineRules, MODEL_REFERENCES } from '../../rule';
import type { Claim, Format, Probe, ScanContext, ScanInput } from '../../scanner';
import { reportDamage } from '../damage';
import { isOutsidePath } from '../filePaths';
import { BYTES, mayHold, type WireField, wireFields } from '../protobuf/wire';
import { parseTextProto, type TextMessage } from '../tensorflow/textProto';

export const CAFFE_RULES = defineRules('caffe', {
  'python-layer': {
    title: 'Caffe network has a Python layer',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'Building the network imports the Python module that the layer names, from the working folder or the path of Python, and calls what is named in it. High when that is a module of Python itself, which is no layer.',
    remediation: 'Read the module before the network is loaded, or use a network without Python layers.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-829', 'CWE-94'] },
  },
  'path-outside': {
    title: 'Caffe network opens files outside its folder',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'A layer or solver reads or writes a file at an absolute path, a network path or one that leaves the folder of the network.',
    remediation: 'Correct the path, or use the network for inference without its data layers.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-22', 'CWE-73'] },
  },
  malformed: {
    title: 'Damaged Caffe network',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description: 'The file breaks off or its structure is damaged: what a loader makes of it is undefined.',
    remediation: 'Obtain the file again and compare its hash.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-20'] },
  },
});

interface Layer {
  name: string;
  type: string;
  python: { module: string; className: string } | undefined;
  paths: { field: string; path: string }[];
  offset?: number;
}

/** Fields of text networks and solvers that are opened as files. */
const PATH_FIELDS = new Set(
  'source root_folder mean_file net train_net test_net snapshot_prefix file_name label_map_file name_size_file output_directory weights'.split(
    ' ',
  ),
);
const MOST_LAYERS = 100_000;
const NAMED = 2000;

/** Modules of Python whose functions run, load or reach something when they are called. */
const PYTHON_OWN =
  /^(?:os|posix|nt|sys|subprocess|builtins|__builtin__|commands|pty|runpy|importlib|imp|code|codeop|pickle|cPickle|marshal|ctypes|shutil|socket|urllib\w*|webbrowser|timeit|pdb|cProfile|site|zipimport|pip|distutils|multiprocessing|asyncio|antigravity)(?:\.|$)/;

class CaffeJudge {
  readonly #types = new Map<string, number>();
  readonly #layers: { name: string; className: string }[] = [];

  constructor(private readonly context: ScanContext) {}

  layer({ name, type, python, paths, offset }: Layer): void {
    const node = evidenceText(name, 120);
    const location = { node, ...(offset !== undefined && { offset }) };
    this.#types.set(type, (this.#types.get(type) ?? 0) + 1);
    if (this.#layers.length < NAMED) this.#layers.push({ name: node, className: evidenceText(type, 60) });
    if (python || type === 'Python') {
      const target = evidenceText([python?.module, python?.className].filter(Boolean).join('.') || '(unnamed)', 120);
      this.context.report({
        rule: CAFFE_RULES['python-layer'],
        ...(PYTHON_OWN.test(python?.module ?? '') && { severity: 'high' as const }),
        message: `The layer ${node} is Python: building the network imports ${target}.`,
        evidence: target,
        anchor: `${name}\0${target}`,
        location,
      });
    }
    for (const { field, path } of paths) this.path(`${node}/${field}`, path, location);
  }

  path(where: string, path: string, location?: { node: string; offset?: number }): void {
    if (!isOutsidePath(path)) return;
    // Training networks name the data of the machine they were written on; only what reaches further is more than a fact.
    const reaches = /(?:^|[\\/])\.\.(?:[\\/]|$)|^[\\/]{2}|^[a-z][a-z0-9+.-]*:\/\//i.test(path);
    this.context.report({
      rule: CAFFE_RULES['path-outside'],
      ...(!reaches && { severity: 'low' as const }),
      message: `${evidenceText(where, 120)} opens '${evidenceText(path, 160)}', outside of the folder of the network.`,
      evidence: evidenceText(path, 160),
      anchor: `${where}\0${path}`,
      ...(location && { location }),
    });
  }

  describe(format: string): void {
    this.context.describe({
      format,
      framework: 'Caffe',
      operators: Object.fromEntries([...this.#types].slice(0, 300).map(([type, n]) => [evidenceText(type, 60), n])),
      layers: this.#layers,
    });
  }
}

async function scanText(input: ScanInput, context: ScanContext): Promise<void> {
  const bytes = await readAll(input.source, (size) => context.budget.checkMemory(size * 4, 'the network'));
  const { root, error } = parseTextProto(new TextDecoder().decode(bytes), context.budget);
  const judge = new CaffeJudge(context);
  const nets = [
    root,
    ...root.messages('net_param'),
    ...root.messages('train_net_param'),
    ...root.messages('test_net_param'),
  ];
  for (const net of nets) {
    for (const layer of [...net.messages('layer'), ...net.messages('layers')].slice(0, MOST_LAYERS)) {
      const python = layer.message('python_param');
      judge.layer({
        name: layer.text('name') ?? '',
        type: layer.text('type') ?? '',
        python: python && { module: python.text('module') ?? '', className: python.text('layer') ?? '' },
        paths: [...pathsOf(layer)],
      });
    }
  }
  for (const { field, path } of ownPaths(root)) judge.path(field, path);
  if (error) reportDamage(context, CAFFE_RULES.malformed, 'network', error);
  judge.describe('caffe-prototxt');
}

function* ownPaths(message: TextMessage): Generator<{ field: string; path: string }> {
  for (const [field, path] of message.fields)
    if (typeof path === 'string' && PATH_FIELDS.has(field)) yield { field, path };
}

/** Those of a layer and of its parameters. */
function* pathsOf(layer: TextMessage): Generator<{ field: string; path: string }> {
  yield* ownPaths(layer);
  for (const [, part] of layer.fields) if (typeof part !== 'string') yield* ownPaths(part);
}

/** Numbers of caffe.proto: layers of NetParameter, name, type and python_param of LayerParameter. */
const NET = { name: 1, oldLayers: 2, layers: 100 } as const;
const LAYER = { name: 1, type: 2, python: 130 } as const;
const PYTHON = { module: 1, layer: 2 } as const;

async function scanBinary(input: ScanInput, context: ScanContext): Promise<void> {
  const source = new PagedByteSource(input.source);
  const judge = new CaffeJudge(context);
  let damage: Error | undefined;
  const fields = ({ offset, length }: { offset: number; length: number }) =>
    wireFields(source, offset, offset + length, context.budget, (error) => {
      damage ??= error;
    });
  const text = async ({ offset, length }: WireField) =>
    new TextDecoder().decode(await source.read(offset, Math.min(length, 400)));
  let count = 0;
  for await (const field of fields({ offset: 0, length: source.size })) {
    if (field.wireType !== BYTES || field.number !== NET.layers || count >= MOST_LAYERS) continue;
    count += 1;
    const layer: Layer = { name: '', type: '', python: undefined, paths: [], offset: field.start };
    for await (const part of fields(field)) {
      if (part.wireType !== BYTES) continue;
      if (part.number === LAYER.name) layer.name = await text(part);
      else if (part.number === LAYER.type) layer.type = await text(part);
      else if (part.number === LAYER.python) {
        const python = { module: '', className: '' };
        for await (const inner of fields(part)) {
          if (inner.wireType !== BYTES) continue;
          if (inner.number === PYTHON.module) python.module = await text(inner);
          else if (inner.number === PYTHON.layer) python.className = await text(inner);
        }
        layer.python = python;
      }
    }
    judge.layer(layer);
  }
  if (damage) reportDamage(context, CAFFE_RULES.malformed, 'network', damage);
  judge.describe('caffe-model');
}

/** Networks and solvers in the text format. */
export const CAFFE_TEXT_FORMAT: Format = {
  id: 'caffe-prototxt',
  title: 'Caffe network (text)',
  kind: 'model',
  extensions: ['.prototxt'],
  identify(probe): Claim | undefined {
    if (probe.head.includes(0)) return undefined;
    const text = new TextDecoder('latin1').decode(probe.head);
    const isNet =
      /(?:^|[\n;}])\s*layers?\s*:?\s*[{<[]/.test(text) && /\btype\s*:\s*(?:["'][A-Z]\w*["']|[A-Z][A-Z_]+\b)/.test(text);
    const isSolver =
      /(?:^|\n)\s*(?:train_net|net)\s*:\s*["']/.test(text) &&
      /(?:^|\n)\s*(?:base_lr|lr_policy|max_iter|solver_mode)\s*:/.test(text);
    if (!isNet && !isSolver) return undefined;
    const begins = /^(?:\s|#[^\n]*\n)*(?:name|input(?:_dim|_shape)?|layers?|net(?:_param)?|train_net)\s*[:{]/.test(
      text,
    );
    return begins || probe.extension === '.prototxt' ? 'certain' : 'likely';
  },
  scan: scanText,
};

/** https://github.com/BVLC/caffe/blob/master/src/caffe/proto/caffe.proto */
export const CAFFE_MODEL_FORMAT: Format = {
  id: 'caffe-model',
  title: 'Caffe model',
  kind: 'model',
  extensions: ['.caffemodel'],
  identify(probe: Probe): Claim | undefined {
    if (probe.extension !== '.caffemodel' || probe.size === 0) return undefined;
    return mayHold(probe.head, probe.size, [
      [NET.layers, BYTES],
      [NET.oldLayers, BYTES],
      [NET.name, BYTES],
    ])
      ? 'certain'
      : 'named';
  },
  scan: scanBinary,
};
