import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { isTarHeader, openTarEntry, readTar } from '../../../src/core/archives/tar';
import { Budget } from '../../../src/core/budget';
import { MemoryByteSource } from '../../../src/core/io/byteSource';
import { TAR_FORMAT } from '../../../src/core/models/archive/tar';
import { COMPRESSED_FORMATS } from '../../../src/core/models/compressed/streams';
import { scanBytes, verdicts } from '../models/scanBytes';
import { buildTar, concat, paxRecord, type TarPart, text } from './builders';

const DATA = text('content of a member');
const read = (bytes: Uint8Array) => readTar(new MemoryByteSource(bytes), new Budget());
const scan = (parts: readonly TarPart[]) => scanBytes('x.tar', buildTar(parts), { formats: [TAR_FORMAT] });

describe('tar', () => {
  it('reads ustar and version 7, names of every kind and their contents', async () => {
    const long = `${'directory/'.repeat(20)}file`;
    const tar = await read(
      buildTar([
        { name: 'plain', data: DATA },
        { name: 'old', data: DATA, v7: true },
        { name: 'old/', type: '\0', v7: true },
        { name: '././@LongLink', type: 'L', data: text(`${long}\0`) },
        { name: 'short', data: DATA },
        { name: 'pax', type: 'x', data: paxRecord('path', 'ünïcode/name') },
        { name: 'replaced', data: DATA },
      ]),
    );
    assert.deepEqual(
      tar.entries.slice(0, 5).map(({ name, type }) => [name, type]),
      [
        ['plain', 'file'],
        ['old', 'file'],
        ['old/', 'directory'],
        [long, 'file'],
        ['ünïcode/name', 'file'],
      ],
    );
    for (const entry of tar.entries.filter((e) => e.type === 'file' && e.size > 0)) {
      assert.deepEqual(await openTarEntry(tar, entry).read(0, 100), DATA, entry.name);
    }
  });

  it('reads sizes in base 256 and by pax record', async () => {
    const wide = buildTar([{ name: 'wide', data: DATA }]);
    wide.set([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, DATA.length], 124);
    wide.fill(0x20, 148, 156);
    const sum = wide.subarray(0, 512).reduce((total, b) => total + b, 0);
    wide.set(text(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
    assert.ok(isTarHeader(wide.subarray(0, 512)));
    assert.equal((await read(wide)).entries[0]?.size, DATA.length);
    const pax = await read(
      buildTar([
        { name: 'p', type: 'x', data: paxRecord('size', '19') },
        { name: 'f', data: DATA },
      ]),
    );
    assert.equal(pax.entries[0]?.size, 19);
    assert.equal(pax.entries[0]?.sizeMismatch, false);
  });

  it('an honest archive has no finding', async () => {
    const report = await scan([
      { name: './', type: '5' },
      { name: './a', data: DATA },
      { name: './b', type: '2', link: 'a' },
      { name: './c', type: '1', link: './a' },
      { name: 'd/e', data: DATA },
      { name: 'd/f', type: '2', link: '../a' },
    ]);
    assert.deepEqual(verdicts(report), []);
    assert.equal(report.status, 'scanned');
  });

  it('tells paths, links, devices and what is written through links', async () => {
    const cases: [TarPart[], string[]][] = [
      [[{ name: '../x', data: DATA }], ['high archive/path-traversal']],
      [[{ name: '/x', data: DATA }], ['high archive/path-traversal']],
      [[{ name: 'l', type: '2', link: '/etc' }], ['high archive/link-escape']],
      [[{ name: 'd/l', type: '2', link: '../../x' }], ['high archive/link-escape']],
      [[{ name: 'l', type: '1', link: '../x' }], ['high archive/link-escape']],
      [[{ name: 'd', type: '3' }], ['medium archive/special-file']],
      [[{ name: 'p', type: '6' }], ['medium archive/special-file']],
      [
        [
          { name: 'l', type: '2', link: '/tmp' },
          { name: 'l/x', data: DATA },
        ],
        ['high archive/link-escape', 'high archive/write-through-link'],
      ],
      [
        [
          { name: 'l', type: '2', link: '..' },
          { name: 'h', type: '1', link: 'l/secret' },
        ],
        ['high archive/link-escape', 'high archive/link-escape'],
      ],
      [
        [
          { name: 'a', type: '2', link: 'b' },
          { name: 'a/x', data: DATA },
        ],
        ['medium archive/write-through-link'],
      ],
    ];
    for (const [parts, expected] of cases)
      assert.deepEqual(verdicts(await scan(parts)), expected, JSON.stringify(parts[0]?.name));
  });

  it('a link from the root is ordinary in a whole system, and nowhere else', async () => {
    const link = (name: string, target: string) => ({ name, type: '2', link: target });
    const system = ['usr/bin/a', 'etc/b', 'lib/c'].map((name) => ({ name, data: text('x') }));
    const scan = async (parts: Parameters<typeof buildTar>[0]) =>
      verdicts(await scanBytes('layer.tar', buildTar(parts), { formats: [TAR_FORMAT] }));
    assert.deepEqual(await scan([...system, link('etc/localtime', '/usr/share/zoneinfo/UTC')]), [
      'low archive/link-escape',
    ]);
    assert.deepEqual(await scan([...system, link('model.bin', '/etc/passwd')]), ['high archive/link-escape']);
    assert.deepEqual(await scan([link('etc/localtime', '/usr/share/zoneinfo/UTC')]), ['high archive/link-escape']);
    assert.ok(
      (await scan([...system, link('etc/l', '/usr'), { name: 'etc/l/x', data: text('y') }])).includes(
        'high archive/write-through-link',
      ),
    );
  });

  it('tells a size that header and pax record contradict, and members behind the end', async () => {
    const smuggled = [
      { name: 'p', type: 'x', data: paxRecord('size', '1024') },
      { name: 'outer', data: buildTar([{ name: 'inner', data: DATA }], { end: false }), size: '00000000000 ' },
    ];
    assert.deepEqual(verdicts(await scan(smuggled)), ['medium archive/header-mismatch']);
    const two = concat([buildTar([{ name: 'a', data: DATA }]), buildTar([{ name: 'b', data: DATA }])]);
    assert.deepEqual(verdicts(await scanBytes('x.tar', two, { formats: [TAR_FORMAT] })), [
      'medium archive/hidden-data',
    ]);
  });

  it('goes through compression to the members', async () => {
    const packed = new Uint8Array(gzipSync(buildTar([{ name: '../x', data: DATA }])));
    const report = await scanBytes('x.tgz', packed, { formats: [TAR_FORMAT, ...COMPRESSED_FORMATS] });
    assert.deepEqual(verdicts(report), ['high archive/path-traversal']);
    assert.equal(report.findings[0]?.location.member, 'x.tar!../x');
  });

  it('cut off anywhere it says so, and altered anywhere it never throws', async () => {
    const whole = buildTar([
      { name: 'a', data: DATA },
      { name: 'l', type: '2', link: 'x' },
      { name: 'b', data: DATA },
    ]);
    for (let length = 1; length < whole.length; length += 37) {
      const report = await scanBytes('x.tar', whole.subarray(0, length), { formats: [TAR_FORMAT] });
      assert.ok(report.status !== undefined);
    }
    for (let at = 0; at < whole.length; at += 3) {
      const altered = whole.slice();
      altered[at] = (altered[at] as number) ^ 0xff;
      await read(altered);
    }
    const cut = await scanBytes('x.tar', whole.subarray(0, 520), { formats: [TAR_FORMAT] });
    assert.equal(cut.status, 'partial');
  });
});
