import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { ScanSummary } from '../../../server/src/protocol/messages';
import { EXTENSION, fileUri, found, until, watchtower } from './support';

describe('the installed .vsix', () => {
  it('is the package and not the sources', async () => {
    const extension = vscode.extensions.getExtension(EXTENSION);
    assert.ok(extension);
    assert.ok(extension.extensionPath.includes('extensions'), extension.extensionPath);
  });

  it('scans a workspace, models with their lazily loaded parts too, and open files', async () => {
    const { models } = await watchtower();
    const summary = await vscode.commands.executeCommand<ScanSummary>('watchtower.scanWorkspace');
    assert.ok(summary.artifacts >= 5, `${summary.artifacts} artifacts`);
    assert.ok(summary.findings.critical + summary.findings.high > 0);
    await until(() => models.roots.length >= 2 || void models.refresh(), 'models in the view');
    const uri = fileUri('requirements.txt');
    await vscode.window.showTextDocument(uri);
    await found(uri);
  });
});
