import type { TextSegment } from '../text/document';
import { judgeValue, looksRandom, type Verdict } from './judge';
import { keyKind } from './keys';

/** A column of a table whose header promises a secret, at its first value that is one. */
export interface SecretColumn {
  header: string;
  kind: 'password' | 'token';
  start: number;
  end: number;
  secret: string;
  count: number;
  verdict: Exclude<Verdict, 'none'>;
}

/** Rows looked at: what a column holds shows in its beginning. */
const ROWS = 5000;

interface Rows {
  header: readonly string[];
  rows(): Iterable<readonly { column: number; start: number; end: number }[]>;
  /** The cells are those of a document, where types and descriptions stand under such headers too. */
  told: boolean;
}

/** Cells of a line of a Markdown table, without the code marks around them. */
function cellsOf(text: string, start: number, end: number): { column: number; start: number; end: number }[] {
  const cells: { column: number; start: number; end: number }[] = [];
  let at = start;
  while (at < end && (text[at] === ' ' || text[at] === '|')) at += 1;
  for (let column = 0; at < end && column < 200; column += 1) {
    let close = at;
    while (close < end && text[close] !== '|') close += 1;
    const raw = text.slice(at, close);
    const inner = /^[\s`*]*([^\s`*](?:[\s`*]*[^\s`*])*)/.exec(raw)?.[1] ?? '';
    const from = at + (inner === '' ? 0 : raw.indexOf(inner));
    cells.push({ column, start: from, end: from + inner.length });
    at = close + 1;
  }
  return cells;
}

const DELIMITER_ROW = /\n[ \t]{0,3}\|?[ \t]{0,8}:?-{2,80}:?[ \t]{0,8}\|[-:| \t]{0,400}(?=\r?\n)/g;

/** Tables of Markdown (GitHub Flavored Markdown, 4.10). */
function* markdownTables(text: string): Generator<Rows> {
  if (!text.includes('|')) return;
  if (!['--|', '-- |', '-:|', '-: |', '|--', '| --', '|:-', '| :-'].some((mark) => text.includes(mark))) return;
  let done = 0;
  for (const match of text.matchAll(DELIMITER_ROW)) {
    if (match.index < done) continue;
    const from = text.lastIndexOf('\n', match.index - 1) + 1;
    const header = cellsOf(text, from, match.index).map(({ start, end }) => text.slice(start, end));
    const rows: { start: number; end: number }[] = [];
    for (let at = text.indexOf('\n', match.index + match[0].length) + 1; at > 0 && at < text.length; ) {
      const newline = text.indexOf('\n', at);
      const end = newline < 0 ? text.length : newline;
      if (!text.slice(at, end).includes('|')) break;
      rows.push({ start: at, end: text[end - 1] === '\r' ? end - 1 : end });
      at = newline < 0 ? text.length : newline + 1;
      done = end;
    }
    yield {
      header,
      told: true,
      *rows() {
        for (const { start, end } of rows) yield cellsOf(text, start, end);
      },
    };
  }
}

/** Columns of passwords and keys in tables, one result a column. */
export function secretColumns({ table, text, kind }: TextSegment): SecretColumn[] {
  if (table) return columnsOf(text, { header: table.header, rows: () => table.rows(), told: false });
  if (kind !== 'prose' && kind !== 'markdown') return [];
  return [...markdownTables(text)].flatMap((rows) => columnsOf(text, rows));
}

function columnsOf(text: string, table: Rows): SecretColumn[] {
  const kinds = new Map<number, 'password' | 'token'>();
  for (const [column, header] of table.header.entries()) {
    const kind = keyKind(header);
    if (kind === 'password' || kind === 'token') kinds.set(column, kind);
  }
  if (kinds.size === 0) return [];
  const found = new Map<number, SecretColumn>();
  let rows = 0;
  for (const row of table.rows()) {
    rows += 1;
    if (rows > ROWS) break;
    for (const { column, start, end } of row) {
      const kind = kinds.get(column);
      if (!kind) continue;
      const known = found.get(column);
      const raw = text.slice(start, Math.min(end, start + 2000));
      const secret = raw.trim();
      const header = table.header[column] as string;
      const verdict = judgeValue(secret, { kind, key: header, context: 'config' });
      if (verdict === 'none' || (table.told && (verdict !== 'real' || !looksRandom(secret)))) continue;
      if (known) {
        known.count += 1;
        if (verdict === 'real') known.verdict = 'real';
        continue;
      }
      const at = start + raw.indexOf(secret);
      found.set(column, { header, kind, start: at, end: at + secret.length, secret, count: 1, verdict });
    }
  }
  return [...found.values()];
}
