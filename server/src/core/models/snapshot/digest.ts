import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** Tells sets of names apart without keeping them: indexes of large models have a hundred thousand. */
export function namesDigest(names: readonly string[]): string {
  return bytesToHex(sha256(utf8ToBytes([...names].sort().join('\0')))).slice(0, 32);
}
