/**
 * Baselines: what was known on a day, so that only what is new stands out. Entries are salted hashes without lines,
 * columns or times: an edit elsewhere leaves the file as it is, and one entry a line merges well.
 */
import { bytesToHex, randomBytes } from '@noble/hashes/utils.js';
import type { ArtifactReport, Finding } from '../finding';
import { fileOf } from '../place';
import { hashSecret } from '../redact';
import type { Suppressor } from './suppressor';

export const BASELINE_SCHEMA = 'watchtower-baseline/1';
/** Where it is looked for, relative to the scanned folder. */
export const BASELINE_PATH = '.watchtower/baseline.json';

export interface BaselineEntry {
  /** Salted hash of the finding's fingerprint. */
  readonly hash: string;
  readonly rule: string;
  readonly path: string;
  /** Why it is accepted. */
  readonly reason?: string;
  /** Last day on which it counts, `YYYY-MM-DD`. */
  readonly expires?: string;
}

export interface Baseline {
  /** Hexadecimal; new for every new baseline. */
  readonly salt: string;
  readonly entries: readonly BaselineEntry[];
}

export class BaselineError extends Error {
  override readonly name = 'BaselineError';
}

const HASH_DIGITS = 40;

const hashOf = (finding: Finding, salt: string): string => hashSecret(finding.fingerprint, salt).slice(0, HASH_DIGITS);

/**
 * A baseline of all findings of a scan. What an earlier baseline already holds keeps its salt, reason and expiry;
 * what is gone from the scan is gone from it.
 */
export function createBaseline(artifacts: readonly ArtifactReport[], previous?: Baseline): Baseline {
  const salt = previous?.salt ?? bytesToHex(randomBytes(16));
  const known = new Map((previous?.entries ?? []).map((entry) => [entry.hash, entry]));
  const entries = new Map<string, BaselineEntry>();
  for (const artifact of artifacts) {
    const accepted = (artifact.suppressed ?? []).filter(({ suppressed }) => suppressed?.by === 'baseline');
    for (const finding of [...artifact.findings, ...accepted]) {
      const hash = hashOf(finding, salt);
      entries.set(hash, known.get(hash) ?? { hash, rule: finding.ruleId, path: fileOf(artifact, finding.location) });
    }
  }
  return { salt, entries: [...entries.values()].sort(compareEntries) };
}

/** A baseline with one finding more: what "Add to baseline" does. */
export function addToBaseline(baseline: Baseline, path: string, finding: Finding, reason?: string): Baseline {
  const hash = hashOf(finding, baseline.salt);
  const entry: BaselineEntry = { hash, rule: finding.ruleId, path, ...(reason && { reason }) };
  const others = baseline.entries.filter((one) => one.hash !== hash);
  return { salt: baseline.salt, entries: [...others, entry].sort(compareEntries) };
}

