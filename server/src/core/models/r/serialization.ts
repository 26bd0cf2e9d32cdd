import type { Budget } from '../../budget';

/** SEXP type codes of R's serialization ("R Internals", section 1.8; `src/main/serialize.c`). */
const SYM = 1;
const LIST = 2;
const CLO = 3;
const ENV = 4;
const PROM = 5;
const LANG = 6;
const SPECIAL = 7;
const BUILTIN = 8;
const CHAR = 9;
const LGL = 10;
const INT = 13;
const REAL = 14;
const CPLX = 15;
const STR = 16;
const DOT = 17;
const VEC = 19;
const EXPR = 20;
const BCODE = 21;
const EXTPTR = 22;
const WEAKREF = 23;
const RAW = 24;
const S4 = 25;
const ALTREP = 238;
const ATTRLIST = 239;
const ATTRLANG = 240;
const BCREPREF = 243;
const BCREPDEF = 244;
const PERSIST = 247;
const PACKAGE = 248;
const NAMESPACE = 249;
const UNBOUND = 252;
const REF = 255;
/** Codes that stand for one constant object and carry nothing. */
const SINGLETONS = new Set([0, 241, 242, 250, 251, UNBOUND, 253, 254]);

const HAS_ATTRIBUTES = 0x200;
const HAS_TAG = 0x400;
const MAX_DEPTH = 2000;

/** A call whose function is a name: `system("echo")`. `arguments` are the literal strings among its arguments. */
export interface RCall {
  name: string;
  arguments: string[];
  offset: number;
}

export interface RPromise {
  offset: number;
  /** True when the promise is the object itself and not something deep in an environment. */
  root: boolean;
  /** The calls its expression makes. */
  calls: string[];
}

export interface RSummary {
  version: number;
  writtenBy: string;
  /** Why reading stopped early, with what was read until then kept. */
  stopped?: string;
  calls: RCall[];
  promises: RPromise[];
  classes: string[];
  types: Map<string, number>;
}

type Value =
  | { kind: 'symbol' | 'string'; text: string }
  | { kind: 'strings'; texts: string[] }
  | { kind: 'call'; call: RCall }
  | { kind: 'other' };
const OTHER: Value = { kind: 'other' };

/** Functions that look another one up by its name. */
const LOOKUPS = /^(?:get|get0|mget|match\.fun|getFunction|getExportedValue|getFromNamespace|getAnywhere|dynGet)$/;

/** The function that a call in the place of a function gives: `base::system`, `get("system")`. */
function calleeOf({ name, arguments: args }: RCall): string {
  if (name === '::' || name === ':::' || name === '$' || name === '@') return args.at(-1) ?? '';
  return LOOKUPS.test(name) ? (args[0] ?? '') : '';
}

class Stopped extends Error {}

/**
 * Walks an uncompressed R serialization (`readRDS`, or the body of `load`) in XDR, native binary or ASCII form, and
 * gathers the language objects in it. Nothing is evaluated; vectors are skipped.
 * @param bytes from the format line (`X\n`, `B\n`, `A\n`) on
 * @throws Error when the header is no R serialization
 */
export function readRSerialization(bytes: Uint8Array, budget: Budget): RSummary {
  const reader = new SerializationReader(bytes, budget);
  return reader.read();
}

class SerializationReader {
  #at = 2;
  readonly #ascii: boolean;
  readonly #little: boolean;
  readonly #view: DataView;
  readonly #symbols: Value[] = [];
  #steps = 0;
  readonly #summary: RSummary = { version: 0, writtenBy: '', calls: [], promises: [], classes: [], types: new Map() };

