import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { bytesObject, RangeServer } from './rangeServer';

/** Runs git for the fixture, away from the configuration of whoever runs the tests. */
export function git(cwd: string, args: readonly string[], input?: string | Uint8Array): string {
  return execFileSync('git', args, {
    cwd,
    input,
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH,
      HOME: cwd,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'a',
      GIT_AUTHOR_EMAIL: 'a@example.invalid',
      GIT_COMMITTER_NAME: 'a',
      GIT_COMMITTER_EMAIL: 'a@example.invalid',
      GIT_AUTHOR_DATE: '2024-01-01T00:00:00Z',
      GIT_COMMITTER_DATE: '2024-01-01T00:00:00Z',
    },
  });
}

/** `git http-backend` behind Node, with Git LFS' batch API and a little of GitHub's REST interface beside it. */
export class GitServer {
  readonly requests: { method: string; url: string; authorization: string | undefined }[] = [];
  readonly lfs = new Map<string, Uint8Array>();
  readonly lfsStore = new RangeServer();
  /** Basic credentials that every request needs, when set. */
  authorization = '';
  /** Answers of the REST interface by path and query. */
  readonly api = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>();
  origin = '';
  #storeOrigin = '';
  readonly #server: Server = createServer((request, response) => this.#handle(request, response));

  constructor(private readonly root: string) {}

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.origin = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    this.#storeOrigin = (await this.lfsStore.start()).replace('127.0.0.1', 'localhost');
    return this.origin;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.lfsStore.stop();
  }

  addLfs(bytes: Uint8Array): string {
    const oid = createHash('sha256').update(bytes).digest('hex');
    this.lfs.set(oid, bytes);
    this.lfsStore.put(`/${oid}`, bytesObject(bytes));
    return `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${bytes.length}\n`;
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const { authorization } = request.headers;
    this.requests.push({ method: request.method ?? '', url: request.url ?? '', authorization });
    const url = new URL(request.url ?? '/', this.origin);
    const rest = this.api.get(url.pathname + url.search) ?? this.api.get(url.pathname);
    if (rest) {
      rest(request, response);
      return;
    }
    if (this.authorization && authorization !== this.authorization) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
      return;
    }
    if (url.pathname.endsWith('/info/lfs/objects/batch')) this.#batch(request, response);
    else this.#backend(request, response, url);
  }

  #batch(request: IncomingMessage, response: ServerResponse): void {
    let body = '';
    request.on('data', (piece) => {
      body += String(piece);
    });
    request.on('end', () => {
      const { objects } = JSON.parse(body) as { objects: { oid: string; size: number }[] };
      response.writeHead(200, { 'content-type': 'application/vnd.git-lfs+json' });
      response.end(
        JSON.stringify({
          transfer: 'basic',
          objects: objects.map(({ oid, size }) =>
            this.lfs.has(oid)
              ? {
                  oid,
                  size,
                  actions: {
                    download: {
                      href: `${this.#storeOrigin}/${oid}`,
                      header: { 'X-Store': 'yes', Host: 'evil' },
                      expires_in: 3600,
                    },
                  },
                }
              : { oid, size, error: { code: 404, message: 'Object does not exist' } },
          ),
        }),
      );
    });
  }

  #backend(request: IncomingMessage, response: ServerResponse, url: URL): void {
    const child = spawn('git', ['http-backend'], {
      env: {
        PATH: process.env.PATH,
        HOME: this.root,
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_PROJECT_ROOT: this.root,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: decodeURIComponent(url.pathname),
        QUERY_STRING: url.search.slice(1),
        REQUEST_METHOD: request.method,
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
        GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
        REMOTE_ADDR: '127.0.0.1',
      },
    });
    request.pipe(child.stdin);
    child.stdin.on('error', () => undefined);
    let head = Buffer.alloc(0);
    let sent = false;
    child.stdout.on('data', (piece: Buffer) => {
      if (sent) {
        response.write(piece);
        return;
      }
      head = Buffer.concat([head, piece]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      let status = 200;
      const headers: Record<string, string> = {};
      for (const line of head.subarray(0, end).toString().split('\r\n')) {
        const colon = line.indexOf(':');
        const name = line.slice(0, colon).toLowerCase();
        const value = line.slice(colon + 1).trim();
        if (name === 'status') status = Number.parseInt(value, 10);
        else headers[name] = value;
      }
      response.writeHead(status, headers);
      response.write(head.subarray(end + 4));
      sent = true;
    });
    child.stdout.on('end', () => response.end());
  }
}

/** Makes a bare repository that serves partial clones. @param files path to content; `mode` 120000 makes a link */
export function makeRepository(
  root: string,
  name: string,
  files: Record<string, { content: string | Uint8Array; mode?: '100644' | '120000' | '160000' }>,
  branch = 'main',
): { folder: string; commit: string } {
  const folder = path.join(root, name);
  git(root, ['init', '--bare', '--quiet', `--initial-branch=${branch}`, name]);
  git(folder, ['config', 'uploadpack.allowFilter', 'true']);
  git(folder, ['config', 'uploadpack.allowAnySHA1InWant', 'true']);
  return { folder, commit: commitTo(folder, files, branch) };
}

export function commitTo(
  folder: string,
  files: Record<string, { content: string | Uint8Array; mode?: string }>,
  branch: string,
): string {
  const index: string[] = [];
  for (const [file, { content, mode = '100644' }] of Object.entries(files)) {
    const oid =
      mode === '160000' ? String(content) : git(folder, ['hash-object', '-w', '--stdin'], content as Uint8Array).trim();
    index.push(`${mode} ${oid}\t${file}`);
  }
  git(folder, ['read-tree', '--empty']);
  git(folder, ['update-index', '-z', '--index-info'], `${index.join('\0')}\0`);
  const tree = git(folder, ['write-tree']).trim();
  const commit = git(folder, ['commit-tree', tree, '-m', 'commit']).trim();
  git(folder, ['update-ref', `refs/heads/${branch}`, commit]);
  return commit;
}
