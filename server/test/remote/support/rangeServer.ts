import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Bytes of an object, made on demand: a gigabyte needs no gigabyte. */
export interface ServedObject {
  size: number;
  slice(start: number, end: number): Uint8Array;
  etag?: string;
}

export type Behaviour =
  | 'ranges'
  /** Sends the whole file whatever is asked. */
  | 'ignores-ranges'
  /** 206, but other bytes than asked for. */
  | 'wrong-range'
  /** 206 and a Content-Range that is right, with a body that is too short. */
  | 'short-body'
  | 'long-body'
  /** Announces gzip. */
  | 'gzip'
  | 'no-content-range'
  /** Sends headers and then nothing. */
  | 'stalls'
  /** Never answers. */
  | 'silent'
  /** The second request finds another object. */
  | 'changes'
  /** The same, without an ETag to tell: only the size differs. */
  | 'grows';

export function bytesObject(bytes: Uint8Array, etag = '"one"'): ServedObject {
  return { size: bytes.length, slice: (start, end) => bytes.subarray(start, end), etag };
}

/** A file server on loopback that counts, and misbehaves as it is told. */
export class RangeServer {
  readonly objects = new Map<string, { object: ServedObject; behaviour: Behaviour }>();
  readonly requests: { method: string; url: string; headers: IncomingMessage['headers'] }[] = [];
  bytesSent = 0;
  latencyMs = 0;
  /** Most requests that were being answered at once. */
  mostAtOnce = 0;
  #atOnce = 0;
  readonly #seen = new Map<string, number>();
  readonly #server: Server = createServer((request, response) => void this.#handle(request, response));

  async start(host = '127.0.0.1'): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, host, resolve));
    return `http://${host}:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  put(path: string, object: ServedObject, behaviour: Behaviour = 'ranges'): void {
    this.objects.set(path, { object, behaviour });
  }

  reset(): void {
    this.requests.length = 0;
    this.bytesSent = 0;
    this.mostAtOnce = 0;
    this.#seen.clear();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    this.#atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
    response.once('close', () => {
      this.#atOnce -= 1;
    });
    if (this.latencyMs) await new Promise((resolve) => setTimeout(resolve, this.latencyMs));
    const found = this.objects.get(decodeURIComponent((request.url ?? '').split('?')[0] as string));
    if (!found) {
      response.writeHead(404).end();
      return;
    }
    this.answer(request, response, found.object, found.behaviour);
  }

  /** Answers one request for an object; other servers of the tests use it for their own routes. */
  answer(
    request: IncomingMessage,
    response: ServerResponse,
    object: ServedObject,
    behaviour: Behaviour = 'ranges',
  ): void {
    const nth = (this.#seen.get(request.url ?? '') ?? 0) + 1;
    this.#seen.set(request.url ?? '', nth);
    let { size } = object;
    let etag = object.etag;
    if (behaviour === 'changes' && nth > 1) etag = '"another"';
    if (behaviour === 'grows') {
      etag = undefined;
      if (nth > 1) size += 1;
    }
    const headers: Record<string, string> = { ...(etag && { etag }) };
    if (behaviour === 'silent') return;
    const condition = request.headers['if-match'];
    if (condition && etag && condition !== etag) {
      response.writeHead(412, headers).end();
      return;
    }
    const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '');
    if (!range || behaviour === 'ignores-ranges') {
      response.writeHead(200, { ...headers, 'content-length': String(size) });
      this.#stream(response, object, 0, size);
      return;
    }
    let start = range[1] === '' ? Math.max(0, size - Number(range[2])) : Number(range[1]);
    let end = range[1] === '' || range[2] === '' ? size : Math.min(size, Number(range[2]) + 1);
    if (start >= size) {
      response.writeHead(416, { ...headers, 'content-range': `bytes */${size}` }).end();
      return;
    }
    if (behaviour === 'wrong-range') {
      start = Math.max(0, start - 1);
      end = Math.max(start + 1, end - 1);
    }
    const contentRange = { 'content-range': `bytes ${start}-${end - 1}/${size}` };
    if (behaviour === 'gzip') headers['content-encoding'] = 'gzip';
    if (behaviour === 'short-body' || behaviour === 'long-body') {
      response.writeHead(206, { ...headers, ...contentRange });
      const bytes = new Uint8Array(end - start + (behaviour === 'long-body' ? 10 : -10));
      response.end(bytes);
      return;
    }
    response.writeHead(206, {
      ...headers,
      ...(behaviour !== 'no-content-range' && contentRange),
      'content-length': String(end - start),
    });
    if (behaviour === 'stalls') {
      response.write(object.slice(start, start + 1));
      return;
    }
    this.#stream(response, object, start, end);
  }

  #stream(response: ServerResponse, object: ServedObject, start: number, end: number): void {
    const step = () => {
      while (start < end) {
        const piece = object.slice(start, Math.min(end, start + 65536));
        start += piece.length;
        this.bytesSent += piece.length;
        if (response.destroyed) return;
        if (!response.write(piece)) {
          response.once('drain', step);
          return;
        }
      }
      response.end();
    };
    step();
  }
}
