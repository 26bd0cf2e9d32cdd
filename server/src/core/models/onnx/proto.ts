import { decodeFields, readFloats, readInts, readText } from '../protobuf/decode';
import type { Damaged, Shape } from '../protobuf/wire';

/** What is looked at of TensorProto, without its values unless they are few. Field numbers from onnx/onnx.proto. */
export interface OnnxTensor {
  name: string;
  dtype: number;
  shape: number[];
  external: { key: string; value: string }[];
  metadata: { key: string; value: string }[];
  isExternal: boolean;
  numbers: number[];
  strings: string[];
}

const KEPT = 64;

/** Keeps everything but the data; values below 256 bytes stay whole. */
export const TENSOR_SHAPE: Shape = { 1: true, 2: true, 8: true, 13: true, 14: true, 16: true };

const DTYPES = [
  'undefined',
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'uint4',
  'int4',
  'float4e2m1',
  'float8e8m0',
]; // TensorProto.DataType

export function onnxDtype(type: number): string {
  return DTYPES[type] ?? `type ${type}`;
}

/** @param damaged as in {@link decodeFields}: what stands before the damage is kept */
export function decodeTensor(bytes: Uint8Array, damaged?: Damaged): OnnxTensor {
  const tensor: OnnxTensor = {
    name: '',
    dtype: 0,
    shape: [],
    external: [],
    metadata: [],
    isExternal: false,
    numbers: [],
    strings: [],
  };
  let raw: Uint8Array = new Uint8Array(0);
  decodeFields(
    bytes,
    (field, wire, r) => {
      if (field === 1) readInts(wire, r, tensor.shape);
      else if (field === 2 && wire === 0) tensor.dtype = r.int32();
      else if (field === 4) readFloats(wire, r, tensor.numbers, KEPT);
      else if ((field === 5 || field === 7) && (wire === 0 || wire === 2)) readInts(wire, r, tensor.numbers);
      else if (field === 6 && wire === 2) {
        const text = readText(r);
        if (tensor.strings.length < KEPT) tensor.strings.push(text);
      } else if (field === 8 && wire === 2) tensor.name = readText(r);
      else if (field === 9 && wire === 2) raw = r.bytes();
      else if (field === 13 && wire === 2) tensor.external.push(decodeEntry(r.bytes()));
      else if (field === 16 && wire === 2) tensor.metadata.push(decodeEntry(r.bytes()));
      else if (field === 14 && wire === 0) tensor.isExternal = r.int32() === 1;
      else return false;
      return true;
    },
    damaged,
  );
  tensor.shape.length = Math.min(tensor.shape.length, 64);
  tensor.numbers.length = Math.min(tensor.numbers.length, KEPT);
  readRaw(raw, tensor);
  return tensor;
}

function readRaw(raw: Uint8Array, tensor: OnnxTensor): void {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  const width = tensor.dtype === 1 || tensor.dtype === 6 ? 4 : tensor.dtype === 7 || tensor.dtype === 11 ? 8 : 0;
  for (let at = 0; width && at + width <= raw.length && tensor.numbers.length < KEPT; at += width) {
    if (tensor.dtype === 1) tensor.numbers.push(view.getFloat32(at, true));
    else if (tensor.dtype === 6) tensor.numbers.push(view.getInt32(at, true));
    else if (tensor.dtype === 7) tensor.numbers.push(Number(view.getBigInt64(at, true)));
    else tensor.numbers.push(view.getFloat64(at, true));
  }
}

/** StringStringEntryProto. */
export function decodeEntry(bytes: Uint8Array, damaged?: Damaged): { key: string; value: string } {
  const entry = { key: '', value: '' };
  decodeFields(
    bytes,
    (field, wire, r) => {
      if (wire !== 2) return false;
      if (field === 1) entry.key = readText(r);
      else if (field === 2) entry.value = readText(r);
      else return false;
      return true;
    },
    damaged,
  );
  return entry;
}

/** ValueInfoProto: name, element type and shape; -1 where a dimension is open. */
export function decodeValueInfo(
  bytes: Uint8Array,
  damaged?: Damaged,
): { name: string; dtype: string; shape: number[] } {
  const info = { name: '', dtype: 'undefined', shape: [] as number[] };
  decodeFields(
    bytes,
    (field, wire, r) => {
      if (wire !== 2) return false;
      if (field === 1) info.name = readText(r);
      else if (field === 2) {
        decodeFields(r.bytes(), (kind, kindWire, type) => {
          if (kind !== 1 || kindWire !== 2) return false;
          decodeFields(type.bytes(), (part, partWire, tensor) => {
            if (part === 1 && partWire === 0) info.dtype = onnxDtype(tensor.int32());
            else if (part === 2 && partWire === 2) info.shape = decodeShape(tensor.bytes());
            else return false;
            return true;
          });
          return true;
        });
      } else return false;
      return true;
    },
    damaged,
  );
  return info;
}

function decodeShape(bytes: Uint8Array): number[] {
  const shape: number[] = [];
  decodeFields(bytes, (field, wire, r) => {
    if (field !== 1 || wire !== 2) return false;
    let size = -1;
    decodeFields(r.bytes(), (part, partWire, dimension) => {
      if (part !== 1 || partWire !== 0) return false;
      const sizes: number[] = [];
      readInts(partWire, dimension, sizes);
      size = sizes[0] ?? -1;
      return true;
    });
    if (shape.length < 64) shape.push(size);
    return true;
  });
  return shape;
}
