import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CodeAction } from 'vscode-languageserver-protocol/node';
import { ScanWorkspace } from '../../src/protocol/messages';
import { leaksIn, secretFiles } from '../core/secrets/leaks';
import { buildServer, TestEditor, until } from './support';

describe('no secret leaves the language server', function () {
  this.timeout(120_000);
  const { files, secrets } = secretFiles();
  let bundles: ReturnType<typeof buildServer>;
  let root: string;

  before(() => {
    bundles = buildServer();
    root = mkdtempSync(path.join(os.tmpdir(), 'watchtower-leaks-'));
    for (const [name, text] of files) {
      mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
      writeFileSync(path.join(root, name), text);
    }
  });
  after(() => {
    bundles.remove();
    rmSync(root, { recursive: true, force: true });
  });

  it('in diagnostics, the list of findings, the log and the payloads of code actions', async () => {
    const editor = await TestEditor.start(bundles.folder, { folders: [root] });
    await editor.connection.sendRequest(ScanWorkspace.type, {});
    const uri = (name: string) => pathToFileURL(path.join(root, name)).href;
    const text = [...files].filter(([name]) => !name.endsWith('.ipynb') && !name.endsWith('.pypirc'));
    let actions = 0;
    for (const [name, content] of text) {
      const language = name.endsWith('.py') ? 'python' : 'plaintext';
      await editor.open(uri(name), language, content);
      const diagnostics = await until(() => editor.diagnostics.get(uri(name)), `findings in ${name}`);
      const offered = await editor.connection.sendRequest<CodeAction[]>('textDocument/codeAction', {
        textDocument: { uri: uri(name) },
        range: diagnostics[0]?.range,
        context: { diagnostics },
      });
      actions += offered.length;
      assert.deepEqual(leaksIn(JSON.stringify([diagnostics, offered]), secrets), [], name);
    }
    assert.ok(actions > text.length * 3);
    assert.ok(editor.artifacts.size >= text.length);
    assert.deepEqual(leaksIn(JSON.stringify([...editor.artifacts]), secrets), []);
    assert.deepEqual(leaksIn(JSON.stringify([...editor.published]), secrets), []);
    assert.deepEqual(leaksIn(editor.log.join('\n'), secrets), []);
    assert.equal(await editor.stop(), 0);
  });
});
