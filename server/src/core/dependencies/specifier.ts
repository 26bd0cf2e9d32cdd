import type { Span } from './advisories';
import { compareVersions, parseVersion, type Version } from './version';

/** One clause of a version specifier with its place in the text. */
export interface Clause {
  operator: '===' | '==' | '~=' | '!=' | '<=' | '>=' | '<' | '>';
  version: string;
  /** `[start, end)` of the version token alone. */
  start: number;
  end: number;
}

const OPERATOR = /===|==|~=|!=|<=|>=|<|>|=/y;
const VERSION_TOKEN = /[A-Za-z0-9._*+!${}-]+/y;

/**
 * Reads `>=1.0, <2` at `offset`. A single `=` is read as `==`, since that is what was meant.
 * @returns the clauses and where they end, or undefined when what stands there is no specifier
 */
export function readClauses(text: string, offset: number, end: number): { clauses: Clause[]; end: number } | undefined {
  const clauses: Clause[] = [];
  let at = offset;
  let last = offset;
  const space = () => {
    while (at < end && (text[at] === ' ' || text[at] === '\t')) at += 1;
  };
  for (;;) {
    space();
    OPERATOR.lastIndex = at;
    const operator = OPERATOR.exec(text)?.[0];
    if (!operator || at >= end) return clauses.length ? { clauses, end: last } : undefined;
    at += operator.length;
    space();
    VERSION_TOKEN.lastIndex = at;
    const version = at < end ? VERSION_TOKEN.exec(text)?.[0].slice(0, end - at) : undefined;
    if (!version) return undefined;
    clauses.push({
      operator: (operator === '=' ? '==' : operator) as Clause['operator'],
      version,
      start: at,
      end: at + version.length,
    });
    at += version.length;
    last = at;
    space();
    if (text[at] !== ',' || at >= end) return { clauses, end: last };
    at += 1;
    space();
    // A comma may stand at the end.
    if (at >= end || text[at] === ')') return { clauses, end: last };
  }
}

/** The one version that the clauses pin to, without its local part; undefined when they leave a choice. */
export function pinnedVersion(clauses: readonly Clause[]): string | undefined {
  const pin = clauses.find(
    ({ operator, version }) => (operator === '==' || operator === '===') && !version.endsWith('*'),
  );
  return pin?.version.replace(/\+.*$/, '');
}

const EVERYTHING: Span = { lo: undefined, loInclusive: true, hi: undefined, hiInclusive: false };

function following(prefix: readonly (number | bigint)[]): Version | undefined {
  const parts = [...prefix];
  const last = parts.pop();
  if (last === undefined) return undefined;
  return parseVersion(`${[...parts, BigInt(last) + 1n].join('.')}.dev0`);
}

function releasePrefix(text: string, drop: number): (number | bigint)[] | undefined {
  const match = /^v?(?:0!)?(\d{1,15}(?:\.\d{1,15})*)/i.exec(text);
  if (!match) return undefined;
  const parts = (match[1] as string).split('.').map(Number);
  return drop ? parts.slice(0, -drop) : parts;
}

/** Spans that one clause allows; PEP 440, "Version specifiers". */
function allowed({ operator, version }: Clause): Span[] | undefined {
  const wildcard = version.endsWith('.*');
  const base = parseVersion(wildcard ? version.slice(0, -2) : version);
  if (!base) return undefined;
  const prefix = releasePrefix(wildcard ? version.slice(0, -2) : version, 0);
  if (wildcard) {
    const lo = prefix && parseVersion(`${prefix.join('.')}.dev0`);
    const hi = prefix && following(prefix);
    if (!lo || !hi) return undefined;
    if (operator === '==') return [{ lo, loInclusive: true, hi, hiInclusive: false }];
    if (operator !== '!=') return undefined;
    return [
      { ...EVERYTHING, hi: lo },
      { ...EVERYTHING, lo: hi },
    ];
  }
  switch (operator) {
    case '==':
    case '===':
      return [{ lo: base, loInclusive: true, hi: base, hiInclusive: true }];
    case '!=':
      return [
        { ...EVERYTHING, hi: base },
        { ...EVERYTHING, lo: base, loInclusive: false },
      ];
    case '>=':
      return [{ ...EVERYTHING, lo: base }];
    case '>':
      return [{ ...EVERYTHING, lo: base, loInclusive: false }];
    case '<=':
      return [{ ...EVERYTHING, hi: base, hiInclusive: true }];
    case '<': {
      // `<2.0` refuses the pre-releases of 2.0, unless it names one itself.
      const hi =
        base.pre || base.post !== undefined || base.dev !== undefined || !prefix
          ? base
          : parseVersion(`${prefix.join('.')}.dev0`);
      return hi && [{ ...EVERYTHING, hi }];
    }
    case '~=': {
      const series = releasePrefix(version, 1);
      const hi = series?.length ? following(series) : undefined;
      return hi && [{ lo: base, loInclusive: true, hi, hiInclusive: false }];
    }
  }
}

