import type { ByteSource } from '../io/byteSource';

/** Program text where only data belongs: calls that run commands or code, in the spelling of Python or of a shell. */
const CODE_TEXT =
  /\b__import__\s*\(|\bos\.(?:system|popen|exec[lv]\w*)\s*\(|\bsubprocess\.\w+\s*\(|(?<![.\w])(?:eval|exec)\s*\(\s*(?:['"a-z_])|\bbuiltins\.\w+\s*\(|\bimportlib\.import_module\s*\(|\b(?:pickle|marshal|dill)\.loads?\s*\(|\bbase64\.b64decode\s*\(|\bctypes\.CDLL\s*\(|\bsocket\.socket\s*\(|\b(?:curl|wget)\s[^\n|]{0,200}\|\s*(?:ba)?sh\b|\/bin\/(?:ba)?sh\s+-[ci]\b|\bpowershell(?:\.exe)?\s+-(?:e|enc|nop|w|c)\w*\b|\bcmd(?:\.exe)?\s+\/c\s/i;

/** The first piece of program text in a text, with where it begins. */
export function findCode(text: string): { text: string; offset: number } | undefined {
  const found = CODE_TEXT.exec(text);
  return found ? { text: found[0], offset: found.index } : undefined;
}

/** As much as is looked at of a file's beginning and of its end; what lies between are numbers. */
const LOOKED_AT = 2 ** 20;

/** Program text in the beginning or the end of a file that is no text as a whole. Offsets are those of the file. */
export async function findCodeAtEnds(source: ByteSource): Promise<{ text: string; offset: number } | undefined> {
  const starts = source.size > LOOKED_AT ? [0, Math.max(LOOKED_AT, source.size - LOOKED_AT)] : [0];
  for (const start of starts) {
    const found = findCode(new TextDecoder('latin1').decode(await source.read(start, LOOKED_AT)));
    if (found) return { text: found.text, offset: start + found.offset };
  }
  return undefined;
}
