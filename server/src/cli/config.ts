import { readFile } from 'node:fs/promises';
import { DEFAULT_SETTINGS, parseSettings, type ScanSettings } from '../core/settings';
import { THRESHOLDS, type Threshold, UsageError } from './arguments';

/** A configuration file: the scan's settings, and what the command line can say too. */
export interface FileConfig {
  settings: ScanSettings;
  failOn?: Threshold;
  baseline?: string;
}

/** Keys as people write them, each with the keys below it; `true` stands for any value that {@link parseSettings} checks. */
const KEYS = {
  limits: Object.fromEntries(Object.keys(DEFAULT_SETTINGS.limits).map((key) => [key, true])),
  exclude: true,
  respectGitignore: true,
  severity: { overrides: true, minimum: true },
  secrets: { enabled: true, customRules: true },
  pii: { enabled: true, countries: true },
  code: { enabled: true },
  dependencies: { enabled: true },
  models: { enabled: true, strict: true },
  inlineSuppression: true,
  remote: { full: true, fileBytes: true, fileRequests: true, sourceBytes: true, sourceRequests: true },
} as const satisfies Record<string, true | Record<string, true>>;

/**
 * Reads a configuration file over the default settings: the keys of the editor's settings without `watchtower.`, and
 * `failOn` and `baseline`. Unknown keys are errors, since a misspelt one must not pass unnoticed.
 * @throws UsageError when it cannot be read or says something that is not understood
 */
export async function readConfig(file: string): Promise<FileConfig> {
  try {
    const text = await readFile(file, 'utf8');
    return parseConfig(JSON.parse(text.replace(/^\ufeff/, '')));
  } catch (error) {
    throw new UsageError(`--config ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** @throws Error that names what is wrong */
export function parseConfig(json: unknown): FileConfig {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Error('not a JSON object');
  const { $schema: _, failOn, baseline, ...given } = json as Record<string, unknown>;
  const problems: string[] = [];
  if (failOn !== undefined && !THRESHOLDS.includes(failOn as Threshold)) {
    problems.push(`failOn: expected one of ${THRESHOLDS.join(', ')}`);
  }
  if (baseline !== undefined && typeof baseline !== 'string') problems.push('baseline: expected a file name');
  for (const [key, value] of Object.entries(given)) {
    const inner = Object.hasOwn(KEYS, key) ? KEYS[key as keyof typeof KEYS] : undefined;
    if (!inner) problems.push(`${key}: unknown; known are ${Object.keys(KEYS).join(', ')}, failOn, baseline`);
    else if (inner !== true && typeof value === 'object' && value !== null) {
      for (const below of Object.keys(value)) {
        if (!Object.hasOwn(inner, below))
          problems.push(`${key}.${below}: unknown; known are ${Object.keys(inner).join(', ')}`);
      }
    }
  }
  const parsed = parseSettings(given);
  problems.push(...parsed.problems);
  if (problems.length) throw new Error(problems.join('; '));
  return {
    settings: parsed.settings,
    ...(failOn !== undefined && { failOn: failOn as Threshold }),
    ...(baseline !== undefined && { baseline: baseline as string }),
  };
}
