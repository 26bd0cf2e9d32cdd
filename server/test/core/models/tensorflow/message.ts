/** Writes Protocol Buffers by field number, for tests. */
export type Content = string | Uint8Array;

function varint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    out.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
  return out;
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** A length-delimited field. */
export function field(number: number, content: Content, ...more: Uint8Array[]): Uint8Array {
  const bytes = concat(typeof content === 'string' ? new TextEncoder().encode(content) : content, ...more);
  return concat(Uint8Array.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes);
}

export function number(fieldNumber: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(fieldNumber * 8), ...varint(value)]);
}

export function floats(values: readonly number[]): Uint8Array {
  return new Uint8Array(new Float32Array(values).buffer);
}
