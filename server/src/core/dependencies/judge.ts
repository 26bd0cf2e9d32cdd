import type { Fix, Severity } from '../finding';
import { evidenceText, redactRanges } from '../redact';
import type { Rule } from '../rule';
import type { TextFindingDraft } from '../text/document';
import {
  type Advisories,
  type Advisory,
  type Affected,
  clearingVersion,
  isAffected,
  type Span,
  spanHolds,
} from './advisories';
import { type Address, isLoopback, isPypi, knownOperator, parseAddress } from './indexes';
import { MEANT_NAMES } from './names';
import { distributionOfUrl, type InstallOption, type Link, type Requirement } from './requirements';
import { DEPENDENCY_RULES as RULES } from './rules';
import { allowedSpans, intersect, isCovered, pinnedVersion } from './specifier';
import { compareVersions, normalizeName, parseVersion, type Version } from './version';

/** A draft whose fixes still have offsets for places. */
export interface DependencyDraft extends Omit<TextFindingDraft, 'fixes'> {
  edit?: { title: string; start: number; end: number; newText: string };
}

/** Ids that a finding carries with it; the count says how many there are. */
const MAX_IDS = 500;

const WORST_FIRST: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info'];

const ONE_STEP_LOWER: Record<Severity, Severity> = {
  critical: 'high',
  high: 'medium',
  medium: 'low',
  low: 'info',
  info: 'info',
};

function severityOf(score: number | undefined): Severity {
  // CVSS qualitative scale. Half of the advisories have no score; they are neither hidden nor made the worst.
  if (score === undefined) return 'medium';
  if (score >= 9) return 'critical';
  if (score >= 7) return 'high';
  return score >= 4 ? 'medium' : 'low';
}

function worstOf(advisories: readonly Advisory[]): Advisory {
  return advisories.reduce((worst, advisory) => {
    const better = (advisory.score ?? 5.5) > (worst.score ?? 5.5);
    return better ? advisory : worst;
  });
}

function publicId({ id, cve, ghsa }: Advisory): string {
  return cve[0] ?? ghsa[0] ?? id;
}

function advisoryData(advisories: readonly Advisory[]): Record<string, unknown> {
  const sorted = [...advisories].sort((a, b) => (b.score ?? 5.5) - (a.score ?? 5.5) || (a.id < b.id ? -1 : 1));
  return {
    count: advisories.length,
    advisories: sorted.slice(0, MAX_IDS).map(({ id, cve, ghsa, score }) => ({
      id,
      ...((cve.length || ghsa.length) && { aliases: [...cve, ...ghsa] }),
      ...(score !== undefined && { score }),
    })),
  };
}

function counted(count: number): string {
  return count === 1 ? 'a known vulnerability' : `${count} known vulnerabilities`;
}

function worstText(advisories: readonly Advisory[]): string {
  const worst = worstOf(advisories);
  const score = worst.score === undefined ? 'no score' : `CVSS ${worst.score.toFixed(1)}`;
  return advisories.length === 1 ? `${publicId(worst)} (${score})` : `the worst ${publicId(worst)} (${score})`;
}

/** Conda's names of distributions that PyPI, and so the advisories, call otherwise. */
const CONDA_NAMES: Readonly<Record<string, string>> = {
  pytorch: 'torch',
  'pytorch-cpu': 'torch',
  'pytorch-gpu': 'torch',
  opencv: 'opencv-python',
  'py-opencv': 'opencv-python',
  'tensorflow-base': 'tensorflow',
};

function distributionName(name: string, ecosystem: Requirement['ecosystem']): string {
  const normalized = normalizeName(name);
  return ecosystem === 'conda' && Object.hasOwn(CONDA_NAMES, normalized)
    ? (CONDA_NAMES[normalized] as string)
    : normalized;
}

