import { isExpansionCap } from '../../archives/decoded';
import { reportExpansion } from '../../archives/memberPaths';
import { hasZipHead, NotAZip, readZip, recoverMembers, type ZipArchive, zipOf } from '../../archives/zip';
import { scanZipMembers } from '../../archives/zipMembers';
import type { Format } from '../../scanner';

const LISTED_MEMBERS = 1000;

/** Any zip archive whose members are judged each for itself. Formats that are zip archives with a meaning supersede it. */
export const ZIP_FORMAT: Format = {
  id: 'zip',
  title: 'Zip archive',
  kind: 'archive',
  extensions: ['.zip'],
  async identify(probe) {
    if (await zipOf(probe)) return 'certain';
    if (hasZipHead(probe.head)) return 'likely';
    return probe.extension === '.zip' ? 'named' : undefined;
  },
  async scan(input, context) {
    let zip: ZipArchive;
    try {
      zip = await readZip(input.source, context.budget);
    } catch (error) {
      if (!(error instanceof NotAZip)) throw error;
      const head = await input.source.read(0, 4);
      if (!hasZipHead(head)) throw error;
      context.incomplete(`damaged archive: ${error.message}`);
      try {
        for await (const member of recoverMembers(input.source, context.budget)) await context.scan(member);
      } catch (failure) {
        if (!isExpansionCap(failure)) throw failure;
        reportExpansion(context, failure);
      }
      return;
    }
    context.describe({
      format: 'zip',
      members: zip.entries.slice(0, LISTED_MEMBERS).map(({ name, size }) => ({ name, bytes: size })),
      ...(zip.entries.length > LISTED_MEMBERS && { truncated: ['members'] }),
    });
    await scanZipMembers(zip, context);
  },
};
