import { RE2JS } from 're2js';
import { evidenceText, hashSecret, redactSecret } from '../redact';
import type { CustomRule } from '../settings';
import type { TextFindingDraft, TextSegment } from '../text/document';
import { SECRET_RULES } from './rules';

interface Compiled {
  rule: CustomRule;
  pattern: RE2JS | undefined;
  keywords: string[];
}

const cache = new Map<string, Compiled>();

function compiled(rule: CustomRule): Compiled {
  const key = JSON.stringify([rule.id, rule.pattern, rule.keywords]);
  let entry = cache.get(key);
  if (!entry) {
    let pattern: RE2JS | undefined;
    try {
      pattern = RE2JS.compile(rule.pattern);
    } catch {
      // The settings' own check tells the user; a rule that does not compile finds nothing.
      pattern = undefined;
    }
    entry = { rule, pattern, keywords: (rule.keywords ?? []).map((keyword) => keyword.toLowerCase()).filter(Boolean) };
    if (cache.size > 1000) cache.clear();
    cache.set(key, entry);
  }
  return entry;
}

/** Text around a keyword that a rule of the user's own may match in. */
const BEFORE = 200;
const AFTER = 600;

/** Stretches of the text around the keywords; touching ones are one. Without keywords, the whole text. */
function windows(text: string, keywords: readonly string[]): { start: number; end: number }[] {
  if (keywords.length === 0) return [{ start: 0, end: text.length }];
  const lower = text.toLowerCase();
  const places: number[] = [];
  for (const keyword of keywords) {
    for (let at = lower.indexOf(keyword); at >= 0; at = lower.indexOf(keyword, at + keyword.length)) places.push(at);
  }
  places.sort((a, b) => a - b);
  const out: { start: number; end: number }[] = [];
  for (const at of places) {
    const start = Math.max(0, at - BEFORE);
    const end = Math.min(text.length, at + AFTER);
    const last = out[out.length - 1];
    if (last && start <= last.end) last.end = end;
    else out.push({ start, end });
  }
  return out;
}

/** What the rules of the user's own find in a segment. Matching is linear in the text whatever the pattern (RE2). */
export function* customHits(
  segment: TextSegment,
  rules: readonly CustomRule[],
  checkTime: () => void,
): Generator<TextFindingDraft> {
  for (const rule of rules) {
    const { pattern, keywords } = compiled(rule);
    if (!pattern) continue;
    for (const window of windows(segment.text, keywords)) {
      checkTime();
      const matcher = pattern.matcher(segment.text.slice(window.start, window.end));
      const named = 'secret' in (pattern.namedGroups() as Record<string, number>);
      while (matcher.find()) {
        const group = named ? 'secret' : pattern.groupCount() > 0 ? 1 : 0;
        const secret = matcher.group(group);
        if (secret === null || secret === undefined || secret === '') continue;
        const start = window.start + matcher.start(group);
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
