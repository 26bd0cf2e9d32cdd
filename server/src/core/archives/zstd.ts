import { Decompress } from 'fzstd';
import type { ByteReader } from '../io/reader';
import { DamagedStream, type Decode } from './decoded';

const FRAME = 0xfd2fb528;
const LARGEST_BLOCK = 128 * 1024;
/** A window is allocated before the first byte of the frame is decoded. */
const LARGEST_WINDOW = 2 ** 25;

/**
 * Zstandard (RFC 8878), several frames in a row, skippable ones passed over. The frames and blocks are walked here and
 * given to the decoder one block at a time, so that no more than one block is ever decoded ahead. Windows above 32 MiB
 * and dictionaries are not supported; checksums are passed over.
 */
export const decodeZstd: Decode = async function* (reader) {
  for (let first = true; ; first = false) {
    const mark = reader.position;
    const magic = (await reader.ensure(4)) ? await reader.u32() : 0;
    if (magic >= 0x184d2a50 && magic <= 0x184d2a5f) {
      const length = await reader.u32();
      reader.skip(length);
    } else if (magic === FRAME) {
      reader.seek(mark);
      yield* frame(reader);
    } else {
      if (first) throw new DamagedStream('zstd: no frame');
      reader.seek(mark);
      return;
    }
  }
};

async function* frame(reader: ByteReader): AsyncGenerator<Uint8Array, void> {
  const start = reader.position;
  reader.skip(4);
  const descriptor = await reader.u8();
  const single = (descriptor & 0x20) !== 0;
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  if (single) {
    reader.skip([0, 1, 2, 4][descriptor & 3] as number);
    const size = await reader.bytes(sizeBytes);
    let window = 0;
    for (let i = size.length - 1; i >= 0; i -= 1) window = window * 256 + (size[i] as number);
    if (window > LARGEST_WINDOW) throw new DamagedStream('zstd: the window is larger than 32 MiB');
  } else {
    const code = await reader.u8();
    const base = 2 ** (10 + (code >> 3));
    if (base + (base / 8) * (code & 7) > LARGEST_WINDOW)
      throw new DamagedStream('zstd: the window is larger than 32 MiB');
    reader.skip(([0, 1, 2, 4][descriptor & 3] as number) + sizeBytes);
  }
  const headerLength = reader.position - start;
  reader.seek(start);
  let pending: Uint8Array = (await reader.bytes(headerLength)).slice();
  let decoded: Uint8Array[] = [];
  const decoder = new Decompress((piece) => {
    if (piece.length) decoded.push(piece.slice());
  });
  for (let last = false; !last; ) {
    const header = await reader.bytes(3);
    const fields = (header[0] as number) | ((header[1] as number) << 8) | ((header[2] as number) << 16);
    last = (fields & 1) === 1;
    const type = (fields >> 1) & 3;
    const size = fields >> 3;
    if (type === 3 || size > LARGEST_BLOCK) throw new DamagedStream('zstd: a block of an unknown type or size');
    reader.seek(reader.position - 3);
    const length = 3 + (type === 1 ? 1 : size) + (last && descriptor & 4 ? 4 : 0);
    const block = await reader.bytes(length);
    const push = new Uint8Array(pending.length + block.length);
    push.set(pending);
    push.set(block, pending.length);
    pending = new Uint8Array(0);
    try {
      decoder.push(push, last);
    } catch (error) {
      throw new DamagedStream(`zstd: ${error instanceof Error ? error.message : 'damaged'}`);
    }
    for (const piece of decoded) yield piece;
    decoded = [];
  }
}
