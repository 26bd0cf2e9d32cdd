import { type Disposable, EventEmitter, l10n, type TextDocumentContentProvider, Uri } from 'vscode';
import {
  InspectModel,
  type ListedArtifact,
  type ListedFinding,
  type ModelDescription,
} from '../../../server/src/protocol/messages';
import type { Findings } from '../findings';
import { placeText, sizeText, escapeMarkdown as text } from '../place';
import type { Server } from '../server';
import { rankOf, severityWord } from '../severity';
import { nameOf } from '../views/nodes';
import { ruleUri } from './ruleDocuments';

export const MODEL_SCHEME = 'watchtower-model';

/** Rows of a table that are shown; the rest is counted. */
const ROWS = 200;

export function modelUri({ uri, path }: Pick<ListedArtifact, 'uri' | 'path'>): Uri {
  const name = nameOf({ path, uri });
  return Uri.from({ scheme: MODEL_SCHEME, path: `/${name}.md`, query: uri });
}

/** A remote source's own page: a model that lies at the source's root has the same address and another page. */
const SOURCE_PAGE = 'source';

export function sourceUri({ root, label }: { root: string; label: string }): Uri {
  return Uri.from({
    scheme: MODEL_SCHEME,
    authority: SOURCE_PAGE,
    path: `/${label.slice(label.lastIndexOf('/') + 1)}.md`,
    query: root,
  });
}

/** Details of a model as a read-only page: what was found in it and what it is made of. Everything in it is data of the file. */
export class ModelDocuments implements TextDocumentContentProvider, Disposable {
  readonly #changed = new EventEmitter<Uri>();
  readonly onDidChange = this.#changed.event;
  readonly #open = new Map<string, string>();
  readonly #subscription: Disposable;

  constructor(
    private readonly server: Server,
    findings: Findings,
    /** Pages on remote sources, which stand beside those on their models. */
    private readonly sourcePage: (root: string) => string | undefined,
  ) {
    this.#subscription = findings.onDidChange(() => {
      for (const [uri, shown] of this.#open) {
        const { query } = Uri.parse(uri, true);
        if (JSON.stringify(findings.get(query)) !== shown) this.#changed.fire(Uri.parse(uri, true));
      }
    });
  }

  async provideTextDocumentContent(uri: Uri): Promise<string> {
    const source = uri.authority === SOURCE_PAGE ? this.sourcePage(uri.query) : undefined;
    if (source !== undefined) return source;
    const result = await this.server.request(InspectModel.type, { uri: uri.query });
    if (!result) return `# ${l10n.t('Nothing is known of this file')}\n`;
    this.#open.set(uri.toString(), JSON.stringify(result.artifact));
    return modelPage(result.artifact, result.description);
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}

function modelPage(artifact: ListedArtifact, description: ModelDescription | undefined): string {
  const lines = [`# ${text(artifact.path === '.' ? nameOf(artifact) : artifact.path)}`, ''];
  const facts: [string, string][] = [
    [l10n.t('Format'), artifact.formatTitle],
    [l10n.t('Size'), l10n.t('{0}, {1} of it read', sizeText(artifact.bytes), sizeText(artifact.bytesRead))],
    [l10n.t('Status'), artifact.status + (artifact.reason ? `: ${artifact.reason}` : '')],
  ];
  if (description) {
    const { framework, frameworkVersion, license, parameters, tensorCount, sha256 } = description;
    if (framework) facts.push([l10n.t('Framework'), [framework, frameworkVersion].filter(Boolean).join(' ')]);
    if (parameters !== undefined) facts.push([l10n.t('Parameters'), parameters.toLocaleString()]);
    if (tensorCount !== undefined) facts.push([l10n.t('Tensors'), tensorCount.toLocaleString()]);
    if (license) facts.push([l10n.t('License'), license]);
    if (sha256) facts.push(['SHA-256', sha256]);
    for (const [key, value] of Object.entries(description.properties ?? {}))
      facts.push([propertyLabel(key), String(value)]);
  }
  lines.push(...table([], facts));
  lines.push(`## ${l10n.t('Findings')}`, '');
  if (artifact.findings.length === 0) lines.push(l10n.t('Nothing was found.'), '');
  const sorted = [...artifact.findings].sort((a, b) => rankOf(a.severity) - rankOf(b.severity));
  for (const finding of sorted) lines.push(...findingLines(finding));
  if (artifact.suppressedCount) lines.push(l10n.t('{0} suppressed findings', artifact.suppressedCount), '');
  if (description) lines.push(...descriptionLines(description));
  return `${lines.join('\n')}\n`;
}

