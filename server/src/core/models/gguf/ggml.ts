import { ByteReader, UnexpectedEnd } from '../../io/reader';
import type { Format, ScanContext, ScanInput } from '../../scanner';
import { GGUF_RULES } from './rules';

/** The predecessors of GGUF. Their magics are 32-bit words, so that they stand backwards in the file. */
const MAGICS: ReadonlyMap<string, string> = new Map([
  ['lmgg', 'ggml'],
  ['fmgg', 'ggmf'],
  ['tjgg', 'ggjt'],
  ['algg', 'ggla'],
  ['ALGG', 'GGLA'],
]);

const LARGEST_TOKEN = 65536;

function magicOf(head: Uint8Array): string | undefined {
  return MAGICS.get(String.fromCharCode(...head.subarray(0, 4)));
}

/** GGML, GGMF, GGJT and LoRA files, which llama.cpp read before GGUF. Only the LLaMA layout of GGMF and GGJT says what follows. */
export const GGML_FORMAT: Format = {
  id: 'ggml',
  title: 'GGML (before GGUF)',
  kind: 'model',
  extensions: ['.ggml', '.ggmf', '.ggjt'],
  identify({ head, size, extension }) {
    if (size >= 32 && magicOf(head)) return 'certain';
    return ['.ggml', '.ggmf', '.ggjt'].includes(extension) ? 'named' : undefined;
  },
  async scan(input, context) {
    const magic = magicOf(await input.source.read(0, 4));
    if (!magic) throw new Error('the file begins with none of the magics of GGML');
    context.describe({ format: 'ggml', framework: 'ggml', properties: { magic } });
    if (magic !== 'ggmf' && magic !== 'ggjt') {
      context.incomplete(
        `the layout of a ${magic} file depends on the program that wrote it; only its magic was looked at`,
      );
      return;
    }
    try {
      await scanLlama(input, context);
    } catch (error) {
      if (!(error instanceof UnexpectedEnd)) throw error;
      overflow(context, error.offset, 'more than the file has');
    }
  },
};

function overflow(context: ScanContext, offset: number, what: string): void {
  context.report({
    rule: GGUF_RULES['header-overflow'],
    message: `The file announces ${what}: readers that do not check read or write past their buffers.`,
    location: { offset },
    anchor: what,
  });
}

/** convert-pth-to-ggml's layout: seven hyperparameters, the vocabulary with scores, then tensors until the end. */
async function scanLlama({ source }: ScanInput, context: ScanContext): Promise<void> {
  const reader = new ByteReader(source, 4);
  const version = await reader.u32();
  const vocabulary = await reader.u32();
  reader.skip(6 * 4);
  if (vocabulary * 8 > source.size) {
    overflow(context, 8, `a vocabulary of ${vocabulary} tokens`);
    return;
  }
  for (let i = 0; i < vocabulary; i += 1) {
    if (i % 1000 === 0) context.budget.checkTime();
    const length = await reader.u32();
    if (length > LARGEST_TOKEN) {
      overflow(context, reader.position - 4, `a token of ${length} bytes`);
      return;
    }
    reader.skip(length + 4);
  }
  context.describe({ properties: { version, vocabulary } });
}
