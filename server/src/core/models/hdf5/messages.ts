import { Cursor, decodeText, UNDEFINED_ADDRESS, UnreadableHdf5 } from './cursor';

/** Widths of addresses and lengths, from the superblock. */
export interface Widths {
  offset: number;
  length: number;
}

export type DatatypeClass =
  | 'integer'
  | 'float'
  | 'time'
  | 'string'
  | 'bitfield'
  | 'opaque'
  | 'compound'
  | 'reference'
  | 'enum'
  | 'vlen'
  | 'array';

export interface Datatype {
  class: DatatypeClass;
  /** Bytes of one element on disk. */
  size: number;
  /** In numpy's manner: `float32`, `uint8`, `S12`, `opaque`. */
  name: string;
  /** Variable-length text rather than a sequence. */
  isText: boolean;
  /** Byte order of numbers. */
  bigEndian: boolean;
}

const CLASSES: readonly DatatypeClass[] = [
  'integer',
  'float',
  'time',
  'string',
  'bitfield',
  'opaque',
  'compound',
  'reference',
  'enum',
  'vlen',
  'array',
];

/** HDF5 File Format Specification 3.0, IV.A.2.d. */
export function readDatatype(c: Cursor): Datatype {
  const first = c.u8();
  const bits = c.u8();
  c.skip(2);
  const size = c.u32();
  const kind = CLASSES[first & 15];
  if (!kind) throw new UnreadableHdf5(`datatype class ${first & 15}`);
  const signed = (bits & 8) !== 0;
  const isText = kind === 'string' || (kind === 'vlen' && (bits & 15) === 1);
  let name: string = kind;
  if (kind === 'integer') name = `${signed ? 'int' : 'uint'}${size * 8}`;
  else if (kind === 'float') name = `float${size * 8}`;
  else if (kind === 'string') name = `S${size}`;
  else if (kind === 'vlen') name = isText ? 'str' : 'vlen';
  return { class: kind, size, name, isText, bigEndian: (bits & 1) !== 0 };
}

export interface Dataspace {
  /** Empty for a scalar. */
  shape: number[];
  isNull: boolean;
}

/** IV.A.2.b. */
export function readDataspace(c: Cursor, widths: Widths): Dataspace {
  const version = c.u8();
  const rank = c.u8();
  c.u8();
  let isNull = false;
  if (version === 1) c.skip(5);
  else if (version === 2) isNull = c.u8() === 2;
  else throw new UnreadableHdf5(`dataspace version ${version}`);
  if (rank > 32) throw new UnreadableHdf5(`${rank} dimensions`);
  const shape: number[] = [];
  for (let i = 0; i < rank; i += 1) shape.push(c.uint(widths.length));
  return { shape, isNull };
}

export function elements(space: Dataspace): number {
  return space.isNull ? 0 : space.shape.reduce((product, size) => product * size, 1);
}

export interface Layout {
  class: 'compact' | 'contiguous' | 'chunked' | 'virtual';
  /** Compact data. */
  data?: Uint8Array;
  address?: number;
  size?: number;
  /** Virtual: global heap object with the mapping. */
  heapIndex?: number;
  /** Chunked, versions 1 to 3: sizes of a chunk with the element's size last, found by a version 1 B-tree. */
  chunk?: number[];
}

/** IV.A.2.i. */
export function readLayout(c: Cursor, widths: Widths): Layout {
  const version = c.u8();
  if (version === 1 || version === 2) {
    const rank = c.u8();
    const kind = c.u8();
    c.skip(5);
    const address = kind === 0 ? UNDEFINED_ADDRESS : c.address(widths.offset);
    const sizes: number[] = [];
    for (let i = 0; i < rank; i += 1) sizes.push(c.u32());
    if (kind === 0) {
      const size = c.u32();
      return { class: 'compact', data: c.slice(size) };
    }
    return kind === 1 ? { class: 'contiguous', address } : { class: 'chunked', address, chunk: sizes };
  }
  if (version !== 3 && version !== 4 && version !== 5) throw new UnreadableHdf5(`layout version ${version}`);
  const kind = c.u8();
  if (kind === 0) return { class: 'compact', data: c.slice(c.u16()) };
  if (kind === 1) return { class: 'contiguous', address: c.address(widths.offset), size: c.uint(widths.length) };
  if (kind === 3) return { class: 'virtual', address: c.address(widths.offset), heapIndex: c.u32() };
  if (kind !== 2) throw new UnreadableHdf5(`layout class ${kind}`);
  if (version !== 3) return { class: 'chunked' };
  const rank = c.u8();
  const address = c.address(widths.offset);
  const chunk: number[] = [];
  for (let i = 0; i < rank; i += 1) chunk.push(c.u32());
  return { class: 'chunked', address, chunk };
}

