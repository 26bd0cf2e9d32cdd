import { DamagedStream } from './decoded';

/** Undoes a filter on all bytes that came so far. Gives how many bytes of the front are final; keeps its own state. */
export type Filter = (bytes: Uint8Array, length: number, last: boolean) => number;

/** The delta filter of .xz and 7z: each byte is stored as the difference to the one `distance` before it. */
export function deltaFilter(distance: number): Filter {
  const history = new Uint8Array(256);
  let at = 0;
  return (bytes, length) => {
    for (let i = 0; i < length; i += 1) {
      const value = ((bytes[i] as number) + (history[(at - distance) & 255] as number)) & 255;
      bytes[i] = value;
      history[at & 255] = value;
      at = (at + 1) & 255;
    }
    return length;
  };
}

/** Branch converter for x86 (BCJ): CALL and JMP operands back from absolute to relative. As in the LZMA SDK's Bra86. */
export function x86Filter(start = 0): Filter {
  let position = start;
  let state = 0;
  const extreme = (byte: number) => byte === 0 || byte === 0xff;
  const allowed = [true, true, true, false, true, false, false, false];
  const shiftOf = [0, 1, 2, 2, 3, 3, 3, 3];
  return (bytes, length, last) => {
    if (length < 5) return last ? length : 0;
    let previous = -1;
    let i = 0;
    const end = length - 5;
    let mask = state & 7;
    for (; i <= end; ) {
      if (((bytes[i] as number) & 0xfe) !== 0xe8) {
        i += 1;
        continue;
      }
      const distance = i - previous;
      previous = i;
      if (distance > 3) mask = 0;
      else {
        mask = (mask << (distance - 1)) & 7;
        if (mask !== 0) {
          const byte = bytes[i + 4 - (shiftOf[mask] as number)] as number;
          if (!allowed[mask] || extreme(byte)) {
            mask = ((mask << 1) & 7) | 1;
            i += 1;
            continue;
          }
        }
      }
      if (!extreme(bytes[i + 4] as number)) {
        mask = ((mask << 1) & 7) | 1;
        i += 1;
        continue;
      }
      let source =
        ((bytes[i + 1] as number) |
          ((bytes[i + 2] as number) << 8) |
          ((bytes[i + 3] as number) << 16) |
          ((bytes[i + 4] as number) << 24)) >>>
        0;
      let target: number;
      for (;;) {
        target = (source - (position + i + 5)) >>> 0;
        if (mask === 0) break;
        const index = (shiftOf[mask] as number) * 8;
        if (!extreme((target >>> (24 - index)) & 0xff)) break;
        source = (target ^ (2 ** (32 - index) - 1)) >>> 0;
      }
      bytes[i + 1] = target & 255;
      bytes[i + 2] = (target >>> 8) & 255;
      bytes[i + 3] = (target >>> 16) & 255;
      bytes[i + 4] = target & 0x1000000 ? 255 : 0;
      i += 5;
      mask = 0;
      previous = i - 1;
    }
    const distance = i - previous;
    state = distance > 3 ? 0 : (mask << (distance - 1)) & 7;
    position += i;
    return last ? length : i;
  };
}

/** ARM: BL operands, little endian. */
export function armFilter(start = 0): Filter {
  let position = start;
  return (bytes, length, last) => {
    let i = 0;
    for (; i + 4 <= length; i += 4) {
      if (bytes[i + 3] !== 0xeb) continue;
      const source = ((bytes[i] as number) | ((bytes[i + 1] as number) << 8) | ((bytes[i + 2] as number) << 16)) << 2;
      const target = (source - (position + i + 8)) >>> 2;
      bytes[i] = target & 255;
      bytes[i + 1] = (target >>> 8) & 255;
      bytes[i + 2] = (target >>> 16) & 255;
    }
    position += i;
    return last ? length : i;
  };
}

/** @throws DamagedStream for a filter that is not supported */
export function filterById(id: number, data: Uint8Array): Filter {
  const start = data.length >= 4 ? new DataView(data.buffer, data.byteOffset).getUint32(0, true) : 0;
  if (id === 3) return deltaFilter((data[0] ?? 0) + 1);
  if (id === 4) return x86Filter(start);
  if (id === 7) return armFilter(start);
  throw new DamagedStream(`filter ${id} is not supported`);
}

/** Runs a stream through a filter; bytes that the filter cannot finish yet wait for the next piece. */
export async function* applyFilter(
  filter: Filter,
  stream: AsyncGenerator<Uint8Array, void>,
): AsyncGenerator<Uint8Array, void> {
  let waiting: Uint8Array = new Uint8Array(0);
  for await (const piece of stream) {
    const bytes = new Uint8Array(waiting.length + piece.length);
    bytes.set(waiting);
    bytes.set(piece, waiting.length);
    const done = filter(bytes, bytes.length, false);
    if (done) yield bytes.slice(0, done);
    waiting = bytes.slice(done);
  }
  if (waiting.length) {
    filter(waiting, waiting.length, true);
    yield waiting;
  }
}
