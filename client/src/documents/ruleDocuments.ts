import { type TextDocumentContentProvider, Uri } from 'vscode';
import { RULE_SCHEME, RuleDocument } from '../../../server/src/protocol/messages';
import type { Server } from '../server';

export function ruleUri(ruleId: string): Uri {
  return Uri.from({ scheme: RULE_SCHEME, path: `/${ruleId}.md` });
}

/** Pages of rules as read-only documents, made by the server from the rules themselves: they need no network. */
export class RuleDocuments implements TextDocumentContentProvider {
  constructor(private readonly server: Server) {}

  async provideTextDocumentContent(uri: Uri): Promise<string> {
    const ruleId = uri.path.replace(/^\//, '').replace(/\.md$/, '');
    return (await this.server.request(RuleDocument.type, { ruleId })).markdown;
  }
}
