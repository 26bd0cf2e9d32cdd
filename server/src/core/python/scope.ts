/** Scopes of a Python text, and which of its lines may bind a name. */
import { identifier, isIdentifierPart, isIdentifierStart } from './characters';

/**
 * How a stretch of text binds: as one name, by the names in it that stand for themselves, by the last of its names (in
 * front of `:=`), by every name in it, by those behind `as`, or as the targets of the loop that begins there.
 */
export type Binder = 'name' | 'targets' | 'last' | 'import' | 'as' | 'loop';

const LOOP = /(?:async[ \t]+)?for[ \t(]([^\n]{1,200}?)[ \t)]in\b/y;
const ALIAS = /\bas[ \t]+\(?([^\s,:)]+)/g;
/** The name at the end of a text, as far as it can be one. */
const LAST = /(?<![\w\u0080-\uffff])([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)[ \t]*$/;
const IDENTIFIER = /[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*/g;

/** A module, function or class body. */
export class Scope {
  readonly #binders: Binder[] = [];
  /** Start, end and line of each binder. */
  readonly #places: number[] = [];
  readonly #names = new Map<string, number[]>();
  readonly #attributes = new Map<string, number[]>();
  /** Functions and classes of a class body. */
  readonly members: Scope[] = [];
  /** Binders that are in the names. */
  #read = 0;

  /**
   * @param line line of the `def` or `class`; -1 for the module
   */
  constructor(
    private readonly text: string,
    readonly kind: 'module' | 'function' | 'class',
    readonly parent: Scope | undefined,
    readonly line: number,
  ) {
    if (parent?.kind === 'class') parent.members.push(this);
  }

  /** Notes that `[start, end)` binds; lines come in ascending order. Most scopes are never asked for their names. */
  note(binder: Binder, start: number, end: number, line: number): void {
    this.#binders.push(binder);
    this.#places.push(start, end, line);
  }

  /** Lines that may bind a name, ascending. */
  get names(): ReadonlyMap<string, readonly number[]> {
    this.#readAll();
    return this.#names;
  }

  /** Lines that may assign to an attribute of that name, ascending: `self.name = ...`. */
  get attributes(): ReadonlyMap<string, readonly number[]> {
    this.#readAll();
    return this.#attributes;
  }

  #readAll(): void {
    for (; this.#read < this.#binders.length; this.#read += 1) {
      const at = this.#read * 3;
      this.#bindAll(
        this.#binders[this.#read] as Binder,
        this.#places[at] as number,
        this.#places[at + 1] as number,
        this.#places[at + 2] as number,
      );
    }
  }

  #bindAll(binder: Binder, start: number, end: number, line: number): void {
    const { text } = this;
    switch (binder) {
      case 'name':
        this.#bind(this.#names, text.slice(start, end), line);
        break;
      case 'targets':
        this.#targets(start, end, line);
        break;
      case 'last': {
        const name = LAST.exec(text.slice(start, end))?.[1];
        if (name !== undefined) this.#bind(this.#names, name, line);
        break;
      }
      case 'import':
        for (const [name] of text.slice(start, end).matchAll(IDENTIFIER)) this.#bind(this.#names, name, line);
        break;
      case 'as':
        for (const match of text.slice(start, end).matchAll(ALIAS)) this.#bind(this.#names, match[1] as string, line);
        break;
      case 'loop':
        LOOP.lastIndex = start;
        if (LOOP.test(text)) this.#targets(start + 3, LOOP.lastIndex - 2, line);
    }
  }

  /** Identifiers that stand for themselves, not the objects whose attribute is meant, and attributes by themselves. */
  #targets(from: number, to: number, line: number): void {
    const { text } = this;
    let i = from;
    while (i < to) {
      if (!isIdentifierStart(text.charCodeAt(i))) {
        i += 1;
        continue;
      }
      const start = i;
      while (i < to && isIdentifierPart(text.charCodeAt(i))) i += 1;
      const after = text[i];
      const before = text[start - 1];
      if (after !== '.' && after !== '[' && after !== '(')
        this.#bind(before === '.' ? this.#attributes : this.#names, text.slice(start, i), line);
    }
  }

  #bind(into: Map<string, number[]>, written: string, line: number): void {
    const name = identifier(written);
    const lines = into.get(name);
    if (!lines) into.set(name, [line]);
    else if (lines[lines.length - 1] !== line) lines.push(line);
  }
}
