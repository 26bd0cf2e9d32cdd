import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../../../..');

describe('kernel', () => {
  it('is what its source compiles to', () => {
    const compiled = execFileSync(process.execPath, [path.join(ROOT, 'scripts/kernel.mjs'), '--print'], {
      encoding: 'utf8',
    });
    assert.equal(
      readFileSync(path.join(ROOT, 'server/src/core/text/kernelModule.ts'), 'utf8'),
      compiled,
      'run `npm run kernel`',
    );
  }).timeout(60_000);
});
