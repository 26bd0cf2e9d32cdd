/**
 * Divides a Python text into logical lines (Python language reference 2.1) and scopes, and notes which names each line may
 * bind. One pass that looks at every character once and reads no expression; that is left to whoever needs the line.
 */
import { NEWLINE, RETURN } from './characters';
import { stringEnd } from './literals';
import { Scope } from './scope';

const ORDINARY = 0;
const LINE_END = 1;
const QUOTE = 2;
const HASH = 3;
const OPEN = 4;
const CLOSE = 5;
const SLASH = 6;
const EQUALS = 7;

const CLASS = new Uint8Array(128);
for (const [characters, kind] of [
  ['\n\r', LINE_END],
  ['"\'', QUOTE],
  ['#', HASH],
  ['([{', OPEN],
  [')]}', CLOSE],
  ['\\', SLASH],
  ['=', EQUALS],
] as const) {
  for (const c of characters) CLASS[c.charCodeAt(0)] = kind;
}

/** A line that begins like this cannot stand inside brackets: one of them was never closed. */
const NEVER_INSIDE = /[ \t]*(?:import|def|class|return|with|while|try|raise|del|from[ \t]+[\w.]+[ \t]+import)\b/y;
const DEFINITION = /(?:async[ \t]+)?(?:def|class)[ \t]+([^\s(:[]+)/y;
/** Names in front of an equals sign that are looked at. */
const TARGETS = 300;

export class Lines {
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  readonly scopes: Scope[] = [];
  /** Scope of what follows a definition on its own line. */
  readonly opens = new Map<number, Scope>();
  /** Lines with an import. */
  readonly imports: number[] = [];
  readonly module: Scope;

  /**
   * @param from where Python begins: behind the line of a cell magic
   */
  constructor(
    private readonly text: string,
    from: number,
  ) {
    const { length } = text;
    this.module = new Scope(text, 'module', undefined, -1);
    const open: { indent: number; scope: Scope }[] = [{ indent: -1, scope: this.module }];
    let at = from;
    while (at < length) {
      let indent = 0;
      for (; at < length; at += 1) {
        const c = text.charCodeAt(at);
        if (c === 32) indent += 1;
        else if (c === 9) indent += 8;
        else if (c === NEWLINE || c === RETURN || c === 12) indent = 0;
        else break;
      }
      if (at >= length) break;
      const first = text.charCodeAt(at);
      if (first === 35) {
        at = this.#physicalEnd(at);
        continue;
      }
      // No line of Python begins like one of IPython's own.
      if (this.#isMagic(at)) {
        at = this.#magicEnd(at);
        continue;
      }
      while (open.length > 1 && indent <= (open[open.length - 1] as { indent: number }).indent) open.pop();
      const { scope } = open[open.length - 1] as { scope: Scope };
      const line = this.starts.length;
      const end = this.#logicalEnd(at, scope, line);
      this.starts.push(at);
      this.ends.push(end);
      this.scopes.push(scope);
      const opened = this.#firstWord(at, end, scope, line, first);
      if (opened) open.push({ indent, scope: opened });
      at = Math.max(end, at + 1);
    }
  }

  get count(): number {
    return this.starts.length;
  }

  /** The line that holds an offset; -1 when it lies in a comment or between lines. */
  at(offset: number): number {
    let low = 0;
    let high = this.starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.starts[middle] as number) <= offset) low = middle + 1;
      else high = middle;
    }
    return low > 0 && offset < (this.ends[low - 1] as number) ? low - 1 : -1;
  }

  #physicalEnd(at: number): number {
    const newline = this.text.indexOf('\n', at);
    return newline < 0 ? this.text.length : newline;
  }

  /** `!shell`, `%magic`, `?name`: what IPython reads and Python does not. */
  #isMagic(at: number): boolean {
    const c = this.text[at];
    if (c === '!' || c === '?') return true;
    return c === '%' && /[A-Za-z%]/.test(this.text[at + 1] ?? '');
  }

  #magicEnd(at: number): number {
    let end = this.#physicalEnd(at);
    while (end < this.text.length && this.text[end - 1] === '\\') end = this.#physicalEnd(end + 1);
    return end;
  }

  /** End of the logical line from `at`; names in front of equals signs are noted on the way. */
  #logicalEnd(from: number, scope: Scope, line: number): number {
    const { text } = this;
    const { length } = text;
    let depth = 0;
    for (let i = from; i < length; i += 1) {
      const c = text.charCodeAt(i);
      const kind = c < 128 ? (CLASS[c] as number) : ORDINARY;
      if (kind === ORDINARY) continue;
      switch (kind) {
        case LINE_END:
          if (depth === 0) return i;
          NEVER_INSIDE.lastIndex = i + 1;
          if (startsStatement(text, i + 1) && NEVER_INSIDE.test(text)) return i;
          break;
        case QUOTE:
          i = stringEnd(text, i, length) - 1;
          break;
        case HASH:
          i = this.#physicalEnd(i) - 1;
          break;
        case OPEN:
          depth += 1;
          break;
        case CLOSE:
          if (depth > 0) depth -= 1;
          break;
        case SLASH:
          i += text.charCodeAt(i + 1) === RETURN && text.charCodeAt(i + 2) === NEWLINE ? 2 : 1;
          break;
        default:
          if (text.charCodeAt(i + 1) === 61) i += 1;
          else if (text.charCodeAt(i - 1) === 58) scope.note('last', Math.max(from, i - TARGETS), i - 1, line);
          else if (depth === 0 && isAssignment(text.charCodeAt(i - 1)))
            scope.note('targets', Math.max(from, i - TARGETS), i, line);
      }
    }
    return length;
  }

  /** What the first word says of the line. @returns the scope that a definition opens */
  #firstWord(start: number, end: number, scope: Scope, line: number, first: number): Scope | undefined {
    const { text } = this;
    switch (first) {
      case 97: // async
      case 99: // class
      case 100: {
        // def
        DEFINITION.lastIndex = start;
        const name = DEFINITION.exec(text)?.[1];
        if (name === undefined) {
          if (first === 97 && text.startsWith('async', start)) {
            scope.note('as', start, end, line);
            scope.note('loop', start, end, line);
          }
          return undefined;
        }
        scope.note('name', DEFINITION.lastIndex - name.length, DEFINITION.lastIndex, line);
        const kind = text.startsWith('class', start) ? 'class' : 'function';
        const opened = new Scope(text, kind, scope, line);
        this.opens.set(line, opened);
        return opened;
      }
      case 102: // for, from
        if (text.startsWith('from', start)) this.#import(start, end, scope, line);
        else if (text.startsWith('for', start)) scope.note('loop', start, end, line);
        return undefined;
      case 105: // import
        if (text.startsWith('import', start)) this.#import(start, end, scope, line);
        return undefined;
      case 101: // except
      case 119: // with
        if (text.startsWith('with', start) || text.startsWith('except', start)) scope.note('as', start, end, line);
        return undefined;
      default:
        return undefined;
    }
  }

  /** Every name of an import is noted; which of them it binds is told when it is read. */
  #import(start: number, end: number, scope: Scope, line: number): void {
    this.imports.push(line);
    scope.note('import', start, end, line);
  }
}

/** `=`, `+=` and their like bind; `!=`, `<=`, `>=` compare. */
function isAssignment(before: number): boolean {
  return before !== 33 && before !== 60 && before !== 62;
}

/** Whether the first letter of the line at `at` begins one of the words of NEVER_INSIDE. */
function startsStatement(text: string, at: number): boolean {
  let i = at;
  while (text.charCodeAt(i) === 32 || text.charCodeAt(i) === 9) i += 1;
  const c = text.charCodeAt(i);
  return c === 105 || c === 100 || c === 99 || c === 114 || c === 119 || c === 116 || c === 102;
}
