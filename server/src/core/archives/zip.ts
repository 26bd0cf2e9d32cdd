/**
 * Zip archives by random access: only the end record and the central directory are read, members when they are opened.
 * Follows PKWARE's APPNOTE 6.3.10, and where loaders differ what they do: torch reads through miniz (first of two equal
 * names, case-insensitive, the local header's fields are ignored), Python's zipfile takes the last of two equal names and
 * adds the length of what stands before the archive to every offset.
 */
import { Budget } from '../budget';
import type { ByteSource } from '../io/byteSource';
import { WindowByteSource } from '../io/byteSource';
import type { Probe } from '../scanner';
import { decodeBzip2 } from './bzip2';
import { type Decode, DecodedByteSource } from './decoded';
import { inflate } from './inflate';
import { decodeLzmaInZip, decodeXz } from './lzma';
import { decodeZstd } from './zstd';

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const END_BYTES = 22;
const TAIL_BYTES = 65535 + END_BYTES;
/** The longest data descriptor: signature, checksum and two 64-bit sizes. */
const DATA_DESCRIPTOR = 24;
/** Newest "version needed" of the APPNOTE, 6.3; Python's zipfile refuses more. */
const MAX_VERSION = 63;
/** Encrypted, compressed patched data, strong encryption, masked header values. */
const FLAGS_UNREADABLE = 0x1 | 0x20 | 0x40 | 0x2000;

export type ZipAnomalyKind =
  | 'several-ends'
  | 'prefix'
  | 'suffix'
  | 'count-mismatch'
  | 'directory-damaged'
  | 'zip64-mismatch'
  | 'duplicate-name'
  | 'case-duplicate'
  | 'overlap'
  | 'flags'
  | 'version-needed'
  | 'nul-in-name'
  | 'unicode-name'
  | 'outside-file'
  | 'local-missing'
  | 'local-name'
  | 'local-size'
  | 'local-method'
  | 'local-flags'
  | 'size'
  | 'slack';

/** Something in which readers of the archive differ. `detail` is printable text without anything of the file in it but numbers. */
export interface ZipAnomaly {
  kind: ZipAnomalyKind;
  detail: string;
}

/** One record of a central directory, in the order of the directory. */
export interface ZipEntry {
  /** Decoded as UTF-8 when the record says so, else as code page 437; cut at a NUL as loaders do. */
  readonly name: string;
  readonly rawName: Uint8Array;
  readonly method: number;
  readonly flags: number;
  readonly versionNeeded: number;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly size: number;
  /** Offset of the local header in the source, after correction for bytes before the archive. */
  readonly headerOffset: number;
  readonly externalAttributes: number;
  readonly isDirectory: boolean;
  readonly isSymlink: boolean;
  /** The record says that the content is encrypted. */
  readonly encrypted: boolean;
  readonly anomalies: ZipAnomaly[];
}

export interface LocalHeader {
  /** First byte of the content. */
  readonly dataOffset: number;
  readonly flags: number;
  readonly method: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly rawName: Uint8Array;
}

/** Content that cannot be decoded here: an unknown method. */
export class UnsupportedMember extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UnsupportedMember';
  }
}

/** The bytes are no zip archive, or its directory cannot be read. */
export class NotAZip extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NotAZip';
  }
}

const METHODS: ReadonlyMap<number, Decode> = new Map([
  [8, inflate()],
  [9, inflate({ deflate64: true })],
  [12, decodeBzip2],
  [14, decodeLzmaInZip],
  [93, decodeZstd],
  [95, decodeXz],
]);

export class ZipArchive {
  readonly #local = new Map<ZipEntry, Promise<LocalHeader | undefined>>();

