/** Unsafe code in Python files and notebook cells, judged on the syntax with imports and aliases resolved. */
import type { TextAnalyser, TextContext, TextDocument, TextSegment } from '../text/document';
import { isJudged } from './calls/registry';
import { candidateLines } from './candidates';
import { cellStart } from './magics';
import { candidateHits, Mentions } from './mentions';
import { PythonModule } from './module';
import { Program } from './names';
import { asksOutside, cellShell, cellShellValues, shellLines, shellSegment, withValues } from './shell';
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
  const fetched = new Set<string>();
  const shell = new Map<TextSegment, ReturnType<typeof shellLines>>();
  for (const segment of document.segments) {
    if (!PYTHON_KEYWORDS.reads(segment)) continue;
    segments.push(segment);
    if (segment.cell !== undefined) {
      const lines = shellLines(segment.text);
      const filled = withValues(segment.text, lines);
      if (filled.length > 0) shell.set(segment, filled);
      cellShell(segment, lines, context, fetched);
    }
    mentions.push(new Mentions(segment.text, context.occurrences(segment, PYTHON_KEYWORDS)));
    context.checkTime();
  }
  // An alias made in one cell is used in another that holds no such word: all or none.
  const handed = shell.size > 0 && segments.some(({ text }) => asksOutside(text));
  const hits = candidateHits(mentions);
  if (!everyLine && !hits && !handed) return;
  const program = new Program(isJudged, (name) => mentions.some((one) => one.modules.has(name)));
  const modules = segments.map(({ text }) => {
    const module = new PythonModule(text, cellStart(text));
    program.add(module);
    context.checkTime();
    return module;
  });
  const lines = everyLine
    ? undefined
    : hits
      ? candidateLines(program, modules, hits)
      : modules.map(() => new Set<number>());
  const base = document.name.slice(document.name.lastIndexOf('/') + 1);
  const file = { autoRun: AUTO_RUN.test(base), modelCode: MODEL_CODE.test(base) };
  const walk = new Walk(program, context, file);
  for (const [index, module] of modules.entries()) {
    const chosen = lines?.[index];
    if (chosen?.size !== 0) walk.module(segments[index] as TextSegment, module, chosen);
  }
  if (handed) {
    for (const [index, module] of modules.entries()) {
      const segment = segments[index] as TextSegment;
      cellShellValues(segment, shell.get(segment) ?? [], program, module, context);
    }
  }
  walk.finish();
}
