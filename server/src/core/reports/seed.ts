/**
 * The three reports of AIShield Watchtower with its keys, in its order: summary, detailed, severity-mapped. Numbers are
 * those of this scan, "Critical" is used, and secrets and personal data are redacted where the original had them plain.
 */
import type { ArtifactReport, Finding, ScanReport, Severity } from '../finding';
import type { ReportOptions } from './report';
import { sortedFindings } from './totals';

/** A report of several; `kind` makes its file name, `<kind>_reports_<id>.json`. */
export interface SeedReport {
  readonly kind: 'summary' | 'detailed' | 'severity_mapped_detailed';
  readonly title: string;
  build(report: ScanReport, options: ReportOptions): Record<string, unknown>;
}

const WORDS: Record<Severity, string> = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
  info: 'Info',
};

/** The original indents by seven. */
const INDENT = 7;

function isModel({ kind }: ArtifactReport): boolean {
  return kind === 'model' || kind === 'archive';
}

function isScanned({ status }: ArtifactReport): boolean {
  return status === 'scanned' || status === 'partial';
}

function severityCounts(artifacts: readonly ArtifactReport[]): Record<string, number> {
  const counts = { Critical: 0, High: 0, Medium: 0, Low: 0 };
  for (const { findings } of artifacts) {
    for (const { severity } of findings) {
      if (severity !== 'info') counts[WORDS[severity] as keyof typeof counts] += 1;
    }
  }
  return counts;
}

const SUMMARY: SeedReport = {
  kind: 'summary',
  title: 'Summary',
  build({ artifacts }, { repositoryType = 'folder', repositoryUrl, bucketName }) {
    const models = artifacts.filter(isModel);
    const others = artifacts.filter((artifact) => !isModel(artifact));
    return {
      'Repository Type': repositoryType,
      ...(repositoryUrl !== undefined && { 'Repository URL': repositoryUrl }),
      ...(bucketName !== undefined && { 'Bucket Name': bucketName }),
      'Total Number of Model Found': models.length,
      'Total Number of Notebooks & Requirement files Found': others.length,
      'Total Number of Model Scanned': models.filter(isScanned).length,
      'Total Number of Notebooks & Requirement files Scanned': others.filter(isScanned).length,
      'Total Notebook & Requirement files Vulnerabilities Found': severityCounts(others),
      'Total Model Vulnerabilities Found': severityCounts(models),
    };
  },
};

/** Writes the findings of one tool as the original's tool of that kind did. */
type LogBuilder = (path: string, findings: readonly Finding[], mapped: boolean, artifact: ArtifactReport) => unknown;

type Tool = { tool: string; output_log: unknown };

/** The original's name for the part of the product that finds what the category holds. */
const TOOLS: readonly { tool: string; takes: (finding: Finding) => boolean; log: LogBuilder }[] = [
  { tool: 'Watchtower-Secrets', takes: ({ category }) => category === 'secret', log: logOfSecrets },
  { tool: 'Watchtower-PII', takes: ({ category }) => category === 'pii', log: logOfPii },
  {
    tool: 'Watchtower-Dependencies',
    takes: ({ category }) => category === 'dependency' || category === 'license',
    log: logOfDependencies,
  },
  {
    tool: 'Watchtower-Code',
    takes: ({ category }) => category === 'code' || category === 'model' || category === 'coverage',
    log: logOfCode,
  },
];

/** detect-secrets' shape: a list of results under the file's name. */
function logOfSecrets(path: string, findings: readonly Finding[], mapped: boolean): unknown {
  return {
    results: {
      [path]: findings.map((finding) => ({
        type: finding.ruleId,
        filename: path,
        hashed_secret: finding.fingerprint,
        is_verified: false,
        line_number: finding.location.fileLine ?? finding.location.line ?? 0,
        ...placeOf(finding),
        evidence: finding.evidence ?? '',
        message: finding.message,
        ...(mapped && { vulnerability_severity: WORDS[finding.severity] }),
      })),
    },
  };
}

/** Presidio's lines, without the lines' content. */
function logOfPii(_: string, findings: readonly Finding[], mapped: boolean): unknown {
  return findings
    .map((finding) => {
      const { line, fileLine, column, endColumn } = finding.location;
      const severity = mapped ? `, vulnerability_severity: ${WORDS[finding.severity]}` : '';
      return `Type: ${finding.entity ?? finding.ruleId}, Line: ${fileLine ?? line ?? 0}, Content: '${finding.evidence ?? ''}', Start: ${column ?? 0}, End: ${endColumn ?? 0}${severity}`;
    })
    .join('\n');
}

