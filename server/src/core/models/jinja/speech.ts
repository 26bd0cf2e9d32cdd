/** What a template says to the model by itself, and what of it a reader does not see. */
import { evidenceText } from '../../redact';
import type { Value } from './evaluate';
import { children, type Expression, type Statement } from './parser';

/** Characters of a text in which a sentence is looked for. */
const SPOKEN_LIMIT = 4000;

/** Sentences by which a prompt works against its user or against the rules that were given before it. */
const INSTRUCTION =
  /\b(?:ignore|disregard|forget|override)\s+(?:all\s+|any\s+|the\s+|your\s+)*(?:(?:previous|prior|above|earlier|preceding)\s+(?:\w+\s+)?(?:instructions?|prompts?|messages?|rules|guidelines)|system\s+prompts?|safety\s+(?:rules|guidelines|instructions?))\b|\b(?:do not|don't|never)\s+(?:tell|inform|mention|reveal|disclose)\s+(?:\w+\s+){0,4}(?:to\s+)?(?:the\s+)?users?\b(?!\s+about\s+(?:the\s+|any\s+)?(?:functions?|tools?)\b)|\b(?:do not|don't|never)\s+(?:reveal|disclose|mention)\s+(?:this|these)\s+(?:instructions?|rules?|messages?)\b|\bwithout\s+(?:telling|informing|notifying|the knowledge of)\s+the\s+user\b|\bkeep\s+(?:this|these)(?:\s+\w+){0,3}\s+(?:secret|hidden)\b|\bnever\s+refuse\b|\b(?:no|without(?:\s+any)?)\s+(?:content\s+|safety\s+|ethical\s+)?(?:restrictions?|censorship|filters?)\s*(?:[,.;!]|and\b|$)|\byou\s+are\s+(?:now\s+)?(?:DAN\b|jailbroken\b|in\s+developer\s+mode)|\bexfiltrate\b|\bsecretly\b/i;

/** A web address that goes on with what comes next. */
export const OPEN_ADDRESS = /https?:\/\/[^\s"'<>]*[?&=/]$/i;

const BASE64_TEXT = /[A-Za-z0-9+/]{40,}={0,2}/;

/** Sentences of that kind in a text, written out or in base64. At most one of each. */
export function* instructionsIn(text: string): Generator<{ what: string; offset: number; anchor: string }> {
  const found = INSTRUCTION.exec(text);
  if (found) {
    yield {
      what: `The template tells the model: "${evidenceText(found[0], 80)}".`,
      offset: found.index,
      anchor: found[0].toLowerCase(),
    };
  }
  const encoded = BASE64_TEXT.exec(text);
  const decoded = encoded ? plainText(encoded[0]) : undefined;
  if (encoded && decoded !== undefined) {
    yield {
      what: `The template holds a sentence in base64: "${evidenceText(decoded, 80)}".`,
      offset: encoded.index,
      anchor: encoded[0].slice(0, 80),
    };
  }
}

/** What base64 decodes to, when that is words. */
function plainText(encoded: string): string | undefined {
  let decoded: string;
  try {
    decoded = atob(encoded.replace(/=+$/, '').slice(0, Math.floor(encoded.length / 4) * 4));
  } catch {
    return undefined;
  }
  return /^[\t\n\r\x20-\x7e]+$/.test(decoded) && /[A-Za-z']{2,}(?:[ ,]+[A-Za-z']+){3,}/.test(decoded)
    ? decoded
    : undefined;
}

/** Emoji join with U+200D, and scripts such as Persian with U+200C: those two are left alone unless they stand in a row. */
const INVISIBLE =
  /[\u{e0000}-\u{e007f}\u202a-\u202e\u2066-\u2069\u200b\u2060-\u2064\u180e\u00ad\ufeff\u{fe000}-\u{fe0ff}]|[\u200b-\u200d\u2060]{4,}/gu;

/** Kinds of invisible characters in a text; `mild` for single ones of zero width, which copying leaves behind. */
export function* invisibleIn(text: string): Generator<{ what: string; offset: number; mild: boolean }> {
  const seen = new Set<string>();
  let zeroWidth = 0;
  let first = -1;
  for (const match of text.matchAll(INVISIBLE)) {
    const code = match[0].codePointAt(0) as number;
    const tag = code >= 0xe0000 && code <= 0xe007f;
    // A flag emoji is spelled with tags behind U+1F3F4; a byte order mark at the very start is one.
    if (tag && /\u{1f3f4}[\u{e0020}-\u{e007f}]*$/u.test(text.slice(Math.max(0, match.index - 16), match.index)))
      continue;
    if (code === 0xfeff && match.index === 0) continue;
    if (!tag && !(code >= 0x202a && code <= 0x2069 && (code < 0x2060 || code > 0x2064))) {
      zeroWidth += match[0].length;
      if (first < 0) first = match.index;
      continue;
    }
    const what = tag ? 'Unicode tag characters' : 'bidirectional controls';
    if (seen.has(what)) continue;
    seen.add(what);
    yield { what, offset: match.index, mild: false };
  }
  // Bits of a message are spelled with rows of them.
  if (zeroWidth) yield { what: 'zero-width characters', offset: first, mild: zeroWidth < 4 };
}

/** Letters of Cyrillic and Greek that look like Latin ones. */
const LOOKALIKE =
  '\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406\u0408\u0405\u03bf\u03b1\u03c1\u03bd\u0391\u0392\u0395\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a7';
