import { commands, l10n, type NotebookDocument, Range, Uri, window } from 'vscode';
import {
  type ListedArtifact,
  type ListedFinding,
  type Location,
  REMOTE_SCHEME,
} from '../../server/src/protocol/messages';
import { modelUri } from './documents/modelDocuments';

const OPEN_DEADLINE_MS = 15_000;

/** Shows the exact place of a finding: in the text, in the right cell of a notebook, or on the model's details page. */
export async function openFinding(artifact: ListedArtifact, finding: ListedFinding): Promise<void> {
  const uri = Uri.parse(artifact.uri, true);
  const { location } = finding;
  // A notebook on another machine has no editor of its own: its raw text is shown.
  if (uri.scheme === REMOTE_SCHEME && artifact.kind === 'notebook') {
    const line = location.fileLine ?? location.line ?? 1;
    await window.showTextDocument(uri, { selection: rangeOf({ line }) });
    return;
  }
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
  const notebook = await showNotebook(uri);
  const cell = notebook && (cellOf(notebook, finding.cellUri) ?? notebook.getCells()[index]);
  if (!cell) {
    void window.showInformationMessage(l10n.t('The cell of this finding is no longer there.'));
    return;
  }
  // Opening the cell's own document reveals the cell and puts the cursor into it.
  const inSource = finding.location.output === undefined && finding.location.line !== undefined;
  const options = inSource ? { selection: rangeOf(finding.location) } : {};
  void commands.executeCommand('vscode.open', cell.document.uri, options);
}

/**
 * Shows a notebook and comes back as soon as its editor is there. The command itself comes back only when the webview for
 * the outputs does, and `openNotebookDocument` would keep the notebook open, with its findings, after it is closed.
 */
function showNotebook(uri: Uri): Promise<NotebookDocument | undefined> {
  const shown = () =>
    window.visibleNotebookEditors.find(({ notebook }) => notebook.uri.toString() === uri.toString())?.notebook;
  const known = shown();
  if (known) return Promise.resolve(known);
  return new Promise((resolve) => {
    const settle = (notebook: NotebookDocument | undefined) => {
      clearTimeout(deadline);
      listener.dispose();
      resolve(notebook);
    };
    const listener = window.onDidChangeVisibleNotebookEditors(() => {
      const notebook = shown();
      if (notebook) settle(notebook);
    });
    const deadline = setTimeout(() => settle(shown()), OPEN_DEADLINE_MS);
    void commands.executeCommand('vscode.openWith', uri, 'jupyter-notebook');
  });
}

function cellOf(notebook: NotebookDocument, uri: string | undefined) {
  return uri === undefined ? undefined : notebook.getCells().find(({ document }) => document.uri.toString() === uri);
}

function rangeOf({ line = 1, column = 1, endLine, endColumn }: Location): Range {
  return new Range(line - 1, column - 1, (endLine ?? line) - 1, (endColumn ?? column) - 1);
}
