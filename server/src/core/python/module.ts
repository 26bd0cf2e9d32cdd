/** One Python text - a file or a cell - with its lines, and its statements as they are asked for. */
import type { Binding, Node, Parameter, Statement } from './ast';
import { Branches, type Reach } from './branches';
import { disguises, identifier } from './characters';
import { storeOf } from './classes';
import { Lines, lastAtMost } from './lines';
import { parseLine } from './parser';
import type { Scope } from './scope';

/** A binding, and where its value has to be read. */
export interface Found {
  readonly binding: Binding;
  readonly module: PythonModule;
  readonly scope: Scope;
  /** The function whose parameter it is. */
  readonly parameterOf?: Scope;
  /** Line of the binding, when it is no parameter. */
  readonly line?: number;
  /** It stands behind a colon on its line: `if a: b = c`. */
  readonly behindColon?: boolean;
}

/** Takes a binding, and says whether it is the one that is looked for. */
type Take = (found: Found) => boolean;

const BLOCK = /^(?:if|elif|else|for|while|try|except|finally|with|case)$/;
const GUARDS = new Set(['try', 'except', 'finally']);
/** Lines above a statement that are searched for what it stands in. */
const REACH = 2000;

/** Lines of more characters are read at once. */
const LONG = 400;
/** Decorators of one function that are looked at. */
const DECORATORS = 8;

/** Bindings of a statement that are looked through for a name. */
const FEW = 4;
/** Bindings of one name that are looked at for one that says something. */
const TRIES = 8;

export class PythonModule {
  #lines: Lines | undefined;
  /** Names stand in it as they are written. */
  #isPlain: boolean | undefined;
  readonly #branches = new Map<Scope, Branches>();
  readonly #statements = new Map<number, Statement[]>();
  readonly #storeOf = new Map<Node, Binding>();
  readonly #names = new Map<Statement, ReadonlyMap<string, Binding>>();
  readonly #parameterNames = new Map<Statement, ReadonlyMap<string, Binding>>();

  constructor(
    readonly text: string,
    private readonly from = 0,
  ) {}

  /** The text divided into its lines, once somebody asks: most cells of a notebook are never asked for them. */
  get lines(): Lines {
    this.#lines ??= new Lines(this.text, this.from);
    return this.#lines;
  }

  /** Whether a name may stand in the text; it costs less than to divide it. */
  mayName(name: string): boolean {
    if (this.text.includes(name)) return true;
    this.#isPlain ??= disguises(this.text).length === 0;
    // What is outside ASCII may be written in several ways.
    return !this.#isPlain || !/^[\x00-\x7f]*$/.test(name);
  }

  /** Whether a line begins like an import. */
  isImport(line: number): boolean {
    const start = this.lines.start(line);
    return this.text.startsWith('import', start) || this.text.startsWith('from', start);
  }

  statements(line: number): Statement[] {
    let found = this.#statements.get(line);
    if (!found) {
      found = parseLine(this.text, this.lines.start(line), this.lines.end(line));
      this.#statements.set(line, found);
    }
    return found;
  }

  lineText(line: number): string {
    return this.text.slice(this.lines.start(line), this.lines.end(line));
  }

  /** Scope in which a statement of a line is read: what follows `def f():` on its line is the function's. */
  scopeOf(line: number, statement: Statement): Scope {
    const opened = this.lines.opened(line);
    return opened && this.statements(line)[0] !== statement ? opened : this.lines.scope(line);
  }

