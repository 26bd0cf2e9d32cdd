import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ArtifactReport, ScanReport } from '../core/finding';
import { REPORTS } from '../core/reports';
import type { ReportOptions } from '../core/reports/report';
import { VERSION } from '../core/version';
import type { RemoteSource } from './remoteScans';
import type { Folder } from './settings';
import type { StoredArtifact } from './store';
import { pathOf } from './uris';
import type { WorkspaceScan } from './workspaceScan';

/** The scan report of one folder, from what the store holds of it. */
export function reportOf(
  folder: Folder | undefined,
  artifacts: Iterable<StoredArtifact>,
  scan: WorkspaceScan,
  advisories: ScanReport['advisories'],
): ScanReport {
  const own: ArtifactReport[] = [];
  for (const { folderUri, report, uri, remote } of artifacts) {
    if (remote === undefined && folderUri === folder?.uri)
      own.push(folder ? report : { ...report, path: pathOf(uri) ?? uri });
  }
  own.sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    schema: 'watchtower-scan/1',
    tool: { name: 'watchtower', version: VERSION },
    advisories,
    target: folder?.root ?? '',
    notScanned: folder ? [...scan.skippedIn(folder)] : [],
    artifacts: own,
  };
}

/** The scan report of one remote source, with what its host says of it. */
export function remoteReportOf(
  { root, label, facts, transfer, notScanned }: RemoteSource,
  artifacts: Iterable<StoredArtifact>,
  advisories: ScanReport['advisories'],
): ScanReport {
  const own = [...artifacts].filter(({ remote }) => remote === root).map(({ report }) => report);
  own.sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    schema: 'watchtower-scan/1',
    tool: { name: 'watchtower', version: VERSION },
    advisories,
    target: label,
    notScanned: [...notScanned],
    artifacts: own,
    sources: [{ label, facts: [...facts], transfer }],
  };
}

/** A folder's name made of a source's label, which may hold anything. */
export function folderName(label: string): string {
  const name = label.replace(/[^\w.@-]+/g, '_').replace(/^[._]+|[._]+$/g, '');
  return name.slice(0, 100) || 'remote';
}

/**
 * Writes reports into a folder.
 * @returns the files that were written
 * @throws the system's error when the folder cannot be written
 */
export async function writeReports(
  reports: readonly { name: string; report: ScanReport; options: ReportOptions }[],
  target: string,
  formats: readonly string[] | undefined,
): Promise<string[]> {
  const written: string[] = [];
  for (const { name, report, options } of reports) {
    const folder = name ? path.join(target, name) : target;
    await mkdir(folder, { recursive: true });
    const write = async (file: string, text: string) => {
      const full = path.join(folder, file);
      await writeFile(full, text);
      written.push(full);
    };
    for (const format of REPORTS) {
      if (formats && !formats.includes(format.id)) continue;
      await write(`watchtower${format.extension}`, format.build(report, options));
    }
  }
  return written;
}
