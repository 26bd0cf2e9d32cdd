import { EventEmitter, type Memento } from 'vscode';
import type { RemoteOptions, ScanRemote } from '../../../server/src/protocol/messages';

/** A source as a person has described it. It holds no credential: it is remembered in plain text. */
export interface SourceDescription {
  target: string;
  options: RemoteOptions;
}

/** A source whose findings are shown. */
export interface OpenSource extends SourceDescription {
  root: string;
  label: string;
  kind: 'huggingface' | 'git' | 's3';
  /** Absent until its first scan has ended. */
  result?: ScanRemote.Result;
}

const REMEMBERED = 'watchtower.remote.sources';
const MOST_REMEMBERED = 12;

/** The remote sources that are open now, and those that are remembered for another time. */
export class RemoteSources {
  readonly #open = new Map<string, OpenSource>();
  readonly #changed = new EventEmitter<void>();
  readonly onDidChange = this.#changed.event;

  constructor(private readonly memento: Memento) {}

  get open(): readonly OpenSource[] {
    return [...this.#open.values()];
  }

  get(root: string): OpenSource | undefined {
    return this.#open.get(root);
  }

  set(source: OpenSource): void {
    this.#open.set(source.root, source);
    this.#changed.fire();
  }

  close(root: string): void {
    if (this.#open.delete(root)) this.#changed.fire();
  }

  get remembered(): readonly SourceDescription[] {
    return this.memento.get<SourceDescription[]>(REMEMBERED, []);
  }

  async remember({ target, options }: SourceDescription): Promise<void> {
    const others = this.remembered.filter((known) => !isSame(known, { target, options }));
    await this.memento.update(REMEMBERED, [{ target, options }, ...others].slice(0, MOST_REMEMBERED));
  }

  async forget(source: SourceDescription): Promise<void> {
    await this.memento.update(
      REMEMBERED,
      this.remembered.filter((known) => !isSame(known, source)),
    );
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

/** The same place, however it is read. */
function isSame(a: SourceDescription, b: SourceDescription): boolean {
  const place = ({ target, options }: SourceDescription) =>
    JSON.stringify([target, options.ref, options.subfolder, options.repoType, options.hubEndpoint, options.s3Endpoint]);
  return place(a) === place(b);
}
