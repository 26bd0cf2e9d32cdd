/** What the names of a program mean: imports, aliases, and what a value came from. Shared by the cells of a notebook. */
import {
  type Argument,
  type Binding,
  type CallNode,
  childrenOf,
  type NameNode,
  type Node,
  type SequenceNode,
  type Statement,
} from './ast';
import { classAround, classOf, type Klass } from './classes';
import { handedTaint, isRequestPart } from './handlers';
import { Held } from './held';
import { literalText } from './literals';
import type { Found, PythonModule } from './module';
import type { Scope } from './scope';

/** Where a value comes from; `operator` is whoever starts the program: its arguments and its environment. */
export type Taint = 'network' | 'input' | 'decoded' | 'model' | 'operator';

/** An expression, and the names it sees. */
interface Place {
  readonly node: Node;
  readonly names: Names;
}

/** What is known of a value without running anything. */
export interface Value {
  /** Dotted origin such as `torch.load`; a call adds `()`: `requests.Session()`. */
  readonly path?: string;
  /** Constant text. */
  readonly text?: string;
  /** The expression that it came from, which tells whether it is tainted once somebody asks. */
  readonly origin?: Place;
  /** The literal that a parameter is unless it is given something else. */
  readonly standard?: Place;
  /** A number or a truth value, as its annotation says. */
  readonly plain?: true;
  /** Where the value comes from when no expression tells it: the parameters of what a server or an agent calls. */
  readonly taint?: Taint;
  /** The expression that made the text, when it is put together: a format string, a sum, `.format`. */
  readonly built?: Place;
  /** Arguments that `functools.partial` has put in already. */
  readonly preset?: { readonly args: readonly Argument[]; readonly module: PythonModule };
  /** A class of the program, or an instance of it. */
  readonly klass?: Klass;
  readonly instance?: boolean;
  /** A list, tuple or dictionary that stands in the text. */
  readonly held?: Held;
}

const UNKNOWN: Value = {};
/** What a name is bound to below its place, as far as that is told. */
const LATER: Binding = { name: '', how: 'opaque' };
const NO_VALUES: readonly Value[] = [];
const DEPTH = 40;
/** Nodes of one expression that are looked at for where its value comes from. */
const TAINT_NODES = 200;
/** Expressions that are followed from a flag to the constant it is. */
const FLAG_NODES = 50;
/** Kinds of expressions that a flag is given. */
const FLAGS: ReadonlySet<Node['kind']> = new Set(['literal', 'name', 'group', 'composite', 'binary', 'call']);
/** Constants that a loop goes through which are looked at. */
const LOOPED = 40;
/** Decoders around each other that are looked through. */
const DECODERS = 8;
const LONGEST_TEXT = 100_000;
/** Names that the texts of a program are searched for before all of them are divided. */
const SEARCHES = 16;

/** Names by convention, for snippets and star imports: they mean the module unless something else is bound to them. */
const CONVENTIONAL: ReadonlyMap<string, string> = new Map([
  ...[
    'torch',
    'pickle',
    'joblib',
    'yaml',
    'os',
    'subprocess',
    'requests',
    'numpy',
    'pandas',
    'keras',
    'dill',
    'cloudpickle',
    'marshal',
    'shelve',
    'sys',
    'ssl',
    'base64',
    'zlib',
    'socket',
    'pty',
    'codecs',
    'builtins',
    'tarfile',
    'urllib',
    'importlib',
    'transformers',
    'tensorflow',
    'platform',
    'shutil',
  ].map((name) => [name, name] as const),
  ['np', 'numpy'],
  ['pd', 'pandas'],
  ['tf', 'tensorflow'],
  ['pkl', 'pickle'],
]);

const BUILTINS = new Set([
  'eval',
  'exec',
  'compile',
  'open',
  'input',
  'getattr',
  '__import__',
  '__builtins__',
  'print',
  'globals',
  'bytes',
  'str',
  'raw_input',
  'vars',
  'locals',
  'map',
  'filter',
  'get_ipython',
  'staticmethod',
  'bool',
  'dict',
]);

