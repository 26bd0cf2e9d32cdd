import { readZip, type ZipArchive, zipOf } from '../../archives/zip';
import { scanZipMembers } from '../../archives/zipMembers';
import type { TensorDescription } from '../../description';
import { type ByteSource, WindowByteSource } from '../../io/byteSource';
import { evidenceText } from '../../redact';
import { defineRules, MODEL_REFERENCES } from '../../rule';
import type { Format, ScanContext } from '../../scanner';
import { type DType, describeDType, type Literal, parseLiteral, shapeOf } from './header';

export const NUMPY_RULES = defineRules('numpy', {
  'object-array': {
    title: 'NumPy array of Python objects',
    category: 'model',
    severity: 'info',
    risk: 'deserialization',
    description:
      'The array holds Python objects, which are stored as a pickle. numpy.load reads it only with allow_pickle=True, and then runs whatever the pickle says.',
    remediation: 'Load it with allow_pickle=False, and have the data stored in arrays of numbers or text.',
    references: { ...MODEL_REFERENCES.deserialization, see: ['CVE-2019-6446'] },
  },
  'malformed-header': {
    title: 'Array header that lies',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'The header of the .npy file is no plain dictionary of descr, fortran_order and shape, or declares data that the file does not have. Old versions of NumPy evaluate the header; a huge shape makes the reader allocate as much.',
    remediation: 'Do not load the file; get it again from its source.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-95', 'CWE-789', 'CWE-20'] },
  },
  'trailing-data': {
    title: 'Data behind the array',
    category: 'model',
    severity: 'low',
    risk: 'runtime',
    description: 'The file goes on behind the last element of the array. Readers ignore what is there.',
    remediation: 'Ask what it is for.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-506'] },
  },
});

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const MAX_HEADER = 1024 * 1024;

export function isNpy(head: Uint8Array): boolean {
  return MAGIC.every((byte, i) => head[i] === byte);
}

interface Header {
  dataOffset: number;
  version: string;
  dtype?: DType;
  shape?: number[];
  problem?: string;
}

async function readHeader(source: ByteSource): Promise<Header> {
  const head = await source.read(0, 12);
  if (head.length < 10 || !isNpy(head)) throw new Error('there is no .npy header');
  const major = head[6] as number;
  const version = `${major}.${head[7]}`;
  const wide = major >= 2;
  if (major < 1 || major > 3) return { dataOffset: 10, version, problem: 'its version does not exist' };
  const length =
    ((head[8] as number) | ((head[9] as number) << 8)) +
    (wide ? (head[10] ?? 0) * 2 ** 16 + (head[11] ?? 0) * 2 ** 24 : 0);
  const start = wide ? 12 : 10;
  const dataOffset = start + length;
  if (dataOffset > source.size)
    return { dataOffset: source.size, version, problem: 'its header is longer than the file' };
  if (length > MAX_HEADER) return { dataOffset, version, problem: `its header has ${length} bytes` };
  const text = new TextDecoder(major === 3 ? 'utf-8' : 'latin1').decode(await source.read(start, length));
  let literal: Literal;
  try {
    literal = parseLiteral(text.trim());
  } catch (error) {
    return { dataOffset, version, problem: `its header is ${error instanceof Error ? error.message : 'no literal'}` };
  }
  const pairs = typeof literal === 'object' && literal !== null && 'dict' in literal ? literal.dict : undefined;
  if (!pairs) return { dataOffset, version, problem: 'its header is no dictionary' };
  const fields = new Map(pairs.map(([key, value]) => [String(key), value]));
  const dtype = describeDType(fields.get('descr'));
  const shape = shapeOf(fields.get('shape'));
  const header = { dataOffset, version, ...(dtype && { dtype }), ...(shape && { shape }) };
  if (fields.size !== 3 || !fields.has('fortran_order'))
    return { ...header, problem: 'its header has other keys than descr, fortran_order and shape' };
  if (!dtype) return { ...header, problem: 'its dtype is none' };
  if (!shape || shape.some((n) => n < 0 || !Number.isSafeInteger(n)))
    return { ...header, problem: 'its shape is none' };
  return header;
}

