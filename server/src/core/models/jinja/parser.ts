import { TemplateSyntaxError, type Token, tokenize } from './lexer';

/** Expressions of Jinja, each with the offset at which it begins. */
export type Expression =
  | { kind: 'constant'; value: string | number | boolean | null; at: number }
  | { kind: 'name'; name: string; at: number }
  | { kind: 'attribute'; target: Expression; name: string; at: number }
  | { kind: 'subscript'; target: Expression; index: Expression; at: number }
  | { kind: 'slice'; parts: (Expression | undefined)[]; at: number }
  | { kind: 'call'; callee: Expression; args: Argument[]; at: number }
  | { kind: 'filter'; target: Expression | undefined; name: string; args: Argument[]; at: number }
  | { kind: 'test'; target: Expression; name: string; args: Argument[]; at: number }
  | { kind: 'binary'; operator: string; left: Expression; right: Expression; at: number }
  | { kind: 'unary'; operator: string; operand: Expression; at: number }
  | { kind: 'conditional'; test: Expression; value: Expression; otherwise: Expression | undefined; at: number }
  | { kind: 'list'; items: Expression[]; at: number }
  | { kind: 'dict'; items: { key: Expression; value: Expression }[]; at: number };

export interface Argument {
  name: string | undefined;
  value: Expression;
}

export type Statement =
  | { kind: 'text'; value: string; at: number }
  | { kind: 'print'; value: Expression; at: number }
  | { kind: 'if'; branches: { test: Expression | undefined; body: Statement[] }[]; at: number }
  | {
      kind: 'for';
      targets: string[];
      iterable: Expression;
      filter: Expression | undefined;
      body: Statement[];
      at: number;
    }
  | { kind: 'set'; targets: Expression[]; value: Expression | undefined; body: Statement[]; at: number }
  | { kind: 'macro'; name: string; parameters: Argument[]; body: Statement[]; at: number }
  | {
      kind: 'block';
      tag: string;
      /** What `with` gives names to, one for each expression. */
      targets?: Expression[];
      expressions: Expression[];
      body: Statement[];
      at: number;
    }
  | { kind: 'load'; tag: string; source: Expression; at: number };

/** The expressions right below one. */
export function children(node: Expression): Expression[] {
  switch (node.kind) {
    case 'attribute':
      return [node.target];
    case 'subscript':
      return [node.target, node.index];
    case 'slice':
      return node.parts.filter((part) => part !== undefined);
    case 'call':
      return [node.callee, ...node.args.map(({ value }) => value)];
    case 'filter':
      return [...(node.target ? [node.target] : []), ...node.args.map(({ value }) => value)];
    case 'test':
      return [node.target, ...node.args.map(({ value }) => value)];
    case 'binary':
      return [node.left, node.right];
    case 'unary':
      return [node.operand];
    case 'conditional':
      return [node.test, node.value, ...(node.otherwise ? [node.otherwise] : [])];
    case 'list':
      return node.items;
    case 'dict':
      return node.items.flatMap(({ key, value }) => [key, value]);
    default:
      return [];
  }
}

const MAX_DEPTH = 150;
const MAX_NODES = 200_000;
const BLOCK_END: Readonly<Record<string, string>> = {
  call: 'endcall',
  filter: 'endfilter',
  with: 'endwith',
  block: 'endblock',
  autoescape: 'endautoescape',
  generation: 'endgeneration',
  trans: 'endtrans',
};

/**
 * Parses a template. Nothing of it is ever rendered.
 * @throws TemplateSyntaxError where the template is none, or nests deeper or is longer than any honest one
 */
export function parseTemplate(template: string): Statement[] {
  return new Parser(tokenize(template)).template();
}

class Parser {
  #at = 0;
  #depth = 0;
  #nodes = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  template(): Statement[] {
    const body = this.#body([]);
    if (this.#at < this.tokens.length) throw this.#error('an end tag without its beginning');
    return body;
  }

