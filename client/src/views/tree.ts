import { type Disposable, EventEmitter, type TreeDataProvider, type TreeItem, type TreeView, window } from 'vscode';
import type { Findings } from '../findings';
import type { Node } from './nodes';

/** Changes come in bursts while a scan runs; a tree is rebuilt at most this often. */
const REFRESH_MS = 100;

/** A tree over the findings: built as a whole when something changed, and only while somebody looks at it. */
export class FindingsTree implements TreeDataProvider<Node>, Disposable {
  readonly #changed = new EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly view: TreeView<Node>;
  #roots: readonly Node[] | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #subscription: Disposable;

  constructor(
    id: string,
    findings: Findings,
    private readonly build: () => readonly Node[],
    private readonly decorate: (view: TreeView<Node>) => void,
  ) {
    this.view = window.createTreeView<Node>(id, { treeDataProvider: this, showCollapseAll: true });
    this.#subscription = findings.onDidChange(() => this.refreshSoon());
    decorate(this.view);
  }

  get roots(): readonly Node[] {
    this.#roots ??= this.build();
    return this.#roots;
  }

  refreshSoon(): void {
    this.#timer ??= setTimeout(() => this.refresh(), REFRESH_MS);
  }

  refresh(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#roots = undefined;
    this.decorate(this.view);
    this.#changed.fire(undefined);
  }

  getTreeItem(node: Node): TreeItem {
    return node.item();
  }

  getChildren(node?: Node): Node[] {
    return [...(node ? node.children() : this.roots)];
  }

  getParent(node: Node): Node | undefined {
    return node.parent;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#subscription.dispose();
    this.#changed.dispose();
    this.view.dispose();
  }
}
