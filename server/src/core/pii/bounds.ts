/** Where a value may begin and end. */
import { isDigit, isWordCode } from './hits';

/** Where the value may begin: not inside a word, a fraction, a longer number, a path or an amount of money. */
export function opensHere(text: string, start: number): boolean {
  if (start === 0) return true;
  const c = text.charCodeAt(start - 1);
  if (isWordCode(c)) return false;
  const before = text.charCodeAt(start - 2);
  switch (text[start - 1]) {
    case '.':
      return !isDigit(before);
    case '-':
    case '/':
      return !isWordCode(before);
    case '+':
    case '$':
    case '€':
    case '£':
    case '#':
    case '~':
    case '%':
    case '\\':
    case '@':
      return false;
    default:
      return true;
  }
}

/** Where the value may end: not inside a word, a fraction, a longer number, a path or a percentage. */
export function closesHere(text: string, end: number): boolean {
  if (end >= text.length) return true;
  const c = text.charCodeAt(end);
  if (isWordCode(c)) return false;
  const after = text.charCodeAt(end + 1);
  switch (c) {
    case 46: // .
      return !isDigit(after);
    case 45: // -
    case 47: // /
      return !isWordCode(after);
    case 37: // %
    case 64: // @
      return false;
    default:
      return true;
  }
}
