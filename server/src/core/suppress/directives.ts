/** The comments that hide findings: Watchtower's own, and those of other scanners. */
import type { Category } from '../finding';
import { evidenceText } from '../redact';
import type { Rule } from '../rule';
import { withoutSecrets } from '../secrets/embedded';
import type { TextSegment } from '../text/document';
import { keywords, type Occurrences } from '../text/keywordPass';
import { checksOf, rulesOfChecks } from './bandit';
import { Comments } from './comments';
import { patternsOf, ruleMatches } from './patterns';

export const HIDEABLE: ReadonlySet<Category> = new Set(['secret', 'pii', 'code', 'dependency', 'license']);

/** Words without which a text holds no directive; the first is that of our own. */
export const DIRECTIVE_WORDS = keywords(
  [
    ...['watchtower', 'allowlist', 'allow-list', 'whitelist', 'gitleaks:allow', 'nosec', 'noqa', 'secretlint-'],
    ...['trufflehog:ignore', 'ggignore'],
  ],
  false,
);
const OWN_WORD = 0;

/** Says whether a directive may be in a line at all. */
const MARK =
  /watchtower\s*:|allow-?list|whitelist|gitleaks:allow|nosec\b|noqa\s*:[^#\n]{0,200}\bS\d{3}|secretlint-(?:dis|en)able|trufflehog:ignore|ggignore/i;

export interface Directive {
  /** Offsets of the segment that it reaches. */
  readonly start: number;
  readonly end: number;
  /** The statement that it stands in, which is one finding for code that is unsafe. */
  readonly statement?: { readonly start: number; readonly end: number };
  /** The whole document is meant, not this segment. */
  readonly file?: true;
  readonly matches: (rule: Rule) => boolean;
  /** What is told beside what is hidden. */
  readonly reason?: string;
  /** Where `reason` was read, when the file gives it. */
  readonly told?: { readonly start: number; readonly end: number };
  /** Our own: what it says, and where. */
  readonly own?: OwnDirective;
}

export interface OwnDirective {
  readonly segment: TextSegment;
  /** Range of the comment, from what opens it to its end. */
  readonly start: number;
  readonly end: number;
  /** What it is meant to do: `ignore`, `ignore-next-line`, or a word that is not known. */
  readonly word: string;
  /** Rules that it names, with their places; undefined when it means all. */
  readonly patterns: readonly { readonly text: string; readonly start: number }[] | undefined;
  /** It begins a list of rules and does not end it. */
  readonly unclosed: boolean;
}

/** The end of a line that holds a directive. */
export interface MarkedLine {
  /** Offsets of the part that is looked at, which is the end of the line. */
  readonly from: number;
  readonly to: number;
  /** Offset at which the line itself begins. */
  readonly start: number;
}

/** Longest stretch of a line that is searched for a directive: its end, where comments are. */
const LINE_TAIL = 1000;

/** Whether the word of our own directives is among some occurrences. */
export function mayBeOwn(occurrences: Occurrences): boolean {
  for (let i = 0; i < occurrences.length; i += 1) if (occurrences.keyword(i) === OWN_WORD) return true;
  return false;
}

/** The lines in which a directive may stand. */
export function markedLines(text: string, occurrences: Occurrences): MarkedLine[] {
  const found: MarkedLine[] = [];
  let end = -1;
  for (let i = 0; i < occurrences.length; i += 1) {
    const place = occurrences.end(i);
    if (place <= end) continue;
    const start = text.lastIndexOf('\n', place - 1) + 1;
    end = text.indexOf('\n', place);
    if (end < 0) end = text.length;
    const from = Math.max(start, end - LINE_TAIL);
    if (MARK.test(text.slice(from, end))) found.push({ from, to: end, start });
  }
  return found;
}

const OPENER = String.raw`(#|\/\/|--|<!--|;|\/\*|\*|%|'|REM(?=[ \t])|::)`;
const OWN = new RegExp(
  String.raw`${OPENER}[ \t]*watchtower[ \t]*:[ \t]*([a-z][\w-]{0,40})(?:[ \t]*\[([^\]\n]{0,400})(\]?)|[ \t]+([a-z][a-z-]{1,40}\/[a-z\d*][\w*-]{0,60}))?([^\n]{0,300})`,
  'gi',
);
/** detect_secrets/filters/allowlist.py; the word may also be hyphenated. */
const ALLOWLIST = new RegExp(
  String.raw`${OPENER}[ \t]*pragma[ \t]*:[ \t]*(?:allow|white)-?list([ \t-]+next-?line)?[ -]+secret\b`,
  'gi',
);
const ANYWHERE = new RegExp(String.raw`${OPENER}[^\n]{0,200}?(gitleaks:allow|trufflehog:ignore|ggignore)\b`, 'gi');
const BARE = /gitleaks:allow|trufflehog:ignore/i;
/** bandit/core/manager.py */
const NOSEC = /(#)[ \t]*nosec\b:?[ \t]*([^#\n]{0,300})/gi;
const NOQA =
  /(#)[ \t]*((?:ruff|flake8)[ \t]*[:=][ \t]*)?noqa[ \t]*:[ \t]*([A-Z0-9, \t]{0,200}?\bS\d{3}[A-Z0-9, \t]{0,200})/gi;
const SECRETLINT = new RegExp(String.raw`${OPENER}[ \t]*secretlint-(disable|enable)(-line|-next-line)?\b`, 'gi');

const ofCategory =
  (...categories: Category[]) =>
  (rule: Rule): boolean =>
    categories.includes(rule.category);

const anyRule = (rule: Rule): boolean => HIDEABLE.has(rule.category);

const matcherOf =
  (patterns: readonly string[]) =>
  (rule: Rule): boolean =>
    ruleMatches(rule.id, patterns);

/** Everything from a place on. */
const REST = Number.MAX_SAFE_INTEGER;

/** A line, or several, that a comment reaches. */
type Reach = Pick<Directive, 'start' | 'end' | 'statement'>;

/** Reads the directives of one segment. */
export function directivesOf(segment: TextSegment, lines: readonly MarkedLine[]): Directive[] {
  const reader = new Reader(segment);
  for (const line of lines) reader.line(line);
  return reader.finish();
}

class Reader {
  readonly #found: Directive[] = [];
  readonly #blocks: { start: number; rest: Omit<Directive, 'start' | 'end'> }[] = [];
  #secretlint: number | undefined;
  #comments: Comments | undefined;

  constructor(private readonly segment: TextSegment) {}

  line(marked: MarkedLine): void {
    const text = this.segment.text.slice(marked.from, marked.to);
    for (const match of this.#each(OWN, text, marked)) this.#own(match, marked);
    for (const { at, groups } of this.#each(ALLOWLIST, text, marked)) {
      const reach = groups[2] === undefined ? this.#here(marked, at) : this.#next(marked);
      this.#found.push({ ...reach, matches: ofCategory('secret', 'pii'), reason: 'pragma: allowlist' });
    }
    for (const { at, groups } of this.#each(ANYWHERE, text, marked))
      this.#found.push({
        ...this.#here(marked, at),
        matches: ofCategory('secret'),
        reason: groups[2]?.toLowerCase() ?? '',
      });
    const bare = BARE.exec(text)?.[0].toLowerCase();
    if (bare !== undefined && this.#reading.none)
      this.#found.push({ start: marked.start, end: marked.to, matches: ofCategory('secret'), reason: bare });
    for (const { at, groups } of this.#each(NOSEC, text, marked)) {
      const checks = checksOf(groups[2] ?? '');
      const matches = checks ? matcherOf(rulesOfChecks(checks)) : ofCategory('code');
      this.#found.push({ ...this.#here(marked, at), matches, reason: 'nosec' });
    }
    for (const { at, groups } of this.#each(NOQA, text, marked)) {
      const checks = [...(groups[3] ?? '').matchAll(/\bS(\d{3})\b/gi)].map(([, number]) => Number(number));
      if (checks.length === 0) continue;
      const reach = groups[2] === undefined ? this.#here(marked, at) : { start: 0, end: REST };
      this.#found.push({
        ...reach,
        matches: matcherOf(rulesOfChecks(checks)),
        reason: 'noqa',
        ...(groups[2] !== undefined && { file: true }),
      });
    }
    for (const { at, groups } of this.#each(SECRETLINT, text, marked)) this.#lint(groups, at, marked);
  }

  finish(): Directive[] {
    // A block without an end reaches to the end of the file or cell.
    for (const { start, rest } of this.#blocks) this.#found.push({ start, end: REST, ...rest });
    if (this.#secretlint !== undefined) this.#found.push({ ...SECRETLINT_HIDES, start: this.#secretlint, end: REST });
    return this.#found;
  }

  get #reading(): Comments {
    this.#comments ??= new Comments(this.segment);
    return this.#comments;
  }

  /** Matches of a pattern whose first group opens a comment, where one can stand. */
  *#each(pattern: RegExp, text: string, { from }: MarkedLine): Generator<{ at: number; groups: RegExpExecArray }> {
    pattern.lastIndex = 0;
    for (let groups = pattern.exec(text); groups; groups = pattern.exec(text)) {
      const at = from + groups.index;
      const opener = groups[1] as string;
      if (this.#reading.opens(at, opener)) yield { at, groups };
      // Another comment may begin within this one.
      pattern.lastIndex = groups.index + opener.length;
    }
  }

  /** The line of a comment, and the lines that cannot have one of their own. */
  #here({ start, to }: MarkedLine, at: number): Reach {
    const all = this.#reading.statement(at, true);
    const own = all && this.#reading.statement(at, false);
    return { ...(own ?? { start, end: to }), ...(all && { statement: all }) };
  }

  #next({ to }: MarkedLine): Reach {
    const { text } = this.segment;
    const start = to + 1;
    const newline = text.indexOf('\n', start);
    const all = this.#reading.statementFrom(start, true);
    const own = all && this.#reading.statementFrom(start, false);
    return { ...(own ?? { start, end: newline < 0 ? text.length : newline }), ...(all && { statement: all }) };
  }

  #own({ at, groups }: { at: number; groups: RegExpExecArray }, marked: MarkedLine): void {
    const [whole, opener = '', written = '', list, close, bare, rest = ''] = groups;
    const word = written.toLowerCase();
    const closing = opener === '<!--' ? '-->' : opener === '/*' ? '*/' : undefined;
    const cut = closing === undefined ? rest.length : rest.indexOf(closing);
    const said = cut < 0 ? rest : rest.slice(0, cut);
    const told = marked.from + groups.index + whole.length - rest.length;
    const end = told + said.length + (cut >= 0 ? (closing?.length ?? 0) : 0);
    const names = list ?? bare;
    const patterns = names === undefined ? undefined : placesOf(names, at + whole.indexOf(names, opener.length));
    const own: OwnDirective = {
      segment: this.segment,
      ...{ start: at, end: this.segment.text[end - 1] === '\r' ? end - 1 : end },
      ...{ word, patterns, unclosed: list !== undefined && close !== ']' },
    };
    const texts = patterns?.map(({ text }) => text);
    const reason = said.replace(/^[\s:–—-]+/, '').trim();
    const rest_: Omit<Directive, 'start' | 'end'> = {
      matches: own.unclosed ? () => false : texts ? matcherOf(texts) : anyRule,
      own,
      ...(reason && {
        reason: evidenceText(withoutSecrets(reason), 200),
        told: { start: told, end: told + said.length },
      }),
    };
    switch (word) {
      case 'ignore':
        this.#found.push({ ...rest_, ...this.#here(marked, at) });
        break;
      case 'ignore-next-line':
        this.#found.push({ ...rest_, ...this.#next(marked) });
        break;
      case 'ignore-file':
        this.#found.push({ ...rest_, start: 0, end: REST, file: true });
        break;
      case 'ignore-start':
        this.#blocks.push({ start: marked.start, rest: rest_ });
        break;
      case 'ignore-end': {
        const block = this.#blocks.pop();
        if (block) this.#found.push({ start: block.start, end: marked.to, ...block.rest });
        break;
      }
      default:
        this.#found.push({ ...rest_, start: 0, end: 0, matches: () => false });
    }
  }

  #lint(groups: RegExpExecArray, at: number, marked: MarkedLine): void {
    const place = groups[3]?.toLowerCase();
    if (place === '-line') this.#found.push({ ...SECRETLINT_HIDES, ...this.#here(marked, at) });
    else if (place === '-next-line') this.#found.push({ ...SECRETLINT_HIDES, ...this.#next(marked) });
    else if (groups[2]?.toLowerCase() === 'disable') this.#secretlint ??= marked.start;
    else if (this.#secretlint !== undefined) {
      this.#found.push({ ...SECRETLINT_HIDES, start: this.#secretlint, end: marked.to });
      this.#secretlint = undefined;
    }
  }
}

const SECRETLINT_HIDES = { matches: ofCategory('secret'), reason: 'secretlint-disable' };

function placesOf(list: string, start: number): { text: string; start: number }[] {
  const found: { text: string; start: number }[] = [];
  let at = 0;
  for (const text of patternsOf(list)) {
    at = list.toLowerCase().indexOf(text, at);
    found.push({ text, start: start + at });
    at += text.length;
  }
  return found;
}

/** Words that are instructions. */
export const OWN_WORDS: readonly string[] = ['ignore', 'ignore-next-line', 'ignore-file', 'ignore-start', 'ignore-end'];
