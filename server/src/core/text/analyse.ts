import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { ScanContext } from '../scanner';
import { DIRECTIVE_KEYWORDS, InlineSuppressions } from '../suppress/inline';
import { withoutMedia } from './dataUris';
import type { KeywordFamily, TextAnalyser, TextContext, TextDocument, TextSegment } from './document';
import { KeywordPass, type Occurrences } from './keywordPass';

/** Runs the analysers over a document and reports what they find at the places the segments give. */
export function analyseDocument(given: TextDocument, analysers: readonly TextAnalyser[], context: ScanContext): void {
  const document = withoutMedia(given);
  const chosen = analysers.filter(({ enabled }) => enabled(context.settings));
  const kept = new Map<TextSegment, Map<string, unknown>>();
  const families = familiesOf(chosen);
  const found = new Map<TextSegment, readonly Occurrences[]>();
  // Comments are looked for when there is something that they could hide.
  let comments: InlineSuppressions | undefined;
  const inline = () => {
    if (!context.settings.inlineSuppression) return undefined;
    comments ??= new InlineSuppressions(document, (segment) => text.occurrences(segment, DIRECTIVE_KEYWORDS));
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
    occurrences(segment, family) {
      let all = found.get(segment);
      if (!all) {
        const wanted = families.map((one) => one.reads(segment));
        all = passOf(families).over(segment.text, wanted, () => context.budget.checkTime());
        found.set(segment, all);
      }
      const own = all[families.indexOf(family)];
      if (!own) throw new Error('an analyser asks for keywords that it does not declare');
      return own;
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
  for (const analyser of chosen) {
    context.budget.checkTime();
    analyser.analyse(document, text);
  }
}

const familiesOf = (analysers: readonly TextAnalyser[]): KeywordFamily[] => [
  ...analysers.flatMap(({ keywords }) => keywords ?? []),
  DIRECTIVE_KEYWORDS,
];

/** The pass for each choice of families: which analysers are on changes with the settings only. */
const passes: { families: readonly KeywordFamily[]; pass: KeywordPass }[] = [];

function passOf(families: readonly KeywordFamily[]): KeywordPass {
  const known = passes.find(
    (one) => one.families.length === families.length && one.families.every((family, i) => family === families[i]),
  );
  if (known) return known.pass;
  const pass = new KeywordPass(families.map((family) => family.words()));
  passes.push({ families, pass });
  return pass;
}