/** What is wrong with the versions that a requirement asks for. */
export function judgeVersions(requirement: Requirement, text: string, known: Advisories): DependencyDraft | undefined {
  const { clauses, start, end, hashes, url } = requirement;
  const named = url ? distributionOfUrl(url.text) : { name: requirement.name };
  if (!named) return undefined;
  const name = distributionName(named.name, requirement.ecosystem);
  const affected = known.affecting(name);
  if (affected.length === 0) return undefined;
  const evidence = url ? linkEvidence(url) : evidenceText(text.slice(start, end));
  const pin = url ? (named as { version?: string }).version?.replace(/\+.*$/, '') : pinnedVersion(clauses);
  if (pin !== undefined) {
    const version = parseVersion(pin);
    if (!version) return undefined;
    const hit = affected.filter((entry) => isAffected(version, entry));
    if (hit.length === 0) return undefined;
    const pinClause = clauses.length === 1 ? clauses[0] : undefined;
    const outcome = verdict(hit, version, affected);
    const { clearing } = outcome;
    return {
      ...vulnerable(name, pin, hit, outcome),
      start,
      end,
      evidence,
      ...(clearing &&
        pinClause &&
        hashes === 0 &&
        !Object.hasOwn(MEANT_NAMES, normalizeName(requirement.name)) &&
        pinClause.end > pinClause.start && {
          edit: {
            title: `Change to ${name}${pinClause.operator}${clearing.text}`,
            start: pinClause.start,
            end: pinClause.end,
            newText: clearing.text,
          },
        }),
    };
  }
  if (url) return undefined;
  const allowed = allowedSpans(clauses);
  const top = allowed?.at(-1);
  if (!allowed || !top) return undefined;
  return judgeRange(requirement, name, allowed, top, affected, evidence);
}

/** How bad it is and what mends it: what no version mends counts one step less, and does not hide what one does. */
function verdict(hit: readonly Affected[], from: Version | undefined, affected: readonly Affected[]) {
  const best = clearingVersion(from, affected);
  const mended = best ? hit.filter((entry) => !isAffected(best, entry)) : [];
  const clearing = mended.length ? best : undefined;
  const levels = hit.map((entry) => {
    const severity = severityOf(entry.advisory.score);
    return mended.includes(entry) ? severity : ONE_STEP_LOWER[severity];
  });
  const severity = WORST_FIRST.find((level) => levels.includes(level)) ?? 'medium';
  let outcome = 'no version without them is known';
  if (clearing) {
    const clean = !affected.some((entry) => isAffected(clearing, entry));
    outcome = clean
      ? `${clearing.text} is the smallest version without any`
      : `${clearing.text} mends ${mended.length} of them`;
  }
  return { severity, clearing, outcome };
}

function vulnerable(
  name: string,
  what: string,
  hit: readonly Affected[],
  { severity, clearing, outcome }: ReturnType<typeof verdict>,
): Pick<DependencyDraft, 'rule' | 'severity' | 'message' | 'anchor' | 'data' | 'remediation'> {
  const advisories = hit.map(({ advisory }) => advisory);
  const malicious = advisories.filter((advisory) => advisory.malicious);
  const data = { package: name, version: what, ...advisoryData(advisories), ...(clearing && { fixed: clearing.text }) };
  if (malicious.length) {
    return {
      rule: RULES['malicious-package'],
      message: `${name} ${what} is a malicious package according to ${publicId(malicious[0] as Advisory)}; installing it runs its code.`,
      anchor: `${name}\0${what}`,
      data,
    };
  }
  return {
    rule: RULES['known-vulnerability'],
    severity,
    message: `${name} ${what} has ${counted(advisories.length)}, ${worstText(advisories)}; ${outcome}.`,
    anchor: `${name}\0${what}`,
    data,
    ...(clearing && { remediation: `Move to ${name} ${clearing.text} or later.` }),
  };
}

