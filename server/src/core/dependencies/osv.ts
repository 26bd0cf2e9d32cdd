import { compareVersions, normalizeName, parseVersion, type Version } from './version';

/** `lo` inclusive ("0": from the first version), `hi` exclusive unless the third is 1; without `hi` no fix is known. */
export type Interval = [lo: string] | [lo: string, hi: string] | [lo: string, hi: string, inclusive: 1];

/** PYSEC id, CVE ids, GHSA ids, whether it is a malicious package, worst CVSS base score or null when none is known. */
export type AdvisoryRow = [id: string, cve: string[], ghsa: string[], malicious: 0 | 1, score: number | null];

/** The compact form that is shipped: facts only, none of the records' prose. */
export interface AdvisoryTable {
  meta: {
    schema: 'watchtower-advisories/1';
    asOf: string;
    source: string;
    commit: string;
    license: string;
    note: string;
  };
  advisories: AdvisoryRow[];
  /** Normalised distribution name -> which advisories affect which versions. */
  packages: Record<string, [advisory: number, intervals: Interval[]][]>;
}

export interface OsvRecord {
  id: string;
  withdrawn?: string;
  aliases?: string[];
  severity?: { type: string; score: string }[];
  affected?: {
    package?: { ecosystem: string; name: string };
    ranges?: {
      type: string;
      events: { introduced?: string; fixed?: string; last_affected?: string; limit?: string }[];
    }[];
    versions?: string[];
  }[];
}

/** What became of the records of one conversion. */
export interface ConversionCounts {
  records: number;
  advisories: number;
  packages: number;
  withdrawn: number;
  withoutVersions: string[];
  repaired: number;
  unreadableVersions: string[];
}

/** Malformed versions of the database: `2024-09-25` is a date, `2.9.0-NA` and `2.6.0-cu124` carry what is no version. */
export function repairVersion(text: string): string | undefined {
  if (parseVersion(text)) return text;
  const date = /^(\d{4})-(\d{2})-(\d{2})[a-z]?$/.exec(text);
  const candidate = date
    ? `${date[1]}.${date[2]}.${date[3]}`
    : text.replace(/(?:-(?:NA|[a-z]+\d+|\d+(?:\.\d+)+|alpha\\?\.\d+)|\.stable\d+)$/i, '');
  return parseVersion(candidate) ? candidate : undefined;
}

function isWithin(version: Version, intervals: readonly Interval[]): boolean {
  return intervals.some(([lo, hi, inclusive]) => {
    if (lo !== '0' && compareVersions(version, parseVersion(lo) as Version) < 0) return false;
    if (hi === undefined) return true;
    const difference = compareVersions(version, parseVersion(hi) as Version);
    return difference < 0 || (inclusive === 1 && difference === 0);
  });
}

/** Intervals of one affected package, by the evaluation that the OSV schema describes; versions outside them as points. */
function intervalsOf(
  affected: NonNullable<OsvRecord['affected']>[number],
  read: (text: string) => string | undefined,
): Interval[] {
  const intervals: Interval[] = [];
  for (const range of affected.ranges ?? []) {
    if (range.type !== 'ECOSYSTEM') continue;
    const events: { kind: 'introduced' | 'fixed' | 'last_affected'; text: string; version: Version | undefined }[] = [];
    for (const event of range.events) {
      for (const kind of ['introduced', 'fixed', 'last_affected'] as const) {
        const given = event[kind];
        if (given === undefined) continue;
        const text = given === '0' ? '0' : read(given);
        if (text !== undefined) events.push({ kind, text, version: text === '0' ? undefined : parseVersion(text) });
      }
    }
    events.sort((a, b) =>
      a.version && b.version ? compareVersions(a.version, b.version) : Number(!!a.version) - Number(!!b.version),
    );
    let open: string | undefined;
    for (const { kind, text } of events) {
      if (kind === 'introduced') open ??= text;
      else if (open !== undefined) {
        intervals.push(kind === 'fixed' ? [open, text] : [open, text, 1]);
        open = undefined;
      }
    }
    if (open !== undefined) intervals.push([open]);
  }
  for (const given of affected.versions ?? []) {
    const text = read(given);
    const version = text === undefined ? undefined : parseVersion(text);
    if (version && !isWithin(version, intervals)) intervals.push([text as string, text as string, 1]);
  }
  return intervals;
}

/**
 * Makes the compact table of OSV records of PyPI. Withdrawn records and those that name no version are left out.
 * @param scoreOf base score of a CVSS vector, undefined when it cannot be read
 * @param supplement intervals for records of the snapshot that have none, by id and package, from their own prose
 */
export function convertOsv(
  records: Iterable<OsvRecord>,
  meta: Omit<AdvisoryTable['meta'], 'schema'>,
  scoreOf: (vector: string) => number | undefined,
  supplement: Readonly<Record<string, { package: string; intervals: Interval[] }>> = {},
): { table: AdvisoryTable; counts: ConversionCounts } {
  const rows: { row: AdvisoryRow; packages: Map<string, Interval[]> }[] = [];
  const counts: ConversionCounts = {
    records: 0,
    advisories: 0,
    packages: 0,
    withdrawn: 0,
    withoutVersions: [],
    repaired: 0,
    unreadableVersions: [],
  };
  const read = (text: string): string | undefined => {
    const repaired = repairVersion(text);
    if (repaired === undefined) counts.unreadableVersions.push(text);
    else if (repaired !== text) counts.repaired += 1;
    return repaired;
  };
  for (const record of records) {
    counts.records += 1;
    if (record.withdrawn) {
      counts.withdrawn += 1;
      continue;
    }
    const packages = new Map<string, Interval[]>();
    for (const affected of record.affected ?? []) {
      if (affected.package?.ecosystem !== 'PyPI') continue;
      const intervals = intervalsOf(affected, read);
      if (intervals.length === 0) continue;
      const name = normalizeName(affected.package.name);
      packages.set(name, [...(packages.get(name) ?? []), ...intervals]);
    }
    const extra = supplement[record.id];
    if (packages.size === 0 && extra) packages.set(extra.package, extra.intervals);
    if (packages.size === 0) {
      counts.withoutVersions.push(record.id);
      continue;
    }
    const scores = (record.severity ?? []).map(({ score }) => scoreOf(score)).filter((s) => s !== undefined);
    const aliases = record.aliases ?? [];
    rows.push({
      row: [
        record.id,
        aliases.filter((alias) => alias.startsWith('CVE-')).sort(),
        aliases.filter((alias) => alias.startsWith('GHSA-')).sort(),
        aliases.some((alias) => alias.startsWith('MAL-')) || record.id.startsWith('MAL-') ? 1 : 0,
        scores.length ? Math.max(...scores) : null,
      ],
      packages,
    });
  }
  rows.sort((a, b) => (a.row[0] < b.row[0] ? -1 : 1));
  const byName = new Map<string, [number, Interval[]][]>();
  rows.forEach(({ packages }, index) => {
    for (const [name, intervals] of packages) {
      const list = byName.get(name);
      if (list) list.push([index, intervals]);
      else byName.set(name, [[index, intervals]]);
    }
  });
  counts.advisories = rows.length;
  counts.packages = byName.size;
  return {
    table: {
      meta: { schema: 'watchtower-advisories/1', ...meta },
      advisories: rows.map(({ row }) => row),
      packages: Object.fromEntries([...byName].sort(([a], [b]) => (a < b ? -1 : 1))),
    },
    counts,
  };
}
