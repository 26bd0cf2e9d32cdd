import { createHash } from 'node:crypto';
import { NotebookCellKind, type NotebookDocument, type NotebookDocuments } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { ArtifactReport, Finding } from '../core/finding';
import type { NotebookCellText } from '../worker/messages';
import type { FileScans } from './fileScans';
import type { Scanner } from './scanner';
import type { Workspace } from './settings';
import type { FindingsStore } from './store';
import { normalised, pathOf } from './uris';

const TYPING_PAUSE_MS = 300;

interface State {
  readonly openedAt: number;
  /** What was found in the cells' sources, and the cells it was found in, in order. */
  live?: { report: ArtifactReport | undefined; cells: string[]; hash: string };
  /** What was found in the file: outputs, attachments and metadata are only there. */
  disk?: { report: ArtifactReport | undefined; cells: string[] };
  running?: Promise<void>;
  again: boolean;
  /** The file is to be read in the next round. */
  readDisk: boolean;
  timer?: NodeJS.Timeout;
}

/**
 * Notebooks that are open in the editor. Sources are scanned as the editor has them; outputs do not come over the
 * protocol and are scanned in the file when it is opened and saved, and shown at the cell they belong to even when
 * cells have been moved since.
 */
export class OpenNotebooks {
  readonly #states = new Map<string, State>();
  /** The documents, which the library changes in place, by normalised URI. */
  readonly #documents = new Map<string, NotebookDocument>();

  constructor(
    private readonly notebooks: NotebookDocuments<TextDocument>,
    private readonly workspace: Workspace,
    private readonly scanner: Scanner,
    private readonly store: FindingsStore,
    private readonly files: FileScans,
    private readonly clearCell: (uri: string) => void,
  ) {
    notebooks.onDidOpen((notebook) => this.#opened(notebook));
    notebooks.onDidChange(({ notebookDocument }) => this.#edited(notebookDocument));
    notebooks.onDidSave((notebook) => this.#saved(notebook));
    notebooks.onDidClose((notebook) => this.#closed(notebook));
  }

  isOpen(uri: string): boolean {
    return this.#states.has(normalised(uri));
  }

  isCell(uri: string): boolean {
    // After a restart VS Code opens the cells as documents of their own before it opens the notebook.
    if (uri.startsWith('vscode-notebook-cell')) return true;
    return this.notebooks.findNotebookDocumentForCell(uri) !== undefined;
  }

  /** Artifact that a cell's document belongs to. */
  notebookOf(cell: string): string | undefined {
    const notebook = this.notebooks.findNotebookDocumentForCell(cell);
    return notebook && normalised(notebook.uri);
  }

  /** Scans cells and file now. */
  async scan(uri: string, force = false): Promise<void> {
    const state = this.#states.get(normalised(uri));
    const notebook = this.#documents.get(normalised(uri));
    if (!state || !notebook) return;
    if (force) state.live = undefined;
    await this.#scan(notebook, state, true);
  }

  /** Brings what is known of the cells' sources in step with the editor, if anything is known. */
  async refresh(uri: string): Promise<void> {
    const state = this.#states.get(uri);
    const notebook = this.#documents.get(uri);
    if (state?.live && notebook) await this.#scan(notebook, state, false);
  }

  async settingsChanged(): Promise<void> {
    for (const uri of [...this.#states.keys()]) {
      const { run } = await this.workspace.settingsFor(uri);
      if (await this.scanner.leavesOut(uri)) this.store.delete(uri);
      else if (run !== 'manual' || this.store.get(uri)) await this.scan(uri);
    }
  }

  #opened(notebook: NotebookDocument): void {
    const uri = normalised(notebook.uri);
    const state: State = { openedAt: notebook.version, again: false, readDisk: false };
    this.#states.set(uri, state);
    this.#documents.set(uri, notebook);
    void this.#whenWanted(notebook, state, true, (run) => run !== 'manual');
  }

  #edited(notebook: NotebookDocument): void {
    const state = this.#states.get(normalised(notebook.uri));
    if (!state) return;
    // A deleted cell takes its findings along, whatever the settings say about when to scan.
    const present = new Set(notebook.cells.map(({ document }) => document));
    const known = [...(state.live?.cells ?? []), ...(state.disk?.cells ?? [])];
    if (known.some((cell) => !present.has(cell))) void this.#show(notebook, state);
    clearTimeout(state.timer);
    state.timer = setTimeout(() => {
      state.timer = undefined;
      void this.#whenWanted(notebook, state, false, (run) => run === 'onType');
    }, TYPING_PAUSE_MS);
  }

  #saved(notebook: NotebookDocument): void {
    const state = this.#states.get(normalised(notebook.uri));
    if (!state) return;
    clearTimeout(state.timer);
    void this.#whenWanted(notebook, state, true, (run) => run !== 'manual');
  }

  #closed(notebook: NotebookDocument): void {
    const uri = normalised(notebook.uri);
    const state = this.#states.get(uri);
    if (!state) return;
    clearTimeout(state.timer);
    this.#states.delete(uri);
    this.#documents.delete(uri);
    for (const { document } of notebook.cells) this.clearCell(document);
    void this.#settle(uri, state);
  }

  /** The cells' documents are gone: what is in the file takes over, under the file's own URI. */
  async #settle(uri: string, state: State): Promise<void> {
    await state.running;
    if (this.#states.has(uri) || (!state.live && !state.disk)) return;
    if (pathOf(uri) === undefined) this.store.delete(uri);
    else await this.files.scan(uri);
  }

  async #whenWanted(
    notebook: NotebookDocument,
    state: State,
    readDisk: boolean,
    wanted: (run: string) => boolean,
  ): Promise<void> {
    const { run } = await this.workspace.settingsFor(notebook.uri);
    if (!wanted(run) || (await this.scanner.leavesOut(notebook.uri))) return;
    await this.#scan(notebook, state, readDisk);
  }

