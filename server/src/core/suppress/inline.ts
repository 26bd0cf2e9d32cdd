/**
 * Comments and cell tags by which a file hides findings of its own. They reach findings in text only: what a model does
 * is never hidden by what stands beside it, and everything hidden is counted and listed.
 */
import type { Finding, Severity } from '../finding';
import { lastAtMost } from '../python/lines';
import { evidenceText } from '../redact';
import type { Rule } from '../rule';
import type { KeywordFamily, TextDocument, TextFindingDraft, TextSegment } from '../text/document';
import type { Occurrences } from '../text/keywordPass';
import { complaints, tagComplaint } from './complaints';
import {
  DIRECTIVE_WORDS,
  type Directive,
  directivesOf,
  HIDEABLE,
  type MarkedLine,
  markedLines,
  mayBeOwn,
} from './directives';
import { patternsOf, ruleMatches } from './patterns';

type Suppressed = NonNullable<Finding['suppressed']>;

/** Code that attacks whoever runs it would bring its own pardon along: only the user's lists can hide it. */
function isHostile(rule: Rule, severity: Severity): boolean {
  return rule.category === 'code' && (severity === 'critical' || rule.id === 'python/import-time-execution');
}

/** Whether a comment or a cell tag can hide a finding. */
export const canBeHidden = (rule: Rule, severity: Severity): boolean =>
  HIDEABLE.has(rule.category) && !isHostile(rule, severity);

export const DIRECTIVE_KEYWORDS: KeywordFamily = { words: () => DIRECTIVE_WORDS, reads: mayDirect };

/** Tags that hide the findings of a cell: `watchtower-ignore`, `watchtower-ignore:secret/password`. */
const TAG = /^watchtower-ignore(?::(.+))?$/;

/** The suppressions of one document. Nothing is searched before the first finding asks. */
export class InlineSuppressions {
  readonly #marked = new Map<TextSegment, readonly MarkedLine[]>();
  readonly #bySegment = new Map<TextSegment, Directives>();
  readonly #used = new Set<Directive>();
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
    if (!canBeHidden(rule, severity)) return undefined;
    for (const tag of segment.tags ?? []) {
      const match = TAG.exec(tag);
      if (match && (match[1] === undefined || ruleMatches(rule.id, patternsOf(match[1])))) {
        return { by: 'cell', reason: evidenceText(`cell tag ${tag}`, 100) };
      }
    }
    for (const directive of this.#directives(segment).around(start, end)) {
      if (directive.matches(rule) && reaches(directive, start, end, rule))
        return this.#hides('inline', directive, segment, start, end);
    }
    this.#whole ??= this.document.segments.flatMap((one) => this.#directives(one).all.filter(({ file }) => file));
    for (const directive of this.#whole) {
      if (directive.matches(rule)) return this.#hides('file', directive, segment, start, end);
    }
    return undefined;
  }

  #hides(by: 'inline' | 'file', directive: Directive, segment: TextSegment, start: number, end: number): Suppressed {
    this.#used.add(directive);
    const { reason, told, own } = directive;
    // What is hidden is not told by the comment that hides it.
    const repeats = told !== undefined && (own?.segment !== segment || (start < told.end && end > told.start));
    return { by, ...(reason && !repeats && { reason }) };
  }

  /** What is wrong with the comments of our own, once all findings have asked. */
  *complaints(isEnabled: (rule: Rule) => boolean): Generator<{ segment: TextSegment; draft: TextFindingDraft }> {
    for (const segment of this.document.segments) {
      for (const tag of mayDirect(segment) ? (segment.tags ?? []) : []) {
        const draft = tagComplaint(tag, TAG.exec(tag)?.[1], segment);
        if (draft) yield { segment, draft };
      }
      if (!mayDirect(segment) || !mayBeOwn(this.occurrences(segment))) continue;
      for (const directive of this.#directives(segment).all) {
        if (directive.own)
          for (const draft of complaints(directive.own, this.#used.has(directive), isEnabled)) yield { segment, draft };
      }
    }
  }

  #markedLines(segment: TextSegment): readonly MarkedLine[] {
    let known = this.#marked.get(segment);
    if (!known) {
      known = mayDirect(segment) ? markedLines(segment.text, this.occurrences(segment)) : [];
      this.#marked.set(segment, known);
    }
    return known;
  }

  #directives(segment: TextSegment): Directives {
    let known = this.#bySegment.get(segment);
    if (!known) {
      const lines = this.#markedLines(segment);
      known = lines.length > 0 ? new Directives(directivesOf(segment, lines)) : NO_DIRECTIVES;
      this.#bySegment.set(segment, known);
    }
    return known;
  }
}

/** The directives of a segment, by the places that they reach. */
class Directives {
  /** Those of a line or a statement, by their start. */
  readonly #narrow: readonly Directive[];
  /** Of each of them, the furthest end so far. */
  readonly #ends: readonly number[];
  /** Blocks that are not ended. */
  readonly #wide: readonly Directive[];

  constructor(readonly all: readonly Directive[]) {
    const placed = all.filter(({ file }) => !file);
    this.#wide = placed.filter(({ end }) => end === Number.MAX_SAFE_INTEGER);
    this.#narrow = placed.filter(({ end }) => end !== Number.MAX_SAFE_INTEGER).sort((a, b) => startOf(a) - startOf(b));
    let furthest = -1;
    this.#ends = this.#narrow.map(({ end, statement }) => {
      furthest = Math.max(furthest, end, statement?.end ?? 0);
      return furthest;
    });
  }

  /** Those that may reach a finding. */
  *around(start: number, end: number): Generator<Directive> {
    for (let i = lastAtMost(this.#narrow.length, (at) => startOf(this.#narrow[at] as Directive), end); i >= 0; i -= 1) {
      if ((this.#ends[i] as number) < start) break;
      yield this.#narrow[i] as Directive;
    }
    yield* this.#wide;
  }
}

const startOf = ({ start, statement }: Directive): number => Math.min(start, statement?.start ?? start);
const NO_DIRECTIVES = new Directives([]);

/** Unsafe code is hidden by a comment on the first or last line of its statement, all else by one on its own lines. */
function reaches({ start, end, statement }: Directive, from: number, to: number, rule: Rule): boolean {
  if (from < end && to > start) return true;
  if (from === to && from >= start && from <= end) return true;
  return rule.category === 'code' && statement !== undefined && from < statement.end && to > statement.start;
}

/** What a program printed gives no orders. */
function mayDirect({ kind }: TextSegment): boolean {
  return kind !== 'output' && kind !== 'attachment' && kind !== 'metadata' && kind !== 'table';
}