function judgeRange(
  requirement: Requirement,
  name: string,
  allowed: readonly Span[],
  top: Span,
  affected: readonly Affected[],
  evidence: DependencyDraft['evidence'],
): DependencyDraft | undefined {
  const { clauses, start, end, hashes } = requirement;
  const hit = affected.filter(({ spans }) => spans.some((span) => allowed.some((own) => intersect(own, span))));
  if (hit.length === 0) return undefined;
  const covers = hit.flatMap(({ spans }) => spans);
  const place = { start, end, evidence };
  const what = clauses.length
    ? clauses.map(({ operator, version }) => `${operator}${version}`).join(',')
    : '(any version)';
  if (allowed.every((span) => isCovered(span, covers))) {
    // The newest version that is allowed is what pip installs, so that one's advisories count.
    const newest = hit.filter(({ spans }) => spans.some((span) => reachesTop(span, top)));
    const chosen = newest.length ? newest : hit;
    const outcome = verdict(chosen, top.hi, affected);
    const draft = vulnerable(name, what, chosen, outcome);
    if (draft.rule === RULES['malicious-package']) return { ...draft, ...place };
    // Every version of it is affected and no release mends it: naming a version would not help.
    if (clauses.length === 0) return undefined;
    const advisories = chosen.map(({ advisory }) => advisory);
    return {
      ...draft,
      ...place,
      message: `Every version that ${name}${what} allows is affected, the newest by ${counted(advisories.length)}, ${worstText(advisories)}; ${outcome.outcome}.`,
    };
  }
  if (clauses.length === 0) return undefined;
  // The version to move to leaves what no version mends; that is no reason to move.
  const best = clearingVersion(undefined, affected);
  const mended = best ? hit.filter((entry) => !isAffected(best, entry)) : [];
  if (mended.length === 0) return undefined;
  const advisories = mended.map(({ advisory }) => advisory);
  const lowest = best && allowed.some((own) => spanHolds(best, own)) ? best : undefined;
  const lower = clauses.find(({ operator }) => operator === '>=');
  return {
    rule: RULES['vulnerable-range'],
    message: `${name}${what} admits versions with ${counted(advisories.length)}, ${worstText(advisories)}${lowest ? `; from ${lowest.text} on they are mended` : ''}.`,
    anchor: `${name}\0${what}`,
    data: { package: name, specifier: what, ...advisoryData(advisories), ...(lowest && { fixed: lowest.text }) },
    ...(lowest && { remediation: `Require ${name} ${lowest.text} or later.` }),
    ...place,
    ...(lowest &&
      lower &&
      hashes === 0 &&
      lower.end > lower.start && {
        edit: {
          title: `Raise to ${name}>=${lowest.text}`,
          start: lower.start,
          end: lower.end,
          newText: lowest.text,
        },
      }),
  };
}

function reachesTop(span: Span, top: Span): boolean {
  if (!intersect(span, top)) return false;
  if (!span.hi) return true;
  return top.hi !== undefined && compareVersions(span.hi, top.hi) >= 0;
}

/** What the name, the URL and the way to get it say. */
export function judgeOrigin(requirement: Requirement): DependencyDraft[] {
  const drafts: DependencyDraft[] = [];
  const { url, start, ecosystem } = requirement;
  const name = normalizeName(requirement.name);
  if (!url && ecosystem === 'pypi' && Object.hasOwn(MEANT_NAMES, name)) {
    const meant = MEANT_NAMES[name] as string;
    drafts.push({
      rule: RULES['wrong-name'],
      message: `"${name}" is not the distribution that is meant; its name is ${meant}.`,
      start,
      end: start + requirement.name.length,
      evidence: evidenceText(requirement.name),
      anchor: name,
      data: { package: name, meant },
      edit: { title: `Change to ${meant}`, start, end: start + requirement.name.length, newText: meant },
    });
  }
  if (url) drafts.push(...judgeUrl(requirement, url));
  return drafts;
}

