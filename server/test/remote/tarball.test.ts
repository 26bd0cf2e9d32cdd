import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DEFAULT_SETTINGS, type ScanSettings } from '../../src/core/settings';
import { GitHubSource } from '../../src/core/sources/git/github';
import type { GitSpec } from '../../src/core/sources/source';
import { findGit } from '../../src/remote/gitProcess';
import { listAll, type TestEnvironment, testEnvironment } from './support/environment';
import { GitServer, git, makeRepository } from './support/gitServer';

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const BASE = '/api/v3/repos/acme/repo';

describe('GitHub without git and without a token', function () {
  this.timeout(60_000);
  let root = '';
  let server: GitServer;
  let commit = '';
  let pointer = '';
  const model = new Uint8Array(300_000).map((_, i) => (i * 31) % 251);
  const environments: TestEnvironment[] = [];

  before(async function () {
    if (!findGit(process.env)) {
      console.log('      skipped: git is not installed');
      this.skip();
    }
    root = mkdtempSync(path.join(tmpdir(), 'watchtower-test-tarball-'));
    server = new GitServer(root);
    await server.start();
    pointer = server.addLfs(model);
    const files: Record<string, { content: string }> = {
      '.gitattributes': { content: 'hidden.py export-ignore\nchanged.py export-subst\n' },
      'hidden.py': { content: 'import os\n' },
      'changed.py': { content: '# $Format:%H$\n' },
      'm.bin': { content: pointer },
    };
    for (let i = 0; i < 60; i += 1) files[`data/${i}.txt`] = { content: `text ${i}\n` };
    const made = makeRepository(root, 'acme-repo.git', files);
    commit = made.commit;
    const tree = git(made.folder, ['ls-tree', '-r', '-l', commit])
      .trim()
      .split('\n')
      .map((line) => {
        const [mode, type, sha, size, name] = line.split(/\s+/);
        return { mode, type, sha, size: Number(size), path: name };
      });
    server.api.set(`${BASE}/commits/HEAD`, (_, response) => response.end(commit));
    server.api.set(`${BASE}/git/trees/${commit}`, (_, response) => response.end(JSON.stringify({ tree })));
    for (const { sha } of tree) {
      const content = execFileSync('git', ['cat-file', 'blob', sha as string], { cwd: made.folder });
      server.api.set(`${BASE}/git/blobs/${sha}`, (_, response) => response.end(content));
    }
    const archive = execFileSync('git', ['archive', '--format=tar.gz', '--prefix=acme-repo-abc/', commit], {
      cwd: made.folder,
    });
    server.api.set('/codeload', (_, response) => response.end(archive));
    server.api.set('/damaged', (_, response) => response.end(archive.subarray(0, archive.length / 2)));
  });

  after(async () => {
    for (const { http } of environments) http.close();
    await server?.stop();
    if (root) rmSync(root, { recursive: true, force: true });
  });

  beforeEach(() => {
    server.requests.length = 0;
  });

  function open(archive: string, settings: ScanSettings = DEFAULT_SETTINGS): GitHubSource {
    server.api.set(`${BASE}/tarball/${commit}`, (_, response) =>
      response.writeHead(302, { location: `${server.origin.replace('127.0.0.1', 'localhost')}${archive}` }).end(),
    );
    const environment = testEnvironment();
    environments.push(environment);
    const spec: GitSpec = { kind: 'git', url: `${server.origin}/acme/repo`, through: 'api' };
    return new GitHubSource(spec, settings, environment);
  }

  const asked = () => server.requests.filter(({ url }) => url.startsWith('/api/')).length;
  const ours = () => readdirSync(tmpdir()).filter((name) => name.startsWith('watchtower-scan-'));

  it('takes many files as one archive, and whatever that leaves out or changes one by one', async () => {
    const before = ours();
    const source = open('/codeload');
    const { entries } = await listAll(source);
    assert.equal(entries.length, 64);
    for (let i = 0; i < 60; i += 1) {
      assert.equal(decode(await (await source.open(`data/${i}.txt`)).read(0, 99)), `text ${i}\n`);
    }
    assert.equal(asked(), 3, 'commit, tree, archive');
    assert.equal(decode(await (await source.open('hidden.py')).read(0, 99)), 'import os\n');
    assert.equal(decode(await (await source.open('changed.py')).read(0, 99)), '# $Format:%H$\n');
    assert.equal(asked(), 5);
    const file = await source.open('m.bin');
    assert.equal(file.size, model.length);
    assert.deepEqual(await file.read(100_000, 10), model.subarray(100_000, 100_010));
    await source.close();
    assert.deepEqual(ours(), before, 'temporary folders are left');
  });

  it('says when the archive cannot be used, and asks one by one', async () => {
    const remote = { ...DEFAULT_SETTINGS.remote, sourceBytes: 10_000 };
    for (const [archive, settings, reason] of [
      ['/damaged', DEFAULT_SETTINGS, /damaged/],
      ['/codeload', { ...DEFAULT_SETTINGS, remote }, /more than 10000 bytes/],
    ] as const) {
      const source = open(archive, settings);
      await listAll(source);
      assert.equal(decode(await (await source.open('data/1.txt')).read(0, 99)), 'text 1\n');
      const fact = source.facts().find(({ label }) => label === 'archive');
      assert.match(fact?.value ?? '', reason);
      await source.close();
    }
  });
});
