// Whether memory stays flat on a bucket of a hundred thousand objects, each of which is opened.
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

const PORT = 0;
const COUNT = 1;
const HEAP_MB = 192;
const CONTENT = Buffer.from('x = 1\n');

if (!isMainThread && workerData?.watchtowerManyBench) serve(workerData);

/** An S3 store with as many objects as the shared memory says; keys are long, and some are not fit for a path. */
function serve({ shared }) {
  const slots = new Int32Array(shared);
  const keyOf = (i) => `${i % 50 === 0 ? '../' : ''}data/${i % 100}/${i}-${'x'.repeat(60)}${i % 2 ? '.bin' : '.txt'}`;
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url, 'http://localhost');
    if (!searchParams.get('list-type')) {
      response.writeHead(206, { 'content-range': `bytes 0-${CONTENT.length - 1}/${CONTENT.length}`, etag: '"1"' });
      response.end(CONTENT);
      return;
    }
    const start = Number(searchParams.get('continuation-token') ?? 0);
    const end = Math.min(slots[COUNT], start + 1000);
    let xml = '';
    for (let i = start; i < end; i += 1)
      xml += `<Contents><Key>${encodeURIComponent(keyOf(i))}</Key><Size>${CONTENT.length}</Size></Contents>`;
    const more = end < slots[COUNT] ? `<NextContinuationToken>${end}</NextContinuationToken>` : '';
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(
      `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><EncodingType>url</EncodingType><IsTruncated>${Boolean(more)}</IsTruncated>${more}${xml}</ListBucketResult>`,
    );
  });
  server.listen(0, '127.0.0.1', () => {
    Atomics.store(slots, PORT, server.address().port);
    Atomics.notify(slots, PORT);
  });
}

export const rows = [
  {
    name: 'remote many objects',
    async run({ scan }) {
      const shared = new SharedArrayBuffer(8);
      const slots = new Int32Array(shared);
      const server = new Worker(fileURLToPath(import.meta.url), { workerData: { watchtowerManyBench: true, shared } });
      await Atomics.waitAsync(slots, PORT, 0).value;
      const options = process.env.NODE_OPTIONS;
      // What is kept must fit into this; without a limit V8 leaves garbage lying for as long as there is room.
      process.env.NODE_OPTIONS = `--max-old-space-size=${HEAP_MB}`;
      const measure = (count) => {
        slots[COUNT] = count;
        return scan(
          's3://many',
          '--endpoint',
          `http://127.0.0.1:${slots[PORT]}`,
          '--anonymous',
          '--region',
          'us-east-1',
        );
      };
      try {
        const few = measure(10_000);
        const many = measure(100_000);
        const opened = many.report.sources[0].transfer.requests;
        return {
          value: `${many.peakMb.toFixed(0)} MB of memory for 100,000, ${few.peakMb.toFixed(0)} MB for 10,000 (${(many.peakMb / few.peakMb).toFixed(2)} times)`,
          note: `in a heap of ${HEAP_MB} MB, ${opened} requests, ${(many.seconds / few.seconds).toFixed(1)} times as long`,
        };
      } finally {
        if (options === undefined) delete process.env.NODE_OPTIONS;
        else process.env.NODE_OPTIONS = options;
        await server.terminate();
      }
    },
  },
];
