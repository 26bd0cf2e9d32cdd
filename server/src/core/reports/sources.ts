import type { ScanReport } from '../finding';
import { transferSentence } from '../sources/transferSentence';

export interface SourceSummary {
  label: string;
  /** How much of it was read, or why nothing was. */
  read: string;
  /** What its host says, what is worth a look first. */
  facts: readonly { label: string; value: string; level: 'info' | 'notice' }[];
}

/** What a report says of the remote sources of a scan. Their hosts and authors wrote the facts: they are data. */
export function sourcesOf({ sources = [] }: ScanReport): SourceSummary[] {
  return sources.map(({ label, facts, transfer, error }) => ({
    label,
    read: error ? `not scanned: ${error.message}` : transferSentence(transfer),
    facts: [...facts].sort((a, b) => Number(b.level === 'notice') - Number(a.level === 'notice')),
  }));
}
