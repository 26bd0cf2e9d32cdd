/** Finds the personal data of one passage of text. */
import { countrySpecs } from 'ibantools';
import { isEmpty } from '../text/survey';
import { closesHere, opensHere } from './bounds';
import { FirstWords, Labels } from './context';
import { findEmails } from './email';
import { Forms } from './forms';
import { type Hit, isDigit, isWordCode, type Passage, Taken } from './hits';
import { IDENTIFIERS, type Identifier, isSample } from './identifiers';
import { findIpAddresses, findMacAddresses, walletAddress } from './network';
import { findPersonal } from './people';
import { findPhones } from './phone';
import { CLASS_SEVERITY, ENTITIES } from './rules';

const LONGEST_WORD = 90;

const byFirst = (first: readonly Identifier['first'][]): readonly Identifier[] =>
  IDENTIFIERS.filter((id) => first.includes(id.first));
/** Identifiers that a value may be, and those of them that need no context. */
interface Candidates {
  readonly all: readonly Identifier[];
  readonly bare: readonly Identifier[];
}

/** Most words of a program begin with the shape of none of them. */
const formsOf = (identifiers: readonly Identifier[]): Forms<Candidates> =>
  new Forms(
    identifiers.map(({ pattern }) => pattern),
    (which) => {
      const all = which.map((index) => identifiers[index] as Identifier);
      return { all, bare: all.filter(({ bare, short }) => bare !== undefined && !short) };
    },
  );
const DIGITS = formsOf(byFirst(['digits', 'any']));
const MIXED = formsOf(byFirst(['mixed', 'any']));
const LETTERS = formsOf(byFirst(['letters', 'any']));

/** Any word that speaks of any identifier: most labels hold none. */
const ANY_CONTEXT = new FirstWords(IDENTIFIERS.map(({ context }) => context));

/**
 * Personal data of a passage, in the order of the text, without overlaps.
 * @param checkTime called now and then; may throw
 */
export function findPersonalData(passage: Passage, checkTime: () => void): Hit[] {
  if (passage.persons.length === 0 && isEmpty(passage.survey)) return [];
  const hits: Hit[] = [];
  const taken = new Taken();
  findEmails(passage, taken, hits);
  findMacAddresses(passage, taken, hits);
  findIpAddresses(passage, taken, hits);
  checkTime();
  findPersonal(passage, taken, hits);
  findIdentifiers(passage, taken, hits, checkTime);
  findPhones(passage, taken, hits);
  return withoutDoubts(hits).sort((a, b) => a.start - b.start);
}

/** What has a mere shape is dropped where something that more speaks for was found. */
function withoutDoubts(hits: Hit[]): Hit[] {
  const sure = hits.filter(({ severity }) => severity !== undefined);
  if (sure.length === 0 || sure.length === hits.length) return hits;
  const told = new Taken();
  for (const { start, end } of sure) told.add(start, end);
  return hits.filter(({ severity, start, end }) => severity !== undefined || !told.overlaps(start, end));
}

function findIdentifiers(passage: Passage, taken: Taken, hits: Hit[], checkTime: () => void): void {
  const { words } = passage.survey;
  if (words.length === 0) return;
  const search: Search = { passage, labels: new Labels(passage), taken, hits };
  let done = 0;
  for (let index = 0; index < words.length; index += 5) {
    const start = words[index] as number;
    if (start < done) continue;
    if ((index & 0xfff) === 0) checkTime();
    if ((words[index + 1] as number) - start <= LONGEST_WORD) done = judgeWord(search, index);
  }
}

/** What is the same for all words of a passage. */
interface Search {
  readonly passage: Passage;
  readonly labels: Labels;
  readonly taken: Taken;
  readonly hits: Hit[];
}

/**
 * @param index of the word among the numbers of the survey
 * @returns end of what was found at the word, or the word's end
 */
function judgeWord(search: Search, index: number): number {
  const { text, survey } = search.passage;
  const start = survey.words[index] as number;
  const end = survey.words[index + 1] as number;
  const digits = survey.words[index + 2] as number;
  const letters = digits < end - start;
  if (letters && end - start >= SHORTEST_WALLET && findWallet(search, start, end)) return end;
  // `HRB 12345`, `HH AB 1234`, `AA 12 34 56 B`: the value begins with short words before the digits.
  const near = headBefore(text, start);
  if (near >= 0) {
    const far = headBefore(text, near);
    const found =
      (far >= 0 && bestAt(search, index, far, LETTERS.at(text, far))) ||
      bestAt(search, index, near, LETTERS.at(text, near));
    if (found > 0) return found;
  }
  // Separators let a value go on; a lone short number is nobody's number.
  if (digits < 5 && end - start < 5 && (survey.words[index + 3] as number) <= end - start) return end;
  return bestAt(search, index, start, (letters ? MIXED : DIGITS).at(text, start)) || end;
}

/** Letters and digits of the shortest address of a wallet. */
const SHORTEST_WALLET = 26;

function findWallet({ passage: { text }, labels, taken, hits }: Search, start: number, end: number): boolean {
  if (!closesHere(text, end) || taken.overlaps(start, end)) return false;
  const wallet = walletAddress(text.slice(start, end), () =>
    / (?:wallet|address|eth|ethereum|btc|bitcoin|crypto|contract|0x) /.test(labels.at(start, end)),
  );
  if (!wallet) return false;
  hits.push({ entity: 'CRYPTO', start, end, ...wallet });
  taken.add(start, end);
  return true;
}

