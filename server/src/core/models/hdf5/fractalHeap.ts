import type { Budget } from '../../budget';
import { Cursor, UNDEFINED_ADDRESS, UnreadableHdf5 } from './cursor';
import type { Hdf5File } from './file';

const MOST_RECORDS = 1_000_000;

/** Bytes that hold numbers up to `limit`. */
function bytesFor(limit: number): number {
  return Math.floor(Math.log2(Math.max(1, limit)) / 8) + 1;
}

/**
 * All records of a version 2 B-tree (III.A.2), in no order.
 * @param type 1 for huge objects of a heap, 5 for links by name, 8 for attributes by name
 */
export async function indexRecords(
  file: Hdf5File,
  address: number,
  type: number,
  budget: Budget,
): Promise<Uint8Array[]> {
  const { offset, length } = file.widths;
  const c = new Cursor(await file.read(address, 16 + offset + 2 + length + 4));
  if (c.signature() !== 'BTHD') throw new UnreadableHdf5(`no B-tree at ${address}`);
  c.skip(1);
  if (c.u8() !== type) throw new UnreadableHdf5('a B-tree of another type');
  const nodeSize = c.u32();
  const recordSize = c.u16();
  const depth = c.u16();
  c.skip(2);
  const root = c.address(offset);
  const rootRecords = c.u16();
  if (recordSize === 0 || nodeSize < 16 || depth > 16) throw new UnreadableHdf5('a B-tree that cannot be');
  // III.A.2: the widths of the counts in a node follow from how many records fit below it.
  const perNode = [Math.floor((nodeSize - 10) / recordSize)];
  const below = [perNode[0] as number];
  for (let level = 1; level <= depth; level += 1) {
    const pointer = offset + bytesFor(perNode[0] as number) + (level > 1 ? bytesFor(below[level - 1] as number) : 0);
    const fit = Math.floor((nodeSize - 10 - pointer) / (recordSize + pointer));
    perNode.push(fit);
    below.push((fit + 1) * (below[level - 1] as number) + fit);
  }
  const records: Uint8Array[] = [];
  const seen = new Set<number>();
  const visit = async (at: number, count: number, level: number): Promise<void> => {
    if (at === UNDEFINED_ADDRESS || seen.has(at)) return;
    seen.add(at);
    budget.checkTime();
    const node = new Cursor(await file.read(at, nodeSize));
    if (node.signature() !== (level > 0 ? 'BTIN' : 'BTLF')) throw new UnreadableHdf5(`no B-tree node at ${at}`);
    node.skip(2);
    for (let i = 0; i < count; i += 1) {
      if (records.length >= MOST_RECORDS) throw new UnreadableHdf5(`more than ${MOST_RECORDS} records`);
      records.push(node.slice(recordSize));
    }
    if (level === 0) return;
    const children: { at: number; count: number }[] = [];
    for (let i = 0; i <= count; i += 1) {
      const child = node.address(offset);
      const inside = node.uint(bytesFor(perNode[0] as number));
      if (level > 1) node.skip(bytesFor(below[level - 1] as number));
      children.push({ at: child, count: inside });
    }
    for (const child of children) await visit(child.at, child.count, level - 1);
  };
  await visit(root, rootRecords, depth);
  return records;
}

/** Fractal heap (III.G): where dense links and attributes are kept. Filtered heaps are not read. */
export class FractalHeap {
  #huge: Promise<Map<number, { address: number; length: number }>> | undefined;

  private constructor(
    private readonly file: Hdf5File,
    private readonly offsetBytes: number,
    private readonly lengthBytes: number,
    private readonly width: number,
    private readonly firstBlock: number,
    private readonly largestDirect: number,
    private readonly root: number,
    private readonly rootRows: number,
    private readonly hugeIndex: number,
    private readonly budget: Budget,
  ) {}

