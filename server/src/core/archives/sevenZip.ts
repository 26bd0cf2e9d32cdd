/**
 * 7z archives: headers, packed headers, solid folders. Follows 7zFormat.txt of the LZMA SDK. Decodes Copy, LZMA, LZMA2,
 * Deflate, Deflate64, BZip2, Zstandard and LZ4 with the Delta, x86 and ARM filters; other coders and encryption are said
 * to be not inspected.
 */
import type { Budget } from '../budget';
import type { ByteSource } from '../io/byteSource';
import { WindowByteSource } from '../io/byteSource';
import { applyFilter, type Filter, filterById } from './branchFilters';
import { decodeBzip2 } from './bzip2';
import { DamagedStream, type Decode, DecodedByteSource } from './decoded';
import { inflate } from './inflate';
import { decodeLz4 } from './lz4';
import { decodeLzma, decodeLzma2 } from './lzma';
import { decodeZstd } from './zstd';

export const SEVEN_ZIP_MAGIC = [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c];

export interface SevenZipEntry {
  readonly name: string;
  readonly size: number;
  readonly isDirectory: boolean;
  readonly isSymlink: boolean;
  /** Undefined for an empty file. Windows of one solid folder share its decoder. */
  readonly source: ByteSource | undefined;
  /** Why the content cannot be read. */
  readonly unreadable: string | undefined;
}

interface Coder {
  id: string;
  inputs: number;
  outputs: number;
  properties: Uint8Array;
}

interface Folder {
  coders: Coder[];
  bindPairs: { input: number; output: number }[];
  packedInputs: number[];
  unpackSizes: number[];
}

interface Streams {
  packPosition: number;
  packSizes: number[];
  folders: Folder[];
  /** Per folder the sizes of the files in it. */
  substreams: number[][];
}

/** Reads numbers and bit fields of a header that is wholly in memory. */
class Header {
  at = 0;

  constructor(readonly bytes: Uint8Array) {}

  byte(): number {
    const value = this.bytes[this.at];
    if (value === undefined) throw new DamagedStream('7z: the header ends too early');
    this.at += 1;
    return value;
  }

  take(length: number): Uint8Array {
    if (length < 0 || this.at + length > this.bytes.length) throw new DamagedStream('7z: the header ends too early');
    const out = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return out;
  }

  /** 7z's variable-length integer: the first byte's leading ones tell how many bytes follow. */
  number(): number {
    const first = this.byte();
    let mask = 0x80;
    let value = 0;
    for (let i = 0; i < 8; i += 1) {
      if (!(first & mask)) return value + (first & (mask - 1)) * 2 ** (8 * i);
      value += this.byte() * 2 ** (8 * i);
      mask >>= 1;
    }
    if (!Number.isSafeInteger(value)) throw new DamagedStream('7z: a number is out of range');
    return value;
  }

  /** A count of things of which each takes at least one bit or byte of what is left. */
  count(): number {
    const value = this.number();
    if (value > (this.bytes.length - this.at) * 8 + 8) throw new DamagedStream('7z: a count is out of range');
    return value;
  }

  bits(count: number): boolean[] {
    const out: boolean[] = [];
    let byte = 0;
    for (let i = 0; i < count; i += 1) {
      if (i % 8 === 0) byte = this.byte();
      out.push((byte & (0x80 >> (i % 8))) !== 0);
    }
    return out;
  }

  optionalBits(count: number): boolean[] {
    return this.byte() ? Array.from({ length: count }, () => true) : this.bits(count);
  }

  digests(count: number): boolean[] {
    const defined = this.optionalBits(count);
    this.take(4 * defined.filter(Boolean).length);
    return defined;
  }

  expect(id: number): void {
    if (this.byte() !== id) throw new DamagedStream('7z: the header is damaged');
  }
}

/**
 * Reads the header of an archive.
 * @throws DamagedStream when it cannot be read, EncryptedHeader when it is encrypted, BudgetExceeded when it is too large
 */
