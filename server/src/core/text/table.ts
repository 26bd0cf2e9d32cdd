/** Rows and columns of a text, for rules that judge a column as a whole. */

export interface TableCell {
  /** 0-based column. */
  column: number;
  /** Range of the cell's content in the segment's text, without quotes. */
  start: number;
  end: number;
}

export interface TextTable {
  /** Names of the columns; empty when the first row is data. */
  readonly header: readonly string[];
  /** Rows below the header. Read lazily: a table may have millions. */
  rows(): Iterable<readonly TableCell[]>;
}

/** One record of delimited text (RFC 4180, and tolerant of what is not), from `at`. */
function readRecord(text: string, at: number, delimiter: string): { cells: TableCell[]; next: number } {
  const cells: TableCell[] = [];
  let i = at;
  let column = 0;
  for (;;) {
    let start = i;
    let end: number;
    if (text[i] === '"') {
      start = i + 1;
      let close = text.indexOf('"', start);
      while (close >= 0 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
      end = close < 0 ? text.length : close;
      i = Math.min(text.length, end + 1);
      while (i < text.length && text[i] !== delimiter && text[i] !== '\n' && text[i] !== '\r') i += 1;
    } else {
      while (i < text.length && text[i] !== delimiter && text[i] !== '\n' && text[i] !== '\r') i += 1;
      end = i;
    }
    cells.push({ column, start, end });
    column += 1;
    if (text[i] !== delimiter) break;
    i += 1;
  }
  if (text[i] === '\r') i += 1;
  if (text[i] === '\n') i += 1;
  return { cells, next: i };
}

const HEADER_NAME = /^[\p{L}_][\p{L}\p{N}_ .\-/()#%&:*]{0,63}$/u;

/**
 * A delimited text as a table. The first row is the header when every non-empty cell of it reads as a name and no cell
 * of it is a number.
 */
export function delimitedTable(text: string, delimiter: string): TextTable {
  const first = readRecord(text, 0, delimiter);
  const names = first.cells.map(({ start, end }) => text.slice(start, end).trim());
  const isHeader = names.some((name) => name !== '') && names.every((name) => name === '' || HEADER_NAME.test(name));
  return {
    header: isHeader ? names : [],
    *rows() {
      let at = isHeader ? first.next : 0;
      while (at < text.length) {
        const { cells, next } = readRecord(text, at, delimiter);
        yield cells;
        at = next;
      }
    },
  };
}

/** Delimiter of a delimited file: a tab by name, else the commonest of the usual ones in the first line. */
export function delimiterOf(name: string, text: string): string {
  if (/\.(?:tsv|tab)$/i.test(name)) return '\t';
  const end = text.indexOf('\n');
  const line = text.slice(0, Math.min(end < 0 ? text.length : end, 10_000));
  let best = ',';
  let most = 0;
  for (const candidate of [',', ';', '\t', '|']) {
    const count = line.split(candidate).length - 1;
    if (count > most) {
      most = count;
      best = candidate;
    }
  }
  return best;
}
