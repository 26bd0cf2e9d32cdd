/**
 * Paths that a model names. Loaders join them to the folder of the model, so a harmless one stays below that folder
 * whatever the system: POSIX, Windows (drives, UNC, both separators, names that lose their trailing dots and spaces), a
 * shell or a library that expands `~`, `$HOME` and `%TEMP%`, or a file system layer that takes addresses.
 */

const ROOTED = /^\s*[/\\~]/;
/** `C:\x`, and `C:x`, which is relative to a directory of its own on each drive. */
const DRIVE = /^\s*[A-Za-z]:/;
const ADDRESS = /^\s*[A-Za-z][A-Za-z0-9+.-]*:(?:\/\/|[/\\])|^\s*(?:file|jar|zip|http|https|ftp):/i;
const VARIABLE = /^\s*(?:\$\{?[A-Za-z_]\w*\}?|%[A-Za-z_]\w*%)(?:[/\\]|$)/;

function climbs(path: string): boolean {
  return path.split(/[/\\]/).some((part) => /^\s*\.\.[\s.]*$/.test(part));
}

function leaves(path: string): boolean {
  return ROOTED.test(path) || DRIVE.test(path) || ADDRESS.test(path) || VARIABLE.test(path) || climbs(path);
}

function percentDecoded(path: string): string {
  return path.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/**
 * Whether a path that a model names can lead out of the folder it is relative to: absolute paths, drives, UNC names,
 * addresses, variables, paths that climb, percent-encoded ones (twice at most), and names with a NUL, which C ends there
 * and nothing else does.
 */
export function isOutsidePath(path: string): boolean {
  if (path.includes('\0') || leaves(path)) return true;
  const once = percentDecoded(path);
  if (once === path) return false;
  return once.includes('\0') || leaves(once) || leaves(percentDecoded(once));
}