const NETWORK =
  /^(?:requests(?:\.[Ss]ession\(\))?\.(?:get|post|request)\(\)|(?:urllib\.request|urllib2|urllib)\.urlopen\(\)|httpx(?:\.(?:Async)?Client\(\))?\.(?:get|post)\(\)|socket\.socket\(\)\.(?:recv|recvfrom)\(\)|aiohttp\.)/;
const INPUT =
  /^(?:(?:raw_)?input\(\)|flask\.request\b|fastapi\.Request|streamlit\.(?:sidebar\.)?(?:text_input|text_area|file_uploader|chat_input|query_params)\b|sys\.stdin\b|(?:click|typer)\.prompt\(\)|cgi\.FieldStorage\(\))/;
const DECODED =
  /^(?:base64\.(?:b64decode|b32decode|b16decode|b85decode|a85decode|urlsafe_b64decode|decodebytes|decodestring|standard_b64decode)|binascii\.(?:unhexlify|a2b_base64|a2b_hex)|zlib\.decompress|gzip\.decompress|bz2\.decompress|lzma\.decompress|codecs\.decode|bytes\.fromhex|bytearray\.fromhex|marshal\.loads)\(\)/;

const OPERATOR =
  /^(?:sys\.argv\b|os\.environ\b|os\.getenv\(\)|argparse\.ArgumentParser\(\)\.parse_(?:known_)?args\(\))/;

/** Answers of language models: the clients of their services and the frameworks around them. */
const MODEL =
  /^(?:(?:openai|groq|together|mistralai|azure\.ai\.inference|cerebras\.cloud\.sdk)\.(?:\w+\(\)\.)?(?:chat\.completions\.create|chat\.complete|completions\.create|responses\.create|complete|ChatCompletion\.create|Completion\.create)\(\)|anthropic\.(?:\w+\(\)\.)?(?:messages|completions)\.create\(\)|litellm\.(?:text_)?completion\(\)|ollama\.(?:Client\(\)\.)?(?:chat|generate)\(\)|google\.(?:generativeai\.GenerativeModel\(\)\.generate_content|genai\.Client\(\)\.models\.generate_content)\(\)|cohere\.(?:Client|ClientV2)\(\)\.(?:chat|generate)\(\)|langchain(?:_\w{1,40})?\.[\w.]{0,120}(?:Chat\w{1,40}|OpenAI|Anthropic|Ollama\w{0,20}|LLMChain|HuggingFacePipeline|init_chat_model|create_\w{0,40}agent)\(\)\.(?:invoke|ainvoke|predict|run|call_as_llm|__call__)\(\)|vllm\.LLM\(\)\.(?:generate|chat)\(\))/;

/** The cells or the file that are judged together, in order. */
export class Program {
  readonly #modules: PythonModule[] = [];
  /** Which modules bind a name at their top, by the names that were asked for; of interest to one of several. */
  readonly #bindersOf = new Map<string, readonly PythonModule[]>();
  /** The same by all names, when more were asked for than the texts are searched for. */
  #binders: ReadonlyMap<string, readonly PythonModule[]> | undefined;
  /** Modules that are imported whole. */
  #stars: ReadonlySet<string> | undefined;
  readonly #values = new Map<Binding, Value>();
  readonly #taints = new Map<Node, Taint | undefined>();
  readonly #held = new Map<Node, Held>();
  readonly #classes = new Map<Binding, Klass | undefined>();

  /**
   * @param isKnown whether a path is one that rules speak of: what a star import brings is told by it
   * @param named whether a module that rules speak of is named anywhere in the program
   */
  constructor(
    readonly isKnown: (path: string) => boolean,
    readonly named: (module: string) => boolean,
  ) {}

  get modules(): readonly PythonModule[] {
    return this.#modules;
  }

  /** All modules are added before a name is looked up. */
  add(module: PythonModule): void {
    this.#modules.push(module);
  }

