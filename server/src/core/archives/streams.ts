import type { Budget } from '../budget';
import type { ByteSource } from '../io/byteSource';
import { MemoryByteSource } from '../io/byteSource';
import { ByteReader, UnexpectedEnd } from '../io/reader';
import type { Probe } from '../scanner';
import { decodeBrotli } from './brotli';
import { decodeBzip2 } from './bzip2';
import { DamagedStream, type Decode, DecodedByteSource } from './decoded';
import { inflate } from './inflate';
import { decodeLz4 } from './lz4';
import { decodeLzip, decodeLzmaAlone, decodeXz } from './lzma';
import { decodeLzw, isLzw } from './lzw';
import { decodeZstd } from './zstd';

export type StreamKind =
  | 'gzip'
  | 'zlib'
  | 'deflate'
  | 'bzip2'
  | 'xz'
  | 'lzma'
  | 'zstd'
  | 'lz4'
  | 'lzip'
  | 'unix-compress'
  | 'brotli'
  | 'joblib-zf';

/** gzip (RFC 1952), several members in a row. As Python's gzip, zero bytes between members are passed over. */
const decodeGzip: Decode = async function* (reader) {
  const body = inflate();
  for (let first = true; ; first = false) {
    let mark = reader.position;
    while (!first && (await reader.ensure(1)) && reader.buffer[reader.index] === 0) {
      reader.index += 1;
      mark = reader.position;
    }
    const there = await reader.ensure(10);
    const head = reader.buffer.subarray(reader.index, reader.index + 10);
    if (!there || head[0] !== 0x1f || head[1] !== 0x8b || head[2] !== 8) {
      if (first) throw new DamagedStream('gzip: no member header');
      reader.seek(mark);
      return;
    }
    const flags = head[3] as number;
    reader.skip(10);
    if (flags & 4) {
      const extra = await reader.u16();
      reader.skip(extra);
    }
    for (const bit of [8, 16]) {
      if (!(flags & bit)) continue;
      for (let length = 0; (await reader.u8()) !== 0; length += 1) {
        if (length > 65536) throw new DamagedStream('gzip: the name in the header has no end');
      }
    }
    if (flags & 2) reader.skip(2);
    yield* body(reader);
    reader.skip(8);
  }
};

/** zlib (RFC 1950). The checksum at the end is passed over. */
const decodeZlib: Decode = async function* (reader) {
  const method = await reader.u8();
  const flags = await reader.u8();
  if ((method & 15) !== 8 || (method * 256 + flags) % 31 !== 0) throw new DamagedStream('zlib: no header');
  if (flags & 0x20) throw new DamagedStream('zlib: needs a preset dictionary');
  yield* inflate()(reader);
  reader.skip(4);
};

/** joblib up to 0.9: `ZF`, the size in hexadecimal padded to 19 characters (20 in joblib 0.8 of Python 2), zlib data. */
const decodeJoblibZf: Decode = async function* (reader) {
  reader.skip(21);
  if ((await reader.u8()) !== 0x20) reader.seek(reader.position - 1);
  yield* decodeZlib(reader);
};

const DECODERS: Record<StreamKind, Decode> = {
  gzip: decodeGzip,
  zlib: decodeZlib,
  deflate: inflate(),
  bzip2: decodeBzip2,
  xz: decodeXz,
  lzma: decodeLzmaAlone,
  zstd: decodeZstd,
  lz4: decodeLz4,
  lzip: decodeLzip,
  'unix-compress': decodeLzw,
  brotli: decodeBrotli,
  'joblib-zf': decodeJoblibZf,
};

/**
 * What a compressed stream decodes to, decoded as it is read. Its size is unknown until the end: call
 * `measure(limit)` first where `size` matters.
 */
export function openStream(source: ByteSource, kind: StreamKind, budget: Budget): DecodedByteSource {
  return new DecodedByteSource(source, DECODERS[kind], budget);
}

/** Which stream a file is, by its magic; zlib and LZMA, which have nearly none, by decoding their beginning, once a file. */
export function streamKindOf(probe: Probe): StreamKind | undefined | Promise<StreamKind | undefined> {
  const { head } = probe;
  const kind = kindByMagic(head);
  if (kind || !(looksLikeZlib(head) || looksLikeLzma(head))) return kind;
  return probe.once('stream-kind', () => kindByDecoding(head, probe.size));
}

