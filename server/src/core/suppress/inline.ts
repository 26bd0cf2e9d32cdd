/**
 * Comments and cell tags by which a file hides findings of its own. They reach findings in text only: what a model does
 * is never hidden by what stands beside it, and everything hidden is counted and listed.
 */
import type { Category, Finding, Severity } from '../finding';
import { evidenceText } from '../redact';
import type { Rule } from '../rule';
import type { KeywordFamily, TextDocument, TextSegment } from '../text/document';
import { keywords, type Occurrences } from '../text/keywordPass';
import { LineIndex } from '../text/lineIndex';

type Suppressed = NonNullable<Finding['suppressed']>;

const HIDEABLE: ReadonlySet<Category> = new Set(['secret', 'pii', 'code', 'dependency', 'license']);

/** Code that attacks whoever runs it would bring its own pardon along: only the user's lists can hide it. */
function isHostile(rule: Rule, severity: Severity): boolean {
  return rule.category === 'code' && (severity === 'critical' || rule.id === 'python/import-time-execution');
}

/** Words without which a text holds no directive. */
const DIRECTIVES = keywords(
  ['watchtower', 'allowlist', 'allow-list', 'whitelist', 'gitleaks:allow', 'nosec', 'noqa', 'secretlint-'],
  false,
);

export const DIRECTIVE_KEYWORDS: KeywordFamily = { words: () => DIRECTIVES, reads: mayDirect };

/** Says whether a directive may be in a line at all. */
const MARK = /watchtower\s*:|allow-?list|whitelist|gitleaks:allow|nosec\b|noqa\s*:|secretlint-(?:dis|en)able/i;

interface Directive {
  /** 1-based lines of the segment it reaches, both included. */
  readonly from: number;
  readonly to: number;
  readonly matches: (rule: Rule) => boolean;
  readonly reason?: string;
}

/** Bandit's checks (and the same numbers behind `S` in Ruff) and what they are called here. */
const BANDIT: ReadonlyMap<number, readonly string[]> = new Map([
  [102, ['python/dynamic-code']],
  [104, ['python/bind-all-interfaces']],
  [105, ['secret/*']],
  [106, ['secret/*']],
  [107, ['secret/*']],
  [201, ['python/debug-server']],
  [202, ['python/archive-extraction']],
  [301, ['python/pickle-load']],
  [302, ['python/pickle-load']],
  [303, ['python/weak-password-hash']],
  [306, ['python/temporary-file']],
  [307, ['python/dynamic-code']],
  [310, ['python/insecure-download']],
  [311, ['python/predictable-secret']],
  [323, ['python/tls-verification-disabled']],
  [324, ['python/weak-password-hash']],
  [501, ['python/tls-verification-disabled']],
  [506, ['python/yaml-load']],
  [507, ['python/ssh-host-key']],
  [602, ['python/shell-injection', 'python/download-and-run']],
  [604, ['python/shell-injection', 'python/download-and-run']],
  [605, ['python/shell-injection', 'python/download-and-run']],
  [608, ['python/sql-injection']],
  [614, ['python/torch-load']],
  [615, ['python/unpinned-revision', 'python/trust-remote-code']],
]);

/**
 * Whether a rule id fits one of the patterns: an id, `family/*`, a family, or `*`.
 * @param patterns as they stand between the brackets of `ignore[...]`
 */
export function ruleMatches(ruleId: string, patterns: readonly string[]): boolean {
  const family = ruleId.slice(0, ruleId.indexOf('/'));
  return patterns.some(
    (pattern) => pattern === '*' || pattern === ruleId || pattern === `${family}/*` || pattern === family,
  );
}

const ofCategory =
  (...categories: Category[]) =>
  (rule: Rule): boolean =>
    categories.includes(rule.category);

const COMMENT = String.raw`(?:#|\/\/|--|<!--|;|\/\*|\*|%|'|REM\b)`;
const OWN = new RegExp(
  String.raw`${COMMENT}[^\n]{0,200}?watchtower\s*:\s*ignore(-next-line|-file|-start|-end)?(?:\s*\[([^\]\n]{0,400})\])?([^\n]{0,300})`,
  'i',
);
const ALLOWLIST = new RegExp(
  String.raw`${COMMENT}[^\n]{0,200}?pragma\s*:\s*(?:allow|white)-?list\s+(nextline\s+)?secret`,
  'i',
);
const NOSEC = /#\s*nosec\b(?:\s*:)?\s*((?:B\d{3}[,\s]*)*)/i;
const NOQA = /#\s*noqa\s*:\s*([A-Z0-9, ]{1,200})/i;
const SECRETLINT = /secretlint-(disable|enable)(-line|-next-line)?/i;

