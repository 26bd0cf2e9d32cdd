import type { Fix } from '../finding';
import type { TextSegment } from '../text/document';
import type { Assignment } from './extract/assignment';
import { nameWords } from './keys';

export interface FixPlace {
  /** Range of the secret. */
  start: number;
  end: number;
  /** Range of the string literal when it is known. */
  literal?: { start: number; end: number };
  /** Name the value is given to. */
  name: string | undefined;
  /** Last part of the rule's id, for a name when there is no other. */
  fallback: string;
  operator: Assignment['operator'] | undefined;
  notebook: boolean;
}

/**
 * Replaces a whole Python string literal by `os.environ["NAME"]` and adds `import os` when the text has none.
 * @returns undefined when the secret is only a part of its literal, or the literal is no plain one
 */
export function environmentFix(segment: TextSegment, place: FixPlace): Fix | undefined {
  if (place.operator === 'default' || place.operator === 'option') return undefined;
  const { text } = segment;
  const literal = place.literal ?? literalAround(text, place.start, place.end);
  if (!literal) return undefined;
  const inner = text
    .slice(literal.start, literal.end)
    .replace(/^("""|'''|"|')/, '')
    .replace(/("""|'''|"|')$/, '');
  if (inner !== text.slice(place.start, place.end)) return undefined;
  const variable = variableName(place.name ?? assignedName(text, literal.start), place.fallback);
  const at = segment.locate(literal.start, literal.end);
  if (at.line === undefined || at.column === undefined || at.endLine === undefined || at.endColumn === undefined)
    return undefined;
  const edits: Fix['edits'] = [
    {
      line: at.line,
      column: at.column,
      endLine: at.endLine,
      endColumn: at.endColumn,
      newText: `os.environ["${variable}"]`,
    },
  ];
  if (!/^[ \t]*import[ \t]+(?:[\w., ]+,[ \t]*)?os(?:[ \t]*,|[ \t]*$|[ \t]*#)/m.test(text)) {
    const { line = 1 } = segment.locate(importOffset(text), importOffset(text));
    edits.unshift({ line, column: 1, endLine: line, endColumn: 1, newText: 'import os\n' });
  }
  return { title: `Read from the environment variable ${variable}`, edits };
}

function literalAround(text: string, start: number, end: number): { start: number; end: number } | undefined {
  const quote = text[start - 1];
  if ((quote !== '"' && quote !== "'") || text[end] !== quote || /[\\A-Za-z]/.test(text[start - 2] ?? ''))
    return undefined;
  return { start: start - 1, end: end + 1 };
}

/** Name of the variable, key or argument before a literal. */
function assignedName(text: string, at: number): string | undefined {
  return /([A-Za-z_]\w{1,60})["']?\]?\s{0,8}[:=]\s{0,8}$/.exec(text.slice(Math.max(0, at - 90), at))?.[1];
}

function variableName(name: string | undefined, fallback: string): string {
  const words = nameWords((name ?? fallback).split('.').pop() ?? fallback);
  const joined = words.join('_').toUpperCase().slice(0, 60);
  return /^[A-Z_]/.test(joined) ? joined : `SECRET_${joined}`;
}

/** Where an import may stand: before the first import, else after comments, a docstring and magics at the top. */
function importOffset(text: string): number {
  const first = /^(?:import|from(?![ \t]+__future__))[ \t]+\w/m.exec(text);
  if (first) return first.index;
  const top =
    /^(?:[ \t]*(?:#[^\n]*|%{1,2}[^\n]*|from[ \t]+__future__[^\n]*)?\r?\n)*(?:[rRuU]?("""|''')[\s\S]{0,20000}?\1[^\n]*\r?\n)?(?:[ \t]*from[ \t]+__future__[^\n]*\r?\n)*/.exec(
      text,
    );
  return top ? top[0].length : 0;
}
