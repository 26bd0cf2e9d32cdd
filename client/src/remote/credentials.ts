import { authentication, type ExtensionContext, l10n, window, workspace } from 'vscode';
import type { RemoteCredentials } from '../../../server/src/protocol/messages';

/** Names of what is stored, without the secrets, so that all of them can be forgotten. */
const INDEX = 'watchtower.remote.credentials';

/** Where a target's credential belongs: the host, or the S3 store. */
export type Realm = { kind: 'token'; host: string } | { kind: 's3'; store: string };

export function realmName(realm: Realm): string {
  return realm.kind === 'token' ? realm.host : `s3:${realm.store}`;
}

/** Credentials in the editor's secret storage, one for each host. Nothing of them is in settings, logs or the list of sources. */
export class Credentials {
  constructor(private readonly context: ExtensionContext) {}

  async get(realm: Realm): Promise<RemoteCredentials | undefined> {
    return (await this.#stored(realm)) ?? (await this.#session(realm));
  }

  /** What there is, in words without the secret. */
  async describe(realm: Realm): Promise<string | undefined> {
    if (await this.#stored(realm)) return realm.kind === 's3' ? l10n.t('stored access key') : l10n.t('stored token');
    return (await this.#session(realm)) && l10n.t('signed in to {0}', realmName(realm));
  }

  /** Asks for another credential, or for none. */
  async change(realm: Realm): Promise<void> {
    if (!(await this.#stored(realm))) {
      await this.ask(realm);
      return;
    }
    const remove = l10n.t('Remove the Stored Token');
    const choice = await window.showQuickPick([l10n.t('Enter Another...'), remove], {
      title: l10n.t('Access to {0}', realmName(realm)),
    });
    if (choice === remove) await this.forget(realm);
    else if (choice !== undefined) await this.ask(realm);
  }

  async forget(realm: Realm): Promise<void> {
    await this.context.secrets.delete(this.#key(realm));
    const names = this.context.globalState.get<string[]>(INDEX, []);
    await this.context.globalState.update(
      INDEX,
      names.filter((name) => name !== realmName(realm)),
    );
  }

  async #stored(realm: Realm): Promise<RemoteCredentials | undefined> {
    const text = await this.context.secrets.get(this.#key(realm));
    return text === undefined ? undefined : (JSON.parse(text) as RemoteCredentials);
  }

  /** A session that exists is used; nobody is asked to sign in for a public repository. */
  async #session(realm: Realm): Promise<RemoteCredentials | undefined> {
    const provider = providerOf(realm);
    if (!provider) return undefined;
    const session = await authentication.getSession(provider, [], { createIfNone: false, silent: true }).then(
      (found) => found,
      () => undefined,
    );
    return session && { token: session.accessToken };
  }

  /** Asks for a credential and stores it. @returns undefined when the person gives none */
  async ask(realm: Realm): Promise<RemoteCredentials | undefined> {
    const provider = providerOf(realm);
    if (provider && realm.kind === 'token') {
      const signIn = l10n.t('Sign In to {0}', realm.host);
      const choice = await window.showQuickPick([signIn, l10n.t('Enter a Token')], {
        title: l10n.t('Access to {0}', realm.host),
      });
      if (choice === undefined) return undefined;
      if (choice === signIn) {
        const session = await authentication.getSession(provider, ['repo'], { createIfNone: true });
        return { token: session.accessToken };
      }
    }
    const credentials = realm.kind === 's3' ? await askForKeys(realm.store) : await askForToken(realm.host);
    if (credentials) await this.#store(realm, credentials);
    return credentials;
  }

  async forgetAll(): Promise<number> {
    const names = this.context.globalState.get<string[]>(INDEX, []);
    for (const name of names) await this.context.secrets.delete(`${INDEX}:${name}`);
    await this.context.globalState.update(INDEX, undefined);
    return names.length;
  }

  async #store(realm: Realm, credentials: RemoteCredentials): Promise<void> {
    await this.context.secrets.store(this.#key(realm), JSON.stringify(credentials));
    const names = new Set(this.context.globalState.get<string[]>(INDEX, []));
    await this.context.globalState.update(INDEX, [...names.add(realmName(realm))]);
  }

  #key(realm: Realm): string {
    return `${INDEX}:${realmName(realm)}`;
  }
}

/** Who signs people in to a host: github.com, and the Enterprise server that VS Code's own setting names. */
function providerOf(realm: Realm): string | undefined {
  if (realm.kind !== 'token') return undefined;
  if (realm.host === 'github.com') return 'github';
  // Only a user's setting: a workspace must not name the host that a session's token goes to.
  const enterprise = workspace.getConfiguration('github-enterprise').inspect<string>('uri')?.globalValue;
  try {
    return enterprise && new URL(enterprise).host === realm.host ? 'github-enterprise' : undefined;
  } catch {
    return undefined;
  }
}

async function askForToken(host: string): Promise<RemoteCredentials | undefined> {
  const token = await window.showInputBox({
    title: l10n.t('Access token for {0}', host),
    prompt: l10n.t('Kept in the secret storage of the editor and sent to {0} only.', host),
    password: true,
    ignoreFocusOut: true,
  });
  return token?.trim() ? { token: token.trim() } : undefined;
}

async function askForKeys(store: string): Promise<RemoteCredentials | undefined> {
  const title = l10n.t('Access key for {0}', store);
  const id = await window.showInputBox({ title, prompt: l10n.t('Access key id'), ignoreFocusOut: true });
  if (!id?.trim()) return undefined;
  const secret = await window.showInputBox({
    title,
    prompt: l10n.t('Secret access key, kept in the secret storage of the editor'),
    password: true,
    ignoreFocusOut: true,
  });
  if (!secret?.trim()) return undefined;
  const session = await window.showInputBox({
    title,
    prompt: l10n.t('Session token; empty unless the key is a temporary one'),
    password: true,
    ignoreFocusOut: true,
  });
  if (session === undefined) return undefined;
  return {
    s3: {
      accessKeyId: id.trim(),
      secretAccessKey: secret.trim(),
      ...(session.trim() && { sessionToken: session.trim() }),
    },
  };
}
