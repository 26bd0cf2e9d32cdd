import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { ArtifactReport, DependencyRecord, Finding, ScanReport, Severity } from '../finding';
import { evidenceText, printable } from '../redact';
import { ruleById } from '../rules';
import type { ReportFormat } from './report';
import { sourcesOf } from './sources';
import { placeText, shownPath } from './totals';

type Json = Record<string, unknown>;

/** A package URL (purl-spec, type pypi: the name is normalised already). */
export function pypiPurl({ name, version }: Pick<DependencyRecord, 'name' | 'version'>): string {
  return `pkg:pypi/${encodeURIComponent(name)}${version ? `@${encodeURIComponent(version)}` : ''}`;
}

function properties(entries: Record<string, string | number | boolean | undefined>): Json[] {
  return Object.entries(entries)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => ({ name: `watchtower:${name}`, value: printable(String(value)) }));
}

/** Deterministic, so that two scans of the same tree give the same document. */
function serialNumber(report: ScanReport): string {
  const hash = bytesToHex(
    sha256(utf8ToBytes(JSON.stringify([report.target, report.artifacts.map((a) => [a.path, a.bytes])]))),
  );
  const variant = ((Number.parseInt(hash[16] as string, 16) & 3) | 8).toString(16);
  return `urn:uuid:${hash.slice(0, 8)}-${hash.slice(8, 12)}-5${hash.slice(13, 16)}-${variant}${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}

function modelReference(path: string): string {
  return `model:${path}`;
}

function modelComponent(artifact: ArtifactReport, report: ScanReport): Json {
  const { path, format, bytes, status, description } = artifact;
  const tensors = (list: { name: string; dtype: string; shape: number[] }[] | undefined) =>
    list
      ?.slice(0, 100)
      .map(({ name, dtype, shape }) => ({ format: evidenceText(`${name}: ${dtype}[${shape.join(', ')}]`, 300) }));
  const inputs = tensors(description?.inputs);
  const outputs = tensors(description?.outputs);
  const parameters: Json = {
    ...(inputs?.length && { inputs }),
    ...(outputs?.length && { outputs }),
  };
  return {
    type: 'machine-learning-model',
    'bom-ref': modelReference(path),
    name: printable(shownPath(report, path)),
    ...(description?.sha256 && { hashes: [{ alg: 'SHA-256', content: description.sha256 }] }),
    ...(description?.license && { licenses: [{ license: { name: evidenceText(description.license, 200) } }] }),
    ...(Object.keys(parameters).length > 0 && { modelCard: { modelParameters: parameters } }),
    properties: properties({
      format,
      status,
      bytes,
      framework: description?.framework,
      frameworkVersion: description?.frameworkVersion,
      parameters: description?.parameters,
      tensors: description?.tensorCount,
      layers: description?.layers?.length,
      ...description?.properties,
    }),
  };
}

function libraryComponent(dependency: DependencyRecord, paths: readonly string[], reference: string): Json {
  const { name, version, specifier, ecosystem, url, license } = dependency;
  return {
    type: 'library',
    'bom-ref': reference,
    name,
    ...(version && { version }),
    purl:
      ecosystem === 'pypi'
        ? pypiPurl(dependency)
        : `pkg:conda/${encodeURIComponent(name)}${version ? `@${encodeURIComponent(version)}` : ''}`,
    ...(license && { licenses: [{ expression: license }] }),
    evidence: { occurrences: paths.map((path) => ({ location: printable(path) })) },
    properties: properties({ specifier, url }),
  };
}

const RATING: Record<Severity, string> = {
  critical: 'critical',
  high: 'high',
  medium: 'medium',
  low: 'low',
  info: 'info',
};

/** Advisories of dependencies under their own ids; every other finding of a model under its rule's. */
function vulnerabilities(
  report: ScanReport,
  referenceOf: (path: string, name: string, version: string) => string | undefined,
): Json[] {
  const byId = new Map<string, Json & { affects: { ref: string }[] }>();
  const add = (id: string, reference: string, entry: () => Json) => {
    const known = byId.get(id);
    if (!known) byId.set(id, { ...entry(), affects: [{ ref: reference }] });
    else if (!known.affects.some(({ ref }) => ref === reference)) known.affects.push({ ref: reference });
  };
  for (const artifact of report.artifacts) {
    for (const finding of artifact.findings) {
      if (finding.category === 'dependency') {
        const {
          package: name,
          version,
          advisories,
        } = (finding.data ?? {}) as {
          package?: string;
          version?: string;
          advisories?: { id: string; aliases?: string[]; score?: number }[];
        };
        const reference = name && referenceOf(artifact.path, name, version ?? '');
        if (!reference || finding.ruleId === 'dependency/vulnerable-range') continue;
        for (const advisory of advisories ?? []) add(advisory.id, reference, () => advisoryEntry(advisory, finding));
      } else if (artifact.kind === 'model' && finding.category === 'model' && finding.severity !== 'info') {
        add(`${finding.ruleId}:${finding.fingerprint}`, modelReference(artifact.path), () => modelEntry(finding));
      }
    }
  }
  return [...byId.values()];
}

function advisoryEntry(
  { id, aliases, score }: { id: string; aliases?: string[]; score?: number },
  finding: Finding,
): Json {
  return {
    'bom-ref': `advisory:${id}`,
    id,
    source: { name: 'PyPA', url: `https://osv.dev/vulnerability/${encodeURIComponent(id)}` },
    ...(aliases?.length && {
      references: aliases.map((alias) => ({
        id: alias,
        source: { name: alias.split('-')[0], url: `https://osv.dev/vulnerability/${encodeURIComponent(alias)}` },
      })),
    }),
    ratings: [
      score === undefined ? { severity: 'unknown' } : { score, severity: severityOfScore(score), method: 'other' },
    ],
    ...(finding.remediation && { recommendation: finding.remediation }),
  };
}