  constructor(
    private readonly bytes: Uint8Array,
    private readonly budget: Budget,
  ) {
    const mode = String.fromCharCode(bytes[0] ?? 0);
    if (!'XBA'.includes(mode) || bytes[1] !== 10) throw new Error('no R serialization header');
    this.#ascii = mode === 'A';
    this.#little = mode === 'B';
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  read(): RSummary {
    const summary = this.#summary;
    summary.version = this.#int();
    if (summary.version !== 2 && summary.version !== 3)
      throw new Error(`unknown R serialization version ${summary.version}`);
    const writer = this.#int();
    summary.writtenBy = `${writer >> 16}.${(writer >> 8) & 255}.${writer & 255}`;
    this.#int();
    try {
      if (summary.version === 3) this.#text(this.#int());
      this.#item(0, []);
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      summary.stopped = `${error.message} at offset ${this.#at}`;
    }
    return summary;
  }

  #need(length: number): void {
    if (length < 0 || this.#at + length > this.bytes.length) throw new Stopped('the data ends early');
  }

  #word(): string {
    while (this.#at < this.bytes.length && (this.bytes[this.#at] as number) <= 32) this.#at += 1;
    const start = this.#at;
    while (this.#at < this.bytes.length && (this.bytes[this.#at] as number) > 32) this.#at += 1;
    if (start === this.#at) throw new Stopped('the data ends early');
    return latin1(this.bytes.subarray(start, this.#at));
  }

  #int(): number {
    if (this.#ascii) {
      const word = this.#word();
      return word === 'NA' ? -(2 ** 31) : Number.parseInt(word, 10) | 0;
    }
    this.#need(4);
    const value = this.#view.getInt32(this.#at, this.#little);
    this.#at += 4;
    return value;
  }

  /** Length of a vector: -1 announces a 64-bit one. */
  #length(): number {
    const length = this.#int();
    if (length !== -1) {
      if (length < 0) throw new Stopped('a negative length');
      return length;
    }
    return this.#int() * 2 ** 32 + (this.#int() >>> 0);
  }

  #skipNumbers(count: number, size: number): void {
    if (!this.#ascii) {
      this.#need(count * size);
      this.#at += count * size;
      return;
    }
    for (let i = 0; i < count; i += 1) {
      this.#step();
      this.#word();
    }
  }

  #text(length: number): string {
    if (length === -1) return '';
    if (!this.#ascii) {
      this.#need(length);
      this.#at += length;
      return new TextDecoder().decode(this.bytes.subarray(this.#at - length, this.#at));
    }
    if (length === 0) return '';
    return this.#word().replace(/\\([0-7]{1,3}|.)/g, (_, code: string) =>
      /^[0-7]/.test(code)
        ? String.fromCharCode(Number.parseInt(code, 8))
        : ({ n: '\n', t: '\t', r: '\r' }[code] ?? code),
    );
  }

  #step(): void {
    this.#steps += 1;
    if (this.#steps % 4096 === 0) this.budget.checkTime();
  }

  /** @param calls names of the functions called below the nearest promise or the root */
  #item(depth: number, calls: string[]): Value {
    this.#step();
    if (depth > MAX_DEPTH) throw new Stopped(`nested deeper than ${MAX_DEPTH}`);
    const offset = this.#at;
    const flags = this.#int();
    const type = flags & 255;
    this.#summary.types.set(
      TYPE_NAMES[type] ?? `type ${type}`,
      (this.#summary.types.get(TYPE_NAMES[type] ?? `type ${type}`) ?? 0) + 1,
    );
    if (SINGLETONS.has(type)) return OTHER;
    switch (type) {
      case REF:
        return this.#symbols[(flags >> 8 || this.#int()) - 1] ?? OTHER;
      case SYM: {
        const name = this.#item(depth + 1, calls);
        const symbol: Value = { kind: 'symbol', text: name.kind === 'string' ? name.text : '' };
        this.#symbols.push(symbol);
        return symbol;
      }
      case PERSIST:
      case PACKAGE:
      case NAMESPACE: {
        this.#int();
        const count = this.#length();
        for (let i = 0; i < count; i += 1) this.#item(depth + 1, calls);
        this.#symbols.push(OTHER);
        return OTHER;
      }
      case ENV:
        this.#int();
        this.#symbols.push(OTHER);
        for (let i = 0; i < 4; i += 1) this.#item(depth + 1, calls);
        return OTHER;
      case LIST:
      case CLO:
      case PROM:
      case DOT:
      case LANG:
      case ATTRLIST:
      case ATTRLANG:
        return this.#pair(type, flags, offset, depth, calls);
      case EXTPTR:
        this.#symbols.push(OTHER);
        this.#item(depth + 1, calls);
        this.#item(depth + 1, calls);
        break;
      case WEAKREF:
        this.#symbols.push(OTHER);
        break;
      case SPECIAL:
      case BUILTIN: {
        const name = this.#text(this.#int());
        return { kind: 'symbol', text: name };
      }
      case CHAR:
        return { kind: 'string', text: this.#text(this.#int()) };
      case LGL:
      case INT:
        this.#skipNumbers(this.#length(), 4);
        break;
      case REAL:
        this.#skipNumbers(this.#length(), 8);
        break;
      case CPLX:
        this.#skipNumbers(this.#length() * (this.#ascii ? 2 : 1), this.#ascii ? 1 : 16);
        break;
      case RAW:
        this.#skipNumbers(this.#length(), 1);
        break;
      case STR: {
        const count = this.#length();
        const texts: string[] = [];
        for (let i = 0; i < count; i += 1) {
          const item = this.#item(depth + 1, calls);
          if (item.kind === 'string' && texts.length < 8) texts.push(item.text);
        }
        this.#attributes(flags, depth, calls);
        return { kind: 'strings', texts };
      }
      case VEC:
      case EXPR: {
        const count = this.#length();
        for (let i = 0; i < count; i += 1) this.#item(depth + 1, calls);
        break;
      }
      case BCODE:
        this.#int();
        this.#byteCode(depth + 1, calls);
        break;
      case S4:
        break;
      case ALTREP:
        for (let i = 0; i < 3; i += 1) this.#item(depth + 1, calls);
        return OTHER;
      default:
        throw new Stopped(`unknown type code ${type}`);
    }
    this.#attributes(flags, depth, calls);
    return OTHER;
  }

  #attributes(flags: number, depth: number, calls: string[]): void {
    if (flags & HAS_ATTRIBUTES) this.#item(depth + 1, calls);
  }

  /** Pairlists are read in a loop along their tail: a long list is no deep one. */
  #pair(type: number, flags: number, offset: number, depth: number, calls: string[]): Value {
    if (type === PROM) {
      const inner: string[] = [];
      const promise: RPromise = { offset, root: depth === 0, calls: inner };
      this.#attributes(flags, depth, calls);
      // A tag on a promise is its environment: one that has been forced has none any more.
      const forced = !(flags & HAS_TAG);
      if (!forced) this.#item(depth + 1, calls);
      if (!forced || depth === 0) this.#summary.promises.push(promise);
      this.#item(depth + 1, calls);
      this.#item(depth + 1, inner);
      return OTHER;
    }
    const isCall = type === LANG || type === ATTRLANG;
    let call: RCall | undefined;
    let first = true;
    let current = { type, flags };
    for (;;) {
      this.#step();
      if (current.flags & HAS_ATTRIBUTES || current.type === ATTRLIST || current.type === ATTRLANG)
        this.#item(depth + 1, calls);
      let tag = '';
      // A closure is written as environment, formals and body; the environment always stands in the tag's place.
      if (current.flags & HAS_TAG || current.type === CLO) {
        const tagged = this.#item(depth + 1, calls);
        if (tagged.kind === 'symbol') tag = tagged.text;
      }
      if (current.type === CLO) {
        this.#item(depth + 1, calls);
        this.#item(depth + 1, calls);
        return OTHER;
      }
      const head = this.#item(depth + 1, calls);
      if (isCall && first) {
        const name = head.kind === 'symbol' ? head.text : head.kind === 'call' ? calleeOf(head.call) : '';
        if (name) {
          call = { name, arguments: [], offset };
          this.#summary.calls.push(call);
          calls.push(name);
        }
      } else if (call && call.arguments.length < 8) {
        if (head.kind === 'strings') call.arguments.push(...head.texts.slice(0, 4));
        else if (head.kind === 'string' || head.kind === 'symbol') call.arguments.push(head.text);
      } else if (tag === 'class' && head.kind === 'strings' && this.#summary.classes.length < 16) {
        this.#summary.classes.push(...head.texts);
      }
      first = false;
      // The tail: another cell of the list, or its end.
      const start = this.#at;
      const next = this.#int();
      const nextType = next & 255;
      if (nextType === LIST || nextType === ATTRLIST || (isCall && nextType === LANG)) {
        current = { type: nextType, flags: next };
        continue;
      }
      this.#at = start;
      this.#item(depth + 1, calls);
      return call ? { kind: 'call', call } : OTHER;
    }
  }

