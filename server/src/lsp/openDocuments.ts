import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { TextDocuments } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { FileScans } from './fileScans';
import type { Scanner } from './scanner';
import type { Workspace } from './settings';
import type { FindingsStore, StoredArtifact } from './store';
import { normalised, pathOf } from './uris';

/** Text above this many characters is not scanned for being opened or typed in, only when it is saved or asked for. */
const LIVE_LIMIT = 1_000_000;
const TYPING_PAUSE_MS = 300;

interface State {
  /** Version at which it was opened: the first change event only repeats the opening. */
  readonly openedAt: number;
  /** Hash of the text and settings that the store's report is of. */
  scanned?: string;
  running?: Promise<void>;
  again: boolean;
  timer?: NodeJS.Timeout;
}

/** Scans the text documents that are open in the editor, each at most once at a time and never twice for the same text. */
export class OpenDocuments {
  readonly #states = new Map<string, State>();

  constructor(
    private readonly documents: TextDocuments<TextDocument>,
    private readonly workspace: Workspace,
    private readonly scanner: Scanner,
    private readonly store: FindingsStore,
    private readonly files: FileScans,
    private readonly isCell: (uri: string) => boolean,
  ) {
    documents.onDidOpen(({ document }) => this.#opened(document));
    documents.onDidChangeContent(({ document }) => this.#edited(document));
    documents.onDidSave(({ document }) => this.#saved(document));
    documents.onDidClose(({ document }) => this.#closed(document));
  }

  isOpen(uri: string): boolean {
    return this.#states.has(normalised(uri));
  }

  /** Scans a document as it is in the editor now, and comes back when the store holds the outcome. */
  scan(uri: string, force = false): Promise<void> {
    const state = this.#states.get(normalised(uri));
    const document = this.#documentOf(uri);
    if (!state || !document) return Promise.resolve();
    if (force) state.scanned = undefined;
    return this.#scan(document, state);
  }

  /** Whether the store's report is of exactly the text the editor has. */
  async isCurrent(uri: string): Promise<boolean> {
    const document = this.#documentOf(uri);
    const state = this.#states.get(normalised(uri));
    return !!document && !!state && state.scanned === (await this.#hash(document));
  }

  /** Scans every open document again whose settings have changed. */
  async settingsChanged(): Promise<void> {
    for (const uri of [...this.#states.keys()]) {
      const { run } = await this.workspace.settingsFor(uri);
      const document = this.#documentOf(uri);
      if (!document) continue;
      if (await this.scanner.leavesOut(uri)) {
        const state = this.#states.get(uri);
        if (state) state.scanned = undefined;
        await this.files.put(uri, undefined);
      } else if (run !== 'manual' || this.store.get(uri)) await this.scan(uri);
    }
  }

  #documentOf(uri: string): TextDocument | undefined {
    return this.documents.get(uri) ?? this.documents.all().find((document) => normalised(document.uri) === uri);
  }

  #opened(document: TextDocument): void {
    // The documents of a notebook's cells are opened before their notebook is known.
    queueMicrotask(() => {
      if (this.isCell(document.uri) || this.documents.get(document.uri) !== document) return;
      const state: State = { openedAt: document.version, again: false };
      this.#states.set(normalised(document.uri), state);
      void this.#whenWanted(document, state, (run) => run !== 'manual');
    });
  }

  #edited(document: TextDocument): void {
    const state = this.#states.get(normalised(document.uri));
    if (!state || document.version === state.openedAt) return;
    clearTimeout(state.timer);
    state.timer = setTimeout(() => {
      state.timer = undefined;
      void this.#whenWanted(document, state, (run) => run === 'onType');
    }, TYPING_PAUSE_MS);
  }

  #saved(document: TextDocument): void {
    const state = this.#states.get(normalised(document.uri));
    if (!state) return;
    clearTimeout(state.timer);
    void this.workspace.settingsFor(document.uri).then(async ({ run }) => {
      if (run === 'manual' || (await this.scanner.leavesOut(document.uri))) return;
      await this.#scan(document, state);
    });
  }

  #closed(document: TextDocument): void {
    const uri = normalised(document.uri);
    const state = this.#states.get(uri);
    if (!state) return;
    clearTimeout(state.timer);
    this.#states.delete(uri);
    void this.#settle(uri, state);
  }

  /** What was scanned may have been unsaved text: the store goes back to what is on disk. */
  async #settle(uri: string, state: State): Promise<void> {
    await state.running;
    if (this.#states.has(uri) || state.scanned === undefined) return;
    const file = pathOf(uri);
    if (file === undefined) {
      this.store.delete(uri);
      return;
    }
    try {
      const { size } = await stat(file);
      const { key } = await this.workspace.settingsFor(uri);
      if (size <= 4 * LIVE_LIMIT && hashOf(await readFile(file, 'utf8'), key) === state.scanned) return;
      await this.files.scan(uri);
    } catch {
      await this.files.put(uri, undefined);
    }
  }

  async #whenWanted(document: TextDocument, state: State, wanted: (run: string) => boolean): Promise<void> {
    const { run } = await this.workspace.settingsFor(document.uri);
    if (!wanted(run) || document.getText().length > LIVE_LIMIT) return;
    // A member of a folder that is scanned as a whole is judged with it.
    if (isPart(this.store.directoryOf(normalised(document.uri)))) return;
    if (await this.scanner.leavesOut(document.uri)) return;
    await this.#scan(document, state);
  }

  #scan(document: TextDocument, state: State): Promise<void> {
    if (state.running) {
      state.again = true;
      return state.running;
    }
    state.running = this.#loop(document, state);
    return state.running;
  }

  async #loop(document: TextDocument, state: State): Promise<void> {
    try {
      do {
        state.again = false;
        await this.#round(document, state);
      } while (state.again);
    } finally {
      // In the same breath as the last look at `again`: who asks a moment later starts a scan of its own.
      state.running = undefined;
    }
  }

  async #round(document: TextDocument, state: State): Promise<void> {
    const uri = normalised(document.uri);
    if (isPart(this.store.directoryOf(uri))) {
      await this.files.scan(uri);
      return;
    }
    const hash = await this.#hash(document);
    if (hash === state.scanned) return;
    const report = await this.scanner.text(document.uri, document.getText(), nameOf(document));
    // Typed on meanwhile: the outcome is of a text that is gone, and the next round is already due.
    if (state.again && (await this.#hash(document)) !== hash) return;
    state.scanned = hash;
    await this.files.put(uri, report);
  }

  async #hash(document: TextDocument): Promise<string> {
    const { key } = await this.workspace.settingsFor(document.uri);
    return hashOf(document.getText(), key);
  }
}

function isPart(whole: StoredArtifact | undefined): boolean {
  return whole !== undefined && !whole.group;
}

function hashOf(text: string, key: string): string {
  return createHash('sha256').update(key).update('\0').update(text).digest('hex');
}

/** Name under which a document that is in no workspace folder is judged; untitled ones get their language's extension. */
function nameOf({ uri, languageId }: TextDocument): string {
  const last = decodeURIComponent(uri.slice(uri.lastIndexOf('/') + 1)) || 'untitled';
  if (uri.startsWith('untitled:') && languageId === 'python') return `${last.replace(/^untitled:/, '')}.py`;
  return last;
}
