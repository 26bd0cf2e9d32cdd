import type { TensorDescription } from '../../description';
import { WindowByteSource } from '../../io/byteSource';
import { ByteReader } from '../../io/reader';
import { evidenceText } from '../../redact';
import { defineRules, MODEL_REFERENCES } from '../../rule';
import type { Format, Probe, ScanContext, ScanInput } from '../../scanner';
import { findCode } from '../codeText';
import { programKind } from '../native/programs';

export const MSGPACK_RULES = defineRules('msgpack', {
  'object-hook': {
    title: 'MessagePack checkpoint names Python objects to rebuild',
    category: 'model',
    severity: 'high',
    risk: 'deserialization',
    description:
      'A key of the checkpoint is one by which Python serializers rebuild objects (`__reduce__`, `py/object` ...). Flax writes none; a reader with an object hook would call what it names.',
    remediation: 'Do not load the file; ask for safetensors.',
    references: MODEL_REFERENCES.deserialization,
  },
  'unknown-extension': {
    title: 'MessagePack extension that Flax does not write',
    category: 'model',
    severity: 'medium',
    risk: 'deserialization',
    description:
      'An extension type carries bytes whose meaning the reader decides. Flax knows 1 (array), 2 (complex) and 3 (scalar).',
    remediation: 'Find out which program wrote the file before loading it.',
    references: MODEL_REFERENCES.deserialization,
  },
  'active-text': {
    title: 'Program code as text in a MessagePack checkpoint',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'A text of the checkpoint is program code. It does nothing by itself, but runs where a tool evaluates what the checkpoint says of itself.',
    remediation: 'Do not evaluate texts of the checkpoint; ask for safetensors.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-94', 'CWE-95'] },
  },
  'embedded-program': {
    title: 'Program inside a MessagePack checkpoint',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description: 'A byte value of the checkpoint is a program, not an array.',
    remediation: 'Do not load or unpack the file; obtain the model from its publisher again.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-506', 'CWE-434'] },
  },
  'trailing-data': {
    title: 'Bytes after the end of the MessagePack data',
    category: 'model',
    severity: 'medium',
    risk: 'deserialization',
    description: 'The file goes on after its one object. Readers ignore the rest, so it can hold anything.',
    remediation: 'Ask the publisher what the bytes are.',
    references: MODEL_REFERENCES.deserialization,
  },
});

/** Keys by which Python serializers name classes and callables. */
const OBJECT_KEYS = new Set([
  '__reduce__',
  '__reduce_ex__',
  '__class__',
  '__module__',
  '__setstate__',
  '__getstate__',
  '__import__',
  '__builtins__',
  '__globals__',
  '__code__',
  '__object__',
  '__pickle__',
  'py/object',
  'py/reduce',
  'py/function',
  'py/type',
  '__callable__',
]);
/** Extension codes of flax.serialization, and MessagePack's own timestamp. */
const KNOWN_EXTENSIONS = new Set([1, 2, 3, -1]);
const LARGEST_EMBEDDED = 64 * 1024 * 1024;
/** What is looked at of a byte value: the headers of a Windows program may stand some way in. */
const SNIFFED = 1024;
/** zip, gzip, bzip2, xz, 7z, HDF5. */
const CONTAINERS: readonly (readonly number[])[] = [
  [0x50, 0x4b, 3, 4],
  [0x1f, 0x8b, 8],
  [0x42, 0x5a, 0x68],
  [0xfd, 0x37, 0x7a, 0x58, 0x5a],
  [0x37, 0x7a, 0xbc, 0xaf],
  [0x89, 0x48, 0x44, 0x46],
];
const KEY_LIMIT = 512;
/** Texts of a checkpoint are short: names, settings, a version. */
const LARGEST_TEXT = 64 * 1024;
const MOST_TEXTS = 10_000;

interface Frame {
  left: number;
  map: boolean;
  /** In a map: whether the next value is a key. */
  key: boolean;
  name: string;
}

/** Walks MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md) without recursion; payloads are skipped. */
class Walker {
  readonly tensors: TensorDescription[] = [];
  keys = 0;
  texts = 0;
  readonly #stack: Frame[] = [];

  constructor(
    private readonly reader: ByteReader,
    private readonly context: ScanContext,
  ) {}

