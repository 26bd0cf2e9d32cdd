/**
 * Divides a Python text into logical lines (Python language reference 2.1) and notes which stretches of it may bind a
 * name, sixteen characters at a time: `core/python/lines.ts` uses it. Nothing is read of an expression.
 */
import { CHUNK, OUTPUT, STATES } from './memory';

const TAB: u8 = 9;
const LINE_FEED: u8 = 10;
const FORM_FEED: u8 = 12;
const RETURN: u8 = 13;
const SPACE: u8 = 32;
const BANG: u8 = 33;
const HASH: u8 = 35;
const PERCENT: u8 = 37;
const OPEN: u8 = 40;
const CLOSE: u8 = 41;
const POINT: u8 = 46;
const COLON: u8 = 58;
const LESS: u8 = 60;
const EQUALS: u8 = 61;
const GREATER: u8 = 62;
const QUESTION: u8 = 63;
const OPEN_SQUARE: u8 = 91;
const BACKSLASH: u8 = 92;
const CLOSE_SQUARE: u8 = 93;
const OPEN_CURLY: u8 = 123;
const CLOSE_CURLY: u8 = 125;

/**
 * Which of the signs that divide a byte is by its lower and by its upper half: the bit that both have stands for one of
 * the upper halves 0, 2, 3, 5 and 7 with the lower ones that go with it.
 */
const LOWER = i8x16(0, 0, 2, 2, 0, 0, 0, 2, 2, 2, 1, 24, 8, 29, 0, 0);
const UPPER = i8x16(1, 0, 2, 4, 0, 8, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0);

/** How a stretch binds: `Binder` of `core/python/notes.ts`. */
const NAME: i32 = 0;
const TARGETS: i32 = 1;
const LAST: i32 = 2;
const IMPORT: i32 = 3;
const AS: i32 = 4;
const LOOP: i32 = 5;

/** Characters in front of an equals sign in which the names are that it binds. */
const REACH: i32 = 300;

/** Characters of which the signs are found at once. */
const WIDTH: i32 = 64;

/** What a line opens. */
const NOTHING: i32 = 0;
const FUNCTION: i32 = 1;
const CLASS: i32 = 2;

/** Start, end, and four times the indentation and what it opens, of each line that ends in a stretch. */
export const LINES = OUTPUT;
/** Start and end of the comments within these lines. No more than every second character begins one, or ends a line. */
export const COMMENTS = OUTPUT + CHUNK * 7;
/** Eight times its line and how it binds, start and end, of each stretch that may bind. */
export const NOTES = STATES;
/** How many numbers there are in LINES, in COMMENTS and in NOTES. */
export const DIVIDED = memory.data(12);

let text: usize = 0;
let size: i32 = 0;
/** Where the next stretch begins. */
let at: i32 = 0;
/** Lines that have ended. */
let line: i32 = 0;
/** The line at hand: where it begins, -1 between lines; the columns in front of it, and brackets that are open. */
let start: i32 = -1;
let indent: i32 = 0;
let depth: i32 = 0;
let lines: usize = 0;
let comments: usize = 0;
let notes: usize = 0;

/** To be called before the first stretch of a text. @param from where Python begins in it */
export function beginLines(textAt: usize, length: i32, from: i32): void {
  text = textAt;
  size = length;
  at = from;
  line = 0;
  start = -1;
  depth = 0;
}

/** Reads the next stretch of the text, CHUNK characters and what goes on behind them. @returns whether there is another */
export function divide(): bool {
  const limit = min(size, at + CHUNK);
  lines = LINES;
  comments = COMMENTS;
  notes = NOTES;
  let base = start < 0 ? nextLine(at) : at;
  let open = depth;
  while (base < limit) {
    let next = base + WIDTH;
    for (let signs = signsAt(base); signs !== 0; ) {
      const offset = base + <i32>ctz(signs);
      signs &= signs - 1;
      const c = load<u8>(text + offset);
      let target: i32;
      if (c === OPEN || c === OPEN_SQUARE || c === OPEN_CURLY) {
        open += 1;
        continue;
      }
      if (c === CLOSE || c === CLOSE_SQUARE || c === CLOSE_CURLY) {
        open -= i32(open > 0);
        continue;
      }
      if (c === LINE_FEED || c === RETURN) {
        if (open > 0 && !isNeverInside(text + offset + 1)) continue;
        endLine(offset);
        target = nextLine(offset);
        open = 0;
      } else if (c !== EQUALS) target = behind(offset, c);
      else if (load<u8>(text + offset + 1) === EQUALS) target = offset + 2;
      else {
        noteEquals(offset, open);
        continue;
      }
      if (target >= next) {
        next = target;
        break;
      }
      signs &= ~(<u64>0) << (<u64>(target - base));
    }
    base = next;
  }
  at = base;
  depth = open;
  if (base >= size && start >= 0) endLine(size);
  store<i32>(DIVIDED, <i32>((lines - LINES) >> 2));
  store<i32>(DIVIDED, <i32>((comments - COMMENTS) >> 2), 4);
  store<i32>(DIVIDED, <i32>((notes - NOTES) >> 2), 8);
  return at < size;
}

