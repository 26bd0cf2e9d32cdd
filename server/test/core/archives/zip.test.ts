import assert from 'node:assert/strict';
import { DecodedByteSource } from '../../../src/core/archives/decoded';
import { NotAZip, readZip, zipOf } from '../../../src/core/archives/zip';
import { Budget, BudgetExceeded, DEFAULT_LIMITS } from '../../../src/core/budget';
import { probeSource } from '../../../src/core/identify';
import { type ByteSource, MemoryByteSource } from '../../../src/core/io/byteSource';
import { ZIP_FORMAT } from '../../../src/core/models/archive/zip';
import { bytesOf, integer, scanBytes, verdicts } from '../models/scanBytes';
import { buildZip, concat, crcOf, text, type ZipPart, type ZipShape } from './builders';
import { BZIP2, LZMA_RAW, PLAIN, XZ, ZSTD } from './vectors';

const HELLO = text('hello, this is a member of an archive');
const A: ZipPart = { name: 'a.bin', data: HELLO };
const B: ZipPart = { name: 'b.bin', data: text('another member'), deflate: true };

const open = (bytes: Uint8Array, budget?: Budget) => readZip(new MemoryByteSource(bytes), budget);
const scan = (parts: readonly ZipPart[], shape?: ZipShape) => scanZip(buildZip(parts, shape));
const scanZip = (bytes: Uint8Array) => scanBytes('x.zip', bytes, { formats: [ZIP_FORMAT] });

/** Counts what is read of a source. */
class Counted implements ByteSource {
  bytes = 0;
  constructor(private readonly inner: ByteSource) {}
  get size(): number {
    return this.inner.size;
  }
  async read(offset: number, length: number): Promise<Uint8Array> {
    const out = await this.inner.read(offset, length);
    this.bytes += out.length;
    return out;
  }
}

