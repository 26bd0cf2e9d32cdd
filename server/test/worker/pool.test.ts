import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DEFAULT_SETTINGS } from '../../src/core/settings';
import type { ScanTask } from '../../src/worker/messages';
import { TaskFailed, WorkerPool } from '../../src/worker/pool';

/** A worker that does what the name of the task says. */
const SCRIPT = `
const { parentPort } = require('node:worker_threads');
parentPort.on('message', ({ tasks }) => {
  for (const { id, task } of tasks) {
    if (task.path === 'hang') for (;;);
    if (task.path === 'crash') process.exit(7);
    if (task.path === 'heap') { const a = []; for (;;) a.push(new Array(1e6).fill({})); }
    if (task.path === 'error') parentPort.postMessage({ id, error: 'no' });
    else parentPort.postMessage({ id, report: { path: task.path } });
  }
});`;

describe('WorkerPool', () => {
  let folder: string;
  let pool: WorkerPool;
  const settings = { ...DEFAULT_SETTINGS, limits: { ...DEFAULT_SETTINGS.limits, timeMs: 3000 } };
  const task = (name: string): ScanTask => ({ kind: 'buffer', path: name, text: '' });
  const run = (name: string) =>
    pool.run(task(name), settings).then(
      (r) => r?.path,
      (e: TaskFailed) => e.cause_,
    );

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'watchtower-pool-'));
    const script = path.join(folder, 'worker.js');
    writeFileSync(script, SCRIPT);
    pool = new WorkerPool({ script, size: 2, heapMb: 64, graceMs: 200 });
  });
  afterEach(async () => {
    await pool.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('answers every task, in whatever order', async () => {
    const names = Array.from({ length: 50 }, (_, i) => `f${i}`);
    assert.deepEqual(await Promise.all(names.map(run)), names);
  });

  it('ends a hanging, crashing or memory-eating task alone and goes on with the rest', async () => {
    const names = ['a', 'hang', 'b', 'crash', 'c', 'heap', 'd', 'error', 'e'];
    assert.deepEqual(await Promise.all(names.map(run)), [
      'a',
      'timeout',
      'b',
      'crashed',
      'c',
      'crashed',
      'd',
      'error',
      'e',
    ]);
  });

  it('cancels a waiting and a running task', async () => {
    const abort = new AbortController();
    const running = [
      run('x'),
      pool.run(task('hang'), settings, { signal: abort.signal }).catch((e: TaskFailed) => e.cause_),
    ];
    setTimeout(() => abort.abort(), 50);
    assert.deepEqual(await Promise.all(running), ['x', 'cancelled']);
    assert.equal(await run('after'), 'after');
    const aborted = AbortSignal.abort();
    await assert.rejects(pool.run(task('y'), settings, { signal: aborted }), (e: unknown) => e instanceof TaskFailed);
  });

  it('refuses work after it was stopped', async () => {
    await pool.stop();
    assert.equal(await run('x'), 'cancelled');
  });
});
