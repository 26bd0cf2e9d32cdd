import type { ArtifactReport, Finding, Severity } from '../finding';
import { printable } from '../redact';
import { ruleById } from '../rules';
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

const NAMES: Record<Severity, string> = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
  info: 'Info',
};

/** Everything that comes from a file goes through here: nothing of it is markup, and nothing of it is invisible. */
function text(raw: string): string {
  return printable(raw).replace(/[&<>"'`]/g, (c) => `&#${c.charCodeAt(0)};`);
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6676;--line:#dfe4ea;--card:#fff;--page:#f4f6f8;--accent:#2f5d8a;
--critical:#8e1b5e;--high:#b3261e;--medium:#a15c00;--low:#2563a6;--info:#5b6676}
@media(prefers-color-scheme:dark){:root{--ink:#e4e9f0;--soft:#9aa6b5;--line:#2c3643;--card:#182029;--page:#10161d;--accent:#8bb8e0;
--critical:#e98bc4;--high:#f2938c;--medium:#e8b25c;--low:#86b6ea;--info:#9aa6b5}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
main{max-width:1080px;margin:0 auto;padding:32px 24px 64px}
header{margin-bottom:24px}
h1{font-size:26px;margin:0 0 4px;letter-spacing:-.01em}
h2{font-size:18px;margin:36px 0 12px}
.soft{color:var(--soft)}
.cards{display:grid;grid-template-columns:repeat(5,1fr);gap:12px;margin:20px 0}
.card{background:var(--card);border:1px solid var(--line);border-top:4px solid currentColor;border-radius:8px;padding:12px 16px}
.card b{display:block;font-size:30px;line-height:1.1;font-variant-numeric:tabular-nums}
.card span{color:var(--soft);font-size:13px}
.critical{color:var(--critical)}.high{color:var(--high)}.medium{color:var(--medium)}.low{color:var(--low)}.info{color:var(--info)}
.zero{opacity:.45}
details.file{background:var(--card);border:1px solid var(--line);border-radius:8px;margin:10px 0;overflow:hidden}
details.file>summary{cursor:pointer;padding:10px 16px;display:flex;gap:12px;align-items:baseline;list-style:none}
details.file>summary::-webkit-details-marker{display:none}
details.file>summary::before{content:"";flex:none;width:7px;height:7px;border-right:2px solid var(--soft);border-bottom:2px solid var(--soft);transform:rotate(-45deg) translate(-1px,-1px)}
details.file[open]>summary::before{transform:rotate(45deg) translate(-1px,-1px)}
summary .path{font-weight:600;overflow-wrap:anywhere;flex:1}
summary .meta{color:var(--soft);font-size:13px;white-space:nowrap}
.pill{font-size:12px;font-weight:600;border:1px solid currentColor;border-radius:99px;padding:0 8px;white-space:nowrap}
article{border-top:1px solid var(--line);padding:12px 16px 12px 35px}
article p{margin:4px 0}
article .head{display:flex;gap:10px;align-items:baseline;flex-wrap:wrap}
article .rule{font-weight:600;color:var(--ink)}
code,.place{font:13px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.place{color:var(--soft);overflow-wrap:anywhere}
.evidence{display:block;background:var(--page);border-radius:6px;padding:6px 10px;margin:6px 0;overflow-wrap:anywhere;white-space:pre-wrap}
.fix::before{content:"→ ";color:var(--soft)}
.refs{color:var(--soft);font-size:12.5px}
table{border-collapse:collapse;width:100%;background:var(--card);border:1px solid var(--line);border-radius:8px;overflow:hidden}
th,td{text-align:left;padding:7px 14px;border-top:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
th{font-size:13px;color:var(--soft);font-weight:600;border-top:0;white-space:nowrap}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
footer{margin-top:48px;color:var(--soft);font-size:13px}
@media(max-width:640px){.cards{grid-template-columns:repeat(2,1fr)}summary .meta{display:none}table{display:block;overflow-x:auto}}
@media print{body{background:#fff}details.file{break-inside:avoid}}
`;

function card(severity: Severity, count: number): string {
  return `<div class="card ${severity}${count === 0 ? ' zero' : ''}"><b>${count}</b><span>${NAMES[severity]}</span></div>`;
}

function findingHtml(finding: Finding): string {
  const rule = ruleById(finding.ruleId);
  const { cwe = [], owasp = [], atlas = [] } = rule?.references ?? {};
  const place = placeText(finding);
  const remediation = finding.remediation ?? rule?.remediation;
  const references = [...cwe, ...owasp, ...atlas].join(' · ');
  return `<article>
<div class="head"><span class="pill ${finding.severity}">${NAMES[finding.severity]}</span><span class="rule">${text(rule?.title ?? finding.ruleId)}</span><span class="place">${text(place)}</span></div>
<p>${text(finding.message)}</p>
${finding.evidence ? `<code class="evidence">${text(finding.evidence)}</code>\n` : ''}${remediation ? `<p class="fix">${text(remediation)}</p>\n` : ''}<p class="refs">${text(finding.ruleId)}${references ? ` · ${text(references)}` : ''}</p>
</article>`;
}

function fileHtml(artifact: ArtifactReport, path: string, open: boolean): string {
  const counts = SEVERITIES.map((severity) => ({
    severity,
    count: artifact.findings.filter((finding) => finding.severity === severity).length,
  })).filter(({ count }) => count > 0);
  const pills = counts
    .map(({ severity, count }) => `<span class="pill ${severity}">${count} ${NAMES[severity].toLowerCase()}</span>`)
    .join(' ');
  const status = artifact.status === 'scanned' ? '' : ` · ${artifact.status}`;
  return `<details class="file"${open ? ' open' : ''}><summary><span class="path">${text(path)}</span><span class="meta">${text(artifact.format)} · ${bytesText(artifact.bytes)}${status}</span>${pills}</summary>
${sortedFindings(artifact.findings).map(findingHtml).join('\n')}
</details>`;
}

/** Files that stand open when the page does; a page of thousands would be slow to draw. */
const OPEN = 20;
/** Names listed of files in which nothing was found. */
const LISTED_CLEAN = 2000;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return `<table><thead><tr>${head.map((cell) => `<th>${cell}</th>`).join('')}</tr></thead><tbody>${rows
    .map((row) => `<tr>${row.map((cell) => `<td>${text(cell)}</td>`).join('')}</tr>`)
    .join('\n')}</tbody></table>`;
}

/**
 * One page that needs nothing else: no script, no font, no image, nothing fetched, and a policy that forbids all of it.
 */
export const HTML_REPORT: ReportFormat = {
  id: 'html',
  title: 'HTML',
  extension: '.html',
  build(report) {
    const totals = totalsOf(report);
    const withFindings = artifactsByWorst(report.artifacts);
    const clean = report.artifacts.filter(({ findings, status }) => findings.length === 0 && status === 'scanned');
    const unreadable = report.notScanned.filter((skip) => skip.unreadable);
    const chosen = report.notScanned.filter((skip) => !skip.unreadable);
    const missed = [
      ...totals.incomplete.map(({ path, status, reason }) => [shownPath(report, path), status, reason ?? ''] as const),
      ...unreadable.map(({ path, reason }) => [path, 'not opened', reason] as const),
    ];
    const models = report.artifacts.filter(({ kind }) => kind === 'model');
    const sections = [
      ...sourcesOf(report).map(
        ({ label, read, facts }) =>
          `<h2>${text(label)}</h2>\n<p class="soft">${text(read)}</p>${
            facts.length
              ? table(
                  ['What its host says', ''],
                  facts.map((fact) => [`${fact.level === 'notice' ? '⚠ ' : ''}${fact.label}`, fact.value]),
                )
              : ''
          }`,
      ),
      withFindings.length
        ? `<h2>Findings</h2>\n${withFindings.map((artifact, index) => fileHtml(artifact, shownPath(report, artifact.path), index < OPEN)).join('\n')}`
        : '<h2>Findings</h2>\n<p>None.</p>',
      missed.length ? `<h2>Not fully scanned</h2>\n${table(['File', 'Status', 'Reason'], missed)}` : '',
      models.length
        ? `<h2>Models</h2>\n${table(
            ['Model', 'Format', 'Framework', 'Parameters', 'Size', 'Findings'],
            models.map(({ path, format, description, bytes, findings }) => [
              shownPath(report, path),
              format,
              [description?.framework, description?.frameworkVersion].filter(Boolean).join(' '),
              description?.parameters?.toLocaleString('en') ?? '',
              bytesText(bytes),
              String(findings.length),
            ]),
          )}`
        : '',
      clean.length
        ? `<h2>Nothing found</h2>\n<details class="file"><summary><span class="path">${counted(clean.length, 'artifact')} without findings</span></summary><article>${clean
            .slice(0, LISTED_CLEAN)
            .map(({ path }) => `<span class="place">${text(shownPath(report, path))}</span>`)
            .join(
              '<br>',
            )}${clean.length > LISTED_CLEAN ? `<br>and ${clean.length - LISTED_CLEAN} more` : ''}</article></details>`
        : '',
      chosen.length
        ? `<h2>Left out</h2>\n${table(
            ['Reason', 'Files and folders'],
            reasonCounts(chosen).map(({ reason, count }) => [reason, String(count)]),
          )}`
        : '',
    ].filter(Boolean);
    return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Watchtower report</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<h1>Watchtower report</h1>
<div class="soft">${text(report.target)}</div>
</header>
<section class="cards" aria-label="Findings by severity">${SEVERITIES.map((severity) => card(severity, totals.bySeverity[severity])).join('')}</section>
<p class="soft">${counted(totals.artifacts, 'artifact')} scanned: ${[
      [totals.byKind.model, 'model'],
      [totals.byKind.notebook, 'notebook'],
      [totals.byKind.python, 'Python file'],
      [totals.byKind.dependencies, 'dependency file'],
      [totals.byKind.archive, 'archive'],
      [totals.byKind.text, 'text file'],
    ]
      .filter(([count]) => count)
      .map(([count, noun]) => counted(count as number, noun as string))
      .join(
        ', ',
      )}. ${bytesText(totals.bytesRead)} read of ${bytesText(totals.bytes)}.${totals.suppressed ? ` ${totals.suppressed} suppressed.` : ''}</p>
${sections.join('\n')}
<footer>watchtower ${text(report.tool.version)} · advisory data as of ${text(report.advisories.asOf)}, ${text(report.advisories.source)}</footer>
</main>
</body>
</html>
`;
  },
};
