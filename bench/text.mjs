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
      export { readNotebookBytes, documentFromCells } from ${core('notebook/notebook.ts')};
      export { decodeText } from ${core('text/decode.ts')};
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
const {
  readNotebookBytes,
  documentFromCells,
  documentFromText,
  decodeText,
  analyseDocument,
  TEXT_ANALYSERS,
  Budget,
  DEFAULT_SETTINGS,
} = await import(pathToFileURL(outfile).href);

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

/** Passes over the same files once the engine of JavaScript knows them, and bytes that are read in all of them at least. */
const PASSES = 8;
const BYTES = 400e6;

function measure(label, files, toDocument, analysers) {
  const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
  const once = () => {
    findings = 0;
    for (const file of files) analyseDocument(toDocument(file.name, file.bytes), analysers, context());
  };
  const first = seconds(once);
  // The fastest is told, and the first one of all.
  const passes = Math.max(PASSES, Math.ceil(BYTES / bytes));
  const warm = Math.min(...Array.from({ length: passes }, () => seconds(once)));
  const speed = (time) => (bytes / 1e6 / time).toFixed(1).padStart(7);
  console.log(
    `${label.padEnd(26)} ${(bytes / 1e6).toFixed(1).padStart(7)} MB ${speed(warm)} MB/s warm ${speed(first)} MB/s at first ${String(findings).padStart(6)} findings`,
  );
}

const [pyFolder, nbFolder] = process.argv.slice(2);
const load = (folder, extension, generated) =>
  folder
    ? filesBelow(folder, extension).map((file) => ({ name: path.basename(file), bytes: readFileSync(file) }))
    : [{ name: `generated${extension}`, bytes: Buffer.from(generated()) }];
const python = load(pyFolder, '.py', generatedPython);
const notebooks = load(nbFolder, '.ipynb', generatedNotebook);
// From the bytes of the files on: what a scan does when it has read them.
const notebook = (name, bytes) => readNotebookBytes(name, bytes).document;
const script = (name, bytes) => documentFromText(name, decodeText(bytes).text);

// All rules first, as a scan has them: what is measured later finds code that was compiled for another choice.
measure('.py     all', python, script, TEXT_ANALYSERS);
measure('.ipynb  all', notebooks, notebook, TEXT_ANALYSERS);
for (const analyser of TEXT_ANALYSERS) {
  measure(`.py     ${analyser.id}`, python, script, [analyser]);
  measure(`.ipynb  ${analyser.id}`, notebooks, notebook, [analyser]);
}
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

/** Texts that repeat what a rule or a reader begins at, by the file they would be in. */
const adversarial = {
  'x.py': [
    ...[
      'api_key',
      'token=',
      'password = "',
      'eyJhbGciOi.',
      '://a:b@',
      'user:pass@',
      'curl -u a:bcdefg \\\n',
      'QUJD/+',
      'key, ',
    ],
    ...[
      '-----BEGIN PRIVATE KEY-----\n',
      '("secret", "',
      'secret ',
      'name=',
      "'name': 'A B', ",
      '1',
      '1 ',
      '1-',
      '1.1.',
      'ab:',
      '::',
    ],
    ...[
      'a@',
      'a.a@a.',
      'x.load(',
      'eval(',
      'eval(x)\n',
      '(',
      'lambda:',
      'not ',
      'f"{',
      'f\'{f"{',
      'a = a.b\n',
      'import os as a\n',
      'a.b',
      "'a' + ",
    ],
    ...[
      'x = (\n',
      'if x:\n ',
      '@',
      'import imp, ',
      'from os import (\n',
      'def f(a=eval):\n ',
      'getattr(a, b).',
      'x[',
      '"""',
      "'",
      '#\n',
      '\\\n',
    ],
    ...[
      'load = pickle.load\n',
      'a,',
      'for a in b:\n',
      'with a as b:\n',
      'a = pickle.load; b = a\n',
      'from pickle import *\n',
      'x = x + x\n',
    ],
  ],
  'x.txt': [
    '1',
    '1 ',
    '1-',
    '1.1.',
    'a@',
    'ab:',
    '::',
    'name: A ',
    '+1 ',
    'AA 1 ',
    'GB82 ',
    'x1 ',
    'address: 1 ',
    'passport ',
    'iban DE',
    '"',
  ],
  'x.csv': ['1,', 'name,', '"', 'a@b.de,', '\n', '"",', 'ssn,1\n'],
  'x.ipynb': [
    '{"cells":[',
    '{"cells":[{"source":["',
    '"',
    '\\u0041',
    '{"a":',
    '[',
    '{"cells":[{"outputs":[{"data":{"text/html":"<table><tr><td>',
  ],
};
const KILOBYTES = [100, 200];
for (const [name, units] of Object.entries(adversarial)) {
  for (const unit of units) {
    const time = (n) => {
      const bytes = Buffer.from(unit.repeat(Math.ceil(n / unit.length)));
      const toDocument = name.endsWith('.ipynb') ? notebook : script;
      return Math.min(
        ...[0, 1, 2].map(() => seconds(() => analyseDocument(toDocument(name, bytes), TEXT_ANALYSERS, context()))),
      );
    };
    const [one, two] = KILOBYTES.map((size) => time(size * 1000));
    const note = two > 0.05 && two > one * 3 ? '   MORE THAN LINEAR' : '';
    console.log(
      `adversarial ${name.padEnd(8)} ${JSON.stringify(unit).slice(0, 32).padEnd(32)} 100 kB ${(one * 1e3).toFixed(0).padStart(5)} ms, 200 kB ${(two * 1e3).toFixed(0).padStart(5)} ms${note}`,
    );
  }
}
