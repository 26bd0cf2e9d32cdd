import {
  type Connection,
  type Diagnostic,
  type DiagnosticRelatedInformation,
  DiagnosticSeverity,
  type Range,
} from 'vscode-languageserver/node';
import type { Finding, Location, Severity } from '../core/finding';
import { placeInMember } from '../core/place';
import { type DiagnosticData, RULE_SCHEME } from '../protocol/messages';
import type { FindingsStore, StoredArtifact } from './store';
import { uriBelow } from './uris';

export const SOURCE = 'watchtower';

const SEVERITY: Record<Severity, DiagnosticSeverity> = {
  critical: DiagnosticSeverity.Error,
  high: DiagnosticSeverity.Error,
  medium: DiagnosticSeverity.Warning,
  low: DiagnosticSeverity.Information,
  info: DiagnosticSeverity.Hint,
};

const START: Range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
/** Past the end of any line; editors cut it to the line. */
const LINE_END = 10_000;

/** Publishes what the store holds and takes back what it holds no more: one owner for every document. */
export class DiagnosticsPublisher {
  /** document -> artifact -> its diagnostics there */
  readonly #byDocument = new Map<string, Map<string, Diagnostic[]>>();
  readonly #documentsOf = new Map<string, Set<string>>();

  constructor(
    private readonly connection: Connection,
    store: FindingsStore,
  ) {
    store.onDidChange((changed, removed) => {
      const touched = new Set<string>();
      for (const uri of removed) this.#replace(uri, new Map(), touched);
      for (const artifact of changed) this.#replace(artifact.uri, diagnosticsOf(artifact), touched);
      for (const document of touched) this.#publish(document);
    });
  }

  /** Takes back what a document shows that is gone: a deleted notebook cell. */
  clear(document: string): void {
    const artifacts = this.#byDocument.get(document);
    if (!artifacts) return;
    for (const artifact of artifacts.keys()) this.#documentsOf.get(artifact)?.delete(document);
    this.#byDocument.delete(document);
    this.#publish(document);
  }

  #replace(artifact: string, now: Map<string, Diagnostic[]>, touched: Set<string>): void {
    for (const document of this.#documentsOf.get(artifact) ?? []) {
      if (now.has(document)) continue;
      const rest = this.#byDocument.get(document);
      rest?.delete(artifact);
      if (rest?.size === 0) this.#byDocument.delete(document);
      touched.add(document);
    }
    for (const [document, diagnostics] of now) {
      let artifacts = this.#byDocument.get(document);
      if (!artifacts) {
        artifacts = new Map();
        this.#byDocument.set(document, artifacts);
      }
      artifacts.set(artifact, diagnostics);
      touched.add(document);
    }
    if (now.size) this.#documentsOf.set(artifact, new Set(now.keys()));
    else this.#documentsOf.delete(artifact);
  }

  #publish(document: string): void {
    const diagnostics = [...(this.#byDocument.get(document)?.values() ?? [])].flat();
    void this.connection.sendDiagnostics({ uri: document, diagnostics });
  }
}

/** Diagnostics of an artifact by the document they stand in. */
export function diagnosticsOf(artifact: StoredArtifact): Map<string, Diagnostic[]> {
  const out = new Map<string, Diagnostic[]>();
  for (const finding of artifact.report.findings) {
    const { document, range, message } = placeOf(artifact, finding.location, finding.message);
    const related = relatedInformation(artifact, finding);
    const diagnostic: Diagnostic = {
      range,
      message,
      severity: SEVERITY[finding.severity],
      source: SOURCE,
      code: finding.ruleId,
      codeDescription: { href: `${RULE_SCHEME}:/${finding.ruleId}.md` },
      data: { artifact: artifact.uri, fingerprint: finding.fingerprint } satisfies DiagnosticData,
      ...(related.length && { relatedInformation: related }),
    };
    const list = out.get(document);
    if (list) list.push(diagnostic);
    else out.set(document, [diagnostic]);
  }
  return out;
}

function relatedInformation(artifact: StoredArtifact, finding: Finding): DiagnosticRelatedInformation[] {
  return (finding.related ?? []).map((related) => {
    const { document, range, message } = placeOf(artifact, related.location, related.message);
    return { location: { uri: document, range }, message };
  });
}

/** The document and range an editor can show for a location; what it cannot show is said in the message. */
function placeOf(
  artifact: StoredArtifact,
  location: Location,
  message: string,
): { document: string; range: Range; message: string } {
  if (artifact.report.kind === 'notebook') return notebookPlace(artifact, location, message);
  // A finding in a folder that is one artifact stands at the member's file, since a folder has no document.
  const { file, location: inside } = placeInMember(artifact.report.members, location);
  const document = file === undefined ? artifact.uri : uriBelow(artifact.uri, file);
  if (inside.member === undefined && inside.line !== undefined) return { document, range: rangeOf(inside), message };
  const suffix = placeInFile(location);
  return { document, range: START, message: suffix ? `${message} (${suffix})` : message };
}

function notebookPlace(
  artifact: StoredArtifact,
  location: Location,
  message: string,
): { document: string; range: Range; message: string } {
  const { cell, output } = location;
  if (cell === undefined) {
    const suffix = placeInFile(location);
    return { document: artifact.uri, range: START, message: suffix ? `${message} (${suffix})` : message };
  }
  const source = output === undefined && location.line !== undefined;
  const what = source ? '' : output === undefined ? 'In the cell' : `In output ${output + 1}`;
  const document = artifact.cells?.[cell];
  if (document !== undefined) {
    if (source) return { document, range: rangeOf(location), message };
    return { document, range: lineRange(0), message: `${what}: ${message}` };
  }
  // The cells of a closed notebook have no documents, so the file stands for them.
  const where = [`Cell ${cell + 1}`, what && lowerFirst(what), location.line !== undefined && `line ${location.line}`];
  return {
    document: artifact.uri,
    range: lineRange(Math.max(0, (location.fileLine ?? 1) - 1)),
    message: `${where.filter(Boolean).join(', ')}: ${message}`,
  };
}

/** In words, where inside a file that has no lines: `archive/data.pkl, offset 123, layer dense_1`. */
export function placeInFile(location: Location): string {
  const parts: string[] = [];
  if (location.member !== undefined) parts.push(location.member);
  if (location.node !== undefined) parts.push(location.node);
  if (location.line !== undefined) parts.push(`line ${location.line}`);
  if (location.offset !== undefined) parts.push(`offset ${location.offset}`);
  return parts.join(', ');
}

function rangeOf({ line = 1, column, endLine, endColumn }: Location): Range {
  if (column === undefined) return lineRange(line - 1);
  const start = { line: line - 1, character: column - 1 };
  if (endColumn === undefined) return { start, end: start };
  return { start, end: { line: (endLine ?? line) - 1, character: endColumn - 1 } };
}

function lineRange(line: number): Range {
  return { start: { line, character: 0 }, end: { line, character: LINE_END } };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
