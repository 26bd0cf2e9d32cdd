import type { Connection, WorkDoneProgressReporter } from 'vscode-languageserver/node';
import type { ArtifactReport, Severity } from '../core/finding';
import { GROUP_FORMATS } from '../core/formats';
import type { PlannedGroup } from '../core/group';
import { joinPath } from '../core/place';
import type { GroupMember } from '../core/scanner';
import type { SourceSkip } from '../core/sources/source';
import type { ScanState, ScanSummary, WorkspaceScanState } from '../protocol/messages';
import { type ScanProgress, scanSource } from '../worker/scan';
import type { FileScans } from './fileScans';
import type { OpenDocuments } from './openDocuments';
import type { OpenNotebooks } from './openNotebooks';
import { type Scanner, stampOf } from './scanner';
import type { Folder, Workspace } from './settings';
import type { FindingsStore } from './store';
import { normalised, uriBelow } from './uris';

const PROGRESS_EVERY_MS = 100;

/** Scans whole workspace folders, one scan at a time. What has not changed since its last scan is taken as it is. */
export class WorkspaceScan {
  #running: Promise<unknown> = Promise.resolve();
  #state: WorkspaceScanState | undefined;
  #last: ScanSummary | undefined;
  readonly #skipped = new Map<string, readonly SourceSkip[]>();

  constructor(
    private readonly connection: Connection,
    private readonly workspace: Workspace,
    private readonly scanner: Scanner,
    private readonly store: FindingsStore,
    private readonly files: FileScans,
    private readonly documents: OpenDocuments,
    private readonly notebooks: OpenNotebooks,
    private readonly stateChanged: () => void,
  ) {}

