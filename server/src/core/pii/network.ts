/** IP and MAC addresses, and wallet addresses. */

import type { Stretch } from '../text/survey';
import { base58check, bech32, eip55 } from './checksums';
import { anyOf, labelAround } from './context';
import { type Hit, isHex, isWordCode, type Passage, type Taken } from './hits';

const IP_CONTEXT = anyOf(
  'ip',
  'ipv4',
  'ipv6',
  'ip address',
  'ipaddr',
  'remote addr',
  'client',
  'host',
  'hostname',
  'server',
  'inet',
  'inet6',
  'gateway',
  'src',
  'dst',
  'ping',
  'ssh',
  'login from',
  'visitor',
  'x forwarded for',
  'connect',
  'remote',
  'peer',
  'node',
);
/** Says that an address of a person or a machine is meant, not where to connect to. */
const NAMED_IP = anyOf(
  'ip address',
  'ipaddress',
  'ipaddr',
  'ip addr',
  'client ip',
  'user ip',
  'remote addr',
  'remote ip',
  'visitor ip',
  'source ip',
  'src ip',
  'last ip',
  'ip v4',
  'ipv4',
  'ipv6',
);
const VERSION_CONTEXT = anyOf(
  'version',
  'ver',
  'v',
  'release',
  'build',
  'driver',
  'cuda',
  'cudnn',
  'nvidia',
  'chrome',
  'safari',
  'install',
  'package',
  'wheel',
  'revision',
  'section',
  'chapter',
  'oid',
  'object identifier',
  'objectidentifier',
  'rfc',
);

/** RFC 6890 and its companions: addresses that point at nobody outside one network, or at nobody at all. */
function isSpecialV4(octets: readonly number[]): boolean {
  const [a = 0, b = 0, c = 0] = octets;
  return (
    a === 0 ||
    a === 10 ||
    a === 127 ||
    a >= 224 ||
    (a === 100 && b >= 64 && b <= 127) ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b <= 31) ||
    (a === 192 && b === 168) ||
    (a === 192 && b === 0 && (c === 0 || c === 2)) ||
    (a === 198 && (b === 18 || b === 19 || (b === 51 && c === 100))) ||
    (a === 203 && b === 0 && c === 113)
  );
}

/** Resolvers everybody uses. */
const PUBLIC_SERVICES = new Set([
  '8.8.8.8',
  '8.8.4.4',
  '1.1.1.1',
  '1.0.0.1',
  '9.9.9.9',
  '1.2.3.4',
  '208.67.222.222',
  '208.67.220.220',
]);

/** The survey gives the first separator; what begins in front of it is at most so much longer. */
const lead = (at: number): number => Math.max(0, at - 5);

/** The longest text of an address. */
const LONGEST = 20;

/** Matches of a pattern whose first separator stands in a stretch. */
function* matchesWithin(pattern: RegExp, text: string, { from, to }: Stretch): Generator<RegExpExecArray> {
  const region = text.slice(0, to + LONGEST);
  pattern.lastIndex = lead(from);
  for (let match = pattern.exec(region); match && match.index <= to; match = pattern.exec(region)) yield match;
}

const V4 = /\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}/g;

