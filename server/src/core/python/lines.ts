/**
 * Divides a Python text into logical lines (Python language reference 2.1) and scopes, and notes which names each line may
 * bind. One pass that looks at every character once and reads no expression; that is left to whoever needs the line.
 */
import { NEWLINE, RETURN } from './characters';
import { stringEnd } from './literals';
import { Binder, Scope } from './scope';
import { Sign, Signs } from './signs';

/** A line that begins like this cannot stand inside brackets: one of them was never closed. */
const NEVER_INSIDE = /[ \t]*(?:import|def|class|return|with|while|try|raise|del|from[ \t]+[\w.]+[ \t]+import)\b/y;
const DEFINITION = /(?:async[ \t]+)?(?:def|class)[ \t]+([^\s(:[]+)/y;
/** Characters in front of an equals sign in which the names are that it binds. */
const TARGETS = 300;
/** Characters in front of a place in which the sign of a comment is looked for. */
const WIDTH = 300;

/** Numbers that the table keeps room for between one text and the next. */
const ROOM = 3 << 12;
/** Start, end and scope of the lines of the text that is divided. One is divided at a time. */
let table = new Int32Array(ROOM);

export class Lines {
  /** Start, end and scope of each line. */
  readonly #table: Int32Array;
  /** By the line that opens them, ascending. */
  readonly #scopes: Scope[] = [];
  /** Lines with an import. */
  readonly imports: number[] = [];
  readonly module: Scope;
  readonly #comments = new Map<number, readonly number[]>();

  /**
   * @param from where Python begins: behind the line of a cell magic
   */
  constructor(
    private readonly text: string,
    from: number,
  ) {
    const { length } = text;
    this.module = this.#open('module', undefined, -1, -1);
    let scope = this.module;
    let line = 0;
    const signs = new Signs(text, from);
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
      if (isMagic(text, at, first)) {
        at = this.#magicEnd(at);
        continue;
      }
      while (scope.parent && indent <= scope.indent) scope = scope.parent;
      const end = this.#logicalEnd(signs, at, scope, line);
      const place = 3 * line;
      if (place === table.length) table = grown(table);
      table[place] = at;
      table[place + 1] = end;
      table[place + 2] = scope.index;
      scope = this.#firstWord(at, end, scope, line, first, indent) ?? scope;
      line += 1;
      at = Math.max(end, at + 1);
    }
    this.#table = table.slice(0, 3 * line);
    if (table.length > 16 * ROOM) table = new Int32Array(ROOM);
  }

  get count(): number {
    return this.#table.length / 3;
  }

  start(line: number): number {
    return this.#table[3 * line] as number;
  }

  /** Offset behind the last character. */
  end(line: number): number {
    return this.#table[3 * line + 1] as number;
  }

  /** Scope that a line lies in. */
  scope(line: number): Scope {
    return this.#scopes[this.#table[3 * line + 2] as number] as Scope;
  }

  /** Scope that a definition opens for what follows it, on its own line too. */
  opened(line: number): Scope | undefined {
    const scope = this.#scopes[lastAtMost(this.#scopes.length, (i) => (this.#scopes[i] as Scope).line, line)];
    return scope?.line === line ? scope : undefined;
  }

  /** The line that holds an offset; -1 when it lies in a comment or between lines. */
  at(offset: number): number {
    const line = this.before(offset);
    return line >= 0 && offset < this.end(line) ? line : -1;
  }

  /** The last line that begins at or before an offset; -1 when there is none. */
  before(offset: number): number {
    return lastAtMost(this.count, (line) => this.start(line), offset);
  }

  #open(kind: Scope['kind'], parent: Scope | undefined, line: number, indent: number): Scope {
    const scope = new Scope(this.text, kind, parent, line, indent, this.#scopes.length);
    this.#scopes.push(scope);
    return scope;
  }

  /** Whether an offset in a line lies in one of its comments. What was once found is kept. */
  isComment(line: number, offset: number): boolean {
    // Most places have no such sign in front of them.
    const before = this.text.slice(Math.max(this.start(line), offset - WIDTH), offset);
    if (before.lastIndexOf('#') <= before.lastIndexOf('\n')) return false;
    const comments = this.#comments.get(line) ?? this.#commentsOf(line);
    this.#comments.set(line, comments);
    const start = comments[lastAtMost(comments.length, (i) => comments[i] as number, offset)];
    return start !== undefined && this.#physicalEnd(start) > offset;
  }

  /** Offsets at which the comments of a line begin. */
  #commentsOf(line: number): number[] {
    const { text } = this;
    const found: number[] = [];
    const end = this.end(line);
    const signs = new Signs(text, this.start(line));
    while (signs.offset < end) {
      if (signs.kind === Sign.Hash) {
        found.push(signs.offset);
        skipComment(signs);
      } else if (signs.kind === Sign.DoubleQuote || signs.kind === Sign.SingleQuote) skipString(signs, text);
      else if (signs.kind === Sign.Backslash) skipEscape(signs, text);
      else signs.next();
    }
    return found;
  }

  #physicalEnd(at: number): number {
    const newline = this.text.indexOf('\n', at);
    return newline < 0 ? this.text.length : newline;
  }

  #magicEnd(at: number): number {
    let end = this.#physicalEnd(at);
    while (end < this.text.length && this.text[end - 1] === '\\') end = this.#physicalEnd(end + 1);
    return end;
  }

  /** End of the logical line from `from`; names in front of equals signs are noted on the way. */
  #logicalEnd(signs: Signs, from: number, scope: Scope, line: number): number {
    const { text } = this;
    let depth = 0;
    signs.skipTo(from);
    for (;;) {
      const { offset, kind } = signs;
      switch (kind) {
        case Sign.None:
          return offset;
        case Sign.LineFeed:
        case Sign.CarriageReturn:
          if (depth === 0) return offset;
          NEVER_INSIDE.lastIndex = offset + 1;
          if (startsStatement(text, offset + 1) && NEVER_INSIDE.test(text)) return offset;
          signs.next();
          break;
        case Sign.DoubleQuote:
        case Sign.SingleQuote:
          skipString(signs, text);
          break;
        case Sign.Hash:
          skipComment(signs);
          break;
        case Sign.Open:
          depth += 1;
          signs.next();
          break;
        case Sign.Close:
          if (depth > 0) depth -= 1;
          signs.next();
          break;
        case Sign.Backslash:
          skipEscape(signs, text);
          break;
        case Sign.Equals:
          signs.next();
          if (signs.kind === Sign.Equals && signs.offset === offset + 1) signs.next();
          else if (text.charCodeAt(offset - 1) === 58)
            scope.note(Binder.Last, Math.max(from, offset - TARGETS), offset - 1, line);
          else if (depth === 0 && isAssignment(text.charCodeAt(offset - 1)))
            scope.note(Binder.Targets, Math.max(from, offset - TARGETS), offset, line);
      }
    }
  }

  /** What the first word says of the line. @returns the scope that a definition opens */
  #firstWord(start: number, end: number, scope: Scope, line: number, first: number, indent: number): Scope | undefined {
    const { text } = this;
    // The second letter leaves few lines for which the word has to be read.
    const second = text.charCodeAt(start + 1);
    switch (first) {
      case 97: {
        // async
        if (second !== 115 || !text.startsWith('async', start)) return undefined;
        const opened = this.#definition(start, scope, line, indent);
        if (opened) return opened;
        scope.note(Binder.As, start, end, line);
        scope.note(Binder.Loop, start, end, line);
        return undefined;
      }
      case 99: // class
        return second === 108 ? this.#definition(start, scope, line, indent) : undefined;
      case 100: // def
        return second === 101 ? this.#definition(start, scope, line, indent) : undefined;
      case 102: // for, from
        if (second === 114 && text.startsWith('from', start)) this.#import(start, end, scope, line);
        else if (second === 111 && text.startsWith('for', start)) scope.note(Binder.Loop, start, end, line);
        return undefined;
      case 105: // import
        if (second === 109 && text.startsWith('import', start)) this.#import(start, end, scope, line);
        return undefined;
      case 101: // except
        if (second === 120 && text.startsWith('except', start)) scope.note(Binder.As, start, end, line);
        return undefined;
      case 119: // with
        if (second === 105 && text.startsWith('with', start)) scope.note(Binder.As, start, end, line);
        return undefined;
      default:
        return undefined;
    }
  }

  #definition(start: number, scope: Scope, line: number, indent: number): Scope | undefined {
    const { text } = this;
    DEFINITION.lastIndex = start;
    const name = DEFINITION.exec(text)?.[1];
    if (name === undefined) return undefined;
    scope.note(Binder.Name, DEFINITION.lastIndex - name.length, DEFINITION.lastIndex, line);
    const kind = text.startsWith('class', start) ? 'class' : 'function';
    return this.#open(kind, scope, line, indent);
  }

  /** Every name of an import is noted; which of them it binds is told when it is read. */
  #import(start: number, end: number, scope: Scope, line: number): void {
    this.imports.push(line);
    scope.note(Binder.Import, start, end, line);
  }
}

