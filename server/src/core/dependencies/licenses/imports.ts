/** The top-level modules that Python code imports, read around the words `import` and `from` alone. */
import { isIdentifierPart } from '../../python/characters';

export interface Import {
  readonly module: string;
  /** `[start, end)` of `import module` or `from module`; of the module alone when others stand before it. */
  readonly start: number;
  readonly end: number;
}

const SPACE = /[ \t]{1,40}/y;
const DOTTED = /[A-Za-z_]\w{0,80}(?:\.[A-Za-z_]\w{0,80}){0,20}/y;
const ALIAS = /[ \t]{1,40}as[ \t]{1,40}[A-Za-z_]\w{0,80}/y;
const COMMA = /[ \t]{0,40},[ \t]{0,40}/y;
const NAMES = /[ \t]{1,40}import\b/y;
const BLANK = 32;
const TAB = 9;
const COMMA_SIGN = 44;
const DOT = 46;
/** Modules of one statement that are looked at. */
const MODULES = 32;

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** Whether a statement begins at `at`: behind white space at the begin of a line, or behind `;` or `:`. */
export function beginsStatement(text: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && (text[before] === ' ' || text[before] === '\t')) before -= 1;
  const c = text[before];
  return c === undefined || c === '\n' || c === '\r' || c === ';' || c === ':';
}

/**
 * Whether {@link importsAt} may find a module that is asked for behind the keyword `[start, end)`: it is the first, or
 * others follow it. It costs less than to read the statement.
 */
export function mayImport(
  text: string,
  start: number,
  end: number,
  isAsked: (text: string, start: number, end: number) => boolean,
): boolean {
  let from = end;
  while (text.charCodeAt(from) === BLANK || text.charCodeAt(from) === TAB) from += 1;
  let to = from;
  while (isIdentifierPart(text.charCodeAt(to))) to += 1;
  if (isAsked(text, from, to)) return true;
  if (end - start === 'from'.length || !beginsStatement(text, start)) return false;
  while (isWithinModule(text.charCodeAt(to))) to += 1;
  return text.charCodeAt(to) === COMMA_SIGN;
}

/** What stands between a module and the comma before the next: the rest of a dotted name, and `as` with another. */
const isWithinModule = (c: number): boolean => isIdentifierPart(c) || c === BLANK || c === TAB || c === DOT;

/**
 * The modules of the statement whose keyword, `import` or `from`, is `[start, end)`. That a statement stands there is for
 * the caller to find out.
 */
export function importsAt(text: string, start: number, end: number): Import[] {
  const space = matchAt(SPACE, text, end);
  if (space === undefined) return [];
  const found: Import[] = [];
  const single = end - start === 'from'.length;
  for (let at = end + space.length; found.length < MODULES; ) {
    const dotted = matchAt(DOTTED, text, at);
    if (dotted === undefined) break;
    const after = at + dotted.length;
    const module = dotted.split('.', 1)[0] as string;
    if (single && matchAt(NAMES, text, after) === undefined) break;
    found.push({ module, start: found.length === 0 ? start : at, end: at + module.length });
    if (single) break;
    const alias = matchAt(ALIAS, text, after) ?? '';
    const comma = matchAt(COMMA, text, after + alias.length);
    if (comma === undefined) break;
    at = after + alias.length + comma.length;
  }
  return found;
}
