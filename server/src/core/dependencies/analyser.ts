import { evidenceText } from '../redact';
import type { TextAnalyser, TextContext, TextDocument, TextSegment } from '../text/document';
import { embeddedAdvisories } from './advisories';
import { itemsOf } from './items';
import { type DependencyDraft, fixOf, judgeOption, judgeOrigin, judgeVersions } from './judge';
import { DEPENDENCY_KEYWORDS } from './keywords';
import { licensedDistribution } from './licenses/table';
import type { Requirement } from './requirements';
import { DEPENDENCY_RULES } from './rules';
import { pinnedVersion } from './specifier';
import { normalizeName } from './version';

/** Names that the message about unpinned dependencies gives before it only counts. */
const NAMED = 5;

/** What is installed, from where and with which checks: requirement files, constraints and install commands. */
export const DEPENDENCY_ANALYSER: TextAnalyser = {
  id: 'dependencies',
  enabled: (settings) => settings.dependencies.enabled,
  keywords: DEPENDENCY_KEYWORDS,
  analyse(document: TextDocument, context: TextContext): void {
    const unpinned: { segment: TextSegment; requirement: Requirement }[] = [];
    for (const segment of document.segments) {
      const items = itemsOf(segment, context);
      if (items.length === 0) continue;
      const report = ({ edit, ...draft }: DependencyDraft) => {
        const fix = edit && fixOf(edit, (start, end) => segment.locate(start, end));
        context.report(segment, { ...draft, ...(fix && { fixes: [fix] }) });
      };
      for (const [index, item] of items.entries()) {
        if (index % 64 === 0) context.checkTime();
        if (item.kind === 'option') for (const draft of judgeOption(item)) report(draft);
        if (item.kind !== 'requirement') continue;
        record(context, segment, item);
        const versions = judgeVersions(item, segment.text, embeddedAdvisories());
        if (versions) report(versions);
        for (const draft of judgeOrigin(item)) report(draft);
        if (item.ecosystem === 'pypi' && !item.url && item.clauses.length === 0)
          unpinned.push({ segment, requirement: item });
      }
    }
    reportUnpinned(unpinned, context);
  },
};

function record(context: TextContext, segment: TextSegment, item: Requirement): void {
  if (!item.name) return;
  const version = pinnedVersion(item.clauses);
  const specifier = item.clauses.map((clause) => clause.operator + clause.version).join(',');
  const license = licensedDistribution(item.name, version)?.license;
  context.depend?.(segment, item.start, item.end, {
    name: normalizeName(item.name),
    ecosystem: item.ecosystem,
    ...(version !== undefined && { version: evidenceText(version, 100) }),
    ...(specifier && { specifier: evidenceText(specifier, 200) }),
    ...(license !== undefined && { license }),
    ...(item.url && { url: evidenceText(item.url.text.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#\s]*@/i, '$1'), 300) }),
  });
}

/** One fact for the whole document: a finding per name would bury the rest. */
function reportUnpinned(
  unpinned: readonly { segment: TextSegment; requirement: Requirement }[],
  context: TextContext,
): void {
  const [first] = unpinned;
  if (!first) return;
  const names = [...new Set(unpinned.map(({ requirement }) => normalizeName(requirement.name)))];
  const shown = names.slice(0, NAMED).join(', ');
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  const { start, end } = first.requirement;
  context.report(first.segment, {
    rule: DEPENDENCY_RULES.unpinned,
    message: `${names.length === 1 ? 'A dependency has' : `${names.length} dependencies have`} no version: ${shown}${more}.`,
    start,
    end,
    anchor: 'unpinned',
    data: { packages: names.slice(0, 200) },
  });
}
