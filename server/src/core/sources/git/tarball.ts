import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { openTarEntry, readTar, type TarArchive, type TarEntry } from '../../archives/tar';
import { Budget, BudgetExceeded, type Limits } from '../../budget';
import type { ByteSource, ClosableByteSource } from '../../io/byteSource';
import type { TransferMeter } from '../../io/transfer';
import type { TemporaryFolder } from '../environment';
import { checkEncoding, type HttpResponse } from '../http';
import { RemoteError } from '../remoteError';

/** Files up to this are held against the object id that the tree names. */
const VERIFIED_BYTES = 16 * 2 ** 20;

/** A repository at one commit, unpacked into a private temporary file: one request instead of one for each of its files. */
export class Tarball {
  readonly #entries = new Map<string, TarEntry>();

  private constructor(
    private readonly archive: TarArchive,
    private readonly file: ClosableByteSource,
  ) {
    for (const entry of archive.entries) {
      // GitHub puts everything into one folder, OWNER-NAME-COMMIT.
      const slash = entry.name.indexOf('/');
      if (entry.type === 'file' && slash > 0) this.#entries.set(entry.name.slice(slash + 1), entry);
    }
  }

  /**
   * @param response answer with a gzip-compressed tar as its body
   * @param largest bytes that it may unpack to
   * @throws RemoteError, BudgetExceeded
   */
  static async take(
    response: HttpResponse,
    {
      temporary,
      meter,
      limits,
      largest,
      signal,
    }: {
      temporary: TemporaryFolder;
      meter: TransferMeter;
      limits: Readonly<Limits>;
      largest: number;
      signal: AbortSignal;
    },
  ): Promise<Tarball> {
    checkEncoding(response);
    const spill = await temporary.spill();
    try {
      let size = 0;
      const counted = async function* (): AsyncGenerator<Uint8Array> {
        for await (const piece of response.body) {
          signal.throwIfAborted();
          meter.received(piece.length);
          if (meter.left === 0)
            throw new BudgetExceeded('read', 'the archive of the repository is larger than allowed');
          yield piece;
        }
      };
      const gunzip = createGunzip();
      const packed = Readable.from(counted(), { objectMode: false });
      packed.once('error', (error) => gunzip.destroy(error));
      for await (const piece of packed.pipe(gunzip)) {
        size += (piece as Uint8Array).length;
        if (size > largest) throw new BudgetExceeded('expanded', `the repository has more than ${largest} bytes`);
        await spill.write(piece as Uint8Array);
      }
    } catch (error) {
      response.cancel();
      await spill.discard();
      if (String((error as NodeJS.ErrnoException).code).startsWith('Z_'))
        throw new RemoteError('protocol', 'the archive of the repository is damaged');
      throw error;
    }
    const file = await spill.finish();
    const budget = new Budget({ ...limits, entries: Number.MAX_SAFE_INTEGER }, signal);
    return new Tarball(await readTar(file, budget), file);
  }

  /**
   * @param oid of the file in git's tree: an archive leaves out and changes what the repository's own `.gitattributes`
   * say (export-ignore, export-subst), and that must not hide anything
   * @returns undefined when the archive does not have this very file
   */
  async open(path: string, oid: string, size: number): Promise<ByteSource | undefined> {
    const entry = this.#entries.get(path);
    if (!entry || entry.size !== size || entry.truncated) return undefined;
    const content = openTarEntry(this.archive, entry);
    if (size > VERIFIED_BYTES) return content;
    const bytes = await content.read(0, size);
    // A blob's id is the SHA-1 of `blob SIZE`, a zero and its bytes.
    return bytesToHex(sha1(concatBytes(utf8ToBytes(`blob ${size}\0`), bytes))) === oid ? content : undefined;
  }

  close(): Promise<void> {
    return this.file.close();
  }
}
