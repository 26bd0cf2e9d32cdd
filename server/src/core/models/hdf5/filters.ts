import { openStream } from '../../archives/streams';
import type { Budget } from '../../budget';
import { MemoryByteSource } from '../../io/byteSource';
import type { Filter } from './messages';

const DEFLATE = 1;
const SHUFFLE = 2;
const FLETCHER32 = 3;
export const LZF = 32000;

/**
 * Content of a chunk that went through the filters which h5py offers by itself (HDF5 File Format Specification IV.A.2.l;
 * LZF is h5py's own).
 * @param limit bytes that are decoded at most
 * @param elementSize bytes of an element, by which shuffling has sorted them
 * @returns undefined for other filters and for damaged chunks
 * @throws BudgetExceeded
 */
export async function unfiltered(
  chunk: Uint8Array,
  filters: readonly Filter[],
  elementSize: number,
  limit: number,
  budget: Budget,
): Promise<Uint8Array | undefined> {
  let data = chunk;
  for (const { id } of [...filters].reverse()) {
    if (id === FLETCHER32) data = data.subarray(0, Math.max(0, data.length - 4));
    else if (id === SHUFFLE) data = unshuffled(data, elementSize);
    else if (id === DEFLATE) {
      try {
        data = await openStream(new MemoryByteSource(data), 'zlib', budget).read(0, limit);
      } catch (error) {
        if (error instanceof Error && error.name === 'BudgetExceeded') throw error;
        return undefined;
      }
    } else if (id === LZF) {
      const decoded = decodeLzf(data, limit);
      if (!decoded) return undefined;
      data = decoded;
    } else return undefined;
  }
  return data;
}

function unshuffled(data: Uint8Array, size: number): Uint8Array {
  if (size <= 1) return data;
  const count = Math.floor(data.length / size);
  const out = data.slice();
  for (let part = 0; part < size; part += 1) {
    for (let i = 0; i < count; i += 1) out[i * size + part] = data[part * count + i] as number;
  }
  return out;
}

/** The LZF format of liblzf: runs of literals, and references back of up to 8 KiB. */
function decodeLzf(data: Uint8Array, limit: number): Uint8Array | undefined {
  // One byte of input gives at most 88 bytes: three bytes refer to 264.
  const out = new Uint8Array(Math.min(limit, data.length * 88 + 264));
  let to = 0;
  for (let at = 0; at < data.length && to < out.length; ) {
    const control = data[at] as number;
    at += 1;
    if (control < 32) {
      if (at + control + 1 > data.length) return undefined;
      for (let i = 0; i <= control && to < out.length; i += 1) out[to++] = data[at + i] as number;
      at += control + 1;
      continue;
    }
    let length = control >> 5;
    if (length === 7) length += data[at++] ?? 0;
    if (at >= data.length) return undefined;
    const from = to - ((control & 31) << 8) - (data[at] as number) - 1;
    at += 1;
    if (from < 0) return undefined;
    for (let i = 0; i < length + 2 && to < out.length; i += 1) out[to++] = out[from + i] as number;
  }
  return out.subarray(0, to);
}
