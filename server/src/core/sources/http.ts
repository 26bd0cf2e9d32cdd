/**
 * How a remote source speaks HTTP. The core opens no socket: a face hands it an {@link HttpClient}, which makes one
 * exchange and follows nothing. Redirects, credentials, errors and waiting are decided here, once for every client.
 */
import { RemoteError } from './remoteError';

export interface HttpRequest {
  url: string;
  method?: 'GET' | 'POST' | 'HEAD';
  /** Lower-case names. */
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** The name must not resolve to this machine or its network: it is where somebody else's redirect leads. */
  publicOnly?: boolean;
  signal?: AbortSignal;
}

export interface HttpResponse {
  status: number;
  /** @param name lower case. @returns undefined when the header is absent */
  header(name: string): string | undefined;
  /** The body as it comes, never decompressed. Must be read to its end or cancelled. */
  body: AsyncIterable<Uint8Array>;
  /** Drops the rest of the body and the connection with it. Harmless after the end. */
  cancel(): void;
}

/**
 * One request, one answer, no redirect followed, no body decoded.
 * @throws RemoteError `offline`, `tls` or `timeout`
 */
export interface HttpClient {
  request(request: HttpRequest): Promise<HttpResponse>;
}

/** A secret header and the one origin (`https://host:port`) it may be sent to. */
export interface OriginCredential {
  origin: string;
  headers: Readonly<Record<string, string>>;
}