  constructor(
    readonly source: ByteSource,
    /** Records of the directory that Python and torch read. */
    readonly entries: readonly ZipEntry[],
    /** Records that only other plausible directories of the same file have. */
    readonly alternateEntries: readonly ZipEntry[],
    readonly anomalies: readonly ZipAnomaly[],
    readonly comment: Uint8Array,
    /** Bytes before the first member. */
    readonly prefixBytes: number,
    /** Bytes behind the end record and its comment. */
    readonly suffixBytes: number,
    readonly directoryOffset: number,
    private readonly budget: Budget,
  ) {}

  /** The records of every directory, those of the main one first. */
  get allEntries(): readonly ZipEntry[] {
    return this.alternateEntries.length ? [...this.entries, ...this.alternateEntries] : this.entries;
  }

  /** The first record of that name, as torch finds it. With `ignoreCase` letters A-Z count as a-z. */
  find(name: string, { ignoreCase = false } = {}): ZipEntry | undefined {
    const wanted = ignoreCase ? name.toLowerCase() : name;
    return this.allEntries.find((entry) => (ignoreCase ? entry.name.toLowerCase() : entry.name) === wanted);
  }

  /**
   * Reads the local header (once) and notes on the entry where it differs from the directory.
   * @returns undefined when there is no local header at the place the directory names
   */
  localHeader(entry: ZipEntry): Promise<LocalHeader | undefined> {
    let header = this.#local.get(entry);
    if (!header) {
      header = this.#readLocal(entry);
      this.#local.set(entry, header);
    }
    return header;
  }

  /**
   * Stretches between the members and before the directory that belong to no record. Reads nothing: a member whose local
   * header has not been looked at is taken to have the longest extra field there can be.
   */
  async gaps(): Promise<readonly { start: number; size: number }[]> {
    const sorted = this.allEntries.toSorted((a, b) => a.headerOffset - b.headerOffset);
    const gaps: { start: number; size: number }[] = [];
    let end = this.prefixBytes;
    let slack = 0;
    for (const next of [...sorted.map((entry) => entry.headerOffset), this.directoryOffset].entries()) {
      const [index, offset] = next;
      if (offset - end > slack && index > 0) gaps.push({ start: end, size: offset - end });
      const entry = sorted[index];
      if (!entry) break;
      const local = await this.#local.get(entry);
      const own = local
        ? local.dataOffset + entry.compressedSize
        : entry.headerOffset + 30 + entry.rawName.length + entry.compressedSize;
      if (own <= end) continue;
      end = own;
      slack = DATA_DESCRIPTOR + (local ? 0 : 65535);
    }
    return gaps;
  }

  async #readLocal(entry: ZipEntry): Promise<LocalHeader | undefined> {
    const fixed = await this.source.read(entry.headerOffset, 30 + entry.rawName.length);
    if (fixed.length < 30 || u32(fixed, 0) !== LOCAL) {
      entry.anomalies.push({ kind: 'local-missing', detail: `no local header at offset ${entry.headerOffset}` });
      return undefined;
    }
    const nameLength = u16(fixed, 26);
    const header: LocalHeader = {
      dataOffset: entry.headerOffset + 30 + nameLength + u16(fixed, 28),
      flags: u16(fixed, 6),
      method: u16(fixed, 8),
      compressedSize: u32(fixed, 18),
      size: u32(fixed, 22),
      rawName: fixed.subarray(30, 30 + nameLength),
    };
    const say = (kind: ZipAnomalyKind, detail: string) => entry.anomalies.push({ kind, detail });
    if (nameLength !== entry.rawName.length || header.rawName.some((b, i) => b !== entry.rawName[i])) {
      say('local-name', 'the local header and the directory give different names');
    }
    if (header.method !== entry.method) {
      say('local-method', `method ${header.method} in the local header, ${entry.method} in the directory`);
    }
    const differing = (header.flags ^ entry.flags) & FLAGS_UNREADABLE;
    if (differing)
      say('local-flags', `flag bits 0x${differing.toString(16)} differ between local header and directory`);
    // Sizes of 0 belong to a data descriptor, 0xffffffff to a zip64 field.
    const lies = (local: number, central: number) => local !== 0 && local !== 0xffffffff && local !== central;
    if (lies(header.size, entry.size) || lies(header.compressedSize, entry.compressedSize)) {
      say('local-size', 'the local header and the directory give different sizes');
    }
    return header;
  }

  /**
   * The content of a member: a stored one is a window of the archive (nothing is read or copied), others are decoded as
   * they are read. Encryption flags are ignored; whoever opens such an entry has to judge what comes out.
   * @throws UnsupportedMember when there is no decoder for the method
   */
  async open(entry: ZipEntry): Promise<ByteSource> {
    const header = await this.localHeader(entry);
    // Without a local header the most likely place is where one of the usual length would end.
    const start = header?.dataOffset ?? entry.headerOffset + 30 + entry.rawName.length;
    if (start + entry.compressedSize > this.source.size) {
      note(entry, 'outside-file', 'the content reaches past the end of the file');
    }
    const content = new WindowByteSource(this.source, start, entry.compressedSize);
    if (entry.method === 0) {
      // Traditional encryption puts 12 bytes of its own before the content.
      if (entry.size !== entry.compressedSize && !entry.encrypted) note(entry, 'size', `stored, yet the sizes differ`);
      return content;
    }
    const decode = METHODS.get(entry.method);
    if (!decode) throw new UnsupportedMember(`compression method ${entry.method} is not supported`);
    return new DecodedByteSource(content, decode, this.budget, entry.size);
  }
}

