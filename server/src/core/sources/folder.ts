import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import ignore, { type Ignore } from 'ignore';
import type { ClosableByteSource } from '../io/byteSource';
import { openFile } from '../io/file';
import type { ScanSettings } from '../settings';
import { textKindByName } from '../text/languages';
import type { Source, SourceEntry, SourceSkip } from './source';

/** Folders that hold other people's code or a tool's state. They are said to be left out; `exclude` can bring none back. */
const TOOL_FOLDERS = new Set([
  '.git',
  '.hg',
  '.svn',
  'node_modules',
  '__pycache__',
  '.venv',
  '.tox',
  '.nox',
  '.mypy_cache',
  '.pytest_cache',
  '.ruff_cache',
  '.ipynb_checkpoints',
  '.eggs',
  '.idea',
  'site-packages',
  '.terraform',
  '.gradle',
]);

/** The same below a folder of a tool that also holds what people write: DVC keeps its remotes, and their keys, in `.dvc`. */
const TOOL_SUBFOLDERS = new Set(['.dvc/cache', '.dvc/tmp']);

/**
 * What `python -m venv` puts beside its `pyvenv.cfg`. Only these are left out: that one small file must not hide the models
 * that a hostile repository lays beside it.
 */
const ENVIRONMENT_FOLDERS = new Set(['bin', 'include', 'lib', 'lib64', 'scripts', 'share']);

/** Extensions of text that weights have too, and the description of a model: .gitignore may not hide what they name. */
const ALSO_OF_MODELS = new Set([
  ...['bak', 'backup', 'dat', 'dist', 'example', 'in', 'm', 'map', 'old', 'orig', 'out', 'sample', 'swp', 'template'],
  ...['tmp', 'mlmodel'],
]);

/** Whether a file's name says that it is text, which .gitignore may hide. All else could be a model, and is looked at. */
function isNamedText(name: string): boolean {
  const lower = path.posix.basename(name).toLowerCase();
  const extension = lower.slice(lower.lastIndexOf('.') + 1);
  return extension === 'ipynb' || (!ALSO_OF_MODELS.has(extension) && textKindByName(lower) !== undefined);
}

/**
 * A folder of the local disk. Links are not followed: what they point to inside the tree is found where it lies, and
 * what lies outside is not ours to read. Nothing is ever written.
 */
export class FolderSource implements Source {
  readonly label: string;

  constructor(
    readonly root: string,
    private readonly settings: Pick<ScanSettings, 'exclude' | 'respectGitignore'>,
    private readonly only?: readonly string[],
  ) {
    this.label = root;
  }

  async *list(signal?: AbortSignal): AsyncIterable<SourceEntry | SourceSkip> {
    const root = await realpath(this.root);
    if (this.only) {
      yield* listNamed(root, this.only);
      return;
    }
    const excluded = ignore({ allowRelativePaths: false }).add(this.settings.exclude);
    yield* this.#walk(root, '', excluded, [], signal);
  }

