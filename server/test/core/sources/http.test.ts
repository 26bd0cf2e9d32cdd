import assert from 'node:assert/strict';
import {
  encodePath,
  type HttpClient,
  type HttpRequest,
  isPrivateHost,
  nextLink,
  readBody,
  readJson,
  requestFollowing,
  requestPatiently,
  retryTime,
  withDeadlines,
} from '../../../src/core/sources/http';
import { RemoteError } from '../../../src/core/sources/remoteError';

interface Answer {
  status: number;
  headers?: Record<string, string>;
}

/** A client that answers from a table and keeps what it was asked. */
function scripted(answers: Record<string, Answer | Answer[]>): HttpClient & { asked: HttpRequest[] } {
  const asked: HttpRequest[] = [];
  return {
    asked,
    request: (request) => {
      asked.push(request);
      const found = answers[request.url];
      const answer = Array.isArray(found) ? (found.length > 1 ? found.shift() : found[0]) : found;
      if (!answer) return Promise.reject(new RemoteError('offline', request.url));
      return Promise.resolve({
        status: answer.status,
        header: (name) => answer.headers?.[name],
        body: (async function* () {})(),
        cancel: () => undefined,
      });
    },
  };
}

const to = (location: string, status = 302): Answer => ({ status, headers: { location } });
const refused = (error: unknown) => error instanceof RemoteError && error.kind === 'refused';

