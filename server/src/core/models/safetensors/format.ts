/**
 * safetensors: eight bytes of header length, a JSON header, the tensors. Follows the format's README and what the Rust
 * implementation checks. Only the header is read, and what no tensor covers.
 */

import { pathHazard } from '../../archives/paths';
import type { Budget } from '../../budget';
import type { TensorDescription } from '../../description';
import type { ByteSource } from '../../io/byteSource';
import { MemoryByteSource, WindowByteSource } from '../../io/byteSource';
import { evidenceText } from '../../redact';
import type { Format, ScanContext } from '../../scanner';
import { findCode } from '../codeText';
import { duplicateKeys } from '../configs/duplicateKeys';
import { EmbeddingRows, isTokenEmbedding } from '../embeddingRows';
import { hasTemplateSyntax, judgeTemplate } from '../jinja/judge';
import { appendedProgram } from '../native/programs';
import { SAFETENSORS_RULES } from './rules';

/** The limit of the reference implementation. */
const MAX_HEADER = 100_000_000;
const LISTED_TENSORS = 10_000;
const REPORTED = 20;
const METADATA_SHOWN = 500;

/** Bits of one element. */
const DTYPE_BITS: Readonly<Record<string, number>> = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  I64: 64,
  U64: 64,
  F64: 64,
  C64: 64,
};

export const SAFETENSORS_FORMAT: Format = {
  id: 'safetensors',
  title: 'safetensors',
  kind: 'model',
  extensions: ['.safetensors'],
  identify({ head, size, extension }) {
    if (head.length >= 10) {
      const length = new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true);
      const begins = head[8] === 0x7b && /^\{\s*["}]/.test(new TextDecoder('latin1').decode(head.subarray(8, 40)));
      if (begins && length >= 2n && length <= BigInt(size - 8)) return 'certain';
      // A header that claims more than the file has is worth saying even under another name.
      if (begins && length < 1n << 48n && extension !== '.json') return 'likely';
    }
    return extension === '.safetensors' ? 'named' : undefined;
  },
  async scan({ source }, context) {
    const start = await source.read(0, 8);
    if (start.length < 8) throw new Error('the file ends inside the header length');
    const length = new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true);
    if (length > BigInt(MAX_HEADER) || length > BigInt(source.size - 8)) {
      await reportLength(source, length, context);
      return;
    }
    const headerSize = Number(length);
    context.budget.checkMemory(headerSize, 'the header');
    const bytes = await source.read(8, headerSize);
    const header = parseHeader(bytes, context);
    if (!header) return;
    const tensors = judgeTensors(header, source.size - 8 - headerSize, context);
    await scanUncovered(source, 8 + headerSize, tensors, context);
    await judgeEmbeddings(source, 8 + headerSize, tensors, context);
    const metadata = await judgeMetadata(header.metadata, context);
    describe(tensors, metadata, context);
  },
};

/** A length over the format's cap is hostile; one within it that the file does not have is what a broken download looks like too. */
async function reportLength(source: ByteSource, length: bigint, context: ScanContext): Promise<void> {
  const head = await source.read(8, 1);
  const overCap = length > BigInt(MAX_HEADER);
  if (overCap && head[0] !== 0x7b) throw new Error('the file does not begin with a safetensors header');
  context.report({
    rule: SAFETENSORS_RULES['header-size'],
    ...(!overCap && { severity: 'medium' as const }),
    message: overCap
      ? `The header claims ${length} bytes, the format allows ${MAX_HEADER}: a reader that trusts it runs out of memory.`
      : `The header claims ${length} bytes, the file has ${source.size - 8} behind it: it is cut off or lies about its length.`,
    location: { offset: 0, length: 8 },
    anchor: 'header length',
    incomplete: 'the header cannot be read',
  });
}

interface Header {
  tensors: { name: string; info: unknown }[];
  metadata: unknown;
}

function invalid(
  context: ScanContext,
  message: string,
  anchor: string,
  { node, incomplete }: { node?: string; incomplete?: string } = {},
): void {
  context.report({
    rule: SAFETENSORS_RULES['invalid-header'],
    message,
    anchor,
    ...(incomplete !== undefined && { incomplete }),
    ...(node !== undefined && { location: { node } }),
  });
}