function note(entry: ZipEntry, kind: ZipAnomalyKind, detail: string): void {
  if (!entry.anomalies.some((a) => a.kind === kind)) entry.anomalies.push({ kind, detail });
}

/**
 * Reads end record and central directory.
 * @throws NotAZip when there is no end record or no directory where one is told; BudgetExceeded when it is too large
 */
export async function readZip(source: ByteSource, budget: Budget = new Budget()): Promise<ZipArchive> {
  const tailStart = Math.max(0, source.size - TAIL_BYTES - 20);
  const tail = await source.read(tailStart, TAIL_BYTES + 20);
  const ends = await findEnds(source, tail, tailStart);
  if (ends.length === 0) throw new NotAZip('no end of central directory record');
  const anomalies: ZipAnomaly[] = [];
  const directories: Directory[] = [];
  let failure: unknown;
  for (const end of ends.slice(0, 8)) {
    try {
      directories.push(...(await readDirectories(source, end, budget)));
    } catch (error) {
      if (!(error instanceof NotAZip)) throw error;
      failure ??= error;
    }
  }
  const [main, ...others] = directories;
  if (!main) throw failure;
  if (main.end !== ends[0]) anomalies.push({ kind: 'several-ends', detail: 'the last end record has no directory' });
  anomalies.push(...main.anomalies);
  const known = new Set(main.entries.map(identity));
  const alternates: ZipEntry[] = [];
  for (const other of others) {
    // An archive inside a member or before the archive is found there; only what claims the same bytes is an alternative.
    if (other.end !== main.end && other.end.offset < main.offset && !other.atRawOffset) continue;
    if (main.entries.length > 0 && other.end !== main.end && insideMember(main, other.end.offset)) continue;
    const fresh = other.entries.filter((entry) => !known.has(identity(entry)));
    anomalies.push({ kind: 'several-ends', detail: `another directory with ${other.entries.length} members` });
    for (const entry of fresh) known.add(identity(entry));
    alternates.push(...fresh);
  }
  markDuplicates(main.entries);
  markOverlaps(main.entries, main.offset);
  const { end } = main;
  const first = main.entries.reduce((least, entry) => Math.min(least, entry.headerOffset), main.offset);
  const suffix = Math.max(0, source.size - end.offset - END_BYTES - end.commentLength);
  if (first > 0) anomalies.push({ kind: 'prefix', detail: `${first} bytes stand before the first member` });
  if (suffix > 0) anomalies.push({ kind: 'suffix', detail: `${suffix} bytes follow the end record` });
  const comment = await source.read(end.offset + END_BYTES, end.commentLength);
  return new ZipArchive(source, main.entries, alternates, anomalies, comment, first, suffix, main.offset, budget);
}

