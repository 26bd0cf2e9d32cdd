/** What the names of a program mean: imports, aliases, and what a value came from. Shared by the cells of a notebook. */
import type { SyntaxNode } from './syntax';

export type Taint = 'network' | 'input' | 'decoded';

/** What is known of a value without running anything. */
export interface Value {
  /** Dotted origin such as `torch.load`; a call adds `()`: `requests.Session()`. */
  readonly path?: string;
  /** Constant text. */
  readonly text?: string;
  readonly taint?: Taint;
}

const UNKNOWN: Value = {};
const DEPTH = 40;
/** Nodes of one expression that are looked at for where its value comes from. */
const TAINT_NODES = 200;

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
  'print',
  'globals',
  'bytes',
  'str',
  'raw_input',
  'vars',
  'locals',
]);

const NETWORK =
  /^(?:requests(?:\.Session\(\))?\.(?:get|post|request)\(\)|(?:urllib\.request|urllib2|urllib)\.urlopen\(\)|httpx(?:\.Client\(\))?\.(?:get|post)\(\)|socket\.socket\(\)\.(?:recv|recvfrom)\(\)|aiohttp\.)/;
const INPUT =
  /^(?:(?:raw_)?input\(\)|flask\.request\b|fastapi\.Request|streamlit\.(?:text_input|text_area|file_uploader|chat_input)\(\))/;
const DECODED =
  /^(?:base64\.(?:b64decode|b32decode|b16decode|b85decode|a85decode|urlsafe_b64decode|decodebytes|decodestring|standard_b64decode)|binascii\.(?:unhexlify|a2b_base64|a2b_hex)|zlib\.decompress|gzip\.decompress|bz2\.decompress|lzma\.decompress|codecs\.decode|bytes\.fromhex|bytearray\.fromhex|marshal\.loads)\(\)/;

export class Names {
  readonly #scopes: Map<string, Value>[] = [new Map()];
  #text = '';

  /** Turns to another cell or file; what was bound before stays bound. */
  enter(text: string): void {
    this.#text = text;
    this.#scopes.length = 1;
  }

  pushScope(): void {
    this.#scopes.push(new Map());
  }

