/** Git LFS (specification v1, batch API): the pointers in a repository and the objects that they stand for. */
import { HttpRangeTransport, type RangeTransport } from '../../io/httpRange';
import type { TransferMeter } from '../../io/transfer';
import type { SourceEnvironment } from '../environment';
import { checkInward, type OriginCredential, parseUrl, readJson, requestPatiently } from '../http';
import { RemoteError } from '../remoteError';

export interface LfsPointer {
  /** SHA-256 of the object. */
  oid: string;
  size: number;
}

/** A pointer is at most this long (specification); smaller than any useful model. */
export const LARGEST_POINTER = 1024;
export const SMALLEST_POINTER = 100;

/** @returns undefined when the bytes are no pointer */
export function parsePointer(bytes: Uint8Array): LfsPointer | undefined {
  if (bytes.length > LARGEST_POINTER || bytes.length < SMALLEST_POINTER) return undefined;
  const lines = new TextDecoder().decode(bytes).split('\n');
  if (lines[0] !== 'version https://git-lfs.github.com/spec/v1') return undefined;
  const oid = lines.map((line) => /^oid sha256:([0-9a-f]{64})$/.exec(line)?.[1]).find(Boolean);
  const size = Number(lines.map((line) => /^size (\d{1,15})$/.exec(line)?.[1]).find(Boolean));
  return oid && Number.isSafeInteger(size) ? { oid, size } : undefined;
}

interface DownloadAction {
  href: string;
  headers: Record<string, string>;
  /** Milliseconds since the epoch. */
  expires: number;
}

/** Objects per request of the batch API. */
const BATCH = 100;
/** How long the first object waits for others to go with it, milliseconds. */
const GATHER_MS = 10;

/**
 * The LFS store of one repository. Its address is the one derived from the repository's; a `.lfsconfig` inside the
 * repository is not asked, since whoever wrote it would decide where the token goes.
 */
export class LfsStore {
  readonly #url: string;
  readonly #actions = new Map<string, Promise<DownloadAction>>();
  #gathering: { pointer: LfsPointer; resolve(action: DownloadAction): void; reject(error: unknown): void }[] = [];

  constructor(
    repository: string,
    private readonly environment: Pick<SourceEnvironment, 'http' | 'patience'>,
    private readonly credential: OriginCredential | undefined,
    private readonly meter: TransferMeter,
  ) {
    this.#url = `${repository.replace(/\/+$/, '').replace(/\.git$/, '')}.git/info/lfs/objects/batch`;
  }

