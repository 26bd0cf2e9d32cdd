import type { ClosableByteSource } from '../io/byteSource';

/** One thing a source offers for scanning. */
export interface SourceEntry {
  /** POSIX path relative to the source's root. It may be hostile: it is a name to show, never a path to build on disk. */
  path: string;
  size: number;
  /** Has come with the listing: reading it transfers nothing. */
  here?: true;
}

/** Something listed that will not be opened, and why. */
export interface SourceSkip {
  path: string;
  reason: string;
  /** True when it should have been looked into and could not be (no permission, an I/O error): no choice of anybody's. */
  unreadable?: boolean;
}

/** What a scan is made of, as plain data: it travels to workers. Each kind of source has its own shape. */
export type SourceSpec =
  /** With `only`, no more than these files of it (POSIX paths below the root), whatever settings leave out. */
  { kind: 'folder'; root: string; only?: string[] } | { kind: 'file'; path: string } | RemoteSpec;

/** Sources on other machines. Never a credential in any of these: they are shown, remembered and put into reports. */
export type RemoteSpec = HuggingFaceSpec | GitSpec | S3Spec;

export interface HuggingFaceSpec {
  kind: 'huggingface';
  repoType: 'model' | 'dataset' | 'space';
  /** `owner/name`, or `name` for the hub's oldest repositories. */
  repo: string;
  /** Branch, tag or commit; default `main`. Pinned to a commit by the first answer. */
  revision?: string;
  /** Only what lies below this folder, or this one file. */
  subfolder?: string;
  /** Origin of a hub that is not huggingface.co. */
  endpoint?: string;
}

export interface GitSpec {
  kind: 'git';
  /** https address without user name or password. */
  url: string;
  /** Branch, tag or commit; default: the remote's HEAD. */
  ref?: string;
  /** From an address `/tree/REF/FOLDER`, in which both may hold slashes: told apart when the refs are known. */
  refAndFolder?: string;
  subfolder?: string;
  /** Commits of history that are fetched; default 1. */
  depth?: number;
  /** `api` reads through GitHub's REST interface, `git` with the user's git, `auto` with git when there is one. */
  through?: 'auto' | 'git' | 'api';
}

export interface S3Spec {
  kind: 's3';
  bucket: string;
  /** Objects whose key begins with this; '' for all. */
  prefix: string;
  region?: string;
  /** Address of a store that is not Amazon's. */
  endpoint?: string;
  /** The bucket stands in the path and not in the host name; default: when an endpoint is given. */
  pathStyle?: boolean;
  /** Ask without a signature (public buckets). */
  anonymous?: boolean;
  /** Whoever asks pays for the transfer. */
  requesterPays?: boolean;
}

/** A fact about the source as a whole, told by its host: shown beside the findings, never instead of them. */
export interface SourceFact {
  label: string;
  value: string;
  /** `notice` is worth a look: the hub's own scanner raised something, custom code is loaded ... */
  level: 'info' | 'notice';
}

/** What went over the network so far, and what it was of. */
export interface TransferStats {
  /** Bytes of all answers, listings among them. */
  bytes: number;
  requests: number;
  /** Bytes of the files that were read, wherever they had come from; never more than the files have. */
  read: number;
}

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
  /** What the host says about the source. Complete once listing has ended. */
  facts?(): readonly SourceFact[];
  /** Transferred for the whole source, or for one of its files. */
  transferred?(path?: string): TransferStats;
}
