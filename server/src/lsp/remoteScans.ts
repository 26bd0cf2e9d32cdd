import {
  type Connection,
  LSPErrorCodes,
  ResponseError,
  type WorkDoneProgressReporter,
} from 'vscode-languageserver/node';
import type { Severity } from '../core/finding';
import type { SourceEnvironment } from '../core/sources/environment';
import { openSource } from '../core/sources/open';
import { parseTarget } from '../core/sources/parse';
import { RemoteError } from '../core/sources/remoteError';
import type { RemoteSpec } from '../core/sources/source';
import { transferSentence } from '../core/sources/transferSentence';
import { REMOTE_SCHEME, RemoteText, ScanRemote } from '../protocol/messages';
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
/** Text that a read-only view shows. */
const MOST_TEXT = 4 * 2 ** 20;

interface Scanned {
  spec: RemoteSpec;
  environment: SourceEnvironment;
}

/** Scans of what lies on other machines. Credentials are kept in memory for as long as the server runs, for its text views. */
export class RemoteScans {
  readonly #scanned = new Map<string, Scanned>();
  readonly #places = new Map<string, { root: string; path: string }>();
  readonly #http: EditorHttp;
  #swept: Promise<unknown> | undefined;

  constructor(
    connection: Connection,
    private readonly workspace: Workspace,
    private readonly scanner: Scanner,
    private readonly store: FindingsStore,
    private readonly files: FileScans,
  ) {
    this.#http = new EditorHttp(connection);
  }

  /** @throws TargetError, RemoteError */
  async scan(
    { target, options, credentials, proxy }: ScanRemote.Params,
    signal: AbortSignal,
    progress: WorkDoneProgressReporter | undefined,
  ): Promise<ScanRemote.Result> {
    const started = Date.now();
    this.#swept ??= sweepTemporaryFolders();
    await this.#swept;
    const spec = parseTarget(target, options);
    const environment = remoteEnvironment({
      credentials,
      env: process.env,
      http: this.#http,
      ...(proxy && { proxy }),
    });
    const { scan: settings } = await this.workspace.settingsFor('');
    const name = nameOf(spec);
    const root = uriBelow(`${REMOTE_SCHEME}:`, name);
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
        onArtifact: (report) => {
          const uri = uriBelow(root, report.path);
          seen.add(uri);
          this.#places.set(uri, { root, path: report.path });
          for (const { severity } of report.findings) findings[severity] += 1;
          suppressed += report.suppressed?.length ?? 0;
          if (report.status !== 'scanned') incomplete += 1;
          puts.push(this.files.put(uri, { ...report, path: `${name}/${report.path}` }));
        },
        onProgress: ({ planned, done, plannedBytes, transferredBytes = 0 }) => {
          if (Date.now() - told < PROGRESS_EVERY_MS && done < planned) return;
          told = Date.now();
          const read = `${megabytes(transferredBytes)} of ${megabytes(plannedBytes)}`;
          progress?.report(planned ? Math.round((100 * done) / planned) : 0, `${done} of ${planned}, ${read}`);
        },
      },
    );
    await Promise.all(puts);
    this.#scanned.set(root, { spec: pinned(spec, result.facts), environment });
    // What the last scan of the same source had found and this one has not.
    if (!result.cancelled) this.store.deleteWhere(({ uri }) => uri.startsWith(`${root}/`) && !seen.has(uri));
    return {
      label: result.label,
      read: transferSentence(result.transfer ?? { bytes: 0, requests: 0, ofBytes: 0 }),
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
    const { scan: settings } = await this.workspace.settingsFor('');
    const source = openSource(scanned.spec, settings, scanned.environment);
    try {
      // A git repository has to be there before one of its files can be opened; others open by name.
      if (scanned.spec.kind === 'git') for await (const _ of source.list());
      const file = await source.open(place.path);
      try {
        return new TextDecoder().decode(await file.read(0, Math.min(file.size, MOST_TEXT)));
      } finally {
        await file.close();
      }
    } finally {
      await source.close();
    }
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
  connection.onRequest(RemoteText.type, async ({ uri }) => ({ text: await remote.text(uri) }));
}

/** What a source is called in views, as a path: `hf/owner/model@main`. */
function nameOf(spec: RemoteSpec): string {
  switch (spec.kind) {
    case 'huggingface': {
      const folder = spec.repoType === 'model' ? 'hf' : `hf/${spec.repoType}s`;
      return `${folder}/${spec.repo}@${spec.revision ?? 'main'}`;
    }
    case 'git': {
      const { host, pathname } = new URL(spec.url);
      const ref = spec.ref ?? spec.refAndFolder;
      return `${host}${pathname.replace(/\.git$|\/+$/g, '')}${ref ? `@${ref}` : ''}`;
    }
    case 's3':
      return `s3/${spec.bucket}`;
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
