/**
 * GGUF (versions 1 to 3, both byte orders). Follows ggml's docs/gguf.md and gguf.cpp; the arithmetic that older readers
 * got wrong is done in bigint. The header is read, no tensor is.
 */
import type { TensorDescription } from '../../description';
import type { Location } from '../../finding';
import { WindowByteSource } from '../../io/byteSource';
import { ByteReader, UnexpectedEnd } from '../../io/reader';
import { evidenceText } from '../../redact';
import type { FindingDraft, Format, ScanContext, ScanInput } from '../../scanner';
import { hasTemplateSyntax, judgeTemplate } from '../jinja/judge';
import { appendedProgram } from '../native/programs';
import { GGUF_RULES } from './rules';
import { TENSOR_TYPES } from './tensorTypes';

const LISTED_TENSORS = 10_000;
const LISTED_KEYS = 500;
const SHOWN = 500;
/** Longer names than 64 bytes do not fit ggml's tensor name. */
const MAX_TENSOR_NAME = 64;
const MAX_DIMENSIONS = 4;
/** Strings up to this size are kept; of longer ones only the length counts. */
const KEPT_STRING = 4 * 2 ** 20;
/** Small arrays of strings may hold templates; large ones are vocabularies. */
const KEPT_ITEMS = 64;
const PADDING = 64 * 1024;
/** No file is longer; an offset beyond it is made to wrap around. */
const FARTHEST = 1n << 48n;

enum ValueType {
  Uint8 = 0,
  Int8 = 1,
  Uint16 = 2,
  Int16 = 3,
  Uint32 = 4,
  Int32 = 5,
  Float32 = 6,
  Bool = 7,
  String = 8,
  Array = 9,
  Uint64 = 10,
  Int64 = 11,
  Float64 = 12,
}

const VALUE_BYTES = [1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8];

/** Withdrawn types, newer ones, and those of forks (ik_llama.cpp counts to 399): odd, but no sign of an attack. */
const LAST_PLAUSIBLE_TYPE = 511;
/** A larger alignment makes the sum of the padded sizes wrap around in readers of 32 bits. */
const LARGEST_ALIGNMENT = 2 ** 20;

export const GGUF_FORMAT: Format = {
  id: 'gguf',
  title: 'GGUF',
  kind: 'model',
  extensions: ['.gguf'],
  identify({ head, extension }) {
    const magic = head.length >= 8 && head[0] === 0x47 && head[1] === 0x47 && head[2] === 0x55 && head[3] === 0x46;
    return magic ? 'certain' : extension === '.gguf' ? 'named' : undefined;
  },
  async scan(input, context) {
    const head = await input.source.read(0, 4);
    if (new TextDecoder('latin1').decode(head) !== 'GGUF') throw new Error('the file does not begin with GGUF');
    const scan = new GgufScan(input, context);
    try {
      await scan.run();
    } catch (error) {
      if (!(error instanceof UnexpectedEnd)) throw error;
      scan.invalid(
        `The header ends at byte ${error.offset} while more is announced: the file is cut off or lies.`,
        'end',
        undefined,
        'the header is cut off',
      );
    }
    scan.describe();
  },
};

interface GgufTensor extends TensorDescription {
  offset: bigint;
  size: bigint;
}

type Scalar = string | number | boolean;

/** Ends the scan of one file: what is found makes the rest unreadable. */
class Unreadable extends Error {
  constructor(readonly finding: FindingDraft) {
    super('the rest of the header cannot be read');
  }
}

class GgufScan {
  readonly #reader: ByteReader;
  readonly #metadata = new Map<string, Scalar>();
  readonly #tensors: GgufTensor[] = [];
  #little = true;
  #version = 0;
  #keys = 0;
  #reported = 0;

  constructor(
    private readonly input: ScanInput,
    private readonly context: ScanContext,
  ) {
    this.#reader = new ByteReader(input.source, 4, 256 * 1024);
  }

