/** An export as files: each with its name, or all of them in one zip that can be attached or mailed. */
import type { ScanReport } from '../finding';
import { REPORTS } from './index';
import type { ReportOptions } from './report';
import { buildSeedReports } from './seed';

export interface ReportFile {
  /** Path below the export's folder, with slashes. */
  name: string;
  content: string;
}

/** Every report of a scan: those that are one file each, and the three of AIShield Watchtower. */
export function allReports(report: ScanReport, options: ReportOptions): ReportFile[] {
  const single = REPORTS.map((format) => ({
    name: `watchtower${format.extension}`,
    content: format.build(report, options),
  }));
  return [...single, ...buildSeedReports(report, options)];
}

/** Whether an export's target is to be one zip. */
export function isZipName(name: string): boolean {
  return name.toLowerCase().endsWith('.zip');
}

/**
 * Puts files into one zip.
 * @param seconds since 1970, the time that every entry bears; entries of one export differ in nothing but their content
 */
export async function zipReports(files: readonly ReportFile[], seconds: number): Promise<Uint8Array> {
  // Evaluated only here: hardly any run asks for a zip.
  const { default: JSZip } = await import('jszip');
  const zip = new JSZip();
  const date = new Date(seconds * 1000);
  for (const { name, content } of files) zip.file(name, content, { date, createFolders: false });
  return zip.generateAsync({ type: 'uint8array', compression: 'DEFLATE', platform: 'UNIX' });
}
