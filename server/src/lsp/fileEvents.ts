import { FileChangeType, type FileEvent } from 'vscode-languageserver/node';
import { DIRECTORY_FORMATS } from '../core/formats';
import { FolderSource } from '../core/sources/folder';
import type { FileScans } from './fileScans';
import type { OpenDocuments } from './openDocuments';
import type { OpenNotebooks } from './openNotebooks';
import type { Scanner } from './scanner';
import { type Folder, SECRETS_BASELINE, type Workspace } from './settings';
import type { FindingsStore } from './store';
import type { Suppressions } from './suppressions';
import { normalised, pathOf, relativeTo } from './uris';
import type { WorkspaceScan } from './workspaceScan';

const PAUSE_MS = 400;
/** From this many changed files on, listing the folder again costs less than looking at each. */
const MANY = 50;

/** Keeps what is known in step with the disk: files written by a training run, a checkout, a rename or a delete. */
export class FileEvents {
  readonly #changed = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly workspace: Workspace,
    private readonly scanner: Scanner,
    private readonly store: FindingsStore,
    private readonly files: FileScans,
    private readonly documents: OpenDocuments,
    private readonly notebooks: OpenNotebooks,
    private readonly workspaceScan: WorkspaceScan,
    private readonly suppressions: Suppressions,
    private readonly settingsChanged: () => void,
  ) {}

  handle(events: readonly FileEvent[]): void {
    for (const { uri: given, type } of events) {
      const uri = normalised(given);
      // Version control writes these all the time; none of them is ever scanned.
      if (uri.includes('/.git/')) continue;
      void this.#suppressionsChanged(uri);
      if (type === FileChangeType.Deleted) {
        this.#changed.delete(uri);
        this.scanner.forget(uri);
        const below = `${uri}/`;
        // A member of a folder artifact takes the whole with it; the rest is scanned again.
        const whole = this.store.directoryOf(uri);
        if (whole) this.#changed.add(whole.uri);
        this.store.deleteWhere((artifact) => artifact.uri === uri || artifact.uri.startsWith(below));
      } else {
        this.#changed.add(uri);
      }
    }
    if (this.#changed.size === 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#work(), PAUSE_MS);
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  async #suppressionsChanged(uri: string): Promise<void> {
    const folder = await this.suppressions.changedBy(uri);
    if (!folder) return;
    // Whether it is there decides whether a scan makes the digests it needs.
    if (uri.endsWith(`/${SECRETS_BASELINE}`)) this.settingsChanged();
    await this.files.suppressionsChanged(folder);
  }

  async #work(): Promise<void> {
    const byFolder = new Map<Folder | undefined, string[]>();
    for (const uri of this.#changed) {
      const folder = this.workspace.folderOf(uri);
      byFolder.set(folder, [...(byFolder.get(folder) ?? []), uri]);
    }
    this.#changed.clear();
    for (const [folder, uris] of byFolder) {
      const { run } = await this.workspace.settingsFor(folder?.uri ?? (uris[0] as string));
      if (run === 'manual') continue;
      const known = folder && this.workspaceScan.covers(folder);
      const wanted: string[] = [];
      for (const uri of uris) {
        // Saving tells of open ones, and what the editor holds goes before what the disk holds.
        if (this.documents.isOpen(uri) || this.notebooks.isOpen(uri)) continue;
        if (!known && !this.store.get(uri) && !this.store.directoryOf(uri)) continue;
        if (!(await this.scanner.leavesOut(uri))) wanted.push(uri);
      }
      if (wanted.length === 0) continue;
      if (folder && known && (wanted.length > MANY || (await this.#makesFolderArtifact(folder, wanted)))) {
        await this.workspaceScan.run([folder], {});
      } else {
        for (const uri of wanted) await this.files.scan(uri);
      }
    }
  }

  /** Whether one of the files makes its folder one artifact which is not known yet: a SavedModel that has just been written. */
  async #makesFolderArtifact(folder: Folder, uris: readonly string[]): Promise<boolean> {
    const { scan } = await this.workspace.settingsFor(folder.uri);
    const source = new FolderSource(folder.root, scan);
    for (const uri of uris) {
      if (this.store.directoryOf(uri) || this.store.get(uri)?.members) continue;
      const relative = relativeTo(folder.root, pathOf(uri) ?? '');
      const slash = relative?.lastIndexOf('/') ?? -1;
      if (relative === undefined || slash < 0) continue;
      const names = await source.namesIn(relative.slice(0, slash));
      if (DIRECTORY_FORMATS.some((format) => format.claim(names)?.length)) return true;
    }
    return false;
  }
}
