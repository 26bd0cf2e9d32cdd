/**
 * Reads logical lines of Python as statements (Python language reference 6 to 8). It goes on after what is no Python, and
 * what it reads costs one look at each character: unknown words are stepped over, brackets may stay open.
 */
import type { Argument, Binding, Node, Parameter, Statement } from './ast';
import { identifier, isIdentifierPart, isIdentifierStart, NEWLINE, RETURN } from './characters';
import { contentOf, stringEnd } from './literals';

/** CPython takes 200 nested brackets. */
const MAX_DEPTH = 400;

const KEYWORDS = new Set(
  'and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield'.split(
    ' ',
  ),
);
const CONSTANTS = new Set(['None', 'True', 'False']);
/** Words whose statement ends with a colon and holds others. */
const COMPOUND = new Set([
  'if',
  'elif',
  'else',
  'while',
  'for',
  'try',
  'except',
  'finally',
  'with',
  'def',
  'class',
  'async',
  'match',
  'case',
]);

const PRECEDENCE: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  in: 4,
  is: 4,
  not: 4,
  '<': 4,
  '>': 4,
  '==': 4,
  '>=': 4,
  '<=': 4,
  '!=': 4,
  '<>': 4,
  '|': 5,
  '^': 6,
  '&': 7,
  '<<': 8,
  '>>': 8,
  '+': 9,
  '-': 9,
  '*': 10,
  '/': 10,
  '//': 10,
  '%': 10,
  '@': 10,
  '**': 12,
};

const STRING_PREFIX = /^(?:[rbuft]|rb|br|fr|rf|tr|rt)$/i;
const NUMBER = /0[xXoObB][\da-fA-F_]+|(?:\d[\d_]*)?\.?\d[\d_]*(?:[eE][+-]?\d[\d_]*)?[jJ]?\.?/y;
const AUGMENTED = /(?:\*\*|\/\/|>>|<<|[-+*/%&|^@])=/y;

/** Statements of the logical line in `[start, end)`. */
export function parseLine(text: string, start: number, end: number): Statement[] {
  return new Parser(text, start, end).statements();
}

class Parser {
  #at: number;
  #depth = 0;
  /** What `as` names inside brackets, as in `with (open(a) as f, open(b) as g):`, and what `:=` names anywhere. */
  #aliases: { value: Node; target: Node; how: 'context' | 'value' }[] = [];

  constructor(
    private readonly text: string,
    start: number,
    private readonly end: number,
  ) {
    this.#at = start;
  }

  // ---- characters and words

  /** Steps over white space, comments and joined lines. */
  #space(): void {
    const { text, end } = this;
    for (;;) {
      const c = text.charCodeAt(this.#at);
      if (this.#at >= end) {
        this.#at = end;
        return;
      }
      if (c === 32 || c === 9 || c === NEWLINE || c === RETURN || c === 12 || c === 92) this.#at += 1;
      else if (c === 35) {
        const newline = text.indexOf('\n', this.#at);
        this.#at = newline < 0 || newline > end ? end : newline;
      } else return;
    }
  }

  #peek(): string {
    this.#space();
    return this.#at < this.end ? (this.text[this.#at] as string) : '';
  }

  /** Takes a sign if it comes next. */
  #take(sign: string): boolean {
    this.#space();
    if (this.#at >= this.end || !this.text.startsWith(sign, this.#at)) return false;
    this.#at += sign.length;
    return true;
  }

  /** The word that comes next, without taking it; the empty string when there is none. */
  #word(): string {
    this.#space();
    const { text, end } = this;
    let i = this.#at;
    if (i >= end || !isIdentifierStart(text.charCodeAt(i))) return '';
    while (i < end && isIdentifierPart(text.charCodeAt(i))) i += 1;
    return text.slice(this.#at, i);
  }

  #takeWord(word: string): boolean {
    if (this.#word() !== word) return false;
    this.#at += word.length;
    return true;
  }

