// Builds the extension and opens VS Code on the sample workspace with it: the desktop program when it is on PATH, VS
// Code's own server in a browser when it is not. `npm start [-- FOLDER]`
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram, pageAddress, startServer, VERSIONS } from './vscodeServer.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const workspace = path.resolve(process.argv[2] ?? path.join(root, 'fixtures', 'workspace'));
mkdirSync(workspace, { recursive: true });

console.log('building ...');
execFileSync(process.execPath, ['esbuild.mjs'], { cwd: root, stdio: 'inherit' });

const code = await findProgram('code', 'code-insiders', 'codium');
if (code) {
  console.log(`opening ${workspace} in ${code}`);
  const editor = spawn(code, ['--new-window', '--wait', `--extensionDevelopmentPath=${root}`, workspace], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  editor.once('exit', (status) => process.exit(status ?? 0));
} else {
  console.log('no desktop VS Code on PATH; starting VS Code in the browser');
  const server = await startServer(VERSIONS.floor, {
    port: Number(process.env.PORT) || undefined,
    // Kept between starts, so that what is set there stays.
    home: path.join(tmpdir(), `watchtower-start-${process.getuid?.() ?? 0}`),
    // The sample is ours; what Restricted Mode does is to be seen by opening another folder with the desktop program.
    settings: { 'security.workspace.trust.enabled': false },
    log: console.log,
  });
  console.log(`\nWatchtower runs at\n\n    ${pageAddress(server, { workspace, extension: root })}\n\nCtrl+C ends it.`);
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    server.stop().then(() => process.exit(0));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
  server.process.once('exit', (status) => {
    if (!stopping) {
      console.error(`VS Code's server ended with ${status}:\n${server.output()}`);
      process.exit(1);
    }
  });
}
