import { l10n, MarkdownString, ThemeColor, ThemeIcon, type TreeItem, TreeItemCollapsibleState, Uri } from 'vscode';
import type { ListedArtifact, ListedFinding } from '../../../server/src/protocol/messages';
import { placeText, sizeText } from '../place';
import { countsOf, severityIcon, severityWord, worstOf } from '../severity';

/** What stands in a tree. Every node knows its parent, so that it can be revealed, and has an id that survives a refresh. */
export interface Node {
  readonly id: string;
  readonly parent: Node | undefined;
  children(): readonly Node[];
  item(): TreeItem;
}

/** A node at the top of a tree that is made first and given its children after. */
export abstract class TopNode implements Node {
  readonly parent = undefined;
  #children: readonly Node[] = [];

  constructor(
    readonly id: string,
    private readonly countOf: (children: readonly Node[]) => string,
  ) {}

  fill(children: readonly Node[]): this {
    this.#children = children;
    return this;
  }

  children(): readonly Node[] {
    return this.#children;
  }

  protected count(): string {
    return this.countOf(this.#children);
  }

  abstract item(): TreeItem;
}

export class GroupNode extends TopNode {
  constructor(
    id: string,
    private readonly label: string,
    private readonly icon: ThemeIcon | undefined,
    countOf: (children: readonly Node[]) => string,
  ) {
    super(id, countOf);
  }

  item(): TreeItem {
    const count = this.count();
    return {
      id: this.id,
      label: this.label,
      description: count,
      collapsibleState: TreeItemCollapsibleState.Expanded,
      contextValue: 'watchtower:group',
      accessibilityInformation: { label: `${this.label}, ${count}` },
      ...(this.icon && { iconPath: this.icon }),
    };
  }
}

/** A scanned file or folder: a model in the one view, any file in the other. */
export class ArtifactNode implements Node {
  readonly id: string;
  readonly #children: readonly (FindingNode | MemberNode)[];

  /** @param findings the worst first; a model of several files has them below its files */
  constructor(
    readonly artifact: ListedArtifact,
    readonly parent: Node | undefined,
    private readonly findings: readonly ListedFinding[],
    private readonly look: 'model' | 'file',
    prefix: string,
  ) {
    this.id = `${prefix}${artifact.uri}`;
    const members = new Set(findings.map(({ file }) => file?.name));
    this.#children =
      look === 'file' || members.has(undefined)
        ? findings.map((finding) => new FindingNode(artifact, finding, this, this.id))
        : [...members].map((name) => {
            const own = findings.filter(({ file }) => file?.name === name);
            return new MemberNode(artifact, own as readonly MemberFinding[], this);
          });
  }

  children(): readonly (FindingNode | MemberNode)[] {
    return this.#children;
  }

  item(): TreeItem {
    const { artifact } = this;
    const slash = artifact.path.lastIndexOf('/');
    const name = nameOf(artifact);
    const outer = slash < 0 ? '' : artifact.path.slice(0, slash);
    // Below the name of its source a file's folder is told without that name.
    const folder = artifact.remote && this.parent ? outer.slice(nameOfRemote(artifact.remote).length + 1) : outer;
    const far = artifact.remote === undefined ? '' : '+remote';
    const { findings } = this;
    const counts = countsOf(findings) || (artifact.status === 'scanned' ? l10n.t('no findings') : '');
    const description =
      this.look === 'model'
        ? [artifact.formatTitle, counts, artifact.status === 'scanned' ? '' : statusText(artifact), folder]
        : [counts, folder];
    const text = description.filter(Boolean).join(' · ');
    return {
      id: this.id,
      label: name,
      description: text,
      tooltip: this.#tooltip(),
      resourceUri: Uri.parse(artifact.uri, true),
      collapsibleState:
        this.#children.length === 0
          ? TreeItemCollapsibleState.None
          : this.look === 'file'
            ? TreeItemCollapsibleState.Expanded
            : TreeItemCollapsibleState.Collapsed,
      contextValue: `watchtower:${this.look}${findings.length ? '+findings' : ''}${far}`,
      accessibilityInformation: { label: `${name}, ${text}` },
      ...(this.look === 'model' && { iconPath: this.#icon(findings) }),
      ...(this.look === 'model' && {
        command: { command: 'watchtower.inspectModel', title: l10n.t('Show Details'), arguments: [this] },
      }),
    };
  }

  #icon(findings: readonly ListedFinding[]): ThemeIcon {
    const worst = worstOf(findings);
    if (worst && worst !== 'info') return severityIcon(worst);
    if (this.artifact.status !== 'scanned') return new ThemeIcon('question');
    return new ThemeIcon('pass', new ThemeColor('testing.iconPassed'));
  }

  #tooltip(): MarkdownString {
    const { artifact } = this;
    const text = new MarkdownString();
    text
      .appendText(artifact.path === '.' ? nameOf(artifact) : artifact.path)
      .appendMarkdown('\n\n')
      .appendText(artifact.formatTitle);
    if (artifact.framework) text.appendText(` · ${artifact.framework}`);
    if (artifact.parameters !== undefined) {
      text.appendText(` · ${l10n.t('{0} parameters', artifact.parameters.toLocaleString())}`);
    }
    text
      .appendMarkdown('\n\n')
      .appendText(l10n.t('{0}, {1} of it read', sizeText(artifact.bytes), sizeText(artifact.bytesRead)));
    if (artifact.status !== 'scanned') text.appendMarkdown('\n\n').appendText(statusText(artifact));
    if (artifact.suppressedCount) {
      text.appendMarkdown('\n\n').appendText(l10n.t('{0} suppressed findings', artifact.suppressedCount));
    }
    return text;
  }
}

/** The last part of a path; a workspace folder that is one artifact has its own name. */
export function nameOf({ path, uri }: Pick<ListedArtifact, 'path' | 'uri'>): string {
  const named = path === '.' ? Uri.parse(uri, true).path : path;
  return named.slice(named.lastIndexOf('/') + 1);
}

type MemberFinding = ListedFinding & Required<Pick<ListedFinding, 'file'>>;

/** A file of a folder that is one artifact, with what was found in it. */
export class MemberNode implements Node {
  readonly id: string;
  readonly #children: readonly FindingNode[];