export async function readSevenZip(source: ByteSource, budget: Budget): Promise<readonly SevenZipEntry[]> {
  const start = await source.read(0, 32);
  if (start.length < 32) throw new DamagedStream('7z: the file ends inside its header');
  const view = new DataView(start.buffer, start.byteOffset, 32);
  const offset = Number(view.getBigUint64(12, true));
  const size = Number(view.getBigUint64(20, true));
  if (size === 0) return [];
  if (32 + offset + size > source.size) throw new DamagedStream('7z: the header lies behind the end of the file');
  budget.checkMemory(size, 'the header');
  let header = new Header(await source.read(32 + offset, size));
  for (let depth = 0; header.bytes[0] === 0x17; depth += 1) {
    if (depth > 4) throw new DamagedStream('7z: the header is packed too often');
    header.at = 1;
    const streams = readStreams(header);
    const folder = streams.folders[0];
    if (!folder) throw new DamagedStream('7z: the packed header has no data');
    const unpacked = openFolder(source, streams, 0, budget);
    if ('unreadable' in unpacked) throw new EncryptedHeader(unpacked.unreadable);
    budget.checkMemory(unpacked.size, 'the header');
    header = new Header(await unpacked.read(0, unpacked.size));
  }
  header.expect(0x01);
  return readHeader(header, source, budget);
}

/** The directory itself cannot be read: usually because it is encrypted. */
export class EncryptedHeader extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'EncryptedHeader';
  }
}

function readHeader(header: Header, source: ByteSource, budget: Budget): readonly SevenZipEntry[] {
  let streams: Streams = { packPosition: 0, packSizes: [], folders: [], substreams: [] };
  for (;;) {
    const id = header.byte();
    if (id === 0x00) return [];
    if (id === 0x02) skipArchiveProperties(header);
    else if (id === 0x03) readStreams(header);
    else if (id === 0x04) streams = readStreams(header);
    else if (id === 0x05) return readFiles(header, streams, source, budget);
    else throw new DamagedStream('7z: the header is damaged');
  }
}

function skipArchiveProperties(header: Header): void {
  while (header.byte() !== 0) header.take(header.number());
}

function readStreams(header: Header): Streams {
  const streams: Streams = { packPosition: 0, packSizes: [], folders: [], substreams: [] };
  for (;;) {
    const id = header.byte();
    if (id === 0x00) break;
    if (id === 0x06) readPackInfo(header, streams);
    else if (id === 0x07) readFolders(header, streams);
    else if (id === 0x08) readSubstreams(header, streams);
    else throw new DamagedStream('7z: the header is damaged');
  }
  if (streams.substreams.length === 0) streams.substreams = streams.folders.map((f) => [finalSize(f)]);
  return streams;
}

function readPackInfo(header: Header, streams: Streams): void {
  streams.packPosition = header.number();
  const count = header.count();
  for (let id = header.byte(); id !== 0x00; id = header.byte()) {
    if (id === 0x09) for (let i = 0; i < count; i += 1) streams.packSizes.push(header.number());
    else if (id === 0x0a) header.digests(count);
    else throw new DamagedStream('7z: the header is damaged');
  }
}

const folderDigests = new WeakMap<Streams, boolean[]>();

function readFolders(header: Header, streams: Streams): void {
  header.expect(0x0b);
  const count = header.count();
  if (header.byte() !== 0) throw new DamagedStream('7z: folders in another stream are not supported');
  for (let i = 0; i < count; i += 1) streams.folders.push(readFolder(header));
  header.expect(0x0c);
  for (const folder of streams.folders) {
    const outputs = folder.coders.reduce((sum, coder) => sum + coder.outputs, 0);
    for (let i = 0; i < outputs; i += 1) folder.unpackSizes.push(header.number());
  }
  for (let id = header.byte(); id !== 0x00; id = header.byte()) {
    if (id !== 0x0a) throw new DamagedStream('7z: the header is damaged');
    folderDigests.set(streams, header.digests(count));
  }
}

function readFolder(header: Header): Folder {
  const coders: Coder[] = [];
  const count = header.number();
  if (count < 1 || count > 32) throw new DamagedStream('7z: a folder of too many coders');
  for (let i = 0; i < count; i += 1) {
    const flags = header.byte();
    const id = Array.from(header.take(flags & 15), (b) => b.toString(16).padStart(2, '0')).join('');
    const inputs = flags & 0x10 ? header.number() : 1;
    const outputs = flags & 0x10 ? header.number() : 1;
    if (inputs > 32 || outputs > 32 || flags & 0x80) throw new DamagedStream('7z: a coder of too many streams');
    const properties = flags & 0x20 ? header.take(header.number()) : new Uint8Array(0);
    coders.push({ id, inputs, outputs, properties });
  }
  const inputs = coders.reduce((sum, coder) => sum + coder.inputs, 0);
  const outputs = coders.reduce((sum, coder) => sum + coder.outputs, 0);
  const bindPairs: Folder['bindPairs'] = [];
  for (let i = 0; i < outputs - 1; i += 1) bindPairs.push({ input: header.number(), output: header.number() });
  const packed = inputs - bindPairs.length;
  const packedInputs: number[] = [];
  if (packed === 1) {
    for (let i = 0; i < inputs; i += 1) if (!bindPairs.some((pair) => pair.input === i)) packedInputs.push(i);
  } else for (let i = 0; i < packed; i += 1) packedInputs.push(header.number());
  return { coders, bindPairs, packedInputs, unpackSizes: [] };
}

