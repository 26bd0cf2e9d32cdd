/** Pickles put together opcode by opcode, so that a test says exactly which bytes it means. */

import { scanFile } from '../../../src/core/engine';
import type { ArtifactReport, Finding, Severity } from '../../../src/core/finding';
import { FORMATS } from '../../../src/core/formats';
import { MemoryByteSource } from '../../../src/core/io/byteSource';
import { DEFAULT_SETTINGS, type ScanSettings } from '../../../src/core/settings';

export type Part = Uint8Array | number | string;

const encoder = new TextEncoder();

/** Numbers are bytes, strings stand for their UTF-8 bytes. */
export function bytes(...parts: Part[]): Uint8Array {
  const pieces = parts.map((part) =>
    typeof part === 'number' ? Uint8Array.of(part) : typeof part === 'string' ? encoder.encode(part) : part,
  );
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

function little(value: number, width: number): Uint8Array {
  const out = new Uint8Array(width);
  for (let i = 0, rest = value; i < width; i += 1, rest = Math.floor(rest / 256)) out[i] = rest % 256;
  return out;
}

export const u32 = (value: number): Uint8Array => little(value, 4);
export const u64 = (value: number): Uint8Array => little(value, 8);
export const proto = (version: number): Uint8Array => bytes(0x80, version);
export const STOP = 0x2e;
export const MARK = 0x28;
export const REDUCE = 0x52;
export const MEMOIZE = 0x94;
export const POP = 0x30;
/** SHORT_BINUNICODE. */
export const text = (value: string): Uint8Array => {
  const encoded = encoder.encode(value);
  return bytes(0x8c, encoded.length, encoded);
};
/** BINUNICODE. */
export const longText = (value: string): Uint8Array => {
  const encoded = encoder.encode(value);
  return bytes('X', u32(encoded.length), encoded);
};
/** BINBYTES. */
export const blob = (value: Uint8Array): Uint8Array => bytes('B', u32(value.length), value);
/** Protocol 0 GLOBAL. */
export const global = (module: string, name: string): Uint8Array => bytes(`c${module}\n${name}\n`);
/** Two strings and STACK_GLOBAL. */
export const stackGlobal = (module: string, name: string): Uint8Array => bytes(text(module), text(name), 0x93);
/** Up to three values as a tuple. */
export const tuple = (...items: Uint8Array[]): Uint8Array =>
  items.length === 0
    ? bytes(')')
    : items.length <= 3
      ? bytes(...items, 0x84 + items.length)
      : bytes(MARK, ...items, 't');
export const call = (fn: Uint8Array, ...args: Uint8Array[]): Uint8Array => bytes(fn, tuple(...args), REDUCE);
export const pickle = (...parts: Part[]): Uint8Array => bytes(proto(4), ...parts, STOP);
/** The payload of most tests; nothing here is ever loaded. */
export const payload = (): Uint8Array => call(stackGlobal('os', 'system'), text('echo hello'));
export const evil = (): Uint8Array => pickle(payload());

export const RANK: Record<Severity, number> = { info: 0, low: 1, medium: 2, high: 3, critical: 4 };

export async function scan(
  content: Uint8Array,
  name = 'model.pkl',
  settings: Partial<ScanSettings> = {},
): Promise<ArtifactReport | undefined> {
  return scanFile(name, new MemoryByteSource(content), {
    settings: { ...DEFAULT_SETTINGS, ...settings },
    formats: FORMATS,
  });
}

export async function findings(content: Uint8Array, name = 'model.pkl'): Promise<Finding[]> {
  return (await scan(content, name))?.findings ?? [];
}

/** -1 when there is no finding at all. */
export async function worst(content: Uint8Array, name = 'model.pkl'): Promise<number> {
  return Math.max(-1, ...(await findings(content, name)).map(({ severity }) => RANK[severity]));
}

/** A zip of stored members, in this order, duplicates allowed. */
export function zip(members: readonly (readonly [name: string, content: Uint8Array])[]): Uint8Array {
  const local: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let offset = 0;
  for (const [name, content] of members) {
    const encoded = encoder.encode(name);
    const crc = u32(crc32(content));
    const common = bytes(
      little(0, 2),
      little(0, 2),
      little(0, 2),
      little(0x21, 2),
      crc,
      u32(content.length),
      u32(content.length),
      little(encoded.length, 2),
      little(0, 2),
    );
    const header = bytes('PK', 3, 4, little(20, 2), common, encoded, content);
    central.push(
      bytes(
        'PK',
        1,
        2,
        little(20, 2),
        little(20, 2),
        common,
        little(0, 2),
        little(0, 2),
        little(0, 2),
        u32(0),
        u32(offset),
        encoded,
      ),
    );
    local.push(header);
    offset += header.length;
  }
  const directory = bytes(...central);
  return bytes(
    ...local,
    directory,
    'PK',
    5,
    6,
    u32(0),
    little(members.length, 2),
    little(members.length, 2),
    u32(directory.length),
    u32(offset),
    little(0, 2),
  );
}

function crc32(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let k = 0; k < 8; k += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