/** Where a word of at most three letters begins that a single separator joins to what begins at `start`; or -1. */
function headBefore(text: string, start: number): number {
  const separator = text.charCodeAt(start - 1);
  if (separator !== 32 && separator !== 45) return -1;
  const last = start - 1;
  let head = last;
  while (head > 0 && last - head < 4) {
    const c = text.charCodeAt(head - 1);
    if (isDigit(c) || !isWordCode(c)) break;
    head -= 1;
  }
  return head === last || last - head > 3 ? -1 : head;
}

/**
 * The identifier that fits best at a place, the word's or one in front of it.
 * @param candidates what the value may be
 * @returns its end, or 0
 */
function bestAt(
  { passage, labels, taken, hits }: Search,
  index: number,
  start: number,
  candidates: Candidates | undefined,
): number {
  const { text, plain, survey } = passage;
  if (!candidates || !opensHere(text, start)) return 0;
  const wordStart = survey.words[index] as number;
  const wordEnd = survey.words[index + 1] as number;
  if (taken.overlaps(wordStart, wordEnd)) return 0;
  const passes = labels.mayPass(start, wordEnd, ANY_CONTEXT);
  if (!passes && !plain && (candidates.bare.length === 0 || !mayStandBare(survey.words, index, start))) return 0;
  const label = passes ? labels.at(start, wordEnd) : '';
  const speaks = label !== '';
  const tried = speaks || plain ? candidates.all : candidates.bare;
  let best: Hit | undefined;
  let bestRank = 0;
  for (const identifier of tried) {
    if (passage.countries && identifier.country && !passage.countries.has(identifier.country)) continue;
    const end = identifier.entity === 'IBAN_CODE' ? ibanEnd(text, start) : matchEnd(identifier.pattern, text, start);
    if (end <= start || !closesHere(text, end)) continue;
    const raw = text.slice(start, end);
    if (isPartOfRow(text, start, end, raw)) continue;
    const context = speaks && identifier.context(label);
    if (!context && !plain && (identifier.bare === undefined || identifier.short)) continue;
    // Plates and postcodes are written in one case; identifiers of programs are not.
    if (identifier.short && /[a-z]/.test(raw) && /[A-Z]/.test(raw)) continue;
    const compact = raw.replace(/[-\s./:_]/g, '').toUpperCase();
    const check = identifier.check?.(compactFor(identifier, compact, raw), raw);
    if (check === false) continue;
    const rare = check === true || (identifier.check === undefined && identifier.bare !== undefined);
    if (!context && !rare && !plain) continue;
    const rank = (context ? 4 : 0) + (check === true ? 2 : 0) + (identifier.bare ? 1 : 0) + 1 + (end - start) / 1000;
    if (rank <= bestRank) continue;
    bestRank = rank;
    const sample = isSample(compact);
    const full = CLASS_SEVERITY[ENTITIES[identifier.entity].class];
    let severity: Hit['severity'];
    if (context)
      severity = sample
        ? full === 'high'
          ? 'low'
          : 'info'
        : check === undefined && identifier.lenient && full === 'high'
          ? 'medium'
          : full;
    else if (rare && identifier.bare && !(passage.output && / /.test(raw) && !/[A-Za-z]/.test(raw)))
      severity = sample ? 'info' : identifier.bare;
    best = {
      entity: identifier.entity,
      start,
      end,
      ...(severity && { severity }),
      ...(context && { context }),
      ...(check && { checked: true }),
      ...(sample && { sample }),
    };
  }
  if (!best || (!best.severity && !plain) || taken.overlaps(best.start, best.end)) return 0;
  // A shape that only prose gives a meaning may still be a telephone number.
  if (!best.severity && /^\+?[\d ().-]+$/.test(text.slice(best.start, best.end))) {
    hits.push(best);
    return best.end;
  }
  hits.push(best);
  taken.add(best.start, best.end);
  return best.end;
}

/** Letters and digits of the shortest identifier that needs no context, and its digits: a PAN of India has four. */
const SHORTEST = 8;
const FEWEST_DIGITS = 4;
/** A fiscal code of Italy may write its digits as letters. */
const LETTERED = 16;

/** Whether a value that begins at `start`, which may be in front of the word, can be one without any context. */
function mayStandBare(words: Int32Array, index: number, start: number): boolean {
  const wordStart = words[index] as number;
  if ((words[index + 3] as number) + wordStart - start < SHORTEST) return false;
  return (words[index + 4] as number) >= FEWEST_DIGITS || (words[index + 1] as number) - wordStart >= LETTERED;
}

function matchEnd(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.test(text) ? pattern.lastIndex : 0;
}

/** The century sign of a Finnish code and of a Swedish one is part of the number. */
function compactFor({ entity }: Identifier, compact: string, raw: string): string {
  return entity === 'FI_PERSONAL_IDENTITY_CODE' ? raw.toUpperCase() : compact;
}

/** An IBAN is as long as its country says, with single separators anywhere. */
function ibanEnd(text: string, start: number): number {
  const length = countrySpecs[text.slice(start, start + 2).toUpperCase()]?.chars;
  if (!length || !isDigit(text.charCodeAt(start + 2)) || !isDigit(text.charCodeAt(start + 3))) return 0;
  let count = 0;
  let i = start;
  for (; count < length; i += 1) {
    const c = text.charCodeAt(i);
    if (isWordCode(c) && c !== 95 && c < 128) count += 1;
    else if ((text[i] !== ' ' && text[i] !== '-') || !isWordCode(text.charCodeAt(i + 1))) return 0;
  }
  return i;
}

/** Groups split by spaces inside a row of more such groups are columns. */
function isPartOfRow(text: string, start: number, end: number, raw: string): boolean {
  if (!raw.includes(' ') || /[A-Za-z]/.test(raw)) return false;
  return (
    (text[end] === ' ' && isDigit(text.charCodeAt(end + 1))) ||
    (text[start - 1] === ' ' && isDigit(text.charCodeAt(start - 2)))
  );
}