  popScope(): void {
    if (this.#scopes.length > 1) this.#scopes.pop();
  }

  bind(name: string, value: Value): void {
    (this.#scopes.at(-1) as Map<string, Value>).set(name, value);
  }

  lookup(name: string): Value {
    for (let i = this.#scopes.length - 1; i >= 0; i -= 1) {
      const value = this.#scopes[i]?.get(name);
      if (value) return value;
    }
    if (BUILTINS.has(name)) return { path: name };
    const module = CONVENTIONAL.get(name);
    return module ? { path: module } : UNKNOWN;
  }

  source(node: SyntaxNode): string {
    return this.#text.slice(node.from, node.to);
  }

  /** Binds what `import a.b as c` and `from a import b as c` name. */
  importStatement(node: SyntaxNode): void {
    let module = '';
    let from = false;
    let inNames = false;
    let parts: string[] = [];
    let imported = '';
    let alias = '';
    let expectAlias = false;
    const flush = () => {
      if (!imported) return;
      const path = from ? (module ? `${module}.${imported}` : imported) : imported;
      if (alias) this.bind(alias, { path });
      else if (from) this.bind(imported, { path });
      else this.bind(imported.split('.')[0] as string, { path: imported.split('.')[0] as string });
      imported = '';
      alias = '';
    };
    for (let child = node.firstChild; child; child = child.nextSibling) {
      switch (child.name) {
        case 'from':
          from = true;
          break;
        case 'import':
          if (from) module = parts.join('.');
          parts = [];
          inNames = true;
          break;
        case 'as':
          expectAlias = true;
          break;
        case ',':
          flush();
          parts = [];
          break;
        case '.':
          if (from && !inNames && parts.length === 0) parts.push('');
          break;
        case 'VariableName':
          if (expectAlias) {
            alias = this.source(child);
            expectAlias = false;
          } else if (!inNames) parts.push(this.source(child));
          else if (from) imported = this.source(child);
          else {
            parts.push(this.source(child));
            imported = parts.join('.');
          }
          break;
        default:
      }
    }
    flush();
  }

  /** What an expression is, as far as it can be told. */
  value(node: SyntaxNode, depth = 0): Value {
    if (depth > DEPTH) return UNKNOWN;
    switch (node.name) {
      case 'VariableName':
        return this.lookup(this.source(node));
      case 'ParenthesizedExpression':
      case 'AwaitExpression': {
        const inner = node.firstChild?.nextSibling;
        return inner ? this.value(inner, depth + 1) : UNKNOWN;
      }
      case 'MemberExpression':
        return this.#member(node, depth);
      case 'CallExpression':
        return this.#call(node, depth);
      case 'String':
      case 'ContinuedString':
      case 'FormatString':
      case 'BinaryExpression': {
        const text = this.constant(node, depth);
        return text === undefined ? UNKNOWN : { text };
      }
      default:
        return UNKNOWN;
    }
  }

  #member(node: SyntaxNode, depth: number): Value {
    const object = node.firstChild;
    const property = node.lastChild;
    if (!object || !property) return UNKNOWN;
    const base = this.value(object, depth + 1);
    if (property.name === 'PropertyName') {
      if (base.path) return { path: `${base.path}.${this.source(property)}`, ...(base.taint && { taint: base.taint }) };
      return base.taint ? { taint: base.taint } : UNKNOWN;
    }
    // `vars()['eval']`, `globals()["__builtins__"]`, `d['x']`
    const key = property.name === ']' ? property.prevSibling : null;
    const text = key ? this.constant(key, depth + 1) : undefined;
    if (base.path === '__builtins__' && text) return { path: text };
    return { ...(base.path && { path: `${base.path}[]` }), ...(base.taint && { taint: base.taint }) };
  }

  #call(node: SyntaxNode, depth: number): Value {
    const callee = node.firstChild;
    if (!callee) return UNKNOWN;
    const { path, taint } = this.value(callee, depth + 1);
    if (path === undefined) return taint ? { taint } : UNKNOWN;
    const args = node.lastChild?.name === 'ArgList' ? positional(node.lastChild) : [];
    const first = args[0] ? this.constant(args[0], depth + 1) : undefined;
    if (
      (path === 'importlib.import_module' || path === '__import__' || path === 'builtins.__import__') &&
      first !== undefined
    ) {
      return { path: first };
    }
    if ((path === 'getattr' || path === 'builtins.getattr') && args[0] && args[1]) {
      const name = this.constant(args[1], depth + 1);
      const object = this.value(args[0], depth + 1).path;
      if (name !== undefined && object !== undefined) return { path: `${object}.${name}` };
    }
    return { path: `${path}()` };
  }

  /** Text of a string expression that does not change, or undefined. */
  constant(node: SyntaxNode, depth = 0): string | undefined {
    if (depth > DEPTH) return undefined;
    switch (node.name) {
      case 'String':
        return literal(this.source(node));
      case 'FormatString':
        return node.getChild('FormatReplacement') ? undefined : literal(this.source(node));
      case 'ContinuedString': {
        let out = '';
        for (let child = node.firstChild; child; child = child.nextSibling) {
          const part = this.constant(child, depth + 1);
          if (part === undefined) return undefined;
          out += part;
        }
        return out;
      }
      case 'ParenthesizedExpression': {
        const inner = node.firstChild?.nextSibling;
        return inner ? this.constant(inner, depth + 1) : undefined;
      }
      case 'BinaryExpression': {
        const operator = node.getChild('ArithOp');
        const left = node.firstChild;
        const right = node.lastChild;
        if (!operator || !left || !right || this.source(operator) !== '+') return undefined;
        const a = this.constant(left, depth + 1);
        const b = a === undefined ? undefined : this.constant(right, depth + 1);
        return a === undefined || b === undefined || a.length + b.length > 100_000 ? undefined : a + b;
      }
      case 'VariableName':
        return this.lookup(this.source(node)).text;
      default:
        return undefined;
    }
  }

