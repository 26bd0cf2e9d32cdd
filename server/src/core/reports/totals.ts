import type { ArtifactKind, ArtifactReport, Finding, ScanReport, Severity } from '../finding';
import { joinPath } from '../place';

/** From the worst to the mildest, as every report lists them. */
export const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info'];

const RANK = new Map(SEVERITIES.map((severity, index) => [severity, index]));

/** The numbers that stand at the top of a report. A folder that is one artifact (a SavedModel) counts once. */
export interface Totals {
  artifacts: number;
  byKind: Record<ArtifactKind, number>;
  findings: number;
  bySeverity: Record<Severity, number>;
  suppressed: number;
  /** Artifacts that were not looked at in full, worst first. */
  incomplete: ArtifactReport[];
  bytes: number;
  bytesRead: number;
}

export function totalsOf({ artifacts }: Pick<ScanReport, 'artifacts'>): Totals {
  const totals: Totals = {
    artifacts: artifacts.length,
    byKind: { model: 0, notebook: 0, python: 0, dependencies: 0, text: 0, archive: 0 },
    findings: 0,
    bySeverity: { critical: 0, high: 0, medium: 0, low: 0, info: 0 },
    suppressed: 0,
    incomplete: [],
    bytes: 0,
    bytesRead: 0,
  };
  for (const artifact of artifacts) {
    totals.byKind[artifact.kind] += 1;
    totals.findings += artifact.findings.length;
    for (const { severity } of artifact.findings) totals.bySeverity[severity] += 1;
    totals.suppressed += artifact.suppressed?.length ?? 0;
    if (artifact.status !== 'scanned') totals.incomplete.push(artifact);
    totals.bytes += artifact.bytes;
    totals.bytesRead += artifact.bytesRead;
  }
  const order = { failed: 0, partial: 1, skipped: 2, scanned: 3 };
  totals.incomplete.sort((a, b) => order[a.status] - order[b.status] || (a.path < b.path ? -1 : 1));
  return totals;
}

/** Worst first, then by place, so that the same scan always gives the same text. */
export function sortedFindings(findings: readonly Finding[]): Finding[] {
  return [...findings].sort(
    (a, b) =>
      (RANK.get(a.severity) ?? 0) - (RANK.get(b.severity) ?? 0) ||
      (a.location.cell ?? -1) - (b.location.cell ?? -1) ||
      (a.location.fileLine ?? a.location.line ?? 0) - (b.location.fileLine ?? b.location.line ?? 0) ||
      (a.location.column ?? 0) - (b.location.column ?? 0) ||
      (a.location.offset ?? 0) - (b.location.offset ?? 0) ||
      (a.ruleId < b.ruleId ? -1 : 1),
  );
}

/** Artifacts that have findings, the one with the worst finding first. */
export function artifactsByWorst(artifacts: readonly ArtifactReport[]): ArtifactReport[] {
  const worst = ({ findings }: ArtifactReport) => Math.min(...findings.map(({ severity }) => RANK.get(severity) ?? 0));
  return artifacts
    .filter(({ findings }) => findings.length > 0)
    .map((artifact) => ({ artifact, rank: worst(artifact) }))
    .sort((a, b) => a.rank - b.rank || (a.artifact.path < b.artifact.path ? -1 : 1))
    .map(({ artifact }) => artifact);
}

/** An artifact's path as people read it: the target's own name when the target is the artifact. */
export function shownPath({ target }: Pick<ScanReport, 'target'>, path: string, prefix = ''): string {
  const joined = joinPath(prefix, path);
  return joined === '.' ? target || joined : joined;
}

/** A finding's place as people read it: `cell 2, line 3:14`, `archive/data.pkl @ 0x1f`. Printable as it is. */
export function placeText({ location }: Pick<Finding, 'location'>): string {
  const { cell, output, line, column, member, node, offset, fileLine } = location;
  const parts: string[] = [];
  if (member !== undefined) parts.push(member);
  if (cell !== undefined) parts.push(`cell ${cell}`);
  if (output !== undefined) parts.push(`output ${output}`);
  if (line !== undefined) parts.push(`line ${line}${column === undefined ? '' : `:${column}`}`);
  if (cell !== undefined && fileLine !== undefined) parts.push(`file line ${fileLine}`);
  if (node !== undefined) parts.push(node);
  if (offset !== undefined) parts.push(`offset 0x${offset.toString(16)}`);
  return parts.join(', ');
}

/** `1.4 MB`; powers of ten. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `1 finding`, `2 findings`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** How often each reason kept something out, the most frequent first. */
export function reasonCounts(notScanned: ScanReport['notScanned']): { reason: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { reason } of notScanned) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .map(([reason, count]) => ({ reason, count }))
    .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
}
