import type { DirectoryFormat } from './scanner';
import type { SourceEntry } from './sources/source';

/** What one task of a scan looks at: a file, or a folder that is one artifact. */
export type PlannedArtifact =
  | { kind: 'file'; path: string; size: number }
  | { kind: 'directory'; path: string; formatId: string; members: string[]; size: number };

/** Levels below the root at which a folder may still be an artifact of its own. */
const DEEPEST_ARTIFACT = 24;

/**
 * Groups the files of a tree into artifacts. Outer folders are asked first, so that a model registry's folder holds the
 * SavedModel inside it, and every file belongs to exactly one artifact.
 * @param entries files by POSIX path
 */
export function planArtifacts(entries: readonly SourceEntry[], formats: readonly DirectoryFormat[]): PlannedArtifact[] {
  const below = new Map<string, SourceEntry[]>();
  for (const entry of entries) {
    let depth = 0;
    for (let slash = entry.path.indexOf('/'); slash >= 0; slash = entry.path.indexOf('/', slash + 1)) {
      // Keys of a bucket may have five hundred levels; each level lists all that lies below it.
      depth += 1;
      if (depth > DEEPEST_ARTIFACT) break;
      const folder = entry.path.slice(0, slash);
      const list = below.get(folder);
      if (list) list.push(entry);
      else below.set(folder, [entry]);
    }
  }
  const taken = new Set<string>();
  const planned: PlannedArtifact[] = [];
  for (const folder of [...below.keys()].sort(
    (a, b) => a.split('/').length - b.split('/').length || (a < b ? -1 : 1),
  )) {
    const free = (below.get(folder) as SourceEntry[]).filter(({ path }) => !taken.has(path));
    if (free.length === 0) continue;
    const names = free.map(({ path }) => path.slice(folder.length + 1));
    for (const format of formats) {
      const members = format.claim(names);
      if (!members?.length) continue;
      const chosen = new Set(members);
      let size = 0;
      for (const [index, name] of names.entries()) {
        if (!chosen.has(name)) continue;
        const entry = free[index] as SourceEntry;
        taken.add(entry.path);
        size += entry.size;
      }
      planned.push({ kind: 'directory', path: folder, formatId: format.id, members: [...members], size });
      break;
    }
  }
  for (const { path, size } of entries) if (!taken.has(path)) planned.push({ kind: 'file', path, size });
  return planned.sort((a, b) => (a.path < b.path ? -1 : 1));
}
