import assert from 'node:assert/strict';
import { MemoryByteSource } from '../../../src/core/io/byteSource';
import { CachedByteSource } from '../../../src/core/io/cache';
import { PagedByteSource } from '../../../src/core/io/pages';

const bytes = Uint8Array.from({ length: 1_000_003 }, (_, i) => (i * 31) & 255);

describe('pages', () => {
  it('give the same bytes as the source for every offset and length', async () => {
    const paged = new PagedByteSource(new MemoryByteSource(bytes), 8);
    for (let offset = 0; offset < 1_000_100; offset += 9973) {
      for (const length of [0, 1, 2047, 2048, 2049, 10_000, 65_536, 70_000]) {
        assert.deepEqual(
          await paged.read(offset, length),
          bytes.subarray(offset, offset + length),
          `${offset}+${length}`,
        );
      }
    }
    assert.equal((await paged.read(2_000_000, 4)).length, 0);
  });

  it('scattered looks cost little, and reading on costs few reads', async () => {
    const counted = new CachedByteSource(new MemoryByteSource(bytes));
    const scattered = new PagedByteSource(counted);
    for (let offset = 5; offset < 1_000_000; offset += 100_000) await scattered.read(offset, 8);
    assert.ok(counted.bytesRead <= 10 * 2048, `${counted.bytesRead} bytes`);
    const other = new CachedByteSource(new MemoryByteSource(bytes));
    const sequential = new PagedByteSource(other);
    for (let offset = 0; offset < 1_000_000; offset += 512) await sequential.read(offset, 512);
    assert.ok(other.reads < 30, `${other.reads} reads`);
    assert.ok(other.bytesRead < 1_100_000, `${other.bytesRead} bytes`);
  });

  it('a peek takes what is asked for, or what is held already', async () => {
    const cached = new CachedByteSource(new MemoryByteSource(bytes), { blockSize: 4096 });
    assert.deepEqual(await cached.peek(50_000, 10), bytes.subarray(50_000, 50_010));
    assert.equal(cached.bytesRead, 10);
    await cached.read(0, 1);
    assert.deepEqual(await cached.peek(100, 50), bytes.subarray(100, 150));
    assert.deepEqual([cached.bytesRead, cached.reads], [4106, 2]);
    assert.equal((await cached.peek(2_000_000, 4)).length, 0);
  });
});
