/**
 * Values that stand inside the brackets or below the line of a name: `Field(..., default="...")`,
 * `variable "password" { default = "..." }`, `password: { value: ... }`.
 */
import { literalAt } from './literals';

const SCAN_LIMIT = 800;

/** Arguments of a declaration that hold its value. */
export const DEFAULT_NAMES = /^(?:default|default_value|default_factory|defaultValue|const|value|fallback)$/;
/** Entries of a mapping that hold the value of the name the mapping is given to. */
export const VALUE_NAMES =
  /^(?:value|Value|VALUE|default|Default|defaultValue|default_value|plain|plaintext|plain_text|secret|password|current|raw|text|literal)$/;

const SIGN = /\s{0,20}(?:=>|:=|=(?!=)|:(?!:))\s{0,40}/y;
const WORD = /[A-Za-z_]\w{0,40}/y;

/**
 * Where the value of an entry of the brackets at `at` begins.
 * @param at index of the opening bracket
 * @param names which entries of its own level are meant
 */
export function entryValue(text: string, at: number, names: RegExp): number | undefined {
  const limit = Math.min(text.length, at + SCAN_LIMIT);
  let depth = 0;
  const valueAfter = (name: string, end: number): number | undefined => {
    if (depth !== 1 || !names.test(name)) return undefined;
    SIGN.lastIndex = end;
    return SIGN.test(text) ? SIGN.lastIndex : undefined;
  };
  for (let i = at; i < limit; ) {
    const c = text[i] as string;
    if (c === '(' || c === '{' || c === '[') {
      depth += 1;
      i += 1;
    } else if (c === ')' || c === '}' || c === ']') {
      depth -= 1;
      if (depth === 0) return undefined;
      i += 1;
    } else if (c === '"' || c === "'" || c === '`' || (c === '\\' && /["']/.test(text[i + 1] ?? ''))) {
      const literal = literalAt(text, i);
      if (!literal) return undefined;
      const value = valueAfter(literal.value, literal.outerEnd);
      if (value !== undefined) return value;
      i = literal.outerEnd;
    } else if (/[A-Za-z_]/.test(c)) {
      WORD.lastIndex = i;
      const word = (WORD.exec(text) as RegExpExecArray)[0];
      const end = i + word.length;
      if (word.length <= 2 && /["']/.test(text[end] ?? '')) {
        const literal = literalAt(text, i);
        if (!literal) return undefined;
        i = literal.outerEnd;
        continue;
      }
      const value = /[\w.]/.test(text[i - 1] ?? '') ? undefined : valueAfter(word, end);
      if (value !== undefined) return value;
      i = end;
    } else i += 1;
  }
  return undefined;
}

/** Column (0-based) at which the key of a YAML or INI line begins, after the dashes of list items. */
function keyColumn(text: string, start: number): number {
  const from = text.lastIndexOf('\n', start - 1) + 1;
  const column = start - from;
  return column > 0 && /["']/.test(text[start - 1] as string) ? column - 1 : column;
}

export interface BelowValue {
  /** Where the value begins: a bare word or a literal. */
  at: number;
  kind: 'item' | 'entry' | 'scalar';
}

const BELOW_LIMIT = 1500;

/**
 * Values on the lines below a key that has none on its own: items of a list, the entry `value:` of a mapping, or the
 * scalar itself.
 * @param start where the key begins
 * @param at where its line ends
 * @param scalars false where only lists and mappings may stand below (YAML) unless nothing else could be meant
 */
export function valuesBelow(text: string, start: number, at: number): BelowValue[] {
  const column = keyColumn(text, start);
  const found: BelowValue[] = [];
  const limit = Math.min(text.length, at + BELOW_LIMIT);
  let p = at;
  let block: number | undefined;
  for (let lines = 0; p < limit && lines < 24; lines += 1) {
    const newline = text.indexOf('\n', p);
    if (newline < 0) break;
    const line = /\n([ \t]{0,80})(?:(-)[ \t]{1,8})?([^\s#][^\n]{0,600})?/y;
    line.lastIndex = newline;
    const match = line.exec(text) as RegExpExecArray | null;
    if (!match) break;
    p = newline + 1;
    const [, indent = '', dash, rest] = match;
    if (rest === undefined) continue;
    if (indent.length < column || (indent.length === column && dash === undefined)) break;
    block ??= indent.length;
    if (indent.length !== block) continue;
    const content = line.lastIndex - rest.length;
    if (dash !== undefined) {
      if (!/^["']?[\w.-]{1,60}["']?\s{0,4}[:=](?:\s|$)/.test(rest)) found.push({ at: content, kind: 'item' });
    } else {
      const entry = /^["']?([\w.-]{1,60})["']?[ \t]{0,8}:(?:[ \t]{1,20}|$)/.exec(rest);
      if (!entry) {
        if (found.length === 0 && !/^\S+[ \t]{0,4}[:=]/.test(rest)) found.push({ at: content, kind: 'scalar' });
        break;
      }
      if (VALUE_NAMES.test(entry[1] as string) && entry[0].length < rest.length) {
        found.push({ at: content + entry[0].length, kind: 'entry' });
        break;
      }
    }
  }
  return found;
}
