import path from 'node:path';
import {
  type ClientCapabilities,
  CodeActionKind,
  createConnection,
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  type InitializeParams,
  type InitializeResult,
  NotebookDocuments,
  ProposedFeatures,
  TextDocumentSyncKind,
  TextDocuments,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { VERSION } from '../core/version';
import { type InitializationOptions, TrustGranted } from '../protocol/messages';
import { FIX_ALL } from './codeActions';
import { DiagnosticsPublisher } from './diagnostics';
import { FileEvents } from './fileEvents';
import { FileScans } from './fileScans';
import { handleRequests } from './handlers';
import { OpenDocuments } from './openDocuments';
import { OpenNotebooks } from './openNotebooks';
import { handleRemoteRequests, RemoteScans } from './remoteScans';
import { Scanner } from './scanner';
import { Workspace } from './settings';
import { FindingsStore } from './store';
import { Suppressions } from './suppressions';
import { Tidings } from './tidings';
import { WorkspaceScan } from './workspaceScan';

const connection = createConnection(ProposedFeatures.all);
// A scanner that dies of one bad file is no scanner: the file's own error has been reported where it arose.
process.on('uncaughtException', (error) => connection.console.error(`Unexpected: ${error.stack ?? error.message}`));
process.on('unhandledRejection', (reason) =>
  connection.console.error(
    `Unexpected: ${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}`,
  ),
);

let capabilities: ClientCapabilities = {};

const documents = new TextDocuments(TextDocument);
const notebookDocuments = new NotebookDocuments(documents);
const workspace = new Workspace(connection, () => capabilities.workspace?.configuration === true);
const store = new FindingsStore();
const diagnostics = new DiagnosticsPublisher(connection, store);
const scanner = new Scanner(path.join(__dirname, 'scanWorker.js'), connection, workspace, () => tidings.stateChanged());
const suppressions = new Suppressions(connection, workspace);
const files = new FileScans(scanner, store, workspace, (report, folder) => suppressions.apply(report, folder));
const notebooks = new OpenNotebooks(notebookDocuments, workspace, scanner, store, files, (cell) =>
  diagnostics.clear(cell),
);
const openDocuments = new OpenDocuments(documents, workspace, scanner, store, files, (uri) => notebooks.isCell(uri));
const workspaceScan = new WorkspaceScan(connection, workspace, scanner, store, files, openDocuments, notebooks, () =>
  tidings.stateChanged(),
);
const tidings = new Tidings(connection, store, () => ({ ...workspaceScan.state, files: scanner.busy }));
const fileEvents = new FileEvents(
  workspace,
  scanner,
  store,
  files,
  openDocuments,
  notebooks,
  workspaceScan,
  suppressions,
  () => workspace.settingsChanged(undefined),
);

connection.onInitialize((params: InitializeParams): InitializeResult => {
  capabilities = params.capabilities;
  const folders = params.workspaceFolders ?? (params.rootUri ? [{ uri: params.rootUri, name: '' }] : []);
  workspace.setFolders(folders);
  const options = params.initializationOptions as Partial<InitializationOptions> | undefined;
  workspace.settingsChanged(options?.settings);
  suppressions.trusted = options?.trusted === true;
  return {
    serverInfo: { name: 'watchtower', version: VERSION },
    capabilities: {
      textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: true },
      // Without `cells` all of them come, so that indices are those of the file.
      notebookDocumentSync: {
        notebookSelector: [{ notebook: { notebookType: 'jupyter-notebook' } }],
        save: true,
      },
      codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix, FIX_ALL] },
      workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
    },
  };
});

connection.onInitialized(() => {
  if (capabilities.workspace?.didChangeConfiguration?.dynamicRegistration) {
    void connection.client.register(DidChangeConfigurationNotification.type, { section: 'watchtower' });
  }
  if (capabilities.workspace?.didChangeWatchedFiles?.dynamicRegistration) {
    void connection.client.register(DidChangeWatchedFilesNotification.type, { watchers: [{ globPattern: '**/*' }] });
  }
  if (capabilities.workspace?.workspaceFolders) {
    connection.workspace.onDidChangeWorkspaceFolders(async () => {
      workspace.setFolders((await connection.workspace.getWorkspaceFolders()) ?? []);
      workspaceScan.foldersChanged();
      // What lies in a folder that has left the workspace is shown no more, unless the editor has it open.
      store.deleteWhere(
        ({ uri, folderUri }) =>
          folderUri !== undefined &&
          !workspace.folders.some((folder) => folder.uri === folderUri) &&
          !openDocuments.isOpen(uri) &&
          !notebooks.isOpen(uri),
      );
      tidings.stateChanged();
    });
  }
  tidings.stateChanged();
});

connection.onNotification(TrustGranted.type, async () => {
  suppressions.trusted = true;
  for (const folder of workspace.folders) {
    suppressions.forget(folder);
    await files.suppressionsChanged(folder);
  }
});

let settingsPause: NodeJS.Timeout | undefined;
connection.onDidChangeConfiguration(({ settings }) => {
  workspace.settingsChanged((settings as { watchtower?: unknown } | null | undefined)?.watchtower);
  // Editing settings.json by hand sends a notification for every save, changing several settings one for each.
  clearTimeout(settingsPause);
  settingsPause = setTimeout(() => void settingsChanged(), 200);
});

async function settingsChanged(): Promise<void> {
  await openDocuments.settingsChanged();
  await notebooks.settingsChanged();
  const scanned = workspace.folders.filter((folder) => workspaceScan.covers(folder));
  if (scanned.length) await workspaceScan.run(scanned, {});
}

connection.onDidChangeWatchedFiles(({ changes }) => fileEvents.handle(changes));

const remoteScans = new RemoteScans(connection, workspace, scanner, store, files);

handleRequests(connection, {
  documents,
  workspace,
  store,
  scanner,
  files,
  openDocuments,
  notebooks,
  workspaceScan,
  suppressions,
  remoteSources: () => remoteScans.sources,
  state: () => ({ ...workspaceScan.state, files: scanner.busy }),
});

connection.onShutdown(async () => {
  clearTimeout(settingsPause);
  fileEvents.dispose();
  tidings.dispose();
  await remoteScans.dispose();
  await scanner.stop();
});

handleRemoteRequests(connection, remoteScans);

documents.listen(connection);
notebookDocuments.listen(connection);
connection.listen();
