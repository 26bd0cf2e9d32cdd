import assert from 'node:assert/strict';
import { BudgetExceeded } from '../../../src/core/budget';
import { CachedByteSource } from '../../../src/core/io/cache';
import { HttpRangeTransport } from '../../../src/core/io/httpRange';
import { openRanged, openWhole, type RangedOptions } from '../../../src/core/io/rangedSource';
import { TransferMeter } from '../../../src/core/io/transfer';
import { RemoteError, type RemoteErrorKind } from '../../../src/core/sources/remoteError';
import { NodeHttpClient } from '../../../src/remote/nodeHttp';
import { SystemTemporaryFolders } from '../../../src/remote/temporaryFolders';
import { type Behaviour, bytesObject, RangeServer } from '../../remote/support/rangeServer';

const MB = 2 ** 20;

function pattern(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i += 1) bytes[i] = (i * 31 + (i >> 8)) & 255;
  return bytes;
}

describe('ranged reading over HTTP', () => {
  const server = new RangeServer();
  const client = new NodeHttpClient();
  let origin = '';

  before(async () => {
    origin = await server.start();
  });
  after(async () => {
    client.close();
    await server.stop();
  });
  beforeEach(() => server.reset());

  function options(path: string, more: Partial<RangedOptions> = {}): RangedOptions {
    return {
      transport: new HttpRangeTransport(client, origin + path, {
        errorOf: (response) =>
          new RemoteError(response.status === 404 ? 'not-found' : 'protocol', String(response.status)),
      }),
      meter: new TransferMeter({ bytes: 64 * MB, requests: 1000, timeMs: 60_000 }),
      stallMs: 20_000,
      ...more,
    };
  }

  async function fails(promise: Promise<unknown>, kind: RemoteErrorKind): Promise<void> {
    await assert.rejects(promise, (error) => {
      assert.ok(error instanceof RemoteError, String(error));
      assert.equal(error.kind, kind, error.message);
      return true;
    });
  }

  it('learns size, tail and tag with one suffix request', async () => {
    const bytes = pattern(3 * MB);
    server.put('/a.bin', bytesObject(bytes));
    const source = await openRanged(options('/a.bin'));
    assert.equal(source.size, bytes.length);
    assert.deepEqual(await source.read(bytes.length - 1000, 5000), bytes.subarray(bytes.length - 1000));
    assert.equal(server.requests.length, 1);
    assert.equal(server.requests[0]?.headers.range, 'bytes=-65536');
    assert.deepEqual(await source.read(10, 20), bytes.subarray(10, 30));
    assert.equal(server.requests[1]?.headers['if-match'], '"one"');
    await source.close();
  });

  it('gives the same bytes as the file in any order of reads', async () => {
    const bytes = pattern(2 * MB + 12_345);
    server.put('/b.bin', bytesObject(bytes));
    const source = await openRanged(options('/b.bin', { expectedSize: bytes.length }));
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % below;
    };
    const cached = new CachedByteSource(source);
    await Promise.all(
      Array.from({ length: 200 }, async () => {
        const offset = random(bytes.length + 100);
        const length = random(3) === 0 ? random(400_000) : random(300);
        const expected = bytes.subarray(Math.min(offset, bytes.length), offset + length);
        assert.deepEqual(new Uint8Array(await source.read(offset, length)), new Uint8Array(expected));
        assert.deepEqual(new Uint8Array(await cached.read(offset, length)), new Uint8Array(expected));
      }),
    );
    await source.close();
  });

  it('reads a file on with few requests and little more than its bytes', async () => {
    const bytes = pattern(4 * MB);
    server.put('/on.bin', bytesObject(bytes));
    const source = await openRanged(options('/on.bin', { expectedSize: bytes.length }));
    for (let at = 0; at < bytes.length; at += 16_384) await source.read(at, 16_384);
    assert.ok(server.requests.length <= 12, `${server.requests.length} requests`);
    assert.equal(server.bytesSent, bytes.length);
    await source.close();
  });

  it('asks for the places of a constant stride at once', async () => {
    const bytes = pattern(8 * MB);
    server.put('/stride.bin', bytesObject(bytes));
    server.latencyMs = 5;
    const source = await openRanged(options('/stride.bin', { expectedSize: bytes.length }));
    for (let at = 0; at < bytes.length; at += 200_000) await source.read(at, 64);
    server.latencyMs = 0;
    assert.ok(server.mostAtOnce >= 3, `${server.mostAtOnce} at once`);
    assert.ok(server.bytesSent < 500_000, `${server.bytesSent} bytes`);
    await source.close();
  });

  it('reads files of no and of one byte', async () => {
    server.put('/empty', bytesObject(new Uint8Array(0)));
    server.put('/one', bytesObject(Uint8Array.of(7)));
    for (const expected of [undefined, 0]) {
      const empty = await openRanged(options('/empty', expected === undefined ? {} : { expectedSize: expected }));
      assert.equal(empty.size, 0);
      assert.equal((await empty.read(0, 10)).length, 0);
    }
    const one = await openRanged(options('/one'));
    assert.deepEqual(await one.read(0, 10), Uint8Array.of(7));
  });

  const lies: [Behaviour, RemoteErrorKind][] = [
    ['wrong-range', 'protocol'],
    ['short-body', 'offline'],
    ['long-body', 'protocol'],
    ['gzip', 'protocol'],
    ['no-content-range', 'protocol'],
    ['stalls', 'timeout'],
    ['silent', 'timeout'],
  ];
  for (const [behaviour, kind] of lies) {
    it(`does not believe a server that answers with ${behaviour}`, async () => {
      server.put(`/${behaviour}`, bytesObject(pattern(300_000)), behaviour);
      const stallMs = kind === 'timeout' ? 300 : 20_000;
      await fails(openRanged(options(`/${behaviour}`, { expectedSize: 300_000, stallMs })), kind);
      await fails(openRanged(options(`/${behaviour}`, { stallMs })), kind);
    });
  }

  it('reports an object that changes while it is read', async () => {
    for (const behaviour of ['changes', 'grows'] as const) {
      server.put(`/${behaviour}`, bytesObject(pattern(MB)), behaviour);
      const source = await openRanged(options(`/${behaviour}`, { expectedSize: MB }));
      await fails(source.read(500_000, 10), 'changed');
      await source.close();
    }
    server.put('/listed', bytesObject(pattern(1000)));
    await fails(openRanged(options('/listed', { expectedSize: 999 })), 'changed');
  });

  it('takes a small file whole from a server without ranges, and drops a large one early', async () => {
    const bytes = pattern(200_000);
    server.put('/whole', bytesObject(bytes), 'ignores-ranges');
    const source = await openRanged(options('/whole', { expectedSize: bytes.length }));
    assert.deepEqual(await source.read(100_000, 100_000), bytes.subarray(100_000));
    assert.equal(server.requests.length, 1);
    const large = { size: 1000 * MB, slice: (start: number, end: number) => new Uint8Array(end - start) };
    server.put('/large', large, 'ignores-ranges');
    server.reset();
    await fails(openRanged(options('/large')), 'no-range');
    assert.ok(server.bytesSent < 20 * MB, `${server.bytesSent} bytes were sent`);
  });

  it('puts what does not fit into memory into a temporary file and removes it', async () => {
    const bytes = pattern(3 * MB);
    server.put('/spill', bytesObject(bytes), 'ignores-ranges');
    const folder = await new SystemTemporaryFolders().create();
    const source = await openRanged(options('/spill', { spill: () => folder.spill(), memoryBytes: MB }));
    assert.deepEqual(await source.read(2 * MB, 1000), bytes.subarray(2 * MB, 2 * MB + 1000));
    await source.close();
    await folder.remove();
    const whole = await openWhole(options('/spill', { memoryBytes: 4 * MB }));
    assert.equal(whole.size, bytes.length);
  });

  it('stops at the budgets for bytes and requests', async () => {
    server.put('/budget', bytesObject(pattern(4 * MB)));
    const bytes = new TransferMeter({ bytes: 100_000, requests: 1000, timeMs: 60_000 });
    const source = await openRanged(options('/budget', { expectedSize: 4 * MB, meter: bytes }));
    await assert.rejects(source.read(MB, 200_000), BudgetExceeded);
    const requests = new TransferMeter({ bytes: 64 * MB, requests: 3, timeMs: 60_000 });
    const other = await openRanged(options('/budget', { expectedSize: 4 * MB, meter: requests }));
    await other.read(2 * MB, 10);
    await other.read(3 * MB, 10);
    await assert.rejects(other.read(MB, 10), BudgetExceeded);
    const parent = new TransferMeter({ bytes: 64 * MB, requests: 1, timeMs: 60_000 });
    const child = new TransferMeter({ bytes: 64 * MB, requests: 10, timeMs: 60_000 }, parent);
    child.begin(1);
    assert.throws(() => child.begin(1), BudgetExceeded);
  });

  it('ends reads when the source is closed', async () => {
    server.put('/closed', bytesObject(pattern(MB)));
    const source = await openRanged(options('/closed', { expectedSize: MB, stallMs: 10_000 }));
    server.latencyMs = 2000;
    const reading = assert.rejects(source.read(500_000, 10), RemoteError);
    await source.close();
    await reading;
    server.latencyMs = 0;
  });
});
