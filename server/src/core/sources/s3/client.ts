/** Entry of the bundle `s3`: the AWS client, kept apart because it is large and seldom needed. */
import { Readable } from 'node:stream';
import { GetObjectCommand, paginateListObjectsV2, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { type ByteRange, expectedPart, type RangeBody, type RangeReply, type RangeTransport } from '../../io/httpRange';
import { evidenceText } from '../../redact';
import type { S3Bucket, S3ClientOptions, S3Object } from '../environment';
import { checkTransport } from '../http';
import { RemoteError } from '../remoteError';

type RequestHandler = Extract<NonNullable<S3ClientConfig['requestHandler']>, { handle: unknown }>;

/**
 * Opens a store. Requests go through the injected HTTP client, so that proxies and certificates are those of the face.
 * @throws RemoteError when the endpoint is not one to be asked
 */
export function openS3(options: S3ClientOptions): S3Bucket {
  const { credentials } = options;
  const client = new S3Client({
    region: options.region ?? (options.endpoint ? 'us-east-1' : undefined),
    // Amazon tells where a bucket is; other stores do not redirect.
    followRegionRedirects: !options.endpoint,
    ...(options.endpoint && { endpoint: options.endpoint }),
    forcePathStyle: options.pathStyle ?? Boolean(options.endpoint),
    // Other stores refuse the checksum headers that the SDK adds by default.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 3,
    requestHandler: handlerOf(options),
    ...(options.anonymous
      ? {
          signer: { sign: (request) => Promise.resolve(request) },
          credentials: { accessKeyId: 'anonymous', secretAccessKey: 'anonymous' },
          region: options.region ?? 'us-east-1',
        }
      : credentials && 'accessKeyId' in credentials
        ? { credentials: { ...credentials } }
        : credentials?.profile !== undefined && { profile: credentials.profile }),
  });
  const payer = options.requesterPays ? { RequestPayer: 'requester' as const } : {};
  return {
    async *list(bucket, prefix, signal) {
      const pages = paginateListObjectsV2(
        { client },
        { Bucket: bucket, Prefix: prefix, EncodingType: 'url', ...payer },
        {
          ...(signal && { abortSignal: signal }),
        },
      );
      try {
        for await (const page of pages) {
          for (const object of page.Contents ?? []) {
            if (object.Key === undefined) continue;
            const key = page.EncodingType === 'url' ? decodeKey(object.Key) : object.Key;
            yield {
              key,
              size: object.Size ?? 0,
              ...(object.ETag && { etag: object.ETag }),
              ...(object.StorageClass && { storageClass: object.StorageClass }),
            } satisfies S3Object;
          }
        }
      } catch (error) {
        throw errorOf(error, bucket);
      }
    },
    transport: (bucket, key): RangeTransport => ({
      async get(range, pin, signal) {
        try {
          const answer = await client.send(
            new GetObjectCommand({
              Bucket: bucket,
              Key: key,
              ...(range && { Range: rangeHeader(range) }),
              ...(pin && { IfMatch: pin }),
              ...payer,
            }),
            { ...(signal && { abortSignal: signal }) },
          );
          return replyOf(range, answer);
        } catch (error) {
          const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
          if (status === 412) return { kind: 'changed' };
          if (status === 416) return { kind: 'past-end', total: undefined };
          throw errorOf(error, bucket);
        }
      },
    }),
    close: () => client.destroy(),
  };
}

function rangeHeader(range: ByteRange): string {
  return 'suffix' in range ? `bytes=-${range.suffix}` : `bytes=${range.offset}-${range.offset + range.length - 1}`;
}

/** Listings come percent-encoded, because XML cannot hold every character a key can. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return key;
  }
}

function replyOf(
  range: ByteRange | undefined,
  answer: { Body?: unknown; ContentRange?: string; ContentLength?: number; ETag?: string; ContentEncoding?: string },
): RangeReply {
  const stream = answer.Body as Readable;
  const body: RangeBody = {
    [Symbol.asyncIterator]: () => stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>,
    cancel: () => void stream.destroy(),
  };
  const tag = answer.ETag;
  if (answer.ContentRange === undefined) return { kind: 'whole', total: answer.ContentLength, tag, body };
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(answer.ContentRange);
  const [offset, end, total] = (match?.slice(1).map(Number) ?? []) as [number?, number?, number?];
  if (!range || offset === undefined || end === undefined || total === undefined) {
    body.cancel();
    throw new RemoteError('protocol', 'the store does not say which part of the object it sends');
  }
  const wanted = expectedPart(range, total);
  const announced = answer.ContentLength;
  if (
    offset !== wanted.offset ||
    end - offset + 1 !== wanted.length ||
    (announced !== undefined && announced !== wanted.length)
  ) {
    body.cancel();
    throw new RemoteError('protocol', 'the store sends another part of the object than it was asked for');
  }
  return { kind: 'part', ...wanted, total, tag, body };
}

function handlerOf({ http, endpoint, listed }: S3ClientOptions): RequestHandler {
  const allowed = endpoint ? new URL(endpoint).origin : undefined;
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    httpHandlerConfigs: () => ({}),
    updateHttpClientConfig: () => undefined,
    async handle(request: S3HttpRequest, { abortSignal }: { abortSignal?: AbortSignal } = {}) {
      const query = queryOf(request.query);
      const port = request.port ? `:${request.port}` : '';
      const url = `${request.protocol}//${request.hostname}${port}${request.path}${query ? `?${query}` : ''}`;
      checkTransport(new URL(url), allowed);
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(request.headers)) headers[name.toLowerCase()] = value;
      const response = await http.request({
        // The path is signed as it stands: it must not go through another URL normalisation.
        url,
        method: request.method as 'GET',
        headers,
        ...(abortSignal && { signal: abortSignal }),
      });
      const isListing = request.query && 'list-type' in request.query;
      const body = isListing && listed ? counted(response.body, listed) : response.body;
      const stream = Readable.from(body, { objectMode: false });
      stream.once('close', () => response.cancel());
      return {
        response: { statusCode: response.status, headers: headersOf(response), body: stream },
      };
    },
  } as unknown as RequestHandler;
}

async function* counted(body: AsyncIterable<Uint8Array>, count: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const piece of body) {
    count(piece.length);
    yield piece;
  }
}

interface S3HttpRequest {
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  method: string;
  query?: Record<string, string | string[] | null>;
  headers: Record<string, string>;
}

/** What S3 puts into headers and the SDK reads from them. */
const RESPONSE_HEADERS = [
  'content-type',
  'content-length',
  'content-range',
  'content-encoding',
  'etag',
  'last-modified',
  'date',
  'location',
  'retry-after',
  'transfer-encoding',
  'x-amz-bucket-region',
  'x-amz-request-id',
  'x-amz-id-2',
];

function headersOf(response: { header(name: string): string | undefined }): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of RESPONSE_HEADERS) {
    const value = response.header(name);
    if (value !== undefined) headers[name] = value;
  }
  return headers;
}