/** Steps over white space and what is no Python. @returns where the next line begins, or the end of the text */
function nextLine(from: i32): i32 {
  const space = i8x16.splat(SPACE);
  let columns = 0;
  for (let offset = from; offset < size; offset += 1) {
    const spaces = ctz(~i8x16.bitmask(i8x16.eq(v128.load(text + offset), space)));
    offset += spaces;
    columns += spaces;
    const c = load<u8>(text + offset);
    if (c === SPACE) columns += 1;
    else if (c === TAB) columns += 8;
    else if (c === LINE_FEED || c === RETURN || c === FORM_FEED) columns = 0;
    else if (c === HASH) offset = lineFeed(offset) - 1;
    else if (isMagic(c, offset)) offset = magicEnd(offset) - 1;
    else if (offset < size) {
      start = offset;
      indent = columns;
      return offset;
    }
  }
  return size;
}

/** No line of Python begins like one of IPython's own. */
function isMagic(first: u8, offset: i32): bool {
  return first === BANG || first === QUESTION || (first === PERCENT && isMagicName(load<u8>(text + offset, 1)));
}

/** The end of a line of IPython's own, and of those that are joined to it. */
function magicEnd(offset: i32): i32 {
  let end = lineFeed(offset);
  while (end < size && load<u8>(text + end - 1) === BACKSLASH) end = lineFeed(end + 1);
  return end;
}

function isMagicName(c: u8): bool {
  return u8((c | 32) - 97) < 26 || c === PERCENT;
}

/** The line feed at or behind a place, or the end of the text. */
function lineFeed(from: i32): i32 {
  const feed = i8x16.splat(LINE_FEED);
  for (let offset = from; offset < size; offset += 16) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(text + offset), feed));
    if (mask !== 0) return offset + ctz(mask);
  }
  return size;
}

/** The signs that divide, among as many characters as a mask has bits. */
function signsAt(offset: i32): u64 {
  const place = text + offset;
  const signs =
    signsOf(v128.load(place)) |
    (signsOf(v128.load(place, 16)) << 16) |
    (signsOf(v128.load(place, 32)) << 32) |
    (signsOf(v128.load(place, 48)) << 48);
  return size - offset < WIDTH ? signs & (((<u64>1) << (<u64>(size - offset))) - 1) : signs;
}

function signsOf(characters: v128): u64 {
  const lower = v128.swizzle(LOWER, v128.and(characters, i8x16.splat(15)));
  const upper = v128.swizzle(UPPER, i8x16.shr_u(characters, 4));
  return ~(<u64>i8x16.bitmask(i8x16.eq(v128.and(lower, upper), i8x16.splat(0)))) & 0xffff;
}

/** Behind the string, the comment or the escape that begins at a place. */
function behind(offset: i32, c: u8): i32 {
  if (c === BACKSLASH) return behindEscape(offset);
  if (c !== HASH) return behindString(offset, c);
  const end = lineFeed(offset);
  store<i32>(comments, offset);
  store<i32>(comments, end, 4);
  comments += 8;
  return end;
}

/** Behind a backslash and what it stands in front of: one character, or the end of a line. */
function behindEscape(offset: i32): i32 {
  const next = text + offset;
  return offset + (load<u8>(next, 1) === RETURN && load<u8>(next, 2) === LINE_FEED ? 3 : 2);
}

/** Behind the string whose quote is at a place, as `stringEnd` of `core/python/literals.ts` finds its end. */
function behindString(offset: i32, quote: u8): i32 {
  const quotes = i8x16.splat(quote);
  if (load<u8>(text + offset, 1) === quote && load<u8>(text + offset, 2) === quote) {
    for (let from = offset + 3; from < size; ) {
      const place = text + from;
      const mask = i8x16.bitmask(
        v128.and(
          i8x16.eq(v128.load(place), quotes),
          v128.and(i8x16.eq(v128.load(place, 1), quotes), i8x16.eq(v128.load(place, 2), quotes)),
        ),
      );
      if (mask === 0) {
        from += 16;
        continue;
      }
      from += ctz(mask);
      let slashes = 0;
      while (from - 1 - slashes >= offset + 3 && load<u8>(text + from - 1 - slashes) === BACKSLASH) slashes += 1;
      if ((slashes & 1) === 0) return from + 3;
      from += 1;
    }
    return size;
  }
  const feeds = i8x16.splat(LINE_FEED);
  const slashes = i8x16.splat(BACKSLASH);
  for (let from = offset + 1; from < size; ) {
    const characters = v128.load(text + from);
    const mask = i8x16.bitmask(
      v128.or(i8x16.eq(characters, quotes), v128.or(i8x16.eq(characters, feeds), i8x16.eq(characters, slashes))),
    );
    if (mask === 0) {
      from += 16;
      continue;
    }
    from += ctz(mask);
    const c = load<u8>(text + from);
    if (c === quote) return from + 1;
    if (c === LINE_FEED) return from;
    from = behindEscape(from);
  }
  return size;
}

