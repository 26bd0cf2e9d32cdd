import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BudgetExceeded } from '../../src/core/budget';
import { DEFAULT_SETTINGS, type ScanSettings } from '../../src/core/settings';
import { GitHubSource } from '../../src/core/sources/git/github';
import { GitSource } from '../../src/core/sources/git/source';
import { RemoteError } from '../../src/core/sources/remoteError';
import type { GitSpec, Source } from '../../src/core/sources/source';
import { findGit } from '../../src/remote/gitProcess';
import { SystemTemporaryFolders, sweepTemporaryFolders } from '../../src/remote/temporaryFolders';
import { listAll, type TestEnvironment, testEnvironment } from './support/environment';
import { commitTo, GitServer, git, makeRepository } from './support/gitServer';

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function random(size: number): Uint8Array {
  const out = new Uint8Array(size);
  let state = 1234567;
  for (let i = 0; i < size; i += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out[i] = state >>> 24;
  }
  return out;
}

describe('git source', function () {
  this.timeout(60_000);
  let root = '';
  let server: GitServer;
  const environments: TestEnvironment[] = [];
  const model = random(700_000);
  const big = random(3_000_000);
  let commit = '';
  let marker = '';
  let systemTemporary: string | undefined;

  before(async function () {
    if (!findGit(process.env)) {
      console.log('      skipped: git is not installed');
      this.skip();
    }
    root = mkdtempSync(path.join(tmpdir(), 'watchtower-test-git-'));
    // A temporary folder of its own: another Watchtower that runs at the same time must not count.
    systemTemporary = process.env.TMPDIR;
    process.env.TMPDIR = path.join(root, 'temporary');
    mkdirSync(process.env.TMPDIR);
    marker = path.join(root, 'executed');
    server = new GitServer(root);
    await server.start();
    const pointer = server.addLfs(model);
    const hook = `#!/bin/sh\ntouch ${marker}\n`;
    const made = makeRepository(root, 'repo.git', {
      'README.md': { content: 'read me' },
      'src/train.py': { content: 'import torch\n' },
      'weights/model.bin': { content: pointer },
      'weights/gone.bin': { content: pointer.replace(/oid sha256:..../, 'oid sha256:0000') },
      'weights/big.pt': { content: big },
      passwd: { content: '/etc/passwd', mode: '120000' },
      'vendor/evil': { content: '1'.repeat(40), mode: '160000' },
      '.gitmodules': { content: `[submodule "evil"]\n\tpath = vendor/evil\n\turl = ext::sh -c "touch% ${marker}"\n` },
      '.gitattributes': { content: '*.bin filter=lfs diff=lfs\n*.py filter=run\n' },
      '.lfsconfig': { content: '[lfs]\n\turl = http://127.0.0.1:1/steal\n' },
      '.githooks/post-checkout': { content: hook },
      'a\nb "c" $(touch x);é.txt': { content: 'odd' },
      'empty.pkl': { content: '' },
    });
    commit = made.commit;
    commitTo(made.folder, { 'only.txt': { content: 'feature' }, 'sub/two.txt': { content: '2' } }, 'feature/x');
    git(made.folder, ['tag', 'v1.0', 'main']);
    for (const name of ['post-checkout', 'pre-upload', 'post-upload-pack', 'reference-transaction']) {
      writeFileSync(path.join(made.folder, 'hooks', name), hook, { mode: 0o755 });
    }
  });

  after(async () => {
    for (const { http } of environments) http.close();
    await server?.stop();
    if (systemTemporary === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = systemTemporary;
    if (root) rmSync(root, { recursive: true, force: true });
  });

  beforeEach(() => {
    server.requests.length = 0;
    server.lfsStore.reset();
    server.authorization = '';
  });

  async function withSource<T>(
    spec: Partial<GitSpec>,
    work: (source: Source) => Promise<T>,
    { token, settings = DEFAULT_SETTINGS }: { token?: string; settings?: ScanSettings } = {},
  ): Promise<T> {
    const environment = testEnvironment(token ? { token } : {});
    environments.push(environment);
    const source = new GitSource({ kind: 'git', url: `${server.origin}/repo.git`, ...spec }, settings, environment);
    try {
      return await work(source);
    } finally {
      await source.close();
    }
  }

  const ours = () => readdirSync(tmpdir()).filter((name) => name.startsWith('watchtower-scan-'));

  it('lists and reads without a checkout, and runs nothing of the repository', async () => {
    const before = ours();
    await withSource({}, async (source) => {
      const { entries, skips } = await listAll(source);
      const sizes = new Map(entries.map(({ path: name, size }) => [name, size]));
      assert.equal(sizes.get('README.md'), 7);
      assert.equal(sizes.get('weights/model.bin'), model.length);
      assert.ok(sizes.has('a\nb "c" $(touch x);é.txt'));
      assert.deepEqual(skips.map(({ path: name, reason }) => [name, reason.split(':')[0]]).sort(), [
        ['passwd', 'symbolic link'],
        ['vendor/evil', 'submodule'],
      ]);
      const text = await source.open('src/train.py');
      assert.equal(decode(await text.read(0, 100)), 'import torch\n');
      const odd = await source.open('a\nb "c" $(touch x);é.txt');
      assert.equal(decode(await odd.read(0, 100)), 'odd');
      assert.equal((await source.open('empty.pkl')).size, 0);
      assert.deepEqual(await source.namesIn('weights'), ['big.pt', 'gone.bin', 'model.bin']);
      const { read } = source.transferred!();
      assert.equal(read, 'import torch\n'.length + 'odd'.length, 'what was opened has been read in full');
      // The large blob has not come along.
      assert.ok(source.transferred!().bytes < 200_000, `${source.transferred!().bytes} bytes`);
      assert.match(source.label, new RegExp(`repo\\.git \\(${commit.slice(0, 12)}\\)$`));
    });
    assert.equal(existsSync(marker), false, 'something of the repository was executed');
    assert.deepEqual(ours(), before, 'temporary folders are left');
  });

  it('reads objects of Git LFS by ranges, from the store that the batch API names', async () => {
    await withSource(
      {},
      async (source) => {
        await listAll(source);
        const file = await source.open('weights/model.bin');
        assert.equal(file.size, model.length);
        assert.deepEqual(await file.read(500_000, 100), model.subarray(500_000, 500_100));
        assert.ok(server.lfsStore.bytesSent < 100_000);
        await assert.rejects(source.open('weights/gone.bin'), /LFS store does not have the object/);
      },
      { token: 'sesame' },
    );
    const batch = server.requests.find(({ url }) => url.endsWith('/objects/batch'));
    assert.equal(batch?.authorization, `Basic ${Buffer.from('x-access-token:sesame').toString('base64')}`);
    for (const { headers } of server.lfsStore.requests) {
      assert.equal(headers.authorization, undefined);
      assert.equal(headers['x-store'], 'yes');
      assert.match(headers.host ?? '', /^localhost:/);
    }
  });

  it('fetches a large blob when it is asked for, within the budget', async () => {
    await withSource({}, async (source) => {
      await listAll(source);
      const file = await source.open('weights/big.pt');
      assert.equal(file.size, big.length);
      assert.deepEqual(await file.read(2_999_990, 100), big.subarray(2_999_990));
      assert.ok((source.transferred!('weights/big.pt').bytes ?? 0) >= big.length * 0.9);
    });
  });

  it('ends git when a blob is larger than the budget', async () => {
    const huge = random(40_000_000);
    makeRepository(root, 'huge.git', { 'model.pt': { content: huge } });
    const remote = { ...DEFAULT_SETTINGS.remote, fileBytes: 1_000_000 };
    await withSource(
      { url: `${server.origin}/huge.git` },
      async (source) => {
        await listAll(source);
        await assert.rejects(source.open('model.pt'), BudgetExceeded);
      },
      { settings: { ...DEFAULT_SETTINGS, remote } },
    );
  });

  it('knows branches with slashes, tags, commits and subfolders', async () => {
    const names = (spec: Partial<GitSpec>) =>
      withSource(spec, async (source) => (await listAll(source)).entries.map(({ path: name }) => name));
    assert.deepEqual(await names({ ref: 'feature/x' }), ['only.txt', 'sub/two.txt']);
    assert.deepEqual(await names({ refAndFolder: 'feature/x/sub' }), ['sub/two.txt']);
    assert.deepEqual(await names({ ref: 'v1.0', subfolder: 'src' }), ['src/train.py']);
    assert.deepEqual(await names({ ref: commit, subfolder: 'src' }), ['src/train.py']);
    assert.deepEqual(await names({ refAndFolder: `${commit}/src/train.py` }), ['src/train.py']);
  });

  it('sends the token in a header of that host, never in arguments, and says what failed', async () => {
    const kind = (promise: Promise<unknown>) =>
      promise.then(
        () => 'none',
        (error: unknown) => (error instanceof RemoteError ? error.kind : String(error)),
      );
    const list = (spec: Partial<GitSpec>, token?: string) => kind(withSource(spec, listAll, token ? { token } : {}));
    server.authorization = `Basic ${Buffer.from('x-access-token:sesame').toString('base64')}`;
    assert.equal(await list({}, 'sesame'), 'none');
    assert.ok(
      server.requests.every(
        ({ url, authorization }) => !url.includes('sesame') && authorization === server.authorization,
      ),
    );
    assert.equal(await list({}), 'unauthorized');
    assert.equal(await list({}, 'wrong'), 'unauthorized');
    server.authorization = '';
    assert.equal(await list({ url: `${server.origin}/none.git` }), 'not-found');
    assert.equal(await list({ ref: 'no-such-branch' }), 'not-found');
    assert.equal(await list({ url: 'http://127.0.0.1:9/x.git' }), 'offline');
    for (const url of [
      'ext::sh -c touch% x',
      'file:///etc',
      'ssh://example.invalid/x',
      'http://example.invalid/x.git',
    ]) {
      assert.throws(() => new GitSource({ kind: 'git', url }, DEFAULT_SETTINGS, testEnvironment()), RemoteError);
    }
    for (const ref of ['--upload-pack=touch x', 'a..b', 'x:y', '-x', 'a b']) {
      assert.throws(() => new GitSource({ kind: 'git', url: server.origin, ref }, DEFAULT_SETTINGS, testEnvironment()));
    }
    assert.equal(existsSync(marker), false);
  });

  it('does not take a token along a redirect', async () => {
    const other = createServer((request, response) => {
      elsewhere.push(request.headers.authorization);
      response.writeHead(307, { location: `${server.origin}${request.url}` }).end();
    });
    const elsewhere: (string | undefined)[] = [];
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const moved: (string | undefined)[] = [];
    const mover = createServer((request, response) => {
      moved.push(request.headers.authorization);
      const port = (other.address() as AddressInfo).port;
      response.writeHead(301, { location: `http://localhost:${port}${request.url}` }).end();
    });
    await new Promise<void>((resolve) => mover.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(mover.address() as AddressInfo).port}/repo.git`;
    try {
      await assert.rejects(
        withSource({ url }, listAll, { token: 'sesame' }),
        (error) => error instanceof RemoteError && error.kind === 'refused' && !/sesame/.test(error.message),
      );
      assert.ok(moved.every((header) => header?.startsWith('Basic ')));
      assert.deepEqual(elsewhere, [], 'somebody else was asked with a token at hand');
      assert.ok(server.requests.every(({ authorization }) => authorization === undefined));
    } finally {
      for (const one of [other, mover]) {
        one.closeAllConnections();
        one.close();
      }
    }
  });

  it('reads GitHub through the REST interface when there is no git', async () => {
    const oid = (text: string) => createHash('sha1').update(text).digest('hex');
    const json = (path: string, body: unknown) =>
      server.api.set(path, (_, response) => response.writeHead(200).end(JSON.stringify(body)));
    const base = '/api/v3/repos/acme/repo';
    server.api.set(`${base}/commits/main`, (_, response) => response.writeHead(200).end(commit));
    json(`${base}/git/trees/${commit}?recursive=1`, { tree: [], truncated: true });
    json(`${base}/git/trees/${commit}`, {
      tree: [
        { path: 'a.py', mode: '100644', type: 'blob', sha: oid('a'), size: 5 },
        { path: 'link', mode: '120000', type: 'blob', sha: oid('l'), size: 5 },
        { path: 'sub', mode: '160000', type: 'commit', sha: oid('s') },
        { path: 'dir', mode: '040000', type: 'tree', sha: oid('d') },
      ],
    });
    const pointer = server.addLfs(model);
    json(`${base}/git/trees/${oid('d')}?recursive=1`, {
      tree: [{ path: 'm.bin', mode: '100644', type: 'blob', sha: oid('m'), size: pointer.length }],
      truncated: false,
    });
    server.api.set(`${base}/git/blobs/${oid('a')}`, (_, response) => response.writeHead(200).end('hello'));
    server.api.set(`${base}/git/blobs/${oid('m')}`, (_, response) => response.writeHead(200).end(pointer));
    const environment = testEnvironment({ token: 'sesame' });
    environments.push(environment);
    const spec: GitSpec = { kind: 'git', url: `${server.origin}/acme/repo`, ref: 'main', through: 'api' };
    const source = new GitHubSource(spec, DEFAULT_SETTINGS, environment);
    const { entries, skips } = await listAll(source);
    assert.deepEqual(
      entries.map(({ path: name }) => name),
      ['a.py', 'dir/m.bin'],
    );
    assert.equal(skips.length, 2);
    assert.equal(decode(await (await source.open('a.py')).read(0, 9)), 'hello');
    const file = await source.open('dir/m.bin');
    assert.equal(file.size, model.length);
    assert.deepEqual(await file.read(10, 10), model.subarray(10, 20));
    server.api.set(`${base}/git/blobs/${oid('a')}`, (_, response) =>
      response
        .writeHead(403, {
          'x-ratelimit-remaining': '0',
          'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + 3000),
        })
        .end(),
    );
    await assert.rejects(source.open('a.py'), (error) => error instanceof RemoteError && error.kind === 'rate-limited');
    assert.ok(
      server.requests
        .filter(({ url }) => url.startsWith('/api/'))
        .every(({ authorization }) => authorization === 'Bearer sesame'),
    );
    await source.close();
  });

  it('sweeps what a killed process left, and nothing else', async () => {
    const parent = path.join(root, 'tmp');
    await mkdir(parent);
    const stale = path.join(parent, 'watchtower-scan-stale');
    const foreign = path.join(parent, 'watchtower-scan-foreign');
    const alive = path.join(parent, 'watchtower-scan-alive');
    const reused = path.join(parent, 'watchtower-scan-reused');
    for (const folder of [stale, foreign, alive, reused]) await mkdir(folder);
    const dead = 2 ** 22 + 12345;
    writeFileSync(path.join(stale, 'watchtower.lock'), JSON.stringify({ pid: dead, start: 1 }));
    writeFileSync(path.join(alive, 'watchtower.lock'), JSON.stringify({ pid: process.ppid, start: 1 }));
    writeFileSync(path.join(reused, 'watchtower.lock'), JSON.stringify({ pid: process.pid, start: 1 }));
    const folder = await new SystemTemporaryFolders(parent).create();
    assert.deepEqual((await sweepTemporaryFolders(parent)).sort(), [reused, stale].sort());
    assert.ok(existsSync(folder.path) && existsSync(foreign) && existsSync(alive));
    await folder.remove();
    assert.equal(existsSync(folder.path), false);
  });
});
