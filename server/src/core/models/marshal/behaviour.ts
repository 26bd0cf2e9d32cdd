import type { Budget } from '../../budget';
import { disassemble, guessVersion, minorOf, nameIndex } from './disassemble';
import { type HazardKind, hazardOf, isTellingImport } from './hazards';
import type { PythonVersion } from './opcodes';
import { type CodeObject, isCode, isSequence, type MarshalValue, readMarshal } from './reader';

/** Something that code does or refers to which can harm the machine. */
export interface Hazard {
  kind: HazardKind;
  /** As it would be written in Python, arguments that are literals included: `os.system('echo')`. */
  text: string;
  called: boolean;
}

/** What a code object does, told without running it. All texts come from the file: show them escaped. */
export interface Behaviour {
  python: PythonVersion;
  name: string;
  fileName: string;
  firstLine: number;
  imports: string[];
  /** Calls in the order of the code, nested functions included. */
  calls: string[];
  hazards: Hazard[];
  /** Expressions that the outermost function returns. */
  returns: string[];
  strings: string[];
  /** Sentences on what happens to numbers: `multiplies by 1000`. */
  effects: string[];
  /** Something was beyond the caps and was not looked at. */
  truncated: boolean;
}

/** What is known of a value on the stack. */
interface Value {
  text: string;
  /** Dotted name, when the value is what an import or a global leads to. */
  path?: string;
  /** Whether `path` begins at a module or builtin. */
  resolved?: boolean;
  constant?: MarshalValue;
  items?: Value[];
  factor?: number;
  noise?: boolean;
  isNull?: boolean;
}

const LONGEST_TEXT = 200;
const MOST = 300;
const NULL_VALUE: Value = { text: 'NULL', isNull: true };
const UNKNOWN: Value = { text: '…' };

const BINARY_SYMBOLS = [
  '+',
  '&',
  '//',
  '<<',
  '@',
  '*',
  '%',
  '|',
  '**',
  '>>',
  '-',
  '/',
  '^',
  '+',
  '&',
  '//',
  '<<',
  '@',
  '*',
  '%',
  '|',
  '**',
  '>>',
  '-',
  '/',
  '^',
  '[]',
]; // NB_* of Include/opcode.h; in-place forms are told as the plain ones
const NAMED_SYMBOLS: Readonly<Record<string, string>> = {
  POWER: '**',
  MULTIPLY: '*',
  DIVIDE: '/',
  MODULO: '%',
  ADD: '+',
  SUBTRACT: '-',
  FLOOR_DIVIDE: '//',
  TRUE_DIVIDE: '/',
  LSHIFT: '<<',
  RSHIFT: '>>',
  AND: '&',
  XOR: '^',
  OR: '|',
  MATRIX_MULTIPLY: '@',
};
const COMPARISONS = ['<', '<=', '==', '!=', '>', '>=', 'in', 'not in', 'is', 'is not'];

/** A builtin whose mere mention in a layer's code is worth telling. */
const HAZARDOUS_BUILTINS = new Set([
  'eval',
  'exec',
  'execfile',
  'compile',
  '__import__',
  'breakpoint',
  'open',
  'file',
  '__builtins__',
]);

/**
 * Reads marshalled bytes and tells what the code in them would do.
 * @returns undefined when there is no code object in them
 * @throws MalformedMarshal
 */
export function describeMarshal(bytes: Uint8Array, budget: Budget): Behaviour | undefined {
  const { value } = readMarshal(bytes, budget);
  const code = firstCode(value, 0);
  return code && describeCode(code, budget);
}

function firstCode(value: MarshalValue, depth: number): CodeObject | undefined {
  if (isCode(value)) return value;
  if (depth > 20 || !isSequence(value)) return undefined;
  for (const item of value.items) {
    const found = firstCode(item, depth + 1);
    if (found) return found;
  }
  return undefined;
}

