/**
 * Finds what is said to be the value of a name: assignments, annotated assignments, dictionary entries, keyword
 * arguments, defaults of look-ups, comparisons, tags, attributes, options of commands, in whatever language. It reads a
 * bounded stretch around the name and needs no parse of the file, so it works in strings, comments, outputs, broken
 * code and any format alike.
 */

export interface Assignment {
  key: string;
  keyStart: number;
  value: string;
  /** Range of the value in the text, without quotes. Of the first part when it is put together from several. */
  start: number;
  end: number;
  /** Range of the whole string literal, quotes and prefix included, when the value is exactly one plain literal. */
  literal?: { start: number; end: number };
  operator: 'assign' | 'compare' | 'argument' | 'tag' | 'option' | 'default' | 'cell';
  /** `literal`: a quoted string; `config`: a bare value of a configuration file; `prose`: a bare word of anything else. */
  context: 'literal' | 'config' | 'prose';
}

/** How bare values are read: code has none, a configuration file has little else, prose has some. */
export type Surroundings = 'code' | 'config' | 'prose';

const NAME_LIMIT = 64;
const VALUE_LIMIT = 2000;
const LINE_LIMIT = 400;

function isNameCode(c: number): boolean {
  return (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || (c >= 48 && c <= 57) || c === 95 || c === 45 || c === 46;
}

/** The name around `[start, end)`, with hyphens and dots inside it. */
export function nameAround(text: string, start: number, end: number): { start: number; end: number } {
  let from = start;
  const first = Math.max(0, start - NAME_LIMIT);
  while (from > first && isNameCode(text.charCodeAt(from - 1))) from -= 1;
  let to = end;
  const last = Math.min(text.length, end + NAME_LIMIT);
  while (to < last && isNameCode(text.charCodeAt(to))) to += 1;
  while (from < start && (text[from] === '.' || text[from] === '-')) from += 1;
  while (to > end && (text[to - 1] === '.' || text[to - 1] === '-')) to -= 1;
  return { start: from, end: to };
}

const OPERATOR = /[ \t]{0,30}(?:!={1,2}|[?.+]=|\|\|=|:{1,3}=|={1,3}>?|:(?!:)|<-)[ \t]{0,30}/y;
const ANNOTATION =
  /(?:[ \t]{0,4}:[ \t]{0,4}[A-Za-z_][\w.]{0,30}(?:\[[\w., "'|]{0,40}\])?(?:[ \t]?\|[ \t]?None)?|[ \t]{1,4}(?:\*?string|String|str|text|any|byte|bytes|char|varchar|const|SecretStr))[ \t]{0,30}:?=(?![=>])[ \t]{0,30}/y;
const MORE_NAMES =
  /(?:[ \t]{0,4},[ \t]{0,4}\$?[A-Za-z_][\w.]{0,60}){1,4}(?:[ \t]{1,4}[A-Za-z]\w{0,20})?[ \t]{0,4}:?=(?!=)[ \t]{0,4}/y;
const NAMED_VALUE =
  /(?:\\?["'`])?[ \t]{0,8}(?:,[ \t]{0,8})?(?:\r?\n[ \t]{0,40})?(?:\\?["'])?(?:value|val|defaultValue|default_value|currentValue|current_value|Default|token)(?:\\?["'])?[ \t]{0,8}[:=][ \t]{0,8}/y;
const TAG_VALUE = />\s{0,40}([^<>\s][^<>\n]{0,500}?)\s{0,40}<\//y;
const LOOKUP =
  /[\w.$]{1,80}\(\s{0,20}(?:f?["'][^"'\n]{1,100}["']|[\w.]{1,80})\s{0,8},\s{0,20}(?:default\s{0,4}=\s{0,4})?/y;
const WRAPPER =
  /(?:[\w.]{1,40}\.)?(?:SecretStr|SecretBytes|Secret|SecureString|str|bytes|bytearray|quote|quote_plus|urlquote|parse\.quote_plus|Password|Token|TokenAuth|Buffer\.from|String|b64encode|base64\.b64encode|to_secret)\(\s{0,20}/y;
const LOOKUP_NAME =
  /(?:getenv|environ\.get|env\.get|\benv|\bget|getattr|\.pop|setdefault|config|\.str|Env\w*|lookup|fetch|\.getProperty|secret\w*|param\w*|Option|Field|Form|argument)$/i;
const SETTER =
  /(?:env|get|set|put|define|propert(?:y|ies)|option|conf|config|default|add|header|param|secret|with|variable|credential|field|insert|update)\w{0,20}$/i;
const LITERAL_PREFIX = /(?:[bBrRuU]|[rR][bB]|[bB][rR]|@|L)?(?=\\?["'`]|&quot;)/y;
const FORMATTED = /[rR]?[fF][rR]?(?=["'])/y;

interface Literal {
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

/** The string literal at `at`, whatever the language writes it with. */
export function literalAt(text: string, at: number): Literal | undefined {
  let p = at;
  let formatted = false;
  FORMATTED.lastIndex = at;
  LITERAL_PREFIX.lastIndex = at;
  const f = FORMATTED.exec(text);
  if (f) {
    formatted = true;
    p = FORMATTED.lastIndex;
  } else if (LITERAL_PREFIX.test(text)) p = LITERAL_PREFIX.lastIndex;
  else return undefined;
  let quote = text[p] as string;
  if (quote === '\\') quote = text.slice(p, p + 2);
  else if (quote === '&') quote = '&quot;';
  else if (quote !== '`' && text.startsWith(quote.repeat(3), p)) quote = quote.repeat(3);
  const start = p + quote.length;
  const limit = Math.min(text.length, start + VALUE_LIMIT);
  const multiline = quote.length === 3 || quote === '`';
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

/** One literal or several that are joined by `+` or by standing side by side. */
function joinedLiterals(text: string, at: number, grouped: boolean): { value: string; parts: Literal[] } | undefined {
  const first = literalAt(text, at);
  if (!first) return undefined;
  const parts = [first];
  let end = first.outerEnd;
  while (parts.length < 16) {
    PLUS.lastIndex = end;
    GAP.lastIndex = end;
    let next = end;
    if (PLUS.test(text)) next = PLUS.lastIndex;
    else if (grouped && GAP.test(text)) next = GAP.lastIndex;
    else break;
    const part = literalAt(text, next);
    if (!part) break;
    parts.push(part);
    end = part.outerEnd;
  }
  return { value: parts.map((part) => part.value).join(''), parts };
}

/** Whether a place of a line is in a string or a comment, by the quotes and `#` or `//` before it on the line. */
export function lineState(text: string, at: number): 'code' | 'string' | 'comment' | 'shell' {
  let start = at;
  const first = Math.max(0, at - LINE_LIMIT);
  while (start > first && text.charCodeAt(start - 1) !== 10) start -= 1;
  let i = start;
  while (i < at && (text[i] === ' ' || text[i] === '\t')) i += 1;
  if (text[i] === '!' || text[i] === '%' || (text[i] === '$' && text[i + 1] === ' ')) return 'shell';
  let quote = '';
  for (; i < at; i += 1) {
    const c = text[i] as string;
    if (quote) {
      if (c === '\\') i += 1;
      else if (text.startsWith(quote, i)) {
        i += quote.length - 1;
        quote = '';
      }
    } else if (c === '"' || c === "'" || c === '`') {
      quote = c !== '`' && text.startsWith(c.repeat(3), i) ? c.repeat(3) : c;
      i += quote.length - 1;
    } else if (c === '#' || (c === '/' && text[i + 1] === '/' && text[i - 1] !== ':')) return 'comment';
  }
  return quote ? 'string' : 'code';
}

function assignment(
  name: { start: number; end: number },
  text: string,
  operator: Assignment['operator'],
  joined: { value: string; parts: Literal[] },
): Assignment | undefined {
  const first = joined.parts[0] as Literal;
  if (joined.parts.some((part) => part.formatted && part.value.includes('{'))) return undefined;
  const only = joined.parts.length === 1;
  const quoteLength = first.start - first.outerStart;
  const plain =
    only && (quoteLength === 1 || quoteLength === 3) && !/^[a-zA-Z@\\&]/.test(text[first.outerStart] as string);
  return {
    key: text.slice(name.start, name.end),
    keyStart: name.start,
    value: joined.value,
    start: first.start,
    end: first.end,
    ...(plain && { literal: { start: first.outerStart, end: first.outerEnd } }),
    operator,
    context: 'literal',
  };
}

/** Ends of a bare value inside code, prose and command lines. */
const BARE = /[^\s"'`<>,;|()\\]{1,600}/y;
/** A bare value of a line of a configuration file, up to a comment. */
const CONFIG_LINE = /[^\s"'`<][^\r\n]{0,600}/y;

function bareValue(
  text: string,
  name: { start: number; end: number },
  at: number,
  around: Surroundings,
  operator: Assignment['operator'],
): Assignment | undefined {
  const make = (value: string, context: Assignment['context']): Assignment | undefined => {
    if (value.length < 4) return undefined;
    return {
      key: text.slice(name.start, name.end),
      keyStart: name.start,
      value,
      start: at,
      end: at + value.length,
      operator,
      context,
    };
  };
  const state = lineState(text, name.start);
  if (
    around === 'config' &&
    operator !== 'option' &&
    (state === 'code' || (state === 'comment' && isLineStart(text, name.start)))
  ) {
    CONFIG_LINE.lastIndex = at;
    const match = CONFIG_LINE.exec(text);
    if (!match) return undefined;
    let value = match[0]
      .replace(/[ \t]+[#;].*$|<\/.*$/, '')
      .replace(/[ \t]*\\$/, '')
      .trimEnd();
    const lead = text.slice(Math.max(0, name.start - LINE_LIMIT), name.start);
    const line = lead.slice(lead.lastIndexOf('\n') + 1);
    // A flow mapping or a command line: the value is one word of it.
    if (
      /[{[]/.test(line) ||
      /[^\s:=-]\s+[^\s]*$/.test(
        line.replace(
          /^\s*(?:[-#*/]+\s+)?(?:export|set|ENV|ARG|env|const|let|var|string|String|-e|local|declare|setx|SET)\s+/,
          '',
        ),
      )
    ) {
      BARE.lastIndex = at;
      value = BARE.exec(text)?.[0] ?? '';
      value = value.replace(/[}\]]+$/, '');
    }
    if (/^[|>][+-]?\d?$/.test(value)) return blockScalar(text, name, at + value.length, operator);
    return make(value, state === 'comment' ? 'prose' : 'config');
  }
  BARE.lastIndex = at;
  const match = BARE.exec(text);
  if (!match) return undefined;
  if (/\.{3}$|…$/.test(match[0])) return undefined;
  const value = match[0].replace(/[.,;:!?)\]}]+$/, (tail) => (tail.length === match[0].length ? tail : ''));
  if (around !== 'code') {
    // Inside a longer string of a configuration file, a value that the string goes on after is code or prose.
    const goesOn = state === 'string' && !/["'&]/.test(text[at + match[0].length] ?? '"');
    return make(value, around === 'config' && !goesOn ? 'config' : 'prose');
  }
  if (state === 'shell') return make(value, 'config');
  if (state === 'string' || state === 'comment') return /^[\w.]+[[({]/.test(value) ? undefined : make(value, 'prose');
  // A line of YAML or of an .env file inside a string over several lines.
  const after = text.charCodeAt(at + match[0].length);
  const ends = Number.isNaN(after) || after === 10 || after === 13;
  return ends && isLineStart(text, name.start) && !/^[A-Za-z_][\w.]*(?:$|[[({])/.test(value) && !/^\d/.test(value)
    ? make(value, 'prose')
    : undefined;
}

function isLineStart(text: string, at: number): boolean {
  let i = at - 1;
  while (i >= 0 && at - i < 60) {
    const c = text[i];
    if (c === '\n') return true;
    if (c !== ' ' && c !== '\t' && c !== '-' && c !== '#' && c !== '"' && c !== "'") return false;
    i -= 1;
  }
  return i < 0;
}

/** The first line of a YAML block scalar. */
function blockScalar(
  text: string,
  name: { start: number; end: number },
  at: number,
  operator: Assignment['operator'],
): Assignment | undefined {
  const match = /\r?\n[ \t]{1,40}(\S[^\r\n]{3,500})/y;
  match.lastIndex = at;
  const found = match.exec(text);
  if (!found) return undefined;
  const value = (found[1] as string).trimEnd();
  const start = match.lastIndex - (found[1] as string).length;
  return {
    key: text.slice(name.start, name.end),
    keyStart: name.start,
    value,
    start,
    end: start + value.length,
    operator,
    context: 'config',
  };
}

/** Position of a name among names that are assigned together: `user, password = "bob", "..."`. */
function positionInList(text: string, start: number): number {
  const lead = text.slice(Math.max(0, start - 200), start);
  const line = lead.slice(lead.lastIndexOf('\n') + 1);
  const match = /^\s*(?:(?:const|var|let|my)\s+)?\(?((?:\$?[A-Za-z_][\w.]*\s*,\s*){1,4})\$?$/.exec(line);
  return match ? (match[1] as string).split(',').length - 1 : 0;
}

function nthLiteral(text: string, at: number, n: number): { value: string; parts: Literal[] } | undefined {
  let p = at;
  for (let i = 0; ; i += 1) {
    const joined = joinedLiterals(text, p, false);
    if (i === n) return joined;
    if (joined) p = (joined.parts[joined.parts.length - 1] as Literal).outerEnd;
    else {
      const skip = /[\w.]{1,60}(?:\([^()\n]{0,100}\))?/y;
      skip.lastIndex = p;
      if (!skip.test(text)) return undefined;
      p = skip.lastIndex;
    }
    const comma = /[ \t]{0,8},[ \t]{0,8}/y;
    comma.lastIndex = p;
    if (!comma.test(text)) return undefined;
    p = comma.lastIndex;
  }
}

/** The literal before a comparison that has its literal on the left: `"..." == password`. */
function literalBefore(text: string, at: number): { value: string; parts: Literal[] } | undefined {
  let p = at - 1;
  while (p > 0 && (text[p] === ' ' || text[p] === '(' || text[p] === '$')) p -= 1;
  if (text[p] !== '=') return undefined;
  const lead = text.slice(Math.max(0, at - 300), at);
  const match = /(["'`])([^"'`\n]{4,200})\1[ \t]{0,8}(?:={2,3}|!={1,2})[ \t]{0,8}\(?\$?$/.exec(lead);
  if (!match) return undefined;
  const base = at - lead.length + match.index;
  const value = match[2] as string;
  const part = {
    value,
    start: base + 1,
    end: base + 1 + value.length,
    outerStart: base,
    outerEnd: base + 2 + value.length,
  };
  return { value, parts: [{ ...part, formatted: false }] };
}

/**
 * The value of the name at `name`, if the text gives it one.
 * @param name range of a name, as {@link nameAround} gives it
 * @param table true in tables, where the next cell is the value
 */
export function assignedValue(
  text: string,
  name: { start: number; end: number },
  around: Surroundings,
  table: boolean,
): Assignment | undefined {
  let p = name.end;
  let c = text[p];
  let quoted = false;
  if (c === '\\' && (text[p + 1] === '"' || text[p + 1] === "'")) {
    quoted = true;
    p += 2;
  } else if (c === '"' || c === "'" || c === '`') {
    quoted = true;
    p += 1;
  }
  c = text[p];
  if (table && c === '\t') {
    const cell = /\t([^\t\n]{4,600})/y;
    cell.lastIndex = p;
    const match = cell.exec(text);
    if (!match) return undefined;
    const value = (match[1] as string).trim();
    const start = p + 1 + (match[1] as string).indexOf(value);
    return {
      key: text.slice(name.start, name.end),
      keyStart: name.start,
      value,
      start,
      end: start + value.length,
      operator: 'cell',
      context: 'prose',
    };
  }
  if (c === '>') return tagValue(text, name, p);
  if (c === '(') return callValue(text, name, p);
  if (c === ',' && quoted) {
    const value = argumentAfter(text, name, p);
    if (value) return value;
  }
  if (c === ',' && !quoted) {
    MORE_NAMES.lastIndex = p;
    if (MORE_NAMES.test(text)) {
      const joined = nthLiteral(text, MORE_NAMES.lastIndex, positionInList(text, name.start));
      return joined && assignment(name, text, 'assign', joined);
    }
  }
  if (c === ']') p += 1;
  if (c === ' ' && text[name.start - 1] === '-' && text[name.start - 2] === '-')
    return optionValue(text, name, p, around);
  OPERATOR.lastIndex = p;
  const operator = OPERATOR.exec(text);
  if (operator) {
    const sign = operator[0].trim();
    p = OPERATOR.lastIndex;
    if (sign === ':' || sign === '') {
      ANNOTATION.lastIndex = p - operator[0].length;
      // `token: str = "..."`: the value stands after the type.
      if (!quoted && ANNOTATION.test(text)) p = ANNOTATION.lastIndex;
    }
    const compare = /^(?:={2,3}|!={1,2})$/.test(sign);
    const found = expressionValue(text, name, p, around, compare ? 'compare' : 'assign');
    if (found || compare) return found;
    const left = quoted ? undefined : literalBefore(text, name.start);
    return left ? assignment(name, text, 'compare', left) : namedValue(text, name);
  }
  if (!quoted) {
    ANNOTATION.lastIndex = p;
    if (ANNOTATION.test(text)) return expressionValue(text, name, ANNOTATION.lastIndex, around, 'assign');
    const left = literalBefore(text, name.start);
    if (left) return assignment(name, text, 'compare', left);
  }
  return namedValue(text, name) ?? netrcValue(text, name, p);
}

/** `<password>...</password>` */
function tagValue(text: string, name: { start: number; end: number }, at: number): Assignment | undefined {
  const before = text[name.start - 1];
  if (before !== '<' && before !== ':') return undefined;
  TAG_VALUE.lastIndex = at;
  const match = TAG_VALUE.exec(text);
  if (!match) return undefined;
  const value = (match[1] as string).trim();
  const start = text.indexOf(value, at + 1);
  return {
    key: text.slice(name.start, name.end),
    keyStart: name.start,
    value,
    start,
    end: start + value.length,
    operator: 'tag',
    context: 'config',
  };
}

/** `Password(value="...")`, `set_password("...")`, `.password("...")` */
function callValue(text: string, name: { start: number; end: number }, at: number): Assignment | undefined {
  const key = text.slice(name.start, name.end);
  const keyword = /\(\s{0,20}(?:value|password|secret|token|key)\s{0,4}=\s{0,4}/y;
  keyword.lastIndex = at;
  let p = at + 1;
  if (keyword.test(text)) p = keyword.lastIndex;
  else if (!/(?:^|\.)(?:set|with|use)[A-Z_]\w*$|\.(?:password|apiKey|api_key|accessToken|secret)$/.test(key))
    return undefined;
  const joined = joinedLiterals(text, p, true);
  return joined && assignment(name, text, 'argument', joined);
}

/** `setProperty("token", "...")`, `os.getenv("TOKEN", "...")`, `define("password", "...")` */
function argumentAfter(text: string, name: { start: number; end: number }, at: number): Assignment | undefined {
  const lead = /([\w.$]{1,80})\(\s{0,40}[rbuf]?\\?["'`][^"'`\n]{0,40}$/.exec(
    text.slice(Math.max(0, name.start - 160), name.start),
  );
  if (!lead || !SETTER.test(lead[1] as string)) return undefined;
  const comma = /,\s{0,40}(?:default\s{0,4}=\s{0,4}|value\s{0,4}=\s{0,4})?/y;
  comma.lastIndex = at;
  comma.test(text);
  const joined = joinedLiterals(text, comma.lastIndex, true);
  const operator = LOOKUP_NAME.test(lead[1] as string) ? 'default' : 'argument';
  return joined && assignment(name, text, operator, joined);
}

/** `--password VALUE` */
function optionValue(
  text: string,
  name: { start: number; end: number },
  at: number,
  around: Surroundings,
): Assignment | undefined {
  const gap = /[ \t]{1,4}/y;
  gap.lastIndex = at;
  if (!gap.test(text)) return undefined;
  const joined = joinedLiterals(text, gap.lastIndex, false);
  if (joined) return assignment(name, text, 'option', joined);
  if (text[gap.lastIndex] === '-') return undefined;
  return bareValue(text, name, gap.lastIndex, around, 'option');
}

/** `name="password" value="..."`, `- name: PASSWORD` with `value: ...` on the next line. */
function namedValue(text: string, name: { start: number; end: number }): Assignment | undefined {
  const lead = text.slice(Math.max(0, name.start - 24), name.start);
  if (!/(?:name|key|Name|Key|id|parameter|option)\\?["']?\s{0,4}[:=]\s{0,4}\\?["']?$/.test(lead)) return undefined;
  NAMED_VALUE.lastIndex = name.end;
  if (!NAMED_VALUE.test(text)) return undefined;
  const joined = joinedLiterals(text, NAMED_VALUE.lastIndex, false);
  if (joined) return assignment(name, text, 'assign', joined);
  return bareValue(text, name, NAMED_VALUE.lastIndex, 'config', 'assign');
}

/** `machine host login user password VALUE` of a .netrc file. */
function netrcValue(text: string, name: { start: number; end: number }, at: number): Assignment | undefined {
  if (text[at] !== ' ' && text[at] !== '\t' && text[at] !== '\n') return undefined;
  if (!/\blogin\s{1,8}\S{1,100}\s{1,8}$/.test(text.slice(Math.max(0, name.start - 130), name.start))) return undefined;
  const gap = /\s{1,4}(?=\S)/y;
  gap.lastIndex = at;
  if (!gap.test(text)) return undefined;
  return bareValue(text, name, gap.lastIndex, 'config', 'option');
}

const ALTERNATIVE = /(?:\bor|\belse|\?\?|\|\||:-)[ \t]{0,4}(?=[bru]?["'])/;

function expressionValue(
  text: string,
  name: { start: number; end: number },
  at: number,
  around: Surroundings,
  operator: Assignment['operator'],
): Assignment | undefined {
  let p = at;
  let grouped = false;
  const group = /\(?[ \t]{0,4}(?:\\?\r?\n[ \t]{0,80})?/y;
  if (text[p] === '(' || text[p] === '\\') {
    group.lastIndex = p;
    group.test(text);
    grouped = text[p] === '(';
    p = group.lastIndex;
  } else if (text[p] === '\n' || text[p] === '\r') {
    // JSON and XML may break after the colon; a bare value does not.
    const gap = /\r?\n[ \t]{0,80}(?=["'])/y;
    gap.lastIndex = p;
    if (gap.test(text) && /["'`]/.test(text[name.end] ?? '')) p = gap.lastIndex;
    else return undefined;
  }
  const index = operator === 'assign' ? positionInList(text, name.start) : 0;
  const joined = index > 0 ? nthLiteral(text, p, index) : joinedLiterals(text, p, grouped);
  if (joined) return assignment(name, text, operator, joined);
  FORMATTED.lastIndex = p;
  if (FORMATTED.test(text)) return undefined;
  WRAPPER.lastIndex = p;
  if (WRAPPER.test(text)) {
    const inner = joinedLiterals(text, WRAPPER.lastIndex, true);
    if (inner) return assignment(name, text, operator, inner);
  }
  LOOKUP.lastIndex = p;
  const lookup = LOOKUP.exec(text);
  if (lookup && LOOKUP_NAME.test(lookup[0].slice(0, lookup[0].indexOf('(')))) {
    const inner = joinedLiterals(text, LOOKUP.lastIndex, true);
    if (inner) {
      const found = assignment(name, text, 'default', inner);
      if (found) delete found.literal;
      return found;
    }
  }
  const newline = text.indexOf('\n', p);
  const rest = text.slice(p, Math.min(newline < 0 ? text.length : newline, p + 300));
  const alternative = ALTERNATIVE.exec(rest);
  if (alternative && /^[\w.$([{]/.test(rest)) {
    const inner = joinedLiterals(text, p + alternative.index + alternative[0].length, true);
    if (inner) {
      const found = assignment(name, text, 'default', inner);
      if (found) delete found.literal;
      return found;
    }
  }
  if (operator === 'compare' || text[p] === '"' || text[p] === "'" || text[p] === '`') return undefined;
  return bareValue(text, name, p, around, operator);
}
