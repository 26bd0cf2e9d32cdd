import type { TextSegment } from '../text/document';
import { judgeValue, type Verdict } from './judge';
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

/** Columns of passwords and keys in a table, one result a column. */
export function secretColumns({ table, text }: TextSegment): SecretColumn[] {
  if (!table) return [];
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
      if (verdict === 'none') continue;
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
