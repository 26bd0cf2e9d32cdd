/** A file's bytes as text. Offsets of the text are UTF-16 code units, as editors count. */
export interface DecodedText {
  text: string;
  encoding: 'utf-8' | 'utf-16le' | 'utf-16be';
}

/**
 * Decodes by byte order mark, else as UTF-8. A mark is dropped, as editors do; invalid bytes become U+FFFD, so that a
 * damaged or Latin-1 file is still read.
 */
export function decodeText(bytes: Uint8Array): DecodedText {
  const encoding = encodingOf(bytes);
  return { text: new TextDecoder(encoding, { fatal: false, ignoreBOM: false }).decode(bytes), encoding };
}

function encodingOf(bytes: Uint8Array): DecodedText['encoding'] {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return 'utf-8';
}

/** Longest UTF-8 sequence less one: what may be cut off at the end of a sample. */
const CUT = 3;

/**
 * True when the first bytes of a file look like text: a byte order mark, or valid UTF-8 without NUL and almost without
 * other control characters. `whole` tells that nothing follows, so that a cut character at the end is an error.
 */
export function looksLikeText(head: Uint8Array, whole: boolean): boolean {
  if (encodingOf(head) !== 'utf-8') return true;
  let controls = 0;
  for (const byte of head) {
    if (byte === 0) return false;
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13 && byte !== 27) controls += 1;
  }
  if (controls * 100 > head.length) return false;
  for (let cut = 0; cut <= (whole ? 0 : CUT); cut += 1) {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(head.subarray(0, head.length - cut));
      return true;
    } catch {
      // A sample may end inside a character: try again without the last byte.
    }
  }
  return false;
}

/** True when the bytes hold no NUL: enough for a file whose name already says that it is text. */
export function hasNoNul(head: Uint8Array): boolean {
  return encodingOf(head) !== 'utf-8' || !head.includes(0);
}
