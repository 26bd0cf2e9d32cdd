import type { ArtifactReport, Finding, Location, ScanReport, Severity } from '../finding';
import { joinPath, placeInMember } from '../place';
import { printable } from '../redact';
import type { Rule } from '../rule';
import { ruleById } from '../rules';
import type { ReportFormat, ReportOptions } from './report';
import { sourcesOf } from './sources';
import { sortedFindings } from './totals';

const LEVEL: Record<Severity, 'error' | 'warning' | 'note'> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'note',
};

/** GitHub's code scanning reads a number from this property and shows its own four levels by it. */
const SECURITY_SEVERITY: Record<Severity, string> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.5',
  low: '2.5',
  info: '0.0',
};

/** Half of a pair, which no encoding of text has; a hostile name may. */
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** A POSIX path as a URI reference (RFC 3986): every byte that a path segment may not hold is percent-encoded. */
export function pathToUri(path: string): string {
  return path
    .split('/')
    .map((segment) =>
      encodeURIComponent(segment.replace(LONE_SURROGATE, '\ufffd')).replace(/[!'()*]/g, encodeCharacter),
    )
    .join('/');
}

function encodeCharacter(c: string): string {
  return `%${c.charCodeAt(0).toString(16).toUpperCase()}`;
}

function tagsOf(rule: Rule): string[] {
  const { cwe = [], owasp = [], atlas = [], nist = [] } = rule.references;
  return [
    'security',
    rule.category,
    ...cwe.map((id) => `external/cwe/${id.toLowerCase()}`),
    ...owasp.map((id) => `external/owasp/${id.toLowerCase()}`),
    ...atlas.map((id) => `external/mitre-atlas/${id.toLowerCase()}`),
    ...nist.map((id) => `external/nist-ai-rmf/${id.toLowerCase().replaceAll(' ', '-')}`),
  ];
}

function descriptorOf(id: string): Record<string, unknown> {
  const rule = ruleById(id);
  if (!rule) return { id };
  const see = rule.references.see?.length ? `\n\nSee ${rule.references.see.join(', ')}.` : '';
  return {
    id,
    name: id.replace(/(?:^|[-/])([a-z0-9])/g, (_, c: string) => c.toUpperCase()),
    shortDescription: { text: rule.title },
    fullDescription: { text: rule.description },
    help: {
      text: `${rule.description}\n\n${rule.remediation}${see}`,
      markdown: `${rule.description}\n\n**What to do:** ${rule.remediation}${see}`,
    },
    defaultConfiguration: { level: LEVEL[rule.severity] },
    properties: {
      tags: tagsOf(rule),
      precision: 'high',
      'problem.severity': LEVEL[rule.severity] === 'note' ? 'recommendation' : LEVEL[rule.severity],
      'security-severity': SECURITY_SEVERITY[rule.severity],
    },
  };
}

/**
 * Lines are those of the raw file, since that is what a viewer opens. Columns are given only where the line is the
 * file's own: inside a notebook's JSON a cell's column means nothing.
 */
function regionOf(location: Location): Record<string, unknown> | undefined {
  const { line, column, endLine, endColumn, fileLine, cell, member, offset, length } = location;
  if (member !== undefined) return undefined;
  if (cell !== undefined) return fileLine === undefined ? undefined : { startLine: fileLine };
  if (line !== undefined) {
    return {
      startLine: fileLine ?? line,
      ...(column !== undefined && { startColumn: column }),
      ...(endLine !== undefined && { endLine: endLine + (fileLine ?? line) - line }),
      ...(endColumn !== undefined && column !== undefined && { endColumn }),
    };
  }
  if (fileLine !== undefined) return { startLine: fileLine };
  if (offset !== undefined) return { byteOffset: offset, ...(length !== undefined && { byteLength: length }) };
  return undefined;
}

/** Where a place has no line in the file: a member of an archive, a layer, a cell. */
function logicalLocationsOf(location: Location): Record<string, unknown>[] {
  const { member, node, cell, output, line, column, offset } = location;
  const places: Record<string, unknown>[] = [];
  if (member !== undefined) {
    places.push({
      name: member,
      fullyQualifiedName: offset === undefined ? member : `${member}@${offset}`,
      kind: 'member',
    });
  }
  if (node !== undefined) places.push({ name: node, fullyQualifiedName: node, kind: 'object' });
  if (cell !== undefined) {
    const name = output === undefined ? `cell ${cell}` : `cell ${cell} output ${output}`;
    const place = line === undefined ? '' : ` line ${line}${column === undefined ? '' : ` column ${column}`}`;
    places.push({ name, fullyQualifiedName: `${name}${place}`, kind: 'module' });
  }
  return places;
}

function resultOf(
  artifact: ArtifactReport,
  finding: Finding,
  ruleIndex: Map<string, number>,
  uriOf: (path: string) => string,
): Record<string, unknown> {
  const physical = (place: Location) => {
    // A viewer opens files: a finding in a folder that is one artifact stands at its member.
    const { file, location } = placeInMember(artifact.members, place);
    const uri = uriOf(file === undefined ? artifact.path : joinPath(artifact.path, file));
    const region = regionOf(location);
    const logical = logicalLocationsOf(location);
    return {
      physicalLocation: { artifactLocation: { uri, uriBaseId: '%SRCROOT%' }, ...(region && { region }) },
      ...(logical.length > 0 && { logicalLocations: logical }),
    };
  };
  return {
    ruleId: finding.ruleId,
    ruleIndex: ruleIndex.get(finding.ruleId),
    level: LEVEL[finding.severity],
    kind: 'fail',
    message: {
      text: [finding.message, finding.evidence && `Evidence: ${finding.evidence}`, finding.remediation]
        .filter(Boolean)
        .join(' '),
    },
    locations: [physical(finding.location)],
    ...(finding.related?.length && {
      relatedLocations: finding.related.map(({ message, location }, id) => ({
        id,
        message: { text: message },
        ...physical(location),
      })),
    }),
    partialFingerprints: { 'watchtower/v1': finding.fingerprint },
    ...(finding.suppressed && {
      suppressions: [
        {
          kind: ['inline', 'cell', 'file'].includes(finding.suppressed.by) ? 'inSource' : 'external',
          justification: finding.suppressed.reason ?? finding.suppressed.by,
        },
      ],
    }),
    properties: {
      severity: finding.severity,
      category: finding.category,
      format: artifact.format,
      'security-severity': SECURITY_SEVERITY[finding.severity],
      ...(finding.risk && { risk: finding.risk }),
      ...(finding.entity && { entity: finding.entity }),
    },
  };
}

/** Files that were not looked at in full, as notifications: a viewer shows that the run was not complete. */
function notificationsOf(report: ScanReport, uriOf: (path: string) => string): Record<string, unknown>[] {
  const place = (path: string) => [
    { physicalLocation: { artifactLocation: { uri: uriOf(path), uriBaseId: '%SRCROOT%' } } },
  ];
  return [
    ...report.artifacts
      .filter(({ status }) => status !== 'scanned')
      .map(({ path, status, reason }) => ({
        level: status === 'failed' ? 'error' : 'warning',
        message: { text: `${printable(path)}: ${status}${reason ? `: ${reason}` : ''}` },
        locations: place(path),
      })),
    ...report.notScanned.map(({ path, reason, unreadable }) => ({
      level: unreadable ? 'error' : 'note',
      message: { text: `${printable(path)}: not scanned: ${printable(reason)}` },
      locations: place(path),
    })),
  ];
}

/** SARIF 2.1.0 (OASIS), with the properties that GitHub's code scanning reads. */
export const SARIF_REPORT: ReportFormat = {
  id: 'sarif',
  title: 'SARIF 2.1.0',
  extension: '.sarif',
  build(report: ScanReport, { pathPrefix }: ReportOptions): string {
    const uriOf = (path: string) => pathToUri(joinPath(pathPrefix ?? '', path));
    const ids = new Set<string>();
    for (const { findings, suppressed = [] } of report.artifacts) {
      for (const { ruleId } of [...findings, ...suppressed]) ids.add(ruleId);
    }
    const ruleIndex = new Map([...ids].sort().map((id, index) => [id, index]));
    const results = report.artifacts.flatMap((artifact) =>
      sortedFindings([...artifact.findings, ...(artifact.suppressed ?? [])]).map((finding) =>
        resultOf(artifact, finding, ruleIndex, uriOf),
      ),
    );
    const failed =
      report.artifacts.some(({ status }) => status === 'failed') || report.sources?.some(({ error }) => error);
    const sarif = {
      $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: {
            driver: {
              name: 'Watchtower',
              semanticVersion: report.tool.version,
              rules: [...ruleIndex.keys()].map(descriptorOf),
            },
          },
          columnKind: 'utf16CodeUnits',
          invocations: [{ executionSuccessful: !failed, toolExecutionNotifications: notificationsOf(report, uriOf) }],
          properties: {
            ...{ advisories: report.advisories, target: report.target },
            ...(report.sources && { sources: sourcesOf(report) }),
          },
          results,
        },
      ],
    };
    return `${JSON.stringify(sarif, null, 1)}\n`;
  },
};
