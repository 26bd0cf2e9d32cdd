/** Shell: scripts, cells in a shell's language, and the lines of a Python cell that IPython hands to one. */
import { hashSecret } from '../redact';
import type { TextContext, TextSegment } from '../text/document';
import { FROM, type Judgement } from './calls/call';
import { judgeShellText } from './calls/shellText';
import { fetchedBy, runs } from './fetchCommands';
import { Lines } from './lines';
import { cellStart } from './magics';
import type { PythonModule } from './module';
import { Names, type Program } from './names';
import { PYTHON_RULES } from './rules';

/** Longest line that is read. */
const LONGEST = 4000;

/** Scripts and shell cells: only what is wrong whoever wrote it. */
export function shellSegment(segment: TextSegment, context: TextContext): void {
  for (const match of segment.text.matchAll(/[^\n]+/g)) {
    const line = match[0];
    if (line.length > LONGEST || /^\s*#/.test(line)) continue;
    const judged = judgeShellText(line);
    if (judged) report(segment, context, judged, match.index, match.index + line.length);
  }
}

/** Characters in front of the sign in which its line has to begin. */
const BEFORE = 120;

/** A line for the shell within a cell, without its sign. */
interface ShellLine {
  readonly start: number;
  readonly end: number;
}

/** Lines that begin with `!` or `%sx`, and what stands behind `files = !`. */
export function shellLines(text: string): ShellLine[] {
  const lines: ShellLine[] = [];
  for (let at = text.indexOf('!'); at >= 0; at = text.indexOf('!', at + 1)) {
    if (text[at + 1] === '=') continue;
    const before = text.slice(Math.max(0, at - BEFORE), at);
    const newline = before.lastIndexOf('\n');
    if (newline < 0 && at > BEFORE) continue;
    if (!/^\s*(?:[A-Za-z_][\w, ]{0,80}=\s{0,8})?$/.test(before.slice(newline + 1))) continue;
    let end = text.indexOf('\n', at);
    while (end > 0 && text[end - 1] === '\\') end = text.indexOf('\n', end + 1);
    if (end < 0) end = text.length;
    if (end - at < LONGEST) lines.push({ start: at + 1, end });
    at = end - 1;
  }
  return lines;
}

const FETCHED_AND_RUN: Judgement = {
  rule: 'download-and-run',
  message: 'A file that a line above downloads is run, and nothing says that it is the one that was meant.',
};

function runsFetched(line: string, fetched: ReadonlySet<string>): boolean {
  for (const path of fetched) if (runs(line, path)) return true;
  return false;
}

/** Files that the lines of a notebook download, to be told when one of them runs one. */
const FETCHED = 50;

/**
 * Judges the lines of a cell by what stands there.
 * @param fetched files that lines above download; those of this cell are added
 */
export function cellShell(
  segment: TextSegment,
  lines: readonly ShellLine[],
  context: TextContext,
  fetched: Set<string>,
): void {
  const { text } = segment;
  let python: Lines | undefined;
  for (const { start, end } of lines) {
    const line = text.slice(start, end);
    const judged = judgeShellText(line, true) ?? (runsFetched(line, fetched) ? FETCHED_AND_RUN : undefined);
    const file = fetched.size < FETCHED ? fetchedBy(line) : undefined;
    if (file !== undefined) fetched.add(file);
    if (!judged) continue;
    python ??= new Lines(text, cellStart(text));
    // A line of Python that begins further up: the sign stands in a text over several lines.
    const first = python.at(start);
    if (first >= 0 && text.slice(python.start(first), start).includes('\n')) continue;
    report(segment, context, judged, start, end);
  }
}

/** What IPython puts into a line: `{name}` and `$name` (IPython.utils.text.DollarFormatter). */
const PUT_IN = /\{([A-Za-z_]\w{0,80})\}|(?<![\\$])\$([A-Za-z_]\w{0,80})/g;

/** Judges them by what is put into them. */
export function cellShellValues(
  segment: TextSegment,
  lines: readonly ShellLine[],
  program: Program,
  module: PythonModule,
  context: TextContext,
): void {
  let names: Names | undefined;
  for (const { start, end } of lines) {
    for (const match of segment.text.slice(start, end).matchAll(PUT_IN)) {
      const name = (match[1] ?? match[2]) as string;
      names ??= new Names(program, module, module.lines.module);
      const taint = names.taint({ kind: 'name', name, start: start + match.index, end: start + match.index });
      // What whoever starts the notebook sets is theirs.
      if (!taint || taint === 'decoded' || taint === 'operator') continue;
      const judged: Judgement =
        taint === 'model'
          ? { rule: 'agent-code-execution', severity: 'high', message: `The shell line runs ${FROM.model}.` }
          : { rule: 'shell-injection', message: `A shell line is built from ${FROM[taint]}.` };
      report(segment, context, judged, start, end);
      break;
    }
  }
}

/** Lines into which a value is put. */
export const withValues = (text: string, lines: readonly ShellLine[]): ShellLine[] =>
  lines.filter(({ start, end }) => /[{$][A-Za-z_]/.test(text.slice(start, end)));

/** Whether a value of a cell can come from outside at all. */
export const asksOutside = (text: string): boolean =>
  /\binput\s*\(|\.(?:(?:create|invoke|json)\s*\(|(?:text|content)\b)/.test(text);

function report(segment: TextSegment, context: TextContext, judged: Judgement, from: number, to: number): void {
  const { rule: name, severity, message } = judged;
  const line = segment.text.slice(from, to);
  const rule = PYTHON_RULES[name];
  context.report(segment, {
    rule,
    // Installers piped into a shell are common in notebooks and build scripts, and still nobody has read them.
    severity: severity ?? (name === 'download-and-run' ? 'medium' : rule.severity),
    message,
    start: from + (line.length - line.trimStart().length),
    end: from + line.trimEnd().length,
    anchor: hashSecret(line.trim()),
  });
}
