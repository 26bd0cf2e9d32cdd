import { NotAZip, readZip } from '../../archives/zip';
import type { Budget } from '../../budget';
import type { ByteSource } from '../../io/byteSource';

/** A program, or code that a runtime of its own runs. */
export interface ProgramKind {
  name: string;
  program: boolean;
}

/** What a file is by its first bytes (at least 64, better 4096): ELF, PE, Mach-O, WebAssembly, Java, or a script with its interpreter. */
export function programKind(head: Uint8Array, size: number): ProgramKind | undefined {
  const [a, b, c, d] = head;
  if (a === 0x7f && b === 0x45 && c === 0x4c && d === 0x46) return { name: 'ELF binary', program: true };
  if (a === 0x4d && b === 0x5a && size > 64 && head.length >= 64) {
    const at = new DataView(head.buffer, head.byteOffset, head.byteLength).getUint32(60, true);
    // Any text may begin with MZ; a program has its PE header where byte 60 says.
    if (at + 4 <= head.length && head[at] === 0x50 && head[at + 1] === 0x45 && head[at + 2] === 0) {
      return { name: 'Windows executable', program: true };
    }
    return undefined;
  }
  const magic = ((a ?? 0) * 2 ** 24 + ((b ?? 0) << 16) + ((c ?? 0) << 8) + (d ?? 0)) >>> 0;
  if (magic === 0xfeedface || magic === 0xfeedfacf || magic === 0xcefaedfe || magic === 0xcffaedfe) {
    return { name: 'Mach-O binary', program: true };
  }
  if (magic === 0x0061736d && head[4] === 1) return { name: 'WebAssembly module', program: false };
  if (magic === 0xcafebabe && head.length >= 8) {
    // Java classes and universal Mach-O share the magic; a count of architectures is small, a class version is 45 or more.
    const second = new DataView(head.buffer, head.byteOffset, head.byteLength);
    return second.getUint32(4) < 30 ? { name: 'Mach-O binary', program: true } : { name: 'Java class', program: false };
  }
  if (a === 0x23 && b === 0x21) {
    const line = new TextDecoder('latin1').decode(head.subarray(0, 128)).split('\n', 1)[0] as string;
    if (/^#!\s*\/\S*(?:sh|bash|zsh|python[\d.]*|perl|ruby|node|env|php|lua)\b/.test(line))
      return { name: 'script', program: true };
  }
  return undefined;
}

const SEARCHED = 64 * 1024;

/**
 * Names the program that bytes outside of any tensor are, padding before it passed over: a file that is a model and a
 * program at once. A zip counts when Python would run it (`python model.safetensors` runs its `__main__.py`).
 */
export async function appendedProgram(source: ByteSource, budget: Budget): Promise<string | undefined> {
  const head = await source.read(0, Math.min(source.size, SEARCHED));
  const start = Math.max(
    0,
    head.findIndex((byte) => byte !== 0),
  );
  const kind = programKind(head.subarray(start), source.size - start);
  if (kind?.program) return kind.name;
  try {
    const zip = await readZip(source, budget);
    return zip.find('__main__.py') ? 'a zip that Python runs' : undefined;
  } catch (error) {
    if (error instanceof NotAZip) return undefined;
    throw error;
  }
}
