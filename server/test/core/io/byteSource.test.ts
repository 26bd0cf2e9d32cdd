import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { BudgetExceeded } from '../../../src/core/budget';
import { MemoryByteSource, WindowByteSource } from '../../../src/core/io/byteSource';
import { CachedByteSource } from '../../../src/core/io/cache';
import { openFile } from '../../../src/core/io/file';
import { ByteReader, UnexpectedEnd } from '../../../src/core/io/reader';

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);

describe('byte sources', () => {
  it('memory and window give what is there and nothing past the end', async () => {
    const memory = new MemoryByteSource(bytes);
    assert.deepEqual([...(await memory.read(998, 10))], [bytes[998], bytes[999]]);
    assert.equal((await memory.read(2000, 10)).length, 0);
    const window = new WindowByteSource(memory, 990, 100);
    assert.equal(window.size, 10);
    assert.deepEqual([...(await window.read(8, 10))], [bytes[998], bytes[999]]);
    assert.equal((await window.read(10, 1)).length, 0);
    assert.equal(new WindowByteSource(memory, 5000, 10).size, 0);
  });

  it('the cache gives the same bytes as the source for every offset and length', async () => {
    const cached = new CachedByteSource(new MemoryByteSource(bytes), { blockSize: 64, blocks: 2 });
    for (let offset = 0; offset < 1010; offset += 37) {
      for (const length of [0, 1, 63, 64, 65, 200, 256, 257, 999]) {
        assert.deepEqual(
          [...(await cached.read(offset, length))],
          [...bytes.subarray(offset, offset + length)],
          `${offset}+${length}`,
        );
      }
    }
  });

  it('bytes are read into memory of the caller, the same as by a plain read, and counted', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'watchtower-into-'));
    try {
      writeFileSync(path.join(folder, 'f'), bytes);
      const file = await openFile(path.join(folder, 'f'));
      try {
        for (const inner of [file, new MemoryByteSource(bytes)]) {
          const cached = new CachedByteSource(inner, { readLimit: 1000 });
          const window = new WindowByteSource(cached, 100, 50);
          const target = new Uint8Array(80).fill(255);
          assert.equal(await window.readInto(target, 10), 40);
          assert.deepEqual(target.subarray(0, 40), bytes.subarray(110, 150));
          assert.ok(target.subarray(40).every((byte) => byte === 255));
          assert.equal(await window.readInto(target, 50), 0);
          assert.ok(cached.bytesRead >= 40);
        }
        const limited = new CachedByteSource(file, { readLimit: 30 });
        await assert.rejects(limited.readInto(new Uint8Array(31), 0), BudgetExceeded);
      } finally {
        await file.close();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('the cache reads a block once, counts it, and stops at the read limit', async () => {
    const cached = new CachedByteSource(new MemoryByteSource(bytes), { blockSize: 100, readLimit: 250 });
    await cached.read(10, 10);
    await cached.read(50, 49);
    assert.deepEqual([cached.reads, cached.bytesRead], [1, 100]);
    await cached.read(150, 1);
    await assert.rejects(
      cached.read(250, 1),
      (error: unknown) => error instanceof BudgetExceeded && error.kind === 'read',
    );
  });

  it('a file is read by offset, and what is no regular file is refused', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'watchtower-io-'));
    try {
      const file = path.join(folder, 'a b;$(x).bin');
      writeFileSync(file, bytes);
      const source = await openFile(file);
      assert.equal(source.size, 1000);
      assert.deepEqual([...(await source.read(995, 99))], [...bytes.subarray(995)]);
      await source.close();
      await assert.rejects(openFile(folder), /not a regular file|EISDIR/);
      await assert.rejects(openFile(path.join(folder, 'none')), /ENOENT/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('the reader seeks without reading, and says where data ends', async () => {
    const counted = new CachedByteSource(new MemoryByteSource(bytes), { blockSize: 16 });
    const reader = new ByteReader(counted, 4, 16);
    assert.equal(await reader.u8(), 4);
    reader.skip(900);
    assert.equal(reader.position, 905);
    assert.ok(counted.bytesRead <= 32);
    assert.equal(await reader.u16(), (bytes[905] as number) | ((bytes[906] as number) << 8));
    reader.seek(996);
    assert.equal(await reader.u32(false), new DataView(bytes.buffer).getUint32(996, false));
    assert.ok(reader.atEnd);
    reader.seek(997);
    await assert.rejects(reader.u64(), (error: unknown) => error instanceof UnexpectedEnd && error.offset === 997);
  });
});
