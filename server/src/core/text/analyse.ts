import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { ScanContext } from '../scanner';
import { InlineSuppressions } from '../suppress/inline';
import type { TextAnalyser, TextContext, TextDocument, TextSegment } from './document';

/** Runs the analysers over a document and reports what they find at the places the segments give. */
export function analyseDocument(
  document: TextDocument,
  analysers: readonly TextAnalyser[],
  context: ScanContext,
): void {
  const kept = new Map<TextSegment, Map<string, unknown>>();
  // Comments are looked for when there is something that they could hide.
  let comments: InlineSuppressions | undefined;
  const inline = () => {
    if (!context.settings.inlineSuppression) return undefined;
    comments ??= new InlineSuppressions(document);
    return comments;
  };
  const text: TextContext = {
    settings: context.settings,
    document,
    depend: (segment, start, end, dependency) =>
      context.depend?.({ ...dependency, location: segment.locate(start, end) }),
    report: (segment, { start, end, ...draft }) => {
      const suppressed = draft.suppressed ?? inline()?.of(segment, start, end, draft.rule, draft.severity);
      // Only for reading the baseline of detect-secrets; `applySuppressions` takes it out again.
      const digest = context.settings.secretDigests && draft.rule.category === 'secret';
      context.report({
        ...draft,
        location: segment.locate(start, end),
        ...(suppressed && { suppressed }),
        ...(digest && { data: { ...draft.data, sha1: bytesToHex(sha1(utf8ToBytes(segment.text.slice(start, end)))) } }),
      });
    },
    shared<T>(segment: TextSegment, key: string, compute: () => T): T {
      let own = kept.get(segment);
      if (!own) {
        own = new Map();
        kept.set(segment, own);
      }
      if (!own.has(key)) own.set(key, compute());
      return own.get(key) as T;
    },
    checkTime: () => context.budget.checkTime(),
  };
  for (const analyser of analysers) {
    if (!analyser.enabled(context.settings)) continue;
    context.budget.checkTime();
    analyser.analyse(document, text);
  }
}
