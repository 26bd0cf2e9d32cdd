import assert from 'node:assert/strict';
import { scanBytes, verdicts } from '../models/scanBytes';
import { concat, text } from './builders';
import { buildRar4, buildRar5, literals, pack5, type RarPart, type RarToken } from './rarBuilder';

/** `os.system('echo wt')`, protocol 0. */
const PICKLE = text("cos\nsystem\n(S'echo wt'\ntR.");
const HONEST = text('a list of labels\ncat\ndog\n');

const judge = async (bytes: Uint8Array, name = 'models.rar') => verdicts(await scanBytes(name, bytes));
const builds = [
  ['RAR 4', buildRar4],
  ['RAR 5', buildRar5],
] as const;

describe('RAR archives', () => {
  for (const [layout, build] of builds) {
    describe(layout, () => {
      it('stored members are scanned as the files they become', async () => {
        assert.deepEqual(await judge(build([{ name: 'labels.txt', data: HONEST }])), []);
        const bytes = build([
          { name: 'a', directory: true },
          { name: 'labels.txt', data: HONEST },
          { name: 'a/m.bin', data: PICKLE },
        ]);
        for (const name of ['models.rar', 'model.bin']) {
          const report = await scanBytes(name, bytes);
          assert.equal(report.status, 'scanned');
          assert.deepEqual(verdicts(report), ['critical pickle/dangerous-call']);
          assert.equal(report.findings[0]?.location.member, 'a/m.bin');
          assert.deepEqual(
            report.description?.members?.map((m) => m.name),
            ['a', 'labels.txt', 'a/m.bin'],
          );
        }
      });

      it('paths, links and streams that leave the archive', async () => {
        const traversal = ['high archive/path-traversal'];
        assert.deepEqual(await judge(build([{ name: '..\\..\\x.txt', data: HONEST }])), traversal);
        assert.deepEqual(await judge(build([{ name: '/etc/cron.d/x', data: HONEST }])), traversal);
        const stream = (name: string) =>
          build([
            { name: 'cv.pdf', data: HONEST },
            { name: '', stream: name },
          ]);
        assert.deepEqual(await judge(stream(':..\\..\\AppData\\x.lnk')), traversal);
        assert.deepEqual(await judge(stream(':hidden.exe')), ['medium archive/deceptive-name']);
        assert.deepEqual(await judge(stream(':Zone.Identifier')), []);
      });

      it('says what is encrypted, split, cut off or behind the end', async () => {
        const encrypted = await scanBytes('a.rar', build([{ name: 'm.pkl', data: PICKLE, encrypted: true }]));
        assert.equal(encrypted.status, 'partial');
        assert.match(encrypted.reason ?? '', /1 of 1 members are encrypted: m\.pkl/);
        const headers = await scanBytes('a.rar', build([], { encryptedHeaders: true }));
        assert.match(headers.reason ?? '', /headers are encrypted/);
        const split = await scanBytes('a.rar', build([{ name: 'm.pkl', data: PICKLE, split: true }]));
        assert.match(split.reason ?? '', /another volume: m\.pkl/);
        const whole = build([
          { name: 'a.pkl', data: PICKLE },
          { name: 'b.txt', data: HONEST },
        ]);
        for (const cut of [30, 40]) {
          const report = await scanBytes('a.rar', whole.subarray(0, whole.length - cut));
          assert.equal(report.status, 'partial');
          assert.ok(verdicts(report).includes('critical pickle/dangerous-call'));
        }
        assert.deepEqual(await judge(concat([whole, PICKLE])), [
          'critical pickle/dangerous-call',
          'critical pickle/dangerous-call',
          'medium archive/hidden-data',
        ]);
        assert.deepEqual(await judge(concat([text('MZ stub'), build([{ name: 'x.txt', data: HONEST }])])), [
          'medium archive/hidden-data',
        ]);
        const damaged = await scanBytes('a.rar', concat([whole.subarray(0, 8), new Uint8Array(100)]));
        assert.equal(damaged.status, 'partial');
      });

      it('a size beyond all measure is a bomb', async () => {
        const bomb: RarPart = { name: 'x.bin', data: HONEST, packed: new Uint8Array(64), size: 2 ** 31, version: 29 };
        assert.ok((await judge(build([bomb]))).includes('medium archive/decompression-bomb'));
      });
    });
  }

  it('RAR 4: names in the packed form of UTF-16, links by mode, what is compressed is named', async () => {
    // Plain name, NUL, high byte 4, then two literal units with it and the rest of the plain name.
    const rawName = new Uint8Array([...text('__.txt'), 0, 4, 0b01_01_11_00, 0x3c, 0x3e, 2]);
    const report = await scanBytes('a.rar', buildRar4([{ name: '', rawName, data: HONEST }]));
    assert.equal(report.description?.members?.[0]?.name, 'мо.txt');
    const link = { name: 'weights', data: text('../../../etc/passwd'), mode: 0o120777 };
    assert.deepEqual(await judge(buildRar4([link])), ['high archive/link-escape']);
    const closed = await scanBytes(
      'a.rar',
      buildRar4([
        { name: 'm.pkl', data: PICKLE, packed: PICKLE },
        { name: 'labels.txt', data: HONEST },
      ]),
    );
    assert.equal(closed.status, 'partial');
    assert.match(closed.reason ?? '', /1 of 2 members are compressed with a method of RAR 4.*: m\.pkl$/);
  });

  it('RAR 5: links by their record', async () => {
    const through = [
      { name: 'dir', redirect: [1, '../../out'] },
      { name: 'dir/x.txt', data: HONEST },
    ] as const;
    assert.deepEqual(await judge(buildRar5(through as unknown as RarPart[])), [
      'high archive/link-escape',
      'high archive/write-through-link',
    ]);
    assert.deepEqual(await judge(buildRar5([{ name: 'a', redirect: [4, '/etc/shadow'] }])), [
      'high archive/link-escape',
    ]);
    assert.deepEqual(await judge(buildRar5([{ name: 'b.txt', redirect: [1, 'a.txt'] }])), []);
  });

  describe('what RAR 5 compressed', () => {
    /** Bytes of a member as they come out. */
    const unpacked = async (parts: readonly RarPart[], dictionary = 3) => {
      const contents = new Map<string, Uint8Array>();
      const report = await scanBytes('a.rar', buildRar5(parts, { dictionary }), {
        formats: [
          ...(await import('../../../src/core/formats')).FORMATS.filter(({ id }) => id === 'rar'),
          {
            id: 'kept',
            title: 'kept',
            kind: 'model',
            extensions: [],
            identify: () => 'likely',
            scan: async ({ name, source }) => {
              contents.set(name, (await source.read(0, source.size)).slice());
            },
          },
        ],
      });
      return { report, contents };
    };
    const exact = async (part: RarPart) => {
      const { report, contents } = await unpacked([part]);
      assert.equal(report.status, 'scanned', report.reason);
      assert.deepEqual(contents.get(part.name), part.data);
    };
    const random = (size: number) => {
      let state = 7;
      return Uint8Array.from({ length: size }, () => {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        return state >>> 24;
      });
    };

    it('is scanned', async () => {
      const bytes = buildRar5([{ name: 'm.pkl', data: PICKLE, packed: pack5([literals(PICKLE)]) }]);
      const report = await scanBytes('a.rar', bytes);
      assert.equal(report.status, 'scanned');
      assert.deepEqual(verdicts(report), ['critical pickle/dangerous-call']);
    });

    it('matches, the last match again, and older distances', async () => {
      await exact({
        name: 'a',
        data: text('hello hello hello hello!'),
        packed: pack5([[...literals('hello '), { length: 17, distance: 6 }, ...literals('!')]]),
      });
      await exact({
        name: 'b',
        data: text('abcabcabcabXabcab'),
        packed: pack5([
          [
            ...literals('abc'),
            { length: 4, distance: 3 },
            { again: true },
            ...literals('X'),
            { length: 3, distance: 12 },
            { old: 1, length: 2 },
          ],
        ]),
      });
    });

    it('several blocks, and distances of every size', async () => {
      const noise = random(300_000);
      const tokens: RarToken[] = [];
      const pieces = [noise];
      let size = noise.length;
      for (const distance of [1, 4, 5, 16, 17, 100, 257, 8193, 70_000, 262_145, 299_000]) {
        const piece = new Uint8Array(40);
        const before = concat(pieces);
        for (let i = 0; i < 40; i += 1) {
          const from = size - distance + i;
          piece[i] = (from < size ? before[from] : piece[from - size]) as number;
        }
        tokens.push({ length: 40, distance });
        pieces.push(piece);
        size += 40;
      }
      const data = concat(pieces);
      await exact({
        name: 'm',
        data,
        packed: pack5([literals(noise.subarray(0, 9)), literals(noise.subarray(9)), tokens]),
      });
    });

    it('filters: delta, x86 and ARM', async () => {
      const filtered = (filter: 0 | 1 | 2 | 3, stored: Uint8Array, channels?: number) =>
        pack5([[{ filter, start: 0, length: stored.length, ...(channels && { channels }) }, ...literals(stored)]]);
      await exact({
        name: 'delta',
        data: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]),
        packed: filtered(0, Uint8Array.from([255, 254, 254, 254, 254, 254, 254, 254]), 2),
      });
      // A call at 3 to 0x100 is stored with the absolute target.
      const call = (operand: number) => Uint8Array.from([1, 2, 3, 0xe8, operand & 255, operand >> 8, 0, 0, 9, 9, 9, 9]);
      await exact({ name: 'x86', data: call(0x100), packed: filtered(1, call(0x104)) });
      const branch = (operand: number) => Uint8Array.from([0, 0, 0, 0xe3, operand, 0, 0, 0xeb]);
      await exact({ name: 'arm', data: branch(7), packed: filtered(3, branch(8)) });
    });

    it('a solid run is decoded with the state of the members before', async () => {
      const first = text('hello hello hello hello!');
      const { report, contents } = await unpacked([
        {
          name: 'a',
          data: first,
          packed: pack5([[...literals('hello '), { length: 17, distance: 6 }, ...literals('!')]]),
        },
        { name: 's', data: HONEST },
        {
          name: 'b',
          data: text('hello ?'),
          packed: pack5([[{ length: 6, distance: 24 }, ...literals('?')]], { codes: false }),
          solid: true,
        },
      ]);
      assert.equal(report.status, 'scanned', report.reason);
      assert.deepEqual([...contents.keys()], ['a', 's', 'b']);
      assert.deepEqual(contents.get('b'), text('hello ?'));
    });

    it('damage is said, and what came before it is scanned', async () => {
      const packed = pack5([literals(PICKLE), literals(HONEST)]);
      const data = concat([PICKLE, HONEST]);
      const wrongSum = packed.slice();
      wrongSum[packed.length - HONEST.length - 2] = 0;
      for (const bytes of [packed.subarray(0, packed.length - 4), wrongSum]) {
        const report = await scanBytes('a.rar', buildRar5([{ name: 'm.pkl', data, packed: bytes }]));
        assert.equal(report.status, 'partial');
        assert.ok(verdicts(report).includes('critical pickle/dangerous-call'), verdicts(report).join());
      }
      const far = pack5([[...literals('abc'), { length: 4, distance: 2 ** 21 }]]);
      const report = await scanBytes('a.rar', buildRar5([{ name: 'm', data: text('abc....'), packed: far }]));
      assert.equal(report.status, 'partial');
    });

    it('a member that is shorter than it says is judged by what is there', async () => {
      for (const size of [24, 100, 5000]) {
        const part = { name: 'm.dat', data: text('abc'), size, packed: pack5([literals('abc')]) };
        const report = await scanBytes('a.rar', buildRar5([part, { name: 'n.pkl', data: PICKLE }]));
        assert.equal(report.status, 'partial');
        assert.ok(verdicts(report).includes('critical pickle/dangerous-call'), report.reason);
      }
    });

    it('no bytes at all crash it', async () => {
      for (let seed = 0; seed < 200; seed += 1) {
        const packed = pack5([[...literals('hello '), { length: 17, distance: 6 }], literals('end')]);
        packed[(seed * 31) % packed.length] = (seed * 7) & 255;
        const { report } = await unpacked([{ name: 'm', data: text('hello hello hello hello end'), packed }]);
        assert.ok(['scanned', 'partial'].includes(report.status));
      }
    });

    it('memory stays within the dictionary, and a dictionary that is too large is said', async () => {
      const part = { name: 'm.pkl', data: PICKLE, packed: pack5([literals(PICKLE)]) };
      const { report } = await unpacked([part], 12);
      assert.match(report.reason ?? '', /dictionary above 128 MiB/);
    });
  });
});
