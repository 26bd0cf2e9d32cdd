import { Budget, DEFAULT_LIMITS } from '../../../src/core/budget';
import type { FindingDraft, ScanContext } from '../../../src/core/scanner';
import { DEFAULT_SETTINGS, type ScanSettings } from '../../../src/core/settings';
import { analyseDocument } from '../../../src/core/text/analyse';
import type {
  SegmentKind,
  SegmentLanguage,
  TextAnalyser,
  TextDocument,
  TextSegment,
} from '../../../src/core/text/document';
import { documentFromText } from '../../../src/core/text/fileDocument';
import { LineIndex } from '../../../src/core/text/lineIndex';

/** One cell, output or file part, as the notebook reader would give it. */
export function segment(
  text: string,
  kind: SegmentKind,
  language: SegmentLanguage,
  more: Partial<TextSegment> = {},
): TextSegment {
  const lines = new LineIndex(text);
  return { kind, language, text, locate: (start, end) => lines.locate(start, end), ...more };
}

export function notebook(...segments: TextSegment[]): TextDocument {
  return { name: 'test.ipynb', kind: 'notebook', segments };
}

/** What an analyser says of a document, in the order of its reports. */
export function judge(
  document: TextDocument | { name: string; text: string },
  analyser: TextAnalyser,
  settings: Partial<ScanSettings> = {},
): FindingDraft[] {
  const drafts: FindingDraft[] = [];
  const context: ScanContext = {
    budget: new Budget(DEFAULT_LIMITS),
    settings: { ...DEFAULT_SETTINGS, ...settings },
    report: (draft) => drafts.push(draft),
    describe: () => undefined,
    scan: async () => [],
    incomplete: () => undefined,
  };
  analyseDocument(
    'segments' in document ? document : documentFromText(document.name, document.text),
    [analyser],
    context,
  );
  return drafts;
}