  constructor(
    readonly artifact: ListedArtifact,
    private readonly findings: readonly MemberFinding[],
    readonly parent: ArtifactNode,
  ) {
    this.id = `${parent.id}!${findings[0]?.file.name}`;
    // Below its file's name a finding's place is told without it.
    this.#children = findings.map(
      (finding) => new FindingNode(artifact, finding, this, this.id, false, finding.file.location),
    );
  }

  children(): readonly FindingNode[] {
    return this.#children;
  }

  item(): TreeItem {
    const { name, uri } = (this.findings[0] as MemberFinding).file;
    const counts = countsOf(this.findings);
    return {
      id: this.id,
      label: name,
      description: counts,
      resourceUri: Uri.parse(uri, true),
      collapsibleState: TreeItemCollapsibleState.Expanded,
      contextValue: 'watchtower:member',
      accessibilityInformation: { label: `${name}, ${counts}` },
    };
  }
}

/** What the paths of a remote source's files begin with. */
function nameOfRemote(root: string): string {
  return Uri.parse(root, true).path.slice(1);
}

function statusText({ status, reason }: ListedArtifact): string {
  const word =
    status === 'partial'
      ? l10n.t('not wholly scanned')
      : status === 'failed'
        ? l10n.t('could not be scanned')
        : l10n.t('not scanned');
  return reason ? `${word}: ${reason}` : word;
}

export class FindingNode implements Node {
  readonly id: string;

  constructor(
    readonly artifact: ListedArtifact,
    readonly finding: ListedFinding,
    readonly parent: Node | undefined,
    prefix: string,
    private readonly withFile = false,
    private readonly place = finding.location,
  ) {
    const { fingerprint, location } = finding;
    // Two findings may share a fingerprint for a moment (a cell that was copied); their places tell them apart.
    this.id = `${prefix}#${withFile ? artifact.uri : ''}#${fingerprint}#${location.cell ?? ''}.${location.line ?? ''}.${location.column ?? ''}.${location.offset ?? ''}`;
  }

  children(): readonly Node[] {
    return [];
  }

  item(): TreeItem {
    const { finding, artifact } = this;
    const place = [this.withFile ? artifact.path : '', placeText(this.place)].filter(Boolean).join(', ');
    const description = [severityWord(finding.severity), place].filter(Boolean).join(' · ');
    const tooltip = new MarkdownString();
    tooltip.appendText(finding.message).appendMarkdown('\n\n');
    tooltip.appendText(`${severityWord(finding.severity)} · ${finding.ruleId}`);
    if (place) tooltip.appendMarkdown('\n\n').appendText(place);
    if (finding.evidence) tooltip.appendMarkdown('\n\n').appendText(finding.evidence);
    if (finding.remediation) tooltip.appendMarkdown('\n\n').appendText(finding.remediation);
    return {
      id: this.id,
      label: finding.message,
      description,
      tooltip,
      iconPath: severityIcon(finding.severity),
      collapsibleState: TreeItemCollapsibleState.None,
      contextValue: `watchtower:finding${artifact.remote === undefined ? '' : '+remote'}`,
      accessibilityInformation: { label: `${severityWord(finding.severity)}: ${finding.message}, ${place}` },
      command: { command: 'watchtower.openFinding', title: l10n.t('Open Finding'), arguments: [this] },
    };
  }
}
