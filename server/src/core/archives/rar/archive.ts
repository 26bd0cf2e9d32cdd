/**
 * RAR archives of both layouts by their headers: 1.5 to 4.x (technote.txt that comes with WinRAR 4) and 5.0 and later
 * (RAR 5.0 archive format). Stored content and what RAR 5 compressed is read; see `docs/formats.md` for the rest.
 */
import type { Budget } from '../../budget';
import type { ByteSource } from '../../io/byteSource';
import { readRar4 } from './headers4';
import { readRar5 } from './headers5';

export interface RarEntry {
  readonly name: string;
  /** Undefined when the header says that it is unknown. */
  readonly size: number | undefined;
  readonly packedSize: number;
  readonly headerOffset: number;
  /** Of the packed data in the source. */
  readonly dataOffset: number;
  readonly isDirectory: boolean;
  /** 0 is stored; 1 (fastest) to 5 (best). */
  readonly method: number;
  /** What is needed to unpack it: 15 to 36 (RAR 1.5 to 3.6), 50 (RAR 5), 70 (RAR 7). */
  readonly version: number;
  /** Bytes that a match may reach back. */
  readonly dictionary: number;
  /** Goes on with the state of the member before it. */
  readonly solid: boolean;
  readonly encrypted: boolean;
  /** Begins in the volume before or goes on in the next. */
  readonly split: boolean;
  readonly crc32: number | undefined;
  /** `symlink` without a target: the content is the target. */
  readonly link: { kind: 'symlink' | 'hard-link' | 'copy'; target: string | undefined } | undefined;
}

/** A stream of the NTFS file system that unpacking writes beside a member (`member:name`). */
export interface RarStream {
  readonly name: string;
  readonly member: string;
  readonly headerOffset: number;
}

export interface RarArchive {
  readonly layout: 4 | 5;
  /** Where the signature stands: a program that unpacks itself may come before it. */
  readonly start: number;
  /** Behind the end mark, or where reading stopped. */
  readonly end: number;
  readonly entries: readonly RarEntry[];
  readonly streams: readonly RarStream[];
  readonly comment: { offset: number; size: number } | undefined;
  readonly isVolume: boolean;
  /** Why no headers could be read further. */
  readonly stopped: { reason: string; offset: number } | undefined;
}

/** What the readers of both layouts gather. */
export interface RarContents {
  entries: RarEntry[];
  streams: RarStream[];
  comment: RarArchive['comment'];
  isVolume: boolean;
  end: number;
  stopped: RarArchive['stopped'];
}

const SIGNATURE = [0x52, 0x61, 0x72, 0x21, 0x1a, 0x07];
/** As far as UnRAR looks for the signature: a program that unpacks itself comes first. */
const SEARCHED = 2 ** 21;

/** The signature of every layout, also of those to come. */
export function isRar(head: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => head[i] === byte);
}

/** @returns layout when the bytes at `at` are a signature */
function rarSignature(bytes: Uint8Array, at = 0): 4 | 5 | undefined {
  if (SIGNATURE.some((byte, i) => bytes[at + i] !== byte)) return undefined;
  if (bytes[at + 6] === 0) return 4;
  return bytes[at + 6] === 1 && bytes[at + 7] === 0 ? 5 : undefined;
}

/** @returns undefined when there is no signature within the first 2 MiB */
export async function readRar(source: ByteSource, budget: Budget): Promise<RarArchive | undefined> {
  const head = await source.read(0, 8);
  let layout = rarSignature(head);
  let start = 0;
  if (!layout) {
    const bytes = await source.read(0, SEARCHED);
    for (start = bytes.indexOf(0x52); start >= 0 && !layout; ) {
      layout = rarSignature(bytes, start);
      if (!layout) start = bytes.indexOf(0x52, start + 1);
    }
    if (!layout) return undefined;
  }
  const contents: RarContents = {
    entries: [],
    streams: [],
    comment: undefined,
    isVolume: false,
    end: source.size,
    stopped: undefined,
  };
  if (layout === 4) await readRar4(source, start + 7, contents, budget);
  else await readRar5(source, start + 8, contents, budget);
  return { layout, start, ...contents };
}
