import type { Reader } from 'protobufjs/minimal';
import { decodeFields, readFloats, readInt64, readInts, readText } from '../protobuf/decode';
import type { Damaged, Shape } from '../protobuf/wire';

/**
 * The parts of TensorFlow's messages that are looked at; field numbers from tensorflow/core/framework/*.proto and
 * tensorflow/core/protobuf/{meta_graph,saved_model,saved_object_graph}.proto.
 */

export interface TensorSummary {
  dtype: number;
  shape: number[];
  /** At most {@link KEPT} values. */
  strings: string[];
  numbers: number[];
}

export interface AttrValue {
  text?: string;
  int?: number;
  float?: number;
  bool?: boolean;
  type?: number;
  shape?: number[];
  tensor?: TensorSummary;
  func?: string;
  listText?: string[];
  listFunc?: string[];
}

export interface NodeDef {
  name: string;
  op: string;
  inputs: string[];
  attrs: Map<string, AttrValue>;
}

/** Values kept of a tensor: enough to show a path, a factor or a pattern. */
const KEPT = 64;

const SHAPE_SHAPE: Shape = { 2: { 1: true }, 3: true };
const TENSOR_SHAPE: Shape = { 1: true, 2: SHAPE_SHAPE, 8: true };
const ATTR_SHAPE: Shape = {
  1: { 2: true, 9: { 1: true } },
  2: true,
  3: true,
  4: true,
  5: true,
  6: true,
  7: SHAPE_SHAPE,
  8: TENSOR_SHAPE,
  10: { 1: true },
};
/** What is kept of a NodeDef too large to be read as a whole. */
export const NODE_SHAPE: Shape = { 1: true, 2: true, 3: true, 5: { 1: true, 2: ATTR_SHAPE } };
/** FunctionDef.signature and what returns come from. */
export const OP_DEF_SHAPE: Shape = { 1: true, 2: { 1: true }, 3: { 1: true } };

/** @param damaged as in {@link decodeFields}: what stands before the damage is kept */
export function decodeNode(bytes: Uint8Array, damaged?: Damaged): NodeDef {
  const node: NodeDef = { name: '', op: '', inputs: [], attrs: new Map() };
  decodeFields(
    bytes,
    (field, wire, r) => {
      if (wire !== 2) return false;
      if (field === 1) node.name = readText(r);
      else if (field === 2) node.op = readText(r);
      else if (field === 3) {
        const input = readText(r);
        if (node.inputs.length < 4096) node.inputs.push(input);
      } else if (field === 5) {
        const entry = decodeMapEntry(r.bytes());
        node.attrs.set(entry.key, decodeAttr(entry.value));
      } else return false;
      return true;
    },
    damaged,
  );
  return node;
}

/** An entry of a map whose key is a string and whose value is a message. */
export function decodeMapEntry(bytes: Uint8Array, damaged?: Damaged): { key: string; value: Uint8Array } {
  let key = '';
  let value: Uint8Array = new Uint8Array(0);
  decodeFields(
    bytes,
    (field, wire, r) => {
      if (wire !== 2) return false;
      if (field === 1) key = readText(r);
      else if (field === 2) value = r.bytes();
      else return false;
      return true;
    },
    damaged,
  );
  return { key, value };
}

function decodeAttr(bytes: Uint8Array): AttrValue {
  const attr: AttrValue = {};
  decodeFields(bytes, (field, wire, r) => {
    if (field === 2 && wire === 2) attr.text = readText(r);
    else if (field === 3 && wire === 0) attr.int = readInt64(r);
    else if (field === 4 && wire === 5) attr.float = r.float();
    else if (field === 5 && wire === 0) attr.bool = r.bool();
    else if (field === 6 && wire === 0) attr.type = r.int32();
    else if (field === 7 && wire === 2) attr.shape = decodeShape(r.bytes());
    else if (field === 8 && wire === 2) attr.tensor = decodeTensor(r.bytes());
    else if (field === 10 && wire === 2) attr.func = decodeName(r.bytes());
    else if (field === 1 && wire === 2) {
      const listText: string[] = [];
      const listFunc: string[] = [];
      decodeFields(r.bytes(), (inner, innerWire, list) => {
        if (innerWire !== 2) return false;
        if (inner === 2) {
          const text = readText(list);
          if (listText.length < KEPT) listText.push(text);
        } else if (inner === 9) listFunc.push(decodeName(list.bytes()));
        else return false;
        return true;
      });
      if (listText.length) attr.listText = listText;
      if (listFunc.length) attr.listFunc = listFunc;
    } else return false;
    return true;
  });
  return attr;
}