  async *#walk(
    root: string,
    relative: string,
    excluded: Ignore,
    gitignores: readonly { base: string; rules: Ignore }[],
    signal?: AbortSignal,
  ): AsyncIterable<SourceEntry | SourceSkip> {
    signal?.throwIfAborted();
    const here = path.join(root, relative);
    let names: string[];
    try {
      names = (await readdir(here)).sort();
    } catch (error) {
      yield { path: relative || '.', reason: reasonOf(error), unreadable: true };
      return;
    }
    const scopes = this.settings.respectGitignore
      ? [...gitignores, ...(await gitignoreOf(here, relative))]
      : gitignores;
    for (const name of names) {
      const inside = relative ? `${relative}/${name}` : name;
      let info: Awaited<ReturnType<typeof lstat>>;
      try {
        info = await lstat(path.join(here, name));
      } catch (error) {
        yield { path: inside, reason: reasonOf(error), unreadable: true };
        continue;
      }
      if (info.isDirectory()) {
        const reason = await this.#folderReason(path.join(here, name), name, inside, excluded);
        if (reason) yield { path: inside, reason };
        else yield* this.#walk(root, inside, excluded, scopes, signal);
      } else if (info.isSymbolicLink()) {
        const skip = await linkReason(root, path.join(here, name));
        if (skip) yield { path: inside, reason: skip };
      } else if (info.isFile()) {
        if (excluded.ignores(inside)) yield { path: inside, reason: 'excluded by settings' };
        else if (isNamedText(name) && ignoredByGit(inside, scopes)) {
          yield { path: inside, reason: 'ignored by .gitignore' };
        } else yield { path: inside, size: info.size };
      } else {
        // A pipe would wait for a writer for ever, a device has no end.
        yield { path: inside, reason: 'not a regular file' };
      }
    }
  }

  async #folderReason(full: string, name: string, inside: string, excluded: Ignore): Promise<string | undefined> {
    if (TOOL_FOLDERS.has(name) || TOOL_SUBFOLDERS.has(`${path.basename(path.dirname(full))}/${name}`))
      return 'tool folder';
    if (excluded.ignores(`${inside}/`)) return 'excluded by settings';
    if (!ENVIRONMENT_FOLDERS.has(name.toLowerCase())) return undefined;
    const besideConfiguration = await stat(path.join(path.dirname(full), 'pyvenv.cfg')).then(
      (s) => s.isFile(),
      () => false,
    );
    return besideConfiguration ? 'virtual environment' : undefined;
  }

  /**
   * Why {@link list} would not offer a file, without walking the tree: for a file that an editor opens or that changed.
   * @returns undefined when it would be offered
   */
  async leavesOut(relative: string): Promise<string | undefined> {
    const excluded = ignore({ allowRelativePaths: false }).add(this.settings.exclude);
    const scopes: { base: string; rules: Ignore }[] = [];
    const parts = relative.split('/');
    for (let depth = 0; depth < parts.length; depth += 1) {
      const folder = parts.slice(0, depth).join('/');
      const here = path.join(this.root, folder);
      const reason = depth > 0 && (await this.#folderReason(here, parts[depth - 1] as string, folder, excluded));
      if (reason) return reason;
      if (this.settings.respectGitignore) scopes.push(...(await gitignoreOf(here, folder)));
    }
    if (excluded.ignores(relative)) return 'excluded by settings';
    return isNamedText(relative) && ignoredByGit(relative, scopes) ? 'ignored by .gitignore' : undefined;
  }

  /** @throws Error when the path would leave the tree, through `..` or a link */
  async open(relative: string): Promise<ClosableByteSource> {
    const root = await realpath(this.root);
    const full = await realpath(path.join(root, relative));
    if (full !== root && !full.startsWith(root.endsWith(path.sep) ? root : root + path.sep)) {
      throw new Error('leaves the scanned folder');
    }
    return openFile(full);
  }

  async namesIn(folder: string): Promise<readonly string[]> {
    const root = await realpath(this.root);
    try {
      const entries = await readdir(path.join(root, folder), { withFileTypes: true });
      return entries.filter((e) => e.isFile()).map((e) => e.name);
    } catch {
      return [];
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Files that were asked for by name: what is wrong with one is said, and the others follow. */
async function* listNamed(root: string, names: readonly string[]): AsyncIterable<SourceEntry | SourceSkip> {
  for (const name of names) {
    try {
      const info = await stat(path.join(root, name));
      if (info.isFile()) yield { path: name, size: info.size };
      else yield { path: name, reason: 'not a regular file', unreadable: true };
    } catch (error) {
      yield { path: name, reason: reasonOf(error), unreadable: true };
    }
  }
}

async function gitignoreOf(folder: string, relative: string): Promise<{ base: string; rules: Ignore }[]> {
  try {
    const file = path.join(folder, '.gitignore');
    const info = await lstat(file);
    if (!info.isFile() || info.size > 2 ** 20) return [];
    return [{ base: relative, rules: ignore().add(await readFile(file, 'utf8')) }];
  } catch {
    return [];
  }
}

function ignoredByGit(inside: string, scopes: readonly { base: string; rules: Ignore }[]): boolean {
  let ignored = false;
  for (const { base, rules } of scopes) {
    const below = base ? inside.slice(base.length + 1) : inside;
    const verdict = rules.test(below);
    if (verdict.ignored) ignored = true;
    else if (verdict.unignored) ignored = false;
  }
  return ignored;
}

async function linkReason(root: string, link: string): Promise<string | undefined> {
  try {
    const target = await realpath(link);
    return target === root || target.startsWith(root + path.sep)
      ? undefined
      : 'symbolic link out of the scanned folder';
  } catch {
    return 'broken symbolic link';
  }
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EACCES' || code === 'EPERM') return 'no permission to read';
  return error instanceof Error ? error.message : String(error);
}