/** Judges one array; `name` is told when it lies in an archive. */
async function scanArray(source: ByteSource, context: ScanContext): Promise<TensorDescription | undefined> {
  const header = await readHeader(source);
  const { dtype, shape, dataOffset } = header;
  const malformed = (problem: string) =>
    context.report({
      rule: NUMPY_RULES['malformed-header'],
      message: `The array's header cannot be trusted: ${problem}.`,
      location: { offset: 0, length: dataOffset },
      anchor: problem,
    });
  if (header.problem) malformed(header.problem);
  const rest = new WindowByteSource(source, dataOffset, source.size - dataOffset);
  if (!dtype || dtype.hasObjects || header.problem) {
    // A pickle follows where objects are declared; where nothing can be told it may.
    if (dtype?.hasObjects) {
      context.report({
        rule: NUMPY_RULES['object-array'],
        message: 'The array holds Python objects, so that reading it loads a pickle.',
        location: { offset: dataOffset },
        anchor: 'objects',
      });
      if (rest.size > 0) await context.scan({ name: '(objects)', source: rest, formatId: 'pickle' });
    } else if (rest.size > 0) await context.scan({ name: '(data)', source: rest });
    return dtype && shape ? { name: 'array', dtype: evidenceText(dtype.text, 200), shape } : undefined;
  }
  if (!shape) return undefined;
  const elements = shape.reduce((product, n) => product * n, 1);
  if (dtype.size >= 0) {
    const bytes = elements * dtype.size;
    if (!Number.isSafeInteger(bytes) || bytes > rest.size)
      malformed(`it declares ${bytes} bytes of data, the file has ${rest.size}`);
    else if (bytes < rest.size) {
      context.report({
        rule: NUMPY_RULES['trailing-data'],
        message: `${rest.size - bytes} bytes follow the last element of the array.`,
        location: { offset: dataOffset + bytes, length: rest.size - bytes },
        anchor: 'trailing',
      });
      await context.scan({ name: '(behind the array)', source: new WindowByteSource(rest, bytes, rest.size - bytes) });
    }
    return { name: 'array', dtype: evidenceText(dtype.text, 200), shape, bytes };
  }
  return { name: 'array', dtype: evidenceText(dtype.text, 200), shape };
}

export const NPY_FORMAT: Format = {
  id: 'npy',
  title: 'NumPy array',
  kind: 'model',
  extensions: ['.npy'],
  identify(probe) {
    if (isNpy(probe.head)) return 'certain';
    return probe.extension === '.npy' ? 'named' : undefined;
  },
  async scan({ source }, context) {
    const tensor = await scanArray(source, context);
    context.describe({
      format: 'npy',
      framework: 'NumPy',
      ...(tensor && { tensors: [tensor], tensorCount: 1, parameters: tensor.shape.reduce((a, b) => a * b, 1) }),
    });
  },
};

const isNpz = (zip: ZipArchive) => {
  const names = zip.allEntries.filter(({ isDirectory }) => !isDirectory).map(({ name }) => name.toLowerCase());
  return names.length > 0 && names.some((name) => name.endsWith('.npy'));
};

/** A zip of .npy files, as numpy.savez writes it; the members are judged one by one. */
export const NPZ_FORMAT: Format = {
  id: 'npz',
  title: 'NumPy archive',
  kind: 'model',
  extensions: ['.npz'],
  supersedes: ['zip'],
  async identify(probe) {
    const zip = await zipOf(probe);
    if (!zip) return undefined;
    if (probe.extension === '.npz' && isNpz(zip)) return 'certain';
    const names = zip.entries.map(({ name }) => name);
    return names.length > 0 && names.every((name) => name.endsWith('.npy')) ? 'certain' : undefined;
  },
  async scan({ source }, context) {
    const zip = await readZip(source, context.budget);
    const tensors: TensorDescription[] = [];
    for (const entry of zip.entries.slice(0, 2000)) {
      if (!entry.name.endsWith('.npy') || entry.encrypted || entry.isSymlink) continue;
      context.budget.checkTime();
      try {
        const { dtype, shape } = await readHeader(await zip.open(entry));
        if (dtype && shape)
          tensors.push({ name: evidenceText(entry.name.slice(0, -4)), dtype: evidenceText(dtype.text, 200), shape });
      } catch {
        // The member's own scan says what is wrong with it.
      }
    }
    await scanZipMembers(zip, context);
    context.describe({
      format: 'npz',
      framework: 'NumPy',
      tensors,
      tensorCount: tensors.length,
      parameters: tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    });
  },
};
