import type { AdvisoryTable, Interval } from './osv';
import { compareVersions, isPrerelease, normalizeName, parseVersion, type Version } from './version';

export interface Advisory {
  id: string;
  cve: readonly string[];
  ghsa: readonly string[];
  malicious: boolean;
  /** CVSS base score, undefined when no record states one. */
  score: number | undefined;
}

/** A stretch of the version order; an open end is undefined. */
export interface Span {
  lo: Version | undefined;
  /** False only for spans that begin after a version (`>1.0`). */
  loInclusive: boolean;
  hi: Version | undefined;
  hiInclusive: boolean;
}

export interface Affected {
  advisory: Advisory;
  spans: readonly Span[];
}

/**
 * Distributions that are built from one code line and published under several names, so that an advisory filed under
 * one is true of the others.
 */
const SAME_CODE: Readonly<Record<string, readonly string[]>> = {
  torch: ['pytorch'],
  notebook: ['jupyter-notebook'],
  'tensorflow-intel': ['tensorflow'],
  'tensorflow-macos': ['tensorflow'],
  'tensorflow-rocm': ['tensorflow'],
  'paddlepaddle-gpu': ['paddlepaddle'],
  'mlflow-skinny': ['mlflow'],
  'onnxruntime-gpu': ['onnxruntime'],
};

function spanOf([lo, hi, inclusive]: Interval): Span | undefined {
  const from = lo === '0' ? undefined : parseVersion(lo);
  const to = hi === undefined ? undefined : parseVersion(hi);
  if ((lo !== '0' && !from) || (hi !== undefined && !to)) return undefined;
  return { lo: from, loInclusive: true, hi: to, hiInclusive: inclusive === 1 };
}

export function spanHolds(version: Version, { lo, loInclusive, hi, hiInclusive }: Span): boolean {
  if (lo) {
    const difference = compareVersions(version, lo);
    if (difference < 0 || (difference === 0 && !loInclusive)) return false;
  }
  if (!hi) return true;
  const difference = compareVersions(version, hi);
  return difference < 0 || (difference === 0 && hiInclusive);
}

/** What is known to be wrong with which versions of which distributions. */
export class Advisories {
  readonly #affected = new Map<string, readonly Affected[]>();

  constructor(private readonly table: AdvisoryTable) {}

  get meta(): AdvisoryTable['meta'] {
    return this.table.meta;
  }

  /** Advisories of a distribution under any spelling of its name, and of those that share its code. */
  affecting(name: string): readonly Affected[] {
    const normalized = normalizeName(name);
    let affected = this.#affected.get(normalized);
    if (!affected) {
      const seen = new Set<number>();
      const list: Affected[] = [];
      for (const spelling of [normalized, ...(Object.hasOwn(SAME_CODE, normalized) ? SAME_CODE[normalized]! : [])]) {
        if (!Object.hasOwn(this.table.packages, spelling)) continue;
        for (const [index, intervals] of this.table.packages[spelling]!) {
          const row = this.table.advisories[index];
          if (!row || seen.has(index)) continue;
          seen.add(index);
          const [id, cve, ghsa, malicious, score] = row;
          list.push({
            advisory: { id, cve, ghsa, malicious: malicious === 1, score: score ?? undefined },
            spans: intervals.map(spanOf).filter((span) => span !== undefined),
          });
        }
      }
      affected = list;
      this.#affected.set(normalized, affected);
    }
    return affected;
  }
}

/** Answers that were worked out before, by the list and the version: a document is judged again with every keystroke. */
const cleared = new WeakMap<readonly Affected[], Map<string, Version | undefined>>();
const MAX_CLEARED = 500;

/**
 * The version above `from` to move to: of those that the fewest advisories affect the smallest, final releases before
 * pre-releases. Only versions that an advisory names as its fix are known to exist.
 */
export function clearingVersion(from: Version | undefined, affected: readonly Affected[]): Version | undefined {
  let known = cleared.get(affected);
  if (!known || known.size >= MAX_CLEARED) {
    known = new Map();
    cleared.set(affected, known);
  }
  const key = from?.text ?? '';
  if (!known.has(key)) known.set(key, findClearing(from, affected));
  return known.get(key);
}

function findClearing(from: Version | undefined, affected: readonly Affected[]): Version | undefined {
  const candidates = new Map<string, Version>();
  for (const { spans } of affected) {
    for (const { hi, hiInclusive } of spans) {
      if (hi && !hiInclusive && (!from || compareVersions(hi, from) > 0)) candidates.set(hi.text, hi);
    }
  }
  let best: Version | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  const ascending = [...candidates.values()].sort(
    (a, b) => Number(isPrerelease(a)) - Number(isPrerelease(b)) || compareVersions(a, b),
  );
  for (const candidate of ascending) {
    const remaining = affected.filter((entry) => isAffected(candidate, entry)).length;
    if (remaining >= fewest) continue;
    best = candidate;
    fewest = remaining;
    if (remaining === 0) break;
  }
  return best;
}

export function isAffected(version: Version, { spans }: Affected): boolean {
  return spans.some((span) => spanHolds(version, span));
}

let embedded: Advisories | undefined;

/** The table that is shipped, read from beside the program when it is first needed. */
export function embeddedAdvisories(): Advisories {
  embedded ??= new Advisories(require('./advisories.json') as AdvisoryTable);
  return embedded;
}