  #path(): string {
    return this.#stack
      .map((f) => f.name)
      .filter(Boolean)
      .join('/');
  }

  async walk(): Promise<void> {
    let steps = 0;
    do {
      steps += 1;
      if (steps % 1000 === 0) this.context.budget.checkTime();
      await this.#value();
      while (this.#stack.length && (this.#stack.at(-1) as Frame).left === 0) this.#stack.pop();
    } while (this.#stack.length);
  }

  async #value(): Promise<void> {
    const frame = this.#stack.at(-1);
    const asKey = frame?.map === true && frame.key;
    if (frame) {
      if (frame.map) frame.key = !frame.key;
      if (!asKey) frame.left -= 1;
    }
    const { reader } = this;
    const tag = await reader.u8();
    if (tag <= 0x7f || tag >= 0xe0) return;
    if (tag <= 0x8f) return this.#open(tag & 15, true);
    if (tag <= 0x9f) return this.#open(tag & 15, false);
    if (tag <= 0xbf) return this.#text(tag & 31, asKey, frame);
    switch (tag) {
      case 0xc0:
      case 0xc2:
      case 0xc3:
        return;
      case 0xc4:
        return this.#binary(await reader.u8());
      case 0xc5:
        return this.#binary(await reader.u16(false));
      case 0xc6:
        return this.#binary(await reader.u32(false));
      case 0xc7:
        return this.#extension(await reader.u8());
      case 0xc8:
        return this.#extension(await reader.u16(false));
      case 0xc9:
        return this.#extension(await reader.u32(false));
      case 0xca:
      case 0xce:
      case 0xd2:
        return this.#skip(4);
      case 0xcb:
      case 0xcf:
      case 0xd3:
        return this.#skip(8);
      case 0xcc:
      case 0xd0:
        return this.#skip(1);
      case 0xcd:
      case 0xd1:
        return this.#skip(2);
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(2 ** (tag - 0xd4));
      case 0xd9:
        return this.#text(await reader.u8(), asKey, frame);
      case 0xda:
        return this.#text(await reader.u16(false), asKey, frame);
      case 0xdb:
        return this.#text(await reader.u32(false), asKey, frame);
      case 0xdc:
        return this.#open(await reader.u16(false), false);
      case 0xdd:
        return this.#open(await reader.u32(false), false);
      case 0xde:
        return this.#open(await reader.u16(false), true);
      case 0xdf:
        return this.#open(await reader.u32(false), true);
      default:
        throw new Error(`byte 0x${tag.toString(16)} at offset ${reader.position - 1} is no MessagePack`);
    }
  }

  #open(count: number, map: boolean): void {
    if (this.#stack.length > 512) throw new Error('nested deeper than 512 levels');
    if (count > this.reader.source.size)
      throw new Error(`a collection of ${count} items in ${this.reader.source.size} bytes`);
    this.#stack.push({ left: count, map, key: map, name: '' });
  }

  #skip(length: number): void {
    if (this.reader.position + length > this.reader.source.size)
      throw new Error(`a value passes the end at offset ${this.reader.position}`);
    this.reader.skip(length);
  }

  async #text(length: number, asKey: boolean, frame: Frame | undefined): Promise<void> {
    const offset = this.reader.position;
    if (!asKey || !frame) {
      if (length >= 16 && length <= LARGEST_TEXT && this.texts < MOST_TEXTS) await this.#judgeText(length);
      else this.#skip(length);
      return;
    }
    const text = new TextDecoder().decode(await this.reader.bytes(Math.min(length, KEY_LIMIT)));
    this.#skip(length - Math.min(length, KEY_LIMIT));
    frame.name = text;
    this.keys += 1;
    if (OBJECT_KEYS.has(text)) {
      this.context.report({
        rule: MSGPACK_RULES['object-hook'],
        message: `The key ${evidenceText(this.#path(), 160)} is one by which Python serializers rebuild objects`,
        anchor: this.#path(),
        location: { offset, length, node: this.#path() },
      });
    }
  }

  async #judgeText(length: number): Promise<void> {
    this.texts += 1;
    const offset = this.reader.position;
    const found = findCode(new TextDecoder().decode(await this.reader.bytes(length)));
    if (!found) return;
    const node = this.#path();
    this.context.report({
      rule: MSGPACK_RULES['active-text'],
      message: `The text ${evidenceText(node || 'at the root', 160)} is program code: ${evidenceText(found.text, 60)}`,
      anchor: `${node}\0${found.text}`,
      location: { offset, length, node },
    });
  }

  async #binary(length: number): Promise<void> {
    const offset = this.reader.position;
    this.#skip(length);
    await this.#sniff(offset, length);
  }

  async #extension(length: number): Promise<void> {
    const code = ((await this.reader.u8()) << 24) >> 24;
    const offset = this.reader.position;
    this.#skip(length);
    const node = this.#path();
    if (code === 1) {
      await this.#array(offset, length, node);
      return;
    }
    if (KNOWN_EXTENSIONS.has(code)) return;
    this.context.report({
      rule: MSGPACK_RULES['unknown-extension'],
      message: `${evidenceText(node || 'The root', 160)} is of extension type ${code}, which Flax does not write`,
      anchor: `${node}\0${code}`,
      location: { offset, length, node },
    });
    await this.#sniff(offset, length);
  }

  /** Flax packs an array as (shape, dtype name, buffer). */
  async #array(offset: number, length: number, node: string): Promise<void> {
    if (this.tensors.length >= 10_000) return;
    const reader = new ByteReader(this.reader.source, offset, 256);
    try {
      if ((await reader.u8()) !== 0x93) return;
      const rank = (await reader.u8()) & 15;
      const shape: number[] = [];
      for (let i = 0; i < rank; i += 1) shape.push(await integer(reader));
      const tag = await reader.u8();
      const name = new TextDecoder().decode(await reader.bytes(Math.min(31, tag & 31)));
      this.tensors.push({ name: node, dtype: name, shape, bytes: length });
    } catch {
      this.context.incomplete('a Flax array whose header cannot be read', { offset, node });
    }
  }

  /** Weights are numbers and are not searched; bytes that are a whole pickle, archive or program are judged as that. */
  async #sniff(offset: number, length: number): Promise<void> {
    if (length < 4 || length > LARGEST_EMBEDDED) return;
    const { source } = this.reader;
    const head = await source.read(offset, Math.min(length, SNIFFED));
    const last = (await source.read(offset + length - 1, 1))[0];
    const node = this.#path() || 'root';
    const program = programKind(head, length);
    if (program?.program) {
      this.context.report({
        rule: MSGPACK_RULES['embedded-program'],
        message: `The bytes of ${evidenceText(node, 160)} are a program (${program.name}), not an array`,
        anchor: node,
        location: { offset, length, node },
      });
      return;
    }
    const isPickle =
      last === 0x2e &&
      ((head[0] === 0x80 && (head[1] as number) <= 5) ||
        /^[(\]}c][\x0a\x20-\x7e]/.test(String.fromCharCode(...head.subarray(0, 2))));
    const isContainer = CONTAINERS.some((magic) => magic.every((byte, i) => head[i] === byte));
    if (isPickle || isContainer)
      await this.context.scan({ name: node, source: new WindowByteSource(source, offset, length) });
  }
}

