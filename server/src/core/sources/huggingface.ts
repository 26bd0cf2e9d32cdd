import type { ClosableByteSource } from '../io/byteSource';
import { HttpRangeTransport } from '../io/httpRange';
import { evidenceText } from '../redact';
import type { ScanSettings } from '../settings';
import type { SourceEnvironment } from './environment';
import {
  encodePath,
  type FollowOptions,
  type HttpResponse,
  nextLink,
  parseUrl,
  readJson,
  requestPatiently,
} from './http';
import { RemoteError } from './remoteError';
import { RemoteFiles } from './remoteFiles';
import type { HuggingFaceSpec, Source, SourceEntry, SourceFact, SourceSkip, TransferStats } from './source';

export const HUGGING_FACE = 'https://huggingface.co';

/** Pages of a listing; a thousand files are on each. */
const MOST_PAGES = 5000;
const COMMIT = /^[0-9a-f]{40}$/;
const PREFIX = { model: '', dataset: 'datasets/', space: 'spaces/' } as const;

/**
 * A repository of a Hugging Face hub, read through its REST interface: the tree for the names, `resolve` with ranges for
 * the bytes. The first answer pins the revision to a commit. The token goes to the hub's own origin and nowhere else.
 */
export class HuggingFaceSource implements Source {
  readonly #files: RemoteFiles;
  readonly #endpoint: string;
  readonly #page: string;
  readonly #follow: FollowOptions;
  readonly #sizes = new Map<string, { size: number; sha256?: string }>();
  readonly #facts: SourceFact[] = [];
  #commit: Promise<string> | undefined;
  #pinned: string | undefined;