const COMMIT = /@[0-9a-f]{7,64}(?:[#?]|$)/i;
const TAG = /@v?\d+(?:\.\d+)+[^/@#]*(?:[#?]|$)/;

function judgeUrl({ hashes, start, end }: Requirement, url: Link): DependencyDraft[] {
  const address = parseAddress(url.text);
  if (!address) return [];
  const place = { start, end, evidence: linkEvidence(url), anchor: anchorOf(address) };
  const hashed = hashes > 0 || /[#&](?:sha256|sha384|sha512)=/.test(url.text);
  const drafts: DependencyDraft[] = [];
  const version = /^(git|hg|svn|bzr)(?:\+([a-z]+))?$/.exec(address.scheme);
  const transport = version ? (version[2] ?? version[1]) : address.scheme;
  if (!isLoopback(address.host) && !hashed && ['http', 'ftp', 'git', 'svn'].includes(transport as string)) {
    drafts.push({
      ...place,
      rule: RULES['insecure-transport'],
      message: `The code is fetched from ${evidenceText(address.host, 80)} without encryption, so anyone on the way can replace it.`,
    });
  } else if (version) {
    if (!COMMIT.test(address.path) && !TAG.test(address.path)) {
      drafts.push({
        ...place,
        rule: RULES['unpinned-source'],
        message: `The code at ${evidenceText(address.host, 80)} is not pinned to a commit: what is installed can change at any time.`,
      });
    }
  } else if (
    !hashed &&
    !/[/@][0-9a-f]{40}(?=[./#]|$)/.test(address.path) &&
    !isPypi(address.host) &&
    !knownOperator(address)
  ) {
    drafts.push({
      ...place,
      rule: RULES['unpinned-source'],
      message: `The file at ${evidenceText(address.host, 80)} is not pinned by a hash: what is installed can change at any time.`,
    });
  }
  return drafts;
}

function anchorOf({ host, path }: Address): string {
  return `${host}${path.replace(/[?#].*$/, '')}`;
}

/** An address with whatever stands before its host blanked out: what is secret there is the secret rules' to report. */
function linkEvidence({ text }: Link): NonNullable<DependencyDraft['evidence']> {
  const at = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]*@/i.exec(text);
  if (!at) return evidenceText(text);
  return redactRanges(text, [{ start: text.indexOf('://') + 3, end: at[0].length - 1 }]);
}

const INDEX_OPTIONS = new Set(['--index-url', '--extra-index-url', '--find-links']);

/** Options that change where packages come from, or what of them is checked. */
export function judgeOption({ name, value, start, end }: InstallOption): DependencyDraft[] {
  const place = { start, end };
  const simple = (rule: Rule, message: string, extra: Partial<DependencyDraft> = {}): DependencyDraft[] => [
    {
      ...place,
      rule,
      message,
      evidence: evidenceText(value ? `${name} ${value.text}` : name),
      anchor: `${name} ${value?.text ?? ''}`,
      ...extra,
    },
  ];
  if (name === '--pre') return simple(RULES.prerelease, '--pre lets every dependency be a pre-release.');
  if (!value) return [];
  if (name === '--trusted-host') {
    const host = value.text.replace(/:\d+$/, '');
    if (isLoopback(host)) return [];
    return simple(
      RULES['trusted-host'],
      `--trusted-host switches the certificate check for ${evidenceText(host, 80)} off, so anyone on the way can replace packages.`,
    );
  }
  const address = parseAddress(value.text);
  if (!address) return [];
  const evidence = linkEvidence(value);
  const shown = evidenceText(address.host, 80);
  const drafts: DependencyDraft[] = [];
  const anchor = `${name} ${anchorOf(address)}`;
  if (name === '--requirement' || name === '--constraint') {
    if (!/^https?$/.test(address.scheme)) return drafts;
    drafts.push({
      ...place,
      rule: RULES['remote-include'],
      message: `pip fetches a list of requirements from ${shown}; whoever controls it decides what is installed.`,
      evidence,
      anchor,
    });
    return drafts;
  }
  if (!INDEX_OPTIONS.has(name) || isLoopback(address.host)) return drafts;
  if (address.scheme === 'http' || address.scheme === 'ftp') {
    drafts.push({
      ...place,
      rule: RULES['insecure-transport'],
      message: `Packages come from ${shown} without encryption, so anyone on the way can replace them.`,
      evidence,
      anchor,
    });
    return drafts;
  }
  if (isPypi(address.host) || address.scheme === 'file') return drafts;
  const operator = knownOperator(address);
  const extra = name === '--extra-index-url';
  const risk = extra
    ? 'whoever registers one of the names on the other index can decide what is installed'
    : 'its operator decides what is installed';
  drafts.push({
    ...place,
    rule: extra ? RULES['extra-index'] : RULES['untrusted-index'],
    ...(operator ? { severity: 'info' as const } : address.host === 'test.pypi.org' && { severity: 'medium' as const }),
    message: `Packages ${extra ? 'also ' : ''}come from ${shown}${operator ? ` (${operator})` : ''}: ${risk}.`,
    evidence,
    anchor,
  });
  return drafts;
}

/** The edit as a fix of the finding's document. */
export function fixOf(
  edit: NonNullable<DependencyDraft['edit']>,
  locate: (start: number, end: number) => { line?: number; column?: number; endLine?: number; endColumn?: number },
): Fix | undefined {
  const { line, column, endLine, endColumn } = locate(edit.start, edit.end);
  if (line === undefined || column === undefined || endLine === undefined || endColumn === undefined) return undefined;
  return { title: edit.title, edits: [{ line, column, endLine, endColumn, newText: edit.newText }] };
}
