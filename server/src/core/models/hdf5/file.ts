import type { Budget } from '../../budget';
import { type ByteSource, peekAt } from '../../io/byteSource';
import { Cursor, decodeText, ExcessiveHdf5, UNDEFINED_ADDRESS, UnreadableHdf5 } from './cursor';
import { FractalHeap, indexRecords } from './fractalHeap';
import {
  type Dataspace,
  type Datatype,
  elements,
  type Filter,
  type Layout,
  type Link,
  type RawAttribute,
  readDataspace,
  readDatatype,
  readFilters,
  readLayout,
  readLink,
  splitAttribute,
  type Widths,
} from './messages';

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Where a file's superblock may stand: at 0, then at powers of two from 512 (a user block before it). */
export async function findSuperblock(source: ByteSource, head: Uint8Array): Promise<number | undefined> {
  if (hasSignature(head, 0)) return 0;
  const far: number[] = [];
  for (let at = 512; at < source.size && at <= 2 ** 27; at *= 2) {
    if (at + 8 > head.length) far.push(at);
    else if (hasSignature(head, at)) return at;
  }
  // Together, since each may be a request to another machine; backwards, so that it does not look like reading on.
  const looks = far.reverse().map(async (at) => hasSignature(await peekAt(source, at, 8), 0));
  return far[(await Promise.all(looks)).lastIndexOf(true)];
}

export function hasSignature(bytes: Uint8Array, at: number): boolean {
  return SIGNATURE.every((byte, i) => bytes[at + i] === byte);
}

export interface ExternalFile {
  name: string;
  size: number;
}

/** What the header of an object says. */
export interface ObjectHeader {
  attributes: RawAttribute[];
  links: Link[];
  /** Absent for a group. */
  type?: Datatype;
  space?: Dataspace;
  layout?: Layout;
  filters: Filter[];
  external: ExternalFile[];
  isGroup: boolean;
  /** A shared message of the superblock extension or another object was met and left out. */
  hasShared: boolean;
}

const MOST_MESSAGES = 100_000;
/** Links of all groups together. */
const MOST_LINKS = 1_000_000;
const LARGEST_BLOCK = 64 * 1024 * 1024;

/**
 * Reader of the structure of an HDF5 file by random access: groups, links, attributes, types, shapes and storage, and of
 * the data only what is asked for. Follows the HDF5 File Format Specification, versions 1.0 to 3.0. A few kilobytes of a
 * file of any size are read.
 */
export class Hdf5File {
  readonly #heaps = new Map<number, Promise<FractalHeap>>();
  readonly #localHeaps = new Map<number, Promise<Uint8Array>>();
  readonly #collections = new Map<number, Promise<Map<number, { offset: number; size: number }>>>();
  /** Committed datatypes that are being read: one that refers to itself has no end. */
  readonly #resolving = new Set<number>();
  /** Bytes that may still be read. Structures that share one block over and over would be read without end. */
  #left: number;
  #links = 0;

  private constructor(
    private readonly source: ByteSource,
    private readonly budget: Budget,
    /** Added to every address. */
    private readonly base: number,
    readonly widths: Widths,
    readonly superblockVersion: number,
    readonly root: number,
  ) {
    this.#left = 64 * 1024 * 1024 + 4 * source.size;
  }

  #spend(length: number): void {
    this.#left -= length;
    if (this.#left < 0) throw new ExcessiveHdf5('the same parts of the file are used over and over');
  }

  /** @throws UnreadableHdf5 */
  static async open(source: ByteSource, start: number, budget: Budget): Promise<Hdf5File> {
    const c = new Cursor(await source.read(start, 128), 8);
    const version = c.u8();
    if (version <= 1) {
      c.skip(4);
      const widths = { offset: c.u8(), length: c.u8() };
      checkWidths(widths);
      c.skip(1 + 4 + 4 + (version === 1 ? 4 : 0));
      const base = c.address(widths.offset);
      c.skip(widths.offset * 3);
      c.skip(widths.offset);
      const root = c.address(widths.offset);
      return new Hdf5File(source, budget, Math.max(base, start), widths, version, root);
    }
    if (version > 3) throw new UnreadableHdf5(`superblock version ${version}`);
    const widths = { offset: c.u8(), length: c.u8() };
    checkWidths(widths);
    c.skip(1);
    const base = c.address(widths.offset);
    c.skip(widths.offset * 2);
    return new Hdf5File(source, budget, Math.max(base, start), widths, version, c.address(widths.offset));
  }

