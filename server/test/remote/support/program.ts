import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ROOT = path.join(__dirname, '..', '..', '..', '..');

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The command line, built into a folder of its own and run with nothing of this machine's environment but PATH. */
export class Program {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'watchtower-test-program-'));

  constructor() {
    execFileSync(process.execPath, ['esbuild.mjs', '--only', 'cli,commands,scanWorker,hdf5,s3', '--out', this.folder], {
      cwd: ROOT,
    });
  }

  run(args: readonly string[], env: Record<string, string> = {}, cwd = this.folder): Promise<Outcome> {
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [path.join(this.folder, 'cli.js'), ...args], {
        cwd,
        env: { PATH: process.env.PATH, HOME: this.folder, ...env },
      });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (data) => {
        stdout += data;
      });
      child.stderr.on('data', (data) => {
        stderr += data;
      });
      child.on('close', (code) => resolve({ code, stdout, stderr }));
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
