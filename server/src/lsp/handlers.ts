import {
  type CodeAction,
  type CodeActionParams,
  type Connection,
  LSPErrorCodes,
  ResponseError,
  type TextDocuments,
} from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { ADVISORY_SNAPSHOT } from '../core/dependencies/snapshot';
import { placeInMember } from '../core/place';
import { repositoryOf } from '../core/reports/repository';
import { customRulePage, rulePage } from '../core/rulePage';
import { RULES, ruleById } from '../core/rules';
import { VERSION } from '../core/version';
import {
  AddToBaseline,
  ExportReports,
  InspectModel,
  ListFindings,
  REMOTE_SCHEME,
  RuleDocument,
  ScanFile,
  type ScanState,
  ScanWorkspace,
  ServerInformation,
} from '../protocol/messages';
import { codeActions } from './codeActions';
import type { FileScans } from './fileScans';
import type { OpenDocuments } from './openDocuments';
import type { OpenNotebooks } from './openNotebooks';
import type { RemoteSource } from './remoteScans';
import { remoteReportOf, reportOf, writeReports } from './reports';
import type { Scanner } from './scanner';
import type { Folder, Workspace } from './settings';
import type { FindingsStore, StoredArtifact } from './store';
import type { Suppressions } from './suppressions';
import { listed } from './tidings';
import { normalised, pathOf, uriBelow, uriOf } from './uris';
import type { WorkspaceScan } from './workspaceScan';

interface Parts {
  documents: TextDocuments<TextDocument>;
  workspace: Workspace;
  store: FindingsStore;
  scanner: Scanner;
  files: FileScans;
  openDocuments: OpenDocuments;
  notebooks: OpenNotebooks;
  workspaceScan: WorkspaceScan;
  suppressions: Suppressions;
  remoteSources(): readonly RemoteSource[];
  state(): ScanState;
}

/** What a folder that is one artifact has in one of its files, with places as in the file. */
function inFile(whole: StoredArtifact, uri: string): StoredArtifact {
  const { members } = whole.report;
  const findings = whole.report.findings.flatMap((finding) => {
    const { file, location } = placeInMember(members, finding.location);
    return file !== undefined && uriBelow(whole.uri, file) === uri ? [{ ...finding, location }] : [];
  });
  return { ...whole, report: { ...whole.report, findings } };
}

/** Answers everything the client asks for. Every handler only puts the parts to work; none of them knows a rule or a format. */
export function handleRequests(connection: Connection, parts: Parts): void {
  const { workspace, store, scanner, files, openDocuments, notebooks, workspaceScan, suppressions } = parts;

  connection.onRequest(ScanWorkspace.type, async ({ folders, force, workDoneToken }, token) => {
    const chosen = workspace.folders.filter((folder) => !folders || folders.includes(folder.uri));
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    const progress = workDoneToken === undefined ? undefined : connection.window.attachWorkDoneProgress(workDoneToken);
    progress?.begin('Watchtower', 0, undefined, true);
    try {
      return await workspaceScan.run(chosen, {
        signal: abort.signal,
        ...(force !== undefined && { force }),
        ...(progress && { progress }),
      });
    } finally {
      progress?.done();
    }
  });

  /** Scans something as the editor has it, or else as it is on disk. */
  const scanNow = async (given: string): Promise<StoredArtifact | undefined> => {
    const uri = notebooks.notebookOf(given) ?? normalised(given);
    // What lies on another machine is scanned again as a whole, when somebody asks for that.
    if (uri.startsWith(`${REMOTE_SCHEME}:`)) return store.get(uri);
    if (notebooks.isOpen(uri)) await notebooks.scan(uri, true);
    else if (openDocuments.isOpen(uri)) await openDocuments.scan(uri, true);
    else {
      const artifact = await files.scan(uri, { force: true });
      for (const { name } of artifact?.group?.members ?? []) await openDocuments.scan(uriBelow(uri, name), true);
    }
    return store.get(uri) ?? store.directoryOf(uri);
  };

  connection.onRequest(ScanFile.type, async ({ uri }) => {
    const artifact = await scanNow(uri);
    return artifact ? listed(artifact) : null;
  });

  connection.onRequest(ListFindings.type, ({ uris, kinds }) => {
    const wanted = uris && new Set(uris.map(normalised));
    const artifacts = [...store.all()].filter(
      ({ uri, report }) => (!wanted || wanted.has(uri)) && (!kinds || kinds.includes(report.kind)),
    );
    return { artifacts: artifacts.map(listed), state: parts.state() };
  });

  connection.onRequest(InspectModel.type, async ({ uri }) => {
    const artifact = store.get(normalised(uri)) ?? (await scanNow(uri));
    if (!artifact) return null;
    const { description } = artifact.report;
    return { artifact: listed(artifact), ...(description && { description }) };
  });

  connection.onRequest(ExportReports.type, async ({ target }) => {
    const folder = pathOf(target);
    if (folder === undefined) {
      return new ResponseError(LSPErrorCodes.RequestFailed, 'Reports can only be written to this machine');
    }
    const owners: (Folder | undefined)[] = [...workspace.folders];
    if ([...store.all()].some((artifact) => artifact.folderUri === undefined && artifact.remote === undefined))
      owners.push(undefined);
    const sources = parts.remoteSources();
    const reports = [
      ...owners.map((owner) => ({
        label: owner?.name ?? 'single files',
        report: reportOf(owner, store.all(), workspaceScan, { ...ADVISORY_SNAPSHOT }),
        options: { repositoryType: 'folder' },
      })),
      ...sources.map((source) => ({
        label: source.label,
        report: remoteReportOf(source, store.all(), { ...ADVISORY_SNAPSHOT }),
        options: repositoryOf(source.spec),
      })),
    ];
    const written = await writeReports(reports, folder);
    return { files: written.map(uriOf) };
  });

  connection.onRequest(RuleDocument.type, ({ ruleId }) => {
    const rule = ruleById(ruleId);
    return { markdown: rule ? rulePage(rule) : customRulePage(ruleId) };
  });

  connection.onRequest(AddToBaseline.type, async ({ findings }) => {
    const wanted = findings?.map(({ uri, fingerprint }) => ({ uri: normalised(uri), fingerprint }));
    const result = await suppressions.add([...store.all()], wanted, (folder) => workspaceScan.covers(folder));
    for (const folder of result.folders) await files.suppressionsChanged(folder);
    return { added: result.added, files: result.files.map(uriOf) };
  });

  connection.onRequest(ServerInformation.type, () => ({
    version: VERSION,
    node: process.version,
    rules: RULES.length,
    threads: scanner.batch.size,
    processId: process.pid,
  }));

  connection.onCodeAction(async (params: CodeActionParams): Promise<CodeAction[]> => {
    const { uri } = params.textDocument;
    const notebook = notebooks.notebookOf(uri);
    const artifactUri = notebook ?? normalised(uri);
    // Fixes hold for the text that was scanned; if it has been typed in since, it is scanned first.
    if (notebook !== undefined) await notebooks.refresh(notebook);
    else if (openDocuments.isOpen(artifactUri) && (store.get(artifactUri) ?? store.directoryOf(artifactUri)))
      await openDocuments.scan(artifactUri);
    const whole = store.directoryOf(artifactUri);
    const artifact = store.get(artifactUri) ?? (whole && inFile(whole, artifactUri));
    if (!artifact) return [];
    const cell = notebook === undefined ? undefined : artifact.cells?.indexOf(uri);
    return codeActions(params, {
      artifact,
      document: parts.documents.get(uri),
      cell: cell === -1 ? undefined : cell,
    });
  });
}