export interface Filter {
  id: number;
  name: string;
}

/** IV.A.2.l. */
export function readFilters(c: Cursor): Filter[] {
  const version = c.u8();
  const count = c.u8();
  if (version === 1) c.skip(6);
  else if (version !== 2) throw new UnreadableHdf5(`filter pipeline version ${version}`);
  const filters: Filter[] = [];
  for (let i = 0; i < Math.min(count, 32); i += 1) {
    const id = c.u16();
    const nameLength = version === 1 || id >= 256 ? c.u16() : 0;
    c.u16();
    const values = c.u16();
    const name = nameLength ? new Cursor(c.slice(nameLength)).text() : '';
    c.skip(values * 4);
    if (version === 1 && values % 2 === 1) c.skip(4);
    filters.push({ id, name });
  }
  return filters;
}

export interface Link {
  name: string;
  kind: 'hard' | 'soft' | 'external' | 'user-defined';
  address?: number;
  /** Path of a soft link, or of the object in the other file. */
  target?: string;
  file?: string;
  /** Class of a user-defined link. */
  type?: number;
}

/** IV.A.2.g. */
export function readLink(c: Cursor, widths: Widths): Link {
  const version = c.u8();
  if (version !== 1) throw new UnreadableHdf5(`link version ${version}`);
  const flags = c.u8();
  const type = flags & 8 ? c.u8() : 0;
  if (flags & 4) c.skip(8);
  if (flags & 16) c.skip(1);
  const nameLength = c.uint(1 << (flags & 3));
  const name = decodeText(c.slice(nameLength));
  if (type === 0) return { name, kind: 'hard', address: c.address(widths.offset) };
  const value = c.slice(c.u16());
  if (type === 1) return { name, kind: 'soft', target: decodeText(value) };
  if (type === 64) {
    const inner = new Cursor(value, 1);
    return { name, kind: 'external', file: inner.text(), target: inner.text() };
  }
  return { name, kind: 'user-defined', type };
}

export interface RawAttribute {
  name: string;
  type: Datatype;
  space: Dataspace;
  data: Uint8Array;
}

/** An attribute message as its parts lie in it. */
export interface AttributeParts {
  name: string;
  /** The datatype, or where it is shared. */
  type: Uint8Array;
  isTypeShared: boolean;
  space: Uint8Array;
  isSpaceShared: boolean;
  data: Uint8Array;
}

/** IV.A.2.m. Versions 2 and 3 may share datatype and dataspace: their place then holds an address. */
export function splitAttribute(c: Cursor): AttributeParts {
  const version = c.u8();
  if (version < 1 || version > 3) throw new UnreadableHdf5(`attribute version ${version}`);
  const second = c.u8();
  const flags = version > 1 ? second : 0;
  const nameSize = c.u16();
  const typeSize = c.u16();
  const spaceSize = c.u16();
  if (version === 3) c.skip(1);
  const padded = (size: number): number => (version === 1 ? Math.ceil(size / 8) * 8 : size);
  const part = (size: number): Uint8Array => {
    const start = c.at;
    const bytes = c.slice(size);
    c.at = start + padded(size);
    return bytes;
  };
  const name = new Cursor(part(nameSize)).text();
  const type = part(typeSize);
  const space = part(spaceSize);
  return {
    name,
    type,
    isTypeShared: (flags & 1) !== 0,
    space,
    isSpaceShared: (flags & 2) !== 0,
    data: c.bytes.subarray(Math.min(c.at, c.bytes.length)),
  };
}
