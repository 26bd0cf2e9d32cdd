import { scanFile } from '../../../src/core/engine';
import type { ArtifactReport } from '../../../src/core/finding';
import { FORMATS } from '../../../src/core/formats';
import { MemoryByteSource } from '../../../src/core/io/byteSource';
import type { Companions, Format } from '../../../src/core/scanner';
import { DEFAULT_SETTINGS } from '../../../src/core/settings';

/** Scans bytes as the file `name`, through the same door as every file. @throws Error when no format claims them */
export async function scanBytes(
  name: string,
  bytes: Uint8Array | string,
  { formats = FORMATS, companions }: { formats?: readonly Format[]; companions?: Companions } = {},
): Promise<ArtifactReport> {
  const source = new MemoryByteSource(typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes);
  const report = await scanFile(name, source, { settings: DEFAULT_SETTINGS, formats }, companions);
  if (!report) throw new Error(`no format claims ${name}`);
  return report;
}

/** `severity ruleId` of every finding, sorted; the note that a name promises something else has tests of its own. */
export function verdicts(report: ArtifactReport): string[] {
  return report.findings
    .filter((f) => f.ruleId !== 'coverage/extension-mismatch')
    .map((f) => `${f.severity} ${f.ruleId}`)
    .sort();
}

/** Bytes of numbers, strings (UTF-8) and byte arrays in a row. */
export function bytesOf(...parts: readonly (number | string | Uint8Array | readonly number[])[]): Uint8Array {
  const encoder = new TextEncoder();
  const pieces = parts.map((p) => (typeof p === 'number' ? [p] : typeof p === 'string' ? encoder.encode(p) : p));
  return Uint8Array.from(pieces.flatMap((p) => [...p]));
}

/** Little-endian or big-endian unsigned integer of `size` bytes. */
export function integer(value: number | bigint, size: number, littleEndian = true): Uint8Array {
  const out = new Uint8Array(size);
  let rest = BigInt.asUintN(size * 8, BigInt(value));
  for (let i = 0; i < size; i += 1) {
    out[littleEndian ? i : size - 1 - i] = Number(rest & 255n);
    rest >>= 8n;
  }
  return out;
}
