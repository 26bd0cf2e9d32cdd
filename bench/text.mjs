// Speed of the text scanners: MB/s on Python sources and on notebooks, the time for one edited cell, and the worst of a
// set of adversarial inputs. `node bench/text.mjs [FOLDER_OF_PY] [FOLDER_OF_IPYNB]`; without folders it makes its own input.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const core = (name) => JSON.stringify(path.join(root, 'server/src/core', name));
const outfile = path.join(os.tmpdir(), `watchtower-bench-${process.pid}.mjs`);
await build({
  stdin: {
    contents: `
      export { readNotebook, documentFromCells } from ${core('notebook/notebook.ts')};
      export { documentFromText } from ${core('text/fileDocument.ts')};
      export { analyseDocument } from ${core('text/analyse.ts')};
      export { TEXT_ANALYSERS } from ${core('text/analysers.ts')};
      export { Budget } from ${core('budget.ts')};
      export { DEFAULT_SETTINGS } from ${core('settings.ts')};`,
    resolveDir: root,
  },
  bundle: true,
  platform: 'node',
  format: 'esm',
  mainFields: ['module', 'main'],
  outfile,
  logLevel: 'error',
});
const { readNotebook, documentFromCells, documentFromText, analyseDocument, TEXT_ANALYSERS, Budget, DEFAULT_SETTINGS } =
  await import(pathToFileURL(outfile).href);

function filesBelow(folder, extension, found = []) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) filesBelow(full, extension, found);
    else if (entry.isFile() && entry.name.endsWith(extension) && statSync(full).size < 32e6) found.push(full);
  }
  return found;
}

function generatedPython() {
  const lines = [];
  for (let i = 0; i < 60_000; i += 1) {
    lines.push(
      `def function_${i}(key, token_ids=None):`,
      `    values["key_${i}"] = compute(${i}, token_ids)  # a comment on keys`,
      '',
    );
  }
  return lines.join('\n');
}

function generatedNotebook() {
  const image = 'iVBORw0KGgo'.padEnd(400_000, 'A7bC9dEfGhIjKl+/');
  const cells = Array.from({ length: 100 }, (_, i) => ({
    cell_type: 'code',
    metadata: {},
    execution_count: i,
    source: [`x_${i} = model.fit(key="value_${i}")\n`, 'print(x)\n'],
    outputs: [
      {
        output_type: 'display_data',
        metadata: {},
        data: { 'image/png': image, 'text/plain': ['<Figure size 640x480>'] },
      },
    ],
  }));
  return JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }, null, 1);
}

const limits = { ...DEFAULT_SETTINGS.limits, timeMs: 600_000 };
let findings = 0;
const context = () => ({
  budget: new Budget(limits),
  settings: DEFAULT_SETTINGS,
  report: () => {
    findings += 1;
  },
  describe() {},
  scan: async () => [],
  incomplete() {},
});
const seconds = (work) => {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
};

function measure(label, texts, toDocument, analysers) {
  const bytes = texts.reduce((sum, { text }) => sum + text.length, 0);
  const once = () => {
    for (const { name, text } of texts) analyseDocument(toDocument(name, text), analysers, context());
  };
  once();
  findings = 0;
  const time = seconds(once);
  console.log(
    `${label.padEnd(34)} ${(bytes / 1e6).toFixed(1).padStart(7)} MB ${(bytes / 1e6 / time).toFixed(1).padStart(7)} MB/s ${String(findings).padStart(6)} findings`,
  );
}

const [pyFolder, nbFolder] = process.argv.slice(2);
const load = (folder, extension, generated) =>
  folder
    ? filesBelow(folder, extension).map((file) => ({ name: path.basename(file), text: readFileSync(file, 'utf8') }))
    : [{ name: `generated${extension}`, text: generated() }];
const python = load(pyFolder, '.py', generatedPython);
const notebooks = load(nbFolder, '.ipynb', generatedNotebook);
const notebook = (name, text) => readNotebook(name, text).document;

for (const analyser of TEXT_ANALYSERS) {
  measure(`.py     ${analyser.id}`, python, documentFromText, [analyser]);
  measure(`.ipynb  ${analyser.id}`, notebooks, notebook, [analyser]);
}
measure('.py     all', python, documentFromText, TEXT_ANALYSERS);
measure('.ipynb  all', notebooks, notebook, TEXT_ANALYSERS);
measure('.ipynb  decoding alone', notebooks, notebook, []);

const cell = 'import pandas as pd\nimport requests\n'.padEnd(
  920,
  'df = pd.read_csv(path)\nresult = client.query(key="x")\n',
);
const cells = [{ kind: 'code', language: 'python', text: cell }];
for (const [label, analysers] of [...TEXT_ANALYSERS.map((a) => [a.id, [a]]), ['all', TEXT_ANALYSERS]]) {
  const rounds = 2000;
  const run = () => {
    for (let i = 0; i < rounds; i += 1) analyseDocument(documentFromCells('live.ipynb', cells), analysers, context());
  };
  run();
  console.log(`one cell of ${cell.length} characters, ${label}: ${((seconds(run) / rounds) * 1e6).toFixed(0)} us`);
}

const adversarial = {
  api_key: (n) => 'api_key'.repeat(n / 7),
  'token=': (n) => 'token='.repeat(n / 6),
  'secret and spaces': (n) => `secret${' '.repeat(n)}`,
  'password = "': (n) => 'password = "'.repeat(n / 12),
  'eyJ.': (n) => 'eyJhbGciOi.'.repeat(n / 11),
  '://a:b@': (n) => '://a:b@'.repeat(n / 7),
  'user:pass@': (n) => 'user:pass@'.repeat(n / 10),
  'curl -u a:b': (n) => 'curl -u a:bcdefg \\\n'.repeat(n / 19),
  BEGIN: (n) => '-----BEGIN PRIVATE KEY-----\n'.repeat(n / 28),
  base64: (n) => 'QUJD/+'.repeat(n / 6),
  'key,key,': (n) => 'key, '.repeat(n / 5),
  '"key" "': (n) => '("secret", "'.repeat(n / 12),
};
for (const [label, make] of Object.entries(adversarial)) {
  const time = (n) => {
    const text = make(n);
    return Math.min(
      ...[0, 1, 2].map(() =>
        seconds(() =>
          analyseDocument(
            documentFromText('x.py', text),
            TEXT_ANALYSERS.filter((a) => a.id === 'secrets'),
            context(),
          ),
        ),
      ),
    );
  };
  const one = time(100_000);
  const two = time(200_000);
  console.log(
    `adversarial ${label.padEnd(20)} 100 kB ${(one * 1e3).toFixed(0).padStart(5)} ms, 200 kB ${(two * 1e3).toFixed(0).padStart(5)} ms`,
  );
}
