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

const CANDIDATE = /(?:\+|\(\+?)?\d(?:[ .()/-]{0,2}\d){6,14}/g;
const AMERICAN = /^(?:\+?1[-. ]?)?(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-. ]\d{4}$/;

/** By the digits. ATIS-0300115: 555-0100 to 555-0199 belong to nobody; so do the numbers that count. */
const FICTIONAL = /555(?:01\d\d|1212)$|^1?1234567890$|^1?5555555555$|^1?(?:000|111|999)(?:000|111|999)\d{4}$/;

/** Signs that a number may begin with. */
const SIGNS = 2;

/** What has the digits of a telephone number, in runs of digits as the survey gives them. */
function* candidates(text: string, runs: Int32Array): Generator<RegExpExecArray> {
  let done = 0;
  for (let run = 0; run < runs.length; run += 2) {
    const to = runs[run + 1] as number;
    done = Math.max(done, (runs[run] as number) - SIGNS);
    while (to - done >= PHONE_DIGITS) {
      CANDIDATE.lastIndex = done;
      const match = CANDIDATE.exec(text);
      if (!match || match.index >= to) break;
      done = match.index + match[0].length;
      yield match;
    }
  }
}

export function findPhones(
  { text, header, plain, output, code, survey: { digits } }: Passage,
  taken: Taken,
  hits: Hit[],
): void {
  if (digits.length === 0) return;
  const letters = header !== '' || /[^\W\d_]/.test(text);
  const labels = new Labels(text, header);
  const words = plain ? PROSE_WORDS : PHONE_WORDS;
  for (const { 0: value, index: start } of candidates(text, digits)) {
    const end = start + value.length;
    const before = text.charCodeAt(start - 1);
    const after = text.charCodeAt(end);
    const afterWord = start > 0 && !isDigit(before) && before !== 95 && isWordCode(before);
    if (
      (isWordCode(before) && !afterWord) ||
      isWordCode(after) ||
      (isPoint(before) && isDigit(text.charCodeAt(start - 2)))
    )
      continue;
    if ((isPoint(after) || after === 45 || after === 47 || after === 58) && isWordCode(text.charCodeAt(end + 1)))
      continue;
    if (
      before === 45 ||
      before === 47 ||
      before === 35 ||
      before === 36 ||
      (before === 61 && /[?&]\w+=$/.test(text.slice(Math.max(0, start - 30), start)))
    )
      continue;
    if (taken.overlaps(start, end)) continue;
    const digits = value.replace(/\D/g, '');
    if (digits.length > 15 || isDateOrVersion(value)) continue;
    // `x+12345678` is a sum, `+1234567.8` a decimal number.
    if (value[0] === '+' && (/[\w)\]]/.test(text[start - 1] ?? ' ') || /^\+\d+\.\d+$/.test(value))) continue;
    const american = AMERICAN.test(value);
    const plus = value.includes('+');
    if (afterWord && !american) continue;
    if (!plus && !american && !plain && !letters) continue;
    const label = letters && labels.mayPass(start, end, words) ? labels.at(start, end) : '';
    const context = PHONE_CONTEXT(label) || (plain && PROSE_CONTEXT(label));
    if (!plus && !american && !context && !plain) continue;
    // A row of printed numbers looks like anything.
    if (output && !plus && !context && !american) continue;
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
    else if (context && (valid || (separated && digits.length >= 9 && digits.length <= 13))) {
      hits.push({
        ...hit,
        severity: valid && (separated || (digits.length >= 10 && !(code && isInteger(text, start)))) ? 'low' : 'info',
      });
    } else if (american && valid && !value.includes('.')) hits.push({ ...hit, severity: 'low' });
    else if (plain && digits.length >= 9 && digits.length <= 13) hits.push(hit);
    else continue;
    taken.add(at, end);
  }
}

/** Stands where an integer literal stands: after an operator, a comma or a bracket, without a quote. */
function isInteger(text: string, start: number): boolean {
  return /[=,:([{]\s{0,3}$/.test(text.slice(Math.max(0, start - 4), start));
}

const isPoint = (code: number): boolean => code === 46 || code === 44;

/** French and Belgian numbers are written in pairs behind a zero. */
const PAIRS = /^0\d(?:([ .-])\d{2})(?:\1\d{2}){3}$/;

function isDateOrVersion(value: string): boolean {
  if (PAIRS.test(value)) return false;
  return /(?:19|20)\d{2}-\d{2}-\d{2}|^(?:19|20)\d{2}[-./ ]\d{1,2}[-./ ]\d{1,2}|^\d{1,2}[-./ ]\d{1,2}[-./ ](?:19|20)\d{2}(?!\d)|^\d+(?:\.\d+){3,}$|^\d{4} \d{4}(?: \d{4})*$|^(?:\d{1,2} ){3,}/.test(
    value,
  );
}

function isValid(value: string, plus: boolean, anywhere: boolean): boolean {
  if (plus) return parsePhoneNumberFromString(value.replace(/^\(/, ''))?.isValid() === true;
  const regions = anywhere ? REGIONS : REGIONS.slice(0, 1);
  return regions.some((region) => parsePhoneNumberFromString(value, region)?.isValid() === true);
}
