import { Budget, DEFAULT_LIMITS } from '../../budget';
import { type ByteSource, peekAt } from '../../io/byteSource';
import { looksLikePickle } from '../../pickle/streams';
import { evidenceText } from '../../redact';
import type { ScanContext } from '../../scanner';
import { TORCH_RULES } from './rules';

const HEAD = 64;

/**
 * Looks at the first bytes of a tensor and nothing more. Numbers hardly ever begin like a pickle or an archive; what
 * does is read as one and reported.
 */
export async function sniffStorage(name: string, source: ByteSource, context: ScanContext): Promise<void> {
  if (source.size < 8) return;
  const head = await peekAt(source, 0, HEAD);
  const [a, b, c] = head;
  const pickle = (a === 0x80 && (b as number) <= 5) || a === 0x63 || a === 0x28;
  const archive = (a === 0x50 && b === 0x4b && c === 3) || (a === 0x1f && b === 0x8b && c === 8);
  const native = a === 0x7f && b === 0x45 && c === 0x4c;
  if (!pickle && !archive && !native) return;
  if (pickle) {
    const budget = new Budget({ ...DEFAULT_LIMITS, timeMs: 2000 });
    const claim = await looksLikePickle(await peekAt(source, 0, 4096), source.size, source, budget);
    if (claim !== 'certain') return;
    context.report({
      rule: TORCH_RULES['storage-is-pickle'],
      message: `The bytes of ${evidenceText(name)} are a pickle and no numbers.`,
      location: { member: name },
      anchor: name,
    });
  }
  await context.scan({ name, source, ...(pickle && { formatId: 'pickle' }) });
}
