// Every level of test, one after the other, with one sum at the end: `npm test`.
// `--only node,package,editor,ui` runs some levels.
import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect, promisify } from 'node:util';
import { buildTests } from './buildTests.mjs';
import { aptInstall, findChromium } from './chromium.mjs';
import { canDownload, runDesktopSuite } from './desktop.mjs';
import { emptyResults, results, root, runSuite } from './editor.mjs';
import { PACKAGE, packageExtension, packageTests } from './package.mjs';
import { writeTestWorkspace } from './testWorkspace.mjs';
import { lookAtEditor } from './uiTests.mjs';
import { ensureServer, findProgram, installVsix, VERSIONS } from './vscodeServer.mjs';

const run = promisify(execFile);
const args = process.argv.slice(2);
const only = args.includes('--only') ? args[args.indexOf('--only') + 1].split(',') : undefined;
const wanted = (level) => !only || only.includes(level);

let passed = 0;
let failed = 0;
const skipped = [];
const failures = [];

const title = (text) => console.log(`\n=== ${text}`);

function count(level, output, code) {
  const number = (word) => Number(new RegExp(`^\\s+(\\d+) ${word}`, 'm').exec(output)?.[1] ?? 0);
  passed += number('passing');
  const left = number('pending');
  if (left) skipped.push(`${left} of ${level}; the reasons stand beside them`);
  const wrong = number('failing');
  // A run that ended badly without saying how many failed is one failure.
  failed += wrong || (code === 0 ? 0 : 1);
  if (code !== 0 || wrong) failures.push(level);
}

