// Writes the part of THIRD_PARTY_NOTICES.md that lists the npm packages inside the bundles, with their licences:
// `npm run notices`. With `--check` it only compares, and fails when the file is out of date.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const FILE = path.join(root, 'THIRD_PARTY_NOTICES.md');
const HEADING = '## Packages in the bundles\n';

/**
 * @returns folders of the packages, relative to the root, of which code is in a bundle
 */
export async function bundledPackages() {
  const out = await mkdtemp(path.join(tmpdir(), 'watchtower-notices-'));
  try {
    const list = path.join(out, 'inputs.json');
    await promisify(execFile)(process.execPath, ['esbuild.mjs', '--out', out, '--inputs', list], { cwd: root });
    const folders = new Set();
    for (const input of JSON.parse(await readFile(list, 'utf8'))) {
      const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
      if (folder) folders.add(folder);
    }
    return [...folders].sort();
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

async function licenceText(folder) {
  const names = (await readdir(folder)).filter((name) => /^(?:licen[cs]e|copying|notice)(?:[.-]|$)/i.test(name)).sort();
  const texts = await Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')));
  return texts.map((text) => text.replaceAll('\r\n', '\n').trim()).join('\n\n');
}

/** The generated part: packages that have the same text stand together above it. */
async function section() {
  const groups = new Map();
  for (const relative of await bundledPackages()) {
    const folder = path.join(root, relative);
    const { name, version, license, author } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
    const text = await licenceText(folder);
    const by = typeof author === 'string' ? author : author?.name;
    const title = `${name} ${version} (${license}${text || !by ? '' : `, by ${by}`})`;
    // The texts of one licence differ in their line breaks.
    const key = text.replace(/\s+/g, ' ') || license;
    const group = groups.get(key) ?? { text: text || `${license}; the package brings no text.`, titles: new Set() };
    groups.set(key, { ...group, titles: group.titles.add(title) });
  }
  const parts = [...groups.values()].map(
    ({ text, titles }) => `${[...titles].map((title) => `- ${title}`).join('\n')}\n\n\`\`\`\n${text}\n\`\`\`\n`,
  );
  return `${HEADING}\nParts of these packages are in the files of \`dist/\`. Written by \`npm run notices\`.\n\n${parts.join('\n')}`;
}

async function main() {
  const before = await readFile(FILE, 'utf8');
  const at = before.indexOf(HEADING);
  const after = `${(at < 0 ? before : before.slice(0, at)).trimEnd()}\n\n${await section()}`;
  if (process.argv.includes('--check')) {
    if (after !== before) {
      console.error('THIRD_PARTY_NOTICES.md is out of date: npm run notices');
      process.exitCode = 1;
    }
    return;
  }
  await writeFile(FILE, after);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
