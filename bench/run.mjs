// Speed and memory, printed as a table of counts and ratios: `npm run bench [-- NAME...]`.
// Every file of bench/rows exports `rows`: [{ name, run(context) }]; run gives { value, note? } or a list of them.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const cli = path.resolve(process.env.WATCHTOWER_CLI ?? path.join(root, 'dist', 'cli.js'));
if (!existsSync(cli)) {
  console.error('dist/cli.js is not there; run "npm run build" first');
  process.exit(2);
}
const wanted = process.argv.slice(2);
const temporary = mkdtempSync(path.join(tmpdir(), 'watchtower-bench-'));

/** Runs the command line once. @returns seconds, the largest resident size of the process in MB, and its report */
function scan(target, ...options) {
  const started = process.hrtime.bigint();
  const code = `
    process.argv.splice(1, 1);
    process.on('exit', () => process.stderr.write('\\n@' + process.resourceUsage().maxRSS));
    require(process.argv[1]);`;
  const args = [
    '-e',
    code,
    'placeholder',
    cli,
    'scan',
    target,
    '--format',
    'json',
    '--fail-on',
    'never',
    '-q',
    ...options,
  ];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 30 });
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  const peak = Number(/@(\d+)$/.exec(stderr)?.[1] ?? Number.NaN) / 1024;
  return { seconds, peakMb: peak, report: JSON.parse(stdout) };
}

/** Seconds of a Node process, the least of several: what else the machine does only ever adds. */
function nodeSeconds(args, times = 7) {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i += 1) {
    const started = process.hrtime.bigint();
    spawnSync(process.execPath, args, { stdio: 'ignore' });
    least = Math.min(least, Number(process.hrtime.bigint() - started) / 1e9);
  }
  return least;
}

const context = {
  root,
  cli,
  temporary,
  scan,
  nodeSeconds,
  bytes: (n) => (n >= 1e6 ? `${(n / 1e6).toFixed(1)} MB` : `${(n / 1e3).toFixed(1)} kB`),
};
const table = [];
try {
  const folder = path.join(root, 'bench', 'rows');
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith('.mjs'))
    .sort()) {
    const { rows } = await import(pathToFileURL(path.join(folder, file)).href);
    for (const { name, run } of rows) {
      if (wanted.length && !wanted.some((part) => name.includes(part))) continue;
      for (const result of [await run(context)].flat()) {
        const row = [result.name ?? name, result.value, result.note ?? ''];
        table.push(row);
        console.log(row.filter(Boolean).join('  |  '));
      }
    }
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
if (table.length === 0) {
  console.error('no such row');
  process.exitCode = 2;
}