/** Safety's shape: packages that were looked at, those that are affected, and the advisories. */
function logOfDependencies(
  _: string,
  findings: readonly Finding[],
  mapped: boolean,
  artifact: ArtifactReport,
): unknown {
  const worst = new Map<string, Severity>();
  for (const { data, severity } of findings) {
    if (typeof data?.package === 'string' && !worst.has(data.package)) worst.set(data.package, severity);
  }
  const scanned = new Map((artifact.dependencies ?? []).map(({ name, version }) => [name, version ?? '']));
  return {
    scanned_packages: Object.fromEntries(
      [...scanned].map(([name, version]) => [
        name,
        {
          name,
          version,
          ...(mapped && { package_vulnerability_severity: worst.has(name) ? WORDS[worst.get(name) as Severity] : '' }),
        },
      ]),
    ),
    affected_packages: [...worst.keys()],
    vulnerabilities: findings.map((finding) => ({
      rule: finding.ruleId,
      package_name: typeof finding.data?.package === 'string' ? finding.data.package : '',
      line_number: finding.location.fileLine ?? finding.location.line ?? 0,
      ...placeOf(finding),
      advisory: finding.message,
      ...(mapped && { vulnerability_severity: WORDS[finding.severity] }),
    })),
  };
}

function logOfCode(_: string, findings: readonly Finding[], mapped: boolean): unknown {
  return findings.map((finding) => ({
    rule_id: finding.ruleId,
    line: finding.location.fileLine ?? finding.location.line ?? 0,
    ...placeOf(finding),
    message: finding.message,
    ...(mapped && { vulnerability_severity: WORDS[finding.severity] }),
  }));
}

function placeOf({ location: { cell, output, line, column } }: Finding): Record<string, number> {
  return {
    ...(cell !== undefined && { cell }),
    ...(output !== undefined && { output }),
    ...(cell !== undefined && line !== undefined && { cell_line: line }),
    ...(column !== undefined && { column }),
  };
}

/** The original's message grammar: `<kind>#Severity:<Severity> - <text>`. */
function logOfModel(findings: readonly Finding[]): string[] {
  return findings.map(({ ruleId, severity, message, location: { member } }) => {
    const where = member === undefined ? '' : ` (${member})`;
    return `${ruleId}#Severity:${WORDS[severity]} - ${message}${where}`;
  });
}

function toolsOf(artifact: ArtifactReport, mapped: boolean): Tool[] {
  const findings = sortedFindings(artifact.findings);
  if (isModel(artifact)) return [{ tool: 'Watchtower-Models', output_log: logOfModel(findings) }];
  return TOOLS.filter(({ takes }) => findings.some(takes)).map(({ tool, takes, log }) => ({
    tool,
    output_log: log(artifact.path, findings.filter(takes), mapped, artifact),
  }));
}

function entryOf(artifact: ArtifactReport, scanningReports: Tool[]): Record<string, unknown> {
  return {
    [artifact.kind === 'dependencies' ? 'requirement_file' : 'file_name']: artifact.path,
    scanning_reports: scanningReports,
    ...(artifact.status !== 'scanned' && { status: artifact.status, reason: artifact.reason ?? '' }),
  };
}

const DETAILED: SeedReport = {
  kind: 'detailed',
  title: 'Detailed report',
  build: ({ artifacts }) =>
    Object.fromEntries(artifacts.map((artifact) => [artifact.path, entryOf(artifact, toolsOf(artifact, false))])),
};

/** As in the original, a model's value is the object of the detailed report and every other one a bare list. */
const SEVERITY_MAPPED: SeedReport = {
  kind: 'severity_mapped_detailed',
  title: 'Severity-mapped report',
  build: ({ artifacts }) =>
    Object.fromEntries(
      artifacts.map((artifact) => {
        const tools = toolsOf(artifact, true);
        return [artifact.path, isModel(artifact) ? entryOf(artifact, tools) : tools];
      }),
    ),
};

export const SEED_REPORTS: readonly SeedReport[] = [SUMMARY, DETAILED, SEVERITY_MAPPED];

/** The three files of one export. @param options `timestamp` is the id in the names */
export function buildSeedReports(report: ScanReport, options: ReportOptions): { name: string; content: string }[] {
  const id = options.timestamp ?? Math.floor(Date.now() / 1000);
  return SEED_REPORTS.map(({ kind, build }) => ({
    name: `${kind}_reports_${id}.json`,
    content: `${JSON.stringify(build(report, options), null, INDENT)}\n`,
  }));
}
