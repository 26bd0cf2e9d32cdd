/**
 * Remote sources in two halves. The process that has the network and the credentials opens them; a worker that parses
 * what strangers wrote asks it for names and bytes and has neither.
 */
import { BudgetExceeded, type BudgetKind } from '../core/budget';
import type { ClosableByteSource } from '../core/io/byteSource';
import type { Source, SourceEntry, SourceSkip } from '../core/sources/source';

/** Stands for a source that the other side of the channel has open. */
export interface ServedSpec {
  kind: 'served';
  id: number;
}

type Question =
  | { ask: 'open'; path: string }
  | { ask: 'read'; handle: number; offset: number; length: number }
  | { ask: 'close'; handle: number }
  | { ask: 'names'; folder: string };

export type ServedRequest = { served: number; source: number } & Question;

export interface ServedResponse {
  served: number;
  handle?: number;
  size?: number;
  blockSize?: number;
  distant?: boolean;
  bytes?: Uint8Array;
  names?: readonly string[];
  error?: { message: string; budget?: BudgetKind };
}

/** The half with the network. */
export class SourceServer {
  readonly #sources = new Map<number, Source>();
  readonly #opened = new Map<string, Promise<ClosableByteSource>>();
  readonly #handles = new Map<number, { source: ClosableByteSource; owner: object }>();
  #next = 1;

  add(source: Source): ServedSpec {
    const id = this.#next++;
    this.#sources.set(id, source);
    return { kind: 'served', id };
  }

  async remove({ id }: ServedSpec): Promise<void> {
    this.#sources.delete(id);
    for (const [key, opening] of this.#opened) {
      if (!key.startsWith(`${id}:`)) continue;
      this.#opened.delete(key);
      await opening.then((source) => source.close()).catch(() => undefined);
    }
  }

  /**
   * Opens a file ahead of the worker, so that the network's latency is not the worker's.
   * @throws what opening throws
   */
  async prepare({ id }: ServedSpec, path: string): Promise<void> {
    const key = `${id}:${path}`;
    const source = this.#sources.get(id);
    if (!source || this.#opened.has(key)) return;
    const opening = source.open(path);
    this.#opened.set(key, opening);
    try {
      await opening;
    } catch (error) {
      this.#opened.delete(key);
      throw error;
    }
  }

  /** Drops what was prepared and not taken. */
  async discard({ id }: ServedSpec, path: string): Promise<void> {
    const key = `${id}:${path}`;
    const opening = this.#opened.get(key);
    this.#opened.delete(key);
    await opening?.then((source) => source.close()).catch(() => undefined);
  }

  /** @param owner the worker: what it has open is closed by {@link closeAll} when it ends */
  async answer(request: ServedRequest, owner: object): Promise<ServedResponse> {
    const { served } = request;
    try {
      switch (request.ask) {
        case 'open': {
          const key = `${request.source}:${request.path}`;
          const opening = this.#opened.get(key) ?? this.#source(request.source).open(request.path);
          this.#opened.delete(key);
          const source = await opening;
          const handle = this.#next++;
          this.#handles.set(handle, { source, owner });
          return {
            served,
            handle,
            size: source.size,
            ...(source.blockSize && { blockSize: source.blockSize }),
            ...(source.distant && { distant: true }),
          };
        }
        case 'read': {
          const open = this.#handles.get(request.handle);
          if (!open) throw new Error('the file is not open');
          return { served, bytes: await open.source.read(request.offset, request.length) };
        }
        case 'close': {
          const open = this.#handles.get(request.handle);
          this.#handles.delete(request.handle);
          await open?.source.close();
          return { served };
        }
        case 'names':
          return { served, names: await this.#source(request.source).namesIn(request.folder) };
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { served, error: { message, ...(error instanceof BudgetExceeded && { budget: error.kind }) } };
    }
  }

  async closeAll(owner: object): Promise<void> {
    for (const [handle, open] of this.#handles) {
      if (open.owner !== owner) continue;
      this.#handles.delete(handle);
      await open.source.close().catch(() => undefined);
    }
  }

  #source(id: number): Source {
    const source = this.#sources.get(id);
    if (!source) throw new Error('the source has been closed');
    return source;
  }
}

/** The worker's half of the channel. */
export class SourceClient {
  readonly #waiting = new Map<number, { resolve(response: ServedResponse): void; reject(error: Error): void }>();
  #next = 1;

  constructor(private readonly post: (request: ServedRequest) => void) {}

  /** Takes an answer in; harmless when nobody waits for it. */
  answered(response: ServedResponse): void {
    const waiting = this.#waiting.get(response.served);
    this.#waiting.delete(response.served);
    if (!waiting) return;
    const { error } = response;
    if (!error) waiting.resolve(response);
    else waiting.reject(error.budget ? new BudgetExceeded(error.budget, error.message) : new Error(error.message));
  }

  open({ id }: ServedSpec): Source {
    let folder: { name: string; names: readonly string[] } | undefined;
    return {
      label: '',
      list: (): AsyncIterable<SourceEntry | SourceSkip> => {
        throw new Error('a worker does not list');
      },
      open: async (path) => {
        const { handle = 0, size = 0, blockSize, distant } = await this.#ask(id, { ask: 'open', path });
        return {
          size,
          ...(blockSize && { blockSize }),
          ...(distant && { distant }),
          read: async (offset, length) => {
            if (offset >= size || length <= 0) return new Uint8Array(0);
            const { bytes } = await this.#ask(id, { ask: 'read', handle, offset, length });
            return bytes ?? new Uint8Array(0);
          },
          close: async () => {
            await this.#ask(id, { ask: 'close', handle });
          },
        };
      },
      namesIn: async (name) => {
        // A bucket may have a hundred thousand names in one folder: they are fetched once, not once for each of them.
        if (folder?.name !== name) {
          const { names = [] } = await this.#ask(id, { ask: 'names', folder: name });
          folder = { name, names };
        }
        return folder.names;
      },
      close: () => Promise.resolve(),
    };
  }

  #ask(source: number, question: Question): Promise<ServedResponse> {
    return new Promise((resolve, reject) => {
      const served = this.#next++;
      this.#waiting.set(served, { resolve, reject });
      this.post({ ...question, source, served });
    });
  }
}
