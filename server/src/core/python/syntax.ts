/** What changes of a Python text ask of its syntax. Rules read the lines they speak of in another way; see `parser.ts`. */
import { NodeType, type SyntaxNode, Tree } from '@lezer/common';
import { parser } from '@lezer/python';
import type { TextContext, TextSegment } from '../text/document';
import { Lines } from './lines';
import { cellStart } from './magics';

export type { SyntaxNode };

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

/** What a line needs around it to be a program of its own, by the word it begins with. */
const AROUND: readonly (readonly [word: RegExp, before: string])[] = [
  [/^(?:else|elif)\b/, 'if 0:0\n'],
  [/^(?:except|finally)\b/, 'try:0\n'],
  [/^case\b/, 'match 0:\n '],
];

/**
 * The syntax of a Python text, of which only the lines are parsed that somebody asks about. The parser is error-tolerant:
 * what does not parse becomes error nodes.
 */
export class PythonSyntax {
  readonly #lines: Lines;
  readonly #trees = new Map<number, Tree>();
  readonly #rebound = new Map<string, boolean>();
  readonly #imported = new Map<string, number>();
  #top:
    | { readonly first: number; readonly imports: readonly number[]; readonly futures: readonly number[] }
    | undefined;

  /** @param text with the lines that are no Python blanked out */
  constructor(
    private readonly text: string,
    private readonly checkTime: () => void,
  ) {
    this.#lines = new Lines(text, cellStart(text));
  }

  /** The innermost node at an offset; none in a comment and between lines. Its parents are those within its logical line. */
  nodeAt(offset: number): SyntaxNode | undefined {
    const line = this.#lines.at(offset);
    if (line < 0) return undefined;
    let tree = this.#trees.get(line);
    if (!tree) {
      tree = this.#parse(line);
      this.#trees.set(line, tree);
    }
    return tree.resolveInner(offset, 1);
  }

  #parse(line: number): Tree {
    const start = this.#lines.start(line);
    const source = this.text.slice(start, this.#lines.end(line));
    const before = AROUND.find(([word]) => word.test(source))?.[1] ?? '';
    const after = source.endsWith(':') ? '0' : source.startsWith('@') ? '\ndef f():0' : '';
    const parse = parser.startParse(`${before}${source}${after}`);
    for (let next = CHUNK; ; ) {
      const tree = parse.advance();
      // The tree of the line at its place in the text, so that offsets are those of the text.
      if (tree) return new Tree(NodeType.none, [tree], [start - before.length], this.text.length);
      if (parse.parsedPos >= next) {
        this.checkTime();
        next = parse.parsedPos + CHUNK;
      }
    }
  }

  /** Whether something else than a module may have its name: a parameter, a variable, nothing any more. */
  isRebound(module: string): boolean {
    let known = this.#rebound.get(module);
    if (known === undefined) {
      const name = String.raw`(?<![\w.])${module}(?![\w.([])`;
      known = new RegExp(
        String.raw`${name}\s{0,4}(?::[^=\n]{1,80})?=(?!=)|\bdel\s[^\n]{0,80}${name}|\bfor\s[^\n]{0,80}${name}[^\n]{0,80}\sin\s|\bas\s+${module}\b|\b(?:def\s+\w+|lambda)\b[^\n:]{0,200}${name}`,
      ).test(this.text);
      this.#rebound.set(module, known);
    }
    return known;
  }

  /**
   * Where a module can be imported for a use of it.
   * @returns offset of the beginning of a line; undefined when it is imported above the use
   */
  importPlace(module: string, use: number): number | undefined {
    const { first, imports, futures } = this.#topLevel();
    let own = this.#imported.get(module);
    if (own === undefined) {
      const plain = new RegExp(
        `^import[ \\t]+(?:[\\w.]+(?:[ \\t]+as[ \\t]+\\w+)?[ \\t]*,[ \\t]*)*${module}[ \\t]*(?:,|$|;|#)`,
        'm',
      );
      own = imports.find((start) => plain.test(this.text.slice(start, start + HEAD))) ?? Number.POSITIVE_INFINITY;
      this.#imported.set(module, own);
    }
    if (own <= use) return undefined;
    const before = imports[0] ?? Number.POSITIVE_INFINITY;
    const place = before <= use ? before : first <= use ? first : use;
    const behind = futures.findLast((end) => end <= use) ?? 0;
    return Math.max(behind, this.text.lastIndexOf('\n', place - 1) + 1);
  }

  /**
   * Of the lines that are in no block: the first that is no documentation, those that import, and the beginnings of the
   * lines behind those that import from the future.
   */
  #topLevel() {
    if (this.#top) return this.#top;
    const lines = this.#lines;
    const { text } = this;
    let first = Number.POSITIVE_INFINITY;
    const imports: number[] = [];
    const futures: number[] = [];
    for (let line = 0; line < lines.count; line += 1) {
      const start = lines.start(line);
      if (start > 0 && text[start - 1] !== '\n') continue;
      const source = text.slice(start, Math.min(lines.end(line), start + HEAD));
      if (FUTURE.test(source)) {
        futures.push(text.indexOf('\n', lines.end(line) - 1) + 1);
        continue;
      }
      if (/^(?:import|from)\b/.test(source)) imports.push(start);
      if (first > start && !isDocumentation(text, start, lines.end(line))) first = start;
    }
    this.#top = { first, imports, futures };
    return this.#top;
  }
}

/** Characters of a line by which it is known. */
const HEAD = 300;
/** What comes from the future may stand behind documentation on its line. */
const FUTURE = /^(?:["'][^\n]{0,200}["'];\s{0,4})?from\s+__future__/;

/** Whether a line is a string and nothing else. */
const isDocumentation = (text: string, start: number, end: number): boolean =>
  /^[A-Za-z]{0,2}["']/.test(text.slice(start, start + 3)) && /["']/.test(text[end - 1] ?? '');

/** @returns undefined when the segment is no Python */
export function pythonSyntax(segment: TextSegment, context: TextContext): PythonSyntax | undefined {
  if (segment.language !== 'python') return undefined;
  return context.shared(segment, 'python-syntax', () => {
    const text = maskIPython(segment.text);
    return text === undefined ? undefined : new PythonSyntax(text, context.checkTime);
  });
}
