import {
  type Connection,
  LSPErrorCodes,
  ResponseError,
  type WorkDoneProgressReporter,
} from 'vscode-languageserver/node';
import type { Severity } from '../core/finding';
import { joinPath } from '../core/place';
import type { SourceEnvironment } from '../core/sources/environment';
import { HUGGING_FACE } from '../core/sources/huggingface';
import { openSource } from '../core/sources/open';
import { parseTarget, TargetError, targetOf } from '../core/sources/parse';
import { RemoteError } from '../core/sources/remoteError';
import type { RemoteSpec, Source, SourceFact, SourceSkip, TransferStats } from '../core/sources/source';
import { transferSentence } from '../core/sources/transferSentence';
import { CloseRemote, ConfirmRemote, ParseRemote, REMOTE_SCHEME, RemoteText, ScanRemote } from '../protocol/messages';
import { remoteEnvironment } from '../remote/environment';
import { sweepTemporaryFolders } from '../remote/temporaryFolders';
import { scanSource } from '../worker/scan';
import { EditorHttp } from './editorHttp';
import type { FileScans } from './fileScans';
import type { Scanner } from './scanner';
import type { Workspace } from './settings';
import type { FindingsStore } from './store';
import { uriBelow } from './uris';

const PROGRESS_EVERY_MS = 100;
/** A source that nobody has read a text of for this long is closed. */
const READER_KEPT_MS = 120_000;
/** Text that a read-only view shows. */
const MOST_TEXT = 4 * 2 ** 20;

/** A remote source that has been scanned and not been closed. */
export interface RemoteSource {
  /** URI that its artifacts lie below. */
  root: string;
  label: string;
  /** As it was asked for. */
  spec: RemoteSpec;
  facts: readonly SourceFact[];
  transfer: TransferStats & { ofBytes: number };
  notScanned: readonly SourceSkip[];
}

interface Scanned extends RemoteSource {
  /** As it was scanned: at a commit. */
  pinned: RemoteSpec;
  environment: SourceEnvironment;
}

