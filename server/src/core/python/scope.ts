/** Scopes of a Python text, and which of its lines may bind a name. */
import { identifier, isIdentifierPart, isIdentifierStart } from './characters';

/** How a stretch of text binds. */
export enum Binder {
  /** As one name. */
  Name,
  /** By the names in it that stand for themselves. */
  Targets,
  /** By the last of its names, in front of `:=`. */
  Last,
  /** By every name in it. */
  Import,
  /** By those behind `as`. */
  As,
  /** As the targets of the loop that begins there. */
  Loop,
}

const LOOP = /(?:async[ \t]+)?for[ \t(]([^\n]{1,200}?)[ \t)]in\b/y;
const ALIAS = /\bas[ \t]+\(?([^\s,:)]+)/g;
/** The name at the end of a text, as far as it can be one. */
const LAST = /(?<![\w\u0080-\uffff])([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)[ \t]*$/;
const IDENTIFIER = /[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*/g;

/** Lines that may bind a name, or assign to an attribute. */
interface Bound {
  readonly names: Map<string, number[]>;
  readonly attributes: Map<string, number[]>;
}

/** A module, function or class body. */
export class Scope {
  /** Binder, start, end and line of each stretch that binds. */
  readonly #notes: number[] = [];
  #bound: Bound | undefined;
  #members: Scope[] | undefined;

  /**
   * @param line line of the `def` or `class`; -1 for the module
   * @param indent column of that line; -1 for the module
   * @param index among the scopes of the text
   */
  constructor(
    private readonly text: string,
    readonly kind: 'module' | 'function' | 'class',
    readonly parent: Scope | undefined,
    readonly line: number,
    readonly indent: number,
    readonly index: number,
  ) {
    if (parent?.kind === 'class') {
      parent.#members ??= [];
      parent.#members.push(this);
    }
  }

  /** Functions and classes of a class body. */
  get members(): readonly Scope[] {
    return this.#members ?? [];
  }

  /** Notes that `[start, end)` binds; lines come in ascending order. Most scopes are never asked for their names. */
  note(binder: Binder, start: number, end: number, line: number): void {
    this.#notes.push(binder, start, end, line);
  }

  /** Lines that may bind a name, ascending. */
  get names(): ReadonlyMap<string, readonly number[]> {
    return this.#read().names;
  }

  /** Lines that may assign to an attribute of that name, ascending: `self.name = ...`. */
  get attributes(): ReadonlyMap<string, readonly number[]> {
    return this.#read().attributes;
  }

  /** Reads what is noted, once that is all there is. */
  #read(): Bound {
    if (this.#bound) return this.#bound;
    const bound: Bound = { names: new Map(), attributes: new Map() };
    const notes = this.#notes;
    for (let i = 0; i < notes.length; i += 4)
      this.#bindAll(bound, notes[i] as Binder, notes[i + 1] as number, notes[i + 2] as number, notes[i + 3] as number);
    this.#bound = bound;
    return bound;
  }

  #bindAll(bound: Bound, binder: Binder, start: number, end: number, line: number): void {
    const { text } = this;
    const { names } = bound;
    switch (binder) {
      case Binder.Name:
        bind(names, text.slice(start, end), line);
        break;
      case Binder.Targets:
        this.#targets(bound, start, end, line);
        break;
      case Binder.Last: {
        const name = LAST.exec(text.slice(start, end))?.[1];
        if (name !== undefined) bind(names, name, line);
        break;
      }
      case Binder.Import:
        for (const [name] of text.slice(start, end).matchAll(IDENTIFIER)) bind(names, name, line);
        break;
      case Binder.As:
        for (const match of text.slice(start, end).matchAll(ALIAS)) bind(names, match[1] as string, line);
        break;
      case Binder.Loop:
        LOOP.lastIndex = start;
        if (LOOP.test(text)) this.#targets(bound, start + 3, LOOP.lastIndex - 2, line);
    }
  }

  /** Identifiers that stand for themselves, not the objects whose attribute is meant, and attributes by themselves. */
  #targets({ names, attributes }: Bound, from: number, to: number, line: number): void {
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
        bind(before === '.' ? attributes : names, text.slice(start, i), line);
    }
  }
}

function bind(into: Map<string, number[]>, written: string, line: number): void {
  const name = identifier(written);
  const lines = into.get(name);
  if (!lines) into.set(name, [line]);
  else if (lines[lines.length - 1] !== line) lines.push(line);
}
