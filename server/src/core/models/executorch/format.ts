/**
 * ExecuTorch programs (.pte): a FlatBuffer of `schema/program.fbs` with the identifier ET12 and, when there are segments,
 * an extended header behind it that tells where they begin (`exir/_serialize/_program.py`). Names and places are read,
 * of the segments only the first bytes unless they are more than numbers.
 */
import { type ByteSource, peekAt, WindowByteSource } from '../../io/byteSource';
import { PagedByteSource } from '../../io/pages';
import { evidenceText } from '../../redact';
import type { Claim, Format, ScanContext, ScanInput } from '../../scanner';
import { reportDamage } from '../damage';
import { sniffStorage } from '../pytorch/storage';
import { Flatbuffer, MalformedFlatbuffer } from '../tflite/flatbuffer';
import { EXECUTORCH_RULES as RULES } from './rules';

const PROGRAM = { version: 0, plans: 1, constants: 2, inlineData: 3, segments: 4, namedData: 7 } as const;
const PLAN = { name: 0, operators: 6, delegates: 7 } as const;
const OPERATOR = { name: 0, overload: 1 } as const;
const DELEGATE = { id: 0, processed: 1, specs: 2 } as const;
const REFERENCE = { location: 0, index: 1 } as const;
const SPEC = { key: 0, value: 1 } as const;
const SEGMENT = { offset: 0, size: 1 } as const;
const NAMED = { key: 0, segment: 1 } as const;
const BYTES = 0;

/** Behind the root offset and the identifier: magic, own length, size of the program, place of the first segment. */
const HEADER_AT = 8;
const HEADER_BYTES = 24;
const SEGMENT_ALIGNMENT = 4096;
const MOST = 100_000;
const SCANNED = 1000;

/** Namespaces of the kernels in the ExecuTorch repository and of PyTorch's own operators. */
const KNOWN_NAMESPACES = new Set(
  `aten prim executorch_prim et_copy quantized quantized_decomposed dim_order_ops _ops llama torchao torchvision torchaudio
   cadence cortex_m arm tosa et_vk mlx mps higher_order edge backend auto_functionalized fbgemm prims sym_size neuropilot qaisw`
    .trim()
    .split(/\s+/),
);

const KNOWN_DELEGATES =
  /^(?:Xnnpack|CoreML|MPS|Vulkan|Qnn|Neuropilot|EthosU|Arm|Vgf|TOSA|Openvino|Cuda|Metal|Aoti|MLX|Cadence|NXP|Neutron|Samsung|Enn|Webgpu|Apple|Mediatek|Quantized|Demo|Executor|BackendWithCompiler|BackendWithPreprocess|StubBackend)\w*$/i;

export interface Segment {
  at: number;
  size: number;
}

export function isExecutorch(head: Uint8Array): boolean {
  return (
    head[4] === 0x45 &&
    head[5] === 0x54 &&
    head[6] === 0x31 &&
    (head[7] as number) >= 0x30 &&
    (head[7] as number) <= 0x39
  );
}

async function scanProgram(input: ScanInput, context: ScanContext): Promise<void> {
  const { source } = input;
  const operators = new Map<string, number>();
  const delegates = new Map<string, number>();
  const methods: string[] = [];
  const properties: Record<string, string | number | boolean> = {};
  try {
    const header = await readHeader(source);
    if (header && (header.program > source.size || header.segments > source.size)) {
      throw new MalformedFlatbuffer('the extended header tells of more than the file has');
    }
    const buffer = new Flatbuffer(new PagedByteSource(source));
    const program = await buffer.root();
    const version = await buffer.field(program, PROGRAM.version);
    if (version !== undefined) properties['schema version'] = await buffer.u32(version);
    const segments = await readSegments(buffer, program, PROGRAM.segments, header?.segments ?? 0);
    properties.segments = segments.length;
    const inline = await buffer.vector(program, PROGRAM.inlineData, 4);
    const taken = new Set<number>();
    const plans = await buffer.vector(program, PROGRAM.plans, 4);
    for (let i = 0; i < Math.min(plans.count, 1000); i += 1) {
      const plan = await buffer.element(plans, i);
      methods.push(evidenceText((await buffer.text(plan, PLAN.name, 200)) ?? '', 80));
      await readOperators(buffer, plan, operators, context);
      const list = await buffer.vector(plan, PLAN.delegates, 4);
      for (let d = 0; d < Math.min(list.count, SCANNED); d += 1) {
        context.budget.checkTime();
        await judgeDelegate(
          { buffer, source, segments, inline, taken },
          await buffer.element(list, d),
          delegates,
          context,
        );
      }
      if (list.count > SCANNED) context.incomplete(`more than ${SCANNED} delegates of one method`);
    }
    await judgeNamedData({ buffer, source, segments, inline, taken }, program, context);
    await sniffConstants(source, segments, taken, context);
    await judgeEnd(source, segments, header, context);
  } catch (error) {
    if (!(error instanceof MalformedFlatbuffer)) throw error;
    reportDamage(context, RULES.malformed, 'program', error);
  }
  if (methods.length) properties.methods = methods.slice(0, 20).join(', ');
  if (delegates.size) properties.delegates = [...delegates.keys()].slice(0, 20).join(', ');
  context.describe({
    format: 'executorch',
    framework: 'ExecuTorch',
    properties,
    operators: Object.fromEntries(operators),
  });
}

