/**
 * Calls whose result can be told without running anything: builders of names (`str.join`, `codecs.decode`), getters
 * (`getattr`, `attrgetter`, `__import__`) and adapters that call something else (`partial`, `operator.call`). They are
 * how a pickle hides what it really calls, so the machine goes on with their results.
 */
import {
  NONE,
  PickleCall,
  PickleComputed,
  PickleContainer,
  PickleGlobal,
  type PickleObject,
  payloadOf,
  type Ref,
  Tag,
  tagOf,
} from './values';

/** What the evaluation needs of the machine. */
export interface Evaluation {
  object(ref: Ref): PickleObject | undefined;
  /** @throws TextNeeded when the text has to be read from the source first */
  text(ref: Ref): string | undefined;
  isBytes(ref: Ref): boolean;
  computed(value: string, isBytes: boolean, source?: Ref): Ref;
  global(module: string, name: string, computed: boolean): Ref;
  tuple(items: readonly Ref[]): Ref;
  call(opcode: PickleCall['opcode'], fn: Ref, args: Ref, kwargs: Ref): Ref;
}

/** The text of a value is not in memory; the machine reads it and tries the opcode again. */
export class TextNeeded extends Error {
  constructor() {
    super('text needed');
    this.name = 'TextNeeded';
  }
}

const MAX_TEXT = 64 * 1024;

/** Importers whose result is the module they are asked for. */
const IMPORTERS = new Set([
  'builtins.__import__',
  'importlib.import_module',
  'importlib.__import__',
  'importlib._bootstrap._gcd_import',
  'importlib._bootstrap.__import__',
  '_frozen_importlib._gcd_import',
  '_frozen_importlib.__import__',
  'cloudpickle.cloudpickle.subimport',
  'cloudpickle.cloudpickle.dynamic_subimport',
  'dill._dill._import_module',
  'pydoc.locate',
  'pkgutil.resolve_name',
  'sys.modules.get',
  'sys.modules.__getitem__',
]);

const OPERATOR = /^_?operator$/;

/** Names under which CPython also knows a module. */
function canonical(module: string): string {
  if (OPERATOR.test(module)) return 'operator';
  if (module === '_functools') return 'functools';
  if (module.startsWith('numpy._core')) return `numpy.core${module.slice(11)}`;
  return module;
}

function itemsOf(machine: Evaluation, ref: Ref): readonly Ref[] | undefined {
  const object = machine.object(ref);
  return object instanceof PickleContainer && object.count === object.items.length ? object.items : undefined;
}

/** `target.name` for an imported thing or module. */
function attribute(machine: Evaluation, target: Ref, name: string): Ref | undefined {
  const object = machine.object(target);
  if (!(object instanceof PickleGlobal)) return undefined;
  if (!name || name.length > 1000) return undefined;
  return machine.global(object.module, object.name ? `${object.name}.${name}` : name, true);
}

/**
 * @param callee what is called
 * @param args its tuple of arguments
 * @returns the result, or undefined when the call has to be taken as it stands
 * @throws TextNeeded
 */