async function integer(reader: ByteReader): Promise<number> {
  const tag = await reader.u8();
  if (tag <= 0x7f) return tag;
  if (tag === 0xcc) return reader.u8();
  if (tag === 0xcd) return reader.u16(false);
  if (tag === 0xce) return reader.u32(false);
  if (tag === 0xcf) return Number(await reader.u64(false));
  throw new Error('no unsigned integer');
}

async function scan(input: ScanInput, context: ScanContext): Promise<void> {
  const reader = new ByteReader(input.source, 0, 16 * 1024);
  const walker = new Walker(reader, context);
  await walker.walk();
  const sizes = walker.tensors.map((t) => t.shape.reduce((a, b) => a * b, 1));
  context.describe({
    format: 'msgpack',
    framework: 'Flax / JAX',
    tensorCount: walker.tensors.length,
    tensors: walker.tensors,
    parameters: sizes.reduce((a, b) => a + b, 0),
    properties: { keys: walker.keys },
  });
  if (reader.position < input.source.size) {
    context.report({
      rule: MSGPACK_RULES['trailing-data'],
      message: `${input.source.size - reader.position} bytes follow the end of the MessagePack object`,
      anchor: 'trailing',
      location: { offset: reader.position },
    });
    await context.scan({
      name: 'trailing data',
      source: new WindowByteSource(input.source, reader.position, input.source.size),
    });
  }
}

/** First key of a map that opens the file, or undefined. */
function firstKey({ head }: Probe): string | undefined {
  const tag = head[0] as number;
  // An empty map, 0x80, is how pickles begin.
  let at: number;
  if (tag > 0x80 && tag <= 0x8f) at = 1;
  else if (tag === 0xde) at = 3;
  else if (tag === 0xdf) at = 5;
  else return undefined;
  const text = head[at] as number;
  const [start, length] =
    text >= 0xa1 && text <= 0xbf ? [at + 1, text & 31] : text === 0xd9 ? [at + 2, head[at + 1] as number] : [0, 0];
  if (length === 0 || start + length > head.length) return undefined;
  const key = new TextDecoder().decode(head.subarray(start, start + length));
  return /^[\w./ -]+$/.test(key) ? key : undefined;
}

const USUAL_KEYS = new Set([
  'params',
  'model',
  'opt_state',
  'step',
  'state',
  'batch_stats',
  'target',
  'version',
  'tree_metadata',
  'optimizer',
]);

export const MSGPACK_FORMAT: Format = {
  id: 'msgpack',
  title: 'MessagePack (Flax)',
  kind: 'model',
  extensions: ['.msgpack', '.flax'],
  identify(probe) {
    const key = firstKey(probe);
    const named = probe.extension === '.msgpack' || probe.extension === '.flax';
    if (key !== undefined) return named ? 'certain' : USUAL_KEYS.has(key) ? 'likely' : undefined;
    return named ? 'named' : undefined;
  },
  scan,
};
