/**
 * Checkpoints of PyTorch before 1.6 (`torch/serialization.py`, _legacy_save): five pickles in a row (magic number,
 * protocol version, system information, the object, keys of the storages), then each storage as its length in elements
 * and its bytes.
 */
import { type ByteSource, WindowByteSource } from '../../io/byteSource';
import { isQuiet } from '../../pickle/judge';
import { PickleMachine, type PickleTrace, PickleWindow } from '../../pickle/machine';
import { describePickle, scanPickle } from '../../pickle/scan';
import { PickleContainer, PickleGlobal, PicklePersistent, payloadOf, type Ref, Tag, tagOf } from '../../pickle/values';
import type { Format, ScanContext } from '../../scanner';
import { sniffStorage } from './storage';
import { describeTorch, storageType } from './tensors';

/** LONG1 of the ten bytes of 0x1950a86a20f9469cfc6c, behind PROTO. */
const MAGIC = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];

export function isLegacyTorch(head: Uint8Array): boolean {
  return head[0] === 0x80 && MAGIC.every((byte, i) => head[i + 2] === byte);
}

interface Storage {
  /** Offset of the length field. */
  offset: number;
  /** Offset behind the last byte. */
  end: number;
}

export const TORCH_LEGACY_FORMAT: Format = {
  id: 'pytorch-legacy',
  title: 'PyTorch checkpoint (before 1.6)',
  kind: 'model',
  extensions: ['.pt', '.pth', '.bin', '.ckpt'],
  supersedes: ['pickle'],
  identify: (probe) => (isLegacyTorch(probe.head) ? 'certain' : undefined),
  async scan({ source }, context) {
    const pickles = await readHead(source, context);
    const storages = await layout(source, pickles);
    const first = storages[0]?.offset ?? source.size;
    const last = storages[storages.length - 1]?.end ?? source.size;
    const scan = await scanPickle(source, context, {
      // The search for more pickles does not look into the storages; each of their heads is looked at below.
      skip: (at) => (at >= first && at < last ? last : undefined),
      tolerant: pickles.length === 5,
    });
    for (const [index, { offset, end }] of storages.entries()) {
      context.budget.checkTime();
      await sniffStorage(`storage ${index}`, new WindowByteSource(source, offset + 8, end - offset - 8), context);
    }
    const object = pickles[3];
    const contents = object && (await describeTorch(object));
    context.describe({
      ...describePickle(scan, 'pytorch-legacy'),
      framework: 'PyTorch',
      ...(contents && {
        tensors: contents.tensors,
        tensorCount: contents.tensorCount,
        parameters: contents.parameters,
        ...(contents.layers.length > 0 && { layers: contents.layers }),
        ...(contents.truncated && { truncated: ['tensors'] }),
      }),
    });
  },
};

async function readHead(source: ByteSource, context: ScanContext): Promise<PickleTrace[]> {
  const window = new PickleWindow(source);
  const traces: PickleTrace[] = [];
  for (let at = 0; traces.length < 5; ) {
    const trace = await new PickleMachine(window, { budget: context.budget, quiet: isQuiet }).run(at);
    if (!trace.complete) break;
    traces.push(trace);
    at = trace.end;
  }
  return traces;
}

/** Where each storage lies, in the order of the fifth pickle's keys; empty when that is not told. */
async function layout(source: ByteSource, pickles: readonly PickleTrace[]): Promise<Storage[]> {
  const [, , , object, keyList] = pickles;
  if (!object || !keyList) return [];
  const widths = new Map<string, number>();
  for (const entry of object.machine.objects) {
    if (!(entry instanceof PicklePersistent)) continue;
    const id = object.machine.object(entry.id);
    if (!(id instanceof PickleContainer)) continue;
    const type = object.machine.object(id.items[1] ?? 0);
    const key = await object.machine.resolve(id.items[2] ?? 0);
    const width = type instanceof PickleGlobal ? storageType(type.name)?.[1] : undefined;
    if (key !== undefined && width !== undefined) widths.set(key, width);
  }
  const list = keyList.machine.object(keyList.result);
  if (!(list instanceof PickleContainer)) return [];
  const storages: Storage[] = [];
  let at = keyList.end;
  for (const item of list.items) {
    const key = await keyText(keyList, item);
    const width = key === undefined ? undefined : widths.get(key);
    const length = await source.read(at, 8);
    if (width === undefined || length.length < 8) return storages;
    const elements = new DataView(length.buffer, length.byteOffset, 8).getBigInt64(0, true);
    const end = BigInt(at) + 8n + elements * BigInt(width);
    if (elements < 0n || end > BigInt(source.size)) return storages;
    storages.push({ offset: at, end: Number(end) });
    at = Number(end);
  }
  return storages;
}

async function keyText(trace: PickleTrace, ref: Ref): Promise<string | undefined> {
  return tagOf(ref) === Tag.Int ? String(payloadOf(ref)) : trace.machine.resolve(ref);
}
