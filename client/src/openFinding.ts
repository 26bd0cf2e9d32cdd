import { commands, l10n, type NotebookCell, type NotebookDocument, Range, Uri, window } from 'vscode';
import {
  type ListedArtifact,
  type ListedFinding,
  type Location,
  REMOTE_SCHEME,
} from '../../server/src/protocol/messages';
import { modelUri, sourceUri } from './documents/modelDocuments';

const OPEN_DEADLINE_MS = 15_000;
const FIRST_PAUSE_MS = 400;

/** Shows the exact place of a finding: in the text, in the right cell of a notebook, or on the model's details page. */
export async function openFinding(artifact: ListedArtifact, finding: ListedFinding): Promise<void> {
  // In a folder that is one artifact people open the file that the finding lies in.
  const { uri: document, location } = finding.file ?? { uri: artifact.uri, location: finding.location };
  const uri = Uri.parse(document, true);
  // A notebook on another machine has no editor of its own: its raw text is shown.
  if (uri.scheme === REMOTE_SCHEME && artifact.kind === 'notebook') {
    const line = location.fileLine ?? location.line ?? 1;
    await window.showTextDocument(uri, { selection: rangeOf({ line }) });
    return;
  }
  if (artifact.kind === 'notebook' && location.cell !== undefined) {
    await openInCell(uri, finding, location.cell);
  } else if (
    location.line !== undefined &&
    location.member === undefined &&
    (finding.file || artifact.kind !== 'model')
  ) {
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

/** The read-only page on a remote source. */
export async function openSource(source: { root: string; label: string }): Promise<void> {
  await commands.executeCommand('vscode.open', sourceUri(source), { preview: true });
}

async function openInCell(uri: Uri, finding: ListedFinding, index: number): Promise<void> {
  const notebook = await showNotebook(uri);
  const cell = notebook && (cellOf(notebook, finding.cellUri) ?? notebook.getCells()[index]);
  if (!cell) {
    void window.showInformationMessage(l10n.t('The cell of this finding is no longer there.'));
    return;
  }
  const inSource = finding.location.output === undefined && finding.location.line !== undefined;
  await revealCell(cell, inSource ? rangeOf(finding.location) : undefined);
}

/**
 * Reveals a cell and puts the cursor into it by opening the cell's own document. An editor that is still being set up takes
 * the order and then starts at its first cell all the same, so the order is repeated, ever more slowly, until it was followed.
 */
async function revealCell(cell: NotebookCell, selection: Range | undefined): Promise<void> {
  const followed = () => {
    const editor = window.visibleNotebookEditors.find(({ notebook }) => notebook === cell.notebook);
    // An editor that has just appeared has no selection, so `selection` is undefined there, whatever its type says.
    if (editor?.selections[0]?.start !== cell.index) return false;
    const inCell = window.visibleTextEditors.find(({ document }) => document === cell.document);
    return selection === undefined || inCell?.selection.isEqual(selection) === true;
  };
  for (let pause = FIRST_PAUSE_MS; pause < OPEN_DEADLINE_MS; pause *= 2) {
    void commands.executeCommand('vscode.open', cell.document.uri, selection ? { selection } : {});
    if (await becomesTrue(followed, pause)) return;
  }
}

/** Waits until the editors make it true, for at most `milliseconds`. */
function becomesTrue(condition: () => boolean, milliseconds: number): Promise<boolean> {
  if (condition()) return Promise.resolve(true);
  return new Promise((resolve) => {
    const settle = (value: boolean) => {
      clearTimeout(deadline);
      for (const listener of listeners) listener.dispose();
      resolve(value);
    };
    const look = () => {
      if (condition()) settle(true);
    };
    const listeners = [
      window.onDidChangeVisibleNotebookEditors(look),
      window.onDidChangeNotebookEditorSelection(look),
      window.onDidChangeVisibleTextEditors(look),
      window.onDidChangeTextEditorSelection(look),
    ];
    const deadline = setTimeout(() => settle(condition()), milliseconds);
  });
}

/**
 * Shows a notebook and comes back as soon as its editor is there. The command itself comes back only when the webview for
 * the outputs does, and `openNotebookDocument` would keep the notebook open, with its findings, after it is closed.
 */
async function showNotebook(uri: Uri): Promise<NotebookDocument | undefined> {
  const shown = () =>
    window.visibleNotebookEditors.find(({ notebook }) => notebook.uri.toString() === uri.toString())?.notebook;
  if (!shown()) {
    void commands.executeCommand('vscode.openWith', uri, 'jupyter-notebook');
    await becomesTrue(() => shown() !== undefined, OPEN_DEADLINE_MS);
  }
  return shown();
}

function cellOf(notebook: NotebookDocument, uri: string | undefined) {
  return uri === undefined ? undefined : notebook.getCells().find(({ document }) => document.uri.toString() === uri);
}

function rangeOf({ line = 1, column = 1, endLine, endColumn }: Location): Range {
  return new Range(line - 1, column - 1, (endLine ?? line) - 1, (endColumn ?? column) - 1);
}