function parseHeader(bytes: Uint8Array, context: ScanContext): Header | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    invalid(context, 'The header is no UTF-8 text: the reference implementation refuses the file.', 'utf-8');
    text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  }
  if (text[0] !== '{') {
    invalid(context, 'The header does not begin with `{`: the format demands it.', 'first byte');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'damaged';
    invalid(
      context,
      `The header is no valid JSON (${evidenceText(why, 100)}): what is in the file is unknown.`,
      'json',
      { incomplete: 'the header is no valid JSON' },
    );
    return undefined;
  }
  if (!isObject(value)) {
    invalid(context, 'The header is no JSON object.', 'object', { incomplete: 'the header is no JSON object' });
    return undefined;
  }
  for (const { key, at } of duplicateKeys(text)) {
    context.report({
      rule: SAFETENSORS_RULES['invalid-header'],
      message: `The key ${evidenceText(key)} stands twice in the header: readers differ on which one counts.`,
      location: { offset: 8 + at },
      anchor: `duplicate ${key}`,
    });
  }
  const tensors = Object.entries(value).filter(([name]) => name !== '__metadata__');
  return {
    tensors: tensors.map(([name, info]) => ({ name, info })),
    metadata: Object.hasOwn(value, '__metadata__') ? value.__metadata__ : undefined,
  };
}

interface Tensor extends TensorDescription {
  start: number;
  end: number;
}

function judgeTensors(header: Header, dataSize: number, context: ScanContext): Tensor[] {
  const tensors: Tensor[] = [];
  let reported = 0;
  for (const [index, { name, info }] of header.tensors.entries()) {
    if (index % 1000 === 0) context.budget.checkTime();
    judgeName(name, context);
    const result = readTensor(name, info, dataSize);
    if (typeof result === 'string') {
      reported += 1;
      if (reported <= REPORTED)
        invalid(context, `Tensor ${evidenceText(name)} ${result}.`, `${name}\0${result}`, { node: name });
    } else tensors.push(result);
  }
  if (reported > REPORTED) invalid(context, `${reported - REPORTED} more tensors break the format.`, 'more');
  tensors.sort((a, b) => a.start - b.start || a.end - b.end);
  for (let i = 1; i < tensors.length; i += 1) {
    const [before, tensor] = [tensors[i - 1] as Tensor, tensors[i] as Tensor];
    if (tensor.start < before.end) {
      const names = `${evidenceText(before.name)} and ${evidenceText(tensor.name)}`;
      invalid(context, `The tensors ${names} share bytes: the format forbids overlaps.`, `overlap ${tensor.name}`, {
        node: tensor.name,
      });
      if (i > REPORTED) break;
    }
  }
  return tensors;
}

function judgeName(name: string, context: ScanContext): void {
  if (!(pathHazard(name) || /[\u0000-\u001f]|<\s*(?:script|img|svg|iframe)\b/i.test(name))) return;
  context.report({
    rule: SAFETENSORS_RULES['hostile-name'],
    message: `The tensor name ${evidenceText(name, 100)} is a path out of its folder, markup, or has control characters.`,
    location: { node: name },
    anchor: name,
  });
}

/** @returns what is wrong with it, when something is */
function readTensor(name: string, info: unknown, dataSize: number): Tensor | string {
  if (!isObject(info)) return 'is described by no object';
  const { dtype, shape, data_offsets: offsets } = info;
  if (typeof dtype !== 'string') return 'has no dtype';
  const bits = DTYPE_BITS[dtype];
  if (!Array.isArray(shape) || !shape.every(isCount)) return 'has a shape that is no list of sizes';
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) return 'has no pair of data offsets';
  const [start, end] = offsets as [number, number];
  if (end < start) return `ends (${end}) before it begins (${start})`;
  if (end > dataSize) return `reaches to byte ${end} of ${dataSize}: a reader reads past the file`;
  if (bits === undefined) return `has the unknown dtype ${evidenceText(dtype, 40)}`;
  let elements = 1n;
  for (const size of shape as number[]) elements *= BigInt(size);
  if (elements >= 1n << 64n) return 'has a shape whose product overflows';
  const wanted = elements * BigInt(bits);
  if (wanted % 8n !== 0n) return 'does not fill whole bytes';
  if (wanted / 8n !== BigInt(end - start)) {
    return `has ${end - start} bytes of data, its shape and dtype need ${wanted / 8n}`;
  }
  return { name, dtype, shape: shape as number[], bytes: end - start, start, end };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function scanUncovered(
  source: ByteSource,
  dataStart: number,
  tensors: readonly Tensor[],
  context: ScanContext,
): Promise<void> {
  const gaps: { start: number; end: number }[] = [];
  let covered = 0;
  for (const { start, end } of tensors) {
    if (start > covered) gaps.push({ start: covered, end: start });
    covered = Math.max(covered, end);
  }
  const dataSize = source.size - dataStart;
  if (dataSize > covered) gaps.push({ start: covered, end: dataSize });
  for (const { start, end } of gaps.slice(0, REPORTED)) {
    const bytes = new WindowByteSource(source, dataStart + start, end - start);
    const place = end === dataSize && start === covered ? 'behind the last tensor' : 'between the tensors';
    const program = await appendedProgram(bytes, context.budget);
    context.report({
      rule: SAFETENSORS_RULES['uncovered-data'],
      ...(program && { severity: 'high' as const }),
      message: program
        ? `${end - start} bytes ${place} belong to no tensor and are a program (${program}): the file is a model and a program at once.`
        : `${end - start} bytes ${place} belong to no tensor: the format forbids them, and a payload can lie there.`,
      location: { offset: dataStart + start, length: end - start },
      anchor: `${start}-${end}`,
      evidence: evidenceText(Array.from(await bytes.read(0, 16), (b) => b.toString(16).padStart(2, '0')).join(' ')),
    });
    await context.scan({ name: `(bytes ${dataStart + start} to ${dataStart + end})`, source: bytes });
  }
  if (gaps.length > REPORTED)
    invalid(context, `${gaps.length - REPORTED} more gaps lie between the tensors.`, 'more gaps');
}

