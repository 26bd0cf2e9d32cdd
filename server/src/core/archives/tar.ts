/**
 * Tar archives by random access: only headers are read. Follows POSIX.1-2017 pax, GNU tar's extensions and what Python's
 * tarfile makes of them (pax sizes win over the header's; nothing behind the end mark is read).
 */
import type { Budget } from '../budget';
import type { ByteSource } from '../io/byteSource';
import { WindowByteSource } from '../io/byteSource';

const BLOCK = 512;
/** Long names and pax records: what is larger is no name. */
const META_BYTES = 2 ** 20;
/** Behind the end mark so much is searched for further headers. */
const BEYOND_BYTES = 2 ** 20;
const OCTAL_SIZE_LIMIT = 8 ** 11;

export type TarType =
  | 'file'
  | 'hard-link'
  | 'symlink'
  | 'character-device'
  | 'block-device'
  | 'directory'
  | 'fifo'
  | 'sparse'
  | 'other';

export interface TarEntry {
  readonly name: string;
  readonly type: TarType;
  readonly linkName: string;
  /** Bytes of content in the archive. */
  readonly size: number;
  readonly dataOffset: number;
  readonly headerOffset: number;
  /** Behind the mark that ends the archive: some readers go on, most do not. */
  readonly beyondEnd: boolean;
  /** Header and pax record give different sizes: readers differ on where the next member begins. */
  readonly sizeMismatch: boolean;
  /** The archive ends before the content does. */
  readonly truncated: boolean;
}

export interface TarArchive {
  readonly source: ByteSource;
  readonly entries: readonly TarEntry[];
  /** Why reading stopped before the end mark. */
  readonly damage: string | undefined;
}

/** The content of a member: a window of the archive. Of a sparse one the packed data, without its holes. */
export function openTarEntry(archive: TarArchive, entry: TarEntry): ByteSource {
  return new WindowByteSource(archive.source, entry.dataOffset, entry.size);
}

