import type { ArtifactReport } from '../core/finding';
import { groupReport } from '../core/group';
import type { PlannedArtifact } from '../core/plan';
import type { Scanner } from './scanner';
import type { Folder, Workspace } from './settings';
import type { FindingsStore, StoredArtifact, StoredGroup } from './store';
import { normalised, uriBelow } from './uris';

/** Puts what the folder's baseline and ignore files hide among the suppressed. */
export type Suppress = (report: ArtifactReport, folder: Folder | undefined) => Promise<ArtifactReport>;

type Extras = Pick<StoredArtifact, 'cells' | 'remote' | 'group'>;

/** Scans things on disk and puts what is found into the store. */
export class FileScans {
  /** Reports as the scanner gave them, so that another baseline can be applied without another scan. */
  readonly #bare = new Map<string, { report: ArtifactReport } & Extras>();

  /** Groups by the URI of their folder, and of each the report that was made of it last. */
  readonly #current = new Map<string, StoredGroup>();
  readonly #latest = new WeakMap<StoredGroup, ArtifactReport>();

  constructor(
    private readonly scanner: Scanner,
    private readonly store: FindingsStore,
    private readonly workspace: Workspace,
    private readonly suppress: Suppress,
  ) {
    store.onDidChange((_changed, removed) => {
      for (const uri of removed) {
        this.#bare.delete(uri);
        this.#current.delete(uri);
      }
    });
  }

  /** Scans the file, or the folder artifact it is a member of, and returns what the store then holds. */
  async scan(uri: string, { force = false }: { force?: boolean } = {}): Promise<StoredArtifact | undefined> {
    const own = this.store.get(uri);
    if (own?.group) return this.#scanGroup(own, own.group, force);
    const whole = own?.report.members ? own : this.store.directoryOf(uri);
    if (whole?.report.members && !whole.group) {
      const directory: Extract<PlannedArtifact, { kind: 'directory' }> = {
        kind: 'directory',
        path: whole.report.path,
        formatId: whole.report.format,
        members: [...whole.report.members],
        size: whole.report.bytes,
      };
      return this.put(whole.uri, await this.scanner.disk(whole.uri, { directory, force }));
    }
    const artifact = await this.put(uri, await this.scanner.disk(uri, { force }));
    // An index is judged against its shards: it is read again when one of them has changed.
    for (const { name } of artifact?.group?.members ?? []) {
      const index = uriBelow(artifact?.uri ?? uri, name);
      if (name.endsWith('.index.json') && index !== uri) await this.put(index, await this.scanner.disk(index));
    }
    return this.store.get(artifact?.uri ?? uri);
  }

  async #scanGroup(whole: StoredArtifact, group: StoredGroup, force: boolean): Promise<StoredArtifact | undefined> {
    for (const [at, member] of [...group.members].entries()) {
      const report = await this.scanner.disk(uriBelow(whole.uri, member.name), { force });
      group.members[at] = { ...member, bytes: report?.bytes ?? member.bytes, report };
    }
    return this.putGroup(whole.uri, whole.report.path, group);
  }

  /**
   * Makes `report` what is known of the artifact; without one the artifact is forgotten. What is known of a file that is
   * one of a group goes into the group's report.
   */
  async put(
    uri: string,
    report: ArtifactReport | undefined,
    { cells, remote, group }: Extras = {},
  ): Promise<StoredArtifact | undefined> {
    const key = normalised(uri);
    const whole = group ? undefined : this.store.directoryOf(key);
    if (whole?.group) return this.#putMember(whole, whole.group, key, report);
    if (!report) {
      this.store.delete(key);
      return undefined;
    }
    const folder = this.workspace.folderOf(key);
    const shown = await this.suppress(report, folder);
    // Meanwhile one of its files has been scanned again, or it has been put anew or come to an end.
    if (group && (this.#latest.get(group) !== report || this.#current.get(key) !== group)) return this.store.get(key);
    const artifact: StoredArtifact = {
      uri: key,
      ...(folder && { folderUri: folder.uri }),
      ...(remote !== undefined && { remote }),
      report: shown,
      ...(cells && { cells }),
      ...(group && { group }),
    };
    this.#bare.set(key, {
      report,
      ...(cells && { cells }),
      ...(remote !== undefined && { remote }),
      ...(group && { group }),
    });
    this.store.set(artifact);
    return artifact;
  }

  /** What its own scan has said of a file, without what a baseline hides: of a file that stands alone or in a group. */
  bareReport(uri: string): ArtifactReport | undefined {
    const whole = this.store.directoryOf(uri);
    const member = whole?.group?.members.find(({ name }) => uriBelow(whole.uri, name) === uri);
    return member ? member.report : this.#bare.get(uri)?.report;
  }

  /** Makes a group of files that have been scanned one by one; none of them stands for itself any more. */
  async putGroup(uri: string, path: string, group: StoredGroup): Promise<StoredArtifact | undefined> {
    const key = normalised(uri);
    this.#current.set(key, group);
    const { scan } = await this.workspace.settingsFor(key);
    const files = new Set(group.members.map(({ name }) => uriBelow(key, name)));
    this.store.deleteWhere((artifact) => files.has(artifact.uri));
    const report = groupReport({ path, format: group.format, facts: group.facts }, group.members, scan);
    this.#latest.set(group, report);
    return this.put(key, report, { group });
  }

  #putMember(
    whole: StoredArtifact,
    group: StoredGroup,
    uri: string,
    report: ArtifactReport | undefined,
  ): Promise<StoredArtifact | undefined> {
    const at = group.members.findIndex(({ name }) => uriBelow(whole.uri, name) === uri);
    const member = group.members[at];
    if (member) group.members[at] = { ...member, bytes: report?.bytes ?? member.bytes, report };
    return this.putGroup(whole.uri, whole.report.path, group);
  }

  /** Applies baselines and ignore files that have changed to what is known already. */
  async suppressionsChanged(folder: Folder): Promise<void> {
    for (const [uri, { report, ...extras }] of [...this.#bare]) {
      if (this.workspace.folderOf(uri)?.uri !== folder.uri) continue;
      if (extras.group) await this.putGroup(uri, report.path, extras.group);
      else await this.put(uri, report, extras);
    }
  }
}
