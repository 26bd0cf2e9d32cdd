// The .vsix: made by vsce, and what a package has to be.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import JSZip from 'jszip';
import { root } from './editor.mjs';

const run = promisify(execFile);

export const PACKAGE = 'watchtower.vsix';
/** Compressed. Most of it is the HDF5 reader and the advisories. */
const SIZE_BUDGET = 6 * 2 ** 20;

const FILES = [
  'extension/changelog.md',
  'extension/dist/advisories.json',
  'extension/dist/extension.js',
  'extension/dist/hdf5.js',
  'extension/dist/s3.js',
  'extension/dist/scanWorker.js',
  'extension/dist/server.js',
  'extension/LICENSE.txt',
  'extension/THIRD_PARTY_NOTICES.md',
  'extension/media/activity-bar.svg',
  'extension/media/icon.png',
  'extension/media/walkthrough/findings.md',
  'extension/media/walkthrough/living.md',
  'extension/media/walkthrough/reports.md',
  'extension/media/walkthrough/scan.md',
  'extension/package.json',
  'extension/package.nls.json',
  'extension/readme.md',
  'extension.vsixmanifest',
  '[Content_Types].xml',
];

/** @throws Error with what vsce says, if it only warns too */
export async function packageExtension() {
  const file = path.join(root, 'dist', PACKAGE);
  const vsce = path.join(root, 'node_modules', '@vscode', 'vsce', 'vsce');
  const { stdout, stderr } = await run(process.execPath, [vsce, 'package', '--out', file], {
    cwd: root,
    timeout: 300_000,
    maxBuffer: 2 ** 26,
  });
  const said = `${stdout}\n${stderr}`;
  assert.ok(!/warning/i.test(said), said);
  return file;
}

/** Checks of the package as [name, function that throws]. */
export function packageTests(vsix) {
  const zip = async () => JSZip.loadAsync(await readFile(vsix));
  const manifest = async () => JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  return [
    [
      'holds exactly the files it is to hold',
      async () => {
        const names = Object.values((await zip()).files)
          .filter((file) => !file.dir)
          .map(({ name }) => name);
        assert.deepEqual(names.sort(), [...FILES].sort());
      },
    ],
    [
      `is smaller than ${SIZE_BUDGET / 2 ** 20} MiB`,
      async () => {
        const { size } = await stat(vsix);
        console.log(`      ${(size / 2 ** 20).toFixed(2)} MiB`);
        assert.ok(size < SIZE_BUDGET, `${size} bytes`);
      },
    ],
    [
      'brings every bundle that one of its bundles loads',
      async () => {
        const files = (await zip()).files;
        for (const name of ['extension', 'server', 'scanWorker', 'hdf5', 's3']) {
          const text = await files[`extension/dist/${name}.js`].async('string');
          for (const [, wanted] of text.matchAll(/require\("\.\/([\w.-]+)"\)/g)) {
            assert.ok(files[`extension/dist/${wanted}`], `${name}.js loads ${wanted}`);
          }
        }
      },
    ],
    [
      'has a text for every key of the manifest, and no other',
      async () => {
        const texts = JSON.parse(await readFile(path.join(root, 'package.nls.json'), 'utf8'));
        const used = new Set([...JSON.stringify(await manifest()).matchAll(/"%([\w.]+)%"/g)].map(([, key]) => key));
        assert.deepEqual([...used].sort(), Object.keys(texts).sort());
      },
    ],
    [
      'has every file that the manifest names',
      async () => {
        const text = JSON.stringify((await manifest()).contributes);
        const media = new Set(await readdir(path.join(root, 'media'), { recursive: true }));
        for (const [, name] of text.matchAll(/"media\/([\w./-]+)"/g)) assert.ok(media.has(name), name);
      },
    ],
  ];
}
