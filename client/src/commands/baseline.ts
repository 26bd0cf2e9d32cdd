import { l10n, window } from 'vscode';
import { AddToBaseline, type ClientCommands } from '../../../server/src/protocol/messages';
import { FindingNode } from '../views/nodes';
import type { Services } from './registry';

/** Accepts everything that is known now: only what is new is shown from then on. */
export async function createBaseline({ server, findings }: Services, confirmed?: unknown): Promise<number> {
  const count = findings.artifacts.reduce((sum, artifact) => sum + artifact.findings.length, 0);
  if (count === 0) {
    void window.showInformationMessage(l10n.t('There are no findings to put into a baseline.'));
    return 0;
  }
  if (confirmed !== true) {
    const create = l10n.t('Create Baseline');
    const choice = await window.showWarningMessage(
      l10n.t('Hide the {0} findings that are known now?', count),
      { modal: true, detail: l10n.t('They are written to .watchtower/baseline.json in each workspace folder.') },
      create,
    );
    if (choice !== create) return 0;
  }
  const { added } = await server.request(AddToBaseline.type, {});
  void window.showInformationMessage(l10n.t('Watchtower: {0} findings were added to the baseline.', added));
  return added;
}

/** Hides one finding, from a code action or the tree. */
export async function addToBaseline({ server }: Services, target: unknown): Promise<number> {
  const finding =
    target instanceof FindingNode
      ? { uri: target.artifact.uri, fingerprint: target.finding.fingerprint }
      : (target as ClientCommands.AddToBaseline[0]);
  return (await server.request(AddToBaseline.type, { findings: [finding] })).added;
}
