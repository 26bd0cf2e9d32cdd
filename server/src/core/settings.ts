import { DEFAULT_LIMITS, type Limits } from './budget';
import type { Severity } from './finding';
import { compilePattern } from './secrets/customPattern';

/** A rule of the user's own; matched by a linear-time engine. */
export interface CustomRule {
  id: string;
  title?: string;
  /** RE2 syntax. A group named `secret`, or group 1, is the secret; otherwise the whole match. */
  pattern: string;
  keywords?: string[];
  severity?: Severity;
}

/** What a scan of a remote source may transfer. */
export interface RemoteSettings {
  /** Fetch every file as a whole and scan it as a local one, instead of reading the parts that matter. */
  full: boolean;
  /** Bytes and requests for one file, and for the whole source. With `full` the bytes are not limited. */
  fileBytes: number;
  fileRequests: number;
  sourceBytes: number;
  sourceRequests: number;
  /** Milliseconds for the transfer of one file, and of the whole source. */
  fileTimeMs: number;
  sourceTimeMs: number;
  /** Milliseconds without a byte after which a request is given up. */
  stallMs: number;
}

export const DEFAULT_REMOTE: Readonly<RemoteSettings> = {
  full: false,
  fileBytes: 64 * 2 ** 20,
  fileRequests: 2000,
  sourceBytes: 4 * 2 ** 30,
  sourceRequests: 200_000,
  fileTimeMs: 5 * 60_000,
  sourceTimeMs: 4 * 3_600_000,
  stallMs: 30_000,
};

/** Everything that can change what a scan finds. Plain JSON: it travels to workers as it is. */
export interface ScanSettings {
  limits: Limits;
  /** Globs (gitignore syntax) of what is not scanned, besides the built-in list of folders that hold no source. */
  exclude: string[];
  /** Leave out text files that .gitignore names. Models are scanned all the same: weights are usually ignored by git and still loaded. */
  respectGitignore: boolean;
  /** Per rule id or `family/*`: another severity, or `off`. */
  severityOverrides: Record<string, Severity | 'off'>;
  /** Findings below this are not shown. */
  minimumSeverity: Severity;
  secrets: { enabled: boolean; customRules: CustomRule[] };
  pii: { enabled: boolean; countries: string[] };
  code: { enabled: boolean };
  dependencies: { enabled: boolean };
  /** `allowed`: SPDX identifiers of licences whose terms suit the work; `LGPL-*` stands for all that begin so. */
  licenses: { enabled: boolean; allowed: string[] };
  models: { enabled: boolean; strict: boolean };
  /** Honour inline comments, cell tags and peers' pragmas. */
  inlineSuppression: boolean;
  /** Give secrets their SHA-1 in `data`, so that a baseline of detect-secrets can be matched. Never exported. */
  secretDigests?: boolean;
  remote: RemoteSettings;
}

export const DEFAULT_SETTINGS: Readonly<ScanSettings> = Object.freeze({
  limits: { ...DEFAULT_LIMITS },
  exclude: [],
  respectGitignore: true,
  severityOverrides: {},
  minimumSeverity: 'info',
  secrets: { enabled: true, customRules: [] },
  pii: { enabled: true, countries: ['US', 'GB', 'EU', 'IN', 'ASIA'] },
  code: { enabled: true },
  dependencies: { enabled: true },
  licenses: { enabled: true, allowed: [] },
  models: { enabled: true, strict: false },
  inlineSuppression: true,
  remote: { ...DEFAULT_REMOTE },
});

const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info'];

/** Smallest value that each limit may be set to; below it a scan would find nothing and still look done. */
const SMALLEST_LIMIT: Readonly<Partial<Record<keyof Limits, number>>> = {
  timeMs: 1000,
  readBytes: 2 ** 20,
  depth: 1,
  entries: 100,
  expandedBytes: 2 ** 20,
  expansionRatio: 10,
  ratioFloorBytes: 2 ** 20,
  memoryBytes: 2 ** 20,
  textBytes: 2 ** 16,
  findings: 10,
};