function finalSize(folder: Folder): number {
  const last = folder.unpackSizes.findIndex((_, i) => !folder.bindPairs.some((pair) => pair.output === i));
  return folder.unpackSizes[last] ?? 0;
}

function readSubstreams(header: Header, streams: Streams): void {
  let counts = streams.folders.map(() => 1);
  let id = header.byte();
  if (id === 0x0d) {
    counts = streams.folders.map(() => header.count());
    id = header.byte();
  }
  streams.substreams = streams.folders.map((folder, i) => {
    const sizes: number[] = [];
    let left = finalSize(folder);
    for (let k = 0; k + 1 < (counts[i] as number); k += 1) {
      const size = id === 0x09 ? header.number() : 0;
      sizes.push(size);
      left -= size;
    }
    if ((counts[i] as number) > 0) sizes.push(Math.max(0, left));
    return sizes;
  });
  if (id === 0x09) id = header.byte();
  const known = folderDigests.get(streams);
  for (; id !== 0x00; id = header.byte()) {
    if (id !== 0x0a) throw new DamagedStream('7z: the header is damaged');
    let missing = 0;
    for (let i = 0; i < counts.length; i += 1) {
      if (counts[i] !== 1 || !known?.[i]) missing += counts[i] as number;
    }
    header.digests(missing);
  }
}

function readFiles(header: Header, streams: Streams, source: ByteSource, budget: Budget): readonly SevenZipEntry[] {
  const count = header.count();
  budget.spendEntries(count);
  let empty: boolean[] = [];
  let emptyFile: boolean[] = [];
  let names: string[] = [];
  let attributes: (number | undefined)[] = [];
  for (let id = header.byte(); id !== 0x00; id = header.byte()) {
    const field = new Header(header.take(header.number()));
    if (id === 0x0e) empty = field.bits(count);
    else if (id === 0x0f) emptyFile = field.bits(empty.filter(Boolean).length);
    else if (id === 0x11 && field.byte() === 0) names = readNames(field, count);
    else if (id === 0x15) attributes = readAttributes(field, count);
  }
  const contents = streams.substreams.flatMap((sizes, index) => {
    const opened = sizes.length ? openFolder(source, streams, index, budget) : undefined;
    let at = 0;
    return sizes.map((size) => {
      const start = at;
      at += size;
      return { size, opened, start };
    });
  });
  let next = 0;
  let nextEmpty = 0;
  return Array.from({ length: count }, (_, i): SevenZipEntry => {
    const name = names[i] ?? `(${i})`;
    const attribute = attributes[i] ?? 0;
    // p7zip keeps the Unix mode in the upper half and says so by bit 15.
    const isSymlink = (attribute & 0x8000) !== 0 && ((attribute >>> 16) & 0o170000) === 0o120000;
    if (empty[i]) {
      const isDirectory = !emptyFile[nextEmpty];
      nextEmpty += 1;
      return { name, size: 0, isDirectory, isSymlink: false, source: undefined, unreadable: undefined };
    }
    const content = contents[next];
    next += 1;
    const base = { name, size: content?.size ?? 0, isDirectory: false, isSymlink };
    if (!content?.opened) return { ...base, source: undefined, unreadable: 'the header names no data for it' };
    if ('unreadable' in content.opened) return { ...base, source: undefined, unreadable: content.opened.unreadable };
    return {
      ...base,
      source: new WindowByteSource(content.opened, content.start, content.size),
      unreadable: undefined,
    };
  });
}