/** The extended header; undefined when the file is a FlatBuffer and nothing else. */
async function readHeader(source: ByteSource): Promise<{ program: number; segments: number } | undefined> {
  const bytes = await source.read(HEADER_AT, HEADER_BYTES);
  if (bytes.length < HEADER_BYTES || new TextDecoder('latin1').decode(bytes.subarray(0, 4)) !== 'eh00')
    return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(4, true) < HEADER_BYTES) return undefined;
  return { program: Number(view.getBigUint64(8, true)), segments: Number(view.getBigUint64(16, true)) };
}

/** @param base place in the file that their offsets count from */
export async function readSegments(buffer: Flatbuffer, table: number, field: number, base: number): Promise<Segment[]> {
  const list = await buffer.vector(table, field, 4);
  const segments: Segment[] = [];
  for (let i = 0; i < Math.min(list.count, MOST); i += 1) {
    const table = await buffer.element(list, i);
    const [offset, size] = [await buffer.field(table, SEGMENT.offset), await buffer.field(table, SEGMENT.size)];
    segments.push({
      at: base + (offset === undefined ? 0 : await buffer.u64(offset)),
      size: size === undefined ? 0 : await buffer.u64(size),
    });
  }
  return segments;
}

async function readOperators(
  buffer: Flatbuffer,
  plan: number,
  operators: Map<string, number>,
  context: ScanContext,
): Promise<void> {
  const list = await buffer.vector(plan, PLAN.operators, 4);
  for (let i = 0; i < Math.min(list.count, MOST); i += 1) {
    context.budget.checkTime();
    const operator = await buffer.element(list, i);
    const name = (await buffer.text(operator, OPERATOR.name, 400)) ?? '';
    const overload = await buffer.text(operator, OPERATOR.overload, 200);
    const shown = evidenceText(overload ? `${name}.${overload}` : name, 80);
    operators.set(shown, (operators.get(shown) ?? 0) + 1);
    const colon = name.indexOf('::');
    if (colon < 0 || KNOWN_NAMESPACES.has(name.slice(0, colon))) continue;
    context.report({
      rule: RULES['custom-operator'],
      message: `The kernel ${shown} is not part of ExecuTorch: the program needs native code that registers it.`,
      evidence: shown,
      anchor: name,
      location: { node: `operators/${shown}`, offset: operator },
    });
  }
}

interface Parts {
  buffer: Flatbuffer;
  source: ByteSource;
  segments: readonly Segment[];
  inline: { at: number; count: number };
  /** Segments that have been judged as the data of something. */
  taken: Set<number>;
}

async function judgeDelegate(
  parts: Parts,
  table: number,
  delegates: Map<string, number>,
  context: ScanContext,
): Promise<void> {
  const { buffer, source } = parts;
  const id = (await buffer.text(table, DELEGATE.id, 200)) ?? '';
  const shown = evidenceText(id, 80);
  if (!delegates.has(shown) && !KNOWN_DELEGATES.test(id)) {
    context.report({
      rule: RULES['unknown-delegate'],
      message: `A part of the program is run by the delegate ${shown}, which is none of ExecuTorch’s own.`,
      evidence: shown,
      anchor: id,
      location: { node: `delegates/${shown}`, offset: table },
    });
  }
  delegates.set(shown, (delegates.get(shown) ?? 0) + 1);
  const processed = await buffer.target(table, DELEGATE.processed);
  if (processed !== undefined) {
    const locationAt = await buffer.field(processed, REFERENCE.location);
    const indexAt = await buffer.field(processed, REFERENCE.index);
    const index = indexAt === undefined ? 0 : await buffer.u32(indexAt);
    const inSegment = locationAt !== undefined && (await buffer.i8(locationAt)) === 1;
    const bytes = inSegment ? segmentOf(parts, index) : await inlineOf(parts, index);
    await judgeBlob(`delegate ${shown}`, bytes, context);
  }
  const specs = await buffer.vector(table, DELEGATE.specs, 4);
  for (let i = 0; i < Math.min(specs.count, 64); i += 1) {
    const spec = await buffer.element(specs, i);
    const value = await buffer.vector(spec, SPEC.value, 1);
    const key = evidenceText((await buffer.text(spec, SPEC.key, 100)) ?? '', 60);
    await judgeBlob(`compile spec ${key} of ${shown}`, new WindowByteSource(source, value.at, value.count), context);
  }
}

