import type { ByteSource } from '../io/byteSource';
import type { Companions } from '../scanner';
import { normalisedPath } from './paths';

/**
 * The members beside each other in an archive: what the files of one folder are to a file on disk. A SavedModel in an
 * archive is judged with its metadata that way.
 * @param members names as the archive has them, in its order; of equal ones the first counts
 */
export class MemberFolders<Entry extends { readonly name: string }> {
  readonly #folders = new Map<string, Map<string, Entry>>();

  constructor(
    members: readonly Entry[],
    private readonly open: (entry: Entry) => Promise<ByteSource> | ByteSource,
  ) {
    for (const entry of members) {
      const { folder, base } = split(normalisedPath(entry.name));
      if (base === '' || entry.name.endsWith('/')) continue;
      let names = this.#folders.get(folder);
      if (!names) {
        names = new Map();
        this.#folders.set(folder, names);
      }
      if (!names.has(base)) names.set(base, entry);
    }
  }

  /** What lies beside a member. */
  beside(name: string): Companions {
    const { folder } = split(normalisedPath(name));
    return {
      list: async () => [...(this.#folders.get(folder)?.keys() ?? [])],
      open: async (relative) => {
        const path = normalisedPath(folder ? `${folder}/${relative}` : relative);
        const { folder: inner, base } = split(path);
        const entry = this.#folders.get(inner)?.get(base);
        if (!entry) return undefined;
        try {
          return await this.open(entry);
        } catch {
          // What is wrong with that member is said when it is scanned itself.
          return undefined;
        }
      },
    };
  }
}

function split(path: string): { folder: string; base: string } {
  const at = path.lastIndexOf('/');
  return { folder: path.slice(0, Math.max(0, at)), base: path.slice(at + 1) };
}
