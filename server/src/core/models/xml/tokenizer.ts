/**
 * A forgiving, linear XML tokenizer (XML 1.0, fifth edition) that resolves nothing: no entity is expanded, no DTD is
 * read, no file or address is opened. It exists to say what a careless parser would have done.
 */
import { decodeConfig } from '../configs/decode';

export type XmlToken =
  | { kind: 'open'; name: string; attributes: Map<string, string>; selfClosing: boolean; offset: number }
  | { kind: 'close'; name: string; offset: number }
  | { kind: 'text'; text: string; offset: number }
  | { kind: 'doctype'; text: string; offset: number }
  | { kind: 'instruction'; text: string; offset: number };

/** Decodes a document by its byte order mark, its zero bytes or its declaration, as XML parsers do (appendix F). */
export function decodeXml(bytes: Uint8Array): string {
  const [a, b, c, d] = bytes;
  if (a === 0x4c && b === 0x6f && c === 0xa7 && d === 0x94) return fromEbcdic(bytes);
  if (bytes.length >= 4 && ((a === 0 && b === 0) || (c === 0 && d === 0 && (b === 0 || a === 0xff))))
    return decodeConfig(bytes);
  if (a === 0xff && b === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (a === 0xfe && b === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  if (a === 0x3c && b === 0) return new TextDecoder('utf-16le').decode(bytes);
  if (a === 0 && b === 0x3c) return new TextDecoder('utf-16be').decode(bytes);
  if (a === 0xef && b === 0xbb && c === 0xbf) return new TextDecoder().decode(bytes.subarray(3));
  return new TextDecoder().decode(bytes);
}

/** The characters of markup in EBCDIC (code page 037), which parsers of Java read; every other one becomes a space. */
function fromEbcdic(bytes: Uint8Array): string {
  const table = new Map<number, string>(EBCDIC.map(([byte, character]) => [byte, character]));
  let text = '';
  for (const byte of bytes) text += table.get(byte) ?? ' ';
  return text;
}

const EBCDIC: readonly [number, string][] = [
  ...range(0x81, 'abcdefghi'),
  ...range(0x91, 'jklmnopqr'),
  ...range(0xa2, 'stuvwxyz'),
  ...range(0xc1, 'ABCDEFGHI'),
  ...range(0xd1, 'JKLMNOPQR'),
  ...range(0xe2, 'STUVWXYZ'),
  ...range(0xf0, '0123456789'),
  ...range(0x4b, '.<(+|&'),
  ...range(0x5a, '!$*);'),
  ...range(0x60, '-/'),
  ...range(0x6b, ',%_>?'),
  ...range(0x7a, ':#@\'="'),
  [0xba, '['],
  [0xbb, ']'],
  [0xad, '['],
  [0xbd, ']'],
  [0x25, '\n'],
  [0x15, '\n'],
];

function range(from: number, characters: string): [number, string][] {
  return Array.from(characters, (character, i) => [from + i, character]);
}

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Text with its character references resolved, and those of the five entities that XML itself has. */
export function resolved(text: string): string {
  return text.includes('&')
    ? text.replace(
        /&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(lt|gt|amp|quot|apos));/g,
        (whole, decimal?: string, hex?: string, name?: string) => {
          if (name !== undefined) return NAMED[name] as string;
          const code = decimal === undefined ? Number.parseInt(hex as string, 16) : Number(decimal);
          return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
        },
      )
    : text;
}

/** How many characters the entity references of a text become, by the expanded length of each entity. */
export function expansionOf(text: string, lengths: ReadonlyMap<string, number>): number {
  let total = 0;
  if (lengths.size)
    for (const match of text.matchAll(/&([A-Za-z_][\w.-]*);/g)) total += lengths.get(match[1] as string) ?? 0;
  return total;
}

/** True when decoded text begins like an XML document. */
export function looksLikeXml(text: string): boolean {
  return /^\s*<(?:\?xml|!DOCTYPE|!--|[A-Za-z_])/.test(text.slice(0, 200));
}

export function* tokenizeXml(text: string): Generator<XmlToken> {
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf('<', at);
    if (open < 0) {
      yield { kind: 'text', text: text.slice(at), offset: at };
      return;
    }
    if (open > at) yield { kind: 'text', text: text.slice(at, open), offset: at };
    if (text.startsWith('<!--', open)) {
      const end = text.indexOf('-->', open + 4);
      at = end < 0 ? text.length : end + 3;
    } else if (text.startsWith('<![CDATA[', open)) {
      const end = text.indexOf(']]>', open + 9);
      const stop = end < 0 ? text.length : end;
      yield { kind: 'text', text: text.slice(open + 9, stop), offset: open + 9 };
      at = end < 0 ? text.length : end + 3;
    } else if (text.startsWith('<?', open)) {
      const end = text.indexOf('?>', open + 2);
      const stop = end < 0 ? text.length : end;
      yield { kind: 'instruction', text: text.slice(open + 2, stop), offset: open };
      at = end < 0 ? text.length : end + 2;
    } else if (/^<!DOCTYPE/i.test(text.slice(open, open + 9))) {
      const end = doctypeEnd(text, open);
      yield { kind: 'doctype', text: text.slice(open, end), offset: open };
      at = end;
    } else {
      const end = tagEnd(text, open);
      const inner = text.slice(open + 1, end);
      at = end + 1;
      if (inner.startsWith('/')) {
        yield { kind: 'close', name: inner.slice(1).trim(), offset: open };
        continue;
      }
      const name = /^[^\s/>]+/.exec(inner)?.[0] ?? '';
      if (name === '') continue;
      yield {
        kind: 'open',
        name,
        attributes: attributesOf(inner.slice(name.length)),
        selfClosing: inner.endsWith('/'),
        offset: open,
      };
    }
  }
}

