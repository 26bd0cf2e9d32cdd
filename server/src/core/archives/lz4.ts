import { DamagedStream, type Decode } from './decoded';

const FRAME = 0x184d2204;
const LEGACY = 0x184c2102;
const MAX_BLOCK = [0, 0, 0, 0, 64 * 1024, 256 * 1024, 2 ** 20, 4 * 2 ** 20];
const HISTORY = 64 * 1024;

/** LZ4 frames (format description 1.6.2), several in a row, with skippable and legacy ones. Checksums are passed over. */
export const decodeLz4: Decode = async function* (reader) {
  for (let first = true; ; first = false) {
    const mark = reader.position;
    if (!(await reader.ensure(4))) {
      if (first) throw new DamagedStream('lz4: no frame');
      return;
    }
    const magic = await reader.u32();
    if (magic >= 0x184d2a50 && magic <= 0x184d2a5f) {
      const skipped = await reader.u32();
      reader.skip(skipped);
    } else if (magic === FRAME) {
      const flags = await reader.u8();
      const maximum = MAX_BLOCK[((await reader.u8()) >> 4) & 7] as number;
      if (flags >> 6 !== 1 || maximum === 0) throw new DamagedStream('lz4: unknown frame version or block size');
      reader.skip((flags & 8 ? 8 : 0) + (flags & 1 ? 4 : 0) + 1);
      // Kept across blocks even when they are told to be independent: a copy further back is then refused by its offset.
      let history: Uint8Array = new Uint8Array(0);
      for (;;) {
        const header = await reader.u32();
        if (header === 0) break;
        const size = header & 0x7fffffff;
        if (size > maximum + 16) throw new DamagedStream('lz4: a block larger than the frame allows');
        const packed = await reader.bytes(size);
        const block = header >>> 31 ? packed.slice() : decodeBlock(packed, history, maximum);
        if (flags & 0x10) reader.skip(4);
        history = flags & 0x20 ? new Uint8Array(0) : joinTail(history, block);
        if (block.length) yield block;
      }
      if (flags & 4) reader.skip(4);
    } else if (magic === LEGACY) {
      while (await reader.ensure(4)) {
        const at = reader.position;
        const size = await reader.u32();
        if (size === FRAME || size === LEGACY || size > 9 * 2 ** 20) {
          reader.seek(at);
          break;
        }
        yield decodeBlock(await reader.bytes(size), new Uint8Array(0), 8 * 2 ** 20);
      }
    } else {
      if (first) throw new DamagedStream('lz4: no frame');
      reader.seek(mark);
      return;
    }
  }
};

function joinTail(history: Uint8Array, block: Uint8Array): Uint8Array {
  if (block.length >= HISTORY) return block.subarray(block.length - HISTORY);
  const kept = history.subarray(Math.max(0, history.length + block.length - HISTORY));
  const out = new Uint8Array(kept.length + block.length);
  out.set(kept);
  out.set(block, kept.length);
  return out;
}

function decodeBlock(packed: Uint8Array, history: Uint8Array, maximum: number): Uint8Array {
  const out = new Uint8Array(history.length + maximum);
  out.set(history);
  let at = history.length;
  let i = 0;
  const length = (nibble: number): number => {
    if (nibble < 15) return nibble;
    let sum = 15;
    for (let byte = 255; byte === 255; ) {
      if (i >= packed.length) throw new DamagedStream('lz4: a block ends inside a length');
      byte = packed[i] as number;
      i += 1;
      sum += byte;
    }
    return sum;
  };
  while (i < packed.length) {
    const token = packed[i] as number;
    i += 1;
    const literals = length(token >> 4);
    if (i + literals > packed.length || at + literals > out.length)
      throw new DamagedStream('lz4: literals past the end');
    out.set(packed.subarray(i, i + literals), at);
    i += literals;
    at += literals;
    if (i === packed.length) break;
    const distance = (packed[i] as number) | ((packed[i + 1] ?? 0) << 8);
    i += 2;
    const copied = length(token & 15) + 4;
    if (distance === 0 || distance > at || at + copied > out.length)
      throw new DamagedStream('lz4: a copy out of range');
    if (distance >= copied) out.copyWithin(at, at - distance, at - distance + copied);
    else for (let k = 0; k < copied; k += 1) out[at + k] = out[at - distance + k] as number;
    at += copied;
  }
  return out.slice(history.length, at);
}
