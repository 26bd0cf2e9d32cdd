/**
 * Reads one pickle stream as CPython's unpickler would (`Modules/_pickle.c`, `Lib/pickle.py`) and carries out none of it.
 * The stack, the marks and the memo are simulated with abstract values (values.ts); what would be imported and called
 * is written down. The loop is synchronous over a window of the source and allocates nothing for plain data.
 */
import { type Budget, BudgetExceeded } from '../budget';
import type { ByteSource } from '../io/byteSource';
import type { BlobEncoding } from './encodings';
import { type Evaluation, evaluate, TextNeeded } from './evaluate';
import { HIGHEST_PROTOCOL } from './opcodes';
import { mapPythonTwo } from './pythonTwo';
import {
  FALSE,
  NONE,
  PickleCall,
  PickleComputed,
  PickleContainer,
  PickleExtension,
  PickleGlobal,
  type PickleObject,
  PicklePersistent,
  payloadOf,
  type Ref,
  Tag,
  TRUE,
  tagOf,
  UNKNOWN,
  Use,
} from './values';

/** Something about the stream itself that an ordinary pickler does not write. */
export interface PickleAnomaly {
  kind:
    | 'frame-crossed'
    | 'frame-beyond-end'
    | 'huge-memo-index'
    | 'expansion'
    | 'protocol-repeated'
    | 'unknown-protocol';
  offset: number;
  /** Where reading should be tried again because a loader may do so: the end of the frame that an opcode crosses. */
  resumeAt?: number;
  until?: number;
}

/** A string or bytes constant whose first bytes look like another serialised object. */
export interface PickleBlob {
  /** Offset of the payload itself. */
  offset: number;
  length: number;
  encoding: BlobEncoding;
}

/** A text with a run of characters as credentials have them. */
export interface PickleText {
  offset: number;
  value: string;
  /** The text before it: its key in a dictionary, the option before it in a list of arguments. */
  key: string | undefined;
}

export interface PickleTrace {
  start: number;
  /** Offset after the last opcode that was read to its end. */
  end: number;
  /** True when STOP was reached. */
  complete: boolean;
  error?: { offset: number; reason: string };
  /** The highest PROTO operand; 0 without PROTO. */
  protocol: number;
  opcodes: number;
  globals: readonly PickleGlobal[];
  calls: readonly PickleCall[];
  anomalies: readonly PickleAnomaly[];
  blobs: readonly PickleBlob[];
  /** True when there were more of them than are kept. */
  blobsCut: boolean;
  /** The first texts that may hold a credential. */
  texts: readonly PickleText[];
  /** What the loader would return; 0 when there is nothing. */
  result: Ref;
  /** How often each opcode occurs, by its code. */
  histogram: Uint32Array;
  machine: PickleMachine;
  /** A budget that was met; what was read until then is in the trace. */
  interrupted?: BudgetExceeded;
}

export interface MachineOptions {
  budget: Budget;
  /** True when nothing needs to be kept about calls of this global: it is harmless whatever its arguments are. */
  quiet: (global: PickleGlobal) => boolean;
  /**
   * Reading began in the middle of something: a stack that is too short gives unknown values and is no error.
   */
  loose?: boolean;
  /** Reading ends here at the latest. */
  end?: number;
  /** For tests: every opcode that is begun, with its offset. */
  onOpcode?: (code: number, offset: number) => void;
}

enum Request {
  Stop,
  Error,
  More,
  Line,
  Text,
  Array,
}

/** Containers and calls that are kept in detail; beyond it plain data is only counted. */
const DETAIL = 50_000;
const CHILDREN = 1024;
const OBJECTS = 4_000_000;
const CALLS = 20_000;
const CALLS_PER_GLOBAL = 50;
/** Serialised constants that are kept: a module pickled without torch.save has one for each of its storages. */
const BLOBS = 16_384;
const WALK = 5_000_000;
const STACK_LIMIT = 64 * 2 ** 20;
const DENSE_MEMO = 16 * 2 ** 20;
/** Entries of a piece of the memo. */
const MEMO_PAGE = 16_384;
/** A memo index this large makes the C unpickler allocate gigabytes. */
const HUGE_MEMO_INDEX = 2 ** 27;
const MAX_NAME = 64 * 1024;
const FIRST_CHUNK = 64 * 1024;
/** The same over the network, where the source itself reads ahead as soon as reading goes on. */
const DISTANT_CHUNK = 4096;
const NEXT_CHUNK = 512 * 1024;
/** Longest text that is read for a name or an evaluation. */
const TEXT_LIMIT = 64 * 1024;

/** Texts that may hold a credential: how many are kept, how long they are, and through how much text they are searched. */
const TELLABLE = 4096;
const TELLABLE_LENGTH = 8192;
const LOOKED_THROUGH = 16 * 2 ** 20;

const RECONSTRUCT = /^numpy\._?core\.(?:multiarray|_multiarray_umath)\._reconstruct$/;

const SPENT = new PickleContainer('tuple', 0);
const utf8 = new TextDecoder('utf-8');
const latin1 = new TextDecoder('latin1');

/** A window over the source, shared by the streams of one file so that small stacked pickles do not read again. */
export class PickleWindow {
  buffer: Uint8Array = new Uint8Array(0);
  start = 0;
  #next = FIRST_CHUNK;
  #own: Uint8Array | undefined;

  constructor(readonly source: ByteSource) {}

