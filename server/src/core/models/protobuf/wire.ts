import type { Budget } from '../../budget';
import type { ByteSource } from '../../io/byteSource';
import { ByteReader, UnexpectedEnd } from '../../io/reader';

/** The bytes are no Protocol Buffers message, or not one that any implementation would accept. */
export class MalformedProtobuf extends Error {
  constructor(
    readonly offset: number,
    what: string,
  ) {
    super(`${what} at offset ${offset}`);
    this.name = 'MalformedProtobuf';
  }
}

export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const FIXED32 = 5;

/** One field of a message as it lies in the source. Groups (wire types 3 and 4) are flattened: nothing looked at here uses them. */
export interface WireField {
  number: number;
  wireType: number;
  /** Absolute offset of the tag. */
  start: number;
  /** Absolute offset of the payload. */
  offset: number;
  /** Bytes of the payload: of the content for length-delimited fields. */
  length: number;
  /** Varints and fixed-width values as an unsigned number; 0 for length-delimited fields. */
  value: bigint;
}

const CHUNK = 512;

/** Told where a message breaks off; what stood before is kept. */
export type Damaged = (error: Error) => void;

function isDamage(error: unknown): error is Error {
  return error instanceof MalformedProtobuf || error instanceof UnexpectedEnd;
}

/**
 * Walks the fields of the message in `[start, end)` without reading the content of length-delimited fields, so a tensor
 * of any size costs a few bytes. Follows the wire format of https://protobuf.dev/programming-guides/encoding.
 * @param damaged given by who judges what a damaged file still holds: the walk then ends at the damage instead of
 *   throwing, and a field that the end of the file cuts is given with the length that is there
 * @throws MalformedProtobuf, UnexpectedEnd without `damaged`, when a tag, a varint or a length cannot be right
 */
export async function* wireFields(
  source: ByteSource,
  start: number,
  end: number,
  budget: Budget,
  damaged?: Damaged,
): AsyncGenerator<WireField, void, undefined> {
  try {
    yield* strictFields(source, start, end, budget, damaged);
  } catch (error) {
    if (!damaged || !isDamage(error)) throw error;
    damaged(error);
  }
}

async function* strictFields(
  source: ByteSource,
  start: number,
  end: number,
  budget: Budget,
  damaged: Damaged | undefined,
): AsyncGenerator<WireField, void, undefined> {
  const reader = new ByteReader(source, start, CHUNK);
  const limit = Math.min(end, source.size);
  let steps = 0;
  while (reader.position < end) {
    steps += 1;
    if (steps % 1000 === 0) budget.checkTime();
    const at = reader.position;
    if (at >= limit) throw new UnexpectedEnd(at);
    await reader.ensure(32);
    const tag = varint(reader, limit);
    const number = Number(tag >> 3n);
    const wireType = Number(tag & 7n);
    if (number === 0 || number > 0x1fffffff) throw new MalformedProtobuf(at, `field number ${number}`);
    let value = 0n;
    let offset = reader.position;
    let length = 0;
    if (wireType === VARINT) {
      value = varint(reader, limit);
      length = reader.position - offset;
    } else if (wireType === FIXED64 || wireType === FIXED32) {
      length = wireType === FIXED64 ? 8 : 4;
      if (offset + length > end) throw new MalformedProtobuf(at, 'a fixed-width field passes the end');
      value = wireType === FIXED64 ? await reader.u64() : BigInt(await reader.u32());
    } else if (wireType === BYTES) {
      const size = varint(reader, limit);
      offset = reader.position;
      if (size > BigInt(limit - offset)) {
        const error = new MalformedProtobuf(at, `a field of ${size} bytes passes the end`);
        if (!damaged) throw error;
        damaged(error);
        yield { number, wireType, start: at, offset, length: limit - offset, value };
        return;
      }
      length = Number(size);
      reader.skip(length);
    } else if (wireType !== 3 && wireType !== 4) {
      throw new MalformedProtobuf(at, `wire type ${wireType}`);
    }
    yield { number, wireType, start: at, offset, length, value };
  }
}

/**
 * Whether the message in a file can have one of `wanted` fields (number and wire type) as far as its head shows: what
 * `wireFields` would give, without a promise or an error, for the many files that are no message at all.
 * @param size bytes of the whole file
 */