/** Tells what a code object, with every function defined inside it, would do. */
export function describeCode(code: CodeObject, budget: Budget): Behaviour {
  const { version, fits } = guessVersion(code);
  const teller = new Teller(version, budget);
  teller.run(code, new Map(), 0);
  if (!fits) teller.judgeNames();
  return teller.finish(code);
}

class Teller {
  readonly #imports = new Set<string>();
  readonly #calls: string[] = [];
  readonly #hazards = new Map<string, Hazard>();
  readonly #returns: string[] = [];
  readonly #strings = new Set<string>();
  readonly #effects = new Set<string>();
  readonly #seen = new Set<CodeObject>();
  #truncated = false;
  #steps = 0;

  constructor(
    private readonly version: PythonVersion,
    private readonly budget: Budget,
  ) {}

  finish(code: CodeObject): Behaviour {
    const hazards = [...this.#hazards.values()];
    const { name, fileName, firstLine } = code;
    return {
      python: this.version,
      name,
      fileName,
      firstLine,
      imports: [...this.#imports],
      calls: this.#calls,
      // A mention is told only when no call says the same.
      hazards: hazards.filter(
        (h) => h.called || !hazards.some((other) => other.called && other.text.startsWith(h.text)),
      ),
      returns: this.#returns,
      strings: [...this.#strings],
      effects: [...this.#effects],
      truncated: this.#truncated,
    };
  }

  run(code: CodeObject, outer: ReadonlyMap<string, Value>, depth: number): void {
    if (this.#seen.has(code)) return;
    this.#seen.add(code);
    if (depth > 30 || this.#seen.size > 500) {
      this.#truncated = true;
      return;
    }
    for (const value of code.consts) this.#noteStrings(value, 0);
    const env = new Map(outer);
    for (const local of code.locals.slice(0, code.argumentCount)) env.delete(local);
    new Frame(this, code, this.version, env, depth).run();
    for (const value of code.consts) if (isCode(value)) this.run(value, env, depth + 1);
  }

  /** Where the instructions cannot be trusted, the names that they can use are all that is sure. */
  judgeNames(): void {
    for (const { names } of this.#seen) {
      for (const name of names.slice(0, MOST)) {
        const kind = hazardOf(name, true);
        if (kind && (HAZARDOUS_BUILTINS.has(name) || isTellingImport(name) || hazardOf(`.${name}`, false))) {
          this.hazard(kind, name, false);
        } else {
          const method = hazardOf(`.${name}`, false);
          if (method) this.hazard(method, name, false);
        }
      }
    }
  }

  #noteStrings(value: MarshalValue, depth: number): void {
    if (this.#strings.size >= MOST || depth > 8) return;
    if (typeof value === 'string') {
      if (value.length > 0) this.#strings.add(clip(value));
    } else if (isSequence(value)) for (const item of value.items.slice(0, 200)) this.#noteStrings(item, depth + 1);
  }

  step(): boolean {
    this.#steps += 1;
    if (this.#steps % 1000 === 0) this.budget.checkTime();
    if (this.#steps > 1_000_000) this.#truncated = true;
    return this.#steps <= 1_000_000;
  }

  imported(module: string): void {
    if (this.#imports.size < MOST) this.#imports.add(clip(module));
    if (isTellingImport(module)) {
      this.hazard(hazardOf(module, true) ?? 'code', `import ${module}`, false);
    }
  }

  called(callee: Value, text: string): void {
    if (this.#calls.length < MOST) this.#calls.push(text);
    else this.#truncated = true;
    const kind = callee.path === undefined ? undefined : hazardOf(callee.path, callee.resolved === true);
    if (kind) this.hazard(kind, text, true);
  }

  mentioned(value: Value): void {
    if (value.path === undefined) return;
    const kind = hazardOf(value.path, value.resolved === true);
    // Modules are mentioned on the way to their functions; what matters is what is taken from them.
    if (kind && (value.path.includes('.') || HAZARDOUS_BUILTINS.has(value.path))) this.hazard(kind, value.path, false);
  }

  hazard(kind: HazardKind, text: string, called: boolean): void {
    const key = clip(text);
    const known = this.#hazards.get(key);
    if (known) known.called ||= called;
    else if (this.#hazards.size < MOST) this.#hazards.set(key, { kind, text: key, called });
  }

  returned(value: Value, depth: number): void {
    if (depth === 0 && this.#returns.length < 20 && !this.#returns.includes(value.text)) this.#returns.push(value.text);
    if (value.factor !== undefined && value.factor !== 1)
      this.#effects.add(`multiplies by ${Number(value.factor.toPrecision(6))}`);
    if (value.noise) this.#effects.add('adds random noise');
  }
}

/** One pass over a code object's instructions, in their order, with a stack of what is known of each value. */
class Frame {
  #stack: Value[] = [];
  #keywordNames: string[] = [];
  readonly #minor: number;

  constructor(
    private readonly teller: Teller,
    private readonly code: CodeObject,
    private readonly version: PythonVersion,
    private readonly env: Map<string, Value>,
    private readonly depth: number,
  ) {
    this.#minor = minorOf(version);
  }

  run(): void {
    for (const { name, argument } of disassemble(this.code, this.version)) {
      if (!this.teller.step()) return;
      this.#execute(name, argument);
      if (this.#stack.length > 10_000) this.#stack = this.#stack.slice(-1000);
    }
  }

  #push(value: Value): void {
    this.#stack.push(value);
  }

  #pop(): Value {
    return this.#stack.pop() ?? UNKNOWN;
  }

  #popMany(count: number): Value[] {
    const most = Math.min(count, 2000);
    const out: Value[] = [];
    for (let i = 0; i < most; i += 1) out.push(this.#pop());
    return out.reverse();
  }

  #nameAt(opcode: string, argument: number): string {
    return this.code.names[nameIndex(opcode, argument, this.version)] ?? '?';
  }

  #constantAt(argument: number): Value {
    let constant = argument < this.code.consts.length ? (this.code.consts[argument] as MarshalValue) : null;
    // Ordinary strings of Python 2 are byte strings.
    if (this.code.layout === 2 && constant instanceof Uint8Array) constant = new TextDecoder().decode(constant);
    return constantValue(constant);
  }

  #local(argument: number): string {
    return this.code.locals[argument] ?? '?';
  }

  #deref(argument: number): string {
    return (this.code.layout === 311 ? this.code.locals[argument] : this.code.derefs[argument]) ?? '?';
  }

  #loadVariable(name: string): void {
    this.#push(this.env.get(name) ?? { text: name });
  }

  #loadGlobal(name: string): void {
    const value = this.env.get(name) ?? { text: name, path: name, resolved: true };
    this.teller.mentioned(value);
    this.#push(value);
  }

  #store(name: string): void {
    this.env.set(name, this.#pop());
  }

  #attribute(of: Value, name: string): Value {
    const value: Value = {
      text: clip(`${of.text}.${name}`),
      path: clip(of.path === undefined ? `.${name}` : `${of.path}.${name}`),
      ...(of.resolved && { resolved: true }),
      ...(of.items && { items: of.items }),
      ...(of.constant !== undefined && { constant: of.constant }),
    };
    this.teller.mentioned(value);
    return value;
  }

  #execute(name: string, argument: number): void {
    if (name.startsWith('LOAD_')) this.#load(name, argument);
    else if (name.startsWith('STORE_')) this.#storeOp(name, argument);
    else if (name.startsWith('BINARY_') || name.startsWith('INPLACE_')) this.#binary(name, argument);
    else if (name.startsWith('CALL') || name === 'PRECALL' || name === 'KW_NAMES') this.#callOp(name, argument);
    else if (name.startsWith('BUILD_')) this.#build(name, argument);
    else this.#other(name, argument);
  }

  #load(name: string, argument: number): void {
    switch (name) {
      case 'LOAD_CONST':
        this.#push(this.#constantAt(argument));
        return;
      case 'LOAD_SMALL_INT':
        this.#push(constantValue(argument));
        return;
      case 'LOAD_FAST_LOAD_FAST':
      case 'LOAD_FAST_BORROW_LOAD_FAST_BORROW':
        this.#loadVariable(this.#local(argument >> 4));
        this.#loadVariable(this.#local(argument & 15));
        return;
      case 'LOAD_FAST':
      case 'LOAD_FAST_CHECK':
      case 'LOAD_FAST_BORROW':
      case 'LOAD_FAST_AND_CLEAR':
        this.#loadVariable(this.#local(argument));
        return;
      case 'LOAD_DEREF':
      case 'LOAD_CLOSURE':
      case 'LOAD_CLASSDEREF':
        this.#loadVariable(this.#deref(argument));
        return;
      case 'LOAD_FROM_DICT_OR_DEREF':
        this.#pop();
        this.#loadVariable(this.#deref(argument));
        return;
      case 'LOAD_FROM_DICT_OR_GLOBALS':
        this.#pop();
        this.#loadGlobal(this.#nameAt(name, argument));
        return;
      case 'LOAD_GLOBAL':
        // Until 3.12 the NULL of a call lies below the callable, since 3.13 above it.
        if (this.#minor >= 11 && this.#minor < 13 && argument & 1) this.#push(NULL_VALUE);
        this.#loadGlobal(this.#nameAt(name, argument));
        if (this.#minor >= 13 && argument & 1) this.#push(NULL_VALUE);
        return;
      case 'LOAD_NAME':
        this.#loadGlobal(this.#nameAt(name, argument));
        return;
      case 'LOAD_ATTR':
      case 'LOAD_METHOD': {
        this.#push(this.#attribute(this.#pop(), this.#nameAt(name, argument)));
        // A method and its object take two places; the object is already part of the name here.
        if (name === 'LOAD_METHOD' || (this.#minor >= 12 && argument & 1)) this.#push(NULL_VALUE);
        return;
      }
      case 'LOAD_SUPER_ATTR':
        this.#popMany(3);
        this.#push({ text: clip(`super().${this.code.names[argument >> 2] ?? '?'}`) });
        if (argument & 1) this.#push(NULL_VALUE);
        return;
      case 'LOAD_SPECIAL':
        this.#push(this.#pop());
        this.#push(NULL_VALUE);
        return;
      default:
        this.#push({ text: '…' });
    }
  }

  #storeOp(name: string, argument: number): void {
    switch (name) {
      case 'STORE_FAST':
        this.#store(this.#local(argument));
        return;
      case 'STORE_FAST_LOAD_FAST':
        this.#store(this.#local(argument >> 4));
        this.#loadVariable(this.#local(argument & 15));
        return;
      case 'STORE_FAST_STORE_FAST':
        this.#store(this.#local(argument >> 4));
        this.#store(this.#local(argument & 15));
        return;
      case 'STORE_NAME':
      case 'STORE_GLOBAL':
        this.#store(this.#nameAt(name, argument));
        return;
      case 'STORE_DEREF':
        this.#store(this.#deref(argument));
        return;
      case 'STORE_ATTR':
        this.#attribute(this.#pop(), this.#nameAt(name, argument));
        this.#pop();
        return;
      case 'STORE_SUBSCR':
        this.#popMany(3);
        return;
      case 'STORE_SLICE':
        this.#popMany(4);
        return;
      case 'STORE_MAP':
        this.#popMany(2);
        return;
      default:
        this.#pop();
    }
  }

  #binary(name: string, argument: number): void {
    if (name === 'BINARY_SLICE') {
      const [object, from, to] = this.#popMany(3) as [Value, Value, Value];
      this.#push({ text: clip(`${object.text}[${from.text}:${to.text}]`) });
      return;
    }
    const right = this.#pop();
    const left = this.#pop();
    const symbol =
      name === 'BINARY_OP'
        ? (BINARY_SYMBOLS[argument] ?? '?')
        : name === 'BINARY_SUBSCR'
          ? '[]'
          : (NAMED_SYMBOLS[name.slice(name.indexOf('_') + 1)] ?? '?');
    this.#push(symbol === '[]' ? subscript(left, right) : combine(left, symbol, right));
  }

  #build(name: string, argument: number): void {
    if (name === 'BUILD_MAP') {
      const pairs = this.#minor >= 5 ? this.#popMany(argument * 2) : [];
      this.#push({ text: pairs.length ? clip(`{${pairs.map((p) => p.text).join(', ')}}`) : '{}' });
      return;
    }
    if (name === 'BUILD_CONST_KEY_MAP') this.#pop();
    if (name === 'BUILD_CLASS') this.#popMany(2);
    if (name === 'BUILD_INTERPOLATION') {
      this.#popMany(2 + (argument & 1));
      return;
    }
    if (name === 'BUILD_TEMPLATE') {
      this.#pop();
      return;
    }
    const items = this.#popMany(argument);
    if (name === 'BUILD_STRING') {
      this.#push(joined('', items));
      return;
    }
    const inner = items.map((item) => item.text).join(', ');
    const open = name === 'BUILD_LIST' ? '[' : name === 'BUILD_SET' ? '{' : '(';
    const close = name === 'BUILD_LIST' ? ']' : name === 'BUILD_SET' ? '}' : ')';
    this.#push({ text: clip(`${open}${inner}${close}`), items });
  }

  #callOp(name: string, argument: number): void {
    switch (name) {
      case 'PRECALL':
        return;
      case 'KW_NAMES': {
        this.#keywordNames = textsOf(this.#constantAt(argument).constant);
        return;
      }
      case 'CALL_INTRINSIC_1':
        this.#push(this.#pop());
        return;
      case 'CALL_INTRINSIC_2':
        this.#pop();
        return;
      case 'CALL_FINALLY':
        return;
      case 'CALL': {
        const args = this.#popMany(argument);
        const keywords = this.#keywordNames;
        this.#keywordNames = [];
        this.#call(this.#callee(), args, keywords);
        return;
      }
      case 'CALL_KW': {
        const keywords = textsOf(this.#pop().constant);
        const args = this.#popMany(argument);
        this.#call(this.#callee(), args, keywords);
        return;
      }
      case 'CALL_METHOD': {
        const args = this.#popMany(argument);
        this.#call(this.#callee(), args, []);
        return;
      }
      case 'CALL_FUNCTION_KW': {
        if (this.#minor < 6) {
          this.#oldCall(argument, false, true);
          return;
        }
        const keywords = textsOf(this.#pop().constant);
        const args = this.#popMany(argument);
        this.#call(this.#pop(), args, keywords);
        return;
      }
      case 'CALL_FUNCTION_VAR':
        this.#oldCall(argument, true, false);
        return;
      case 'CALL_FUNCTION_VAR_KW':
        this.#oldCall(argument, true, true);
        return;
      case 'CALL_FUNCTION_EX': {
        if (this.#minor >= 14 || argument & 1) this.#pop();
        const args = this.#pop();
        const callee = this.#minor >= 11 ? this.#callee() : this.#pop();
        this.#call(callee, args.items ?? [{ text: `*${args.text}` }], []);
        return;
      }
      default: {
        if (this.#minor < 6) {
          this.#oldCall(argument, false, false);
          return;
        }
        const args = this.#popMany(argument);
        this.#call(this.#pop(), args, []);
        return;
      }
    }
  }

  /** Positional arguments in the low byte, pairs of name and value in the high one, then `*args` and `**kwargs`. */
  #oldCall(argument: number, star: boolean, doubleStar: boolean): void {
    if (doubleStar) this.#pop();
    const rest = star ? [{ text: `*${this.#pop().text}` }] : [];
    const pairs = this.#popMany(((argument >> 8) & 0xff) * 2);
    const positional = this.#popMany(argument & 0xff);
    const keywords: string[] = [];
    const values: Value[] = [];
    for (let i = 0; i + 1 < pairs.length; i += 2) {
      keywords.push(String((pairs[i] as Value).constant ?? '?'));
      values.push(pairs[i + 1] as Value);
    }
    this.#call(this.#pop(), [...positional, ...rest, ...values], keywords);
  }

  /** The two places of a callable: it lies above or below its NULL. */
  #callee(): Value {
    const upper = this.#pop();
    if (upper.isNull) return this.#pop();
    const lower = this.#stack[this.#stack.length - 1];
    if (lower?.isNull) this.#pop();
    return upper;
  }

  #call(callee: Value, args: readonly Value[], keywords: readonly string[]): void {
    const positional = args.length - keywords.length;
    const shown = args.map((arg, i) => (i < positional ? arg.text : `${keywords[i - positional] ?? '?'}=${arg.text}`));
    const text = clip(`${callee.text}(${shown.join(', ')})`);
    this.teller.called(callee, text);
    this.#push(this.#result(callee, args, text));
  }

  /** What the calls that reach further code, and those that build names, give back. */
  #result(callee: Value, args: readonly Value[], text: string): Value {
    const first = args[0]?.constant;
    const path = callee.path ?? '';
    if (typeof first === 'string') {
      if (path === '__import__' || path === 'importlib.import_module' || path.endsWith('.__import__')) {
        const module = path === '__import__' && args.length < 4 ? (first.split('.')[0] as string) : first;
        this.teller.imported(first);
        return { text, path: module, resolved: true };
      }
      if (path.endsWith('.join') && typeof callee.constant === 'string') return { text };
    }
    const second = args[1]?.constant;
    if (path === 'getattr' && typeof second === 'string' && args[0]) return this.#attribute(args[0], second);
    if (path.endsWith('.join') && typeof callee.constant === 'string') {
      return args[0]?.items ? joined(callee.constant, args[0].items) : { text };
    }
    const noise = /(?:^|[._])(?:random|normal|uniform|randn|rand)(?:[._]|$)/.test(path);
    return { text, ...(noise && { noise: true }) };
  }

