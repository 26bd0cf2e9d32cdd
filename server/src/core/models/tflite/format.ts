import { NotAZip, readZip, type ZipArchive } from '../../archives/zip';
import { scanZipMembers } from '../../archives/zipMembers';
import type { TensorDescription } from '../../description';
import { type ByteSource, WindowByteSource } from '../../io/byteSource';
import { PagedByteSource } from '../../io/pages';
import { evidenceText } from '../../redact';
import type { Claim, Format, ScanContext, ScanInput } from '../../scanner';
import { reportDamage } from '../damage';
import { programKind } from '../native/programs';
import { sniffStorage } from '../pytorch/storage';
import { isKnownOperator, operatorRisk } from '../tensorflow/ops';
import { Flatbuffer, MalformedFlatbuffer } from './flatbuffer';
import { builtinName } from './operators';
import { TFLITE_RULES as RULES } from './rules';

// Field numbers of tensorflow/compiler/mlir/lite/schema/schema.fbs.
const MODEL = { version: 0, operatorCodes: 1, subgraphs: 2, description: 3, buffers: 4, metadata: 6 } as const;
const CODE = { deprecatedBuiltin: 0, custom: 1, version: 2, builtin: 3 } as const;
const SUBGRAPH = { tensors: 0, inputs: 1, outputs: 2, operators: 3, name: 4 } as const;
const TENSOR = { shape: 0, type: 1, buffer: 2, name: 3 } as const;
const OPERATOR = { code: 0 } as const;
const METADATA = { name: 0, buffer: 1 } as const;
const BUFFER = { data: 0, offset: 1, size: 2 } as const;
const CUSTOM = 32;
const MOST = 100_000;
const MOST_LISTED = 2000;
const SEARCHED_END = 2 ** 20;

const TYPES = [
  'float32',
  'float16',
  'int32',
  'uint8',
  'int64',
  'string',
  'bool',
  'int16',
  'complex64',
  'int8',
  'float64',
  'complex128',
  'uint64',
  'resource',
  'variant',
  'uint32',
  'uint16',
  'int4',
  'bfloat16',
];

/** Custom operators that TensorFlow's own converters and MediaPipe write. */
const KNOWN_CUSTOM =
  /^(?:TFLite_Detection_PostProcess|Convolution2DTransposeBias|MaxPoolingWithArgmax2D|MaxUnpooling2D|Mfcc|AudioSpectrogram|NumericVerify|RandomUniform|RandomStandardNormal|TransformLandmarks.*|TransformTensorBilinear.*|Landmarks2TransformMatrix.*|edgetpu-custom-op|vsi-npu|ethos-u|TFSentencepieceTokenizeOp|TFText>.*|BertTokenizer|RegexTokenizer|BlazeFace.*|IRFFT2D|RFFT2D|AvgPool3D|MaxPool3D|RoiAlign|Unsorted.*|odml\..*|stablehlo\..*|KmeansEmbeddingLookup|Ngrams|Signal.*)$/;

