import type { ReportFormat } from './report';
import { sortedFindings } from './totals';

const COLUMNS = [
  'path',
  'kind',
  'format',
  'status',
  'severity',
  'rule',
  'category',
  'cell',
  'line',
  'column',
  'file_line',
  'member',
  'offset',
  'message',
  'evidence',
  'fingerprint',
] as const;

/**
 * One field (RFC 4180). What a spreadsheet would take for a formula gets an apostrophe before it: names and evidence are
 * an attacker's text.
 */
function field(value: string | number | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A row for each finding, and one for each artifact that was not looked at in full and has none. */
export const CSV_REPORT: ReportFormat = {
  id: 'csv',
  title: 'CSV',
  extension: '.csv',
  build(report) {
    const rows: string[] = [COLUMNS.join(',')];
    for (const { path, kind, format, status, reason, findings } of report.artifacts) {
      for (const { severity, ruleId, category, location, message, evidence, fingerprint } of sortedFindings(findings)) {
        const { cell, line, column, fileLine, member, offset } = location;
        rows.push(
          [path, kind, format, status, severity, ruleId, category, cell, line, column, fileLine, member, offset]
            .concat([message, evidence, fingerprint])
            .map(field)
            .join(','),
        );
      }
      if (findings.length === 0 && status !== 'scanned') {
        rows.push(
          [path, kind, format, status, ...Array<undefined>(9), reason, undefined, undefined].map(field).join(','),
        );
      }
    }
    return `${rows.join('\r\n')}\r\n`;
  },
};
