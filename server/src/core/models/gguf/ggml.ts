import type { TensorDescription } from '../../description';
import { ByteReader, UnexpectedEnd } from '../../io/reader';
import { evidenceText } from '../../redact';
import type { Format, ScanContext, ScanInput } from '../../scanner';
import { GGUF_RULES } from './rules';
import { TENSOR_TYPES } from './tensorTypes';

/** The predecessors of GGUF. Their magics are 32-bit words, so that they stand backwards in the file. */
const MAGICS: ReadonlyMap<string, string> = new Map([
  ['lmgg', 'ggml'],
  ['fmgg', 'ggmf'],
  ['tjgg', 'ggjt'],
  ['algg', 'ggla'],
  ['ALGG', 'GGLA'],
]);

const LARGEST_TOKEN = 65536;
const LARGEST_NAME = 1024;
/** Readers keep the sizes of a tensor in an array of four numbers, and do not look. */
const MAX_DIMENSIONS = 4;
const LISTED_TENSORS = 2000;

function magicOf(head: Uint8Array): string | undefined {
  return MAGICS.get(String.fromCharCode(...head.subarray(0, 4)));
}

/** A header that cannot be, told where it is met; what follows cannot be found. */
class Impossible extends Error {
  constructor(
    readonly offset: number,
    readonly what: string,
    /** The file may only be cut off, as a broken download is. */
    readonly isCut = false,
  ) {
    super(what);
  }
}

/**
 * GGML, GGMF, GGJT and LoRA files, which llama.cpp read before GGUF, and those of whisper.cpp, which are still in use.
 * Other programs of that time have layouts of their own.
 */
export const GGML_FORMAT: Format = {
  id: 'ggml',
  title: 'GGML (before GGUF)',
  kind: 'model',
  // whisper.cpp and llama.cpp named them `ggml-model.bin`.
  extensions: ['.ggml', '.ggmf', '.ggjt', '.bin'],
  identify({ head, size, extension }) {
    if (size >= 32 && magicOf(head)) return 'certain';
    return ['.ggml', '.ggmf', '.ggjt'].includes(extension) ? 'named' : undefined;
  },
  async scan(input, context) {
    const head = await input.source.read(0, 48);
    const magic = magicOf(head);
    if (!magic) throw new Error('the file begins with none of the magics of GGML');
    context.describe({ format: 'ggml', framework: 'ggml', properties: { magic } });
    const layout = magic === 'ggmf' || magic === 'ggjt' ? scanLlama : isWhisper(head) ? scanWhisper : undefined;
    if (!layout) {
      context.incomplete(
        `the layout of a ${magic} file depends on the program that wrote it; only its magic was looked at`,
      );
      return;
    }
    try {
      await layout(input, context, magic === 'ggjt');
    } catch (error) {
      if (error instanceof UnexpectedEnd) report(context, new Impossible(error.offset, 'more than the file has', true));
      else if (error instanceof Impossible) report(context, error);
      else throw error;
    }
  },
};

function report(context: ScanContext, { offset, what, isCut }: Impossible): void {
  context.report({
    rule: isCut ? GGUF_RULES['invalid-header'] : GGUF_RULES['header-overflow'],
    message: isCut
      ? `The file announces ${what}: it is cut off or lies.`
      : `The file announces ${what}: readers that do not check read or write past their buffers.`,
    location: { offset },
    anchor: what,
    incomplete: 'what comes after the damage cannot be found',
  });
}

/** convert-pth-to-ggml's layout: seven hyperparameters, the vocabulary with scores, then tensors until the end. */
async function scanLlama({ source }: ScanInput, context: ScanContext, isAligned: boolean): Promise<void> {
  const reader = new ByteReader(source, 4);
  const version = await reader.u32();
  const vocabulary = await reader.u32();
  reader.skip(6 * 4);
  if (vocabulary * 8 > source.size) throw new Impossible(8, `a vocabulary of ${vocabulary} tokens`);
  await skipTokens(reader, vocabulary, 4, context);
  context.describe({ properties: { version, vocabulary } });
  await walkTensors(reader, isAligned, context);
}

