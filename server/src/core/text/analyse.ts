import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Category } from '../finding';
import type { Rule } from '../rule';
import type { ScanContext } from '../scanner';
import { DEFAULT_SETTINGS } from '../settings';
import { DIRECTIVE_KEYWORDS, InlineSuppressions } from '../suppress/inline';
import { withoutMedia } from './dataUris';
import type { KeywordFamily, TextAnalyser, TextContext, TextDocument, TextSegment } from './document';
import { type FamilySet, KeywordPass, type Look } from './keywordPass';

/** Runs the analysers over a document and reports what they find at the places the segments give. */
export function analyseDocument(given: TextDocument, analysers: readonly TextAnalyser[], context: ScanContext): void {
  const document = withoutMedia(given);
  const chosen = analysers.filter(({ enabled }) => enabled(context.settings));
  const kept = new Map<TextSegment, Map<string, unknown>>();
  const first = firstLookOf(chosen);
  const looks = first.at(document, () => context.budget.checkTime());
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
      const own = looks.get(segment)?.occurrences[first.families.indexOf(family)];
      if (!own) throw new Error('an analyser asks for keywords that it does not declare');
      return own;
    },
    survey(segment) {
      const own = looks.get(segment);
      if (!own || !first.surveyed) throw new Error('an analyser asks for a survey that it does not declare');
      return own.survey;
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
  const isEnabled = ({ id, category }: Rule): boolean => {
    const { severityOverrides, pii } = context.settings;
    if (category === 'pii' && pii.countries.length < DEFAULT_SETTINGS.pii.countries.length) return false;
    return severityOverrides[id] !== 'off' && chosen.some((analyser) => ANALYSER_OF[category] === analyser.id);
  };
  for (const { segment, draft } of inline()?.complaints(isEnabled) ?? []) text.report(segment, draft);
}

/** Who finds what belongs to a category. */
const ANALYSER_OF: Partial<Record<Category, string>> = {
  secret: 'secrets',
  pii: 'pii',
  code: 'python',
  dependency: 'dependencies',
  license: 'licenses',
};

/** What is looked for in every segment before the analysers read it. */
class FirstLook {
  /** Each once: some are shared. */
  readonly families: readonly KeywordFamily[];
  readonly surveyed: boolean;
  readonly #pass: KeywordPass;

  constructor(readonly analysers: readonly TextAnalyser[]) {
    this.families = [...new Set([...analysers.flatMap(({ keywords }) => keywords ?? []), DIRECTIVE_KEYWORDS])];
    this.surveyed = analysers.some(({ surveys }) => surveys);
    this.#pass = new KeywordPass(this.families.map((family) => family.words()));
  }

  /** What is in each segment of a document that an analyser may look at. */
  at({ segments }: TextDocument, checkTime: () => void): ReadonlyMap<TextSegment, Look> {
    const { families } = this;
    const texts = segments.map(({ text }) => text);
    const wanted = segments.map((segment) => {
      let set: FamilySet = 0;
      for (let i = 0; i < families.length; i += 1) if ((families[i] as KeywordFamily).reads(segment)) set |= 1 << i;
      return set;
    });
    const looks = this.#pass.overAll(texts, wanted, this.surveyed, checkTime);
    const bySegment = new Map<TextSegment, Look>();
    for (let i = 0; i < segments.length; i += 1) bySegment.set(segments[i] as TextSegment, looks[i] as Look);
    return bySegment;
  }
}

/** For each choice of analysers, which changes with the settings only. */
const firstLooks: FirstLook[] = [];

function firstLookOf(analysers: readonly TextAnalyser[]): FirstLook {
  const known = firstLooks.find(
    (one) =>
      one.analysers.length === analysers.length && one.analysers.every((analyser, i) => analyser === analysers[i]),
  );
  if (known) return known;
  const made = new FirstLook(analysers);
  firstLooks.push(made);
  return made;
}