/** True when a block is a tar header: its checksum, over unsigned or (old Sun) signed bytes, is right. */
export function isTarHeader(block: Uint8Array): boolean {
  if (block.length < BLOCK || block[0] === 0) return false;
  const told = octal(block, 148, 8);
  if (told === undefined) return false;
  let unsigned = 0;
  let signed = 0;
  for (let i = 0; i < BLOCK; i += 1) {
    const byte = i >= 148 && i < 156 ? 0x20 : (block[i] as number);
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  return told === unsigned || told === signed;
}

/** Reads all headers. Damage ends the list and is told; it is never thrown. @throws BudgetExceeded */
export async function readTar(source: ByteSource, budget: Budget): Promise<TarArchive> {
  const entries: TarEntry[] = [];
  const global = new Map<string, string>();
  let local = new Map<string, string>();
  let longName: string | undefined;
  let longLink: string | undefined;
  let at = 0;
  let beyondEnd = false;
  let damage: string | undefined;
  let searched = 0;
  for (let steps = 0; at + BLOCK <= source.size; steps += 1) {
    if (steps % 256 === 0) budget.checkTime();
    if (steps > budget.limits.entries * 4) {
      damage = 'too many headers';
      break;
    }
    const block = (await source.read(at, BLOCK)).slice();
    if (!isTarHeader(block)) {
      // The end mark, or damage. GNU tar with --ignore-zeros, and some libraries, go on behind either.
      if (!beyondEnd && block.some((b) => b !== 0)) damage = `no valid header at offset ${at}`;
      beyondEnd = true;
      searched += BLOCK;
      if (searched > BEYOND_BYTES) break;
      at += BLOCK;
      continue;
    }
    const type = String.fromCharCode(block[156] as number);
    const headerSize = number(block, 124, 12);
    if (headerSize === undefined || headerSize < 0) {
      damage = `a size that is no number at offset ${at}`;
      break;
    }
    const dataOffset = at + BLOCK;
    if (type === 'x' || type === 'X' || type === 'g' || type === 'L' || type === 'K') {
      if (headerSize > META_BYTES) {
        damage = `a name or record of ${headerSize} bytes`;
        break;
      }
      const meta = await source.read(dataOffset, headerSize);
      if (type === 'L') longName = cString(meta, 0, meta.length);
      else if (type === 'K') longLink = cString(meta, 0, meta.length);
      else if (type === 'g') for (const [key, value] of paxRecords(meta)) global.set(key, value);
      else local = new Map(paxRecords(meta));
      at = dataOffset + padded(headerSize);
      continue;
    }
    const pax = (key: string) => local.get(key) ?? global.get(key);
    const paxSize = pax('size');
    const told = paxSize !== undefined && /^\d{1,15}$/.test(paxSize) ? Number(paxSize) : undefined;
    const kind = typeOf(type, block, pax);
    const own = told ?? headerSize;
    const hasData = kind === 'file' || kind === 'sparse' || kind === 'other' || (kind === 'hard-link' && own > 0);
    const size = hasData ? own : 0;
    let dataStart = dataOffset;
    if (type === 'S')
      for (let more = block[482]; more; ) {
        const extension = await source.read(dataStart, BLOCK);
        if (extension.length < BLOCK) break;
        dataStart += BLOCK;
        more = extension[504];
      }
    const name = pax('GNU.sparse.name') ?? pax('path') ?? longName ?? ustarName(block);
    // A hard link's size is that of the other member in most archives, and its data is not there.
    const linkHasData = kind !== 'hard-link' || !(await isHeaderOrEnd(source, dataStart));
    const content = linkHasData ? size : 0;
    entries.push({
      name,
      type: kind,
      linkName: pax('linkpath') ?? longLink ?? cString(block, 157, 100),
      size: content,
      dataOffset: dataStart,
      headerOffset: at,
      beyondEnd,
      sizeMismatch: told !== undefined && told !== headerSize && told < OCTAL_SIZE_LIMIT,
      truncated: dataStart + content > source.size,
    });
    at = dataStart + padded(content);
    local = new Map();
    longName = undefined;
    longLink = undefined;
    if (entries.length >= budget.limits.entries) {
      damage = `only the first ${entries.length} members were looked at`;
      break;
    }
  }
  return { source, entries, damage };
}

async function isHeaderOrEnd(source: ByteSource, offset: number): Promise<boolean> {
  const block = await source.read(offset, BLOCK);
  return block.every((b) => b === 0) || isTarHeader(block);
}

function typeOf(type: string, block: Uint8Array, pax: (key: string) => string | undefined): TarType {
  switch (type) {
    case '0':
    case '7':
    case '\0':
      if (pax('GNU.sparse.major') !== undefined || pax('GNU.sparse.map') !== undefined) return 'sparse';
      // Version 7 tar marks a folder by its name alone.
      return type === '\0' && ustarName(block).endsWith('/') ? 'directory' : 'file';
    case '1':
      return 'hard-link';
    case '2':
      return 'symlink';
    case '3':
      return 'character-device';
    case '4':
      return 'block-device';
    case '5':
    case 'D':
      return 'directory';
    case '6':
      return 'fifo';
    case 'S':
      return 'sparse';
    default:
      return 'other';
  }
}

function ustarName(block: Uint8Array): string {
  const name = cString(block, 0, 100);
  const isUstar = cString(block, 257, 6) === 'ustar';
  const prefix = isUstar ? cString(block, 345, 155) : '';
  return prefix ? `${prefix}/${name}` : name;
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

function cString(bytes: Uint8Array, start: number, length: number): string {
  const field = bytes.subarray(start, start + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

function octal(block: Uint8Array, start: number, length: number): number | undefined {
  const text = cString(block, start, length).trim();
  if (text === '') return 0;
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

/** Octal, or base 256 when the first bit is set (GNU). */
function number(block: Uint8Array, start: number, length: number): number | undefined {
  const first = block[start] as number;
  if (!(first & 0x80)) return octal(block, start, length);
  if (first & 0x40) return undefined;
  let value = first & 0x3f;
  for (let i = 1; i < length; i += 1) value = value * 256 + (block[start + i] as number);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Records of the form `length key=value\n`; what does not fit ends the list. */
function* paxRecords(bytes: Uint8Array): Generator<[string, string]> {
  const decoder = new TextDecoder();
  for (let at = 0; at < bytes.length; ) {
    let space = at;
    while (space < bytes.length && space - at < 10 && bytes[space] !== 0x20) space += 1;
    const length = Number(decoder.decode(bytes.subarray(at, space)));
    if (!Number.isInteger(length) || length < 5 || at + length > bytes.length) return;
    const record = decoder.decode(bytes.subarray(space + 1, at + length - 1));
    const equals = record.indexOf('=');
    if (equals > 0) yield [record.slice(0, equals), record.slice(equals + 1)];
    at += length;
  }
}