  #scan(notebook: NotebookDocument, state: State, readDisk: boolean): Promise<void> {
    state.readDisk ||= readDisk;
    if (state.running) {
      state.again = true;
      return state.running;
    }
    state.running = this.#loop(notebook, state).finally(() => {
      state.running = undefined;
    });
    return state.running;
  }

  async #loop(notebook: NotebookDocument, state: State): Promise<void> {
    const uri = normalised(notebook.uri);
    do {
      state.again = false;
      if (!this.#states.has(uri)) return;
      const cells = notebook.cells.map(({ document }) => document);
      const texts = this.#textsOf(notebook);
      const { key } = await this.workspace.settingsFor(uri);
      const hash = createHash('sha256').update(key).update(JSON.stringify(texts)).digest('hex');
      if (hash !== state.live?.hash) {
        const report = await this.scanner.cells(uri, texts, nameOf(uri));
        state.live = { report, cells, hash };
      } else if (state.live) {
        state.live.cells = cells;
      }
      if (state.readDisk) {
        state.readDisk = false;
        state.disk = { report: await this.scanner.disk(uri), cells };
      }
      await this.#show(notebook, state);
    } while (state.again);
  }

  #textsOf(notebook: NotebookDocument): NotebookCellText[] {
    return notebook.cells.map((cell) => {
      const document = this.notebooks.getCellTextDocument(cell);
      const language = document?.languageId ?? 'python';
      const tags = tagsOf(cell.metadata);
      return {
        kind: cell.kind === NotebookCellKind.Markup ? 'markdown' : language === 'raw' ? 'raw' : 'code',
        language,
        text: document?.getText() ?? '',
        ...(tags.length && { tags }),
      };
    });
  }

  /** Joins both halves, in terms of the cells as they are now, and puts them into the store. */
  async #show(notebook: NotebookDocument, state: State): Promise<void> {
    const uri = normalised(notebook.uri);
    if (!this.#states.has(uri)) return;
    const now = notebook.cells.map(({ document }) => document);
    const { live, disk } = state;
    const base = live?.report ?? disk?.report;
    if (!base) {
      this.store.delete(uri);
      return;
    }
    const fromFile = disk?.report;
    const join = (pick: (report: ArtifactReport) => readonly Finding[] | undefined): Finding[] => [
      ...moved(live?.report && pick(live.report), live?.cells ?? [], now),
      ...moved(fromFile && pick(fromFile), disk?.cells ?? [], now).filter((finding) => !live || !inSource(finding)),
    ];
    const suppressed = join((report) => report.suppressed);
    const { suppressed: _, ...rest } = base;
    await this.files.put(
      uri,
      {
        ...rest,
        ...(fromFile && {
          status: fromFile.status,
          format: fromFile.format,
          bytes: fromFile.bytes,
          bytesRead: fromFile.bytesRead,
          ...(fromFile.reason !== undefined && { reason: fromFile.reason }),
        }),
        kind: 'notebook',
        findings: join((report) => report.findings),
        ...(suppressed.length && { suppressed }),
      },
      { cells: now },
    );
  }
}

/** Whether a finding lies in the source of a cell, which the editor may have changed since the file was written. */
function inSource({ location }: Finding): boolean {
  return (
    location.cell !== undefined && location.output === undefined && location.member === undefined && !location.node
  );
}

/** Findings with the index that their cell has now; those of deleted cells are left out. */
function moved(findings: readonly Finding[] | undefined, then: readonly string[], now: readonly string[]): Finding[] {
  const index = new Map(now.map((cell, position) => [cell, position]));
  return (findings ?? []).flatMap((finding) => {
    const { cell } = finding.location;
    if (cell === undefined) return [finding];
    const position = index.get(then[cell] ?? '');
    if (position === undefined) return [];
    return [position === cell ? finding : { ...finding, location: { ...finding.location, cell: position } }];
  });
}

/** Tags of a cell, wherever the editor keeps the cell's own metadata. */
function tagsOf(metadata: unknown): string[] {
  const holder = metadata as {
    metadata?: { tags?: unknown };
    custom?: { metadata?: { tags?: unknown } };
    tags?: unknown;
  };
  const tags = holder?.metadata?.tags ?? holder?.custom?.metadata?.tags ?? holder?.tags;
  return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [];
}

function nameOf(uri: string): string {
  const last = decodeURIComponent(uri.slice(uri.lastIndexOf('/') + 1));
  return last.endsWith('.ipynb') ? last : `${last || 'untitled'}.ipynb`;
}
