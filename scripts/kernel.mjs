// Compiles server/kernel (AssemblyScript) to WebAssembly and writes it as a module of core: `npm run kernel`.
// The shapes of identifiers become a table of it: after a change of their patterns it has to be compiled again.
// `--print` writes that module to the standard output instead; a test compares it with the one that is committed.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { build } from 'esbuild';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const target = path.join(root, 'server/src/core/text/kernelModule.ts');
const sources = path.join(root, 'server/kernel');

/** Sources that are not written by hand. */
const made = { 'shapes.ts': `export const SHAPES = memory.data<u16>([${await identifierShapes()}]);` };

const { binary, error, stderr } = await compile();
if (error || !binary) {
  process.stderr.write(`${stderr.toString()}${error?.message ?? 'nothing was compiled'}\n`);
  process.exit(1);
}
const base64 = Buffer.from(binary).toString('base64');
const lines = base64.match(/.{1,110}/g).map((line) => `  '${line}',`);
const text = `/** WebAssembly of server/kernel in base64 (RFC 4648): written by \`npm run kernel\`. */
export const KERNEL_MODULE = [
${lines.join('\n')}
].join('');
`;
if (process.argv.includes('--print')) process.stdout.write(text);
else writeFileSync(target, text);

async function compile() {
  let binary;
  const options = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--disable', 'bulk-memory'];
  const result = await asc.main(['index.ts', '--outFile', 'kernel.wasm', ...options], {
    readFile: (name, base) => {
      if (path.basename(name) in made) return made[path.basename(name)];
      try {
        return readFileSync(path.resolve(sources, base === '.' ? '' : base, name), 'utf8');
      } catch {
        return null;
      }
    },
    writeFile: (name, contents) => {
      if (name === 'kernel.wasm') binary = contents;
    },
    listFiles: () => [],
  });
  return { ...result, binary };
}

async function identifierShapes() {
  const entryPoints = [path.join(root, 'server/src/core/pii/shapes.ts')];
  const { outputFiles } = await build({ entryPoints, bundle: true, write: false, format: 'cjs', platform: 'node' });
  const module = { exports: {} };
  new Function('module', 'require', outputFiles[0].text)(module, createRequire(import.meta.url));
  return module.exports.identifierShapes();
}