/** Eleven hyperparameters of a size that a speech model can have. */
function isWhisper(head: Uint8Array): boolean {
  if (head.length < 48) return false;
  const view = new DataView(head.buffer, head.byteOffset, 48);
  const [vocabulary, audioContext, audioState, , audioLayers, textContext, textState, , textLayers, mels, type] =
    Array.from({ length: 11 }, (_, i) => view.getInt32(4 + i * 4, true)) as [number, ...number[]];
  const within = (value: number | undefined, least: number, most: number) =>
    value !== undefined && value >= least && value <= most;
  return (
    vocabulary > 0 &&
    within(mels, 16, 512) &&
    within(audioContext, 100, 10_000) &&
    within(textContext, 16, 10_000) &&
    within(audioState, 16, 16_384) &&
    within(textState, 16, 16_384) &&
    within(audioLayers, 1, 256) &&
    within(textLayers, 1, 256) &&
    within(type, 0, 100_000)
  );
}

/** whisper.cpp, `whisper_model_load`: hyperparameters, mel filters, vocabulary, tensors until the end. */
async function scanWhisper({ source }: ScanInput, context: ScanContext): Promise<void> {
  const reader = new ByteReader(source, 4);
  const values: number[] = [];
  for (let i = 0; i < 11; i += 1) values.push(await reader.i32());
  const filters = [await reader.i32(), await reader.i32()] as const;
  const filterBytes = filters[0] * filters[1] * 4;
  if (filters[0] < 0 || filters[1] < 0 || filterBytes > source.size)
    throw new Impossible(48, `mel filters of ${filters[0]} x ${filters[1]}`);
  reader.skip(filterBytes);
  const at = reader.position;
  const vocabulary = await reader.i32();
  if (vocabulary < 0 || vocabulary * 4 > source.size) throw new Impossible(at, `a vocabulary of ${vocabulary} tokens`);
  await skipTokens(reader, vocabulary, 0, context);
  context.describe({
    framework: 'whisper.cpp',
    properties: {
      vocabulary: values[0] as number,
      'audio layers': values[4] as number,
      'text layers': values[8] as number,
      mels: values[9] as number,
    },
  });
  await walkTensors(reader, false, context);
}

/** @param scoreBytes of the number behind each token */
async function skipTokens(reader: ByteReader, count: number, scoreBytes: number, context: ScanContext): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    if (i % 1000 === 0) context.budget.checkTime();
    const length = await reader.u32();
    if (length > LARGEST_TOKEN) throw new Impossible(reader.position - 4, `a token of ${length} bytes`);
    reader.skip(length + scoreBytes);
  }
}

/** Number of dimensions, length of the name, type, sizes, name, data; only these few bytes of each are read. */
async function walkTensors(reader: ByteReader, isAligned: boolean, context: ScanContext): Promise<void> {
  const { size } = reader.source;
  const tensors: TensorDescription[] = [];
  let count = 0;
  let parameters = 0;
  while (reader.position < size) {
    count += 1;
    if (count % 256 === 0) context.budget.checkTime();
    const at = reader.position;
    const dimensions = await reader.i32();
    const nameLength = await reader.i32();
    const type = await reader.i32();
    if (dimensions < 0 || dimensions > MAX_DIMENSIONS) throw new Impossible(at, `a tensor of ${dimensions} dimensions`);
    if (nameLength < 0 || nameLength > LARGEST_NAME) throw new Impossible(at + 4, `a name of ${nameLength} bytes`);
    const shape: number[] = [];
    for (let i = 0; i < dimensions; i += 1) shape.push(await reader.i32());
    const name = evidenceText(new TextDecoder().decode(await reader.bytes(nameLength)), 120);
    const known = TENSOR_TYPES.get(type);
    if (!known) throw new Impossible(at + 8, `the tensor ${name} of the unknown type ${type}`);
    const [dtype, block, blockBytes] = known;
    const elements = shape.reduce((product, n) => product * n, 1);
    const bytes = (elements / block) * blockBytes;
    if (shape.some((n) => n <= 0)) throw new Impossible(at, `the tensor ${name} of ${shape.join(' x ')} elements`);
    if (isAligned) reader.seek(Math.ceil(reader.position / 32) * 32);
    if (reader.position + bytes > size)
      throw new Impossible(
        at,
        `${bytes} bytes of the tensor ${name}, of which ${size - reader.position} are there`,
        true,
      );
    parameters += elements;
    if (tensors.length < LISTED_TENSORS) tensors.push({ name, dtype, shape: shape.toReversed(), bytes });
    reader.skip(Math.ceil(bytes));
  }
  context.describe({
    tensors,
    tensorCount: count,
    parameters,
    ...(count > tensors.length && { truncated: ['tensors'] }),
  });
}
