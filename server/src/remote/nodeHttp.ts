/** HTTP for the command line and the server: Node's own client, with the proxy and the certificates of the environment. */
import dns, { type LookupAddress } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { type HttpClient, type HttpRequest, type HttpResponse, isLoopback, isPrivateHost } from '../core/sources/http';
import { RemoteError } from '../core/sources/remoteError';
import { VERSION } from '../core/version';

/** Where requests go through. Addresses may hold a user name and password for the proxy; they are never shown. */
export interface ProxySettings {
  /** Proxy for https addresses. */
  https?: string;
  /** Proxy for http addresses. */
  http?: string;
  /** Hosts that are asked directly: `host`, `.domain`, `host:port`, `*`, separated by commas. */
  except?: string;
}

export interface NodeHttpOptions {
  proxy?: ProxySettings;
  /** Certificates (PEM) trusted besides Node's own. NODE_EXTRA_CA_CERTS is honoured by Node itself. */
  certificates?: readonly string[];
}

/** Reads the proxy variables as curl does; the lower-case spelling wins. */
export function proxyOf(env: Readonly<Record<string, string | undefined>>): ProxySettings {
  const either = (name: string) => env[name] || env[name.toUpperCase()] || undefined;
  const all = either('all_proxy');
  const secure = either('https_proxy') ?? all;
  // HTTP_PROXY in upper case can be set by a client of a CGI program ("httpoxy"): not read.
  const plain = env.http_proxy || all;
  const except = either('no_proxy');
  return { ...(secure && { https: secure }), ...(plain && { http: plain }), ...(except && { except }) };
}

/** The proxy for an address, undefined when it is asked directly. Loopback never goes through one. */
export function proxyFor(url: URL, proxy: ProxySettings): URL | undefined {
  const address = url.protocol === 'https:' ? proxy.https : proxy.http;
  if (!address || isLoopback(url.hostname)) return undefined;
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  for (const raw of (proxy.except ?? '').split(',')) {
    const rule = raw.trim().toLowerCase();
    if (!rule) continue;
    if (rule === '*') return undefined;
    const [name = '', onlyPort] = rule.split(':');
    if (onlyPort && onlyPort !== port) continue;
    const domain = name.replace(/^\*?\./, '');
    if (url.hostname === domain || url.hostname.endsWith(`.${domain}`)) return undefined;
  }
  try {
    const parsed = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `http://${address}`);
    if (parsed.protocol === 'http:' || parsed.protocol === 'https:') return parsed;
  } catch {
    // Falls through to the error below: going around a proxy that somebody set would be worse.
  }
  throw new RemoteError('refused', 'the proxy that is set is not one that can be used (http and https are)');
}

const CONNECT_MS = 30_000;
const AGENT = { keepAlive: true, maxSockets: 16, timeout: 120_000 } as const;

export class NodeHttpClient implements HttpClient {
  readonly #plain = new http.Agent(AGENT);
  readonly #secure: https.Agent;
  readonly #tunnels = new Map<string, https.Agent>();
  readonly #trust: { ca?: string[] };

