// Bundles the suites that run inside VS Code into dist/test.
import path from 'node:path';
import { build } from 'esbuild';
import { root } from './editor.mjs';

export async function buildTests() {
  const suites = ['main', 'restricted', 'package'];
  await build({
    absWorkingDir: root,
    entryPoints: {
      index: 'client/test/index.ts',
      ...Object.fromEntries(suites.map((name) => [`${name}.suite`, `client/test/suite/${name}.suite.ts`])),
    },
    outdir: path.join('dist', 'test'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    sourcemap: 'linked',
    external: ['vscode', 'mocha'],
    logLevel: 'warning',
  });
}
