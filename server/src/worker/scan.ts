import { COVERAGE_RULES } from '../core/coverage';
import type { ArtifactReport } from '../core/finding';
import { DIRECTORY_FORMATS } from '../core/formats';
import { type PlannedArtifact, planArtifacts } from '../core/plan';
import type { ScanSettings } from '../core/settings';
import type { SourceEnvironment } from '../core/sources/environment';
import { expectedTransfer } from '../core/sources/estimate';
import { isRemote, openSource } from '../core/sources/open';
import type { Source, SourceEntry, SourceFact, SourceSkip, SourceSpec, TransferStats } from '../core/sources/source';
import { TaskFailed, type WorkerPool } from './pool';

export interface ScanProgress {
  /** Artifacts planned so far and done so far, and their bytes. */
  planned: number;
  done: number;
  plannedBytes: number;
  doneBytes: number;
  /** Files that a remote source has listed so far, while the listing goes on. */
  listed?: number;
  current?: string;
  /** Bytes that came over the network so far; remote sources only. */
  transferredBytes?: number;
}

export interface SourceScan {
  /** What the target is called. */
  label: string;
  artifacts: ArtifactReport[];
  notScanned: SourceSkip[];
  /** True when it ended before the end because it was cancelled; what is there is right, but not all. */
  cancelled: boolean;
  /** What the host says of a remote source. */
  facts?: readonly SourceFact[];
  /** What a remote scan took over the network, and of how many bytes in all. */
  transfer?: TransferStats & { ofBytes: number };
}

/** What a remote source holds, before anything but its listing is read. */
export interface SourceListing {
  label: string;
  files: number;
  bytes: number;
  skipped: number;
  /** Estimate of the bytes that will be transferred. */
  expectedBytes: number;
  facts: readonly SourceFact[];
}

/** Artifacts that wait in the pool at once: enough to keep it busy, few enough to cancel quickly. */
const WINDOW = 64;
/** The same for a remote source: each of these has a file open and its cache in memory. */
const REMOTE_WINDOW = 8;
/** Files of a remote listing after which progress is told. */
const LISTING_STEP = 250;

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
    known,
    environment,
    confirm,
  }: {
    signal?: AbortSignal;
    onArtifact?: (report: ArtifactReport, artifact: PlannedArtifact) => void;
    onProgress?: (p: ScanProgress) => void;
    /** What is known of an artifact that has not changed since; undefined when it is to be scanned. */
    known?: (artifact: PlannedArtifact) => Promise<{ report?: ArtifactReport } | undefined>;
    /** Network and credentials, for remote sources. They stay in this process; workers get bytes. */
    environment?: SourceEnvironment;
    /** Asked once a remote source has been listed; anything but true ends the scan as cancelled. */
    confirm?: (listing: SourceListing) => Promise<boolean>;
  } = {},
): Promise<SourceScan> {
  const source = openSource(spec, settings, environment);
  const served = isRemote(spec) ? pool.served.add(source) : undefined;
  // The worker waits for the network within its own deadline.
  const limits = served && { ...settings.limits, timeMs: Math.max(settings.limits.timeMs, settings.remote.fileTimeMs) };
  // Ends what is under way on the network, too.
  const leave = () => void source.close();
  if (served) signal?.addEventListener('abort', leave, { once: true });
  const judging = limits ? { ...settings, limits } : settings;
  const artifacts: ArtifactReport[] = [];
  const notScanned: SourceSkip[] = [];
  const progress: ScanProgress = { planned: 0, done: 0, plannedBytes: 0, doneBytes: 0 };
  let declined = false;
  try {
    const entries: SourceEntry[] = [];
    for await (const entry of source.list(signal)) {
      if ('reason' in entry) notScanned.push(entry);
      else entries.push(entry);
      if (signal?.aborted) break;
      if (served && (entries.length + notScanned.length) % LISTING_STEP === 0) {
        onProgress?.({ ...progress, listed: entries.length + notScanned.length });
      }
    }
    if (confirm && !signal?.aborted) {
      declined = !(await confirm({
        label: source.label,
        files: entries.length,
        bytes: entries.reduce((sum, { size }) => sum + size, 0),
        skipped: notScanned.length,
        expectedBytes: expectedTransfer(entries, settings.remote),
        facts: source.facts?.() ?? [],
      }));
      if (declined) entries.length = 0;
    }
    const plan = planArtifacts(entries, DIRECTORY_FORMATS);
    progress.planned = plan.length;
    progress.plannedBytes = plan.reduce((sum, { size }) => sum + size, 0);
    onProgress?.({ ...progress });
    const judge = async (artifact: PlannedArtifact): Promise<void> => {
      let report: ArtifactReport | undefined;
      const before = await known?.(artifact);
      if (before) report = before.report;
      else
        try {
          if (served && artifact.kind === 'file') await pool.served.prepare(served, artifact.path);
          report = await pool.run(
            { kind: 'artifact', source: served ?? spec, artifact },
            judging,
            signal && { signal },
          );
        } catch (error) {
          if (served && signal?.aborted) return;
          if (error instanceof TaskFailed && error.cause_ === 'cancelled') return;
          report = failedReport(artifact, error instanceof Error ? error.message : String(error));
        }
      progress.done += 1;
      progress.doneBytes += artifact.size;
      progress.current = artifact.path;
      if (served) {
        await pool.served.discard(served, artifact.path);
        if (report) report.bytesRead = bytesOf(source, artifact);
        progress.transferredBytes = source.transferred?.().bytes ?? 0;
      }
      if (report) {
        artifacts.push(report);
        onArtifact?.(report, artifact);
      }
      onProgress?.({ ...progress });
    };
    let next = 0;
    const lanes = Array.from({ length: Math.min(served ? REMOTE_WINDOW : WINDOW, plan.length) }, async () => {
      while (next < plan.length && !signal?.aborted) await judge(plan[next++] as PlannedArtifact);
    });
    await Promise.all(lanes);
  } catch (error) {
    if (!signal?.aborted) throw error;
  } finally {
    signal?.removeEventListener('abort', leave);
    if (served) await pool.served.remove(served);
    await source.close();
  }
  artifacts.sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    label: source.label,
    artifacts,
    notScanned,
    cancelled: declined || (signal?.aborted ?? false),
    ...(source.facts && { facts: source.facts() }),
    ...(source.transferred && { transfer: { ...source.transferred(), ofBytes: progress.plannedBytes } }),
  };
}

/** What was really read of an artifact: the scanners' own count knows nothing of read-ahead and caches. */
function bytesOf(source: Source, artifact: PlannedArtifact): number {
  const paths =
    artifact.kind === 'file' ? [artifact.path] : artifact.members.map((member) => `${artifact.path}/${member}`);
  return paths.reduce((sum, path) => sum + (source.transferred?.(path).read ?? 0), 0);
}

/** Report of an artifact whose scan did not come to an end. */
export function failedReport(artifact: PlannedArtifact, reason: string): ArtifactReport {
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
