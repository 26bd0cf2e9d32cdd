import { printable } from '../redact';
import type { ReportFormat } from './report';
import { sourcesOf } from './sources';
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
} from './totals';

/** Text that Markdown must show as it is, in a table cell too. Control characters are escaped before. */
function text(raw: string): string {
  return printable(raw).replace(/[\\`*_{}[\]()<>#+!|~&$@:]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** Rows of one table: a comment on a pull request has a limit of 65,536 characters. */
const LISTED = 200;

/** A summary for a pull request or a job summary: totals, the findings by artifact, and what was not scanned. */
export const MARKDOWN_REPORT: ReportFormat = {
  id: 'markdown',
  title: 'Markdown',
  extension: '.md',
  build(report, { pathPrefix }) {
    const totals = totalsOf(report);
    const shown = (path: string) => text(shownPath(report, path, pathPrefix));
    const lines: string[] = ['# Watchtower report', ''];
    lines.push(`| ${SEVERITIES.map((s) => s[0]?.toUpperCase() + s.slice(1)).join(' | ')} |`);
    lines.push(`|${' ---: |'.repeat(SEVERITIES.length)}`);
    lines.push(`| ${SEVERITIES.map((severity) => totals.bySeverity[severity]).join(' | ')} |`, '');
    lines.push(
      `${counted(totals.artifacts, 'artifact')} scanned, ${bytesText(totals.bytesRead)} read of ${bytesText(totals.bytes)}; ${totals.suppressed} suppressed; advisory data as of ${report.advisories.asOf}.`,
      '',
    );
    for (const { label, read, facts } of sourcesOf(report)) {
      lines.push(`**${text(label)}**: ${text(read)}.`, '');
      for (const fact of facts)
        lines.push(`- ${fact.level === 'notice' ? '⚠ ' : ''}${text(fact.label)}: ${text(fact.value)}`);
      if (facts.length) lines.push('');
    }
    let rows = 0;
    for (const artifact of artifactsByWorst(report.artifacts)) {
      if (rows >= LISTED) break;
      lines.push(`## ${shown(artifact.path)}`, '', '| Severity | Rule | Place | What |', '| --- | --- | --- | --- |');
      for (const finding of sortedFindings(artifact.findings)) {
        if (rows >= LISTED) break;
        rows += 1;
        const evidence = finding.evidence ? `<br>Evidence: ${text(finding.evidence)}` : '';
        lines.push(
          `| ${finding.severity} | ${text(finding.ruleId)} | ${text(placeText(finding))} | ${text(finding.message)}${evidence} |`,
        );
      }
      lines.push('');
    }
    if (rows < totals.findings) lines.push(`${totals.findings - rows} more findings are in the full report.`, '');
    const unreadable = report.notScanned.filter((skip) => skip.unreadable);
    if (totals.incomplete.length || unreadable.length) {
      lines.push('## Not fully scanned', '');
      for (const { path, status, reason } of totals.incomplete.slice(0, LISTED)) {
        lines.push(`- ${shown(path)}: ${status}${reason ? `, ${text(reason)}` : ''}`);
      }
      for (const { path, reason } of unreadable.slice(0, LISTED)) lines.push(`- ${shown(path)}: ${text(reason)}`);
      lines.push('');
    }
    const chosen = report.notScanned.filter((skip) => !skip.unreadable);
    if (chosen.length) {
      const reasons = reasonCounts(chosen).map(({ reason, count }) => `${count} ${text(reason)}`);
      lines.push(`Left out: ${reasons.join(', ')}.`, '');
    }
    return lines.join('\n');
  },
};
