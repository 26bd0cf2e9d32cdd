import type { Budget } from '../../budget';

/** A code object, whichever release wrote it. Only what is looked at. */
export interface CodeObject {
  readonly kind: 'code';
  readonly layout: CodeLayout;
  readonly argumentCount: number;
  readonly flags: number;
  readonly code: Uint8Array;
  readonly consts: readonly MarshalValue[];
  readonly names: readonly string[];
  /** Locals; since 3.11 cells and free variables follow in the same numbering. */
  readonly locals: readonly string[];
  /** Cells, then free variables, as the DEREF opcodes number them before 3.11. */
  readonly derefs: readonly string[];
  readonly fileName: string;
  readonly name: string;
  readonly firstLine: number;
}

/** A tuple, list, set or dict. A dict's items are its keys and values in turn. */
export interface MarshalSequence {
  readonly kind: 'tuple' | 'list' | 'set' | 'frozenset' | 'dict' | 'slice';
  readonly items: MarshalValue[];
}

export type MarshalValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | { readonly kind: 'ellipsis' | 'stop-iteration' | 'null' }
  | { readonly kind: 'complex'; readonly real: number; readonly imaginary: number }
  | MarshalSequence
  | CodeObject;

/**
 * Field orders of code objects in `w_object` of CPython's Python/marshal.c:
 * 2 = 2.x; 3 = 3.0 to 3.7 (keyword-only arguments); 38 = 3.8 to 3.10 (positional-only arguments); 311 = 3.11 and newer
 * (one list of locals, qualified name, exception table).
 */
export type CodeLayout = 2 | 3 | 38 | 311;
const LAYOUTS: readonly CodeLayout[] = [311, 38, 3, 2];

/** The bytes are no marshalled object of the layout that was tried. */
export class MalformedMarshal extends Error {
  constructor(
    readonly offset: number,
    what: string,
  ) {
    super(`${what} at offset ${offset}`);
    this.name = 'MalformedMarshal';
  }
}

/** CPython gives up at 2000; nothing a compiler writes comes near this. */
const DEEPEST = 500;
const MOST_OBJECTS = 500_000;
const FLAG_REF = 0x80;
const TEXT = new TextDecoder('utf-8');
const NULL = { kind: 'null' } as const;

class MarshalReader {
  #at = 0;
  #objects = 0;
  readonly #refs: (MarshalValue | undefined)[] = [];
  /** Strings that Python 2 numbers by their own. */
  readonly #interned: string[] = [];
  readonly #view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly layout: CodeLayout,
    private readonly budget: Budget,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get position(): number {
    return this.#at;
  }

