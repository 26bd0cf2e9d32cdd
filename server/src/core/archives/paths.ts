export type PathHazard = 'absolute' | 'drive' | 'unc' | 'parent';

/**
 * Why unpacking a member of this name could write outside the target folder: an absolute path, a Windows drive, a UNC
 * path, or `..` components that leave the root. Both separators count, since the archive may be unpacked on either system.
 */
export function pathHazard(name: string): PathHazard | undefined {
  if (/^[\\/]{2}[^\\/]/.test(name)) return 'unc';
  if (/^[\\/]/.test(name)) return 'absolute';
  if (/^[A-Za-z]:/.test(name))
    return name.length > 2 && /[\\/]/.test(name[2] as string) ? 'drive' : driveRelative(name);
  return leavesRoot(name) ? 'parent' : undefined;
}

/** `C:name` is relative to a drive's own folder; a longer first part with a colon is an ordinary name. */
function driveRelative(name: string): PathHazard | undefined {
  return name.includes('/') || name.includes('\\') || /\.[A-Za-z0-9]+$/.test(name) ? 'drive' : undefined;
}

function leavesRoot(name: string): boolean {
  let depth = 0;
  for (const part of name.split(/[\\/]/)) {
    if (part === '' || part === '.') continue;
    depth += part === '..' ? -1 : 1;
    if (depth < 0) return true;
  }
  return false;
}

/** Where a link inside an archive points when its target is read relative to the folder the link lies in. */
export function linkHazard(linkName: string, target: string): PathHazard | undefined {
  const own = pathHazard(target);
  if (own && own !== 'parent') return own;
  const folder = linkName.split(/[\\/]/).slice(0, -1).join('/');
  return leavesRoot(`${folder}/${target}`) ? 'parent' : undefined;
}

/** A member's path as an unpacker resolves it: one separator, no empty or `.` parts, inner `..` applied. */
export function normalisedPath(name: string): string {
  const parts: string[] = [];
  for (const part of name.split(/[\\/]/)) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length) parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}

export const HAZARD_TEXT: Record<PathHazard, string> = {
  absolute: 'is an absolute path',
  drive: 'names a Windows drive',
  unc: 'is a network (UNC) path',
  parent: 'leaves the folder through `..`',
};