  constructor(
    private readonly spec: HuggingFaceSpec,
    settings: ScanSettings,
    private readonly environment: SourceEnvironment,
  ) {
    const endpoint = parseUrl(spec.endpoint ?? HUGGING_FACE);
    this.#endpoint = endpoint.href.replace(/\/+$/, '');
    this.#page = `${this.#endpoint}/${PREFIX[spec.repoType]}${encodePath(spec.repo)}`;
    const { token } = environment.credentials;
    this.#follow = {
      allowHttpOrigin: endpoint.origin,
      ...(token && { credential: { origin: endpoint.origin, headers: { authorization: `Bearer ${token}` } } }),
    };
    this.#files = new RemoteFiles(settings, environment);
  }

  get label(): string {
    const { repoType, repo, revision } = this.spec;
    const at =
      this.#pinned && revision !== this.#pinned ? `${revision ?? 'main'} (${this.#pinned.slice(0, 12)})` : revision;
    return `hf:${PREFIX[repoType]}${repo}${at ? `@${at}` : ''}`;
  }

  async *list(signal?: AbortSignal): AsyncIterable<SourceEntry | SourceSkip> {
    const commit = await this.#resolve(signal);
    const tally = { safetensors: 0, pickles: 0, python: 0 };
    const { subfolder } = this.spec;
    try {
      yield* this.#tree(commit, subfolder ?? '', true, undefined, tally, signal);
    } catch (error) {
      if (!subfolder || !(error instanceof RemoteError) || error.kind !== 'not-found') throw error;
      // It may be a file: those are only listed in their folder.
      const slash = subfolder.lastIndexOf('/');
      let found = false;
      for await (const entry of this.#tree(
        commit,
        subfolder.slice(0, Math.max(0, slash)),
        false,
        subfolder,
        tally,
        signal,
      )) {
        found = true;
        yield entry;
      }
      if (!found) throw error;
    }
    this.#describe(tally);
  }

  async *#tree(
    commit: string,
    folder: string,
    recursive: boolean,
    only: string | undefined,
    tally: { safetensors: number; pickles: number; python: number },
    signal?: AbortSignal,
  ): AsyncIterable<SourceEntry | SourceSkip> {
    const { repoType, repo } = this.spec;
    const below = folder ? `/${encodePath(folder)}` : '';
    let url: string | undefined =
      `${this.#endpoint}/api/${repoType}s/${encodePath(repo)}/tree/${commit}${below}?recursive=${recursive}&expand=false`;
    const origin = new URL(url).origin;
    const asked = new Set<string>();
    while (url) {
      signal?.throwIfAborted();
      if (asked.has(url) || asked.size >= MOST_PAGES)
        throw new RemoteError('protocol', 'the listing of the hub does not end');
      asked.add(url);
      const { response, url: from } = await this.#ask(url, signal);
      const page = await readJson(response, undefined, this.#files.meter);
      if (!Array.isArray(page)) throw new RemoteError('protocol', 'the hub does not answer with a list of files');
      for (const item of page as unknown[]) {
        const entry = treeEntry(item);
        if (!entry) continue;
        if (only !== undefined && entry.path !== only) continue;
        count(tally, entry.path);
        this.#sizes.set(entry.path, { size: entry.size, ...(entry.sha256 && { sha256: entry.sha256 }) });
        yield this.#files.listed(entry.path, entry.size);
      }
      const next = nextLink(response.header('link'), from);
      // A link to another place would be asked with the token: whoever answers for the hub may not send it away.
      if (next && next.origin !== origin) throw new RemoteError('refused', 'the listing goes on at another host');
      url = next?.href;
    }
  }

  open(path: string): Promise<ClosableByteSource> {
    return this.#files.guarded(async () => {
      const commit = await this.#resolve();
      const known = this.#sizes.get(path);
      const transport = new HttpRangeTransport(
        this.environment.http,
        `${this.#page}/resolve/${commit}/${encodePath(path)}`,
        {
          ...this.#follow,
          ...(this.environment.patience && { patience: this.environment.patience }),
          errorOf: (response) => this.#errorOf(response),
          inspect: (hops, response) => {
            const served = [...hops, response].map((answer) => answer.header('x-repo-commit')).find(Boolean);
            if (served && served !== commit)
              throw new RemoteError('changed', 'the hub serves another commit than the one listed');
          },
        },
      );
      return this.#files.open(path, transport, known?.size, known?.sha256);
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

  close(): Promise<void> {
    return this.#files.close();
  }

  /** The commit that the revision means now; asked once. */
  #resolve(signal?: AbortSignal): Promise<string> {
    this.#commit ??= this.#info(signal);
    return this.#commit;
  }

  async #info(signal?: AbortSignal): Promise<string> {
    const { repoType, repo, revision = 'main' } = this.spec;
    const url = `${this.#endpoint}/api/${repoType}s/${encodePath(repo)}/revision/${encodeURIComponent(revision)}?securityStatus=true`;
    const { response } = await this.#ask(url, signal);
    const info = asRecord(await readJson(response, undefined, this.#files.meter));
    const sha = info?.sha;
    if (!info || typeof sha !== 'string' || !COMMIT.test(sha)) {
      throw new RemoteError('protocol', 'the hub does not say which commit the revision is');
    }
    this.#pinned = sha;
    this.#facts.push(...factsOf(info));
    return sha;
  }

  async #ask(url: string, signal?: AbortSignal): Promise<{ response: HttpResponse; url: string }> {
    this.#files.meter.begin(0);
    const answer = await requestPatiently(
      this.environment.http,
      { url, headers: { accept: 'application/json', 'accept-encoding': 'identity' }, ...(signal && { signal }) },
      { ...this.#follow, patience: this.environment.patience },
    );
    if (answer.response.status !== 200) throw this.#errorOf(answer.response);
    return answer;
  }

  #errorOf(response: HttpResponse): RemoteError {
    response.cancel();
    const { repo, revision = 'main' } = this.spec;
    const hasToken = Boolean(this.environment.credentials.token);
    const code = response.header('x-error-code');
    if (code === 'GatedRepo') {
      const what = hasToken ? 'accept its terms with the account of this token' : 'accept its terms and give a token';
      return new RemoteError('gated', `${repo} is gated: ${what} at ${this.#page}`, { page: this.#page });
    }
    if (code === 'RevisionNotFound')
      return new RemoteError('not-found', `${repo} has no revision ${evidenceText(revision, 80)}`);
    if (code === 'EntryNotFound')
      return new RemoteError('not-found', `there is no such file in ${repo} at this revision`);
    if (code === 'RepoNotFound' || response.status === 404) {
      const hint = hasToken ? 'or the token has no right to it' : 'or it is private and needs a token';
      return new RemoteError('not-found', `there is no repository ${repo} on ${new URL(this.#endpoint).host}, ${hint}`);
    }
    if (response.status === 401) {
      return new RemoteError(
        'unauthorized',
        hasToken ? `the token is not accepted for ${repo}` : `${repo} needs a token`,
      );
    }
    if (response.status === 403) return new RemoteError('forbidden', `the hub refuses access to ${repo}`);
    return new RemoteError('protocol', `the hub answers with status ${response.status}`);
  }

  #describe({ safetensors, pickles, python }: { safetensors: number; pickles: number; python: number }): void {
    const { repoType, repo } = this.spec;
    const script = `${repo.slice(repo.lastIndexOf('/') + 1)}.py`;
    if (repoType === 'dataset' && this.#sizes.has(script)) {
      const value = `datasets before version 4 runs ${evidenceText(script, 80)} when it is told trust_remote_code=True`;
      this.#facts.push({ label: 'loading script', value, level: 'notice' });
    }
    if (repoType !== 'model') return;
    if (pickles && safetensors) {
      this.#facts.push({
        label: 'safetensors files',
        value: `${safetensors} beside ${pickles} pickle-based: load the former (use_safetensors=True)`,
        level: 'info',
      });
    } else if (pickles) {
      this.#facts.push({
        label: 'pickle only',
        value: `the weights are in ${pickles} pickle-based ${pickles === 1 ? 'file' : 'files'}, and there is no safetensors alternative`,
        level: 'notice',
      });
    }
    if (python) {
      this.#facts.push({
        label: 'Python files',
        value: python === 1 ? 'one is part of the repository' : `${python} are part of the repository`,
        level: 'info',
      });
    }
  }
}

