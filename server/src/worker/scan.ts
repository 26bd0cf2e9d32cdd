import { COVERAGE_RULES } from '../core/coverage';
import type { ArtifactReport } from '../core/finding';
import { DIRECTORY_FORMATS } from '../core/formats';
import { type PlannedArtifact, planArtifacts } from '../core/plan';
import type { ScanSettings } from '../core/settings';
import { openSource } from '../core/sources/open';
import type { SourceEntry, SourceSkip, SourceSpec } from '../core/sources/source';
import { TaskFailed, type WorkerPool } from './pool';

export interface ScanProgress {
  /** Artifacts planned so far and done so far, and their bytes. */
  planned: number;
  done: number;
  plannedBytes: number;
  doneBytes: number;
  current?: string;
}

export interface SourceScan {
  /** What the target is called. */
  label: string;
  artifacts: ArtifactReport[];
  notScanned: SourceSkip[];
  /** True when it ended before the end because it was cancelled; what is there is right, but not all. */
  cancelled: boolean;
}

/** Artifacts that wait in the pool at once: enough to keep it busy, few enough to cancel quickly. */
const WINDOW = 64;

/**
 * Lists a source, plans its artifacts and has the pool judge each one. The editor, the command line and remote scans
 * all come through here.
 * @throws Error when the source itself cannot be opened or listed
 */
export async function scanSource(
  spec: SourceSpec,
  settings: ScanSettings,
  pool: WorkerPool,
  {
    signal,
    onArtifact,
    onProgress,
  }: {
    signal?: AbortSignal;
    onArtifact?: (report: ArtifactReport) => void;
    onProgress?: (p: ScanProgress) => void;
  } = {},
): Promise<SourceScan> {
  const source = openSource(spec, settings);
  const artifacts: ArtifactReport[] = [];
  const notScanned: SourceSkip[] = [];
  const progress: ScanProgress = { planned: 0, done: 0, plannedBytes: 0, doneBytes: 0 };
  try {
    const entries: SourceEntry[] = [];
    for await (const entry of source.list(signal)) {
      if ('reason' in entry) notScanned.push(entry);
      else entries.push(entry);
      if (signal?.aborted) break;
    }
    const plan = planArtifacts(entries, DIRECTORY_FORMATS);
    progress.planned = plan.length;
    progress.plannedBytes = plan.reduce((sum, { size }) => sum + size, 0);
    onProgress?.({ ...progress });
    const judge = async (artifact: PlannedArtifact): Promise<void> => {
      let report: ArtifactReport | undefined;
      try {
        report = await pool.run({ kind: 'artifact', source: spec, artifact }, settings, signal && { signal });
      } catch (error) {
        if (error instanceof TaskFailed && error.cause_ === 'cancelled') return;
        report = failedReport(artifact, error instanceof Error ? error.message : String(error));
      }
      progress.done += 1;
      progress.doneBytes += artifact.size;
      progress.current = artifact.path;
      if (report) {
        artifacts.push(report);
        onArtifact?.(report);
      }
      onProgress?.({ ...progress });
    };
    let next = 0;
    const lanes = Array.from({ length: Math.min(WINDOW, plan.length) }, async () => {
      while (next < plan.length && !signal?.aborted) await judge(plan[next++] as PlannedArtifact);
    });
    await Promise.all(lanes);
  } catch (error) {
    if (!signal?.aborted) throw error;
  } finally {
    await source.close();
  }
  artifacts.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { label: source.label, artifacts, notScanned, cancelled: signal?.aborted ?? false };
}

function failedReport(artifact: PlannedArtifact, reason: string): ArtifactReport {
  const rule = COVERAGE_RULES.unreadable;
  return {
    path: artifact.path,
    kind: 'model',
    format: 'unknown',
    status: 'failed',
    reason,
    bytes: artifact.size,
    bytesRead: 0,
    findings: [
      {
        ruleId: rule.id,
        category: rule.category,
        severity: rule.severity,
        message: `Could not be read: ${reason}`,
        fingerprint: `${rule.id}:${artifact.path}`,
        location: {},
      },
    ],
  };
}
