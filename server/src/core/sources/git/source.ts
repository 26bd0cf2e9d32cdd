import { mkdir, writeFile } from 'node:fs/promises';
import type { ClosableByteSource } from '../../io/byteSource';
import { evidenceText } from '../../redact';
import type { ScanSettings } from '../../settings';
import { GitFailed, type GitObjects, type GitRun, type GitRunner, type SourceEnvironment } from '../environment';
import { isLoopback, type OriginCredential, parseUrl } from '../http';
import { checkRef } from '../parse';
import { RemoteError } from '../remoteError';
import { RemoteFiles } from '../remoteFiles';
import type { GitSpec, Source, SourceEntry, SourceFact, SourceSkip, TransferStats } from '../source';
import { LARGEST_POINTER, type LfsPointer, LfsStore, parsePointer, SMALLEST_POINTER } from './lfs';

/** Blobs up to this come with the first fetch; larger ones when a scanner wants them. */
const BLOB_LIMIT = 512 * 1024;
/** Blobs up to this are held in memory. */
const MEMORY_BLOB = 8 * 2 ** 20;
const HEAD = 'refs/watchtower/head';

interface Blob {
  oid: string;
  /** Absent while the blob has not been fetched. */
  size?: number;
  lfs?: LfsPointer;
}

/**
 * A git repository over https, read with the user's git: a bare, shallow clone without its large blobs, never checked
 * out, so that no hook, filter, link or submodule of it has anything to act on.
 */