export function findIpAddresses(passage: Passage, taken: Taken, hits: Hit[]): void {
  const { text, plain } = passage;
  const { colons, moreColons, fourNumbers } = passage.survey;
  // Where values do not stand for themselves an address has three groups at least.
  const signs = plain ? colons : moreColons;
  if (signs.from < signs.to) findV6(passage, signs, taken, hits);
  if (fourNumbers.from >= fourNumbers.to) return;
  for (const match of matchesWithin(V4, text, fourNumbers)) {
    const start = match.index;
    const end = start + match[0].length;
    const before = text.charCodeAt(start - 1);
    if (
      isWordCode(before) ||
      before === 46 ||
      before === 45 ||
      isWordCode(text.charCodeAt(end)) ||
      /^(?:\.\d|[-+]\w)/.test(text.slice(end, end + 2))
    )
      continue;
    const octets = match[0].split('.').map(Number);
    if (octets.some((octet) => octet > 255) || /(?:^|\.)0\d/.test(match[0]) || taken.overlaps(start, end)) continue;
    const special = isSpecialV4(octets) || PUBLIC_SERVICES.has(match[0]);
    const label = labelAround(passage, start, end);
    if (special) {
      const named = NAMED_IP(label) && octets[0] !== 127 && octets[0] !== 0 && octets[0] !== 255;
      if (plain || named)
        hits.push({
          entity: 'IP_ADDRESS',
          start,
          end,
          ...(named && { context: true }),
          severity: 'info',
          sample: true,
        });
      continue;
    }
    if (VERSION_CONTEXT(label)) continue;
    // Small numbers are chapters and versions unless something says address.
    const small = octets.every((octet) => octet < 30);
    const context = small
      ? NAMED_IP(label)
      : IP_CONTEXT(label) || /:\/\/$/.test(text.slice(Math.max(0, start - 3), start));
    if (context) hits.push({ entity: 'IP_ADDRESS', start, end, context, severity: 'low' });
    else if (plain) hits.push({ entity: 'IP_ADDRESS', start, end, severity: 'info' });
    taken.add(start, end);
  }
}

const V6 = /(?:[0-9A-Fa-f]{0,4}:){2,8}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4})/y;

/** The first match of V6 from `from` on: it begins before a colon that another follows at most four digits behind. */
function nextV6(text: string, from: number): RegExpExecArray | null {
  for (let colon = text.indexOf(':', from); colon >= 0; colon = text.indexOf(':', colon + 1)) {
    let second = colon + 1;
    while (second - colon <= 4 && isHex(text.charCodeAt(second))) second += 1;
    if (text.charCodeAt(second) !== 58) continue;
    let start = colon;
    while (start > from && colon - start < 4 && isHex(text.charCodeAt(start - 1))) start -= 1;
    V6.lastIndex = start;
    return V6.exec(text);
  }
  return null;
}

function findV6(passage: Passage, colons: Stretch, taken: Taken, hits: Hit[]): void {
  const { text, plain } = passage;
  let from = lead(colons.from);
  for (let match = nextV6(text, from); match; match = nextV6(text, from)) {
    const value = match[0];
    const start = match.index;
    if (start > colons.to) break;
    const end = start + value.length;
    from = end;
    if (isWordCode(text.charCodeAt(start - 1)) || text[start - 1] === ':' || text[start - 1] === '.') continue;
    if (isWordCode(text.charCodeAt(end)) || text[end] === ':' || taken.overlaps(start, end) || !isV6(value)) continue;
    // Eight pairs are an EUI-64 or a fingerprint.
    if (/^(?:[0-9A-Fa-f]{2}:){7}[0-9A-Fa-f]{2}$/.test(value)) continue;
    const groups = value.split(':').filter((group) => group !== '').length;
    const special = /^(?:(?:0{1,4}:){7}0{0,3}1?$|::|fe[89ab]|f[cd]..:|2001:0?db8:|ff..:|64:ff9b:)/i.test(value);
    const context = IP_CONTEXT(labelAround(passage, start, end));
    if (!special && (context || plain) && groups >= 3) {
      hits.push({ entity: 'IP_ADDRESS', start, end, ...(context && { context }), severity: context ? 'low' : 'info' });
      taken.add(start, end);
    } else if (special && groups >= 3 && !plain && NAMED_IP(labelAround(passage, start, end))) {
      hits.push({ entity: 'IP_ADDRESS', start, end, context: true, severity: 'info', sample: true });
      taken.add(start, end);
    } else if (plain && (groups >= 1 || context || /(?:^|[\s=])$/.test(text.slice(Math.max(0, start - 1), start)))) {
      hits.push({ entity: 'IP_ADDRESS', start, end, severity: 'info', sample: special });
      taken.add(start, end);
    }
  }
}

