import { Reader } from 'protobufjs/minimal';
import { type Damaged, MalformedProtobuf } from './wire';

/** Handles one field; leaves the reader behind it or returns false to have it skipped. */
export type FieldHandler = (field: number, wireType: number, reader: Reader) => boolean;

/**
 * Decodes a message that is wholly in memory with protobufjs's reader, field by field, so that a schema is no more than
 * the fields somebody looks at and no code is generated at run time.
 * @param damaged told of the damage instead of an error being thrown; the fields before it have been handled
 * @throws MalformedProtobuf
 */
export function decodeFields(bytes: Uint8Array, handle: FieldHandler, damaged?: Damaged): void {
  const reader = Reader.create(bytes);
  try {
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      const wireType = tag & 7;
      if (tag >>> 3 === 0) throw new MalformedProtobuf(reader.pos, 'field number 0');
      if (!handle(tag >>> 3, wireType, reader)) reader.skipType(wireType);
    }
  } catch (error) {
    const malformed =
      error instanceof MalformedProtobuf
        ? error
        : new MalformedProtobuf(reader.pos, error instanceof Error ? error.message : 'bad field');
    if (!damaged) throw malformed;
    damaged(malformed);
  }
}

const LENIENT = new TextDecoder('utf-8');

/** Strings are text for display and comparison: bytes that are no UTF-8 become U+FFFD instead of an error. */
export function readText(reader: Reader): string {
  return LENIENT.decode(reader.bytes());
}

/** A signed 64-bit varint as a number; exact up to 2^53, which sizes of real tensors stay below. */
export function readInt64(reader: Reader): number {
  const value = reader.int64() as number | { low: number; high: number };
  if (typeof value === 'number') return value;
  return value.high * 4294967296 + (value.low >>> 0);
}

/** A repeated varint field, packed or not. */
export function readInts(wireType: number, reader: Reader, into: number[]): void {
  if (wireType !== 2) {
    into.push(readInt64(reader));
    return;
  }
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) into.push(readInt64(reader));
}

/** A repeated float field, packed or not, at most `limit` values of it. */
export function readFloats(wireType: number, reader: Reader, into: number[], limit: number): void {
  if (wireType === 5) {
    const value = reader.float();
    if (into.length < limit) into.push(value);
    return;
  }
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) {
    const value = reader.float();
    if (into.length < limit) into.push(value);
  }
}