  async fill(offset: number, length: number): Promise<void> {
    const end = this.start + this.buffer.length;
    // Reading on grows the window, so that a long pickle is read in large pieces and a skipped payload not at all.
    const first = this.source.distant ? DISTANT_CHUNK : FIRST_CHUNK;
    this.#next = offset <= end && offset > this.start ? NEXT_CHUNK : first;
    const wanted = Math.max(length, this.#next);
    if (wanted <= NEXT_CHUNK && wanted > FIRST_CHUNK && this.source.readInto) {
      // The same memory for every piece: hundreds of large ones would be garbage faster than it is collected.
      this.#own ??= new Uint8Array(NEXT_CHUNK);
      const filled = await this.source.readInto(this.#own.subarray(0, wanted), offset);
      this.buffer = this.#own.subarray(0, filled);
    } else this.buffer = await this.source.read(offset, wanted);
    this.start = offset;
  }
}

export class PickleMachine implements Evaluation {
  readonly objects: PickleObject[] = [SPENT];
  readonly #globals = new Map<string, Ref>();
  readonly #quiet = new Set<PickleGlobal>();
  readonly #calls: PickleCall[] = [];
  readonly #anomalies: PickleAnomaly[] = [];
  readonly #blobs: PickleBlob[] = [];
  readonly #texts = new Map<number, string>();
  readonly #tellable: PickleText[] = [];
  /** Bytes that may still be looked through for such texts. */
  #lookable = LOOKED_THROUGH;
  readonly #histogram = new Uint32Array(256);
  #stack = new Float64Array(64);
  #sp = 0;
  #marks: number[] = [];
  #fence = 0;
  #memo = new Float64Array(64);
  readonly #memoPages: (Float64Array | undefined)[] = [];
  #memoCount = 0;
  readonly #sparse = new Map<number, Ref>();
  #pos = 0;
  #opcodes = 0;
  #details = 0;
  #children = 0;
  #walked = 0;
  #protocol = 0;
  #maxProtocol = 0;
  #sawProto = false;
  #frameEnd = Number.POSITIVE_INFINITY;
  #lastOp = 0;
  #gets = 0;
  #wanted = 0;
  #lineAt = -1;
  #lineEnd = -1;
  #error: { offset: number; reason: string } | undefined;
  #result: Ref = 0;
  #need = 0;
  #array: { call: PickleCall; at: number } | undefined;
  #end = 0;

  constructor(
    private readonly window: PickleWindow,
    private readonly options: MachineOptions,
  ) {}

  /** Reads the stream that begins at `start`. Never throws but for errors of the source itself. */
  async run(start: number): Promise<PickleTrace> {
    this.#pos = start;
    this.#lastOp = start;
    this.#end = Math.min(this.options.end ?? this.window.source.size, this.window.source.size);
    let interrupted: BudgetExceeded | undefined;
    try {
      const inWindow = start - this.window.start;
      if (inWindow < 0 || inWindow >= this.window.buffer.length) await this.#fill(start, 1);
      await this.#drive();
    } catch (error) {
      // What was read until then counts: the caller judges it before it gives up.
      if (!(error instanceof BudgetExceeded)) throw error;
      interrupted = error;
      this.#error = { offset: this.#pos, reason: error.message };
    }
    return {
      start,
      end: this.#pos,
      complete: this.#error === undefined,
      ...(this.#error && { error: this.#error }),
      protocol: this.#maxProtocol,
      opcodes: this.#opcodes,
      globals: [...this.#globals.values()].map((ref) => this.objects[payloadOf(ref)] as PickleGlobal),
      calls: this.#calls,
      anomalies: this.#anomalies,
      blobs: this.#blobs,
      blobsCut: this.#blobs.length >= BLOBS,
      texts: this.#tellable,
      result: this.#result,
      histogram: this.#histogram,
      machine: this,
      ...(interrupted && { interrupted }),
    };
  }

  async #drive(): Promise<void> {
    for (;;) {
      const request = this.#loop();
      if (request === Request.Stop || request === Request.Error) return;
      this.options.budget.checkTime();
      if (request === Request.More) await this.#fill(this.#pos, this.#need);
      else if (request === Request.Text) {
        const text = await this.readText(this.#wanted, TEXT_LIMIT);
        if (this.#texts.size > 10_000) this.#texts.clear();
        this.#texts.set(this.#wanted, text);
      } else if (request === Request.Line) {
        this.#lineAt = this.#pos;
        this.#lineEnd = await this.#findNewline(this.#pos);
        // A line that the window cuts in two is wanted whole; only one that is long for its kind is judged unread.
        if (this.#lineEnd >= 0 && this.#lineEnd - this.#pos < NEXT_CHUNK) {
          await this.#fill(this.#pos, this.#lineEnd - this.#pos + 1);
        }
      } else await this.#skipArray();
    }
  }

  /** A source may have less than it said (a member whose header lies): the stream ends where the bytes do. */
  async #fill(offset: number, length: number): Promise<void> {
    await this.window.fill(offset, length);
    if (this.window.buffer.length < length) this.#end = Math.min(this.#end, offset + this.window.buffer.length);
  }

  get source(): ByteSource {
    return this.window.source;
  }

  /** The object behind a value, if it has one. */
  object(ref: Ref): PickleObject | undefined {
    return tagOf(ref) === Tag.Object ? this.objects[payloadOf(ref)] : undefined;
  }

  /**
   * Text or bytes of a value without waiting; bytes as one character each.
   * @throws TextNeeded when it has to be read first
   */
  text(ref: Ref): string | undefined {
    const tag = tagOf(ref);
    if (tag === Tag.Object) {
      const object = this.objects[payloadOf(ref)];
      return object instanceof PickleComputed ? object.value : undefined;
    }
    if (tag !== Tag.Text && tag !== Tag.Bytes) return undefined;
    const at = payloadOf(ref);
    const kept = this.#texts.get(at);
    if (kept !== undefined) return kept;
    const inWindow = at - this.window.start;
    if (inWindow >= 0 && inWindow + 2 <= this.window.buffer.length) {
      const code = this.window.buffer[inWindow] as number;
      const length = this.window.buffer[inWindow + 1] as number;
      if (code === 0x8c && inWindow + 2 + length <= this.window.buffer.length) {
        return utf8.decode(this.window.buffer.subarray(inWindow + 2, inWindow + 2 + length));
      }
    }
    this.#wanted = at;
    throw new TextNeeded();
  }

  isBytes(ref: Ref): boolean {
    if (tagOf(ref) === Tag.Bytes) return true;
    const object = this.object(ref);
    return object instanceof PickleComputed && object.isBytes;
  }

  computed(value: string, isBytes: boolean, source: Ref = 0): Ref {
    return this.#add(new PickleComputed(value.slice(0, TEXT_LIMIT), isBytes, this.#lastOp, source));
  }

  /** The global of that name, made when it is new. */
  global(module: string, name: string, computed: boolean): Ref {
    return this.#global(module, name, this.#lastOp, computed ? 'REDUCE' : 'STACK_GLOBAL', undefined, false, computed);
  }

  tuple(items: readonly Ref[]): Ref {
    const container = new PickleContainer('tuple', this.#lastOp);
    for (const item of items.slice(0, CHILDREN)) container.items.push(item);
    container.count = items.length;
    return this.#add(container);
  }

  /**
   * Text of the string, bytes or number opcode at `offset`, read from the source.
   * @param limit most bytes that are read of it
   */
  async readText(offset: number, limit: number): Promise<string> {
    const head = await this.window.source.read(offset, 9);
    if (head.length === 0) return '';
    const view = new DataView(head.buffer, head.byteOffset, head.length);
    const payload = async (
      header: number,
      length: number,
      decoder: { decode(bytes: Uint8Array): string },
    ): Promise<string> => decoder.decode(await this.window.source.read(offset + header, Math.min(length, limit)));
    const code = head[0] as number;
    if (code === 0x8c) return payload(2, head[1] ?? 0, utf8);
    if (code === 0x55 || code === 0x43) return payload(2, head[1] ?? 0, latin1);
    if ((code === 0x58 || code === 0x42 || code === 0x54) && head.length >= 5) {
      return payload(5, view.getUint32(1, true), code === 0x58 ? utf8 : latin1);
    }
    if ((code === 0x8d || code === 0x8e || code === 0x96) && head.length >= 9) {
      return payload(9, Number(view.getBigUint64(1, true)), code === 0x8d ? utf8 : latin1);
    }
    if (code === 0x47 && head.length >= 9) return String(view.getFloat64(1, false));
    const line = latin1.decode(await this.window.source.read(offset + 1, limit));
    const newline = line.indexOf('\n');
    const text = newline < 0 ? line : line.slice(0, newline);
    if (code === 0x53) return unescapeString(text.trim().replace(/^(['"])(.*)\1$/s, '$2'));
    if (code === 0x56) return unescapeUnicode(text);
    return text;
  }

  #add(object: PickleObject): Ref {
    if (this.objects.length >= OBJECTS) return UNKNOWN;
    this.objects.push(object);
    return (this.objects.length - 1) * 8 + Tag.Object;
  }

  #global(
    module: string,
    name: string,
    offset: number,
    opcode: string,
    original: string | undefined,
    unresolved: boolean,
    computed: boolean,
  ): Ref {
    const key = `${module}\n${name}`;
    let ref = this.#globals.get(key);
    if (ref === undefined) {
      const made = new PickleGlobal(module, name, offset, opcode, original, unresolved, computed);
      ref = this.#add(made);
      if (ref === UNKNOWN) return ref;
      this.#globals.set(key, ref);
      if (this.options.quiet(made)) this.#quiet.add(made);
    }
    const global = this.objects[payloadOf(ref)] as PickleGlobal;
    global.count += 1;
    global.uses |= Use.Referenced;
    return ref;
  }

  #import(module: string, name: string, at: number, opcode: string): Ref {
    if (this.#protocol < 3) {
      const mapped = mapPythonTwo(module, name);
      if (mapped.module !== module || mapped.name !== name) {
        return this.#global(mapped.module, mapped.name, at, opcode, `${module}.${name}`, false, false);
      }
    }
    return this.#global(module, name, at, opcode, undefined, false, false);
  }

  #fail(offset: number, reason: string): Request {
    this.#error = { offset, reason };
    this.#pos = offset;
    return Request.Error;
  }

  #more(offset: number, length: number): Request {
    this.#pos = offset;
    if (offset + length > this.#end) return this.#fail(offset, 'the data end inside an opcode');
    this.#need = length;
    return Request.More;
  }

  #push(ref: Ref): void {
    if (this.#sp === this.#stack.length) {
      const grown = new Float64Array(this.#stack.length * 2);
      grown.set(this.#stack);
      this.#stack = grown;
    }
    this.#stack[this.#sp++] = ref;
  }

  /** Pops one value; UNKNOWN when reading began in the middle. Callers have checked the height unless loose. */
  #pop(): Ref {
    if (this.#sp <= this.#fence) return UNKNOWN;
    return this.#stack[--this.#sp] as Ref;
  }

  #has(count: number): boolean {
    return this.#sp - this.#fence >= count || this.options.loose === true;
  }

  /** Height at the newest mark, which is removed; -1 when there is none. */
  #popMark(): number {
    const mark = this.#marks.pop();
    this.#fence = this.#marks.length ? (this.#marks[this.#marks.length - 1] as number) : 0;
    if (mark === undefined) return this.options.loose ? this.#fence : -1;
    return mark;
  }

  #putMemo(index: number, ref: Ref, at: number): void {
    if (index > HUGE_MEMO_INDEX && index > this.#memoCount * 2) this.#note('huge-memo-index', at);
    if (index < this.#memo.length || (index < DENSE_MEMO && index < this.#memoCount * 4 + 4096)) {
      const page = this.#memoPage(index);
      if (page[index % MEMO_PAGE] === 0) this.#memoCount += 1;
      page[index % MEMO_PAGE] = ref;
    } else {
      if (!this.#sparse.has(index)) this.#memoCount += 1;
      if (this.#sparse.size < DENSE_MEMO) this.#sparse.set(index, ref);
    }
  }

  #getMemo(index: number): Ref {
    const page = index < MEMO_PAGE ? this.#memo : this.#memoPages[Math.floor(index / MEMO_PAGE)];
    return page?.[index % MEMO_PAGE] || (this.#sparse.get(index) ?? 0);
  }

  /** The piece of the memo in which an entry lies. The first grows, so that a small pickle takes little; none is ever copied after. */
  #memoPage(index: number): Float64Array {
    if (index >= MEMO_PAGE) {
      const number = Math.floor(index / MEMO_PAGE);
      this.#memoPages[number] ??= new Float64Array(MEMO_PAGE);
      return this.#memoPages[number] as Float64Array;
    }
    if (index >= this.#memo.length) {
      let size = this.#memo.length;
      while (size <= index) size *= 2;
      const grown = new Float64Array(size);
      grown.set(this.#memo);
      this.#memo = grown;
    }
    return this.#memo;
  }

  #note(kind: PickleAnomaly['kind'], offset: number, rest?: Partial<PickleAnomaly>): void {
    if (this.#anomalies.length < 64) this.#anomalies.push({ kind, offset, ...rest });
  }

  #container(kind: PickleContainer['kind'], at: number): Ref {
    if (this.#details >= DETAIL) return at * 8 + Tag.Plain;
    this.#details += 1;
    return this.#add(new PickleContainer(kind, at));
  }

  #adopt(container: PickleContainer, from: number, to: number): void {
    const pairs = container.kind === 'dict';
    container.count += pairs ? (to - from) >> 1 : to - from;
    for (let i = from; i < to; i += 1) {
      const ref = this.#stack[i] as Ref;
      if (container.items.length >= CHILDREN) {
        // Plain data beyond the preview is dropped, whatever may be a callable or hold one is kept.
        const value = pairs ? (this.#stack[i | 1] as Ref) : ref;
        if (ref % 8 !== Tag.Object && !(pairs && value % 8 === Tag.Object)) continue;
      }
      if (this.#children >= OBJECTS) return;
      this.#children += 1;
      container.items.push(ref);
    }
  }

  /** A tuple that is about to be somebody's arguments is kept although the detail budget is spent. */
  #precedesCall(next: number): boolean {
    const { buffer } = this.window;
    let i = next;
    if (buffer[i] === 0x94) i += 1;
    else if (buffer[i] === 0x71) i += 2;
    else if (buffer[i] === 0x72) i += 5;
    const code = buffer[i];
    return code === 0x52 || code === 0x81 || code === 0x92 || code === 0x62 || code === 0x93 || code === undefined;
  }

  #tuple(from: number, at: number, next: number): void {
    let ref: Ref;
    let keep = this.#details < DETAIL || this.#precedesCall(next);
    for (let i = from; i < this.#sp && !keep; i += 1) keep = (this.#stack[i] as Ref) % 8 === Tag.Object;
    if (keep) {
      this.#details += 1;
      const container = new PickleContainer('tuple', at);
      this.#adopt(container, from, this.#sp);
      ref = this.#add(container);
    } else ref = at * 8 + Tag.Plain;
    this.#sp = from;
    this.#push(ref);
  }

  #setItems(target: Ref, from: number, to: number, at: number): void {
    const object = this.object(target);
    if (object === undefined || object instanceof PickleExtension || object instanceof PicklePersistent) return;
    if (object instanceof PickleContainer) {
      this.#adopt(object, from, to);
    } else if (object instanceof PickleGlobal) {
      object.uses |= Use.Overwritten;
      object.useOffset = at;
    } else if (object instanceof PickleCall) {
      object.items ??= [];
      for (let i = from; i < to; i += 1) {
        if (this.#children >= OBJECTS) return;
        const ref = this.#stack[i] as Ref;
        if (object.items.length >= 2 * CHILDREN && (this.#stack[from + ((i - from) | 1)] as Ref) % 8 !== Tag.Object)
          continue;
        this.#children += 1;
        object.items.push(ref);
      }
    }
  }

  /** Writes down which globals lie in `ref`, because it is handed to or stored in something. */
  #mark(ref: Ref, use: Use, holder: PickleGlobal | undefined, at: number): void {
    const pending: Ref[] = [ref];
    const seen = new Set<PickleObject>();
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const object = this.object(next);
      if (object === undefined || object === SPENT || seen.has(object)) continue;
      if (seen.size >= 1000 || ++this.#walked > WALK) return;
      seen.add(object);
      if (object instanceof PickleGlobal) {
        if (!(object.uses & use)) {
          object.uses |= use;
          object.holder = holder;
          object.useOffset = at;
        }
      } else if (object instanceof PickleContainer) {
        for (const item of object.items) if (item % 8 === Tag.Object) pending.push(item);
      } else if (object instanceof PicklePersistent) {
        pending.push(object.id);
      } else if (object instanceof PickleCall && object.fn % 8 === Tag.Object) {
        const fn = this.object(object.fn);
        // What a partial or a bound getter wraps is handed on with it.
        if (fn instanceof PickleGlobal && object.args) pending.push(object.args);
      }
    }
  }

  #markArguments(args: Ref, callee: PickleGlobal | undefined, at: number): void {
    const tuple = this.object(args);
    // `_reconstruct(subtype, shape, dtype)` is `ndarray.__new__(subtype, shape, dtype)`: the subtype is never called.
    if (callee && RECONSTRUCT.test(callee.path) && tuple instanceof PickleContainer) {
      for (const item of tuple.items.slice(1)) this.#mark(item, Use.Passed, callee, at);
      const [subtype = 0] = tuple.items;
      if (!(this.object(subtype) instanceof PickleGlobal)) this.#mark(subtype, Use.Passed, callee, at);
    } else this.#mark(args, Use.Passed, callee, at);
  }

  /** A call as an opcode or an evaluated adapter makes it. */
  call(opcode: PickleCall['opcode'], fn: Ref, args: Ref, kwargs: Ref): Ref {
    const at = this.#lastOp;
    const callee = this.object(fn);
    const constructed = opcode === 'NEWOBJ' || opcode === 'NEWOBJ_EX';
    let quiet = false;
    if (callee instanceof PickleGlobal) {
      const use = constructed ? Use.Constructed : Use.Called;
      quiet = this.#quiet.has(callee);
      // Before anything is counted: the evaluation may ask for text, and the opcode is then tried again.
      const value = quiet || constructed ? undefined : evaluate(this, callee, args);
      if (!(callee.uses & use)) callee.useOffset = at;
      callee.uses |= use;
      callee.calls += 1;
      if (!quiet && !constructed) {
        if (value !== undefined) {
          this.#record(callee, new PickleCall(opcode, at, fn, args, kwargs));
          return value;
        }
      }
    } else if (callee instanceof PickleCall && !constructed) {
      const value = evaluate(this, callee, args);
      if (value !== undefined) return value;
    }
    if (args % 8 === Tag.Object) this.#markArguments(args, callee instanceof PickleGlobal ? callee : undefined, at);
    if (kwargs % 8 === Tag.Object && kwargs) {
      this.#mark(kwargs, Use.Passed, callee instanceof PickleGlobal ? callee : undefined, at);
    }
    if (quiet && this.#details >= DETAIL && args % 8 === Tag.Object) {
      const container = this.object(args);
      if (container instanceof PickleContainer && !container.items.some((item) => item % 8 === Tag.Object)) {
        this.objects[payloadOf(args)] = SPENT;
        return at * 8 + Tag.Plain;
      }
    }
    this.#details += 1;
    const call = new PickleCall(opcode, at, fn, args, kwargs);
    if (!quiet && !(fn === UNKNOWN && this.options.loose)) this.#record(callee, call);
    return this.#add(call);
  }

  #record(callee: PickleObject | undefined, call: PickleCall): void {
    if (this.#calls.length >= CALLS) return;
    if (callee instanceof PickleGlobal && callee.calls > CALLS_PER_GLOBAL) return;
    this.#calls.push(call);
  }

  #build(target: Ref, state: Ref, at: number): void {
    const object = this.object(target);
    if (object instanceof PickleGlobal) {
      object.uses |= Use.Overwritten;
      object.useOffset = at;
      this.#mark(state, Use.Stored, object, at);
    } else if (object instanceof PickleCall) {
      object.state = state;
      const fn = this.object(object.fn);
      if (state % 8 === Tag.Object) this.#mark(state, Use.Stored, fn instanceof PickleGlobal ? fn : undefined, at);
    }
  }

  /** Names for STACK_GLOBAL, INST and OBJ come as values; a name that is not known to the end stays open. */
  #stackGlobal(moduleRef: Ref, nameRef: Ref, at: number): Ref {
    const module = this.text(moduleRef);
    const name = this.text(nameRef);
    if (module === undefined || name === undefined) {
      return this.#global(module ?? '?', name ?? '?', at, 'STACK_GLOBAL', undefined, true, false);
    }
    const computed = this.object(moduleRef) !== undefined || this.object(nameRef) !== undefined;
    if (computed) return this.#global(module, name, at, 'STACK_GLOBAL', undefined, false, true);
    return this.#import(module, name, at, 'STACK_GLOBAL');
  }

  /** torch before 1.6 writes the class of a module as ('module', class, file, source); its loader gives the class. */
  #persistentClass(id: Ref): Ref | undefined {
    const tuple = this.object(id);
    if (!(tuple instanceof PickleContainer) || tuple.kind !== 'tuple' || tuple.count < 2) return undefined;
    const [kind = 0, target = 0] = tuple.items;
    if (!(this.object(target) instanceof PickleGlobal) || tagOf(kind) !== Tag.Text) return undefined;
    return this.text(kind) === 'module' ? target : undefined;
  }

  #leaveFrame(at: number): void {
    if (at > this.#frameEnd) {
      this.#note('frame-crossed', this.#lastOp, { resumeAt: this.#frameEnd, until: at });
    }
    this.#frameEnd = Number.POSITIVE_INFINITY;
  }

  #sniffBytes(buf: Uint8Array, i: number, available: number, offset: number, length: number): void {
    if (length < 8 || available < 4 || this.#blobs.length >= BLOBS) return;
    const a = buf[i] as number;
    const b = buf[i + 1] as number;
    const c = buf[i + 2] as number;
    const hit =
      (a === 0x80 && b <= HIGHEST_PROTOCOL) ||
      (a === 0x1f && b === 0x8b && c === 8) ||
      (a === 0x78 && (b === 0x01 || b === 0x5e || b === 0x9c || b === 0xda)) ||
      (a === 0x42 && b === 0x5a && c === 0x68) ||
      (a === 0xfd && b === 0x37 && c === 0x7a) ||
      (a === 0x50 && b === 0x4b && c === 3) ||
      ((a === 0x63 || a === 0x28) && opensProtocolZero(buf, i, i + Math.min(available, length)));
    if (hit) this.#blobs.push({ offset, length, encoding: 'raw' });
    else if (length >= 16 && available >= 16) this.#sniffText(buf, i, offset, length);
  }

  #sniffText(buf: Uint8Array, i: number, offset: number, length: number): void {
    if (this.#blobs.length >= BLOBS) return;
    const b = buf[i + 1] as number;
    const c = buf[i + 2] as number;
    switch (buf[i]) {
      // Protocol 2 writes bytes as text that is encoded as Latin-1 while loading: PROTO is C2 80 in UTF-8.
      case 0xc2:
        if (b === 0x80 && c <= HIGHEST_PROTOCOL) this.#blobs.push({ offset, length, encoding: 'latin1' });
        return;
      // 'gA' and a third letter from I to X: base64 of 80 02 to 80 05.
      case 0x67:
        if (b !== 0x41 || c < 0x49 || c > 0x58) return;
        break;
      // 'eJ' zlib, 'H4sI' gzip, 'QlpoO' bzip2, 'UEsD' zip.
      case 0x65:
        if (b !== 0x4a) return;
        break;
      case 0x48:
        if (b !== 0x34 || c !== 0x73) return;
        break;
      case 0x51:
        // 'QAB' and 'QAC': base32 of 80 02 to 80 05.
        if (b === 0x41 && (c === 0x42 || c === 0x43)) this.#blobs.push({ offset, length, encoding: 'base32' });
        if (b !== 0x6c || c !== 0x70) return;
        break;
      // 'fC' and 'J-': base85 of 80 02 to 80 05 in the alphabets of git and of Adobe.
      case 0x66:
        if (b === 0x43) this.#blobs.push({ offset, length, encoding: 'base85' });
        return;
      case 0x4a:
        if (b === 0x2d) this.#blobs.push({ offset, length, encoding: 'ascii85' });
        return;
      case 0x3c:
        if (b === 0x7e && c === 0x4a) this.#blobs.push({ offset, length, encoding: 'ascii85' });
        return;
      case 0x55:
        if (b !== 0x45 || c !== 0x73) return;
        break;
      // 'Y2' to 'Y3...' and 'KGN': base64 of a protocol 0 GLOBAL.
      case 0x59:
        if (b < 0x32 || b > 0x33) return;
        break;
      case 0x4b:
        if (b !== 0x47) return;
        break;
      // '8002' to '8005' in hexadecimal.
      case 0x38:
        if (b !== 0x30 || c !== 0x30) return;
        this.#blobs.push({ offset, length, encoding: 'hex' });
        return;
      // A protocol 0 pickle as text.
      case 0x63:
      case 0x28:
        // 'c$' and 'c%': base85 of a zlib stream.
        if (buf[i] === 0x63 && (b === 0x24 || b === 0x25)) this.#blobs.push({ offset, length, encoding: 'base85' });
        else if (opensProtocolZero(buf, i, Math.min(buf.length, i + length))) {
          this.#blobs.push({ offset, length, encoding: 'raw' });
        }
        return;
      default:
        return;
    }
    this.#blobs.push({ offset, length, encoding: 'base64' });
  }

  /** Keeps a text of at least 16 bytes when a credential may be in it, with the text before it. Its bytes are in the window. */
  #lookAt(buf: Uint8Array, i: number, length: number, at: number): void {
    if (length > TELLABLE_LENGTH || this.#lookable <= 0 || i + length > buf.length) return;
    if (this.#tellable.length >= TELLABLE) this.#lookable = 0;
    this.#lookable -= length;
    if (this.#lookable < 0 || !mayHoldCredential(buf, i, length)) return;
    const before = this.#sp > this.#fence ? this.#top() : 0;
    const key = before % 8 === Tag.Text ? this.#shortText(payloadOf(before)) : undefined;
    this.#lookable -= length * 3;
    this.#tellable.push({ offset: at, value: utf8.decode(buf.subarray(i, i + length)), key });
  }

  /** A text of at most 255 bytes that lies in the window. */
  #shortText(at: number): string | undefined {
    const { buffer, start } = this.window;
    const from = at - start;
    if (from < 0 || from + 5 > buffer.length) return undefined;
    const code = buffer[from];
    if (code === 0x56 || code === 0x53) {
      const newline = buffer.subarray(from, from + 260).indexOf(10);
      const line = newline < 0 ? undefined : utf8.decode(buffer.subarray(from + 1, from + newline));
      return code === 0x53 ? line?.trim().slice(1, -1) : line;
    }
    const header = code === 0x58 || code === 0x54 ? 5 : 2;
    if (code !== 0x8c && code !== 0x55 && header === 2) return undefined;
    const length = header === 5 ? u32(buffer, from + 1) : (buffer[from + 1] as number);
    if (length > 255 || from + header + length > buffer.length) return undefined;
    return utf8.decode(buffer.subarray(from + header, from + header + length));
  }

  /** Reads opcodes until more bytes are needed or the stream ends. */
  #loop(): Request {
    const buf = this.window.buffer;
    const base = this.window.start;
    const size = this.#end;
    const limit = Math.min(buf.length, size - base);
    const histogram = this.#histogram;
    const { onOpcode } = this.options;
    let i = this.#pos - base;
    if (i < 0 || i > limit)
      return this.#pos >= size ? this.#fail(this.#pos, 'no STOP before the end') : this.#more(this.#pos, 1);
    for (;;) {
      const at = base + i;
      if (i >= limit) {
        if (at >= size) return this.#fail(at, 'no STOP before the end');
        return this.#more(at, 1);
      }
      if (at >= this.#frameEnd) this.#leaveFrame(at);
      const code = buf[i] as number;
      this.#lastOp = at;
      let next = i + 1;
      switch (code) {
        case 0x8c: // SHORT_BINUNICODE
        case 0x55: // SHORT_BINSTRING
        case 0x43: // SHORT_BINBYTES
        case 0x8a: {
          // LONG1
          if (i + 2 > limit) return this.#more(at, 2);
          const length = buf[i + 1] as number;
          if (i + 2 + length > limit) return this.#more(at, 2 + length);
          next = i + 2 + length;
          if (code === 0x8a) {
            this.#push(smallLong(buf, i + 2, length, at));
          } else if (code === 0x43) {
            this.#sniffBytes(buf, i + 2, length, at + 2, length);
            this.#push(at * 8 + Tag.Bytes);
          } else {
            if (code === 0x55) this.#sniffBytes(buf, i + 2, length, at + 2, length);
            else if (length >= 16) this.#sniffText(buf, i + 2, at + 2, length);
            if (length >= 16) this.#lookAt(buf, i + 2, length, at);
            this.#push(at * 8 + Tag.Text);
          }
          break;
        }
        case 0x58: // BINUNICODE
        case 0x54: // BINSTRING
        case 0x42: // BINBYTES
        case 0x8b: // LONG4
        case 0x8d: // BINUNICODE8
        case 0x8e: // BINBYTES8
        case 0x96: {
          // BYTEARRAY8
          const header = code === 0x8d || code === 0x8e || code === 0x96 ? 9 : 5;
          if (i + header > limit) return this.#more(at, header);
          let length = u32(buf, i + 1);
          if (header === 9) length += u32(buf, i + 5) * 2 ** 32;
          else if (length >= 2 ** 31 && (code === 0x54 || code === 0x8b)) return this.#fail(at, 'negative length');
          if (at + header + length > size) return this.#fail(at, 'a length that runs past the end of the data');
          // A text that may be looked at is wanted whole.
          const whole =
            (code === 0x58 || code === 0x8d || code === 0x54) &&
            length <= TELLABLE_LENGTH &&
            this.#lookable > 0 &&
            !this.window.source.distant;
          const head = whole ? length : Math.min(length, 256);
          if (i + header + head > limit) return this.#more(at, header + head);
          next = i + header + length;
          if (code === 0x58 || code === 0x8d) {
            if (length >= 16) {
              this.#sniffText(buf, i + header, at + header, length);
              this.#lookAt(buf, i + header, length, at);
            }
            this.#push(at * 8 + Tag.Text);
          } else if (code === 0x8b) {
            this.#push(length <= 255 ? smallLong(buf, i + 5, length, at) : at * 8 + Tag.BigInt);
          } else {
            this.#sniffBytes(buf, i + header, head, at + header, length);
            if (code === 0x54 && length >= 16) this.#lookAt(buf, i + header, length, at);
            this.#push(at * 8 + (code === 0x54 ? Tag.Text : Tag.Bytes));
          }
          break;
        }
        case 0x94: // MEMOIZE
          if (!this.#has(1)) return this.#fail(at, 'stack underflow');
          this.#putMemo(this.#memoCount, this.#top(), at);
          break;
        case 0x71: // BINPUT
          if (i + 2 > limit) return this.#more(at, 2);
          if (!this.#has(1)) return this.#fail(at, 'stack underflow');
          this.#putMemo(buf[i + 1] as number, this.#top(), at);
          next = i + 2;
          break;
        case 0x72: // LONG_BINPUT
          if (i + 5 > limit) return this.#more(at, 5);
          if (!this.#has(1)) return this.#fail(at, 'stack underflow');
          this.#putMemo(u32(buf, i + 1), this.#top(), at);
          next = i + 5;
          break;
        case 0x68: // BINGET
        case 0x6a: {
          // LONG_BINGET
          const width = code === 0x68 ? 2 : 5;
          if (i + width > limit) return this.#more(at, width);
          const ref = this.#getMemo(code === 0x68 ? (buf[i + 1] as number) : u32(buf, i + 1));
          if (ref === 0 && !this.options.loose) return this.#fail(at, 'memo entry that does not exist');
          this.#gets += 1;
          this.#push(ref || UNKNOWN);
          next = i + width;
          break;
        }
        case 0x4b: // BININT1
          if (i + 2 > limit) return this.#more(at, 2);
          this.#push((buf[i + 1] as number) * 8 + Tag.Int);
          next = i + 2;
          break;
        case 0x4d: // BININT2
          if (i + 3 > limit) return this.#more(at, 3);
          this.#push(((buf[i + 1] as number) | ((buf[i + 2] as number) << 8)) * 8 + Tag.Int);
          next = i + 3;
          break;
        case 0x4a: // BININT
          if (i + 5 > limit) return this.#more(at, 5);
          this.#push((u32(buf, i + 1) | 0) * 8 + Tag.Int);
          next = i + 5;
          break;
        case 0x47: // BINFLOAT
          if (i + 9 > limit) return this.#more(at, 9);
          this.#push(at * 8 + Tag.Float);
          next = i + 9;
          break;
        case 0x4e: // NONE
          this.#push(NONE);
          break;
        case 0x88: // NEWTRUE
          this.#push(TRUE);
          break;
        case 0x89: // NEWFALSE
          this.#push(FALSE);
          break;
        case 0x28: // MARK
          this.#marks.push(this.#sp);
          this.#fence = this.#sp;
          break;
        case 0x85: // TUPLE1
        case 0x86: // TUPLE2
        case 0x87: {
          // TUPLE3
          const count = code - 0x84;
          if (!this.#has(count)) return this.#fail(at, 'stack underflow');
          this.#fillUp(count);
          this.#tuple(this.#sp - count, at, next);
          break;
        }
        case 0x74: {
          // TUPLE
          const mark = this.#popMark();
          if (mark < 0) return this.#fail(at, 'no MARK');
          this.#tuple(mark, at, next);
          break;
        }
        case 0x29: // EMPTY_TUPLE
          this.#push(
            this.#details < DETAIL || this.#precedesCall(next)
              ? this.#add(new PickleContainer('tuple', at))
              : at * 8 + Tag.Plain,
          );
          break;
        case 0x5d: // EMPTY_LIST
          this.#push(this.#container('list', at));
          break;
        case 0x7d: // EMPTY_DICT
          this.#push(this.#container('dict', at));
          break;
        case 0x8f: // EMPTY_SET
          this.#push(this.#container('set', at));
          break;
        case 0x6c: // LIST
        case 0x64: // DICT
        case 0x91: {
          // FROZENSET
          const mark = this.#popMark();
          if (mark < 0) return this.#fail(at, 'no MARK');
          const ref = this.#container(code === 0x6c ? 'list' : code === 0x64 ? 'dict' : 'frozenset', at);
          const made = this.object(ref);
          if (made instanceof PickleContainer) this.#adopt(made, mark, this.#sp);
          this.#sp = mark;
          this.#push(ref);
          break;
        }
        case 0x61: // APPEND
          if (!this.#has(2)) return this.#fail(at, 'stack underflow');
          this.#fillUp(2);
          this.#setItems(this.#stack[this.#sp - 2] as Ref, this.#sp - 1, this.#sp, at);
          this.#sp -= 1;
          break;
        case 0x73: // SETITEM
          if (!this.#has(3)) return this.#fail(at, 'stack underflow');
          this.#fillUp(3);
          this.#setItems(this.#stack[this.#sp - 3] as Ref, this.#sp - 2, this.#sp, at);
          this.#sp -= 2;
          break;
        case 0x65: // APPENDS
        case 0x75: // SETITEMS
        case 0x90: {
          // ADDITEMS
          const mark = this.#popMark();
          if (mark < 0) return this.#fail(at, 'no MARK');
          if (mark <= this.#fence && !this.options.loose) return this.#fail(at, 'stack underflow');
          if (mark > this.#fence) this.#setItems(this.#stack[mark - 1] as Ref, mark, this.#sp, at);
          this.#sp = mark;
          break;
        }
        case 0x30: // POP
          if (this.#sp > this.#fence) this.#sp -= 1;
          else if (this.#marks.length) this.#popMark();
          else if (!this.options.loose) return this.#fail(at, 'stack underflow');
          break;
        case 0x31: {
          // POP_MARK
          const mark = this.#popMark();
          if (mark < 0) return this.#fail(at, 'no MARK');
          this.#sp = mark;
          break;
        }
        case 0x32: // DUP
          if (!this.#has(1)) return this.#fail(at, 'stack underflow');
          this.#push(this.#top());
          break;
        case 0x63: // GLOBAL
        case 0x69: {
          // INST
          const first = buf.indexOf(10, i + 1);
          let second = first < 0 ? -1 : buf.indexOf(10, first + 1);
          if (second < 0 || second >= limit) {
            const whole = base + limit >= size;
            if (!whole && limit - i <= 2 * MAX_NAME) return this.#more(at, Math.min(size - at, 2 * MAX_NAME + 2));
            // The end of the data ends a line too, and its last byte is cut off as a newline would be.
            if (!whole || first < 0 || first + 2 >= limit) return this.#fail(at, 'a name without an end');
            second = limit - 1;
          }
          const ref = this.#import(
            utf8.decode(buf.subarray(i + 1, first)),
            utf8.decode(buf.subarray(first + 1, second)),
            at,
            code === 0x63 ? 'GLOBAL' : 'INST',
          );
          next = second + 1;
          if (code === 0x63) this.#push(ref);
          else {
            const mark = this.#popMark();
            if (mark < 0) return this.#fail(at, 'no MARK');
            const result = this.#attempt('INST', ref, this.tuple(this.#slice(mark)), 0);
            if (result === undefined) return this.#again(at, ref, mark);
            this.#sp = mark;
            this.#push(result);
          }
          break;
        }
        case 0x93: {
          // STACK_GLOBAL
          if (!this.#has(2)) return this.#fail(at, 'stack underflow');
          this.#fillUp(2);
          const moduleRef = this.#stack[this.#sp - 2] as Ref;
          const nameRef = this.#stack[this.#sp - 1] as Ref;
          if (!isName(moduleRef, this) || !isName(nameRef, this))
            return this.#fail(at, 'STACK_GLOBAL wants two strings');
          let ref: Ref;
          try {
            ref = this.#stackGlobal(moduleRef, nameRef, at);
          } catch (error) {
            if (!(error instanceof TextNeeded)) throw error;
            this.#pos = at;
            return Request.Text;
          }
          this.#sp -= 2;
          this.#push(ref);
          break;
        }
        case 0x52: // REDUCE
        case 0x81: {
          // NEWOBJ
          if (!this.#has(2)) return this.#fail(at, 'stack underflow');
          this.#fillUp(2);
          const result = this.#attempt(
            code === 0x52 ? 'REDUCE' : 'NEWOBJ',
            this.#stack[this.#sp - 2] as Ref,
            this.#stack[this.#sp - 1] as Ref,
            0,
          );
          if (result === undefined) {
            this.#pos = at;
            return Request.Text;
          }
          this.#sp -= 2;
          this.#push(result);
          break;
        }
        case 0x92: {
          // NEWOBJ_EX
          if (!this.#has(3)) return this.#fail(at, 'stack underflow');
          this.#fillUp(3);
          const [fn, args, kwargs] = this.#slice(this.#sp - 3) as [Ref, Ref, Ref];
          this.#sp -= 3;
          this.#push(this.call('NEWOBJ_EX', fn, args, kwargs));
          break;
        }
        case 0x6f: {
          // OBJ
          const mark = this.#popMark();
          if (mark < 0) return this.#fail(at, 'no MARK');
          const [fn, ...args] = this.#slice(mark);
          if (fn === undefined && !this.options.loose) return this.#fail(at, 'stack underflow');
          const result = this.#attempt('OBJ', fn ?? UNKNOWN, this.tuple(args), 0);
          if (result === undefined) return this.#again(at, 0, mark);
          this.#sp = mark;
          this.#push(result);
          break;
        }
        case 0x62: {
          // BUILD
          if (!this.#has(2)) return this.#fail(at, 'stack underflow');
          this.#fillUp(2);
          const state = this.#pop();
          const target = this.#top();
          this.#build(target, state, at);
          const object = this.object(target);
          if (object instanceof PickleCall && this.#isJoblibArray(object)) {
            this.#pos = at + 1;
            this.#array = { call: object, at: at + 1 };
            this.#opcodes += 1;
            histogram[code] = (histogram[code] as number) + 1;
            onOpcode?.(code, at);
            return Request.Array;
          }
          break;
        }
        case 0x80: {
          // PROTO
          if (i + 2 > limit) return this.#more(at, 2);
          const protocol = buf[i + 1] as number;
          if (protocol > HIGHEST_PROTOCOL) {
            this.#note('unknown-protocol', at);
            return this.#fail(at, `protocol ${protocol} does not exist`);
          }
          if (this.#sawProto) this.#note('protocol-repeated', at);
          this.#sawProto = true;
          this.#protocol = protocol;
          if (protocol > this.#maxProtocol) this.#maxProtocol = protocol;
          next = i + 2;
          break;
        }
        case 0x95: {
          // FRAME
          if (i + 9 > limit) return this.#more(at, 9);
          const end = at + 9 + u32(buf, i + 1) + u32(buf, i + 5) * 2 ** 32;
          if (end > size) this.#note('frame-beyond-end', at);
          else this.#frameEnd = end;
          next = i + 9;
          break;
        }
        case 0x2e: {
          // STOP
          if (!this.#has(1)) return this.#fail(at, 'stack underflow');
          this.#result = this.#pop();
          this.#pos = at + 1;
          this.#opcodes += 1;
          histogram[code] = (histogram[code] as number) + 1;
          onOpcode?.(code, at);
          if (this.#gets > 64) this.#measureExpansion(at);
          return Request.Stop;
        }
        case 0x49: // INT
        case 0x4c: // LONG
        case 0x46: // FLOAT
        case 0x53: // STRING
        case 0x56: // UNICODE
        case 0x50: // PERSID
        case 0x67: // GET
        case 0x70: {
          // PUT
          let newline = buf.indexOf(10, i + 1);
          if (newline < 0 || newline >= limit) {
            if (this.#lineAt !== at) {
              this.#pos = at;
              return Request.Line;
            }
            if (this.#lineEnd < 0) return this.#fail(at, 'a line without an end');
            newline = this.#lineEnd - base;
          }
          const problem = this.#line(code, buf, i + 1, newline, at);
          if (problem) {
            // A line that the frame cuts in two is another line for who reads the frame first.
            if (base + newline >= this.#frameEnd) {
              this.#note('frame-crossed', at, { resumeAt: this.#frameEnd, until: size });
            }
            return this.#fail(at, problem);
          }
          next = newline + 1;
          break;
        }
        case 0x51: {
          // BINPERSID
          if (!this.#has(1)) return this.#fail(at, 'stack underflow');
          let resolved: Ref | undefined;
          try {
            resolved = this.#persistentClass(this.#top());
          } catch (error) {
            if (!(error instanceof TextNeeded)) throw error;
            this.#pos = at;
            return Request.Text;
          }
          const id = this.#pop();
          if (id % 8 === Tag.Object) this.#mark(id, Use.Passed, undefined, at);
          this.#push(resolved ?? this.#add(new PicklePersistent(id, at)));
          break;
        }
        case 0x82: // EXT1
        case 0x83: // EXT2
        case 0x84: {
          // EXT4
          const width = code === 0x82 ? 1 : code === 0x83 ? 2 : 4;
          if (i + 1 + width > limit) return this.#more(at, 1 + width);
          let key = 0;
          for (let k = width; k > 0; k -= 1) key = key * 256 + (buf[i + k] as number);
          this.#push(this.#add(new PickleExtension(key, at)));
          next = i + 1 + width;
          break;
        }
        case 0x97: // NEXT_BUFFER
          this.#push(at * 8 + Tag.Plain);
          break;
        case 0x98: // READONLY_BUFFER
          if (!this.#has(1)) return this.#fail(at, 'stack underflow');
          break;
        default:
          return this.#fail(at, `no such opcode: 0x${code.toString(16).padStart(2, '0')}`);
      }
      this.#opcodes += 1;
      histogram[code] = (histogram[code] as number) + 1;
      if (onOpcode) onOpcode(code, at);
      if (this.#sp > STACK_LIMIT || this.#marks.length > STACK_LIMIT)
        return this.#fail(at, 'more on the stack than is kept');
      i = next;
    }
  }

  #top(): Ref {
    return this.#sp > this.#fence ? (this.#stack[this.#sp - 1] as Ref) : UNKNOWN;
  }

  #slice(from: number): Ref[] {
    return Array.from(this.#stack.subarray(from, Math.min(this.#sp, from + CHILDREN)));
  }

  /** In loose mode: puts unknown values under the stack so that `count` can be popped. */
  #fillUp(count: number): void {
    const missing = count - (this.#sp - this.#fence);
    if (missing <= 0) return;
    const kept = this.#slice(this.#fence);
    this.#sp = this.#fence;
    for (let i = 0; i < missing; i += 1) this.#push(UNKNOWN);
    for (const ref of kept) this.#push(ref);
  }

  /** Restores the mark that an opcode has taken, for its second try once the text is there. */
  #again(at: number, _ref: Ref, mark: number): Request {
    this.#marks.push(mark);
    this.#fence = mark;
    this.#pos = at;
    return Request.Text;
  }

  #attempt(opcode: PickleCall['opcode'], fn: Ref, args: Ref, kwargs: Ref): Ref | undefined {
    try {
      return this.call(opcode, fn, args, kwargs);
    } catch (error) {
      if (error instanceof TextNeeded) return undefined;
      throw error;
    }
  }

  /** The opcodes whose argument is a line. @returns what is wrong with it */
  #line(code: number, buf: Uint8Array, from: number, to: number, at: number): string | undefined {
    const inside = to <= buf.length;
    // Most lines are memo indices and small numbers, and a protocol 0 pickle has millions of them.
    const plain = inside ? plainDigits(buf, from, to) : -1;
    if (plain >= 0) {
      if (code === 0x67 || code === 0x70) return this.#indexed(code, plain, at);
      if ((code === 0x49 && buf[from] !== 0x30) || code === 0x4c) {
        this.#push(small(plain, at));
        return undefined;
      }
    }
    const short = inside ? numeral(buf, from, to) : undefined;
    switch (code) {
      case 0x49: // INT
        if (short === '01' || short === '00') this.#push(short === '01' ? TRUE : FALSE);
        else if (short === undefined) this.#push(at * 8 + Tag.BigInt);
        else if (!INTEGER.test(short)) return 'a malformed INT';
        else this.#push(small(Number(short.replace(/_/g, '')), at));
        return undefined;
      case 0x4c: {
        // LONG
        const digits = short?.replace(/L$/, '');
        if (digits === undefined) this.#push(at * 8 + Tag.BigInt);
        else if (!INTEGER.test(digits)) return 'a malformed LONG';
        else this.#push(small(Number(digits.replace(/_/g, '')), at));
        return undefined;
      }
      case 0x46: // FLOAT
        if (short !== undefined && !/^[-+]?(?:\d+\.?\d*|\.\d+|inf|infinity|nan)(?:e[-+]?\d+)?$/i.test(short)) {
          return 'a malformed FLOAT';
        }
        this.#push(at * 8 + Tag.Float);
        return undefined;
      case 0x53: {
        // STRING
        if (inside) {
          let last = to - 1;
          while (last > from && ((buf[last] as number) === 0x20 || buf[last] === 0x0d || buf[last] === 0x09)) last -= 1;
          const quote = buf[from];
          if (last <= from || quote !== buf[last] || (quote !== 0x22 && quote !== 0x27))
            return 'a STRING without quotes';
          if (to - from > 18) {
            this.#sniffText(buf, from + 1, at + 2, last - from - 1);
            this.#lookAt(buf, from + 1, last - from - 1, at);
          }
        }
        this.#push(at * 8 + Tag.Text);
        return undefined;
      }
      case 0x56: // UNICODE
        if (inside && to - from >= 16) {
          this.#sniffText(buf, from, at + 1, to - from);
          this.#lookAt(buf, from, to - from, at);
        }
        this.#push(at * 8 + Tag.Text);
        return undefined;
      case 0x50: // PERSID
        this.#push(this.#add(new PicklePersistent(at * 8 + Tag.Text, at)));
        return undefined;
      default: {
        // GET and PUT
        if (short === undefined || !/^\+?\d(?:_?\d){0,14}$/.test(short)) return 'a malformed memo index';
        return this.#indexed(code, Number(short.replace(/_/g, '')), at);
      }
    }
  }

  /** GET and PUT. @returns what is wrong with it */
  #indexed(code: number, index: number, at: number): string | undefined {
    if (code === 0x70) {
      if (!this.#has(1)) return 'stack underflow';
      this.#putMemo(index, this.#top(), at);
      return undefined;
    }
    const ref = this.#getMemo(index);
    if (ref === 0 && !this.options.loose) return 'memo entry that does not exist';
    this.#gets += 1;
    this.#push(ref || UNKNOWN);
    return undefined;
  }

  async #findNewline(offset: number): Promise<number> {
    for (let at = offset; at < this.#end; at += NEXT_CHUNK) {
      const piece = await this.window.source.read(at, Math.min(NEXT_CHUNK, this.#end - at));
      const found = piece.indexOf(10);
      if (found >= 0) return at + found;
      this.options.budget.checkTime();
    }
    return -1;
  }

  /**
   * Values that a few memo references blow up to more than any machine holds ("billion laughs"): counted bottom-up
   * over shared containers, never expanded.
   */
  #measureExpansion(at: number): void {
    const weights = new Map<PickleContainer, number>();
    const open = new Set<PickleContainer>();
    const root = this.object(this.#result);
    if (!(root instanceof PickleContainer)) return;
    const stack: { container: PickleContainer; next: number; sum: number }[] = [{ container: root, next: 0, sum: 1 }];
    open.add(root);
    let steps = 0;
    while (stack.length) {
      if (++steps > 500_000) return;
      const frame = stack[stack.length - 1] as { container: PickleContainer; next: number; sum: number };
      const child = frame.container.items[frame.next++];
      if (child === undefined) {
        weights.set(frame.container, frame.sum);
        open.delete(frame.container);
        stack.pop();
        const parent = stack[stack.length - 1];
        if (parent) parent.sum += frame.sum;
        continue;
      }
      const object = this.object(child);
      if (!(object instanceof PickleContainer) || open.has(object)) {
        frame.sum += 1;
        continue;
      }
      const known = weights.get(object);
      if (known !== undefined) frame.sum += known;
      else {
        open.add(object);
        stack.push({ container: object, next: 0, sum: 1 });
      }
    }
    const total = weights.get(root) ?? 0;
    // Real object graphs share a lot too; what no memory can hold is no real graph.
    if (total > 2 ** 32 && total > this.#opcodes * 10_000) this.#note('expansion', at);
  }

  #isJoblibArray(call: PickleCall): boolean {
    const fn = this.object(call.fn);
    return (
      fn instanceof PickleGlobal &&
      fn.name === 'NumpyArrayWrapper' &&
      /^(?:joblib|sklearn\.externals\.joblib)\.numpy_pickle$/.test(fn.module)
    );
  }

  /**
   * joblib writes the bytes of an array into the stream, right after the BUILD of its wrapper
   * (`joblib/numpy_pickle.py`, NumpyArrayWrapper.read). Goes on behind them.
   */
  async #skipArray(): Promise<void> {
    const { call, at } = this.#array as { call: PickleCall; at: number };
    this.#array = undefined;
    const state = this.object(call.state);
    if (!(state instanceof PickleContainer) || state.kind !== 'dict') return;
    let count = 1;
    let itemSize = -1;
    let hasObjects = false;
    let aligned = false;
    for (let i = 0; i + 1 < state.items.length; i += 2) {
      const key = await this.resolve(state.items[i] as Ref);
      const value = state.items[i + 1] as Ref;
      if (key === 'shape') {
        const shape = this.object(value);
        if (shape instanceof PickleContainer) {
          for (const item of shape.items) count *= tagOf(item) === Tag.Int ? payloadOf(item) : await this.#longAt(item);
        }
      } else if (key === 'numpy_array_alignment_bytes') aligned = tagOf(value) === Tag.Int;
      else if (key === 'dtype') {
        const dtype = this.object(value);
        if (dtype instanceof PickleCall) {
          const args = this.object(dtype.args);
          const text = args instanceof PickleContainer ? await this.resolve(args.items[0] as Ref) : undefined;
          itemSize = dtypeSize(text ?? '');
          hasObjects = /^[|<>=]?O/.test(text ?? '') || (await this.#dtypeHoldsObjects(dtype));
        }
      }
    }
    if (hasObjects) {
      const inner = new PickleMachine(this.window, { ...this.options, loose: false });
      const trace = await inner.run(at);
      this.inner.push(trace);
      this.#pos = trace.end;
      this.#frameEnd = Number.POSITIVE_INFINITY;
      return;
    }
    if (itemSize < 0 || !Number.isSafeInteger(count * itemSize) || count < 0) return;
    let from = at;
    if (aligned) {
      const padding = await this.window.source.read(at, 1);
      from += 1 + (padding[0] ?? 0);
    }
    const to = from + count * itemSize;
    if (to > this.#end) return;
    this.arrays.push({ from: at, to });
    this.#pos = to;
    // The frame's length does not count what joblib writes past the pickler.
    this.#frameEnd = Number.POSITIVE_INFINITY;
  }

  /** Pickles inside this one that its loader reads with a fresh unpickler: object arrays of joblib. */
  readonly inner: PickleTrace[] = [];
  /** Raw array bytes that joblib's loader takes out of the stream. */
  readonly arrays: { from: number; to: number }[] = [];

  async #longAt(ref: Ref): Promise<number> {
    if (tagOf(ref) !== Tag.BigInt) return Number.NaN;
    return Number(await this.readText(payloadOf(ref), 64));
  }

  async #dtypeHoldsObjects(dtype: PickleCall): Promise<boolean> {
    const pending: Ref[] = [dtype.state, dtype.args];
    let steps = 0;
    for (let ref = pending.pop(); ref !== undefined && steps < 2000; ref = pending.pop(), steps += 1) {
      const object = this.object(ref);
      if (object instanceof PickleContainer) pending.push(...object.items);
      else if (object instanceof PickleCall) {
        const args = this.object(object.args);
        const text = args instanceof PickleContainer ? await this.resolve(args.items[0] ?? 0) : undefined;
        if (text && /^[|<>=]?O/.test(text)) return true;
        pending.push(object.state);
      }
    }
    return false;
  }

  /** Like {@link text}, but waits for what has to be read. */
  async resolve(ref: Ref, limit = TEXT_LIMIT): Promise<string | undefined> {
    const tag = tagOf(ref);
    if (tag === Tag.Text || tag === Tag.Bytes) {
      return this.#texts.get(payloadOf(ref)) ?? (await this.readText(payloadOf(ref), limit));
    }
    return this.text(ref);
  }
}

/**
 * True for sixteen characters in a row of those that tokens are made of, with a letter and a digit among them, and for an
 * address. Words, paths and the names of parameters are told apart by it in one walk.
 */
function mayHoldCredential(buf: Uint8Array, from: number, length: number): boolean {
  let run = 0;
  let letter = false;
  let digit = false;
  for (let i = from; i < from + length; i += 1) {
    const c = buf[i] as number;
    if (c >= 0x30 && c <= 0x39) digit = true;
    else if ((c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a)) letter = true;
    else if (c === 0x3a && buf[i + 1] === 0x2f && buf[i + 2] === 0x2f) return true;
    else if (c !== 0x5f && c !== 0x2d && c !== 0x2b && c !== 0x2f && c !== 0x3d) {
      run = 0;
      letter = false;
      digit = false;
      continue;
    }
    run += 1;
    if (run >= 16 && letter && digit) return true;
  }
  return false;
}

function isName(ref: Ref, machine: PickleMachine): boolean {
  const tag = tagOf(ref);
  if (tag === Tag.Text || ref === UNKNOWN) return true;
  // A call's or global's result may well be a string when it runs.
  return tag === Tag.Object && !machine.isBytes(ref) && !(machine.object(ref) instanceof PickleContainer);
}

/** `cmodule\nname\n` with names as Python spells them: the GLOBAL of protocol 0. */
export function isGlobalLine(buf: Uint8Array, at: number, limit: number): boolean {
  if (buf[at] !== 0x63 && buf[at] !== 0x69) return false;
  const end = Math.min(limit, at + 256);
  let lines = 0;
  let length = 0;
  for (let i = at + 1; i < end; i += 1) {
    const c = buf[i] as number;
    if (c === 10) {
      if (length === 0) return false;
      lines += 1;
      if (lines === 2) return true;
      length = 0;
    } else if (
      (c >= 0x61 && c <= 0x7a) ||
      (c >= 0x41 && c <= 0x5a) ||
      c === 0x5f ||
      (length > 0 && ((c >= 0x30 && c <= 0x39) || c === 0x2e))
    ) {
      length += 1;
    } else return false;
  }
  return false;
}

/** A GLOBAL at the beginning, or behind a MARK and, for INST, behind the arguments. */
function opensProtocolZero(buf: Uint8Array, at: number, limit: number): boolean {
  if (isGlobalLine(buf, buf[at] === 0x28 ? at + 1 : at, limit)) return true;
  if (buf[at] !== 0x28) return false;
  for (let i = at + 1; i + 1 < Math.min(limit, at + 256); i += 1) {
    if (buf[i] === 10 && isGlobalLine(buf, i + 1, limit)) return true;
  }
  return false;
}

function u32(buf: Uint8Array, i: number): number {
  return (
    ((buf[i] as number) | ((buf[i + 1] as number) << 8) | ((buf[i + 2] as number) << 16)) +
    (buf[i + 3] as number) * 0x1000000
  );
}

/** The number of one to twelve digits and nothing else, or -1. */
function plainDigits(buf: Uint8Array, from: number, to: number): number {
  if (to === from || to - from > 12) return -1;
  let value = 0;
  for (let i = from; i < to; i += 1) {
    const digit = (buf[i] as number) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

const NUMERAL_LIMIT = 64;
/** What `int` with base 0 and `strtol` take; underscores only between digits. */
const INTEGER = /^[-+]?(?:\d(?:_?\d)*|0[xX](?:_?[\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+)$/;

/**
 * The text of a number as the C unpickler reads it: as a C string, so that a NUL ends it, and with white space around.
 * @returns undefined when it is too long to be looked at
 */
function numeral(buf: Uint8Array, from: number, to: number): string | undefined {
  const text = latin1.decode(buf.subarray(from, Math.min(to, from + NUMERAL_LIMIT)));
  const nul = text.indexOf('\0');
  if (nul < 0 && to - from > NUMERAL_LIMIT) return undefined;
  return (nul < 0 ? text : text.slice(0, nul)).trim();
}

function small(value: number, at: number): Ref {
  return Number.isInteger(value) && Math.abs(value) < 2 ** 49 ? value * 8 + Tag.Int : at * 8 + Tag.BigInt;
}

function smallLong(buf: Uint8Array, i: number, length: number, at: number): Ref {
  if (length > 6) return at * 8 + Tag.BigInt;
  let value = 0;
  for (let k = length - 1; k >= 0; k -= 1) value = value * 256 + (buf[i + k] as number);
  if (length > 0 && (buf[i + length - 1] as number) & 0x80) value -= 256 ** length;
  return small(value, at);
}

/** Bytes of one item of a NumPy dtype given as `f8`, `<i4`, `U5`, `V12`, `M8[ns]`; -1 when it is none of these. */
export function dtypeSize(text: string): number {
  const match = /^[|<>=]?([a-zA-Z?])(\d*)/.exec(text);
  if (!match) return -1;
  const digits = match[2] ? Number(match[2]) : undefined;
  if (match[1] === 'U') return digits === undefined ? -1 : digits * 4;
  if (digits !== undefined) return digits;
  const sizes: Record<string, number> = {
    b: 1,
    B: 1,
    '?': 1,
    h: 2,
    H: 2,
    e: 2,
    i: 4,
    I: 4,
    f: 4,
    l: 8,
    L: 8,
    q: 8,
    Q: 8,
    d: 8,
    F: 8,
    D: 16,
    g: 16,
    G: 32,
  };
  return sizes[match[1] as string] ?? -1;
}

function unescapeString(text: string): string {
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|(.))/gs, (_all, hex, octal, other) => {
    if (hex) return String.fromCharCode(Number.parseInt(hex, 16));
    if (octal) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
    return (
      ({ n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b', f: '\f', v: '\v' } as Record<string, string>)[other] ?? other
    );
  });
}

function unescapeUnicode(text: string): string {
  return text.replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (all, short, long) => {
    const point = Number.parseInt(short ?? long, 16);
    return point > 0x10ffff ? all : String.fromCodePoint(point);
  });
}
