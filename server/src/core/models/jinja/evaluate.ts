/**
 * What expressions of constants give, so that a name put together from pieces is still seen. Follows Jinja 3.1's filters
 * and Python's string methods for what they do to text, lists and dicts; whatever is not known stays unknown.
 */
import type { Argument, Expression } from './parser';

/** `undefined` stands for a value that is only known when the template is rendered. */
export type Value = string | number | boolean | null | ListValue | DictValue;
type Known = Value | undefined;

export class ListValue {
  constructor(readonly items: readonly Known[]) {}
}

/** A dict, or a namespace, whose entries a template may set. */
export class DictValue {
  readonly entries = new Map<string, Known>();
}

/** What an expression is evaluated in. */
export interface Environment {
  /** Value of a child, which has been folded before its parent. */
  value(child: Expression | undefined): Known;
  variable(name: string): Known;
  /** Of a condition that is only known when the template is rendered: whether it is taken to fail. */
  readonly otherwise: boolean;
  /** Text that a macro gives, where that is known. */
  macro(name: string, args: readonly Argument[]): Known;
}

/** Names are short; what is longer is content. */
const LONGEST_TEXT = 512;
const LONGEST_LIST = 512;

/** How engine objects print: single characters of these are how a filter for underscores is passed. */
const PRINTED: ReadonlyMap<string, string> = new Map([
  ['lipsum', '<function generate_lorem_ipsum at 0x7f0000000000>'],
  ['cycler', "<class 'jinja2.utils.Cycler'>"],
  ['joiner', "<class 'jinja2.utils.Joiner'>"],
  ['namespace', "<class 'jinja2.utils.Namespace'>"],
  ['dict', "<class 'dict'>"],
  ['range', "<class 'range'>"],
  ['self', '<TemplateReference None>'],
]);
/** Filters that give a generator, and how it prints. */
const GENERATED: ReadonlyMap<string, string> = new Map([
  ['select', 'select_or_reject'],
  ['reject', 'select_or_reject'],
  ['selectattr', 'select_or_reject'],
  ['rejectattr', 'select_or_reject'],
  ['map', 'sync_do_map'],
  ['batch', 'do_batch'],
  ['slice', 'sync_do_slice'],
]);

/** The text that an object of the engine, or a generator of a filter, becomes through `|string` or `~`. */
export function printedForm(node: Expression | undefined): string | undefined {
  if (node?.kind === 'name') return PRINTED.get(node.name);
  const generator = node?.kind === 'filter' ? GENERATED.get(node.name) : undefined;
  return generator && `<generator object ${generator} at 0x7f0000000000>`;
}

/** Folds one node whose children have been folded. */
export function fold(node: Expression, env: Environment): Known {
  switch (node.kind) {
    case 'constant':
      return node.value;
    case 'name':
      return env.variable(node.name);
    case 'list':
      return node.items.length <= LONGEST_LIST ? new ListValue(node.items.map((item) => env.value(item))) : undefined;
    case 'dict': {
      const dict = new DictValue();
      for (const { key, value } of node.items) {
        const name = env.value(key);
        if (typeof name === 'string' || typeof name === 'number') dict.entries.set(String(name), env.value(value));
      }
      return dict;
    }
    case 'binary':
      return foldBinary(node, env);
    case 'unary': {
      const operand = env.value(node.operand);
      if (node.operator === 'not') return operand === undefined ? undefined : !truth(operand);
      return node.operator === '-' && typeof operand === 'number' ? -operand : undefined;
    }
    case 'conditional': {
      const test = env.value(node.test);
      if (test !== undefined) return truth(test) ? env.value(node.value) : env.value(node.otherwise);
      const [first, second] = env.otherwise ? [node.otherwise, node.value] : [node.value, node.otherwise];
      return env.value(first) ?? env.value(second);
    }
    case 'attribute': {
      const target = env.value(node.target);
      return target instanceof DictValue ? target.entries.get(node.name) : undefined;
    }
    case 'subscript':
      return foldSubscript(env.value(node.target), node.index, env);
    case 'filter': {
      const printed = node.name === 'string' ? printedForm(node.target) : undefined;
      return printed ?? foldFilter(node.name, env.value(node.target), node.args, env);
    }
    case 'call':
      return foldCall(node, env);
    default:
      return undefined;
  }
}

function truth(value: Value): boolean {
  if (value instanceof ListValue) return value.items.length > 0;
  if (value instanceof DictValue) return value.entries.size > 0;
  return Boolean(value);
}

