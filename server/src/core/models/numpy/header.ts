/**
 * Header of an .npy file (`numpy/lib/format.py`, NEP 1): magic, version, and a Python dictionary as text. The text is
 * parsed as a literal and never evaluated.
 */

export type Literal =
  | string
  | number
  | boolean
  | null
  | Literal[]
  | { tuple: Literal[] }
  | { dict: [Literal, Literal][] };

/** The text is no Python literal of strings, numbers, booleans, lists, tuples and dictionaries. */
export class NotALiteral extends Error {
  constructor(offset: number) {
    super(`no Python literal at character ${offset}`);
    this.name = 'NotALiteral';
  }
}

const MAX_DEPTH = 32;

/** @throws NotALiteral */
export function parseLiteral(text: string): Literal {
  let at = 0;
  const space = () => {
    while (at < text.length && ' \t\r\n'.includes(text[at] as string)) at += 1;
  };
  const fail = (): never => {
    throw new NotALiteral(at);
  };
  const list = (close: string, depth: number): { items: Literal[]; comma: boolean } => {
    const items: Literal[] = [];
    let comma = false;
    for (space(); text[at] !== close; space()) {
      if (at >= text.length || (items.length > 0 && !comma)) fail();
      items.push(value(depth + 1));
      space();
      comma = text[at] === ',';
      if (comma) at += 1;
    }
    at += 1;
    return { items, comma };
  };
  const value = (depth: number): Literal => {
    if (depth > MAX_DEPTH) fail();
    space();
    const c = text[at];
    if (c === "'" || c === '"' || ((c === 'b' || c === 'u') && (text[at + 1] === "'" || text[at + 1] === '"'))) {
      if (c === 'b' || c === 'u') at += 1;
      const quote = text[at];
      let out = '';
      for (at += 1; text[at] !== quote; at += 1) {
        if (at >= text.length || text[at] === '\n') fail();
        if (text[at] === '\\') at += 1;
        out += text[at] ?? '';
      }
      at += 1;
      return out;
    }
    if (c === '[') {
      at += 1;
      return list(']', depth).items;
    }
    if (c === '(') {
      at += 1;
      const { items, comma } = list(')', depth);
      return items.length === 1 && !comma ? (items[0] as Literal) : { tuple: items };
    }
    if (c === '{') {
      at += 1;
      const pairs: [Literal, Literal][] = [];
      for (space(); text[at] !== '}'; space()) {
        const key = value(depth + 1);
        space();
        if (text[at] !== ':') fail();
        at += 1;
        pairs.push([key, value(depth + 1)]);
        space();
        if (text[at] === ',') at += 1;
        else if (text[at] !== '}') fail();
      }
      at += 1;
      return { dict: pairs };
    }
    const word = /^(?:True|False|None|[-+]?\d{1,30}L?)/.exec(text.slice(at, at + 40));
    if (!word) return fail();
    at += word[0].length;
    if (word[0] === 'True') return true;
    if (word[0] === 'False') return false;
    if (word[0] === 'None') return null;
    return Number(word[0].replace('L', ''));
  };
  const result = value(0);
  space();
  if (at < text.length) fail();
  return result;
}

export interface DType {
  /** As NumPy spells it. */
  text: string;
  /** Bytes of one item; -1 when not told. */
  size: number;
  hasObjects: boolean;
}

const FIELD_LIMIT = 10_000;

/** Size and content of a dtype description: a string, or a list of (name, dtype[, shape]) fields. */
export function describeDType(descr: Literal | undefined, depth = 0): DType | undefined {
  if (depth > MAX_DEPTH) return undefined;
  if (typeof descr === 'string') {
    const match = /^[|<>=]?([a-zA-Z?])(\d*)(?:\[.{1,40}\])?$/.exec(descr);
    if (!match) return undefined;
    const kind = match[1] as string;
    if (!'?bBhHiIlLqQefdgFDGSaUVOmMpPcSu'.includes(kind)) return undefined;
    const width = match[2] ? Number(match[2]) : kind === 'O' ? 8 : -1;
    return { text: descr, size: kind === 'U' ? width * 4 : width, hasObjects: kind === 'O' };
  }
  if (!Array.isArray(descr) || descr.length > FIELD_LIMIT) return undefined;
  let size = 0;
  let hasObjects = false;
  const parts: string[] = [];
  for (const field of descr) {
    const items = typeof field === 'object' && field !== null && 'tuple' in field ? field.tuple : undefined;
    if (!items || items.length < 2 || items.length > 3) return undefined;
    const inner = describeDType(items[1], depth + 1);
    if (!inner) return undefined;
    let count = 1;
    for (const dim of dimensions(items[2])) count *= dim;
    size += inner.size * count;
    hasObjects ||= inner.hasObjects;
    parts.push(inner.text);
  }
  return { text: parts.join(','), size, hasObjects };
}

function dimensions(shape: Literal | undefined): number[] {
  if (typeof shape === 'number') return [shape];
  if (typeof shape === 'object' && shape !== null && 'tuple' in shape) {
    return shape.tuple.filter((n): n is number => typeof n === 'number');
  }
  return [];
}

/** Sizes of an array's dimensions; undefined when they are no tuple of whole numbers. */
export function shapeOf(literal: Literal | undefined): number[] | undefined {
  if (typeof literal !== 'object' || literal === null || !('tuple' in literal)) return undefined;
  return literal.tuple.every((n) => typeof n === 'number') ? (literal.tuple as number[]) : undefined;
}