function kindByMagic(head: Uint8Array): StreamKind | undefined {
  if (startsWith(head, 0x1f, 0x8b, 0x08)) return 'gzip';
  if (startsWith(head, 0x42, 0x5a, 0x68) && isBzip2Block(head)) return 'bzip2';
  if (startsWith(head, 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)) return 'xz';
  if (startsWith(head, 0x28, 0xb5, 0x2f, 0xfd)) return 'zstd';
  if (startsWith(head, 0x04, 0x22, 0x4d, 0x18) || startsWith(head, 0x02, 0x21, 0x4c, 0x18)) return 'lz4';
  if (startsWith(head, 0x4c, 0x5a, 0x49, 0x50, 0x01)) return 'lzip';
  if (isLzw(head)) return 'unix-compress';
  if ((head[0] as number) >> 4 === 5 && startsWith(head.subarray(1), 0x2a, 0x4d, 0x18)) return skippable(head);
  return startsWith(head, 0x5a, 0x46, 0x30, 0x78) ? 'joblib-zf' : undefined;
}

async function kindByDecoding(head: Uint8Array, size: number): Promise<StreamKind | undefined> {
  if (looksLikeZlib(head) && (await decodes(head, size, decodeZlib))) return 'zlib';
  if (looksLikeLzma(head) && (await decodes(head, size, decodeLzmaAlone))) return 'lzma';
  return undefined;
}

/** A skippable frame belongs to Zstandard and to LZ4 alike; what follows decides. */
function skippable(head: Uint8Array): StreamKind | undefined {
  if (head.length < 12) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const next = 8 + view.getUint32(4, true);
  return next + 4 <= head.length && view.getUint32(next, true) === 0x184d2204 ? 'lz4' : 'zstd';
}

function isBzip2Block(head: Uint8Array): boolean {
  const rest = head.subarray(4);
  return (
    (head[3] as number) >= 0x31 &&
    (head[3] as number) <= 0x39 &&
    (startsWith(rest, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59) || startsWith(rest, 0x17, 0x72, 0x45, 0x38, 0x50, 0x90))
  );
}

function looksLikeZlib(head: Uint8Array): boolean {
  const method = head[0] ?? 0;
  const flags = head[1] ?? 0;
  return (
    head.length >= 8 && (method & 15) === 8 && method >> 4 <= 7 && (method * 256 + flags) % 31 === 0 && !(flags & 0x20)
  );
}

/** As `xz --format=auto` decides: sane properties, a dictionary of 2^n or 2^n + 2^(n-1), a size that is unknown or below 256 GiB. */
function looksLikeLzma(head: Uint8Array): boolean {
  if (head.length < 14 || (head[0] as number) >= 225 || head[13] !== 0) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const dictionary = view.getUint32(1, true);
  const size = view.getBigUint64(5, true);
  if (size !== 0xffffffffffffffffn && size >= 1n << 38n) return false;
  if (dictionary === 0xffffffff) return true;
  if (dictionary < 4096) return false;
  const top = 2 ** Math.floor(Math.log2(dictionary));
  return dictionary === top || dictionary === top + top / 2;
}

/**
 * Whether a stream without a magic is one: a whole file must decode to its very end, of a longer one the head must
 * decode to something of some length.
 */
async function decodes(head: Uint8Array, size: number, decode: Decode): Promise<boolean> {
  const reader = new ByteReader(new MemoryByteSource(head), 0, head.length);
  let produced = 0;
  try {
    for await (const piece of decode(reader)) {
      produced += piece.length;
      if (produced > 2 ** 20) return true;
    }
  } catch (error) {
    if (error instanceof UnexpectedEnd) return size > head.length && produced > 64;
    if (error instanceof DamagedStream) return false;
    throw error;
  }
  // A stream that ends long before the file does is chance, or has something appended; the checksum told them apart here.
  return produced > 0 && (reader.position >= size - 4 || size > head.length);
}

function startsWith(bytes: Uint8Array, ...magic: number[]): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}
