import { commands, type Disposable, ProgressLocation, window } from 'vscode';
import type { Findings } from '../findings';

/** Tells the views' welcome texts what state the workspace is in, and shows a bar over them while a scan runs. */
export class ViewState implements Disposable {
  readonly #subscription: Disposable;
  #told: string | undefined;
  #finish: (() => void) | undefined;

  constructor(private readonly findings: Findings) {
    this.#subscription = findings.onDidChangeState(() => this.#update());
    this.#update();
  }

  #update(): void {
    const { workspace, last } = this.findings.state;
    const state = workspace ? 'scanning' : last ? 'scanned' : 'unscanned';
    if (state === this.#told) return;
    this.#told = state;
    void commands.executeCommand('setContext', 'watchtower:state', state);
    if (state === 'scanning') {
      for (const viewId of ['watchtower.models', 'watchtower.findings']) {
        void window.withProgress({ location: { viewId } }, () => this.#whenFinished());
      }
      void window.withProgress({ location: ProgressLocation.Window, title: 'Watchtower' }, () => this.#whenFinished());
    } else {
      this.#finish?.();
      this.#finish = undefined;
      this.#finished = undefined;
    }
  }

  #finished: Promise<void> | undefined;

  #whenFinished(): Promise<void> {
    this.#finished ??= new Promise((resolve) => {
      this.#finish = resolve;
    });
    return this.#finished;
  }

  dispose(): void {
    this.#finish?.();
    this.#subscription.dispose();
  }
}
