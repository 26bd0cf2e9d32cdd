import type { TensorDescription } from '../../description';
import { WindowByteSource } from '../../io/byteSource';
import { ByteReader, UnexpectedEnd } from '../../io/reader';
import { evidenceText } from '../../redact';
import { defineRules, MODEL_REFERENCES } from '../../rule';
import type { Format, ScanContext, ScanInput } from '../../scanner';
import { reportDamage } from '../damage';

export const CTRANSLATE2_RULES = defineRules('ctranslate2', {
  'size-mismatch': {
    title: 'Data of a variable do not fit its shape',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description:
      'The loader allocates a variable by its shape and type and then reads as many bytes into it as the file says. More bytes than the shape has are written past the buffer.',
    remediation: 'Do not load the model; convert it anew.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-122', 'CWE-787', 'CWE-131'] },
  },
  malformed: {
    title: 'Damaged CTranslate2 model',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description: 'The file breaks off, or announces more than it has: what a loader makes of it is undefined.',
    remediation: 'Obtain the file again and compare its hash.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-20'] },
  },
});

/** Types and their bytes (`DataType` of ctranslate2/types.h). */
const TYPES = [
  ['float32', 4],
  ['int8', 1],
  ['int16', 2],
  ['int32', 4],
  ['float16', 2],
  ['bfloat16', 2],
] as const;
const NEWEST = 32;
const LONGEST_NAME = 4096;
const LISTED = 2000;

class Damaged extends Error {}

const announces = (what: string) => new Damaged(`it announces ${what}`);

/** Strings have their length in 16 bits and end in a NUL that counts. */
async function readName(reader: ByteReader): Promise<string> {
  const length = await reader.u16();
  if (length > LONGEST_NAME) throw announces(`a name of ${length} bytes`);
  return new TextDecoder().decode(await reader.bytes(length)).replace(/\0$/, '');
}

async function scan({ source }: ScanInput, context: ScanContext): Promise<void> {
  const reader = new ByteReader(source, 0, 4096);
  const tensors: TensorDescription[] = [];
  let count = 0;
  let parameters = 0;
  const version = await reader.u32();
  try {
    const spec = await readName(reader);
    const revision = await reader.u32();
    context.describe({
      format: 'ctranslate2',
      framework: 'CTranslate2',
      properties: { specification: evidenceText(spec, 80), revision, 'binary version': version },
    });
    count = await reader.u32();
    // A variable has at least a name, a rank, a type and a size.
    if (count * 8 > source.size) throw announces(`${count} variables in ${source.size} bytes`);
    for (let i = 0; i < count; i += 1) {
      if (i % 256 === 0) context.budget.checkTime();
      const at = reader.position;
      const name = evidenceText(await readName(reader), 120);
      const shape: number[] = [];
      for (let left = await reader.u8(); left > 0; left -= 1) shape.push(await reader.u32());
      const type = await reader.u8();
      const known = version >= 4 ? TYPES[type] : undefined;
      const size = version >= 4 ? await reader.u32() : (await reader.u32()) * type;
      const width = version >= 4 ? known?.[1] : type;
      if (width === undefined) throw announces(`the variable ${name} of the unknown type ${type}`);
      const elements = shape.reduce((product, n) => product * n, 1);
      if (size > elements * width) {
        context.report({
          rule: CTRANSLATE2_RULES['size-mismatch'],
          message: `The variable ${name} of ${shape.join(' x ') || 'one'} elements brings ${size} bytes, ${size - elements * width} more than it has room for.`,
          anchor: name,
          location: { offset: at, node: name },
        });
      }
      if (reader.position + size > source.size) throw announces(`${size} bytes of the variable ${name}`);
      parameters += elements;
      if (tensors.length < LISTED) tensors.push({ name, dtype: known?.[0] ?? `${type} bytes`, shape, bytes: size });
      reader.skip(size);
    }
    if (version >= 3) {
      const aliases = await reader.u32();
      if (aliases * 4 > source.size) throw announces(`${aliases} aliases`);
      for (let i = 0; i < aliases * 2; i += 1) await readName(reader);
    }
    await scanRest(source, reader.position, context);
  } catch (error) {
    if (!(error instanceof Damaged || error instanceof UnexpectedEnd)) throw error;
    const how = error instanceof Damaged ? error : new Damaged('it breaks off');
    const location = { offset: Math.min(reader.position, source.size) };
    reportDamage(context, CTRANSLATE2_RULES.malformed, 'model', how, { location });
  }
  context.describe({
    tensors,
    parameters,
    tensorCount: count,
    ...(count > tensors.length && { truncated: ['tensors'] }),
  });
}

async function scanRest(source: ScanInput['source'], end: number, context: ScanContext): Promise<void> {
  if (end >= source.size) return;
  await context.scan({ name: '(behind the model)', source: new WindowByteSource(source, end, source.size - end) });
}

/** `model.bin` of CTranslate2 (OpenNMT, faster-whisper), by its version and the name of its specification. */
export const CTRANSLATE2_FORMAT: Format = {
  id: 'ctranslate2',
  title: 'CTranslate2 model',
  kind: 'model',
  // The only name its loader knows is `model.bin`.
  extensions: ['.bin'],
  identify({ head, size }) {
    if (size < 16 || head.length < 16) return undefined;
    const view = new DataView(head.buffer, head.byteOffset, head.length);
    const version = view.getUint32(0, true);
    const length = view.getUint16(4, true);
    if (version < 2 || version > NEWEST || length < 5 || length > 64 || head[5 + length] !== 0) return undefined;
    const name = new TextDecoder('latin1').decode(head.subarray(6, 5 + length));
    return /^[A-Z]\w*(?:Spec|Base|Big|Model)$/.test(name) ? 'certain' : undefined;
  },
  scan,
};
