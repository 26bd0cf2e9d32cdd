/** Python's string literals: where they end and what they say (Python language reference 2.4.1). */

const BACKSLASH = 92;
const NEWLINE = 10;
const RETURN = 13;

/**
 * Offset after the string literal whose opening quote is at `at`. A string in single quotes that its line does not close
 * ends with the line, as an editor shows it.
 */
export function stringEnd(text: string, at: number, limit: number): number {
  const quote = text.charCodeAt(at);
  if (text.charCodeAt(at + 1) === quote && text.charCodeAt(at + 2) === quote) {
    const close = text.slice(at, at + 3);
    let from = at + 3;
    for (;;) {
      const found = text.indexOf(close, from);
      if (found < 0 || found >= limit) return limit;
      let slashes = 0;
      while (found - 1 - slashes >= at + 3 && text.charCodeAt(found - 1 - slashes) === BACKSLASH) slashes += 1;
      if (slashes % 2 === 0) return found + 3;
      from = found + 1;
    }
  }
  for (let i = at + 1; i < limit; i += 1) {
    const c = text.charCodeAt(i);
    if (c === quote) return i + 1;
    if (c === BACKSLASH) i += text.charCodeAt(i + 1) === RETURN && text.charCodeAt(i + 2) === NEWLINE ? 2 : 1;
    else if (c === NEWLINE) return i;
  }
  return limit;
}

/** Prefix, opening quotes and content of a literal. */
const OPENING = /^([A-Za-z]{0,2})("""|'''|"|')/;

/** Offsets of the content within the source of a literal, and its prefix in lower case. */
export function contentOf(source: string): { prefix: string; start: number; end: number } {
  const match = OPENING.exec(source);
  if (!match) return { prefix: '', start: 0, end: source.length };
  const quote = match[2] as string;
  const start = match[0].length;
  const closed = source.endsWith(quote) && source.length >= start + quote.length;
  return {
    prefix: (match[1] as string).toLowerCase(),
    start,
    end: closed ? source.length - quote.length : source.length,
  };
}

/** Content of a string literal: prefix and quotes taken off, the usual escapes resolved. */
export function literalText(source: string): string {
  const { prefix, start, end } = contentOf(source);
  const body = source.slice(start, end);
  if (prefix.includes('r') || !body.includes('\\')) return body;
  return body.replace(
    /\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([0-7]{1,3})|\r?\n|([\s\S]))/g,
    (all: string, hex?: string, short?: string, long?: string, octal?: string, c?: string) => {
      const digits = hex ?? short ?? long;
      if (digits) {
        const code = Number.parseInt(digits, 16);
        return code <= 0x10ffff ? String.fromCodePoint(code) : all;
      }
      if (octal) return String.fromCharCode(Number.parseInt(octal, 8));
      if (c === undefined) return '';
      if (c === 'n') return '\n';
      if (c === 't') return '\t';
      if (c === 'r') return '\r';
      return '\\\'"'.includes(c) ? c : all;
    },
  );
}
