import { l10n, MarkdownString, ThemeIcon, type TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { ListedArtifact } from '../../../server/src/protocol/messages';
import { type Node, TopNode } from '../views/nodes';
import type { OpenSource, RemoteSources } from './remoteSources';

const ICONS: Record<OpenSource['kind'], string> = { huggingface: 'hubot', git: 'repo', s3: 'database' };

/** A remote source in a tree: what was found in it lies below. */
export class RemoteNode extends TopNode {
  constructor(
    readonly source: OpenSource,
    prefix: string,
    countOf: (children: readonly Node[]) => string,
  ) {
    super(`${prefix}${source.root}`, countOf);
  }

  item(): TreeItem {
    // Without the commit, which is in the tooltip: a side bar is narrow.
    const { label, kind, result } = this.source;
    const description = [this.count(), result?.read].filter(Boolean).join(' · ');
    return {
      id: this.id,
      label,
      description,
      tooltip: this.#tooltip(),
      iconPath: new ThemeIcon(ICONS[kind]),
      // Before its scan has ended its children are on their way: once told to be a leaf, it would come up collapsed.
      collapsibleState:
        this.children().length || !result ? TreeItemCollapsibleState.Expanded : TreeItemCollapsibleState.None,
      contextValue: 'watchtower:remote',
      accessibilityInformation: { label: l10n.t('remote source {0}, {1}', label, description) },
    };
  }

  #tooltip(): MarkdownString {
    const text = new MarkdownString();
    const { result, label } = this.source;
    text.appendText(result?.label ?? label);
    if (result) text.appendMarkdown('\n\n').appendText(result.read);
    for (const { label, value, level } of result?.facts ?? []) {
      text.appendMarkdown('\n\n').appendText(`${level === 'notice' ? '⚠ ' : ''}${label}: ${value}`);
    }
    return text;
  }
}

/**
 * Puts what belongs to remote sources under their names.
 * @returns a node for each source, in the order in which they were opened
 */
export function remoteNodes(
  remotes: RemoteSources,
  artifacts: readonly ListedArtifact[],
  prefix: string,
  countOf: (children: readonly Node[]) => string,
  fill: (artifacts: readonly ListedArtifact[], parent: Node) => readonly Node[],
): RemoteNode[] {
  return remotes.open.map((source) => {
    const node = new RemoteNode(source, prefix, countOf);
    return node.fill(
      fill(
        artifacts.filter(({ remote }) => remote === source.root),
        node,
      ),
    );
  });
}