/**
 * Members by their local headers alone, for an archive whose directory is missing or damaged: what a reader that streams
 * would see. Ends where a header does not tell how long its content is.
 * @throws BudgetExceeded
 */
export async function* recoverMembers(
  source: ByteSource,
  budget: Budget,
): AsyncGenerator<{ name: string; source: ByteSource }, void> {
  for (let at = 0; at + 30 <= source.size; ) {
    budget.spendEntries();
    budget.checkTime();
    const fixed = await source.read(at, 30);
    if (u32(fixed, 0) !== LOCAL) return;
    const nameLength = u16(fixed, 26);
    const rawName = await source.read(at + 30, nameLength);
    const name = u16(fixed, 6) & 0x800 ? new TextDecoder().decode(rawName) : decodeCp437(rawName);
    const start = at + 30 + nameLength + u16(fixed, 28);
    const told = u32(fixed, 18);
    const known = told !== 0xffffffff && (told !== 0 || !(u16(fixed, 6) & 8));
    const content = new WindowByteSource(source, start, known ? told : source.size - start);
    const decode = METHODS.get(u16(fixed, 8));
    if (!decode) {
      if (u16(fixed, 8) === 0) yield { name, source: content };
      if (!known) return;
      at = start + told;
      continue;
    }
    const decoded = new DecodedByteSource(content, decode, budget);
    await decoded.measure();
    yield { name, source: decoded };
    if (!known && decoded.consumed === undefined) return;
    at = start + (known ? told : (decoded.consumed as number));
    // A data descriptor, with or without its signature.
    if (!known) at += u32(await source.read(at, 4), 0) === 0x08074b50 ? 16 : 12;
  }
}

interface EndRecord {
  offset: number;
  count: number;
  directorySize: number;
  directoryOffset: number;
  commentLength: number;
  /** Where the directory must end: at the zip64 end record when there is one, else at this record. */
  directoryEnd: number;
  zip64Disagrees: boolean;
}

/** Every end record of the tail, the last one first: that is the one which Python and miniz take. */
async function findEnds(source: ByteSource, tail: Uint8Array, tailStart: number): Promise<EndRecord[]> {
  const ends: EndRecord[] = [];
  for (let at = tail.length - END_BYTES; at >= 0 && ends.length < 64; at -= 1) {
    if (tail[at] !== 0x50 || u32(tail, at) !== END) continue;
    const offset = tailStart + at;
    let record: EndRecord = {
      offset,
      count: u16(tail, at + 10),
      directorySize: u32(tail, at + 12),
      directoryOffset: u32(tail, at + 16),
      commentLength: Math.min(u16(tail, at + 20), source.size - offset - END_BYTES),
      directoryEnd: offset,
      zip64Disagrees: false,
    };
    if (at >= 20 && u32(tail, at - 20) === LOCATOR64) record = await withZip64(source, record, offset - 20);
    ends.push(record);
  }
  return ends;
}

async function withZip64(source: ByteSource, record: EndRecord, locatorOffset: number): Promise<EndRecord> {
  // Python looks directly before the locator, miniz where the locator points to.
  const locator = await source.read(locatorOffset, 20);
  const pointed = Number(u64(locator, 8));
  for (const offset of [locatorOffset - 56, pointed]) {
    if (offset < 0 || offset + 56 > locatorOffset + 20) continue;
    const bytes = await source.read(offset, 56);
    if (bytes.length < 56 || u32(bytes, 0) !== END64) continue;
    const count = Number(u64(bytes, 32));
    const directorySize = Number(u64(bytes, 40));
    const directoryOffset = Number(u64(bytes, 48));
    const disagrees =
      (record.count !== 0xffff && record.count !== count) ||
      (record.directorySize !== 0xffffffff && record.directorySize !== directorySize) ||
      (record.directoryOffset !== 0xffffffff && record.directoryOffset !== directoryOffset);
    return { ...record, count, directorySize, directoryOffset, directoryEnd: offset, zip64Disagrees: disagrees };
  }
  return record;
}

