/**
 * Abstract values of the pickle machine. A value is one double, so that the stack and the memo are flat arrays and the
 * millions of strings and numbers of an ordinary pickle cost no allocation: `payload * 8 + tag`.
 */

export type Ref = number;

export enum Tag {
  /** Payload: index into the machine's objects. */
  Object = 0,
  /** Payload: the integer itself. */
  Int = 1,
  /** Payload: offset of the opcode that holds the text. */
  Text = 2,
  /** Payload: offset of the opcode that holds the bytes. */
  Bytes = 3,
  /** Payload: one of {@link Constant}. */
  Constant = 4,
  /** Payload: offset of the opcode. */
  Float = 5,
  /** A container or instance of harmless data whose content is no longer kept. Payload: offset of its opcode. */
  Plain = 6,
  /** An integer that does not fit into a payload. Payload: offset of the opcode. */
  BigInt = 7,
}

export enum Constant {
  None = 1,
  True = 2,
  False = 3,
  Unknown = 4,
}

export const NONE: Ref = Constant.None * 8 + Tag.Constant;
export const TRUE: Ref = Constant.True * 8 + Tag.Constant;
export const FALSE: Ref = Constant.False * 8 + Tag.Constant;
/** Something the machine does not know: what lay on the stack before the point where it began to read. */
export const UNKNOWN: Ref = Constant.Unknown * 8 + Tag.Constant;

export function tagOf(ref: Ref): Tag {
  const tag = ref % 8;
  return tag < 0 ? tag + 8 : tag;
}

export function payloadOf(ref: Ref): number {
  return Math.floor(ref / 8);
}

/** How a global came into use. Bits, since one callable may be used in several ways. */
export enum Use {
  Referenced = 1,
  /** REDUCE, INST, OBJ: `callable(*args)`. */
  Called = 2,
  /** NEWOBJ, NEWOBJ_EX: `cls.__new__(cls, *args)`, which no plain function survives. */
  Constructed = 4,
  /** BUILD, SETITEM, APPEND on the imported thing itself: its attributes or items are overwritten. */
  Overwritten = 8,
  /** Argument of a call. */
  Passed = 16,
  /** In the state or the items that an object is given. */
  Stored = 32,
}

/** A callable or other attribute of a module that the stream imports. One per name and stream. */
export class PickleGlobal {
  readonly kind = 'global';
  uses = 0;
  count = 0;
  /** Calls in all; only the first of them are kept. */
  calls = 0;
  /** Renderable name of what it was first handed to or stored in. */
  holder: PickleGlobal | undefined;
  /** Offset of the opcode that made the worst use. */
  useOffset: number;

  constructor(
    readonly module: string,
    readonly name: string,
    readonly offset: number,
    readonly opcode: string,
    /** The Python 2 name in the file when the unpickler maps it. */
    readonly original: string | undefined,
    /** Set when module or name is not known to the end. */
    readonly unresolved: boolean,
    /** Built by a call such as `__import__` or `getattr` instead of an import opcode. */
    readonly computed: boolean,
  ) {
    this.useOffset = offset;
  }

  /** `module.qualname`; the module alone when it stands for the module itself. */
  get path(): string {
    return this.name ? `${this.module}.${this.name}` : this.module;
  }
}

/** `fn(*args)` or `cls.__new__(cls, *args)`, never carried out. */
export class PickleCall {
  readonly kind = 'call';
  /** Items set on the result: `key, value` pairs or elements. */
  items: Ref[] | undefined;
  state: Ref = 0;

  constructor(
    readonly opcode: 'REDUCE' | 'INST' | 'OBJ' | 'NEWOBJ' | 'NEWOBJ_EX',
    readonly offset: number,
    readonly fn: Ref,
    readonly args: Ref,
    readonly kwargs: Ref,
  ) {}
}

export class PickleContainer {
  readonly items: Ref[] = [];
  /** Elements in all (pairs of a dict count as one); `items` may hold fewer. */
  count = 0;

  constructor(
    readonly kind: 'list' | 'tuple' | 'dict' | 'set' | 'frozenset',
    readonly offset: number,
  ) {}
}

/** An entry of the process-wide `copyreg` extension registry: some callable, known to the loading process only. */
export class PickleExtension {
  readonly kind = 'extension';
  constructor(
    readonly code: number,
    readonly offset: number,
  ) {}
}

export class PicklePersistent {
  readonly kind = 'persistent';
  constructor(
    readonly id: Ref,
    readonly offset: number,
  ) {}
}

/** Text or bytes that a pure function computes, such as `str.join`. */
export class PickleComputed {
  readonly kind = 'computed';
  constructor(
    readonly value: string,
    readonly isBytes: boolean,
    readonly offset: number,
    /** The constant whose encoding it is. */
    readonly source: Ref = 0,
  ) {}
}

export type PickleObject =
  | PickleGlobal
  | PickleCall
  | PickleContainer
  | PickleExtension
  | PicklePersistent
  | PickleComputed;