  async run(): Promise<void> {
    const { source } = this.input;
    this.#version = await this.#reader.u32();
    if (this.#version > 0xffff && (this.#version & 0xffff) === 0) {
      // Version 3 written on a big-endian machine.
      this.#little = false;
      this.#version = swap32(this.#version);
    }
    if (this.#version < 1 || this.#version > 3) {
      const what = `Version ${this.#version} of GGUF is unknown, so that nothing of it was judged.`;
      this.invalid(what, 'version', undefined, `version ${this.#version} of GGUF is not supported`);
      return;
    }
    const tensorCount = await this.#size();
    const keyCount = await this.#size();
    // A pair has at least an empty key, a type and a byte; a tensor at least an empty name, its numbers and an offset.
    const room = BigInt(source.size);
    const incomplete = 'the counts in the header are impossible';
    if (tensorCount * 24n > room)
      this.context.report({ ...this.#asOverflow(`${tensorCount} tensors`, 'tensor count', 8), incomplete });
    if (keyCount * 13n > room) {
      this.context.report({ ...this.#asOverflow(`${keyCount} key/value pairs`, 'pair count', 16), incomplete });
      return;
    }
    try {
      await this.#pairs(Number(keyCount));
      if (tensorCount * 24n > room) return;
      await this.#tensorInfos(Number(tensorCount));
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.context.report({ ...error.finding, incomplete: error.message });
      return;
    }
    await this.#layout();
  }

  invalid(message: string, anchor: string, node?: string, incomplete?: string): void {
    this.#reported += 1;
    if (this.#reported > 50 && incomplete === undefined) return;
    this.context.report({ ...this.#asInvalid(message, anchor, node), ...(incomplete !== undefined && { incomplete }) });
  }

  #asInvalid(message: string, anchor: string, node?: string): FindingDraft {
    return { rule: GGUF_RULES['invalid-header'], message, location: this.#place(node), anchor };
  }

  #place(node: string | undefined): Location {
    return node === undefined ? { offset: this.#reader.position } : { node };
  }

  /** What is announced and cannot be. */
  #asOverflow(what: string, anchor: string, offset = this.#reader.position): FindingDraft {
    return {
      rule: GGUF_RULES['header-overflow'],
      message: `The header announces ${what}, which the file of ${this.input.source.size} bytes cannot hold: readers that do not check write past their buffers.`,
      location: { offset },
      anchor,
    };
  }

  /** What makes readers without a check use memory that is not the tensor's. */
  #asCorrupting(what: string, anchor: string, node?: string): FindingDraft {
    return {
      rule: GGUF_RULES['header-overflow'],
      message: `${what}: readers that do not check read or write outside their buffers.`,
      location: this.#place(node),
      anchor,
    };
  }

  async #size(): Promise<bigint> {
    return this.#version === 1 ? BigInt(await this.#reader.u32(this.#little)) : this.#reader.u64(this.#little);
  }

  /** Skips or reads a string. @returns undefined for one that is too long to be kept */
  async #string(what: string): Promise<string | undefined> {
    const at = this.#reader.position;
    const length = await this.#size();
    if (length > BigInt(this.input.source.size)) {
      throw new Unreadable(this.#asOverflow(`${what} of ${length} bytes`, `${what} length`, at));
    }
    const bytes = Number(length);
    if (bytes > KEPT_STRING) {
      if (this.#reader.position + bytes > this.input.source.size) throw new UnexpectedEnd(this.#reader.position);
      this.#reader.skip(bytes);
      return undefined;
    }
    return new TextDecoder().decode(await this.#reader.bytes(bytes));
  }

  async #pairs(count: number): Promise<void> {
    const seen = new Set<string>();
    for (let i = 0; i < count; i += 1) {
      if (i % 100 === 0) this.context.budget.checkTime();
      const key = (await this.#string('a key')) ?? '';
      this.#keys += 1;
      if (key.length > 65535 || key === '') this.invalid('A key is empty or longer than 65535 bytes.', 'key length');
      if (seen.has(key)) {
        this.invalid(
          `The key ${evidenceText(key, 80)} stands twice: readers differ on which value counts.`,
          `key ${key}`,
          key,
        );
      }
      seen.add(key);
      const type = await this.#reader.u32(this.#little);
      await this.#value(key, type);
    }
  }

  async #value(key: string, type: number): Promise<void> {
    if (type === ValueType.String) {
      const text = await this.#string(`the value of ${evidenceText(key, 60)}`);
      if (text === undefined) this.context.incomplete(`the value of ${key} is longer than any template`);
      else this.#text(key, text);
    } else if (type === ValueType.Array) await this.#array(key, 0);
    else this.#keep(key, await this.#scalar(key, type));
  }

  async #scalar(key: string, type: number): Promise<Scalar> {
    const little = this.#little;
    const bytes = VALUE_BYTES[type];
    if (bytes === undefined) {
      const what = `The value of ${evidenceText(key, 80)} has the unknown type ${type}`;
      throw new Unreadable(
        type > 255
          ? this.#asCorrupting(what, `type of ${key}`, key)
          : this.#asInvalid(`${what}.`, `type of ${key}`, key),
      );
    }
    const raw = await this.#reader.bytes(bytes);
    const view = new DataView(raw.buffer, raw.byteOffset, bytes);
    switch (type) {
      case ValueType.Uint8:
        return view.getUint8(0);
      case ValueType.Int8:
        return view.getInt8(0);
      case ValueType.Uint16:
        return view.getUint16(0, little);
      case ValueType.Int16:
        return view.getInt16(0, little);
      case ValueType.Uint32:
        return view.getUint32(0, little);
      case ValueType.Int32:
        return view.getInt32(0, little);
      case ValueType.Float32:
        return view.getFloat32(0, little);
      case ValueType.Bool:
        if (view.getUint8(0) > 1) {
          this.invalid(`The truth value of ${evidenceText(key, 80)} is ${view.getUint8(0)}.`, `bool ${key}`, key);
        }
        return view.getUint8(0) !== 0;
      case ValueType.Uint64:
        return Number(view.getBigUint64(0, little));
      case ValueType.Int64:
        return Number(view.getBigInt64(0, little));
      default:
        return view.getFloat64(0, little);
    }
  }

  async #array(key: string, depth: number): Promise<void> {
    const at = this.#reader.position;
    const type = await this.#reader.u32(this.#little);
    const count = await this.#size();
    const bytes = VALUE_BYTES[type];
    if (bytes === undefined || depth > 2) {
      const what = `The list ${evidenceText(key, 80)} has the unknown type ${type}, or lists in lists`;
      // The size of an item is looked up by this number.
      throw new Unreadable(
        type > 255
          ? this.#asCorrupting(what, `type of ${key}`, key)
          : this.#asInvalid(`${what}.`, `type of ${key}`, key),
      );
    }
    if (count * BigInt(bytes) > BigInt(this.input.source.size)) {
      throw new Unreadable(this.#asOverflow(`${count} values in ${evidenceText(key, 60)}`, `length of ${key}`, at));
    }
    const length = Number(count);
    if (depth === 0) this.#keep(key, `[${length} values]`);
    if (type === ValueType.String) await this.#strings(key, length);
    else if (type === ValueType.Array) {
      for (let i = 0; i < length; i += 1) await this.#array(key, depth + 1);
    } else {
      if (this.#reader.position + length * bytes > this.input.source.size)
        throw new UnexpectedEnd(this.#reader.position);
      this.#reader.skip(length * bytes);
    }
  }

  async #strings(key: string, count: number): Promise<void> {
    if (count <= KEPT_ITEMS) {
      for (let i = 0; i < count; i += 1) {
        const text = await this.#string(`an item of ${evidenceText(key, 60)}`);
        if (text !== undefined && hasTemplateSyntax(text)) this.#text(`${key}[${i}]`, text);
      }
      return;
    }
    // A vocabulary: only the lengths matter.
    const width = this.#version === 1 ? 4 : 8;
    for (let i = 0; i < count; i += 1) {
      if (i % 10_000 === 0) this.context.budget.checkTime();
      if (this.#reader.available < width) await this.#reader.ensure(width);
      const length = await this.#size();
      if (length > BigInt(this.input.source.size)) {
        throw new Unreadable(
          this.#asOverflow(`a string of ${length} bytes in ${evidenceText(key, 60)}`, `string in ${key}`),
        );
      }
      this.#reader.skip(Number(length));
    }
  }

  #keep(key: string, value: Scalar): void {
    if (this.#metadata.size < LISTED_KEYS) this.#metadata.set(key, value);
  }

  #text(key: string, text: string): void {
    this.#keep(key, text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
    if (!hasTemplateSyntax(text) && !/chat_template/.test(key)) return;
    judgeTemplate(text, {
      report: (draft) => this.context.report(draft),
      locate: (offset) => ({ node: `${key}:${text.slice(0, offset).split('\n').length}` }),
      checkTime: () => this.context.budget.checkTime(),
    });
  }

  async #tensorInfos(count: number): Promise<void> {
    const names = new Set<string>();
    for (let i = 0; i < count; i += 1) {
      if (i % 100 === 0) this.context.budget.checkTime();
      const name = (await this.#string('a tensor name')) ?? '';
      const shown = evidenceText(name, 80);
      if (name.length >= MAX_TENSOR_NAME) {
        this.invalid(`The tensor name ${shown} is longer than the 63 bytes that ggml keeps.`, `name ${name}`, name);
      }
      if (names.has(name)) this.invalid(`Two tensors have the name ${shown}.`, `tensor ${name}`, name);
      names.add(name);
      const dimensions = await this.#reader.u32(this.#little);
      if (dimensions > MAX_DIMENSIONS) {
        throw new Unreadable(
          this.#asOverflow(
            `${dimensions} dimensions of tensor ${shown} (ggml has room for ${MAX_DIMENSIONS})`,
            `dimensions of ${name}`,
          ),
        );
      }
      let elements = 1n;
      let overflows = false;
      const shape: number[] = [];
      for (let d = 0; d < dimensions; d += 1) {
        const size = await this.#size();
        if (size >= 1n << 63n) overflows = true;
        elements *= size;
        shape.unshift(Number(size));
      }
      if (elements >= 1n << 63n) overflows = true;
      const type = await this.#reader.u32(this.#little);
      const offset = await this.#reader.u64(this.#little);
      const known = TENSOR_TYPES.get(type);
      if (overflows)
        this.context.report(
          this.#asOverflow(`tensor ${shown} of ${shape.join(' x ')} elements, more than 2^63`, `size of ${name}`),
        );
      if (!known) this.#unknownType(name, type);
      const [dtype, block, blockBytes] = known ?? [`type ${type}`, 1, 0];
      if (!overflows && known && shape.length && BigInt(shape.at(-1) as number) % BigInt(block) !== 0n) {
        this.invalid(
          `The rows of tensor ${shown} are no multiple of the ${block} elements of a ${dtype} block.`,
          `rows of ${name}`,
          name,
        );
      }
      const size = ((elements + BigInt(block) - 1n) / BigInt(block)) * BigInt(blockBytes);
      if (!overflows && size >= 1n << 63n)
        this.context.report(this.#asOverflow(`tensor ${shown} of ${size} bytes`, `bytes of ${name}`));
      this.#tensors.push({ name, dtype, shape, bytes: Number(size), offset, size: overflows ? 0n : size });
    }
  }

  /** ggml looks the size of a block up by the type; a number far outside, or a negative one, reads past that table. */
  #unknownType(name: string, type: number): void {
    const plausible = type <= LAST_PLAUSIBLE_TYPE;
    this.context.report({
      rule: GGUF_RULES[plausible ? 'invalid-header' : 'header-overflow'],
      ...(plausible && { severity: 'low' as const }),
      message: plausible
        ? `Tensor ${evidenceText(name, 80)} has the type ${type}, which is withdrawn, of a fork or newer than what is known here: its size is unknown.`
        : `Tensor ${evidenceText(name, 80)} has the type ${type}: readers without a check index past their table of types.`,
      location: { node: name },
      anchor: `type of ${name}`,
    });
  }

  /** Where the tensors lie in the file, and what none of them covers. */
  async #layout(): Promise<void> {
    const { source } = this.input;
    const told = this.#metadata.get('general.alignment') ?? 32;
    const alignment = typeof told === 'number' ? told : 0;
    if (alignment < 1 || alignment > LARGEST_ALIGNMENT || !Number.isInteger(Math.log2(alignment))) {
      // ggml pads by masking: with such a number sizes become 0 or smaller than the tensors that are read into them.
      this.context.report(
        this.#asCorrupting(
          `The alignment ${evidenceText(String(told), 40)} is no power of two up to ${LARGEST_ALIGNMENT}`,
          'alignment',
        ),
      );
      return;
    }
    const start = BigInt(Math.ceil(this.#reader.position / alignment) * alignment);
    const room = BigInt(source.size);
    const placed = [...this.#tensors].sort((a, b) => (a.offset < b.offset ? -1 : a.offset > b.offset ? 1 : 0));
    let covered = 0n;
    let beyond = 0;
    /** Where the next tensor begins in a file that the format's own writer made. */
    let expected = 0n;
    for (const { name, offset, size, dtype } of placed) {
      const shown = evidenceText(name, 80);
      if (offset % BigInt(alignment) !== 0n) {
        this.invalid(
          `Tensor ${shown} does not begin at a multiple of the alignment ${alignment}.`,
          `offset of ${name}`,
          name,
        );
      }
      if (offset + size >= FARTHEST)
        this.context.report(this.#asOverflow(`tensor ${shown} at offset ${offset}`, `offset of ${name}`));
      else if (start + offset + size > room) {
        beyond += 1;
        if (offset > expected && start + offset > room) {
          // A file that is cut off has its tensors in a row; one far outside is there to have other memory read.
          this.context.report(
            this.#asCorrupting(
              `Tensor ${shown} begins at byte ${start + offset} of ${room}, with nothing before it`,
              `offset of ${name}`,
              name,
            ),
          );
        } else if (beyond === 1) {
          this.invalid(
            `Tensor ${shown} ends at byte ${start + offset + size} of ${room}: the file is cut off, or a reader reads past it.`,
            `end of ${name}`,
            name,
          );
        }
      } else if (!dtype.startsWith('type ')) {
        if (offset < covered)
          this.invalid(`Tensor ${shown} shares bytes with the one before it.`, `overlap of ${name}`, name);
        else if (offset - covered > BigInt(alignment)) await this.#uncovered(start + covered, start + offset);
      }
      if (offset + size > covered) covered = offset + size;
      expected = ((covered + BigInt(alignment) - 1n) / BigInt(alignment)) * BigInt(alignment);
      if (dtype.startsWith('type ')) expected = room;
    }
    const unknown = placed.some(({ dtype }) => dtype.startsWith('type '));
    const end = start + covered;
    if (!unknown && end < room) await this.#uncovered(end, room);
  }

  async #uncovered(from: bigint, to: bigint): Promise<void> {
    const { source } = this.input;
    const start = Number(from);
    const size = Number(to - from);
    const bytes = new WindowByteSource(source, start, size);
    const head = await bytes.read(0, Math.min(size, PADDING));
    if (head.every((byte) => byte === 0) && size <= PADDING) return;
    const program = await appendedProgram(bytes, this.context.budget);
    this.context.report({
      rule: GGUF_RULES['uncovered-data'],
      ...(program && { severity: 'high' as const }),
      message: program
        ? `${size} bytes from offset ${start} belong to no tensor and are a program (${program}): the file is a model and a program at once.`
        : `${size} bytes from offset ${start} belong to no tensor: a payload can lie there.`,
      location: { offset: start, length: size },
      anchor: `${start}`,
    });
    await this.context.scan({ name: `(bytes ${start} to ${start + size})`, source: bytes });
  }

  describe(): void {
    const text = (key: string) => {
      const value = this.#metadata.get(key);
      return typeof value === 'string' ? value : undefined;
    };
    const architecture = text('general.architecture');
    const license = text('general.license');
    let parameters = 0;
    for (const { shape } of this.#tensors) parameters += shape.reduce((product, size) => product * size, 1);
    this.context.describe({
      format: 'gguf',
      framework: 'ggml',
      properties: { version: this.#version, keys: this.#keys, ...(architecture && { architecture }) },
      metadata: Object.fromEntries(this.#metadata),
      ...(license && { license }),
      parameters,
      tensorCount: this.#tensors.length,
      tensors: this.#tensors
        .slice(0, LISTED_TENSORS)
        .map(({ name, dtype, shape, bytes }) => ({ name, dtype, shape, bytes })),
      ...(this.#tensors.length > LISTED_TENSORS && { truncated: ['tensors'] }),
    });
  }
}

function swap32(value: number): number {
  return ((value >>> 24) | ((value >>> 8) & 0xff00) | ((value << 8) & 0xff0000) | (value << 24)) >>> 0;
}
