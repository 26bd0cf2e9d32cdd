import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Behaviour, RangeServer, type ServedObject } from './rangeServer';

export interface HubFile {
  object: ServedObject;
  /** Kept in large file storage: `resolve` redirects to the second host. */
  lfs?: boolean;
  behaviour?: Behaviour;
}

export interface HubRepository {
  files: Map<string, HubFile>;
  commit: string;
  gated?: boolean;
  private?: boolean;
  info?: Record<string, unknown>;
}

/**
 * Speaks the Hugging Face hub's protocol as its clients know it: revision, paged tree, resolve with a redirect to a
 * second host (127.0.0.1 against localhost), X-Error-Code, rate limits.
 */
export class HubServer {
  readonly repositories = new Map<string, HubRepository>();
  readonly cdn = new RangeServer();
  readonly requests: { url: string; authorization: string | undefined }[] = [];
  readonly token = `hf_${'x'.repeat(34)}`;
  pageSize = 3;
  /** Answers this many requests with 429 first. */
  limited = 0;
  resetSeconds = 5;
  /** Where listings say that they go on; the hub itself when empty. */
  nextOrigin = '';
  /** Served instead of the commit that was listed. */
  servedCommit = '';
  origin = '';
  #cdnOrigin = '';
  readonly #server: Server = createServer((request, response) => this.#handle(request, response));

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.origin = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    this.#cdnOrigin = (await this.cdn.start()).replace('127.0.0.1', 'localhost');
    return this.origin;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.cdn.stop();
  }

  /** @param id with its prefix: `owner/name`, `datasets/owner/name`, `spaces/owner/name` */
  add(id: string, files: Record<string, Uint8Array>, more: Partial<HubRepository> = {}): HubRepository {
    const repository: HubRepository = {
      commit: createHash('sha1').update(id).digest('hex'),
      files: new Map(),
      ...more,
    };
    for (const [path, bytes] of Object.entries(files)) {
      const object = {
        size: bytes.length,
        slice: (a: number, b: number) => bytes.subarray(a, b),
        etag: `"${path.length}-${bytes.length}"`,
      };
      repository.files.set(path, { object, lfs: bytes.length > 1000 });
    }
    this.repositories.set(id, repository);
    return repository;
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const { authorization } = request.headers;
    this.requests.push({ url: request.url ?? '', authorization });
    const url = new URL(request.url ?? '/', this.origin);
    const error = (status: number, code: string) =>
      response.writeHead(status, { 'x-error-code': code, 'x-error-message': code }).end();
    if (this.limited > 0) {
      this.limited -= 1;
      response.writeHead(429, { ratelimit: `"api";r=0;t=${this.resetSeconds}` }).end();
      return;
    }
    const api = /^\/api\/(models|datasets|spaces)\/([^/]+\/[^/]+)\/(revision|tree)\/([^/]+)(?:\/(.*))?$/.exec(
      url.pathname,
    );
    const resolve = /^\/(datasets\/|spaces\/)?([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(url.pathname);
    const prefix = api ? (api[1] === 'models' ? '' : `${api[1]}/`) : (resolve?.[1] ?? '');
    const repository = this.repositories.get(prefix + (api?.[2] ?? resolve?.[2] ?? ''));
    const allowed = authorization === `Bearer ${this.token}`;
    if (!repository || (repository.private && !allowed)) return void error(allowed ? 404 : 401, 'RepoNotFound');
    const revision = decodeURIComponent((api?.[4] ?? resolve?.[3]) as string);
    if (revision !== repository.commit && revision !== 'main' && revision !== 'feature/x')
      return void error(404, 'RevisionNotFound');
    const commit = { 'x-repo-commit': this.servedCommit || repository.commit };
    if (api?.[3] === 'revision') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({
          id: api[2],
          sha: repository.commit,
          gated: repository.gated ? 'manual' : false,
          ...repository.info,
        }),
      );
      return;
    }
    if (api) {
      const folder = api[5] ? `${decodeURIComponent(api[5])}/` : '';
      const recursive = url.searchParams.get('recursive') === 'true';
      const all = [...repository.files].filter(
        ([path]) => path.startsWith(folder) && (recursive || !path.slice(folder.length).includes('/')),
      );
      if (folder && all.length === 0) return void error(404, 'EntryNotFound');
      const start = Number(url.searchParams.get('cursor') ?? 0);
      const page = all.slice(start, start + this.pageSize).map(([path, { object, lfs }]) => ({
        type: 'file',
        oid: createHash('sha1').update(path).digest('hex'),
        size: object.size,
        path,
        ...(lfs && {
          lfs: {
            oid: createHash('sha256')
              .update(object.slice(0, Math.min(object.size, 2 ** 24)))
              .digest('hex'),
            size: object.size,
            pointerSize: 130,
          },
        }),
      }));
      const next = new URL(url.href);
      next.searchParams.set('cursor', String(start + this.pageSize));
      const link =
        start + this.pageSize < all.length
          ? `<${this.nextOrigin || this.origin}${next.pathname}${next.search}>; rel="next"`
          : undefined;
      response.writeHead(200, { 'content-type': 'application/json', ...(link && { link }) });
      response.end(JSON.stringify(page));
      return;
    }
    if (repository.gated && !allowed) return void error(authorization ? 403 : 401, 'GatedRepo');
    const path = decodeURIComponent(resolve?.[4] as string);
    const file = repository.files.get(path);
    if (!file) return void error(404, 'EntryNotFound');
    for (const [name, value] of Object.entries(commit)) response.setHeader(name, value);
    if (!file.lfs) {
      this.cdn.answer(request, response, file.object, file.behaviour);
      return;
    }
    const place = `/${repository.commit}/${encodeURIComponent(path)}`;
    this.cdn.put(decodeURIComponent(place), file.object, file.behaviour);
    response.writeHead(302, {
      location: `${this.#cdnOrigin}${place}?signature=1`,
      'x-linked-size': String(file.object.size),
    });
    response.end();
  }
}