export class GitSource implements Source {
  readonly #files: RemoteFiles;
  readonly #git: GitRunner;
  readonly #blobs = new Map<string, Blob>();
  readonly #facts: SourceFact[] = [];
  readonly #lfs: LfsStore;
  readonly #credential: OriginCredential | undefined;
  #objects: GitObjects | undefined;
  #folder = '';
  #view = '';
  #commit = '';
  #fetching: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly spec: GitSpec,
    private readonly settings: ScanSettings,
    environment: SourceEnvironment,
  ) {
    if (!environment.git) throw new RemoteError('refused', 'git is not installed');
    this.#git = environment.git;
    const url = parseUrl(spec.url);
    if (url.protocol !== 'https:' && !isLoopback(url.hostname)) {
      throw new RemoteError('refused', 'git repositories are only read over https');
    }
    if (spec.ref !== undefined) checkRef(spec.ref);
    this.#files = new RemoteFiles(settings, environment);
    this.#credential = gitCredential(url.origin, environment);
    this.#lfs = new LfsStore(spec.url, environment, this.#credential, this.#files.meter);
  }

  get label(): string {
    const { ref, refAndFolder, subfolder } = this.spec;
    const at = ref ?? refAndFolder;
    const commit = this.#commit && this.#commit !== at ? ` (${this.#commit.slice(0, 12)})` : '';
    return `${this.spec.url}${subfolder ? `/${subfolder}` : ''}${at ? `@${at}` : ''}${commit}`;
  }

  async *list(signal?: AbortSignal): AsyncIterable<SourceEntry | SourceSkip> {
    const temporary = await this.#files.temporary();
    this.#folder = `${temporary.path}/repository.git`;
    await this.#run({ args: ['init', '--bare', '--quiet', '--template=', 'repository.git'], cwd: temporary.path });
    await this.#run({ args: ['config', 'remote.origin.url', this.spec.url] });
    // git fetches what a partial clone lacks as soon as it is looked at, one request each, and GIT_NO_LAZY_FETCH is not
    // honoured everywhere. A second repository that borrows the objects and has no remote reports them as missing.
    this.#view = `${temporary.path}/view.git`;
    await this.#run({ args: ['init', '--bare', '--quiet', '--template=', 'view.git'], cwd: temporary.path });
    await mkdir(`${this.#view}/objects/info`, { recursive: true });
    await writeFile(`${this.#view}/objects/info/alternates`, '../../repository.git/objects\n');
    const { ref, subfolder } = await this.#resolve(signal);
    await this.#fetchHead(ref, signal);
    this.#commit = text(await this.#run({ args: ['rev-parse', '--verify', `${HEAD}^{commit}`] })).trim();
    this.#facts.push({ label: 'commit', value: this.#commit, level: 'info' });
    const skipped: SourceSkip[] = [];
    const paths = await this.#tree(subfolder, skipped, signal);
    yield* skipped;
    if (paths.length === 0 && subfolder)
      throw new RemoteError('not-found', 'there is no such folder or file in the repository');
    await this.#measure(paths);
    for (const path of paths) {
      signal?.throwIfAborted();
      const blob = this.#blobs.get(path) as Blob;
      if (blob.size !== undefined && blob.size >= SMALLEST_POINTER && blob.size <= LARGEST_POINTER) {
        const pointer = parsePointer((await this.#local(blob.oid, LARGEST_POINTER)) ?? new Uint8Array(0));
        if (pointer) blob.lfs = pointer;
      }
      // The size of a blob that has not been fetched is not known; it is above the limit.
      const listed = this.#files.listed(path, blob.lfs?.size ?? blob.size ?? BLOB_LIMIT);
      yield blob.size !== undefined && !blob.lfs && !('reason' in listed) ? { ...listed, here: true } : listed;
    }
  }

  open(path: string): Promise<ClosableByteSource> {
    const blob = this.#blobs.get(path);
    if (!blob) return Promise.reject(new RemoteError('not-found', 'there is no such file in the repository'));
    const { lfs } = blob;
    if (lfs) return this.#files.open(path, this.#lfs.transport(lfs), lfs.size, lfs.oid);
    return this.#files.guarded(() => this.#openBlob(path, blob));
  }

  async #openBlob(path: string, blob: Blob): Promise<ClosableByteSource> {
    if (blob.size === undefined) {
      await this.#fetchBlob(path, blob);
      const [size] = await this.#sizes([blob.oid]);
      if (size === undefined) throw new RemoteError('not-found', 'the git server did not send the file');
      blob.size = size;
    }
    this.#files.readHere(path, blob.size);
    if (blob.size <= MEMORY_BLOB) {
      const bytes = await this.#local(blob.oid, MEMORY_BLOB);
      if (!bytes) throw new RemoteError('protocol', 'git does not give the file that it has listed');
      return {
        size: bytes.length,
        read: (offset, length) =>
          Promise.resolve(bytes.subarray(Math.min(offset, bytes.length), Math.max(offset, offset + length))),
        close: () => Promise.resolve(),
      };
    }
    const spill = await (await this.#files.temporary()).spill();
    try {
      const { signal } = this.#files.stop;
      for await (const piece of this.#git.stream({ args: ['cat-file', 'blob', blob.oid], cwd: this.#view, signal })) {
        await spill.write(piece);
      }
      return await spill.finish();
    } catch (error) {
      await spill.discard();
      throw gitError(error, this.spec);
    }
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
    this.#objects?.close();
    await this.#files.close();
  }

  /** Tells ref and folder of an address apart by the refs that the server has: the longest that fits. */
  async #resolve(signal?: AbortSignal): Promise<{ ref: string; subfolder: string }> {
    const { ref = 'HEAD', refAndFolder, subfolder = '' } = this.spec;
    if (refAndFolder === undefined) return { ref, subfolder };
    checkRef(refAndFolder);
    this.#files.meter.begin(0);
    const listing = text(
      await this.#run({ args: ['ls-remote', '--heads', '--tags', '--', 'origin'], network: true, signal }),
    );
    let best = '';
    for (const line of listing.split('\n')) {
      const name = /^[0-9a-f]{40,64}\trefs\/(?:heads|tags)\/(.+?)(?:\^\{\})?$/.exec(line)?.[1];
      if (name && name.length > best.length && (refAndFolder === name || refAndFolder.startsWith(`${name}/`)))
        best = name;
    }
    const first = refAndFolder.split('/')[0] as string;
    if (!best && /^[0-9a-f]{40}$/.test(first)) best = first;
    if (!best) throw new RemoteError('not-found', 'the repository has no branch or tag that the address names');
    return { ref: best, subfolder: [refAndFolder.slice(best.length + 1), subfolder].filter(Boolean).join('/') };
  }

  async #fetchHead(ref: string, signal?: AbortSignal): Promise<void> {
    const { full, sourceBytes } = this.settings.remote;
    const args = [
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-auto-maintenance',
      '--recurse-submodules=no',
      `--depth=${this.spec.depth ?? 1}`,
      ...(full ? [] : [`--filter=blob:limit=${BLOB_LIMIT}`]),
      'origin',
      `+${ref}:${HEAD}`,
    ];
    const run = { network: true, signal, ...(!full && { diskLimit: sourceBytes }) };
    this.#files.meter.begin(0);
    try {
      await this.#run({ ...run, args: ['-c', 'transfer.fsckObjects=true', ...args] });
    } catch (error) {
      // A repository must not be able to keep itself from being scanned by being malformed. Nothing of it is checked out.
      if (!(error instanceof RemoteError) || !/fsck error|fsck/i.test(String((error.cause as GitFailed)?.stderr)))
        throw error;
      this.#facts.push({
        label: 'git',
        value: "objects of the repository do not pass git's own checks",
        level: 'notice',
      });
      await this.#run({ ...run, args });
    }
    await this.#count(this.#files.meter);
  }

  async #tree(subfolder: string, skipped: SourceSkip[], signal?: AbortSignal): Promise<string[]> {
    const args = ['ls-tree', '-r', '-z', '--full-tree', this.#commit, ...(subfolder ? ['--', subfolder] : [])];
    const paths: string[] = [];
    const decoder = new TextDecoder();
    let rest: Uint8Array = new Uint8Array(0);
    const take = (record: Uint8Array) => {
      const tab = record.indexOf(9);
      const [mode, type, oid] = decoder.decode(record.subarray(0, tab)).split(' ');
      if (tab < 0 || !oid) return;
      // Names are bytes for git. What is no UTF-8 is shown with replacement characters, and kept apart by its number.
      let path = decoder.decode(record.subarray(tab + 1));
      while (this.#blobs.has(path)) path += '\ufffd';
      if (type === 'commit') skipped.push({ path, reason: 'submodule: another repository, not followed' });
      else if (mode === '120000') skipped.push({ path, reason: 'symbolic link: not followed' });
      else if (type === 'blob') {
        this.#blobs.set(path, { oid });
        paths.push(path);
      }
    };
    for await (const piece of this.#git.stream({ args, cwd: this.#view, ...(signal && { signal }) })) {
      const bytes = rest.length ? join(rest, piece) : piece;
      let start = 0;
      for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, start)) {
        take(bytes.subarray(start, end));
        start = end + 1;
      }
      rest = bytes.slice(start);
    }
    return paths;
  }

  async #measure(paths: readonly string[]): Promise<void> {
    const blobs = paths.map((path) => this.#blobs.get(path) as Blob);
    const sizes = await this.#sizes(blobs.map(({ oid }) => oid));
    for (const [index, blob] of blobs.entries()) {
      const size = sizes[index];
      if (size !== undefined) blob.size = size;
    }
  }

  /** Sizes of the objects that are here; undefined for those that are not. Nothing is fetched. */
  async #sizes(oids: readonly string[]): Promise<(number | undefined)[]> {
    if (oids.length === 0) return [];
    const lines = text(
      await this.#run({ args: ['cat-file', '--batch-check'], cwd: this.#view, stdin: `${oids.join('\n')}\n` }),
    ).split('\n');
    return oids.map((_, index) => {
      const size = / blob (\d+)$/.exec(lines[index] ?? '')?.[1];
      return size === undefined ? undefined : Number(size);
    });
  }

  #fetchBlob(path: string, { oid }: Blob): Promise<void> {
    const { full, fileBytes } = this.settings.remote;
    const meter = this.#files.meterOf(path);
    const fetched = this.#fetching.then(async () => {
      meter.begin(0);
      await this.#run({
        args: [
          '-c',
          'fetch.negotiationAlgorithm=noop',
          'fetch',
          '--quiet',
          '--no-tags',
          '--no-write-fetch-head',
          '--no-auto-maintenance',
          '--recurse-submodules=no',
          '--filter=blob:none',
          '--stdin',
          'origin',
        ],
        stdin: `${oid}\n`,
        network: true,
        ...(!full && { diskLimit: fileBytes }),
      });
      await this.#count(meter);
    });
    this.#fetching = fetched.catch(() => undefined);
    return fetched;
  }

  #packed = 0;

  /** What the packs have grown by went over the network. */
  async #count(meter: { received(bytes: number): void }): Promise<void> {
    const report = text(await this.#run({ args: ['count-objects', '-v'] }));
    const kib = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(report)?.[1] ?? 0);
    const now = (kib('size-pack') + kib('size')) * 1024;
    meter.received(Math.max(0, now - this.#packed));
    this.#packed = now;
  }

  async #local(oid: string, limit: number): Promise<Uint8Array | undefined> {
    this.#objects ??= this.#git.objects(this.#view);
    return (await this.#objects.read(oid, limit))?.bytes;
  }

  async #run({ network, ...options }: Omit<GitRun, 'cwd'> & { cwd?: string; network?: boolean }): Promise<Uint8Array> {
    const { signal } = this.#files.stop;
    const url = new URL(this.spec.url);
    const header = this.#credential?.headers.authorization;
    try {
      const { stdout } = await this.#git.run({
        cwd: this.#folder,
        ...options,
        signal: options.signal ? AbortSignal.any([options.signal, signal]) : signal,
        ...(network && header && { authorization: { origin: url.origin, header } }),
        ...(network && url.protocol === 'http:' && { allowHttp: true }),
      });
      return stdout;
    } catch (error) {
      throw gitError(error, this.spec);
    }
  }
}