  lookup(module: PythonModule, scope: Scope, name: string, offset: number, depth: number): Value {
    const found = this.#bound(module, scope, name, offset);
    return found ? this.#valueOf(found, depth) : this.#unbound(name);
  }

  /** The path of a name. It costs less than all that is known of it. */
  path(module: PythonModule, scope: Scope, name: string, offset: number): string | undefined {
    const found = this.#bound(module, scope, name, offset);
    if (!found) return this.#unbound(name).path;
    return found.binding.how === 'opaque' ? undefined : this.#valueOf(found, 0).path;
  }

  /** The constant texts that a name can be. It costs less than all that is known of it. */
  texts(module: PythonModule, scope: Scope, name: string, offset: number): readonly string[] {
    const found = this.#bound(module, scope, name, offset);
    return found && mayBeText(found.binding) ? textsOf(this.#valueOf(found, 0), 0) : [];
  }

  /** The binding that a name means at a place. */
  #bound(module: PythonModule, scope: Scope, name: string, offset: number): Found | undefined {
    for (let at: Scope | undefined = scope; at; at = at.parent) {
      // Names of a class body are seen from itself only.
      if (at !== scope && at.kind === 'class') continue;
      const found = lastOf(module, at, name, offset);
      if (found) return found;
      if (at !== scope && scope.kind === 'function') {
        // A function finds what is bound below it, too. Only imports are followed, so that no name depends on itself.
        const later = module.later(at, name, offset);
        if (later) return later.binding.how === 'import' ? later : { ...later, binding: LATER };
      }
    }
    for (const other of this.#binding(name)) {
      if (other === module) continue;
      const found = lastOf(other, other.lines.module, name, Number.POSITIVE_INFINITY);
      if (found) return found;
    }
    return undefined;
  }

  /** What a name is that nothing in the program binds. */
  #unbound(name: string): Value {
    for (const star of this.#starred()) if (this.isKnown(`${star}.${name}`)) return { path: `${star}.${name}` };
    if (BUILTINS.has(name)) return { path: name };
    const conventional = CONVENTIONAL.get(name);
    return conventional ? { path: conventional } : UNKNOWN;
  }

  /** What a name can mean at a place: more than one value where branches decide, none where it is not bound. */
  alternatives(module: PythonModule, scope: Scope, name: string, offset: number, depth: number): readonly Value[] {
    const values = (found: readonly Found[]): Value[] => found.map((one) => this.#valueOf(one, depth));
    const line = module.lines.before(offset);
    for (let at: Scope | undefined = scope; at; at = at.parent) {
      if (at !== scope && at.kind === 'class') continue;
      const found = values(module.reaching(at, name, offset, line));
      if (found.length > 0) return found;
    }
    for (const other of this.#binding(name)) {
      if (other === module) continue;
      const { lines } = other;
      const found = values(other.reaching(lines.module, name, Number.POSITIVE_INFINITY, lines.count));
      if (found.length > 0) return found;
    }
    return NO_VALUES;
  }

  /** Modules that bind a name at their top, the last first. */
  #binding(name: string): readonly PythonModule[] {
    if (this.#modules.length < 2) return [];
    if (this.#binders) return this.#binders.get(name) ?? [];
    let found = this.#bindersOf.get(name);
    if (!found) {
      if (this.#bindersOf.size === SEARCHES) {
        this.#binders = this.#allBinders();
        return this.#binding(name);
      }
      found = this.#modules.filter((one) => one.mayName(name) && one.lines.module.names.has(name)).reverse();
      this.#bindersOf.set(name, found);
    }
    return found;
  }

  #allBinders(): ReadonlyMap<string, readonly PythonModule[]> {
    const binders = new Map<string, PythonModule[]>();
    for (const module of this.#modules.toReversed()) {
      for (const one of module.lines.module.names.keys()) {
        const known = binders.get(one);
        if (known) known.push(module);
        else binders.set(one, [module]);
      }
    }
    return binders;
  }

  #starred(): ReadonlySet<string> {
    this.#stars ??= new Set([...new Set(this.#modules.flatMap((module) => module.stars()))].slice(0, STARS));
    return this.#stars;
  }