function cut(text: string): string | undefined {
  return text.length <= LONGEST_TEXT ? text : undefined;
}

/** `str()` of a value, where it is the same in Python and here. */
function textOf(value: Known): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return value === null ? 'None' : undefined;
}

/** The items that a loop over a value goes through. */
export function itemsOf(value: Known): readonly Known[] | undefined {
  if (value instanceof ListValue) return value.items;
  if (value instanceof DictValue) return [...value.entries.keys()];
  return typeof value === 'string' && value.length <= LONGEST_TEXT ? [...value] : undefined;
}

function list(items: readonly Known[]): ListValue | undefined {
  return items.length <= LONGEST_LIST ? new ListValue(items) : undefined;
}

function foldBinary({ operator, left, right }: Expression & { kind: 'binary' }, env: Environment): Known {
  const a = env.value(left);
  const b = env.value(right);
  if (operator === '%' && typeof a === 'string') {
    return formatted(a, b instanceof ListValue ? b.items : [b], b instanceof DictValue ? b : undefined);
  }
  if (operator === '~') {
    const [x, y] = [textOf(a) ?? printedForm(left), textOf(b) ?? printedForm(right)];
    return x === undefined || y === undefined ? undefined : cut(x + y);
  }
  if (operator === 'or') return a === undefined ? b : truth(a) ? a : b;
  if (operator === 'and') return a === undefined ? undefined : truth(a) ? b : a;
  if (a === undefined || b === undefined) return undefined;
  if (operator === '==') return a === b;
  if (operator === '!=') return a !== b;
  if (operator === '+') {
    if (typeof a === 'string' && typeof b === 'string') return cut(a + b);
    if (a instanceof ListValue && b instanceof ListValue) return list([...a.items, ...b.items]);
  }
  if (operator === '*') {
    const [repeated, count] = typeof a === 'number' ? [b, a] : [a, b];
    if (typeof count === 'number' && typeof repeated === 'string') {
      return repeated.length * count <= LONGEST_TEXT ? repeated.repeat(Math.max(0, Math.floor(count))) : undefined;
    }
  }
  if (typeof a !== 'number' || typeof b !== 'number') return undefined;
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return b ? a / b : undefined;
    case '//':
      return b ? Math.floor(a / b) : undefined;
    case '%':
      return b ? a - b * Math.floor(a / b) : undefined;
    case '**': {
      const power = a ** b;
      return Number.isFinite(power) ? power : undefined;
    }
    default:
      return undefined;
  }
}

