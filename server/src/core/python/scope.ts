/** Scopes of a Python text. */
import type { Notes } from './notes';

/** A module, function or class body. */
export class Scope {
  #names: ReadonlyMap<string, readonly number[]> | undefined;
  #attributes: ReadonlyMap<string, readonly number[]> | undefined;
  #members: Scope[] | undefined;

  /**
   * @param text what the scope is of
   * @param line line of the `def` or `class`; -1 for the module
   * @param indent column of that line; -1 for the module
   * @param index among the scopes of the text
   */
  constructor(
    private readonly text: { readonly notes: Notes },
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

  /** Lines that may bind each name, ascending. */
  get names(): ReadonlyMap<string, readonly number[]> {
    this.#names ??= this.text.notes.names(this.index);
    return this.#names;
  }

  /** Lines that may assign to each attribute, ascending: `self.name = ...`. */
  get attributes(): ReadonlyMap<string, readonly number[]> {
    this.#attributes ??= this.text.notes.attributes(this.index);
    return this.#attributes;
  }
}