  constructor(private readonly options: NodeHttpOptions = {}) {
    const { certificates = [] } = options;
    this.#trust = certificates.length ? { ca: [...tls.rootCertificates, ...certificates] } : {};
    this.#secure = new https.Agent({ ...AGENT, ...this.#trust });
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    const { signal } = request;
    signal?.throwIfAborted();
    // Not through URL: it would resolve `..` in the key of an object, which is signed as it stands.
    const parts = /^(https?):\/\/([^/?#]+)([^#]*)/.exec(request.url);
    if (!parts) throw new RemoteError('refused', 'the address is not a URL');
    const origin = new URL(`${parts[1]}://${parts[2]}`);
    const path = (parts[3] as string).startsWith('/') ? (parts[3] as string) : `/${parts[3]}`;
    const proxy = proxyFor(origin, this.options.proxy ?? {});
    const headers: Record<string, string> = { 'user-agent': `watchtower/${VERSION}`, ...request.headers };
    if (request.body !== undefined) headers['content-length'] = String(Buffer.byteLength(request.body));
    const common = {
      method: request.method ?? 'GET',
      headers,
      ...(signal && { signal }),
      ...(request.publicOnly && { lookup: lookupPublic }),
    };
    const target = {
      hostname: origin.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: origin.port || (origin.protocol === 'https:' ? 443 : 80),
      path,
    };
    let outgoing: http.ClientRequest;
    if (origin.protocol === 'https:') {
      outgoing = https.request({ ...common, ...target, agent: proxy ? this.#tunnel(proxy) : this.#secure });
    } else if (proxy) {
      const module = proxy.protocol === 'https:' ? https : http;
      outgoing = module.request({
        ...common,
        hostname: proxy.hostname,
        port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
        path: `${origin.origin}${path}`,
        headers: { host: origin.host, ...headers, ...proxyAuthorization(proxy) },
      });
    } else {
      outgoing = http.request({ ...common, ...target, agent: this.#plain });
    }
    return new Promise((resolve, reject) => {
      outgoing.once('error', (error) => reject(failure(error, origin.host, signal)));
      outgoing.once('response', (response) => {
        if (proxy && response.statusCode === 407) {
          response.destroy();
          reject(proxyRefusal(407));
        } else resolve(answerOf(response, origin.host, signal));
      });
      outgoing.end(request.body);
    });
  }

  close(): void {
    this.#plain.destroy();
    this.#secure.destroy();
    for (const agent of this.#tunnels.values()) agent.destroy();
  }

  /** Connections to https hosts through CONNECT (RFC 9110 9.3.6); the proxy sees the host name and nothing else. */
  #tunnel(proxy: URL): https.Agent {
    let agent = this.#tunnels.get(proxy.href);
    if (!agent) {
      agent = new https.Agent({ ...AGENT, ...this.#trust });
      const trust = this.#trust;
      const connect = (options: https.RequestOptions, done: (error: Error | null, socket?: Duplex) => void) => {
        const host = `${options.host ?? options.hostname}:${options.port}`;
        const asking = (proxy.protocol === 'https:' ? https : http).request({
          hostname: proxy.hostname,
          port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
          method: 'CONNECT',
          path: host,
          headers: { host, ...proxyAuthorization(proxy) },
          agent: false,
          timeout: CONNECT_MS,
          ...trust,
        });
        asking.once('timeout', () => asking.destroy(new Error('the proxy does not answer')));
        asking.once('error', (error) => done(error));
        asking.once('connect', (response, socket) => {
          if (response.statusCode !== 200) {
            socket.destroy();
            done(proxyRefusal(response.statusCode ?? 0));
            return;
          }
          const servername = options.servername || options.host || undefined;
          done(null, tls.connect({ socket, ...(servername && { servername }), ALPNProtocols: ['http/1.1'], ...trust }));
        });
        asking.end();
      };
      Object.assign(agent, {
        createConnection: (options: https.RequestOptions, done: (error: Error | null, socket?: Duplex) => void) => {
          connect(options, done);
        },
      });
      this.#tunnels.set(proxy.href, agent);
    }
    return agent;
  }
}

const isInside = ({ address, family }: LookupAddress) => isPrivateHost(family === 6 ? `[${address}]` : address);

function insideError(hostname: string): RemoteError {
  return new RemoteError('refused', `${hostname}, where a redirect leads, is inside this machine or its network`);
}

/** Resolves a name, and refuses it when an address of it is inside this machine or its network. */
const lookupPublic: LookupFunction = (hostname, options, done) => {
  dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error || addresses.some(isInside)) done(error ?? insideError(hostname), []);
    else if (options.all) done(null, addresses);
    else done(null, addresses[0]?.address ?? '', addresses[0]?.family);
  });
};

/**
 * The same look at a name for a client that resolves for itself. Where names cannot be resolved here, behind a proxy,
 * there is nothing to see.
 * @throws RemoteError `refused`
 */
export async function checkPublic(hostname: string): Promise<void> {
  const addresses = await dns.promises.lookup(hostname, { all: true }).catch(() => []);
  if (addresses.some(isInside)) throw insideError(hostname);
}

export function proxyRefusal(status: number): RemoteError {
  return status === 407
    ? new RemoteError(
        'unauthorized',
        'the proxy asks for a user name and password, or does not accept those it was given',
      )
    : new RemoteError('offline', `the proxy answers with status ${status}`);
}

function proxyAuthorization(proxy: URL): Record<string, string> {
  if (!proxy.username) return {};
  const text = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(text).toString('base64')}` };
}

function answerOf(response: http.IncomingMessage, host: string, signal: AbortSignal | undefined): HttpResponse {
  let cancelled = false;
  return {
    status: response.statusCode ?? 0,
    header: (name) => {
      const value = response.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    body: {
      async *[Symbol.asyncIterator]() {
        try {
          for await (const piece of response) yield piece as Uint8Array;
        } catch (error) {
          if (cancelled) return;
          throw failure(error as Error, host, signal);
        }
      },
    },
    cancel: () => {
      cancelled = true;
      response.destroy();
    },
  };
}

/** What an error of Node's network modules means for a person. */
export function networkError(code: string, host: string): RemoteError {
  if (/CERT|^DEPTH_ZERO|^UNABLE_TO|^ERR_TLS|^ERR_SSL|^EPROTO/.test(code)) {
    return new RemoteError('tls', `no secure connection to ${host}: ${tlsReason(code)}`);
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new RemoteError('offline', `the name ${host} does not resolve; are you offline?`);
  if (code === 'ETIMEDOUT') return new RemoteError('timeout', `${host} does not answer`);
  return new RemoteError('offline', `the connection to ${host} failed${code ? ` (${code})` : ''}`);
}

function failure(error: Error, host: string, signal: AbortSignal | undefined): Error {
  if (signal?.aborted) return signal.reason as Error;
  if (error instanceof RemoteError) return error;
  return networkError((error as NodeJS.ErrnoException).code ?? '', host);
}

function tlsReason(code: string): string {
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'its certificate is for another host';
  if (/SELF_SIGNED|ISSUER|VERIFY_LEAF/.test(code)) {
    return 'its certificate is not signed by an authority that is trusted here (NODE_EXTRA_CA_CERTS names further ones)';
  }
  return code;
}
