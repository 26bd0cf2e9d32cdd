import { isExpansionCap } from '../../archives/decoded';
import { reportExpansion } from '../../archives/memberPaths';
import { ARCHIVE_RULES } from '../../archives/rules';
import { openStream, type StreamKind, streamKindOf } from '../../archives/streams';
import { WindowByteSource } from '../../io/byteSource';
import type { Format, ScanContext, ScanInput } from '../../scanner';

interface Wrapper {
  kind: StreamKind;
  title: string;
  extensions: readonly string[];
}

const WRAPPERS: readonly Wrapper[] = [
  { kind: 'gzip', title: 'gzip', extensions: ['.gz', '.tgz'] },
  { kind: 'bzip2', title: 'bzip2', extensions: ['.bz2', '.tbz2', '.tbz'] },
  { kind: 'xz', title: 'xz', extensions: ['.xz', '.txz'] },
  { kind: 'lzma', title: 'LZMA', extensions: ['.lzma', '.tlz'] },
  { kind: 'zlib', title: 'zlib', extensions: ['.zlib', '.z'] },
  { kind: 'zstd', title: 'Zstandard', extensions: ['.zst', '.zstd', '.tzst'] },
  { kind: 'lz4', title: 'LZ4', extensions: ['.lz4'] },
  { kind: 'lzip', title: 'lzip', extensions: ['.lz'] },
  { kind: 'unix-compress', title: 'Unix compress', extensions: ['.z'] },
  // Without a magic: known by its name alone.
  { kind: 'brotli', title: 'Brotli', extensions: ['.br'] },
  { kind: 'joblib-zf', title: 'joblib compressed pickle (before 0.10)', extensions: [] },
];

/** A single compressed stream: what it holds is scanned as the file that it becomes. */
export const COMPRESSED_FORMATS: readonly Format[] = WRAPPERS.map(({ kind, title, extensions }) => ({
  id: kind,
  title: `${title} stream`,
  kind: 'archive',
  extensions,
  identify(probe) {
    // `.Z` is the extension of Unix compress too, which is another format.
    const isNamed = extensions.includes(probe.extension) && probe.extension !== '.z';
    const claim = (found: StreamKind | undefined) => (found === kind ? 'certain' : isNamed ? 'named' : undefined);
    const found = streamKindOf(probe);
    return found instanceof Promise ? found.then(claim) : claim(found);
  },
  scan: (input, context) => scanStream(kind, extensions, input, context),
}));

async function scanStream(
  kind: StreamKind,
  extensions: readonly string[],
  input: ScanInput,
  context: ScanContext,
): Promise<void> {
  const decoded = openStream(input.source, kind, context.budget);
  try {
    await decoded.measure();
  } catch (error) {
    if (!isExpansionCap(error)) throw error;
    reportExpansion(context, error);
  }
  if (decoded.damage !== undefined) {
    if (decoded.size === 0) throw new Error(decoded.damage);
    context.incomplete(`damaged stream: ${decoded.damage}`);
  }
  if (decoded.size > 0) {
    // The window ends where decoding did, so that a bomb's beginning is still looked at.
    await context.scan({
      name: innerName(input.name, extensions),
      source: new WindowByteSource(decoded, 0, decoded.size),
    });
  }
  if (decoded.consumed !== undefined) await scanTrailing(input, decoded.consumed, context);
}

/** `model.pkl.gz` holds `model.pkl`, `model.tgz` holds `model.tar`, `model.pkl` holds a file of the same name. */
export function innerName(name: string, extensions: readonly string[]): string {
  const base = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\'), name.lastIndexOf('!')) + 1);
  const lower = base.toLowerCase();
  const extension = extensions.find((e) => lower.endsWith(e) && lower.length > e.length);
  if (!extension) return base;
  const stem = base.slice(0, -extension.length);
  return /^\.t[a-z]+/.test(extension) ? `${stem}.tar` : stem;
}

async function scanTrailing(input: ScanInput, end: number, context: ScanContext): Promise<void> {
  const size = input.source.size - end;
  if (size <= 0) return;
  const bytes = new WindowByteSource(input.source, end, size);
  const head = await bytes.read(0, 65536);
  if (head.every((byte) => byte === 0)) return;
  context.report({
    rule: ARCHIVE_RULES['hidden-data'],
    message: `${size} bytes follow the end of the compressed data: most readers stop before them without a word.`,
    location: { offset: end, length: size },
    anchor: 'behind',
  });
  await context.scan({ name: '(behind the stream)', source: bytes });
}
