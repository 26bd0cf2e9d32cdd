import { ConfigurationTarget, commands, l10n, NotebookEdit, Uri, WorkspaceEdit, window, workspace } from 'vscode';
import type { Severity } from '../../../server/src/protocol/messages';
import { ruleUri } from '../documents/ruleDocuments';
import { SEVERITIES, severityIcon, severityWord } from '../severity';
import { FindingNode } from '../views/nodes';
import type { Services } from './registry';

export async function showRule(_services: Services, target: unknown): Promise<void> {
  const id = target instanceof FindingNode ? target.finding.ruleId : String(target);
  await commands.executeCommand('vscode.open', ruleUri(id), { preview: true });
}

/**
 * Gives a rule another severity, or switches it off.
 * @param value the new severity; it is asked for when it is not given
 */
export async function changeSeverity(
  _services: Services,
  target: unknown,
  documentUri?: unknown,
  value?: Severity | 'off',
): Promise<void> {
  const ruleId = target instanceof FindingNode ? target.finding.ruleId : String(target);
  const uri = target instanceof FindingNode ? target.artifact.uri : documentUri;
  const chosen = value ?? (await askForSeverity(ruleId));
  if (!chosen) return;
  const scope = typeof uri === 'string' ? Uri.parse(uri, true) : undefined;
  const settings = workspace.getConfiguration('watchtower', scope);
  const current = settings.inspect<Record<string, string>>('severity.overrides');
  // In Restricted Mode what the workspace says does not count, so it would have no effect there.
  const inWorkspace = workspace.isTrusted && !!workspace.workspaceFolders?.length;
  const before = inWorkspace ? current?.workspaceValue : current?.globalValue;
  await settings.update(
    'severity.overrides',
    { ...before, [ruleId]: chosen },
    inWorkspace ? ConfigurationTarget.Workspace : ConfigurationTarget.Global,
  );
}

async function askForSeverity(ruleId: string): Promise<Severity | 'off' | undefined> {
  const items = [
    ...SEVERITIES.map((severity) => ({
      label: severityWord(severity),
      value: severity as Severity | 'off',
      iconPath: severityIcon(severity),
    })),
    { label: l10n.t('off'), value: 'off' as const, description: l10n.t('do not report this rule') },
  ];
  const picked = await window.showQuickPick(items, { title: l10n.t('Severity of {0}', ruleId) });
  return picked?.value;
}

/** Tags a notebook cell, so that its findings are hidden. */
export async function ignoreInCell(_services: Services, cellUri: string, tag: string): Promise<boolean> {
  for (const notebook of workspace.notebookDocuments) {
    const cell = notebook.getCells().find(({ document }) => document.uri.toString() === cellUri);
    if (!cell) continue;
    const own = (cell.metadata.metadata ?? {}) as { tags?: unknown };
    const tags = Array.isArray(own.tags) ? own.tags.filter((item) => item !== tag) : [];
    const edit = new WorkspaceEdit();
    edit.set(notebook.uri, [
      NotebookEdit.updateCellMetadata(cell.index, { ...cell.metadata, metadata: { ...own, tags: [...tags, tag] } }),
    ]);
    return workspace.applyEdit(edit);
  }
  return false;
}
