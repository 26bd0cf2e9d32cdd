/** How a text is put together: of constants and numbers, or of what something else decides. */
import type { CallNode, Node } from '../ast';
import type { Names } from '../names';

const DEEPEST = 40;

/** Functions that give a number, a quoted word or something of this machine, whatever they are given. */
const PLAIN_CALL =
  /^(?:shlex\.(?:quote|join)|pipes\.quote|os\.(?:getpid|getppid|getuid|cpu_count)|time\.(?:time|time_ns|strftime)|datetime\.datetime\.now|uuid\.uuid[14]|random\.(?:randint|random|randrange)|multiprocessing\.cpu_count|torch\.cuda\.device_count|platform\.(?:system|machine|python_version))\(\)$/;
const PLAIN_BUILTIN = new Set(['int', 'float', 'len', 'bool', 'round', 'ord', 'hash', 'id', 'sum', 'range']);
const PLAIN_PATH = /^(?:sys\.(?:executable|platform|version_info)|os\.(?:sep|pathsep|linesep|name))$/;
/** Methods of a text or a table that give something as plain as what they are called on and with. */
const KEEPS = new Set(['join', 'format', 'strip', 'lower', 'upper', 'replace', 'items', 'keys', 'values', 'title']);
const KEEPING_BUILTIN = new Set(['str', 'sorted', 'reversed', 'enumerate', 'zip', 'list', 'tuple', 'set']);

/** Nodes that are looked at for one answer: names lead to what they were given, and that to more names. */
const NODES = 300;

/**
 * Whether nobody but the program decides what an expression gives: constants, numbers, quoted words, and what is made of
 * such alone.
 */
export function isFixed(node: Node, names: Names): boolean {
  const open: { readonly node: Node; readonly names: Names }[] = [{ node, names }];
  for (let budget = NODES; budget > 0; budget -= 1) {
    const at = open.pop();
    if (!at) return true;
    const parts = madeOf(at.node, at.names);
    if (!parts) return false;
    for (const part of parts) open.push('names' in part ? part : { node: part, names: at.names });
  }
  return false;
}

type Part = Node | { readonly node: Node; readonly names: Names };
const NOTHING: readonly Part[] = [];

/** What has to be fixed for the expression to be; undefined when it is not. */
function madeOf(node: Node, names: Names): readonly Part[] | undefined {
  switch (node.kind) {
    case 'literal':
    case 'string':
      return NOTHING;
    case 'group':
      return [node.inner];
    case 'strings':
      return node.parts;
    case 'format':
      return node.values;
    case 'sequence':
      return node.items;
    case 'binary':
      return [node.left, node.right];
    case 'comprehension':
      return node.elements.flatMap((element) => {
        const clause =
          element.kind === 'name' ? node.clauses.find((one) => one.names.includes(element.name)) : undefined;
        return [clause?.subject ?? element];
      });
    case 'composite':
      return node.word === 'if' && node.parts[0] && node.parts[2] ? [node.parts[0], node.parts[2]] : undefined;
    case 'name': {
      const origins: Part[] = [];
      for (const { origin, path, plain } of names.alternatives(node)) {
        if (plain || (path !== undefined && PLAIN_PATH.test(path))) continue;
        if (!origin) return undefined;
        origins.push(origin);
      }
      return origins;
    }
    case 'subscript':
      return [node.object];
    case 'member':
      return PLAIN_PATH.test(names.value(node).path ?? '') ? NOTHING : undefined;
    case 'call': {
      if (isPlainCall(node, names)) return NOTHING;
      const { callee } = node;
      const given = node.args.map(({ value }) => value);
      if (callee.kind === 'member' && KEEPS.has(callee.property)) return [callee.object, ...given];
      return callee.kind === 'name' && KEEPING_BUILTIN.has(callee.name) ? given : undefined;
    }
    default:
      return undefined;
  }
}

/** `int(x)`, `shlex.quote(x)`: what comes out holds nothing that a shell or a database would act on. */
export function isPlainCall(node: CallNode, names: Names): boolean {
  const { callee } = node;
  if (callee.kind === 'name' && PLAIN_BUILTIN.has(callee.name)) return true;
  return PLAIN_CALL.test(names.value(node).path ?? '');
}

/** Text into which values are put: format strings, sums, `%`, `.format`, or a name that was given one. */
export function varies(node: Node, names: Names, depth = 0): boolean {
  if (depth > DEEPEST) return false;
  switch (node.kind) {
    case 'name':
      return names.alternatives(node).some(({ built }) => built && varies(built.node, built.names, depth + 1));
    case 'group':
      return varies(node.inner, names, depth + 1);
    case 'format':
    case 'strings':
      return !isFixed(node, names);
    case 'binary':
      return (node.operator === '+' || node.operator === '%') && isText(node, names, depth) && !isFixed(node, names);
    case 'call':
      return (
        node.callee.kind === 'member' &&
        node.callee.property === 'format' &&
        /^(?:string|strings|format)$/.test(node.callee.object.kind) &&
        !isFixed(node, names)
      );
    default:
      return false;
  }
}

/** Whether a sum is one of texts: `args + [x]` is a list. */
function isText(node: Node, names: Names, depth: number): boolean {
  if (node.kind !== 'binary') return node.kind !== 'sequence' && node.kind !== 'comprehension';
  return (
    depth > DEEPEST ||
    (isText(node.left, names, depth + 1) && (node.operator === '%' || isText(node.right, names, depth + 1)))
  );
}

/** Source of the literal with which a text begins that is put together; undefined when it begins with something else. */
export function beginning(node: Node, names: Names, depth = 0): string | undefined {
  if (depth > DEEPEST) return undefined;
  switch (node.kind) {
    case 'string':
    case 'format':
      return names.source(node);
    case 'strings':
      return names.source(node);
    case 'group':
      return beginning(node.inner, names, depth + 1);
    case 'binary': {
      const left = beginning(node.left, names, depth + 1);
      // What is added later decides what kind of place the value stands in.
      return left === undefined ? undefined : left + names.source({ start: node.left.end, end: node.end });
    }
    case 'call':
      return node.callee.kind === 'member' ? beginning(node.callee.object, names, depth + 1) : undefined;
    case 'name': {
      const { built, origin } = names.value(node);
      const made = built ?? origin;
      return made && beginning(made.node, made.names, depth + 1);
    }
    default:
      return undefined;
  }
}
