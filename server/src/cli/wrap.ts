/** Narrower columns than this are not wrapped into: the terminal's own wrapping reads better. */
const NARROWEST = 24;

/**
 * Breaks one line between words, so that a terminal need not break it within one.
 * @param text without line breaks and control characters
 * @param columns width of the terminal in characters; undefined where there is none (a pipe, a file), which leaves one line
 * @param first put before the first line
 * @param rest put before every further line
 * @returns the lines; a word that is wider than a line stays whole, so that paths and addresses can be copied
 */
export function wrapped(text: string, columns: number | undefined, first: string, rest = first): string[] {
  const width = columns === undefined ? Number.POSITIVE_INFINITY : columns - Math.max(first.length, rest.length);
  if (text.length <= width || width < NARROWEST) return [first + text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line ? `${line} ${word}` : word;
    }
  }
  lines.push(line);
  return lines.map((content, index) => (index === 0 ? first : rest) + content);
}
