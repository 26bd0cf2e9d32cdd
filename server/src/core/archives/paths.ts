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

const SYSTEM_FOLDERS =
  /^(?:bin|boot|dev|etc|home|lib(?:32|64|x32)?|media|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var|nix|app)$/;

function topFolder(name: string): string {
  return normalisedPath(name).split('/', 1)[0] as string;
}

/** True when a path lies, from the root, in one of the folders of a Unix system. */
export function systemPath(name: string): boolean {
  return SYSTEM_FOLDERS.test(topFolder(name));
}

/** True when the members are a system's root, as the layers of a container image are (Filesystem Hierarchy Standard 3.0). */
export function isSystemTree(names: Iterable<string>): boolean {
  const tops = new Set<string>();
  for (const name of names) {
    const top = topFolder(name);
    if (/^(?:bin|etc|lib|lib64|sbin|usr|var|opt)$/.test(top)) tops.add(top);
    if (tops.size >= 3) return true;
  }
  return false;
}

/** Names that Windows gives to devices, whatever extension stands behind them. */
const DEVICE = /^(?:con|prn|aux|nul|com[1-9\u00b9\u00b2\u00b3]|lpt[1-9\u00b9\u00b2\u00b3]|conin\$|conout\$)(?:\.|$)/i;

/** What makes a member's name look, or be unpacked, like another one. */
export function deceit(name: string): { what: string; severity: 'medium' | 'low' } | undefined {
  if (/[\u202a-\u202e\u2066-\u2069]/.test(name)) {
    return { what: 'has bidirectional controls, so that it is shown as another one', severity: 'medium' };
  }
  if (/[\u2024-\u2026\u2044\u2215\u29f5\u29f8\ufe52\uff0e\uff0f\uff3c]/.test(name)) {
    const plain = name
      .normalize('NFKC')
      .replace(/[\u2044\u2215\u29f8]/g, '/')
      .replace(/\u29f5/g, '\\');
    if (pathHazard(plain)) {
      return {
        what: 'is a path out of the archive once look-alike dots and slashes are normalised',
        severity: 'medium',
      };
    }
  }
  const parts = name.split(/[\\/]/);
  if (parts.some((part) => /:[^:]*:?\$(?:DATA|INDEX_ALLOCATION)/i.test(part))) {
    return { what: 'names an alternate data stream of Windows', severity: 'medium' };
  }
  if (/[\u200b-\u200d\u2060\ufeff]/.test(name)) return { what: 'has characters that are not seen', severity: 'low' };
  if (parts.some((part) => DEVICE.test(part))) return { what: 'is a device of Windows', severity: 'low' };
  return parts.some((part) => /[^.][. ]+$/.test(part))
    ? { what: 'ends in dots or spaces, which Windows drops', severity: 'low' }
    : undefined;
}
