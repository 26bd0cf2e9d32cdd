/**
 * One look at every character of a text that tells which recognisers have anything to look at, and between which places.
 * Most texts hold no telephone number, no address of a machine and no identifier, and this is all they cost.
 */

/** Where the first and the last beginning of something stands; empty when `from` is not below `to`. */
export interface Stretch {
  from: number;
  to: number;
}

/** Offsets in ascending order: a large table has millions. */
export class Places {
  #offsets = new Uint32Array(16);
  length = 0;

  add(offset: number): void {
    if (this.length === this.#offsets.length) {
      const larger = new Uint32Array(this.length * 2);
      larger.set(this.#offsets);
      this.#offsets = larger;
    }
    this.#offsets[this.length] = offset;
    this.length += 1;
  }

  at(index: number): number {
    return this.#offsets[index] as number;
  }
}

export interface Survey {
  /** Pairs or groups of hexadecimal digits with one separator. */
  readonly hardware: Stretch;
  /** Four numbers with dots. */
  readonly fourNumbers: Stretch;
  /** Groups with colons close together. */
  readonly colons: Stretch;
  /** Seven digits and more with at most two signs between them. */
  readonly digits: Stretch;
  /** Where the words begin that hold digits and may be an identifier or the beginning of one. */
  readonly words: Places;
}

const OTHER = 0;
const LETTER = 1;
const DIGIT = 2;
const UNDERSCORE = 3;
const DASH = 4;
const COLON = 5;
const POINT = 6;

const CLASS = new Uint8Array(128);
for (let c = 0; c < 128; c += 1) {
  if ((c >= 97 && c <= 122) || (c >= 65 && c <= 90)) CLASS[c] = LETTER;
  else if (c >= 48 && c <= 57) CLASS[c] = DIGIT;
}
CLASS[95] = UNDERSCORE;
CLASS[45] = DASH;
CLASS[58] = COLON;
CLASS[46] = POINT;

/** Digits of the shortest telephone number that is looked at. */
const PHONE_DIGITS = 7;
/** Signs between two digits of one number. */
const GAP = 2;
/** What is looked at in front of a place, for the beginnings that only its middle shows. */
const LEAD = 8;

function extend(stretch: Stretch, at: number): void {
  if (at < stretch.from) stretch.from = at;
  if (at >= stretch.to) stretch.to = at + 1;
}

export function survey(text: string): Survey {
  const none = (): Stretch => ({ from: Number.POSITIVE_INFINITY, to: 0 });
  const found: Survey = { hardware: none(), fourNumbers: none(), colons: none(), digits: none(), words: new Places() };
  const { length } = text;
  let wordStart = 0;
  let digits = 0;
  let underscore = false;
  let lastDigit = -LEAD;
  let together = 0;
  let togetherFrom = 0;
  for (let i = 0; i <= length; i += 1) {
    const c = i < length ? text.charCodeAt(i) : 32;
    const kind = c < 128 ? (CLASS[c] as number) : c >= 0xc0 ? LETTER : OTHER;
    if (kind === LETTER) continue;
    if (kind === DIGIT) {
      digits += 1;
      if (i - lastDigit > 1 && !isGap(text, lastDigit + 1, i)) {
        together = 0;
        togetherFrom = i;
      }
      lastDigit = i;
      together += 1;
      if (together >= PHONE_DIGITS) {
        if (together === PHONE_DIGITS) extend(found.digits, togetherFrom);
        extend(found.digits, i);
      }
      continue;
    }
    if (kind === UNDERSCORE) {
      underscore = true;
      continue;
    }
    // A name of a program is no identifier, and a short number without anything behind it is nobody's.
    if (
      digits > 0 &&
      !underscore &&
      (digits >= 5 || i - wordStart >= 5 || goesOn(text, i, kind, c, i - wordStart) || hasHead(text, wordStart))
    )
      found.words.add(wordStart);
    wordStart = i + 1;
    digits = 0;
    underscore = false;
    if (kind === OTHER) continue;
    if (
      (kind === DASH || kind === COLON) &&
      text.charCodeAt(i + 3) === c &&
      text.charCodeAt(i + 6) === c &&
      isHex(text.charCodeAt(i - 1))
    )
      extend(found.hardware, i);
    if (kind === COLON) {
      if (isColonPair(text, i)) extend(found.colons, i);
    } else if (kind === POINT) {
      if (text.charCodeAt(i + 5) === c && isFourHex(text, i + 1)) extend(found.hardware, i);
      if (
        isNumber(text.charCodeAt(i - 1)) &&
        isNumber(text.charCodeAt(i + 1)) &&
        (text.charCodeAt(i + 2) === c || text.charCodeAt(i + 3) === c || text.charCodeAt(i + 4) === c)
      )
        extend(found.fourNumbers, i);
    }
  }
  return found;
}

/** Whether everything in `[from, to)` may stand between two digits of one telephone number. */
function isGap(text: string, from: number, to: number): boolean {
  if (to - from > GAP) return false;
  for (let i = from; i < to; i += 1) {
    const c = text.charCodeAt(i);
    if (c !== 32 && c !== 46 && c !== 45 && c !== 40 && c !== 41 && c !== 47) return false;
  }
  return true;
}

/** `::`, or a second colon at most four hexadecimal digits behind the first. */
function isColonPair(text: string, at: number): boolean {
  for (let i = at + 1; i <= at + 5; i += 1) {
    const c = text.charCodeAt(i);
    if (c === 58) return i === at + 1 || isHex(text.charCodeAt(at - 1));
    if (!isHex(c)) return false;
  }
  return false;
}

/** A separator and another word of the same value behind it. */
function goesOn(text: string, at: number, kind: number, c: number, length: number): boolean {
  // One digit and a point begin a decimal number.
  if (kind === POINT && length === 1) return false;
  return (kind !== OTHER || c === 32 || c === 47) && isAlphanumeric(text.charCodeAt(at + 1));
}

/** A word of letters in front, as in `HRB 123` and `HH-AB-1234`. */
function hasHead(text: string, start: number): boolean {
  const separator = text.charCodeAt(start - 1);
  return (separator === 32 || separator === 45) && isLetterOrMore(text.charCodeAt(start - 2));
}

const isLetterOrMore = (c: number): boolean => (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c >= 0xc0;

const isNumber = (c: number): boolean => c >= 48 && c <= 57;

const isFourHex = (text: string, at: number): boolean =>
  isHex(text.charCodeAt(at)) &&
  isHex(text.charCodeAt(at + 1)) &&
  isHex(text.charCodeAt(at + 2)) &&
  isHex(text.charCodeAt(at + 3));

function isHex(c: number): boolean {
  return (c >= 48 && c <= 57) || (c >= 97 && c <= 102) || (c >= 65 && c <= 70);
}

function isAlphanumeric(c: number): boolean {
  return (c >= 48 && c <= 57) || (c >= 97 && c <= 122) || (c >= 65 && c <= 90);
}