function compareEntries(a: BaselineEntry, b: BaselineEntry): number {
  return compare(a.path, b.path) || compare(a.rule, b.rule) || compare(a.hash, b.hash);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The file's text: entries sorted, one a line. */
export function formatBaseline({ salt, entries }: Baseline): string {
  const lines = entries.map(({ path, rule, hash, reason, expires }) =>
    JSON.stringify({ path, rule, hash, ...(reason && { reason }), ...(expires && { expires }) }),
  );
  const list = lines.length > 0 ? `[\n    ${lines.join(',\n    ')}\n  ]` : '[]';
  return `{\n  "schema": ${JSON.stringify(BASELINE_SCHEMA)},\n  "salt": ${JSON.stringify(salt)},\n  "entries": ${list}\n}\n`;
}

/** @throws BaselineError when the text is no baseline */
export function parseBaseline(text: string): Baseline {
  const root = parseObject(text, 'baseline');
  if (root.schema !== BASELINE_SCHEMA)
    throw new BaselineError(`not a baseline of this version: schema is not ${BASELINE_SCHEMA}`);
  if (typeof root.salt !== 'string' || !/^[0-9a-f]{16,128}$/.test(root.salt))
    throw new BaselineError('the baseline has no salt');
  if (!Array.isArray(root.entries)) throw new BaselineError('the baseline has no list of entries');
  const entries = root.entries.map((value: unknown, index): BaselineEntry => {
    const entry = value as Partial<Record<keyof BaselineEntry, unknown>> | null;
    if (typeof entry?.hash !== 'string' || typeof entry.rule !== 'string' || typeof entry.path !== 'string') {
      throw new BaselineError(`entry ${index + 1} of the baseline lacks hash, rule or path`);
    }
    if (
      entry.expires !== undefined &&
      !(typeof entry.expires === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(entry.expires))
    ) {
      throw new BaselineError(`entry ${index + 1} of the baseline: expires is not a date YYYY-MM-DD`);
    }
    return {
      hash: entry.hash,
      rule: entry.rule,
      path: entry.path,
      ...(typeof entry.reason === 'string' && { reason: entry.reason }),
      ...(typeof entry.expires === 'string' && { expires: entry.expires }),
    };
  });
  return { salt: root.salt, entries };
}

function parseObject(text: string, what: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    throw new BaselineError(`the ${what} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BaselineError(`the ${what} is no object`);
  return value as Record<string, unknown>;
}

/** @param today `YYYY-MM-DD`; entries that expired before count no more */
export function baselineSuppressor(baseline: Baseline, today: string, trusted: boolean): Suppressor {
  const entries = new Map(baseline.entries.map((entry) => [entry.hash, entry]));
  return {
    trusted,
    match(_artifact, finding) {
      const entry = entries.get(hashOf(finding, baseline.salt));
      if (!entry || entry.rule !== finding.ruleId || (entry.expires !== undefined && entry.expires < today))
        return undefined;
      return { by: 'baseline', ...(entry.reason && { reason: entry.reason }) };
    },
  };
}

/**
 * Reads the baseline of detect-secrets (`.secrets.baseline`). It knows secrets by their SHA-1, so the scan has to run
 * with `ScanSettings.secretDigests`.
 * @throws BaselineError when the text is none
 */
export function detectSecretsSuppressor(text: string): Suppressor {
  const root = parseObject(text, 'detect-secrets baseline');
  const results = root.results;
  if (typeof results !== 'object' || results === null)
    throw new BaselineError('the detect-secrets baseline has no results');
  const known = new Set<string>();
  for (const [file, list] of Object.entries(results)) {
    if (!Array.isArray(list)) continue;
    for (const entry of list as unknown[]) {
      const digest = (entry as { hashed_secret?: unknown } | null)?.hashed_secret;
      if (typeof digest === 'string') known.add(`${normalisePath(file)}\0${digest.toLowerCase()}`);
    }
  }
  return {
    trusted: false,
    match(artifact, finding) {
      const digest = finding.data?.sha1;
      if (finding.category !== 'secret' || typeof digest !== 'string' || !known.has(`${artifact.path}\0${digest}`))
        return undefined;
      return { by: 'baseline', reason: '.secrets.baseline' };
    },
  };
}

/** Reads gitleaks' `.gitleaksignore`: `[commit:]file:rule:line`. Its rules have other names, so file and line decide. */
export function gitleaksIgnoreSuppressor(text: string): Suppressor {
  const known = new Set<string>();
  for (const raw of text.replace(/^\ufeff/, '').split(/\r?\n/)) {
    const match = /^(?:[0-9a-f]{7,64}:)?(.+):[\w-]+:(\d+)$/.exec(raw.trim());
    if (match && !raw.trimStart().startsWith('#')) known.add(`${normalisePath(match[1] as string)}\0${match[2]}`);
  }
  return {
    trusted: false,
    match(artifact, finding) {
      if (finding.category !== 'secret') return undefined;
      const line = finding.location.fileLine ?? finding.location.line;
      return line !== undefined && known.has(`${artifact.path}\0${line}`)
        ? { by: 'baseline', reason: '.gitleaksignore' }
        : undefined;
    },
  };
}

function normalisePath(path: string): string {
  return path.replaceAll('\\', '/').replace(/^\.\//, '');
}