  /**
   * Hands over the bindings of a name in one scope, the last before `offset` first.
   * @param take says whether it is the one that is looked for
   * @returns whether one of them is
   */
  seek(scope: Scope, name: string, offset: number, take: Take): boolean {
    const candidates = scope.names.get(name);
    if (candidates) {
      const last = lastOf(candidates, this.lines.before(offset - 1));
      for (let i = last; i >= 0 && i > last - TRIES; i -= 1)
        if (this.#seekInLine(scope, name, candidates[i] as number, offset, take)) return true;
    }
    if (scope.kind !== 'function' || !this.#mayHold(scope.line, name)) return false;
    const binding = this.#parameter(scope, name);
    return binding !== undefined && take({ binding, module: this, scope: scope.parent as Scope, parameterOf: scope });
  }

  /** Whether a name may stand in a line; it costs less than to read the line. */
  #mayHold(line: number, name: string): boolean {
    return this.lines.end(line) - this.lines.start(line) > LONG || identifier(this.lineText(line)).includes(name);
  }

  /**
   * Bindings of a name in one scope of which each may be the last before `offset`, the nearest first: more than one where
   * branches decide.
   * @param to line of the use; the number of lines means the end of the text
   */
  reaching(scope: Scope, name: string, offset: number, to: number): readonly Found[] {
    const reaching: Found[] = [];
    let nearest: Found | undefined;
    let others = false;
    this.seek(scope, name, offset, (found) => {
      if (!nearest) {
        nearest = found;
        return false;
      }
      const reach = others ? 'perhaps' : this.#reachOf(nearest, to);
      if (!others && reach !== 'never') reaching.push(nearest);
      if (reach === 'always') return true;
      others = true;
      const own = this.#reachOf(found, to);
      if (own !== 'never') reaching.push(found);
      return own === 'always';
    });
    // There is no other that it could be.
    return nearest && !others ? [nearest] : reaching;
  }

  #reachOf({ line, scope, behindColon = false }: Found, to: number): Reach {
    if (line === undefined || (!behindColon && this.#indent(line) === this.#bodyIndent(scope))) return 'always';
    return this.#branchesIn(scope).reach(line, to, behindColon);
  }

  #branchesIn(scope: Scope): Branches {
    let branches = this.#branches.get(scope);
    if (!branches) {
      const first = Math.max(0, scope.line);
      let end = first + 1;
      while (end < this.lines.count && isWithin(this.lines.scope(end), scope)) end += 1;
      branches = new Branches(this.text, this.lines, first, Math.min(end, this.lines.count));
      this.#branches.set(scope, branches);
    }
    return branches;
  }

  /** The first binding of a name in one scope from `offset` on: what a function finds when it is called later. */
  later(scope: Scope, name: string, offset: number): Found | undefined {
    const candidates = scope.names.get(name);
    if (!candidates) return undefined;
    let found: Found | undefined;
    const take: Take = (one) => {
      found = one;
      return true;
    };
    const first = lastOf(candidates, this.lines.before(offset - 1)) + 1;
    for (let i = first; i < candidates.length && i < first + TRIES; i += 1)
      if (this.#seekInLine(scope, name, candidates[i] as number, Number.POSITIVE_INFINITY, take)) break;
    return found;
  }

  /** Hands over what a method stores in an attribute of its object, the last first, like {@link seek}. */
  seekStores(method: Scope, name: string, take: Take): boolean {
    const lines = method.attributes.get(name) ?? [];
    for (let i = lines.length - 1; i >= 0 && i >= lines.length - TRIES; i -= 1) {
      for (const { targets = [], value } of this.statements(lines[i] as number)) {
        for (const target of value ? targets : []) {
          const binding = value && this.#store(target, value, name);
          if (binding && take({ binding, module: this, scope: method })) return true;
        }
      }
    }
    return false;
  }

  /** The binding of a target, the same each time. */
  #store(target: Node, value: Node, name: string): Binding | undefined {
    let binding = this.#storeOf.get(target);
    if (!binding) {
      binding = storeOf(target, value, name);
      if (binding) this.#storeOf.set(target, binding);
    }
    return binding;
  }

  /** Whether a statement stands in a `try`, or under a condition on the version: a fallback for older Pythons. */
  isFallback(line: number, statement: Statement): boolean {
    const first = this.statements(line)[0];
    if (first !== statement && first && GUARDS.has(first.word)) return true;
    let indent = this.#indent(line);
    for (let above = line - 1; above >= 0 && indent > 0 && line - above < REACH; above -= 1) {
      const own = this.#indent(above);
      if (own >= indent) continue;
      indent = own;
      const head = this.text.slice(this.lines.start(above), this.lines.start(above) + 200);
      if (/^(?:try|except|finally)\b/.test(head) || /^(?:if|elif)\b[^\n]*(?:version_info|PY[23]\b)/.test(head))
        return true;
    }
    return false;
  }

  /** What stands behind `@` above the definition that a scope belongs to, the nearest first. */
  *decorators(scope: Scope): Generator<Node> {
    for (let line = scope.line - 1; line >= 0 && scope.line - line <= DECORATORS; line -= 1) {
      if (this.text[this.lines.start(line)] !== '@') return;
      const [decorator] = this.statements(line)[0]?.parts ?? [];
      if (decorator) yield decorator;
    }
  }

  /** Column in which the statements of a scope begin that stand in no block. */
  #bodyIndent(scope: Scope): number {
    if (scope.kind === 'module') return 0;
    const first = scope.line + 1;
    return first < this.lines.count && this.lines.scope(first) === scope ? this.#indent(first) : -1;
  }