  /** Reads exactly `length` bytes at an address of the file. */
  async read(address: number, length: number): Promise<Uint8Array> {
    if (address < 0 || length < 0 || length > LARGEST_BLOCK)
      throw new UnreadableHdf5(`a block of ${length} bytes at ${address}`);
    this.#spend(length);
    const bytes = await this.source.read(this.base + address, length);
    if (bytes.length < length) throw new UnreadableHdf5(`the file ends inside of a block at ${address}`);
    return bytes;
  }

  /** Bytes at an address, fewer where the file ends. */
  async readSome(address: number, length: number): Promise<Uint8Array> {
    if (address < 0) throw new UnreadableHdf5('an address that is not set');
    this.#spend(length);
    return this.source.read(this.base + address, length);
  }

  /** Absolute offset of an address in the file. */
  offsetOf(address: number): number {
    return this.base + address;
  }

  get size(): number {
    return this.source.size - this.base;
  }

  async header(address: number): Promise<ObjectHeader> {
    const header: ObjectHeader = {
      attributes: [],
      links: [],
      filters: [],
      external: [],
      isGroup: false,
      hasShared: false,
    };
    const start = await this.readSome(address, 64);
    if (start.length < 16) throw new UnreadableHdf5(`no object header at ${address}`);
    const isNew = String.fromCharCode(...start.subarray(0, 4)) === 'OHDR';
    if (isNew) await this.#newHeader(address, new Cursor(start, 4), header);
    else await this.#oldHeader(address, new Cursor(start), header);
    return header;
  }

