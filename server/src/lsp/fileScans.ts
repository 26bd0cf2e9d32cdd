import type { ArtifactReport } from '../core/finding';
import type { PlannedArtifact } from '../core/plan';
import type { Scanner } from './scanner';
import type { Folder, Workspace } from './settings';
import type { FindingsStore, StoredArtifact } from './store';
import { normalised } from './uris';

/** Puts what the folder's baseline and ignore files hide among the suppressed. */
export type Suppress = (report: ArtifactReport, folder: Folder | undefined) => Promise<ArtifactReport>;

/** Scans things on disk and puts what is found into the store. */
export class FileScans {
  /** Reports as the scanner gave them, so that another baseline can be applied without another scan. */
  readonly #bare = new Map<string, { report: ArtifactReport } & Pick<StoredArtifact, 'members' | 'cells'>>();

  constructor(
    private readonly scanner: Scanner,
    private readonly store: FindingsStore,
    private readonly workspace: Workspace,
    private readonly suppress: Suppress,
  ) {
    store.onDidChange((_changed, removed) => {
      for (const uri of removed) this.#bare.delete(uri);
    });
  }

  /** Scans the file, or the folder artifact it is a member of, and returns what the store then holds. */
  async scan(uri: string, { force = false }: { force?: boolean } = {}): Promise<StoredArtifact | undefined> {
    const whole = this.store.get(uri)?.members ? this.store.get(uri) : this.store.directoryOf(uri);
    if (whole?.members) {
      const directory: Extract<PlannedArtifact, { kind: 'directory' }> = {
        kind: 'directory',
        path: whole.report.path,
        formatId: whole.report.format,
        members: [...whole.members],
        size: whole.report.bytes,
      };
      const report = await this.scanner.disk(whole.uri, { directory, force });
      return this.put(whole.uri, report, { members: directory.members });
    }
    return this.put(uri, await this.scanner.disk(uri, { force }));
  }

  /** Makes `report` what is known of the artifact; without one the artifact is forgotten. */
  async put(
    uri: string,
    report: ArtifactReport | undefined,
    { members, cells, remote }: Pick<StoredArtifact, 'members' | 'cells' | 'remote'> = {},
  ): Promise<StoredArtifact | undefined> {
    const key = normalised(uri);
    if (!report) {
      this.store.delete(key);
      return undefined;
    }
    const folder = this.workspace.folderOf(key);
    const artifact: StoredArtifact = {
      uri: key,
      ...(folder && { folderUri: folder.uri }),
      ...(remote !== undefined && { remote }),
      report: await this.suppress(report, folder),
      ...(members && { members }),
      ...(cells && { cells }),
    };
    this.#bare.set(key, { report, ...(members && { members }), ...(cells && { cells }) });
    this.store.set(artifact);
    return artifact;
  }

  /** Applies baselines and ignore files that have changed to what is known already. */
  async suppressionsChanged(folder: Folder): Promise<void> {
    for (const [uri, { report, members, cells }] of [...this.#bare]) {
      if (this.workspace.folderOf(uri)?.uri === folder.uri) await this.put(uri, report, { members, cells });
    }
  }
}