function severityOfScore(score: number): string {
  if (score >= 9) return 'critical';
  if (score >= 7) return 'high';
  if (score >= 4) return 'medium';
  return score > 0 ? 'low' : 'none';
}

function modelEntry(finding: Finding): Json {
  const rule = ruleById(finding.ruleId);
  const cwes = (rule?.references.cwe ?? []).map((id) => Number(id.slice(4))).filter((n) => Number.isInteger(n));
  return {
    'bom-ref': `finding:${finding.fingerprint}`,
    id: finding.ruleId,
    source: { name: 'Watchtower' },
    ratings: [{ source: { name: 'Watchtower' }, severity: RATING[finding.severity] }],
    ...(cwes.length > 0 && { cwes }),
    description: finding.message,
    ...(rule && { recommendation: finding.remediation ?? rule.remediation }),
    properties: properties({ place: placeText(finding), fingerprint: finding.fingerprint, risk: finding.risk }),
  };
}

/** CycloneDX 1.6 JSON: models and the distributions that are asked for as components, and what is wrong with them. */
export const CYCLONEDX_REPORT: ReportFormat = {
  id: 'cyclonedx',
  title: 'CycloneDX 1.6 (AI-BOM)',
  extension: '.cdx.json',
  build(report) {
    const models = report.artifacts.filter(({ kind }) => kind === 'model');
    const libraries = new Map<string, { dependency: DependencyRecord; paths: Set<string> }>();
    const keyOf = ({ ecosystem, name, version, specifier, url }: DependencyRecord) =>
      `${ecosystem}:${name}${version ? `@${version}` : specifier ? ` ${specifier}` : ''}${url ? ` ${url}` : ''}`;
    const inArtifact = new Map<string, Map<string, string>>();
    for (const { path, dependencies = [] } of report.artifacts) {
      const here = new Map<string, string>();
      for (const dependency of dependencies) {
        const key = keyOf(dependency);
        const known = libraries.get(key);
        if (known) known.paths.add(path);
        else libraries.set(key, { dependency, paths: new Set([path]) });
        here.set(`${dependency.name}\0${dependency.version?.replace(/\+.*$/, '') ?? dependency.specifier ?? ''}`, key);
        if (!here.has(dependency.name)) here.set(dependency.name, key);
      }
      if (dependencies.length) inArtifact.set(path, here);
    }
    const referenceOf = (path: string, name: string, version: string) => {
      const here = inArtifact.get(path);
      return here?.get(`${name}\0${version}`) ?? here?.get(name);
    };
    const document = {
      $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      serialNumber: serialNumber(report),
      version: 1,
      metadata: {
        tools: { components: [{ type: 'application', name: 'watchtower', version: report.tool.version }] },
        component: { type: 'application', 'bom-ref': 'target', name: printable(report.target || '.') },
        properties: [
          ...properties({ advisoriesAsOf: report.advisories.asOf }),
          ...sourcesOf(report).flatMap(({ label, read, facts }) => [
            ...properties({ source: printable(label), sourceRead: printable(read) }),
            ...facts.flatMap((fact) => properties({ sourceFact: printable(`${fact.label}: ${fact.value}`) })),
          ]),
        ],
      },
      components: [
        ...models.map((model) => modelComponent(model, report)),
        ...[...libraries].map(([key, { dependency, paths }]) => libraryComponent(dependency, [...paths], key)),
      ],
      dependencies: [
        { ref: 'target', dependsOn: [...models.map(({ path }) => modelReference(path)), ...libraries.keys()] },
      ],
      vulnerabilities: vulnerabilities(report, referenceOf),
    };
    return `${JSON.stringify(document, null, 1)}\n`;
  },
};
