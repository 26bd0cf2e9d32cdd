// Builds every bundle of the product from one table.
// `node esbuild.mjs [--out DIR] [--watch] [--minify] [--only name,name] [--inputs FILE]`
// --inputs writes the names of all files that went into the bundles.
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { context } from 'esbuild';

const args = process.argv.slice(2);
const option = (name) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
const out = path.resolve(option('--out') ?? 'dist');
const only = option('--only')?.split(',');
const watch = args.includes('--watch');

// h5wasm is ESM that asks for import.meta.url; in a CommonJS bundle that has to be given.
const importMetaUrl = {
  define: { 'import.meta.url': '__importMetaUrl' },
  banner: { js: 'const __importMetaUrl=require("node:url").pathToFileURL(__filename).href;' },
};

const bundles = [
  { name: 'extension', entry: 'client/src/extension.ts', external: ['vscode'] },
  { name: 'server', entry: 'server/src/lsp/server.ts' },
  { name: 'scanWorker', entry: 'server/src/worker/scanWorker.ts' },
  { name: 'hdf5', entry: 'server/src/core/models/hdf5/h5wasm.ts', charset: 'utf8', ...importMetaUrl },
  { name: 's3', entry: 'server/src/core/sources/s3/client.ts' },
  { name: 'cli', entry: 'server/src/cli/main.ts', banner: { js: '#!/usr/bin/env node' } },
  // Loaded by cli.js when there is something to scan or to explain, and built with it.
  { name: 'commands', with: 'cli', entry: 'server/src/cli/commands.ts' },
];

/** Bundles that are loaded at run time with `require('./name.js')` and must not be pulled into their parent. */
const lazy = {
  name: 'lazy-bundles',
  setup(build) {
    build.onResolve({ filter: /^bundle:/ }, ({ path: id }) => ({
      path: `./${id.slice('bundle:'.length)}.js`,
      external: true,
    }));
    build.onResolve({ filter: /^\.\/advisories\.json$/ }, () => ({ path: './advisories.json', external: true }));
  },
};

if (!only && !option('--out')) rmSync(out, { recursive: true, force: true });
// Read with the first dependency file, from beside the bundle.
mkdirSync(out, { recursive: true });
copyFileSync('server/src/core/dependencies/advisories.json', path.join(out, 'advisories.json'));
const inputs = new Set();
for (const { name, with: parent, entry, ...options } of bundles) {
  if (only && !only.includes(name) && !only.includes(parent)) continue;
  const build = await context({
    entryPoints: { [name]: entry },
    outdir: out,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    mainFields: ['module', 'main'],
    sourcemap: args.includes('--minify') ? false : 'linked',
    minify: args.includes('--minify'),
    metafile: option('--inputs') !== undefined,
    logLevel: 'warning',
    plugins: [lazy],
    ...options,
  });
  if (watch) await build.watch();
  else {
    const { metafile } = await build.rebuild();
    for (const output of Object.values(metafile?.outputs ?? {})) {
      for (const [file, { bytesInOutput }] of Object.entries(output.inputs)) if (bytesInOutput > 0) inputs.add(file);
    }
    await build.dispose();
  }
}
if (option('--inputs')) writeFileSync(option('--inputs'), JSON.stringify([...inputs].sort()));
