import type { TensorDescription } from '../../description';
import type { ByteSource } from '../../io/byteSource';
import { evidenceText } from '../../redact';
import type { Claim, Format, ScanContext, ScanInput } from '../../scanner';
import { isOutsidePath } from '../filePaths';
import { decodeFields, readInt64 } from '../protobuf/decode';
import { decodeShape, dtypeName } from './proto';
import { TENSORFLOW_RULES as RULES } from './rules';
import { reportMalformed } from './savedModel';
import { parseTextProto } from './textProto';

const FOOTER = 48;
/** kTableMagicNumber of tensorflow/core/lib/io/format.h, little-endian. */
const MAGIC = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
const MOST_LISTED = 2000;
const MOST_ENTRIES = 1_000_000;

function hasMagic(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && MAGIC.every((byte, i) => bytes[bytes.length - 8 + i] === byte);
}

class Malformed extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'MalformedTable';
  }
}

function varint(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  let factor = 1;
  for (let i = at; i < bytes.length && i < at + 8; i += 1) {
    const byte = bytes[i] as number;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return { value, next: i + 1 };
    factor *= 128;
  }
  throw new Malformed('a damaged number');
}

interface BlockHandle {
  offset: number;
  size: number;
}

function handleOf(bytes: Uint8Array, at: number): { handle: BlockHandle; next: number } {
  const offset = varint(bytes, at);
  const size = varint(bytes, offset.next);
  return { handle: { offset: offset.value, size: size.value }, next: size.next };
}

/** Entries of one block: keys share prefixes with the ones before them. */
function* entriesOf(block: Uint8Array): Generator<{ key: Uint8Array; value: Uint8Array }, void, undefined> {
  if (block.length < 4) throw new Malformed('a block too short');
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  const restarts = view.getUint32(block.length - 4, true);
  const end = block.length - 4 - restarts * 4;
  if (end < 0) throw new Malformed('a block without room for its restarts');
  let key: Uint8Array = new Uint8Array(0);
  for (let at = 0; at < end; ) {
    const shared = varint(block, at);
    const own = varint(block, shared.next);
    const length = varint(block, own.next);
    const keyEnd = length.next + own.value;
    if (shared.value > key.length || keyEnd + length.value > end) throw new Malformed('an entry that passes its block');
    const joined = new Uint8Array(shared.value + own.value);
    joined.set(key.subarray(0, shared.value));
    joined.set(block.subarray(length.next, keyEnd), shared.value);
    key = joined;
    yield { key, value: block.subarray(keyEnd, keyEnd + length.value) };
    at = keyEnd + length.value;
  }
}

async function readBlock(source: ByteSource, { offset, size }: BlockHandle, context: ScanContext): Promise<Uint8Array> {
  context.budget.checkMemory(size, 'a block of the table');
  const bytes = await source.read(offset, size + 1);
  if (bytes.length < size + 1) throw new Malformed('a block past the end');
  if (bytes[size] !== 0) throw new Malformed('a compressed block');
  return bytes.subarray(0, size);
}

/** BundleEntryProto of tensorflow/core/protobuf/tensor_bundle.proto. */
function decodeEntry(bytes: Uint8Array): { dtype: number; shape: number[]; shard: number; size: number } {
  const entry = { dtype: 0, shape: [] as number[], shard: 0, size: 0 };
  decodeFields(bytes, (field, wire, r) => {
    if (field === 1 && wire === 0) entry.dtype = r.int32();
    else if (field === 2 && wire === 2) entry.shape = decodeShape(r.bytes());
    else if (field === 3 && wire === 0) entry.shard = r.int32();
    else if (field === 5 && wire === 0) entry.size = readInt64(r);
    else return false;
    return true;
  });
  return entry;
}

