import type { ModelDescription, TensorDescription } from '../../description';
import type { ByteSource } from '../../io/byteSource';
import { PagedByteSource } from '../../io/pages';
import { evidenceText } from '../../redact';
import type { Claim, Format, Probe, ScanContext, ScanInput } from '../../scanner';
import { reportDamage } from '../damage';
import { isOutsidePath } from '../filePaths';
import { KerasReporter } from '../keras/report';
import { decodeFields, readText } from '../protobuf/decode';
import {
  BYTES,
  type Damaged,
  loadMessage,
  mayHold,
  type Shape,
  VARINT,
  type WireField,
  wireFields,
} from '../protobuf/wire';
import { kerasLambdaLayers } from './companions';
import { GraphJudge } from './graph';
import { isKnownOperator } from './ops';
import {
  decodeMapEntry,
  decodeName,
  decodeNode,
  decodeShape,
  decodeSignature,
  dtypeName,
  NODE_SHAPE,
  OP_DEF_SHAPE,
} from './proto';
import { TENSORFLOW_RULES as RULES } from './rules';

const MAX_LISTED = 500;

/** What one scan of a TensorFlow protobuf gathers besides the graph. */
class Gathered {
  tensors: TensorDescription[] = [];
  tensorCount = 0;
  parameters = 0;
  /** Elements of constants, which are the weights of a frozen graph. */
  constants = 0;
  properties: Record<string, string | number | boolean> = {};
  inputs: TensorDescription[] = [];
  outputs: TensorDescription[] = [];
}

/** The fields of a message, or what could be read of them before the structure broke. */
function fieldsOf(scan: Scan, start: number, end: number): AsyncGenerator<WireField, void, undefined> {
  return wireFields(scan.source, start, end, scan.context.budget, scan.damaged);
}

class Scan {
  /** Where the file first breaks off; what stands before and beside the damage is judged all the same. */
  damage: Error | undefined;
  readonly damaged: Damaged = (error) => {
    this.damage ??= error;
  };

  constructor(
    readonly source: ByteSource,
    readonly context: ScanContext,
    readonly judge: GraphJudge,
    readonly gathered: Gathered,
    readonly keras: KerasReporter,
  ) {}
}

/** The message of a field, of large ones the parts that `shape` names. */
function message(scan: Scan, { offset, length }: WireField, shape: Shape): Promise<Uint8Array> {
  const { source, context, damaged } = scan;
  return loadMessage(source, offset, offset + length, shape, context.budget, { damaged });
}

async function walkNode(scan: Scan, field: WireField): Promise<void> {
  const node = decodeNode(await message(scan, field, NODE_SHAPE), scan.damaged);
  scan.judge.addNode(node, field.offset);
  if (node.op === 'VarHandleOp' || node.op === 'VariableV2' || node.op === 'Const') noteTensor(scan, node);
}

function noteTensor(scan: Scan, node: ReturnType<typeof decodeNode>): void {
  const tensor = node.attrs.get('value')?.tensor;
  const shape = node.attrs.get('shape')?.shape ?? tensor?.shape;
  if (!shape || (node.op === 'Const' && shape.length === 0)) return;
  const { gathered } = scan;
  gathered.tensorCount += 1;
  const count = shape.reduce((product, size) => product * Math.max(0, size), 1);
  const dtype = dtypeName(node.attrs.get('dtype')?.type ?? tensor?.dtype ?? 0);
  if (node.op !== 'Const') gathered.parameters += count;
  else if (dtype.includes('float')) gathered.constants += count;
  if (gathered.tensors.length < MAX_LISTED) {
    const name = node.attrs.get('shared_name')?.text || node.name;
    gathered.tensors.push({ name: evidenceText(name), dtype, shape });
  }
}

