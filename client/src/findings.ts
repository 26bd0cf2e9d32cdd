import { type Disposable, EventEmitter } from 'vscode';
import type { FindingsChanged, ListedArtifact, ListedFinding, ScanState } from '../../server/src/protocol/messages';

/** The findings as the server last told them. Views read this; none of them asks the server or keeps a list of its own. */
export class Findings implements Disposable {
  readonly #artifacts = new Map<string, ListedArtifact>();
  readonly #changed = new EventEmitter<void>();
  readonly #stateChanged = new EventEmitter<ScanState>();
  #state: ScanState = { files: [] };

  readonly onDidChange = this.#changed.event;
  readonly onDidChangeState = this.#stateChanged.event;

  get state(): ScanState {
    return this.#state;
  }

  get artifacts(): readonly ListedArtifact[] {
    return [...this.#artifacts.values()];
  }

  get(uri: string): ListedArtifact | undefined {
    return this.#artifacts.get(uri);
  }

  find(uri: string, fingerprint: string): { artifact: ListedArtifact; finding: ListedFinding } | undefined {
    const artifact = this.#artifacts.get(uri);
    const finding = artifact?.findings.find((candidate) => candidate.fingerprint === fingerprint);
    return artifact && finding && { artifact, finding };
  }

  apply({ changed, removed }: FindingsChanged.Params): void {
    for (const uri of removed) this.#artifacts.delete(uri);
    for (const artifact of changed) this.#artifacts.set(artifact.uri, artifact);
    this.#changed.fire();
  }

  setState(state: ScanState): void {
    this.#state = state;
    this.#stateChanged.fire(state);
  }

  clear(): void {
    this.#artifacts.clear();
    this.#state = { files: [] };
    this.#changed.fire();
    this.#stateChanged.fire(this.#state);
  }

  dispose(): void {
    this.#changed.dispose();
    this.#stateChanged.dispose();
  }
}
