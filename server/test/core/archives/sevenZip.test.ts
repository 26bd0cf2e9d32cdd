import assert from 'node:assert/strict';
import { DamagedStream } from '../../../src/core/archives/decoded';
import { EncryptedHeader, readSevenZip } from '../../../src/core/archives/sevenZip';
import { Budget, BudgetExceeded } from '../../../src/core/budget';
import { MemoryByteSource } from '../../../src/core/io/byteSource';
import { SEVEN_ZIP_FORMAT } from '../../../src/core/models/archive/sevenZip';
import { bytesOf, integer, scanBytes, verdicts } from '../models/scanBytes';
import { build7z, concat, text } from './builders';
import { BZIP2, LZMA_RAW, PLAIN } from './vectors';

const A = { name: 'a.txt', data: text('first of a solid folder') };
const B = { name: 'b/ü.txt', data: text('second') };
const read = (bytes: Uint8Array) => readSevenZip(new MemoryByteSource(bytes), new Budget());
const stored = (files: { name: string; data: Uint8Array }[]) =>
  build7z(files, { id: [0], properties: [], packed: concat(files.map((f) => f.data)) });

describe('7z', () => {
  it('lists and opens the files of a solid folder', async () => {
    const entries = await read(stored([A, B]));
    assert.deepEqual(
      entries.map((e) => [e.name, e.size]),
      [
        ['a.txt', A.data.length],
        ['b/ü.txt', B.data.length],
      ],
    );
    assert.deepEqual(await entries[1]?.source?.read(0, 100), B.data);
    assert.deepEqual(await entries[0]?.source?.read(0, 100), A.data);
  });

  it('decodes LZMA and bzip2, and says what it cannot', async () => {
    const file = [{ name: 'text', data: PLAIN }];
    const coders = [
      { id: [3, 1, 1], properties: [...bytesOf(0x5d, integer(65536, 4))], packed: LZMA_RAW },
      { id: [4, 2, 2], properties: [], packed: BZIP2 },
    ];
    for (const coder of coders) {
      const [entry] = await read(build7z(file, coder));
      assert.deepEqual(await entry?.source?.read(0, PLAIN.length), PLAIN);
    }
    const unknown = await scanBytes('x.7z', build7z(file, { id: [3, 4, 1], properties: [], packed: PLAIN }), {
      formats: [SEVEN_ZIP_FORMAT],
    });
    assert.equal(unknown.status, 'partial');
    assert.match(unknown.reason ?? '', /coder 030401/);
    const encrypted = build7z(file, { id: [6, 0xf1, 7, 1], properties: [1], packed: PLAIN });
    assert.match((await scanBytes('x.7z', encrypted, { formats: [SEVEN_ZIP_FORMAT] })).reason ?? '', /encrypted/);
  });

  it('tells paths that leave, and nothing of honest archives', async () => {
    const scan = (files: { name: string; data: Uint8Array }[]) =>
      scanBytes('x.7z', stored(files), { formats: [SEVEN_ZIP_FORMAT] });
    assert.deepEqual(verdicts(await scan([A, B])), []);
    assert.deepEqual(verdicts(await scan([A, { ...B, name: '..\\x' }])), ['high archive/path-traversal']);
  });

  it('cut off or altered anywhere throws only what is documented', async () => {
    const whole = stored([A, B]);
    const attempt = async (bytes: Uint8Array) => {
      try {
        for (const entry of await read(bytes)) await entry.source?.read(0, 100);
      } catch (error) {
        const known =
          error instanceof DamagedStream || error instanceof EncryptedHeader || error instanceof BudgetExceeded;
        assert.ok(known, String((error as Error).stack));
      }
    };
    for (let length = 0; length < whole.length; length += 1) await attempt(whole.subarray(0, length));
    for (let at = 0; at < whole.length; at += 1) {
      for (const value of [0, 1, 0x7f, 0xff]) {
        const altered = whole.slice();
        altered[at] = value;
        await attempt(altered);
      }
    }
  });
});