  /** What a binding gives its name. */
  meaning(binding: Binding, module: PythonModule, scope: Scope): Value {
    return this.#valueOf({ binding, module, scope }, 0);
  }

  bound(found: Found, depth: number): Value {
    return this.#valueOf(found, depth);
  }

  /** Taint of an expression that a name was given. */
  taintOf({ node, names }: Place, depth: number): Taint | undefined {
    if (!this.#taints.has(node)) {
      // Cells can name each other's names in a circle.
      this.#taints.set(node, undefined);
      this.#taints.set(node, names.taint(node, depth));
    }
    return this.#taints.get(node);
  }

  /** What a literal holds, the same for each who asks. */
  held(node: SequenceNode | CallNode, names: Names): Held {
    let held = this.#held.get(node);
    if (!held) {
      held = new Held(node, names);
      this.#held.set(node, held);
    }
    return held;
  }

  /** The class that a binding defines, the same for each who asks. */
  classOf(binding: Binding, module: PythonModule, scope: Scope): Klass | undefined {
    if (!this.#classes.has(binding)) this.#classes.set(binding, classOf(this, { binding, module, scope }));
    return this.#classes.get(binding);
  }

  #valueOf(found: Found, depth: number): Value {
    const { binding, module, scope } = found;
    const known = this.#values.get(binding);
    if (known) return known;
    if (depth > DEPTH) return UNKNOWN;
    const names = new Names(this, module, scope);
    const taint = handedTaint(found, names, depth + 1);
    const value = taint ? { taint } : evaluate(binding, names, depth + 1);
    this.#values.set(binding, value);
    return value;
  }
}

/** The last binding before `offset` that says what a name is. `None` only stands in until the name gets its meaning. */
function lastOf(module: PythonModule, scope: Scope, name: string, offset: number): Found | undefined {
  let last: Found | undefined;
  module.seek(scope, name, offset, (found) => {
    const { value } = found.binding;
    if (value?.kind === 'literal' && found.module.text.startsWith('None', value.start)) return false;
    last = found;
    return true;
  });
  return last;
}

const STARS = 16;
const BUILTINS_PREFIX = /^(?:builtins|__builtins__)\./;

/** What is built in has no module in front of its name. */
const attributeOf = (owner: string, name: string): string =>
  owner === 'builtins' || owner === '__builtins__' ? name : `${owner}.${name}`;

