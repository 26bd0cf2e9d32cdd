/**
 * A first look at the digits and separators of a text, sixteen characters at a time: most stretches hold nothing that a
 * recogniser of personal data has to look at. `core/text/survey.ts` says what is given.
 */
import { LETTER, put, STATES } from './memory';
// Written by `scripts/kernel.mjs` from `core/pii/shapes.ts`.
import { SHAPES } from './shapes';

const DASH: u8 = 45;
const POINT: u8 = 46;
const COLON: u8 = 58;
const UNDERSCORE: u8 = 95;

/** Digits of the shortest telephone number that is looked at. */
const PHONE_DIGITS: i32 = 7;
/** Signs between two digits of one number. */
const GAP: i32 = 2;
/** Characters of a value that are looked at. */
const LONGEST_VALUE: i32 = 40;
/** Letters and digits of the shortest wallet address. */
const WALLET: i32 = 26;

/** The last digit that was met, and the digits that stand together with it. */
let lastDigit: i32 = 0;
let together: i32 = 0;
let togetherFrom: i32 = 0;
/** Digits before this have been looked at with their word. */
let done: i32 = 0;

/** Numbers in OUTPUT, five for each word: see `word`. */
let wordNumbers: i32 = 0;
/** Numbers in STATES: begin and end of each run of digits. */
let runNumbers: i32 = 0;

/**
 * What is told of the whole text, as ten numbers: where the first separator stands of what has the shape of a device's
 * address and the place behind the last; the same of four numbers with points, of colons close together, of three and
 * more of them, and of at signs between what may be the parts of an address.
 */
export const FACTS = memory.data(40);
const DEVICE: usize = 0;
const FOUR_NUMBERS: usize = 8;
const COLONS: usize = 16;
const MORE_COLONS: usize = 24;
const AT_SIGNS: usize = 32;

let extended: i32 = 1;

/** To be called before the first stretch of a text. */
export function beginSurvey(): void {
  if (extended) {
    for (let stretch: usize = 0; stretch <= AT_SIGNS; stretch += 8) {
      store<i32>(FACTS + stretch, i32.MAX_VALUE);
      store<i32>(FACTS + stretch, 0, 4);
    }
    extended = 0;
  }
  lastDigit = -8;
  together = 0;
  togetherFrom = 0;
  done = 0;
}

function extend(stretch: usize, at: i32): void {
  extended = 1;
  if (at < load<i32>(FACTS + stretch)) store<i32>(FACTS + stretch, at);
  if (at >= load<i32>(FACTS + stretch, 4)) store<i32>(FACTS + stretch, at + 1, 4);
}