function segmentOf({ segments, source, taken }: Parts, index: number): ByteSource {
  const segment = segments[index];
  if (!segment) throw new MalformedFlatbuffer(`segment ${index}, which is not there`);
  taken.add(index);
  return windowOf(source, segment);
}

export function windowOf(source: ByteSource, { at, size }: Segment): ByteSource {
  if (at + size > source.size) throw new MalformedFlatbuffer('a segment past the end of the file');
  return new WindowByteSource(source, at, size);
}

async function inlineOf({ buffer, inline, source }: Parts, index: number): Promise<ByteSource> {
  if (index >= inline.count) throw new MalformedFlatbuffer(`delegate data ${index}, which are not there`);
  const data = await buffer.vector(await buffer.element(inline, index), BYTES, 1);
  return new WindowByteSource(source, data.at, data.count);
}

async function judgeNamedData(parts: Parts, program: number, context: ScanContext): Promise<void> {
  const { buffer } = parts;
  const list = await buffer.vector(program, PROGRAM.namedData, 4);
  for (let i = 0; i < Math.min(list.count, SCANNED); i += 1) {
    context.budget.checkTime();
    const entry = await buffer.element(list, i);
    const indexAt = await buffer.field(entry, NAMED.segment);
    const key = evidenceText((await buffer.text(entry, NAMED.key, 200)) ?? '', 80);
    await judgeBlob(`data ${key}`, segmentOf(parts, indexAt === undefined ? 0 : await buffer.u32(indexAt)), context);
  }
  if (list.count > SCANNED) context.incomplete(`more than ${SCANNED} named data`);
}

/** Opaque bytes go through the door like any file inside a file; a library among them is loaded by some backends. */
export async function judgeBlob(name: string, source: ByteSource, context: ScanContext): Promise<void> {
  if (source.size < 4) return;
  if (isLibrary(await peekAt(source, 0, 4))) {
    context.report({
      rule: RULES['native-library'],
      message: `The ${name} is a native library, which a backend that loads it runs.`,
      location: { member: name },
      anchor: name,
    });
  }
  await context.scan({ name, source });
}

/** ELF, Mach-O of either width, PE. */
function isLibrary([a, b, c, d]: Uint8Array): boolean {
  if (a === 0x7f && b === 0x45 && c === 0x4c && d === 0x46) return true;
  return (a === 0xcf || a === 0xce) && b === 0xfa && c === 0xed && d === 0xfe;
}

/** What is left are tensors: their heads are looked at as those of any storage. */
async function sniffConstants(
  source: ByteSource,
  segments: readonly Segment[],
  taken: ReadonlySet<number>,
  context: ScanContext,
): Promise<void> {
  for (const [index, segment] of segments.slice(0, SCANNED).entries()) {
    if (!taken.has(index)) await sniffStorage(`segment ${index}`, windowOf(source, segment), context);
  }
}

async function judgeEnd(
  source: ByteSource,
  segments: readonly Segment[],
  header: { program: number } | undefined,
  context: ScanContext,
): Promise<void> {
  // Without the header the program does not tell where it ends.
  if (!header) return;
  await judgeTail(
    source,
    segments.reduce((most, { at, size }) => Math.max(most, at + size), header.program),
    context,
  );
}

/** What stands behind the last segment, unless it is the padding of a page. */
export async function judgeTail(source: ByteSource, end: number, context: ScanContext): Promise<void> {
  const rest = source.size - end;
  if (rest <= 0) return;
  const head = await source.read(end, Math.min(rest, SEGMENT_ALIGNMENT));
  if (rest < SEGMENT_ALIGNMENT && head.every((byte) => byte === 0)) return;
  context.report({
    rule: RULES['hidden-data'],
    message: `${rest} bytes follow the last segment.`,
    location: { offset: end, length: rest },
    anchor: 'trailing',
  });
  await context.scan({ name: '(behind the last segment)', source: new WindowByteSource(source, end, rest) });
}

/** ExecuTorch programs. Archives under the same name are read as what they are. */
export const EXECUTORCH_FORMAT: Format = {
  id: 'executorch',
  title: 'ExecuTorch program',
  kind: 'model',
  extensions: ['.pte'],
  identify(probe): Claim | undefined {
    if (isExecutorch(probe.head)) return 'certain';
    return probe.extension === '.pte' && probe.size > 0 ? 'named' : undefined;
  },
  scan: scanProgram,
};
