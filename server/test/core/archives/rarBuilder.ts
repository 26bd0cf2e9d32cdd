import { bytesOf, integer } from '../models/scanBytes';
import { concat, crcOf, text } from './builders';

/** A member to build. Of packed data the caller gives the bytes; without them it is stored. */
export interface RarPart {
  name: string;
  data?: Uint8Array;
  packed?: Uint8Array;
  solid?: boolean;
  directory?: boolean;
  /** RAR 5: redirection records, `[kind, target]`; 1 is a symbolic link, 4 a hard link. */
  redirect?: [kind: number, target: string];
  encrypted?: boolean;
  split?: boolean;
  /** Claimed instead of the true size. */
  size?: number;
  /** RAR 4: version needed, method and attributes of a Unix host. */
  version?: number;
  method?: number;
  mode?: number;
  /** An NTFS stream of the member before it, with this name. */
  stream?: string;
  /** Name field of RAR 4 as it stands, when it is the packed form of UTF-16. */
  rawName?: Uint8Array;
}

export function vint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) out.push((rest % 128) | 0x80);
  out.push(rest);
  return out;
}

function block5(type: number, flags: number, fields: Uint8Array, extra: Uint8Array, data: Uint8Array): Uint8Array {
  const all = flags | (extra.length ? 1 : 0) | (data.length ? 2 : 0);
  const body = bytesOf(
    vint(type),
    vint(all),
    extra.length ? vint(extra.length) : [],
    data.length ? vint(data.length) : [],
    fields,
    extra,
  );
  const sized = bytesOf(vint(body.length), body);
  return concat([integer(crcOf(sized), 4), sized, data]);
}

const extraRecord = (type: number, ...content: (number[] | Uint8Array)[]) => {
  const body = bytesOf(vint(type), ...content);
  return bytesOf(vint(body.length), body);
};

/** An archive in the layout of RAR 5. */
export function buildRar5(
  parts: readonly RarPart[],
  { encryptedHeaders = false, end = true, volume = false, dictionary = 3 } = {},
): Uint8Array {
  const none = new Uint8Array(0);
  const archiveFlags = (volume ? 1 : 0) | (parts.some(({ solid }) => solid) ? 4 : 0);
  const blocks = [text('Rar!\u001a\u0007\u0001\u0000'), block5(1, 0, bytesOf(vint(archiveFlags)), none, none)];
  if (encryptedHeaders) blocks.push(block5(4, 0, bytesOf(vint(0), vint(0), 15, new Uint8Array(16)), none, none));
  for (const part of encryptedHeaders ? [] : parts) {
    const name = text(part.stream !== undefined ? 'STM' : part.name);
    const data = part.data ?? none;
    const packed = part.packed ?? data;
    const method = part.packed ? 3 : 0;
    const fields = bytesOf(
      vint((part.directory ? 1 : 0) | 4),
      vint(part.size ?? data.length),
      vint(0),
      integer(crcOf(data), 4),
      vint((part.solid ? 0x40 : 0) | (method << 7) | (dictionary << 10)),
      vint(1),
      vint(name.length),
      name,
    );
    const extra = concat([
      ...(part.encrypted ? [extraRecord(1, vint(0), vint(0), [15], new Uint8Array(32))] : []),
      ...(part.redirect
        ? [extraRecord(5, vint(part.redirect[0]), vint(0), vint(text(part.redirect[1]).length), text(part.redirect[1]))]
        : []),
      ...(part.stream !== undefined ? [extraRecord(7, text(part.stream))] : []),
    ]);
    blocks.push(block5(part.stream !== undefined ? 3 : 2, part.split ? 0x10 : 0, fields, extra, packed));
  }
  if (end) blocks.push(block5(5, 0, bytesOf(vint(0)), none, none));
  return concat(blocks);
}

function block4(type: number, flags: number, fields: Uint8Array, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const header = bytesOf(type, integer(flags, 2), integer(fields.length + 7, 2), fields);
  return concat([integer(crcOf(header) & 0xffff, 2), header, data]);
}

/** An archive in the layout of RAR 1.5 to 4.x, written on Unix. */
export function buildRar4(parts: readonly RarPart[], { encryptedHeaders = false, end = true } = {}): Uint8Array {
  const blocks = [text('Rar!\u001a\u0007\u0000'), block4(0x73, encryptedHeaders ? 0x80 : 0, new Uint8Array(6))];
  for (const part of encryptedHeaders ? [] : parts) {
    const isStream = part.stream !== undefined;
    const name = part.rawName ?? text(isStream ? 'STM' : part.name);
    const data = part.data ?? new Uint8Array(0);
    const packed = part.packed ?? data;
    const fields = bytesOf(
      integer(packed.length, 4),
      integer(part.size ?? data.length, 4),
      3,
      integer(crcOf(data), 4),
      integer(0, 4),
      part.version ?? 29,
      part.method ?? (part.packed ? 0x33 : 0x30),
      integer(name.length, 2),
      integer(part.mode ?? (part.directory ? 0o40755 : 0o100644), 4),
      name,
      isStream ? new Uint8Array(Buffer.from(part.stream as string, 'utf16le')) : [],
    );
    const flags =
      0x8000 |
      (part.directory ? 0xe0 : 0) |
      (part.rawName ? 0x200 : 0) |
      (part.encrypted ? 4 : 0) |
      (part.split ? 2 : 0) |
      (part.solid ? 0x10 : 0);
    blocks.push(block4(isStream ? 0x7a : 0x74, flags, fields, packed));
  }
  if (end) blocks.push(block4(0x7b, 0x4000, new Uint8Array(0)));
  return concat(blocks);
}

