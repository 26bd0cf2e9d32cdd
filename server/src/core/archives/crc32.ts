const TABLE = new Int32Array(256);
for (let n = 0; n < 256; n += 1) {
  let c = n;
  for (let k = 0; k < 8; k += 1) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  TABLE[n] = c;
}

/** CRC-32 of ISO 3309, as zip, gzip, 7z and xz use it. */
export class Crc32 {
  #state = -1;

  update(bytes: Uint8Array): this {
    let c = this.#state;
    for (let i = 0; i < bytes.length; i += 1) c = (TABLE[(c ^ (bytes[i] as number)) & 255] as number) ^ (c >>> 8);
    this.#state = c;
    return this;
  }

  /** Unsigned. */
  get value(): number {
    return (this.#state ^ -1) >>> 0;
  }
}
