import { CSV_REPORT } from './csv';
import { CYCLONEDX_REPORT } from './cyclonedx';
import { HTML_REPORT } from './html';
import { JSON_REPORT } from './json';
import { MARKDOWN_REPORT } from './markdown';
import type { ReportFormat } from './report';
import { SARIF_REPORT } from './sarif';

/** Every report that is one file. One line each; the command line and "Export Reports" read this list. */
export const REPORTS: readonly ReportFormat[] = [
  JSON_REPORT,
  SARIF_REPORT,
  HTML_REPORT,
  CYCLONEDX_REPORT,
  CSV_REPORT,
  MARKDOWN_REPORT,
];

export function reportById(id: string): ReportFormat | undefined {
  return REPORTS.find((report) => report.id === id);
}
