import assert from 'node:assert/strict';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { DecodedByteSource } from '../../../src/core/archives/decoded';
import { inflate } from '../../../src/core/archives/inflate';
import { openStream, type StreamKind, streamKindOf } from '../../../src/core/archives/streams';
import { Budget, BudgetExceeded, DEFAULT_LIMITS } from '../../../src/core/budget';
import { probeSource } from '../../../src/core/identify';
import { MemoryByteSource } from '../../../src/core/io/byteSource';
import { bytesOf, integer } from '../models/scanBytes';
import { concat } from './builders';
import { BZIP2, LZ4, LZMA_ALONE, PLAIN, XZ, XZ_DELTA, ZSTD } from './vectors';

/** Repeatable noise. */
function noise(length: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 24;
  });
}

async function decode(bytes: Uint8Array, kind: StreamKind): Promise<{ source: DecodedByteSource; bytes: Uint8Array }> {
  const source = openStream(new MemoryByteSource(bytes), kind, new Budget());
  await source.measure();
  return { source, bytes: await source.read(0, source.size) };
}

const WHOLE: [StreamKind, Uint8Array][] = [
  ['gzip', new Uint8Array(gzipSync(PLAIN))],
  ['zlib', new Uint8Array(deflateSync(PLAIN))],
  ['deflate', new Uint8Array(deflateRawSync(PLAIN))],
  ['bzip2', BZIP2],
  ['lzma', LZMA_ALONE],
  ['xz', XZ],
  ['zstd', ZSTD],
  ['lz4', LZ4],
];