async function scanTflite(input: ScanInput, context: ScanContext): Promise<void> {
  const buffer = new Flatbuffer(new PagedByteSource(input.source));
  const operators = new Map<string, number>();
  const names: string[] = [];
  const tensors: TensorDescription[] = [];
  const properties: Record<string, string | number | boolean> = {};
  let inputs: TensorDescription[] = [];
  let outputs: TensorDescription[] = [];
  let tensorCount = 0;
  let parameters = 0;
  try {
    const model = await buffer.root();
    const version = await buffer.field(model, MODEL.version);
    if (version !== undefined) properties['schema version'] = await buffer.u32(version);
    const description = await buffer.text(model, MODEL.description);
    if (description) properties.description = evidenceText(description, 160);
    const codes = await buffer.vector(model, MODEL.operatorCodes, 4);
    for (let i = 0; i < Math.min(codes.count, MOST); i += 1) {
      context.budget.checkTime();
      const code = await buffer.element(codes, i);
      const custom = await buffer.text(code, CODE.custom, 400);
      const builtinAt = await buffer.field(code, CODE.builtin);
      const oldAt = await buffer.field(code, CODE.deprecatedBuiltin);
      const builtin = Math.max(
        builtinAt === undefined ? 0 : await buffer.i32(builtinAt),
        oldAt === undefined ? 0 : await buffer.i8(oldAt),
      );
      names.push(evidenceText(custom ?? builtinName(builtin), 80));
      if (custom !== undefined && (builtin === CUSTOM || custom)) judgeCustom(custom, code, context);
    }
    const subgraphs = await buffer.vector(model, MODEL.subgraphs, 4);
    const buffers = await buffer.vector(model, MODEL.buffers, 4);
    properties.subgraphs = subgraphs.count;
    for (let i = 0; i < Math.min(subgraphs.count, 1000); i += 1) {
      const subgraph = await buffer.element(subgraphs, i);
      const list = await buffer.vector(subgraph, SUBGRAPH.tensors, 4);
      for (let t = 0; t < Math.min(list.count, MOST); t += 1) {
        context.budget.checkTime();
        const tensor = await readTensor(buffer, buffers, await buffer.element(list, t));
        tensorCount += 1;
        parameters += tensor.isConstant ? tensor.shape.reduce((product, size) => product * Math.max(0, size), 1) : 0;
        if (tensors.length < MOST_LISTED) tensors.push({ name: tensor.name, dtype: tensor.dtype, shape: tensor.shape });
        if (tensorCount > MOST) throw new MalformedFlatbuffer(`more than ${MOST} tensors`);
      }
      await countOperators(buffer, subgraph, names, operators, context);
      if (i === 0) {
        const of = async (index: number): Promise<TensorDescription[]> => {
          const list = await buffer.vector(subgraph, index, 4);
          const found: TensorDescription[] = [];
          for (let t = 0; t < Math.min(list.count, 64); t += 1) {
            const tensor = tensors[await buffer.u32(list.at + t * 4)];
            if (tensor) found.push(tensor);
          }
          return found;
        };
        inputs = await of(SUBGRAPH.inputs);
        outputs = await of(SUBGRAPH.outputs);
      }
    }
    const told = await scanMetadata(buffer, model, input, context);
    await sniffBuffers(buffer, model, told, input.source, context);
    await judgeEnd(buffer, input.source, context);
  } catch (error) {
    if (!(error instanceof MalformedFlatbuffer)) throw error;
    reportDamage(context, RULES.malformed, 'model', error);
  }
  await scanAssociatedFiles(input, context);
  context.describe({
    format: 'tflite',
    framework: 'TensorFlow Lite',
    properties,
    operators: Object.fromEntries(operators),
    inputs,
    outputs,
    tensorCount,
    tensors,
    parameters,
    ...(tensorCount > tensors.length && { truncated: ['tensors'] }),
  });
}

async function countOperators(
  buffer: Flatbuffer,
  subgraph: number,
  names: readonly string[],
  operators: Map<string, number>,
  context: ScanContext,
): Promise<void> {
  const list = await buffer.vector(subgraph, SUBGRAPH.operators, 4);
  for (let i = 0; i < Math.min(list.count, MOST); i += 1) {
    context.budget.checkTime();
    const at = await buffer.field(await buffer.element(list, i), OPERATOR.code);
    const name = names[at === undefined ? 0 : await buffer.u32(at)];
    if (name !== undefined) operators.set(name, (operators.get(name) ?? 0) + 1);
  }
}

/** Labels and vocabularies are appended as a zip archive (https://ai.google.dev/edge/litert/models/metadata). */
async function scanAssociatedFiles(input: ScanInput, context: ScanContext): Promise<void> {
  let zip: ZipArchive;
  try {
    zip = await readZip(input.source, context.budget);
  } catch (error) {
    if (!(error instanceof NotAZip)) throw error;
    return;
  }
  await scanZipMembers(zip, context, { isAppended: true });
}

async function readTensor(
  buffer: Flatbuffer,
  buffers: { at: number; count: number },
  table: number,
): Promise<{ name: string; dtype: string; shape: number[]; isConstant: boolean }> {
  const sizes = await buffer.vector(table, TENSOR.shape, 4);
  const shape: number[] = [];
  for (let i = 0; i < Math.min(sizes.count, 32); i += 1) shape.push(await buffer.i32(sizes.at + i * 4));
  const typeAt = await buffer.field(table, TENSOR.type);
  const type = typeAt === undefined ? 0 : await buffer.i8(typeAt);
  const data = await buffer.field(table, TENSOR.buffer);
  const index = data === undefined ? 0 : await buffer.u32(data);
  const name = (await buffer.text(table, TENSOR.name, 400)) ?? '';
  return {
    name: evidenceText(name, 200),
    dtype: TYPES[type] ?? `type ${type}`,
    shape,
    // Every tensor has a buffer; those of activations are empty.
    isConstant: index > 0 && index < buffers.count && (await holdsData(buffer, await buffer.element(buffers, index))),
  };
}

async function holdsData(buffer: Flatbuffer, table: number): Promise<boolean> {
  if ((await buffer.vector(table, BUFFER.data, 1)).count > 0) return true;
  const size = await buffer.field(table, BUFFER.size);
  return size !== undefined && (await buffer.u64(size)) > 0;
}