  /** Statements up to one of the tags named; the tag itself is left for the caller. */
  #body(until: readonly string[]): Statement[] {
    this.#enter();
    const body: Statement[] = [];
    for (;;) {
      const token = this.tokens[this.#at];
      if (!token) {
        if (until.length === 0) break;
        throw new TemplateSyntaxError(`no ${until.at(-1)}`, 0);
      }
      if (token.kind === 'text') {
        body.push(token);
        this.#at += 1;
      } else if (token.kind === 'print') {
        this.#at += 1;
        const value = this.#tuple();
        this.#end();
        body.push({ kind: 'print', value, at: token.at });
      } else if (token.kind === 'statement') {
        const tag = this.tokens[this.#at + 1];
        if (tag?.kind !== 'name') throw this.#error('a tag without a name');
        if (until.includes(tag.value)) break;
        if (tag.value.startsWith('end') || tag.value === 'else' || tag.value === 'elif') break;
        this.#at += 2;
        const statement = this.#statement(tag.value, token.at);
        if (statement) body.push(statement);
      } else throw this.#error('a token out of place');
    }
    this.#depth -= 1;
    return body;
  }

  #statement(tag: string, at: number): Statement | undefined {
    switch (tag) {
      case 'if':
        return this.#if(at);
      case 'for':
        return this.#for(at);
      case 'set':
        return this.#set(at);
      case 'macro': {
        const name = this.#name();
        const parameters = this.#parameters();
        this.#end();
        return { kind: 'macro', name, parameters, body: this.#closed('endmacro'), at };
      }
      case 'include':
      case 'import':
      case 'from':
      case 'extends': {
        const source = this.#expression();
        this.#skipToEnd();
        return { kind: 'load', tag, source, at };
      }
      case 'do':
      case 'print': {
        const value = this.#tuple();
        this.#end();
        return { kind: 'print', value, at };
      }
      case 'break':
      case 'continue':
      case 'debug':
        this.#end();
        return undefined;
      case 'call': {
        if (this.#isOperator('(')) this.#parameters();
        const value = this.#expression();
        this.#end();
        return { kind: 'block', tag, expressions: [value], body: this.#closed('endcall'), at };
      }
      case 'filter': {
        const value = this.#filters(undefined, true);
        this.#end();
        return { kind: 'block', tag, expressions: value ? [value] : [], body: this.#closed('endfilter'), at };
      }
      case 'with': {
        const targets: Expression[] = [];
        const expressions: Expression[] = [];
        while (!this.#isEnd()) {
          targets.push(this.#target());
          this.#operator('=');
          expressions.push(this.#expression());
          if (!this.#accept(',')) break;
        }
        this.#end();
        return { kind: 'block', tag, targets, expressions, body: this.#closed('endwith'), at };
      }
      default: {
        const close = BLOCK_END[tag];
        if (!close) throw new TemplateSyntaxError('an unknown tag', at);
        this.#skipToEnd();
        return { kind: 'block', tag, expressions: [], body: this.#closed(close), at };
      }
    }
  }

  #if(at: number): Statement {
    const branches: { test: Expression | undefined; body: Statement[] }[] = [];
    let test: Expression | undefined = this.#tuple();
    this.#end();
    for (;;) {
      branches.push({ test, body: this.#body(['elif', 'else', 'endif']) });
      const tag = this.#tag();
      if (tag === 'endif') break;
      if (tag === 'elif') test = this.#tuple();
      else if (tag === 'else' && test !== undefined) test = undefined;
      else throw this.#error('an if that does not end');
      this.#end();
    }
    this.#end();
    return { kind: 'if', branches, at };
  }

  #for(at: number): Statement {
    const targets: string[] = [];
    for (;;) {
      const parenthesis = this.#accept('(');
      targets.push(this.#name());
      if (parenthesis) {
        while (this.#accept(',')) targets.push(this.#name());
        this.#operator(')');
      }
      if (!this.#accept(',')) break;
      if (this.#isName('in')) break;
    }
    this.#keyword('in');
    // The condition of a loop is its filter, not a conditional expression.
    const iterable = this.#tuple(false);
    const filter = this.#acceptName('if') ? this.#expression() : undefined;
    this.#acceptName('recursive');
    this.#end();
    const body = this.#body(['else', 'endfor']);
    if (this.#tag() === 'else') {
      this.#end();
      body.push(...this.#body(['endfor']));
      this.#tag();
    }
    this.#end();
    return { kind: 'for', targets, iterable, filter, body, at };
  }

  #set(at: number): Statement {
    const targets = [this.#target()];
    while (this.#accept(',')) targets.push(this.#target());
    if (this.#accept('=')) {
      const value = this.#tuple();
      this.#end();
      return { kind: 'set', targets, value, body: [], at };
    }
    const value = this.#filters(undefined, false);
    this.#end();
    return { kind: 'set', targets, value, body: this.#closed('endset'), at };
  }

  /** Something that can be assigned to: a name, or an attribute of a namespace. */
  #target(): Expression {
    const token = this.#next();
    if (token.kind !== 'name') throw this.#error('no name to assign to');
    let target: Expression = { kind: 'name', name: token.value, at: token.at };
    while (this.#accept('.')) target = { kind: 'attribute', target, name: this.#name(), at: token.at };
    return target;
  }

  #parameters(): Argument[] {
    this.#operator('(');
    const parameters: Argument[] = [];
    while (!this.#accept(')')) {
      const token = this.#next();
      if (token.kind !== 'name') throw this.#error('no parameter name');
      const value: Expression = this.#accept('=')
        ? this.#expression()
        : { kind: 'name', name: token.value, at: token.at };
      parameters.push({ name: token.value, value });
      if (!this.#accept(',') && !this.#isOperator(')')) throw this.#error('a list of parameters that does not end');
    }
    return parameters;
  }

  #closed(end: string): Statement[] {
    const body = this.#body([end]);
    const tag = this.#tag();
    if (tag !== end && !(tag === 'pluralize' && end === 'endtrans')) throw this.#error(`no ${end}`);
    this.#skipToEnd();
    return body;
  }

  /** Takes the opening and the name of a tag. */
  #tag(): string {
    if (this.tokens[this.#at]?.kind !== 'statement') throw this.#error('no end tag');
    this.#at += 1;
    return this.#name();
  }

  #tuple(conditional = true): Expression {
    const first = conditional ? this.#expression() : this.#or();
    if (!this.#isOperator(',')) return first;
    const items = [first];
    while (this.#accept(',')) {
      if (this.#isEnd() || this.#isOperator('=')) break;
      items.push(conditional ? this.#expression() : this.#or());
    }
    return { kind: 'list', items, at: first.at };
  }

  #expression(): Expression {
    this.#enter();
    let value = this.#or();
    while (this.#acceptName('if')) {
      const test = this.#or();
      const otherwise = this.#acceptName('else') ? this.#expression() : undefined;
      value = { kind: 'conditional', test, value, otherwise, at: value.at };
    }
    this.#depth -= 1;
    return value;
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#acceptName('or'))
      left = this.#node({ kind: 'binary', operator: 'or', left, right: this.#and(), at: left.at });
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.#acceptName('and'))
      left = this.#node({ kind: 'binary', operator: 'and', left, right: this.#not(), at: left.at });
    return left;
  }

  #not(): Expression {
    const { at } = this.#peek();
    if (!this.#acceptName('not')) return this.#compare();
    this.#enter();
    const operand = this.#not();
    this.#depth -= 1;
    return this.#node({ kind: 'unary', operator: 'not', operand, at });
  }

  #compare(): Expression {
    let left = this.#sum();
    for (;;) {
      const token = this.#peek();
      let operator: string | undefined;
      if (token.kind === 'operator' && ['==', '!=', '<', '>', '<=', '>='].includes(token.value)) {
        operator = token.value;
        this.#at += 1;
      } else if (this.#acceptName('in')) operator = 'in';
      else if (this.#isName('not') && this.#isName('in', 1)) {
        this.#at += 2;
        operator = 'not in';
      }
      if (!operator) return left;
      left = this.#node({ kind: 'binary', operator, left, right: this.#sum(), at: left.at });
    }
  }

  #binary(operators: readonly string[], operand: () => Expression): Expression {
    let left = operand();
    for (;;) {
      const token = this.#peek();
      if (token.kind !== 'operator' || !operators.includes(token.value)) return left;
      this.#at += 1;
      left = this.#node({ kind: 'binary', operator: token.value, left, right: operand(), at: left.at });
    }
  }

  #sum(): Expression {
    return this.#binary(['+', '-'], () => this.#concat());
  }

  #concat(): Expression {
    return this.#binary(['~'], () => this.#product());
  }

  #product(): Expression {
    return this.#binary(['*', '/', '//', '%'], () => this.#unary());
  }

  #unary(): Expression {
    const token = this.#peek();
    if (token.kind === 'operator' && (token.value === '-' || token.value === '+')) {
      this.#at += 1;
      this.#enter();
      const operand = this.#unary();
      this.#depth -= 1;
      return this.#node({ kind: 'unary', operator: token.value, operand, at: token.at });
    }
    return this.#postfix(this.#power());
  }

  #power(): Expression {
    const left = this.#accesses(this.#primary());
    if (!this.#accept('**')) return left;
    this.#enter();
    const right = this.#unary();
    this.#depth -= 1;
    return this.#node({ kind: 'binary', operator: '**', left, right, at: left.at });
  }

  #primary(): Expression {
    const token = this.#next();
    if (token.kind === 'string') {
      let { value } = token;
      for (let next = this.#peek(); next.kind === 'string'; next = this.#peek()) {
        value += next.value;
        this.#at += 1;
      }
      return this.#node({ kind: 'constant', value, at: token.at });
    }
    if (token.kind === 'number') return this.#node({ kind: 'constant', value: token.value, at: token.at });
    if (token.kind === 'name') {
      if (/^(?:true|false)$/i.test(token.value)) {
        return { kind: 'constant', value: token.value.toLowerCase() === 'true', at: token.at };
      }
      if (/^none$/i.test(token.value)) return { kind: 'constant', value: null, at: token.at };
      return this.#node({ kind: 'name', name: token.value, at: token.at });
    }
    if (token.kind === 'operator' && token.value === '(') {
      if (this.#accept(')')) return { kind: 'list', items: [], at: token.at };
      const inner = this.#items(')');
      return inner.single ?? this.#node({ kind: 'list', items: inner.items, at: token.at });
    }
    if (token.kind === 'operator' && token.value === '[') {
      return this.#node({ kind: 'list', items: this.#accept(']') ? [] : this.#items(']').items, at: token.at });
    }
    if (token.kind === 'operator' && token.value === '{') return this.#dict(token.at);
    throw this.#error('no expression');
  }

  #items(close: string): { items: Expression[]; single: Expression | undefined } {
    const items = [this.#expression()];
    let comma = false;
    while (this.#accept(',')) {
      comma = true;
      if (this.#isOperator(close)) break;
      items.push(this.#expression());
    }
    this.#operator(close);
    return { items, single: comma ? undefined : items[0] };
  }

  #dict(at: number): Expression {
    const items: { key: Expression; value: Expression }[] = [];
    while (!this.#accept('}')) {
      const key = this.#expression();
      this.#operator(':');
      items.push({ key, value: this.#expression() });
      if (!this.#accept(',') && !this.#isOperator('}')) throw this.#error('a dict that does not end');
    }
    return this.#node({ kind: 'dict', items, at });
  }

  /** `.name`, `[index]` and calls behind a primary. */
  #accesses(start: Expression): Expression {
    let value = start;
    for (;;) {
      const token = this.#peek();
      if (this.#accept('.')) {
        const name = this.#next();
        if (name.kind === 'name')
          value = this.#node({ kind: 'attribute', target: value, name: name.value, at: name.at });
        else if (name.kind === 'number') {
          const index: Expression = { kind: 'constant', value: name.value, at: name.at };
          value = this.#node({ kind: 'subscript', target: value, index, at: name.at });
        } else throw this.#error('no name behind a dot');
      } else if (this.#accept('[')) {
        value = this.#node({ kind: 'subscript', target: value, index: this.#index(), at: token.at });
      } else if (this.#isOperator('(')) {
        value = this.#node({ kind: 'call', callee: value, args: this.#arguments(), at: token.at });
      } else return value;
    }
  }

  /** Accesses, filters and tests in any order, as Jinja's parse_postfix and parse_filter_expr take them. */
  #postfix(start: Expression): Expression {
    let value = start;
    for (;;) {
      if (this.#isOperator('|')) value = this.#filters(value, false) as Expression;
      else if (this.#isName('is')) value = this.#test(value);
      else if (this.#isOperator('(') || this.#isOperator('.') || this.#isOperator('[')) value = this.#accesses(value);
      else return value;
    }
  }

  #index(): Expression {
    const { at } = this.#peek();
    const parts: (Expression | undefined)[] = [];
    let colons = 0;
    let current: Expression | undefined;
    while (!this.#accept(']')) {
      if (this.#accept(':')) {
        parts[colons] = current;
        current = undefined;
        colons += 1;
      } else if (current) {
        this.#operator(',');
        current = { kind: 'list', items: [current, this.#expression()], at };
      } else current = this.#expression();
    }
    if (colons === 0) {
      if (!current) throw this.#error('an empty subscript');
      return current;
    }
    parts[colons] = current;
    return this.#node({ kind: 'slice', parts: [parts[0], parts[1], parts[2]], at });
  }

  #arguments(): Argument[] {
    this.#operator('(');
    const args: Argument[] = [];
    while (!this.#accept(')')) {
      if (this.#accept('*') || this.#accept('**')) args.push({ name: '*', value: this.#expression() });
      else if (this.#peek().kind === 'name' && this.#isOperator('=', 1)) {
        const name = this.#name();
        this.#at += 1;
        args.push({ name, value: this.#expression() });
      } else args.push({ name: undefined, value: this.#expression() });
      if (!this.#accept(',') && !this.#isOperator(')')) throw this.#error('arguments that do not end');
    }
    return args;
  }

  #filters(target: Expression | undefined, bare: boolean): Expression | undefined {
    let value = target;
    for (let first = bare; first || this.#accept('|'); first = false) {
      const { at } = this.#peek();
      let name = this.#name();
      while (this.#accept('.')) name += `.${this.#name()}`;
      const args = this.#isOperator('(') ? this.#arguments() : [];
      value = this.#node({ kind: 'filter', target: value, name, args, at });
    }
    return value;
  }

  #test(target: Expression): Expression {
    const { at } = this.#next();
    const negated = this.#acceptName('not');
    const name = this.#name();
    let args: Argument[] = [];
    const next = this.#peek();
    if (this.#isOperator('(')) args = this.#arguments();
    else if (
      next.kind === 'string' ||
      next.kind === 'number' ||
      (next.kind === 'operator' && (next.value === '[' || next.value === '{')) ||
      (next.kind === 'name' && !['else', 'or', 'and', 'if', 'is', 'in', 'not', 'recursive'].includes(next.value))
    ) {
      args = [{ name: undefined, value: this.#accesses(this.#primary()) }];
    }
    const test = this.#node({ kind: 'test', target, name, args, at });
    return negated ? { kind: 'unary', operator: 'not', operand: test, at } : test;
  }

  #node<T extends Expression>(node: T): T {
    this.#nodes += 1;
    if (this.#nodes > MAX_NODES) throw new TemplateSyntaxError('larger than any template', node.at, true);
    return node;
  }

  #enter(): void {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH)
      throw new TemplateSyntaxError('nested deeper than any template', this.#peek().at, true);
  }

  #peek(ahead = 0): Token {
    return this.tokens[this.#at + ahead] ?? { kind: 'end', at: this.tokens.at(-1)?.at ?? 0 };
  }

  #next(): Token {
    const token = this.#peek();
    this.#at += 1;
    return token;
  }

  #isOperator(value: string, ahead = 0): boolean {
    const token = this.#peek(ahead);
    return token.kind === 'operator' && token.value === value;
  }

  #isName(value: string, ahead = 0): boolean {
    const token = this.#peek(ahead);
    return token.kind === 'name' && token.value === value;
  }

  #isEnd(): boolean {
    return this.#peek().kind === 'end';
  }

  #accept(value: string): boolean {
    if (!this.#isOperator(value)) return false;
    this.#at += 1;
    return true;
  }

  #acceptName(value: string): boolean {
    if (!this.#isName(value)) return false;
    this.#at += 1;
    return true;
  }

  #operator(value: string): void {
    if (!this.#accept(value)) throw this.#error(`no ${value}`);
  }

  #keyword(value: string): void {
    if (!this.#acceptName(value)) throw this.#error(`no ${value}`);
  }

  #name(): string {
    const token = this.#next();
    if (token.kind !== 'name') throw this.#error('no name');
    return token.value;
  }

  #end(): void {
    if (this.tokens[this.#at]?.kind !== 'end') throw this.#error('a tag that does not end');
    this.#at += 1;
  }

  #skipToEnd(): void {
    while (this.#at < this.tokens.length && this.tokens[this.#at]?.kind !== 'end') this.#at += 1;
    this.#end();
  }

  #error(message: string): TemplateSyntaxError {
    return new TemplateSyntaxError(message, this.#peek().at);
  }
}