/** Looks at `[from, to)` of a text, at most CHUNK; the stretches of a text in their order. @returns numbers in OUTPUT */
export function survey(text: usize, from: i32, to: i32): i32 {
  wordNumbers = 0;
  runNumbers = 0;
  const zero = i8x16.splat(48);
  const nine = i8x16.splat(9);
  const dash = i8x16.splat(45);
  const point = i8x16.splat(46);
  const colon = i8x16.splat(58);
  const sign = i8x16.splat(64);
  let colons = i8x16.bitmask(i8x16.eq(v128.load(text + from), colon));
  for (let at = from; at < to; at += 16) {
    const place = text + at;
    const signs = v128.load(place);
    let digits = i8x16.bitmask(i8x16.le_u(i8x16.sub(signs, zero), nine));
    const pairs = v128.and(i8x16.eq(signs, dash), i8x16.eq(v128.load(place, 3), dash));
    const points = v128.and(i8x16.eq(signs, point), i8x16.eq(v128.load(place, 5), point));
    const atSigns = i8x16.eq(signs, sign);
    // Colons that another one follows within five characters.
    const both = colons | (i8x16.bitmask(i8x16.eq(v128.load(place, 16), colon)) << 16);
    const two = (both >>> 1) | (both >>> 2);
    let close = colons & (two | (two >>> 2) | (both >>> 5));
    colons = both >>> 16;
    if ((digits | close) === 0 && !v128.any_true(v128.or(pairs, v128.or(points, atSigns)))) continue;
    const valid = to - at >= 16 ? 0xffff : (1 << (to - at)) - 1;
    for (digits &= valid; digits !== 0; digits &= digits - 1) {
      const digit = at + ctz(digits);
      if (digit >= done) done = word(text, digit);
    }
    for (let mask = i8x16.bitmask(pairs) & valid; mask !== 0; mask &= mask - 1) beginDevice(text, at + ctz(mask));
    for (let mask = i8x16.bitmask(points) & valid; mask !== 0; mask &= mask - 1) {
      const first = at + ctz(mask);
      if (isFourHex(text + first - 4) && isFourHex(text + first + 1) && isFourHex(text + first + 6))
        extend(DEVICE, first);
    }
    for (close &= valid; close !== 0; close &= close - 1) {
      const first = at + ctz(close);
      beginDevice(text, first);
      if (!isColonPair(text + first)) continue;
      extend(COLONS, first);
      if (isThirdColon(text + first)) extend(MORE_COLONS, first);
    }
    for (let mask = i8x16.bitmask(atSigns) & valid; mask !== 0; mask &= mask - 1) {
      const first = at + ctz(mask);
      if (isLocal(load<u8>(text + first - 1)) && isAlphanumeric(load<u8>(text + first + 1))) extend(AT_SIGNS, first);
    }
  }
  return wordNumbers;
}

/** @returns numbers in STATES after `survey` */
export function runsSurveyed(): i32 {
  return runNumbers;
}

/** Whether a text that has been surveyed has nothing that FACTS tell. */
export function nothingSurveyed(): bool {
  return extended === 0;
}

/**
 * The word around a digit, the first one of it. Five numbers tell its begin, end and digits, and the letters and digits of
 * what single separators join to it, and its digits alone.
 * @returns its end
 */
function word(text: usize, first: i32): i32 {
  let start = first;
  let kinds: u8 = 0;
  for (; ; start -= 1) {
    const kind = kindOf(text + start - 1);
    if ((kind & IN_WORD) === 0) break;
    kinds |= kind;
  }
  let digits = 0;
  let end = first;
  for (; ; end += 1) {
    const kind = kindOf(text + end);
    if ((kind & IN_WORD) === 0) break;
    kinds |= kind;
    if ((kind & IS_DIGIT) !== 0) {
      digits += 1;
      count(text, end);
    }
  }
  // A name of a program is no identifier, and a short number without anything behind it is nobody's.
  const length = end - start;
  if (
    (kinds & IS_UNDERSCORE) === 0 &&
    (digits >= 5 || length >= 5 || hasHead(text + start) || goesOn(text + end, length)) &&
    ((digits < length && length >= WALLET) || beginsIdentifier(text + start))
  ) {
    put(wordNumbers, start);
    put(wordNumbers + 1, end);
    put(wordNumbers + 2, digits);
    readValue(text, start, end);
    put(wordNumbers + 3, valueSigns + length);
    put(wordNumbers + 4, valueDigits + digits);
    wordNumbers += 5;
  }
  if (load<u8>(text + end) === POINT && lastDigit === end - 1 && isFourNumbers(text + end)) extend(FOUR_NUMBERS, end);
  return end;
}

/** Whether an identifier may begin at the word at a place, or with one or two short words in front of it: `HH AB 1234`. */
function beginsIdentifier(at: usize): bool {
  if (opens(at) && hasShape(at)) return true;
  const near = headBefore(at);
  if (near === 0) return false;
  if (hasShape(near)) return true;
  const far = headBefore(near);
  return far !== 0 && hasShape(far);
}

/** Whether something has the shape of an identifier from a place on to one where a word ends. */
function hasShape(at: usize): bool {
  let state: u16 = 1;
  for (; state !== 0; at += 1) {
    const row = SHAPES + <usize>state * ROW;
    const kind = kindOf(at);
    if ((kind & IN_WORD) === 0 && load<u16>(row + END) !== 0) return true;
    const column = kind & COLUMN;
    if (column === END) return false;
    state = load<u16>(row + column);
  }
  return false;
}

