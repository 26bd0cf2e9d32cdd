/** The top-level modules that Python code imports, read around the words `import` and `from` alone. */

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