  #other(name: string, argument: number): void {
    switch (name) {
      case 'IMPORT_NAME': {
        const [level, fromList] = this.#popMany(2) as [Value, Value];
        const module = this.code.names[argument] ?? '?';
        const relative = typeof level.constant === 'number' && level.constant > 0;
        this.teller.imported(module);
        const whole = isSequence(fromList.constant ?? null);
        const path = whole ? module : (module.split('.')[0] as string);
        this.#push({ text: path, path, ...(!relative && { resolved: true }) });
        return;
      }
      case 'IMPORT_FROM': {
        const module = this.#stack[this.#stack.length - 1] ?? UNKNOWN;
        this.#push(this.#attribute(module, this.code.names[argument] ?? '?'));
        return;
      }
      case 'RETURN_VALUE':
        this.teller.returned(this.#pop(), this.depth);
        return;
      case 'RETURN_CONST':
        this.teller.returned(this.#constantAt(argument), this.depth);
        return;
      case 'PUSH_NULL':
        this.#push(NULL_VALUE);
        return;
      case 'COMPARE_OP':
      case 'IS_OP':
      case 'CONTAINS_OP': {
        const right = this.#pop();
        const left = this.#pop();
        const index = this.#minor >= 13 ? argument >> 5 : this.#minor === 12 ? argument >> 4 : argument;
        const symbol =
          name === 'IS_OP'
            ? argument
              ? 'is not'
              : 'is'
            : name === 'CONTAINS_OP'
              ? argument
                ? 'not in'
                : 'in'
              : COMPARISONS[index];
        this.#push({ text: clip(`${left.text} ${symbol ?? '?'} ${right.text}`) });
        return;
      }
      case 'UNARY_NEGATIVE': {
        const value = this.#pop();
        this.#push({ text: clip(`-${value.text}`), factor: -(value.factor ?? 1) });
        return;
      }
      case 'UNARY_NOT':
      case 'UNARY_INVERT':
      case 'UNARY_POSITIVE':
      case 'GET_ITER':
      case 'GET_AWAITABLE':
      case 'TO_BOOL':
      case 'FORMAT_SIMPLE':
      case 'CONVERT_VALUE':
      case 'LIST_TO_TUPLE':
        return;
      case 'FORMAT_VALUE':
        if ((argument & 4) === 4) this.#pop();
        return;
      case 'FORMAT_WITH_SPEC':
        this.#pop();
        return;
      case 'EXEC_STMT': {
        const [body] = this.#popMany(3) as [Value];
        this.teller.hazard('code', `exec ${body.text}`, true);
        return;
      }
      case 'PRINT_ITEM':
      case 'PRINT_EXPR':
      case 'POP_TOP':
      case 'YIELD_VALUE':
        if (name === 'YIELD_VALUE') return;
        this.#pop();
        return;
      case 'LIST_EXTEND': {
        const added = this.#pop();
        const list = this.#stack[this.#stack.length - argument];
        const items = isSequence(added.constant ?? null) ? sequenceItems(added.constant) : added.items;
        if (list && items)
          this.#stack[this.#stack.length - argument] = {
            text: added.text,
            items: [...(list.items ?? []), ...items].slice(0, 2000),
          };
        return;
      }
      case 'SET_UPDATE':
      case 'DICT_UPDATE':
      case 'DICT_MERGE':
      case 'LIST_APPEND':
      case 'SET_ADD':
        this.#pop();
        return;
      case 'MAP_ADD':
        this.#popMany(2);
        return;
      case 'DUP_TOP':
        this.#push(this.#stack[this.#stack.length - 1] ?? UNKNOWN);
        return;
      case 'DUP_TOP_TWO':
      case 'DUP_TOPX': {
        const count = name === 'DUP_TOPX' ? argument : 2;
        if (count > 0 && count < 6) this.#stack.push(...this.#stack.slice(-count));
        return;
      }
      case 'COPY':
        this.#push(this.#stack[this.#stack.length - argument] ?? UNKNOWN);
        return;
      case 'SWAP':
        this.#swap(argument);
        return;
      case 'ROT_TWO':
        this.#swap(2);
        return;
      case 'ROT_THREE':
        this.#rotate(3);
        return;
      case 'ROT_FOUR':
        this.#rotate(4);
        return;
      case 'ROT_N':
        this.#rotate(argument);
        return;
      case 'UNPACK_SEQUENCE': {
        const value = this.#pop();
        const items = value.items ?? sequenceItems(value.constant);
        for (let i = Math.min(argument, 1000) - 1; i >= 0; i -= 1) this.#push(items?.[i] ?? UNKNOWN);
        return;
      }
      case 'MAKE_FUNCTION':
      case 'MAKE_CLOSURE': {
        const top = this.#pop();
        const code = this.#minor >= 11 || this.#minor === 0 ? top : this.#pop();
        if (this.#minor < 6) this.#popMany((argument & 0xff) + (name === 'MAKE_CLOSURE' ? 1 : 0));
        else if (this.#minor < 13) for (let bit = 1; bit < 16; bit <<= 1) if (argument & bit) this.#pop();
        this.#push({
          text: isCode(code.constant ?? null) ? `<function ${clip((code.constant as CodeObject).name)}>` : '<function>',
        });
        return;
      }
      case 'SET_FUNCTION_ATTRIBUTE': {
        const target = this.#pop();
        this.#pop();
        this.#push(target);
        return;
      }
      case 'SETUP_WITH':
      case 'BEFORE_WITH': {
        const manager = this.#pop();
        this.#push(UNKNOWN);
        this.#push(manager);
        return;
      }
      case 'FOR_ITER':
        this.#push(UNKNOWN);
        return;
      default:
        if (/^POP_JUMP|^JUMP_IF|^RAISE|^DELETE_SUBSCR/.test(name)) this.#pop();
    }
  }

