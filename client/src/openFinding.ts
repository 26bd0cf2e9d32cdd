import { commands, l10n, type NotebookDocument, NotebookRange, Range, Selection, Uri, window, workspace } from 'vscode';
import type { ListedArtifact, ListedFinding, Location } from '../../server/src/protocol/messages';
import { modelUri } from './documents/modelDocuments';

/** Shows the exact place of a finding: in the text, in the right cell of a notebook, or on the model's details page. */
export async function openFinding(artifact: ListedArtifact, finding: ListedFinding): Promise<void> {
  const uri = Uri.parse(artifact.uri, true);
  const { location } = finding;
  if (artifact.kind === 'notebook' && location.cell !== undefined) {
    await openInCell(uri, finding, location.cell);
  } else if (location.line !== undefined && location.member === undefined && artifact.kind !== 'model') {
    await window.showTextDocument(uri, { selection: rangeOf(location) });
  } else if (artifact.kind === 'model' || artifact.kind === 'archive' || location.member !== undefined) {
    await openDetails(artifact);
  } else {
    await commands.executeCommand('vscode.open', uri);
  }
}

/** The read-only page on a model, rendered. */
export async function openDetails(artifact: Pick<ListedArtifact, 'uri' | 'path'>): Promise<void> {
  await commands.executeCommand('vscode.open', modelUri(artifact), { preview: true });
}

async function openInCell(uri: Uri, finding: ListedFinding, index: number): Promise<void> {
  const notebook = await workspace.openNotebookDocument(uri);
  const cell = cellOf(notebook, finding.cellUri) ?? notebook.getCells()[index];
  if (!cell) {
    await window.showNotebookDocument(notebook);
    void window.showInformationMessage(l10n.t('The cell of this finding is no longer there.'));
    return;
  }
  await window.showNotebookDocument(notebook, { selections: [new NotebookRange(cell.index, cell.index + 1)] });
  if (finding.location.output !== undefined || finding.location.line === undefined) return;
  // Opening the cell's own document puts the cursor into the cell.
  await commands.executeCommand('vscode.open', cell.document.uri, { selection: rangeOf(finding.location) });
  const editor = window.visibleTextEditors.find(({ document }) => document === cell.document);
  if (editor) {
    const range = rangeOf(finding.location);
    editor.selection = new Selection(range.start, range.end);
    editor.revealRange(range);
  }
}

function cellOf(notebook: NotebookDocument, uri: string | undefined) {
  return uri === undefined ? undefined : notebook.getCells().find(({ document }) => document.uri.toString() === uri);
}

function rangeOf({ line = 1, column = 1, endLine, endColumn }: Location): Range {
  return new Range(line - 1, column - 1, (endLine ?? line) - 1, (endColumn ?? column) - 1);
}
