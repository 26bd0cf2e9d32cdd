import { Budget, DEFAULT_LIMITS } from '../../../src/core/budget';
import type { FindingDraft, ScanContext } from '../../../src/core/scanner';
import { SECRETS_ANALYSER } from '../../../src/core/secrets/analyser';
import { DEFAULT_SETTINGS, type ScanSettings } from '../../../src/core/settings';
import { analyseDocument } from '../../../src/core/text/analyse';
import type { TextDocument } from '../../../src/core/text/document';
import { documentFromText } from '../../../src/core/text/fileDocument';

/** What the secrets analyser says of a document. */
export function draftsOf(document: TextDocument, settings: ScanSettings = DEFAULT_SETTINGS): FindingDraft[] {
  const drafts: FindingDraft[] = [];
  const context: ScanContext = {
    budget: new Budget(DEFAULT_LIMITS),
    settings,
    report: (draft) => drafts.push(draft),
    describe() {},
    scan: () => Promise.resolve([]),
    incomplete() {},
  };
  analyseDocument(document, [SECRETS_ANALYSER], context);
  return drafts;
}

export function secretsIn(text: string, name = 'code.py'): FindingDraft[] {
  return draftsOf(documentFromText(name, text));
}

export function severityOf(draft: FindingDraft): string {
  return draft.severity ?? draft.rule.severity;
}

/** The text a finding points at. */
export function textAt(text: string, { location }: FindingDraft): string {
  const lines = text.split(/\r\n|\n|\r/);
  const { line = 1, column = 1, endLine = 1, endColumn = 1 } = location ?? {};
  if (line === endLine) return (lines[line - 1] as string).slice(column - 1, endColumn - 1);
  return [
    (lines[line - 1] as string).slice(column - 1),
    ...lines.slice(line, endLine - 1),
    (lines[endLine - 1] as string).slice(0, endColumn - 1),
  ].join('\n');
}
