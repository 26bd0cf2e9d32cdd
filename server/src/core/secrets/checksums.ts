/** Checks that token formats carry in themselves. */

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

let table: Uint32Array | undefined;

/** CRC-32 of ISO 3309, as zlib computes it, of ASCII text. */
export function crc32(text: string): number {
  if (!table) {
    table = new Uint32Array(256);
    for (let n = 0; n < 256; n += 1) {
      let c = n;
      for (let k = 0; k < 8; k += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
      table[n] = c;
    }
  }
  let crc = 0xffffffff;
  for (let i = 0; i < text.length; i += 1) {
    crc = (table[(crc ^ text.charCodeAt(i)) & 0xff] as number) ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** A number in base 62 (digits, upper-case, lower-case), padded with zeros to `length`. */
export function base62(value: number, length: number): string {
  let out = '';
  for (let rest = value; rest > 0; rest = Math.floor(rest / 62)) out = (BASE62[rest % 62] as string) + out;
  return out.padStart(length, '0');
}

/**
 * The format of GitHub and npm tokens: a prefix up to `_`, 30 random characters, and their CRC-32 as six digits of base 62.
 * Source: github.blog, "Behind GitHub's new authentication token formats", 2021.
 */
export function hasCrc32Suffix(token: string): boolean {
  const body = token.slice(token.lastIndexOf('_') + 1);
  return body.length === 36 && base62(crc32(body.slice(0, 30)), 6) === body.slice(30);
}

const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** Text of a base64 or base64url string; undefined when it is none or not UTF-8. */
export function decodeBase64(text: string): string | undefined {
  const normal = text.replace(/-/g, '+').replace(/_/g, '/').replace(/=+$/, '');
  if (normal.length % 4 === 1) return undefined;
  try {
    const binary = atob(normal);
    const bytes = Uint8Array.from(binary, (c) => c.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

export interface JsonWebToken {
  header: Readonly<Record<string, unknown>>;
  claims: Readonly<Record<string, unknown>>;
  signed: boolean;
}

function jsonObject(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Reads the header and the claims of a JSON Web Token (RFC 7519, compact form). The signature is not checked. */
export function readJsonWebToken(token: string): JsonWebToken | undefined {
  const [head = '', body = '', signature = ''] = token.split('.');
  if (!BASE64URL.test(head) || !BASE64URL.test(body)) return undefined;
  const header = jsonObject(decodeBase64(head));
  const claims = jsonObject(decodeBase64(body));
  if (!header || !claims) return undefined;
  // RFC 7515 wants `alg`; what is cut or made by hand is known by the registered claims.
  const described = ['alg', 'typ', 'kid'].some((name) => name in header);
  if (!described && !['iss', 'sub', 'aud', 'exp', 'iat', 'jti'].some((name) => name in claims)) return undefined;
  return { header, claims, signed: signature.length > 0 };
}
