import type { ReportFormat } from './report';

/** The machine contract, `watchtower-scan/1`: the list of findings as it is. */
export const JSON_REPORT: ReportFormat = {
  id: 'json',
  title: 'JSON (watchtower-scan/1)',
  extension: '.json',
  build: (report) => `${JSON.stringify(report, null, 1)}\n`,
};
