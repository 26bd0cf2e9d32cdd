import { COVERAGE_RULES } from '../core/coverage';
import type { ArtifactReport } from '../core/finding';
import { DIRECTORY_FORMATS, GROUP_FORMATS } from '../core/formats';
import { groupFiles, groupReport, MOST_READ, memberName, type PlannedGroup } from '../core/group';
import { type PlannedArtifact, planArtifacts } from '../core/plan';
import type { GroupFormat, GroupMember } from '../core/scanner';
import type { ScanSettings } from '../core/settings';
import type { SourceEnvironment } from '../core/sources/environment';
import { expectedTransfer } from '../core/sources/estimate';
import { isRemote, openSource } from '../core/sources/open';
import type { Source, SourceEntry, SourceFact, SourceSkip, SourceSpec, TransferStats } from '../core/sources/source';
import { TaskFailed, type WorkerPool } from './pool';

export interface ScanProgress {
  /** Files and folders that are scanned in one piece: planned so far and done so far, and their bytes. */
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
  /** Files that no format claims, those that are members of an artifact apart. */
  unclaimed: number;
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
    /** Told of each artifact once; of a group when all its files have been scanned, with what each of them said. */
    onArtifact?: (
      report: ArtifactReport,
      artifact: PlannedArtifact | PlannedGroup,
      members?: readonly GroupMember[],
    ) => void;
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
  let unclaimed = 0;
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
    const plan = await groupFiles(planArtifacts(entries, DIRECTORY_FORMATS), GROUP_FORMATS, (path) =>
      textOf(source, path),
    );
    const tasks: ScanUnit[] = plan.flatMap((unit): ScanUnit[] =>
      unit.kind === 'group' ? openGroup(unit) : [{ artifact: unit, group: undefined }],
    );
    progress.planned = tasks.length;
    progress.plannedBytes = plan.reduce((sum, { size }) => sum + size, 0);
    onProgress?.({ ...progress });
    const judge = async ({ artifact, group }: ScanUnit): Promise<void> => {
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
      if (group) {
        group.reports.set(artifact.path, report);
        if (group.reports.size === group.unit.files.length) {
          const members = membersOf(group);
          const whole = groupReport({ ...group.unit, format: formatOf(group.unit) }, members, settings);
          artifacts.push(whole);
          onArtifact?.(whole, group.unit, members);
        }
      } else if (report) {
        artifacts.push(report);
        onArtifact?.(report, artifact);
      } else if (artifact.kind === 'file') unclaimed += 1;
      onProgress?.({ ...progress });
    };
    let next = 0;
    const lanes = Array.from({ length: Math.min(served ? REMOTE_WINDOW : WINDOW, tasks.length) }, async () => {
      while (next < tasks.length && !signal?.aborted) await judge(tasks[next++] as ScanUnit);
    });
    await Promise.all(lanes);
    // Of a group that a cancelled scan has left unfinished, its files are told one by one.
    for (const group of new Set(tasks.flatMap((task) => task.group ?? []))) {
      if (group.reports.size === group.unit.files.length) continue;
      for (const report of group.reports.values()) if (report) artifacts.push(report);
    }
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
    unclaimed,
    cancelled: declined || (signal?.aborted ?? false),
    ...(source.facts && { facts: source.facts() }),
    ...(source.transferred && { transfer: { ...source.transferred(), ofBytes: progress.plannedBytes } }),
  };
}

/** A group some of whose files have not been scanned yet. */
interface OpenGroup {
  unit: PlannedGroup;
  /** By path; undefined for a file that no format claims. */
  reports: Map<string, ArtifactReport | undefined>;
}

/** What one task of the pool looks at. */
interface ScanUnit {
  artifact: PlannedArtifact;
  group: OpenGroup | undefined;
}

function openGroup(unit: PlannedGroup): ScanUnit[] {
  const group: OpenGroup = { unit, reports: new Map() };
  return unit.files.map((artifact) => ({ artifact, group }));
}

function membersOf({ unit, reports }: OpenGroup): GroupMember[] {
  return unit.files.map((file) => ({
    name: memberName(unit, file),
    bytes: file.size,
    report: reports.get(file.path),
  }));
}

function formatOf({ formatId }: PlannedGroup): GroupFormat {
  const format = GROUP_FORMATS.find(({ id }) => id === formatId);
  if (!format) throw new Error(`no group format ${formatId}`);
  return format;
}

/** Text of a small file that decides about a group: parsed as data, by the process that plans. */
export async function textOf(source: Pick<Source, 'open'>, path: string): Promise<string | undefined> {
  try {
    const file = await source.open(path);
    try {
      return new TextDecoder().decode(await file.read(0, Math.min(file.size, MOST_READ)));
    } finally {
      await file.close();
    }
  } catch {
    // What is wrong with it is said when it is scanned itself.
    return undefined;
  }
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