function judgeCustom(name: string, offset: number, context: ScanContext): void {
  const shown = evidenceText(name, 80);
  if (name.startsWith('Flex')) {
    const op = name.slice('Flex'.length);
    const risk = operatorRisk(op);
    if (risk) {
      context.report({
        rule: RULES['flex-operator'],
        severity: risk.severity,
        message: `The operator ${shown} ${risk.what}.`,
        evidence: shown,
        anchor: name,
        location: { node: `operator_codes/${shown}`, offset },
      });
      return;
    }
    if (isKnownOperator(op)) return;
  }
  if (KNOWN_CUSTOM.test(name)) return;
  context.report({
    rule: RULES['custom-operator'],
    message: `The custom operator ${shown} is not part of TensorFlow Lite: the model needs native code that registers it.`,
    evidence: shown,
    anchor: name,
    location: { node: `operator_codes/${shown}`, offset },
  });
}

/** Metadata names buffers whose content is of no fixed kind: it goes through the door like any file inside a file. */
async function scanMetadata(
  buffer: Flatbuffer,
  model: number,
  input: ScanInput,
  context: ScanContext,
): Promise<ReadonlySet<number>> {
  const told = new Set<number>();
  const list = await buffer.vector(model, MODEL.metadata, 4);
  const buffers = await buffer.vector(model, MODEL.buffers, 4);
  for (let i = 0; i < Math.min(list.count, 100); i += 1) {
    const entry = await buffer.element(list, i);
    const indexAt = await buffer.field(entry, METADATA.buffer);
    const index = indexAt === undefined ? 0 : await buffer.u32(indexAt);
    if (index >= buffers.count) throw new MalformedFlatbuffer('metadata in a buffer that is not there');
    const data = await dataOf(buffer, await buffer.element(buffers, index), input.source.size);
    told.add(index);
    if (data.count === 0) continue;
    const name = (await buffer.text(entry, METADATA.name, 200)) ?? `metadata ${i}`;
    await context.scan({ name: `metadata/${name}`, source: new WindowByteSource(input.source, data.at, data.count) });
  }
  return told;
}

/** Where the bytes of a buffer lie: in its table, or behind the FlatBuffer in models beyond 2 GB. */
async function dataOf(buffer: Flatbuffer, table: number, size: number): Promise<{ at: number; count: number }> {
  const data = await buffer.vector(table, BUFFER.data, 1);
  const offsetAt = await buffer.field(table, BUFFER.offset);
  const sizeAt = await buffer.field(table, BUFFER.size);
  if (data.count > 0 || offsetAt === undefined || sizeAt === undefined) return data;
  const outer = { at: await buffer.u64(offsetAt), count: await buffer.u64(sizeAt) };
  if (outer.at + outer.count > size) throw new MalformedFlatbuffer('a buffer past the end');
  buffer.reach(outer.at + outer.count);
  return outer;
}

/** Buffers hold numbers, of which the first bytes are looked at: no tensor begins as a pickle, an archive or a program. */
async function sniffBuffers(
  buffer: Flatbuffer,
  model: number,
  told: ReadonlySet<number>,
  source: ByteSource,
  context: ScanContext,
): Promise<void> {
  const buffers = await buffer.vector(model, MODEL.buffers, 4);
  for (let i = 0; i < Math.min(buffers.count, MOST); i += 1) {
    if (i % 256 === 0) context.budget.checkTime();
    const { at, count } = await dataOf(buffer, await buffer.element(buffers, i), source.size);
    if (count > 0 && !told.has(i)) await sniffStorage(`buffer ${i}`, new WindowByteSource(source, at, count), context);
  }
}

/** A program behind the model: a file that is both. Tables that are not looked at here may lie before it. */
async function judgeEnd(buffer: Flatbuffer, source: ByteSource, context: ScanContext): Promise<void> {
  const start = buffer.reached;
  const rest = await source.read(start, SEARCHED_END);
  for (let at = 0; at + 64 <= rest.length; at += 1) {
    const first = rest[at];
    if (first !== 0x7f && first !== 0x4d && first !== 0x23) continue;
    const kind = programKind(rest.subarray(at), source.size - start - at);
    if (!kind?.program) continue;
    const offset = start + at;
    context.report({
      rule: RULES['hidden-data'],
      message: `${source.size - offset} bytes from offset ${offset} on, behind all that the model refers to, are a program (${kind.name}).`,
      location: { offset, length: source.size - offset },
      anchor: 'program',
    });
    await context.scan({
      name: '(behind the model)',
      source: new WindowByteSource(source, offset, source.size - offset),
    });
    return;
  }
}

/** TensorFlow Lite (LiteRT) models. */
export const TFLITE_FORMAT: Format = {
  id: 'tflite',
  title: 'TensorFlow Lite',
  kind: 'model',
  extensions: ['.tflite', '.lite'],
  supersedes: ['zip'],
  identify(probe): Claim | undefined {
    const { head } = probe;
    if (head[4] === 0x54 && head[5] === 0x46 && head[6] === 0x4c && head[7] === 0x33) return 'certain';
    return probe.extension === '.tflite' && probe.size > 0 ? 'named' : undefined;
  },
  scan: scanTflite,
};
