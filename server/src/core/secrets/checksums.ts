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

/**
 * A routable token of GitLab: what it holds in base64url, a version, the length of it in base 36, and the CRC-32 of all
 * that in seven digits of base 36. Source: GitLab, lib/authn/token_field/generator/routable_token.rb; the first ones
 * came without a version.
 */
export function hasRoutableChecksum(token: string): boolean {
  const crc = token.slice(-7);
  const rest = token.slice(0, -7);
  const parts = rest.split('.');
  const length = Number.parseInt(parts[parts.length - 1] ?? '', 36);
  return (parts[0] ?? '').length > length && crc32(rest).toString(36).padStart(7, '0') === crc;
}

/**
 * A token of a service account of Grafana: `glsa_`, 32 characters, and the CRC-32 of both, its lowest byte first.
 * Source: Grafana, pkg/components/satokengen/tokengen.go.
 */
export function hasGrafanaChecksum(token: string): boolean {
  const mark = token.lastIndexOf('_');
  const sum = crc32(token.slice(0, mark));
  const bytes = [sum, sum >>> 8, sum >>> 16, sum >>> 24].map((byte) => (byte & 255).toString(16).padStart(2, '0'));
  return token.slice(mark + 1).toLowerCase() === bytes.join('');
}

const BECH32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';

/** Whether the checksum of a Bech32 string (BIP 173) is right, as age writes its keys. Either case. */
export function hasBech32Checksum(text: string): boolean {
  const lower = text.toLowerCase();
  const mark = lower.lastIndexOf('1');
  const values = [...lower.slice(mark + 1)].map((c) => BECH32.indexOf(c));
  if (mark < 1 || values.length < 6 || values.includes(-1)) return false;
  const prefix = [...lower.slice(0, mark)].map((c) => c.charCodeAt(0));
  let sum = 1;
  for (const value of [...prefix.map((c) => c >> 5), 0, ...prefix.map((c) => c & 31), ...values]) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    for (const [bit, generator] of [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3].entries())
      if ((top >> bit) & 1) sum ^= generator;
  }
  return sum === 1;
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/**
 * The account that an AWS access key ID belongs to: bits 1 to 40 of its base 32 part, in keys issued since 2019.
 * @returns the 12 digits, or undefined for the older kind, which holds no account
 */
export function awsAccount(keyId: string): string | undefined {
  const body = keyId.slice(4);
  if (body.length !== 16 || !/^[Q-Z2-7][A-Z2-7]{15}$/.test(body)) return undefined;
  let bits = 0n;
  for (const c of body.slice(0, 10)) bits = (bits << 5n) | BigInt(BASE32.indexOf(c));
  // 50 bits: the first is a mark, 40 are the account.
  return ((bits >> 9n) & 0xffffffffffn).toString().padStart(12, '0');
}

/**
 * Whether a token of PyPI ends as one does: it is a macaroon (libmacaroons, format 2), whose last field is a signature
 * of 32 bytes.
 */
export function hasMacaroonSignature(token: string): boolean {
  const text = token
    .slice(token.indexOf('-') + 1)
    .replace(/-/g, '+')
    .replace(/_/g, '/');
  try {
    const bytes = atob(text);
    return bytes.length > 80 && bytes.charCodeAt(bytes.length - 34) === 6 && bytes.charCodeAt(bytes.length - 33) === 32;
  } catch {
    return false;
  }
}

const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** Text of a base64 or base64url string; undefined when it is none or not UTF-8. */
export function decodeBase64(text: string): string | undefined {
  const normal = text
    .replace(/-/g, '+')
    .replace(/_/g, '/')
    .replace(/={1,3}$/, '');
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
