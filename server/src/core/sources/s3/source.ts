import type { ClosableByteSource } from '../../io/byteSource';
import type { ScanSettings } from '../../settings';
import type { S3Bucket, SourceEnvironment } from '../environment';
import { parseUrl } from '../http';
import { RemoteError } from '../remoteError';
import { RemoteFiles } from '../remoteFiles';
import type { S3Spec, Source, SourceEntry, SourceFact, SourceSkip, TransferStats } from '../source';

/** Storage classes whose objects have to be restored before they can be read. */
const ARCHIVED = new Set(['GLACIER', 'DEEP_ARCHIVE']);

/** Objects of an S3 bucket. Keys are names to show and to ask for; they never become paths of this machine. */
export class S3Source implements Source {
  readonly label: string;
  readonly #files: RemoteFiles;
  readonly #store: S3Bucket;
  readonly #sizes = new Map<string, number>();
  #count = 0;

  constructor(
    private readonly spec: S3Spec,
    settings: ScanSettings,
    environment: SourceEnvironment,
  ) {
    this.label = `s3://${spec.bucket}/${spec.prefix}`;
    if (!environment.s3) throw new RemoteError('refused', 'the S3 client is not part of this build');
    if (spec.endpoint) parseUrl(spec.endpoint);
    this.#files = new RemoteFiles(settings, environment);
    this.#store = environment.s3().openS3({
      ...spec,
      credentials: environment.credentials.s3,
      http: environment.http,
      listed: (bytes) => this.#files.meter.received(bytes),
    });
  }

  async *list(signal?: AbortSignal): AsyncIterable<SourceEntry | SourceSkip> {
    for await (const { key, size, storageClass } of this.#store.list(this.spec.bucket, this.spec.prefix, signal)) {
      // What consoles make for a folder is no object of anybody's.
      if (size === 0 && key.endsWith('/')) continue;
      if (this.#count % 1000 === 0) this.#files.meter.begin(0);
      this.#count += 1;
      if (storageClass && ARCHIVED.has(storageClass)) {
        yield {
          path: key,
          reason: 'archived in the store: it has to be restored before it can be read',
          unreadable: true,
        };
        continue;
      }
      this.#sizes.set(key, size);
      yield this.#files.listed(key, size);
    }
    if (this.#count === 0)
      throw new RemoteError('not-found', `nothing in the bucket begins with "${this.spec.prefix}"`);
  }

  open(key: string): Promise<ClosableByteSource> {
    return this.#files.open(key, this.#store.transport(this.spec.bucket, key), this.#sizes.get(key));
  }

  namesIn(folder: string): Promise<readonly string[]> {
    return Promise.resolve(this.#files.namesIn(folder));
  }

  facts(): readonly SourceFact[] {
    return [
      ...(this.spec.endpoint ? [{ label: 'endpoint', value: this.spec.endpoint, level: 'info' as const }] : []),
      { label: 'objects', value: String(this.#count), level: 'info' },
    ];
  }

  transferred(path?: string): TransferStats {
    return this.#files.transferred(path);
  }

  async close(): Promise<void> {
    await this.#files.close();
    this.#store.close();
  }
}
