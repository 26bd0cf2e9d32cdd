/** Cell magics of IPython, and whether what follows them is Python. */

/** Those whose body is still Python. */
const PYTHON_CELL_MAGICS = /^%%(?:time|timeit|capture|prun|python3?|pypy|debug|skip|writefile|memit|wandb|cython)\b/;

const PERCENT = 37;

/** Offset at which the Python of a cell begins: behind the line of its magic, or at the end when the cell is no Python. */
export function cellStart(text: string): number {
  const begin = text.charCodeAt(0);
  if (begin > PERCENT && begin < 128) return 0;
  const first = /\S/.exec(text)?.index ?? 0;
  if (!text.startsWith('%%', first)) return 0;
  if (!PYTHON_CELL_MAGICS.test(text.slice(first, first + 40))) return text.length;
  const newline = text.indexOf('\n', first);
  return newline < 0 ? text.length : newline + 1;
}
