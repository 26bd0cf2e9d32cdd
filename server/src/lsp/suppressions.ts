import { lstat, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Connection } from 'vscode-languageserver/node';
import type { ArtifactReport } from '../core/finding';
import { fileOf } from '../core/place';
import {
  addToBaseline,
  BASELINE_PATH,
  type Baseline,
  baselineSuppressor,
  createBaseline,
  detectSecretsSuppressor,
  formatBaseline,
  gitleaksIgnoreSuppressor,
  parseBaseline,
} from '../core/suppress/baseline';
import { IGNORE_FILE, ignoreFileProblems, ignoreFileSuppressor } from '../core/suppress/ignoreFile';
import { applySuppressions, type Suppressor } from '../core/suppress/suppressor';
import { type Folder, SECRETS_BASELINE, type Workspace } from './settings';
import type { StoredArtifact } from './store';
import { pathOf } from './uris';

const GITLEAKS_IGNORE = '.gitleaksignore';
/** Larger than any list that people keep; a workspace may hold anything. */
const MAX_BYTES = 16 * 2 ** 20;

/**
 * Baselines and ignore files of the workspace's folders. They are the user's own only in a workspace that is trusted;
 * before that they may not hide what a model does or what could not be inspected.
 */
export class Suppressions {
  readonly #known = new Map<string, { day: string; suppressors: Promise<Suppressor[]> }>();
  trusted = false;

  constructor(
    private readonly connection: Connection,
    private readonly workspace: Workspace,
  ) {}

  async apply(report: ArtifactReport, folder: Folder | undefined): Promise<ArtifactReport> {
    return applySuppressions(report, folder ? await this.#of(folder) : []);
  }

  /** Whether a change of the file changes what is hidden; if so, what was read of it is forgotten. */
  async changedBy(uri: string): Promise<Folder | undefined> {
    const folder = this.workspace.folderOf(uri);
    const file = pathOf(uri);
    if (!folder || file === undefined) return undefined;
    const own = [IGNORE_FILE, SECRETS_BASELINE, GITLEAKS_IGNORE].map((name) => path.join(folder.root, name));
    if (![...own, await this.#baselineOf(folder)].includes(file)) return undefined;
    this.forget(folder);
    return folder;
  }

  forget(folder: Folder): void {
    this.#known.delete(folder.uri);
  }

  /**
   * Writes findings into the baselines of their folders.
   * @param wanted which; absent: all that the artifacts have
   * @param whole whether a folder has been scanned as a whole, so that entries without a finding may go
   * @throws Error when a finding is in no folder, or there is a file in the baseline's place that is none
   */
  async add(
    artifacts: readonly StoredArtifact[],
    wanted: readonly { uri: string; fingerprint: string }[] | undefined,
    whole: (folder: Folder) => boolean,
  ): Promise<{ added: number; files: string[]; folders: Folder[] }> {
    const chosen = new Map<string, Set<string>>();
    for (const { uri, fingerprint } of wanted ?? []) {
      chosen.set(uri, (chosen.get(uri) ?? new Set()).add(fingerprint));
      if (!this.workspace.folderOf(uri))
        throw new Error('only findings in a workspace folder can be put into a baseline');
    }
    const result = { added: 0, files: [] as string[], folders: [] as Folder[] };
    for (const folder of this.workspace.folders) {
      const own = artifacts.filter(({ uri, folderUri }) => folderUri === folder.uri && (!wanted || chosen.has(uri)));
      if (own.length === 0) continue;
      const file = await this.#baselineOf(folder);
      const before = await readBaseline(file);
      let after = before ?? createBaseline([]);
      if (!wanted && whole(folder)) {
        after = createBaseline(
          own.map(({ report }) => report),
          before,
        );
      } else {
        for (const { uri, report } of own) {
          for (const finding of report.findings) {
            if (!wanted || chosen.get(uri)?.has(finding.fingerprint))
              after = addToBaseline(after, fileOf(report, finding.location), finding);
          }
        }
      }
      const known = new Set(before?.entries.map(({ hash }) => hash));
      const added = after.entries.filter(({ hash }) => !known.has(hash)).length;
      if (added === 0 && after.entries.length === (before?.entries.length ?? 0)) continue;
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, formatBaseline(after));
      this.forget(folder);
      result.added += added;
      result.files.push(file);
      result.folders.push(folder);
    }
    return result;
  }

  async #baselineOf(folder: Folder): Promise<string> {
    const { baseline } = await this.workspace.settingsFor(folder.uri);
    return path.resolve(folder.root, baseline ?? BASELINE_PATH);
  }

  #of(folder: Folder): Promise<Suppressor[]> {
    // Entries may expire, so what was read yesterday is read again.
    const day = new Date().toISOString().slice(0, 10);
    let known = this.#known.get(folder.uri);
    if (known?.day !== day) {
      known = { day, suppressors: this.#read(folder, day) };
      this.#known.set(folder.uri, known);
    }
    return known.suppressors;
  }

  #ignoring(text: string): Suppressor {
    for (const problem of ignoreFileProblems(text)) this.connection.console.warn(`${IGNORE_FILE}: ${problem}`);
    return ignoreFileSuppressor(text, this.trusted);
  }

  async #read(folder: Folder, day: string): Promise<Suppressor[]> {
    const kinds: [string, (text: string) => Suppressor][] = [
      [await this.#baselineOf(folder), (text) => baselineSuppressor(parseBaseline(text), day, this.trusted)],
      [path.join(folder.root, IGNORE_FILE), (text) => this.#ignoring(text)],
      [path.join(folder.root, SECRETS_BASELINE), detectSecretsSuppressor],
      [path.join(folder.root, GITLEAKS_IGNORE), gitleaksIgnoreSuppressor],
    ];
    const suppressors: Suppressor[] = [];
    for (const [file, make] of kinds) {
      try {
        const text = await readSmall(file);
        if (text !== undefined) suppressors.push(make(text));
      } catch (error) {
        this.connection.console.warn(`${file} is not used: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return suppressors;
  }
}

/** @returns undefined when there is no such file, or it is no regular one of a sensible size */
async function readSmall(file: string): Promise<string | undefined> {
  try {
    const info = await lstat(file);
    return info.isFile() && info.size <= MAX_BYTES ? await readFile(file, 'utf8') : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function readBaseline(file: string): Promise<Baseline | undefined> {
  const text = await readSmall(file);
  if (text === undefined) return undefined;
  try {
    return parseBaseline(text);
  } catch {
    throw new Error(`${file} is no baseline; it is not overwritten`);
  }
}
