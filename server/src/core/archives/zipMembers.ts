import type { ByteSource } from '../io/byteSource';
import { MemoryByteSource, WindowByteSource } from '../io/byteSource';
import { evidenceText } from '../redact';
import type { Companions, ScanContext } from '../scanner';
import { MemberFolders } from './companions';
import { Crc32 } from './crc32';
import { DecodedByteSource, isExpansionCap } from './decoded';
import { MemberPaths, reportBomb, reportExpansion } from './memberPaths';
import { ARCHIVE_RULES } from './rules';
import { UnsupportedMember, type ZipAnomaly, type ZipArchive, type ZipEntry } from './zip';

/** Members up to this size are compared with their checksum: the small ones are where pickles and settings are. */
const CHECKED_BYTES = 256 * 1024;
/** An entry marked as encrypted is tried as plain content up to this size. */
const TRIED_BYTES = 16 * 2 ** 20;
const LINK_TARGET_BYTES = 4096;
const REPORTED_GAPS = 20;

/**
 * Hands every member of a zip archive to the engine and reports what is wrong with the archive itself: paths and links
 * that leave it, bombs, duplicates, headers that lie, several directories, data outside the members. What cannot be
 * decoded is said to be not inspected. For the zip format and for all formats that are zip archives.
 * @param options.skip entries that the caller judges itself or knows to be bulk data; their names are still judged
 * @param options.isAppended the format keeps the archive behind content of its own, which the caller judges
 */
export async function scanZipMembers(
  zip: ZipArchive,
  context: ScanContext,
  options: { skip?: (entry: ZipEntry) => boolean; isAppended?: boolean } = {},
): Promise<void> {
  reportArchive(zip, context);
  judgeDeclaredSizes(zip, context);
  const paths = new MemberPaths(zip.allEntries.map(({ name }) => name));
  const folders = new MemberFolders(zip.allEntries, (entry) => zip.open(entry));
  for (const entry of zip.allEntries) {
    context.budget.spendEntries();
    context.budget.checkTime();
    paths.judge(entry.name, context, !entry.isSymlink && !entry.isDirectory);
    if (entry.isSymlink) {
      await judgeLink(zip, entry, paths, context);
    } else if (!options.skip?.(entry) && !(entry.isDirectory && entry.compressedSize === 0)) {
      await scanMember(zip, entry, folders.beside(entry.name), context);
    }
    for (const anomaly of entry.anomalies) reportEntry(entry, anomaly, context);
  }
  await scanOutside(zip, context, options.isAppended ?? false);
  await scanGaps(zip, context);
  if (zip.comment.length > 2) await scanComment(zip, context);
}

/** An archive's comment is text; what is a pickle, an archive or a program there is found as that. */
async function scanComment(zip: ZipArchive, context: ScanContext): Promise<void> {
  const taken = await context.scan({ name: '(archive comment)', source: new MemoryByteSource(zip.comment) });
  if (!taken.some((id) => id !== 'text')) return;
  context.report({
    rule: ARCHIVE_RULES['hidden-data'],
    message: `The comment of the archive is no text but a file of its own (${taken.join(', ')}).`,
    anchor: 'comment',
  });
}

function reportArchive(zip: ZipArchive, context: ScanContext): void {
  for (const { kind, detail } of zip.anomalies) {
    if (kind === 'prefix' || kind === 'suffix') continue;
    context.report({
      rule: ARCHIVE_RULES['ambiguous-directory'],
      message: `The directory of the archive is ambiguous (${detail}): loaders and scanners may see different members.`,
      anchor: kind,
      ...(kind === 'directory-damaged' && { incomplete: detail }),
    });
  }
}

/** A bomb tells its size in the directory, since unpackers want to know it; nothing has to be unpacked to see it. */
function judgeDeclaredSizes(zip: ZipArchive, context: ScanContext): void {
  const { expansionRatio, ratioFloorBytes } = context.budget.limits;
  let total = 0;
  for (const entry of zip.entries) {
    if (entry.method === 0) continue;
    total += entry.size;
    if (entry.size > ratioFloorBytes * 2 && entry.size > entry.compressedSize * expansionRatio) {
      reportBomb(context, `is told to expand from ${entry.compressedSize} to ${entry.size} bytes`, entry.name);
      return;
    }
  }
  if (total > ratioFloorBytes * 8 && total > zip.source.size * expansionRatio) {
    reportBomb(context, `is told to expand from ${zip.source.size} to ${total} bytes`);
  }
}

