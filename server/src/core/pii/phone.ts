/** Telephone numbers. libphonenumber is asked only about what a label, a `+` or an American shape singles out. */
import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { PHONE_DIGITS } from '../text/survey';
import { anyOf, FirstWords, Labels } from './context';
import { type Hit, isDigit, isWordCode, type Passage, type Taken } from './hits';

const PHONE_CONTEXT = anyOf(
  'phone',
  'telephone',
  'tel',
  'tel no',
  'mobile',
  'mobil',
  'cell',
  'cellphone',
  'fax',
  'whatsapp',
  'call me',
  'call us',
  'contact',
  'sms',
  'hotline',
  'telefon',
  'téléphone',
  'teléfono',
  'telefono',
  'móvil',
  'celular',
  'handy',
  'gsm',
  'cep',
  'cep no',
  'kontakt',
  'rufnummer',
  'phonenumber',
  'contact number',
  '电话',
  '手机',
  '電話',
  '전화',
  'โทร',
  'τηλέφωνο',
);
/** In prose the word before the number is enough. */
const PROSE_CONTEXT = anyOf('number is', 'number', 'one is', 'call', 'no is', 'dial');

const PHONE_WORDS = new FirstWords([PHONE_CONTEXT]);
const PROSE_WORDS = new FirstWords([PHONE_CONTEXT, PROSE_CONTEXT]);

const REGIONS: readonly CountryCode[] = [
  'US',
  'GB',
  'DE',
  'FR',
  'IN',
  'IL',
  'BR',
  'CA',
  'TR',
  'PH',
  'JP',
  'CN',
  'IT',
  'ES',
  'AU',
  'KR',
];

const AMERICAN = /^(?:\+?1[-. ]?)?(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-. ]\d{4}$/;

/** By the digits. ATIS-0300115: 555-0100 to 555-0199 belong to nobody; so do the numbers that count. */
const FICTIONAL = /555(?:01\d\d|1212)$|^1?1234567890$|^1?5555555555$|^1?(?:000|111|999)(?:000|111|999)\d{4}$/;

/** Digits of the longest number (ITU-T E.164), and of most with their country. */
const MOST_DIGITS = 15;
const NATIONAL_DIGITS = 10;

/** A number of up to {@link MOST_DIGITS} digits of a run, with the sign or bracket in front of it. */
interface Candidate {
  readonly start: number;
  readonly end: number;
  readonly digits: number;
  readonly plus: boolean;
}

/** Gives what has the digits of a telephone number, in runs of digits as the survey gives them. */
function eachCandidate(text: string, runs: Int32Array, judge: (candidate: Candidate) => void): void {
  let done = 0;
  for (let run = 0; run < runs.length; run += 2) {
    const to = runs[run + 1] as number;
    for (let first = runs[run] as number; first < to; first += 1) {
      if (!isDigit(text.charCodeAt(first))) continue;
      let digits = 0;
      let end = first;
      // Two spaces divide the columns of a printed table.
      for (let at = first; at < to && digits < MOST_DIGITS; at += 1) {
        const c = text.charCodeAt(at);
        if (isDigit(c)) {
          digits += 1;
          end = at + 1;
        } else if (c === SPACE && text.charCodeAt(at + 1) === SPACE) break;
      }
      if (digits < PHONE_DIGITS) {
        first = end - 1;
        continue;
      }
      const plus = first > done && text.charCodeAt(first - 1) === PLUS;
      const sign = plus ? first - 1 : first;
      const start = sign > done && text.charCodeAt(sign - 1) === BRACKET ? sign - 1 : sign;
      judge({ start, end, digits, plus });
      done = end;
      first = end - 1;
    }
  }
}

const SPACE = 32;
const PLUS = 43;
const BRACKET = 40;