  #need(length: number): number {
    const at = this.#at;
    if (length < 0 || at + length > this.bytes.length) throw new MalformedMarshal(at, `${length} bytes are missing`);
    this.#at = at + length;
    return at;
  }

  #i32(): number {
    return this.#view.getInt32(this.#need(4), true);
  }

  #size(): number {
    const size = this.#i32();
    // Every element takes at least a byte.
    if (size < 0 || size > this.bytes.length - this.#at) throw new MalformedMarshal(this.#at, `a size of ${size}`);
    return size;
  }

  #raw(length: number): Uint8Array {
    const at = this.#need(length);
    return this.bytes.subarray(at, at + length);
  }

  #latin(length: number): string {
    let out = '';
    for (const byte of this.#raw(length)) out += String.fromCharCode(byte);
    return out;
  }

  read(depth: number): MarshalValue {
    if (depth > DEEPEST) throw new MalformedMarshal(this.#at, `nested deeper than ${DEEPEST} levels`);
    this.#objects += 1;
    if (this.#objects > MOST_OBJECTS) throw new MalformedMarshal(this.#at, `more than ${MOST_OBJECTS} objects`);
    if (this.#objects % 4096 === 0) this.budget.checkTime();
    const start = this.#need(1);
    const type = this.bytes[start] as number;
    const slot = type & FLAG_REF ? this.#refs.push(undefined) - 1 : -1;
    const value = this.#body(String.fromCharCode(type & 0x7f), depth, slot, start);
    if (slot >= 0) this.#refs[slot] = value;
    return value;
  }

  #body(type: string, depth: number, slot: number, start: number): MarshalValue {
    switch (type) {
      case '0':
        return NULL;
      case 'N':
        return null;
      case 'T':
        return true;
      case 'F':
        return false;
      case 'S':
        return { kind: 'stop-iteration' };
      case '.':
        return { kind: 'ellipsis' };
      case 'i':
        return this.#i32();
      case 'I':
        return this.#view.getBigInt64(this.#need(8), true);
      case 'l':
        return this.#long();
      case 'f':
        return Number.parseFloat(this.#latin(this.bytes[this.#need(1)] as number));
      case 'g':
        return this.#view.getFloat64(this.#need(8), true);
      case 'x': {
        const real = Number.parseFloat(this.#latin(this.bytes[this.#need(1)] as number));
        return {
          kind: 'complex',
          real,
          imaginary: Number.parseFloat(this.#latin(this.bytes[this.#need(1)] as number)),
        };
      }
      case 'y': {
        const real = this.#view.getFloat64(this.#need(8), true);
        return { kind: 'complex', real, imaginary: this.#view.getFloat64(this.#need(8), true) };
      }
      case 's':
        return this.#raw(this.#size());
      case 't': {
        const text = TEXT.decode(this.#raw(this.#size()));
        if (this.layout === 2) this.#interned.push(text);
        return text;
      }
      case 'R': {
        const index = this.#i32();
        const text = this.#interned[index];
        if (text === undefined) throw new MalformedMarshal(start, `string reference ${index}`);
        return text;
      }
      case 'u':
        return TEXT.decode(this.#raw(this.#size()));
      case 'a':
      case 'A':
        return this.#latin(this.#size());
      case 'z':
      case 'Z':
        return this.#latin(this.bytes[this.#need(1)] as number);
      case '(':
        return this.#sequence('tuple', this.#size(), depth, slot);
      case ')':
        return this.#sequence('tuple', this.bytes[this.#need(1)] as number, depth, slot);
      case '[':
        return this.#sequence('list', this.#size(), depth, slot);
      case '<':
        return this.#sequence('set', this.#size(), depth, slot);
      case '>':
        return this.#sequence('frozenset', this.#size(), depth, slot);
      case ':':
        return this.#sequence('slice', 3, depth, slot);
      case '{': {
        const dict: MarshalSequence = { kind: 'dict', items: [] };
        if (slot >= 0) this.#refs[slot] = dict;
        for (;;) {
          const key = this.read(depth + 1);
          if (key === NULL) return dict;
          dict.items.push(key, this.read(depth + 1));
        }
      }
      case 'r': {
        const index = this.#i32();
        const value = this.#refs[index];
        if (value === undefined) throw new MalformedMarshal(start, `reference ${index}`);
        return value;
      }
      case 'c':
        return this.#code(depth, start);
      default:
        throw new MalformedMarshal(start, `type 0x${type.charCodeAt(0).toString(16)}`);
    }
  }

  #long(): MarshalValue {
    const digits = this.#i32();
    const count = Math.abs(digits);
    // Longer integers are no constants of a program one would show.
    if (count > 10_000) throw new MalformedMarshal(this.#at, `an integer of ${count} digits`);
    let value = 0n;
    for (let i = 0; i < count; i += 1) value |= BigInt(this.#view.getUint16(this.#need(2), true)) << BigInt(15 * i);
    const signed = digits < 0 ? -value : value;
    return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
  }

  #sequence(kind: MarshalSequence['kind'], size: number, depth: number, slot: number): MarshalSequence {
    const sequence: MarshalSequence = { kind, items: [] };
    if (slot >= 0) this.#refs[slot] = sequence;
    for (let i = 0; i < size; i += 1) sequence.items.push(this.read(depth + 1));
    return sequence;
  }

  #code(depth: number, start: number): CodeObject {
    const { layout } = this;
    const argumentCount = this.#i32();
    if (layout === 38 || layout === 311) this.#i32();
    if (layout !== 2) this.#i32();
    if (layout !== 311) this.#i32();
    const stackSize = this.#i32();
    const flags = this.#i32();
    if (argumentCount < 0 || argumentCount > 65535 || stackSize < 0 || stackSize > 1_000_000) {
      throw new MalformedMarshal(start, 'counts of a code object');
    }
    const code = this.#expectBytes(this.read(depth + 1), start);
    const consts = this.#expectTuple(this.read(depth + 1), start);
    const nameList = this.#expectStrings(this.read(depth + 1), start);
    const locals = this.#expectStrings(this.read(depth + 1), start);
    let derefs: string[] = [];
    if (layout === 311) {
      this.#expectBytes(this.read(depth + 1), start);
    } else {
      const free = this.#expectStrings(this.read(depth + 1), start);
      const cells = this.#expectStrings(this.read(depth + 1), start);
      derefs = [...cells, ...free];
    }
    const fileName = this.#expectString(this.read(depth + 1), start);
    const name = this.#expectString(this.read(depth + 1), start);
    if (layout === 311) this.#expectString(this.read(depth + 1), start);
    const firstLine = this.#i32();
    this.#expectBytes(this.read(depth + 1), start);
    if (layout === 311) this.#expectBytes(this.read(depth + 1), start);
    return {
      kind: 'code',
      layout,
      argumentCount,
      flags,
      code,
      consts,
      names: nameList,
      locals,
      derefs,
      fileName,
      name,
      firstLine,
    };
  }

  #expectBytes(value: MarshalValue, start: number): Uint8Array {
    if (value instanceof Uint8Array) return value;
    // Python 2 interns byte strings, line tables among them.
    if (this.layout === 2 && typeof value === 'string') return new TextEncoder().encode(value);
    throw new MalformedMarshal(start, 'a code object without its bytes');
  }

  #expectTuple(value: MarshalValue, start: number): MarshalValue[] {
    if (typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'tuple') return value.items;
    throw new MalformedMarshal(start, 'a code object without its tuples');
  }

  #expectString(value: MarshalValue, start: number): string {
    if (typeof value === 'string') return value;
    if (this.layout === 2 && value instanceof Uint8Array) return TEXT.decode(value);
    throw new MalformedMarshal(start, 'a code object without its names');
  }

  #expectStrings(value: MarshalValue, start: number): string[] {
    return this.#expectTuple(value, start).map((item) => this.#expectString(item, start));
  }
}

/** The value and how many bytes it took. */
export interface Unmarshalled {
  value: MarshalValue;
  bytes: number;
}

/**
 * Reads a marshalled object without knowing which Python wrote it: the layouts of code objects are tried, newest first,
 * and the first that fits is taken. Nothing is executed; references are kept as shared values and never expanded.
 * @throws MalformedMarshal when none fits (the error of the layout that came furthest)
 */
export function readMarshal(bytes: Uint8Array, budget: Budget): Unmarshalled {
  let best: MalformedMarshal | undefined;
  for (const layout of LAYOUTS) {
    const reader = new MarshalReader(bytes, layout, budget);
    try {
      const value = reader.read(0);
      return { value, bytes: reader.position };
    } catch (error) {
      if (!(error instanceof MalformedMarshal)) throw error;
      if (!best || error.offset > best.offset) best = error;
    }
  }
  throw best ?? new MalformedMarshal(0, 'nothing');
}

export function isCode(value: MarshalValue): value is CodeObject {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'code';
}

export function isSequence(value: MarshalValue): value is MarshalSequence {
  return typeof value === 'object' && value !== null && 'items' in value;
}
