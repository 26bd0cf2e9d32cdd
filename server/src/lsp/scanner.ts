import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Connection } from 'vscode-languageserver/node';
import type { ArtifactReport } from '../core/finding';
import { isSupport, shardName } from '../core/models/snapshot/files';
import { joinPath } from '../core/place';
import type { PlannedArtifact } from '../core/plan';
import { FolderSource } from '../core/sources/folder';
import type { ScanTask } from '../worker/messages';
import { TaskFailed, WorkerPool } from '../worker/pool';
import { failedReport } from '../worker/scan';
import type { FolderSettings, Workspace } from './settings';
import { pathOf, relativeTo } from './uris';

/** What the outcome of a scan of files depends on, as text; equal stamps mean that nothing has to be read again. */
export type Stamp = string;

/**
 * Runs single scans in worker threads, and remembers of every file on disk in which state it was scanned. Two pools, so
 * that what a person is typing never waits behind a workspace scan or a model.
 */
export class Scanner {
  readonly batch: WorkerPool;
  readonly #interactive: WorkerPool;
  /** URI -> state in which it was scanned last, with the report (absent when no format claims the file). */
  readonly #known = new Map<string, { stamp: Stamp; report?: ArtifactReport }>();
  readonly #busy = new Map<string, number>();

  constructor(
    script: string,
    private readonly connection: Connection,
    private readonly workspace: Workspace,
    private readonly busyChanged: () => void,
  ) {
    this.batch = new WorkerPool({ script });
    this.#interactive = new WorkerPool({ script, size: 1 });
  }

  /** Files that are being scanned on their own, for the status. */
  get busy(): string[] {
    return [...this.#busy.keys()];
  }

  /** Judges text that an editor holds. @returns undefined when it is of no kind that is scanned */
  text(uri: string, text: string, name: string): Promise<ArtifactReport | undefined> {
    const artifact = this.#nameOf(uri, name);
    return this.#run(uri, { kind: 'buffer', path: artifact, text }, artifact, text.length, this.#interactive);
  }

  /** Judges the cells of an open notebook. */
  cells(
    uri: string,
    cells: Extract<ScanTask, { kind: 'notebook' }>['cells'],
    name: string,
  ): Promise<ArtifactReport | undefined> {
    const artifact = this.#nameOf(uri, name);
    const size = cells.reduce((sum, cell) => sum + cell.text.length, 0);
    return this.#run(uri, { kind: 'notebook', path: artifact, cells }, artifact, size, this.#interactive);
  }

  /**
   * Judges a file or a folder artifact on disk, unless it is in the state in which it was judged last.
   * @returns undefined when it is gone, no regular file, or of no kind that is scanned
   */
  async disk(
    uri: string,
    { directory, force = false }: { directory?: Extract<PlannedArtifact, { kind: 'directory' }>; force?: boolean } = {},
  ): Promise<ArtifactReport | undefined> {
    const file = pathOf(uri);
    if (file === undefined) return undefined;
    const folder = this.workspace.folderOf(uri);
    const root = folder?.root ?? path.dirname(file);
    const relative = relativeTo(root, file);
    if (!relative) return undefined;
    const settings = await this.workspace.settingsFor(uri);
    const size = directory ? directory.size : await sizeOf(file);
    if (size === undefined) {
      this.forget(uri);
      return undefined;
    }
    const artifact: PlannedArtifact = directory ?? { kind: 'file', path: relative, size };
    const stamp = await stampOf(root, artifact, settings);
    if (!force) {
      const known = this.knownOf(uri, stamp);
      if (known) return known.report;
    }
    const task: ScanTask = { kind: 'artifact', source: { kind: 'folder', root }, artifact };
    const report = await this.#run(uri, task, relative, size, this.batch);
    this.remember(uri, stamp, report);
    return report;
  }

  knownOf(uri: string, stamp: Stamp): { report?: ArtifactReport } | undefined {
    const known = this.#known.get(uri);
    return known?.stamp === stamp ? known : undefined;
  }

  remember(uri: string, stamp: Stamp, report: ArtifactReport | undefined): void {
    this.#known.set(uri, { stamp, ...(report && { report }) });
  }

  forget(uri: string): void {
    this.#known.delete(uri);
  }

  /** Whether settings, a tool folder or .gitignore leave the file out. A file in no workspace folder is never left out. */
  async leavesOut(uri: string): Promise<boolean> {
    const folder = this.workspace.folderOf(uri);
    const file = pathOf(uri);
    const relative = folder && file !== undefined ? relativeTo(folder.root, file) : undefined;
    if (!folder || !relative) return false;
    const { scan } = await this.workspace.settingsFor(uri);
    return (await new FolderSource(folder.root, scan).leavesOut(relative)) !== undefined;
  }

  async stop(): Promise<void> {
    await Promise.all([this.batch.stop(), this.#interactive.stop()]);
  }

  #nameOf(uri: string, name: string): string {
    const folder = this.workspace.folderOf(uri);
    const file = pathOf(uri);
    return (folder && file !== undefined && relativeTo(folder.root, file)) || name;
  }

  async #run(
    uri: string,
    task: ScanTask,
    name: string,
    size: number,
    pool: WorkerPool,
  ): Promise<ArtifactReport | undefined> {
    const { scan } = await this.workspace.settingsFor(uri);
    this.#busy.set(uri, (this.#busy.get(uri) ?? 0) + 1);
    this.busyChanged();
    try {
      return await pool.run(task, scan, { urgent: true });
    } catch (error) {
      if (error instanceof TaskFailed && error.cause_ === 'cancelled') return undefined;
      const reason = error instanceof Error ? error.message : String(error);
      this.connection.console.error(`${name}: ${reason}`);
      return failedReport({ kind: 'file', path: name, size }, reason);
    } finally {
      const open = (this.#busy.get(uri) ?? 1) - 1;
      if (open > 0) this.#busy.set(uri, open);
      else this.#busy.delete(uri);
      this.busyChanged();
    }
  }
}

/**
 * State of an artifact's files. The change time is part of it because the modification time can be set to anything by
 * whoever wrote the file; the change time cannot.
 */
export async function stampOf(
  root: string,
  artifact: PlannedArtifact,
  settings: Pick<FolderSettings, 'key'>,
): Promise<Stamp> {
  const files =
    artifact.kind === 'directory'
      ? artifact.members.map((m) => `${artifact.path}/${m}`)
      : [artifact.path, ...(await judgedBeside(root, artifact.path))];
  const states = await Promise.all(
    files.map(async (file) => {
      try {
        const { mtimeMs, ctimeMs, size, ino } = await lstat(path.join(root, file));
        return `${file}|${mtimeMs}|${ctimeMs}|${size}|${ino}`;
      } catch {
        return `${file}|gone`;
      }
    }),
  );
  return [settings.key, artifact.kind, ...states].join('\n');
}

/** What else a configuration's findings depend on: the names in its folder, and the shards that an index is compared with. */
async function judgedBeside(root: string, file: string): Promise<string[]> {
  const slash = file.lastIndexOf('/');
  if (!file.endsWith('.json') || !isSupport(file.slice(slash + 1))) return [];
  const folder = slash < 0 ? '.' : file.slice(0, slash);
  if (!file.endsWith('.index.json')) return [folder];
  const names = await readdir(path.join(root, folder)).catch(() => []);
  return [folder, ...names.filter(shardName).map((name) => joinPath(folder, name))];
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    const info = await lstat(file);
    return info.isFile() ? info.size : undefined;
  } catch {
    return undefined;
  }
}
