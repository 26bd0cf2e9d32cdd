import { type ExtensionContext, window, workspace } from 'vscode';
import { REMOTE_SCHEME, RULE_SCHEME } from '../../server/src/protocol/messages';
import { registerCommands } from './commands';
import { MODEL_SCHEME, ModelDocuments } from './documents/modelDocuments';
import { RuleDocuments } from './documents/ruleDocuments';
import { Findings } from './findings';
import { Remote } from './remote/remote';
import { RemoteNode } from './remote/remoteNode';
import { RemoteSources } from './remote/remoteSources';
import { Server } from './server';
import { FileStatus } from './status/languageStatus';
import { ViewState } from './status/viewState';
import { FindingsView } from './views/findingsView';
import { createModelsView } from './views/modelsView';
import type { FindingsTree } from './views/tree';

/** What other extensions and the tests may use. */
export interface Api {
  readonly findings: Findings;
  readonly models: FindingsTree;
  readonly findingsTree: FindingsTree;
  /** Comes back when the server answers. */
  ready(): Promise<void>;
}

/** Composes the extension. The server is started, not waited for: activation costs only the registrations. */
export function activate(context: ExtensionContext): Api {
  const log = window.createOutputChannel('Watchtower', { log: true });
  const findings = new Findings();
  const server = new Server(context, log, findings);
  const remotes = new RemoteSources(context.globalState);
  const models = createModelsView(findings, remotes);
  const findingsView = new FindingsView(findings, remotes, context.workspaceState);
  const remote = new Remote(context, server, remotes, async (root) => {
    const node = models.roots.find((candidate) => candidate instanceof RemoteNode && candidate.source.root === root);
    if (node) await models.view.reveal(node, { select: true, expand: true });
  });
  const modelDocuments = new ModelDocuments(server, findings, (root) => remote.page(root));
  context.subscriptions.push(
    log,
    findings,
    remotes,
    models,
    findingsView.tree,
    modelDocuments,
    new FileStatus(findings),
    new ViewState(findings),
    workspace.registerTextDocumentContentProvider(RULE_SCHEME, new RuleDocuments(server)),
    workspace.registerTextDocumentContentProvider(MODEL_SCHEME, modelDocuments),
    workspace.registerTextDocumentContentProvider(REMOTE_SCHEME, remote),
    workspace.onDidGrantWorkspaceTrust(() => server.trustGranted()),
    remotes.onDidChange(() => {
      models.refresh();
      findingsView.tree.refreshSoon();
    }),
    workspace.onDidChangeWorkspaceFolders(() => models.refreshSoon()),
    ...registerCommands({ server, findings, models, findingsView, remote, showLog: () => log.show() }),
    server,
  );
  // Its failure is in the log, and every command that needs the server tells it again.
  server.start().catch(() => undefined);
  return {
    findings,
    models,
    findingsTree: findingsView.tree,
    ready: async () => {
      await server.start();
    },
  };
}