const FLOATS: Readonly<Record<string, string>> = { F16: 'float16', BF16: 'bfloat16', F32: 'float32', F64: 'float64' };

async function judgeEmbeddings(
  source: ByteSource,
  dataStart: number,
  tensors: readonly Tensor[],
  context: ScanContext,
): Promise<void> {
  const embeddings = new EmbeddingRows(context);
  for (const { name, dtype, shape, start } of tensors) {
    const [rows, columns] = shape;
    if (rows === undefined || columns === undefined || shape.length !== 2 || !isTokenEmbedding(name)) continue;
    await embeddings.judge({ name, rows, columns, dtype: FLOATS[dtype] ?? dtype, source, offset: dataStart + start });
  }
}

async function judgeMetadata(metadata: unknown, context: ScanContext): Promise<Record<string, string>> {
  const shown: Record<string, string> = Object.create(null);
  if (metadata === undefined) return shown;
  if (!isObject(metadata)) {
    invalid(context, 'The metadata is no object of strings.', 'metadata');
    return shown;
  }
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') {
      invalid(context, `The metadata entry ${evidenceText(key)} is no string.`, `metadata ${key}`, { node: key });
      continue;
    }
    shown[key] = value.length > METADATA_SHOWN ? `${value.slice(0, METADATA_SHOWN)}…` : value;
    judgeText(key, value, context);
    await scanEncoded(key, value, context);
  }
  return shown;
}

const MARKUP =
  /<\s*script\b|<\s*iframe\b|<[a-z][^<>]{0,300}\son(?:error|load|click|mouseover|focus)\s*=|javascript:\s*[a-z(]/i;

function judgeText(key: string, value: string, context: ScanContext): void {
  const found = MARKUP.exec(value)?.[0] ?? findCode(value)?.text;
  if (found) {
    context.report({
      rule: SAFETENSORS_RULES['active-metadata'],
      message: `The metadata entry ${evidenceText(key, 80)} contains ${MARKUP.test(value) ? 'active HTML' : 'program code'}: ${evidenceText(found, 60)}.`,
      location: { node: `__metadata__/${key}` },
      anchor: `${key}\0${found}`,
    });
  }
  if (!hasTemplateSyntax(value)) return;
  judgeTemplate(value, {
    report: (draft) => context.report(draft),
    locate: () => ({ node: `__metadata__/${key}` }),
    checkTime: () => context.budget.checkTime(),
  });
}

/** A pickle, zip or executable as base64: identified like any other content. */
async function scanEncoded(key: string, value: string, context: ScanContext): Promise<void> {
  if (value.length < 16 || !/^(?:gA[JRSV]|UEsDB|f0VMR|TVqQ|H4sI)[A-Za-z0-9+/=\s]+$/.test(value)) return;
  const bytes = decodeBase64(value, context.budget);
  if (bytes) await context.scan({ name: `__metadata__/${key}`, source: new MemoryByteSource(bytes) });
}

function decodeBase64(text: string, budget: Budget): Uint8Array | undefined {
  budget.checkMemory(text.length, 'a metadata entry');
  try {
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function describe(tensors: readonly Tensor[], metadata: Record<string, string>, context: ScanContext): void {
  let parameters = 0;
  for (const { shape } of tensors) parameters += shape.reduce((product, size) => product * size, 1);
  context.describe({
    format: 'safetensors',
    ...(metadata.format && { framework: metadata.format }),
    metadata: { ...metadata },
    parameters,
    tensorCount: tensors.length,
    tensors: tensors.slice(0, LISTED_TENSORS).map(({ name, dtype, shape, bytes }) => ({ name, dtype, shape, bytes })),
    ...(tensors.length > LISTED_TENSORS && { truncated: ['tensors'] }),
  });
}
