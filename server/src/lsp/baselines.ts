import type { Connection } from 'vscode-languageserver/node';
import type { ArtifactReport } from '../core/finding';
import type { Folder, Workspace } from './settings';
import type { StoredArtifact } from './store';

export class Baselines {
  constructor(
    readonly connection: Connection,
    readonly workspace: Workspace,
  ) {}

  async apply(report: ArtifactReport, _folder: Folder | undefined): Promise<ArtifactReport> {
    return report;
  }

  forget(_folder: Folder): void {}

  async add(
    _artifacts: readonly StoredArtifact[],
    _wanted: readonly { uri: string; fingerprint: string }[] | undefined,
  ): Promise<{ added: number; files: string[]; folders: Folder[] }> {
    throw new Error('not yet');
  }
}