const MIXED = new RegExp(`[A-Za-z${LOOKALIKE}]{4,40}`, 'gu');
const LATIN = /[A-Za-z]/;
const FOREIGN = new RegExp(`[${LOOKALIKE}]`, 'u');

/** A word of Latin letters in which some are look-alikes of another script. */
export function mixedWord(text: string): { text: string; offset: number } | undefined {
  if (!FOREIGN.test(text)) return undefined;
  for (const match of text.matchAll(MIXED)) {
    const before = text[match.index - 1] ?? ' ';
    const after = text[match.index + match[0].length] ?? ' ';
    if (/[\p{L}\p{N}]/u.test(before) || /[\p{L}\p{N}]/u.test(after)) continue;
    if (LATIN.test(match[0]) && FOREIGN.test(match[0])) return { text: match[0], offset: match.index };
  }
  return undefined;
}

/** Words, as opposed to the markers, brackets and line ends that templates honestly put for one another. */
export function isWording(text: string): boolean {
  return /^[\p{L}\p{N}][\p{L}\p{N} ,.:/@'_-]{2,}$/u.test(text) && /\p{L}{3}/u.test(text);
}

type ConstantOf = (expression: Expression) => Value | undefined;

/** Words that a condition looks for in what a message says; markers such as `</think>` are the format's own. */
export function contentTrigger(
  test: Expression,
  constant: ConstantOf,
  contents: ReadonlySet<string>,
): string | undefined {
  for (const [word, subject] of comparisons(test)) {
    const text = constant(word);
    if (
      typeof text === 'string' &&
      /^[\p{L}\p{N}][\p{L}\p{N} ,.'?!_-]*$/u.test(text) &&
      readsContent(subject, contents)
    )
      return text;
  }
  return undefined;
}

/** A date or time that a condition waits for. */
export function dateTrigger(test: Expression, constant: ConstantOf, dates: ReadonlySet<string>): string | undefined {
  for (const [value, subject] of comparisons(test)) {
    const known = constant(value);
    if ((typeof known === 'string' || typeof known === 'number') && readsDate(subject, dates)) return String(known);
  }
  return undefined;
}

/** Pairs of what is compared with what, in any comparison, test or search of an expression, both ways round. */
function* comparisons(test: Expression): Generator<[Expression, Expression]> {
  const stack: Expression[] = [test];
  while (stack.length) {
    const node = stack.pop() as Expression;
    if (node.kind === 'binary' && ['in', '==', '!=', '<', '>', '<=', '>=', 'not in'].includes(node.operator)) {
      yield [node.left, node.right];
      if (!node.operator.endsWith('in')) yield [node.right, node.left];
    } else if (node.kind === 'test' && node.args[0]) {
      yield [node.args[0].value, node.target];
    } else if (node.kind === 'call' && node.callee.kind === 'attribute' && node.args[0]) {
      if (/^(?:startswith|endswith|find|rfind|index|count|__contains__)$/.test(node.callee.name))
        yield [node.args[0].value, node.callee.target];
    }
    stack.push(...children(node));
  }
}

function someNode(expression: Expression, holds: (node: Expression) => boolean): boolean {
  const stack: Expression[] = [expression];
  while (stack.length) {
    const node = stack.pop() as Expression;
    if (holds(node)) return true;
    stack.push(...children(node));
  }
  return false;
}

/** @param contents variables that were given what a message says */
export function readsContent(expression: Expression, contents: ReadonlySet<string>): boolean {
  return someNode(
    expression,
    (node) =>
      (node.kind === 'attribute' && node.name === 'content') ||
      (node.kind === 'constant' && node.value === 'content') ||
      (node.kind === 'name' &&
        (contents.has(node.name) || /^(?:content|text|prompt|user_message|last_message|query)$/.test(node.name))),
  );
}

/** @param dates variables that were given the date */
export function readsDate(expression: Expression, dates: ReadonlySet<string>): boolean {
  return someNode(expression, (node) => node.kind === 'name' && (node.name === 'strftime_now' || dates.has(node.name)));
}

/** A sentence (at least four words) that a branch writes, as text or as a constant. */
export function spokenText(body: readonly Statement[]): string | undefined {
  const sentence = (text: string) => {
    const found = /[\p{L}'’]{2,}(?:[\s,]+[\p{L}'’]+){3,}/u.exec(
      text.slice(0, SPOKEN_LIMIT).replace(/<\|?[^<>]{1,40}\|?>/g, '. '),
    );
    return found?.[0];
  };
  for (const statement of body) {
    let said: string | undefined;
    if (statement.kind === 'text') said = sentence(statement.value);
    else if (statement.kind === 'if') {
      for (const branch of statement.branches) said ??= spokenText(branch.body);
    } else if (statement.kind === 'print' || statement.kind === 'set') {
      const stack: Expression[] = statement.value ? [statement.value] : [];
      if (statement.kind === 'set') said = spokenText(statement.body);
      while (stack.length && !said) {
        const node = stack.pop() as Expression;
        // An error message is for the developer, not for the model.
        if (node.kind === 'call' && node.callee.kind === 'name' && node.callee.name === 'raise_exception') continue;
        if (node.kind === 'constant' && typeof node.value === 'string') said = sentence(node.value);
        stack.push(...children(node));
      }
    }
    if (said) return said;
  }
  return undefined;
}