function later(a: Span, b: Span): Pick<Span, 'lo' | 'loInclusive'> {
  if (!a.lo) return b;
  if (!b.lo) return a;
  const difference = compareVersions(a.lo, b.lo);
  if (difference === 0) return { lo: a.lo, loInclusive: a.loInclusive && b.loInclusive };
  return difference > 0 ? a : b;
}

function earlier(a: Span, b: Span): Pick<Span, 'hi' | 'hiInclusive'> {
  if (!a.hi) return b;
  if (!b.hi) return a;
  const difference = compareVersions(a.hi, b.hi);
  if (difference === 0) return { hi: a.hi, hiInclusive: a.hiInclusive && b.hiInclusive };
  return difference < 0 ? a : b;
}

export function intersect(a: Span, b: Span): Span | undefined {
  const { lo, loInclusive } = later(a, b);
  const { hi, hiInclusive } = earlier(a, b);
  if (lo && hi) {
    const difference = compareVersions(lo, hi);
    if (difference > 0 || (difference === 0 && !(loInclusive && hiInclusive))) return undefined;
  }
  return { lo, loInclusive, hi, hiInclusive };
}

/** More pieces than this come from no honest specifier. */
const MAX_SPANS = 64;

/** What the clauses together allow, in ascending order; undefined when one of them is not understood. */
export function allowedSpans(clauses: readonly Clause[]): Span[] | undefined {
  let spans: Span[] = [EVERYTHING];
  for (const clause of clauses) {
    const own = allowed(clause);
    if (!own) return undefined;
    spans = spans.flatMap((span) => own.map((other) => intersect(span, other)).filter((s) => s !== undefined));
    if (spans.length > MAX_SPANS) return undefined;
  }
  return spans;
}

/** Whether every version of `span` lies in one of `covers` or in several that touch. */
export function isCovered(span: Span, covers: readonly Span[]): boolean {
  const relevant = covers
    .map((cover) => intersect(span, cover))
    .filter((s) => s !== undefined)
    .sort((a, b) =>
      a.lo ? (b.lo ? compareVersions(a.lo, b.lo) || Number(b.loInclusive) - Number(a.loInclusive) : 1) : b.lo ? -1 : 0,
    );
  const [first] = relevant;
  if (!first) return false;
  const sameStart = span.lo
    ? first.lo !== undefined && compareVersions(first.lo, span.lo) === 0 && (first.loInclusive || !span.loInclusive)
    : first.lo === undefined;
  if (!sameStart) return false;
  let reach: Span = first;
  for (const next of relevant) {
    if (reach.hi && next.lo) {
      const gap = compareVersions(next.lo, reach.hi);
      if (gap > 0 || (gap === 0 && !next.loInclusive && !reach.hiInclusive)) break;
    }
    if (!reach.hi) break;
    if (!next.hi) reach = next;
    else {
      const difference = compareVersions(next.hi, reach.hi);
      if (difference > 0 || (difference === 0 && next.hiInclusive)) reach = next;
    }
  }
  if (!reach.hi) return true;
  if (!span.hi) return false;
  const difference = compareVersions(reach.hi, span.hi);
  return difference > 0 || (difference === 0 && (reach.hiInclusive || !span.hiInclusive));
}
