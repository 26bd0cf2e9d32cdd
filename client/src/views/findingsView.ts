import { commands, l10n, type Memento, ThemeIcon, type TreeView } from 'vscode';
import type { ListedArtifact, ListedFinding, Severity } from '../../../server/src/protocol/messages';
import type { Findings } from '../findings';
import { remoteNodes } from '../remote/remoteNode';
import type { RemoteSources } from '../remote/remoteSources';
import { isHigh, rankOf, SEVERITIES, severityIcon, severityWord } from '../severity';
import { isModel, worstFirst } from './modelsView';
import { ArtifactNode, FindingNode, GroupNode, type Node } from './nodes';
import { FindingsTree } from './tree';

export type Grouping = 'file' | 'severity' | 'rule';

export const GROUPINGS: readonly Grouping[] = ['file', 'severity', 'rule'];

export interface Filter {
  /** Hidden severities and categories: what is new in a later version is shown. */
  severities: Severity[];
  categories: ListedFinding['category'][];
}

export const CATEGORIES: readonly ListedFinding['category'][] = [
  'model',
  'secret',
  'pii',
  'code',
  'dependency',
  'license',
  'coverage',
];

interface Pair {
  artifact: ListedArtifact;
  finding: ListedFinding;
}

/** Every finding, by file, severity or rule. Grouping and filter are kept for the workspace. */
export class FindingsView {
  readonly tree: FindingsTree;

  constructor(
    private readonly findings: Findings,
    private readonly remotes: RemoteSources,
    private readonly memento: Memento,
  ) {
    this.tree = new FindingsTree(
      'watchtower.findings',
      findings,
      () => this.#roots(),
      (view) => this.#decorate(view),
    );
    this.#tellContext();
  }

  get grouping(): Grouping {
    const kept = this.memento.get<Grouping>('watchtower.grouping');
    return kept && GROUPINGS.includes(kept) ? kept : 'file';
  }

  async group(grouping: Grouping): Promise<void> {
    await this.memento.update('watchtower.grouping', grouping);
    this.tree.refresh();
  }

  get hidden(): Filter {
    return this.memento.get<Filter>('watchtower.hidden') ?? { severities: [], categories: [] };
  }

  async hide(filter: Filter): Promise<void> {
    await this.memento.update('watchtower.hidden', filter);
    this.#tellContext();
    this.tree.refresh();
  }

  #tellContext(): void {
    const { severities, categories } = this.hidden;
    void commands.executeCommand('setContext', 'watchtower:filtered', severities.length + categories.length > 0);
  }

  #pairs(): Pair[] {
    const { severities, categories } = this.hidden;
    return this.findings.artifacts.flatMap((artifact) =>
      artifact.findings
        .filter(({ severity, category }) => !severities.includes(severity) && !categories.includes(category))
        .map((finding) => ({ artifact, finding })),
    );
  }

  #roots(): readonly Node[] {
    const pairs = this.#pairs();
    switch (this.grouping) {
      case 'file': {
        const { remotes } = this;
        const isOpen = ({ artifact }: Pair) => Boolean(artifact.remote && remotes.get(artifact.remote));
        const far = pairs.filter(isOpen);
        const artifacts = [...new Set(far.map(({ artifact }) => artifact))];
        const count = (children: readonly Node[]) => {
          const findings = children.reduce((sum, node) => sum + node.children().length, 0);
          return findings === 1 ? l10n.t('1 finding') : l10n.t('{0} findings', findings);
        };
        const below = (own: readonly ListedArtifact[], parent: Node) => {
          const wanted = new Set(own);
          return byFile(
            far.filter(({ artifact }) => wanted.has(artifact)),
            parent,
          );
        };
        return [
          ...byFile(pairs.filter((pair) => !isOpen(pair))),
          ...remoteNodes(remotes, artifacts, 'file:', count, below).filter((node) => node.children().length),
        ];
      }
      case 'severity':
        return SEVERITIES.flatMap((severity) =>
          groupOf(
            `severity:${severity}`,
            capitalised(severityWord(severity)),
            severityIcon(severity),
            pairs.filter(({ finding }) => finding.severity === severity),
          ),
        );
      case 'rule': {
        const rules = [...new Set(pairs.map(({ finding }) => finding.ruleId))].sort();
        return rules.flatMap((rule) =>
          groupOf(
            `rule:${rule}`,
            rule,
            new ThemeIcon('law'),
            pairs.filter(({ finding }) => finding.ruleId === rule),
          ),
        );
      }
    }
  }

  #decorate(view: TreeView<Node>): void {
    const shown = this.#pairs();
    const all = this.findings.artifacts.reduce((sum, { findings }) => sum + findings.length, 0);
    // Models have their own badge; the activity bar adds the two.
    const severe = this.findings.artifacts
      .filter((artifact) => !isModel(artifact))
      .flatMap(({ findings }) => findings)
      .filter(({ severity }) => isHigh(severity)).length;
    view.badge = severe
      ? { value: severe, tooltip: l10n.t('{0} findings of high or critical severity in code and data', severe) }
      : undefined;
    view.description = all ? String(shown.length) : '';
    view.message =
      shown.length < all ? l10n.t('{0} of {1} findings are shown (filtered)', shown.length, all) : undefined;
  }
}

function byFile(pairs: readonly Pair[], parent?: Node): readonly Node[] {
  const byArtifact = new Map<ListedArtifact, ListedFinding[]>();
  for (const { artifact, finding } of pairs) {
    byArtifact.set(artifact, [...(byArtifact.get(artifact) ?? []), finding]);
  }
  return [...byArtifact.entries()]
    .sort(([a], [b]) => worstFirst(a, b))
    .map(([artifact, findings]) => {
      const sorted = findings.sort((a, b) => rankOf(a.severity) - rankOf(b.severity) || byPlace(a, b));
      return new ArtifactNode(artifact, parent, sorted, 'file', 'file:');
    });
}

function groupOf(id: string, label: string, icon: ThemeIcon, pairs: readonly Pair[]): readonly Node[] {
  if (pairs.length === 0) return [];
  const group = new GroupNode(id, label, icon, (children) => String(children.length));
  const sorted = [...pairs].sort(
    (a, b) =>
      rankOf(a.finding.severity) - rankOf(b.finding.severity) ||
      (a.artifact.path === b.artifact.path
        ? byPlace(a.finding, b.finding)
        : a.artifact.path < b.artifact.path
          ? -1
          : 1),
  );
  return [group.fill(sorted.map(({ artifact, finding }) => new FindingNode(artifact, finding, group, id, true)))];
}

function byPlace(a: ListedFinding, b: ListedFinding): number {
  return (
    (a.location.cell ?? 0) - (b.location.cell ?? 0) ||
    (a.location.line ?? 0) - (b.location.line ?? 0) ||
    (a.location.column ?? 0) - (b.location.column ?? 0)
  );
}

function capitalised(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