/** `!shell`, `%magic`, `?name`: what IPython reads and Python does not. */
function isMagic(text: string, at: number, first: number): boolean {
  return first === 33 || first === 63 || (first === 37 && /[A-Za-z%]/.test(text[at + 1] ?? ''));
}

/** Goes on to the end of the line. */
function skipComment(signs: Signs): void {
  while (signs.kind !== Sign.LineFeed && signs.kind !== Sign.None) signs.next();
}

/** Goes on behind the string whose quote is at hand, as {@link stringEnd} finds its end. */
function skipString(signs: Signs, text: string): void {
  const { offset, kind } = signs;
  const quote = text.charCodeAt(offset);
  if (text.charCodeAt(offset + 1) === quote && text.charCodeAt(offset + 2) === quote) {
    signs.skipTo(stringEnd(text, offset, text.length));
    return;
  }
  signs.next();
  while (signs.kind !== kind) {
    if (signs.kind === Sign.LineFeed || signs.kind === Sign.None) return;
    if (signs.kind === Sign.Backslash) skipEscape(signs, text);
    else signs.next();
  }
  signs.next();
}

/** Goes on behind the backslash at hand and what it stands in front of: one character, or the end of a line. */
function skipEscape(signs: Signs, text: string): void {
  const { offset } = signs;
  const isLineEnd = text.charCodeAt(offset + 1) === RETURN && text.charCodeAt(offset + 2) === NEWLINE;
  signs.skipTo(offset + (isLineEnd ? 3 : 2));
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

function grown(full: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * full.length);
  larger.set(full);
  return larger;
}

/** Index of the last of `count` ascending values that is at most `limit`; -1 when there is none. */
export function lastAtMost(count: number, value: (index: number) => number, limit: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value(middle) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
