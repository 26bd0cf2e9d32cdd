// Desktop VS Code by @vscode/test-electron, where it can be downloaded.
import { execFile } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { downloadAndUnzipVSCode, resolveCliArgsFromVSCodeExecutablePath } from '@vscode/test-electron';
import { root, testsEntry, trustSettings } from './editor.mjs';
import { findProgram, QUIET_SETTINGS } from './vscodeServer.mjs';

const run = promisify(execFile);

/** Asks the name service only: in a closed network that fails at once. */
export async function canDownload() {
  const host = ['update', 'code', 'visualstudio', 'com'].join('.');
  const answer = lookup(host).then(
    () => true,
    () => false,
  );
  const patience = new Promise((resolve) => setTimeout(() => resolve(false), 3000).unref());
  return Promise.race([answer, patience]);
}

/** The same suites as in VS Code's server, inside the desktop program; on Linux without a display under Xvfb. */
export async function runDesktopSuite(version, { suite, workspace, trusted, vsix }) {
  const executable = await downloadAndUnzipVSCode(version);
  const data = await mkdtemp(path.join(tmpdir(), 'watchtower-desktop-'));
  const user = path.join(data, 'user-data', 'User');
  try {
    await mkdir(user, { recursive: true });
    await writeFile(
      path.join(user, 'settings.json'),
      JSON.stringify({ ...QUIET_SETTINGS, ...trustSettings(trusted) }, null, 2),
    );
    const folders = [
      `--user-data-dir=${path.join(data, 'user-data')}`,
      `--extensions-dir=${path.join(data, 'extensions')}`,
    ];
    let extension = root;
    if (vsix) {
      const [cli, ...cliArgs] = resolveCliArgsFromVSCodeExecutablePath(executable);
      await run(cli, [...cliArgs, ...folders, '--install-extension', vsix], { timeout: 120_000 });
      extension = path.join(data, 'driver');
      await mkdir(extension);
      await writeFile(
        path.join(extension, 'package.json'),
        JSON.stringify({ name: 'driver', publisher: 'tests', version: '0.0.1', engines: { vscode: '^1.100.0' } }),
      );
    }
    const args = [
      workspace,
      `--extensionDevelopmentPath=${extension}`,
      `--extensionTestsPath=${testsEntry}`,
      ...folders,
      ...['--no-sandbox', '--disable-gpu', '--disable-updates', '--skip-welcome', '--skip-release-notes'],
      ...(trusted ? ['--disable-workspace-trust'] : []),
    ];
    const xvfb = process.platform === 'linux' && !process.env.DISPLAY ? await findProgram('xvfb-run') : undefined;
    const [program, programArgs] = xvfb ? [xvfb, ['-a', executable, ...args]] : [executable, args];
    const env = { ...process.env, WATCHTOWER_SUITE: suite, WATCHTOWER_WORKSPACE: workspace };
    return await run(program, programArgs, { env, timeout: 240_000, maxBuffer: 2 ** 26 }).then(
      ({ stdout }) => ({ code: 0, output: own(stdout) }),
      (error) => ({ code: error.code ?? 1, output: own(`${error.stdout ?? ''}\n${error.message}`) }),
    );
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}

/** What the tests print, without their mark and without what VS Code says of itself. */
function own(output) {
  const lines = output.split('\n').flatMap((line) => line.match(/\[test\] ?(.*)/)?.[1] ?? []);
  const text = lines.join('\n');
  console.log(text);
  return text;
}
