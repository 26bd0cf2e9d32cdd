import type { RangeTransport } from '../io/httpRange';
import type { Spill } from '../io/rangedSource';
import type { HttpClient, Patience } from './http';

/**
 * Secrets for one scan. They live in memory, beside the specification and never inside it, and are given to the source
 * alone: no worker, report, log or error sees them.
 */
export interface SourceCredentials {
  /** Token for a Hugging Face hub or for GitHub (or another git host, as its user's password). */
  token?: string;
  /** User name that goes with `token` for a git host; default `x-access-token`. */
  user?: string;
  s3?:
    | { accessKeyId: string; secretAccessKey: string; sessionToken?: string }
    /** The standard chain: environment, shared files, single sign-on, instance. May run the profile's `credential_process`. */
    | { profile?: string };
}

/** What a remote source needs of the outside world. The faces make one; the core opens no socket and starts no process. */
export interface SourceEnvironment {
  http: HttpClient;
  credentials: SourceCredentials;
  /** Absent when no git is installed. */
  git?: GitRunner;
  temporary: TemporaryFolders;
  /** Loads the S3 client's bundle; it is large and only needed for S3. */
  s3?: () => S3Module;
  patience?: Patience;
}

/** A private folder in the system's temporary directory, removed by `remove` and on every way the process may end. */
export interface TemporaryFolder {
  readonly path: string;
  /** A file of the folder for bytes that are too many for memory. */
  spill(): Promise<Spill>;
  remove(): Promise<void>;
}

export interface TemporaryFolders {
  create(): Promise<TemporaryFolder>;
}

export interface GitRun {
  /** Arguments after `git`; never through a shell. */
  args: readonly string[];
  cwd: string;
  stdin?: string;
  /** Header that authenticates, and the origin it is for. Handed over in the environment, not in the arguments. */
  authorization?: { origin: string; header: string };
  signal?: AbortSignal;
  /** The folder may grow by this many bytes before git is ended. */
  diskLimit?: number;
  /** Also allowed besides https: plain http to loopback, in tests and for local servers. */
  allowHttp?: boolean;
}

/** Runs the user's git with everything off that could run something else. */
export interface GitRunner {
  /** @throws GitFailed, BudgetExceeded, RemoteError */
  run(options: GitRun): Promise<{ stdout: Uint8Array }>;
  /** Output as it comes; ends with an error when git does. */
  stream(options: GitRun): AsyncIterable<Uint8Array>;
  /** `git cat-file --batch` kept open. Asked one object at a time. */
  objects(cwd: string): GitObjects;
}

export interface GitObjects {
  /**
   * One object's bytes.
   * @param limit larger objects are drained and not kept
   * @returns undefined when it is not there; `bytes` is undefined when it is larger than `limit`
   */
  read(oid: string, limit: number): Promise<{ size: number; bytes: Uint8Array | undefined } | undefined>;
  close(): void;
}

export class GitFailed extends Error {
  constructor(
    readonly exitCode: number | null,
    /** What git said, without addresses' credentials; for telling one failure from another. */
    readonly stderr: string,
  ) {
    super(`git ended with ${exitCode === null ? 'a signal' : `code ${exitCode}`}`);
    this.name = 'GitFailed';
  }
}

/** One object of a bucket, as a listing gives it. */
export interface S3Object {
  key: string;
  size: number;
  etag?: string;
  storageClass?: string;
}

export interface S3ClientOptions {
  region?: string;
  endpoint?: string;
  pathStyle?: boolean;
  anonymous?: boolean;
  requesterPays?: boolean;
  credentials?: SourceCredentials['s3'];
  http: HttpClient;
  /** Told of the bytes of listings. */
  listed?(bytes: number): void;
}

export interface S3Bucket {
  list(bucket: string, prefix: string, signal?: AbortSignal): AsyncIterable<S3Object>;
  transport(bucket: string, key: string): RangeTransport;
  close(): void;
}

/** What the bundle `s3` exports. */
export interface S3Module {
  openS3(options: S3ClientOptions): S3Bucket;
}
