import { DEFAULT_LIMITS, type Limits } from './budget';
import type { Severity } from './finding';

/** A rule of the user's own; matched by a linear-time engine. */
export interface CustomRule {
  id: string;
  title?: string;
  /** RE2 syntax. A group named `secret`, or group 1, is the secret; otherwise the whole match. */
  pattern: string;
  keywords?: string[];
  severity?: Severity;
}

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
  models: { enabled: boolean; strict: boolean };
  /** Honour inline comments, cell tags and peers' pragmas. */
  inlineSuppression: boolean;
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
  models: { enabled: true, strict: false },
  inlineSuppression: true,
});