function readNames(field: Header, count: number): string[] {
  const names: string[] = [];
  const decoder = new TextDecoder('utf-16le');
  const rest = field.bytes.subarray(field.at);
  let start = 0;
  for (let at = 0; at + 1 < rest.length && names.length < count; at += 2) {
    if (rest[at] || rest[at + 1]) continue;
    names.push(decoder.decode(rest.subarray(start, at)));
    start = at + 2;
  }
  return names;
}

function readAttributes(field: Header, count: number): (number | undefined)[] {
  const defined = field.optionalBits(count);
  if (field.byte() !== 0) return [];
  return defined.map((there) => {
    if (!there) return undefined;
    const b = field.take(4);
    return ((b[0] as number) | ((b[1] as number) << 8) | ((b[2] as number) << 16) | ((b[3] as number) << 24)) >>> 0;
  });
}

/** Where the first packed stream of a folder lies. Computed for all folders at once: there may be many. */
function packedStream(streams: Streams, folderIndex: number): { offset: number; size: number } {
  let places = packedStreams.get(streams);
  if (!places) {
    places = [];
    let stream = 0;
    let offset = 32 + streams.packPosition;
    for (const folder of streams.folders) {
      places.push({ offset, size: streams.packSizes[stream] ?? 0 });
      for (const last = stream + folder.packedInputs.length; stream < last; stream += 1) {
        offset += streams.packSizes[stream] ?? 0;
      }
    }
    packedStreams.set(streams, places);
  }
  return places[folderIndex] as { offset: number; size: number };
}

const packedStreams = new WeakMap<Streams, { offset: number; size: number }[]>();

/** The decoded folder, or why it cannot be decoded. */
function openFolder(
  source: ByteSource,
  streams: Streams,
  index: number,
  budget: Budget,
): DecodedByteSource | { unreadable: string } {
  const folder = streams.folders[index] as Folder;
  if (folder.coders.some((coder) => coder.id.startsWith('06f107'))) return { unreadable: 'encrypted' };
  if (folder.packedInputs.length !== 1 || folder.coders.some((c) => c.inputs !== 1 || c.outputs !== 1)) {
    return { unreadable: 'a combination of coders that is not supported' };
  }
  const { offset, size } = packedStream(streams, index);
  const packed = new WindowByteSource(source, offset, size);
  // With one input and one output each, stream i belongs to coder i; follow them from the packed data.
  const chain: number[] = [];
  for (let coder = folder.packedInputs[0] as number; ; ) {
    if (chain.includes(coder) || !folder.coders[coder]) return { unreadable: 'coders that go in a circle' };
    chain.push(coder);
    const pair = folder.bindPairs.find(({ output }) => output === coder);
    if (!pair) break;
    coder = pair.input;
  }
  try {
    const [first, ...others] = chain as [number, ...number[]];
    const decode = codec(folder.coders[first] as Coder, folder.unpackSizes[first]);
    const filters = others.map((i) => filterOf(folder.coders[i] as Coder));
    const whole: Decode = (reader) => {
      let stream = decode(reader);
      for (const make of filters) stream = applyFilter(make(), stream);
      return stream;
    };
    return new DecodedByteSource(packed, whole, budget, finalSize(folder));
  } catch (error) {
    if (error instanceof DamagedStream) return { unreadable: error.message };
    throw error;
  }
}

const copy: Decode = async function* (reader) {
  while (await reader.ensure(1)) yield (await reader.bytes(reader.available)).slice();
};

function codec({ id, properties }: Coder, size: number | undefined): Decode {
  switch (id) {
    case '00':
      return copy;
    case '030101':
      if (properties.length < 5) break;
      return decodeLzma(properties, size);
    case '21':
      return decodeLzma2(properties[0] ?? 41);
    case '040108':
      return inflate();
    case '040109':
      return inflate({ deflate64: true });
    case '040202':
      return decodeBzip2;
    case '04f71101':
      return decodeZstd;
    case '04f71104':
      return decodeLz4;
  }
  throw new DamagedStream(`coder ${id} is not supported`);
}

const FILTERS: Readonly<Record<string, number>> = { '03': 3, '03030103': 4, '03030501': 7, '04': 4, '07': 7 };

/** A filter keeps state, so that each decoding needs its own. */
function filterOf({ id, properties }: Coder): () => Filter {
  const known = FILTERS[id];
  if (known === undefined) throw new DamagedStream(`coder ${id} is not supported`);
  filterById(known, properties);
  return () => filterById(known, properties);
}
