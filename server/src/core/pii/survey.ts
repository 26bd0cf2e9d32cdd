/**
 * A first look at a text that tells which recognisers have anything to look at, and between which places.
 * Most texts hold no telephone number, no address of a machine and no identifier, and this is all they cost.
 */

/** Where the first and the last beginning of something stands; empty when `from` is not below `to`. */
export interface Stretch {
  from: number;
  to: number;
}

export interface Survey {
  /** Pairs or groups of hexadecimal digits with one separator. */
  readonly hardware: Stretch;
  /** Four numbers with dots. */
  readonly fourNumbers: Stretch;
  /** Groups with colons close together. */
  readonly colons: Stretch;
  /** Where seven digits and more begin that have at most two signs between them, and the places behind the last of them. */
  readonly digits: number[];
  /** Where the words begin that hold digits and may be an identifier or the beginning of one. */
  readonly words: number[];
}

const POINT = 46;
const UNDERSCORE = 95;

/** Digits of the shortest telephone number that is looked at. */
export const PHONE_DIGITS = 7;
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
  const found: Survey = {
    hardware: none(),
    fourNumbers: none(),
    colons: none(),
    digits: [],
    words: [],
  };
  surveyDigits(text, found);
  surveyPairs(text, '-', found);
  surveyPairs(text, ':', found);
  surveyPoints(text, found);
  return found;
}

const ANY_DIGIT = /\d/g;
/** The words that hold digits. The search from digit to digit is the engine's own: much faster than a look at every character. */
function surveyDigits(text: string, found: Survey): void {
  let lastDigit = -LEAD;
  let together = 0;
  let togetherFrom = 0;
  ANY_DIGIT.lastIndex = 0;
  while (ANY_DIGIT.test(text)) {
    const first = ANY_DIGIT.lastIndex - 1;
    let wordStart = first;
    let underscore = false;
    for (; wordStart > 0; wordStart -= 1) {
      const c = text.charCodeAt(wordStart - 1);
      if (c === UNDERSCORE) underscore = true;
      else if (!isLetterOrMore(c)) break;
    }
    let digits = 0;
    let i = first;
    for (; ; i += 1) {
      const c = text.charCodeAt(i);
      if (isNumber(c)) {
        digits += 1;
        if (i - lastDigit > 1 && !isGap(text, lastDigit + 1, i)) {
          together = 0;
          togetherFrom = i;
        }
        lastDigit = i;
        together += 1;
        if (together === PHONE_DIGITS) {
          found.digits.push(togetherFrom, i + 1);
        } else if (together > PHONE_DIGITS) found.digits[found.digits.length - 1] = i + 1;
      } else if (c === UNDERSCORE) underscore = true;
      else if (!isLetterOrMore(c)) break;
    }
    // A name of a program is no identifier, and a short number without anything behind it is nobody's.
    if (
      !underscore &&
      (digits >= 5 || i - wordStart >= 5 || goesOn(text, i, i - wordStart) || hasHead(text, wordStart))
    )
      found.words.push(wordStart);
    if (text.charCodeAt(i) === POINT && lastDigit === i - 1 && isFourNumbers(text, i)) extend(found.fourNumbers, i);
    ANY_DIGIT.lastIndex = i;
  }
}

/** Hexadecimal pairs between dashes or colons, and colons close together. */
function surveyPairs(text: string, sign: '-' | ':', found: Survey): void {
  const c = sign.charCodeAt(0);
  for (let i = text.indexOf(sign); i >= 0; i = text.indexOf(sign, i + 1)) {
    if (text.charCodeAt(i + 3) === c && text.charCodeAt(i + 6) === c && isHex(text.charCodeAt(i - 1)))
      extend(found.hardware, i);
    if (sign === ':' && isColonPair(text, i)) extend(found.colons, i);
  }
}

/** Groups of four hexadecimal digits between points. */
function surveyPoints(text: string, found: Survey): void {
  for (let i = text.indexOf('.'); i >= 0; i = text.indexOf('.', i + 1))
    if (text.charCodeAt(i + 5) === POINT && isFourHex(text, i + 1)) extend(found.hardware, i);
}

/** Another number behind a point, and another point behind that. */
function isFourNumbers(text: string, at: number): boolean {
  return (
    isNumber(text.charCodeAt(at + 1)) &&
    (text.charCodeAt(at + 2) === POINT || text.charCodeAt(at + 3) === POINT || text.charCodeAt(at + 4) === POINT)
  );
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
function goesOn(text: string, at: number, length: number): boolean {
  const c = text.charCodeAt(at);
  // One digit and a point begin a decimal number.
  if (c === POINT) return length > 1 && isAlphanumeric(text.charCodeAt(at + 1));
  return (c === 32 || c === 47 || c === 45 || c === 58) && isAlphanumeric(text.charCodeAt(at + 1));
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

export function isHex(c: number): boolean {
  return (c >= 48 && c <= 57) || (c >= 97 && c <= 102) || (c >= 65 && c <= 70);
}

function isAlphanumeric(c: number): boolean {
  return (c >= 48 && c <= 57) || (c >= 97 && c <= 122) || (c >= 65 && c <= 90);
}