  /** An identifier that is no keyword. */
  #identifier(): string | undefined {
    const word = this.#word();
    if (word === '' || KEYWORDS.has(word)) return undefined;
    this.#at += word.length;
    return identifier(word);
  }

  // ---- statements

  statements(): Statement[] {
    const found: Statement[] = [];
    while (this.#peek() !== '') {
      const before = this.#at;
      found.push(this.#statement());
      if (this.#at === before) this.#at += 1;
    }
    return found;
  }

  #statement(): Statement {
    this.#space();
    const start = this.#at;
    const word = this.#word();
    switch (word) {
      case 'import':
        return this.#import(start);
      case 'from':
        return this.#importFrom(start);
      case 'async':
        this.#at += word.length;
        return this.#statement();
      case 'def':
        return this.#define(start);
      case 'class':
        return this.#class(start);
      case 'for':
        return this.#for(start);
      case 'with':
      case 'except':
        return this.#with(start, word);
      default:
    }
    if (word === 'match' || word === 'case') {
      const after = /^\s*(.)/.exec(this.text.slice(this.#at + word.length, this.#at + word.length + 40))?.[1];
      if (after && !'=.,()[:;+-*/%&|^<>!'.includes(after)) return this.#simple(start, word);
    }
    if (KEYWORDS.has(word) && !['lambda', 'not', 'await', 'yield'].includes(word)) return this.#simple(start, word);
    if (this.#take('@')) return this.#rest(start, '@', [this.#expression()], []);
    return this.#expressionStatement(start);
  }

  /** Reads on to the end of the statement, keeping the expressions that stand there. */
  #rest(
    start: number,
    word: string,
    parts: Node[],
    bindings: Binding[],
    more: Pick<Statement, 'targets' | 'value' | 'parameters' | 'star'> = {},
  ): Statement {
    const compound = COMPOUND.has(word);
    for (;;) {
      const c = this.#peek();
      const end = this.#at;
      if (c === '' || c === ';' || (c === ':' && compound)) {
        if (c !== '') this.#at += 1;
        for (const { value, target, how } of this.#aliases.splice(0)) bindings.push(...bound(target, how, value));
        return { start, end, word, parts, bindings, ...more };
      }
      const node = this.#expression();
      if (node.end > node.start) parts.push(node);
      if (this.#at === end) this.#step();
    }
  }

  /** Steps over one word or sign that begins no expression. */
  #step(): void {
    this.#at += Math.max(1, this.#word().length);
  }

  #simple(start: number, word: string): Statement {
    this.#at += word.length;
    return this.#rest(start, word, [], []);
  }

  #dotted(): string {
    let path = '';
    for (;;) {
      this.#space();
      if (this.#take('...')) path += '...';
      else if (this.#take('.')) path += '.';
      else {
        const name = path === '' || path.endsWith('.') ? this.#identifier() : undefined;
        if (name === undefined) return path;
        path += name;
      }
    }
  }

  #import(start: number): Statement {
    this.#at += 6;
    const bindings: Binding[] = [];
    do {
      const path = this.#dotted();
      const alias = this.#takeWord('as') ? this.#identifier() : undefined;
      if (path === '') break;
      const top = path.split('.')[0] as string;
      bindings.push(
        alias === undefined ? { name: top, how: 'import', path: top } : { name: alias, how: 'import', path },
      );
    } while (this.#take(','));
    return this.#rest(start, 'import', [], bindings);
  }

  #importFrom(start: number): Statement {
    this.#at += 4;
    const module = this.#dotted();
    const bindings: Binding[] = [];
    if (!this.#takeWord('import')) return this.#rest(start, 'from', [], bindings);
    this.#take('(');
    if (this.#take('*')) return this.#rest(start, 'from', [], bindings, { star: module });
    do {
      const name = this.#identifier();
      if (name === undefined) break;
      const alias = this.#takeWord('as') ? this.#identifier() : undefined;
      const path = module === '' || module.endsWith('.') ? `${module}${name}` : `${module}.${name}`;
      bindings.push({ name: alias ?? name, how: 'import', path });
    } while (this.#take(','));
    this.#take(')');
    return this.#rest(start, 'from', [], bindings);
  }

  #define(start: number): Statement {
    this.#at += 3;
    const name = this.#identifier();
    const parts: Node[] = [];
    if (this.#peek() === '[') parts.push(this.#expression());
    const parameters = this.#take('(') ? this.#parameters(')', parts) : [];
    this.#take(')');
    if (this.#take('->')) parts.push(this.#expression());
    return this.#rest(start, 'def', parts, name ? [{ name, how: 'opaque' }] : [], { parameters });
  }

  #parameters(close: string, parts: Node[]): Parameter[] {
    const parameters: Parameter[] = [];
    for (;;) {
      const c = this.#peek();
      if (c === '' || c === close) return parameters;
      const before = this.#at;
      while (this.#take('*') || this.#take('/') || this.#take(',')) {
        // Markers of what may be given how.
      }
      const start = this.#at;
      const name = this.#identifier();
      if (name !== undefined) {
        if (close === ')' && this.#take(':')) parts.push(this.#expression());
        const value = this.#take('=') ? this.#expression() : undefined;
        if (value) parts.push(value);
        parameters.push({ start, end: this.#at, name, ...(value && { value }) });
      }
      if (this.#at === before) this.#step();
    }
  }

  #class(start: number): Statement {
    this.#at += 5;
    const name = this.#identifier();
    const parts: Node[] = [];
    if (this.#peek() === '[') parts.push(this.#expression());
    const args = this.#take('(') ? this.#arguments().args : [];
    parts.push(...args.map(({ value }) => value));
    const bases = args.flatMap(({ name: keyword, value }) => (keyword === undefined ? [value] : []));
    return this.#rest(start, 'class', parts, name ? [{ name, how: 'class', definition: { start, bases } }] : []);
  }

  #for(start: number): Statement {
    this.#at += 3;
    const targets: Node[] = [];
    do {
      this.#take('*');
      targets.push(this.#binary(5));
    } while (this.#take(','));
    if (!this.#takeWord('in')) return this.#rest(start, 'for', targets, []);
    const subject = this.#expressions();
    return this.#rest(start, 'for', [subject], [...targets.flatMap((target) => bound(target, 'each', subject))]);
  }

  #with(start: number, word: string): Statement {
    this.#at += word.length;
    const parts: Node[] = [];
    const bindings: Binding[] = [];
    const how = word === 'with' ? 'context' : 'opaque';
    do {
      const value = this.#expression();
      parts.push(value);
      if (this.#takeWord('as')) {
        const target = this.#binary(5);
        bindings.push(...bound(target, how, value));
        parts.push(target);
      }
    } while (this.#take(','));
    return this.#rest(start, word, parts, bindings);
  }

  #expressionStatement(start: number): Statement {
    let node = this.#expressions();
    const parts = [node];
    const targets: Node[] = [];
    let value: Node | undefined;
    if (this.#take(':')) {
      const annotation = this.#expression();
      parts.push(annotation);
    }
    AUGMENTED.lastIndex = this.#at;
    const augmented = AUGMENTED.exec(this.text)?.[0];
    if (augmented && this.#at + augmented.length <= this.end) {
      this.#at += augmented.length;
      const right = this.#expressions();
      parts.push(right);
      const operator = augmented.slice(0, -1);
      value = { kind: 'binary', operator, left: node, right, start: node.start, end: right.end };
      targets.push(node);
    } else {
      while (this.#peek() === '=' && this.text[this.#at + 1] !== '=') {
        this.#at += 1;
        targets.push(node);
        node = this.#magic() ?? this.#expressions();
        parts.push(node);
        value = node;
      }
    }
    const of = value;
    const bindings = of ? targets.flatMap((target) => bound(target, 'value', of)) : [];
    return this.#rest(start, '', parts, bindings, { targets, ...(value && { value }) });
  }

  /** What IPython assigns from the shell or a magic: `files = !ls`, `t = %timeit -o f()`. */
  #magic(): Node | undefined {
    this.#space();
    if (!/^(?:!|%[A-Za-z])/.test(this.text.slice(this.#at, this.#at + 2))) return undefined;
    const start = this.#at;
    const newline = this.text.indexOf('\n', start);
    this.#at = newline < 0 || newline > this.end ? this.end : newline;
    return { kind: 'literal', start, end: this.#at };
  }

  // ---- expressions

  /** One expression, or several with commas between, as a tuple. */
  #expressions(): Node {
    const first = this.#starred();
    if (this.#peek() !== ',') return first;
    const items = [first];
    while (this.#take(',')) {
      const c = this.#peek();
      if (c === '' || c === '=' || c === ':' || c === ';' || c === ')') break;
      items.push(this.#starred());
    }
    return { kind: 'sequence', bracket: '', items, start: first.start, end: this.#at };
  }

  #starred(): Node {
    this.#space();
    const start = this.#at;
    if (!this.#take('*')) return this.#expression();
    const part = this.#expression();
    return { kind: 'composite', word: '*', parts: [part], start, end: part.end };
  }

  #nothing(): Node {
    return { kind: 'literal', start: this.#at, end: this.#at };
  }

  #expression(): Node {
    const word = this.#word();
    if (word === 'lambda') return this.#lambda();
    if (word === 'yield') {
      const start = this.#at;
      this.#at += word.length;
      this.#takeWord('from');
      const part = this.#expressions();
      return { kind: 'composite', word, parts: [part], start, end: part.end };
    }
    const first = this.#binary(0);
    if (this.#take(':=')) {
      const value = this.#expression();
      this.#aliases.push({ value, target: first, how: 'value' });
      return { kind: 'composite', word: ':=', parts: [first, value], start: first.start, end: value.end };
    }
    if (this.#word() !== 'if') return first;
    // `a if b else c if d else e` is one chain.
    const parts = [first];
    while (this.#takeWord('if')) {
      parts.push(this.#binary(0));
      if (!this.#takeWord('else')) break;
      parts.push(this.#word() === 'lambda' ? this.#lambda() : this.#binary(0));
    }
    return { kind: 'composite', word: 'if', parts, start: first.start, end: this.#at };
  }

  #lambda(): Node {
    const start = this.#at;
    this.#at += 6;
    if (!this.#deeper()) return this.#nothing();
    const parameters = this.#parameters(':', []);
    this.#take(':');
    const body = this.#expression();
    this.#depth -= 1;
    return { kind: 'lambda', parameters, body, start, end: this.#at };
  }

  /** False, and the rest of the line is given up, when the nesting is deeper than Python takes. */
  #deeper(): boolean {
    this.#depth += 1;
    if (this.#depth <= MAX_DEPTH) return true;
    this.#depth -= 1;
    this.#at = this.end;
    return false;
  }

  /** The operator that comes next, without taking it. */
  #operator(): string {
    const c = this.#peek();
    switch (c) {
      case '+':
      case '-':
      case '%':
      case '@':
      case '&':
      case '|':
      case '^':
        return this.text[this.#at + 1] === '=' ? '' : c;
      case '*':
      case '/': {
        const sign = this.text[this.#at + 1] === c ? c + c : c;
        return this.text[this.#at + sign.length] === '=' ? '' : sign;
      }
      case '<':
      case '>': {
        const next = this.text[this.#at + 1];
        if (next === c) return this.text[this.#at + 2] === '=' ? '' : c + c;
        return next === '=' || (c === '<' && next === '>') ? c + next : c;
      }
      case '=':
      case '!':
        return this.text[this.#at + 1] === '=' ? `${c}=` : '';
      case 'a':
      case 'o':
      case 'i':
      case 'n': {
        const word = this.#word();
        return word === 'and' || word === 'or' || word === 'in' || word === 'is' || word === 'not' ? word : '';
      }
      default:
        return '';
    }
  }

  #binary(least: number): Node {
    let left = this.#unary();
    for (;;) {
      const operator = this.#operator();
      const precedence = operator === '' ? 0 : (PRECEDENCE[operator] as number);
      if (precedence === 0 || precedence < least) return left;
      this.#at += operator.length;
      if (operator === 'is') this.#takeWord('not');
      if (operator === 'not') this.#takeWord('in');
      const right = this.#binary(precedence + 1);
      left = { kind: 'binary', operator, left, right, start: left.start, end: right.end };
    }
  }

  #unary(): Node {
    this.#space();
    const start = this.#at;
    let word = '';
    for (;;) {
      const c = this.#peek();
      if (c === '-' || c === '+' || c === '~') {
        word ||= c;
        this.#at += 1;
      } else if ((c === 'n' && this.#takeWord('not')) || (c === 'a' && this.#takeWord('await'))) word ||= c;
      else break;
    }
    const node = this.#postfix(this.#atom());
    return word === ''
      ? node
      : { kind: 'composite', word: word === 'a' ? 'await' : word, parts: [node], start, end: node.end };
  }

  #postfix(atom: Node): Node {
    let node = atom;
    if (node.end === node.start) return node;
    for (;;) {
      const c = this.#peek();
      if (c === '.') {
        this.#at += 1;
        this.#space();
        const propertyStart = this.#at;
        const property = this.#identifier() ?? '';
        node = { kind: 'member', object: node, property, propertyStart, start: node.start, end: this.#at };
      } else if (c === '(') {
        const open = this.#at;
        this.#at += 1;
        const { args, close } = this.#arguments();
        node = { kind: 'call', callee: node, args, open, close, start: node.start, end: this.#at };
      } else if (c === '[') {
        const { items } = this.#brackets('[');
        const index = items.length === 1 ? items[0] : undefined;
        const more: Node | undefined =
          index ??
          (items.length > 1 ? { kind: 'sequence', bracket: '', items, start: node.end, end: this.#at } : undefined);
        node = { kind: 'subscript', object: node, index: more, start: node.start, end: this.#at };
      } else return node;
    }
  }

  #atom(): Node {
    this.#space();
    const start = this.#at;
    if (start >= this.end) return this.#nothing();
    const c = this.text[start] as string;
    switch (c) {
      case '"':
      case "'":
        return this.#string();
      case '(':
      case '[':
      case '{':
        return this.#bracketed(c);
      case '.':
        if (this.#take('...')) return { kind: 'literal', start, end: this.#at };
        break;
      default:
    }
    const code = c.charCodeAt(0);
    if ((code >= 48 && code <= 57) || c === '.') {
      NUMBER.lastIndex = start;
      if (!NUMBER.test(this.text)) return this.#nothing();
      this.#at = Math.min(this.end, NUMBER.lastIndex);
      return { kind: 'literal', start, end: this.#at };
    }
    const word = this.#word();
    if (word === '' || KEYWORDS.has(word)) return this.#nothing();
    const next = this.text.charCodeAt(start + word.length);
    if ((next === 34 || next === 39) && STRING_PREFIX.test(word)) return this.#string();
    this.#at += word.length;
    if (CONSTANTS.has(word)) return { kind: 'literal', start, end: this.#at };
    return { kind: 'name', name: identifier(word), start, end: this.#at };
  }

  #string(): Node {
    const first = this.#literal();
    const parts = [first];
    for (;;) {
      const c = this.#peek();
      if (c !== '"' && c !== "'") {
        const word = this.#word();
        const next = this.text.charCodeAt(this.#at + word.length);
        if (word === '' || (next !== 34 && next !== 39) || !STRING_PREFIX.test(word)) break;
      }
      parts.push(this.#literal());
    }
    const { end } = parts[parts.length - 1] as Node;
    return parts.length === 1 ? first : { kind: 'strings', parts, start: first.start, end };
  }

  #literal(): Node {
    const start = this.#at;
    const prefix = this.#word();
    const end = stringEnd(this.text, start + prefix.length, this.end);
    this.#at = end;
    if (!/[ft]/i.test(prefix)) return { kind: 'string', start, end };
    const values = this.#replacements(start, end);
    return values.length === 0 ? { kind: 'string', start, end } : { kind: 'format', values, start, end };
  }

  /** Expressions in the braces of a format string, those of its format specifications included. */
  #replacements(start: number, end: number): Node[] {
    const values: Node[] = [];
    const content = contentOf(this.text.slice(start, end));
    const to = start + content.end;
    let at = start + content.start;
    while (at < to && this.#depth < MAX_DEPTH) {
      const open = this.text.indexOf('{', at);
      if (open < 0 || open >= to) break;
      if (this.text[open + 1] === '{') {
        at = open + 2;
        continue;
      }
      const inner = new Parser(this.text, open + 1, to);
      inner.#depth = this.#depth + 1;
      values.push(inner.#expressions());
      at = Math.max(open + 1, inner.#at);
    }
    return values;
  }

  #bracketed(open: '(' | '[' | '{'): Node {
    const start = this.#at;
    const { items, comma, clauses, conditions } = this.#brackets(open);
    const end = this.#at;
    if (clauses.length > 0) return { kind: 'comprehension', elements: items, clauses, conditions, start, end };
    const [inner] = items;
    if (open === '(' && items.length === 1 && !comma && inner) return { kind: 'group', inner, start, end };
    return { kind: 'sequence', bracket: open, items, start, end };
  }

  /** What stands between brackets, the closing one included. */
  #brackets(open: '(' | '[' | '{'): {
    items: Node[];
    comma: boolean;
    clauses: { names: readonly string[]; subject: Node }[];
    conditions: Node[];
  } {
    const close = open === '(' ? ')' : open === '[' ? ']' : '}';
    const items: Node[] = [];
    const clauses: { names: readonly string[]; subject: Node }[] = [];
    const conditions: Node[] = [];
    let comma = false;
    this.#at += 1;
    if (!this.#deeper()) return { items, comma, clauses, conditions };
    for (;;) {
      const c = this.#peek();
      if (c === '') break;
      if (c === close) {
        this.#at += 1;
        break;
      }
      if (c === ',') comma = true;
      const before = this.#at;
      const word = this.#word();
      if (word === 'for' || word === 'async') this.#clause(clauses);
      else if (word === 'if' && clauses.length > 0) {
        this.#at += 2;
        conditions.push(this.#binary(0));
      } else if (word === 'as' && items.length > 0) {
        this.#at += 2;
        this.#aliases.push({ value: items[items.length - 1] as Node, target: this.#binary(5), how: 'context' });
      } else {
        while (this.#take('*')) {
          // `*items` and `**items` are looked at as the items they hold.
        }
        const node = this.#expression();
        if (node.end > node.start) items.push(node);
        // A closing bracket of another kind closes something further out.
        else if (/[)\]}]/.test(this.text[this.#at] ?? '')) {
          if (this.text[this.#at] !== close) this.#at += 1;
        } else if (this.#at === before) this.#step();
      }
      if (this.#at === before) this.#step();
    }
    this.#depth -= 1;
    return { items, comma, clauses, conditions };
  }

  #clause(clauses: { names: readonly string[]; subject: Node }[]): void {
    this.#takeWord('async');
    if (!this.#takeWord('for')) return;
    const targets: Node[] = [];
    do targets.push(this.#binary(5));
    while (this.#take(','));
    this.#takeWord('in');
    const subject = this.#binary(0);
    clauses.push({ names: targets.flatMap((target) => bound(target, 'opaque').map(({ name }) => name)), subject });
  }

  /** Arguments after the opening bracket, the closing one included. */
  #arguments(): { args: Argument[]; close: number } {
    const args: Argument[] = [];
    if (!this.#deeper()) return { args, close: -1 };
    let close = -1;
    for (;;) {
      const c = this.#peek();
      if (c === '') break;
      const start = this.#at;
      if (c === ')') {
        close = start;
        this.#at += 1;
        break;
      }
      const stars = this.#take('**') ? 2 : this.#take('*') ? 1 : undefined;
      let value = this.#expression();
      let name: string | undefined;
      if (value.kind === 'name' && this.#peek() === '=' && this.text[this.#at + 1] !== '=') {
        name = value.name;
        this.#at += 1;
        value = this.#expression();
      }
      const word = this.#word();
      if (word === 'for' || word === 'async') {
        const clauses: { names: readonly string[]; subject: Node }[] = [];
        const conditions: Node[] = [];
        for (let next = word; ; next = this.#word()) {
          const before = this.#at;
          if (next === 'for' || next === 'async') this.#clause(clauses);
          else if (next === 'if') {
            this.#at += 2;
            conditions.push(this.#binary(0));
          } else break;
          if (this.#at === before) break;
        }
        value = { kind: 'comprehension', elements: [value], clauses, conditions, start: value.start, end: this.#at };
      }
      if (value.end > value.start)
        args.push({ value, start, end: value.end, ...(name !== undefined && { name }), ...(stars && { stars }) });
      if (this.#at === start) this.#step();
    }
    this.#depth -= 1;
    return { args, close };
  }
}

/** Names that a target binds; attributes and elements are no names. */
function bound(target: Node, how: Binding['how'], value?: Node): Binding[] {
  switch (target.kind) {
    case 'name':
      return [{ name: target.name, how, ...(value && { value }) }];
    case 'group':
      return bound(target.inner, how, value);
    case 'sequence': {
      // Unpacking: each name gets its own part where they stand side by side, else one of many.
      const parts =
        value?.kind === 'sequence' && how === 'value' && value.items.length === target.items.length
          ? value.items
          : undefined;
      return target.items.flatMap((item, i) =>
        parts ? bound(item, how, parts[i]) : bound(item, how === 'value' ? 'each' : how, value),
      );
    }
    case 'composite':
      return target.word === '*' ? target.parts.flatMap((part) => bound(part, how, value)) : [];
    default:
      return [];
  }
}
