import { evidenceText } from '../redact';
import type { Rule } from '../rule';
import type { FindingDraft, ScanContext } from '../scanner';

/**
 * Says that a file breaks off or contradicts itself and that what comes after was not judged: one finding, and the status
 * `partial` with the same reason.
 * @param what the kind of file in a word, such as `model`
 */
export function reportDamage(
  context: ScanContext,
  rule: Rule,
  what: string,
  error: Error,
  more: Pick<FindingDraft, 'location'> = {},
): void {
  const how = evidenceText(error.message, 120);
  context.report({
    rule,
    message: `The ${what} is damaged: ${how}. What comes after could not be judged.`,
    anchor: 'malformed',
    incomplete: `the ${what} is damaged: ${how}`,
    ...more,
  });
}