/** Bytes of a state's row in SHAPES: the states after a letter, a digit and a separator, and whether a shape may end. */
const ROW: usize = 8;
const END: u8 = 6;

/** Kind of each byte: its column in such a row, and whether it is part of a word, a digit, an underscore. */
const KINDS = memory.data(256);
const COLUMN: u8 = 6;
const IN_WORD: u8 = 8;
const IS_DIGIT: u8 = 16;
const IS_UNDERSCORE: u8 = 32;

for (let c = 0; c < 256; c += 1) {
  let kind: u8 = END;
  if (isLetter(<u8>c)) kind = IN_WORD;
  else if (isDigit(<u8>c)) kind = 2 | IN_WORD | IS_DIGIT;
  else if (c === UNDERSCORE) kind = 4 | IN_WORD | IS_UNDERSCORE;
  else if (isSeparator(<u8>c)) kind = 4;
  store<u8>(KINDS + c, kind);
}

function kindOf(at: usize): u8 {
  return load<u8>(KINDS + load<u8>(at));
}

/** Where a word of at most three letters begins that a space or a hyphen joins to what begins at a place; or 0. */
function headBefore(at: usize): usize {
  const separator = load<u8>(at - 1);
  if (separator !== 32 && separator !== DASH) return 0;
  const end = at - 1;
  let head = end;
  for (; end - head < 4; head -= 1) {
    if ((kindOf(head - 1) & (IN_WORD | IS_DIGIT)) !== IN_WORD) break;
  }
  return head === end || end - head > 3 ? 0 : head;
}

/** Letters and digits that single separators join to a word, and the digits among them; no further than LONGEST_VALUE. */
let valueSigns: i32 = 0;
let valueDigits: i32 = 0;

function readValue(text: usize, start: i32, wordEnd: i32): void {
  valueSigns = 0;
  valueDigits = 0;
  const last = start + LONGEST_VALUE;
  let end = wordEnd;
  while (end < last && isSeparator(load<u8>(text + end)) && isAlphanumeric(load<u8>(text + end + 1))) {
    for (end += 1; end < last; end += 1) {
      const kind = kindOf(text + end);
      if ((kind & IN_WORD) === 0) break;
      if ((kind & IS_DIGIT) !== 0) valueDigits += 1;
      valueSigns += 1;
    }
  }
}

/** Adds a digit to those that stand together. */
function count(text: usize, at: i32): void {
  if (at - lastDigit > 1 && !isGap(text, lastDigit + 1, at)) {
    together = 0;
    togetherFrom = at;
  }
  lastDigit = at;
  together += 1;
  if (together < PHONE_DIGITS) return;
  // A run that the stretch before this one has told is told again, longer.
  if (together === PHONE_DIGITS || runNumbers === 0) {
    store<i32>(STATES + ((<usize>runNumbers) << 2), togetherFrom);
    runNumbers += 2;
  }
  store<i32>(STATES + ((<usize>runNumbers) << 2) - 4, at + 1);
}

/** Whether everything in `[from, to)` may stand between two digits of one telephone number. */
function isGap(text: usize, from: i32, to: i32): bool {
  if (to - from > GAP) return false;
  for (let i = from; i < to; i += 1) {
    const c = load<u8>(text + i);
    if (c !== 32 && c !== POINT && c !== DASH && c !== 40 && c !== 41 && c !== 47) return false;
  }
  return true;
}

/** Behind a number: three more numbers of at most three digits, with points in front of them. */
function isFourNumbers(at: usize): bool {
  let place = at;
  for (let number = 0; number < 3; number += 1) {
    if (load<u8>(place) !== POINT || !isDigit(load<u8>(place, 1))) return false;
    place += 2;
    if (number === 2) return true;
    if (isDigit(load<u8>(place))) place += 1;
    if (isDigit(load<u8>(place))) place += 1;
  }
  return false;
}

