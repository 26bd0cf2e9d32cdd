import { evidenceText } from '../redact';
import type { KeywordFamily, TextAnalyser, TextContext, TextDocument, TextSegment } from '../text/document';
import { type Keyword, keywords, type Occurrences } from '../text/keywordPass';
import { embeddedAdvisories } from './advisories';
import { parseInstallCommands } from './installCommand';
import { type DependencyDraft, fixOf, judgeOption, judgeOrigin, judgeVersions } from './judge';
import { parseRequirements, type Requirement, type RequirementItem } from './requirements';
import { DEPENDENCY_RULES } from './rules';
import { pinnedVersion } from './specifier';
import { normalizeName } from './version';

/** Names that the message about unpinned dependencies gives before it only counts. */
const NAMED = 5;

/** `! pip install`, `%pip install`, `out = !pip install`, Databricks' `# MAGIC %pip install`. */
const MAGIC_LINE = /^[ \t]*(?:#[ \t]*MAGIC[ \t]+)?(?:[A-Za-z_]\w{0,63}[ \t]*=[ \t]*)?(?:!{1,2}|%)(?!%)[ \t]*/;
const INSTALLERS = keywords(['pip', 'conda', 'mamba', 'micromamba', 'uv', 'python', 'sys'], true);

/** Commands that install, and what runs them. */
const INSTALL_KEYWORDS: KeywordFamily = {
  words: () => INSTALLERS,
  reads: ({ kind, language }) => kind === 'code' && language === 'python',
};
const BEFORE_INSTALLER = /[!%][ \t]{0,8}(?:\{[ \t]{0,8})?$/;

/** Whether one of them stands behind the sign of a shell line or a magic: `!pip`, `%conda`, `!{sys.executable}`. */
function isMagicInstall(text: string, found: Occurrences): boolean {
  for (let i = 0; i < found.length; i += 1) {
    const start = found.end(i) - (INSTALLERS[found.keyword(i)] as Keyword).text.length;
    if (BEFORE_INSTALLER.test(text.slice(Math.max(0, start - 18), start))) return true;
  }
  return false;
}
const SHELL_CELL = /^\s*%%(?:bash|sh|!|system|script[ \t]+(?:ba|z)?sh)\b/;

/** Install commands of a code cell: its shell and magic lines, or all of it when it is a shell cell. */
function itemsOfCell(text: string): RequirementItem[] {
  if (SHELL_CELL.test(text)) return parseInstallCommands(text, text.indexOf('\n') + 1);
  const items: RequirementItem[] = [];
  let start = 0;
  while (start < text.length) {
    let end = lineEnd(text, start);
    const magic = MAGIC_LINE.exec(text.slice(start, Math.min(end, start + 200)));
    if (magic) {
      // A backslash at the end carries the command over to the next line.
      while (end < text.length && text[end - 1] === '\\') end = lineEnd(text, end + 1);
      items.push(...parseInstallCommands(text, start + magic[0].length, end));
    }
    start = end + 1;
  }
  return items;
}

function lineEnd(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  return newline < 0 ? text.length : newline;
}

function itemsOf(segment: TextSegment, context: TextContext): RequirementItem[] {
  if (segment.language === 'requirements') return parseRequirements(segment.text);
  if (segment.kind !== 'code' && segment.kind !== 'config') return [];
  if (segment.language === 'shell' || segment.language === 'dockerfile') return parseInstallCommands(segment.text);
  if (segment.language === 'python') {
    // Scripts of IPython, Databricks exports and files of cells install as notebooks do.
    const installers = context.occurrences(segment, INSTALL_KEYWORDS);
    if (installers.length === 0) return [];
    return context.document.kind === 'notebook' || isMagicInstall(segment.text, installers)
      ? itemsOfCell(segment.text)
      : [];
  }
  return [];
}

/** What is installed, from where and with which checks: requirement files, constraints and install commands. */
export const DEPENDENCY_ANALYSER: TextAnalyser = {
  id: 'dependencies',
  enabled: (settings) => settings.dependencies.enabled,
  keywords: INSTALL_KEYWORDS,
  analyse(document: TextDocument, context: TextContext): void {
    const unpinned: { segment: TextSegment; requirement: Requirement }[] = [];
    for (const segment of document.segments) {
      const report = ({ edit, ...draft }: DependencyDraft) => {
        const fix = edit && fixOf(edit, (start, end) => segment.locate(start, end));
        context.report(segment, { ...draft, ...(fix && { fixes: [fix] }) });
      };
      for (const [index, item] of itemsOf(segment, context).entries()) {
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
  context.depend?.(segment, item.start, item.end, {
    name: normalizeName(item.name),
    ecosystem: item.ecosystem,
    ...(version !== undefined && { version: evidenceText(version, 100) }),
    ...(specifier && { specifier: evidenceText(specifier, 200) }),
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