/** FunctionDef: its nodes, and what its returns come from. */
async function walkFunction(scan: Scan, start: number, end: number): Promise<void> {
  let name = '';
  let parameters: string[] = [];
  const outputs: string[] = [];
  const nodes: WireField[] = [];
  for await (const field of fieldsOf(scan, start, end)) {
    if (field.wireType !== BYTES) continue;
    if (field.number === 1) {
      ({ name, parameters } = decodeSignature(await message(scan, field, OP_DEF_SHAPE), scan.damaged));
    }
    if (field.number === 3) nodes.push(field);
    else if (field.number === 4) {
      const { value } = decodeMapEntry(
        await scan.source.read(field.offset, Math.min(field.length, 4096)),
        scan.damaged,
      );
      outputs.push(new TextDecoder().decode(value));
    }
  }
  scan.judge.beginScope(name, parameters);
  for (const field of nodes) await walkNode(scan, field);
  scan.judge.endScope(outputs);
}

/** GraphDef: nodes, and the library of functions. */
async function walkGraph(scan: Scan, start: number, end: number): Promise<void> {
  const libraries: WireField[] = [];
  scan.judge.beginScope('');
  for await (const field of fieldsOf(scan, start, end)) {
    if (field.wireType !== BYTES) continue;
    if (field.number === 1) await walkNode(scan, field);
    else if (field.number === 2) libraries.push(field);
    else if (field.number === 4) noteVersions(scan, await message(scan, field, {}));
  }
  scan.judge.endScope([]);
  for (const library of libraries) {
    for await (const field of fieldsOf(scan, library.offset, library.offset + library.length)) {
      if (field.number === 1 && field.wireType === BYTES) {
        await walkFunction(scan, field.offset, field.offset + field.length);
      }
    }
  }
}

function noteVersions(scan: Scan, bytes: Uint8Array): void {
  decodeFields(
    bytes,
    (field, wire, r) => {
      if (field !== 1 || wire !== VARINT) return false;
      scan.gathered.properties['graph producer version'] = r.int32();
      return true;
    },
    scan.damaged,
  );
}

/** MetaGraphDef. */
async function walkMetaGraph(scan: Scan, start: number, end: number): Promise<void> {
  const graphs: WireField[] = [];
  for await (const field of fieldsOf(scan, start, end)) {
    if (field.wireType !== BYTES) continue;
    if (field.number === 1) await walkMetaInfo(scan, field);
    else if (field.number === 2) graphs.push(field);
    else if (field.number === 5) await walkSignature(scan, field);
    else if (field.number === 6) await walkAsset(scan, field);
    else if (field.number === 7) await walkObjects(scan, field);
  }
  for (const graph of graphs) await walkGraph(scan, graph.offset, graph.offset + graph.length);
}

async function walkMetaInfo(scan: Scan, field: WireField): Promise<void> {
  const { gathered } = scan;
  // stripped_op_list (2) lists every operator's definition and is long; what is used stands in the graph anyway.
  const bytes = await message(scan, field, { 4: true, 5: true });
  const tags: string[] = [];
  decodeFields(
    bytes,
    (inner, wire, r) => {
      if (wire !== BYTES) return false;
      if (inner === 4) tags.push(evidenceText(readText(r), 40));
      else if (inner === 5) gathered.properties['tensorflow version'] = evidenceText(readText(r), 40);
      else return false;
      return true;
    },
    scan.damaged,
  );
  if (tags.length) gathered.properties.tags = tags.slice(0, 10).join(', ');
}

async function walkSignature(scan: Scan, field: WireField): Promise<void> {
  if (field.length > 1024 * 1024) return;
  const { key, value } = decodeMapEntry(await scan.source.read(field.offset, field.length), scan.damaged);
  if (key.startsWith('__')) return;
  decodeFields(
    value,
    (inner, wire, r) => {
      if (wire !== BYTES || (inner !== 1 && inner !== 2)) return false;
      const entry = decodeMapEntry(r.bytes());
      const tensor: TensorDescription = { name: evidenceText(entry.key, 120), dtype: 'unknown', shape: [] };
      decodeFields(entry.value, (part, partWire, info) => {
        if (part === 2 && partWire === VARINT) tensor.dtype = dtypeName(info.int32());
        else if (part === 3 && partWire === BYTES) tensor.shape = decodeShape(info.bytes());
        else return false;
        return true;
      });
      const into = inner === 1 ? scan.gathered.inputs : scan.gathered.outputs;
      if (into.length < 64 && !into.some((known) => known.name === tensor.name)) into.push(tensor);
      return true;
    },
    scan.damaged,
  );
}

