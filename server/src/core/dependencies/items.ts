/** What a segment asks for: a requirements file, a script, or the install commands of a cell. */
import type { TextContext, TextSegment } from '../text/document';
import { parseInstallCommands } from './installCommand';
import { DEPENDENCY_KEYWORDS, eachDependencyWord } from './keywords';
import { parseRequirements, type RequirementItem } from './requirements';

/** `! pip install`, `%pip install`, `out = !pip install`, Databricks' `# MAGIC %pip install`. */
const MAGIC_LINE = /^[ \t]*(?:#[ \t]*MAGIC[ \t]+)?(?:[A-Za-z_]\w{0,63}[ \t]*=[ \t]*)?(?:!{1,2}|%)(?!%)[ \t]*/;
/** One of them stands in each such line. */
const SIGN = /[!%]/g;
const BEFORE_INSTALLER = /[!%][ \t]{0,8}(?:\{[ \t]{0,8})?$/;
const SHELL_CELL = /^\s*%%(?:bash|sh|!|system|script[ \t]+(?:ba|z)?sh)\b/;

/** Install commands of a code cell: its shell and magic lines, or all of it when it is a shell cell. */
function itemsOfCell(text: string): RequirementItem[] {
  if (SHELL_CELL.test(text)) return parseInstallCommands(text, text.indexOf('\n') + 1);
  const items: RequirementItem[] = [];
  for (let start = 0; ; ) {
    SIGN.lastIndex = start;
    const sign = SIGN.exec(text);
    if (!sign) return items;
    start = text.lastIndexOf('\n', sign.index) + 1;
    let end = lineEnd(text, start);
    const magic = MAGIC_LINE.exec(text.slice(start, Math.min(end, start + 200)));
    if (magic) {
      // A backslash at the end carries the command over to the next line.
      while (end < text.length && text[end - 1] === '\\') end = lineEnd(text, end + 1);
      items.push(...parseInstallCommands(text, start + magic[0].length, end));
    }
    start = end + 1;
  }
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
  return mayAsk(segment, context)
    ? context.shared(segment, 'requirement-items', () => readItems(segment, context))
    : NONE;
}

const NONE: readonly RequirementItem[] = [];

/** Most segments are told by what they are, and most code by its words. */
function mayAsk(segment: TextSegment, context: TextContext): boolean {
  if (DEPENDENCY_KEYWORDS.reads(segment)) return context.occurrences(segment, DEPENDENCY_KEYWORDS).length > 0;
  const { language, kind } = segment;
  if (language === 'requirements') return true;
  return (kind === 'code' || kind === 'config') && (language === 'shell' || language === 'dockerfile');
}

function readItems(segment: TextSegment, context: TextContext): RequirementItem[] {
  if (segment.language === 'requirements') return parseRequirements(segment.text);
  if (!DEPENDENCY_KEYWORDS.reads(segment)) return parseInstallCommands(segment.text);
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