  #swap(depth: number): void {
    const top = this.#stack.length - 1;
    const other = this.#stack.length - depth;
    if (depth < 2 || other < 0) return;
    const value = this.#stack[top] as Value;
    this.#stack[top] = this.#stack[other] as Value;
    this.#stack[other] = value;
  }

  #rotate(depth: number): void {
    if (depth < 2 || depth > this.#stack.length || depth > 1000) return;
    const top = this.#pop();
    this.#stack.splice(this.#stack.length - depth + 1, 0, top);
  }
}

function clip(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}

function constantValue(constant: MarshalValue): Value {
  const items = sequenceItems(constant);
  return { text: literal(constant, 0), constant, ...(items && { items }) };
}

function sequenceItems(constant: MarshalValue | undefined): Value[] | undefined {
  if (constant === undefined || !isSequence(constant)) return undefined;
  return constant.items.slice(0, 200).map((item) => ({ text: literal(item, 1), constant: item }));
}

function textsOf(constant: MarshalValue | undefined): string[] {
  if (constant === undefined || !isSequence(constant)) return [];
  return constant.items.map((item) => (typeof item === 'string' ? item : '?'));
}

/** A constant as Python would write it, shortened. */
function literal(value: MarshalValue, depth: number): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number' || typeof value === 'bigint') return clip(String(value));
  if (typeof value === 'string') return clip(`'${value.slice(0, LONGEST_TEXT).replace(/'/g, "\\'")}'`);
  if (value instanceof Uint8Array) {
    const ascii = value.slice(0, 100).every((b) => b >= 0x20 && b < 0x7f);
    return ascii ? clip(`b'${new TextDecoder().decode(value.slice(0, LONGEST_TEXT))}'`) : `<${value.length} bytes>`;
  }
  if (isCode(value)) return `<code ${clip(value.name)}>`;
  if (isSequence(value)) {
    if (depth > 3) return '…';
    return clip(
      `(${value.items
        .slice(0, 20)
        .map((item) => literal(item, depth + 1))
        .join(', ')})`,
    );
  }
  return value.kind === 'complex' ? `${value.real}+${value.imaginary}j` : '…';
}

