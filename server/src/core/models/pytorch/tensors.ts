/** Names, types and shapes of tensors, from the calls of `torch._utils._rebuild_*` that a checkpoint makes. */
import type { TensorDescription } from '../../description';
import type { PickleMachine, PickleTrace } from '../../pickle/machine';
import {
  PickleCall,
  PickleContainer,
  PickleGlobal,
  type PickleObject,
  PicklePersistent,
  payloadOf,
  type Ref,
  Tag,
  tagOf,
} from '../../pickle/values';
import { evidenceText } from '../../redact';
import { isTokenEmbedding } from '../embeddingRows';

const MAX_TENSORS = 5000;
const MAX_NODES = 200_000;
const MAX_EMBEDDINGS = 100;

const DTYPES: Record<string, [string, number]> = {
  FloatStorage: ['float32', 4],
  DoubleStorage: ['float64', 8],
  HalfStorage: ['float16', 2],
  BFloat16Storage: ['bfloat16', 2],
  LongStorage: ['int64', 8],
  IntStorage: ['int32', 4],
  ShortStorage: ['int16', 2],
  CharStorage: ['int8', 1],
  ByteStorage: ['uint8', 1],
  BoolStorage: ['bool', 1],
  ComplexFloatStorage: ['complex64', 8],
  ComplexDoubleStorage: ['complex128', 16],
  QInt8Storage: ['qint8', 1],
  QUInt8Storage: ['quint8', 1],
  QInt32Storage: ['qint32', 4],
  QUInt4x2Storage: ['quint4x2', 1],
  QUInt2x4Storage: ['quint2x4', 1],
};

/** dtype and bytes per element of a storage class. */
export function storageType(name: string): [dtype: string, bytes: number] | undefined {
  return Object.hasOwn(DTYPES, name) ? DTYPES[name] : undefined;
}

export interface TorchContents {
  tensors: TensorDescription[];
  tensorCount: number;
  parameters: number;
  truncated: boolean;
  /** Classes of modules in a pickled nn.Module. */
  layers: { name: string; className: string }[];
  /** Embeddings of tokens that lie row after row in a storage. */
  embeddings: StoredMatrix[];
}

export interface StoredMatrix {
  name: string;
  dtype: string;
  rows: number;
  columns: number;
  /** Name of the storage: `archive/data/KEY`. */
  key: string;
  /** Of the first element, in elements. */
  offset: number;
}

/** Walks what the pickle returns; shared and circular objects are visited once. */
export async function describeTorch(trace: PickleTrace): Promise<TorchContents> {
  const { machine } = trace;
  const out: TorchContents = {
    tensors: [],
    tensorCount: 0,
    parameters: 0,
    truncated: false,
    layers: [],
    embeddings: [],
  };
  const seen = new Set<PickleObject>();
  const pending: { ref: Ref; path: string }[] = [{ ref: trace.result, path: '' }];
  let nodes = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { ref, path } = next;
    const object = machine.object(ref);
    if (object === undefined || seen.has(object)) continue;
    if (++nodes > MAX_NODES) {
      out.truncated = true;
      break;
    }
    seen.add(object);
    if (object instanceof PickleContainer) {
      await follow(object.items, object.kind === 'dict', path);
    } else if (object instanceof PickleCall) {
      const fn = machine.object(object.fn);
      if (fn instanceof PickleGlobal && fn.module.startsWith('torch._utils') && fn.name.startsWith('_rebuild_')) {
        const tensor = await describeTensor(machine, object, fn.name, path);
        if (tensor) {
          out.tensorCount += 1;
          out.parameters += tensor.shape.reduce((product, size) => product * Math.max(0, size), 1);
          if (out.tensors.length < MAX_TENSORS) out.tensors.push(tensor);
          else out.truncated = true;
          if (isTokenEmbedding(tensor.name) && out.embeddings.length < MAX_EMBEDDINGS) {
            const stored = await storedMatrix(machine, object, tensor);
            if (stored) out.embeddings.push(stored);
          }
          continue;
        }
      }
      if (fn instanceof PickleGlobal && object.opcode.startsWith('NEWOBJ') && out.layers.length < 2000) {
        if (fn.module !== 'collections' && path !== '') {
          out.layers.push({ name: evidenceText(path), className: evidenceText(fn.path) });
        }
      }
      if (object.state) pending.push({ ref: object.state, path });
      if (object.items) await follow(object.items, true, path);
      if (object.args) pending.push({ ref: object.args, path });
    }
  }
  out.tensors.reverse();
  out.layers.reverse();
  return out;

  async function follow(items: readonly Ref[], pairs: boolean, path: string): Promise<void> {
    const step = pairs ? 2 : 1;
    for (let i = 0; i + step <= items.length; i += step) {
      const value = items[i + step - 1] as Ref;
      if (tagOf(value) !== Tag.Object) continue;
      if (pending.length > MAX_NODES) return;
      const key = pairs ? ((await machine.resolve(items[i] as Ref, 256)) ?? '') : String(i);
      // The containers of nn.Module are no part of a parameter's name.
      const part = /^_(?:parameters|buffers|modules)$/.test(key) ? '' : key;
      pending.push({ ref: value, path: path && part ? `${path}.${part}` : path || part });
    }
  }
}