describe('zip', () => {
  it('gives the records in order with their contents, stored ones without copying', async () => {
    const zip = await open(buildZip([A, B, { name: 'folder/', data: new Uint8Array(0) }]));
    assert.deepEqual(
      zip.entries.map((e) => [e.name, e.method, e.size, e.isDirectory]),
      [
        ['a.bin', 0, HELLO.length, false],
        ['b.bin', 8, B.data.length, false],
        ['folder/', 0, 0, true],
      ],
    );
    for (const [i, part] of [A, B].entries()) {
      const source = await zip.open(zip.entries[i] as (typeof zip.entries)[0]);
      assert.deepEqual(await source.read(0, 1000), part.data);
    }
    assert.deepEqual(zip.anomalies, []);
    assert.ok(zip.entries.every((e) => e.anomalies.length === 0));
  });

  it('reads neither tensors nor headers before they are asked for', async () => {
    const bytes = buildZip([{ name: 'big', data: new Uint8Array(3_000_000).fill(7) }, A]);
    const source = new Counted(new MemoryByteSource(bytes));
    const zip = await readZip(source);
    assert.ok(source.bytes < 70_000, `${source.bytes}`);
    const member = await zip.open(zip.entries[0] as (typeof zip.entries)[0]);
    assert.deepEqual(await member.read(2_999_990, 100), new Uint8Array(10).fill(7));
    assert.ok(source.bytes < 70_200, `${source.bytes}`);
  });

  it('decodes every method that it knows and says which it does not', async () => {
    const lzma = bytesOf([9, 20], integer(5, 2), 0x5d, integer(65536, 4), LZMA_RAW);
    const methods: [number, Uint8Array][] = [
      [12, BZIP2],
      [14, lzma],
      [93, ZSTD],
      [95, XZ],
    ];
    const parts = methods.map(([method, packed]) => ({ name: `m${method}`, data: PLAIN, method, packed }));
    const zip = await open(buildZip([...parts, { name: 'x', data: PLAIN, method: 98, packed: PLAIN }]));
    for (const entry of zip.entries.slice(0, 4)) {
      assert.deepEqual(await (await zip.open(entry)).read(0, PLAIN.length), PLAIN, entry.name);
    }
    await assert.rejects(zip.open(zip.entries[4] as (typeof zip.entries)[0]), /method 98/);
    const report = await scan([{ name: 'x', data: PLAIN, method: 98, packed: PLAIN }]);
    assert.equal(report.status, 'partial');
    assert.match(report.reason ?? '', /method 98/);
  });

  it('inflates a large member only as far as it is read', async () => {
    const zip = await open(buildZip([{ name: 'big', data: new Uint8Array(20_000_000), deflate: true }]));
    const source = await zip.open(zip.entries[0] as (typeof zip.entries)[0]);
    assert.ok(source instanceof DecodedByteSource);
    assert.equal(source.size, 20_000_000);
    assert.equal((await source.read(0, 100)).length, 100);
    assert.equal(source.ended, false);
  });

  it('reads zip64 end records', async () => {
    const zip = await open(buildZip([A, B], { zip64: true }));
    assert.deepEqual(
      zip.entries.map((e) => e.name),
      ['a.bin', 'b.bin'],
    );
    assert.deepEqual(zip.anomalies, []);
    assert.equal(zip.prefixBytes, 0);
  });

  it('takes sizes and offsets of a record from its zip64 field', async () => {
    const bytes = buildZip([
      { ...A, size: 0xffffffff, extra: bytesOf(integer(1, 2), integer(8, 2), integer(HELLO.length, 8)) },
    ]);
    assert.equal((await open(bytes)).entries[0]?.size, HELLO.length);
  });

  it('finds an archive behind other bytes, with and without corrected offsets', async () => {
    for (const unshifted of [false, true]) {
      const zip = await open(buildZip([A], { prefix: text('#!/bin/sh\nexit 0\n'), unshifted }));
      assert.equal(zip.prefixBytes, 17);
      assert.deepEqual(await (await zip.open(zip.entries[0] as (typeof zip.entries)[0])).read(0, 100), HELLO);
    }
  });

  it('is found by its head or by its end, and is no zip for other files', async () => {
    const probe = async (name: string, bytes: Uint8Array) =>
      zipOf(await probeSource(name, new MemoryByteSource(bytes)));
    assert.ok(await probe('x', buildZip([A])));
    assert.ok(await probe('x', buildZip([A], { prefix: text('GIF89a'), unshifted: true })));
    assert.ok(await probe('x.keras', buildZip([A], { prefix: text('GIF89a'), unshifted: true, suffix: text('tail') })));
    assert.equal(await probe('x', concat([text('GIF89a'), buildZip([A]), text('tail')])), undefined);
    assert.equal(await probe('x', text('PK but no archive at all, just a text')), undefined);
    assert.equal(await probe('x', new Uint8Array(100_000)), undefined);
  });

  it('an honest archive has no finding', async () => {
    const honest: [readonly ZipPart[], ZipShape?][] = [
      [[A, B, { name: 'folder/', data: new Uint8Array(0) }]],
      [[A], { comment: text('made by hand') }],
      [[A, B], { zip64: true }],
      [[{ ...A, name: 'a/../b/c' }]],
      [[{ name: 'lib', data: text('lib.so.1'), external: (0o120777 << 16) >>> 0 }]],
      [[{ name: 'ünïcode', data: HELLO, flags: 0x800 }]],
      [[], {}],
    ];
    for (const [parts, shape] of honest) {
      const report = await scan(parts, shape);
      assert.deepEqual(verdicts(report), [], parts.map((p) => p.name).join());
      assert.equal(report.status, 'scanned');
    }
  });

  it('says where a member would be written outside', async () => {
    for (const name of [
      '../x',
      'a/../../x',
      '/etc/x',
      '\\x',
      'C:\\x',
      'c:x.txt',
      '\\\\host\\share',
      '//host/share',
      '..\\x',
    ]) {
      assert.deepEqual(verdicts(await scan([{ name, data: HELLO }])), ['high archive/path-traversal'], name);
    }
  });

  it('tells names that deceive, and takes honest ones of every script for what they are', async () => {
    const medium = ['model\u202etxt.pkl', '\uff0e\uff0e/x', '..\u2215x', 'a.txt:x:$DATA'];
    const low = ['CON', 'a/nul.txt', 'com1.bin', 'a\u200bb', 'trailing. '];
    const honest = [
      'donn\u00e9es/\u00e9.txt',
      '\u6570\u636e/\u8868.csv',
      'a b (1).txt',
      'run_10:00:00/x',
      '.hidden',
      'console.log',
      'a...b',
    ];
    for (const [names, expected] of [
      [medium, ['medium archive/deceptive-name']],
      [low, ['low archive/deceptive-name']],
      [honest, []],
    ] as const) {
      for (const name of names) {
        const zip = buildZip([{ name, data: text('hello'), flags: 0x800 }]);
        assert.deepEqual(verdicts(await scanBytes('a.zip', zip, { formats: [ZIP_FORMAT] })), expected, name);
      }
    }
  });

  it('looks into the comment of the archive', async () => {
    const pickle = text("cos\nsystem\n(S'echo'\ntR.");
    const zip = (comment: Uint8Array) => buildZip([{ name: 'a.txt', data: text('hello') }], { comment });
    const found = verdicts(await scanBytes('a.zip', zip(pickle)));
    assert.ok(
      found.includes('critical pickle/dangerous-call') && found.includes('medium archive/hidden-data'),
      found.join(),
    );
    assert.deepEqual(verdicts(await scanBytes('a.zip', zip(text('made by us on Monday')))), []);
  });

  it('judges links by where they point, and what is written through them', async () => {
    const link = (name: string, target: string): ZipPart => ({
      name,
      data: text(target),
      external: (0o120777 << 16) >>> 0,
    });
    assert.deepEqual(verdicts(await scan([link('a/l', '../../etc')])), ['high archive/link-escape']);
    assert.deepEqual(verdicts(await scan([link('l', '/etc/passwd')])), ['high archive/link-escape']);
    assert.deepEqual(verdicts(await scan([link('a/l', '../b')])), []);
    assert.deepEqual(verdicts(await scan([link('l', '/tmp'), { name: 'l/x', data: HELLO }])), [
      'high archive/link-escape',
      'high archive/write-through-link',
    ]);
  });

  it('tells duplicates, and those that differ only in case', async () => {
    const twice = await scan([
      { name: 'data.pkl', data: HELLO },
      { name: 'data.pkl', data: text('other') },
    ]);
    assert.deepEqual(verdicts(twice), ['medium archive/duplicate-member']);
    assert.deepEqual(verdicts(await scan([A, A])), ['low archive/duplicate-member']);
    const folded = await scan([
      { name: 'data.pkl', data: HELLO },
      { name: 'DATA.PKL', data: text('other') },
    ]);
    assert.deepEqual(verdicts(folded), ['medium archive/duplicate-member']);
  });

  it('tells headers that lie', async () => {
    const cases: [ZipPart, string][] = [
      [{ ...A, local: { name: 'z.bin' } }, 'header-mismatch'],
      [{ ...A, local: { size: 7 } }, 'header-mismatch'],
      [{ ...A, local: { method: 8 } }, 'header-mismatch'],
      [{ ...A, local: { flags: 1 } }, 'header-mismatch'],
      [{ ...B, size: 3 }, 'header-mismatch'],
      [{ ...A, flags: 0x20 }, 'unreadable-flags'],
      [{ ...A, flags: 1 }, 'unreadable-flags'],
      [{ ...A, versionNeeded: 0xffff }, 'unreadable-flags'],
      [{ ...A, crc: 1 }, 'unreadable-flags'],
      [{ ...A, name: 'model.txt\0.pkl' }, 'deceptive-name'],
      [{ ...A, extra: bytesOf(integer(0x7075, 2), integer(10, 2), 1, integer(0, 4), 'b.bin') }, 'deceptive-name'],
    ];
    for (const [part, rule] of cases) assert.deepEqual(verdicts(await scan([part])), [`medium archive/${rule}`], rule);
  });

  it('tells an ambiguous directory, and hidden data', async () => {
    assert.deepEqual(verdicts(await scan([A], { count: 5 })), ['medium archive/ambiguous-directory']);
    assert.deepEqual(verdicts(await scan([A], { suffix: text('appended') })), ['medium archive/hidden-data']);
    assert.deepEqual(verdicts(await scan([A], { suffix: new Uint8Array(8) })), []);
    assert.deepEqual(verdicts(await scan([A], { prefix: text('GIF89a') })), ['medium archive/hidden-data']);
    const inner = buildZip([B]);
    const two = concat([buildZip([A]), inner]);
    const report = await scanZip(two);
    assert.ok(report.findings.some((f) => f.ruleId === 'archive/hidden-data'));
    const disguised = await scan([{ ...A, name: '../evil' }], { comment: buildZip([]) });
    assert.ok(
      disguised.findings.some((f) => f.ruleId === 'archive/path-traversal'),
      'the members behind a false end record',
    );
  });

  it('finds members that stand in the archive and in no directory', async () => {
    const hidden = buildZip([{ name: '../hidden', data: HELLO }]);
    const local = hidden.subarray(0, hidden.length - 22 - 46 - 9);
    const whole = buildZip([A, { ...B, packed: local, method: 0, data: local }]);
    const at = new DataView(whole.buffer).getUint32(whole.length - 6, true);
    // The record of the second member is cut away, its bytes stay.
    const first = 46 + A.name.length;
    const end = whole.slice(whole.length - 22);
    const view = new DataView(end.buffer);
    view.setUint16(8, 1, true);
    view.setUint16(10, 1, true);
    view.setUint32(12, first, true);
    const report = await scanZip(concat([whole.subarray(0, at + first), end]));
    assert.ok(verdicts(report).includes('medium archive/hidden-data'), verdicts(report).join());
  });

  it('finds members that only the other directory has', async () => {
    // Python goes by the end of the directory, miniz by its told offset: two directories, one for each.
    const hidden = buildZip([{ name: '../h', data: HELLO }]);
    const shown = buildZip([{ name: 'a.bi', data: HELLO }]);
    const directory = (bytes: Uint8Array) => new DataView(bytes.buffer).getUint32(bytes.length - 6, true);
    const told = directory(hidden);
    const bytes = concat([hidden.subarray(0, hidden.length - 22), shown]);
    new DataView(bytes.buffer).setUint32(bytes.length - 6, told, true);
    new DataView(bytes.buffer).setUint32(bytes.length - 10, shown.length - 22 - directory(shown), true);
    const report = await scanZip(bytes);
    const rules = report.findings.map((f) => f.ruleId);
    assert.ok(rules.includes('archive/path-traversal'), rules.join());
    assert.ok(rules.includes('archive/ambiguous-directory'), rules.join());
  });

  it('says of encrypted and damaged members that they were not looked at', async () => {
    const secret = await scan([{ ...A, flags: 1, crc: 5 }]);
    assert.equal(secret.status, 'partial');
    assert.match(secret.reason ?? '', /encrypted/);
    assert.deepEqual(verdicts(secret), ['low coverage/not-inspected']);
    const damaged = await scan([{ ...B, packed: text('no deflate stream, certainly not') }]);
    assert.match(damaged.reason ?? '', /damaged/);
    const outside = await scan([{ ...A, offset: 5000 }]);
    assert.equal(outside.status, 'partial');
  });

  it('reads the members of an archive without directory by their headers', async () => {
    const whole = buildZip([{ name: '../a', data: HELLO }, B]);
    const report = await scanBytes('x.zip', whole.subarray(0, whole.length - 30), { formats: [ZIP_FORMAT] });
    assert.equal(report.status, 'partial');
    assert.match(report.reason ?? '', /damaged archive/);
    await assert.rejects(open(whole.subarray(0, whole.length - 30)), NotAZip);
  });

  it('tells bombs: by ratio, and by members that share their bytes', async () => {
    const bomb = await scan([{ name: 'zeros.npy', data: new Uint8Array(48 * 2 ** 20), deflate: true }, A]);
    // Below the floor, and nobody reads more than its head.
    assert.deepEqual(verdicts(bomb), []);
    const told = await scan([{ name: 'zeros', data: new Uint8Array(1), deflate: true, size: 10 ** 9 }]);
    assert.ok(verdicts(told).includes('medium archive/decompression-bomb'));
    const large = await scan([
      { name: 'noise', data: new Uint8Array(1), packed: new Uint8Array(10), method: 8, size: 2000 },
    ]);
    assert.ok(!verdicts(large).includes('medium archive/decompression-bomb'));
    const shared = await scan([A, { ...A, name: 'again', offset: 0, packed: new Uint8Array(0) }]);
    assert.ok(shared.findings.some((f) => f.ruleId === 'archive/decompression-bomb'));
  });

  it('bounds members and the size of the directory', async () => {
    const parts = Array.from({ length: 300 }, (_, i) => ({ name: `m${i}`, data: new Uint8Array(0) }));
    const budget = new Budget({ ...DEFAULT_LIMITS, entries: 100 });
    const zip = await open(buildZip(parts), budget);
    assert.equal(zip.entries.length, 100);
    assert.ok(zip.anomalies.some((a) => a.kind === 'directory-damaged'));
    await assert.rejects(open(buildZip(parts), new Budget({ ...DEFAULT_LIMITS, memoryBytes: 1000 })), BudgetExceeded);
  });

  it('reads an archive of 65,000 members', async () => {
    const local = bytesOf(integer(0x04034b50, 4), new Uint8Array(22), integer(5, 2), integer(0, 2));
    const pieces: Uint8Array[] = [];
    const records: Uint8Array[] = [];
    let at = 0;
    for (let i = 0; i < 65_000; i += 1) {
      const name = text(String(i).padStart(5, '0'));
      pieces.push(local, name);
      const record = new Uint8Array(51);
      const view = new DataView(record.buffer);
      view.setUint32(0, 0x02014b50, true);
      view.setUint16(28, 5, true);
      view.setUint32(42, at, true);
      record.set(name, 46);
      records.push(record);
      at += 35;
    }
    const end = bytesOf(
      integer(0x06054b50, 4),
      integer(0, 4),
      integer(65_000, 2),
      integer(65_000, 2),
      integer(65_000 * 51, 4),
      integer(at, 4),
      integer(0, 2),
    );
    const report = await scanBytes('x.zip', concat([...pieces, ...records, end]), { formats: [ZIP_FORMAT] });
    assert.equal(report.status, 'scanned', report.reason);
    assert.deepEqual(verdicts(report), []);
  }).timeout(30_000);

  it('cut off or altered anywhere never hangs and never throws anything undocumented', async () => {
    const whole = buildZip([A, B, { name: 'l', data: text('x'), external: (0o120777 << 16) >>> 0 }], {
      comment: text('c'),
    });
    const attempt = async (bytes: Uint8Array) => {
      try {
        const zip = await open(bytes, new Budget());
        for (const entry of zip.allEntries) await (await zip.open(entry)).read(0, 100);
      } catch (error) {
        const known =
          error instanceof NotAZip || error instanceof BudgetExceeded || (error as Error).name === 'UnsupportedMember';
        assert.ok(known, String((error as Error).stack));
      }
      await scanBytes('x.zip', bytes, { formats: [ZIP_FORMAT] });
    };
    for (let length = 0; length < whole.length; length += 1) await attempt(whole.subarray(0, length));
    for (let at = 0; at < whole.length; at += 1) {
      for (const value of [0, 0xff]) {
        const altered = whole.slice();
        altered[at] = value;
        await attempt(altered);
      }
    }
  }).timeout(30_000);

  it('has the right checksum', () => {
    assert.equal(crcOf(text('123456789')), 0xcbf43926);
  });
});