  transport(pointer: LfsPointer): RangeTransport {
    let opened: { transport: HttpRangeTransport; expires: number } | undefined;
    return {
      get: async (range, pin, signal) => {
        if (!opened || Date.now() > opened.expires) {
          if (opened) this.#actions.delete(pointer.oid);
          const { href, headers, expires } = await this.#action(pointer);
          const target = parseUrl(href);
          checkInward(parseUrl(this.#url), target);
          if (target.protocol !== 'https:' && parseUrl(this.#url).protocol === 'https:') {
            throw new RemoteError('refused', 'the LFS server names an address that is not encrypted');
          }
          opened = {
            expires,
            transport: new HttpRangeTransport(this.environment.http, href, {
              credential: { origin: target.origin, headers },
              allowHttpOrigin: parseUrl(this.#url).origin,
              ...(this.environment.patience && { patience: this.environment.patience }),
              errorOf: (response) => {
                response.cancel();
                if (response.status === 404)
                  return new RemoteError('not-found', 'the LFS store no longer has the object');
                if (response.status === 401 || response.status === 403) {
                  return new RemoteError('forbidden', 'the LFS store refuses the object');
                }
                return new RemoteError('protocol', `the LFS store answers with status ${response.status}`);
              },
            }),
          };
        }
        return opened.transport.get(range, pin, signal);
      },
    };
  }

  #action(pointer: LfsPointer): Promise<DownloadAction> {
    let action = this.#actions.get(pointer.oid);
    if (!action) {
      action = new Promise((resolve, reject) => {
        this.#gathering.push({ pointer, resolve, reject });
        if (this.#gathering.length === 1) setTimeout(() => void this.#send(), GATHER_MS);
        else if (this.#gathering.length >= BATCH) void this.#send();
      });
      action.catch(() => this.#actions.delete(pointer.oid));
      this.#actions.set(pointer.oid, action);
    }
    return action;
  }

  async #send(): Promise<void> {
    const asked = this.#gathering.splice(0, BATCH);
    if (asked.length === 0) return;
    try {
      const answers = await this.#batch(asked.map(({ pointer }) => pointer));
      for (const { pointer, resolve, reject } of asked) {
        const answer = answers.get(pointer.oid);
        if (answer instanceof RemoteError) reject(answer);
        else if (answer) resolve(answer);
        else reject(new RemoteError('protocol', 'the LFS server says nothing about the object'));
      }
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }

  async #batch(pointers: readonly LfsPointer[]): Promise<Map<string, DownloadAction | RemoteError>> {
    this.meter.begin(0);
    const { response } = await requestPatiently(
      this.environment.http,
      {
        url: this.#url,
        method: 'POST',
        headers: {
          accept: 'application/vnd.git-lfs+json',
          'content-type': 'application/vnd.git-lfs+json',
          'accept-encoding': 'identity',
        },
        body: JSON.stringify({
          operation: 'download',
          transfers: ['basic'],
          hash_algo: 'sha256',
          objects: pointers.map(({ oid, size }) => ({ oid, size })),
        }),
      },
      {
        credential: this.credential,
        allowHttpOrigin: parseUrl(this.#url).origin,
        patience: this.environment.patience,
      },
    );
    if (response.status !== 200) {
      response.cancel();
      if (response.status === 401 || response.status === 403) {
        throw new RemoteError('forbidden', 'the LFS objects of the repository need a token, or another one');
      }
      throw new RemoteError('not-found', `the repository has no LFS server (status ${response.status})`);
    }
    const body = (await readJson(response, undefined, this.meter)) as { objects?: unknown };
    const answers = new Map<string, DownloadAction | RemoteError>();
    for (const object of Array.isArray(body?.objects) ? (body.objects as unknown[]) : []) {
      const { oid, actions, error } = (object ?? {}) as {
        oid?: unknown;
        actions?: { download?: { href?: unknown; header?: unknown; expires_in?: unknown; expires_at?: unknown } };
        error?: { code?: unknown };
      };
      if (typeof oid !== 'string') continue;
      const download = actions?.download;
      if (error || typeof download?.href !== 'string') {
        const missing = error?.code === 404 || error?.code === 410;
        const why = missing ? 'the LFS store does not have the object' : 'the LFS server refuses the object';
        answers.set(oid, new RemoteError(missing ? 'not-found' : 'forbidden', why));
        continue;
      }
      answers.set(oid, { href: download.href, headers: headersOf(download.header), expires: expiryOf(download) });
    }
    return answers;
  }
}

function headersOf(value: unknown): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, text] of Object.entries((value ?? {}) as Record<string, unknown>)) {
    // Anything that would change what is asked, or of whom, is not the server's to set.
    if (!/^(?:authorization|x-[\w-]+|accept)$/i.test(name) || typeof text !== 'string' || /[\r\n]/.test(text)) continue;
    headers[name.toLowerCase()] = text;
  }
  return headers;
}

function expiryOf({ expires_in, expires_at }: { expires_in?: unknown; expires_at?: unknown }): number {
  if (typeof expires_in === 'number' && expires_in > 0) return Date.now() + (expires_in - 5) * 1000;
  const at = typeof expires_at === 'string' ? Date.parse(expires_at) : Number.NaN;
  return Number.isNaN(at) ? Number.POSITIVE_INFINITY : at;
}