  static async open(file: Hdf5File, address: number, budget: Budget): Promise<FractalHeap> {
    const { offset, length } = file.widths;
    const c = new Cursor(await file.read(address, 14 + length * 12 + offset * 3 + 8));
    if (c.signature() !== 'FRHP') throw new UnreadableHdf5(`no fractal heap at ${address}`);
    c.skip(1 + 2);
    const filterBytes = c.u16();
    if (filterBytes > 0) throw new UnreadableHdf5('a filtered heap');
    c.skip(1);
    const largestManaged = c.u32();
    c.skip(length);
    const hugeIndex = c.address(offset);
    c.skip(length + offset + length * 8);
    const width = c.u16();
    const firstBlock = c.uint(length);
    const largestDirect = c.uint(length);
    const heapBits = c.u16();
    c.skip(2);
    const root = c.address(offset);
    const rootRows = c.u16();
    if (
      width === 0 ||
      firstBlock === 0 ||
      largestDirect < firstBlock ||
      heapBits === 0 ||
      heapBits > 64 ||
      rootRows > 64
    ) {
      throw new UnreadableHdf5('a heap that cannot be');
    }
    const offsetBytes = Math.floor((heapBits + 7) / 8);
    const bits = (value: number): number => Math.floor((Math.floor(Math.log2(Math.max(1, value))) + 7) / 8);
    const lengthBytes = Math.min(bits(largestDirect), bits(largestManaged));
    // Offsets of objects count from the beginning of a block, its own header included.
    return new FractalHeap(
      file,
      offsetBytes,
      lengthBytes,
      width,
      firstBlock,
      largestDirect,
      root,
      rootRows,
      hugeIndex,
      budget,
    );
  }

  /** The object that a heap ID stands for. */
  async object(id: Uint8Array): Promise<Uint8Array> {
    const c = new Cursor(id);
    const first = c.u8();
    const type = (first >> 4) & 3;
    if (type === 2) return id.subarray(1, 2 + (first & 15));
    if (type === 1) return this.#hugeObject(c);
    if (type !== 0) throw new UnreadableHdf5('a heap object of unknown kind');
    const offset = c.uint(this.offsetBytes);
    const length = c.uint(this.lengthBytes);
    if (this.rootRows === 0) return this.file.read(this.root + offset, length);
    return this.#find(this.root, this.rootRows, offset, length, 0);
  }

  /** An object too large for the heap's blocks: its ID is a place in the file, or a key of an index of places. */
  async #hugeObject(c: Cursor): Promise<Uint8Array> {
    const { offset, length } = this.file.widths;
    if (c.left >= offset + length) return this.file.readLarge(c.address(offset), c.uint(length));
    this.#huge ??= (async () => {
      const objects = new Map<number, { address: number; length: number }>();
      for (const record of await indexRecords(this.file, this.hugeIndex, 1, this.budget)) {
        const r = new Cursor(record);
        const place = { address: r.address(offset), length: r.uint(length) };
        objects.set(r.uint(length), place);
      }
      return objects;
    })();
    const place = (await this.#huge).get(c.uint(Math.min(c.left, length)));
    if (!place) throw new UnreadableHdf5('a heap object that the index does not have');
    return this.file.readLarge(place.address, place.length);
  }

  #blockSize(row: number): number {
    return row < 2 ? this.firstBlock : this.firstBlock * 2 ** (row - 1);
  }

  async #find(block: number, rows: number, offset: number, length: number, depth: number): Promise<Uint8Array> {
    if (depth > 8) throw new UnreadableHdf5('a heap nested too deep');
    const { offset: addressBytes } = this.file.widths;
    const entries = block + 5 + addressBytes + this.offsetBytes;
    let rowStart = 0;
    for (let row = 0; row < rows; row += 1) {
      const size = this.#blockSize(row);
      if (offset < rowStart + size * this.width) {
        const column = Math.floor((offset - rowStart) / size);
        const slot = row * this.width + column;
        const child = new Cursor(await this.file.read(entries + slot * addressBytes, addressBytes)).address(
          addressBytes,
        );
        if (child === UNDEFINED_ADDRESS) throw new UnreadableHdf5('a heap object in no block');
        const inside = offset - rowStart - column * size;
        if (size <= this.largestDirect) return this.file.read(child + inside, length);
        const childRows = Math.log2(size) - Math.log2(this.firstBlock * this.width) + 1;
        return this.#find(child, childRows, inside, length, depth + 1);
      }
      rowStart += size * this.width;
    }
    throw new UnreadableHdf5('a heap offset past the end');
  }
}