  get state(): Pick<ScanState, 'workspace' | 'last'> {
    return { ...(this.#state && { workspace: this.#state }), ...(this.#last && { last: this.#last }) };
  }

  /** Whether the folder has been scanned as a whole, so that it is to be kept up to date. */
  covers(folder: Folder): boolean {
    return this.#skipped.has(folder.uri);
  }

  /** What the last scan of a folder left out, with the reasons. */
  skippedIn(folder: Folder): readonly SourceSkip[] {
    return this.#skipped.get(folder.uri) ?? [];
  }

  /** Forgets folders that are in the workspace no more. */
  foldersChanged(): void {
    const present = new Set(this.workspace.folders.map(({ uri }) => uri));
    for (const uri of [...this.#skipped.keys()]) if (!present.has(uri)) this.#skipped.delete(uri);
  }

  run(
    folders: readonly Folder[],
    { force = false, signal, progress }: { force?: boolean; signal?: AbortSignal; progress?: WorkDoneProgressReporter },
  ): Promise<ScanSummary> {
    const scan = this.#running.then(() => this.#run(folders, force, signal ?? new AbortController().signal, progress));
    this.#running = scan.catch(() => undefined);
    return scan;
  }

  async #run(
    folders: readonly Folder[],
    force: boolean,
    signal: AbortSignal,
    progress: WorkDoneProgressReporter | undefined,
  ): Promise<ScanSummary> {
    const started = Date.now();
    let unchanged = 0;
    this.#state = { done: 0, planned: 0, bytes: 0 };
    this.stateChanged();
    try {
      for (const folder of folders) {
        if (signal.aborted) break;
        unchanged += await this.#scanFolder(folder, force, signal, progress);
      }
    } finally {
      this.#state = undefined;
      this.#last = this.#summary(folders, unchanged, signal.aborted, Date.now() - started);
      this.stateChanged();
    }
    this.connection.console.info(describe(this.#last));
    return this.#last;
  }

  async #scanFolder(
    folder: Folder,
    force: boolean,
    signal: AbortSignal,
    progress: WorkDoneProgressReporter | undefined,
  ): Promise<number> {
    const settings = await this.workspace.settingsFor(folder.uri);
    const seen = new Set<string>();
    const stamps = new Map<string, string>();
    const same = new Set<string>();
    const puts: Promise<unknown>[] = [];
    let told = 0;
    const uriFor = (path: string) => normalised(uriBelow(folder.uri, path));
    const remember = (path: string, report: ArtifactReport) => {
      if (report.status !== 'failed') this.scanner.remember(uriFor(path), stamps.get(path) ?? '', report);
      stamps.delete(path);
    };
    const scan = await scanSource({ kind: 'folder', root: folder.root }, settings.scan, this.scanner.batch, {
      signal,
      known: async (artifact) => {
        const uri = uriFor(artifact.path);
        // A folder inside this one that is a workspace folder of its own has its own settings and its own scan.
        if (this.workspace.folderOf(uri)?.uri !== folder.uri) return {};
        const stamp = await stampOf(folder.root, artifact, settings);
        stamps.set(artifact.path, stamp);
        const known = force ? undefined : this.scanner.knownOf(uri, stamp);
        if (known) same.add(uri);
        return known;
      },
      onArtifact: (report, artifact, members = []) => {
        const uri = uriFor(report.path);
        seen.add(uri);
        if (artifact.kind === 'group') {
          puts.push(this.#putGroup(uri, artifact, members));
          for (const { name, report: own } of members) if (own) remember(joinPath(artifact.path, name), own);
          return;
        }
        // It was one of a group and stands for itself now.
        const before = this.store.directoryOf(uri);
        if (before?.group) this.store.delete(before.uri);
        const missing = !this.store.get(uri);
        if (this.documents.isOpen(uri)) puts.push(this.documents.scan(uri, missing));
        else if (this.notebooks.isOpen(uri)) puts.push(this.notebooks.scan(uri));
        else if (!same.has(uri) || missing) puts.push(this.files.put(uri, report));
        remember(report.path, report);
      },
      onProgress: (now) => {
        this.#state = { done: now.done, planned: now.planned, bytes: now.plannedBytes };
        if (Date.now() - told < PROGRESS_EVERY_MS && now.done < now.planned) return;
        told = Date.now();
        this.stateChanged();
        progress?.report(percentage(now), `${now.done} of ${now.planned}${now.current ? `: ${now.current}` : ''}`);
      },
    });
    await Promise.all(puts);
    if (scan.cancelled) return same.size;
    // What no format claims is not read again either.
    for (const [path, stamp] of stamps) this.scanner.remember(uriFor(path), stamp, undefined);
    this.#skipped.set(folder.uri, scan.notScanned);
    // Deleted or excluded since the last time.
    this.store.deleteWhere(
      ({ uri, folderUri }) =>
        folderUri === folder.uri && !seen.has(uri) && !this.documents.isOpen(uri) && !this.notebooks.isOpen(uri),
    );
    return same.size;
  }

  /** Of a file that is open the editor's text counts, as everywhere. */
  async #putGroup(
    uri: string,
    { path, formatId, facts }: PlannedGroup,
    members: readonly GroupMember[],
  ): Promise<void> {
    const format = GROUP_FORMATS.find(({ id }) => id === formatId);
    if (!format) return;
    const open = members.map(({ name }) => uriBelow(uri, name)).filter((member) => this.documents.isOpen(member));
    const now = members.map((member) => {
      const file = uriBelow(uri, member.name);
      const edited = open.includes(file) ? this.files.bareReport(file) : undefined;
      return edited ? { ...member, report: edited } : member;
    });
    await this.files.putGroup(uri, path, { format, facts, members: now });
    for (const file of open) await this.documents.scan(file);
  }

  #summary(folders: readonly Folder[], unchanged: number, cancelled: boolean, milliseconds: number): ScanSummary {
    const findings: Record<Severity, number> = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
    const chosen = new Set(folders.map(({ uri }) => uri));
    let artifacts = 0;
    let suppressed = 0;
    let notScanned = 0;
    for (const { folderUri, report } of this.store.all()) {
      if (folderUri === undefined || !chosen.has(folderUri)) continue;
      artifacts += 1;
      suppressed += report.suppressed?.length ?? 0;
      if (report.status !== 'scanned') notScanned += 1;
      for (const { severity } of report.findings) findings[severity] += 1;
    }
    for (const folder of folders) {
      notScanned += this.skippedIn(folder).filter(({ unreadable }) => unreadable).length;
    }
    return { artifacts, findings, suppressed, notScanned, unchanged, cancelled, milliseconds };
  }
}

function percentage({ done, planned, doneBytes, plannedBytes }: ScanProgress): number {
  // Half by count and half by size: many small files and one large one both move the bar.
  const byCount = planned ? done / planned : 1;
  const byBytes = plannedBytes ? doneBytes / plannedBytes : byCount;
  return Math.round(50 * (byCount + byBytes));
}

function describe({ artifacts, findings, unchanged, notScanned, cancelled, milliseconds }: ScanSummary): string {
  const counts = Object.entries(findings)
    .filter(([, count]) => count)
    .map(([severity, count]) => `${count} ${severity}`);
  return [
    `Workspace scan ${cancelled ? 'cancelled' : 'finished'} after ${milliseconds} ms: ${artifacts} artifacts`,
    `(${unchanged} unchanged, ${notScanned} not or not wholly scanned), findings: ${counts.join(', ') || 'none'}`,
  ].join(' ');
}