export interface FollowOptions {
  credential?: OriginCredential | undefined;
  /** Plain http is for loopback and for endpoints that the user named as such. */
  allowHttpOrigin?: string | undefined;
  /** Called with every URL answered by a redirect, before the next is asked. */
  maxRedirects?: number;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Asks and follows redirects. A credential is sent to its own origin only; a redirect never leads from https to http.
 * @returns the answer and the URL that gave it
 * @throws RemoteError
 */
export async function requestFollowing(
  client: HttpClient,
  request: HttpRequest,
  { credential, allowHttpOrigin, maxRedirects = 5 }: FollowOptions = {},
): Promise<{ response: HttpResponse; url: string; hops: readonly HttpResponse[] }> {
  const hops: HttpResponse[] = [];
  const first = parseUrl(request.url);
  let url = first;
  for (;;) {
    checkTransport(url, allowHttpOrigin);
    const secret = credential && url.origin === credential.origin ? credential.headers : undefined;
    const publicOnly = hops.length > 0 && !isPrivateHost(first.hostname);
    const response = await client.request({
      ...request,
      url: url.href,
      headers: { ...request.headers, ...secret },
      ...(publicOnly && { publicOnly }),
    });
    if (!REDIRECTS.has(response.status)) return { response, url: url.href, hops };
    response.cancel();
    hops.push(response);
    const target = response.header('location');
    if (!target) throw new RemoteError('protocol', `${url.host} redirects without saying where to`);
    if (hops.length > maxRedirects)
      throw new RemoteError('protocol', `${url.host} redirects more than ${maxRedirects} times`);
    if (request.method === 'POST')
      throw new RemoteError('protocol', `${url.host} redirects a request that must not be redirected`);
    const next = parseUrl(target, url);
    if (url.protocol === 'https:' && next.protocol !== 'https:') {
      throw new RemoteError('refused', `${url.host} redirects to an address that is not encrypted`);
    }
    checkInward(url, next);
    url = next;
  }
}

/** @throws RemoteError when the text is no http(s) URL or carries a user name or password */
export function parseUrl(text: string, base?: URL): URL {
  let url: URL;
  try {
    url = new URL(text, base);
  } catch {
    throw new RemoteError('refused', 'the address is not a URL');
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new RemoteError('refused', `addresses of the kind ${url.protocol} are not opened`);
  }
  if (url.username || url.password) throw new RemoteError('refused', 'the address holds a user name or password');
  return url;
}

/** True for names and addresses that stay on this machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}

/**
 * True for addresses that mean another machine to everybody: this one, the local network (RFC 1918, 4193, 6598), the
 * link (RFC 3927, 4291; clouds hand out credentials there), and names that only resolve inside. By the text of the name:
 * what it resolves to is the client's to look at.
 */
export function isPrivateHost(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/\.$/, '');
  if (isLoopback(name) || /(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp)$/.test(name)) return true;
  if (name.startsWith('[')) {
    const mapped = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(name);
    if (!mapped) return name === '[::]' || /^\[f[cd][0-9a-f]{2}:|^\[fe[89a-f][0-9a-f]:/.test(name);
    const bits = Number.parseInt(mapped[1] as string, 16) * 0x10000 + Number.parseInt(mapped[2] as string, 16);
    return isPrivateHost([24, 16, 8, 0].map((shift) => Math.floor(bits / 2 ** shift) % 256).join('.'));
  }
  // Other spellings (hexadecimal, a single number) have been made four decimal numbers by the URL parser.
  const parts = /^(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}$/.exec(name);
  const [first, second] = (parts?.slice(1).map(Number) ?? []) as [number?, number?];
  if (first === undefined || second === undefined) return !name.includes('.');
  return (
    [0, 10, 127].includes(first) ||
    (first === 100 && second >= 64 && second < 128) ||
    (first === 169 && second === 254) ||
    (first === 172 && second >= 16 && second < 32) ||
    (first === 192 && second === 168) ||
    first >= 224
  );
}

/**
 * Whoever runs a public server must not be able to have services of this machine and its network asked.
 * @throws RemoteError `refused` when one leads to the other
 */
export function checkInward(from: URL, to: URL): void {
  if (to.origin !== from.origin && isPrivateHost(to.hostname) && !isPrivateHost(from.hostname)) {
    throw new RemoteError('refused', `${from.host} leads to ${to.host}, which is inside this machine or its network`);
  }
}

/** @throws RemoteError `refused` for plain http to anything but loopback and the origin the user named */
export function checkTransport(url: URL, allowHttpOrigin: string | undefined): void {
  if (url.protocol === 'https:' || isLoopback(url.hostname) || url.origin === allowHttpOrigin) return;
  throw new RemoteError('refused', `${url.host} is only asked over https`);
}

/**
 * Reads a body that must be small. @param limit bytes
 * @throws RemoteError `protocol` when there is more
 */
export async function readBody(response: HttpResponse, limit: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response.body) {
    size += piece.length;
    if (size > limit) {
      response.cancel();
      throw new RemoteError('protocol', `the answer is longer than ${limit} bytes`);
    }
    pieces.push(piece);
  }
  return concatenate(pieces, size);
}

export function concatenate(pieces: readonly Uint8Array[], size: number): Uint8Array {
  const [only] = pieces;
  if (only && pieces.length === 1) return only;
  const out = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

/**
 * A client whose answers must come and go on coming: no server may hold a scan by keeping silent, or by sending a byte now
 * and then.
 * @param stallMs longest time without an answer or without the next piece of one, milliseconds; a body in all may take
 * this long for every {@link SLOWEST_BYTES} of it
 */
export function withDeadlines(client: HttpClient, stallMs: number): HttpClient {
  const stalled = (host: string) =>
    new RemoteError('timeout', `${host} has not answered for ${Math.round(stallMs / 1000)} s`);
  return {
    async request(request) {
      const { host } = new URL(request.url);
      const response = await before(stallMs, stalled(host), request.signal, (signal) =>
        client.request({ ...request, signal }),
      );
      const started = Date.now();
      return {
        ...response,
        header: (name) => response.header(name),
        cancel: () => response.cancel(),
        body: {
          async *[Symbol.asyncIterator]() {
            const iterator = response.body[Symbol.asyncIterator]();
            let size = 0;
            let ended = false;
            try {
              for (;;) {
                const next = await before(stallMs, stalled(host), request.signal, () => iterator.next());
                if (next.done) {
                  ended = true;
                  return;
                }
                size += next.value.length;
                if (Date.now() - started > stallMs * (1 + size / SLOWEST_BYTES)) {
                  throw new RemoteError('timeout', `${host} sends too slowly`);
                }
                yield next.value;
              }
            } finally {
              if (!ended) response.cancel();
            }
          },
        },
      };
    },
  };
}

/** Bytes that a body must have in every `stallMs`: with 30 s about a kilobyte in two seconds. */
const SLOWEST_BYTES = 16 * 1024;

/** Gives `act` up, and tells it so, when it is not done after `ms`. */
async function before<T>(
  ms: number,
  late: RemoteError,
  signal: AbortSignal | undefined,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(late), ms);
  const abort = () => stop.abort(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([
      act(stop.signal),
      new Promise<never>((_, reject) => {
        stop.signal.addEventListener('abort', () => reject(stop.signal.reason as Error), { once: true });
      }),
    ]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** @throws RemoteError `protocol` when the body is not sent as it is (RFC 9110 8.4), although that was asked for */
export function checkEncoding(response: HttpResponse): void {
  const encoding = response.header('content-encoding')?.trim().toLowerCase();
  if (encoding && encoding !== 'identity') {
    throw new RemoteError('protocol', 'the server compresses what it was asked to send as it is');
  }
}

/** @param meter counts the bytes. @throws RemoteError `protocol` when it is too long or no JSON */
export async function readJson(
  response: HttpResponse,
  limit = 32 * 2 ** 20,
  meter?: { received(bytes: number): void },
): Promise<unknown> {
  checkEncoding(response);
  const bytes = await readBody(response, limit);
  meter?.received(bytes.length);
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch {
    throw new RemoteError('protocol', 'the answer is not the JSON that the protocol asks for');
  }
}

/** The `rel="next"` target of a Link header (RFC 8288), resolved. */
export function nextLink(header: string | undefined, base: string): URL | undefined {
  for (const part of header?.split(',') ?? []) {
    const open = part.indexOf('<');
    const close = part.indexOf('>', open);
    if (open < 0 || close < 0) continue;
    if (!/;\s*rel\s*=\s*"?next"?\s*(;|$)/i.test(part.slice(close + 1))) continue;
    return parseUrl(part.slice(open + 1, close), new URL(base));
  }
  return undefined;
}

/**
 * When the server says that asking makes sense again: Retry-After (RFC 9110), `RateLimit: ...;t=SECONDS` (IETF draft,
 * Hugging Face) or X-RateLimit-Reset (GitHub, epoch seconds).
 * @returns milliseconds since the epoch
 */
export function retryTime(header: (name: string) => string | undefined, now: number): number | undefined {
  const after = header('retry-after')?.trim();
  if (after) {
    if (/^\d{1,9}$/.test(after)) return now + Number(after) * 1000;
    const date = Date.parse(after);
    if (!Number.isNaN(date)) return date;
  }
  const seconds = /(?:^|[;,\s])(?:t|reset)=(\d{1,9})/.exec(header('ratelimit') ?? '')?.[1];
  if (seconds) return now + Number(seconds) * 1000;
  const reset = header('x-ratelimit-reset')?.trim();
  if (reset && /^\d{9,11}$/.test(reset)) return Number(reset) * 1000;
  return undefined;
}

/** The clock and the patience of a source. Injected, so that tests need not wait. */
export interface Patience {
  now(): number;
  /** @throws the signal's reason when aborted before */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Longest wait for one answer, milliseconds; what would take longer is an error with the time. */
  longestWaitMs: number;
}

export const PATIENCE: Patience = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const timer = setTimeout(done, ms);
      function done(): void {
        signal?.removeEventListener('abort', abort);
        resolve();
      }
      function abort(): void {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      }
      signal?.addEventListener('abort', abort, { once: true });
    }),
  longestWaitMs: 20_000,
};

/** True when the answer says "too many requests", in GitHub's spelling too (403 with nothing remaining). */
export function isRateLimited(response: HttpResponse): boolean {
  if (response.status === 429) return true;
  if (response.status !== 403) return false;
  return response.header('x-ratelimit-remaining') === '0' || response.header('retry-after') !== undefined;
}

/**
 * Asks, waits out short rate limits, passing server errors (502, 503, 504) and broken connections (three tries in all),
 * and gives back any other answer.
 * @throws RemoteError `rate-limited` with the reset time when the wait would be too long
 */
export async function requestPatiently(
  client: HttpClient,
  request: HttpRequest,
  options: FollowOptions & { patience?: Patience | undefined } = {},
): Promise<{ response: HttpResponse; url: string; hops: readonly HttpResponse[] }> {
  const patience = options.patience ?? PATIENCE;
  let waited = 0;
  for (let attempt = 1; ; attempt += 1) {
    let answer: Awaited<ReturnType<typeof requestFollowing>>;
    try {
      answer = await requestFollowing(client, request, options);
    } catch (error) {
      // A connection that was kept open may be closed by the server in the very moment in which it is used again.
      const again =
        error instanceof RemoteError && error.kind === 'offline' && attempt < 3 && request.method !== 'POST';
      if (!again) throw error;
      await patience.sleep(150 * 2 ** attempt, request.signal);
      continue;
    }
    const { response } = answer;
    const limited = isRateLimited(response);
    const passing = [502, 503, 504].includes(response.status);
    if (!limited && !passing) return answer;
    const now = patience.now();
    const retryAt = retryTime(response.header, now);
    if (passing && attempt >= 3) return answer;
    const wait = Math.max(0, (retryAt ?? now + 500 * 2 ** attempt) - now);
    response.cancel();
    waited += wait;
    if (waited > patience.longestWaitMs || attempt >= 4) {
      const host = new URL(answer.url).host;
      if (!limited)
        throw new RemoteError('offline', `${host} is not available at the moment (status ${response.status})`);
      const when = retryAt === undefined ? '' : `; it answers again at ${new Date(retryAt).toISOString()}`;
      throw new RemoteError('rate-limited', `${host} has been asked too often${when}`, {
        ...(retryAt !== undefined && { retryAt }),
      });
    }
    await patience.sleep(wait, request.signal);
  }
}

/** Percent-encodes a path, segment by segment. `.` and `..` would be resolved away by URL parsers: they are refused. */
export function encodePath(path: string): string {
  return path
    .split('/')
    .map((segment) => {
      if (segment === '.' || segment === '..') {
        throw new RemoteError('refused', 'the name has a `.` or `..` segment and cannot be asked for by URL');
      }
      return encodeURIComponent(segment);
    })
    .join('/');
}
