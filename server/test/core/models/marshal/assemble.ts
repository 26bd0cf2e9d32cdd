import { cacheEntries, opcodeNames, type PythonVersion } from '../../../../src/core/models/marshal/opcodes';

/** One instruction by its name; written as the release of `version` would have it. */
export type Line = [name: string, argument?: number];

export interface CodeParts {
  version: PythonVersion;
  lines: Line[];
  consts?: Constant[];
  names?: string[];
  locals?: string[];
  arguments?: number;
  name?: string;
}

export type Constant = null | number | string | Uint8Array | Constant[] | { raw: number[] };

function i32(value: number): number[] {
  return [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255];
}

function sized(type: string, bytes: Iterable<number>): number[] {
  const content = [...bytes];
  return [type.charCodeAt(0), ...i32(content.length), ...content];
}

const text = (value: string, version: PythonVersion): number[] =>
  sized(version === '2.7' ? 's' : 'u', new TextEncoder().encode(value));

export function marshalConstant(value: Constant, version: PythonVersion): number[] {
  if (value === null) return [0x4e];
  if (typeof value === 'number') {
    if (Number.isInteger(value)) return [0x69, ...i32(value)];
    return [0x67, ...new Uint8Array(new Float64Array([value]).buffer)];
  }
  if (typeof value === 'string') return text(value, version);
  if (value instanceof Uint8Array) return sized('s', value);
  if (Array.isArray(value)) {
    return [0x28, ...i32(value.length), ...value.flatMap((item) => marshalConstant(item, version))];
  }
  return value.raw;
}

/** Machine code of the lines: caches filled with zeros, arguments above 255 with a prefix. */
export function machineCode(lines: readonly Line[], version: PythonVersion): number[] {
  const names = opcodeNames(version);
  const wide = version === '2.7' || version === '3.5';
  const out: number[] = [];
  for (const [name, argument = 0] of lines) {
    const opcode = names.indexOf(name);
    if (opcode < 0) throw new Error(`${version} has no ${name}`);
    if (wide) {
      out.push(opcode);
      if (opcode >= 90) out.push(argument & 255, argument >> 8);
      continue;
    }
    if (argument > 255) out.push(names.indexOf('EXTENDED_ARG'), argument >> 8);
    out.push(opcode, argument & 255);
    for (let i = 0; i < cacheEntries(version, name); i += 1) out.push(0, 0);
  }
  return out;
}

/** A marshalled code object in the layout of its release. */
export function marshalCode(parts: CodeParts): Uint8Array {
  const { version, lines, consts = [null], names = [], locals = ['x'], name = '<lambda>' } = parts;
  const minor = version === '2.7' ? 0 : Number(version.slice(2));
  const counts = [parts.arguments ?? 1];
  if (minor >= 8) counts.push(0);
  if (minor > 0) counts.push(0);
  if (minor < 11) counts.push(locals.length);
  counts.push(4, 0x43);
  const tuple = (items: string[]) => marshalConstant(items, version);
  const out = [0x63, ...counts.flatMap(i32), ...sized('s', machineCode(lines, version))];
  out.push(...marshalConstant(consts, version), ...tuple(names), ...tuple(locals));
  if (minor >= 11)
    out.push(
      ...sized(
        's',
        locals.map(() => 0x26),
      ),
    );
  else out.push(...tuple([]), ...tuple([]));
  out.push(...text('/home/me/train.py', version), ...text(name, version));
  if (minor >= 11) out.push(...text(name, version));
  out.push(...i32(7), ...sized('s', []));
  if (minor >= 11) out.push(...sized('s', []));
  return Uint8Array.from(out);
}

export const ALL_VERSIONS: readonly PythonVersion[] = [
  '2.7',
  '3.5',
  '3.6',
  '3.7',
  '3.8',
  '3.9',
  '3.10',
  '3.11',
  '3.12',
  '3.13',
  '3.14',
];

/** `import os; os.system(command); return x` as each release compiles it. */
export function systemCall(version: PythonVersion, command: string): Uint8Array {
  const minor = version === '2.7' ? 0 : Number(version.slice(2));
  const start: Line[] = minor >= 11 ? [['RESUME']] : [];
  const load: Line[] = [
    ['LOAD_CONST', 1],
    ['LOAD_CONST', 0],
    ['IMPORT_NAME', 0],
    ['STORE_FAST', 1],
    ['LOAD_FAST', 1],
  ];
  let call: Line[];
  if (minor < 7)
    call = [
      ['LOAD_ATTR', 1],
      ['LOAD_CONST', 2],
      ['CALL_FUNCTION', 1],
    ];
  else if (minor < 11)
    call = [
      ['LOAD_METHOD', 1],
      ['LOAD_CONST', 2],
      ['CALL_METHOD', 1],
    ];
  else if (minor === 11)
    call = [
      ['LOAD_METHOD', 1],
      ['LOAD_CONST', 2],
      ['PRECALL', 1],
      ['CALL', 1],
    ];
  else
    call = [
      ['LOAD_ATTR', (1 << 1) | 1],
      ['LOAD_CONST', 2],
      ['CALL', 1],
    ];
  const lines: Line[] = [...start, ...load, ...call, ['POP_TOP'], ['LOAD_FAST', 0], ['RETURN_VALUE']];
  return marshalCode({
    version,
    lines,
    consts: [null, minor === 0 ? -1 : 0, command],
    names: ['os', 'system'],
    locals: ['x', 'os'],
    name: 'execute',
  });
}

/** `lambda x: x * factor` as each release compiles it. */
export function scaling(version: PythonVersion, factor: number): Uint8Array {
  const minor = version === '2.7' ? 0 : Number(version.slice(2));
  const start: Line[] = minor >= 11 ? [['RESUME']] : [];
  const multiply: Line = minor >= 11 ? ['BINARY_OP', 5] : ['BINARY_MULTIPLY'];
  const lines: Line[] = [...start, ['LOAD_FAST', 0], ['LOAD_CONST', 1], multiply, ['RETURN_VALUE']];
  return marshalCode({ version, lines, consts: [null, factor] });
}

export function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}