function beginDevice(text: usize, at: i32): void {
  if (isHex(load<u8>(text + at - 1)) && isFiveOf(text + at)) extend(DEVICE, at);
}

/** Five of one sign with two characters between them: `aa:bb:cc:dd:ee:ff`. */
function isFiveOf(at: usize): bool {
  const sign = load<u8>(at);
  return load<u8>(at, 3) === sign && load<u8>(at, 6) === sign && load<u8>(at, 9) === sign && load<u8>(at, 12) === sign;
}

/** `::`, or a second colon at most four hexadecimal digits behind the first. */
function isColonPair(at: usize): bool {
  for (let i: usize = 1; i <= 5; i += 1) {
    const c = load<u8>(at + i);
    if (c === COLON) return i === 1 || isHex(load<u8>(at - 1));
    if (!isHex(c)) return false;
  }
  return false;
}

/** Whether another colon follows the pair of colons at a place, or stands before it, with nothing but digits between. */
function isThirdColon(at: usize): bool {
  let found = 0;
  for (let i: usize = 1; i <= 10; i += 1) {
    const c = load<u8>(at + i);
    if (c === COLON) found += 1;
    else if (!isHex(c)) break;
  }
  if (found >= 2) return true;
  for (let i: usize = 1; i <= 5; i += 1) {
    const c = load<u8>(at - i);
    if (c === COLON) return true;
    if (!isHex(c)) return false;
  }
  return false;
}

/** A separator and another word of the same value behind it. */
function goesOn(at: usize, length: i32): bool {
  const c = load<u8>(at);
  // One digit and a point begin a decimal number.
  if (c === POINT) return length > 1 && isAlphanumeric(load<u8>(at, 1));
  return (c === 32 || c === 47 || c === DASH || c === COLON) && isAlphanumeric(load<u8>(at, 1));
}

/** A word of letters in front, as in `HRB 123` and `HH-AB-1234`. */
function hasHead(at: usize): bool {
  const separator = load<u8>(at - 1);
  return (separator === 32 || separator === DASH) && isLetter(load<u8>(at - 2));
}

/** Whether a value may begin here: not inside a fraction, a longer number, a path or an amount of money. */
function opens(at: usize): bool {
  const before = load<u8>(at - 2);
  switch (load<u8>(at - 1)) {
    case POINT:
      return !isDigit(before);
    case DASH:
    case 47: // slash
      return !isDigit(before) && !isLetter(before) && before !== UNDERSCORE;
    case 43: // plus
    case 36: // dollar
    case 163: // pound
    case 35: // number sign
    case 126: // tilde
    case 37: // percent
    case 92: // backslash
    case 64: // at
      return false;
    default:
      return true;
  }
}

/** What stands between the parts of a value, once. */
function isSeparator(c: u8): bool {
  return c === 32 || c === DASH || c === POINT || c === 47 || c === COLON || c === 43;
}

/** What the local part of an address may end with. */
function isLocal(c: u8): bool {
  // plus, percent, apostrophe, ampersand, number sign
  return (
    isAlphanumeric(c) || c === UNDERSCORE || c === DASH || c === 43 || c === 37 || c === 39 || c === 38 || c === 35
  );
}

function isFourHex(at: usize): bool {
  return isHex(load<u8>(at)) && isHex(load<u8>(at, 1)) && isHex(load<u8>(at, 2)) && isHex(load<u8>(at, 3));
}

function isDigit(c: u8): bool {
  return u8(c - 48) < 10;
}

function isLetter(c: u8): bool {
  return u8((c | 32) - 97) < 26 || c === LETTER;
}

function isAlphanumeric(c: u8): bool {
  return isDigit(c) || u8((c | 32) - 97) < 26;
}

function isHex(c: u8): bool {
  return isDigit(c) || u8((c | 32) - 97) < 6;
}
