import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CodeAction, Diagnostic } from 'vscode-languageserver-protocol';
import { ScanWorkspace } from '../../src/protocol/messages';
import { buildServer, messageOf, TestEditor, until } from './support';

const UNSAFE = '!pip install --trusted-host packages.internal numpy\n';
const RULE = 'dependency/trusted-host';
/** A number with a right check digit, put together so that no scanner of repositories stops at this file. */
const CARD = ['4539', '1488', '0343', '6467'].join(' ');

interface Cell {
  text: string;
  markdown?: boolean;
  output?: string;
}

function ipynb(cells: readonly Cell[]): string {
  return JSON.stringify(
    {
      cells: cells.map(({ text, markdown, output }) => ({
        cell_type: markdown ? 'markdown' : 'code',
        metadata: {},
        source: text.split(/(?<=\n)/),
        ...(!markdown && {
          execution_count: 1,
          outputs: output ? [{ output_type: 'stream', name: 'stdout', text: [output] }] : [],
        }),
      })),
      metadata: { language_info: { name: 'python' } },
      nbformat: 4,
      nbformat_minor: 4,
    },
    null,
    1,
  );
}

describe('language server: notebooks', function () {
  this.timeout(60_000);
  let bundles: ReturnType<typeof buildServer>;
  let root: string;
  let editor: TestEditor;
  let uri: string;
  const cells: Cell[] = [
    { text: '# Title\n', markdown: true },
    { text: `import os\n${UNSAFE}` },
    { text: 'show()\n', output: `credit card number: ${CARD}\n` },
  ];
  const cell = (index: number) => editor.cellUri(uri, index);
  const inCell = (index: number) =>
    until(() => editor.diagnostics.get(cell(index)), `findings in cell ${index} of ${[...editor.diagnostics.keys()]}`);
  const write = (content: readonly Cell[]) => writeFileSync(path.join(root, 'a.ipynb'), ipynb(content));
  const change = (event: unknown, version: number) =>
    editor.connection.sendNotification('notebookDocument/didChange', {
      notebookDocument: { uri, version },
      change: event,
    });
  const saved = () => editor.connection.sendNotification('notebookDocument/didSave', { notebookDocument: { uri } });

  before(() => {
    bundles = buildServer();
  });
  after(() => bundles.remove());
  beforeEach(async () => {
    root = mkdtempSync(path.join(os.tmpdir(), 'watchtower-lsp-notebook-'));
    uri = pathToFileURL(path.join(root, 'a.ipynb')).href;
    write(cells);
    editor = await TestEditor.start(bundles.folder, { folders: [root] });
  });
  afterEach(async () => {
    assert.equal(await editor.stop(), 0);
    rmSync(root, { recursive: true, force: true });
  });

  it('publishes on the cells, to the character, and outputs on the first line of theirs', async () => {
    await editor.openNotebook(uri, cells);
    const source = await inCell(1);
    const diagnostic = source.find(({ code }) => code === RULE) as Diagnostic;
    assert.equal(diagnostic.range.start.line, 1);
    assert.equal(UNSAFE.slice(diagnostic.range.start.character).startsWith('--trusted-host'), true);
    const output = await inCell(2);
    assert.match(messageOf(output[0]), /^In output 1: /);
    assert.equal(output[0]?.range.start.line, 0);
    assert.ok(!editor.diagnostics.has(cell(0)));
    assert.ok(!editor.diagnostics.has(uri), 'nothing stands at the file itself');
  });

  it('tells of a closed notebook at its file, and moves to the cells when it is opened and back when it is closed', async () => {
    await editor.connection.sendRequest(ScanWorkspace.type, {});
    const closed = await until(() => editor.diagnostics.get(uri), 'findings at the file');
    assert.ok(
      closed.some((diagnostic) => messageOf(diagnostic).startsWith('Cell 2, line 2: ')),
      messageOf(closed[0]),
    );
    assert.ok(closed.some((diagnostic) => messageOf(diagnostic).startsWith('Cell 3, in output 1')));
    await editor.openNotebook(uri, cells);
    await inCell(1);
    await inCell(2);
    await until(() => !editor.diagnostics.has(uri), 'the file itself to be clear');
    await editor.connection.sendNotification('notebookDocument/didClose', {
      notebookDocument: { uri },
      cellTextDocuments: cells.map((_, index) => ({ uri: cell(index) })),
    });
    await until(() => editor.diagnostics.get(uri), 'findings at the file again');
    assert.deepEqual([...editor.diagnostics.keys()], [uri]);
  });

  it('takes the findings of a deleted cell with it, and keeps those of the others where they are', async () => {
    await editor.openNotebook(uri, cells);
    await inCell(1);
    await inCell(2);
    await change({ cells: { structure: { array: { start: 1, deleteCount: 1 }, didClose: [{ uri: cell(1) }] } } }, 2);
    await until(() => !editor.diagnostics.has(cell(1)), 'the deleted cell to be clear');
    assert.ok(editor.diagnostics.has(cell(2)), 'the output stays with its cell');
    const artifact = await until(() => {
      const known = editor.artifacts.get(uri);
      return known?.findings.every(({ cellUri }) => cellUri === cell(2)) && known;
    }, 'the views to follow');
    assert.ok(artifact.findings.every(({ location }) => location.cell === 1));
  });

  it('scans on saving what was typed', async () => {
    await editor.openNotebook(uri, cells);
    await inCell(1);
    await change(
      { cells: { textContent: [{ document: { uri: cell(1), version: 2 }, changes: [{ text: 'import os\n' }] }] } },
      2,
    );
    write([cells[0] as Cell, { text: 'import os\n' }, cells[2] as Cell]);
    await saved();
    await until(() => !editor.diagnostics.has(cell(1)), 'the cell to be clean');
    await inCell(2);
  });

  it('hides the findings of a cell that is tagged', async () => {
    await editor.openNotebook(uri, cells);
    await inCell(1);
    const tagged = { kind: 2, document: cell(1), metadata: { metadata: { tags: ['watchtower-ignore'] } } };
    await change({ cells: { data: [tagged] } }, 2);
    await saved();
    await until(() => !editor.diagnostics.has(cell(1)), 'the tagged cell to be clear');
    assert.ok((await inCell(2)).length > 0);
    const artifact = await until(
      () => editor.artifacts.get(uri)?.suppressedCount && editor.artifacts.get(uri),
      'hidden',
    );
    assert.ok(artifact);
  });

  it('offers actions in a cell', async () => {
    await editor.openNotebook(uri, cells);
    const diagnostics = await inCell(1);
    const at = (index: number, own: Diagnostic[]) =>
      editor.connection.sendRequest<CodeAction[]>('textDocument/codeAction', {
        textDocument: { uri: cell(index) },
        range: (own[0] as Diagnostic).range,
        context: { diagnostics: own },
      });
    const actions = await at(1, diagnostics);
    assert.ok(
      actions.some(({ edit }) => edit?.changes?.[cell(1)]),
      'an edit of the cell',
    );
    assert.ok(actions.some(({ command }) => command?.command === 'watchtower.ignoreInCell'));
    const output = await at(2, await inCell(2));
    assert.ok(output.length > 0);
    assert.ok(!output.some(({ edit }) => edit), 'an output cannot hold a comment');
  });
});