  /** Column of a line's first character. */
  #indent(line: number): number {
    const start = this.lines.start(line);
    return start - 1 - this.text.lastIndexOf('\n', start - 1);
  }

  /** Modules that a scope imports whole by `from m import *`. */
  stars(): string[] {
    if (!this.text.includes('import') || !this.text.includes('*')) return [];
    return this.lines.imports
      .filter((line) => this.lineText(line).includes('*'))
      .flatMap((line) => this.statements(line).flatMap(({ star }) => (star ? [star] : [])));
  }

  #seekInLine(scope: Scope, name: string, line: number, offset: number, take: Take): boolean {
    const statements = this.statements(line);
    const last = lastEnding(statements, offset);
    for (let i = last; i >= 0 && i > last - TRIES; i -= 1) {
      const statement = statements[i] as Statement;
      const binding = this.#bound(statement, name);
      if (!binding) continue;
      const behindColon = i > 0 && BLOCK.test(statements[0]?.word ?? '');
      if (take({ binding, module: this, scope, line, behindColon })) return true;
    }
    return false;
  }

  #parameter(scope: Scope, name: string): Binding | undefined {
    const statement = this.statements(scope.line).find(({ parameters }) => parameters !== undefined);
    return statement && this.#byName(statement, true).get(name);
  }

  /** What a statement binds to a name, the last when it does so twice. */
  #bound(statement: Statement, name: string): Binding | undefined {
    const { bindings } = statement;
    return bindings.length > FEW ? this.#byName(statement).get(name) : bindings.findLast((one) => one.name === name);
  }

  /** What a statement binds, or its parameters: the last of a name that stands there twice. */
  #byName(statement: Statement, parameters = false): ReadonlyMap<string, Binding> {
    const kept = parameters ? this.#parameterNames : this.#names;
    let found = kept.get(statement);
    if (!found) {
      const bindings: readonly Binding[] = parameters
        ? (statement.parameters ?? []).map(bindingOf)
        : statement.bindings;
      found = new Map(bindings.map((binding) => [binding.name, binding]));
      kept.set(statement, found);
    }
    return found;
  }
}

function isWithin(inner: Scope, outer: Scope): boolean {
  for (let at: Scope | undefined = inner; at; at = at.parent) if (at === outer) return true;
  return false;
}

/** A parameter is what it defaults to, as far as is known. */
const bindingOf = (parameter: Parameter): Binding => {
  const { name, value } = parameter;
  return value ? { name, how: 'default', value, parameter } : { name, how: 'opaque', parameter };
};

/** The last statement that ends before an offset. */
function lastEnding(statements: readonly Statement[], offset: number): number {
  let low = 0;
  let high = statements.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((statements[middle] as Statement).end <= offset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Index of the last of some lines that is at most `limit`; -1 when there is none. */
const lastOf = (lines: readonly number[], limit: number): number =>
  lastAtMost(lines.length, (i) => lines[i] as number, limit);
