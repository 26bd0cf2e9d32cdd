/** What a segment asks for: a requirements file, a script, or the install commands of a cell. */
import type { TextContext, TextSegment } from '../text/document';
import { parseInstallCommands } from './installCommand';
import { DEPENDENCY_KEYWORDS, eachDependencyWord } from './keywords';
import { parseRequirements, type RequirementItem } from './requirements';

/** `! pip install`, `%pip install`, `out = !pip install`, Databricks' `# MAGIC %pip install`. */
const MAGIC_LINE = /^[ \t]*(?:#[ \t]*MAGIC[ \t]+)?(?:[A-Za-z_]\w{0,63}[ \t]*=[ \t]*)?(?:!{1,2}|%)(?!%)[ \t]*/;
const BEFORE_INSTALLER = /[!%][ \t]{0,8}(?:\{[ \t]{0,8})?$/;
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

/**
 * The requirements and options of a segment, in its order. Read once for all who ask.
 * @param context of an analyser that declares {@link DEPENDENCY_KEYWORDS}
 */
export function itemsOf(segment: TextSegment, context: TextContext): readonly RequirementItem[] {
  return context.shared(segment, 'requirement-items', () => readItems(segment, context));
}

function readItems(segment: TextSegment, context: TextContext): RequirementItem[] {
  if (segment.language === 'requirements') return parseRequirements(segment.text);
  if (segment.kind !== 'code' && segment.kind !== 'config') return [];
  if (segment.language === 'shell' || segment.language === 'dockerfile') return parseInstallCommands(segment.text);
  if (!DEPENDENCY_KEYWORDS.reads(segment)) return [];
  const { text } = segment;
  let installs = false;
  let magic = false;
  eachDependencyWord(context.occurrences(segment, DEPENDENCY_KEYWORDS), 'installs', (start) => {
    installs = true;
    // Behind the sign of a shell line or a magic: `!pip`, `%conda`, `!{sys.executable}`.
    magic ||= BEFORE_INSTALLER.test(text.slice(Math.max(0, start - 18), start));
  });
  // Scripts of IPython, Databricks exports and files of cells install as notebooks do.
  return magic || (installs && context.document.kind === 'notebook') ? itemsOfCell(text) : [];
}
