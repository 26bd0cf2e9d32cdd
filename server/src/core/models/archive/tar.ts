import { isTarHeader, readTar } from '../../archives/tar';
import { scanTarMembers } from '../../archives/tarMembers';
import type { Format } from '../../scanner';

const LISTED_MEMBERS = 1000;

/** Tar archives of every dialect, told by the checksum of their first header. */
export const TAR_FORMAT: Format = {
  id: 'tar',
  title: 'Tar archive',
  kind: 'archive',
  extensions: ['.tar'],
  identify(probe) {
    if (isTarHeader(probe.head.subarray(0, 512))) return 'certain';
    return probe.extension === '.tar' ? 'named' : undefined;
  },
  async scan(input, context) {
    const tar = await readTar(input.source, context.budget);
    if (tar.entries.length === 0 && input.source.size > 0) {
      const head = await input.source.read(0, 512);
      if (!isTarHeader(head) && head.some((byte) => byte !== 0)) throw new Error('the first block is no tar header');
    }
    context.describe({
      format: 'tar',
      members: tar.entries.slice(0, LISTED_MEMBERS).map(({ name, size }) => ({ name, bytes: size })),
      ...(tar.entries.length > LISTED_MEMBERS && { truncated: ['members'] }),
    });
    await scanTarMembers(tar, context);
  },
};
