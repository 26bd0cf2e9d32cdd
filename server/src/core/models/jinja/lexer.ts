/** Tokens of a Jinja template (2.x and 3.x with the default delimiters), each with its offset in the template. */
export type Token =
  | { kind: 'text'; value: string; at: number }
  | { kind: 'print' | 'statement' | 'end'; at: number }
  | { kind: 'name' | 'operator'; value: string; at: number }
  | { kind: 'string'; value: string; at: number }
  | { kind: 'number'; value: number; at: number };

/** Where a template is none. `beyond` tells that it may well be one, but nested or long as nobody writes them. */
export class TemplateSyntaxError extends Error {
  constructor(
    message: string,
    readonly at: number,
    readonly beyond = false,
  ) {
    super(message);
    this.name = 'TemplateSyntaxError';
  }
}

const OPERATORS = [
  '**',
  '//',
  '==',
  '!=',
  '>=',
  '<=',
  '+',
  '-',
  '*',
  '/',
  '%',
  '~',
  '<',
  '>',
  '=',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  '.',
  ',',
  ':',
  '|',
  ';',
];
const NAME = /[\p{L}_][\p{L}\p{N}_]*/uy;
const NUMBER = /0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?/y;
const ENDRAW = /\{%[-+]?\s*endraw\s*[-+]?%\}/g;
const RAW = /\{%[-+]?\s*raw\s*[-+]?%\}/y;

/**
 * Cuts a template into tokens. `end` closes both `{{ ... }}` and `{% ... %}`; comments vanish.
 * @throws TemplateSyntaxError where Jinja's own lexer would fail
 */
export function tokenize(template: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < template.length) {
    const open = nextDelimiter(template, at);
    if (open > at) tokens.push({ kind: 'text', value: template.slice(at, open), at });
    if (open >= template.length) break;
    const kind = template[open + 1];
    if (kind === '#') {
      const close = template.indexOf('#}', open + 2);
      if (close < 0) throw new TemplateSyntaxError('a comment without end', open);
      at = close + 2;
      continue;
    }
    RAW.lastIndex = open;
    const raw = RAW.exec(template);
    if (raw) {
      ENDRAW.lastIndex = open + raw[0].length;
      const end = ENDRAW.exec(template);
      if (!end) throw new TemplateSyntaxError('a raw block without end', open);
      tokens.push({ kind: 'text', value: template.slice(open + raw[0].length, end.index), at: open + raw[0].length });
      at = end.index + end[0].length;
      continue;
    }
    const sign = template[open + 2];
    tokens.push({ kind: kind === '{' ? 'print' : 'statement', at: open });
    at = readCode(template, open + (sign === '-' || sign === '+' ? 3 : 2), kind === '{' ? '}}' : '%}', tokens);
  }
  return tokens;
}

function nextDelimiter(template: string, from: number): number {
  for (let at = template.indexOf('{', from); at >= 0; at = template.indexOf('{', at + 1)) {
    const next = template[at + 1];
    if (next === '{' || next === '%' || next === '#') return at;
  }
  return template.length;
}

function readCode(template: string, from: number, close: string, tokens: Token[]): number {
  let at = from;
  let depth = 0;
  for (;;) {
    while (at < template.length && /\s/.test(template[at] as string)) at += 1;
    if (at >= template.length) throw new TemplateSyntaxError('a tag without end', from);
    const char = template[at] as string;
    if (depth === 0) {
      if (template.startsWith(close, at)) {
        tokens.push({ kind: 'end', at });
        return at + 2;
      }
      if ((char === '-' || char === '+') && template.startsWith(close, at + 1)) {
        tokens.push({ kind: 'end', at });
        return at + 3;
      }
    }
    if (char === '"' || char === "'") {
      const end = stringEnd(template, at);
      tokens.push({ kind: 'string', value: decodeEscapes(template.slice(at + 1, end)), at });
      at = end + 1;
      continue;
    }
    NAME.lastIndex = at;
    const name = NAME.exec(template);
    if (name) {
      tokens.push({ kind: 'name', value: name[0], at });
      at += name[0].length;
      continue;
    }
    NUMBER.lastIndex = at;
    const number = NUMBER.exec(template);
    if (number) {
      tokens.push({ kind: 'number', value: Number(number[0].replace(/_/g, '')), at });
      at += number[0].length;
      continue;
    }
    const operator = OPERATORS.find((op) => template.startsWith(op, at));
    if (!operator) throw new TemplateSyntaxError(`a character that no expression has`, at);
    if ('([{'.includes(operator)) depth += 1;
    if (')]}'.includes(operator)) depth = Math.max(0, depth - 1);
    tokens.push({ kind: 'operator', value: operator, at });
    at += operator.length;
  }
}

function stringEnd(template: string, start: number): number {
  const quote = template[start];
  for (let at = start + 1; at < template.length; at += 1) {
    if (template[at] === '\\') at += 1;
    else if (template[at] === quote) return at;
  }
  throw new TemplateSyntaxError('a string without end', start);
}

const SIMPLE: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
};

/** Escapes as Python's unicode-escape codec reads them, which Jinja uses. */
function decodeEscapes(raw: string): string {
  if (!raw.includes('\\')) return raw;
  return raw.replace(
    /\\(?:N\{([A-Z -]{1,60})\}|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|([\s\S]))/g,
    (whole, name: string, x: string, u: string, long: string, octal: string, simple: string) => {
      if (name !== undefined) return namedCharacter(name) ?? whole;
      const hex = x ?? u ?? long;
      if (hex !== undefined) {
        const code = Number.parseInt(hex, 16);
        return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
      }
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
      return SIMPLE[simple] ?? whole;
    },
  );
}

/** Characters that `\\N{...}` names, as far as names of Python are spelled with them. */
function namedCharacter(name: string): string | undefined {
  if (name === 'LOW LINE') return '_';
  if (name === 'FULL STOP') return '.';
  const letter = /^LATIN (SMALL|CAPITAL) LETTER ([A-Z])$/.exec(name);
  return letter ? (letter[1] === 'SMALL' ? (letter[2] as string).toLowerCase() : letter[2]) : undefined;
}