export type RarToken =
  | { literal: number }
  | { length: number; distance: number }
  /** The last match once more. */
  | { again: true }
  /** An older distance with a new length. */
  | { old: 0 | 1 | 2 | 3; length: number }
  | { filter: 0 | 1 | 2 | 3; start: number; length: number; channels?: number };

class BitWriter {
  readonly #bytes: number[] = [];
  bitCount = 0;

  write(value: number, count: number): void {
    for (let i = count - 1; i >= 0; i -= 1) {
      if (this.bitCount % 8 === 0) this.#bytes.push(0);
      const last = this.#bytes.length - 1;
      if ((value >> i) & 1) this.#bytes[last] = (this.#bytes[last] as number) | (0x80 >> (this.bitCount % 8));
      this.bitCount += 1;
    }
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

/** A complete code in which the first symbols are one bit shorter than the others. */
interface TestCode {
  count: number;
  short: number;
  bits: number;
}

const OWN: TestCode = { count: 20, short: 12, bits: 4 };
const LITERALS: TestCode = { count: 306, short: 206, bits: 8 };
const DISTANCES: TestCode = { count: 64, short: 64, bits: 6 };
const LOW: TestCode = { count: 16, short: 16, bits: 4 };
const REPEATS: TestCode = { count: 44, short: 20, bits: 5 };

const lengthsOf = ({ count, short, bits }: TestCode) =>
  Array.from({ length: count }, (_, i) => (i < short ? bits : bits + 1));

function put(writer: BitWriter, { short, bits }: TestCode, symbol: number): void {
  if (symbol < short) writer.write(symbol, bits);
  else writer.write(short * 2 + symbol - short, bits + 1);
}

function slotOf(length: number): { slot: number; extra: number; rest: number } {
  for (let slot = 0; ; slot += 1) {
    const extra = slot < 8 ? 0 : (slot >> 2) - 1;
    const base = slot < 8 ? slot + 2 : 2 + (4 | (slot & 3)) * 2 ** extra;
    if (length < base + 2 ** extra) return { slot, extra, rest: length - base };
  }
}

function putToken(writer: BitWriter, token: RarToken): void {
  if ('literal' in token) put(writer, LITERALS, token.literal);
  else if ('again' in token) put(writer, LITERALS, 257);
  else if ('old' in token) {
    put(writer, LITERALS, 258 + token.old);
    const { slot, extra, rest } = slotOf(token.length);
    put(writer, REPEATS, slot);
    writer.write(rest, extra);
  } else if ('filter' in token) {
    put(writer, LITERALS, 256);
    for (const value of [token.start, token.length]) {
      const count = Math.max(1, Math.ceil(Math.log2(value + 1) / 8));
      writer.write(count - 1, 2);
      for (let i = 0; i < count; i += 1) writer.write((value >> (8 * i)) & 255, 8);
    }
    writer.write(token.filter, 3);
    if (token.filter === 0) writer.write((token.channels ?? 1) - 1, 5);
  } else {
    const { length, distance } = token;
    const told = length - (distance > 0x100 ? 1 : 0) - (distance > 0x2000 ? 1 : 0) - (distance > 0x40000 ? 1 : 0);
    const { slot, extra, rest } = slotOf(told);
    put(writer, LITERALS, 262 + slot);
    writer.write(rest, extra);
    const value = distance - 1;
    if (value < 4) {
      put(writer, DISTANCES, value);
      return;
    }
    const bits = Math.floor(Math.log2(value)) - 1;
    const high = Math.floor(value / 2 ** bits);
    put(writer, DISTANCES, bits * 2 + 2 + (high & 1));
    const low = value % 2 ** bits;
    if (bits < 4) writer.write(low, bits);
    else {
      writer.write(Math.floor(low / 16), bits - 4);
      put(writer, LOW, low % 16);
    }
  }
}

/** Blocks of the compression of RAR 5; the first has the codes. */
export function pack5(blocks: readonly (readonly RarToken[])[], { codes = true } = {}): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const [index, tokens] of blocks.entries()) {
    const writer = new BitWriter();
    const hasCodes = codes && index === 0;
    if (hasCodes) {
      for (const length of lengthsOf(OWN)) writer.write(length, 4);
      for (const table of [LITERALS, DISTANCES, LOW, REPEATS])
        for (const length of lengthsOf(table)) put(writer, OWN, length);
    }
    for (const token of tokens) putToken(writer, token);
    const body = writer.bytes();
    const lastBits = ((writer.bitCount + 7) % 8) + 1;
    const isLast = index === blocks.length - 1;
    const sizeBytes = body.length < 256 ? 1 : body.length < 65536 ? 2 : 3;
    const flags = (lastBits - 1) | ((sizeBytes - 1) << 3) | (isLast ? 0x40 : 0) | (hasCodes ? 0x80 : 0);
    const size = integer(body.length, sizeBytes);
    const sum = size.reduce((acc, byte) => acc ^ byte, 0x5a ^ flags);
    pieces.push(bytesOf(flags, sum, size), body);
  }
  return concat(pieces);
}

export const literals = (value: string | Uint8Array): RarToken[] =>
  Array.from(typeof value === 'string' ? text(value) : value, (literal) => ({ literal }));