/** The suppressions of one document. Nothing is searched before the first finding asks. */
export class InlineSuppressions {
  readonly #marked = new Map<TextSegment, readonly MarkedLine[]>();
  readonly #bySegment = new Map<TextSegment, readonly Directive[]>();
  readonly #lines = new Map<TextSegment, LineIndex>();
  #whole: readonly Directive[] | undefined;

  /** @param occurrences where {@link DIRECTIVE_KEYWORDS} stand in a segment that they are looked for in */
  constructor(
    private readonly document: TextDocument,
    private readonly occurrences: (segment: TextSegment) => Occurrences,
  ) {}

  /** @returns who hides a finding of `rule` at `[start, end)` of the segment, if anybody does */
  of(
    segment: TextSegment,
    start: number,
    end: number,
    rule: Rule,
    severity: Severity = rule.severity,
  ): Suppressed | undefined {
    if (!HIDEABLE.has(rule.category) || isHostile(rule, severity)) return undefined;
    for (const tag of segment.tags ?? []) {
      const match = /^watchtower-ignore(?::(.+))?$/.exec(tag);
      if (match && (match[1] === undefined || ruleMatches(rule.id, patternsOf(match[1])))) {
        return { by: 'cell', reason: evidenceText(`cell tag ${tag}`, 100) };
      }
    }
    const directives = this.#directives(segment);
    if (directives.length > 0) {
      const lines = this.#lines.get(segment) as LineIndex;
      const from = lines.position(start).line;
      const to = lines.position(Math.max(start, end - 1)).line;
      for (const directive of directives) {
        if (directive.from <= to && directive.to >= from && directive.matches(rule)) {
          return { by: 'inline', ...(directive.reason && { reason: directive.reason }) };
        }
      }
    }
    this.#whole ??= this.document.segments.flatMap((one) => fileDirectives(this.#markedLines(one)));
    for (const directive of this.#whole) {
      if (directive.matches(rule)) return { by: 'file', ...(directive.reason && { reason: directive.reason }) };
    }
    return undefined;
  }

  /** The lines in which a directive may stand. Those of a segment and of the whole document are told by the same. */
  #markedLines(segment: TextSegment): readonly MarkedLine[] {
    let known = this.#marked.get(segment);
    if (!known) {
      known = mayDirect(segment) ? markedLines(segment.text, this.occurrences(segment)) : [];
      this.#marked.set(segment, known);
    }
    return known;
  }

  #directives(segment: TextSegment): readonly Directive[] {
    let known = this.#bySegment.get(segment);
    if (!known) {
      known = lineDirectives(this.#markedLines(segment));
      this.#bySegment.set(segment, known);
      if (known.length > 0) this.#lines.set(segment, new LineIndex(segment.text));
    }
    return known;
  }
}

/** What a program printed gives no orders. */
function mayDirect({ kind }: TextSegment): boolean {
  return kind !== 'output' && kind !== 'attachment' && kind !== 'metadata' && kind !== 'table';
}

function patternsOf(list: string): string[] {
  return list
    .split(/[\s,]+/)
    .map((pattern) => pattern.trim().toLowerCase())
    .filter((pattern) => pattern !== '');
}

const anyRule = (rule: Rule): boolean => HIDEABLE.has(rule.category);

function ownMatcher(list: string | undefined): (rule: Rule) => boolean {
  if (list === undefined) return anyRule;
  const patterns = patternsOf(list);
  return (rule) => ruleMatches(rule.id, patterns);
}

function reasonOf(rest: string | undefined): { reason?: string } {
  const text = (rest ?? '')
    .replace(/(?:-->|\*\/)\s*$/, '')
    .replace(/^[\s:–—-]+/, '')
    .trim();
  return text ? { reason: evidenceText(text, 200) } : {};
}

function fileDirectives(lines: readonly MarkedLine[]): Directive[] {
  const out: Directive[] = [];
  for (const { line } of lines) {
    const own = OWN.exec(line);
    if (own?.[1]?.toLowerCase() === '-file')
      out.push({ from: 1, to: Number.MAX_SAFE_INTEGER, matches: ownMatcher(own[2]), ...reasonOf(own[3]) });
  }
  return out;
}

