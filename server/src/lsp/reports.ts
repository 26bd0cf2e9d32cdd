import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ArtifactReport, ScanReport } from '../core/finding';
import { allReports, isZipName, zipReports } from '../core/reports/bundle';
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

/**
 * Names for folders, made of labels which may hold anything: the name of a workspace folder and of a remote source are
 * written by others, and must neither lead out of the target nor lie on one another.
 */
function folderNames(labels: readonly string[]): string[] {
  const taken = new Set<string>();
  return labels.map((label) => {
    const base =
      label
        .replace(/[^\p{L}\p{N}_.@-]+/gu, '_')
        .replace(/^[._]+|[._]+$/g, '')
        .slice(0, 100) || 'reports';
    let name = base;
    // Case does not tell files apart everywhere.
    for (let n = 2; taken.has(name.toLowerCase()); n += 1) name = `${base}-${n}`;
    taken.add(name.toLowerCase());
    return name;
  });
}

/** One export of one folder or remote source. */
export interface ReportsOf {
  /** What its folder below the target is called when there are several. */
  label: string;
  report: ScanReport;
  options: ReportOptions;
}

/**
 * Writes every report of every scan.
 * @param target a folder, which is made, or the name of a zip
 * @returns the files that were written
 * @throws the system's error when the target cannot be written
 */
export async function writeReports(reports: readonly ReportsOf[], target: string): Promise<string[]> {
  const timestamp = Math.floor(Date.now() / 1000);
  const folders = reports.length > 1 ? folderNames(reports.map(({ label }) => label)) : [''];
  const files = reports.flatMap(({ report, options }, index) =>
    allReports(report, { ...options, timestamp }).map(({ name, content }) => ({
      name: path.posix.join(folders[index] as string, name),
      content,
    })),
  );
  if (isZipName(target)) {
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, await zipReports(files, timestamp));
    return [target];
  }
  const written: string[] = [];
  for (const { name, content } of files) {
    const full = path.join(target, name);
    await mkdir(path.dirname(full), { recursive: true });
    await writeFile(full, content);
    written.push(full);
  }
  return written;
}
