import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { EXTENSION, watchtower } from './support';

describe('manifest', () => {
  it('contributes exactly the commands that are registered', async () => {
    await watchtower();
    const manifest = vscode.extensions.getExtension(EXTENSION)?.packageJSON as {
      contributes: { commands: { command: string }[] };
    };
    const contributed = manifest.contributes.commands.map(({ command }) => command).sort();
    const all = await vscode.commands.getCommands(true);
    // VS Code makes commands of its own for every view: focus, open, resetViewLocation, toggleVisibility, removeView.
    const views = /^watchtower\.(models|findings)\./;
    const registered = all.filter((id) => id.startsWith('watchtower.') && !views.test(id)).sort();
    assert.deepEqual(registered, contributed);
  });

  it('activates without waiting for the server', async () => {
    const api = await watchtower();
    assert.equal(typeof api.findings.state, 'object');
  });
});
