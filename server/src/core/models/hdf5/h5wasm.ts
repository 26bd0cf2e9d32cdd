/**
 * The HDF5 library itself, compiled to WebAssembly. A bundle of its own, loaded only for files whose structure the
 * random-access reader does not understand: it needs the whole file in memory and megabytes of code. The build with the
 * in-memory file system is taken on purpose: links and external storage of a hostile file cannot reach the disk.
 */
import type { Attribute, Dataset, Group } from 'h5wasm';

export interface LibraryAttribute {
  path: string;
  name: string;
  /** Text, or the bytes of a small binary value. */
  value: string | Uint8Array;
}

export interface LibraryDataset {
  path: string;
  dtype: string;
  shape: number[];
  /** Of small byte and opaque data sets. */
  data?: Uint8Array;
}

export interface LibraryContent {
  attributes: LibraryAttribute[];
  datasets: LibraryDataset[];
  externalLinks: { path: string; file: string; target: string }[];
  /** Paths of what could not be read. */
  unreadable: string[];
}

/**
 * The library resolves every path from the root and cannot tell that two paths lead to one object: groups that hold each
 * other are followed a few levels only.
 */
const MOST_OBJECTS = 4000;
const MOST_KEYS = 20_000;
const DEEPEST = 24;
/** Groups with the same links that are read: a cycle looks the same at every turn. */
const MOST_ALIKE = 100;
const LARGEST_VALUE = 4 * 1024 * 1024;
let serial = 0;

/**
 * Reads the structure of an HDF5 file.
 * @param bytes the whole file
 * @param checkTime called between groups; ends the reading by throwing
 * @throws Error when the library refuses the file
 */
export async function readWithLibrary(bytes: Uint8Array, checkTime?: () => void): Promise<LibraryContent> {
  const library = await import('h5wasm');
  const { FS, activate_throwing_error_handler: throwErrors } = await library.ready;
  // Errors are thrown instead of printed.
  throwErrors();
  serial += 1;
  const name = `watchtower-${serial}.h5`;
  FS.writeFile(name, bytes);
  try {
    const file = new library.File(name, 'r');
    try {
      const content: LibraryContent = { attributes: [], datasets: [], externalLinks: [], unreadable: [] };
      const pending: { group: Group; path: string }[] = [{ group: file, path: '' }];
      let keys = 0;
      const alike = new Map<string, number>();
      for (let count = 0; pending.length && count < MOST_OBJECTS && keys < MOST_KEYS; count += 1) {
        checkTime?.();
        const { group, path } = pending.pop() as { group: Group; path: string };
        const names = group.keys();
        const shape = names.slice(0, 1000).join('\0');
        const met = alike.get(shape) ?? 0;
        alike.set(shape, met + 1);
        if (met === MOST_ALIKE) content.unreadable.push(`${path} and other groups with the same links`);
        if (met >= MOST_ALIKE) continue;
        readGroup(group, names.slice(0, MOST_KEYS - keys), path, content, pending);
        keys += names.length;
      }
      if (pending.length) content.unreadable.push(`more than ${MOST_OBJECTS} objects or ${MOST_KEYS} links`);
      return content;
    } finally {
      file.close();
    }
  } finally {
    FS.unlink(name);
  }
}

function readGroup(
  group: Group,
  names: readonly string[],
  path: string,
  content: LibraryContent,
  pending: { group: Group; path: string }[],
): void {
  readAttributes(group.attrs, path, content);
  for (const key of names) {
    const inner = `${path}/${key}`;
    if (content.datasets.length + content.externalLinks.length > MOST_OBJECTS) return;
    try {
      const entity = group.get(key);
      const kind = (entity as { type?: string } | null)?.type;
      if (entity === null) content.unreadable.push(inner);
      else if (kind === 'Group') {
        if (inner.split('/').length <= DEEPEST) pending.push({ group: entity as Group, path: inner });
        else content.unreadable.push(inner);
      } else if (kind === 'Dataset') readDataset(entity as Dataset, inner, content);
      else if ('filename' in entity)
        content.externalLinks.push({ path: inner, file: entity.filename, target: entity.obj_path });
    } catch {
      content.unreadable.push(inner);
    }
  }
}

function readDataset(dataset: Dataset, path: string, content: LibraryContent): void {
  readAttributes(dataset.attrs, path, content);
  const { metadata } = dataset;
  const shape = dataset.shape ?? [];
  const bytes = shape.reduce((product, size) => product * size, metadata.size);
  const entry: LibraryDataset = { path, dtype: typeof dataset.dtype === 'string' ? dataset.dtype : 'compound', shape };
  if ((metadata.type === 5 || (metadata.type === 0 && metadata.size === 1)) && bytes <= LARGEST_VALUE) {
    const { value } = dataset;
    if (value instanceof Uint8Array) entry.data = value;
    else if (value instanceof Int8Array) entry.data = new Uint8Array(value.buffer, value.byteOffset, value.length);
  }
  content.datasets.push(entry);
}

function readAttributes(attributes: Record<string, Attribute>, path: string, content: LibraryContent): void {
  for (const name of Object.keys(attributes)) {
    if (content.attributes.length > MOST_OBJECTS) return;
    try {
      const value = attributes[name]?.value;
      if (typeof value === 'string' || value instanceof Uint8Array) content.attributes.push({ path, name, value });
    } catch {
      content.unreadable.push(`${path}@${name}`);
    }
  }
}