/** Longest stretch of a line that is searched for a directive: its end, where comments are. */
const LINE_TAIL = 1000;

/** The end of a line that holds a directive, and its 1-based number. */
interface MarkedLine {
  readonly line: string;
  readonly number: number;
}

function markedLines(text: string, occurrences: Occurrences): MarkedLine[] {
  const found: MarkedLine[] = [];
  let number = 0;
  let start = 0;
  let end = -1;
  for (let i = 0; i < occurrences.length; i += 1) {
    const place = occurrences.end(i);
    if (place <= end) continue;
    while (end < place) {
      start = end + 1;
      end = text.indexOf('\n', start);
      if (end < 0) end = text.length;
      number += 1;
    }
    const line = text.slice(Math.max(start, end - LINE_TAIL), end);
    if (MARK.test(line)) found.push({ line, number });
  }
  return found;
}

function lineDirectives(lines: readonly MarkedLine[]): Directive[] {
  const out: Directive[] = [];
  const blocks: { from: number; list: string | undefined; rest: string | undefined }[] = [];
  let secretlintFrom: number | undefined;
  for (const { line, number } of lines) {
    const own = OWN.exec(line);
    if (own) {
      const matches = ownMatcher(own[2]);
      switch (own[1]?.toLowerCase()) {
        case undefined:
          out.push({ from: number, to: number, matches, ...reasonOf(own[3]) });
          break;
        case '-next-line':
          out.push({ from: number + 1, to: number + 1, matches, ...reasonOf(own[3]) });
          break;
        case '-start':
          blocks.push({ from: number, list: own[2], rest: own[3] });
          break;
        case '-end': {
          const block = blocks.pop();
          if (block)
            out.push({ from: block.from, to: number, matches: ownMatcher(block.list), ...reasonOf(block.rest) });
          break;
        }
        default:
      }
    }
    const allowlist = ALLOWLIST.exec(line);
    if (allowlist) {
      const at = allowlist[1] ? number + 1 : number;
      out.push({ from: at, to: at, matches: ofCategory('secret', 'pii'), reason: 'pragma: allowlist' });
    }
    if (line.includes('gitleaks:allow'))
      out.push({ from: number, to: number, matches: ofCategory('secret'), reason: 'gitleaks:allow' });
    const nosec = NOSEC.exec(line);
    if (nosec) out.push({ from: number, to: number, matches: banditMatcher(nosec[1]), reason: 'nosec' });
    const noqa = NOQA.exec(line)?.[1];
    if (noqa && /\bS\d{3}\b/i.test(noqa))
      out.push({ from: number, to: number, matches: banditMatcher(noqa), reason: 'noqa' });
    const secretlint = SECRETLINT.exec(line);
    if (secretlint) {
      const secrets = { matches: ofCategory('secret'), reason: 'secretlint-disable' };
      const place = secretlint[2]?.toLowerCase();
      if (place === '-line') out.push({ from: number, to: number, ...secrets });
      else if (place === '-next-line') out.push({ from: number + 1, to: number + 1, ...secrets });
      else if (secretlint[1]?.toLowerCase() === 'disable') secretlintFrom ??= number;
      else if (secretlintFrom !== undefined) {
        out.push({ from: secretlintFrom, to: number, ...secrets });
        secretlintFrom = undefined;
      }
    }
  }
  // A block without an end reaches to the end of the file or cell.
  for (const block of blocks)
    out.push({
      from: block.from,
      to: Number.MAX_SAFE_INTEGER,
      matches: ownMatcher(block.list),
      ...reasonOf(block.rest),
    });
  if (secretlintFrom !== undefined)
    out.push({
      from: secretlintFrom,
      to: Number.MAX_SAFE_INTEGER,
      matches: ofCategory('secret'),
      reason: 'secretlint-disable',
    });
  return out;
}

/** `nosec` alone hides unsafe code; with numbers only what these numbers stand for. */
function banditMatcher(list: string | undefined): (rule: Rule) => boolean {
  const numbers = (list ?? '').match(/\d{3}/g);
  if (!numbers) return ofCategory('code');
  const patterns = numbers.flatMap((number) => BANDIT.get(Number(number)) ?? []);
  return (rule) => ruleMatches(rule.id, patterns);
}
