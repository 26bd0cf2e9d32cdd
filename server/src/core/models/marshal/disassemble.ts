import { cacheEntries, opcodeNames, PYTHON_VERSIONS, type PythonVersion } from './opcodes';
import { type CodeObject, isCode } from './reader';

export interface Instruction {
  offset: number;
  /** Name of the opcode; `<number>` when the release has none of that number. */
  name: string;
  argument: number;
  /** Its inline caches are not empty, as they are in whatever a compiler wrote. */
  dirty?: true;
}

const HAVE_ARGUMENT_BEFORE_WORDCODE = 90;
const MOST_INSTRUCTIONS = 200_000;

/** Instructions of a code object in the order of the bytes, prefixes folded in and inline caches skipped. */
export function disassemble(code: CodeObject, version: PythonVersion): Instruction[] {
  const bytes = code.code;
  const names = opcodeNames(version);
  const wide = version === '2.7' || version === '3.5';
  const out: Instruction[] = [];
  let extended = 0;
  let start = 0;
  for (let at = 0; at < bytes.length && out.length < MOST_INSTRUCTIONS; ) {
    const opcode = bytes[at] as number;
    let argument = 0;
    let next = at + (wide ? 1 : 2);
    if (!wide) argument = bytes[at + 1] ?? 0;
    else if (opcode >= HAVE_ARGUMENT_BEFORE_WORDCODE) {
      argument = (bytes[at + 1] ?? 0) | ((bytes[at + 2] ?? 0) << 8);
      next = at + 3;
    }
    const name = names[opcode] ?? `<${opcode}>`;
    argument = ((extended << (wide ? 16 : 8)) | argument) >>> 0;
    if (name === 'EXTENDED_ARG') {
      extended = argument;
    } else {
      const end = next + 2 * cacheEntries(version, name);
      const dirty = bytes.subarray(next, end).some((byte) => byte !== 0) || end > bytes.length;
      out.push({ offset: start, name, argument, ...(dirty && { dirty }) });
      extended = 0;
      next = end;
      start = next;
    }
    at = next;
  }
  return out;
}

const CANDIDATES: Record<CodeObject['layout'], readonly PythonVersion[]> = {
  2: ['2.7'],
  3: ['3.7', '3.6', '3.5'],
  38: ['3.10', '3.9', '3.8'],
  311: ['3.12', '3.11', '3.13', '3.14'],
};

const NAME_ARGUMENT =
  /^(?:LOAD|STORE|DELETE)_(?:NAME|GLOBAL|ATTR|METHOD)$|^IMPORT_(?:NAME|FROM)$|^LOAD_FROM_DICT_OR_GLOBALS$/;
const LOCAL_ARGUMENT = /^(?:LOAD|STORE|DELETE)_FAST(?:_CHECK|_AND_CLEAR|_BORROW)?$/;

/** How badly the bytes fit a release: arguments out of range, unknown opcodes, a missing prologue or end. */
function misfit(code: CodeObject, version: PythonVersion): number {
  const instructions = disassemble(code, version);
  let penalty = 0;
  for (const { name, argument, dirty } of instructions) {
    if (dirty) penalty += 10;
    if (name.startsWith('<') || name === 'CACHE' || name === 'RESERVED') penalty += 10;
    else if (name === 'LOAD_CONST' || name === 'RETURN_CONST' || name === 'KW_NAMES') {
      if (argument >= code.consts.length) penalty += 5;
    } else if (NAME_ARGUMENT.test(name)) {
      if (nameIndex(name, argument, version) >= code.names.length) penalty += 5;
    } else if (LOCAL_ARGUMENT.test(name) && argument >= code.locals.length) penalty += 5;
  }
  if (code.layout === 311 && !instructions.slice(0, 64).some(({ name }) => name === 'RESUME')) penalty += 10;
  const last = instructions[instructions.length - 1]?.name ?? '';
  if (!/^(?:RETURN|RAISE|RERAISE|JUMP|CALL_INTRINSIC)/.test(last)) penalty += 3;
  return penalty;
}

/** Index into the names of an instruction's argument: newer releases keep flags in its low bits. */
export function nameIndex(name: string, argument: number, version: PythonVersion): number {
  const minor = minorOf(version);
  if (name === 'LOAD_GLOBAL' && minor >= 11) return argument >> 1;
  if (name === 'LOAD_ATTR' && minor >= 12) return argument >> 1;
  return argument;
}

/** 7 for 3.7; 2.7 counts as 0. */
export function minorOf(version: PythonVersion): number {
  return version === '2.7' ? 0 : Number(version.slice(2));
}

/** The code and the first functions inside it: short ones fit several releases. */
function withNested(code: CodeObject): CodeObject[] {
  const codes = [code];
  for (let i = 0; i < codes.length; i += 1) {
    for (const value of (codes[i] as CodeObject).consts) {
      if (codes.length < 20 && isCode(value) && !codes.includes(value)) codes.push(value);
    }
  }
  return codes;
}

/**
 * The release whose opcodes fit the code best; the order of a tie does not matter, since both then read the same.
 * `fits` is false when the bytes are nobody's: damaged, made by hand, or of a release that is not known here.
 */
export function guessVersion(code: CodeObject): { version: PythonVersion; fits: boolean } {
  let best: PythonVersion = PYTHON_VERSIONS[PYTHON_VERSIONS.length - 1] as PythonVersion;
  let least = Number.POSITIVE_INFINITY;
  const codes = withNested(code);
  for (const version of CANDIDATES[code.layout]) {
    const penalty = codes.reduce((sum, each) => sum + misfit(each, version), 0);
    if (penalty < least) {
      least = penalty;
      best = version;
    }
  }
  return { version: best, fits: least === 0 };
}
