import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { Finding } from '../core/finding';
import { documentFromCells } from '../core/notebook/notebook';
import type { Rule } from '../core/rule';
import { canBeHidden, DIRECTIVE_KEYWORDS, InlineSuppressions } from '../core/suppress/inline';
import type { TextDocument as Scanned } from '../core/text/document';
import { documentFromText } from '../core/text/fileDocument';
import { singleReader } from '../core/text/keywordPass';
import { commentSyntaxAt } from './commentSyntax';

/** An edit that adds text at a place of a document. */
export interface Insertion {
  /** 0-based. */
  readonly line: number;
  readonly character: number;
  readonly newText: string;
  readonly title: string;
}

const look = singleReader(DIRECTIVE_KEYWORDS.words, false);
const occurrences = (text: string) => look(text, () => undefined).occurrences;

/**
 * The edit that hides a finding: a comment at a line's end or above it, or one more rule in the comment that is there.
 * @param isCell whether the document is a cell of a notebook
 * @returns undefined where no comment can stand, or none would hide it: in a language without comments, inside a string
 */
export function ignoreComment(
  document: TextDocument,
  { location, severity }: Pick<Finding, 'location' | 'severity'>,
  rule: Rule,
  isCell: boolean,
): Insertion | undefined {
  const { line, column = 1, endLine = line, endColumn = column } = location;
  if (line === undefined || endLine === undefined || !canBeHidden(rule, severity)) return undefined;
  const text = document.getText();
  const range = {
    start: document.offsetAt({ line: line - 1, character: column - 1 }),
    end: document.offsetAt({ line: endLine - 1, character: endColumn - 1 }),
  };
  const hides = (edit: Insertion): boolean => {
    const at = document.offsetAt({ line: edit.line, character: edit.character });
    const after = text.slice(0, at) + edit.newText + text.slice(at);
    const moved = (offset: number) => (offset < at ? offset : offset + edit.newText.length);
    const scanned = scannedAs(document, after, isCell);
    const [segment] = scanned.segments;
    if (!segment || scanned.segments.length > 1 || segment.text !== after) return false;
    const inline = new InlineSuppressions(scanned, (one) => occurrences(one.text));
    return inline.of(segment, moved(range.start), Math.max(moved(range.start), moved(range.end)), rule) !== undefined;
  };
  return candidates(text, document, line - 1, endLine - 1, rule.id).find(hides);
}

function scannedAs({ uri, languageId }: TextDocument, text: string, isCell: boolean): Scanned {
  return isCell
    ? documentFromCells('', [{ kind: languageId === 'markdown' ? 'markdown' : 'code', language: languageId, text }])
    : documentFromText(decodeURIComponent(uri.slice(uri.lastIndexOf('/') + 1)), text);
}

/** Lines behind a finding that are tried: those of the statement that it stands in. */
const FOLLOWING = 200;

function candidates(
  text: string,
  { languageId, uri }: TextDocument,
  first: number,
  last: number,
  ruleId: string,
): Insertion[] {
  const lines = text.split(/\r\n|\r|\n/);
  const found: Insertion[] = [];
  const take = (edit: Insertion | undefined) => {
    if (edit) found.push(edit);
  };
  take(inList(lines, last, ruleId, /watchtower:\s*ignore\[([^\]]*)\]/));
  take(inList(lines, first - 1, ruleId, /watchtower:\s*ignore-next-line\[([^\]]*)\]/));
  take(comment(lines, last, languageId, uri, ruleId));
  if (languageId !== 'python') return found;
  // What stands in front of a backslash, or in a string of several lines, is hidden behind its end.
  let end = last;
  while (end < last + FOLLOWING && /\\$/.test(lines[end] ?? '')) end += 1;
  if (end > last) take(comment(lines, end, languageId, uri, ruleId));
  for (let line = last + 1; line < Math.min(lines.length, last + FOLLOWING); line += 1) {
    if (!/^\s*(?:[)\]}]|"""|''')/.test(lines[line] as string)) continue;
    take(comment(lines, line, languageId, uri, ruleId));
    break;
  }
  return found;
}

function inList(lines: readonly string[], line: number, ruleId: string, pattern: RegExp): Insertion | undefined {
  const there = pattern.exec(lines[line] ?? '');
  if (!there) return undefined;
  const newText = `${there[1]?.trim() ? ', ' : ''}${ruleId}`;
  return { line, character: there.index + there[0].length - 1, newText, title: `Ignore ${ruleId} on this line` };
}

function comment(
  lines: readonly string[],
  line: number,
  languageId: string,
  uri: string,
  ruleId: string,
): Insertion | undefined {
  const syntax = commentSyntaxAt(lines, line, languageId, uri);
  const content = lines[line];
  if (!syntax || content === undefined) return undefined;
  const { open, close, place } = syntax;
  const said = (word: string) => `${open} watchtower: ${word}[${ruleId}]${close ? ` ${close}` : ''}`;
  if (place === 'above') {
    const title = `Ignore ${ruleId} with a comment above`;
    const indent = /^[ ]*/.exec(content)?.[0] ?? '';
    return { line, character: 0, newText: `${indent}${said('ignore-next-line')}\n`, title };
  }
  const bare = content.trimEnd();
  const title = `Ignore ${ruleId} on this line`;
  return { line, character: bare.length, newText: `${bare ? '  ' : ''}${said('ignore')}`, title };
}
