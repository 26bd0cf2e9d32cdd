/**
 * The only way a secret, or a text that may hold one, becomes evidence. Nothing of a scanned file reaches a finding,
 * a report, a log or a cache but through one of these functions.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

declare const redacted: unique symbol;
/** Text that may be shown. Made by this file alone. */
export type Redacted = string & { readonly [redacted]: true };

const VISIBLE = 4;

/**
 * A secret as it may be shown: its length class and at most its first four characters, and those only when they are
 * less than a third of it (a vendor's prefix such as `ghp_` is no part of the secret).
 */
export function redactSecret(secret: string): Redacted {
  const head = secret.length >= VISIBLE * 3 ? secret.slice(0, VISIBLE) : '';
  return `${printable(head)}${'*'.repeat(Math.min(12, Math.max(4, secret.length - head.length)))} (${secret.length} characters)` as Redacted;
}

/** A text around secrets: each `[start, end)` range is replaced by asterisks, the rest made printable and cut to `limit`. */
export function redactRanges(text: string, ranges: readonly { start: number; end: number }[], limit = 160): Redacted {
  let out = '';
  let at = 0;
  for (const { start, end } of [...ranges].sort((a, b) => a.start - b.start)) {
    if (end <= at) continue;
    out += text.slice(at, Math.max(at, start));
    out += '*'.repeat(Math.min(8, end - Math.max(at, start)));
    at = end;
  }
  return evidenceText(out + text.slice(at), limit);
}

/**
 * Text of a scanned file that is no secret by its nature (a callable's name, an operator, a path inside a model):
 * control and bidirectional characters are escaped, and it is cut to `limit` characters.
 */
export function evidenceText(text: string, limit = 200): Redacted {
  const cut = text.length > limit ? `${text.slice(0, limit)}… (${text.length} characters)` : text;
  return printable(cut) as Redacted;
}

/** Hash that stands for a secret in fingerprints and baselines. `salt` makes guessing of short secrets costly to share. */
export function hashSecret(secret: string, salt = ''): string {
  return bytesToHex(sha256(utf8ToBytes(`${salt}\0${secret}`)));
}

/** Escapes what could move the cursor, hide text or forge a line in a terminal, a log or a page. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, (c) => {
    if (c === '\n') return '\\n';
    if (c === '\r') return '\\r';
    if (c === '\t') return '\\t';
    return `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