export function findPhones(passage: Passage, taken: Taken, hits: Hit[]): void {
  const { text, header, plain, output, code } = passage;
  const runs = passage.survey.digits;
  if (runs.length === 0) return;
  const letters = header !== '' || /[^\W\d_]/.test(text);
  const labels = new Labels(passage);
  const words = plain ? PROSE_WORDS : PHONE_WORDS;
  eachCandidate(text, runs, ({ start, end, digits, plus }) => {
    const before = text.charCodeAt(start - 1);
    const after = text.charCodeAt(end);
    // Fields of delimited text have commas around them: of what has a sign and the length, none is a decimal one.
    const field = plus && digits >= NATIONAL_DIGITS;
    if (isWordCode(after) || (isPoint(before) && !(field && before === COMMA) && isDigit(text.charCodeAt(start - 2))))
      return;
    if (
      ((isPoint(after) && !(field && after === COMMA)) || after === 45 || after === 47 || after === 58) &&
      isWordCode(text.charCodeAt(end + 1))
    )
      return;
    if (before === 45 || before === 47 || before === 35 || before === 36) return;
    const american = (digits === 10 || digits === 11) && AMERICAN.test(text.slice(start, end));
    if (isWordCode(before) && (!american || isDigit(before) || before === 95)) return;
    // Only what stands beside it can say that it is one.
    const told = letters && labels.mayPass(start, end, words);
    if (!plus && !american && !plain && !told) return;
    if (before === 61 && /[?&]\w+=$/.test(text.slice(Math.max(0, start - 30), start))) return;
    if (taken.overlaps(start, end)) return;
    const value = text.slice(start, end);
    if (isDateOrVersion(value)) return;
    // `x+12345678` is a sum, `+1234567.8` a decimal number.
    if (value[0] === '+' && (/[\w)\]]/.test(text[start - 1] ?? ' ') || /^\+\d+\.\d+$/.test(value))) return;
    const label = told ? labels.at(start, end) : '';
    const context = PHONE_CONTEXT(label) || (plain && PROSE_CONTEXT(label));
    if (!plus && !american && !context && !plain) return;
    // A row of printed numbers looks like anything.
    if (output && !plus && !context && !american) return;
    const sample = FICTIONAL.test(value.replace(/\D/g, ''));
    const valid = sample || isValid(value, plus, context);
    const separated = /\d[ .()/-]+\d/.test(value);
    const at = value[0] === '(' && !value.includes(')') ? start + 1 : start;
    const hit = {
      entity: 'PHONE_NUMBER',
      start: at,
      end,
      ...(context && { context }),
      ...(sample && { sample }),
      ...(valid && !sample && { checked: true }),
    } as const;
    if (sample) hits.push({ ...hit, severity: context && !/555[-. ]?(?:01|1212)/.test(value) ? 'low' : 'info' });
    else if (plus && valid) hits.push({ ...hit, severity: 'low' });
    else if (context && (valid || (separated && digits >= 9 && digits <= 13))) {
      hits.push({
        ...hit,
        severity: valid && (separated || (digits >= 10 && !(code && isInteger(text, start)))) ? 'low' : 'info',
      });
    } else if (american && valid && !value.includes('.')) hits.push({ ...hit, severity: 'low' });
    else if (plain && digits >= 9 && digits <= 13) hits.push(hit);
    else return;
    taken.add(at, end);
  });
}

/** Stands where an integer literal stands: after an operator, a comma or a bracket, without a quote. */
function isInteger(text: string, start: number): boolean {
  return /[=,:([{]\s{0,3}$/.test(text.slice(Math.max(0, start - 4), start));
}

const COMMA = 44;
const isPoint = (code: number): boolean => code === 46 || code === COMMA;

/** French and Belgian numbers are written in pairs behind a zero. */
const PAIRS = /^0\d(?:([ .-])\d{2})(?:\1\d{2}){3}$/;

function isDateOrVersion(value: string): boolean {
  if (PAIRS.test(value)) return false;
  return /(?:19|20)\d{2}-\d{2}-\d{2}|^(?:19|20)\d{2}[-./ ]\d{1,2}[-./ ]\d{1,2}|^\d{1,2}[-./ ]\d{1,2}[-./ ](?:19|20)\d{2}(?!\d)|^\d+(?:\.\d+){3,}$|^\d+\.\d+$|^\d{4} \d{4}(?: \d{4})*$|^(?:\d{1,2} ){3,}/.test(
    value,
  );
}

function isValid(value: string, plus: boolean, anywhere: boolean): boolean {
  if (plus) return parsePhoneNumberFromString(value.replace(/^\(/, ''))?.isValid() === true;
  const regions = anywhere ? REGIONS : REGIONS.slice(0, 1);
  return regions.some((region) => parsePhoneNumberFromString(value, region)?.isValid() === true);
}
