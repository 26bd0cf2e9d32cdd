import type { RE2JS } from 're2js';
import { evidenceText, hashSecret, redactSecret } from '../redact';
import type { CustomRule } from '../settings';
import type { TextFindingDraft, TextSegment } from '../text/document';
import { compilePattern } from './customPattern';
import type { Range } from './extract/markup';
import { SECRET_RULES } from './rules';

interface Compiled {
  pattern: RE2JS | undefined;
  keywords: string[];
  /** Groups of the secret, of which the first that matches counts: the one named so, else any, else the whole match. */
  groups: readonly (number | 'secret')[];
}

const cache = new Map<string, Compiled>();

function compiled(rule: CustomRule): Compiled {
  const key = JSON.stringify([rule.pattern, rule.keywords]);
  let entry = cache.get(key);
  if (!entry) {
    const result = compilePattern(rule.pattern);
    // The settings' own check tells the user of a pattern that does not compile; it finds nothing.
    const pattern = 'pattern' in result ? result.pattern : undefined;
    const named = pattern !== undefined && 'secret' in (pattern.namedGroups() as Record<string, number>);
    entry = {
      pattern,
      keywords: (rule.keywords ?? []).map((keyword) => keyword.toLowerCase()).filter(Boolean),
      groups: named ? ['secret'] : groupsOf(pattern?.groupCount() ?? 0),
    };
    if (cache.size > 1000) cache.clear();
    cache.set(key, entry);
  }
  return entry;
}

/** Of alternatives, each of which has its group, one matches. */
const groupsOf = (count: number): number[] => (count > 0 ? Array.from({ length: count }, (_, i) => i + 1) : [0]);

/** Text around a keyword that a rule of the user's own may match in. */
const BEFORE = 200;
const AFTER = 600;
/** Longest stretch that is matched in one go: between two, the budget is looked at. */
const STRETCH = 4096;

/** Stretches of the text around the keywords; touching ones are one. Without keywords, the whole text. */
function windows(text: string, keywords: readonly string[]): Range[] {
  const lower = text.toLowerCase();
  // Some letters are longer in lower case: offsets would not be those of the text.
  if (keywords.length === 0 || lower.length !== text.length) return [{ start: 0, end: text.length }];
  const places: number[] = [];
  for (const keyword of keywords) {
    for (let at = lower.indexOf(keyword); at >= 0; at = lower.indexOf(keyword, at + keyword.length)) places.push(at);
  }
  places.sort((a, b) => a - b);
  const out: Range[] = [];
  for (const at of places) {
    const start = Math.max(0, at - BEFORE);
    const end = Math.min(text.length, at + AFTER);
    const last = out[out.length - 1];
    if (last && start <= last.end) last.end = end;
    else out.push({ start, end });
  }
  return out;
}

interface Stretch extends Range {
  /** Matches that begin here or later are the next stretch's. */
  own: number;
}

/** A window in stretches that overlap, cut at ends of lines where there are any. */
function* stretches(text: string, { start, end }: Range): Generator<Stretch> {
  for (let at = start; at < end; ) {
    let own = Math.min(end, at + STRETCH);
    if (own < end) {
      const newline = text.lastIndexOf('\n', own);
      if (newline > at + STRETCH / 2) own = newline + 1;
    }
    yield { start: at, end: Math.min(end, own + AFTER), own: own === end ? end + 1 : own };
    at = own;
  }
}

/** What the rules of the user's own find in a segment. Matching is linear in the text whatever the pattern (RE2). */
export function* customHits(
  segment: TextSegment,
  rules: readonly CustomRule[],
  checkTime: () => void,
): Generator<TextFindingDraft> {
  const { text } = segment;
  for (const rule of rules) {
    const { pattern, keywords, groups } = compiled(rule);
    if (!pattern) continue;
    const anchored = /[\^$]/.test(rule.pattern);
    for (const window of windows(text, keywords)) {
      for (const stretch of stretches(text, window)) {
        checkTime();
        const matcher = pattern.matcher(text.slice(stretch.start, stretch.end));
        while (matcher.find()) {
          const from = stretch.start + matcher.start(0);
          const to = stretch.start + matcher.end(0);
          if (from >= stretch.own) break;
          // Where the stretch ends in the middle of a line, `^` and `$` match what is none of its ends.
          if (anchored && (cutBefore(text, stretch, from) || cutAfter(text, stretch, to))) continue;
          const group = groups.find((one) => matcher.group(one as never));
          const secret = group === undefined ? undefined : matcher.group(group as never);
          if (!secret) continue;
          const start = stretch.start + matcher.start(group as never);
          yield {
            rule: SECRET_RULES.custom as NonNullable<(typeof SECRET_RULES)[string]>,
            ...(rule.severity && { severity: rule.severity }),
            message: `${evidenceText(rule.title ?? rule.id, 80)} (rule ${evidenceText(rule.id, 60)} of the configuration)`,
            start,
            end: start + secret.length,
            evidence: redactSecret(secret),
            anchor: `${rule.id}\0${hashSecret(secret)}`,
            data: { customRule: rule.id },
          };
        }
      }
    }
  }
}

const cutBefore = (text: string, { start }: Stretch, from: number) =>
  from === start && start > 0 && text[start - 1] !== '\n';
const cutAfter = (text: string, { end }: Stretch, to: number) => to === end && end < text.length && text[end] !== '\n';
