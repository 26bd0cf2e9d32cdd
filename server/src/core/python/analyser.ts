/** Unsafe code in Python files and notebook cells, judged on the syntax with imports and aliases resolved. */
import { hashSecret } from '../redact';
import type { TextAnalyser, TextContext, TextDocument, TextSegment } from '../text/document';
import { judgeShellText } from './calls/execution';
import { isJudged } from './calls/registry';
import { candidateLines } from './candidates';
import { cellStart } from './magics';
import { candidateHits, Mentions } from './mentions';
import { PythonModule } from './module';
import { Program } from './names';
import { PYTHON_RULES } from './rules';
import { Walk } from './walk';
import { PYTHON_KEYWORDS } from './words';

/** Files that a loader, an installer or a test runner imports by itself. */
const AUTO_RUN =
  /^(?:setup|conftest|hubconf|handler|inference|custom_handler|sitecustomize|usercustomize|__init__)\.py$|^(?:modeling|configuration|tokenization|processing|image_processing|feature_extraction|pipeline)_[\w.-]+\.py$/i;
const MODEL_CODE =
  /^(?:hubconf|handler|custom_handler|sitecustomize|usercustomize)\.py$|^(?:modeling|configuration|tokenization|processing|image_processing|feature_extraction)_[\w.-]+\.py$/i;

export const PYTHON_ANALYSER: TextAnalyser = {
  id: 'python',
  enabled: (settings) => settings.code.enabled,
  keywords: PYTHON_KEYWORDS,
  analyse(document, context) {
    analysePython(document, context, false);
  },
};

/**
 * Judges the Python and the shell of a document.
 * @param everyLine looks at every line instead of those that words single out: what a test compares with
 */
export function analysePython(document: TextDocument, context: TextContext, everyLine: boolean): void {
  for (const segment of document.segments) if (segment.language === 'shell') shellSegment(segment, context);
  const segments: TextSegment[] = [];
  const mentions: Mentions[] = [];
  for (const segment of document.segments) {
    if (!PYTHON_KEYWORDS.reads(segment)) continue;
    segments.push(segment);
    mentions.push(new Mentions(segment.text, context.occurrences(segment, PYTHON_KEYWORDS)));
    context.checkTime();
  }
  // An alias made in one cell is used in another that holds no such word: all or none.
  const hits = candidateHits(mentions);
  if (!everyLine && !hits) return;
  const program = new Program(isJudged);
  const modules = segments.map(({ text }) => {
    const module = new PythonModule(text, cellStart(text));
    program.add(module);
    context.checkTime();
    return module;
  });
  const lines = everyLine || !hits ? undefined : candidateLines(program, modules, hits);
  const base = document.name.slice(document.name.lastIndexOf('/') + 1);
  const walk = new Walk(program, context, { autoRun: AUTO_RUN.test(base), modelCode: MODEL_CODE.test(base) });
  for (const [index, module] of modules.entries()) walk.module(segments[index] as TextSegment, module, lines?.[index]);
  walk.finish();
}

/** Scripts and shell cells: only what is wrong whoever wrote it. */
function shellSegment(segment: TextSegment, context: TextContext): void {
  for (const match of segment.text.matchAll(/[^\n]+/g)) {
    const line = match[0];
    if (line.length > 4000 || /^\s*#/.test(line)) continue;
    const judged = judgeShellText(line);
    if (!judged) continue;
    const rule = PYTHON_RULES[judged.rule];
    context.report(segment, {
      rule,
      // Installers piped into a shell are common in notebooks and build scripts, and still nobody has read them.
      severity: judged.rule === 'download-and-run' ? 'medium' : rule.severity,
      message: judged.message,
      start: match.index + (line.length - line.trimStart().length),
      end: match.index + line.trimEnd().length,
      anchor: hashSecret(line.trim()),
    });
  }
}
