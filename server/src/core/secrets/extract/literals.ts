/** String literals, whatever the language writes them with. */

const VALUE_LIMIT = 2000;
const LITERAL_PREFIX = /(?:[bBrRuU]|[rR][bB]|[bB][rR]|@|L|u8)?(?=\\?["'`]|&quot;)/y;
const FORMATTED = /(?:[rR]?[fF][rR]?|\$@?)(?=["'])/y;
/** `r#"..."#` of Rust. */
const HASHED = /b?r(#{1,3})"/y;

export interface Literal {
  value: string;
  /** Without quotes. */
  start: number;
  end: number;
  /** With quotes and prefix. */
  outerStart: number;
  outerEnd: number;
  /** An f-string, whose braces are expressions. */
  formatted: boolean;
}

/** One literal, or several that are joined, as one value. */
export interface JoinedLiterals {
  value: string;
  parts: Literal[];
}

/** True when an f-string (or an interpolated string of another language) begins at `at`. */
export function formattedAt(text: string, at: number): boolean {
  FORMATTED.lastIndex = at;
  return FORMATTED.test(text);
}

/** The string literal at `at`. */
export function literalAt(text: string, at: number): Literal | undefined {
  let p = at;
  let formatted = false;
  FORMATTED.lastIndex = at;
  LITERAL_PREFIX.lastIndex = at;
  HASHED.lastIndex = at;
  let quote: string;
  let start: number;
  const hashed = HASHED.exec(text);
  if (hashed) {
    quote = `"${hashed[1]}`;
    start = at + hashed[0].length;
  } else {
    if (FORMATTED.test(text)) {
      formatted = true;
      p = FORMATTED.lastIndex;
    } else if (LITERAL_PREFIX.test(text)) p = LITERAL_PREFIX.lastIndex;
    else return undefined;
    quote = text[p] as string;
    if (quote === '\\') quote = text.slice(p, p + 2);
    else if (quote === '&') quote = '&quot;';
    else if (quote !== '`' && text.startsWith(quote.repeat(3), p)) quote = quote.repeat(3);
    start = p + quote.length;
  }
  const limit = Math.min(text.length, start + VALUE_LIMIT);
  const multiline = quote.length === 3 || quote === '`' || hashed !== null;
  for (let i = start; i < limit; i += 1) {
    const c = text.charCodeAt(i);
    if (c === 10 && !multiline) return undefined;
    if (text.startsWith(quote, i)) {
      return {
        value: text.slice(start, i),
        start,
        end: i,
        outerStart: at,
        outerEnd: i + quote.length,
        formatted,
      };
    }
    if (c === 92 && quote.length !== 2) i += 1;
  }
  return undefined;
}

const PLUS = /\s{0,40}\+\s{0,40}/y;
const GAP = /[ \t]{0,40}(?:\\?\r?\n[ \t]{0,80}){0,2}/y;
const SPACE = /[ \t]{1,8}/y;

/**
 * One literal or several that are joined by `+` or by standing side by side.
 * @param grouped true inside brackets, where a line may end between them
 */
export function joinedLiterals(text: string, at: number, grouped: boolean): JoinedLiterals | undefined {
  const first = literalAt(text, at);
  if (!first) return undefined;
  const parts = [first];
  let end = first.outerEnd;
  while (parts.length < 16) {
    const gap = grouped ? GAP : SPACE;
    PLUS.lastIndex = end;
    gap.lastIndex = end;
    let next = end;
    if (PLUS.test(text)) next = PLUS.lastIndex;
    else if (gap.test(text)) next = gap.lastIndex;
    else break;
    const part = literalAt(text, next);
    if (!part) break;
    parts.push(part);
    end = part.outerEnd;
  }
  return { value: parts.map((part) => part.value).join(''), parts };
}

/** The `n`th (0-based) of literals and simple expressions that are separated by commas. */
export function nthLiteral(text: string, at: number, n: number): JoinedLiterals | undefined {
  let p = at;
  for (let i = 0; ; i += 1) {
    const joined = joinedLiterals(text, p, false);
    if (i === n) return joined;
    if (joined) p = (joined.parts[joined.parts.length - 1] as Literal).outerEnd;
    else {
      const skip = /[\w.$:]{1,60}(?:\([^()\n]{0,100}\)|\[[^\]\n]{0,60}\])?|\{[^{}\n]{0,200}\}/y;
      skip.lastIndex = p;
      if (!skip.test(text)) return undefined;
      p = skip.lastIndex;
    }
    const comma = /\s{0,8},\s{0,40}/y;
    comma.lastIndex = p;
    if (!comma.test(text)) return undefined;
    p = comma.lastIndex;
  }
}

/** The literals of a list, tuple or set that begins at the bracket `at`; empty when it holds anything else first. */
export function listedLiterals(text: string, at: number): JoinedLiterals[] {
  const open = text[at] as string;
  const found: JoinedLiterals[] = [];
  let p = at + 1;
  const limit = at + VALUE_LIMIT;
  const gap = /\s{0,80}/y;
  while (found.length < 32 && p < limit) {
    gap.lastIndex = p;
    gap.test(text);
    const joined = joinedLiterals(text, gap.lastIndex, true);
    if (!joined) break;
    const next = /\s{0,80}([,\])}:])/y;
    next.lastIndex = (joined.parts[joined.parts.length - 1] as Literal).outerEnd;
    const after = next.exec(text);
    // `{"a": ...}` is a mapping, `("a")` no list.
    if (!after || after[1] === ':' || (open === '(' && found.length === 0 && after[1] === ')')) return [];
    found.push(joined);
    if (after[1] !== ',') break;
    p = next.lastIndex;
  }
  return found;
}
