import { commands, l10n, ProgressLocation, Uri, window, workspace } from 'vscode';
import { ScanFile, type ScanSummary, ScanWorkspace, type Severity } from '../../../server/src/protocol/messages';
import { countsOf, SEVERITIES, severityWord } from '../severity';
import { ArtifactNode, FindingNode } from '../views/nodes';
import type { Services } from './registry';

/** Scans every folder of the workspace; progress is shown where it can be cancelled. */
export async function scanWorkspace({ server }: Services): Promise<ScanSummary | undefined> {
  if (!workspace.workspaceFolders?.length) {
    void window.showInformationMessage(l10n.t('Open a folder to scan it.'));
    return undefined;
  }
  const summary = await window.withProgress(
    { location: ProgressLocation.Notification, title: l10n.t('Scanning the workspace'), cancellable: true },
    async (progress, token) => {
      const listener = await server.progress(({ message, percentage = 0 }) => {
        progress.report({ ...(message !== undefined && { message }), increment: Math.max(0, percentage - shown) });
        shown = Math.max(shown, percentage);
      });
      let shown = 0;
      try {
        return await server.request(ScanWorkspace.type, { workDoneToken: listener.token }, token);
      } finally {
        listener.dispose();
      }
    },
  );
  void tell(summary);
  return summary;
}

async function tell({ artifacts, findings, notScanned, cancelled }: ScanSummary): Promise<void> {
  const counts = SEVERITIES.filter((severity: Severity) => severity !== 'info' && findings[severity] > 0).map(
    (severity) => `${findings[severity]} ${severityWord(severity)}`,
  );
  const text = [
    cancelled ? l10n.t('The scan was cancelled.') : l10n.t('{0} files and models scanned.', artifacts),
    counts.length ? l10n.t('Found: {0}.', counts.join(', ')) : l10n.t('Nothing above info was found.'),
    notScanned ? l10n.t('{0} could not be scanned wholly.', notScanned) : '',
  ];
  const show = l10n.t('Show Findings');
  const choice = await window.showInformationMessage(`Watchtower: ${text.filter(Boolean).join(' ')}`, show);
  if (choice === show) await commands.executeCommand('watchtower.findings.focus');
}

/** Scans the files that are given (from the Explorer or a tree), or the one in the active editor. */
export async function scanFile({ server }: Services, target?: unknown, selected?: unknown): Promise<void> {
  const uris = urisOf(target, selected);
  if (uris.length === 0) {
    void window.showInformationMessage(l10n.t('Open a file to scan it.'));
    return;
  }
  let scanned = 0;
  for (const uri of uris) {
    const artifact = await window.withProgress({ location: { viewId: 'watchtower.models' } }, () =>
      server.request(ScanFile.type, { uri: uri.toString() }),
    );
    if (!artifact) continue;
    scanned += 1;
    if (uris.length > 1) continue;
    const counts = countsOf(artifact.findings) || l10n.t('no findings');
    void window.setStatusBarMessage(`$(shield) ${artifact.path}: ${counts}`, 5000);
  }
  if (scanned === 0) {
    void window.showInformationMessage(
      uris.length === 1
        ? l10n.t('Watchtower has nothing to look for in this kind of file.')
        : l10n.t('Watchtower has nothing to look for in these kinds of files.'),
    );
  }
}

function urisOf(target: unknown, selected: unknown): Uri[] {
  if (target instanceof ArtifactNode || target instanceof FindingNode) return [Uri.parse(target.artifact.uri, true)];
  if (Array.isArray(selected) && selected.every((item) => item instanceof Uri) && selected.length) return selected;
  if (target instanceof Uri) return [target];
  const active = window.activeNotebookEditor?.notebook.uri ?? window.activeTextEditor?.document.uri;
  const tab = window.tabGroups.activeTabGroup.activeTab?.input as { uri?: unknown } | undefined;
  return active ? [active] : tab?.uri instanceof Uri ? [tab.uri] : [];
}