/** RFC 4291 text form, IPv4 tail included. */
function isV6(value: string): boolean {
  const halves = value.split('::');
  if (halves.length > 2) return false;
  let count = 0;
  for (const half of halves) {
    if (half === '') continue;
    const groups = half.split(':');
    for (const [i, group] of groups.entries()) {
      if (group.includes('.')) {
        if (i !== groups.length - 1 || group.split('.').some((octet) => Number(octet) > 255)) return false;
        count += 2;
      } else if (/^[0-9A-Fa-f]{1,4}$/.test(group)) count += 1;
      else return false;
    }
  }
  return halves.length === 2 ? count <= 7 : count === 8;
}

const MAC_CONTEXT = anyOf(
  'mac',
  'hardware address',
  'physical address',
  'ethernet',
  'bssid',
  'ether',
  'hwaddr',
  'wifi',
  'bluetooth',
);
const MAC = /[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}/g;

export function findMacAddresses(passage: Passage, taken: Taken, hits: Hit[]): void {
  const { text, plain, survey } = passage;
  if (survey.hardware.from >= survey.hardware.to) return;
  for (const match of matchesWithin(MAC, text, survey.hardware)) {
    const value = match[0];
    const start = match.index;
    const end = start + value.length;
    const separator = match[1] ?? '.';
    if (isWordCode(text.charCodeAt(start - 1)) || isWordCode(text.charCodeAt(end))) continue;
    if (text[start - 1] === separator || (text[end] === separator && isWordCode(text.charCodeAt(end + 1)))) continue;
    const hex = value.replace(/[^0-9A-Fa-f]/g, '').toLowerCase();
    if (/^(.)\1*$/.test(hex) || taken.overlaps(start, end)) continue;
    const context = MAC_CONTEXT(labelAround(passage, start, end));
    // Six pairs of decimal digits are a time or a date as often as not; four-digit groups are numbers.
    const rare = /[a-f]/.test(hex) && separator !== '.';
    if (!context && !rare) {
      if (plain) hits.push({ entity: 'MAC_ADDRESS', start, end });
      continue;
    }
    const sample =
      hex === 'aabbccddeeff' ||
      hex === '0123456789ab' ||
      hex === '001122334455' ||
      hex === '112233445566' ||
      hex === 'deadbeefcafe';
    hits.push({
      entity: 'MAC_ADDRESS',
      start,
      end,
      ...(context && { context }),
      severity: sample ? 'info' : 'low',
      ...(sample && { sample }),
    });
    taken.add(start, end);
  }
}

/** Version bytes of base58check addresses: Bitcoin, Litecoin, Dogecoin, Tron, Dash, Zcash (t). */
const VERSIONS = new Set([0x00, 0x05, 0x30, 0x32, 0x1e, 0x16, 0x41, 0x4c, 0x10, 0x1c]);

/** Null and burn addresses are known to everybody. */
const isBurn = (hex: string): boolean => /^(?:0{20,}|(.)\1{39}$)/.test(hex) || /dead$/i.test(hex);

/**
 * Judges one word (letters and digits only) as a wallet address.
 * @returns undefined when it is none
 */
export function walletAddress(
  word: string,
  context: () => boolean,
): Pick<Hit, 'severity' | 'checked' | 'context'> | undefined {
  if (/^(?:bc1|ltc1|tb1|BC1|LTC1)/.test(word)) return bech32(word) ? { severity: 'low', checked: true } : undefined;
  if (/^0x[0-9A-Fa-f]{40}$/.test(word)) {
    const hex = word.slice(2);
    const checksum = eip55(hex);
    if (checksum === false || isBurn(hex)) return undefined;
    if (checksum) return { severity: 'low', checked: true };
    return context() ? { severity: 'low', context: true } : undefined;
  }
  if (word.length < 26 || word.length > 35 || !/^[13LMD9ATX t]/.test(word)) return undefined;
  const decoded = base58check(word);
  return decoded && decoded.length === 20 && VERSIONS.has(decoded.version)
    ? { severity: 'low', checked: true }
    : undefined;
}
