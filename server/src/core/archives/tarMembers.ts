import { evidenceText } from '../redact';
import type { ScanContext } from '../scanner';
import { MemberFolders } from './companions';
import { MemberPaths } from './memberPaths';
import { ARCHIVE_RULES } from './rules';
import { openTarEntry, type TarArchive, type TarEntry } from './tar';

/**
 * Hands every file of a tar archive to the engine and reports what is wrong with the archive itself: paths and links
 * that leave it, device nodes, members behind its end, sizes that contradict each other.
 * @param options.skip entries that the caller judges itself; their names are still judged
 */
export async function scanTarMembers(
  tar: TarArchive,
  context: ScanContext,
  options: { skip?: (entry: TarEntry) => boolean } = {},
): Promise<void> {
  const paths = new MemberPaths(tar.entries.map(({ name }) => name));
  const folders = new MemberFolders(tar.entries, (entry) => openTarEntry(tar, entry));
  if (tar.damage) context.incomplete(tar.damage);
  for (const entry of tar.entries) {
    context.budget.spendEntries();
    context.budget.checkTime();
    judge(entry, paths, context);
    const readable = entry.size > 0 && entry.type !== 'symlink';
    if (readable && !options.skip?.(entry)) {
      const companions = folders.beside(entry.name);
      await context.scan({ name: entry.name, source: openTarEntry(tar, entry), companions });
    }
  }
}

function judge(entry: TarEntry, paths: MemberPaths, context: ScanContext): void {
  const name = evidenceText(entry.name);
  const location = { member: entry.name, offset: entry.headerOffset };
  const isFile = entry.type === 'file' || entry.type === 'sparse' || entry.type === 'other';
  paths.judge(entry.name, context, isFile);
  if (entry.type === 'symlink') paths.addSymlink(entry.name, entry.linkName, context);
  if (entry.type === 'hard-link') paths.addHardLink(entry.name, entry.linkName, context);
  if (entry.type === 'character-device' || entry.type === 'block-device' || entry.type === 'fifo') {
    context.report({
      rule: ARCHIVE_RULES['special-file'],
      message: `Member ${name} is a ${entry.type.replace('-', ' ')}: unpacking makes it on the system.`,
      location,
      anchor: entry.name,
    });
  }
  if (entry.beyondEnd) {
    context.report({
      rule: ARCHIVE_RULES['hidden-data'],
      message: `Member ${name} stands behind the mark that ends the archive: some readers go on there, most scanners do not.`,
      location,
      anchor: entry.name,
    });
  }
  if (entry.sizeMismatch) {
    context.report({
      rule: ARCHIVE_RULES['header-mismatch'],
      message: `Header and pax record of ${name} give different sizes: readers disagree on where the next member begins.`,
      location,
      anchor: entry.name,
    });
  }
  if (entry.type === 'sparse') context.incomplete('sparse member: only its stored parts were looked at', location);
  if (entry.truncated) context.incomplete('the archive ends inside a member', location);
}
