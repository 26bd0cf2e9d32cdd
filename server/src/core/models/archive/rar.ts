import { MemberFolders } from '../../archives/companions';
import { DecodedByteSource, isExpansionCap } from '../../archives/decoded';
import { MemberPaths, reportBomb, reportExpansion } from '../../archives/memberPaths';
import { isRar, type RarArchive, type RarEntry, type RarStream, readRar } from '../../archives/rar/archive';
import { LARGEST_DICTIONARY, type PackedPart, unpack5 } from '../../archives/rar/unpack5';
import { ARCHIVE_RULES } from '../../archives/rules';
import { type ByteSource, WindowByteSource } from '../../io/byteSource';
import { evidenceText } from '../../redact';
import type { Format, ScanContext } from '../../scanner';

const LISTED_MEMBERS = 1000;
const LISTED_CLOSED = 10;
const LINK_TARGET_BYTES = 4096;

/** RAR archives. Like 7z: no loader opens one, people unpack it and load what comes out, and few scanners look inside. */
export const RAR_FORMAT: Format = {
  id: 'rar',
  title: 'RAR archive',
  kind: 'archive',
  extensions: ['.rar'],
  identify({ head, extension, size }) {
    if (isRar(head)) return 'certain';
    return extension === '.rar' && size > 0 ? 'named' : undefined;
  },
  async scan(input, context) {
    const archive = await readRar(input.source, context.budget);
    if (!archive) throw new Error('there is no RAR signature of a known layout');
    const { entries } = archive;
    context.describe({
      format: 'rar',
      properties: { layout: archive.layout === 4 ? 'RAR 1.5 to 4' : 'RAR 5' },
      members: entries.slice(0, LISTED_MEMBERS).map(({ name, size }) => ({ name, bytes: size ?? 0 })),
      ...(entries.length > LISTED_MEMBERS && { truncated: ['members'] }),
    });
    await new RarScan(input.source, archive, context).run();
  },
};

class RarScan {
  readonly #contents: ReadonlyMap<RarEntry, ByteSource>;
  readonly #paths: MemberPaths;
  /** Why members were not looked into, with their names. */
  readonly #closed = new Map<string, string[]>();

  constructor(
    private readonly source: ByteSource,
    private readonly archive: RarArchive,
    private readonly context: ScanContext,
  ) {
    this.#paths = new MemberPaths(archive.entries.map(({ name }) => name));
    this.#contents = openContents(source, archive, context, (entry, why) => {
      this.#closed.set(why, [...(this.#closed.get(why) ?? []), entry.name]);
    });
  }

  async run(): Promise<void> {
    const { archive, context } = this;
    if (archive.isVolume) context.incomplete('the archive is one volume of several');
    this.#judgeDeclaredSizes();
    const folders = new MemberFolders(archive.entries, (entry) => {
      const content = this.#contents.get(entry);
      if (!content) throw new Error('not unpacked');
      return content;
    });
    for (const entry of archive.entries) {
      context.budget.checkTime();
      this.#paths.judge(entry.name, context, !entry.isDirectory && !entry.link);
      if (entry.link) await this.#judgeLink(entry, entry.link);
      else await this.#scanMember(entry, folders);
    }
    for (const stream of archive.streams) this.#judgeStream(stream);
    for (const [why, names] of this.#closed) {
      const shown = names.slice(0, LISTED_CLOSED).map((name) => evidenceText(name, 80));
      const more = names.length > shown.length ? ` and ${names.length - shown.length} more` : '';
      context.incomplete(`${names.length} of ${archive.entries.length} members ${why}: ${shown.join(', ')}${more}`);
    }
    await this.#scanOutside();
    const { stopped } = archive;
    if (stopped) context.incomplete(stopped.reason, { offset: stopped.offset });
  }

  /** What can be unpacked shows its size while it is; of the rest the headers tell it. */
  #judgeDeclaredSizes(): void {
    const { expansionRatio, ratioFloorBytes } = this.context.budget.limits;
    let packed = 0;
    let size = 0;
    for (const entry of this.archive.entries) {
      if (entry.method === 0) continue;
      packed += entry.packedSize;
      size += entry.size ?? 0;
    }
    if (size > ratioFloorBytes * 2 && size > packed * expansionRatio)
      reportBomb(this.context, `is told to expand from ${packed} to ${size} bytes`);
  }

  async #judgeLink(entry: RarEntry, link: NonNullable<RarEntry['link']>): Promise<void> {
    let { target } = link;
    if (target === undefined) {
      const content = this.#contents.get(entry);
      if (!content) return;
      target = new TextDecoder().decode(await content.read(0, LINK_TARGET_BYTES));
    }
    if (link.kind === 'symlink') this.#paths.addSymlink(entry.name, target, this.context);
    else this.#paths.addHardLink(entry.name, target, this.context);
  }

  async #scanMember(entry: RarEntry, folders: MemberFolders<RarEntry>): Promise<void> {
    const source = this.#contents.get(entry);
    if (!source || entry.isDirectory || source.size === 0) return;
    const location = { member: entry.name };
    try {
      if ((await source.read(0, 1)).length === 0) {
        this.context.incomplete('damaged member: its data cannot be decoded', location);
        return;
      }
      await this.context.scan({ name: entry.name, source, companions: folders.beside(entry.name) });
      if (entry.size !== undefined && (await source.read(entry.size - 1, 1)).length === 0)
        this.context.incomplete('damaged member: it ends too early', location);
    } catch (error) {
      if (!isExpansionCap(error)) throw error;
      reportExpansion(this.context, error, entry.name);
    }
  }

  /** WinRAR before 7.13 wrote a stream of this name to wherever its path leads (CVE-2025-8088). */
  #judgeStream({ name, member, headerOffset }: RarStream): void {
    const bare = name.replace(/^:/, '').replace(/:\$DATA$/i, '');
    if (bare === '' || /^Zone\.Identifier$/i.test(bare)) return;
    const leaves = /[\\/]/.test(bare);
    const shown = evidenceText(`${member}${name}`, 160);
    this.context.report({
      rule: leaves ? ARCHIVE_RULES['path-traversal'] : ARCHIVE_RULES['deceptive-name'],
      message: leaves
        ? `The NTFS stream ${shown} has a path for its name: unpacking writes outside the target folder.`
        : `The archive has the NTFS stream ${shown}: unpacking writes it where no listing shows it.`,
      location: { member, offset: headerOffset },
      anchor: `stream\0${member}\0${name}`,
    });
  }

  async #scanOutside(): Promise<void> {
    const { source, context } = this;
    const { start, end, comment, stopped } = this.archive;
    const parts = [
      { where: 'before', from: 0, size: start },
      { where: 'behind', from: end, size: stopped ? 0 : source.size - end },
    ];
    for (const { where, from, size } of parts) {
      if (size <= 0) continue;
      const bytes = new WindowByteSource(source, from, size);
      if (size <= 65536 && (await bytes.read(0, size)).every((byte) => byte === 0)) continue;
      context.report({
        rule: ARCHIVE_RULES['hidden-data'],
        message: `${size} bytes stand ${where} the archive: the file is read as something else by loaders that begin there.`,
        location: { offset: from, length: size },
        anchor: where,
      });
      await context.scan({ name: `(${where} the archive)`, source: bytes });
    }
    if (comment)
      await context.scan({
        name: '(archive comment)',
        source: new WindowByteSource(source, comment.offset, comment.size),
      });
  }
}

