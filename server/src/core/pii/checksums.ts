/** Check digits of identifiers for which no ready validator serves. Inputs are compact: no separators. */
import { sha256 } from '@noble/hashes/sha2.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

const digitsOf = (text: string): number[] => Array.from(text, (c) => c.charCodeAt(0) - 48);

/** Sum of the digits times the weights; surplus digits are left out. */
export function weighted(text: string, weights: readonly number[]): number {
  let sum = 0;
  for (const [i, weight] of weights.entries()) sum += (text.charCodeAt(i) - 48) * weight;
  return sum;
}

/** ISO/IEC 7812-1 (Luhn). */
export function luhn(digits: string): boolean {
  let sum = 0;
  for (let i = digits.length - 1, twice = false; i >= 0; i -= 1, twice = !twice) {
    const d = (digits.charCodeAt(i) - 48) * (twice ? 2 : 1);
    sum += d > 9 ? d - 9 : d;
  }
  return digits.length > 0 && sum % 10 === 0;
}

const VERHOEFF_D = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
].map(digitsOf);
const VERHOEFF_P = [
  '0123456789',
  '1576283094',
  '5803796142',
  '8916043527',
  '9453126870',
  '4286573901',
  '2793806415',
  '7046913258',
].map(digitsOf);

/** Verhoeff's dihedral check (Aadhaar, Nigerian NIN). */
export function verhoeff(digits: string): boolean {
  let c = 0;
  const reversed = digitsOf(digits).reverse();
  for (const [i, d] of reversed.entries()) c = VERHOEFF_D[c]?.[VERHOEFF_P[i % 8]?.[d] as number] as number;
  return c === 0;
}

/** ISO/IEC 7064 MOD 11,10 (German tax id and VAT number). */
export function mod11_10(digits: string): boolean {
  let product = 10;
  for (const d of digitsOf(digits.slice(0, -1))) {
    const sum = (d + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return (11 - product) % 10 === digits.charCodeAt(digits.length - 1) - 48;
}

/** ICAO 9303 check digit over letters and digits, weights 7-3-1; the last character is the check digit. */
export function icao9303(text: string): boolean {
  let sum = 0;
  const weights = [7, 3, 1];
  for (let i = 0; i < text.length - 1; i += 1) {
    const c = text.charCodeAt(i);
    sum += (c < 58 ? c - 48 : c - 55) * (weights[i % 3] as number);
  }
  return sum % 10 === text.charCodeAt(text.length - 1) - 48;
}

/** German health insurance number (KVNR, § 290 SGB V): letter as two digits, factors 1 and 2, sums of digits, mod 10. */
export function kvnr(text: string): boolean {
  const all = `${String(text.charCodeAt(0) - 64).padStart(2, '0')}${text.slice(1, 9)}`;
  let sum = 0;
  for (const [i, d] of digitsOf(all).entries()) {
    const p = d * (i % 2 === 0 ? 1 : 2);
    sum += p > 9 ? p - 9 : p;
  }
  return sum % 10 === text.charCodeAt(9) - 48;
}

const NRIC_ST = 'JZIHGFEDCBA';
const NRIC_FG = 'XWUTRQPNMLK';
const NRIC_M = 'KLJNPQRTUWX';

/** Singapore NRIC and FIN check letter: weights 2765432, with 4 added for T and G and 3 for M. */
export function nric(text: string): boolean {
  const series = text[0] as string;
  let sum = weighted(text.slice(1, 8), [2, 7, 6, 5, 4, 3, 2]);
  if (series === 'T' || series === 'G') sum += 4;
  if (series === 'M') return NRIC_M[10 - ((sum + 3) % 11)] === text[8];
  return (series === 'S' || series === 'T' ? NRIC_ST : NRIC_FG)[sum % 11] === text[8];
}

/** Whether a day exists; `year` in four digits. */
export function isDate(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  return day <= new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** Decodes base58check with its double SHA-256. @returns version byte and payload length, or undefined */
export function base58check(text: string): { version: number; length: number } | undefined {
  let value = 0n;
  for (const c of text) {
    const digit = BASE58.indexOf(c);
    if (digit < 0) return undefined;
    value = value * 58n + BigInt(digit);
  }
  const bytes: number[] = [];
  for (; value > 0n; value >>= 8n) bytes.unshift(Number(value & 255n));
  for (const c of text) {
    if (c !== '1') break;
    bytes.unshift(0);
  }
  if (bytes.length < 5) return undefined;
  const body = Uint8Array.from(bytes.slice(0, -4));
  const sum = sha256(sha256(body));
  for (let i = 0; i < 4; i += 1) if (sum[i] !== bytes[bytes.length - 4 + i]) return undefined;
  return { version: body[0] as number, length: body.length - 1 };
}

const BECH32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const BECH32_GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

/** BIP 173 and BIP 350 checksum of a segwit address, in one case. */
export function bech32(text: string): boolean {
  if (text !== text.toLowerCase() && text !== text.toUpperCase()) return false;
  const lower = text.toLowerCase();
  const split = lower.lastIndexOf('1');
  if (split < 1 || lower.length - split < 7 || lower.length > 90) return false;
  const prefix = lower.slice(0, split);
  const values = [
    ...Array.from(prefix, (c) => c.charCodeAt(0) >> 5),
    0,
    ...Array.from(prefix, (c) => c.charCodeAt(0) & 31),
  ];
  for (const c of lower.slice(split + 1)) {
    const v = BECH32.indexOf(c);
    if (v < 0) return false;
    values.push(v);
  }
  let check = 1;
  for (const v of values) {
    const top = check >>> 25;
    check = ((check & 0x1ffffff) << 5) ^ v;
    for (let i = 0; i < 5; i += 1) if ((top >> i) & 1) check ^= BECH32_GENERATOR[i] as number;
  }
  return check === 1 || check === 0x2bc830a3;
}

/** EIP-55: the capitals of an Ethereum address are a checksum. @returns undefined when it is written in one case */
export function eip55(hex: string): boolean | undefined {
  if (hex === hex.toLowerCase() || hex === hex.toUpperCase()) return undefined;
  const hash = bytesToHex(keccak_256(utf8ToBytes(hex.toLowerCase())));
  return Array.from(hex).every((c, i) => c < 'A' || (Number.parseInt(hash[i] as string, 16) > 7 ? c < 'a' : c >= 'a'));
}
