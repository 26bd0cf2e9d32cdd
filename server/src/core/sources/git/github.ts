import type { ByteSource, ClosableByteSource } from '../../io/byteSource';
import { HttpRangeTransport } from '../../io/httpRange';
import { evidenceText } from '../../redact';
import type { ScanSettings } from '../../settings';
import type { SourceEnvironment } from '../environment';
import {
  encodePath,
  type FollowOptions,
  type HttpResponse,
  parseUrl,
  readBody,
  readJson,
  requestPatiently,
} from '../http';
import { concernsWholeSource, RemoteError } from '../remoteError';
import { RemoteFiles } from '../remoteFiles';
import type { GitSpec, Source, SourceEntry, SourceFact, SourceSkip, TransferStats } from '../source';
import { LARGEST_POINTER, LfsStore, parsePointer, SMALLEST_POINTER } from './lfs';
import { gitCredential } from './source';
import { Tarball } from './tarball';

const COMMIT = /^[0-9a-f]{40}$/;
/** So many files are asked for one by one: what an hour's 60 requests, or 5,000 with a token, leave room for. */
const FEW_FILES = { anonymous: 40, token: 2000 } as const;
/** Folders asked for one by one when GitHub cuts the whole tree off. */
const MOST_TREES = 2000;

/** A repository on GitHub or an Enterprise server through the REST interface, for machines without git. */
export class GitHubSource implements Source {
  readonly #files: RemoteFiles;
  readonly #base: string;
  readonly #repository: string;
  readonly #follow: FollowOptions;
  readonly #blobs = new Map<string, { oid: string; size: number }>();
  readonly #facts: SourceFact[] = [];
  readonly #lfs: LfsStore;
  #commit = '';
  #tarball: Promise<Tarball | undefined> | undefined;

