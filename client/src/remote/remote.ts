import {
  commands,
  type ExtensionContext,
  env,
  l10n,
  ProgressLocation,
  type TextDocumentContentProvider,
  Uri,
  window,
  workspace,
} from 'vscode';
import { ResponseError } from 'vscode-languageclient/node';
import {
  CloseRemote,
  ParseRemote,
  type RemoteCredentials,
  type RemoteListing,
  type RemoteOptions,
  RemoteText,
  ScanRemote,
} from '../../../server/src/protocol/messages';
import { openSource } from '../openFinding';
import type { Server } from '../server';
import { SEVERITIES, severityWord } from '../severity';
import { Credentials, type Realm } from './credentials';
import { BACK } from './quickInput';
import { RemoteNode } from './remoteNode';
import type { OpenSource, RemoteSources, SourceDescription } from './remoteSources';
import { SourceForm } from './sourceForm';
import { listingText, sourcePage } from './sourcePage';

/** Failures that a credential may cure. */
const NEEDS_ACCESS = new Set(['gated', 'unauthorized', 'forbidden', 'not-found', 'rate-limited']);

/** Scans of repositories and buckets where they are: the form, the credentials, the scans, and the read-only texts. */
export class Remote implements TextDocumentContentProvider {
  readonly credentials: Credentials;
  readonly #form: SourceForm;
  #confirms = 0;

  constructor(
    context: ExtensionContext,
    private readonly server: Server,
    private readonly sources: RemoteSources,
    private readonly show: (root: string) => Promise<void>,
  ) {
    this.credentials = new Credentials(context);
    this.#form = new SourceForm((source) => this.#parse(source), sources, this.credentials, machineOptions);
  }

  async provideTextDocumentContent(uri: Uri): Promise<string> {
    return (await this.server.request(RemoteText.type, { uri: uri.toString() })).text;
  }

  /** The page on a source; undefined when the URI is not that of one. */
  page(root: string): string | undefined {
    const source = this.sources.get(root);
    return source && sourcePage(source);
  }

  /**
   * Asks what to scan, shows what is there, scans it and tells what was found. A target that is given, by another
   * extension or a test, is scanned at once.
   */
  async scan(given?: unknown): Promise<ScanRemote.Result | undefined> {
    if (typeof given === 'string') return this.#scan({ target: given, options: {} }, false);
    const source = await this.#form.choose();
    return source && this.#scan(source, true);
  }

  async rescan(node: unknown): Promise<ScanRemote.Result | undefined> {
    return node instanceof RemoteNode ? this.#scan(node.source, false) : undefined;
  }

  /** Takes a source and what was found in it out of the views. */
  async close(node: unknown): Promise<void> {
    if (!(node instanceof RemoteNode)) return;
    const { root } = node.source;
    this.sources.close(root);
    await this.server.request(CloseRemote.type, { root });
  }

  async showSource(node: unknown): Promise<void> {
    if (!(node instanceof RemoteNode)) return;
    const { root, label } = node.source;
    await openSource({ root, label });
  }

  async forgetCredentials(): Promise<void> {
    const count = await this.credentials.forgetAll();
    void window.showInformationMessage(l10n.t('Watchtower: {0} stored credentials were removed.', count));
  }