/** `modelType` as a reader writes it; names that formats and authors give stay as they are. */
function propertyLabel(key: string): string {
  if (!/^[a-z]+(?:[A-Z][a-z]+)*$/.test(key)) return key;
  return `${key.charAt(0).toUpperCase()}${key.slice(1).replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}`;
}

function findingLines(finding: ListedFinding): string[] {
  const place = placeText(finding.location);
  const parts = [
    `**${severityWord(finding.severity).toLocaleUpperCase()}** · [${text(finding.ruleId)}](${ruleUri(finding.ruleId).toString()})`,
    text(finding.message),
  ];
  if (place) parts.push(`${l10n.t('Place')}: ${text(place)}`);
  if (finding.evidence) parts.push(`${l10n.t('Evidence')}: ${text(finding.evidence)}`);
  if (finding.remediation) parts.push(`${l10n.t('What to do')}: ${text(finding.remediation)}`);
  return [`- ${parts.join('  \n  ')}`, ''];
}

function descriptionLines(description: ModelDescription): string[] {
  const lines: string[] = [];
  const section = (title: string, head: string[], rows: readonly (readonly string[])[]) => {
    if (rows.length === 0) return;
    lines.push(`## ${title}`, '', ...table(head, rows.slice(0, ROWS)));
    if (rows.length > ROWS) lines.push(l10n.t('and {0} more', rows.length - ROWS), '');
  };
  section(
    l10n.t('Callables'),
    [l10n.t('Name'), l10n.t('Judged'), l10n.t('Called')],
    (description.globals ?? []).map(({ name, verdict, called }) => [
      name,
      verdict,
      called ? l10n.t('yes') : l10n.t('no'),
    ]),
  );
  section(
    l10n.t('Layers'),
    [l10n.t('Name'), l10n.t('Class')],
    (description.layers ?? []).map(({ name, className, path }) => [path ?? name, className]),
  );
  section(
    l10n.t('Operators'),
    [l10n.t('Name'), l10n.t('Count')],
    Object.entries(description.operators ?? {}).map(([name, count]) => [name, String(count)]),
  );
  section(
    l10n.t('Tensors'),
    [l10n.t('Name'), l10n.t('Type'), l10n.t('Shape')],
    (description.tensors ?? []).map(({ name, dtype, shape }) => [name, dtype, shape.join(' × ')]),
  );
  section(
    l10n.t('Metadata'),
    [l10n.t('Key'), l10n.t('Value')],
    Object.entries(description.metadata ?? {}).map(([key, value]) => [key, String(value)]),
  );
  section(
    l10n.t('Members'),
    [l10n.t('Name'), l10n.t('Size'), l10n.t('Format')],
    (description.members ?? []).map(({ name, bytes, format }) => [name, sizeText(bytes), format ?? '']),
  );
  return lines;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const width = head.length || (rows[0]?.length ?? 2);
  const row = (cells: readonly string[]) => `| ${cells.map(text).join(' | ')} |`;
  return [
    row(head.length ? head : Array.from({ length: width }, () => ' ')),
    `|${' --- |'.repeat(width)}`,
    ...rows.map(row),
    '',
  ];
}
