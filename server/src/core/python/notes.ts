/** Which names the lines of a Python text may bind, by the scope in which they do. */
import { identifier, isIdentifierPart, isIdentifierStart } from './characters';

/** How a stretch of text binds: `server/kernel/lines.ts` notes them. */
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

/** Takes where a name stands, and whether it is that of an attribute. */
type Take = (start: number, end: number, isAttribute: boolean) => void;

/** The stretches of a text that bind. Most scopes are never asked for their names. */
export class Notes {
  /** The first stretch of each scope, and behind each stretch the next one of its scope; -1 when there is none. */
  readonly #first: Int32Array;
  readonly #next: Int32Array;

  /**
   * @param numbers three of each stretch in the order of the text: eight times its line and how it binds, start and end
   * @param scopeOf index of the scope of a line
   * @param scopes how many there are
   */
  constructor(
    private readonly text: string,
    private readonly numbers: Int32Array,
    scopeOf: (line: number) => number,
    scopes: number,
  ) {
    const count = numbers.length / 3;
    this.#first = new Int32Array(scopes).fill(-1);
    this.#next = new Int32Array(count);
    for (let i = count - 1; i >= 0; i -= 1) {
      const scope = scopeOf(this.#line(i));
      this.#next[i] = this.#first[scope] as number;
      this.#first[scope] = i;
    }
  }

  /** Lines of a scope that may bind each name, ascending. */
  names(scope: number): Map<string, number[]> {
    return this.#all(scope, false);
  }

  /** Lines of a scope that may assign to each attribute, ascending: `self.name = ...`. */
  attributes(scope: number): Map<string, number[]> {
    return this.#all(scope, true);
  }

  #all(scope: number, attributes: boolean): Map<string, number[]> {
    const { text } = this;
    const found = new Map<string, number[]>();
    let line = 0;
    const take: Take = (start, end, isAttribute) => {
      if (isAttribute !== attributes) return;
      const name = identifier(text.slice(start, end));
      const lines = found.get(name);
      if (!lines) found.set(name, [line]);
      else if (lines[lines.length - 1] !== line) lines.push(line);
    };
    for (let i = this.#first[scope] as number; i >= 0; i = this.#next[i] as number) {
      line = this.#line(i);
      this.#read(i, take);
    }
    return found;
  }

  /** Lines with an import, ascending. */
  imports(): number[] {
    const lines: number[] = [];
    for (let i = 0; i < this.#next.length; i += 1) if (this.#binder(i) === Binder.Import) lines.push(this.#line(i));
    return lines;
  }

  #line(i: number): number {
    return (this.numbers[3 * i] as number) >> 3;
  }

  #binder(i: number): Binder {
    return (this.numbers[3 * i] as number) & 7;
  }

  #read(i: number, take: Take): void {
    const { text } = this;
    const start = this.numbers[3 * i + 1] as number;
    const end = this.numbers[3 * i + 2] as number;
    switch (this.#binder(i)) {
      case Binder.Name:
        take(start, end, false);
        break;
      case Binder.Targets:
        this.#targets(start, end, take);
        break;
      case Binder.Last: {
        const name = LAST.exec(text.slice(start, end));
        if (name) take(start + name.index, start + name.index + (name[1] as string).length, false);
        break;
      }
      case Binder.Import:
        eachIdentifier(text, start, end, (from, to) => take(from, to, false));
        break;
      case Binder.As:
        for (const { index, 0: whole, 1: name = '' } of text.slice(start, end).matchAll(ALIAS)) {
          const to = start + index + whole.length;
          take(to - name.length, to, false);
        }
        break;
      case Binder.Loop:
        LOOP.lastIndex = start;
        if (LOOP.test(text)) this.#targets(start + 3, LOOP.lastIndex - 2, take);
    }
  }

  /** Identifiers that stand for themselves, not the objects whose attribute is meant, and attributes by themselves. */
  #targets(start: number, end: number, take: Take): void {
    const { text } = this;
    eachIdentifier(text, start, end, (from, to) => {
      const after = text[to];
      if (after !== '.' && after !== '[' && after !== '(') take(from, to, text[from - 1] === '.');
    });
  }
}

function eachIdentifier(text: string, start: number, end: number, take: (from: number, to: number) => void): void {
  let i = start;
  while (i < end) {
    if (!isIdentifierStart(text.charCodeAt(i))) {
      i += 1;
      continue;
    }
    const from = i;
    while (i < end && isIdentifierPart(text.charCodeAt(i))) i += 1;
    take(from, i);
  }
}
