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

const MOST_OBJECTS = 20_000;
const MOST_KEYS = 200_000;
const LARGEST_VALUE = 4 * 1024 * 1024;
let serial = 0;

/**
 * Reads the structure of an HDF5 file.
 * @param bytes the whole file
 * @throws Error when the library refuses the file
 */
export async function readWithLibrary(bytes: Uint8Array): Promise<LibraryContent> {
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
      for (let count = 0; pending.length && count < MOST_OBJECTS && keys < MOST_KEYS; count += 1) {
        const { group, path } = pending.pop() as { group: Group; path: string };
        keys += readGroup(group, path, content, pending, MOST_KEYS - keys);
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

/** @returns how many links of the group were followed, at most `most`: groups may hold themselves and each other */
function readGroup(
  group: Group,
  path: string,
  content: LibraryContent,
  pending: { group: Group; path: string }[],
  most: number,
): number {
  readAttributes(group.attrs, path, content);
  let followed = 0;
  for (const key of group.keys()) {
    const inner = `${path}/${key}`;
    followed += 1;
    if (followed > most || content.datasets.length + content.externalLinks.length > MOST_OBJECTS) return followed;
    try {
      const entity = group.get(key);
      const kind = (entity as { type?: string } | null)?.type;
      if (entity === null) content.unreadable.push(inner);
      else if (kind === 'Group') {
        if (inner.length < 2000) pending.push({ group: entity as Group, path: inner });
      } else if (kind === 'Dataset') readDataset(entity as Dataset, inner, content);
      else if ('filename' in entity)
        content.externalLinks.push({ path: inner, file: entity.filename, target: entity.obj_path });
    } catch {
      content.unreadable.push(inner);
    }
  }
  return followed;
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
