import assert from 'node:assert/strict';
import {
  encodePath,
  type HttpClient,
  type HttpRequest,
  nextLink,
  requestFollowing,
  requestPatiently,
  retryTime,
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