  /** Compiled code: an integer vector of instructions and its constants, among them the calls it was compiled from. */
  #byteCode(depth: number, calls: string[]): void {
    if (depth > MAX_DEPTH) throw new Stopped(`nested deeper than ${MAX_DEPTH}`);
    this.#item(depth + 1, calls);
    const count = this.#length();
    for (let i = 0; i < count; i += 1) {
      this.#step();
      const type = this.#int();
      if (type === BCODE) this.#byteCode(depth + 1, calls);
      else if (
        type === LANG ||
        type === LIST ||
        type === BCREPDEF ||
        type === BCREPREF ||
        type === ATTRLANG ||
        type === ATTRLIST
      ) {
        this.#byteCodeLanguage(type, depth + 1, calls);
      } else this.#item(depth + 1, calls);
    }
  }

  #byteCodeLanguage(type: number, depth: number, calls: string[]): void {
    if (depth > MAX_DEPTH) throw new Stopped(`nested deeper than ${MAX_DEPTH}`);
    this.#step();
    if (type === BCREPREF) {
      this.#int();
      return;
    }
    let kind = type;
    if (kind === BCREPDEF) {
      this.#int();
      kind = this.#int();
    }
    if (![LANG, LIST, ATTRLANG, ATTRLIST].includes(kind)) {
      this.#item(depth + 1, calls);
      return;
    }
    const offset = this.#at;
    if (kind === ATTRLANG || kind === ATTRLIST) this.#item(depth + 1, calls);
    this.#item(depth + 1, calls);
    for (const position of ['head', 'tail'] as const) {
      const next = this.#int();
      if ([LANG, LIST, BCREPDEF, BCREPREF, ATTRLANG, ATTRLIST].includes(next))
        this.#byteCodeLanguage(next, depth + 1, calls);
      else {
        const value = this.#item(depth + 1, calls);
        if (position === 'head' && value.kind === 'symbol' && (kind === LANG || kind === ATTRLANG)) {
          this.#summary.calls.push({ name: value.text, arguments: [], offset });
          calls.push(value.text);
        }
      }
    }
  }
}

const TYPE_NAMES: Record<number, string> = {
  [SYM]: 'symbol',
  [LIST]: 'pairlist',
  [CLO]: 'closure',
  [ENV]: 'environment',
  [PROM]: 'promise',
  [LANG]: 'call',
  [STR]: 'character',
  [INT]: 'integer',
  [REAL]: 'double',
  [LGL]: 'logical',
  [VEC]: 'list',
  [EXPR]: 'expression',
  [BCODE]: 'bytecode',
  [RAW]: 'raw',
  [S4]: 'S4',
  [EXTPTR]: 'externalptr',
};

function latin1(bytes: Uint8Array): string {
  let out = '';
  for (const b of bytes) out += String.fromCharCode(b);
  return out;
}
