import type { Fix } from '../../../src/core/finding';

/** Applies edits to a text as an editor does: all places are those of the text before. */
export function applied(text: string, { edits }: Fix): string {
  const starts = [0];
  for (let i = 0; i < text.length; i += 1) if (text[i] === '\n') starts.push(i + 1);
  const offset = (line: number, column: number) => (starts[line - 1] as number) + column - 1;
  const ordered = edits
    .map((edit, index) => ({
      ...edit,
      index,
      from: offset(edit.line, edit.column),
      to: offset(edit.endLine, edit.endColumn),
    }))
    .sort((a, b) => b.from - a.from || b.to - a.to || b.index - a.index);
  let out = text;
  for (const { from, to, newText } of ordered) out = out.slice(0, from) + newText + out.slice(to);
  return out;
}
