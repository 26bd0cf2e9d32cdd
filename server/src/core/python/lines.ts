/**
 * Divides a Python text into logical lines (Python language reference 2.1) and scopes, and notes which names each line may
 * bind. No expression is read; that is left to whoever needs the line.
 */
import { Kernel } from '../text/kernel';
import { Notes } from './notes';
import { Scope } from './scope';

/** What a line opens. */
enum Opened {
  Nothing,
  Function,
  Class,
}

// Loaded for the first text, and empty again behind each.
let kernel: Kernel | undefined;

export class Lines {
  /** Start, end and scope of each line. */
  readonly #table: Int32Array;
  /** Start and end of the comments within the lines. */
  readonly #comments: Int32Array;
  /** What may bind, as {@link Notes} reads it. */
  readonly #numbers: Int32Array;
  #notes: Notes | undefined;
  /** By the line that opens them, ascending. */
  readonly #scopes: Scope[] = [];
  readonly module: Scope;
  #imports: readonly number[] | undefined;

  /**
   * @param from where Python begins: behind the line of a cell magic
   */
  constructor(
    private readonly text: string,
    from: number,
  ) {
    kernel ??= new Kernel();
    const { lines, comments, notes } = kernel.divide(text, from);
    kernel.release();
    this.#table = lines;
    this.#comments = comments;
    this.#numbers = notes;
    this.module = this.#open('module', undefined, -1, -1);
    let scope = this.module;
    for (let line = 0, place = 2; place < lines.length; line += 1, place += 3) {
      const told = lines[place] as number;
      const indent = told >> 2;
      while (scope.parent && indent <= scope.indent) scope = scope.parent;
      lines[place] = scope.index;
      const opened: Opened = told & 3;
      if (opened === Opened.Nothing) continue;
      scope = this.#open(opened === Opened.Class ? 'class' : 'function', scope, line, indent);
    }
  }

  get count(): number {
    return this.#table.length / 3;
  }

  /** Lines with an import, ascending. */
  get imports(): readonly number[] {
    this.#imports ??= this.notes.imports();
    return this.#imports;
  }

  get notes(): Notes {
    const table = this.#table;
    this.#notes ??= new Notes(this.text, this.#numbers, (line) => table[3 * line + 2] as number, this.#scopes.length);
    return this.#notes;
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

  /** Whether an offset within a line lies in a comment. */
  isComment(offset: number): boolean {
    const comments = this.#comments;
    const last = lastAtMost(comments.length / 2, (i) => comments[2 * i] as number, offset);
    return last >= 0 && (comments[2 * last + 1] as number) > offset;
  }

  #open(kind: Scope['kind'], parent: Scope | undefined, line: number, indent: number): Scope {
    const scope = new Scope(this, kind, parent, line, indent, this.#scopes.length);
    this.#scopes.push(scope);
    return scope;
  }
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