/** RFC 3986 encoding, as the signature is computed over it. */
function queryOf(query: S3HttpRequest['query']): string {
  const encode = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const parts: string[] = [];
  for (const [name, value] of Object.entries(query ?? {})) {
    if (Array.isArray(value)) for (const item of value) parts.push(`${encode(name)}=${encode(item)}`);
    else parts.push(value === null || value === '' ? `${encode(name)}=` : `${encode(name)}=${encode(value)}`);
  }
  return parts.join('&');
}

function errorOf(error: unknown, bucket: string): Error {
  if (error instanceof RemoteError) return error;
  const {
    name = '',
    $metadata,
    $response,
  } = error as {
    name?: string;
    $metadata?: { httpStatusCode?: number };
    $response?: { headers?: Record<string, string> };
  };
  if ((error as Error).name === 'AbortError') return error as Error;
  const status = $metadata?.httpStatusCode;
  const region = $response?.headers?.['x-amz-bucket-region'] ?? (error as { Region?: string }).Region;
  switch (name) {
    case 'NoSuchBucket':
      return new RemoteError('not-found', `there is no bucket ${bucket}`);
    case 'NoSuchKey':
    case 'NotFound':
      return new RemoteError('not-found', 'there is no such object in the bucket');
    case 'PermanentRedirect':
    case 'AuthorizationHeaderMalformed':
    case 'IllegalLocationConstraintException': {
      const where = region ? `: it is in ${evidenceText(region, 40)}` : '';
      return new RemoteError(
        'wrong-region',
        `the bucket ${bucket} is in another region${where}; name it with --region`,
      );
    }
    case 'SignatureDoesNotMatch':
    case 'InvalidAccessKeyId':
    case 'ExpiredToken':
    case 'InvalidToken':
      return new RemoteError('unauthorized', `the store does not accept the access key for ${bucket} (${name})`);
    case 'CredentialsProviderError':
    case 'TokenProviderError':
      return new RemoteError(
        'unauthorized',
        'no AWS credentials were found; set them in the environment or ask anonymously',
      );
    case 'SlowDown':
    case 'TooManyRequestsException':
    case 'ThrottlingException':
      return new RemoteError('rate-limited', 'the store asks to slow down');
    case 'InvalidObjectState':
      return new RemoteError('refused', 'the object is archived and has to be restored first');
  }
  if (status === 403) return new RemoteError('forbidden', `no right to read this in the bucket ${bucket}`);
  if (status === 404) return new RemoteError('not-found', 'there is no such bucket or object');
  if (status === 301)
    return new RemoteError('wrong-region', `the bucket ${bucket} is in another region; name it with --region`);
  if (/region/i.test((error as Error).message) && status === undefined) {
    return new RemoteError('wrong-region', 'no region is set; name it with --region');
  }
  return new RemoteError(
    'protocol',
    `the store answers with ${evidenceText(name || 'an error', 60)}${status ? ` (status ${status})` : ''}`,
  );
}
