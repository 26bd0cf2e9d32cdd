import { deflateRawSync } from 'node:zlib';
import { Crc32 } from '../../../src/core/archives/crc32';
import { bytesOf, integer } from '../models/scanBytes';

/** A member to build, with everything that its headers may lie about. */
export interface ZipPart {
  name: string;
  data: Uint8Array;
  deflate?: boolean;
  method?: number;
  /** Bytes that stand in the archive instead of the packed data. */
  packed?: Uint8Array;
  flags?: number;
  versionNeeded?: number;
  crc?: number;
  size?: number;
  external?: number;
  extra?: Uint8Array;
  local?: { name?: string; flags?: number; size?: number; method?: number };
  /** Header offset to claim instead of the true one. */
  offset?: number;
}

export interface ZipShape {
  prefix?: Uint8Array;
  suffix?: Uint8Array;
  comment?: Uint8Array;
  /** Members that the end record claims. */
  count?: number;
  /** Offsets are told as if nothing stood before the archive. */
  unshifted?: boolean;
  zip64?: boolean;
}

export const text = (value: string) => new TextEncoder().encode(value);

export function crcOf(bytes: Uint8Array): number {
  return new Crc32().update(bytes).value;
}

/** Writes a zip archive whose every header field can be wrong. */
export function buildZip(parts: readonly ZipPart[], shape: ZipShape = {}): Uint8Array {
  const prefix = shape.prefix ?? new Uint8Array(0);
  const base = shape.unshifted ? prefix.length : 0;
  const pieces: Uint8Array[] = [prefix];
  let at = prefix.length;
  const central: Uint8Array[] = [];
  for (const part of parts) {
    const method = part.method ?? (part.deflate ? 8 : 0);
    const packed = part.packed ?? (part.deflate ? new Uint8Array(deflateRawSync(part.data)) : part.data);
    const crc = part.crc ?? crcOf(part.data);
    const size = part.size ?? part.data.length;
    const localName = text(part.local?.name ?? part.name);
    const header = bytesOf(
      integer(0x04034b50, 4),
      integer(20, 2),
      integer(part.local?.flags ?? part.flags ?? 0, 2),
      integer(part.local?.method ?? method, 2),
      integer(0, 4),
      integer(crc, 4),
      integer(packed.length, 4),
      integer(part.local?.size ?? size, 4),
      integer(localName.length, 2),
      integer(0, 2),
      localName,
    );
    const name = text(part.name);
    const extra = part.extra ?? new Uint8Array(0);
    central.push(
      bytesOf(
        integer(0x02014b50, 4),
        integer(0x0314, 2),
        integer(part.versionNeeded ?? 20, 2),
        integer(part.flags ?? 0, 2),
        integer(method, 2),
        integer(0, 4),
        integer(crc, 4),
        integer(packed.length, 4),
        integer(size, 4),
        integer(name.length, 2),
        integer(extra.length, 2),
        integer(0, 2),
        integer(0, 2),
        integer(0, 2),
        integer(part.external ?? 0, 4),
        integer(part.offset ?? at - base, 4),
        name,
        extra,
      ),
    );
    pieces.push(header, packed);
    at += header.length + packed.length;
  }
  const directory = concat(central);
  const comment = shape.comment ?? new Uint8Array(0);
  const count = shape.count ?? parts.length;
  pieces.push(directory);
  if (shape.zip64) {
    const end64 = at + directory.length;
    pieces.push(
      bytesOf(
        integer(0x06064b50, 4),
        integer(44, 8),
        integer(45, 2),
        integer(45, 2),
        integer(0, 4),
        integer(0, 4),
        integer(count, 8),
        integer(count, 8),
        integer(directory.length, 8),
        integer(at - base, 8),
      ),
      bytesOf(integer(0x07064b50, 4), integer(0, 4), integer(end64, 8), integer(1, 4)),
    );
  }
  const wide = shape.zip64 === true;
  pieces.push(
    bytesOf(
      integer(0x06054b50, 4),
      integer(0, 4),
      integer(wide ? 0xffff : count, 2),
      integer(wide ? 0xffff : count, 2),
      integer(wide ? 0xffffffff : directory.length, 4),
      integer(wide ? 0xffffffff : at - base, 4),
      integer(comment.length, 2),
      comment,
    ),
    shape.suffix ?? new Uint8Array(0),
  );
  return concat(pieces);
}

export function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(pieces.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

export interface TarPart {
  name: string;
  data?: Uint8Array;
  type?: string;
  link?: string;
  /** Text of the size field. */
  size?: string;
  v7?: boolean;
}

/** A tar archive; sizes may be told wrongly. */
export function buildTar(parts: readonly TarPart[], { end = true } = {}): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const part of parts) {
    const data = part.data ?? new Uint8Array(0);
    const block = new Uint8Array(512);
    const put = (at: number, value: string) => block.set(text(value), at);
    put(0, part.name);
    put(100, '0000644\0');
    put(108, '0000000\0');
    put(116, '0000000\0');
    put(124, part.size ?? `${data.length.toString(8).padStart(11, '0')} `);
    put(136, '00000000000 ');
    block[156] = (part.type ?? '0').charCodeAt(0);
    put(157, part.link ?? '');
    if (!part.v7) put(257, 'ustar\u000000');
    block.fill(0x20, 148, 156);
    put(
      148,
      `${block
        .reduce((sum, b) => sum + b, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
    );
    pieces.push(block, data, new Uint8Array((512 - (data.length % 512)) % 512));
  }
  if (end) pieces.push(new Uint8Array(1024));
  return concat(pieces);
}

/** One pax record with its own length in front. */
export function paxRecord(key: string, value: string): Uint8Array {
  let length = key.length + text(value).length + 3;
  length += String(length + String(length).length).length;
  return text(`${length} ${key}=${value}\n`);
}

/** A 7z archive of files in one folder with one coder. */
export function build7z(
  files: readonly { name: string; data: Uint8Array }[],
  coder: { id: number[]; properties: number[]; packed: Uint8Array },
): Uint8Array {
  const unpacked = files.reduce((sum, f) => sum + f.data.length, 0);
  const number = (value: number) => [0xff, ...integer(value, 8)];
  const names = files.flatMap(({ name }) => [...Buffer.from(`${name}\0`, 'utf16le')]);
  const header = bytesOf(
    1,
    4,
    6,
    number(0),
    1,
    9,
    number(coder.packed.length),
    0,
    7,
    0x0b,
    1,
    0,
    1,
    coder.id.length | (coder.properties.length ? 0x20 : 0),
    coder.id,
    coder.properties.length ? [coder.properties.length, ...coder.properties] : [],
    0x0c,
    number(unpacked),
    0,
    8,
    0x0d,
    files.length,
    9,
    files.slice(0, -1).flatMap(({ data }) => number(data.length)),
    0,
    0,
    5,
    files.length,
    0x11,
    number(names.length + 1),
    0,
    names,
    0,
    0,
  );
  const start = bytesOf(integer(coder.packed.length, 8), integer(header.length, 8), integer(crcOf(header), 4));
  return bytesOf([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0, 4], integer(crcOf(start), 4), start, coder.packed, header);
}
