/** The whole syntax tree of a Python segment, for changes of its text. Rules read only the lines they speak of; see `parser.ts`. */
import type { SyntaxNode, Tree } from '@lezer/common';
import { parser } from '@lezer/python';
import type { TextContext, TextSegment } from '../text/document';
import { cellStart } from './magics';

export type { SyntaxNode, Tree };

export interface PythonSyntax {
  readonly tree: Tree;
  /** What was parsed: the segment's text with the lines that are no Python blanked out, so that offsets are the same. */
  readonly text: string;
}

/**
 * Blanks out IPython's own syntax (line and cell magics, `!shell`, `name = !shell`, help with `?`), keeping every offset.
 * @returns undefined when the whole cell is another language (`%%bash`, `%%html`, `%%sql`)
 */
export function maskIPython(text: string): string | undefined {
  if (text !== '' && cellStart(text) === text.length) return undefined;
  if (!/[!?%]/.test(text)) return text;
  const lines = text.split('\n');
  let continued = false;
  let changed = false;
  for (const [i, line] of lines.entries()) {
    const kept = continued ? 0 : pythonPart(line);
    if (kept === line.length) {
      continued = false;
      continue;
    }
    changed = true;
    continued = line.endsWith('\\');
    // What a value is assigned from has to stay an expression.
    lines[i] = kept === 0 ? ' '.repeat(line.length) : `${line.slice(0, kept)}0${' '.repeat(line.length - kept - 1)}`;
  }
  return changed ? lines.join('\n') : text;
}

const ASSIGNED = 200;

/** Length of the part of a line that is Python: all of it, nothing, or up to the sign behind `name =`. */
function pythonPart(line: string): number {
  const body = line.trimStart();
  switch (body[0]) {
    case '!':
    case '?':
      return 0;
    case '%':
      return /^%{1,2}[A-Za-z]/.test(body) ? 0 : line.length;
    case '#':
    case undefined:
      return line.length;
    default:
  }
  if (body.length < ASSIGNED && /^[\w.]+\?{1,2}\s*$/.test(body)) return 0;
  const equals = line.slice(0, ASSIGNED).indexOf('=');
  if (
    equals > 0 &&
    /^[ \t]*[!%][A-Za-z]/.test(line.slice(equals + 1, equals + ASSIGNED)) &&
    /^[\w., \t]+$/.test(line.slice(0, equals))
  ) {
    return equals + 1 + line.slice(equals + 1).search(/[!%]/);
  }
  return line.length;
}

const CHUNK = 64 * 1024;

/**
 * The syntax tree of a Python segment. The parser is error-tolerant: what does not parse becomes error nodes.
 * @returns undefined when the segment is no Python
 */
export function pythonSyntax(segment: TextSegment, context: TextContext): PythonSyntax | undefined {
  if (segment.language !== 'python') return undefined;
  return context.shared(segment, 'python-syntax', () => {
    const text = maskIPython(segment.text);
    if (text === undefined) return undefined;
    const parse = parser.startParse(text);
    for (let next = CHUNK; ; ) {
      const tree = parse.advance();
      if (tree) return { tree, text };
      if (parse.parsedPos >= next) {
        context.checkTime();
        next = parse.parsedPos + CHUNK;
      }
    }
  });
}