/** Scans of what lies on other machines. Credentials are kept in memory for as long as the server runs, for its text views. */
export class RemoteScans {
  readonly #scanned = new Map<string, Scanned>();
  /** URI of a file to its place in its source. */
  readonly #places = new Map<string, { root: string; path: string }>();
  /** Sources that are open for texts, by root. */
  readonly #readers = new Map<string, { source: Promise<Source>; timer: NodeJS.Timeout }>();
  readonly #http: EditorHttp;
  #swept: Promise<unknown> | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly workspace: Workspace,
    private readonly scanner: Scanner,
    private readonly store: FindingsStore,
    private readonly files: FileScans,
  ) {
    this.#http = new EditorHttp(connection);
  }

  get sources(): readonly RemoteSource[] {
    return [...this.#scanned.values()];
  }

  /** Understands an address and its options, without asking anybody. */
  parse({ target, options }: ParseRemote.Params): ParseRemote.Source | ParseRemote.Problem {
    try {
      const spec = parseTarget(target, options);
      const realm = options.profile ? undefined : realmOf(spec);
      return {
        kind: spec.kind,
        root: rootOf(spec),
        label: labelOf(spec),
        ...targetOf(spec),
        refInAddress: spec.kind === 'git' && spec.refAndFolder !== undefined,
        ...(realm && { realm }),
      };
    } catch (error) {
      if (error instanceof TargetError) return { problem: error.message };
      throw error;
    }
  }

  /** Forgets a source: what was found in it, and how it is reached. */
  close(root: string): void {
    this.#closeReader(root);
    this.#scanned.delete(root);
    for (const [uri, place] of this.#places) if (place.root === root) this.#places.delete(uri);
    this.store.deleteWhere(({ remote }) => remote === root);
  }

  /** @throws TargetError, RemoteError */
  async scan(
    { target, options, credentials, proxy, confirm }: ScanRemote.Params,
    signal: AbortSignal,
    progress: WorkDoneProgressReporter | undefined,
  ): Promise<ScanRemote.Result> {
    const started = Date.now();
    this.#swept ??= sweepTemporaryFolders();
    await this.#swept;
    const spec = parseTarget(target, options);
    const environment = remoteEnvironment({
      credentials: options.profile ? { s3: { profile: options.profile } } : credentials,
      env: process.env,
      http: this.#http,
      ...(proxy && { proxy }),
    });
    const { scan: settings } = await this.workspace.settingsFor('');
    const name = nameOf(spec);
    const root = rootOf(spec);
    const findings: Record<Severity, number> = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
    const seen = new Set<string>();
    const puts: Promise<unknown>[] = [];
    let suppressed = 0;
    let incomplete = 0;
    let told = 0;
    const result = await scanSource(
      spec,
      options.full ? { ...settings, remote: { ...settings.remote, full: true } } : settings,
      this.scanner.batch,
      {
        signal,
        environment,
        ...(confirm !== undefined && {
          confirm: ({ facts, ...listing }) =>
            this.connection.sendRequest(ConfirmRemote.type, { ...listing, facts: [...facts], confirm }),
        }),
        onArtifact: (report) => {
          const uri = uriBelow(root, plainPath(report.path));
          seen.add(uri);
          for (const path of [report.path, ...(report.members ?? []).map((name) => joinPath(report.path, name))])
            this.#places.set(uriBelow(root, plainPath(path)), { root, path });
          for (const { severity } of report.findings) findings[severity] += 1;
          suppressed += report.suppressed?.length ?? 0;
          if (report.status !== 'scanned') incomplete += 1;
          puts.push(this.files.put(uri, { ...report, path: joinPath(name, report.path) }, { remote: root }));
        },
        onProgress: ({ planned, done, plannedBytes, transferredBytes = 0, listed }) => {
          if (Date.now() - told < PROGRESS_EVERY_MS && done < planned) return;
          told = Date.now();
          if (listed !== undefined) {
            progress?.report(0, `${listed} files listed`);
            return;
          }
          const read = `${megabytes(transferredBytes)} of ${megabytes(plannedBytes)}`;
          progress?.report(planned ? Math.round((100 * done) / planned) : 0, `${done} of ${planned}, ${read}`);
        },
      },
    );
    await Promise.all(puts);
    const transfer = result.transfer ?? { bytes: 0, requests: 0, read: 0, ofBytes: 0 };
    if (seen.size || !result.cancelled) {
      const { label, facts = [], notScanned } = result;
      const before = this.#scanned.get(root);
      this.#closeReader(root);
      this.#scanned.set(root, {
        ...{ root, label, spec, facts, transfer, notScanned, environment },
        // Findings of an earlier scan that a cancelled one has left may be of another commit.
        pinned: result.cancelled && before ? before.pinned : pinned(spec, facts),
      });
    }
    // What the last scan of the same source had found and this one has not.
    if (!result.cancelled) this.store.deleteWhere(({ uri, remote }) => remote === root && !seen.has(uri));
    return {
      root,
      label: result.label,
      read: transferSentence(transfer),
      facts: [...(result.facts ?? [])],
      artifacts: result.artifacts.length,
      findings,
      suppressed,
      notScanned: incomplete + result.notScanned.filter(({ unreadable }) => unreadable).length,
      unchanged: 0,
      cancelled: result.cancelled,
      milliseconds: Date.now() - started,
    };
  }

  /** @throws RemoteError when it was not scanned, or can no longer be read */
  async text(uri: string): Promise<string> {
    const place = this.#places.get(uri);
    const scanned = place && this.#scanned.get(place.root);
    if (!scanned) throw new RemoteError('not-found', 'this file belongs to no remote scan of this session');
    try {
      const source = await this.#reader(scanned);
      const file = await source.open(place.path);
      try {
        return new TextDecoder().decode(await file.read(0, Math.min(file.size, MOST_TEXT)));
      } finally {
        await file.close();
      }
    } catch (error) {
      // What failed once is asked for anew the next time.
      this.#closeReader(place.root);
      throw error;
    }
  }

  /** Closes what is open for texts, with its temporary folders. */
  async dispose(): Promise<void> {
    const closing = [...this.#readers.values()].map(({ source }) => source.then((opened) => opened.close()));
    for (const root of [...this.#readers.keys()]) this.#closeReader(root);
    await Promise.allSettled(closing);
  }

  /** A source that stays open for a while: to fetch a repository again for every text would be slow. */
  #reader({ root, pinned, environment }: Scanned): Promise<Source> {
    const kept = this.#readers.get(root);
    kept?.timer.refresh();
    if (kept) return kept.source;
    const source = (async () => {
      const { scan: settings } = await this.workspace.settingsFor('');
      const opened = openSource(pinned, settings, environment);
      try {
        // A git repository has to be there before one of its files can be opened; others open by name.
        if (pinned.kind === 'git') for await (const _ of opened.list());
        return opened;
      } catch (error) {
        await opened.close();
        throw error;
      }
    })();
    const timer = setTimeout(() => this.#closeReader(root), READER_KEPT_MS).unref();
    this.#readers.set(root, { source, timer });
    return source;
  }

  #closeReader(root: string): void {
    const kept = this.#readers.get(root);
    this.#readers.delete(root);
    clearTimeout(kept?.timer);
    kept?.source.then((source) => source.close()).catch(() => undefined);
  }
}

export function handleRemoteRequests(connection: Connection, remote: RemoteScans): void {
  connection.onRequest(ScanRemote.type, async (params, token) => {
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    const { workDoneToken } = params;
    const progress = workDoneToken === undefined ? undefined : connection.window.attachWorkDoneProgress(workDoneToken);
    progress?.begin('Watchtower', 0, undefined, true);
    try {
      return await remote.scan(params, abort.signal, progress);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const known = error instanceof RemoteError ? error : undefined;
      const failure: ScanRemote.Failure = { kind: known?.kind ?? 'refused', ...(known?.page && { page: known.page }) };
      return new ResponseError(LSPErrorCodes.RequestFailed, message, failure);
    } finally {
      progress?.done();
    }
  });
  connection.onRequest(ParseRemote.type, (params) => remote.parse(params));
  connection.onRequest(CloseRemote.type, ({ root }) => {
    remote.close(root);
    return null;
  });
  connection.onRequest(RemoteText.type, async ({ uri }) => ({ text: await remote.text(uri) }));
}

/** What a source is called in views, as a path: `hf/owner/model@main`. Two sources never have the same name. */
function nameOf(spec: RemoteSpec): string {
  switch (spec.kind) {
    case 'huggingface': {
      const folder = spec.repoType === 'model' ? 'hf' : `hf/${spec.repoType}s`;
      return `${folder}/${spec.repo}@${spec.revision ?? 'main'}${within(spec.subfolder)}`;
    }
    case 'git': {
      const { host, pathname } = new URL(spec.url);
      const ref = spec.ref ?? spec.refAndFolder;
      return `${host}${pathname.replace(/\.git$|\/+$/g, '')}${ref ? `@${ref}` : ''}${within(spec.subfolder)}`;
    }
    case 's3':
      return `s3/${spec.bucket}${within(spec.prefix)}`;
  }
}

function rootOf(spec: RemoteSpec): string {
  return uriBelow(`${REMOTE_SCHEME}:`, nameOf(spec));
}

/** A part of a source is a source of its own; one segment, so that none lies below another. */
function within(folder: string | undefined): string {
  return folder ? `:${plainPath(folder).replaceAll('/', '\u2215')}` : '';
}

/** Segments that addresses would resolve away (`..` is a legal part of a key) are spelled out. */
function plainPath(path: string): string {
  // The root itself, as an artifact.
  if (path === '.') return path;
  return path
    .split('/')
    .map((segment) => (segment === '.' || segment === '..' ? segment.replaceAll('.', '%2E') : segment))
    .join('/');
}

function labelOf(spec: RemoteSpec): string {
  switch (spec.kind) {
    case 'huggingface':
      return `hf:${spec.repoType === 'model' ? '' : `${spec.repoType}s/`}${spec.repo}@${spec.revision ?? 'main'}`;
    case 'git': {
      const ref = spec.ref ?? spec.refAndFolder;
      return `${spec.url}${ref ? `@${ref}` : ''}`;
    }
    case 's3':
      return `s3://${spec.bucket}/${spec.prefix}`;
  }
}

/** Whose credential a source takes. */
function realmOf(spec: RemoteSpec): ParseRemote.Source['realm'] {
  switch (spec.kind) {
    case 'huggingface':
      return { kind: 'token', host: new URL(spec.endpoint ?? HUGGING_FACE).host };
    case 'git':
      return { kind: 'token', host: new URL(spec.url).host };
    case 's3':
      return spec.anonymous
        ? undefined
        : { kind: 's3', store: spec.endpoint ? new URL(spec.endpoint).host : 'Amazon S3' };
  }
}

/** The same source at the commit that was scanned, so that a text is the one its findings are about. */
function pinned(spec: RemoteSpec, facts: ReadonlyArray<{ label: string; value: string }> | undefined): RemoteSpec {
  const commit = facts?.find(({ label }) => label === 'commit')?.value;
  if (!commit || spec.kind === 's3') return spec;
  return spec.kind === 'huggingface'
    ? { ...spec, revision: commit }
    : { ...spec, ref: commit, refAndFolder: undefined };
}

function megabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
