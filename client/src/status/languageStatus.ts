import { type Disposable, LanguageStatusSeverity, l10n, languages, window } from 'vscode';
import type { Findings } from '../findings';
import { countsOf, isHigh } from '../severity';

/** What is known of the file in the active editor, in the editor's language status. */
export class FileStatus implements Disposable {
  readonly #item = languages.createLanguageStatusItem('watchtower.file', [
    { scheme: 'file' },
    { scheme: 'untitled', language: 'python' },
    { notebookType: 'jupyter-notebook' },
  ]);
  readonly #subscriptions: Disposable[];

  constructor(private readonly findings: Findings) {
    this.#item.name = 'Watchtower';
    this.#item.command = { command: 'watchtower.showFindings', title: l10n.t('Show Findings') };
    this.#subscriptions = [
      findings.onDidChange(() => this.#update()),
      findings.onDidChangeState(() => this.#update()),
      window.onDidChangeActiveTextEditor(() => this.#update()),
      window.onDidChangeActiveNotebookEditor(() => this.#update()),
    ];
    this.#update();
  }

  #update(): void {
    const uri = (window.activeNotebookEditor?.notebook.uri ?? window.activeTextEditor?.document.uri)?.toString();
    const artifact = uri === undefined ? undefined : this.findings.get(uri);
    const { state } = this.findings;
    this.#item.busy = state.workspace !== undefined || (uri !== undefined && state.files.includes(uri));
    this.#item.detail = 'Watchtower';
    if (!artifact) {
      this.#item.text = l10n.t('$(shield) Nothing found');
      this.#item.severity = LanguageStatusSeverity.Information;
      return;
    }
    const severe = artifact.findings.some(({ severity }) => isHigh(severity));
    this.#item.text = artifact.findings.length
      ? `$(shield) ${countsOf(artifact.findings)}`
      : l10n.t('$(shield) Nothing found');
    this.#item.severity = severe
      ? LanguageStatusSeverity.Error
      : artifact.findings.some(({ severity }) => severity === 'medium')
        ? LanguageStatusSeverity.Warning
        : LanguageStatusSeverity.Information;
    if (artifact.status !== 'scanned') {
      this.#item.detail = l10n.t('not wholly scanned: {0}', artifact.reason ?? artifact.status);
      if (!severe) this.#item.severity = LanguageStatusSeverity.Warning;
    }
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#item.dispose();
  }
}
