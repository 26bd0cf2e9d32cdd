/** Which file a finding lies in: a folder that is one artifact has members, and people open those. */
import type { ArtifactReport, Location } from './finding';
import { printable } from './redact';

/** A path below another, where `.` and '' are the other itself. */
export function joinPath(folder: string, inside: string): string {
  if (folder === '' || folder === '.') return inside;
  return inside === '' || inside === '.' ? folder : `${folder}/${inside}`;
}

/** Names as `location.member` has them, which may be hostile, and the files they are of. */
const byShownName = new WeakMap<readonly string[], Map<string, string>>();

/**
 * The place of a finding within the file it lies in.
 * @returns `file`: name of the member, undefined when the artifact has none; `location`: without the file's name in `member`
 */
export function placeInMember(
  members: readonly string[] | undefined,
  location: Location,
): { file: string | undefined; location: Location } {
  if (!members?.length) return { file: undefined, location };
  let shown = byShownName.get(members);
  if (!shown) {
    shown = new Map(members.map((name) => [printable(name), name]));
    byShownName.set(members, shown);
  }
  const { member, ...rest } = location;
  if (member === undefined) return { file: members[0], location };
  const own = shown.get(member);
  if (own !== undefined) return { file: own, location: rest };
  // A name may hold the sign that separates what is inside of it.
  for (let at = member.lastIndexOf('!'); at > 0; at = member.lastIndexOf('!', at - 1)) {
    const file = shown.get(member.slice(0, at));
    if (file !== undefined) return { file, location: { ...rest, member: member.slice(at + 1) } };
  }
  return { file: members[0], location };
}

/** POSIX path, relative to the target, of the file that a finding of the artifact lies in. */
export function fileOf({ path, members }: Pick<ArtifactReport, 'path' | 'members'>, location: Location): string {
  const { file } = placeInMember(members, location);
  return file === undefined ? path : joinPath(path, file);
}
