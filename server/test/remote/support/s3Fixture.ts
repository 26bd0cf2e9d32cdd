import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bytesObject, RangeServer } from './rangeServer';

/** An anonymous S3 bucket: ListObjectsV2 with pages and url encoding, GetObject with ranges. Path style. */
export class S3Fixture {
  readonly objects = new Map<string, Uint8Array>();
  readonly storage = new Map<string, string>();
  readonly requests: { url: string; headers: IncomingMessage['headers'] }[] = [];
  /** Error code that every request is answered with. */
  failWith: { status: number; code: string; region?: string } | undefined;
  readonly ranges = new RangeServer();
  origin = '';
  readonly #server: Server = createServer((request, response) => this.#handle(request, response));

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.origin = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this.origin;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push({ url: request.url ?? '', headers: request.headers });
    if (this.failWith) {
      const { status, code, region } = this.failWith;
      const where = region ? `<Region>${region}</Region>` : '';
      response.writeHead(status, {
        'content-type': 'application/xml',
        ...(region && { 'x-amz-bucket-region': region }),
      });
      response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message>${where}</Error>`);
      return;
    }
    const [path = '', query = ''] = (request.url ?? '').split('?');
    const parameters = new URLSearchParams(query);
    if (parameters.get('list-type') === '2') {
      this.#list(parameters, response);
      return;
    }
    const key = decodeURIComponent(path.slice(path.indexOf('/', 1) + 1));
    const bytes = this.objects.get(key);
    if (!bytes) {
      response.writeHead(404, { 'content-type': 'application/xml' });
      response.end('<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>no</Message></Error>');
      return;
    }
    this.ranges.answer(request, response, bytesObject(bytes, `"${bytes.length}"`));
  }

  #list(parameters: URLSearchParams, response: ServerResponse): void {
    const prefix = parameters.get('prefix') ?? '';
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix));
    const start = Number(parameters.get('continuation-token') ?? 0);
    const page = keys.slice(start, start + 1000);
    const more = start + 1000 < keys.length;
    const xml = page
      .map((key) => {
        const size = (this.objects.get(key) as Uint8Array).length;
        const storage = this.storage.get(key) ?? 'STANDARD';
        return `<Contents><Key>${encodeURIComponent(key).replaceAll("'", '%27')}</Key><Size>${size}</Size><ETag>&quot;${size}&quot;</ETag><StorageClass>${storage}</StorageClass></Contents>`;
      })
      .join('');
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(
      `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>` +
        `<EncodingType>url</EncodingType><KeyCount>${page.length}</KeyCount><IsTruncated>${more}</IsTruncated>` +
        `${more ? `<NextContinuationToken>${start + 1000}</NextContinuationToken>` : ''}${xml}</ListBucketResult>`,
    );
  }
}