/** Python's `%` and `str.format` for the forms that only put values into a text. */
function formatted(pattern: string, parts: readonly Known[], named?: DictValue): string | undefined {
  let next = 0;
  let known = true;
  const put = (part: Known, asCharacter: boolean): string => {
    if (asCharacter && typeof part === 'number') return part >= 0 && part <= 0x10ffff ? String.fromCodePoint(part) : '';
    const text = textOf(part);
    if (text === undefined) known = false;
    return text ?? '';
  };
  const out = pattern.replace(
    /%(?:\((\w+)\))?[-+ 0#]*\d*(?:\.\d+)?([sdrcaix%])|\{\{|\}\}|\{(\w*)(?:![rsa])?(?::([^{}]*))?\}/g,
    (whole, percentName: string | undefined, kind: string | undefined, field: string | undefined, spec?: string) => {
      if (whole === '{{' || whole === '}}') return whole[0] as string;
      if (kind === '%') return '%';
      if (percentName !== undefined) return put(named?.entries.get(percentName), kind === 'c');
      const name = field ?? '';
      if (name !== '' && !/^\d+$/.test(name)) return put(named?.entries.get(name), spec === 'c');
      const at = name === '' ? next : Number(name);
      next += 1;
      const precision = /^\.(\d+)s?$/.exec(spec ?? '');
      const text = put(parts[at], kind === 'c' || spec === 'c');
      return precision ? text.slice(0, Number(precision[1])) : text;
    },
  );
  return known ? cut(out) : undefined;
}

function foldSubscript(target: Known, index: Expression, env: Environment): Known {
  if (target instanceof DictValue) {
    const key = textOf(env.value(index));
    return key === undefined ? undefined : target.entries.get(key);
  }
  const items = itemsOf(target);
  if (!items) return undefined;
  if (index.kind !== 'slice') {
    const at = env.value(index);
    return typeof at === 'number' ? items.at(at) : undefined;
  }
  const bounds = index.parts.map((part) => (part ? env.value(part) : null));
  if (!bounds.every((bound) => bound === null || typeof bound === 'number')) return undefined;
  const picked = sliced(items, bounds as (number | null)[]);
  return typeof target === 'string' ? picked.join('') : list(picked);
}

/** `items[start:stop:step]` as Python slices. */
function sliced(items: readonly Known[], [from, to, by]: readonly (number | null)[]): Known[] {
  const step = by ?? 1;
  if (step === 0) return [];
  const { length } = items;
  const clamp = (bound: number | null | undefined, otherwise: number): number => {
    if (bound === null || bound === undefined) return otherwise;
    const at = bound < 0 ? bound + length : bound;
    return step > 0 ? Math.min(Math.max(at, 0), length) : Math.min(Math.max(at, -1), length - 1);
  };
  const start = clamp(from, step > 0 ? 0 : length - 1);
  const stop = clamp(to, step > 0 ? length : -1);
  const picked: Known[] = [];
  for (let at = start; step > 0 ? at < stop : at > stop; at += step) picked.push(items[at]);
  return picked;
}

function foldCall(node: Expression & { kind: 'call' }, env: Environment): Known {
  const { callee, args } = node;
  if (callee.kind === 'attribute') return foldMethod(callee.name, env.value(callee.target), args, env);
  if (callee.kind === 'subscript') {
    const name = env.value(callee.index);
    return typeof name === 'string' ? foldMethod(name, env.value(callee.target), args, env) : undefined;
  }
  if (callee.kind === 'filter' && callee.name === 'attr') {
    const name = env.value(callee.args[0]?.value);
    return typeof name === 'string' ? foldMethod(name, env.value(callee.target), args, env) : undefined;
  }
  if (callee.kind !== 'name') return undefined;
  if (callee.name === 'dict' || callee.name === 'namespace') {
    const dict = new DictValue();
    for (const { name, value } of args) {
      const known = env.value(value);
      if (name === undefined || name === '*') {
        if (known instanceof DictValue) for (const [key, item] of known.entries) dict.entries.set(key, item);
      } else dict.entries.set(name.normalize('NFKC'), known); // Python normalises the names of keyword arguments.
    }
    return dict;
  }
  if (callee.name === 'range') {
    const bounds = args.map(({ value }) => env.value(value));
    if (!bounds.every((bound) => typeof bound === 'number')) return undefined;
    const [first = 0, second, step = 1] = bounds as number[];
    const [start, stop] = second === undefined ? [0, first] : [first, second];
    if (step === 0 || Math.abs((stop - start) / step) > 1000) return undefined;
    const numbers: number[] = [];
    for (let at = start; step > 0 ? at < stop : at > stop; at += step) numbers.push(at);
    return new ListValue(numbers);
  }
  return env.macro(callee.name, args);
}

/** Filters that leave a text as it is, or as much so as matters. */
const KEEPING = /^(?:string|safe|e|escape|forceescape|urlize|pprint|urlencode|default|d)$/;

function foldFilter(name: string, target: Known, args: readonly Argument[], env: Environment): Known {
  const given = args.map(({ value }) => env.value(value));
  const items = itemsOf(target);
  switch (name) {
    case 'first':
    case 'min':
    case 'random':
      return items?.[0];
    case 'last':
    case 'max':
      return items?.at(-1);
    case 'list':
    case 'unique':
    case 'select':
    case 'reject':
      return args.length === 0 && items ? list(items) : undefined;
    case 'reverse':
      if (typeof target === 'string') return [...target].reverse().join('');
      return items && list(items.toReversed());
    case 'join': {
      const glue = args.length === 0 ? '' : given[0];
      const texts = items?.map(textOf);
      if (!texts || typeof glue !== 'string' || args.length > 1 || texts.includes(undefined)) return undefined;
      return cut(texts.join(glue));
    }
    case 'sort':
      return items?.every((item) => typeof item === 'string') ? list((items as string[]).toSorted()) : undefined;
    case 'length':
    case 'count':
      return items?.length;
    case 'items':
    case 'dictsort':
      return target instanceof DictValue
        ? list([...target.entries].map(([key, value]) => new ListValue([key, value])))
        : undefined;
    case 'map': {
      const filter = given[0];
      if (typeof filter !== 'string' || !items) return undefined;
      return list(items.map((item) => foldFilter(filter, item, args.slice(1), env)));
    }
    case 'xmlattr':
      return target instanceof DictValue
        ? cut([...target.entries].map(([key, value]) => ` ${key}="${textOf(value) ?? ''}"`).join(''))
        : undefined;
    case 'tojson':
      return typeof target === 'string' ? cut(JSON.stringify(target)) : undefined;
    case 'int':
    case 'float':
    case 'round':
    case 'abs': {
      const number = typeof target === 'number' || typeof target === 'string' ? Number(target) : Number.NaN;
      return Number.isNaN(number)
        ? undefined
        : name === 'int'
          ? Math.trunc(number)
          : name === 'abs'
            ? Math.abs(number)
            : number;
    }
  }
  const text = textOf(target);
  if (text === undefined) return KEEPING.test(name) ? target : undefined;
  switch (name) {
    case 'striptags':
      return text.replace(/<[^>]*>/g, '').trim();
    case 'truncate':
      return typeof given[0] === 'number' ? text.slice(0, given[0]) : text.slice(0, 255);
    case 'indent':
    case 'wordwrap':
      return text;
    default:
      return KEEPING.test(name) ? text : foldMethod(name === 'trim' ? 'strip' : name, text, args, env);
  }
}

function foldMethod(name: string, target: Known, args: readonly Argument[], env: Environment): Known {
  const given = args.filter((argument) => argument.name === undefined).map(({ value }) => env.value(value));
  if (target instanceof DictValue) {
    const key = textOf(given[0]);
    if (name === 'get' || name === 'pop' || name === 'setdefault')
      return key === undefined ? undefined : target.entries.get(key);
    if (name === 'keys') return list([...target.entries.keys()]);
    if (name === 'values') return list([...target.entries.values()]);
    if (name === 'items') return list([...target.entries].map(([k, value]) => new ListValue([k, value])));
    return name === 'copy' ? target : undefined;
  }
  if (target instanceof ListValue) {
    return name === 'pop' ? target.items.at(typeof given[0] === 'number' ? given[0] : -1) : undefined;
  }
  if (typeof target !== 'string') return undefined;
  const [a, b] = given;
  switch (name) {
    case 'lower':
    case 'casefold':
      return target.toLowerCase();
    case 'upper':
      return target.toUpperCase();
    case 'swapcase':
      return [...target].map((c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())).join('');
    case 'title':
      return target.toLowerCase().replace(/[a-z]+/g, (word) => (word[0] as string).toUpperCase() + word.slice(1));
    case 'capitalize':
      return target.slice(0, 1).toUpperCase() + target.slice(1).toLowerCase();
    case 'strip':
    case 'lstrip':
    case 'rstrip':
      return stripped(target, typeof a === 'string' ? a : undefined, name);
    case 'replace':
      return typeof a === 'string' && typeof b === 'string' && a !== '' ? cut(target.split(a).join(b)) : undefined;
    case 'removeprefix':
      return typeof a === 'string' && target.startsWith(a) ? target.slice(a.length) : target;
    case 'removesuffix':
      return typeof a === 'string' && a !== '' && target.endsWith(a) ? target.slice(0, -a.length) : target;
    case 'split':
    case 'rsplit':
      return list(typeof a === 'string' && a !== '' ? target.split(a) : target.split(/\s+/).filter(Boolean));
    case 'splitlines':
      return list(target.split('\n'));
    case 'format':
    case 'format_map': {
      const named = new DictValue();
      for (const { name: key, value } of args)
        if (key !== undefined && key !== '*') named.entries.set(key, env.value(value));
      return formatted(target, given, name === 'format_map' && a instanceof DictValue ? a : named);
    }
    case 'join': {
      const texts = itemsOf(a)?.map(textOf);
      return texts && !texts.includes(undefined) ? cut(texts.join(target)) : undefined;
    }
    case 'center':
    case 'ljust':
    case 'rjust':
    case 'encode':
    case 'decode':
    case 'expandtabs':
    case 'zfill':
      return target;
    default:
      return undefined;
  }
}

function stripped(text: string, characters: string | undefined, how: string): string {
  const isCut = (c: string | undefined) =>
    c !== undefined && (characters === undefined ? /\s/.test(c) : characters.includes(c));
  let start = 0;
  let end = text.length;
  if (how !== 'rstrip') while (start < end && isCut(text[start])) start += 1;
  if (how !== 'lstrip') while (end > start && isCut(text[end - 1])) end -= 1;
  return text.slice(start, end);
}
