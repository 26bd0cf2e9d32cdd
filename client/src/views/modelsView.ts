import { l10n, ThemeIcon, type TreeView, workspace } from 'vscode';
import type { ListedArtifact } from '../../../server/src/protocol/messages';
import type { Findings } from '../findings';
import { remoteNodes } from '../remote/remoteNode';
import type { RemoteSources } from '../remote/remoteSources';
import { isHigh, rankOf, worstOf } from '../severity';
import { ArtifactNode, GroupNode, type Node } from './nodes';
import { FindingsTree } from './tree';

/** Models and archives, the worst first, with what was found in them. */
export function createModelsView(findings: Findings, remotes: RemoteSources): FindingsTree {
  return new FindingsTree(
    'watchtower.models',
    findings,
    () => {
      const models = findings.artifacts.filter(isModel);
      const below = (own: readonly ListedArtifact[], parent: Node) =>
        [...own].sort(worstFirst).map((artifact) => nodeOf(artifact, parent));
      return [
        ...rootsOf(models.filter(({ remote }) => !remote || !remotes.get(remote))),
        ...remoteNodes(
          remotes,
          models,
          'models:',
          ({ length }) =>
            length === 0 ? l10n.t('no models') : length === 1 ? l10n.t('1 model') : l10n.t('{0} models', length),
          below,
        ),
      ];
    },
    (view) => decorate(view, findings.artifacts.filter(isModel)),
  );
}

/** What is a model by its kind, or had one found in it. */
export function isModel({ kind }: ListedArtifact): boolean {
  return kind === 'model' || kind === 'archive';
}

function rootsOf(artifacts: readonly ListedArtifact[]): readonly Node[] {
  const sorted = [...artifacts].sort(worstFirst);
  const folders = workspace.workspaceFolders ?? [];
  if (folders.length < 2) return sorted.map((artifact) => nodeOf(artifact, undefined));
  const groups: GroupNode[] = [];
  for (const { name, uri } of folders) {
    const own = sorted.filter(({ folderUri }) => folderUri === uri.toString());
    if (own.length === 0) continue;
    const group = new GroupNode(`models:${uri.toString()}`, name, new ThemeIcon('root-folder'), (children) =>
      l10n.t('{0} models', children.length),
    );
    groups.push(group.fill(own.map((artifact) => nodeOf(artifact, group))));
  }
  const outside = sorted.filter(({ folderUri }) => !folders.some(({ uri }) => uri.toString() === folderUri));
  return [...groups, ...outside.map((artifact) => nodeOf(artifact, undefined))];
}

function nodeOf(artifact: ListedArtifact, parent: Node | undefined): ArtifactNode {
  const findings = [...artifact.findings].sort((a, b) => rankOf(a.severity) - rankOf(b.severity));
  return new ArtifactNode(artifact, parent, findings, 'model', 'models:');
}

export function worstFirst(a: ListedArtifact, b: ListedArtifact): number {
  const rank = ({ findings }: ListedArtifact) => {
    const worst = worstOf(findings);
    return worst ? rankOf(worst) : 9;
  };
  return rank(a) - rank(b) || (a.path < b.path ? -1 : 1);
}

function decorate(view: TreeView<Node>, models: readonly ListedArtifact[]): void {
  const severe = models.flatMap(({ findings }) => findings).filter(({ severity }) => isHigh(severity)).length;
  view.badge = severe
    ? { value: severe, tooltip: l10n.t('{0} findings of high or critical severity in models', severe) }
    : undefined;
  view.description = models.length ? l10n.t('{0} scanned', models.length) : '';
}