/**
 * What members hold: a window of the file for those that are stored, for those of RAR 5 a part of what their solid run is
 * decoded to as it is read.
 * @param close told of the members that are not opened, and why
 */
function openContents(
  source: ByteSource,
  archive: RarArchive,
  context: ScanContext,
  close: (entry: RarEntry, why: string) => void,
): ReadonlyMap<RarEntry, ByteSource> {
  const contents = new Map<RarEntry, ByteSource>();
  let run: RarEntry[] = [];
  const openRun = () => {
    const [first] = run;
    if (!first) return;
    const last = run.at(-1) as RarEntry;
    const base = first.dataOffset;
    const packed = new WindowByteSource(source, base, last.dataOffset + last.packedSize - base);
    const parts: PackedPart[] = run.map((entry) => ({
      start: entry.dataOffset - base,
      end: entry.dataOffset + entry.packedSize - base,
      size: entry.size as number,
    }));
    const dictionary = Math.max(...run.map((entry) => entry.dictionary));
    const total = parts.reduce((sum, { size }) => sum + size, 0);
    const decoded = new DecodedByteSource(packed, unpack5(parts, dictionary), context.budget, total);
    let at = 0;
    for (const entry of run) {
      contents.set(entry, new WindowByteSource(decoded, at, entry.size as number));
      at += entry.size as number;
    }
    run = [];
  };
  /** Of a solid run that cannot be opened from here on, nothing that follows can. */
  let broken: string | undefined;
  for (const entry of archive.entries) {
    if (entry.isDirectory || (entry.link && entry.link.target !== undefined)) continue;
    if (entry.packedSize === 0 && !entry.size) continue;
    const why = entry.encrypted ? 'are encrypted' : entry.split ? 'go on in another volume' : undefined;
    if (entry.method === 0) {
      if (why) close(entry, why);
      else contents.set(entry, new WindowByteSource(source, entry.dataOffset, entry.packedSize));
      continue;
    }
    if (!entry.solid) {
      openRun();
      broken = undefined;
    }
    broken = why ?? broken ?? whyClosed(entry);
    if (broken) close(entry, broken);
    else run.push(entry);
  }
  openRun();
  return contents;
}

function whyClosed({ version, method, size, dictionary }: RarEntry): string | undefined {
  if (version !== 50)
    return `are compressed with a method of RAR ${version === 70 ? '7' : '4 or before'}, which is not unpacked`;
  if (method > 5) return 'are compressed with an unknown method';
  if (size === undefined) return 'do not tell their size, so that they are not unpacked';
  return dictionary > LARGEST_DICTIONARY ? 'have a dictionary above 128 MiB, which is not unpacked' : undefined;
}
