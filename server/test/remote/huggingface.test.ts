import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DEFAULT_SETTINGS } from '../../src/core/settings';
import { HuggingFaceSource } from '../../src/core/sources/huggingface';
import { openSource } from '../../src/core/sources/open';
import { RemoteError, type RemoteErrorKind } from '../../src/core/sources/remoteError';
import type { HuggingFaceSpec } from '../../src/core/sources/source';
import { listAll, type TestEnvironment, testEnvironment } from './support/environment';
import { HubServer } from './support/hubServer';

const text = (value: string) => new TextEncoder().encode(value);

describe('Hugging Face source', () => {
  const hub = new HubServer();
  const environments: TestEnvironment[] = [];

  before(() => hub.start());
  after(async () => {
    for (const { http } of environments) http.close();
    await hub.stop();
  });
  beforeEach(() => {
    hub.requests.length = 0;
    hub.cdn.reset();
    hub.limited = 0;
    hub.nextOrigin = '';
    hub.servedCommit = '';
  });

  function open(spec: Partial<HuggingFaceSpec> & { repo: string }, token?: string, settings = {}) {
    const environment = testEnvironment(token ? { token } : {});
    environments.push(environment);
    const full: HuggingFaceSpec = { kind: 'huggingface', repoType: 'model', endpoint: hub.origin, ...spec };
    const source = new HuggingFaceSource(full, { ...DEFAULT_SETTINGS, ...settings }, environment);
    return { source, environment };
  }

  async function kindOf(promise: Promise<unknown>): Promise<RemoteError> {
    try {
      await promise;
    } catch (error) {
      assert.ok(error instanceof RemoteError, String(error));
      return error;
    }
    throw new assert.AssertionError({ message: 'no error was thrown' });
  }

  it('lists every page, pins the commit and reads ranges over the second host', async () => {
    const weights = new Uint8Array(500_000).fill(7);
    const repository = hub.add('acme/model', {
      'README.md': text('# model'),
      'config.json': text('{}'),
      'a/b/model.safetensors': weights,
      'pytorch_model.bin': weights,
      'tokenizer.json': text('{}'),
      'modeling.py': text('x = 1'),
      "odd name %2F #?'.txt": text('odd'),
    });
    const { source } = open({ repo: 'acme/model' }, hub.token);
    const { entries } = await listAll(source);
    assert.deepEqual(entries.map(({ path }) => path).sort(), [...repository.files.keys()].sort());
    assert.deepEqual(await source.namesIn('a/b'), ['model.safetensors']);
    const file = await source.open('a/b/model.safetensors');
    assert.equal(file.size, 500_000);
    assert.equal((await file.read(400_000, 10))[9], 7);
    await file.close();
    const odd = await source.open("odd name %2F #?'.txt");
    assert.equal(new TextDecoder().decode(await odd.read(0, 10)), 'odd');
    // The hub sees the token; the host that the redirect leads to does not.
    assert.ok(hub.requests.every(({ authorization }) => authorization === `Bearer ${hub.token}`));
    assert.ok(hub.cdn.requests.length >= 2);
    assert.ok(hub.cdn.requests.every(({ headers }) => headers.authorization === undefined));
    // The second range goes to the address that the first redirect gave.
    assert.equal(
      hub.requests.filter(({ url }) => url.includes('model.safetensors') && url.includes('/resolve/')).length,
      1,
    );
    assert.ok(
      hub.requests.filter(({ url }) => url.includes('/resolve/')).every(({ url }) => url.includes(repository.commit)),
    );
    assert.match(source.label, /^hf:acme\/model@main \([0-9a-f]{12}\)$/);
    assert.ok(source.transferred().bytes < 100_000);
    await source.close();
  });

  it('knows datasets, spaces, revisions and subfolders', async () => {
    hub.add('datasets/acme/data', {
      'train/a.parquet': text('a'),
      'train/b.parquet': text('b'),
      'test/c.parquet': text('c'),
    });
    hub.add('spaces/acme/app', { 'app.py': text('print(1)') });
    const train = open({ repo: 'acme/data', repoType: 'dataset', subfolder: 'train', revision: 'feature/x' }).source;
    assert.deepEqual(
      (await listAll(train)).entries.map(({ path }) => path),
      ['train/a.parquet', 'train/b.parquet'],
    );
    const one = open({ repo: 'acme/data', repoType: 'dataset', subfolder: 'test/c.parquet' }).source;
    assert.deepEqual((await listAll(one)).entries, [{ path: 'test/c.parquet', size: 1 }]);
    const space = open({ repo: 'acme/app', repoType: 'space' }).source;
    assert.deepEqual(
      (await listAll(space)).entries.map(({ path }) => path),
      ['app.py'],
    );
    const app = await space.open('app.py');
    assert.equal(new TextDecoder().decode(await app.read(0, 100)), 'print(1)');
  });

  it('tells gated, private, missing and wrong revisions apart', async () => {
    hub.add('acme/gated', { 'model.bin': text('x') }, { gated: true });
    hub.add('acme/private', { 'model.bin': text('x') }, { private: true });
    const expected: [Promise<unknown>, RemoteErrorKind, RegExp][] = [
      [listAll(open({ repo: 'acme/none' }).source), 'not-found', /no repository acme\/none.*token/],
      [listAll(open({ repo: 'acme/private' }).source), 'not-found', /private/],
      [listAll(open({ repo: 'acme/gated', revision: 'nope' }).source), 'not-found', /no revision nope/],
    ];
    for (const [promise, kind, message] of expected) {
      const error = await kindOf(promise);
      assert.equal(error.kind, kind);
      assert.match(error.message, message);
    }
    const { source } = open({ repo: 'acme/gated' });
    assert.equal((await listAll(source)).entries.length, 1);
    const gated = await kindOf(source.open('model.bin'));
    assert.equal(gated.kind, 'gated');
    assert.equal(gated.page, `${hub.origin}/acme/gated`);
    // The second file is not asked for: the answer is known.
    const asked = hub.requests.length;
    await kindOf(source.open('other.bin'));
    assert.equal(hub.requests.length, asked);
    const withToken = open({ repo: 'acme/gated' }, hub.token).source;
    await listAll(withToken);
    assert.equal((await withToken.open('model.bin')).size, 1);
    assert.equal((await listAll(open({ repo: 'acme/private' }, hub.token).source)).entries.length, 1);
  });

  it('does not follow a listing to another host', async () => {
    hub.add('acme/paged', { a: text('1'), b: text('2'), c: text('3'), d: text('4') });
    hub.nextOrigin = 'http://localhost:1';
    const error = await kindOf(listAll(open({ repo: 'acme/paged' }, hub.token).source));
    assert.equal(error.kind, 'refused');
  });

  it('waits for a short rate limit and reports a long one with its end', async () => {
    hub.add('acme/limits', { a: text('1') });
    hub.limited = 2;
    const { source, environment } = open({ repo: 'acme/limits' });
    assert.equal((await listAll(source)).entries.length, 1);
    assert.deepEqual(environment.patience.waits, [5000, 5000]);
    hub.limited = 1;
    hub.resetSeconds = 280;
    const error = await kindOf(listAll(open({ repo: 'acme/limits' }).source));
    hub.resetSeconds = 5;
    assert.equal(error.kind, 'rate-limited');
    assert.ok(error.retryAt && error.retryAt > Date.now() + 200_000);
    assert.match(error.message, /asked too often; it answers again at \d{4}-/);
  });

  it('notices another commit than the one listed, and an object swapped under the scan', async () => {
    const repository = hub.add('acme/swap', { 'model.bin': new Uint8Array(300_000) });
    const { source } = open({ repo: 'acme/swap' });
    await listAll(source);
    hub.servedCommit = 'f'.repeat(40);
    assert.equal((await kindOf(source.open('model.bin'))).kind, 'changed');
    hub.servedCommit = '';
    hub.cdn.reset();
    (repository.files.get('model.bin') as { behaviour?: string }).behaviour = 'changes';
    const file = await source.open('model.bin');
    assert.equal((await kindOf(file.read(200_000, 5))).kind, 'changed');
  });

  it('asks the hub again when a signed address has expired', async () => {
    hub.add('acme/expired', { 'model.bin': new Uint8Array(300_000).fill(3) });
    const { source } = open({ repo: 'acme/expired' });
    await listAll(source);
    const file = await source.open('model.bin');
    hub.cdn.objects.clear();
    assert.equal((await file.read(200_000, 5))[0], 3);
    assert.equal(hub.requests.filter(({ url }) => url.includes('/resolve/')).length, 2);
  });

  it('reads the whole with `full`, and holds it against the hash that the hub names', async () => {
    const repository = hub.add('acme/full', { 'model.bin': new Uint8Array(300_000).fill(9) });
    const settings = { remote: { ...DEFAULT_SETTINGS.remote, full: true } };
    const { source } = open({ repo: 'acme/full' }, undefined, settings);
    await listAll(source);
    const file = await source.open('model.bin');
    assert.equal((await file.read(299_999, 5))[0], 9);
    await file.close();
    assert.equal(source.transferred('model.bin').bytes, 300_000);
    const entry = repository.files.get('model.bin') as { object: { slice(a: number, b: number): Uint8Array } };
    entry.object = { ...entry.object, slice: (a, b) => new Uint8Array(b - a).fill(8) };
    assert.equal((await kindOf(source.open('model.bin'))).kind, 'changed');
    await source.close();
  });

  it('tells what the hub says of the repository', async () => {
    hub.add(
      'acme/facts',
      { 'pytorch_model.bin': text('x'), 'modeling.py': text('x') },
      {
        info: {
          cardData: { license: 'apache-2.0', base_model: ['acme/base'] },
          tags: ['custom_code'],
          config: { auto_map: { AutoModel: 'modeling.Model' } },
          securityRepoStatus: { scansDone: true, filesWithIssues: [{ path: 'pytorch_model.bin', level: 'unsafe' }] },
        },
      },
    );
    const { source } = open({ repo: 'acme/facts' });
    await listAll(source);
    const facts = new Map(source.facts().map(({ label, value, level }) => [label, `${level}: ${value}`]));
    assert.equal(facts.get('licence'), 'info: apache-2.0');
    assert.equal(facts.get('base model'), 'info: acme/base');
    assert.match(facts.get('custom code') ?? '', /^notice: .*AutoModel/);
    assert.equal(facts.get("the hub's own scan"), 'notice: pytorch_model.bin: unsafe');
    assert.match(facts.get('pickle only') ?? '', /^notice: /);
    const honest = { 'model.safetensors': text('x'), 'pytorch_model.bin': text('x') };
    hub.add('acme/honest', honest, { info: { securityRepoStatus: { scansDone: true, filesWithIssues: [] } } });
    hub.add('datasets/acme/data', { 'data.py': text('x = 1'), 'train.csv': text('a') });
    const both = open({ repo: 'acme/honest' }).source;
    await listAll(both);
    assert.ok(both.facts().every(({ level }) => level === 'info'));
    assert.ok(both.facts().some(({ label, value }) => label === "the hub's own scan" && value === 'nothing found'));
    assert.ok(both.facts().some(({ label }) => label === 'safetensors files'));
    const data = open({ repo: 'acme/data', repoType: 'dataset' }).source;
    await listAll(data);
    assert.ok(data.facts().some(({ label, level }) => label === 'loading script' && level === 'notice'));
  });

  it('takes a page of some megabytes', async () => {
    const files: Record<string, Uint8Array> = {};
    for (let i = 0; i < 10_000; i += 1) files[`${'long-name-'.repeat(20)}${i}.txt`] = text('x');
    hub.add('acme/large', files);
    hub.pageSize = 20_000;
    const { source } = open({ repo: 'acme/large' });
    const { entries } = await listAll(source);
    hub.pageSize = 3;
    assert.equal(entries.length, 10_000);
    await source.close();
  });

  it('lists hostile names, asks for none that a URL would resolve away, and keeps its page for others', async () => {
    const names = [
      '../../etc/passwd',
      '/absolute/model.pkl',
      'line\nfeed.bin',
      'a/./b.bin',
      'x'.repeat(4000),
      '\u202egnp.exe',
      '%2e%2e%2fx.bin',
      'C:\\x.bin',
      '..',
    ];
    hub.add('acme/names', Object.fromEntries(names.map((name) => [name, text(`of ${name}`)])));
    const { source } = open({ repo: 'acme/names' }, hub.token);
    const { entries } = await listAll(source);
    assert.deepEqual(entries.map(({ path }) => path).sort(), [...names].sort());
    for (const name of names) {
      hub.requests.length = 0;
      const opened = source.open(name);
      if (name.split('/').some((segment) => segment === '..' || segment === '.')) {
        assert.equal((await kindOf(opened)).kind, 'refused');
        assert.equal(hub.requests.length, 0);
      } else {
        const file = await opened;
        assert.equal(new TextDecoder().decode(await file.read(0, 5000)), `of ${name}`);
      }
    }
    await source.close();
  });

  it('lists a hundred thousand files in a listing of megabytes', async () => {
    const one = new Uint8Array(1);
    const files: Record<string, Uint8Array> = {};
    for (let i = 0; i < 100_000; i += 1) files[`data/${i % 100}/${i}.bin`] = one;
    hub.pageSize = 20_000;
    hub.add('acme/many', files);
    const { source } = open({ repo: 'acme/many' }, hub.token);
    let count = 0;
    for await (const entry of source.list()) if (!('reason' in entry)) count += 1;
    assert.equal(count, 100_000);
    assert.equal((await source.namesIn('data/7')).length, 1000);
    hub.pageSize = 3;
    await source.close();
  }).timeout(60_000);

  it('gives a listing up that does not come', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const environment = testEnvironment({});
    environments.push(environment);
    const { port } = silent.address() as AddressInfo;
    try {
      const spec: HuggingFaceSpec = {
        ...{ kind: 'huggingface', repoType: 'model', repo: 'a/b' },
        endpoint: `http://127.0.0.1:${port}`,
      };
      const remote = { ...DEFAULT_SETTINGS.remote, stallMs: 100 };
      const source = openSource(spec, { ...DEFAULT_SETTINGS, remote }, environment);
      assert.equal((await kindOf(listAll(source))).kind, 'timeout');
      await source.close();
    } finally {
      silent.closeAllConnections();
      silent.close();
    }
  });
});