  constructor(
    private readonly spec: GitSpec,
    private readonly settings: ScanSettings,
    private readonly environment: SourceEnvironment,
  ) {
    const url = parseUrl(spec.url);
    const [owner, name, more] = url.pathname.split('/').filter(Boolean);
    if (!owner || !name || more)
      throw new RemoteError('refused', 'without git only repositories on GitHub can be read');
    this.#base = url.hostname === 'github.com' ? 'https://api.github.com' : `${url.origin}/api/v3`;
    this.#repository = `${this.#base}/repos/${encodePath(owner)}/${encodePath(name.replace(/\.git$/, ''))}`;
    const { token } = environment.credentials;
    const origin = new URL(this.#base).origin;
    this.#follow = token ? { credential: { origin, headers: { authorization: `Bearer ${token}` } } } : {};
    this.#files = new RemoteFiles(settings, environment);
    this.#lfs = new LfsStore(spec.url, environment, gitCredential(url.origin, environment), this.#files.meter);
  }

  get label(): string {
    const at = this.spec.ref ?? this.spec.refAndFolder;
    const commit = this.#commit && this.#commit !== at ? ` (${this.#commit.slice(0, 12)})` : '';
    return `${this.spec.url}${at ? `@${at}` : ''}${commit}`;
  }

  async *list(signal?: AbortSignal): AsyncIterable<SourceEntry | SourceSkip> {
    const { commit, subfolder } = await this.#resolve(signal);
    this.#commit = commit;
    this.#facts.push({ label: 'commit', value: commit, level: 'info' });
    let asked = 0;
    const pending: { sha: string; prefix: string; recursive: boolean }[] = [
      { sha: commit, prefix: '', recursive: true },
    ];
    for (let tree = pending.shift(); tree; tree = pending.shift()) {
      signal?.throwIfAborted();
      asked += 1;
      if (asked > MOST_TREES)
        throw new RemoteError('refused', 'the repository is too large for the REST interface; install git');
      const suffix = tree.recursive ? '?recursive=1' : '';
      const answer = await this.#json(`${this.#repository}/git/trees/${tree.sha}${suffix}`, signal);
      const { tree: items, truncated } = answer as { tree?: unknown; truncated?: unknown };
      if (truncated === true && tree.recursive) {
        pending.unshift({ ...tree, recursive: false });
        continue;
      }
      for (const item of Array.isArray(items) ? (items as unknown[]) : []) {
        const { path: name, mode, type, sha, size } = (item ?? {}) as Record<string, unknown>;
        if (typeof name !== 'string' || typeof sha !== 'string' || !COMMIT.test(sha)) continue;
        const path = tree.prefix + name;
        if (type === 'tree') {
          if (!tree.recursive && overlaps(path, subfolder)) pending.push({ sha, prefix: `${path}/`, recursive: true });
          continue;
        }
        if (subfolder && path !== subfolder && !path.startsWith(`${subfolder}/`)) continue;
        if (type === 'commit') yield { path, reason: 'submodule: another repository, not followed' };
        else if (mode === '120000') yield { path, reason: 'symbolic link: not followed' };
        else if (type === 'blob') {
          const bytes = typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? size : 0;
          this.#blobs.set(path, { oid: sha, size: bytes });
          yield this.#files.listed(path, bytes);
        }
      }
    }
    if (this.#blobs.size === 0 && subfolder) {
      throw new RemoteError('not-found', 'there is no such folder or file in the repository');
    }
  }

  async open(path: string): Promise<ClosableByteSource> {
    const blob = this.#blobs.get(path);
    if (!blob) throw new RemoteError('not-found', 'there is no such file in the repository');
    const tarball = await this.#tarballForMany();
    const packed = await tarball?.open(path, blob.oid, blob.size);
    if (packed) this.#files.readHere(path, packed.size);
    if (packed) return this.#orLfs(path, { ...bound(packed), close: () => Promise.resolve() });
    const transport = new HttpRangeTransport(this.environment.http, `${this.#repository}/git/blobs/${blob.oid}`, {
      ...this.#follow,
      headers: { accept: 'application/vnd.github.raw+json', 'x-github-api-version': '2022-11-28' },
      ...(this.environment.patience && { patience: this.environment.patience }),
      errorOf: (response) => this.#errorOf(response),
    });
    return this.#orLfs(path, await this.#files.open(path, transport, blob.size));
  }

  /** The object that a file stands for, when it is a pointer of Git LFS; else the file. */
  async #orLfs(path: string, source: ClosableByteSource): Promise<ClosableByteSource> {
    if (source.size < SMALLEST_POINTER || source.size > LARGEST_POINTER) return source;
    const pointer = parsePointer(await source.read(0, source.size));
    if (!pointer) return source;
    await source.close();
    return this.#files.open(path, this.#lfs.transport(pointer), pointer.size, pointer.oid);
  }