async function scanTable(input: ScanInput, context: ScanContext): Promise<void> {
  const { source } = input;
  const tensors: TensorDescription[] = [];
  let tensorCount = 0;
  let parameters = 0;
  let shards = 0;
  try {
    const footer = await source.read(source.size - FOOTER, FOOTER);
    if (!hasMagic(footer)) throw new Malformed('no table footer');
    const meta = handleOf(footer, 0);
    const index = await readBlock(source, handleOf(footer, meta.next).handle, context);
    for (const { value } of entriesOf(index)) {
      context.budget.checkTime();
      const block = await readBlock(source, handleOf(value, 0).handle, context);
      for (const entry of entriesOf(block)) {
        if (tensorCount > MOST_ENTRIES) throw new Malformed('too many entries');
        if (entry.key.length === 0) {
          decodeFields(entry.value, (field, wire, r) => {
            if (field !== 1 || wire !== 0) return false;
            shards = r.int32();
            return true;
          });
          continue;
        }
        const { dtype, shape, size } = decodeEntry(entry.value);
        tensorCount += 1;
        parameters += dtype === 7 ? 0 : shape.reduce((product, dim) => product * Math.max(0, dim), 1);
        if (tensors.length < MOST_LISTED) {
          const name = evidenceText(new TextDecoder().decode(entry.key), 200);
          tensors.push({ name, dtype: dtypeName(dtype), shape, bytes: size });
        }
      }
    }
  } catch (error) {
    if (!(error instanceof Error) || (error.name !== 'MalformedTable' && error.name !== 'MalformedProtobuf'))
      throw error;
    if (error.message === 'a compressed block') context.incomplete('the table is compressed');
    else reportMalformed(context, error);
  }
  context.describe({
    format: 'tensorflow-checkpoint',
    framework: 'TensorFlow',
    properties: { shards },
    parameters,
    tensorCount,
    tensors,
    ...(tensorCount > tensors.length && { truncated: ['tensors'] }),
  });
}

/** Index of a checkpoint: a LevelDB-like table (tensorflow/core/lib/io/table_format.txt) of what lies in the data shards. */
export const CHECKPOINT_FORMAT: Format = {
  id: 'tensorflow-checkpoint',
  title: 'TensorFlow checkpoint index',
  kind: 'model',
  extensions: ['.index', '.ckpt'],
  async identify(probe): Promise<Claim | undefined> {
    if (probe.size < FOOTER) return undefined;
    // The footer is asked for only where the name or the first block's shape make it likely: a tail costs a read.
    const named = /\.index$|\.ckpt(?:-\d+)?$/.test(probe.name);
    const header = probe.head[0] === 0 && probe.head[1] === 0;
    if (!named && !header) return undefined;
    return hasMagic(await probe.source.read(probe.size - 8, 8)) ? 'certain' : undefined;
  },
  scan: scanTable,
};

/** The text file `checkpoint` beside checkpoints (tensorflow/python/training/checkpoint_state.proto). */
export const CHECKPOINT_STATE_FORMAT: Format = {
  id: 'tensorflow-checkpoint-state',
  title: 'TensorFlow checkpoint state',
  kind: 'model',
  extensions: [],
  async identify(probe): Promise<Claim | undefined> {
    if (probe.size > 1024 * 1024) return undefined;
    const text = new TextDecoder('latin1').decode(probe.head.subarray(0, 256));
    return /^\s*model_checkpoint_path\s*:\s*"/.test(text) ? 'certain' : undefined;
  },
  async scan(input, context): Promise<void> {
    const text = new TextDecoder().decode(await input.source.read(0, 1024 * 1024));
    const { root } = parseTextProto(text, context.budget);
    const paths = [...root.texts('model_checkpoint_path'), ...root.texts('all_model_checkpoint_paths')];
    const latest = root.text('model_checkpoint_path');
    if (latest !== undefined && isOutsidePath(latest)) {
      context.report({
        rule: RULES['checkpoint-path'],
        // Trainers write absolute paths of their own machine here.
        severity: latest.split(/[/\\]/).includes('..') ? 'medium' : 'info',
        message: `The newest checkpoint is '${evidenceText(latest, 120)}', outside of this folder.`,
        evidence: evidenceText(latest, 120),
        anchor: latest,
      });
    }
    context.describe({
      format: 'tensorflow-checkpoint-state',
      framework: 'TensorFlow',
      properties: { checkpoints: paths.length },
    });
  },
};
