import { setMaxListeners } from 'node:events';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import ignore, { type Ignore } from 'ignore';
import type { ClosableByteSource } from '../io/byteSource';
import type { RangeTransport } from '../io/httpRange';
import { openRanged, openWhole, type RangedOptions } from '../io/rangedSource';
import { Slots, TransferMeter } from '../io/transfer';
import type { ScanSettings } from '../settings';
import type { SourceEnvironment, TemporaryFolder } from './environment';
import { concernsWholeSource, RemoteError } from './remoteError';
import type { SourceEntry, SourceSkip, TransferStats } from './source';

/** After so many files in a row that could not be reached the host is taken to be gone. */
const MOST_UNREACHABLE = 10;

/** Requests to one host at once. */
const PARALLEL = 16;

/** What the files of every remote source have in common: the listing by folder, the budgets, how they are opened. */
export class RemoteFiles {
  readonly meter: TransferMeter;
  readonly stop = new AbortController();
  readonly #slots = new Slots(PARALLEL);
  readonly #meters = new Map<string, TransferMeter>();
  /** Sizes of the files that have been opened. */
  readonly #sizes = new Map<string, number>();
  /** Files that were read without a transfer of their own. */
  readonly #here = new Set<string>();
  readonly #folders = new Map<string, string[]>();
  readonly #excluded: Ignore;
  readonly #clock: (() => number) | undefined;
  #temporary: Promise<TemporaryFolder> | undefined;
  #fatal: RemoteError | undefined;
  /** Files in a row that could not be reached. */
  #unreachable = 0;

  constructor(
    private readonly settings: ScanSettings,
    private readonly environment: SourceEnvironment,
  ) {
    setMaxListeners(0, this.stop.signal);
    const { remote } = settings;
    const { patience } = environment;
    this.#clock = patience && (() => patience.now());
    this.meter = new TransferMeter(
      {
        bytes: remote.full ? Number.POSITIVE_INFINITY : remote.sourceBytes,
        requests: remote.sourceRequests,
        timeMs: remote.sourceTimeMs,
      },
      undefined,
      'source',
      this.#clock,
    );
    this.#excluded = ignore({ allowRelativePaths: false }).add(settings.exclude);
  }

  /** Takes a file of the listing in, or says why it is left out. */
  listed(path: string, size: number): SourceEntry | SourceSkip {
    // Names that leave the tree or start at the root are legal on a remote; no glob means them.
    if (ignore.isPathValid(path) && this.#excluded.ignores(path)) return { path, reason: 'excluded by settings' };
    const slash = path.lastIndexOf('/');
    const folder = slash < 0 ? '' : path.slice(0, slash);
    const names = this.#folders.get(folder);
    if (names) names.push(path.slice(slash + 1));
    else this.#folders.set(folder, [path.slice(slash + 1)]);
    return { path, size };
  }

  namesIn(folder: string): readonly string[] {
    return this.#folders.get(folder) ?? [];
  }

  meterOf(path: string): TransferMeter {
    let meter = this.#meters.get(path);
    if (!meter) {
      const { remote } = this.settings;
      meter = new TransferMeter(
        {
          bytes: remote.full ? Number.POSITIVE_INFINITY : remote.fileBytes,
          requests: remote.fileRequests,
          timeMs: remote.full ? remote.sourceTimeMs : remote.fileTimeMs,
        },
        this.meter,
        'file',
        this.#clock,
      );
      this.#meters.set(path, meter);
    }
    return meter;
  }

  transferred(path?: string): TransferStats {
    const readOf = (name: string) => this.#readOf(name);
    const sizes = this.#sizes;
    const meter = path === undefined ? this.meter : this.#meters.get(path);
    return {
      ...{ bytes: meter?.bytes ?? 0, requests: meter?.requests ?? 0 },
      // Summed up when somebody looks: there may be a hundred thousand.
      get read() {
        if (path !== undefined) return readOf(path);
        let sum = 0;
        for (const name of sizes.keys()) sum += readOf(name);
        return sum;
      },
    };
  }

  #readOf(path: string): number {
    const size = this.#sizes.get(path) ?? 0;
    return this.#here.has(path) ? size : Math.min(size, this.#meters.get(path)?.bytes ?? 0);
  }

  /** Notes that all of a file was read, out of what had come before. */
  readHere(path: string, size: number): void {
    this.#sizes.set(path, size);
    this.#here.add(path);
  }

  /**
   * Runs what asks the host about one file. An error that concerns the whole source is remembered, so that the next
   * thousand files do not ask for it again.
   */
  async guarded<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#fatal) throw this.#fatal;
    try {
      const result = await ask();
      this.#unreachable = 0;
      return result;
    } catch (error) {
      const lost = error instanceof RemoteError && (error.kind === 'offline' || error.kind === 'timeout');
      this.#unreachable = lost ? this.#unreachable + 1 : 0;
      if (concernsWholeSource(error)) this.#fatal = error;
      else if (lost && this.#unreachable >= MOST_UNREACHABLE) this.#fatal = error;
      throw error;
    }
  }

  /**
   * Opens one file for ranged reading, or takes the whole when the settings say so.
   * @param hash SHA-256 that the host names for the file; checked when the whole is read
   * @throws RemoteError, BudgetExceeded
   */
  open(path: string, transport: RangeTransport, size?: number, hash?: string): Promise<ClosableByteSource> {
    return this.guarded(async () => {
      const options: RangedOptions = {
        transport,
        meter: this.meterOf(path),
        slots: this.#slots,
        stallMs: this.settings.remote.stallMs,
        signal: this.stop.signal,
        spill: async () => (await this.temporary()).spill(),
        ...(size !== undefined && { expectedSize: size }),
      };
      const source = this.settings.remote.full ? await openWhole(options) : await openRanged(options);
      this.#sizes.set(path, source.size);
      this.#here.delete(path);
      if (!this.settings.remote.full) return source;
      if (hash && (await hashOf(source)) !== hash) {
        await source.close();
        throw new RemoteError('changed', 'the file is not the one that its host describes: its SHA-256 differs');
      }
      return source;
    });
  }

  temporary(): Promise<TemporaryFolder> {
    this.#temporary ??= this.environment.temporary.create();
    return this.#temporary;
  }

  async close(): Promise<void> {
    this.stop.abort(new RemoteError('refused', 'the source has been closed'));
    const folder = await this.#temporary?.catch(() => undefined);
    await folder?.remove();
  }
}

async function hashOf(source: ClosableByteSource): Promise<string> {
  const hash = sha256.create();
  for (let at = 0; at < source.size; at += 2 ** 20) hash.update(await source.read(at, 2 ** 20));
  return bytesToHex(hash.digest());
}
