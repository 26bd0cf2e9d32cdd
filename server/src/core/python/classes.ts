/** What the attributes of a class and of its instances are: its body, what its methods store in `self`, its bases. */
import type { Binding, Node } from './ast';
import type { Found, PythonModule } from './module';
import { Names, type Program, type Value } from './names';
import type { Scope } from './scope';

/** Places at which an attribute is stored that are looked at. */
const STORES = 8;
/** Lines of a method that are looked at for what it refuses. */
const METHOD = 200;
/** Bases of one class that are looked at. */
const BASES = 8;

/** A class of the program. What is once known of an attribute is kept, so that each is looked for once. */
export class Klass {
  readonly #attributes = new Map<string, Value | undefined>();
  #stores: Map<string, Scope[]> | undefined;
  #restricts: boolean | undefined;

  /**
   * @param body scope of the class body
   * @param outside scope of the statement, in which the bases are read
   */
  constructor(
    private readonly program: Program,
    private readonly module: PythonModule,
    private readonly body: Scope,
    private readonly outside: Scope,
    private readonly bases: readonly Node[],
  ) {}

  /**
   * What an attribute is known to be.
   * @param owner what stands for the class in the path of an attribute that a base outside the program gives it:
   *   `''` for the class, `'()'` for an object of it; undefined when such bases are left out
   * @returns undefined when neither the class nor a base of it says anything
   */
  attribute(name: string, owner: '' | '()' | undefined, depth: number): Value | undefined {
    const key = `${owner ?? '?'}.${name}`;
    if (this.#attributes.has(key)) return this.#attributes.get(key);
    // A class that is derived from itself says nothing.
    this.#attributes.set(key, undefined);
    const value = this.#own(name, depth) ?? this.#inherited(name, owner, depth);
    this.#attributes.set(key, value);
    return value;
  }

  /** The path that the class goes by when it is handed on as it is: that of its first base, if nothing is taken from it. */
  path(depth: number): string | undefined {
    const [first] = this.bases;
    return first && !this.#isRestricted() ? this.#base(first, depth).path : undefined;
  }

  #base(node: Node, depth: number): Value {
    return new Names(this.program, this.module, this.outside).value(node, depth + 1);
  }

  #inherited(name: string, owner: '' | '()' | undefined, depth: number): Value | undefined {
    for (const base of this.bases.slice(0, BASES)) {
      const { klass, path } = this.#base(base, depth);
      if (klass) {
        const inherited = klass.attribute(name, owner, depth + 1);
        if (inherited) return inherited;
      } else if (path !== undefined && owner !== undefined && !this.#isRestricted())
        return { path: `${path}${owner}.${name}` };
    }
    return undefined;
  }

  /** What the body binds or a method stores: the first that has a path, else that there is something. */
  #own(name: string, depth: number): Value | undefined {
    let found: Value | undefined;
    let tries = 0;
    this.#seek(name, (store) => {
      // Modules that a class body imports are nobody's attributes in practice.
      const value = store.binding.how === 'import' ? {} : this.program.bound(store, depth);
      // What a constant an attribute begins with says nothing of what it becomes: `self.verify_mode = ssl.CERT_NONE`.
      if (value.path !== undefined && !/\.[A-Z][A-Z\d_]+$/.test(value.path)) {
        found = value;
        return true;
      }
      found ??= value.path === undefined ? value : {};
      tries += 1;
      return tries > STORES;
    });
    return found;
  }

  /** Hands over what the body binds to a name and methods store under it, until one is taken. */
  #seek(name: string, take: (found: Found) => boolean): boolean {
    if (this.module.seek(this.body, name, Number.POSITIVE_INFINITY, take)) return true;
    if (!this.#stores) {
      this.#stores = new Map();
      for (const method of this.body.members) {
        for (const attribute of method.kind === 'function' ? method.attributes.keys() : []) {
          const methods = this.#stores.get(attribute);
          if (methods) methods.push(method);
          else this.#stores.set(attribute, [method]);
        }
      }
    }
    return (this.#stores.get(name) ?? []).some((method) => this.module.seekStores(method, name, take));
  }

  /**
   * Whether an unpickler of one's own refuses what it does not know: a `find_class` that raises
   * (https://docs.python.org/3/library/pickle.html#restricting-globals). One that only renames modules refuses nothing.
   */
  #isRestricted(): boolean {
    this.#restricts ??= this.#findClassRaises();
    return this.#restricts;
  }

  #findClassRaises(): boolean {
    const { lines } = this.module;
    const [line] = this.body.names.get('find_class') ?? [];
    const method = line === undefined ? undefined : lines.opened(line);
    if (line === undefined || !method) return false;
    for (let at = line; at < lines.count && at - line < METHOD; at += 1) {
      let scope: Scope | undefined = at === line ? method : lines.scope(at);
      while (scope && scope !== method) scope = scope.parent;
      if (!scope) return false;
      if (/\braise\b/.test(this.module.lineText(at))) return true;
    }
    return false;
  }
}

/** The class that a binding defines. */
export function classOf(program: Program, { binding, module, scope }: Found): Klass | undefined {
  const { definition } = binding;
  const body = definition && module.lines.opened(module.lines.at(definition.start));
  return definition && body?.kind === 'class' ? new Klass(program, module, body, scope, definition.bases) : undefined;
}

/** The class whose method a scope is, or lies in. */
export function classAround(program: Program, module: PythonModule, scope: Scope): Klass | undefined {
  for (let at: Scope | undefined = scope; at; at = at.parent) {
    if (at.kind !== 'class' || !at.parent) continue;
    for (const { bindings } of module.statements(at.line)) {
      for (const binding of bindings) if (binding.how === 'class') return program.classOf(binding, module, at.parent);
    }
    return undefined;
  }
  return undefined;
}

/** What an assignment to an attribute of the object of a method stores under a name. */
export const storeOf = (target: Node, value: Node, name: string): Binding | undefined =>
  target.kind === 'member' &&
  target.property === name &&
  target.object.kind === 'name' &&
  (target.object.name === 'self' || target.object.name === 'cls')
    ? { name, how: 'value', value }
    : undefined;