/** Field 1 of a message, as text: the name of a NameAttrList, an OpDef, an ArgDef. */
export function decodeName(bytes: Uint8Array, damaged?: Damaged): string {
  let name = '';
  decodeFields(
    bytes,
    (field, wire, r) => {
      if (field !== 1 || wire !== 2) return false;
      name = readText(r);
      return true;
    },
    damaged,
  );
  return name;
}

/** OpDef: the name of a function and those of its arguments. */
export function decodeSignature(bytes: Uint8Array, damaged?: Damaged): { name: string; parameters: string[] } {
  let name = '';
  const parameters: string[] = [];
  decodeFields(
    bytes,
    (field, wire, r) => {
      if (wire !== 2 || (field !== 1 && field !== 2)) return false;
      if (field === 1) name = readText(r);
      else if (parameters.length < KEPT * KEPT) parameters.push(decodeName(r.bytes()));
      else return false;
      return true;
    },
    damaged,
  );
  return { name, parameters };
}

/** Sizes of the dimensions; -1 for unknown ones. */
export function decodeShape(bytes: Uint8Array): number[] {
  const shape: number[] = [];
  decodeFields(bytes, (field, wire, r) => {
    if (field !== 2 || wire !== 2) return false;
    let size = 0;
    decodeFields(r.bytes(), (inner, innerWire, dim) => {
      if (inner !== 1 || innerWire !== 0) return false;
      size = readInt64(dim);
      return true;
    });
    if (shape.length < 32) shape.push(size);
    return true;
  });
  return shape;
}

const DT_FLOAT = 1;
const DT_DOUBLE = 2;
const DT_INT32 = 3;
const DT_INT64 = 9;

function decodeTensor(bytes: Uint8Array): TensorSummary {
  const tensor: TensorSummary = { dtype: 0, shape: [], strings: [], numbers: [] };
  let content: Uint8Array = new Uint8Array(0);
  decodeFields(bytes, (field, wire, r) => {
    if (field === 1 && wire === 0) tensor.dtype = r.int32();
    else if (field === 2 && wire === 2) tensor.shape = decodeShape(r.bytes());
    else if (field === 4 && wire === 2) content = r.bytes();
    else if (field === 5) readFloats(wire, r, tensor.numbers, KEPT);
    else if (field === 6) readDoubles(wire, r, tensor.numbers);
    else if (field === 7 || field === 10) readInts(wire, r, tensor.numbers);
    else if (field === 8 && wire === 2) {
      const text = readText(r);
      if (tensor.strings.length < KEPT) tensor.strings.push(text);
    } else return false;
    return true;
  });
  tensor.numbers.length = Math.min(tensor.numbers.length, KEPT);
  readContent(content, tensor);
  return tensor;
}

function readDoubles(wire: number, r: Reader, into: number[]): void {
  if (wire === 1) {
    into.push(r.double());
    return;
  }
  const end = r.uint32() + r.pos;
  while (r.pos < end) {
    const value = r.double();
    if (into.length < KEPT) into.push(value);
  }
}

function readContent(content: Uint8Array, tensor: TensorSummary): void {
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  const width = tensor.dtype === DT_DOUBLE || tensor.dtype === DT_INT64 ? 8 : 4;
  for (let at = 0; at + width <= content.length && tensor.numbers.length < KEPT; at += width) {
    if (tensor.dtype === DT_FLOAT) tensor.numbers.push(view.getFloat32(at, true));
    else if (tensor.dtype === DT_DOUBLE) tensor.numbers.push(view.getFloat64(at, true));
    else if (tensor.dtype === DT_INT32) tensor.numbers.push(view.getInt32(at, true));
    else if (tensor.dtype === DT_INT64) tensor.numbers.push(Number(view.getBigInt64(at, true)));
    else return;
  }
}

const DTYPES = [
  'invalid',
  'float32',
  'float64',
  'int32',
  'uint8',
  'int16',
  'int8',
  'string',
  'complex64',
  'int64',
  'bool',
  'qint8',
  'quint8',
  'qint32',
  'bfloat16',
  'qint16',
  'quint16',
  'uint16',
  'complex128',
  'float16',
  'resource',
  'variant',
  'uint32',
  'uint64',
  'float8_e5m2',
  'float8_e4m3fn',
]; // tensorflow/core/framework/types.proto

/** Name of a DataType; reference types (100 and up) have their base's name. */
export function dtypeName(type: number): string {
  return DTYPES[type >= 100 ? type - 100 : type] ?? `type ${type}`;
}
