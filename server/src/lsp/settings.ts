import { createHash } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import type { Connection, WorkspaceFolder } from 'vscode-languageserver/node';
import { overrideProblems } from '../core/ruleNames';
import { parseSettings, type ScanSettings } from '../core/settings';
import { pathOf, relativeTo } from './uris';

/** Baseline of detect-secrets; it knows secrets by their digests, so a scan has to make those. */
export const SECRETS_BASELINE = '.secrets.baseline';

/** Settings of the editor alone: when it scans, what it logs, and where remote sources are. */
export const EDITOR_KEYS: readonly string[] = [
  'run',
  'baseline.path',
  'trace.server',
  'remote.huggingFaceEndpoint',
  'remote.s3Endpoint',
  'remote.s3Region',
  'remote.s3Anonymous',
];

export type RunMode = 'onSave' | 'onType' | 'manual';

/** Settings of one workspace folder. The object stays the same until a setting changes. */
export interface FolderSettings {
  scan: ScanSettings;
  run: RunMode;
  /** Path of the baseline relative to the folder, when it is not the usual one. */
  baseline?: string;
  /** Changes when anything changes that a scan's outcome depends on. */
  key: string;
}

export interface Folder {
  uri: string;
  root: string;
  name: string;
}

/** The workspace's folders and the settings that hold in each. Settings are asked for once and kept until they change. */
export class Workspace {
  #folders: Folder[] = [];
  readonly #settings = new Map<string, Promise<FolderSettings>>();
  /** Settings that came with a notification, for editors that cannot be asked. */
  #pushed: unknown;

  constructor(
    private readonly connection: Connection,
    private readonly canAsk: () => boolean,
  ) {}

  get folders(): readonly Folder[] {
    return this.#folders;
  }

  setFolders(folders: readonly WorkspaceFolder[]): void {
    this.#folders = folders.flatMap(({ uri, name }) => {
      const root = pathOf(uri);
      return root === undefined ? [] : [{ uri, root, name }];
    });
    this.#settings.clear();
  }

  /** @returns the innermost folder that holds the document */
  folderOf(uri: string): Folder | undefined {
    const file = pathOf(uri);
    if (file === undefined) return undefined;
    let best: Folder | undefined;
    for (const folder of this.#folders) {
      if (relativeTo(folder.root, file) === undefined) continue;
      if (!best || folder.root.length > best.root.length) best = folder;
    }
    return best;
  }

  /** Settings for a document: those of its folder, or the user's when it is in none. Never fails. */
  settingsFor(uri: string): Promise<FolderSettings> {
    const scope = this.folderOf(uri)?.uri ?? '';
    let settings = this.#settings.get(scope);
    if (!settings) {
      settings = this.#ask(scope);
      this.#settings.set(scope, settings);
    }
    return settings;
  }

  /** Forgets what is known, so that the next question asks again. */
  settingsChanged(pushed: unknown): void {
    if (pushed !== undefined && pushed !== null) this.#pushed = pushed;
    this.#settings.clear();
  }

  async #ask(scope: string): Promise<FolderSettings> {
    let raw: unknown = this.#pushed;
    if (this.canAsk()) {
      try {
        raw = await this.connection.workspace.getConfiguration({
          section: 'watchtower',
          ...(scope && { scopeUri: scope }),
        });
      } catch (error) {
        this.connection.console.warn(`Settings could not be read, the defaults hold: ${String(error)}`);
      }
    }
    const { settings: scan, problems } = parseSettings(raw, EDITOR_KEYS);
    for (const problem of problems) this.connection.console.warn(`Setting watchtower.${problem}; the default holds`);
    for (const problem of overrideProblems(scan.severityOverrides))
      this.connection.console.warn(`Setting watchtower.${problem}`);
    const root = this.#folders.find(({ uri }) => uri === scope)?.root;
    if (root !== undefined && (await isFile(path.join(root, SECRETS_BASELINE)))) scan.secretDigests = true;
    const { run, baseline } = editorSettings(raw);
    const key = createHash('sha256')
      .update(JSON.stringify([scan, baseline]))
      .digest('hex')
      .slice(0, 16);
    return { scan, run, key, ...(baseline && { baseline }) };
  }
}

function editorSettings(raw: unknown): { run: RunMode; baseline?: string } {
  const root = (typeof raw === 'object' && raw !== null ? raw : {}) as { run?: unknown; baseline?: { path?: unknown } };
  const run = root.run === 'onType' || root.run === 'manual' ? root.run : 'onSave';
  const baseline = root.baseline?.path;
  return { run, ...(typeof baseline === 'string' && baseline && { baseline }) };
}

async function isFile(file: string): Promise<boolean> {
  return lstat(file).then(
    (info) => info.isFile(),
    () => false,
  );
}