interface Directory {
  end: EndRecord;
  offset: number;
  entries: ZipEntry[];
  anomalies: ZipAnomaly[];
  atRawOffset: boolean;
}

/** The directory that ends at the end record (Python's view), and the one at the told offset when that is another (miniz'). */
async function readDirectories(source: ByteSource, end: EndRecord, budget: Budget): Promise<Directory[]> {
  const { directorySize, directoryOffset, directoryEnd } = end;
  const shift = directoryEnd - directorySize - directoryOffset;
  const found: Directory[] = [];
  let failure: NotAZip | undefined;
  const attempt = async (offset: number, correction: number, atRawOffset: boolean) => {
    try {
      found.push({ ...(await readDirectory(source, end, offset, correction, budget)), atRawOffset });
    } catch (error) {
      if (!(error instanceof NotAZip)) throw error;
      failure ??= error;
    }
  };
  if (shift >= 0) await attempt(directoryOffset + shift, shift, false);
  if (shift !== 0 && directoryOffset + directorySize <= source.size && directorySize > 0) {
    const start = await source.read(directoryOffset, 4);
    if (start.length === 4 && u32(start, 0) === CENTRAL) await attempt(directoryOffset, 0, true);
  }
  if (found.length === 0) throw failure ?? new NotAZip('the central directory lies outside the file');
  return found;
}

async function readDirectory(
  source: ByteSource,
  end: EndRecord,
  offset: number,
  shift: number,
  budget: Budget,
): Promise<Directory> {
  const anomalies: ZipAnomaly[] = [];
  if (end.zip64Disagrees) anomalies.push({ kind: 'zip64-mismatch', detail: 'zip64 and ordinary end record disagree' });
  budget.checkMemory(end.directorySize, 'the central directory');
  const bytes = await source.read(offset, end.directorySize);
  const entries: ZipEntry[] = [];
  let at = 0;
  while (at + 46 <= bytes.length && u32(bytes, at) === CENTRAL) {
    if (entries.length % 1024 === 0) budget.checkTime();
    const nameLength = u16(bytes, at + 28);
    const extraLength = u16(bytes, at + 30);
    const next = at + 46 + nameLength + extraLength + u16(bytes, at + 32);
    if (next > bytes.length) break;
    entries.push(readEntry(bytes, at, nameLength, extraLength, shift));
    at = next;
    if (entries.length >= budget.limits.entries) {
      anomalies.push({ kind: 'directory-damaged', detail: `only the first ${entries.length} members were looked at` });
      break;
    }
  }
  if (entries.length === 0 && (end.count > 0 || end.directorySize > 0)) {
    throw new NotAZip('there is no central directory where the end record says');
  }
  if (at < bytes.length && entries.length < budget.limits.entries) {
    anomalies.push({
      kind: 'directory-damaged',
      detail: `the directory has ${bytes.length - at} bytes that are no record`,
    });
  }
  if (bytes.length < end.directorySize) {
    anomalies.push({ kind: 'directory-damaged', detail: 'the directory reaches past the end of the file' });
  }
  // 16 bits wrap around in archives of more than 65535 members that were written without zip64.
  if (
    entries.length !== end.count &&
    (entries.length & 0xffff) !== end.count &&
    entries.length < budget.limits.entries
  ) {
    anomalies.push({
      kind: 'count-mismatch',
      detail: `the end record counts ${end.count} members, the directory has ${entries.length}`,
    });
  }
  return { end, offset, entries, anomalies, atRawOffset: false };
}

