/** What is told of comments that are meant to hide findings and do not. */
import { LICENSE_RULES } from '../dependencies/licenses/rules';
import { DEPENDENCY_RULES } from '../dependencies/rules';
import type { Fix } from '../finding';
import { PII_RULES } from '../pii/rules';
import { PYTHON_RULES } from '../python/rules';
import { evidenceText } from '../redact';
import type { Rule } from '../rule';
import { SECRET_RULES } from '../secrets/rules';
import type { TextFindingDraft, TextSegment } from '../text/document';
import { OWN_WORDS, type OwnDirective } from './directives';
import { nearest, patternsOf, ruleMatches } from './patterns';
import { SUPPRESSION_RULES } from './rules';

/** Rules of findings in text: those that comments and tags can hide. */
const RULES: readonly Rule[] = [
  ...Object.values<Rule>(SECRET_RULES),
  ...Object.values<Rule>(PII_RULES),
  ...Object.values<Rule>(PYTHON_RULES),
  ...Object.values<Rule>(DEPENDENCY_RULES),
  ...Object.values<Rule>(LICENSE_RULES),
];

/** What is no name of a rule is not repeated: it could be anything. */
const NAME = /^[a-z\d*][a-z\d*-]{0,60}(?:\/[a-z\d*-]{0,60})?$/;

/** What a directive of our own gets wrong. */
export function* complaints(
  own: OwnDirective,
  used: boolean,
  isEnabled: (rule: Rule) => boolean,
): Generator<TextFindingDraft> {
  const { segment, word, patterns, unclosed, start, end } = own;
  if (!OWN_WORDS.includes(word)) {
    // Other sentences begin like it: `# watchtower: see below`.
    if (!/^(?:ignor|disabl|suppress|allow|skip|nosec|noqa)/.test(word)) return;
    const meant = nearest(word, OWN_WORDS) ?? 'ignore';
    yield notUnderstood(own, `"${evidenceText(word, 40)}" is no instruction; "${meant}" is one.`, start, end);
    return;
  }
  if (unclosed) {
    yield notUnderstood(own, 'The list of rules does not end with "]": nothing is hidden.', start, end);
    return;
  }
  if (patterns?.length === 0) {
    yield notUnderstood(own, 'The list of rules is empty: nothing is hidden.', start, end);
    return;
  }
  let unknown = false;
  for (const { text, start: at } of patterns ?? []) {
    if (RULES.some(({ id }) => ruleMatches(id, [text]))) continue;
    unknown = true;
    const meant = nearest(text, namesLike(text));
    const name = NAME.test(text) ? `"${evidenceText(text, 80)}"` : 'What stands in the list';
    const message = `${name} names no rule that a comment can hide${meant ? `; "${meant}" does` : ''}.`;
    yield notUnderstood(own, message, at, at + text.length, meant);
  }
  // What an editor shows of a notebook has not all of its outputs.
  const partly = word === 'ignore-file' && segment.cell !== undefined;
  if (used || unknown || partly || word === 'ignore-end') return;
  const meant = patterns?.map(({ text }) => text) ?? ['*'];
  // A rule that is switched off may have had something to hide.
  if (!RULES.every((rule) => !ruleMatches(rule.id, meant) || isEnabled(rule))) return;
  const fix = removal(own);
  yield {
    rule: SUPPRESSION_RULES.unused,
    message: `The comment hides nothing${word === 'ignore' ? ': there is no such finding on its line' : ''}.`,
    ...{ start, end, anchor: `${word}[${meant.filter((one) => NAME.test(one)).join()}]` },
    ...(fix && { fixes: [fix] }),
  };
}

/** What the tag of a cell gets wrong: it is told at the first line of the cell. */
export function tagComplaint(
  tag: string,
  listed: string | undefined,
  { text }: TextSegment,
): TextFindingDraft | undefined {
  const newline = text.indexOf('\n');
  const place = { start: 0, end: newline < 0 ? text.length : newline };
  const rule = SUPPRESSION_RULES['not-understood'];
  if (listed === undefined) {
    if (!/^watchtower(?![a-z])/i.test(tag) || /^watchtower-ignore$/.test(tag)) return undefined;
    return { rule, message: 'The tag of the cell is none that hides findings; "watchtower-ignore" is one.', ...place };
  }
  const unknown = patternsOf(listed).find((one) => !RULES.some(({ id }) => ruleMatches(id, [one])));
  if (unknown === undefined) return undefined;
  const meant = nearest(unknown, namesLike(unknown));
  const name = NAME.test(unknown) ? `"${evidenceText(unknown, 80)}"` : 'A word';
  const message = `${name} in the tag of the cell names no rule that it can hide${meant ? `; "${meant}" does` : ''}.`;
  return { rule, message, ...place };
}

/** Names that a misspelt one is compared with. */
const namesLike = (text: string): Iterable<string> =>
  text.includes('/')
    ? [...RULES.map(({ id }) => id), ...FAMILIES.map((family) => `${family}/*`)]
    : [...FAMILIES, ...RULES.map(({ id }) => id)];

const FAMILIES = [...new Set(RULES.map(({ id }) => id.slice(0, id.indexOf('/'))))];

function notUnderstood(
  { segment }: OwnDirective,
  message: string,
  start: number,
  end: number,
  meant?: string,
): TextFindingDraft {
  const place = meant === undefined ? undefined : edit(segment, start, end, meant);
  return {
    rule: SUPPRESSION_RULES['not-understood'],
    message,
    ...{ start, end },
    ...(place && { fixes: [{ title: `Change to ${meant}`, edits: [place] }] }),
  };
}

/** Takes the comment away, with its line when nothing else is on it. */
function removal({ segment, start, end }: OwnDirective): Fix | undefined {
  const { text } = segment;
  const begin = text.lastIndexOf('\n', start - 1) + 1;
  const newline = text.indexOf('\n', end);
  const lead = text.slice(begin, start);
  const rest = text.slice(end, newline < 0 ? text.length : newline).trim();
  const alone = lead.trim() === '' && rest === '';
  const from = alone ? begin : start - (lead.length - lead.trimEnd().length);
  const place = edit(segment, from, alone && newline >= 0 ? newline + 1 : end, '');
  return place && { title: 'Remove the comment', edits: [place] };
}

function edit(segment: TextSegment, start: number, end: number, newText: string): Fix['edits'][number] | undefined {
  const { line, column, endLine, endColumn } = segment.locate(start, end);
  return line === undefined || column === undefined || endLine === undefined || endColumn === undefined
    ? undefined
    : { line, column, endLine, endColumn, newText };
}