/** What lies before and behind the archive goes through the door like any other content. */
async function scanOutside(zip: ZipArchive, context: ScanContext, isAppended: boolean): Promise<void> {
  const { source } = zip;
  const parts = [
    { where: 'before', name: '(before the archive)', start: 0, size: zip.prefixBytes },
    { where: 'behind', name: '(behind the archive)', start: source.size - zip.suffixBytes, size: zip.suffixBytes },
  ];
  for (const { where, name, start, size } of parts) {
    if (size === 0 || (isAppended && where === 'before')) continue;
    const bytes = new WindowByteSource(source, start, size);
    if (await isPadding(bytes)) continue;
    context.report({
      rule: ARCHIVE_RULES['hidden-data'],
      message: `${size} bytes stand ${where} the archive: the file is read as something else by loaders that begin there.`,
      location: { offset: start, length: size },
      anchor: where,
      evidence: evidenceText(await preview(bytes)),
    });
    await context.scan({ name, source: bytes });
  }
}

/** Between the members: what a reader finds that goes from header to header instead of by the directory. */
async function scanGaps(zip: ZipArchive, context: ScanContext): Promise<void> {
  for (const { start, size } of (await zip.gaps()).slice(0, REPORTED_GAPS)) {
    const bytes = new WindowByteSource(zip.source, start, size);
    if (await isPadding(bytes)) continue;
    const tail = new TextDecoder('latin1').decode(await bytes.read(Math.max(0, size - 16), 16));
    // The signature of an Android package stands there by design.
    if (tail === 'APK Sig Block 42') continue;
    context.report({
      rule: ARCHIVE_RULES['hidden-data'],
      message: `${size} bytes between the members belong to none: a reader that goes from header to header finds more there than the directory lists.`,
      location: { offset: start, length: size },
      anchor: `gap ${start}`,
      evidence: evidenceText(await preview(bytes)),
    });
    await context.scan({ name: `(bytes ${start} to ${start + size})`, source: bytes });
  }
}

/** Zero bytes and line ends that a transfer or an alignment leaves are no hidden data. */
async function isPadding(bytes: ByteSource): Promise<boolean> {
  const head = await bytes.read(0, Math.min(bytes.size, 65536));
  const zeros = head.every((b) => b === 0);
  return zeros ? bytes.size <= 65536 : bytes.size <= 2 && head.every((b) => b === 0x0a || b === 0x0d || b === 0);
}

async function preview(bytes: ByteSource): Promise<string> {
  const head = await bytes.read(0, 16);
  return Array.from(head, (b) => b.toString(16).padStart(2, '0')).join(' ');
}

async function judgeLink(zip: ZipArchive, entry: ZipEntry, links: MemberPaths, context: ScanContext): Promise<void> {
  let target: string;
  try {
    target = new TextDecoder().decode(await (await zip.open(entry)).read(0, LINK_TARGET_BYTES));
  } catch (error) {
    if (!(error instanceof UnsupportedMember)) throw error;
    context.incomplete(`target of the link cannot be read: ${error.message}`, { member: entry.name });
    return;
  }
  links.addSymlink(entry.name, target, context);
}

async function scanMember(
  zip: ZipArchive,
  entry: ZipEntry,
  companions: Companions,
  context: ScanContext,
): Promise<void> {
  const location = { member: entry.name };
  try {
    const source = await zip.open(entry);
    if (entry.encrypted && !(await isPlain(entry, source))) {
      context.incomplete('encrypted member', location);
      return;
    }
    if (entry.encrypted) {
      entry.anomalies.push({ kind: 'flags', detail: 'it is marked as encrypted and is not' });
    }
    const small = entry.compressedSize <= CHECKED_BYTES && entry.size <= CHECKED_BYTES;
    if (small && source instanceof DecodedByteSource) await source.measure(CHECKED_BYTES * 2);
    await context.scan({ name: entry.name, source, companions });
    if (source instanceof DecodedByteSource) judgeDecoded(entry, source, context);
    if (small && !entry.encrypted && source.size === entry.size && (await checksum(source)) !== entry.crc32) {
      entry.anomalies.push({ kind: 'flags', detail: 'its checksum is wrong' });
    }
  } catch (error) {
    if (error instanceof UnsupportedMember) context.incomplete(error.message, location);
    else if (isExpansionCap(error)) reportExpansion(context, error, entry.name);
    else throw error;
  }
}