export function evaluate(machine: Evaluation, callee: PickleGlobal | PickleCall, args: Ref): Ref | undefined {
  const items = itemsOf(machine, args);
  if (!items) return undefined;
  if (callee instanceof PickleCall) return evaluateResultCall(machine, callee, items);
  const [first = 0, second = 0, third = 0] = items;
  const path = `${canonical(callee.module)}.${callee.name}`;
  if (IMPORTERS.has(path)) {
    const name = machine.text(first);
    if (name === undefined) return undefined;
    // `pkgutil.resolve_name('os:system')`, `pydoc.locate('os.system')` give the object itself.
    if (path === 'pkgutil.resolve_name' && name.includes(':')) {
      return machine.global(name.slice(0, name.indexOf(':')), name.slice(name.indexOf(':') + 1), true);
    }
    const dot = name.lastIndexOf('.');
    if (path === 'pydoc.locate' && dot > 0) return machine.global(name.slice(0, dot), name.slice(dot + 1), true);
    return machine.global(name, '', true);
  }
  switch (path) {
    case 'builtins.getattr':
    case 'builtins.object.__getattribute__':
    case 'builtins.type.__getattribute__':
    case 'inspect.getattr_static': {
      const name = machine.text(second);
      return name === undefined ? undefined : attribute(machine, first, name);
    }
    case 'numpy.core._ufunc_reconstruct':
    case 'numpy.core._multiarray_umath._ufunc_reconstruct': {
      const module = machine.text(first);
      const name = machine.text(second);
      return module === undefined || name === undefined ? undefined : machine.global(module, name, true);
    }
    case 'operator.call':
    case 'builtins.apply': {
      if (path === 'builtins.apply') {
        const inner = itemsOf(machine, second);
        return inner ? machine.call('REDUCE', first, second, 0) : undefined;
      }
      return isCallable(machine, first) ? machine.call('REDUCE', first, machine.tuple(items.slice(1)), 0) : undefined;
    }
    case 'dill._dill._load_type': {
      const target = dillType(machine.text(first) ?? '');
      return target && machine.global(target.module, target.name, true);
    }
    case 'copyreg._reconstructor': {
      // `base.__init__(object, state)` runs too when the base has one (`Lib/copyreg.py`).
      const base = machine.object(second);
      if (base instanceof PickleGlobal && !/^(?:builtins|__builtin__)\.object$/.test(base.path) && second !== first) {
        machine.call('REDUCE', second, machine.tuple([third]), 0);
      }
      return isCallable(machine, first) ? machine.call('NEWOBJ', first, machine.tuple([]), 0) : undefined;
    }
    case 'copyreg.__newobj__':
      return isCallable(machine, first) ? machine.call('NEWOBJ', first, machine.tuple(items.slice(1)), 0) : undefined;
    case 'copyreg.__newobj_ex__':
      return isCallable(machine, first) ? machine.call('NEWOBJ_EX', first, second, third) : undefined;
    default:
      return evaluateText(machine, path, items);
  }
}

const DILL_BUILTINS = new Set(
  `type object int float complex bool str bytes bytearray list tuple dict set frozenset range slice memoryview property staticmethod
   classmethod map filter zip enumerate reversed super`
    .trim()
    .split(/\s+/),
);
const DILL_TYPES = new Map([
  ['PartialType', 'functools.partial'],
  ['SuperType', 'builtins.super'],
  ['ItemGetterType', 'operator.itemgetter'],
  ['AttrGetterType', 'operator.attrgetter'],
]);

/** The type that dill's registry (`dill/_dill.py`, _load_type) has under a name. */
export function dillType(name: string): { module: string; name: string } | undefined {
  if (DILL_BUILTINS.has(name)) return { module: 'builtins', name };
  const path = DILL_TYPES.get(name) ?? (/^[A-Z][A-Za-z]+Type$/.test(name) ? `types.${name}` : undefined);
  if (!path) return undefined;
  const dot = path.lastIndexOf('.');
  return { module: path.slice(0, dot), name: path.slice(dot + 1) };
}

function isCallable(machine: Evaluation, ref: Ref): boolean {
  const object = machine.object(ref);
  return object instanceof PickleGlobal || object instanceof PickleCall;
}

