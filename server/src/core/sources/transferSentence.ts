import type { TransferStats } from './source';

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;

/** How much of a remote source was read, in words: what was not read must not pass for looked at. */
export function transferSentence({
  read,
  requests,
  ofBytes,
}: Omit<TransferStats, 'bytes'> & { ofBytes: number }): string {
  const count = `${requests} ${requests === 1 ? 'request' : 'requests'}`;
  if (read >= ofBytes) return `scanned in full: ${size(ofBytes)} (${count})`;
  return `structure scanned: ${size(read)} of ${size(ofBytes)} (${count})`;
}

/** Decimal units, as storage and networks are measured. */
function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}
