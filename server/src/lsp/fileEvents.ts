import { FileChangeType, type FileEvent } from 'vscode-languageserver/node';
import { DIRECTORY_FORMATS, GROUP_FORMATS } from '../core/formats';
import { firstClaim } from '../core/group';
import { joinPath } from '../core/place';
import type { FolderView } from '../core/scanner';
import { FolderSource } from '../core/sources/folder';
import { textOf } from '../worker/scan';
import type { FileScans } from './fileScans';
import type { OpenDocuments } from './openDocuments';
import type { OpenNotebooks } from './openNotebooks';
import type { Scanner } from './scanner';
import { type Folder, SECRETS_BASELINE, type Workspace } from './settings';
import type { FindingsStore } from './store';
import type { Suppressions } from './suppressions';
import { normalised, pathOf, relativeTo, uriBelow } from './uris';
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
        if (whole?.group) this.#changed.add(uri);
        else if (whole) this.#changed.add(whole.uri);
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
      if (folder && known && (await this.#changesPlan(folder, uris))) {
        await this.workspaceScan.run([folder], {});
        continue;
      }
      for (const uri of uris) {
        // Saving tells of open ones, and what the editor holds goes before what the disk holds.
        if (this.documents.isOpen(uri) || this.notebooks.isOpen(uri)) continue;
        if (!known && !this.store.get(uri) && !this.store.directoryOf(uri)) continue;
        if (!(await this.scanner.leavesOut(uri))) wanted.push(uri);
      }
      if (wanted.length === 0) continue;
      if (folder && known && wanted.length > MANY) {
        await this.workspaceScan.run([folder], {});
      } else {
        for (const uri of wanted) await this.files.scan(uri);
      }
    }
  }

  /** Whether files are artifacts in another way than before: a SavedModel has just been written, a snapshot got another shard. */
  async #changesPlan(folder: Folder, uris: readonly string[]): Promise<boolean> {
    const { scan } = await this.workspace.settingsFor(folder.uri);
    const source = new FolderSource(folder.root, scan);
    const asked = new Set<string>();
    for (const uri of uris) {
      const relative = relativeTo(folder.root, pathOf(uri) ?? '');
      if (!relative) continue;
      const slash = relative.lastIndexOf('/');
      const parent = slash < 0 ? '.' : relative.slice(0, slash);
      const name = relative.slice(slash + 1);
      if (
        slash >= 0 &&
        !this.store.directoryOf(uri) &&
        !this.store.get(uri)?.report.members &&
        !asked.has(`whole ${parent}`)
      ) {
        asked.add(`whole ${parent}`);
        const names = await source.namesIn(parent);
        if (DIRECTORY_FORMATS.some((format) => format.claim(names)?.length)) return true;
      }
      if (!GROUP_FORMATS.some((format) => format.concerns(name))) continue;
      // Its own folder, or the one that has it as a part.
      const around = parent.includes('/') ? parent.slice(0, parent.lastIndexOf('/')) : '.';
      for (const path of new Set([parent, around])) {
        if (asked.has(path)) continue;
        asked.add(path);
        if (await this.#changesGroup(folder, source, path)) return true;
      }
    }
    return false;
  }

  async #changesGroup(folder: Folder, source: FolderSource, path: string): Promise<boolean> {
    const uri = normalised(uriBelow(folder.uri, path));
    const view: FolderView = {
      // Files of an artifact around this one are not its own.
      names: async (below) => {
        const inside = joinPath(path, below);
        const names: string[] = [];
        for (const name of await source.namesIn(inside)) {
          const whole = this.store.directoryOf(normalised(uriBelow(folder.uri, joinPath(inside, name))));
          if (whole !== undefined && whole.uri !== uri && !whole.uri.startsWith(`${uri}/`)) continue;
          // Weights are scanned whatever .gitignore says; texts that it names are no part of the plan.
          if (/\.(?:json|txt)$/.test(name) && (await source.leavesOut(joinPath(inside, name))) !== undefined) continue;
          names.push(name);
        }
        return names;
      },
      read: (file) => textOf(source, joinPath(path, file)),
    };
    const claim = await firstClaim(GROUP_FORMATS, view);
    const known = this.store.get(uri)?.group;
    if (!claim || !known) return claim !== undefined || known !== undefined;
    const members = new Set(known.members.map(({ name }) => name));
    return (
      claim.format !== known.format ||
      claim.members.length !== members.size ||
      claim.members.some((name) => !members.has(name)) ||
      JSON.stringify(claim.facts) !== JSON.stringify(known.facts)
    );
  }
}