/** `partial(f, a)(b)`, `attrgetter('x')(o)`, `methodcaller('m', a)(o)`: the callee is itself the result of a call. */
function evaluateResultCall(machine: Evaluation, callee: PickleCall, items: readonly Ref[]): Ref | undefined {
  const maker = machine.object(callee.fn);
  const bound = itemsOf(machine, callee.args);
  if (!(maker instanceof PickleGlobal) || !bound || bound.length === 0) return undefined;
  const [first = 0] = bound;
  switch (`${canonical(maker.module)}.${maker.name}`) {
    case 'functools.partial':
      return isCallable(machine, first)
        ? machine.call('REDUCE', first, machine.tuple([...bound.slice(1), ...items]), 0)
        : undefined;
    case 'builtins.getattr': {
      // A bound method of a constant: `getattr('', 'join')(list)`.
      const [owner = 0, attributeName = 0] = bound;
      const tag = tagOf(owner);
      if (tag !== Tag.Text && tag !== Tag.Bytes && !(machine.object(owner) instanceof PickleComputed)) return undefined;
      const name = machine.text(attributeName);
      return evaluateText(machine, `builtins.${machine.isBytes(owner) ? 'bytes' : 'str'}.${name}`, [owner, ...items]);
    }
    case 'operator.attrgetter': {
      const name = machine.text(first);
      return name === undefined || items[0] === undefined ? undefined : attribute(machine, items[0], name);
    }
    case 'operator.itemgetter': {
      // Of a module's dictionary; of data the result is data.
      const target = machine.object(items[0] ?? 0);
      if (!(target instanceof PickleGlobal) || !/(?:^|\.)__dict__$/.test(target.name)) return undefined;
      const name = machine.text(first);
      const owner = target.name.replace(/(?:^|\.)__dict__$/, '');
      return name === undefined ? undefined : machine.global(target.module, owner ? `${owner}.${name}` : name, true);
    }
    case 'operator.methodcaller': {
      const name = machine.text(first);
      if (name === undefined || items[0] === undefined) return undefined;
      const method = attribute(machine, items[0], name);
      return method === undefined ? undefined : machine.call('REDUCE', method, machine.tuple(bound.slice(1)), 0);
    }
    case 'types.MethodType':
      return isCallable(machine, first)
        ? machine.call('REDUCE', first, machine.tuple([bound[1] ?? NONE, ...items]), 0)
        : undefined;
    default:
      return undefined;
  }
}

function toBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0) & 0xff);
}

function fromBytes(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; i += 8192) out += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return out;
}

function encodeText(text: string, codec: string): string | undefined {
  switch (codec.toLowerCase().replace(/[-_ ]/g, '')) {
    case 'latin1':
    case 'iso88591':
    case 'ascii':
    case 'usascii':
      return text;
    case 'utf8':
      return fromBytes(new TextEncoder().encode(text));
    default:
      return undefined;
  }
}

function decodeText(text: string, codec: string): { value: string; isBytes: boolean } | undefined {
  switch (codec.toLowerCase().replace(/[-_ ]/g, '')) {
    case 'latin1':
    case 'iso88591':
    case 'ascii':
    case 'usascii':
      return { value: text, isBytes: false };
    case 'utf8':
      return { value: new TextDecoder().decode(toBytes(text)), isBytes: false };
    case 'rot13':
      return {
        value: text.replace(/[a-zA-Z]/g, (c) => {
          const start = c <= 'Z' ? 65 : 97;
          return String.fromCharCode(((c.charCodeAt(0) - start + 13) % 26) + start);
        }),
        isBytes: false,
      };
    case 'hex':
    case 'hexcodec':
      return unhex(text);
    case 'base64':
    case 'base64codec':
      return unbase64(text);
    default:
      return undefined;
  }
}

function unhex(text: string): { value: string; isBytes: boolean } | undefined {
  const clean = text.replace(/\s/g, '');
  if (!/^(?:[\da-fA-F]{2})*$/.test(clean)) return undefined;
  return { value: clean.replace(/../g, (h) => String.fromCharCode(Number.parseInt(h, 16))), isBytes: true };
}

function unbase64(text: string): { value: string; isBytes: boolean } | undefined {
  try {
    return { value: atob(text.replace(/\s/g, '')), isBytes: true };
  } catch {
    return undefined;
  }
}