/**
 * Reads settings as people write them, in the editor (`watchtower.*`) or in a configuration file. Never throws: what is
 * not understood keeps its default and is named among the problems, so that a typo cannot silently switch a scanner off.
 * @param value JSON with the keys of the manifest without their prefix: `{ "severity": { "minimum": "low" }, "pii": { "enabled": false } }`
 * @param alsoKnown paths of keys that the caller reads itself, such as `baseline.path`; every other key is a problem
 */
export function parseSettings(
  value: unknown,
  alsoKnown: readonly string[] = [],
): { settings: ScanSettings; problems: string[] } {
  const problems: string[] = [];
  const known = new Set(alsoKnown);
  const root = record(value);
  if (value !== undefined && value !== null && !root) problems.push('the settings are not an object');
  const field = <T>(path: string, fallback: T, accept: (raw: unknown) => T | undefined, wanted: string): T => {
    known.add(path);
    let raw: unknown = root;
    for (const key of path.split('.')) {
      const holder = record(raw);
      raw = holder && Object.hasOwn(holder, key) ? holder[key] : undefined;
    }
    if (raw === undefined || raw === null) return fallback;
    const accepted = accept(raw);
    if (accepted === undefined) problems.push(`${path}: expected ${wanted}`);
    return accepted ?? fallback;
  };
  const flag = (path: string, fallback: boolean) =>
    field(path, fallback, (raw) => (typeof raw === 'boolean' ? raw : undefined), 'true or false');
  const strings = (path: string, fallback: readonly string[]) =>
    field(
      path,
      [...fallback],
      (raw) => (Array.isArray(raw) && raw.every((item) => typeof item === 'string') ? (raw as string[]) : undefined),
      'a list of strings',
    );
  const defaults = DEFAULT_SETTINGS;
  const limits: Limits = { ...defaults.limits };
  for (const key of Object.keys(limits) as (keyof Limits)[]) {
    const smallest = SMALLEST_LIMIT[key] ?? 1;
    limits[key] = field(
      `limits.${key}`,
      limits[key],
      (raw) => (typeof raw === 'number' && Number.isSafeInteger(raw) && raw >= smallest ? raw : undefined),
      `a whole number of at least ${smallest}`,
    );
  }
  const settings: ScanSettings = {
    limits,
    exclude: strings('exclude', defaults.exclude),
    respectGitignore: flag('respectGitignore', defaults.respectGitignore),
    severityOverrides: field('severity.overrides', {}, (raw) => severityTable(raw, problems), 'an object'),
    minimumSeverity: field(
      'severity.minimum',
      defaults.minimumSeverity,
      (raw) => SEVERITIES.find((severity) => severity === raw),
      `one of ${SEVERITIES.join(', ')}`,
    ),
    secrets: {
      enabled: flag('secrets.enabled', defaults.secrets.enabled),
      customRules: field('secrets.customRules', [], (raw) => customRules(raw, problems), 'a list of rules'),
    },
    pii: {
      enabled: flag('pii.enabled', defaults.pii.enabled),
      countries: strings('pii.countries', defaults.pii.countries),
    },
    code: { enabled: flag('code.enabled', defaults.code.enabled) },
    dependencies: { enabled: flag('dependencies.enabled', defaults.dependencies.enabled) },
    licenses: {
      enabled: flag('licenses.enabled', defaults.licenses.enabled),
      allowed: strings('licenses.allowed', defaults.licenses.allowed),
    },
    models: {
      enabled: flag('models.enabled', defaults.models.enabled),
      strict: flag('models.strict', defaults.models.strict),
    },
    inlineSuppression: flag('inlineSuppression', defaults.inlineSuppression),
    remote: { ...defaults.remote, full: flag('remote.full', defaults.remote.full) },
  };
  for (const key of ['fileBytes', 'fileRequests', 'sourceBytes', 'sourceRequests'] as const) {
    settings.remote[key] = field(
      `remote.${key}`,
      settings.remote[key],
      (raw) => (typeof raw === 'number' && Number.isSafeInteger(raw) && raw > 0 ? raw : undefined),
      'a whole number above 0',
    );
  }
  if (root) problems.push(...unknownKeys(root, known));
  return { settings, problems };
}

