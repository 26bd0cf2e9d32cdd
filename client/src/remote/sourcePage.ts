import { l10n } from 'vscode';
import type { RemoteListing } from '../../../server/src/protocol/messages';
import { sizeText, escapeMarkdown as text } from '../place';
import { SEVERITIES, severityWord } from '../severity';
import type { OpenSource } from './remoteSources';

/** What is known of a remote source, as a read-only page. What its host says is escaped: nothing of it becomes a link. */
export function sourcePage({ label, result, options }: OpenSource): string {
  const lines = [`# ${text(result?.label ?? label)}`, ''];
  if (!result) return `${[...lines, l10n.t('The scan has not ended yet.')].join('\n')}\n`;
  const counts = SEVERITIES.filter((severity) => result.findings[severity] > 0).map(
    (severity) => `${result.findings[severity]} ${severityWord(severity)}`,
  );
  const rows: [string, string][] = [
    [l10n.t('Read'), result.read],
    [l10n.t('Files and models'), String(result.artifacts)],
    [l10n.t('Findings'), counts.join(', ') || l10n.t('none')],
  ];
  if (result.notScanned) rows.push([l10n.t('Not scanned wholly'), String(result.notScanned)]);
  if (options.full) rows.push([l10n.t('Reading'), l10n.t('whole files')]);
  lines.push(...table(rows));
  lines.push(`## ${l10n.t('What its host says')}`, '');
  lines.push(l10n.t('Told by the host and by the authors of the source; nothing of it lowers a finding.'), '');
  const facts = [...result.facts].sort((a, b) => Number(b.level === 'notice') - Number(a.level === 'notice'));
  if (facts.length)
    lines.push(...table(facts.map((fact) => [`${fact.level === 'notice' ? '⚠ ' : ''}${fact.label}`, fact.value])));
  else lines.push(l10n.t('Nothing.'), '');
  return `${lines.join('\n')}\n`;
}

function table(rows: readonly (readonly [string, string])[]): string[] {
  return ['|   |   |', '| --- | --- |', ...rows.map(([name, value]) => `| ${text(name)} | ${text(value)} |`), ''];
}

/** What a scan is about to read, for the person who decides. */
export function listingText({ files, bytes, skipped, expectedBytes, facts }: RemoteListing, full: boolean): string {
  const left = skipped ? l10n.t(' ({0} left out)', skipped.toLocaleString()) : '';
  const lines = [
    `${files === 1 ? l10n.t('1 file') : l10n.t('{0} files', files.toLocaleString())}, ${sizeText(bytes)}${left}`,
    full
      ? l10n.t('All of it will be fetched into a private temporary folder while it is scanned.')
      : expectedBytes === 0
        ? l10n.t('What is needed of it has come with the listing.')
        : l10n.t('About {0} of it will be read: text, and the structure of models.', sizeText(expectedBytes)),
  ];
  const told = [...facts].sort((a, b) => Number(b.level === 'notice') - Number(a.level === 'notice')).slice(0, 8);
  if (told.length) lines.push('');
  for (const { label, value, level } of told) lines.push(`${level === 'notice' ? '⚠ ' : ''}${label}: ${value}`);
  return lines.join('\n');
}
