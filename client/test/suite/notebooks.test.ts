import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { allNodes, closeEditors, diagnosticsAt, fileUri, found, isFinding, ruleOf, until, watchtower } from './support';

describe('notebooks', () => {
  const uri = () => fileUri('analysis.ipynb');
  const show = async () => {
    // The command comes back only when the webview for the outputs does; the editor is there long before.
    void vscode.commands.executeCommand('vscode.openWith', uri(), 'jupyter-notebook');
    const editor = await until(() => vscode.window.activeNotebookEditor, 'the notebook editor');
    return { notebook: editor.notebook, editor };
  };
  before(async () => {
    await watchtower();
  });
  afterEach(closeEditors);

  it('have squiggles in the right cell, exact to the character', async () => {
    const { notebook } = await show();
    const cell = notebook.cellAt(2).document;
    const own = await found(cell.uri, 'the third cell');
    const secret = own.find((diagnostic) => ruleOf(diagnostic).startsWith('secret/'));
    assert.ok(secret);
    assert.equal(secret.range.start.line, 1);
    assert.match(cell.getText(secret.range), /ghp_\w{36}/);
    assert.equal(diagnosticsAt(notebook.cellAt(1).document.uri).length, 0);
  });

  it('show what stands in an output at its cell', async () => {
    const { notebook } = await show();
    const own = await found(notebook.cellAt(3).document.uri, 'the cell with the output');
    assert.match(own[0]?.message ?? '', /^In output 1: /);
  });

  it('lose the findings of a cell that is deleted, and those of the notebook when it is closed', async () => {
    const { notebook } = await show();
    const cell = notebook.cellAt(2).document.uri;
    await found(cell, 'the third cell');
    const edit = new vscode.WorkspaceEdit();
    edit.set(notebook.uri, [vscode.NotebookEdit.deleteCells(new vscode.NotebookRange(2, 3))]);
    assert.ok(await vscode.workspace.applyEdit(edit));
    await until(() => diagnosticsAt(cell).length === 0, 'the deleted cell to be clear');
    const output = notebook.cellAt(2).document.uri;
    assert.ok(diagnosticsAt(output).length > 0, 'the output stays with its cell');
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    await until(() => diagnosticsAt(output).length === 0, 'the closed notebook to be clear');
  });

  it('are opened at the right cell from the views', async () => {
    const api = await watchtower();
    await vscode.commands.executeCommand('watchtower.scanFile', uri());
    const node = await until(() => {
      api.findingsTree.refresh();
      return allNodes(api.findingsTree.roots).find(
        (candidate) =>
          isFinding(candidate) &&
          candidate.artifact.uri === uri().toString() &&
          candidate.finding.location.cell === 2 &&
          candidate.finding.location.output === undefined,
      );
    }, 'the finding in the tree');
    await vscode.commands.executeCommand('watchtower.openFinding', node);
    const editor = await until(() => vscode.window.activeNotebookEditor, 'the notebook editor');
    await until(() => vscode.window.activeNotebookEditor?.selection?.start === 2, 'the third cell to be selected');
    const text = await until(
      () => vscode.window.visibleTextEditors.find(({ document }) => document === editor.notebook.cellAt(2).document),
      'the editor of the cell',
    );
    await until(() => /ghp_\w{36}/.test(text.document.getText(text.selection)), 'the secret to be selected');
  });

  it('hide the findings of a cell that is tagged', async () => {
    const { notebook } = await show();
    const cell = notebook.cellAt(2).document.uri;
    await found(cell, 'the third cell');
    assert.equal(
      await vscode.commands.executeCommand('watchtower.ignoreInCell', cell.toString(), 'watchtower-ignore'),
      true,
    );
    const metadata = notebook.cellAt(2).metadata.metadata as { tags: string[] };
    assert.deepEqual(metadata.tags, ['watchtower-ignore']);
    assert.equal(notebook.isDirty, true);
    assert.equal(await notebook.save(), true);
    assert.equal(notebook.isDirty, false);
    await until(() => diagnosticsAt(cell).length === 0, 'the tagged cell to be clear');
  });
});
