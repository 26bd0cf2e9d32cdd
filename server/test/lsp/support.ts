import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  createProtocolConnection,
  type Diagnostic,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver-protocol/node';
import { FindingsChanged, type ListedArtifact, type ScanState, ScanStateChanged } from '../../src/protocol/messages';

const ROOT = path.resolve(__dirname, '../../..');

/** The server's bundles, built from the sources that are tested. */
export function buildServer(): { folder: string; remove(): void } {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'watchtower-lsp-'));
  execFileSync(process.execPath, ['esbuild.mjs', '--only', 'server,scanWorker', '--out', folder], { cwd: ROOT });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Waits until `check` gives something, by looking again on every message; fails with `what` after the deadline. */
export async function until<T>(check: () => T | undefined | false, what: string, milliseconds = 15_000): Promise<T> {
  const end = Date.now() + milliseconds;
  for (;;) {
    const value = check();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > end) throw new Error(`waited ${milliseconds} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export interface StartOptions {
  folders?: string[];
  settings?: Record<string, unknown>;
}

/** An editor as the server sees it: it keeps what the server publishes and answers its questions. */
export class TestEditor {
  readonly diagnostics = new Map<string, Diagnostic[]>();
  readonly published: PublishDiagnosticsParams[] = [];
  readonly artifacts = new Map<string, ListedArtifact>();
  readonly log: string[] = [];
  state: ScanState = { files: [] };
  settings: Record<string, unknown>;
  #version = 1;

  private constructor(
    readonly process: ChildProcess,
    readonly connection: ProtocolConnection,
    settings: Record<string, unknown>,
  ) {
    this.settings = settings;
    connection.onNotification('textDocument/publishDiagnostics', (params: PublishDiagnosticsParams) => {
      this.published.push(params);
      if (params.diagnostics.length) this.diagnostics.set(params.uri, params.diagnostics);
      else this.diagnostics.delete(params.uri);
    });
    connection.onNotification('window/logMessage', ({ message }: { message: string }) => {
      this.log.push(message);
    });
    connection.onNotification(FindingsChanged.type, ({ changed, removed }) => {
      for (const uri of removed) this.artifacts.delete(uri);
      for (const artifact of changed) this.artifacts.set(artifact.uri, artifact);
    });
    connection.onNotification(ScanStateChanged.type, (state) => {
      this.state = state;
    });
    connection.onRequest('workspace/configuration', ({ items }: { items: unknown[] }) =>
      items.map(() => this.settings),
    );
    connection.onRequest('client/registerCapability', () => null);
    connection.listen();
  }

  static async start(bundles: string, { folders = [], settings = {} }: StartOptions = {}): Promise<TestEditor> {
    const server = spawn(process.execPath, [path.join(bundles, 'server.js'), '--stdio'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const connection = createProtocolConnection(
      new StreamMessageReader(server.stdout),
      new StreamMessageWriter(server.stdin),
    );
    const editor = new TestEditor(server, connection, settings);
    await connection.sendRequest('initialize', {
      processId: process.pid,
      rootUri: null,
      workspaceFolders: folders.map((folder) => ({ uri: pathToFileURL(folder).href, name: path.basename(folder) })),
      capabilities: {
        workspace: {
          configuration: true,
          workspaceFolders: true,
          didChangeConfiguration: { dynamicRegistration: true },
          didChangeWatchedFiles: { dynamicRegistration: true },
        },
        notebookDocument: { synchronization: {} },
      },
    });
    await connection.sendNotification('initialized', {});
    return editor;
  }

  async open(uri: string, languageId: string, text: string): Promise<void> {
    await this.connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId, version: this.#version++, text },
    });
  }

  async type(uri: string, text: string): Promise<void> {
    await this.connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version: ++this.#version },
      contentChanges: [{ text }],
    });
  }

  async save(uri: string): Promise<void> {
    await this.connection.sendNotification('textDocument/didSave', { textDocument: { uri } });
  }

  async close(uri: string): Promise<void> {
    await this.connection.sendNotification('textDocument/didClose', { textDocument: { uri } });
  }

  cellUri(notebook: string, index: number): string {
    return `${notebook.replace('file:', 'vscode-notebook-cell:')}#W${index}sZmlsZQ%3D%3D`;
  }

  async openNotebook(
    uri: string,
    cells: readonly { text: string; markdown?: boolean; language?: string; tags?: string[] }[],
  ): Promise<void> {
    await this.connection.sendNotification('notebookDocument/didOpen', {
      notebookDocument: {
        uri,
        notebookType: 'jupyter-notebook',
        version: 1,
        cells: cells.map(({ markdown, tags }, index) => ({
          kind: markdown ? 1 : 2,
          document: this.cellUri(uri, index),
          ...(tags && { metadata: { metadata: { tags } } }),
        })),
      },
      cellTextDocuments: cells.map(({ text, markdown, language }, index) => ({
        uri: this.cellUri(uri, index),
        languageId: language ?? (markdown ? 'markdown' : 'python'),
        version: 1,
        text,
      })),
    });
  }

  async changeConfiguration(settings: Record<string, unknown>): Promise<void> {
    this.settings = settings;
    await this.connection.sendNotification('workspace/didChangeConfiguration', { settings: null });
  }

  async filesChanged(...changes: { uri: string; type: 1 | 2 | 3 }[]): Promise<void> {
    await this.connection.sendNotification('workspace/didChangeWatchedFiles', { changes });
  }

  /** Rule ids at a document, sorted. */
  rulesAt(uri: string): string[] {
    return (this.diagnostics.get(uri) ?? []).map(({ code }) => String(code)).sort();
  }

  async stop(): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => this.process.once('exit', (code) => resolve(code)));
    await this.connection.sendRequest('shutdown');
    await this.connection.sendNotification('exit');
    const code = await ended;
    this.connection.dispose();
    return code;
  }
}

/** A diagnostic's message as text; the protocol also allows Markdown, which the server never sends. */
export function messageOf(diagnostic: Diagnostic | undefined): string {
  const message = diagnostic?.message ?? '';
  return typeof message === 'string' ? message : message.value;
}