function judgeDecoded(entry: ZipEntry, source: DecodedByteSource, context: ScanContext): void {
  if (!source.ended) return;
  const cutAtSize = source.damage !== undefined && source.size >= entry.size;
  if (source.damage !== undefined && !cutAtSize) {
    context.incomplete(`damaged member: ${source.damage}`, { member: entry.name });
    return;
  }
  if (source.size !== entry.size) {
    entry.anomalies.push({ kind: 'size', detail: `it holds ${source.size} bytes, the directory says ${entry.size}` });
  }
  if (source.consumed !== undefined && source.consumed < entry.compressedSize) {
    const hidden = entry.compressedSize - source.consumed;
    entry.anomalies.push({ kind: 'slack', detail: `${hidden} bytes follow its compressed data` });
  }
}

async function isPlain(entry: ZipEntry, source: ByteSource): Promise<boolean> {
  if (entry.method === 99 || entry.size > TRIED_BYTES) return false;
  if (source instanceof DecodedByteSource) await source.measure(entry.size + 1);
  return source.size === entry.size && (await checksum(source)) === entry.crc32;
}

async function checksum(source: ByteSource): Promise<number> {
  const crc = new Crc32();
  for (let at = 0; at < source.size; at += 65536) crc.update(await source.read(at, 65536));
  return crc.value;
}

function reportEntry(entry: ZipEntry, { kind, detail }: ZipAnomaly, context: ScanContext): void {
  const name = evidenceText(entry.name);
  const location = { member: entry.name };
  const anchor = `${kind}\0${entry.name}`;
  switch (kind) {
    case 'duplicate-name':
      context.report({
        rule: ARCHIVE_RULES['duplicate-member'],
        ...(detail.startsWith('same') && { severity: 'low' as const }),
        message: `The archive has several members named ${name} (${detail}): torch loads the first, Python's zipfile the last.`,
        location,
        anchor,
      });
      break;
    case 'case-duplicate':
      context.report({
        rule: ARCHIVE_RULES['duplicate-member'],
        // Source trees have such names; of what loaders look up by name there is never an honest second one.
        severity: /\.(?:pkl|pickle|json|npy|h5|py|pb)$/i.test(entry.name) ? 'medium' : 'low',
        message: `Member ${name} ${detail}: torch does not tell them apart and loads the first.`,
        location,
        anchor,
      });
      break;
    case 'overlap':
      context.report({
        rule: ARCHIVE_RULES['decompression-bomb'],
        message: `Member ${name} ${detail}: a way to build bombs and to show readers different content.`,
        location,
        anchor,
      });
      break;
    case 'flags':
    case 'version-needed':
      context.report({
        rule: ARCHIVE_RULES['unreadable-flags'],
        message: `The header of ${name} keeps scanners out (${detail}), while loaders that ignore it read the member.`,
        location,
        anchor: `${anchor}\0${detail}`,
      });
      break;
    case 'nul-in-name':
    case 'unicode-name':
      context.report({
        rule: ARCHIVE_RULES['deceptive-name'],
        message: `The name of member ${name} is ambiguous: ${detail}.`,
        location,
        anchor,
      });
      break;
    case 'local-missing':
    case 'outside-file':
      context.incomplete(`damaged member: ${detail}`, location);
      break;
    case 'slack':
      context.report({
        rule: ARCHIVE_RULES['hidden-data'],
        message: `Member ${name} hides data: ${detail}.`,
        location,
        anchor,
      });
      break;
    default:
      context.report({
        rule: ARCHIVE_RULES['header-mismatch'],
        message: `The headers of member ${name} contradict each other (${detail}): loaders and scanners may read different content.`,
        location,
        anchor,
      });
  }
}