describe('requests', () => {
  const credential = { origin: 'https://hub.example', headers: { authorization: 'Bearer x' } };

  it('send a credential to its own origin only, along a chain of redirects', async () => {
    const client = scripted({
      'https://hub.example/a': to('/b'),
      'https://hub.example/b': to('https://cdn.example/c'),
      'https://cdn.example/c': to('https://hub.example:8443/d'),
      'https://hub.example:8443/d': to('https://sub.hub.example/e', 307),
      'https://sub.hub.example/e': { status: 200 },
    });
    const { url, hops } = await requestFollowing(client, { url: 'https://hub.example/a' }, { credential });
    assert.equal(url, 'https://sub.hub.example/e');
    assert.equal(hops.length, 4);
    assert.deepEqual(
      client.asked.map(({ headers }) => headers?.authorization),
      ['Bearer x', 'Bearer x', undefined, undefined, undefined],
    );
  });

  it('never leave https, follow no other scheme, and end', async () => {
    const client = scripted({
      'https://a.example/http': to('http://a.example/'),
      'https://a.example/loopback': to('http://127.0.0.1/'),
      'https://a.example/file': to('file:///etc/passwd'),
      'https://a.example/user': to('https://user:pass@b.example/'),
      'https://a.example/loop': to('/loop'),
      'https://a.example/none': { status: 302 },
      'http://127.0.0.1/post': to('/x', 307),
    });
    for (const path of ['http', 'loopback', 'file', 'user']) {
      await assert.rejects(requestFollowing(client, { url: `https://a.example/${path}` }), refused, path);
    }
    await assert.rejects(requestFollowing(client, { url: 'https://a.example/loop' }), /redirects more than 5 times/);
    await assert.rejects(requestFollowing(client, { url: 'https://a.example/none' }), /without saying where/);
    await assert.rejects(requestFollowing(client, { url: 'http://127.0.0.1/post', method: 'POST' }), RemoteError);
    await assert.rejects(requestFollowing(client, { url: 'http://a.example/' }), refused);
    await assert.rejects(requestFollowing(client, { url: 'http://127.0.0.1.evil.example/' }), refused);
  });

  it('are not led from a public host into this machine or its network', async () => {
    const inside = [
      'https://127.0.0.1/',
      'https://localhost:8443/',
      'https://10.1.2.3/',
      'https://172.31.0.1/',
      'https://192.168.1.1/',
      'https://169.254.169.254/latest/meta-data/',
      'https://100.64.0.1/',
      'https://0x7f000001/',
      'https://2130706433/',
      'https://[::1]/',
      'https://[::ffff:10.0.0.1]/',
      'https://[fd00::1]/',
      'https://[fe80::1]/',
      'https://router/',
      'https://metadata.google.internal/',
      'https://printer.local./',
    ];
    for (const place of inside) {
      const client = scripted({ 'https://a.example/': to(place) });
      await assert.rejects(requestFollowing(client, { url: 'https://a.example/' }), refused, place);
      assert.equal(client.asked.length, 1, place);
    }
    for (const name of ['a.example', '172.32.0.1', '100.128.0.1', '11.0.0.1', '[2001:db8::1]', 'local.example']) {
      assert.equal(isPrivateHost(name), false, name);
    }
    // What a redirect of a public host leads to is resolved under guard; what the person named is not.
    const client = scripted({
      'https://a.example/': to('https://b.example/'),
      'https://b.example/': { status: 200 },
      'https://10.0.0.1/': to('https://10.0.0.2/'),
      'https://10.0.0.2/': { status: 200 },
    });
    await requestFollowing(client, { url: 'https://a.example/' });
    await requestFollowing(client, { url: 'https://10.0.0.1/' });
    assert.deepEqual(
      client.asked.map(({ publicOnly }) => publicOnly ?? false),
      [false, true, false, false],
    );
  });

  it('end when a server keeps silent, stops in the middle, or sends a byte now and then', async () => {
    const timeout = (error: unknown) => error instanceof RemoteError && error.kind === 'timeout';
    let cancelled = 0;
    const cancel = () => {
      cancelled += 1;
    };
    const client = (body: () => AsyncIterable<Uint8Array>): HttpClient => ({
      request: () => Promise.resolve({ status: 200, header: () => undefined, body: body(), cancel }),
    });
    const url = 'https://a.example/';
    let told: AbortSignal | undefined;
    const silent: HttpClient = {
      request: ({ signal }) => {
        told = signal;
        return new Promise(() => undefined);
      },
    };
    await assert.rejects(withDeadlines(silent, 20).request({ url }), timeout);
    assert.equal(told?.aborted, true, 'the connection is not told');
    const stops = withDeadlines(
      client(async function* () {
        yield new Uint8Array(10);
        await new Promise(() => undefined);
      }),
      20,
    );
    await assert.rejects(readBody(await stops.request({ url }), 1000), timeout);
    const drips = withDeadlines(
      client(async function* () {
        for (;;) {
          await new Promise((resolve) => setTimeout(resolve, 5));
          yield new Uint8Array(1);
        }
      }),
      40,
    );
    await assert.rejects(readBody(await drips.request({ url }), 1e9), /too slowly/);
    const endless = withDeadlines(
      client(async function* () {
        for (;;) yield new Uint8Array(1000);
      }),
      1000,
    );
    await assert.rejects(readBody(await endless.request({ url }), 50_000), /longer than 50000 bytes/);
    assert.ok(cancelled >= 3, 'bodies are dropped');
  });

  it('do not take a compressed listing', async () => {
    const response = await scripted({
      'https://a.example/': { status: 200, headers: { 'content-encoding': 'gzip' } },
    }).request({ url: 'https://a.example/' });
    await assert.rejects(readJson(response), /compresses what it was asked to send as it is/);
  });

  it('wait out short limits and passing errors, and no others', async () => {
    const waits: number[] = [];
    const patience = {
      now: () => 1_000_000,
      sleep: (ms: number) => {
        waits.push(ms);
        return Promise.resolve();
      },
      longestWaitMs: 20_000,
    };
    const url = 'https://a.example/';
    const client = scripted({
      [url]: [{ status: 503 }, { status: 429, headers: { 'retry-after': '3' } }, { status: 200 }],
    });
    assert.equal((await requestPatiently(client, { url }, { patience })).response.status, 200);
    assert.deepEqual(waits, [1000, 3000]);
    const github = scripted({
      [url]: { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1000003600' } },
    });
    await assert.rejects(
      requestPatiently(github, { url }, { patience: { ...patience, now: () => 1_000_000_000_000 } }),
      (error) => error instanceof RemoteError && error.kind === 'rate-limited' && error.retryAt === 1_000_003_600_000,
    );
    const forbidden = scripted({ [url]: { status: 403 } });
    assert.equal((await requestPatiently(forbidden, { url }, { patience })).response.status, 403);
    assert.equal(forbidden.asked.length, 1);
  });

  it('read headers as their specifications have them', () => {
    const header = (headers: Record<string, string>) => (name: string) => headers[name];
    assert.equal(retryTime(header({ 'retry-after': '7' }), 1000), 8000);
    assert.equal(retryTime(header({ ratelimit: '"resolvers";r=0;t=120' }), 0), 120_000);
    assert.equal(retryTime(header({ 'retry-after': 'Thu, 01 Jan 1970 00:00:10 GMT' }), 0), 10_000);
    assert.equal(retryTime(header({}), 0), undefined);
    const link = '<https://h.example/x?c=1>; rel="prev", <https://h.example/x?c=3>; rel="next"';
    assert.equal(nextLink(link, 'https://h.example/')?.href, 'https://h.example/x?c=3');
    assert.equal(nextLink('</y>; rel=next', 'https://h.example/x')?.href, 'https://h.example/y');
    assert.equal(nextLink('<x>; rel="last"', 'https://h.example/'), undefined);
    assert.equal(encodePath('a b/ü?#%.bin'), 'a%20b/%C3%BC%3F%23%25.bin');
    for (const path of ['..', 'a/../b', './a']) assert.throws(() => encodePath(path), refused);
  });
});