export function mayHold(head: Uint8Array, size: number, wanted: readonly (readonly [number, number])[]): boolean {
  let at = 0;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = head[at];
      if (byte === undefined) return head.length < size ? Number.POSITIVE_INFINITY : Number.NaN;
      at += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return Number.NaN;
  };
  while (at < size) {
    const tag = number();
    if (tag === Number.POSITIVE_INFINITY) return true;
    const [field, wireType] = [Math.floor(tag / 8), tag % 8];
    if (!(field > 0 && field <= 0x1fffffff) || wireType > 5) return false;
    if (wireType === VARINT || wireType === BYTES) {
      const value = number();
      if (!Number.isFinite(value)) return !Number.isNaN(value);
      if (wireType === BYTES) at += value;
    } else if (wireType === FIXED64 || wireType === FIXED32) {
      at += wireType === FIXED64 ? 8 : 4;
      if (at > size) return false;
    }
    if (wanted.some(([wantedField, wantedType]) => field === wantedField && wireType === wantedType)) return true;
    if (at >= head.length && head.length < size) return at < size;
  }
  return false;
}

function varint(reader: ByteReader, limit: number): bigint {
  const start = reader.position;
  let low = 0;
  let shift = 0;
  for (; shift < 28; shift += 7) {
    const byte = nextByte(reader, limit);
    low |= (byte & 0x7f) << shift;
    if (byte < 0x80) return BigInt(low);
  }
  let value = BigInt(low);
  for (; shift < 70; shift += 7) {
    const byte = nextByte(reader, limit);
    value |= BigInt(byte & 0x7f) << BigInt(shift);
    if (byte < 0x80) return value & 0xffffffffffffffffn;
  }
  throw new MalformedProtobuf(start, 'a varint of more than ten bytes');
}

function nextByte(reader: ByteReader, limit: number): number {
  if (reader.available < 1 || reader.position >= limit) throw new UnexpectedEnd(reader.position);
  const byte = reader.buffer[reader.index] as number;
  reader.index += 1;
  return byte;
}

/**
 * Which fields of a message are worth holding in memory. A field that is not named is skipped unread; `true` keeps it
 * as it is, a nested shape keeps the named parts of it.
 */
export interface Shape {
  readonly [field: number]: true | Shape | (() => Shape);
}

const SMALL = 64 * 1024;
const LONGEST_KEPT = 1024 * 1024;
const DEEPEST = 64;

/**
 * The message in `[start, end)` as bytes ready to be decoded. Small messages are read as they are; of larger ones only
 * the parts that `shape` names are read, and a kept string or byte field is cut to 1 MiB.
 * @param readWhole bytes up to which a message is read as it is
 * @param damaged as in {@link wireFields}; a small message is given as it lies there
 * @throws MalformedProtobuf, BudgetExceeded
 */
export async function loadMessage(
  source: ByteSource,
  start: number,
  end: number,
  shape: Shape,
  budget: Budget,
  { readWhole = SMALL, damaged }: { readWhole?: number; damaged?: Damaged } = {},
): Promise<Uint8Array> {
  if (end - start <= readWhole) return source.read(start, end - start);
  return prune(source, start, end, shape, budget, 0, { left: budget.limits.memoryBytes, damaged });
}

async function prune(
  source: ByteSource,
  start: number,
  end: number,
  shape: Shape,
  budget: Budget,
  depth: number,
  room: { left: number; damaged: Damaged | undefined },
): Promise<Uint8Array> {
  if (depth > DEEPEST) throw new MalformedProtobuf(start, `messages nested deeper than ${DEEPEST} levels`);
  const parts: Uint8Array[] = [];
  const push = (part: Uint8Array): void => {
    room.left -= part.length + 64;
    if (room.left < 0) budget.checkMemory(budget.limits.memoryBytes + 1, 'a protobuf message');
    parts.push(part);
  };
  for await (const field of wireFields(source, start, end, budget, room.damaged)) {
    const named = shape[field.number];
    if (named === undefined) continue;
    const keep = typeof named === 'function' ? named() : named;
    if (field.wireType !== BYTES) {
      push(await source.read(field.start, field.offset + field.length - field.start));
      continue;
    }
    const content =
      keep === true || field.length <= 256
        ? await source.read(field.offset, Math.min(field.length, LONGEST_KEPT))
        : await prune(source, field.offset, field.offset + field.length, keep, budget, depth + 1, room);
    push(encodeVarint((field.number << 3) | BYTES));
    push(encodeVarint(content.length));
    push(content);
  }
  return concat(parts);
}

function encodeVarint(value: number): Uint8Array {
  const out: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    out.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
  return Uint8Array.from(out);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
