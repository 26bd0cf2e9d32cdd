import type { Budget } from '../../budget';
import type { ByteSource } from '../../io/byteSource';
import type { RarContents, RarEntry } from './archive';

const MAIN = 1;
const FILE = 2;
const SERVICE = 3;
const ENCRYPTION = 4;
const END = 5;
/** The largest header that RAR accepts. */
const LARGEST_HEADER = 2 ** 21;
const REDIRECTIONS = ['', 'symlink', 'symlink', 'symlink', 'hard-link', 'copy'] as const;

/** Reads numbers of seven bits a byte from one header. Beyond the end all is zero, which the caller sees by `at`. */
class Fields {
  constructor(
    readonly bytes: Uint8Array,
    public at = 0,
    public end = bytes.length,
  ) {}

  number(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.bytes[this.at] ?? 0;
      this.at += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    return value;
  }

  u32(): number {
    const b = this.take(4);
    return (((b[0] ?? 0) | ((b[1] ?? 0) << 8) | ((b[2] ?? 0) << 16) | ((b[3] ?? 0) << 24)) >>> 0) as number;
  }

  take(length: number): Uint8Array {
    const out = this.bytes.subarray(this.at, Math.min(this.end, this.at + length));
    this.at += length;
    return out;
  }

  text(length: number): string {
    return new TextDecoder().decode(this.take(length));
  }

  get isOver(): boolean {
    return this.at >= this.end;
  }
}

/** Headers of the layout of RAR 5, from the one behind the signature on. */
export async function readRar5(source: ByteSource, start: number, into: RarContents, budget: Budget): Promise<void> {
  const stop = (reason: string, offset: number) => {
    into.stopped = { reason, offset };
    into.end = Math.min(offset, source.size);
  };
  for (let at = start; at < source.size; ) {
    budget.checkTime();
    const prefix = new Fields(await source.read(at, 4 + 10), 4);
    const size = prefix.number();
    if (size === 0 || size > LARGEST_HEADER) return stop('no header where one must be', at);
    const headerEnd = at + prefix.at + size;
    const bytes = await source.read(at + prefix.at, size);
    if (bytes.length < size) return stop('the archive ends inside a header', at);
    const header = new Fields(bytes);
    const type = header.number();
    const flags = header.number();
    const extraSize = flags & 1 ? header.number() : 0;
    const dataSize = flags & 2 ? header.number() : 0;
    if (type === 0 || extraSize > size || !Number.isSafeInteger(dataSize))
      return stop('no header where one must be', at);
    header.end = size - extraSize;
    if (type === ENCRYPTION) return stop('the headers are encrypted', at);
    if (type === MAIN) into.isVolume = (header.number() & 1) !== 0;
    else if (type === FILE || type === SERVICE) {
      budget.spendEntries();
      const place = { headerOffset: at, dataOffset: headerEnd, packedSize: dataSize, split: (flags & 0x18) !== 0 };
      const { file, extras } = readFile(header, new Fields(bytes, size - extraSize), place);
      if (type === FILE) into.entries.push(file);
      else noteService(file, extras, into);
    } else if (type === END) {
      into.end = Math.min(source.size, headerEnd + dataSize);
      return;
    }
    at = headerEnd + dataSize;
    if (at > source.size) return stop('the archive ends inside a member', source.size);
    into.end = at;
  }
}

type Place = Pick<RarEntry, 'headerOffset' | 'dataOffset' | 'packedSize' | 'split'>;

function readFile(
  header: Fields,
  extra: Fields,
  place: Place,
): { file: RarEntry; extras: ReadonlyMap<number, Uint8Array> } {
  const flags = header.number();
  const size = header.number();
  const attributes = header.number();
  if (flags & 2) header.u32();
  const crc32 = flags & 4 ? header.u32() : undefined;
  const compression = header.number();
  const isUnix = header.number() === 1;
  const name = header.text(header.number());
  const extras = new Map<number, Uint8Array>();
  while (!extra.isOver) {
    const length = extra.number();
    if (length === 0) break;
    const record = new Fields(extra.take(length));
    const type = record.number();
    if (!extras.has(type)) extras.set(type, record.bytes.subarray(record.at));
  }
  const mode = isUnix ? attributes & 0xf000 : 0;
  const file: RarEntry = {
    ...place,
    name,
    size: flags & 8 ? undefined : size,
    isDirectory: (flags & 1) !== 0,
    method: (compression >> 7) & 7,
    version: (compression & 0x3f) === 0 ? 50 : 70,
    // RAR 7 adds fractions of it in further bits; such members are not unpacked.
    dictionary: 2 ** (17 + ((compression >> 10) & 15)),
    solid: (compression & 0x40) !== 0,
    encrypted: extras.has(1),
    crc32,
    link: linkOf(extras.get(5)) ?? (mode === 0xa000 ? { kind: 'symlink', target: undefined } : undefined),
  };
  return { file, extras };
}

function linkOf(record: Uint8Array | undefined): RarEntry['link'] {
  if (!record) return undefined;
  const fields = new Fields(record);
  const kind = REDIRECTIONS[fields.number()];
  fields.number();
  const target = fields.text(fields.number());
  // A kind that is not known yet is judged as the worst of those that are.
  return { kind: kind || 'symlink', target };
}

function noteService(file: RarEntry, extras: ReadonlyMap<number, Uint8Array>, into: RarContents): void {
  if (file.name === 'STM') {
    const name = new TextDecoder().decode(extras.get(7) ?? new Uint8Array(0));
    into.streams.push({ name, member: into.entries.at(-1)?.name ?? '', headerOffset: file.headerOffset });
  } else if (file.name === 'CMT' && file.method === 0 && !file.encrypted) {
    into.comment = { offset: file.dataOffset, size: file.packedSize };
  }
}
