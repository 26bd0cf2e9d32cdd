/** What a person waits for in the editor: the extension's own activation, the server's start, and findings after a save. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import rpc from 'vscode-languageserver-protocol/node';

const SAVES = 20;

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** A Python file of ordinary length whose last line is unsafe or not. */
function source(unsafe) {
  const body = Array.from({ length: 300 }, (_, i) => `value_${i} = compute(${i}, scale=${i % 7})`).join('\n');
  return `import yaml\n${body}\n${unsafe ? 'settings = yaml.load(text)' : 'settings = None'}\n`;
}

async function measure(cli, temporary) {
  const folder = path.join(temporary, 'editor');
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'train.py');
  const uri = pathToFileURL(file).href;
  const started = performance.now();
  const server = spawn(process.execPath, [path.join(path.dirname(cli), 'server.js'), '--stdio'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const connection = rpc.createProtocolConnection(
    new rpc.StreamMessageReader(server.stdout),
    new rpc.StreamMessageWriter(server.stdin),
  );
  let arrived;
  connection.onNotification('textDocument/publishDiagnostics', (params) => {
    if (params.uri === uri) arrived?.(params.diagnostics.length);
  });
  connection.onRequest('workspace/configuration', ({ items }) => items.map(() => ({})));
  connection.onRequest('client/registerCapability', () => null);
  connection.listen();
  const saved = async (version, unsafe) => {
    const text = source(unsafe);
    writeFileSync(file, text);
    const change = { textDocument: { uri, version }, contentChanges: [{ text }] };
    const from = performance.now();
    const findings = new Promise((resolve) => {
      arrived = resolve;
    });
    await connection.sendNotification('textDocument/didChange', change);
    await connection.sendNotification('textDocument/didSave', { textDocument: { uri } });
    const count = await findings;
    if (count > 0 !== unsafe) throw new Error(`${count} diagnostics where ${unsafe ? 'one is' : 'none is'} expected`);
    return performance.now() - from;
  };
  try {
    await connection.sendRequest('initialize', {
      processId: process.pid,
      rootUri: null,
      workspaceFolders: [{ uri: pathToFileURL(folder).href, name: 'editor' }],
      capabilities: { workspace: { configuration: true, workspaceFolders: true } },
    });
    await connection.sendNotification('initialized', {});
    const ready = performance.now() - started;
    writeFileSync(file, source(true));
    const opened = new Promise((resolve) => {
      arrived = resolve;
    });
    const textDocument = { uri, languageId: 'python', version: 1, text: source(true) };
    await connection.sendNotification('textDocument/didOpen', { textDocument });
    await opened;
    const first = performance.now() - started;
    const times = [];
    for (let i = 0; i < SAVES; i += 1) times.push(await saved(i + 2, i % 2 === 1));
    await connection.sendRequest('shutdown');
    return { ready, first, save: median(times) };
  } finally {
    server.kill();
    connection.dispose();
  }
}

export const rows = [
  {
    name: 'editor: language server',
    async run({ cli, temporary, nodeSeconds }) {
      const bare = nodeSeconds(['-e', '0']) * 1000;
      const { ready, first, save } = await measure(cli, temporary);
      const times = (ms) => `${(ms / bare).toFixed(2)} x node -e 0`;
      return [
        { value: times(ready), note: `${Math.round(ready)} ms from its start to its answer to initialize` },
        { value: times(first), note: `${Math.round(first)} ms from its start to the first diagnostics` },
        { value: times(save), note: `${save.toFixed(1)} ms from a save to diagnostics, median of ${SAVES}` },
      ];
    },
  },
  {
    name: 'editor: loading the extension',
    run({ cli, nodeSeconds }) {
      // The bundle alone, with an editor's API that answers anything: what activation costs before the server is asked.
      const code = `const m=require('module'),l=m._load,a=new Proxy(class{},{get:(t,k)=>k==='prototype'?t.prototype:a,apply:()=>a,construct:()=>({})});
        m._load=(id,...r)=>id==='vscode'?a:l(id,...r);require(${JSON.stringify(path.join(path.dirname(cli), 'extension.js'))})`;
      const bare = nodeSeconds(['-e', '0']);
      const load = nodeSeconds(['-e', code]);
      return {
        value: `${(load / bare).toFixed(2)} x node -e 0`,
        note: `${Math.round((load - bare) * 1000)} ms over bare Node`,
      };
    },
  },
];