async function walkAsset(scan: Scan, field: WireField): Promise<void> {
  let filename = '';
  let tensor = '';
  decodeFields(
    await scan.source.read(field.offset, Math.min(field.length, 65536)),
    (inner, wire, r) => {
      if (wire !== BYTES) return false;
      if (inner === 1) {
        tensor = decodeName(r.bytes());
        return true;
      }
      if (inner !== 2) return false;
      filename = readText(r);
      return true;
    },
    scan.damaged,
  );
  scan.judge.assets.push({ filename, tensor });
  if (isOutsidePath(filename)) {
    scan.context.report({
      rule: RULES['table-file'],
      severity: 'high',
      message: `The asset '${evidenceText(filename, 120)}' lies outside of the model's assets folder: loading the model reads it.`,
      evidence: evidenceText(filename, 120),
      anchor: `asset\0${filename}`,
      location: { node: 'asset_file_def', offset: field.offset },
    });
  }
}

/** SavedObjectGraph: until TensorFlow 2.4 the Keras metadata stood here. */
async function walkObjects(scan: Scan, field: WireField): Promise<void> {
  const end = field.offset + field.length;
  for await (const node of fieldsOf(scan, field.offset, end)) {
    if (node.number !== 1 || node.wireType !== BYTES) continue;
    for await (const part of fieldsOf(scan, node.offset, node.offset + node.length)) {
      if (part.number !== 4 || part.wireType !== BYTES) continue;
      let identifier = '';
      let metadata = '';
      const bytes = await message(scan, part, { 1: true, 3: true });
      decodeFields(
        bytes,
        (inner, wire, r) => {
          if (wire !== BYTES) return false;
          if (inner === 1) identifier = readText(r);
          else if (inner === 3) metadata = readText(r);
          else return false;
          return true;
        },
        scan.damaged,
      );
      if (metadata.startsWith('{') && identifier.startsWith('_tf_keras')) {
        await scan.keras.addText(metadata, 'object_graph_def');
      }
    }
  }
}

type Kind = 'saved-model' | 'meta-graph' | 'graph-def';

async function walkTop(kind: Kind, scan: Scan): Promise<void> {
  const { source } = scan;
  if (kind === 'meta-graph') return walkMetaGraph(scan, 0, source.size);
  if (kind === 'graph-def') return walkGraph(scan, 0, source.size);
  for await (const field of fieldsOf(scan, 0, source.size)) {
    if (field.number === 1 && field.wireType === VARINT) {
      scan.gathered.properties['schema version'] = Number(field.value);
    } else if (field.number === 2 && field.wireType === BYTES) {
      await walkMetaGraph(scan, field.offset, field.offset + field.length);
    }
  }
}

/** Writes what was gathered of a graph into the description. */
export function describeGraph(
  format: string,
  judge: GraphJudge,
  gathered: Partial<ModelDescription>,
): ModelDescription {
  const operators = [...judge.operators].sort((a, b) => b[1] - a[1]);
  return {
    format,
    framework: 'TensorFlow',
    ...gathered,
    operators: Object.fromEntries(operators.slice(0, 300).map(([op, count]) => [evidenceText(op, 80), count])),
    ...(operators.length > 300 && { truncated: ['operators'] }),
  };
}

