import assert from 'node:assert/strict';
import path from 'node:path';
import * as vscode from 'vscode';
import type { Api } from '../../src/extension';
import type { ArtifactNode, FindingNode, GroupNode, Node } from '../../src/views/nodes';

export const EXTENSION = 'watchtower-ml.watchtower-ml';

/** The extension's interface, with the server running. */
export async function watchtower(): Promise<Api> {
  const extension = vscode.extensions.getExtension<Api>(EXTENSION);
  assert.ok(extension, 'the extension is installed');
  const api = await extension.activate();
  await api.ready();
  return api;
}

/** Looks again and again until there is something, and fails with `what` when there is nothing before the deadline. */
export async function until<T>(
  look: () => T | undefined | false | null | Promise<T | undefined | false | null>,
  what: string,
  milliseconds = 20_000,
): Promise<T> {
  const end = Date.now() + milliseconds;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== false && value !== null) return value;
    if (Date.now() > end) throw new Error(`waited ${milliseconds} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export function fileUri(name: string): vscode.Uri {
  const root = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? process.env.WATCHTOWER_WORKSPACE;
  assert.ok(root, 'a workspace is open');
  return vscode.Uri.file(path.join(root, ...name.split('/')));
}

export function diagnosticsAt(uri: vscode.Uri): vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(uri).filter(({ source }) => source === 'watchtower');
}

export function ruleOf({ code }: vscode.Diagnostic): string {
  return String(typeof code === 'object' ? code.value : code);
}

export function found(uri: vscode.Uri, what = uri.path): Promise<vscode.Diagnostic[]> {
  return until(() => {
    const own = diagnosticsAt(uri);
    return own.length > 0 && own;
  }, `findings in ${what}`);
}

export async function closeEditors(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
}

/** All nodes below the roots of a tree. */
export function allNodes(roots: readonly Node[]): Node[] {
  return roots.flatMap((node) => [node, ...allNodes(node.children())]);
}

// The tests are bundled apart from the extension, so its classes are told by what they hold.
export function isFinding(node: Node): node is FindingNode {
  return 'finding' in node;
}

export function isArtifact(node: Node): node is ArtifactNode {
  return 'artifact' in node && !isFinding(node);
}

export function isGroup(node: Node): node is GroupNode {
  return !('artifact' in node);
}