/** Keys of `holder` that are in no known path, each with those that would have been understood in its place. */
function unknownKeys(holder: Record<string, unknown>, known: ReadonlySet<string>, prefix = ''): string[] {
  const keys = new Set(
    [...known].filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length).split('.')[0]),
  );
  return Object.entries(holder).flatMap(([key, value]) => {
    const path = prefix + key;
    if (!keys.has(key)) return [`${path}: unknown; known are ${[...keys].join(', ')}`];
    if (known.has(path)) return [];
    const inner = record(value);
    if (!inner) return value === undefined || value === null ? [] : [`${path}: expected an object`];
    return unknownKeys(inner, known, `${path}.`);
  });
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function severityTable(raw: unknown, problems: string[]): Record<string, Severity | 'off'> | undefined {
  const table = record(raw);
  if (!table) return undefined;
  // No prototype: a rule id comes from a file and is used as a key.
  const out = Object.create(null) as Record<string, Severity | 'off'>;
  for (const [id, value] of Object.entries(table)) {
    const severity = value === 'off' ? 'off' : SEVERITIES.find((known) => known === value);
    if (severity) out[id] = severity;
    else problems.push(`severity.overrides["${id}"]: expected one of ${SEVERITIES.join(', ')}, off`);
  }
  return out;
}

const CUSTOM_RULE_KEYS: readonly string[] = ['id', 'title', 'pattern', 'keywords', 'severity'];

function customRules(raw: unknown, problems: string[]): CustomRule[] | undefined {
  if (!Array.isArray(raw)) return undefined;
  const rules: CustomRule[] = [];
  const ids = new Set<string>();
  for (const [index, item] of raw.entries()) {
    const rule = record(item);
    const id = rule?.id;
    const pattern = rule?.pattern;
    if (!rule || typeof id !== 'string' || !id || typeof pattern !== 'string' || !pattern) {
      problems.push(`secrets.customRules[${index}]: needs an id and a pattern`);
      continue;
    }
    const unknown = Object.keys(rule).filter((key) => !CUSTOM_RULE_KEYS.includes(key));
    if (unknown.length > 0) {
      problems.push(
        `secrets.customRules[${index}]: unknown ${unknown.join(', ')}; known are ${CUSTOM_RULE_KEYS.join(', ')}`,
      );
    }
    // Both are used: which finding is whose could not be told otherwise.
    if (ids.has(id)) problems.push(`secrets.customRules[${index}].id: another rule is called "${id}" too`);
    ids.add(id);
    const compiled = compilePattern(pattern);
    if ('problem' in compiled) {
      problems.push(`secrets.customRules[${index}].pattern: ${compiled.problem}`);
      continue;
    }
    const severity = SEVERITIES.find((known) => known === rule.severity);
    if (rule.severity !== undefined && !severity) {
      problems.push(`secrets.customRules[${index}].severity: expected one of ${SEVERITIES.join(', ')}`);
    }
    const given = Array.isArray(rule.keywords) ? (rule.keywords as unknown[]) : undefined;
    const keywords = given?.filter((word): word is string => typeof word === 'string' && word !== '') ?? [];
    if (rule.keywords !== undefined && keywords.length !== given?.length)
      problems.push(`secrets.customRules[${index}].keywords: expected a list of words`);
    rules.push({
      id,
      pattern,
      ...(typeof rule.title === 'string' && { title: rule.title }),
      ...(keywords.length > 0 && { keywords }),
      ...(severity && { severity }),
    });
  }
  return rules;
}
