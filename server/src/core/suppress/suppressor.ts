/** Hiding findings by what the user keeps outside the scanned files: a baseline, an ignore file. */
import type { ArtifactReport, Category, Finding } from '../finding';
import { fileOf } from '../place';

export interface Suppressor {
  /**
   * The user chose it himself: on the command line, or in a workspace he trusts. Only then may it hide what a model
   * does and what could not be inspected; a list that comes with a strange repository may not.
   */
  readonly trusted: boolean;
  /**
   * @param artifact of a folder that is one artifact, the file that the finding lies in
   * @returns who hides the finding, or undefined
   */
  match(artifact: Pick<ArtifactReport, 'path'>, finding: Finding): NonNullable<Finding['suppressed']> | undefined;
}

const GUARDED: ReadonlySet<Category> = new Set(['model', 'coverage']);

/**
 * Moves what the suppressors hide from `findings` to `suppressed`: it stays counted and listed. The first that matches
 * is named. Digests that were only there for matching are taken out.
 */
export function applySuppressions(report: ArtifactReport, suppressors: readonly Suppressor[]): ArtifactReport {
  const findings: Finding[] = [];
  const hidden: Finding[] = [...(report.suppressed ?? [])];
  for (const finding of report.findings) {
    let by: Finding['suppressed'];
    const place = { path: fileOf(report, finding.location) };
    for (const suppressor of suppressors) {
      if (!suppressor.trusted && GUARDED.has(finding.category)) continue;
      by = suppressor.match(place, finding);
      if (by) break;
    }
    if (by) hidden.push({ ...finding, suppressed: by });
    else findings.push(finding);
  }
  const { suppressed: _before, ...rest } = report;
  return {
    ...rest,
    findings: findings.map(withoutDigest),
    ...(hidden.length > 0 && { suppressed: hidden.map(withoutDigest) }),
  };
}

function withoutDigest(finding: Finding): Finding {
  if (!finding.data || !('sha1' in finding.data)) return finding;
  const { sha1: _sha1, ...data } = finding.data;
  const { data: _data, ...rest } = finding;
  return Object.keys(data).length > 0 ? { ...rest, data } : rest;
}
