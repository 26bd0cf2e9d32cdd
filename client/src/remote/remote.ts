import {
  commands,
  type ExtensionContext,
  env,
  l10n,
  ProgressLocation,
  type QuickPickItem,
  type TextDocumentContentProvider,
  Uri,
  window,
  workspace,
} from 'vscode';
import { ResponseError } from 'vscode-languageclient/node';
import {
  type RemoteCredentials,
  type RemoteOptions,
  RemoteText,
  ScanRemote,
} from '../../../server/src/protocol/messages';
import type { Server } from '../server';
import { SEVERITIES, severityWord } from '../severity';
import { Credentials, type Realm } from './credentials';

/** A source as it is remembered: without credentials. */
interface Remembered {
  target: string;
  options: RemoteOptions;
}

const REMEMBERED = 'watchtower.remote.sources';
const MOST_REMEMBERED = 12;
/** Failures that a credential may cure. */
const NEEDS_ACCESS = new Set(['gated', 'unauthorized', 'forbidden', 'not-found', 'rate-limited']);

/** Scans of repositories and buckets where they are: the form, the credentials, and the read-only texts. */
export class Remote implements TextDocumentContentProvider {
  readonly credentials: Credentials;

  constructor(
    private readonly context: ExtensionContext,
    private readonly server: Server,
  ) {
    this.credentials = new Credentials(context);
  }

  async provideTextDocumentContent(uri: Uri): Promise<string> {
    return (await this.server.request(RemoteText.type, { uri: uri.toString() })).text;
  }

  /** Asks what to scan, unless it is given, scans it, and tells what was found. */
  async scan(given?: unknown): Promise<ScanRemote.Result | undefined> {
    const chosen = typeof given === 'string' ? { target: given, options: {} } : await this.#choose();
    if (!chosen) return undefined;
    const source = { target: chosen.target, options: { ...this.#machineOptions(), ...chosen.options } };
    const realm = realmOf(source);
    let credentials = realm && (await this.credentials.get(realm));
    for (;;) {
      try {
        const result = await this.#run(source, credentials ?? {});
        await this.#remember(chosen);
        void tell(result);
        return result;
      } catch (error) {
        const failure = error instanceof ResponseError ? (error.data as ScanRemote.Failure | undefined) : undefined;
        if (!failure || !realm || !NEEDS_ACCESS.has(failure.kind)) throw error;
        const given = await this.#afterFailure((error as Error).message, failure, realm);
        if (!given) return undefined;
        credentials = given;
      }
    }
  }

  async forgetCredentials(): Promise<void> {
    const count = await this.credentials.forgetAll();
    void window.showInformationMessage(l10n.t('Watchtower: {0} stored credentials were removed.', count));
  }

  async #run(source: Remembered, credentials: RemoteCredentials): Promise<ScanRemote.Result> {
    return window.withProgress(
      { location: ProgressLocation.Notification, title: l10n.t('Scanning {0}', source.target), cancellable: true },
      async (progress, token) => {
        let shown = 0;
        const listener = await this.server.progress(({ message, percentage = 0 }) => {
          progress.report({ ...(message !== undefined && { message }), increment: Math.max(0, percentage - shown) });
          shown = Math.max(shown, percentage);
        });
        try {
          const proxy = proxyOfEditor();
          const params = { ...source, credentials, workDoneToken: listener.token, ...(proxy && { proxy }) };
          return await this.server.request(ScanRemote.type, params, token);
        } finally {
          listener.dispose();
        }
      },
    );
  }

  async #afterFailure(
    message: string,
    failure: ScanRemote.Failure,
    realm: Realm,
  ): Promise<RemoteCredentials | undefined> {
    const openPage = l10n.t('Open Page');
    const giveAccess = l10n.t('Give Access...');
    const choice = await window.showErrorMessage(
      l10n.t('Watchtower: {0}', message),
      ...(failure.page ? [openPage] : []),
      giveAccess,
    );
    if (choice === openPage && failure.page) await env.openExternal(Uri.parse(failure.page, true));
    return choice === giveAccess ? this.credentials.ask(realm) : undefined;
  }