/** Pure functions of str and bytes. */
function evaluateText(machine: Evaluation, path: string, items: readonly Ref[]): Ref | undefined {
  const give = (value: { value: string; isBytes: boolean } | undefined): Ref | undefined =>
    value === undefined || value.value.length > MAX_TEXT ? undefined : machine.computed(value.value, value.isBytes);
  const [first = 0, second = 0, third = 0] = items;
  const str = (ref: Ref): string | undefined => (ref ? machine.text(ref) : undefined);
  const plain = (value: string | undefined) => give(value === undefined ? undefined : { value, isBytes: false });
  switch (path) {
    case 'builtins.str.join':
    case 'builtins.bytes.join': {
      const glue = str(first);
      const list = machine.object(second);
      if (glue === undefined || !(list instanceof PickleContainer) || list.items.length !== list.count)
        return undefined;
      let out = '';
      for (const [index, item] of list.items.entries()) {
        const part = str(item);
        if (part === undefined || out.length > MAX_TEXT) return undefined;
        out += (index ? glue : '') + part;
      }
      return give({ value: out, isBytes: path.includes('bytes') });
    }
    case 'builtins.str.__add__':
    case 'builtins.bytes.__add__':
    case 'operator.add':
    case 'operator.concat':
    case 'operator.iadd':
    case 'operator.iconcat': {
      const a = str(first);
      const b = str(second);
      return a === undefined || b === undefined ? undefined : give({ value: a + b, isBytes: machine.isBytes(first) });
    }
    case '_codecs.encode':
    case 'codecs.encode':
    case 'builtins.str.encode': {
      const text = str(first);
      const codec = second ? str(second) : 'utf-8';
      if (text === undefined || codec === undefined) return undefined;
      const value = encodeText(text, codec);
      if (value === undefined) return give(decodeRot13(text, codec));
      return value.length > MAX_TEXT ? undefined : machine.computed(value, true, first);
    }
    case '_codecs.decode':
    case 'codecs.decode':
    case 'builtins.bytes.decode':
    case 'builtins.bytearray.decode': {
      const text = str(first);
      const codec = second ? str(second) : 'utf-8';
      return text === undefined || codec === undefined ? undefined : give(decodeText(text, codec));
    }
    case 'builtins.str':
    case 'builtins.bytes':
    case 'builtins.bytearray': {
      const text = path === 'builtins.str' ? str(first) : (byteNumbers(machine, first) ?? str(first));
      if (text === undefined || (path === 'builtins.str' && machine.isBytes(first) && !second)) return undefined;
      return give({ value: text, isBytes: path !== 'builtins.str' });
    }
    case 'builtins.bytes.fromhex':
    case 'builtins.bytearray.fromhex':
    case 'binascii.unhexlify':
    case 'binascii.a2b_hex':
    case 'base64.b16decode': {
      const text = str(first);
      return text === undefined ? undefined : give(unhex(text));
    }
    case 'base64.b64decode':
    case 'base64.standard_b64decode':
    case 'base64.decodebytes':
    case 'binascii.a2b_base64': {
      const text = str(first);
      return text === undefined ? undefined : give(unbase64(text));
    }
    case 'builtins.chr':
      return tagOf(first) === Tag.Int && payloadOf(first) >= 0 && payloadOf(first) <= 0x10ffff
        ? plain(String.fromCodePoint(payloadOf(first)))
        : undefined;
    case 'builtins.str.lower':
    case 'builtins.str.casefold':
      return plain(str(first)?.toLowerCase());
    case 'builtins.str.upper':
      return plain(str(first)?.toUpperCase());
    case 'builtins.str.strip':
      return second ? undefined : plain(str(first)?.trim());
    case 'builtins.str.swapcase':
      return plain(str(first)?.replace(/[a-zA-Z]/g, (c) => (c < 'a' ? c.toLowerCase() : c.toUpperCase())));
    case 'builtins.str.replace':
    case 'builtins.bytes.replace': {
      const [text, from, to] = [str(first), str(second), str(third)];
      if (text === undefined || !from || to === undefined || text.length * Math.max(1, to.length) > MAX_TEXT * 16) {
        return undefined;
      }
      return give({ value: text.split(from).join(to), isBytes: path.includes('bytes') });
    }
    default:
      return undefined;
  }
}

/** `bytes([111, 115])`: the bytes as one character each. */
function byteNumbers(machine: Evaluation, ref: Ref): string | undefined {
  const list = machine.object(ref);
  if (!(list instanceof PickleContainer) || list.items.length !== list.count || list.count === 0) return undefined;
  const codes: number[] = [];
  for (const item of list.items) {
    if (tagOf(item) !== Tag.Int || payloadOf(item) < 0 || payloadOf(item) > 255) return undefined;
    codes.push(payloadOf(item));
  }
  return fromBytes(Uint8Array.from(codes));
}

function decodeRot13(text: string, codec: string): { value: string; isBytes: boolean } | undefined {
  return /^rot[-_ ]?13$/i.test(codec) ? decodeText(text, 'rot13') : undefined;
}
