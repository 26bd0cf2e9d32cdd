import type { ArtifactReport } from '../core/finding';
import type { PlannedArtifact } from '../core/plan';
import type { Scanner } from './scanner';
import type { Folder, Workspace } from './settings';
import type { FindingsStore, StoredArtifact } from './store';
import { normalised, pathOf } from './uris';

/** Takes what the baseline of the folder knows out of the report's findings and puts it among the suppressed. */
export type ApplyBaseline = (report: ArtifactReport, folder: Folder | undefined) => Promise<ArtifactReport>;

/** Scans things on disk and puts what is found into the store. */
export class FileScans {
  constructor(
    private readonly scanner: Scanner,
    private readonly store: FindingsStore,
    private readonly workspace: Workspace,
    private readonly applyBaseline: ApplyBaseline,
  ) {}

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
    { members, cells }: Pick<StoredArtifact, 'members' | 'cells'> = {},
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
      report: await this.applyBaseline(report, folder),
      ...(members && { members }),
      ...(cells && { cells }),
    };
    this.store.set(artifact);
    return artifact;
  }

  /** Applies a baseline that has changed to what is known already. */
  async reapplyBaseline(folder: Folder): Promise<void> {
    for (const { uri, report, members, cells, folderUri } of [...this.store.all()]) {
      if (folderUri !== folder.uri || pathOf(uri) === undefined) continue;
      const byBaseline = report.suppressed?.filter(({ suppressed }) => suppressed?.by === 'baseline') ?? [];
      const others = report.suppressed?.filter(({ suppressed }) => suppressed?.by !== 'baseline') ?? [];
      const back = byBaseline.map(({ suppressed: _, ...finding }) => finding);
      const { suppressed: __, ...rest } = report;
      const bare: ArtifactReport = {
        ...rest,
        findings: [...report.findings, ...back],
        ...(others.length && { suppressed: others }),
      };
      await this.put(uri, bare, { members, cells });
    }
  }
}