  /** Whether something of the expression comes from the network, from a user, or out of an encoding. */
  taint(node: SyntaxNode): Taint | undefined {
    let budget = TAINT_NODES;
    let found: Taint | undefined;
    const visit = (at: SyntaxNode, depth: number): void => {
      budget -= 1;
      if (budget < 0 || depth > DEPTH || found === 'decoded') return;
      if (at.name === 'CallExpression' || at.name === 'MemberExpression' || at.name === 'VariableName') {
        const { path, taint } = this.value(at);
        if (taint) found = taint;
        else if (path) {
          const origin = taintOfPath(path);
          if (origin) found = origin;
        }
        if (at.name === 'VariableName') return;
      }
      for (let child = at.firstChild; child; child = child.nextSibling) {
        if (child.name !== 'PropertyName') visit(child, depth + 1);
      }
    };
    visit(node, 0);
    return found;
  }
}

export function taintOfPath(path: string): Taint | undefined {
  if (DECODED.test(path)) return 'decoded';
  if (NETWORK.test(path)) return 'network';
  return INPUT.test(path) ? 'input' : undefined;
}

/** Arguments of an argument list that have no name, stars left out. */
export function positional(list: SyntaxNode): SyntaxNode[] {
  const out: SyntaxNode[] = [];
  for (let child = list.firstChild; child; child = child.nextSibling) {
    if (child.name === '*' || child.name === '**') {
      child = child.nextSibling ?? child;
      continue;
    }
    if (/^[(),]$/.test(child.name) || child.name === 'Comment') continue;
    if (child.name === 'VariableName' && child.nextSibling?.name === 'AssignOp') {
      child = child.nextSibling.nextSibling ?? child;
      continue;
    }
    if (child.name === 'AssignOp') continue;
    out.push(child);
  }
  return out;
}

/** Arguments by name. */
export function named(
  list: SyntaxNode,
  source: (node: SyntaxNode) => string,
): Map<string, { name: SyntaxNode; value: SyntaxNode }> {
  const out = new Map<string, { name: SyntaxNode; value: SyntaxNode }>();
  for (let child = list.firstChild; child; child = child.nextSibling) {
    if (child.name !== 'VariableName' || child.nextSibling?.name !== 'AssignOp') continue;
    const value = child.nextSibling.nextSibling;
    if (value) out.set(source(child), { name: child, value });
  }
  return out;
}

/** Content of a string literal: prefix and quotes taken off, the usual escapes resolved. */
export function literal(source: string): string {
  const match = /^([A-Za-z]{0,2})("""|'''|"|')/.exec(source);
  if (!match) return source;
  const quote = match[2] as string;
  const end =
    source.endsWith(quote) && source.length >= match[0].length + quote.length
      ? source.length - quote.length
      : source.length;
  const body = source.slice(match[0].length, end);
  if (/r/i.test(match[1] as string) || !body.includes('\\')) return body;
  return body.replace(
    /\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|([0-7]{1,3})|([\s\S]))/g,
    (all, hex, unicode, octal, c) => {
      if (hex ?? unicode) return String.fromCharCode(Number.parseInt((hex ?? unicode) as string, 16));
      if (octal) return String.fromCharCode(Number.parseInt(octal as string, 8));
      return c === 'n'
        ? '\n'
        : c === 't'
          ? '\t'
          : c === 'r'
            ? '\r'
            : c === '\n'
              ? ''
              : '\\\'"'.includes(c as string)
                ? (c as string)
                : (all as string);
    },
  );
}
