import { readFile } from 'node:fs/promises';
import { overrideProblems } from '../core/ruleNames';
import { parseSettings, type ScanSettings } from '../core/settings';
import { THRESHOLDS, type Threshold, UsageError } from './arguments';

/** A configuration file: the scan's settings, and what the command line can say too. */
export interface FileConfig {
  settings: ScanSettings;
  failOn?: Threshold;
  baseline?: string;
}

/** Keys that {@link parseConfig} reads itself. `baseline.path` is a setting of the editor too. */
const OWN_KEYS = ['$schema', 'failOn', 'baseline.path'];

/**
 * Reads a configuration file over the default settings: the keys of the editor's settings without `watchtower.`, and
 * `failOn`. What the editor only warns of is an error here, since a misspelt key must not pass unnoticed.
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
  const { settings, problems } = parseSettings(json, OWN_KEYS);
  problems.push(...overrideProblems(settings.severityOverrides));
  const given = json as { failOn?: unknown; baseline?: { path?: unknown } | null };
  const failOn = THRESHOLDS.find((threshold) => threshold === given.failOn);
  if (given.failOn !== undefined && !failOn) problems.push(`failOn: expected one of ${THRESHOLDS.join(', ')}`);
  const baseline = given.baseline?.path;
  if (baseline !== undefined && typeof baseline !== 'string') problems.push('baseline.path: expected a file name');
  if (problems.length) throw new Error(problems.join('; '));
  return { settings, ...(failOn && { failOn }), ...(typeof baseline === 'string' && baseline && { baseline }) };
}
