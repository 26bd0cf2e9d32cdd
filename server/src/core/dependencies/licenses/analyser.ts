import type { Severity } from '../../finding';
import { cellStart } from '../../python/magics';
import { PythonModule } from '../../python/module';
import { evidenceText } from '../../redact';
import type { Rule } from '../../rule';
import type { TextAnalyser, TextContext, TextDocument, TextSegment } from '../../text/document';
import { itemsOf } from '../items';
import { DEPENDENCY_KEYWORDS, eachDependencyWord } from '../keywords';
import { pinnedVersion } from '../specifier';
import { cardTerms } from './card';
import { isAgreed, isAllowed, type Obligation } from './expression';
import { beginsStatement, importsAt, mayImport } from './imports';
import { LICENSE_RULES } from './rules';
import { isLicensedModule, type LicensedDistribution, licensedDistribution, licensedModule } from './table';

/** Where a document asks for a distribution whose licence is known. */
interface Use {
  readonly distribution: LicensedDistribution;
  readonly start: number;
  readonly end: number;
  /** Imported in a `try` or for some versions only, so that the code goes on without it. */
  readonly optional?: boolean;
}

/** What the obligations that are told are told as, and in which words. */
const TOLD: Readonly<Partial<Record<Obligation, readonly [rule: Rule, what: string]>>> = {
  library: [
    LICENSE_RULES['weak-copyleft'],
    'whoever gets it with your work must be able to replace it, and changes to it have to be given on',
  ],
  work: [
    LICENSE_RULES['strong-copyleft'],
    'what is given to others together with it has to be under the same terms, with its source',
  ],
  network: [
    LICENSE_RULES['strong-copyleft'],
    'what is given to others together with it, or offered over a network, has to be under the same terms, with its source',
  ],
  use: [LICENSE_RULES['restricted-use'], 'it may not be used for everything, and mostly not for what earns money'],
};

/** Licences of the packages that code imports and that requirement files and commands install. */
export const LICENSE_ANALYSER: TextAnalyser = {
  id: 'licenses',
  enabled: (settings) => settings.licenses.enabled,
  keywords: DEPENDENCY_KEYWORDS,
  analyse(document: TextDocument, context: TextContext): void {
    if (CARD.test(document.name)) for (const segment of document.segments) reportCard(segment, context);
    // The first place of each that needs it: a finding at every import would say the same thing again.
    const first = new Map<string, { use: Use; segment: TextSegment }>();
    for (const segment of document.segments) {
      for (const use of usesOf(segment, context)) {
        const { name } = use.distribution;
        const known = first.get(name);
        if (!known || (known.use.optional && !use.optional)) first.set(name, { use, segment });
      }
    }
    for (const { use, segment } of first.values()) report(use, segment, context);
  },
};

const CARD = /^(?:readme|model_?card|dataset_?card)\.md$/i;

function reportCard(segment: TextSegment, context: TextContext): void {
  const terms = cardTerms(segment.text);
  if (!terms || isAgreed(terms.license, context.settings.licenses.allowed)) return;
  const { license, start, end, severity, what } = terms;
  context.report(segment, {
    rule: LICENSE_RULES['model-terms'],
    severity,
    message: `The card names the licence ${evidenceText(license, 60)}: ${what}.`,
    start,
    end,
    evidence: evidenceText(segment.text.slice(start, end)),
    anchor: license,
    data: { license: evidenceText(license, 60) },
  });
}

function usesOf(segment: TextSegment, context: TextContext): Use[] {
  const uses = importedIn(segment, context);
  for (const [index, item] of itemsOf(segment, context).entries()) {
    if (index % 64 === 0) context.checkTime();
    if (item.kind !== 'requirement' || item.name === '') continue;
    const distribution = licensedDistribution(item.name, pinnedVersion(item.clauses));
    if (distribution) uses.push({ distribution, start: item.start, end: item.end });
  }
  return uses.length < 2 ? uses : uses.sort((a, b) => a.start - b.start);
}

function importedIn(segment: TextSegment, context: TextContext): Use[] {
  if (!DEPENDENCY_KEYWORDS.reads(segment)) return [];
  const words = context.occurrences(segment, DEPENDENCY_KEYWORDS);
  if (words.length === 0) return [];
  const { text } = segment;
  const uses: Use[] = [];
  let module: PythonModule | undefined;
  // The files of a package import it too.
  let folders: ReadonlySet<string> | undefined;
  eachDependencyWord(words, 'imports', (start, end) => {
    if (!mayImport(text, start, end, isLicensedModule) || !beginsStatement(text, start)) return;
    for (const found of importsAt(text, start, end)) {
      const distribution = licensedModule(found.module);
      if (!distribution) continue;
      folders ??= new Set(context.document.path?.split('/').slice(0, -1));
      if (folders.has(found.module)) continue;
      module ??= new PythonModule(text, cellStart(text));
      const line = module.lines.at(start);
      const statement = line < 0 ? undefined : module.statements(line).find((one) => one.start === start);
      // Code stands there, and not a text that looks like it.
      if (statement)
        uses.push({ distribution, start: found.start, end: found.end, optional: module.isFallback(line, statement) });
    }
  });
  return uses;
}

const ONE_STEP_LOWER: Readonly<Partial<Record<Severity, Severity>>> = { medium: 'low', low: 'info' };

function report({ distribution, start, end, optional }: Use, segment: TextSegment, context: TextContext): void {
  const { name, license, obligation, tool, sold, runs } = distribution;
  const own = TOLD[obligation];
  if (own ? isAllowed(license, context.settings.licenses.allowed) : runs === undefined) return;
  const [rule, what] = own ?? [LICENSE_RULES['copyleft-program'], `it runs ${runs}`];
  const asked = (optional && ONE_STEP_LOWER[rule.severity]) || rule.severity;
  const consequence = tool ? 'it is a tool that is run, and no part of what you ship' : what;
  context.report(segment, {
    rule,
    severity: tool ? 'info' : asked,
    message: `${name} is under ${license}: ${consequence}${sold ? '; its maker sells another licence' : ''}.`,
    start,
    end,
    evidence: evidenceText(segment.text.slice(start, end)),
    anchor: name,
    data: { package: name, license },
  });
}