function readEntry(bytes: Uint8Array, at: number, nameLength: number, extraLength: number, shift: number): ZipEntry {
  const rawName = bytes.subarray(at + 46, at + 46 + nameLength);
  const extra = bytes.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength);
  const flags = u16(bytes, at + 8);
  const method = u16(bytes, at + 10);
  const versionNeeded = u16(bytes, at + 6);
  const anomalies: ZipAnomaly[] = [];
  let compressedSize = u32(bytes, at + 20);
  let size = u32(bytes, at + 24);
  let headerOffset = u32(bytes, at + 42);
  let unicodeName: string | undefined;
  for (let i = 0; i + 4 <= extra.length; ) {
    const id = u16(extra, i);
    const length = u16(extra, i + 2);
    const end = Math.min(extra.length, i + 4 + length);
    if (id === 0x0001) {
      // APPNOTE 4.5.3: only fields whose 32-bit form is all ones are there, in this order.
      let field = i + 4;
      const next = (value: number): number => {
        if (value !== 0xffffffff || field + 8 > end) return value;
        const wide = Number(u64(extra, field));
        field += 8;
        return wide;
      };
      size = next(size);
      compressedSize = next(compressedSize);
      headerOffset = next(headerOffset);
    } else if (id === 0x7075 && length > 5) {
      unicodeName = new TextDecoder().decode(extra.subarray(i + 9, end));
    }
    i += 4 + length;
  }
  let name = flags & 0x800 ? new TextDecoder().decode(rawName) : decodeCp437(rawName);
  if (unicodeName !== undefined && unicodeName !== new TextDecoder().decode(rawName) && isAscii(rawName)) {
    anomalies.push({ kind: 'unicode-name', detail: 'the Unicode name field gives another name' });
  }
  const nul = name.indexOf('\0');
  if (nul >= 0) {
    anomalies.push({ kind: 'nul-in-name', detail: 'the name goes on behind a NUL byte' });
    name = name.slice(0, nul);
  }
  if (flags & FLAGS_UNREADABLE & ~1) {
    const bits = (flags & FLAGS_UNREADABLE & ~1).toString(16);
    anomalies.push({ kind: 'flags', detail: `flag bits 0x${bits} say that it cannot be read` });
  }
  if ((versionNeeded & 0xff) > MAX_VERSION) {
    anomalies.push({ kind: 'version-needed', detail: `version needed is ${versionNeeded}` });
  }
  const externalAttributes = u32(bytes, at + 38);
  return {
    name,
    rawName,
    method,
    flags,
    versionNeeded,
    crc32: u32(bytes, at + 16),
    compressedSize,
    size,
    headerOffset: headerOffset + shift,
    externalAttributes,
    isDirectory: name.endsWith('/'),
    isSymlink: ((externalAttributes >>> 16) & 0o170000) === 0o120000,
    encrypted: (flags & 1) === 1 || method === 99,
    anomalies,
  };
}

const identity = (entry: ZipEntry) => `${entry.headerOffset}\0${entry.name}`;

function insideMember(main: Directory, offset: number): boolean {
  return main.entries.some((e) => offset > e.headerOffset && offset < e.headerOffset + 30 + e.compressedSize);
}

function markDuplicates(entries: readonly ZipEntry[]): void {
  const exact = new Map<string, ZipEntry>();
  const folded = new Map<string, ZipEntry>();
  for (const entry of entries) {
    const first = exact.get(entry.name);
    if (first) {
      const same = first.crc32 === entry.crc32 && first.size === entry.size && !entry.isDirectory;
      note(
        entry,
        'duplicate-name',
        same ? 'same size and checksum as the first' : 'the content differs from the first',
      );
    } else exact.set(entry.name, entry);
    const key = entry.name.toLowerCase();
    const other = folded.get(key);
    if (other && other.name !== entry.name) note(entry, 'case-duplicate', 'differs from another name only in case');
    else folded.set(key, entry);
  }
}