async function scanProtobuf(kind: Kind, input: ScanInput, context: ScanContext): Promise<void> {
  const judge = new GraphJudge(context.budget);
  const gathered = new Gathered();
  const keras = new KerasReporter(context, { tracesFunctions: true });
  const scan = new Scan(new PagedByteSource(input.source), context, judge, gathered, keras);
  await walkTop(kind, scan);
  if (scan.damage) reportMalformed(context, scan.damage);
  keras.finish();
  const told = new Set([...keras.lambdaLayers, ...(await kerasLambdaLayers(input, context))]);
  judge.report(context, told);
  const version = gathered.properties['tensorflow version'];
  context.describe(
    describeGraph(kind, judge, {
      ...(typeof version === 'string' && { frameworkVersion: version }),
      properties: gathered.properties,
      parameters: gathered.parameters || (kind === 'graph-def' ? gathered.constants : 0),
      tensorCount: gathered.tensorCount,
      tensors: gathered.tensors,
      inputs: gathered.inputs,
      outputs: gathered.outputs,
      ...(gathered.tensorCount > gathered.tensors.length && { truncated: ['tensors'] }),
    }),
  );
}

/** A structure that breaks off is said; what came before it has been judged. */
export function reportMalformed(context: ScanContext, error: Error): void {
  reportDamage(context, RULES.malformed, 'file', error);
}

const OPERATOR_NAME = /^[A-Za-z_][A-Za-z0-9_.\\/>-]{0,200}$/;

/**
 * Whether the bytes begin as a NodeDef does: a name, then an operator.
 * @param strict the message has fields that are not of a graph or is cut: its operator must be one of TensorFlow
 */
function looksLikeNode(bytes: Uint8Array, whole: boolean, strict: boolean): boolean {
  let name = false;
  let op = false;
  try {
    decodeFields(bytes, (field, wire, r) => {
      if (field === 1 && wire === BYTES) name = isText(r.bytes());
      else if (field === 2 && wire === BYTES) {
        const text = readText(r);
        op = strict ? isKnownOperator(text) : OPERATOR_NAME.test(text);
      } else if (field > 7 || wire !== BYTES) throw new Error('no NodeDef');
      else return false;
      return true;
    });
  } catch {
    if (whole) return false;
  }
  return op && (name || !whole);
}

function isText(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte < 0x20 || byte === 0x7f) return false;
  return bytes.length > 0;
}

/** The first fields of a message, or none when they are no fields. */
async function firstFields(probe: Probe, start: number, end: number, count: number): Promise<WireField[]> {
  const fields: WireField[] = [];
  // A truncated file still shows its first fields.
  for await (const field of wireFields(probe.source, start, end, PROBE_BUDGET, () => undefined)) {
    fields.push(field);
    if (fields.length >= count) break;
  }
  return fields;
}

const PROBE_BUDGET = { checkTime: () => undefined } as unknown as ScanContext['budget'];

function isGraph(probe: Probe, start: number, end: number): Promise<boolean> {
  return firstFields(probe, start, end, 24).then((all) => beginsGraph(probe, all));
}

async function beginsGraph(probe: Probe, all: readonly WireField[]): Promise<boolean> {
  const fields = all.filter(({ number }) => number <= 5).slice(0, 3);
  if (fields.length === 0) return false;
  for (const field of fields) {
    if (field.wireType === VARINT ? field.number !== 3 : ![1, 2, 4, 5].includes(field.number)) return false;
  }
  const node = fields.find((field) => field.number === 1 && field.wireType === BYTES);
  if (node) {
    const strict = fields.length < Math.min(all.length, 3) || node.offset + node.length >= probe.size;
    const bytes = await probe.source.read(node.offset, Math.min(node.length, 4096));
    return looksLikeNode(bytes, node.length <= 4096, strict);
  }
  if (fields.length < Math.min(all.length, 3)) return false;
  const library = fields.find((field) => field.number === 2 && field.wireType === BYTES);
  if (!library) return false;
  const [first] = await firstFields(probe, library.offset, library.offset + library.length, 1);
  if (first?.number !== 1 || first.wireType !== BYTES) return false;
  const parts = await firstFields(probe, first.offset, first.offset + first.length, 2);
  return parts.some((part) => part.number === 1 && part.wireType === BYTES) && first.length > 8;
}