/** A parameter that is annotated as a number or a truth value. */
const PLAIN = /^\w+\s{0,20}:\s{0,20}["']?(?:(?:typing\.)?Optional\s{0,4}\[\s{0,4})?(?:int|float|bool)\b/;

/** Kinds of expressions that put a text together. */
const BUILT: ReadonlySet<Node['kind']> = new Set(['format', 'strings', 'binary', 'call']);

function evaluate(binding: Binding, names: Names, depth: number): Value {
  const { how, path, value } = binding;
  if (how === 'class') {
    const klass = names.program.classOf(binding, names.module, names.scope);
    if (!klass) return UNKNOWN;
    const base = klass.path(depth);
    return { klass, ...(base !== undefined && { path: base }) };
  }
  if (how === 'import') return path === undefined ? UNKNOWN : { path: path.replace(BUILTINS_PREFIX, '') };
  const plain = binding.parameter !== undefined && PLAIN.test(names.source(binding.parameter));
  if (how === 'opaque' || !value) return plain ? { plain } : UNKNOWN;
  if (how === 'default') {
    // Which function it is by default is known; a text can be any other.
    if (value.kind === 'literal') return { standard: { node: value, names }, ...(plain && { plain }) };
    const { path, preset } = names.value(value, depth);
    return path === undefined ? UNKNOWN : { path, ...(preset && { preset }) };
  }
  const known = names.value(value, depth);
  const origin = { node: value, names };
  if (how === 'each') {
    const { path: one } = known.held?.element(undefined, depth) ?? UNKNOWN;
    return { ...(one !== undefined && { path: one }), origin };
  }
  const text = how === 'context' ? (known.text ?? openedFile(value, names) ?? unchanged(value, names)) : undefined;
  const built = BUILT.has(value.kind) && known.text === undefined ? origin : known.built;
  return { ...known, ...(text !== undefined && { text }), origin, ...(built && { built }) };
}

/** Whether a binding may give a constant text: what a loop goes through has to stand in it, or to be named as a constant. */
function mayBeText({ how, value }: Binding): boolean {
  if (how === 'each') return value?.kind === 'sequence' || (value?.kind === 'name' && /^[A-Z_\d]+$/.test(value.name));
  return how === 'value' || how === 'context';
}

/** The text of a value, or the constants that the loop goes through whose variable it is. */
function textsOf({ text, origin, held, path }: Value, depth: number): readonly string[] {
  if (text !== undefined) return [text];
  // What holds a list under its own name is no element of it.
  if (!origin || held || path !== undefined) return [];
  const list = origin.names.value(origin.node, depth + 1).held;
  const entries = list?.entries(depth + 1).slice(0, LOOPED) ?? [];
  return entries.flatMap(({ key, value }) =>
    key !== undefined ? key : (list?.names.constant(value, depth + 1) ?? []),
  );
}

const TRUTHY = /^(?:True|1)$/;
const FALSY = /^(?:False|None|0)$/;

/**
 * What a flag can be: the sources of literals, or of what is none.
 * @param own source of the expression that was asked for, which stands for names that say nothing
 */
function flagsOf({ node, names }: Place, own: string, budget: { left: number }): string[] {
  budget.left -= 1;
  if (budget.left < 0) return [own];
  const flags = (one: Node, seen = names) => flagsOf({ node: one, names: seen }, own, budget);
  if (node.kind === 'group') return flags(node.inner);
  if (node.kind === 'composite' && node.word === 'if') {
    // `a if b else c if d else e`: what is tested stands between.
    return node.parts.flatMap((part, i) => (i % 2 === 0 ? flags(part) : []));
  }
  if (node.kind === 'composite' && /^not\s+(?!not\b)/.test(names.source(node)))
    return flags(node.parts[0] as Node).map((one) => (TRUTHY.test(one) ? 'False' : FALSY.test(one) ? 'True' : own));
  if (node.kind === 'binary' && (node.operator === 'or' || node.operator === 'and')) {
    const [ends, goesOn] = node.operator === 'or' ? [TRUTHY, FALSY] : [FALSY, TRUTHY];
    const left = flags(node.left);
    const right = flags(node.right);
    const all = (some: readonly string[], form: RegExp) => some.every((one) => form.test(one));
    // `x or True` and `x and False` are that whatever x is; `x or False` and `x and True` are x.
    if (all(left, ends) || all(right, goesOn)) return left;
    return all(left, goesOn) || all(right, ends) ? right : [...left, ...right];
  }
  // `bool(1)` is what it is given.
  if (node.kind === 'call' && names.value(node.callee).path === 'bool' && node.args.length === 1)
    return flags((node.args[0] as Argument).value);
  if (node.kind !== 'name') return [names.source(node)];
  return names.alternatives(node).flatMap(({ origin, standard }) => {
    const given = origin ?? standard;
    return given && FLAGS.has(given.node.kind) ? flagsOf(given, own, budget) : [own];
  });
}

/** The statements of a line, each with the names it sees; none of a line below 0. */
export function* statementsAt(
  program: Program,
  module: PythonModule,
  line: number,
): Generator<{ readonly statement: Statement; readonly names: Names }> {
  if (line < 0) return;
  for (const statement of module.statements(line))
    yield { statement, names: new Names(program, module, module.scopeOf(line, statement)) };
}

/** Names as they are seen from one place of a program. */
export class Names {
  /** Parameters of lambdas and targets of comprehensions around the place. */
  readonly #locals: (readonly string[])[] = [];

  constructor(
    readonly program: Program,
    readonly module: PythonModule,
    readonly scope: Scope,
  ) {}

  push(locals: readonly string[]): void {
    this.#locals.push(locals);
  }

  pop(): void {
    this.#locals.pop();
  }

  source(node: { readonly start: number; readonly end: number }): string {
    return this.module.text.slice(node.start, node.end);
  }

  /** What a name can be: several values where branches decide. */
  alternatives(node: NameNode, depth = 0): readonly Value[] {
    for (const locals of this.#locals) if (locals.includes(node.name)) return [UNKNOWN];
    const found = this.program.alternatives(this.module, this.scope, node.name, node.start, depth);
    return found.length > 0 ? found : [this.lookup(node.name, node.start, depth)];
  }

  /** Sources of the literals that an expression can be, of what is no literal its own: several where branches decide. */
  literals(node: Node): readonly string[] {
    return [...new Set(flagsOf({ node, names: this }, this.source(node), { left: FLAG_NODES }))];
  }

  /** Paths of what an expression can be: several where branches decide, undefined for what is not known. */
  paths(node: Node, depth = 0): readonly (string | undefined)[] {
    if (node.kind === 'group') return this.paths(node.inner, depth + 1);
    if (node.kind === 'composite' && node.word === 'if') {
      return node.parts.filter((_, i) => i % 2 === 0).map((part) => this.value(part, depth + 1).path);
    }
    if (node.kind !== 'name') return [this.value(node, depth).path];
    return this.alternatives(node, depth).flatMap(({ path, origin }) =>
      origin?.node.kind === 'composite' && depth === 0 ? origin.names.paths(origin.node, depth + 1) : path,
    );
  }

  /** Source of the literal that an expression is, or that the name it is was given; its own where branches differ. */
  literal(node: Node): string {
    const [only, ...others] = this.literals(node);
    return only === undefined || others.length > 0 ? this.source(node) : only;
  }

  lookup(name: string, offset: number, depth = 0): Value {
    for (const locals of this.#locals) if (locals.includes(name)) return UNKNOWN;
    return this.program.lookup(this.module, this.scope, name, offset, depth);
  }

  /** What an expression is, as far as it can be told. */
  value(node: Node, depth = 0): Value {
    if (depth > DEPTH) return UNKNOWN;
    switch (node.kind) {
      case 'name':
        return this.lookup(node.name, node.start, depth);
      case 'group':
        return this.value(node.inner, depth + 1);
      case 'composite':
        return this.#composite(node.word, node.parts, depth);
      case 'member': {
        const base = this.value(node.object, depth + 1);
        const klass = base.klass ?? (base.path === undefined ? this.#around(node.object) : undefined);
        if (klass) {
          const owner = base.klass && (base.instance ? '()' : '');
          return klass.attribute(node.property, owner, depth + 1) ?? UNKNOWN;
        }
        if (base.path !== undefined)
          return { path: attributeOf(base.path, node.property), ...(base.origin && { origin: base.origin }) };
        if (base.taint) return { taint: base.taint };
        if (isRequestPart(node)) return { taint: 'input' };
        return base.origin ? { origin: base.origin } : UNKNOWN;
      }
      case 'subscript': {
        const base = this.value(node.object, depth + 1);
        const key = node.index && this.constant(node.index, depth + 1);
        if (base.held) return base.held.element(key, depth + 1) ?? UNKNOWN;
        // `__builtins__['eval']`, `vars(os)['system']`, `globals()['pickle']`
        if (base.path !== undefined && key) {
          if (base.path === '__builtins__' || base.path === 'builtins.__dict__') return { path: key };
          if (base.path.endsWith('.__dict__')) return { path: `${base.path.slice(0, -9)}.${key}` };
          if (base.path === 'globals()' || base.path === 'locals()' || base.path === 'vars()')
            return key === '__builtins__' ? { path: key } : this.lookup(key, node.start, depth + 1);
          if (base.path === 'sys.modules') return { path: key };
        }
        return {
          ...(base.path !== undefined && { path: `${base.path}[]` }),
          ...(base.origin && { origin: base.origin }),
        };
      }
      case 'call':
        return this.#call(node, depth);
      case 'sequence':
        return { held: this.program.held(node, this) };
      case 'string':
      case 'strings':
      case 'binary': {
        const text = this.constant(node, depth);
        return text === undefined ? UNKNOWN : { text };
      }
      default:
        return UNKNOWN;
    }
  }

  /** The class whose object `self` or `cls` is at this place. */
  #around(node: Node): Klass | undefined {
    return node.kind === 'name' && (node.name === 'self' || node.name === 'cls')
      ? classAround(this.program, this.module, this.scope)
      : undefined;
  }

  /** `await x` is x; of `a if b else c` and `(x := a)` it is the first part that says something. */
  #composite(word: string, parts: readonly Node[], depth: number): Value {
    const [first, second, third] = parts;
    if (word === 'await' && first) return this.value(first, depth + 1);
    if (word === ':=' && second) return this.value(second, depth + 1);
    if (word !== 'if' || !first || !third) return UNKNOWN;
    const yes = this.value(first, depth + 1);
    return yes.path === undefined && yes.text === undefined ? this.value(third, depth + 1) : yes;
  }

  #call(node: CallNode, depth: number): Value {
    const { path, origin, klass, instance } = this.value(node.callee, depth + 1);
    if (klass && !instance) return { klass, instance: true, ...(path !== undefined && { path: `${path}()` }) };
    const [object, name] = positional(node.args);
    if (path === undefined) return this.#got(node, object, depth) ?? (origin ? { origin } : UNKNOWN);
    switch (path) {
      case 'importlib.import_module':
      case '__import__': {
        const module = object && this.constant(object, depth + 1);
        if (module !== undefined)
          return { path: path.endsWith('__import__') ? (module.split('.')[0] as string) : module };
        break;
      }
      case 'getattr':
        if (object && name) {
          const owner = this.value(object, depth + 1).path;
          if (owner === undefined) break;
          const paths = this.texts(name, depth + 1).map((text) => attributeOf(owner, text));
          const known = paths.find((one) => this.program.isKnown(one)) ?? paths[0];
          if (known !== undefined) return { path: known };
        }
        break;
      case 'dict':
        if (!object) return { held: this.program.held(node, this) };
        break;
      case 'staticmethod':
        if (object) return this.value(object, depth + 1);
        break;
      case 'vars':
        if (object) {
          const owner = this.value(object, depth + 1).path;
          if (owner !== undefined) return { path: `${owner}.__dict__` };
        }
        break;
      case 'functools.partial': {
        const made = object && this.value(object, depth + 1);
        if (made?.path !== undefined)
          return { path: made.path, preset: { args: node.args.slice(1), module: this.module } };
        break;
      }
      default:
    }
    return { path: `${path}()` };
  }

  /** What `table.get(key)` takes out of a dictionary that stands in the text. */
  #got({ callee }: CallNode, key: Node | undefined, depth: number): Value | undefined {
    if (callee.kind !== 'member' || callee.property !== 'get' || !key) return undefined;
    const { held } = this.value(callee.object, depth + 1);
    return held?.element(this.constant(key, depth + 1), depth + 1);
  }

  /** Texts that an expression can be: the constant, or the constants that a loop goes through. */
  texts(node: Node, depth = 0): readonly string[] {
    const text = this.constant(node, depth);
    if (text !== undefined) return [text];
    return node.kind === 'name' ? textsOf(this.lookup(node.name, node.start, depth), depth) : [];
  }

  /** Text of a string expression that does not change, or undefined. */
  constant(node: Node, depth = 0): string | undefined {
    if (depth > DEPTH) return undefined;
    switch (node.kind) {
      case 'string':
        return literalText(this.source(node));
      case 'strings': {
        const parts = node.parts.map((part) => this.constant(part, depth + 1));
        return parts.includes(undefined) ? undefined : parts.join('');
      }
      case 'group':
        return this.constant(node.inner, depth + 1);
      case 'binary': {
        if (node.operator !== '+') return undefined;
        const left = this.constant(node.left, depth + 1);
        const right = left === undefined ? undefined : this.constant(node.right, depth + 1);
        return left === undefined || right === undefined || left.length + right.length > LONGEST_TEXT
          ? undefined
          : left + right;
      }
      case 'name':
        return this.lookup(node.name, node.start, depth).text;
      default:
        return undefined;
    }
  }

  /** Whether something of the expression comes from the network, from a user, or out of an encoding. */
  taint(node: Node, depth = 0): Taint | undefined {
    if (depth > DEPTH) return undefined;
    let found: Taint | undefined;
    const open: Node[] = [node];
    for (let budget = TAINT_NODES; budget > 0; budget -= 1) {
      const at = open.pop();
      if (!at || found === 'decoded') break;
      if (at.kind === 'call' || at.kind === 'member' || at.kind === 'name') {
        for (const [i, value] of (at.kind === 'name'
          ? this.alternatives(at, depth)
          : [this.value(at, depth)]
        ).entries()) {
          const taint = this.#taintOf(value, depth);
          // What can be read on one of the branches is not hidden.
          if (i === 0 || taint !== 'decoded') found = worse(found, taint);
        }
        // A number is what its text was made into, wherever that came from.
        if (at.kind === 'call' && at.callee.kind === 'name' && NUMBER.has(at.callee.name)) continue;
      }
      const children = childrenOf(at);
      for (let i = children.length - 1; i >= 0; i -= 1) open.push(children[i] as Node);
    }
    return found;
  }

  #taintOf({ path, origin, taint }: Value, depth: number): Taint | undefined {
    return (
      taint ??
      (origin && this.program.taintOf(origin, depth + 1)) ??
      (path === undefined ? undefined : taintOfPath(path))
    );
  }
}

