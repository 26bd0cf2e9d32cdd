/** Encodings in which a constant of a pickle may carry another one, as Python's base64 and binascii decode them. */

export type BlobEncoding = 'raw' | 'base64' | 'hex' | 'latin1' | 'base32' | 'base85' | 'ascii85';

const BASE32 = valuesOf('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567');
const BASE85 = valuesOf('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~');
const ASCII85 = valuesOf(Array.from({ length: 85 }, (_, i) => String.fromCharCode(33 + i)).join(''));

/** The value of each digit by its code, -1 for what is none. */
function valuesOf(digits: string): Int8Array {
  const values = new Int8Array(256).fill(-1);
  for (let i = 0; i < digits.length; i += 1) values[digits.charCodeAt(i)] = i;
  return values;
}

/** @returns undefined for what is not in that encoding */
export function decodeConstant(bytes: Uint8Array, encoding: BlobEncoding): Uint8Array | undefined {
  if (encoding === 'raw') return bytes;
  if (encoding === 'latin1') return latin1(bytes);
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  text = text.replace(/\s+/g, '');
  switch (encoding) {
    case 'hex': {
      if (text.length % 2 || !/^[\da-fA-F]+$/.test(text)) return undefined;
      const out = new Uint8Array(text.length / 2);
      for (let i = 0; i < out.length; i += 1) out[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
      return out;
    }
    case 'base32':
      return base32(text);
    case 'base85':
      return base85(text, BASE85);
    case 'ascii85':
      return ascii85(text.replace(/^<~|~>$/g, ''));
    default:
      text = text.replace(/-/g, '+').replace(/_/g, '/');
      if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length < 12) return undefined;
      try {
        return Uint8Array.from(atob(text), (ch) => ch.charCodeAt(0));
      } catch {
        return undefined;
      }
  }
}

/** RFC 4648, section 6. */
function base32(text: string): Uint8Array | undefined {
  const digits = text.replace(/=+$/, '');
  const out = new Uint8Array(Math.floor((digits.length * 5) / 8));
  let bits = 0;
  let held = 0;
  let filled = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const value = BASE32[digits.charCodeAt(i)] ?? -1;
    if (value < 0) return undefined;
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out[filled++] = (held >> bits) & 0xff;
    }
  }
  return out;
}

/** Five digits are four bytes (`base64.b85decode`); the last group may be short. */
function base85(text: string, values: Int8Array): Uint8Array | undefined {
  const out = new Uint8Array(Math.ceil(text.length / 5) * 4);
  let filled = 0;
  for (let i = 0; i < text.length; i += 5) {
    const count = Math.min(5, text.length - i);
    let value = 0;
    for (let k = 0; k < 5; k += 1) {
      const digit = k < count ? (values[text.charCodeAt(i + k)] ?? -1) : 84;
      if (digit < 0) return undefined;
      value = value * 85 + digit;
    }
    if (value > 0xffffffff || count === 1) return undefined;
    for (let k = 0; k < count - 1; k += 1) out[filled++] = Math.floor(value / 256 ** (3 - k)) & 0xff;
  }
  return out.subarray(0, filled);
}

/** `base64.a85decode`: `z` stands for four zero bytes. */
function ascii85(text: string): Uint8Array | undefined {
  return base85(text.replace(/z/g, '!!!!!'), ASCII85);
}

/** The bytes whose Latin-1 text this is in UTF-8; undefined when a character is no byte. */
function latin1(bytes: Uint8Array): Uint8Array | undefined {
  const out = new Uint8Array(bytes.length);
  let length = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i] as number;
    if (byte < 0x80) out[length++] = byte;
    else if (byte === 0xc2 || byte === 0xc3) out[length++] = ((byte & 3) << 6) | ((bytes[++i] ?? 0) & 0x3f);
    else return undefined;
  }
  return out.subarray(0, length);
}
