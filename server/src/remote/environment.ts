import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import type { S3Module, SourceCredentials, SourceEnvironment } from '../core/sources/environment';
import type { HttpClient } from '../core/sources/http';
import { HUGGING_FACE } from '../core/sources/huggingface';
import { RemoteError } from '../core/sources/remoteError';
import type { RemoteSpec } from '../core/sources/source';
import { findGit, GitProcess } from './gitProcess';
import { NodeHttpClient, type ProxySettings, proxyOf } from './nodeHttp';
import { SystemTemporaryFolders } from './temporaryFolders';

type Variables = Readonly<Record<string, string | undefined>>;

export interface EnvironmentOptions {
  credentials: SourceCredentials;
  /** The process' environment; read for the proxy and for git's PATH. */
  env: Variables;
  /** Proxy and certificates that a face knows better than the environment does. */
  proxy?: ProxySettings;
  certificates?: readonly string[];
  /** Another way to the network altogether. */
  http?: HttpClient;
}

/** Everything a remote source needs, made of Node, the user's git and the system's temporary directory. */
export function remoteEnvironment({
  credentials,
  env,
  proxy,
  certificates,
  http,
}: EnvironmentOptions): SourceEnvironment {
  const through = proxy ?? proxyOf(env);
  const program = findGit(env);
  const gitEnv = {
    ...env,
    ...(through.https && { https_proxy: through.https, HTTPS_PROXY: through.https }),
    ...(through.except && { no_proxy: through.except, NO_PROXY: through.except }),
  };
  return {
    http: http ?? new NodeHttpClient({ proxy: through, ...(certificates && { certificates }) }),
    credentials,
    temporary: new SystemTemporaryFolders(),
    ...(program && { git: new GitProcess(program, gitEnv) }),
    s3: () => {
      // The client's remark on Node's version is for its developers; the version is pinned.
      process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
      return require('bundle:s3') as S3Module;
    },
  };
}

/** Files with certificates (PEM) that this and other tools are told to trust. */
const CERTIFICATE_FILES = [
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'AWS_CA_BUNDLE',
] as const;
const LARGEST_BUNDLE = 8 * 2 ** 20;

/**
 * Certificates that the environment adds to those that Node trusts.
 * @throws RemoteError `tls` when a file that is named cannot be read: going on without it would only fail later
 */
export async function certificatesOf(env: Variables): Promise<string[]> {
  const files = new Set(CERTIFICATE_FILES.map((name) => env[name]).filter((file) => file !== undefined && file !== ''));
  return Promise.all(
    [...files].map(async (file) => {
      const text = await readFile(file as string, 'utf8').catch(() => '');
      if (text.length > LARGEST_BUNDLE || !text.includes('-----BEGIN CERTIFICATE-----')) {
        const names = CERTIFICATE_FILES.filter((name) => env[name] === file).join(', ');
        throw new RemoteError('tls', `the file that ${names} names holds no certificates`);
      }
      return text;
    }),
  );
}

/**
 * Credentials of the command line: from the environment and the standard files of each host's own tools. A token is only
 * taken for the host it belongs to.
 */
export async function credentialsFromEnvironment(spec: RemoteSpec, env: Variables): Promise<SourceCredentials> {
  switch (spec.kind) {
    case 'huggingface': {
      const own = origin(env.HF_ENDPOINT) ?? HUGGING_FACE;
      if ((origin(spec.endpoint) ?? HUGGING_FACE) !== own) return {};
      const token = (env.HF_TOKEN ?? env.HUGGING_FACE_HUB_TOKEN)?.trim() || (await huggingFaceTokenFile(env));
      return token ? { token } : {};
    }
    case 'git': {
      const host = new URL(spec.url).host;
      const enterprise = env.GH_HOST;
      const token =
        host === 'github.com'
          ? env.GH_TOKEN || env.GITHUB_TOKEN
          : enterprise === host
            ? env.GH_ENTERPRISE_TOKEN || env.GITHUB_ENTERPRISE_TOKEN
            : host === (env.WATCHTOWER_GIT_HOST ?? '')
              ? env.WATCHTOWER_GIT_TOKEN
              : undefined;
      const user = host === env.WATCHTOWER_GIT_HOST ? env.WATCHTOWER_GIT_USER : undefined;
      return token ? { token, ...(user && { user }) } : {};
    }
    case 's3':
      return spec.anonymous ? {} : { s3: env.AWS_PROFILE ? { profile: env.AWS_PROFILE } : {} };
  }
}

async function huggingFaceTokenFile(env: Variables): Promise<string | undefined> {
  const home =
    env.HF_HOME ?? path.join(env.XDG_CACHE_HOME ?? path.join(env.HOME ?? homedir(), '.cache'), 'huggingface');
  const file = env.HF_TOKEN_PATH ?? path.join(home, 'token');
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trim() || undefined;
}

function origin(address: string | undefined): string | undefined {
  try {
    return address ? new URL(address).origin : undefined;
  } catch {
    return undefined;
  }
}
