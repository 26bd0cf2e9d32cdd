import path from 'node:path';
import { DEFAULT_SETTINGS } from '../core/settings';
import { WorkerPool } from '../worker/pool';
import { scanSource } from '../worker/scan';

async function main(): Promise<void> {
  const root = path.resolve(process.argv[3] ?? '.');
  const pool = new WorkerPool({ script: path.join(__dirname, 'scanWorker.js') });
  const scan = await scanSource({ kind: 'folder', root }, { ...DEFAULT_SETTINGS }, pool);
  await pool.stop();
  const out = process.argv.indexOf('--output');
  const json = JSON.stringify({ schema: 'watchtower-scan/1', ...scan }, null, 1);
  if (out > 0) (await import('node:fs')).writeFileSync(process.argv[out + 1] as string, json);
  else console.log(json);
}
void main();
