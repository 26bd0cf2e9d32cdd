import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { closeEditors, diagnosticsAt, fileUri, found, ruleOf, until, watchtower } from './support';

const RULE = 'dependency/trusted-host';

describe('diagnostics', () => {
  before(async () => {
    await watchtower();
  });
  afterEach(closeEditors);

  it('stand in a file as soon as it is opened, with the rule and a link to its page', async () => {
    const uri = fileUri('requirements.txt');
    await vscode.window.showTextDocument(uri);
    const own = await found(uri);
    const diagnostic = own.find((candidate) => ruleOf(candidate) === RULE);
    assert.ok(diagnostic);
    assert.equal(diagnostic.range.start.line, 0);
    assert.equal(diagnostic.severity, vscode.DiagnosticSeverity.Warning);
    const { code } = diagnostic;
    assert.ok(typeof code === 'object');
    assert.equal(code.target.scheme, 'watchtower-rule');
    const page = await vscode.workspace.openTextDocument(code.target);
    assert.match(page.getText(), /## What to do/);
  });

  it('stand exactly at the secret and the unsafe call of a Python file', async () => {
    const uri = fileUri('train.py');
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document);
    const texts = await until(() => {
      const own = diagnosticsAt(uri).map((diagnostic) => ({
        rule: ruleOf(diagnostic),
        text: document.getText(diagnostic.range),
      }));
      return (
        own.some(({ rule }) => rule.startsWith('secret/')) && own.some(({ rule }) => rule.startsWith('python/')) && own
      );
    }, 'a secret and an unsafe call');
    assert.ok(
      texts.some(({ rule, text }) => rule.startsWith('secret/') && /ghp_\w{36}/.test(text)),
      JSON.stringify(texts),
    );
    assert.ok(
      texts.some(({ rule, text }) => rule.startsWith('python/') && text.includes('pickle.load')),
      JSON.stringify(texts),
    );
    assert.ok(!diagnosticsAt(uri).some(({ message }) => /ghp_\w{36}/.test(message)), 'no message repeats the secret');
  });

  it('are taken back when the defect is fixed and saved', async () => {
    const uri = fileUri('fixed/requirements.txt');
    await vscode.workspace.fs.writeFile(uri, Buffer.from('--trusted-host packages.internal\n'));
    const editor = await vscode.window.showTextDocument(uri);
    await found(uri);
    await editor.edit((edit) => edit.delete(new vscode.Range(0, 0, 1, 0)));
    await editor.document.save();
    await until(() => diagnosticsAt(uri).length === 0, 'no findings');
  });

  it('are taken back by the action that ignores them on their line', async () => {
    const uri = fileUri('ignored/requirements.txt');
    await vscode.workspace.fs.writeFile(uri, Buffer.from('--trusted-host packages.internal\n'));
    const editor = await vscode.window.showTextDocument(uri);
    const [diagnostic] = await found(uri);
    assert.ok(diagnostic);
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      'vscode.executeCodeActionProvider',
      uri,
      diagnostic.range,
      vscode.CodeActionKind.QuickFix.value,
    );
    const ignore = actions.find(({ title }) => title === `Ignore ${RULE} on this line`);
    assert.ok(ignore?.edit, actions.map(({ title }) => title).join(', '));
    assert.ok(await vscode.workspace.applyEdit(ignore.edit));
    assert.match(editor.document.getText(), /# watchtower: ignore\[dependency\/trusted-host\]/);
    await editor.document.save();
    await until(() => diagnosticsAt(uri).length === 0, 'no findings');
  });

  it('follow files that other programs write, rename and delete, once the workspace has been scanned', async () => {
    await vscode.commands.executeCommand('watchtower.scanWorkspace');
    const uri = fileUri('requirements-new.txt');
    writeFileSync(uri.fsPath, '--trusted-host packages.internal\n');
    await found(uri);
    const renamed = fileUri('requirements-renamed.txt');
    renameSync(uri.fsPath, renamed.fsPath);
    await found(renamed);
    await until(() => diagnosticsAt(uri).length === 0, 'nothing under the old name');
    rmSync(renamed.fsPath);
    await until(() => diagnosticsAt(renamed).length === 0, 'nothing of the deleted file');
  });

  it('follow the setting of a severity', async () => {
    const uri = fileUri('requirements.txt');
    await vscode.window.showTextDocument(uri);
    await found(uri);
    await vscode.commands.executeCommand('watchtower.changeSeverity', RULE, uri.toString(), 'high');
    try {
      await until(
        () =>
          diagnosticsAt(uri).some(
            (diagnostic) => ruleOf(diagnostic) === RULE && diagnostic.severity === vscode.DiagnosticSeverity.Error,
          ),
        'an error',
      );
    } finally {
      await vscode.workspace
        .getConfiguration('watchtower')
        .update('severity.overrides', undefined, vscode.ConfigurationTarget.Workspace);
    }
    await until(
      () => diagnosticsAt(uri).some(({ severity }) => severity === vscode.DiagnosticSeverity.Warning),
      'a warning again',
    );
  });
});
