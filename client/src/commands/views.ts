import { commands, env, l10n, type QuickPickItem, QuickPickItemKind, Uri, window } from 'vscode';
import type { ListedFinding, Severity } from '../../../server/src/protocol/messages';
import { openDetails, openFinding as show } from '../openFinding';
import { SEVERITIES, severityWord } from '../severity';
import { CATEGORIES, type Filter, GROUPINGS, type Grouping } from '../views/findingsView';
import { ArtifactNode, FindingNode } from '../views/nodes';
import type { Services } from './registry';

export async function openFinding({ findings }: Services, target: unknown): Promise<void> {
  if (!(target instanceof FindingNode)) return;
  // The tree may be a moment older than the findings: what is open now decides where the place is.
  const now = findings.find(target.artifact.uri, target.finding.fingerprint);
  await show(now?.artifact ?? target.artifact, now?.finding ?? target.finding);
}

export async function inspectModel(services: Services, target: unknown): Promise<void> {
  if (target instanceof ArtifactNode || target instanceof FindingNode) await openDetails(target.artifact);
  else if (target instanceof Uri) {
    const known = services.findings.get(target.toString());
    await openDetails(known ?? { uri: target.toString(), path: target.path });
  }
}

export async function copyPath(_services: Services, target: unknown): Promise<void> {
  if (!(target instanceof ArtifactNode || target instanceof FindingNode)) return;
  const uri = Uri.parse(target.artifact.uri, true);
  await env.clipboard.writeText(uri.scheme === 'file' ? uri.fsPath : uri.toString());
}

export async function showFindings(): Promise<void> {
  await commands.executeCommand('watchtower.findings.focus');
}

export async function groupFindings({ findingsView }: Services, grouping?: unknown): Promise<void> {
  const titles: Record<Grouping, string> = {
    file: l10n.t('File'),
    severity: l10n.t('Severity'),
    rule: l10n.t('Rule'),
  };
  if (GROUPINGS.some((known) => known === grouping)) {
    await findingsView.group(grouping as Grouping);
    return;
  }
  const picked = await window.showQuickPick(
    GROUPINGS.map((value) => ({
      label: titles[value],
      value,
      ...(value === findingsView.grouping && { description: l10n.t('current') }),
    })),
    { title: l10n.t('Group Findings By') },
  );
  if (picked) await findingsView.group(picked.value);
}

interface FilterItem extends QuickPickItem {
  severity?: Severity;
  category?: ListedFinding['category'];
}

/** @param hidden what to hide; it is asked for when it is not given */
export async function filterFindings({ findingsView }: Services, hidden?: unknown): Promise<void> {
  if (hidden && typeof hidden === 'object' && 'severities' in hidden) {
    await findingsView.hide(hidden as Filter);
    return;
  }
  const now = findingsView.hidden;
  const titles: Record<ListedFinding['category'], string> = {
    model: l10n.t('Unsafe models'),
    secret: l10n.t('Secrets'),
    pii: l10n.t('Personal data'),
    code: l10n.t('Unsafe code'),
    dependency: l10n.t('Dependencies'),
    license: l10n.t('Licenses'),
    coverage: l10n.t('What could not be scanned'),
  };
  const items: FilterItem[] = [
    { label: l10n.t('Severity'), kind: QuickPickItemKind.Separator },
    ...SEVERITIES.map((severity) => ({
      label: severityWord(severity),
      severity,
      picked: !now.severities.includes(severity),
    })),
    { label: l10n.t('Category'), kind: QuickPickItemKind.Separator },
    ...CATEGORIES.map((category) => ({
      label: titles[category],
      category,
      picked: !now.categories.includes(category),
    })),
  ];
  const picked = await window.showQuickPick(items, { canPickMany: true, title: l10n.t('Show Findings Of') });
  if (!picked) return;
  const chosen = new Set(picked);
  const left = items.filter((item) => !chosen.has(item));
  await findingsView.hide({
    severities: left.flatMap(({ severity }) => severity ?? []),
    categories: left.flatMap(({ category }) => category ?? []),
  });
}
