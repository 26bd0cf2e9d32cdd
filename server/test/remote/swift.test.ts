import assert from 'node:assert/strict';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DEFAULT_SETTINGS } from '../../src/core/settings';
import type { SourceCredentials } from '../../src/core/sources/environment';
import { RemoteError } from '../../src/core/sources/remoteError';
import * as s3 from '../../src/core/sources/s3/client';
import { S3Source } from '../../src/core/sources/s3/source';
import { listAll, type TestEnvironment, testEnvironment } from './support/environment';
import { Swift } from './support/swift';

describe('S3 source against OpenStack Swift', function () {
  this.timeout(400_000);
  let swift: Swift | undefined;
  let writer: S3Client;
  const environments: TestEnvironment[] = [];
  const bytes = new Uint8Array(2_000_000).map((_, index) => (index * 7) % 256);

  before(async function () {
    const reason = Swift.unavailable();
    if (reason) {
      console.log(`      skipped: ${reason}`);
      this.skip();
    }
    swift = new Swift();
    await swift.start();
    writer = new S3Client({
      region: 'us-east-1',
      endpoint: swift.endpoint,
      forcePathStyle: true,
      credentials: swift.key,
      requestChecksumCalculation: 'WHEN_REQUIRED',
    });
    await writer.send(new CreateBucketCommand({ Bucket: 'models' }));
    await writer.send(new PutObjectCommand({ Bucket: 'models', Key: 'run 1/a+b.pt', Body: bytes }));
    for (const key of ['run 1/../../x.bin', 'ünï.txt', 'empty']) {
      await writer.send(new PutObjectCommand({ Bucket: 'models', Key: key, Body: key === 'empty' ? '' : 'text' }));
    }
  });

  after(() => {
    for (const { http } of environments) http.close();
    writer?.destroy();
    swift?.stop();
  });

  function open(s3Credentials: SourceCredentials['s3'], prefix = '', bucket = 'models'): S3Source {
    const environment = testEnvironment({ s3: s3Credentials }, s3);
    environments.push(environment);
    const endpoint = swift?.endpoint ?? '';
    return new S3Source({ kind: 's3', bucket, prefix, endpoint, region: 'us-east-1' }, DEFAULT_SETTINGS, environment);
  }

  it('lists and reads by ranges with a signature that is checked', async () => {
    const source = open(swift?.key);
    const { entries } = await listAll(source);
    assert.deepEqual(
      new Map(entries.map(({ path, size }) => [path, size])),
      new Map([
        ['empty', 0],
        ['run 1/../../x.bin', 4],
        ['run 1/a+b.pt', bytes.length],
        ['ünï.txt', 4],
      ]),
    );
    const file = await source.open('run 1/a+b.pt');
    assert.deepEqual(await file.read(1_500_000, 1000), bytes.subarray(1_500_000, 1_501_000));
    assert.ok(source.transferred('run 1/a+b.pt').bytes < 100_000);
    for (const key of ['run 1/../../x.bin', 'ünï.txt']) {
      const small = await source.open(key);
      assert.equal(new TextDecoder().decode(await small.read(0, 10)), 'text');
    }
    assert.equal((await source.open('empty')).size, 0);
    await writer.send(new PutObjectCommand({ Bucket: 'models', Key: 'run 1/a+b.pt', Body: bytes.slice().fill(1) }));
    await assert.rejects(file.read(1_000_000, 10), (error) => error instanceof RemoteError && error.kind === 'changed');
    await source.close();
  });

  it('is refused with a wrong key, for a stranger, and for what is not there', async () => {
    const kind = (promise: Promise<unknown>) =>
      promise.then(
        () => 'none',
        (error: unknown) => (error instanceof RemoteError ? error.kind : String(error)),
      );
    const wrong = { accessKeyId: 'test:tester', secretAccessKey: 'wrong' };
    assert.equal(await kind(listAll(open(wrong))), 'unauthorized');
    assert.equal(await kind(listAll(open({ accessKeyId: 'nobody', secretAccessKey: 'x' }))), 'unauthorized');
    assert.notEqual(await kind(listAll(open(swift?.stranger))), 'none');
    assert.equal(await kind(listAll(open(swift?.key, '', 'no-such-bucket'))), 'not-found');
    assert.equal(await kind(open(swift?.key).open('no-such-key')), 'not-found');
  });
});
