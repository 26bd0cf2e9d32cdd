import assert from 'node:assert/strict';
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { openStream } from '../../../../src/core/archives/streams';
import { Budget } from '../../../../src/core/budget';
import { MemoryByteSource } from '../../../../src/core/io/byteSource';
import { COMPRESSED_FORMATS, innerName } from '../../../../src/core/models/compressed/streams';
import { BZIP2, LZ4, LZMA_ALONE, XZ, ZSTD } from '../../archives/vectors';
import { bytesOf, scanBytes, verdicts } from '../scanBytes';

/** `posix.system('id')` as a pickle of protocol 4. */
const PICKLE = bytesOf([0x80, 4, 0x8c, 5], 'posix', [0x8c, 6], 'system', [0x93, 0x8c, 2], 'id', [0x85, 0x52, 0x2e]);
const gzip = (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes));
const alone = (name: string, bytes: Uint8Array) => scanBytes(name, bytes, { formats: COMPRESSED_FORMATS });

describe('compressed files', () => {
  it('are scanned as what they hold, whatever their name', async () => {
    for (const [name, bytes] of [
      ['m.pkl.gz', gzip(PICKLE)],
      ['m.pkl', gzip(PICKLE)],
      ['m', new Uint8Array(deflateSync(PICKLE))],
      ['m.joblib', bytesOf('ZF', '0x20'.padEnd(19), new Uint8Array(deflateSync(PICKLE)))],
      ['twice.gz', gzip(gzip(PICKLE))],
    ] as const) {
      const report = await scanBytes(name, bytes);
      assert.ok(
        verdicts(report).some((v) => v.endsWith('pickle/dangerous-call')),
        `${name}: ${verdicts(report).join()}`,
      );
    }
  });

  it('Brotli is known by its name, decoded no further than it is read, and what it is not is said', async () => {
    const brotli = (bytes: Uint8Array) =>
      new Uint8Array(brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }));
    assert.deepEqual(verdicts(await scanBytes('m.pkl.br', brotli(PICKLE))), ['critical pickle/dangerous-call']);
    assert.deepEqual(verdicts(await alone('labels.txt.br', brotli(new Uint8Array(100_000)))), []);
    const behind = await scanBytes('m.bin.br', bytesOf(brotli(new Uint8Array(100)), PICKLE));
    assert.deepEqual(verdicts(behind), ['critical pickle/dangerous-call', 'medium archive/hidden-data']);
    const cut = await alone('m.pkl.br', brotli(PICKLE).subarray(0, 8));
    assert.notEqual(cut.status, 'scanned');
    assert.match(cut.reason ?? '', /ends before its end mark/);
    assert.equal((await alone('m.pkl.br', PICKLE)).status, 'failed');
    const bomb = new Uint8Array(64 * 2 ** 20);
    bomb.set(PICKLE);
    const report = await scanBytes('m.pkl.br', brotli(bomb));
    assert.ok(verdicts(report).includes('medium archive/decompression-bomb'), verdicts(report).join());
    assert.ok(verdicts(report).includes('critical pickle/dangerous-call'), verdicts(report).join());
  });

  /** LZW as ncompress writes it: codes in groups of eight, filled up where their length grows. */
  const compressed = (bytes: Uint8Array, most = 12): Uint8Array => {
    const out: number[] = [0x1f, 0x9d, 0x80 | most];
    const table = new Map<string, number>();
    let free = 257;
    let bits = 9;
    let group: number[] = [];
    const flush = (isLast: boolean) => {
      const packed = new Uint8Array(isLast ? Math.ceil((group.length * bits) / 8) : bits);
      for (const [i, code] of group.entries())
        for (let b = 0; b < bits; b += 1) {
          const at = i * bits + b;
          packed[at >> 3] = (packed[at >> 3] as number) | (((code >> b) & 1) << (at & 7));
        }
      out.push(...packed);
      group = [];
    };
    const put = (code: number) => {
      group.push(code);
      if (group.length === 8) flush(false);
    };
    let prefix = bytes[0] as number;
    for (const byte of bytes.subarray(1)) {
      const key = `${prefix},${byte}`;
      const known = table.get(key);
      if (known !== undefined) {
        prefix = known;
        continue;
      }
      put(prefix);
      if (free < 2 ** most) {
        table.set(key, free);
        free += 1;
        if (free > 2 ** bits && bits < most) {
          if (group.length) flush(false);
          bits += 1;
        }
      }
      prefix = byte;
    }
    put(prefix);
    if (group.length) flush(true);
    return Uint8Array.from(out);
  };

  it('lzip, and Unix compress with codes of every length', async () => {
    const lzip =
      '4c5a4950010c00319bcac6b27c65dfdf91599fb1d67e2d0b9f5cf4c8e427a09e6a32d5df39e87fffcbb400001d15e07b1a000000000000004000000000000000';
    for (const [name, bytes] of [
      ['m.pkl.lz', Buffer.from(lzip, 'hex')],
      ['m.pkl', Buffer.from(lzip + lzip, 'hex')],
      ['m.pkl.Z', compressed(new TextEncoder().encode("cos\nsystem\n(S'echo wt'\ntR."))],
    ] as const) {
      const report = await scanBytes(name, new Uint8Array(bytes));
      assert.ok(verdicts(report).includes('critical pickle/dangerous-call'), `${name}: ${verdicts(report).join()}`);
      assert.equal(report.status, 'scanned');
    }
    let state = 9;
    const noise = Uint8Array.from({ length: 30_000 }, (_, i) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return i % 3 ? 65 + (i % 7) : state >>> 24;
    });
    for (const most of [9, 12, 16]) {
      const source = openStream(new MemoryByteSource(compressed(noise, most)), 'unix-compress', new Budget());
      await source.measure();
      assert.equal(source.damage, undefined);
      assert.deepEqual(await source.read(0, noise.length + 1), noise);
    }
    const damaged = compressed(noise);
    damaged.set([255, 255, 255], 12);
    const report = await alone('m.Z', damaged);
    assert.equal(report.status, 'partial');
    assert.match(report.reason ?? '', /a code that is not there yet/);
  });

  it('name the member after the file', () => {
    assert.equal(innerName('a/model.pkl.gz', ['.gz', '.tgz']), 'model.pkl');
    assert.equal(innerName('model.TGZ', ['.gz', '.tgz']), 'model.tar');
    assert.equal(innerName('model.pkl', ['.gz']), 'model.pkl');
    assert.equal(innerName('.gz', ['.gz']), '.gz');
  });

  it('honest ones have no finding', async () => {
    for (const bytes of [
      gzip(new Uint8Array(100)),
      BZIP2,
      XZ,
      LZMA_ALONE,
      ZSTD,
      LZ4,
      bytesOf(gzip(PICKLE), new Uint8Array(512)),
    ]) {
      const report = await alone('data', bytes);
      assert.deepEqual(verdicts(report), []);
      assert.equal(report.status, 'scanned');
    }
  });

  it('what follows the stream is told and scanned', async () => {
    const report = await scanBytes('m.gz', bytesOf(gzip(new Uint8Array(100)), PICKLE));
    assert.deepEqual(verdicts(report), ['critical pickle/dangerous-call', 'medium archive/hidden-data']);
  });

  it('a bomb is told, and its beginning is still scanned', async () => {
    const report = await scanBytes('m.pkl.gz', gzipOfBomb());
    assert.ok(verdicts(report).includes('medium archive/decompression-bomb'), verdicts(report).join());
    assert.ok(verdicts(report).includes('critical pickle/dangerous-call'), verdicts(report).join());
    assert.equal(report.status, 'partial');
  }).timeout(20_000);

  it('damaged ones are scanned as far as they go, and said to be', async () => {
    const cut = gzip(bytesOf(PICKLE, ...Array.from({ length: 200 }, (_, i) => [(i * 7919) & 255])));
    const report = await scanBytes('m.pkl.gz', cut.subarray(0, cut.length - 20));
    assert.equal(report.status, 'partial');
    assert.match(report.reason ?? '', /damaged/);
    const none = await alone('x.gz', bytesOf('this is no gzip'));
    assert.equal(none.status, 'failed');
  });
});

function gzipOfBomb(): Uint8Array {
  const bytes = new Uint8Array(64 * 2 ** 20);
  bytes.set(PICKLE);
  return gzip(bytes);
}
