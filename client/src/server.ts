import {
  type CancellationToken,
  type Disposable,
  type ExtensionContext,
  type LogOutputChannel,
  l10n,
  Uri,
  workspace,
} from 'vscode';
import {
  LanguageClient,
  type LanguageClientOptions,
  type ProgressToken,
  type RequestType,
  RevealOutputChannelOn,
  type ServerOptions,
  TransportKind,
  WorkDoneProgress,
  type WorkDoneProgressReport,
} from 'vscode-languageclient/node';
import {
  ConfirmRemote,
  FindingsChanged,
  type InitializationOptions,
  type RemoteListing,
  ScanStateChanged,
  ServerInformation,
  TrustGranted,
} from '../../server/src/protocol/messages';
import type { Findings } from './findings';
import { serveHttp } from './remote/http';
import { traceLog } from './traceLog';

/** The language server: started once, restarted on request, asked through one door. */
export class Server implements Disposable {
  #client: LanguageClient | undefined;
  #starting: Promise<LanguageClient> | undefined;
  #restarting: Promise<void> | undefined;
  #tokens = 0;
  readonly #questions = new Map<string, (listing: RemoteListing) => Promise<boolean>>();

  constructor(
    private readonly context: ExtensionContext,
    private readonly log: LogOutputChannel,
    private readonly findings: Findings,
  ) {}

  /** Starts it unless it runs. @throws when the process cannot be started */
  start(): Promise<LanguageClient> {
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#starting = undefined;
      this.log.error(l10n.t('The server could not be started: {0}', String(error)));
      throw error;
    });
    return this.#starting;
  }

  async request<P, R, E>(type: RequestType<P, R, E>, params: P, token?: CancellationToken): Promise<R> {
    const client = await this.start();
    return client.sendRequest<R>(type.method, params, token);
  }

  /** Listens to one request's progress. The token goes into the request. */
  async progress(report: (value: WorkDoneProgressReport) => void): Promise<{ token: ProgressToken } & Disposable> {
    const client = await this.start();
    this.#tokens += 1;
    const token = `watchtower-${this.#tokens}`;
    const listener = client.onProgress(WorkDoneProgress.type, token, (value) => {
      if (value.kind === 'report') report(value);
    });
    return { token, dispose: () => listener.dispose() };
  }

  /** Answers the question that a remote scan asks before it reads; the id goes into the request. */
  confirming(id: string, answer: (listing: RemoteListing) => Promise<boolean>): Disposable {
    this.#questions.set(id, answer);
    return { dispose: () => this.#questions.delete(id) };
  }

  /** Tells a server that runs that the workspace has come to be trusted; one that starts later asks for itself. */
  async trustGranted(): Promise<void> {
    await (await this.#starting)?.sendNotification(TrustGranted.type);
  }

  /** Two restarts that are asked for at once are one. */
  restart(): Promise<void> {
    this.#restarting ??= (async () => {
      await this.#stop();
      this.findings.clear();
      await this.start();
    })().finally(() => {
      this.#restarting = undefined;
    });
    return this.#restarting;
  }

  async #start(): Promise<LanguageClient> {
    const module = Uri.joinPath(this.context.extensionUri, 'dist', 'server.js').fsPath;
    const run: ServerOptions = {
      run: { module, transport: TransportKind.ipc },
      debug: { module, transport: TransportKind.ipc, options: { execArgv: ['--nolazy', '--inspect=6019'] } },
    };
    const options: LanguageClientOptions = {
      documentSelector: [
        { scheme: 'file' },
        { scheme: 'untitled', language: 'python' },
        { scheme: 'vscode-vfs', language: 'python' },
        { notebook: { notebookType: 'jupyter-notebook' } },
      ],
      diagnosticCollectionName: 'watchtower',
      outputChannel: this.log,
      traceOutputChannel: traceLog(this.log),
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      // A document that is opened and closed at once, while somebody steps through a search, costs nothing.
      textSynchronization: { delayOpenNotifications: true },
      initializationOptions: { trusted: workspace.isTrusted } satisfies InitializationOptions,
      markdown: { isTrusted: false, supportHtml: false },
    };
    const client = new LanguageClient('watchtower', 'Watchtower', run, options);
    client.onNotification(FindingsChanged.type, (params) => this.findings.apply(params));
    client.onNotification(ScanStateChanged.type, (state) => this.findings.setState(state));
    client.onRequest(ConfirmRemote.type, (listing) => this.#questions.get(listing.confirm)?.(listing) ?? false);
    this.#client = client;
    this.context.subscriptions.push(...serveHttp(client));
    await client.start();
    const { version, node, rules, threads, processId } = await client.sendRequest(ServerInformation.type);
    this.log.info(`Watchtower ${version}: ${rules} rules, ${threads} scan threads, Node ${node}, process ${processId}`);
    return client;
  }

  async #stop(): Promise<void> {
    await this.#starting?.catch(() => undefined);
    const client = this.#client;
    this.#client = undefined;
    this.#starting = undefined;
    await client?.dispose();
  }

  dispose(): Promise<void> {
    return this.#stop();
  }
}