/** A line that begins like this cannot stand inside brackets: one of them was never closed. */
function isNeverInside(place: usize): bool {
  let word = skipBlanks(place);
  switch (load<u8>(word)) {
    case 105: // i
      return isWord(word, 'import');
    case 100: // d
      return isWord(word, 'def') || isWord(word, 'del');
    case 99: // c
      return isWord(word, 'class');
    case 114: // r
      return isWord(word, 'return') || isWord(word, 'raise');
    case 119: // w
      return isWord(word, 'with') || isWord(word, 'while');
    case 116: // t
      return isWord(word, 'try');
    case 102: {
      // f
      if (!stands(word, 'from') || !isBlank(load<u8>(word, 4))) return false;
      const module = skipBlanks(word + 4);
      word = module;
      while (isWordPart(load<u8>(word)) || load<u8>(word) === POINT) word += 1;
      return word > module && isBlank(load<u8>(word)) && isWord(skipBlanks(word), 'import');
    }
    default:
      return false;
  }
}

function isBlank(c: u8): bool {
  return c === SPACE || c === TAB;
}

function skipBlanks(from: usize): usize {
  let place = from + ctz(~i8x16.bitmask(i8x16.eq(v128.load(from), i8x16.splat(SPACE))));
  while (isBlank(load<u8>(place))) place += 1;
  return place;
}

function isWordPart(c: u8): bool {
  return u8((c | 32) - 97) < 26 || u8(c - 48) < 10 || c === 95;
}

/** Whether a text of ASCII stands at a place. */
function stands(place: usize, ascii: string): bool {
  for (let i = 0; i < ascii.length; i += 1)
    if (load<u8>(place + i) !== load<u16>(changetype<usize>(ascii) + ((<usize>i) << 1))) return false;
  return true;
}

/** Whether a word stands at a place, whole as far as ASCII goes. */
function isWord(place: usize, word: string): bool {
  return stands(place, word) && !isWordPart(load<u8>(place + word.length));
}

function note(binder: i32, from: i32, to: i32): void {
  store<i32>(notes, (line << 3) | binder);
  store<i32>(notes, from, 4);
  store<i32>(notes, to, 8);
  notes += 12;
}

/** Notes the names in front of an equals sign. */
function noteEquals(offset: i32, open: i32): void {
  const before = load<u8>(text + offset - 1);
  const from = max(start, offset - REACH);
  if (before === COLON) note(LAST, from, offset - 1);
  // `=`, `+=` and their like bind; `!=`, `<=`, `>=` compare.
  else if (open === 0 && before !== BANG && before !== LESS && before !== GREATER) note(TARGETS, from, offset);
}

function endLine(end: i32): void {
  const opened = firstWord(end);
  store<i32>(lines, start);
  store<i32>(lines, end, 4);
  store<i32>(lines, (indent << 2) | opened, 8);
  lines += 12;
  line += 1;
  start = -1;
}

/** Notes what the first word says of the line at hand. @returns what it opens */
function firstWord(end: i32): i32 {
  const place = text + start;
  switch (load<u8>(place)) {
    case 97: {
      // async
      if (!stands(place, 'async')) return NOTHING;
      const opened = isBlank(load<u8>(place, 5)) ? definition(skipBlanks(place + 5)) : NOTHING;
      if (opened !== NOTHING) return opened;
      note(AS, start, end);
      note(LOOP, start, end);
      return NOTHING;
    }
    case 99: // class
    case 100: // def
      return definition(place);
    case 101: // except
      if (stands(place, 'except')) note(AS, start, end);
      return NOTHING;
    case 102: // for, from
      if (stands(place, 'for')) note(LOOP, start, end);
      else if (stands(place, 'from')) note(IMPORT, start, end);
      return NOTHING;
    case 105: // import
      if (stands(place, 'import')) note(IMPORT, start, end);
      return NOTHING;
    case 119: // with
      if (stands(place, 'with')) note(AS, start, end);
      return NOTHING;
    default:
      return NOTHING;
  }
}

/** Notes the name that a `def` or `class` at a place defines. @returns what it opens */
function definition(place: usize): i32 {
  const opened = stands(place, 'def') ? FUNCTION : stands(place, 'class') ? CLASS : NOTHING;
  if (opened === NOTHING) return NOTHING;
  const behind = place + (opened === FUNCTION ? 3 : 5);
  if (!isBlank(load<u8>(behind))) return NOTHING;
  const name = skipBlanks(behind);
  const last = text + size;
  let end = name;
  while (end < last && !endsName(load<u8>(end))) end += 1;
  if (end === name) return NOTHING;
  note(NAME, <i32>(name - text), <i32>(end - text));
  return opened;
}

/** White space, and what stands behind the name of a definition. */
function endsName(c: u8): bool {
  return u8(c - TAB) < 5 || c === SPACE || c === OPEN || c === COLON || c === OPEN_SQUARE || c === 0xa0;
}
