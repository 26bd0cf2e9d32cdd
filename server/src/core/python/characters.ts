/** Classes of characters that the readers of Python share. */

export const NEWLINE = 10;
export const RETURN = 13;

/** Letters, digits, the underscore, and everything outside ASCII, which Python's identifiers may hold. */
export function isIdentifierPart(c: number): boolean {
  return (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95 || (c >= 48 && c <= 57) || c >= 128;
}

export function isIdentifierStart(c: number): boolean {
  return (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95 || c >= 128;
}

/** Python compares identifiers in their compatibility form (PEP 3131): `ｅｖａｌ` is `eval`. */
export function identifier(text: string): string {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 127) return text.normalize('NFKC');
  return text;
}

/** Characters outside ASCII whose compatibility form is made of ASCII letters, or may be. */
const DISGUISED =
  /[\u00aa\u00ba\u0132\u0133\u017f\u1d2c-\u1d7f\u2070-\u209f\u2100-\u218f\u24b6-\u24e9\ufb00-\ufb06\uff10-\uff5a\ud835]/g;
/** All of them but the two that a text of Latin-1 can hold: in such a text the engine has nothing to search. */
const WIDE = /[\u0100-\uffff]/;
const NARROW = ['\u00aa', '\u00ba'];

/** Where identifiers of a text may be written in disguise: the first such place of each line. */
export function disguises(text: string): number[] {
  const found: number[] = [];
  let from = text.search(WIDE);
  for (const letter of NARROW) {
    const at = text.indexOf(letter);
    if (at >= 0 && (from < 0 || at < from)) from = at;
  }
  if (from < 0) return found;
  DISGUISED.lastIndex = from;
  for (let match = DISGUISED.exec(text); match; match = DISGUISED.exec(text)) {
    found.push(match.index);
    const newline = text.indexOf('\n', match.index);
    DISGUISED.lastIndex = newline < 0 ? text.length : newline;
  }
  return found;
}

/** Offsets at which a name stands in a text with an opening bracket behind it. */
export function* callsOf(text: string, name: string): Generator<number> {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + name.length)) {
    const end = at + name.length;
    if (isIdentifierPart(text.charCodeAt(at - 1)) || isIdentifierPart(text.charCodeAt(end))) continue;
    let behind = end;
    while (text[behind] === ' ') behind += 1;
    if (text[behind] === '(') yield at;
  }
}
