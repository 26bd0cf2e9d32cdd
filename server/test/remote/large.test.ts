import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DEFAULT_SETTINGS } from '../../src/core/settings';
import * as s3 from '../../src/core/sources/s3/client';
import { WorkerPool } from '../../src/worker/pool';
import { scanSource } from '../../src/worker/scan';
import { testEnvironment } from './support/environment';
import { S3Fixture } from './support/s3Fixture';

const ROOT = path.join(__dirname, '..', '..', '..');
const OBJECTS = 100_000;

describe('a bucket with a hundred thousand objects', () => {
  it('is scanned with flat memory', async function () {
    // Some minutes of two processors: run when asked for.
    if (!process.env.WATCHTOWER_TEST_LARGE) this.skip();
    this.timeout(900_000);
    const bundles = mkdtempSync(path.join(tmpdir(), 'watchtower-test-large-'));
    execFileSync(process.execPath, ['esbuild.mjs', '--only', 'scanWorker', '--out', bundles], { cwd: ROOT });
    const pool = new WorkerPool({ script: path.join(bundles, 'scanWorker.js'), size: 2 });
    const bucket = new S3Fixture();
    const environment = testEnvironment({}, s3);
    try {
      const endpoint = await bucket.start();
      const content = new TextEncoder().encode('x = 1\n');
      for (let i = 0; i < OBJECTS; i += 1) bucket.objects.set(`data/${i % 100}/${i}-${'x'.repeat(40)}.bin`, content);
      const resident: number[] = [];
      const result = await scanSource(
        { kind: 's3', bucket: 'models', prefix: '', endpoint, anonymous: true },
        DEFAULT_SETTINGS,
        pool,
        {
          environment,
          onProgress: ({ done }) => {
            bucket.requests.length = 0;
            if (done % 10_000 === 0) resident.push(process.memoryUsage().rss / 2 ** 20);
          },
        },
      );
      assert.equal(result.transfer?.ofBytes, OBJECTS * content.length);
      assert.equal(result.transfer.requests, OBJECTS + OBJECTS / 1000);
      const [early = 0, late = 0] = [resident[2], resident.at(-1)];
      assert.ok(late - early < 250, `grew from ${early.toFixed()} to ${late.toFixed()} MB`);
    } finally {
      await pool.stop();
      await bucket.stop();
      environment.http.close();
      rmSync(bundles, { recursive: true, force: true });
    }
  });
});