/** The less is to be trusted, the further behind. */
const TRUST: readonly (Taint | undefined)[] = [undefined, 'operator', 'model', 'input', 'network', 'decoded'];
const worse = (a: Taint | undefined, b: Taint | undefined): Taint | undefined =>
  TRUST.indexOf(b) > TRUST.indexOf(a) ? b : a;

const NUMBER: ReadonlySet<string> = new Set(['int', 'float', 'len', 'bool', 'ord', 'hash', 'isinstance']);

export function taintOfPath(path: string): Taint | undefined {
  if (DECODED.test(path)) return 'decoded';
  if (NETWORK.test(path)) return 'network';
  if (MODEL.test(path)) return 'model';
  if (INPUT.test(path)) return 'input';
  return OPERATOR.test(path) ? 'operator' : undefined;
}

/** Arguments of a call that have no name, stars left out. */
export function positional(args: readonly Argument[]): Node[] {
  const found: Node[] = [];
  for (const { name, stars, value } of args) if (name === undefined && stars === undefined) found.push(value);
  return found;
}

/** The constant that `contextlib.nullcontext('x')` gives back. */
function unchanged(node: Node, names: Names): string | undefined {
  if (node.kind !== 'call' || names.value(node).path !== 'contextlib.nullcontext()') return undefined;
  const [first] = positional(node.args);
  return first && names.constant(first);
}

/** What was encoded, of what a decoder gives; anything else as it is. */
export function encoded(node: Node, names: Names): { readonly node: Node; readonly names: Names } {
  let at: Place = { node, names };
  for (let step = 0; step < DECODERS; step += 1) {
    const made: Place | undefined = at.node.kind === 'name' ? at.names.value(at.node).origin : at;
    if (made?.node.kind !== 'call' || !DECODED.test(made.names.value(made.node).path ?? '')) return at;
    const [first] = positional(made.node.args);
    if (!first) return at;
    at = { node: first, names: made.names };
  }
  return at;
}

/** Constant path of the file that `open('x')`, `gzip.open('x')` or `Path('x')` opens. */
export function openedFile(node: Node, names: Names): string | undefined {
  if (node.kind !== 'call' || !/(?:^|\.)open\(\)$|^pathlib\.Path\(\)$/.test(names.value(node).path ?? ''))
    return undefined;
  const [first] = positional(node.args);
  return first && names.constant(first);
}