async function beginsMetaGraph(probe: Probe, all: readonly WireField[], end: number): Promise<boolean> {
  const fields = all.filter(({ number }) => number <= 7).slice(0, 4);
  if (fields.length === 0 || fields.some((field) => field.wireType !== BYTES)) return false;
  const graph = fields.find((field) => field.number === 2);
  if (graph && graph.length > 0) return isGraph(probe, graph.offset, graph.offset + graph.length);
  // The whole of it may be a meta_info_def: tags and a version.
  const info = fields.find((field) => field.number === 1);
  if (!info || info.length > 16384 || info.offset + info.length >= end) return false;
  const parts = await firstFields(probe, info.offset, info.offset + info.length, 12);
  const told = parts.find((part) => (part.number === 4 || part.number === 5) && part.wireType === BYTES);
  if (!told || !parts.every((part) => part.wireType === VARINT || part.number <= 9)) return false;
  if (told.length > 256) return false;
  const text = new TextDecoder().decode(await probe.source.read(told.offset, told.length));
  return told.number === 5 ? /^\d+\.\d+/.test(text) : /^[\w.-]{3,}$/.test(text);
}

async function beginsSavedModel(probe: Probe, all: readonly WireField[]): Promise<boolean> {
  const fields = all.filter(({ number }) => number <= 2).slice(0, 2);
  const graph = fields.find((field) => field.number === 2 && field.wireType === BYTES);
  if (!graph) return false;
  const version = fields.find((field) => field.number === 1);
  if (version && (version.wireType !== VARINT || version.value > 16n)) return false;
  const end = graph.offset + graph.length;
  return beginsMetaGraph(probe, await firstFields(probe, graph.offset, end, 24), end);
}

/** Which of TensorFlow's graph messages the file is, told by the structure of its first fields. */
function kindOf(probe: Probe): Promise<Kind | undefined> {
  return probe.once('tensorflow-kind', async () => {
    // Parsers pass over fields that they do not know, so a message may begin with any.
    const wireType = (probe.head[0] ?? 0) & 7;
    if (wireType !== VARINT && wireType !== BYTES) return undefined;
    // Each of the three holds a message in one of its first two fields.
    if (
      !mayHold(probe.head, probe.size, [
        [1, BYTES],
        [2, BYTES],
      ])
    )
      return undefined;
    const fields = await firstFields(probe, 0, probe.size, 24);
    if (await beginsSavedModel(probe, fields)) return 'saved-model';
    if (await beginsGraph(probe, fields)) return 'graph-def';
    if (await beginsMetaGraph(probe, fields, probe.size)) return 'meta-graph';
    return undefined;
  });
}

function protobufFormat(id: string, kind: Kind, title: string, named: RegExp, extensions: readonly string[]): Format {
  return {
    id,
    title,
    kind: 'model',
    extensions,
    async identify(probe): Promise<Claim | undefined> {
      if ((await kindOf(probe)) === kind) return 'certain';
      return named.test(probe.name) && probe.size > 0 ? 'named' : undefined;
    },
    scan: (input, context) => scanProtobuf(kind, input, context),
  };
}

/** tensorflow/core/protobuf/saved_model.proto */
export const SAVED_MODEL_FORMAT = protobufFormat(
  'tensorflow-saved-model',
  'saved-model',
  'TensorFlow SavedModel',
  /^saved_model\.pb$/,
  ['.pb'],
);
/** tensorflow/core/framework/graph.proto */
export const GRAPH_DEF_FORMAT = protobufFormat(
  'tensorflow-graph',
  'graph-def',
  'TensorFlow GraphDef',
  /(?:graph|frozen|optimi[sz]ed).*\.pb$/,
  ['.pb'],
);
/** tensorflow/core/protobuf/meta_graph.proto */
export const META_GRAPH_FORMAT = protobufFormat(
  'tensorflow-meta-graph',
  'meta-graph',
  'TensorFlow MetaGraph',
  /\.meta$/,
  ['.meta'],
);