function count(tally: { safetensors: number; pickles: number; python: number }, path: string): void {
  if (/\.safetensors$/i.test(path)) tally.safetensors += 1;
  else if (/\.(?:bin|pt|pth|ckpt|pkl|pickle|joblib|dill)$/i.test(path)) tally.pickles += 1;
  else if (/\.py$/i.test(path)) tally.python += 1;
}

function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function treeEntry(value: unknown): { path: string; size: number; sha256?: string } | undefined {
  const item = asRecord(value);
  if (item?.type !== 'file' || typeof item.path !== 'string') return undefined;
  const lfs = asRecord(item.lfs);
  const size = lfs?.size ?? item.size;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return undefined;
  const oid = lfs?.oid;
  return { path: item.path, size, ...(typeof oid === 'string' && /^[0-9a-f]{64}$/.test(oid) && { sha256: oid }) };
}

/** What the hub itself says of a repository (`/api/models/ID/revision/REV`). All of it is its authors' or the hub's word. */
function factsOf(info: Record<string, unknown>): SourceFact[] {
  const facts: SourceFact[] = [];
  const add = (label: string, value: unknown, level: SourceFact['level'] = 'info') => {
    const texts = (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string' && item !== '');
    if (texts.length) facts.push({ label, value: evidenceText(texts.slice(0, 5).join(', ')), level });
  };
  const card = asRecord(info.cardData);
  const tags = Array.isArray(info.tags) ? info.tags.filter((tag): tag is string => typeof tag === 'string') : [];
  const tagged = (name: string) =>
    tags.filter((tag) => tag.startsWith(`${name}:`)).map((tag) => tag.slice(name.length + 1));
  add('commit', info.sha);
  add('licence', card?.license ?? tagged('license'));
  add('base model', card?.base_model ?? tagged('base_model').filter((tag) => !tag.includes(':')));
  add('library', info.library_name);
  if (info.private === true) add('access', 'private');
  if (info.gated && info.gated !== false)
    add('access', `gated (${info.gated === 'manual' ? 'approval by its authors' : 'terms to accept'})`);
  if (info.disabled === true) add('state', 'disabled by the hub', 'notice');
  const autoMap = asRecord(asRecord(info.config)?.auto_map);
  if (autoMap || tags.includes('custom_code')) {
    const names = autoMap ? `: ${Object.keys(autoMap).slice(0, 5).join(', ')}` : '';
    add('custom code', `loading with trust_remote_code=True runs the repository's own Python${names}`, 'notice');
  }
  const security = asRecord(info.securityRepoStatus ?? info.securityStatus);
  const issues = Array.isArray(security?.filesWithIssues) ? (security.filesWithIssues as unknown[]) : [];
  for (const issue of issues.slice(0, 20)) {
    const file = asRecord(issue);
    if (typeof file?.path === 'string')
      add("the hub's own scan", `${file.path}: ${String(file.level ?? 'issue')}`, 'notice');
  }
  if (security && issues.length === 0) {
    add("the hub's own scan", security.scansDone === true ? 'nothing found' : 'not finished');
  }
  return facts;
}
