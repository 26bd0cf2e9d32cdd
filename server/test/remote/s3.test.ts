import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DEFAULT_SETTINGS } from '../../src/core/settings';
import type { HttpClient } from '../../src/core/sources/http';
import { openSource } from '../../src/core/sources/open';
import { RemoteError } from '../../src/core/sources/remoteError';
import * as s3 from '../../src/core/sources/s3/client';
import { S3Source } from '../../src/core/sources/s3/source';
import type { S3Spec, Source } from '../../src/core/sources/source';
import { listAll, type TestEnvironment, testEnvironment } from './support/environment';
import { S3Fixture } from './support/s3Fixture';

const ODD_KEYS = [
  '../../etc/passwd',
  '/absolute/model.pkl',
  'a b+c%20d.bin',
  'line\nfeed.bin',
  'ünï/çødé.pt',
  'dots/./x/../y.bin',
  'quotes\'"&<>.bin',
  'double//slash.bin',
  'percent%2Fslash.bin',
  'ctl\u0001.bin',
];

describe('S3 source', function () {
  this.timeout(60_000);
  const bucket = new S3Fixture();
  const environments: TestEnvironment[] = [];

  before(() => bucket.start());
  after(async () => {
    for (const { http } of environments) http.close();
    await bucket.stop();
  });
  beforeEach(() => {
    bucket.objects.clear();
    bucket.requests.length = 0;
    bucket.failWith = undefined;
  });

  function open(spec: Partial<S3Spec> = {}, credentials = {}): S3Source {
    const environment = testEnvironment(credentials, s3);
    environments.push(environment);
    const full: S3Spec = {
      kind: 's3',
      bucket: 'models',
      prefix: '',
      endpoint: bucket.origin,
      anonymous: true,
      ...spec,
    };
    return new S3Source(full, DEFAULT_SETTINGS, environment);
  }

  it('reads a public bucket without a signature, by ranges', async () => {
    const bytes = new Uint8Array(500_000).map((_, index) => index % 251);
    bucket.objects.set('run/model.pt', bytes);
    bucket.objects.set('run/', new Uint8Array(0));
    bucket.objects.set('other/x', bytes);
    bucket.objects.set('run/cold.pt', bytes);
    bucket.storage.set('run/cold.pt', 'GLACIER');
    const source = open({ prefix: 'run/' });
    const { entries, skips } = await listAll(source);
    assert.deepEqual(entries, [{ path: 'run/model.pt', size: 500_000 }]);
    assert.equal(skips[0]?.path, 'run/cold.pt');
    const file = await source.open('run/model.pt');
    assert.deepEqual(await file.read(400_000, 100), bytes.subarray(400_000, 400_100));
    assert.ok(source.transferred('run/model.pt').bytes < 100_000);
    const { bytes: all, read } = source.transferred();
    assert.equal(read, source.transferred('run/model.pt').bytes);
    assert.ok(all > read, 'the listing is counted');
    assert.ok(bucket.requests.every(({ headers }) => headers.authorization === undefined));
    bucket.objects.set('run/model.pt', bytes.subarray(0, 499_999));
    await assert.rejects(file.read(200_000, 10), (error) => error instanceof RemoteError && error.kind === 'changed');
    await source.close();
  });

  it('treats keys as data', async () => {
    for (const key of ODD_KEYS) bucket.objects.set(key, new TextEncoder().encode(`of ${key}`));
    const source = open();
    const { entries } = await listAll(source);
    assert.deepEqual(
      entries.map(({ path }) => path),
      ODD_KEYS,
    );
    for (const key of ODD_KEYS) {
      const file = await source.open(key);
      assert.equal(new TextDecoder().decode(await file.read(0, 1000)), `of ${key}`);
      await file.close();
    }
    await source.close();
  });

  it('lists a hundred thousand objects as they come', async () => {
    const empty = new Uint8Array(3);
    for (let i = 0; i < 100_000; i += 1)
      bucket.objects.set(`data/${String(i).padStart(6, '0')}-${'x'.repeat(20)}.bin`, empty);
    const source = open();
    let count = 0;
    let firstAfter = 0;
    for await (const entry of source.list()) {
      if (!('reason' in entry)) count += 1;
      if (count === 1) firstAfter = bucket.requests.length;
    }
    assert.equal(count, 100_000);
    assert.equal(firstAfter, 1, 'the first object waited for later pages');
    assert.equal(bucket.requests.length, 100);
    await source.close();
  });

  it('says what failed', async () => {
    bucket.objects.set('a', new Uint8Array(1));
    const cases: [NonNullable<typeof bucket.failWith>, string, RegExp][] = [
      [{ status: 404, code: 'NoSuchBucket' }, 'not-found', /no bucket models/],
      [{ status: 403, code: 'AccessDenied' }, 'forbidden', /no right/],
      [{ status: 403, code: 'SignatureDoesNotMatch' }, 'unauthorized', /access key/],
      [{ status: 403, code: 'ExpiredToken' }, 'unauthorized', /access key/],
      [{ status: 301, code: 'PermanentRedirect', region: 'eu-west-3' }, 'wrong-region', /eu-west-3/],
    ];
    for (const [failure, kind, message] of cases) {
      bucket.failWith = failure;
      await assert.rejects(listAll(open()), (error) => {
        assert.ok(error instanceof RemoteError, String(error));
        assert.equal(error.kind, kind);
        assert.match(error.message, message);
        return true;
      });
    }
    bucket.failWith = undefined;
    await assert.rejects(listAll(open({ prefix: 'none/' })), /nothing in the bucket begins with/);
    const source = open();
    await listAll(source);
    await assert.rejects(source.open('b'), (error) => error instanceof RemoteError && error.kind === 'not-found');
    assert.throws(() => open({ endpoint: 'http://user:secret@example.invalid' }), RemoteError);
  });

  it('follows a bucket to its own region, and asks every region with a signature of its own', async () => {
    bucket.objects.set('run/a.txt', new TextEncoder().encode('text'));
    const environment = testEnvironment({ s3: { accessKeyId: 'AKID', secretAccessKey: 'secret' } }, s3);
    environments.push(environment);
    const { http } = environment;
    const asked: { host: string; scope: string | undefined; headers: Readonly<Record<string, string>> }[] = [];
    // Amazon's hosts, played by the bucket of the tests.
    const amazon: HttpClient = {
      request: async (request) => {
        const { host, pathname, search } = new URL(request.url);
        const headers = request.headers ?? {};
        asked.push({ host, scope: /Credential=([^,]+)/.exec(headers.authorization ?? '')?.[1], headers });
        if (host === 'models.s3.eu-west-3.amazonaws.com') {
          return http.request({ ...request, url: `${bucket.origin}/models${pathname}${search}` });
        }
        bucket.failWith = { status: 301, code: 'PermanentRedirect', region: 'eu-west-3' };
        const answer = await http.request({ ...request, url: `${bucket.origin}/models` });
        bucket.failWith = undefined;
        return answer;
      },
    };
    const spec: S3Spec = { kind: 's3', bucket: 'models', prefix: '', region: 'us-east-1' };
    const source = new S3Source(spec, DEFAULT_SETTINGS, { ...environment, http: amazon });
    const { entries } = await listAll(source);
    assert.deepEqual(entries, [{ path: 'run/a.txt', size: 4 }]);
    assert.equal(new TextDecoder().decode(await (await source.open('run/a.txt')).read(0, 9)), 'text');
    assert.match(asked[0]?.scope ?? '', /^AKID\/\d{8}\/us-east-1\/s3/);
    assert.match(asked.at(-1)?.scope ?? '', /^AKID\/\d{8}\/eu-west-3\/s3/);
    assert.ok(asked.every(({ host }) => host.endsWith('.amazonaws.com')));
    assert.ok(!JSON.stringify(asked).includes('secret'));
    await source.close();
  });

  it('sends the token of a temporary key, and says nothing of the key in errors', async () => {
    bucket.objects.set('a', new Uint8Array(1));
    const temporary = { accessKeyId: 'ASIAX', secretAccessKey: 'very-secret', sessionToken: 'session-token' };
    await listAll(open({ anonymous: false, region: 'eu-west-1' }, { s3: temporary }));
    assert.equal(bucket.requests[0]?.headers['x-amz-security-token'], 'session-token');
    assert.match(bucket.requests[0]?.headers.authorization ?? '', /Credential=ASIAX\/\d{8}\/eu-west-1\/s3/);
    bucket.failWith = { status: 403, code: 'ExpiredToken' };
    await assert.rejects(listAll(open({ anonymous: false }, { s3: temporary })), (error) => {
      assert.ok(!/very-secret|session-token/.test(`${String(error)} ${JSON.stringify(error)}`));
      return true;
    });
  });

  it('tells a store that is not there, keeps silent, or asks to slow down', async () => {
    const kind = (source: Source) =>
      listAll(source).then(
        () => 'none',
        (error: unknown) => (error instanceof RemoteError ? error.kind : String(error)),
      );
    assert.equal(await kind(open({ endpoint: 'http://127.0.0.1:9' })), 'offline');
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const environment = testEnvironment({}, s3);
    environments.push(environment);
    try {
      const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
      const remote = { ...DEFAULT_SETTINGS.remote, stallMs: 100 };
      const spec: S3Spec = { kind: 's3', bucket: 'models', prefix: '', endpoint, anonymous: true };
      assert.equal(await kind(openSource(spec, { ...DEFAULT_SETTINGS, remote }, environment)), 'timeout');
    } finally {
      silent.closeAllConnections();
      silent.close();
    }
    bucket.failWith = { status: 503, code: 'SlowDown' };
    assert.equal(await kind(open()), 'rate-limited');
  });

  it('asks as requester pays only when told to', async () => {
    bucket.objects.set('a', new Uint8Array(1));
    await listAll(open());
    assert.ok(bucket.requests.every(({ headers }) => headers['x-amz-request-payer'] === undefined));
    bucket.requests.length = 0;
    const source = open({ requesterPays: true });
    await listAll(source);
    await source.open('a');
    assert.ok(bucket.requests.every(({ headers }) => headers['x-amz-request-payer'] === 'requester'));
  });
});
