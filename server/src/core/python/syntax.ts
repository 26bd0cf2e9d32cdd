/** One Python parse per segment, shared by every analyser that asks for it. */
import type { SyntaxNode, Tree } from '@lezer/common';
import { parser } from '@lezer/python';
import type { TextContext, TextSegment } from '../text/document';

export type { SyntaxNode, Tree };

export interface PythonSyntax {
  readonly tree: Tree;
  /** What was parsed: the segment's text with the lines that are no Python blanked out, so that offsets are the same. */
  readonly text: string;
}

/** Cell magics whose body is still Python. */
const PYTHON_CELL_MAGICS = /^%%(?:time|timeit|capture|prun|python3?|pypy|debug|skip|writefile|memit|wandb|cython)\b/;
const IPYTHON_SYNTAX = /^[ \t]*(?:[%!?]|[^#\n]*(?:=[ \t]*[!%]|\?[ \t]*$))/m;

/**
 * Blanks out IPython's own syntax (line and cell magics, `!shell`, `name = !shell`, help with `?`), keeping every offset.
 * @returns undefined when the whole cell is another language (`%%bash`, `%%html`, `%%sql`)
 */
export function maskIPython(text: string): string | undefined {
  const first = /^\s*(%%[^\n]*)/.exec(text)?.[1];
  if (first !== undefined && !PYTHON_CELL_MAGICS.test(first)) return undefined;
  if (!IPYTHON_SYNTAX.test(text)) return text;
  let continued = false;
  return text.replace(/[^\n]+/g, (line) => {
    const body = line.trimStart();
    const c = body[0];
    if (continued || c === '!' || (c === '%' && /^%{1,2}[A-Za-z]/.test(body)) || c === '?') {
      continued = line.endsWith('\\');
      return ' '.repeat(line.length);
    }
    if (c !== '#' && /^[\w.]+\?{1,2}\s*$/.test(body)) return ' '.repeat(line.length);
    const assigned = /^(\s*[\w., ]{1,200}?=[ \t]*)[!%][A-Za-z]/.exec(line)?.[1];
    if (assigned !== undefined) {
      continued = line.endsWith('\\');
      return `${assigned}0${' '.repeat(line.length - assigned.length - 1)}`;
    }
    return line;
  });
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
