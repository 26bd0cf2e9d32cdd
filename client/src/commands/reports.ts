import { commands, env, l10n, Uri, window, workspace } from 'vscode';
import { ExportReports } from '../../../server/src/protocol/messages';
import type { Services } from './registry';
import { scanWorkspace } from './scan';

/**
 * Writes every report into a folder, or into one zip.
 * @param target the folder or the zip; it is asked for when it is not given
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
  const chosen = target instanceof Uri ? target : await askForTarget();
  if (!chosen) return [];
  const { files } = await server.request(ExportReports.type, { target: chosen.toString() });
  if (!(target instanceof Uri)) void tell(files, chosen);
  return files;
}

async function askForTarget(): Promise<Uri | undefined> {
  const folder = { label: l10n.t('$(folder) Into a Folder...'), ask: askForFolder };
  const zip = { label: l10n.t('$(file-zip) Into One Zip File...'), ask: askForZip };
  const choice = await window.showQuickPick([folder, zip], { title: l10n.t('Export Reports') });
  return choice?.ask();
}

function askForZip(): Thenable<Uri | undefined> {
  const folder = workspace.workspaceFolders?.[0]?.uri;
  return window.showSaveDialog({
    filters: { [l10n.t('Zip file')]: ['zip'] },
    saveLabel: l10n.t('Export Here'),
    title: l10n.t('Zip File for the Reports'),
    ...(folder && { defaultUri: Uri.joinPath(folder, 'watchtower-reports.zip') }),
  });
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

async function tell(files: readonly string[], target: Uri): Promise<void> {
  const open = l10n.t('Open Report');
  const reveal = l10n.t('Show Folder');
  const page = files.find((file) => file.endsWith('.html'));
  const choice = await window.showInformationMessage(
    target.path.endsWith('.zip')
      ? l10n.t('Watchtower: the reports were written to {0}.', target.fsPath)
      : l10n.t('Watchtower: {0} reports were written to {1}.', files.length, target.fsPath),
    ...(page ? [open] : []),
    reveal,
  );
  if (choice === open && page) await env.openExternal(Uri.parse(page, true));
  else if (choice === reveal) await commands.executeCommand('revealFileInOS', target);
}