  async #scan(given: SourceDescription, confirm: boolean): Promise<ScanRemote.Result | undefined> {
    let described = { target: given.target, options: given.options };
    let credentials: RemoteCredentials | undefined;
    for (;;) {
      const parsed = await this.#parse(described);
      if ('problem' in parsed) throw new Error(parsed.problem);
      const { root, label, kind, realm } = parsed;
      credentials ??= realm && (await this.credentials.get(realm));
      const before = this.sources.get(root);
      try {
        const opened = { ...described, root, label, kind };
        const result = await this.#run(opened, credentials ?? {}, confirm);
        if (!result.cancelled || result.artifacts) this.sources.set({ ...opened, result });
        else if (!before) this.sources.close(root);
        if (!result.cancelled) {
          await this.sources.remember(described);
          await this.show(root);
        }
        void tell(result, label);
        return result;
      } catch (error) {
        if (!before) this.sources.close(root);
        const failure = error instanceof ResponseError ? (error.data as ScanRemote.Failure | undefined) : undefined;
        if (!failure) throw error;
        const next = await this.#afterFailure((error as Error).message, failure, realm, described);
        if (!next) return undefined;
        ({ described, credentials } = { credentials: undefined, described, ...next });
      }
    }
  }

  async #run(
    { label, root, kind, ...source }: SourceDescription & { root: string; label: string; kind: OpenSource['kind'] },
    credentials: RemoteCredentials,
    confirm: boolean,
  ): Promise<ScanRemote.Result> {
    return window.withProgress(
      { location: ProgressLocation.Notification, title: l10n.t('Scanning {0}', label), cancellable: true },
      async (progress, token) => {
        let shown = 0;
        this.#confirms += 1;
        const id = String(this.#confirms);
        const listener = await this.server.progress(({ message, percentage = 0 }) => {
          progress.report({ ...(message !== undefined && { message }), increment: Math.max(0, percentage - shown) });
          shown = Math.max(shown, percentage);
        });
        const asked = this.server.confirming(id, async (listing) => {
          if (!(await shallBeRead(listing, Boolean(source.options.full)))) return false;
          if (!this.sources.get(root)) this.sources.set({ ...source, root, label, kind });
          return true;
        });
        try {
          progress.report({ message: l10n.t('listing') });
          const proxy = proxyOfEditor();
          const params: ScanRemote.Params = {
            target: source.target,
            options: { ...machineOptions(), ...source.options },
            credentials,
            workDoneToken: listener.token,
            ...(confirm && { confirm: id }),
            ...(proxy && { proxy }),
          };
          return await this.server.request(ScanRemote.type, params, token);
        } finally {
          asked.dispose();
          listener.dispose();
        }
      },
    );
  }

  /** What to try next: with a credential, or with another description; undefined when the person gives up. */
  async #afterFailure(
    message: string,
    failure: ScanRemote.Failure,
    realm: Realm | undefined,
    described: SourceDescription,
  ): Promise<{ credentials?: RemoteCredentials; described?: SourceDescription } | undefined> {
    const openPage = l10n.t('Open Page');
    const giveAccess = l10n.t('Give Access...');
    const change = l10n.t('Change Source...');
    const choice = await window.showErrorMessage(
      l10n.t('Watchtower: {0}', message),
      ...(failure.page ? [openPage] : []),
      ...(realm && NEEDS_ACCESS.has(failure.kind) ? [giveAccess] : []),
      change,
    );
    if (choice === openPage && failure.page) await env.openExternal(Uri.parse(failure.page, true));
    if (choice === giveAccess && realm) {
      const credentials = await this.credentials.ask(realm);
      return credentials && { credentials };
    }
    if (choice !== change) return undefined;
    const changed = await this.#form.edit(described);
    return changed === undefined || changed === BACK ? undefined : { described: changed };
  }

  #parse({ target, options }: SourceDescription): Promise<ParseRemote.Source | ParseRemote.Problem> {
    return this.server.request(ParseRemote.type, { target, options: { ...machineOptions(), ...options } });
  }
}

async function shallBeRead(listing: RemoteListing, full: boolean): Promise<boolean> {
  const scan = l10n.t('Scan');
  const detail = listingText(listing, full);
  return (
    (await window.showInformationMessage(l10n.t('Scan {0}?', listing.label), { modal: true, detail }, scan)) === scan
  );
}

/** Endpoints come from settings of this machine; no workspace can set them. */
function machineOptions(): RemoteOptions {
  const settings = workspace.getConfiguration('watchtower.remote');
  const text = (key: string) => settings.get<string>(key)?.trim() || undefined;
  const hubEndpoint = text('huggingFaceEndpoint');
  const s3Endpoint = text('s3Endpoint');
  const region = text('s3Region');
  return {
    ...(hubEndpoint && { hubEndpoint }),
    ...(s3Endpoint && { s3Endpoint }),
    ...(region && { region }),
    ...(settings.get<boolean>('s3Anonymous') && { anonymous: true }),
  };
}

/** For git, which is a program of its own: the proxy that the editor is told to use. */
function proxyOfEditor(): ScanRemote.Params['proxy'] {
  const settings = workspace.getConfiguration('http');
  const proxy = settings.get<string>('proxy')?.trim();
  if (!proxy) return undefined;
  const except = settings.get<string[]>('noProxy', []).join(',');
  return { https: proxy, ...(except && { except }) };
}

async function tell(result: ScanRemote.Result, label: string): Promise<void> {
  const { read, facts, findings, artifacts, notScanned, cancelled } = result;
  const counts = SEVERITIES.filter((severity) => severity !== 'info' && findings[severity] > 0).map(
    (severity) => `${findings[severity]} ${severityWord(severity)}`,
  );
  const notices = facts.filter(({ level }) => level === 'notice').length;
  const text = [
    `${label}:`,
    cancelled
      ? l10n.t('The scan was cancelled.')
      : artifacts === 1
        ? l10n.t('1 file or model scanned.')
        : l10n.t('{0} files and models scanned.', artifacts),
    counts.length ? l10n.t('Found: {0}.', counts.join(', ')) : cancelled ? '' : l10n.t('Nothing above info was found.'),
    notScanned ? l10n.t('{0} could not be scanned wholly.', notScanned) : '',
    cancelled ? '' : `${read.charAt(0).toLocaleUpperCase()}${read.slice(1)}.`,
    notices && !cancelled ? l10n.t('Its host tells {0} things worth a look.', notices) : '',
  ];
  const show = l10n.t('Show Findings');
  const details = l10n.t('Show Details');
  const choice = await window.showInformationMessage(
    `Watchtower: ${text.filter(Boolean).join(' ')}`,
    show,
    ...(facts.length ? [details] : []),
  );
  if (choice === show) await commands.executeCommand('watchtower.findings.focus');
  else if (choice === details) await openSource({ root: result.root, label });
}
