import type { Budget } from '../../budget';
import type { ByteSource } from '../../io/byteSource';
import type { RarContents, RarEntry } from './archive';

const MAIN = 0x73;
const FILE = 0x74;
const SERVICE = 0x7a;
const END = 0x7b;
const HAS_DATA = 0x8000;
const LARGE = 0x100;
const UNIX = 3;
const STORED = 0x30;

/** Headers of the layout of RAR 1.5 to 4.x, from the one behind the signature on. */
export async function readRar4(source: ByteSource, start: number, into: RarContents, budget: Budget): Promise<void> {
  const stop = (reason: string, offset: number) => {
    into.stopped = { reason, offset };
    into.end = Math.min(offset, source.size);
  };
  for (let at = start; at < source.size; ) {
    budget.checkTime();
    const fixed = await source.read(at, 11);
    if (fixed.length < 7) return stop('the archive ends inside a header', at);
    const type = fixed[2] as number;
    const flags = u16(fixed, 3);
    const size = u16(fixed, 5);
    if (size < 7 || type < 0x72 || type > 0x7b) return stop('no header where one must be', at);
    const header = await source.read(at, size);
    if (header.length < size) return stop('the archive ends inside a header', at);
    const isFile = type === FILE || type === SERVICE;
    if (isFile && size < 32) return stop('a header is too short', at);
    let data = isFile || flags & HAS_DATA ? (size >= 11 ? u32(header, 7) : 0) : 0;
    if (isFile && flags & LARGE && size >= 40) data += u32(header, 32) * 2 ** 32;
    if (type === MAIN) {
      into.isVolume = (flags & 1) !== 0;
      if (flags & 0x80) return stop('the headers are encrypted', at);
    } else if (isFile) {
      budget.spendEntries();
      const entry = readFile(header, flags, at, data);
      if (type === FILE) into.entries.push(entry.file);
      else noteService(entry, into);
    } else if (type === END) {
      into.end = Math.min(source.size, at + size);
      return;
    }
    at += size + data;
    if (at > source.size) return stop('the archive ends inside a member', source.size);
    into.end = at;
  }
}

function readFile(
  header: Uint8Array,
  flags: number,
  headerOffset: number,
  packedSize: number,
): { file: RarEntry; rest: Uint8Array } {
  const large = (flags & LARGE) !== 0 && header.length >= 40;
  const nameAt = large ? 40 : 32;
  const nameEnd = Math.min(header.length, nameAt + u16(header, 26));
  const size = u32(header, 11) + (large ? u32(header, 36) * 2 ** 32 : 0);
  const attributes = u32(header, 28);
  const isUnix = header[15] === UNIX;
  const method = (header[25] as number) - STORED;
  const dictionary = (flags >> 5) & 7;
  const file: RarEntry = {
    name: readName(header.subarray(nameAt, nameEnd), (flags & 0x200) !== 0),
    size: size >= 2 ** 63 || (!large && size === 0xffffffff) ? undefined : size,
    packedSize,
    headerOffset,
    dataOffset: headerOffset + header.length,
    isDirectory: dictionary === 7 || (isUnix ? (attributes & 0xf000) === 0x4000 : (attributes & 0x10) !== 0),
    method: method < 0 ? 0 : method,
    version: header[24] as number,
    dictionary: 2 ** (16 + dictionary),
    solid: (flags & 0x10) !== 0,
    encrypted: (flags & 4) !== 0,
    split: (flags & 3) !== 0,
    crc32: u32(header, 16),
    link: isUnix && (attributes & 0xf000) === 0xa000 ? { kind: 'symlink', target: undefined } : undefined,
  };
  return { file, rest: header.subarray(nameEnd + (flags & 0x400 ? 8 : 0)) };
}

function noteService({ file, rest }: { file: RarEntry; rest: Uint8Array }, into: RarContents): void {
  if (file.name === 'STM') {
    const name = new TextDecoder('utf-16le').decode(rest.subarray(0, rest.length & ~1));
    into.streams.push({ name, member: into.entries.at(-1)?.name ?? '', headerOffset: file.headerOffset });
  } else if (file.name === 'CMT' && file.method === 0 && !file.encrypted) {
    into.comment = { offset: file.dataOffset, size: file.packedSize };
  }
}

/** A name in the code page of the host, and behind a NUL the same in the packed form of UTF-16; without the NUL it is UTF-8. */
function readName(bytes: Uint8Array, isUnicode: boolean): string {
  if (!isUnicode) return new TextDecoder('latin1').decode(bytes);
  const nul = bytes.indexOf(0);
  if (nul < 0) return new TextDecoder().decode(bytes);
  const plain = bytes.subarray(0, nul);
  const packed = bytes.subarray(nul + 1);
  const high = (packed[0] ?? 0) << 8;
  const units: number[] = [];
  let at = 1;
  let flags = 0;
  let bits = 0;
  while (at < packed.length && units.length < 65536) {
    if (bits === 0) {
      flags = packed[at] as number;
      at += 1;
      bits = 8;
    }
    const kind = (flags >> 6) & 3;
    if (kind === 3) {
      const length = packed[at] ?? 0;
      at += 1;
      const corrected = (length & 0x80) !== 0;
      const correction = corrected ? (packed[at] ?? 0) : 0;
      if (corrected) at += 1;
      for (let left = (length & 0x7f) + 2; left > 0; left -= 1) {
        const byte = plain[units.length] ?? 0;
        units.push(corrected ? ((byte + correction) & 255) | high : byte);
      }
    } else {
      const low = packed[at] ?? 0;
      units.push(kind === 0 ? low : kind === 1 ? low | high : low | ((packed[at + 1] ?? 0) << 8));
      at += kind === 2 ? 2 : 1;
    }
    flags = (flags << 2) & 255;
    bits -= 2;
  }
  return String.fromCharCode(...units);
}

function u16(b: Uint8Array, at: number): number {
  return ((b[at] ?? 0) | ((b[at + 1] ?? 0) << 8)) >>> 0;
}

function u32(b: Uint8Array, at: number): number {
  return (u16(b, at) | (u16(b, at + 2) << 16)) >>> 0;
}
