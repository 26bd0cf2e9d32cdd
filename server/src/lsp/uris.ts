import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Path on disk of a `file:` URI; undefined for any other scheme. */
export function pathOf(uri: string): string | undefined {
  if (!uri.startsWith('file:')) return undefined;
  try {
    return fileURLToPath(uri);
  } catch {
    return undefined;
  }
}

/** `file:` URI in exactly the spelling VS Code uses, since URIs are compared as text: one file must not be two. */
export function uriOf(file: string): string {
  const posix = path.sep === '/' ? file : file.replaceAll(path.sep, '/');
  const drive = /^([A-Za-z]):\//.exec(posix);
  if (drive)
    return `file:///${(drive[1] as string).toLowerCase()}%3A/${posix.slice(3).split('/').map(encodeSegment).join('/')}`;
  // A Windows share, //server/share/file, has the server as its authority.
  return `file://${(posix.startsWith('//') ? posix.slice(2) : posix).split('/').map(encodeSegment).join('/')}`;
}

/** URI of a file below a folder that is given by URI; `.` is the folder itself. */
export function uriBelow(folder: string, relative: string): string {
  if (relative === '.') return folder.replace(/\/$/, '');
  return `${folder.replace(/\/$/, '')}/${relative.split('/').map(encodeSegment).join('/')}`;
}

function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The same URI in the spelling of {@link uriOf} when it is a file's. */
export function normalised(uri: string): string {
  const file = pathOf(uri);
  return file === undefined ? uri : uriOf(file);
}

/** POSIX path of `file` below `root`, `''` for the root itself, undefined when it is not below. */
export function relativeTo(root: string, file: string): string | undefined {
  const relative = path.relative(root, file);
  if (relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative)) return undefined;
  return path.sep === '/' ? relative : relative.replaceAll(path.sep, '/');
}
