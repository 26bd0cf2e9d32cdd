/** Patterns of rule ids as comments, cell tags and ignore files have them. */

/**
 * Whether a rule id fits one of the patterns: an id, a family, or either with stars (`secret/*`, `secret/aws-*`, `*`).
 * @param patterns in lower case
 */
export function ruleMatches(ruleId: string, patterns: readonly string[]): boolean {
  const family = ruleId.slice(0, ruleId.indexOf('/'));
  return patterns.some(
    (pattern) => pattern === ruleId || pattern === family || (pattern.includes('*') && fitsStars(ruleId, pattern)),
  );
}

/** Takes the shortest stretch for every star but the last, so that the time is linear in both. */
function fitsStars(text: string, pattern: string): boolean {
  const parts = pattern.split('*');
  const first = parts[0] as string;
  const last = parts[parts.length - 1] as string;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
}

/** Patterns of a list such as `secret/*, python/pickle-load`. */
export function patternsOf(list: string): string[] {
  return list
    .split(/[\s,]+/)
    .map((pattern) => pattern.toLowerCase())
    .filter((pattern) => pattern !== '');
}

/**
 * The candidate that a misspelt word is nearest to, when few letters are between them (Levenshtein distance).
 * @param candidates are compared one by one; long words are left alone
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const most = Math.min(3, Math.floor(word.length / 3));
  if (word.length > 60) return undefined;
  let best: string | undefined;
  let least = most + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= least) continue;
    const distance = distanceOf(word, candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