describe('compressed streams', () => {
  for (const [kind, packed] of WHOLE) {
    it(`${kind} decodes to what was packed and ends at the last byte`, async () => {
      const { source, bytes } = await decode(packed, kind);
      assert.equal(source.damage, undefined);
      assert.deepEqual(bytes, PLAIN);
      assert.equal(source.consumed, packed.length);
    });

    it(`${kind} cut off or altered anywhere never hangs, never throws, and keeps what came before`, async () => {
      for (let length = 0; length < packed.length; length += Math.max(1, Math.floor(packed.length / 97))) {
        const { source, bytes } = await decode(packed.subarray(0, length), kind);
        assert.ok(bytes.length <= PLAIN.length, `${length}`);
        if (bytes.length < PLAIN.length) assert.ok(source.damage !== undefined, `cut at ${length} goes unsaid`);
        assert.deepEqual(bytes, PLAIN.subarray(0, bytes.length), `cut at ${length}`);
      }
      for (let at = 0; at < packed.length; at += Math.max(1, Math.floor(packed.length / 97))) {
        const altered = packed.slice();
        altered[at] = (altered[at] as number) ^ 0x55;
        const { source } = await decode(altered, kind);
        assert.ok(source.ended, `altered at ${at}`);
      }
    });
  }

  it('undoes the delta filter of xz', async () => {
    assert.deepEqual((await decode(XZ_DELTA, 'xz')).bytes, PLAIN);
  });

  it('agrees with zlib on noise, runs, stored blocks and fixed codes', async () => {
    const samples = [noise(200_000), new Uint8Array(300_000), concat([noise(500), PLAIN, noise(70_000, 7), PLAIN])];
    for (const sample of samples) {
      for (const options of [{ level: 0 }, { level: 1 }, { level: 9 }, { strategy: 4 }, { strategy: 3 }]) {
        const packed = new Uint8Array(deflateRawSync(sample, options));
        assert.deepEqual((await decode(packed, 'deflate')).bytes, sample, JSON.stringify(options));
      }
    }
  });

  it('reads gzip with all optional fields, several members and zero padding between them', async () => {
    const plain = new Uint8Array(gzipSync(PLAIN));
    const named = bytesOf(
      [0x1f, 0x8b, 8, 0x1e, 0, 0, 0, 0, 0, 3],
      integer(2, 2),
      'ex',
      'name\0',
      'note\0',
      [1, 2],
      plain.subarray(10),
    );
    const { bytes, source } = await decode(concat([named, new Uint8Array(5), plain]), 'gzip');
    assert.deepEqual(bytes, concat([PLAIN, PLAIN]));
    assert.equal(source.damage, undefined);
  });

  it('stops at the end of the stream when something else follows', async () => {
    for (const [kind, packed] of WHOLE) {
      const { source, bytes } = await decode(concat([packed, new TextEncoder().encode('appended')]), kind);
      assert.deepEqual(bytes, PLAIN, kind);
      assert.equal(source.consumed, packed.length, kind);
    }
  });

  it('knows each by its content and takes text, pickles and noise for none', async () => {
    const kind = async (bytes: Uint8Array) => streamKindOf(await probeSource('file', new MemoryByteSource(bytes)));
    for (const [expected, packed] of WHOLE) if (expected !== 'deflate') assert.equal(await kind(packed), expected);
    const zf = bytesOf('ZF', '0x3af2'.padEnd(19), new Uint8Array(deflateSync(PLAIN)));
    assert.equal(await kind(zf), 'joblib-zf');
    assert.deepEqual((await decode(zf, 'joblib-zf')).bytes, PLAIN);
    const none = [
      'hello, this is text',
      'hCHANGES in this release',
      'x\u0001plain',
      'HK,text,that,begins,like,zlib',
      '{"a": 1}',
      '',
    ];
    for (const sample of none) assert.equal(await kind(new TextEncoder().encode(sample)), undefined, sample);
    for (let seed = 1; seed < 200; seed += 1) {
      const sample = noise(4096, seed);
      sample.set([0x78, 0x9c]);
      assert.equal(await kind(sample), undefined, `zlib ${seed}`);
      sample.set([0x5d, 0, 0, 0x80, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0]);
      await kind(sample);
    }
  });

  it('refuses bombs by ratio and by size, and decodes no further than it is read', async () => {
    const bomb = new Uint8Array(gzipSync(new Uint8Array(64 * 2 ** 20)));
    const limits = { ...DEFAULT_LIMITS, ratioFloorBytes: 2 ** 20 };
    const source = openStream(new MemoryByteSource(bomb), 'gzip', new Budget(limits));
    assert.equal((await source.read(0, 10)).length, 10);
    await assert.rejects(source.measure(), (e) => e instanceof BudgetExceeded && e.kind === 'ratio');
    const small = new Budget({ ...DEFAULT_LIMITS, expandedBytes: 2 ** 20, expansionRatio: 1e9 });
    await assert.rejects(
      openStream(new MemoryByteSource(bomb), 'gzip', small).measure(),
      (e) => e instanceof BudgetExceeded && e.kind === 'expanded',
    );
    const lazy = new Budget({ ...DEFAULT_LIMITS, expandedBytes: 2 ** 20, expansionRatio: 1e9 });
    const head = openStream(new MemoryByteSource(bomb), 'gzip', lazy);
    assert.equal((await head.read(1000, 24)).length, 24);
  });

  const tile = noise(2 ** 20);
  it('serves reads in any order, also of what it no longer keeps', async () => {
    const plain = concat(Array.from({ length: 40 }, (_, i) => tile.map((b) => b ^ i)));
    const packed = new Uint8Array(deflateRawSync(plain, { level: 1 }));
    const source = new DecodedByteSource(new MemoryByteSource(packed), inflate(), new Budget(), plain.length);
    for (const at of [39 * 2 ** 20, 2 ** 21, 5, 20 * 2 ** 20, 2 ** 21 + 7]) {
      assert.deepEqual(await source.read(at, 1000), plain.subarray(at, at + 1000), `${at}`);
    }
    const [a, b] = await Promise.all([source.read(3 * 2 ** 20, 100), source.read(0, 100)]);
    assert.deepEqual(a, plain.subarray(3 * 2 ** 20, 3 * 2 ** 20 + 100));
    assert.deepEqual(b, plain.subarray(0, 100));
  }).timeout(20_000);
});
