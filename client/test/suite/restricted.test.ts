import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { ScanSummary } from '../../../server/src/protocol/messages';
import { fileUri, found, until, watchtower } from './support';

describe('Restricted Mode', () => {
  it('is on, and Watchtower works in it', async () => {
    assert.equal(vscode.workspace.isTrusted, false);
    await watchtower();
    const uri = fileUri('requirements.txt');
    await vscode.window.showTextDocument(uri);
    await found(uri);
    const summary = await vscode.commands.executeCommand<ScanSummary>('watchtower.scanWorkspace');
    assert.ok(summary.findings.medium > 0);
  });

  it('does not let the workspace switch its own scanner off', async () => {
    // The workspace's .vscode/settings.json excludes everything and switches every rule off.
    const settings = vscode.workspace.getConfiguration('watchtower');
    assert.deepEqual(settings.get('exclude'), []);
    assert.equal(settings.get('run'), 'onSave');
    const uri = fileUri('train.py');
    await vscode.window.showTextDocument(uri);
    await until(() => vscode.languages.getDiagnostics(uri).some(({ source }) => source === 'watchtower'), 'findings');
  });
});