function markOverlaps(entries: readonly ZipEntry[], directoryOffset: number): void {
  const sorted = [...entries].sort((a, b) => a.headerOffset - b.headerOffset);
  let end = 0;
  for (const entry of sorted) {
    if (entry.headerOffset < end) note(entry, 'overlap', 'shares bytes of the file with another member');
    const own = entry.headerOffset + 30 + entry.rawName.length + entry.compressedSize;
    if (own > directoryOffset && entry.headerOffset < directoryOffset) {
      note(entry, 'overlap', 'reaches into the central directory');
    }
    end = Math.max(end, own);
  }
}

const LARGEST_DECODED_TAIL = 4 * 2 ** 20;

/** Extensions of formats whose loaders find a zip by its end, whatever stands at the beginning. */
const ZIP_EXTENSIONS = new Set([
  '.zip',
  '.keras',
  '.npz',
  '.pt',
  '.pth',
  '.pt2',
  '.ckpt',
  '.mar',
  '.skops',
  '.jar',
  '.whl',
  '.egg',
  '.pyz',
  '.ptl',
]);

/**
 * The zip archive in a file, for `Format.identify`: read once, shared by all formats that ask. Cheap for other files:
 * only looks further when the head is a zip's or the tail holds an end record. An archive with bytes before it is found
 * when its end record ends the file or the name is one whose loaders look at the end.
 * @returns undefined when the file is no zip, or its directory cannot be read
 */
export function zipOf(probe: Probe): Promise<ZipArchive | undefined> {
  return probe.once('zip', async () => {
    if (probe.size < END_BYTES) return undefined;
    if (!hasZipHead(probe.head)) {
      // To see the end of a packed member all of it would have to be decoded; no loader opens one by its end.
      const { source } = probe;
      if (source instanceof DecodedByteSource && !source.ended && source.size > LARGEST_DECODED_TAIL) return undefined;
      const named = ZIP_EXTENSIONS.has(probe.extension);
      const tail =
        named && probe.source.distant
          ? await source.read(Math.max(0, probe.size - TAIL_BYTES), TAIL_BYTES)
          : await probe.tail();
      const end = lastEnd(tail);
      if (end < 0) return undefined;
      const endsTheFile = end + END_BYTES + u16(tail, end + 20) === tail.length;
      if (!endsTheFile && !named) return undefined;
    }
    try {
      return await readZip(probe.source);
    } catch {
      // Whether the archive is damaged or too large is said by the scan of the zip format, which claims it by its head.
      return undefined;
    }
  });
}

/** True when the file begins as a zip archive does: a local header, an empty archive's end record, or a spanning mark. */
export function hasZipHead(head: Uint8Array): boolean {
  return (
    head.length >= 4 &&
    head[0] === 0x50 &&
    head[1] === 0x4b &&
    ((head[2] === 3 && head[3] === 4) || (head[2] === 5 && head[3] === 6) || (head[2] === 7 && head[3] === 8))
  );
}

function lastEnd(tail: Uint8Array): number {
  for (let at = tail.length - END_BYTES; at >= 0; at -= 1) if (tail[at] === 0x50 && u32(tail, at) === END) return at;
  return -1;
}

function u16(b: Uint8Array, at: number): number {
  return (b[at] as number) | ((b[at + 1] as number) << 8);
}

function u32(b: Uint8Array, at: number): number {
  return (u16(b, at) | (u16(b, at + 2) << 16)) >>> 0;
}

function u64(b: Uint8Array, at: number): bigint {
  return (BigInt(u32(b, at + 4)) << 32n) | BigInt(u32(b, at));
}

function isAscii(bytes: Uint8Array): boolean {
  return bytes.every((b) => b < 0x80);
}

const CP437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

function decodeCp437(bytes: Uint8Array): string {
  let out = '';
  for (const b of bytes) out += b < 0x80 ? String.fromCharCode(b) : CP437[b - 0x80];
  return out;
}
