import { DamagedStream, isExpansionCap } from '../../archives/decoded';
import { MemberPaths, reportExpansion } from '../../archives/memberPaths';
import { EncryptedHeader, readSevenZip, SEVEN_ZIP_MAGIC, type SevenZipEntry } from '../../archives/sevenZip';
import type { Format, ScanContext } from '../../scanner';

const LISTED_MEMBERS = 1000;
const LINK_TARGET_BYTES = 4096;

/** 7z archives. A model in one is read by no common loader, but by every unpacker, and by few scanners. */
export const SEVEN_ZIP_FORMAT: Format = {
  id: '7z',
  title: '7z archive',
  kind: 'archive',
  extensions: ['.7z'],
  identify(probe) {
    if (SEVEN_ZIP_MAGIC.every((byte, i) => probe.head[i] === byte)) return 'certain';
    return probe.extension === '.7z' ? 'named' : undefined;
  },
  async scan(input, context) {
    const head = await input.source.read(0, 6);
    if (SEVEN_ZIP_MAGIC.some((byte, i) => head[i] !== byte)) throw new Error('there is no 7z header');
    let entries: readonly SevenZipEntry[];
    try {
      entries = await readSevenZip(input.source, context.budget);
    } catch (error) {
      if (isExpansionCap(error)) reportExpansion(context, error);
      else if (error instanceof EncryptedHeader)
        context.incomplete(`the table of contents cannot be read: ${error.message}`);
      else if (error instanceof DamagedStream) context.incomplete(`damaged archive: ${error.message}`);
      else throw error;
      return;
    }
    context.describe({
      format: '7z',
      members: entries.slice(0, LISTED_MEMBERS).map(({ name, size }) => ({ name, bytes: size })),
      ...(entries.length > LISTED_MEMBERS && { truncated: ['members'] }),
    });
    const paths = new MemberPaths(entries.map(({ name }) => name));
    for (const entry of entries) await judge(entry, paths, context);
  },
};

async function judge(entry: SevenZipEntry, paths: MemberPaths, context: ScanContext): Promise<void> {
  context.budget.checkTime();
  const location = { member: entry.name };
  paths.judge(entry.name, context, !entry.isDirectory && !entry.isSymlink);
  if (entry.unreadable !== undefined) context.incomplete(`member cannot be read: ${entry.unreadable}`, location);
  const { source } = entry;
  if (!source) return;
  try {
    if (entry.isSymlink) {
      const target = new TextDecoder().decode(await source.read(0, LINK_TARGET_BYTES));
      paths.addSymlink(entry.name, target, context);
    } else if (entry.size > 0) {
      const first = await source.read(0, 1);
      if (first.length === 0) context.incomplete('damaged member: its data cannot be decoded', location);
      else await context.scan({ name: entry.name, source });
    }
  } catch (error) {
    if (!isExpansionCap(error)) throw error;
    reportExpansion(context, error, entry.name);
  }
}
