/** Sources in a TorchScript archive (`code/*.py`): a language of its own that torch's interpreter runs. */
import type { ByteSource } from '../../io/byteSource';
import { evidenceText } from '../../redact';
import type { ScanContext } from '../../scanner';
import { TORCH_RULES } from './rules';

const MAX_SOURCE = 16 * 2 ** 20;

/** Operators of ATen and torch that open files. */
export const FILE_OPERATOR =
  /\b(?:ops|torch)\.(?:aten\.|prim\.|image\.|torchvision\.|torchaudio\.|sox_io\.)?(save|from_file|_from_file|read_file|write_file|load|encode_jpeg_file|load_audio_file|save_audio_file|load_library|_load_for_lite_interpreter)\s*\(/;

/** What the compiler never writes: imports of Python modules, process and interpreter calls. */
const FOREIGN =
  /^\s*(?:import\s+(?!__torch__)[A-Za-z_]|from\s+(?!__torch__)[\w.]+\s+import\b)|\b(?:os|subprocess|sys|socket|shutil|builtins|importlib|ctypes|pickle)\s*\.\s*[A-Za-z_]\w*\s*\(|\b(?:exec|eval|compile|__import__|open|globals)\s*\(/;

/** Judges one source file line by line. */
export async function scanTorchScript(name: string, source: ByteSource, context: ScanContext): Promise<void> {
  if (source.size > MAX_SOURCE)
    context.incomplete('only the first 16 MiB of a TorchScript source are looked at', { member: name });
  const text = new TextDecoder().decode(await source.read(0, MAX_SOURCE));
  let number = 0;
  for (const full of text.split('\n')) {
    number += 1;
    if (number % 1000 === 0) context.budget.checkTime();
    const line = full.slice(0, 2000).replace(/(["'])(?:\\.|(?!\1)[^\\])*\1/g, '""');
    const file = FILE_OPERATOR.exec(line);
    const location = { member: name, line: number };
    if (file) {
      context.report({
        rule: TORCH_RULES['script-file-access'],
        message: `Running the model calls ${evidenceText(file[0].replace(/\s*\($/, ''))}, which opens a file.`,
        location,
        anchor: `${name} ${file[0]}`,
        data: { operator: evidenceText(file[0]) },
      });
      continue;
    }
    const foreign = FOREIGN.exec(line);
    if (foreign && !/^\s*(?:def|class)\s/.test(line)) {
      context.report({
        rule: TORCH_RULES['script-foreign-code'],
        message: `A TorchScript source holds "${evidenceText(foreign[0].trim(), 80)}", which the TorchScript compiler never writes.`,
        location,
        anchor: `${name} ${foreign[0].trim()}`,
      });
    }
  }
}