  async #choose(): Promise<Remembered | undefined> {
    const known = this.context.globalState.get<Remembered[]>(REMEMBERED, []);
    const items: (QuickPickItem & { source?: Remembered; example?: string })[] = [
      { label: l10n.t('$(hubot) Hugging Face'), description: 'hf:owner/model@revision', example: 'hf:owner/model' },
      { label: l10n.t('$(github) GitHub'), description: 'github:owner/repo@ref', example: 'github:owner/repo' },
      { label: l10n.t('$(repo) Another git repository'), description: 'https://host/path.git', example: 'https://' },
      { label: l10n.t('$(archive) S3 bucket'), description: 's3://bucket/prefix', example: 's3://bucket/' },
      ...known.map((source) => ({
        label: `$(history) ${source.target}`,
        ...(source.options.ref && { description: source.options.ref }),
        source,
      })),
    ];
    const item = await window.showQuickPick(items, {
      title: l10n.t('Scan Remote Source'),
      placeHolder: l10n.t('Only listings, text and the structure of models are read; no repository is downloaded.'),
    });
    if (!item) return undefined;
    if (item.source) return item.source;
    const target = await window.showInputBox({
      title: l10n.t('Scan Remote Source'),
      prompt: l10n.t('Address of the repository or bucket; a branch, tag or revision follows an @'),
      value: item.example ?? '',
      ignoreFocusOut: true,
    });
    if (!target?.trim()) return undefined;
    return { target: target.trim(), options: {} };
  }

  /** Endpoints come from settings of this machine; no workspace can set them. */
  #machineOptions(): RemoteOptions {
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

  async #remember(source: Remembered): Promise<void> {
    const known = this.context.globalState.get<Remembered[]>(REMEMBERED, []);
    const others = known.filter(({ target }) => target !== source.target);
    await this.context.globalState.update(REMEMBERED, [source, ...others].slice(0, MOST_REMEMBERED));
  }
}

/** The host whose credential a target needs. */
function realmOf({ target, options }: Remembered): Realm | undefined {
  if (/^s3:/i.test(target)) {
    if (options.anonymous) return undefined;
    return { kind: 's3', store: options.s3Endpoint ? new URL(options.s3Endpoint).host : 'Amazon S3' };
  }
  if (/^github:/i.test(target)) return { kind: 'token', host: 'github.com' };
  if (/^hf:/i.test(target))
    return { kind: 'token', host: new URL(options.hubEndpoint ?? 'https://huggingface.co').host };
  try {
    return { kind: 'token', host: new URL(target.replace(/^git\+/, '')).host };
  } catch {
    return undefined;
  }
}

/** For git, which is a program of its own: the proxy that the editor is told to use. */
function proxyOfEditor(): ScanRemote.Params['proxy'] {
  const settings = workspace.getConfiguration('http');
  const proxy = settings.get<string>('proxy')?.trim();
  if (!proxy) return undefined;
  const except = settings.get<string[]>('noProxy', []).join(',');
  return { https: proxy, ...(except && { except }) };
}

async function tell({
  label,
  read,
  facts,
  findings,
  artifacts,
  notScanned,
  cancelled,
}: ScanRemote.Result): Promise<void> {
  const counts = SEVERITIES.filter((severity) => severity !== 'info' && findings[severity] > 0).map(
    (severity) => `${findings[severity]} ${severityWord(severity)}`,
  );
  const notices = facts.filter(({ level }) => level === 'notice').map((fact) => `${fact.label}: ${fact.value}.`);
  const text = [
    `${label}:`,
    cancelled ? l10n.t('The scan was cancelled.') : l10n.t('{0} files and models scanned.', artifacts),
    counts.length ? l10n.t('Found: {0}.', counts.join(', ')) : l10n.t('Nothing above info was found.'),
    notScanned ? l10n.t('{0} could not be scanned wholly.', notScanned) : '',
    `${read}.`,
    ...notices.slice(0, 3),
  ];
  const show = l10n.t('Show Findings');
  const choice = await window.showInformationMessage(`Watchtower: ${text.filter(Boolean).join(' ')}`, show);
  if (choice === show) await commands.executeCommand('watchtower.findings.focus');
}