function itemsOf(machine: PickleMachine, ref: Ref | undefined): readonly Ref[] {
  const object = ref === undefined ? undefined : machine.object(ref);
  return object instanceof PickleContainer ? object.items : [];
}

/** Where a matrix lies, when it lies there row after row. */
async function storedMatrix(
  machine: PickleMachine,
  call: PickleCall,
  { name, dtype, shape }: TensorDescription,
): Promise<StoredMatrix | undefined> {
  const [storage, offset, , strides] = itemsOf(machine, call.args);
  const inner = storage === undefined ? undefined : machine.object(storage);
  // A parameter has its tensor as its first argument.
  if (inner instanceof PickleCall) return storedMatrix(machine, inner, { name, dtype, shape });
  const [rows, columns] = shape;
  if (!(inner instanceof PicklePersistent) || offset === undefined || strides === undefined) return undefined;
  if (rows === undefined || columns === undefined || shape.length !== 2 || tagOf(offset) !== Tag.Int) return undefined;
  const [row, column] = itemsOf(machine, strides).map((item) => (tagOf(item) === Tag.Int ? payloadOf(item) : -1));
  const id = itemsOf(machine, inner.id)[2];
  const key = id === undefined ? undefined : await machine.resolve(id, 256);
  if (row !== columns || column !== 1 || typeof key !== 'string') return undefined;
  return { name, dtype, rows, columns, key, offset: payloadOf(offset) };
}

async function describeTensor(
  machine: PickleMachine,
  call: PickleCall,
  name: string,
  path: string,
): Promise<TensorDescription | undefined> {
  const args = itemsOf(machine, call.args);
  if (name.startsWith('_rebuild_parameter')) {
    const inner = args[0] === undefined ? undefined : machine.object(args[0]);
    const fn = inner instanceof PickleCall ? machine.object(inner.fn) : undefined;
    return inner instanceof PickleCall && fn instanceof PickleGlobal && !fn.name.startsWith('_rebuild_parameter')
      ? describeTensor(machine, inner, fn.name, path)
      : undefined;
  }
  const storage = args[0] === undefined ? undefined : machine.object(args[0]);
  const size = args[2] === undefined ? undefined : machine.object(args[2]);
  if (!(storage instanceof PicklePersistent) || !(size instanceof PickleContainer)) return undefined;
  const id = itemsOf(machine, storage.id);
  const type = id[1] === undefined ? undefined : machine.object(id[1]);
  const known = type instanceof PickleGlobal ? storageType(type.name) : undefined;
  let dtype = known?.[0] ?? (type instanceof PickleGlobal ? type.name : 'unknown');
  if (name === '_rebuild_tensor_v3') {
    const given = args[6] === undefined ? undefined : machine.object(args[6]);
    if (given instanceof PickleGlobal) dtype = given.name;
  }
  const shape = size.items.map((item) => (tagOf(item) === Tag.Int ? payloadOf(item) : -1));
  const elements = shape.reduce((product, n) => product * Math.max(0, n), 1);
  return {
    name: evidenceText(path || 'tensor'),
    dtype: evidenceText(dtype, 40),
    shape,
    ...(known && { bytes: elements * known[1] }),
  };
}
