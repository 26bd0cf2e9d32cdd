import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ROOT = path.join(__dirname, '..', '..', '..');

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The command line as it is shipped: bundles alone in a folder far from any node_modules. */
export class Program {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'watchtower-cli-'));

  /** Builds it; some seconds. */
  build(): void {
    execFileSync(process.execPath, ['esbuild.mjs', '--only', 'cli,scanWorker,hdf5', '--out', this.folder], {
      cwd: ROOT,
    });
  }

  run(
    args: readonly string[],
    { cwd = this.folder, env = {} }: { cwd?: string; env?: Record<string, string> } = {},
  ): Ran {
    const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(this.folder, 'cli.js'), ...args], {
      cwd,
      env: { PATH: process.env.PATH, ...env },
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      timeout: 60_000,
    });
    return { code: status, stdout, stderr };
  }

  /** Starts it, sends `signal` as soon as it writes to the error output, and waits for its end. */
  async interrupt(args: readonly string[], signal: NodeJS.Signals): Promise<Ran> {
    const child = spawn(process.execPath, [path.join(this.folder, 'cli.js'), ...args], { cwd: this.folder });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => {
      stdout += data;
    });
    child.stderr.on('data', (data) => {
      if (stderr === '') child.kill(signal);
      stderr += data;
    });
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { code, stdout, stderr };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Everything that could tell that a tree was touched: names, kinds, sizes, times, bytes. */
export function snapshot(folder: string): string[] {
  const lines: string[] = [];
  const walk = (relative: string) => {
    for (const name of readdirSync(path.join(folder, relative)).sort()) {
      const inside = path.join(relative, name);
      const full = path.join(folder, inside);
      const info = lstatSync(full);
      const head = `${JSON.stringify(inside)} ${info.mode} ${info.mtimeMs}`;
      if (info.isDirectory()) {
        lines.push(head);
        walk(inside);
      } else if (info.isSymbolicLink()) lines.push(`${head} -> ${readlinkSync(full)}`);
      else lines.push(`${head} ${statSync(full).size} ${info.isFile() ? readFileSync(full).toString('base64') : ''}`);
    }
  };
  walk('');
  return lines;
}