/** The `>` that ends a tag: one inside a quoted value does not. */
function tagEnd(text: string, open: number): number {
  let quote = '';
  for (let i = open + 1; i < text.length; i += 1) {
    const c = text[i] as string;
    if (quote) {
      if (c === quote) quote = '';
    } else if (c === '"' || c === "'") quote = c;
    else if (c === '>') return i;
  }
  return text.length;
}

function doctypeEnd(text: string, open: number): number {
  let quote = '';
  let brackets = 0;
  for (let i = open; i < text.length; i += 1) {
    const c = text[i] as string;
    if (quote) {
      if (c === quote) quote = '';
    } else if (c === '"' || c === "'") quote = c;
    else if (c === '[') brackets += 1;
    else if (c === ']') brackets -= 1;
    else if (c === '>' && brackets <= 0) return i + 1;
  }
  return text.length;
}

/** Reads `name="value"` pairs in one pass: a tag may be megabytes long. */
function attributesOf(text: string): Map<string, string> {
  const attributes = new Map<string, string>();
  let at = 0;
  for (;;) {
    const equals = text.indexOf('=', at);
    if (equals < 0) return attributes;
    let open = equals + 1;
    while (/\s/.test(text[open] ?? '')) open += 1;
    const quote = text[open];
    if (quote !== '"' && quote !== "'") {
      at = equals + 1;
      continue;
    }
    const close = text.indexOf(quote, open + 1);
    const stop = close < 0 ? text.length : close;
    attributes.set(text.slice(at, equals).trim(), text.slice(open + 1, stop));
    at = stop + 1;
  }
}

/** The name without its namespace prefix. */
export function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

export interface Doctype {
  /** `SYSTEM` or `PUBLIC` identifiers of the DTD and of its entities: what a parser would fetch or open. */
  external: string[];
  entities: { name: string; value: string }[];
}

/** What a document type declaration declares. */
export function readDoctype(text: string): Doctype {
  const external = [...text.matchAll(/\b(?:SYSTEM\s+|PUBLIC\s+(?:"[^"]*"|'[^']*')\s+)(?:"([^"]*)"|'([^']*)')/g)].map(
    (m) => m[1] ?? m[2] ?? '',
  );
  const entities = [...text.matchAll(/<!ENTITY\s+(?:%\s+)?([^\s"'>]+)\s+(?:"([^"]*)"|'([^']*)')/g)].map((m) => ({
    name: m[1] as string,
    value: m[2] ?? m[3] ?? '',
  }));
  return { external, entities };
}

/** How many characters each entity becomes when fully expanded (CWE-776), computed without expanding. */
export function expandedLengths(doctype: Doctype): Map<string, number> {
  const table = new Map(doctype.entities.map(({ name, value }) => [name, value]));
  const known = new Map<string, number>();
  const lengthOf = (name: string, depth: number): number => {
    const done = known.get(name);
    if (done !== undefined) return done;
    const value = table.get(name);
    if (value === undefined) return name.length + 2;
    if (depth > 64) return Number.POSITIVE_INFINITY;
    known.set(name, Number.POSITIVE_INFINITY);
    let length = 0;
    let at = 0;
    for (const match of value.matchAll(/&([A-Za-z_][\w.-]*);/g)) {
      length += match.index - at + lengthOf(match[1] as string, depth + 1);
      at = match.index + match[0].length;
    }
    length += value.length - at;
    known.set(name, length);
    return length;
  };
  for (const name of table.keys()) lengthOf(name, 0);
  return known;
}