  /**
   * GitHub answers so and so many requests an hour, one for each file. A repository with more files is taken as one archive, when it can be had and is not too large; what is not in it is asked for one by one all the same.
   */
  #tarballForMany(): Promise<Tarball | undefined> {
    const few = this.environment.credentials.token ? FEW_FILES.token : FEW_FILES.anonymous;
    if (this.#blobs.size <= few) return Promise.resolve(undefined);
    this.#tarball ??= this.#takeTarball().catch((error: unknown) => {
      if (this.#files.stop.signal.aborted || concernsWholeSource(error)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      this.#facts.push({ label: 'archive', value: `could not be used: ${evidenceText(reason, 120)}`, level: 'notice' });
      return undefined;
    });
    return this.#tarball;
  }

  async #takeTarball(): Promise<Tarball> {
    const { sourceBytes, full } = this.settings.remote;
    const { signal } = this.#files.stop;
    const response = await this.#ask(
      `${this.#repository}/tarball/${this.#commit}`,
      'application/vnd.github+json',
      signal,
    );
    return Tarball.take(response, {
      temporary: await this.#files.temporary(),
      meter: this.#files.meter,
      limits: this.settings.limits,
      largest: full ? Number.POSITIVE_INFINITY : sourceBytes,
      signal,
    });
  }

  namesIn(folder: string): Promise<readonly string[]> {
    return Promise.resolve(this.#files.namesIn(folder));
  }

  facts(): readonly SourceFact[] {
    return this.#facts;
  }

  transferred(path?: string): TransferStats {
    return this.#files.transferred(path);
  }

  async close(): Promise<void> {
    const tarball = this.#tarball;
    // Ends the transfer that may be under way.
    const closing = this.#files.close();
    await tarball?.then((taken) => taken?.close()).catch(() => undefined);
    await closing;
  }

  /** The commit of the ref. Of an address' REF/FOLDER the shortest ref that exists is taken, as GitHub allows no other. */
  async #resolve(signal?: AbortSignal): Promise<{ commit: string; subfolder: string }> {
    const { ref, refAndFolder, subfolder = '' } = this.spec;
    const parts = (refAndFolder ?? ref ?? 'HEAD').split('/');
    const first = refAndFolder === undefined ? parts.length : 1;
    for (let count = first; count <= Math.min(parts.length, 6); count += 1) {
      try {
        const commit = await this.#commitOf(parts.slice(0, count).join('/'), signal);
        return { commit, subfolder: [...parts.slice(count), subfolder].filter(Boolean).join('/') };
      } catch (error) {
        if (!(error instanceof RemoteError) || error.kind !== 'not-found' || count === parts.length) throw error;
      }
    }
    throw new RemoteError('not-found', 'the repository has no branch or tag that the address names');
  }

  async #commitOf(ref: string, signal?: AbortSignal): Promise<string> {
    const response = await this.#ask(
      `${this.#repository}/commits/${encodePath(ref)}`,
      'application/vnd.github.sha',
      signal,
    );
    const bytes = await readBody(response, 1024);
    this.#files.meter.received(bytes.length);
    const commit = new TextDecoder().decode(bytes).trim();
    if (!COMMIT.test(commit)) throw new RemoteError('protocol', 'GitHub does not say which commit the ref is');
    return commit;
  }

  async #json(url: string, signal?: AbortSignal): Promise<unknown> {
    const response = await this.#ask(url, 'application/vnd.github+json', signal);
    return readJson(response, 64 * 2 ** 20, this.#files.meter);
  }

  async #ask(url: string, accept: string, signal?: AbortSignal): Promise<HttpResponse> {
    this.#files.meter.begin(0);
    const { response } = await requestPatiently(
      this.environment.http,
      {
        url,
        headers: { accept, 'accept-encoding': 'identity', 'x-github-api-version': '2022-11-28' },
        ...(signal && { signal }),
      },
      { ...this.#follow, patience: this.environment.patience },
    );
    if (response.status !== 200) throw this.#errorOf(response);
    return response;
  }

  #errorOf(response: HttpResponse): RemoteError {
    response.cancel();
    const hint = this.environment.credentials.token
      ? 'the token has no right to it'
      : 'it is private and needs a token';
    if (response.status === 404 || response.status === 422) {
      return new RemoteError('not-found', `there is no such repository, branch or tag at ${this.spec.url}, or ${hint}`);
    }
    if (response.status === 401) return new RemoteError('unauthorized', 'the token is not accepted');
    if (response.status === 403) return new RemoteError('forbidden', 'GitHub refuses access to the repository');
    if (response.status === 409) return new RemoteError('not-found', 'the repository is empty');
    return new RemoteError('protocol', `GitHub answers with status ${response.status}`);
  }
}

/** As an object with own methods, which can be spread. */
function bound(source: ByteSource): ByteSource {
  return { size: source.size, read: (offset, length) => source.read(offset, length) };
}

function overlaps(folder: string, subfolder: string): boolean {
  return !subfolder || folder === subfolder || folder.startsWith(`${subfolder}/`) || subfolder.startsWith(`${folder}/`);
}