function combine(left: Value, symbol: string, right: Value): Value {
  if (symbol === '+' && typeof left.constant === 'string' && typeof right.constant === 'string') {
    const text = clip(left.constant + right.constant);
    return { text: `'${text}'`, constant: text };
  }
  const value: Value = { text: clip(`${wrapped(left)} ${symbol} ${wrapped(right)}`) };
  if (symbol === '*') {
    const factor = numberOf(right) ?? numberOf(left);
    const other = numberOf(right) === undefined ? right : left;
    if (factor !== undefined && numberOf(other) === undefined) value.factor = factor * (other.factor ?? 1);
  } else if (symbol === '/') {
    const divisor = numberOf(right);
    if (divisor) value.factor = (left.factor ?? 1) / divisor;
  }
  if (left.noise || right.noise) value.noise = true;
  return value;
}

function numberOf(value: Value): number | undefined {
  return typeof value.constant === 'number' ? value.constant : undefined;
}

function wrapped(value: Value): string {
  return / (?:[-+*/%@&|^]|\*\*|\/\/|<<|>>) /.test(value.text) && !value.text.endsWith(')')
    ? `(${value.text})`
    : value.text;
}

function subscript(object: Value, index: Value): Value {
  const { constant } = index;
  if (object.items && typeof constant === 'number') {
    const item = object.items[constant < 0 ? object.items.length + constant : constant];
    if (item) return item;
  }
  // sys.modules['os'], globals()['os'], __builtins__['eval']: a module or builtin by its name.
  if (
    typeof constant === 'string' &&
    /(?:^|\.)(?:modules|__builtins__|__dict__)$|^(?:globals|locals|vars)\(\)$/.test(object.path ?? object.text)
  ) {
    return { text: clip(`${object.text}[${index.text}]`), path: constant, resolved: true };
  }
  return { text: clip(`${object.text}[${index.text}]`) };
}

function joined(separator: string, items: readonly Value[]): Value {
  const parts = items.map((item) => item.constant);
  if (parts.every((part): part is string => typeof part === 'string')) {
    const text = clip(parts.join(separator));
    return { text: `'${text}'`, constant: text };
  }
  return { text: clip(items.map((item) => item.text).join(separator || ' + ')) };
}
