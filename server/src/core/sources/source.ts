import type { ClosableByteSource } from '../io/byteSource';

/** One thing a source offers for scanning. */
export interface SourceEntry {
  /** POSIX path relative to the source's root. It may be hostile: it is a name to show, never a path to build on disk. */
  path: string;
  size: number;
}

/** Something listed that will not be opened, and why. */
export interface SourceSkip {
  path: string;
  reason: string;
}

/** What a scan is made of, as plain data: it travels to workers. Each kind of source has its own shape. */
export type SourceSpec = { kind: 'folder'; root: string } | { kind: 'file'; path: string };

/**
 * A place artifacts come from. Listing streams, so that memory stays flat on a hundred thousand objects.
 * Errors of `list` end the scan with their message; errors of `open` concern one entry.
 */
export interface Source {
  /** What people call it: a path, `hf:owner/model@rev`, `s3://bucket/prefix`. */
  readonly label: string;
  list(signal?: AbortSignal): AsyncIterable<SourceEntry | SourceSkip>;
  /** @throws Error when there is no such entry, or it would leave the source */
  open(path: string): Promise<ClosableByteSource>;
  /** Names of the files directly in a folder of the source ('' is the root); empty when there is no such folder. */
  namesIn(folder: string): Promise<readonly string[]>;
  close(): Promise<void>;
}
