/**
 * Text of a configuration as readers decode its bytes: by byte order mark, else by the pattern of the zero bytes in the
 * first character (RFC 4627 section 3, YAML 1.2 section 5.2), else as UTF-8. The mark is dropped.
 */
export function decodeConfig(bytes: Uint8Array): string {
  const [a, b, c, d] = bytes;
  if (a === 0xff && b === 0xfe) {
    return c === 0 && d === 0 ? utf32(bytes.subarray(4), true) : new TextDecoder('utf-16le').decode(bytes);
  }
  if (a === 0xfe && b === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  if (a === 0 && b === 0 && c === 0xfe && d === 0xff) return utf32(bytes.subarray(4), false);
  if (bytes.length >= 4) {
    if (a === 0 && b === 0 && c === 0 && d !== 0) return utf32(bytes, false);
    if (a !== 0 && b === 0 && c === 0 && d === 0) return utf32(bytes, true);
    if (a === 0 && b !== 0) return new TextDecoder('utf-16be').decode(bytes);
    if (a !== 0 && b === 0) return new TextDecoder('utf-16le').decode(bytes);
  }
  return new TextDecoder().decode(bytes);
}

function utf32(bytes: Uint8Array, littleEndian: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pieces: string[] = [];
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const code = view.getUint32(at, littleEndian);
    pieces.push(code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd');
  }
  return pieces.join('');
}