/** Runs a program, shows what it prints, and gives it back. */
function show(program, programArgs) {
  return new Promise((resolve) => {
    const child = spawn(program, programArgs, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
      process.stdout.write(chunk);
    });
    child.once('error', (error) => resolve({ code: 1, output: String(error) }));
    child.once('exit', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Counts a check that is a function: it passes when it does not throw. */
async function check(level, name, act) {
  try {
    await act();
    passed += 1;
    console.log(`    ✔ ${name}`);
  } catch (error) {
    failed += 1;
    failures.push(`${level}: ${name}`);
    console.log(`    ✘ ${name}\n${inspect(error)}`);
  }
}

async function nodeTests() {
  title('core, workers, language server, command line');
  const mocha = path.join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
  const { code, output } = await show(process.execPath, [mocha, 'server/test/**/*.test.ts']);
  count('node', output, code);
}

/** @returns why there can be no editor, or undefined */
async function prepareEditor() {
  if (!(await findProgram('rg'))) {
    const reason = await aptInstall('ripgrep', console.log);
    if (reason) console.log(`${reason}; searching in VS Code's server does not work without it`);
  }
  return (await findChromium()) ? undefined : aptInstall('chromium', console.log);
}

/** What a hostile repository would set. */
const HOSTILE_SETTINGS = {
  'watchtower.run': 'manual',
  'watchtower.exclude': ['**'],
  'watchtower.severity.overrides': { 'secret/*': 'off', 'python/*': 'off', 'dependency/*': 'off', 'pickle/*': 'off' },
  'watchtower.secrets.enabled': false,
};

async function editorTests(name, suiteRunner, vsix) {
  const workspaces = [];
  const workspace = async (prepare = async () => {}) => {
    const folder = await writeTestWorkspace();
    workspaces.push(folder);
    await prepare(folder);
    return folder;
  };
  try {
    title(`extension in ${name}`);
    let result = await suiteRunner({ suite: 'main', workspace: await workspace(), trusted: true });
    count(`${name}: main`, result.output, result.code);
    title(`Restricted Mode in ${name}`);
    const hostile = await workspace(async (folder) => {
      await mkdir(path.join(folder, '.vscode'));
      await writeFile(path.join(folder, '.vscode', 'settings.json'), JSON.stringify(HOSTILE_SETTINGS));
    });
    result = await suiteRunner({ suite: 'restricted', workspace: hostile, trusted: false });
    count(`${name}: restricted`, result.output, result.code);
    if (vsix) {
      title(`installed .vsix in ${name}`);
      result = await suiteRunner({ suite: 'package', workspace: await workspace(), trusted: true, vsix });
      count(`${name}: package`, result.output, result.code);
    }
  } catch (error) {
    failed += 1;
    failures.push(name);
    console.log(error.stack ?? error);
  } finally {
    for (const folder of workspaces) await rm(folder, { recursive: true, force: true });
  }
}

/** An extension that only brings the tests: the one that is tested is installed from its package. */
async function driver() {
  const folder = await mkdtemp(path.join(tmpdir(), 'watchtower-driver-'));
  const manifest = { name: 'driver', publisher: 'watchtower-tests', version: '0.0.1', engines: { vscode: '^1.100.0' } };
  await writeFile(path.join(folder, 'package.json'), JSON.stringify(manifest));
  return folder;
}

function onServer(version) {
  return async ({ vsix, ...options }) => {
    if (!vsix) return runSuite(version, options);
    const home = await mkdtemp(path.join(tmpdir(), 'watchtower-vsix-'));
    const extension = await driver();
    try {
      await installVsix(version, home, vsix);
      return await runSuite(version, { ...options, home, extension });
    } finally {
      for (const folder of [home, extension]) await rm(folder, { recursive: true, force: true });
    }
  };
}

const started = Date.now();
await emptyResults();

title('build');
await run(process.execPath, ['esbuild.mjs'], { cwd: root });
await buildTests();

if (wanted('node')) await nodeTests();

let vsix;
if (wanted('package') || wanted('editor')) {
  title('package');
  // The package is built from a copy, so that it is minified and the tests of the editor still have readable bundles.
  const kept = await mkdtemp(path.join(tmpdir(), 'watchtower-dist-'));
  await cp(path.join(root, 'dist'), kept, { recursive: true });
  await check('package', 'vsce packages without a warning', async () => {
    vsix = await packageExtension();
  });
  if (vsix) for (const [name, act] of packageTests(vsix)) await check('package', name, act);
  if (vsix) {
    await cp(vsix, path.join(results, PACKAGE));
    vsix = path.join(results, PACKAGE);
  }
  await rm(path.join(root, 'dist'), { recursive: true, force: true });
  await cp(kept, path.join(root, 'dist'), { recursive: true });
  await rm(kept, { recursive: true, force: true });
}

if (wanted('editor')) {
  if (await canDownload()) {
    for (const version of [VERSIONS.floor.vscode, 'stable']) {
      await editorTests(`VS Code ${version}`, (options) => runDesktopSuite(version, options), vsix);
    }
  } else {
    console.log('\nVS Code cannot be downloaded here; its server from npm and a Chromium stand in for it.');
    const reason = await prepareEditor();
    for (const version of [VERSIONS.floor, VERSIONS.newest]) {
      if (reason) {
        skipped.push(`extension in VS Code ${version.vscode}: ${reason}`);
        continue;
      }
      try {
        await ensureServer(version, console.log);
      } catch (error) {
        skipped.push(`extension in VS Code ${version.vscode}: ${String(error.message ?? error).split('\n')[0]}`);
        continue;
      }
      await editorTests(`VS Code ${version.vscode}`, onServer(version), version === VERSIONS.floor ? vsix : undefined);
    }
  }
}

if (wanted('ui')) {
  const reason = await prepareEditor();
  if (reason) skipped.push(`user interface: ${reason}`);
  else {
    title('user interface');
    const workspace = await writeTestWorkspace();
    try {
      await lookAtEditor(VERSIONS.floor, workspace, (name, act) => check('ui', name, act));
    } catch (error) {
      failed += 1;
      failures.push('ui');
      console.log(error.stack ?? error);
    } finally {
      await rm(workspace, { recursive: true, force: true });
    }
  }
}

title(`after ${Math.round((Date.now() - started) / 1000)} s`);
for (const what of skipped) console.log(`skipped: ${what}`);
for (const what of failures) console.log(`failed: ${what}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
