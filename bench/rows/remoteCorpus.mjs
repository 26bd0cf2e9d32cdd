// Whether a remote scan finds what a local one does, for every file of the labelled corpus: over the protocol of a hub
// that sends the bytes itself, of one that redirects to large file storage, and of an S3 store. Lists every difference.
import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const PORT = 0;
const REQUESTS = 1;
const HECTOBYTES = 2;

if (!isMainThread && workerData?.watchtowerCorpusBench) serve(workerData);

function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

/** One server for all: `/api/models/o/r`, `/o/r/resolve`, `/large` behind a redirect, and `/bucket` as an S3 store. */
function serve({ folder, shared }) {
  const slots = new Int32Array(shared);
  const files = filesOf(folder);
  const encode = (name) => name.split('/').map(encodeURIComponent).join('/');
  const server = createServer((request, response) => {
    Atomics.add(slots, REQUESTS, 1);
    const url = new URL(request.url, 'http://localhost');
    const route =
      /^\/(?:(api)\/models\/(\w+)\/corpus\/(revision|tree)|(\w+)\/corpus\/resolve\/\w+\/(.+)|large\/(.+)|corpus(?:\/(.*))?)/.exec(
        url.pathname,
      );
    const [, api, , what, owner, resolved, large, key] = route ?? [];
    if (api) {
      const tree = files.map((name) => ({
        ...{ type: 'file', path: name, oid: COMMIT, size: statSync(path.join(folder, name)).size },
      }));
      response.end(JSON.stringify(what === 'revision' ? { sha: COMMIT } : tree));
      return;
    }
    if (owner === 'large') {
      response.writeHead(302, { location: `http://localhost:${server.address().port}/large/${resolved}` }).end();
      return;
    }
    if (url.searchParams.get('list-type')) {
      const contents = files.map((name) => {
        const { size } = statSync(path.join(folder, name));
        return `<Contents><Key>${encode(name)}</Key><Size>${size}</Size></Contents>`;
      });
      response.writeHead(200, { 'content-type': 'application/xml' });
      response.end(
        `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`,
      );
      return;
    }
    const file = path.join(folder, decodeURIComponent(resolved ?? large ?? key));
    const { size } = statSync(file);
    const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const start = first ? Number(first) : first === '' ? Math.max(0, size - Number(last)) : 0;
    const end = first && last ? Math.min(size - 1, Number(last)) : size - 1;
    Atomics.add(slots, HECTOBYTES, Math.ceil((end - start + 1) / 100));
    response.writeHead(first === undefined ? 200 : 206, {
      ...(first !== undefined && { 'content-range': `bytes ${start}-${end}/${size}` }),
      ...{ 'content-length': end - start + 1, etag: '"1"' },
    });
    if (size === 0) response.end();
    else createReadStream(file, { start, end }).pipe(response);
  });
  server.listen(0, '127.0.0.1', () => {
    Atomics.store(slots, PORT, server.address().port);
    Atomics.notify(slots, PORT);
  });
}

/** What must not depend on where the bytes come from, by path. */
function essence(report) {
  return new Map(
    report.artifacts.map(({ path: name, format, status, reason, findings }) => [
      name,
      JSON.stringify([
        format,
        status,
        reason,
        findings
          .map(({ ruleId, severity, message, location }) => JSON.stringify([ruleId, severity, message, location]))
          .sort(),
      ]),
    ]),
  );
}

const WAYS = [
  ['HTTP ranges of a hub', () => ['hf:plain/corpus']],
  ['large file storage of a hub', () => ['hf:large/corpus']],
  ['S3', (origin) => ['s3://corpus', '--endpoint', origin, '--path-style', '--anonymous', '--region', 'us-east-1']],
];

export const rows = [
  {
    name: 'remote corpus',
    async run({ root, scan, bytes }) {
      const folder = path.resolve(process.env.WATCHTOWER_CORPUS ?? path.join(root, '..', 'shared', 'corpus', 'models'));
      if (!existsSync(folder)) return { value: 'skipped', note: 'no labelled corpus; WATCHTOWER_CORPUS names one' };
      const shared = new SharedArrayBuffer(16);
      const slots = new Int32Array(shared);
      const server = new Worker(fileURLToPath(import.meta.url), {
        workerData: { watchtowerCorpusBench: true, folder, shared },
      });
      await Atomics.waitAsync(slots, PORT, 0).value;
      const before = process.env.HF_ENDPOINT;
      const origin = `http://127.0.0.1:${slots[PORT]}`;
      process.env.HF_ENDPOINT = origin;
      try {
        const near = scan(folder);
        const here = essence(near.report);
        const size = filesOf(folder).reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0);
        return WAYS.map(([title, target]) => {
          slots[REQUESTS] = 0;
          slots[HECTOBYTES] = 0;
          const far = scan(...target(origin));
          const there = essence(far.report);
          const names = [...new Set([...here.keys(), ...there.keys()])];
          const different = names.filter((name) => here.get(name) !== there.get(name));
          return {
            name: `remote corpus, ${title}`,
            value: `${names.length - different.length} of ${names.length} artifacts as a local scan (${((100 * (names.length - different.length)) / names.length).toFixed(1)} %)`,
            note: [
              `${bytes(slots[HECTOBYTES] * 100)} of ${bytes(size)} in ${slots[REQUESTS]} requests, ${(far.seconds / near.seconds).toFixed(1)} times as long`,
              ...different.map(
                (name) => `\n    ${name}\n      here:  ${here.get(name)}\n      there: ${there.get(name)}`,
              ),
            ].join(''),
          };
        });
      } finally {
        if (before === undefined) delete process.env.HF_ENDPOINT;
        else process.env.HF_ENDPOINT = before;
        await server.terminate();
      }
    },
  },
];
