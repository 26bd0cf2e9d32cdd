import { commands, env, l10n, Uri, window, workspace } from 'vscode';
import { ExportReports } from '../../../server/src/protocol/messages';
import type { Services } from './registry';
import { scanWorkspace } from './scan';

/**
 * Writes every report into a folder.
 * @param target the folder; it is asked for when it is not given
 * @returns the files that were written
 */
export async function exportReports(services: Services, target?: unknown): Promise<string[]> {
  const { server, findings } = services;
  if (!findings.state.last && workspace.workspaceFolders?.length) {
    const scan = l10n.t('Scan and Export');
    const without = l10n.t('Export What Is Known');
    const choice =
      target instanceof Uri
        ? without
        : await window.showInformationMessage(
            l10n.t('The workspace has not been scanned yet.'),
            { modal: true },
            scan,
            without,
          );
    if (!choice) return [];
    if (choice === scan && !(await scanWorkspace(services))) return [];
  }
  const folder = target instanceof Uri ? target : await askForFolder();
  if (!folder) return [];
  const { files } = await server.request(ExportReports.type, { target: folder.toString() });
  if (!(target instanceof Uri)) void tell(files, folder);
  return files;
}

async function askForFolder(): Promise<Uri | undefined> {
  const chosen = await window.showOpenDialog({
    canSelectFiles: false,
    canSelectFolders: true,
    canSelectMany: false,
    openLabel: l10n.t('Export Here'),
    title: l10n.t('Folder for the Reports'),
    ...(workspace.workspaceFolders?.[0] && { defaultUri: workspace.workspaceFolders[0].uri }),
  });
  return chosen?.[0];
}

async function tell(files: readonly string[], folder: Uri): Promise<void> {
  const open = l10n.t('Open Report');
  const reveal = l10n.t('Show Folder');
  const page = files.find((file) => file.endsWith('.html'));
  const choice = await window.showInformationMessage(
    l10n.t('Watchtower: {0} reports were written to {1}.', files.length, folder.fsPath),
    ...(page ? [open] : []),
    reveal,
  );
  if (choice === open && page) await env.openExternal(Uri.parse(page, true));
  else if (choice === reveal) await commands.executeCommand('revealFileInOS', folder);
}
