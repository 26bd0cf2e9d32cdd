import type { ByteSource } from '../../io/byteSource';

/** An offset of the buffer points outside of it, or a table is none. */
export class MalformedFlatbuffer extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'MalformedFlatbuffer';
  }
}

/**
 * Random access to tables of a FlatBuffer (https://flatbuffers.dev/internals) that is not in memory. Every offset is
 * checked against the size of the source.
 */
export class Flatbuffer {
  /** Behind the last byte of all that has been read or measured so far. */
  reached = 0;

  constructor(private readonly source: ByteSource) {}

  reach(end: number): void {
    if (end > this.reached) this.reached = end;
  }

  async #read(at: number, length: number): Promise<DataView> {
    if (at < 0 || at + length > this.source.size)
      throw new MalformedFlatbuffer(`an offset to ${at}, outside of the file`);
    const bytes = await this.source.read(at, length);
    if (bytes.length < length) throw new MalformedFlatbuffer('the file ends');
    this.reach(at + length);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  async u32(at: number): Promise<number> {
    return (await this.#read(at, 4)).getUint32(0, true);
  }

  /** Exact up to 2^53; what lies beyond is larger than any file. */
  async u64(at: number): Promise<number> {
    return Number((await this.#read(at, 8)).getBigUint64(0, true));
  }

  async i32(at: number): Promise<number> {
    return (await this.#read(at, 4)).getInt32(0, true);
  }

  async i8(at: number): Promise<number> {
    return (await this.#read(at, 1)).getInt8(0);
  }

  /** The table that the root offset names. */
  async root(): Promise<number> {
    return this.#table(await this.u32(0));
  }

  async #table(at: number): Promise<number> {
    await this.#vtable(at);
    return at;
  }

  async #vtable(table: number): Promise<{ at: number; size: number }> {
    const at = table - (await this.i32(table));
    const size = (await this.#read(at, 4)).getUint16(0, true);
    if (size < 4 || size % 2 !== 0 || at + size > this.source.size)
      throw new MalformedFlatbuffer(`no table at ${table}`);
    return { at, size };
  }

  /** Absolute place of a field, or undefined when the table leaves it at its default. */
  async field(table: number, index: number): Promise<number | undefined> {
    const vtable = await this.#vtable(table);
    if (4 + index * 2 + 2 > vtable.size) return undefined;
    const offset = (await this.#read(vtable.at + 4 + index * 2, 2)).getUint16(0, true);
    return offset === 0 ? undefined : table + offset;
  }

  /** Where an offset field points. */
  async target(table: number, index: number): Promise<number | undefined> {
    const at = await this.field(table, index);
    if (at === undefined) return undefined;
    const to = at + (await this.u32(at));
    if (to + 4 > this.source.size) throw new MalformedFlatbuffer(`an offset to ${to}, outside of the file`);
    return to;
  }

  async text(table: number, index: number, limit = 4096): Promise<string | undefined> {
    const at = await this.target(table, index);
    if (at === undefined) return undefined;
    const length = await this.u32(at);
    if (at + 4 + length > this.source.size) throw new MalformedFlatbuffer('a text past the end');
    this.reach(at + 4 + length);
    return new TextDecoder().decode(await this.source.read(at + 4, Math.min(length, limit)));
  }

  /** Place of the first element and number of elements. */
  async vector(table: number, index: number, width: number): Promise<{ at: number; count: number }> {
    const at = await this.target(table, index);
    if (at === undefined) return { at: 0, count: 0 };
    const count = await this.u32(at);
    if (at + 4 + count * width > this.source.size) throw new MalformedFlatbuffer('a vector past the end');
    this.reach(at + 4 + count * width);
    return { at: at + 4, count };
  }

  /** The table that element `i` of a vector of tables names. */
  async element(vector: { at: number; count: number }, i: number): Promise<number> {
    const at = vector.at + i * 4;
    return this.#table(at + (await this.u32(at)));
  }
}