  /** Version 1 prefix: IV.A.1.a. */
  async #oldHeader(address: number, c: Cursor, header: ObjectHeader): Promise<void> {
    if (c.u8() !== 1) throw new UnreadableHdf5(`no object header at ${address}`);
    c.skip(1);
    const count = c.u16();
    c.skip(4);
    const size = c.u32();
    const blocks: { address: number; size: number }[] = [{ address: address + 16, size }];
    let messages = 0;
    for (let i = 0; i < blocks.length && messages < Math.min(count, MOST_MESSAGES); i += 1) {
      const block = blocks[i] as { address: number; size: number };
      const inner = new Cursor(await this.read(block.address, block.size));
      while (inner.left >= 8 && messages < count) {
        const type = inner.u16();
        const length = inner.u16();
        const flags = inner.u8();
        inner.skip(3);
        const body = inner.slice(Math.min(length, inner.left));
        messages += 1;
        await this.#message(type, flags, body, header, blocks);
      }
    }
  }

  /** Version 2 prefix: IV.A.1.b. */
  async #newHeader(address: number, c: Cursor, header: ObjectHeader): Promise<void> {
    const version = c.u8();
    if (version !== 2) throw new UnreadableHdf5(`object header version ${version}`);
    const flags = c.u8();
    if (flags & 0x20) c.skip(16);
    if (flags & 0x10) c.skip(4);
    const size = c.uint(1 << (flags & 3));
    const blocks: { address: number; size: number }[] = [{ address: address + c.at, size }];
    let messages = 0;
    for (let i = 0; i < blocks.length; i += 1) {
      const block = blocks[i] as { address: number; size: number };
      const inner = new Cursor(await this.read(block.address, block.size));
      if (i > 0) {
        if (inner.signature() !== 'OCHK') throw new UnreadableHdf5(`no continuation at ${block.address}`);
      }
      // The checksum at the end of a continuation is no message.
      const end = i > 0 ? inner.bytes.length - 4 : inner.bytes.length;
      while (end - inner.at >= 4 + (flags & 4 ? 2 : 0) && messages < MOST_MESSAGES) {
        const type = inner.u8();
        const length = inner.u16();
        const messageFlags = inner.u8();
        if (flags & 4) inner.skip(2);
        if (length > end - inner.at) break;
        messages += 1;
        await this.#message(type, messageFlags, inner.slice(length), header, blocks);
      }
    }
  }

  async #message(
    type: number,
    flags: number,
    body: Uint8Array,
    header: ObjectHeader,
    blocks: { address: number; size: number }[],
  ): Promise<void> {
    const c = new Cursor(body);
    const { widths } = this;
    // Bit 1: the message is kept elsewhere and this is its address.
    if (flags & 2 && type !== 0x10) {
      const committed = type === 0x03 ? await this.#committedDatatype(c) : undefined;
      if (committed) header.type = committed;
      else header.hasShared = true;
      return;
    }
    switch (type) {
      case 0x01:
        header.space = readDataspace(c, widths);
        return;
      case 0x02:
        header.isGroup = true;
        return this.#denseLinks(c, header);
      case 0x03:
        header.type = readDatatype(c);
        return;
      case 0x06:
        header.isGroup = true;
        this.#addLink(header, readLink(c, widths));
        return;
      case 0x07:
        return this.#externalFiles(c, header);
      case 0x08:
        header.layout = readLayout(c, widths);
        return;
      case 0x0b:
        header.filters = readFilters(c);
        return;
      case 0x0c:
        return this.#attribute(c, header);
      case 0x10: {
        if (blocks.length > 4096) throw new UnreadableHdf5('too many continuations of one object header');
        const address = c.address(widths.offset);
        const size = c.uint(widths.length);
        if (blocks.some((block) => block.address === address))
          throw new UnreadableHdf5('an object header continues in itself');
        blocks.push({ address, size });
        return;
      }
      case 0x11:
        header.isGroup = true;
        return this.#symbolTable(c, header);
      case 0x15:
        return this.#denseAttributes(c, header);
      default:
    }
  }

  #addLink(header: ObjectHeader, link: Link): void {
    this.#links += 1;
    if (this.#links > MOST_LINKS) throw new ExcessiveHdf5(`more than ${MOST_LINKS} links`);
    header.links.push(link);
  }

  async #attribute(c: Cursor, header: ObjectHeader): Promise<void> {
    const parts = splitAttribute(c);
    const type = parts.isTypeShared
      ? await this.#committedDatatype(new Cursor(parts.type))
      : readDatatype(new Cursor(parts.type));
    if (!type || parts.isSpaceShared) {
      header.hasShared = true;
      return;
    }
    const space = readDataspace(new Cursor(parts.space), this.widths);
    header.attributes.push({ name: parts.name, type, space, data: parts.data });
  }

  /**
   * A committed datatype: the message is an address of its object header. IV.A.2 "shared message".
   * @returns undefined for one that lies in the heap of shared messages
   */
  async #committedDatatype(c: Cursor): Promise<Datatype | undefined> {
    const version = c.u8();
    const kind = c.u8();
    if (version === 1) c.skip(6);
    if (version === 3 && kind !== 2) return undefined;
    const address = c.address(this.widths.offset);
    if (this.#resolving.has(address)) throw new UnreadableHdf5('a datatype that refers to itself');
    this.#resolving.add(address);
    try {
      return (await this.header(address)).type;
    } finally {
      this.#resolving.delete(address);
    }
  }

  async #externalFiles(c: Cursor, header: ObjectHeader): Promise<void> {
    c.skip(4);
    c.u16();
    const used = c.u16();
    const heap = await this.#localHeap(c.address(this.widths.offset));
    for (let i = 0; i < Math.min(used, 1000); i += 1) {
      const nameOffset = c.uint(this.widths.length);
      c.uint(this.widths.length);
      const sizeBytes = c.slice(this.widths.length);
      const unlimited = sizeBytes.every((byte) => byte === 0xff);
      const size = unlimited ? -1 : new Cursor(sizeBytes).uint(this.widths.length);
      header.external.push({ name: new Cursor(heap, Math.min(nameOffset, heap.length)).text(), size });
    }
  }

  #localHeap(address: number): Promise<Uint8Array> {
    let heap = this.#localHeaps.get(address);
    if (!heap) {
      heap = (async () => {
        const c = new Cursor(await this.read(address, 8 + this.widths.length * 2 + this.widths.offset));
        if (c.signature() !== 'HEAP') throw new UnreadableHdf5(`no local heap at ${address}`);
        c.skip(4);
        const size = c.uint(this.widths.length);
        c.skip(this.widths.length);
        return this.read(c.address(this.widths.offset), size);
      })();
      this.#localHeaps.set(address, heap);
    }
    return heap;
  }

  /** A group of the old kind: III.A version 1 B-tree, III.B symbol table nodes. */
  async #symbolTable(c: Cursor, header: ObjectHeader): Promise<void> {
    const tree = c.address(this.widths.offset);
    const heap = await this.#localHeap(c.address(this.widths.offset));
    const { offset, length } = this.widths;
    const pending = [tree];
    const seen = new Set<number>();
    const nodes = new Set<number>();
    while (pending.length) {
      const address = pending.pop() as number;
      if (address === UNDEFINED_ADDRESS || seen.has(address)) continue;
      seen.add(address);
      this.budget.checkTime();
      const prefix = new Cursor(await this.read(address, 8 + offset * 2));
      if (prefix.signature() !== 'TREE') throw new UnreadableHdf5(`no B-tree at ${address}`);
      const type = prefix.u8();
      const level = prefix.u8();
      const used = prefix.u16();
      if (type !== 0) throw new UnreadableHdf5('a group whose B-tree is none of a group');
      const entries = new Cursor(await this.read(address + 8 + offset * 2, used * (length + offset)));
      for (let i = 0; i < used; i += 1) {
        entries.skip(length);
        const child = entries.address(offset);
        if (level > 0) pending.push(child);
        else if (!nodes.has(child)) {
          nodes.add(child);
          await this.#symbolNode(child, heap, header);
        }
      }
    }
  }

  async #symbolNode(address: number, heap: Uint8Array, header: ObjectHeader): Promise<void> {
    const { offset } = this.widths;
    const prefix = new Cursor(await this.read(address, 8));
    if (prefix.signature() !== 'SNOD') throw new UnreadableHdf5(`no symbol table node at ${address}`);
    prefix.skip(2);
    const count = prefix.u16();
    const entries = new Cursor(await this.read(address + 8, count * (offset * 2 + 24)));
    for (let i = 0; i < count; i += 1) {
      const nameOffset = entries.uint(offset);
      const target = entries.address(offset);
      const cache = entries.u32();
      entries.skip(4);
      const scratch = new Cursor(entries.slice(16));
      const name = new Cursor(heap, Math.min(nameOffset, heap.length)).text();
      if (cache === 2) {
        const value = new Cursor(heap, Math.min(scratch.u32(), heap.length)).text();
        this.#addLink(header, { name, kind: 'soft', target: value });
      } else this.#addLink(header, { name, kind: 'hard', address: target });
    }
  }

  async #denseLinks(c: Cursor, header: ObjectHeader): Promise<void> {
    c.u8();
    const flags = c.u8();
    if (flags & 1) c.skip(8);
    const heap = c.address(this.widths.offset);
    const index = c.address(this.widths.offset);
    if (heap === UNDEFINED_ADDRESS || index === UNDEFINED_ADDRESS) return;
    for (const record of await indexRecords(this, index, 5, this.budget)) {
      const bytes = await (await this.#fractalHeap(heap)).object(record.subarray(4));
      this.#addLink(header, readLink(new Cursor(bytes), this.widths));
    }
  }

  async #denseAttributes(c: Cursor, header: ObjectHeader): Promise<void> {
    c.u8();
    const flags = c.u8();
    if (flags & 1) c.skip(2);
    const heap = c.address(this.widths.offset);
    const index = c.address(this.widths.offset);
    if (heap === UNDEFINED_ADDRESS || index === UNDEFINED_ADDRESS) return;
    for (const record of await indexRecords(this, index, 8, this.budget)) {
      // A record's flags (byte 8) say that the attribute is shared and kept in another heap.
      if ((record[8] ?? 0) & 2) {
        header.hasShared = true;
        continue;
      }
      const bytes = await (await this.#fractalHeap(heap)).object(record.subarray(0, 8));
      await this.#attribute(new Cursor(bytes), header);
    }
  }

  #fractalHeap(address: number): Promise<FractalHeap> {
    let heap = this.#heaps.get(address);
    if (!heap) {
      heap = FractalHeap.open(this, address, this.budget);
      this.#heaps.set(address, heap);
    }
    return heap;
  }

  /** Place of an object of a global heap collection (III.E). */
  async globalHeapObject(address: number, index: number): Promise<{ offset: number; size: number } | undefined> {
    let collection = this.#collections.get(address);
    if (!collection) {
      collection = this.#readCollection(address);
      this.#collections.set(address, collection);
    }
    return (await collection).get(index);
  }

  async #readCollection(address: number): Promise<Map<number, { offset: number; size: number }>> {
    const { length } = this.widths;
    const prefix = new Cursor(await this.read(address, 8 + length));
    if (prefix.signature() !== 'GCOL') throw new UnreadableHdf5(`no global heap at ${address}`);
    prefix.skip(4);
    const end = address + prefix.uint(length);
    const objects = new Map<number, { offset: number; size: number }>();
    for (let at = address + 8 + length; at + 8 + length <= end && objects.size < 100_000; ) {
      const c = new Cursor(await this.read(at, 8 + length));
      const index = c.u16();
      c.skip(6);
      const size = c.uint(length);
      if (index === 0) break;
      objects.set(index, { offset: at + 8 + length, size });
      at += 8 + length + Math.ceil(size / 8) * 8;
      if (objects.size % 1000 === 0) this.budget.checkTime();
    }
    return objects;
  }

  /**
   * Bytes of each element of an attribute or a small data set: of the text or sequence for variable-length types, of the
   * element itself otherwise (all elements of a numeric array as one).
   */
  async values(type: Datatype, space: Dataspace, data: Uint8Array, most: number): Promise<Uint8Array[]> {
    const count = elements(space);
    if (type.class !== 'vlen') {
      if (type.class !== 'string') return [data.subarray(0, Math.min(data.length, count * type.size))];
      const out: Uint8Array[] = [];
      for (let i = 0; i < Math.min(count, most); i += 1) out.push(data.subarray(i * type.size, (i + 1) * type.size));
      return out;
    }
    const out: Uint8Array[] = [];
    const c = new Cursor(data);
    const width = 8 + this.widths.offset;
    for (let i = 0; i < Math.min(count, most) && c.left >= width; i += 1) {
      const length = c.u32();
      const address = c.address(this.widths.offset);
      const index = c.u32();
      if (length === 0 || address <= 0) {
        out.push(new Uint8Array(0));
        continue;
      }
      const object = await this.globalHeapObject(address, index);
      if (!object) continue;
      this.budget.checkMemory(object.size, 'a variable-length value');
      out.push(await this.readLarge(object.offset, object.size));
    }
    return out;
  }

  /** Text of an attribute; undefined when it is none. */
  async attributeText(attribute: RawAttribute): Promise<string | undefined> {
    if (!attribute.type.isText) return undefined;
    const [value] = await this.values(attribute.type, attribute.space, attribute.data, 1);
    if (!value) return undefined;
    const nul = value.indexOf(0);
    // UTF-16 JSON has zero bytes of its own; nobody stores it here, but padding is NUL.
    return decodeText(nul < 0 ? value : value.subarray(0, nul));
  }

  /** Bytes of any length that the budget allows. */
  async readLarge(address: number, length: number): Promise<Uint8Array> {
    this.budget.checkMemory(length, 'a value');
    this.#spend(length);
    const bytes = await this.source.read(this.base + address, length);
    if (bytes.length < length) throw new UnreadableHdf5(`the file ends inside of a value at ${address}`);
    return bytes;
  }
}

function checkWidths(widths: Widths): void {
  for (const width of [widths.offset, widths.length]) {
    if (width !== 2 && width !== 4 && width !== 8)
      throw new UnreadableHdf5(`widths ${widths.offset} and ${widths.length}`);
  }
}
