import type { Finding, ScanReport, Severity } from '../core/finding';
import { printable } from '../core/redact';
import { sourcesOf } from '../core/reports/sources';
import {
  artifactsByWorst,
  bytesText,
  counted,
  placeText,
  reasonCounts,
  SEVERITIES,
  shownPath,
  sortedFindings,
  totalsOf,
} from '../core/reports/totals';
import type { Style } from './terminal';
import { wrapped } from './wrap';

/** Rows listed of what was not scanned before the rest is only counted; every other format lists all of them. */
const LISTED = 50;
/** Below the words that begin the lines of the summary. */
const MARGIN = ' '.repeat(10);

const KIND_NAMES = {
  model: ['model', 'models'],
  notebook: ['notebook', 'notebooks'],
  python: ['Python file', 'Python files'],
  dependencies: ['dependency file', 'dependency files'],
  text: ['text file', 'text files'],
  archive: ['archive', 'archives'],
} as const;

function severityLabel(severity: Severity, style: Style): string {
  const text = severity.padEnd(8);
  switch (severity) {
    case 'critical':
      return style.bold(style.magenta(text));
    case 'high':
      return style.bold(style.red(text));
    case 'medium':
      return style.yellow(text);
    case 'low':
      return style.blue(text);
    case 'info':
      return style.dim(text);
  }
}

function findingLines(finding: Finding, style: Style, columns: number | undefined): string[] {
  const indent = ' '.repeat(12);
  const place = placeText(finding);
  const lines = [
    `  ${severityLabel(finding.severity, style)}  ${style.cyan(finding.ruleId)}${place ? `  ${style.dim(printable(place))}` : ''}`,
    ...wrapped(printable(finding.message), columns, indent),
  ];
  const quiet = (text: string, first: string, rest: string) =>
    wrapped(printable(text), columns, `${indent}${first}`, `${indent}${rest}`).map((line) => style.dim(line));
  if (finding.evidence) lines.push(...quiet(finding.evidence, '│ ', '│ '));
  if (finding.remediation) lines.push(...quiet(finding.remediation, '→ ', '  '));
  return lines;
}

/**
 * The findings, grouped by artifact, the worst first.
 * @param prefix put before the paths, so that terminals can open them
 * @param columns width of the terminal, undefined where the text goes elsewhere
 */
export function findingsText(report: ScanReport, prefix: string, style: Style, columns?: number): string {
  const lines: string[] = [];
  for (const artifact of artifactsByWorst(report.artifacts)) {
    const path = printable(shownPath(report, artifact.path, prefix));
    const status = artifact.status === 'scanned' ? '' : `, ${artifact.status}`;
    lines.push(`${style.bold(path)} ${style.dim(`(${artifact.format}${status}, ${bytesText(artifact.bytes)})`)}`);
    for (const finding of sortedFindings(artifact.findings)) lines.push(...findingLines(finding, style, columns));
    lines.push('');
  }
  return lines.join('\n');
}

/**
 * Totals, and everything that was not looked at.
 * @param others files that no format claims
 * @param columns width of the terminal, undefined where the text goes elsewhere
 */
export function summaryText(report: ScanReport, others: number, style: Style, columns?: number): string {
  const totals = totalsOf(report);
  const lines: string[] = [];
  const kinds = Object.entries(KIND_NAMES)
    .filter(([kind]) => totals.byKind[kind as keyof typeof KIND_NAMES] > 0)
    .map(([kind, [one, many]]) => counted(totals.byKind[kind as keyof typeof KIND_NAMES], one, many));
  const scanned = `${counted(totals.artifacts, 'artifact')}${kinds.length ? ` (${kinds.join(', ')})` : ''}, ${bytesText(totals.bytesRead)} read of ${bytesText(totals.bytes)}`;
  lines.push(...wrapped(scanned, columns, 'Scanned   ', MARGIN));
  const found = SEVERITIES.filter((severity) => totals.bySeverity[severity] > 0).map(
    (severity) => `${totals.bySeverity[severity]} ${severityLabel(severity, style).replace(/ +/g, '')}`,
  );
  lines.push(
    `Findings  ${found.length ? found.join(', ') : style.green('none')}${totals.suppressed ? `, and ${totals.suppressed} suppressed` : ''}`,
  );
  const unreadable = report.notScanned.filter((skip) => skip.unreadable);
  const missed = [
    ...totals.incomplete.map(({ path, status, reason }) => ({
      path: shownPath(report, path),
      why: `${status}: ${reason ?? 'no reason given'}`,
    })),
    ...unreadable.map(({ path, reason }) => ({ path, why: `not opened: ${reason}` })),
  ];
  if (missed.length) {
    lines.push(style.yellow(`Not fully scanned: ${missed.length}`));
    for (const { path, why } of missed.slice(0, LISTED))
      lines.push(`  ${printable(path)}  ${style.dim(printable(why))}`);
    if (missed.length > LISTED) lines.push(`  and ${missed.length - LISTED} more`);
  }
  const chosen = report.notScanned.filter((skip) => !skip.unreadable);
  if (chosen.length) {
    const reasons = reasonCounts(chosen).map(({ reason, count }) => `${count} ${printable(reason)}`);
    lines.push(...wrapped(reasons.join(', '), columns, 'Left out  ', MARGIN));
  }
  if (others > 0) lines.push(`Other     ${counted(others, 'file')} of no kind that is scanned`);
  for (const { label, read, facts } of sourcesOf(report)) {
    lines.push(...wrapped(printable(`${label}: ${read}`), columns, 'Source    ', MARGIN));
    for (const { level, ...fact } of facts) {
      const line = printable(`${fact.label}: ${fact.value}`);
      const shown = wrapped(level === 'notice' ? `! ${line}` : line, columns, MARGIN);
      lines.push(...shown.map((text) => (level === 'notice' ? style.yellow(text) : style.dim(text))));
    }
  }
  lines.push(style.dim(`Advisory data as of ${report.advisories.asOf}`));
  return `${lines.join('\n')}\n`;
}