/** A token as git hosts take it: Basic, with any or a fixed user name. */
export function gitCredential(
  origin: string,
  environment: Pick<SourceEnvironment, 'credentials'>,
): OriginCredential | undefined {
  const { token, user = 'x-access-token' } = environment.credentials;
  return token ? { origin, headers: { authorization: `Basic ${btoa(`${user}:${token}`)}` } } : undefined;
}

/** What git's words mean for a person (they are English: the runner sets LC_ALL=C). */
function gitError(error: unknown, { url, ref }: GitSpec): unknown {
  if (!(error instanceof GitFailed)) return error;
  const said = error.stderr;
  const host = new URL(url).host;
  const cause = { cause: error };
  if (/couldn't find remote ref|not our ref|no such remote ref/i.test(said)) {
    return new RemoteError('not-found', `the repository has no ${evidenceText(ref ?? 'HEAD', 80)}`, cause);
  }
  if (/could not read Username|Authentication failed|returned error: 401/i.test(said)) {
    return new RemoteError('unauthorized', `there is no repository ${url}, or it is private and needs a token`, cause);
  }
  if (/returned error: 403/i.test(said))
    return new RemoteError('forbidden', `${host} refuses access to the repository`, cause);
  if (/not found|returned error: 404|does not appear to be a git repository/i.test(said)) {
    return new RemoteError('not-found', `there is no git repository at ${url}`, cause);
  }
  if (/returned error: 429/i.test(said))
    return new RemoteError('rate-limited', `${host} has been asked too often`, cause);
  if (/unable to update url base from redirection|returned error: 30\d/i.test(said)) {
    return new RemoteError(
      'refused',
      'the repository has moved; use its new address, the token is not sent to another',
      cause,
    );
  }
  if (/SSL|certificate/i.test(said)) return new RemoteError('tls', `the certificate of ${host} is not trusted`, cause);
  if (
    /Could not resolve|Failed to connect|Connection refused|timed out|too slow|unable to access|RPC failed|hung up/i.test(
      said,
    )
  ) {
    return new RemoteError('offline', `${host} cannot be reached`, cause);
  }
  if (/transport '.*' not allowed/i.test(said)) return new RemoteError('refused', 'only https is used for git', cause);
  return new RemoteError(
    'protocol',
    `git could not read the repository (${evidenceText(said.trim().split('\n').pop() ?? '', 120)})`,
    cause,
  );
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
