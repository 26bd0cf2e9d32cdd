import {
  type CodeAction,
  CodeActionKind,
  type CodeActionParams,
  type Diagnostic,
  type TextEdit,
} from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { Finding, Fix } from '../core/finding';
import { ruleById } from '../core/rules';
import { canBeHidden } from '../core/suppress/inline';
import { ClientCommands, type DiagnosticData } from '../protocol/messages';
import { SOURCE } from './diagnostics';
import { ignoreComment } from './ignoreComment';
import type { StoredArtifact } from './store';

/** Applies every fix that is safe in bulk. */
export const FIX_ALL = `${CodeActionKind.SourceFixAll}.${SOURCE}`;

/** Tag that hides the findings of a notebook cell. */
export const CELL_TAG = 'watchtower-ignore';

export interface CodeActionInput {
  /** The document as the editor has it now, when it is one with text. */
  document: TextDocument | undefined;
  /** Index of the document's cell when it is a notebook's. */
  cell: number | undefined;
  artifact: StoredArtifact;
}

/** What can be done about the findings at the cursor. Positions in fixes are those of the document the store was filled from. */
export function codeActions(params: CodeActionParams, input: CodeActionInput): CodeAction[] {
  const { only } = params.context;
  const wants = (kind: string) => !only || only.some((asked) => kind === asked || kind.startsWith(`${asked}.`));
  const actions: CodeAction[] = [];
  if (wants(CodeActionKind.QuickFix)) {
    const byFingerprint = new Map(input.artifact.report.findings.map((finding) => [finding.fingerprint, finding]));
    for (const diagnostic of params.context.diagnostics) {
      if (diagnostic.source !== SOURCE) continue;
      const data = diagnostic.data as DiagnosticData | undefined;
      const finding = data && byFingerprint.get(data.fingerprint);
      if (finding) actions.push(...quickFixes(params.textDocument.uri, diagnostic, finding, input));
    }
  }
  if (only && wants(FIX_ALL)) {
    const all = fixAll(params.textDocument.uri, input);
    if (all) actions.push(all);
  }
  return actions;
}

function quickFixes(uri: string, diagnostic: Diagnostic, finding: Finding, input: CodeActionInput): CodeAction[] {
  const actions: CodeAction[] = [];
  const diagnostics = [diagnostic];
  const quick = (action: Omit<CodeAction, 'kind' | 'diagnostics'>) =>
    actions.push({ ...action, kind: CodeActionKind.QuickFix, diagnostics });
  const inText = input.document !== undefined && finding.location.output === undefined;
  if (inText) {
    for (const fix of finding.fixes ?? []) {
      quick({
        title: fix.title,
        edit: { changes: { [uri]: editsOf(fix) } },
        ...(fix.preferred && { isPreferred: true }),
      });
    }
  }
  const rule = ruleById(finding.ruleId);
  if (inText && input.document && rule && finding.location.member === undefined) {
    const comment = ignoreComment(input.document, finding, rule, input.cell !== undefined);
    if (comment) {
      const at = { line: comment.line, character: comment.character };
      const { title, newText } = comment;
      quick({ title, edit: { changes: { [uri]: [{ range: { start: at, end: at }, newText }] } } });
    }
  }
  if (input.cell !== undefined && rule && canBeHidden(rule, finding.severity)) {
    const title = `Ignore findings in this cell with the tag "${CELL_TAG}"`;
    const args: ClientCommands.IgnoreInCell = [uri, CELL_TAG];
    quick({ title, command: { title, command: ClientCommands.ignoreInCell, arguments: args } });
  }
  const place = { uri: input.artifact.uri, fingerprint: finding.fingerprint };
  const offer = (title: string, command: string, args: unknown[]) =>
    quick({ title, command: { title, command, arguments: args } });
  offer('Add this finding to the baseline', ClientCommands.addToBaseline, [
    place,
  ] satisfies ClientCommands.AddToBaseline);
  offer(`Change the severity of ${finding.ruleId}...`, ClientCommands.changeSeverity, [
    finding.ruleId,
    input.artifact.uri,
  ] satisfies ClientCommands.ChangeSeverity);
  offer(`Show the rule ${finding.ruleId}`, ClientCommands.showRule, [finding.ruleId] satisfies ClientCommands.ShowRule);
  return actions;
}

function fixAll(uri: string, { artifact, cell }: CodeActionInput): CodeAction | undefined {
  const edits: TextEdit[] = [];
  for (const finding of artifact.report.findings) {
    if (finding.location.cell !== cell || finding.location.output !== undefined) continue;
    const fix = finding.fixes?.find(({ preferred }) => preferred);
    if (!fix) continue;
    const own = editsOf(fix).filter((edit) => !edits.some((other) => sameEdit(edit, other)));
    if (own.some((edit) => edits.some((other) => overlap(edit, other)))) continue;
    edits.push(...own);
  }
  if (edits.length === 0) return undefined;
  return { title: 'Apply all safe Watchtower fixes', kind: FIX_ALL, edit: { changes: { [uri]: edits } } };
}

function editsOf(fix: Fix): TextEdit[] {
  return fix.edits.map(({ line, column, endLine, endColumn, newText }) => ({
    range: {
      start: { line: line - 1, character: column - 1 },
      end: { line: endLine - 1, character: endColumn - 1 },
    },
    newText,
  }));
}

/** Two fixes that need the same import both insert it. */
function sameEdit(a: TextEdit, b: TextEdit): boolean {
  return a.newText === b.newText && JSON.stringify(a.range) === JSON.stringify(b.range);
}

function overlap({ range: a }: TextEdit, { range: b }: TextEdit): boolean {
  const before = (x: typeof a.start, y: typeof a.start) =>
    x.line < y.line || (x.line === y.line && x.character < y.character);
  return before(a.start, b.end) && before(b.start, a.end);
}
