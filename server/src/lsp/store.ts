import type { ArtifactReport } from '../core/finding';
import type { GroupFacts, GroupFormat, GroupMember } from '../core/scanner';

/** One scanned thing as the server knows it. */
export interface StoredArtifact {
  uri: string;
  folderUri?: string;
  /** Root of the remote source it belongs to. */
  remote?: string;
  /** Indices of cells are those of the open notebook when one is open. */
  report: ArtifactReport;
  /** Set for files that are one artifact and are scanned one by one. */
  group?: StoredGroup;
  /** Documents of the cells of an open notebook, in order. */
  cells?: readonly string[];
}

/** What a group's report is made of, so that it can be made anew when one of its files has changed. */
export interface StoredGroup {
  readonly format: GroupFormat;
  readonly facts: GroupFacts;
  /** Replaced in place when one of them has been scanned again, so that no two scans at once undo each other. */
  readonly members: GroupMember[];
}

export type StoreListener = (changed: readonly StoredArtifact[], removed: readonly string[]) => void;

/**
 * The single truth of what has been found: artifact -> report. Diagnostics, views and reports read it; none of them
 * keeps a list of its own.
 */
export class FindingsStore {
  readonly #artifacts = new Map<string, StoredArtifact>();
  readonly #listeners: StoreListener[] = [];

  onDidChange(listener: StoreListener): void {
    this.#listeners.push(listener);
  }

  get(uri: string): StoredArtifact | undefined {
    return this.#artifacts.get(uri);
  }

  all(): IterableIterator<StoredArtifact> {
    return this.#artifacts.values();
  }

  /** The folder artifact that a file is a part of. */
  directoryOf(uri: string): StoredArtifact | undefined {
    for (let slash = uri.lastIndexOf('/'); slash > 'file:///'.length; slash = uri.lastIndexOf('/', slash - 1)) {
      const outer = this.#artifacts.get(uri.slice(0, slash));
      // One that is not of the inner folder's may still be of the outer one's.
      if (outer?.report.members?.includes(decodeURIComponent(uri.slice(slash + 1)))) return outer;
    }
    return undefined;
  }

  set(artifact: StoredArtifact): void {
    this.#artifacts.set(artifact.uri, artifact);
    this.#tell([artifact], []);
  }

  delete(uri: string): void {
    if (this.#artifacts.delete(uri)) this.#tell([], [uri]);
  }

  /** Forgets every artifact that `gone` is true of. */
  deleteWhere(gone: (artifact: StoredArtifact) => boolean): void {
    const removed: string[] = [];
    for (const artifact of [...this.#artifacts.values()]) {
      if (!gone(artifact)) continue;
      this.#artifacts.delete(artifact.uri);
      removed.push(artifact.uri);
    }
    if (removed.length) this.#tell([], removed);
  }

  #tell(changed: readonly StoredArtifact[], removed: readonly string[]): void {
    for (const listener of this.#listeners) listener(changed, removed);
  }
}
