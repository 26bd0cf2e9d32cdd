/**
 * A forgiving, linear XML tokenizer (XML 1.0, fifth edition) that resolves nothing: no entity is expanded, no DTD is
 * read, no file or address is opened. It exists to say what a careless parser would have done.
 */
export type XmlToken =
  | { kind: 'open'; name: string; attributes: Map<string, string>; selfClosing: boolean; offset: number }
  | { kind: 'close'; name: string; offset: number }
  | { kind: 'text'; text: string; offset: number }
  | { kind: 'doctype'; text: string; offset: number }
  | { kind: 'instruction'; text: string; offset: number };

/** Decodes a document by its byte order mark, its zero bytes or its declaration, as XML parsers do (appendix F). */
export function decodeXml(bytes: Uint8Array): string {
  const [a, b, c] = bytes;
  if (a === 0xff && b === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (a === 0xfe && b === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  if (a === 0x3c && b === 0) return new TextDecoder('utf-16le').decode(bytes);
  if (a === 0 && b === 0x3c) return new TextDecoder('utf-16be').decode(bytes);
  if (a === 0xef && b === 0xbb && c === 0xbf) return new TextDecoder().decode(bytes.subarray(3));
  return new TextDecoder().decode(bytes);
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

/** How many characters the worst entity becomes when fully expanded (CWE-776), computed without expanding. */
export function expandedLength(doctype: Doctype): number {
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
  return Math.max(0, ...[...table.keys()].map((name) => lengthOf(name, 0)));
}
