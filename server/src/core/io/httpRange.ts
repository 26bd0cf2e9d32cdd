/**
 * One ranged request over HTTP (RFC 9110 sections 13 and 14), with every claim of the server checked: a server that
 * answers with other bytes than were asked for must not decide what the scanners see.
 */
import {
  checkEncoding,
  type FollowOptions,
  type HttpClient,
  type HttpResponse,
  type Patience,
  requestPatiently,
} from '../sources/http';
import { RemoteError } from '../sources/remoteError';

/** A part of an object: from an offset, or its last bytes. */
export type ByteRange = { offset: number; length: number } | { suffix: number };

export type RangeReply =
  /** Exactly the bytes asked for, cut at the object's end. */
  | { kind: 'part'; offset: number; length: number; total: number; tag: string | undefined; body: RangeBody }
  /** The server ignores ranges and sends everything. */
  | { kind: 'whole'; total: number | undefined; tag: string | undefined; body: RangeBody }
  /** The range starts at or past the end. */
  | { kind: 'past-end'; total: number | undefined }
  /** The object is not the one that was pinned. */
  | { kind: 'changed' };

export interface RangeBody extends AsyncIterable<Uint8Array> {
  cancel(): void;
}

/** Where the bytes of one object come from. HTTP and the S3 client each are one. */
export interface RangeTransport {
  /** @param pin tag of an earlier answer: the object must still be that one. Without `range` the whole is asked for. */
  get(range: ByteRange | undefined, pin: string | undefined, signal?: AbortSignal): Promise<RangeReply>;
}

export interface HttpTransportOptions extends FollowOptions {
  headers?: Readonly<Record<string, string>>;
  patience?: Patience;
  /** Makes the error of an answer that is neither 200, 206, 412 nor 416. */
  errorOf(response: HttpResponse, url: string): RemoteError | Promise<RemoteError>;
  /** Looks at the redirects and the answer of a first request; throws when they are not what was pinned. */
  inspect?(hops: readonly HttpResponse[], response: HttpResponse): void;
}

export class HttpRangeTransport implements RangeTransport {
  /** Where the last redirect led: asked directly until it no longer answers. */
  #resolved: string | undefined;

  constructor(
    private readonly client: HttpClient,
    private readonly url: string,
    private readonly options: HttpTransportOptions,
  ) {}

  async get(range: ByteRange | undefined, pin: string | undefined, signal?: AbortSignal): Promise<RangeReply> {
    const reply = await this.#ask(this.#resolved ?? this.url, range, pin, signal);
    if (reply) return reply;
    // A signed address has expired: the hub is asked for a new one.
    this.#resolved = undefined;
    return (await this.#ask(this.url, range, pin, signal)) as RangeReply;
  }

  async #ask(
    from: string,
    range: ByteRange | undefined,
    pin: string | undefined,
    signal?: AbortSignal,
  ): Promise<RangeReply | undefined> {
    const headers: Record<string, string> = { ...this.options.headers, 'accept-encoding': 'identity' };
    if (range) headers.range = rangeHeader(range);
    // A weak tag never satisfies If-Match (RFC 9110 13.1.1); it is compared after the answer.
    if (pin && !pin.startsWith('W/')) headers['if-match'] = pin;
    const { response, url, hops } = await requestPatiently(
      this.client,
      { url: from, headers, ...(signal && { signal }) },
      this.options,
    );
    try {
      if (from !== this.url && [401, 403, 404, 410].includes(response.status)) {
        response.cancel();
        return undefined;
      }
      if (from === this.url) this.options.inspect?.(hops, response);
      const reply = await this.#reply(response, url, range);
      if (hops.length && reply.kind === 'part') this.#resolved = url;
      if ((reply.kind === 'part' || reply.kind === 'whole') && pin && reply.tag && !sameTag(pin, reply.tag)) {
        response.cancel();
        return { kind: 'changed' };
      }
      return reply;
    } catch (error) {
      response.cancel();
      throw error;
    }
  }

  async #reply(response: HttpResponse, url: string, range: ByteRange | undefined): Promise<RangeReply> {
    const tag = response.header('etag');
    const body: RangeBody = Object.assign(response.body, { cancel: () => response.cancel() });
    switch (response.status) {
      case 206:
        if (!range)
          throw new RemoteError('protocol', 'the server sends a part of the file although all of it was asked for');
        checkEncoding(response);
        return { kind: 'part', ...checkContentRange(response, range), tag, body };
      case 200: {
        checkEncoding(response);
        const length = response.header('content-length');
        return { kind: 'whole', total: length && /^\d{1,15}$/.test(length) ? Number(length) : undefined, tag, body };
      }
      case 416: {
        response.cancel();
        const total = /^bytes \*\/(\d{1,15})$/.exec(response.header('content-range') ?? '')?.[1];
        return { kind: 'past-end', total: total === undefined ? undefined : Number(total) };
      }
      case 412:
        response.cancel();
        return { kind: 'changed' };
      default:
        throw await this.options.errorOf(response, url);
    }
  }
}

function rangeHeader(range: ByteRange): string {
  return 'suffix' in range ? `bytes=-${range.suffix}` : `bytes=${range.offset}-${range.offset + range.length - 1}`;
}

function checkContentRange(
  response: HttpResponse,
  range: ByteRange,
): { offset: number; length: number; total: number } {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(response.header('content-range')?.trim() ?? '');
  if (!match) throw new RemoteError('protocol', 'the server does not say which part of the file it sends');
  const [offset, end, total] = match.slice(1).map(Number) as [number, number, number];
  const wanted = expectedPart(range, total);
  if (offset !== wanted.offset || end !== wanted.offset + wanted.length - 1 || wanted.length <= 0) {
    throw new RemoteError('protocol', 'the server sends another part of the file than it was asked for');
  }
  const length = response.header('content-length');
  if (length !== undefined && Number(length) !== wanted.length) {
    throw new RemoteError('protocol', 'the server announces another length than the part it says it sends');
  }
  return { ...wanted, total };
}

/** The part of an object of `total` bytes that a range means. */
export function expectedPart(range: ByteRange, total: number): { offset: number; length: number } {
  if ('suffix' in range) {
    const length = Math.min(range.suffix, total);
    return { offset: total - length, length };
  }
  return { offset: range.offset, length: Math.min(range.length, total - range.offset) };
}

/** Weak comparison (RFC 9110 8.8.3.2). */
export function sameTag(a: string, b: string): boolean {
  const strip = (tag: string) => (tag.startsWith('W/') ? tag.slice(2) : tag);
  return strip(a) === strip(b);
}
