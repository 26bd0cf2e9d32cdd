/** Names, postal addresses, dates of birth and record numbers: only where a key, a label or a column header says so. */

import type { Keyword } from '../text/automaton';
import type { KeywordFamily } from '../text/document';
import { keywords, singleReader } from '../text/keywordPass';
import { Recent } from '../text/recent';
import { normaliseLabel } from './context';
import { type Hit, isDigit, isWordCode, type Passage, type Taken } from './hits';
import type { EntityName } from './rules';

/** Frequent given names (public census lists); a bare `name` key needs one of them. */
const GIVEN_NAMES = new Set(
  'james john robert michael william david richard joseph thomas charles christopher daniel matthew anthony mark donald steven paul andrew joshua kenneth kevin brian george timothy ronald edward jason jeffrey ryan jacob gary nicholas eric jonathan stephen larry justin scott brandon benjamin samuel gregory alexander frank patrick raymond jack dennis jerry tyler aaron jose adam nathan henry peter zachary kyle walter noah ethan jeremy harold keith christian roger terry carl sean austin arthur lawrence jesse dylan bryan joe jordan billy bruce albert willie gabriel logan alan juan wayne roy ralph randy eugene vincent russell louis philip bobby johnny bradley mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty margaret sandra ashley kimberly emily donna michelle carol amanda dorothy melissa deborah stephanie rebecca sharon laura cynthia kathleen amy angela shirley anna brenda pamela emma nicole helen samantha katherine christine debra rachel carolyn janet catherine maria heather diane ruth julie olivia joyce virginia victoria kelly lauren christina joan evelyn judith megan andrea cheryl hannah jacqueline martha gloria teresa ann sara madison frances kathryn janice jean abigail alice julia judy sophia grace denise amber doris marilyn danielle beverly isabella theresa diana natalie brittany charlotte marie kayla alexis lori jane hans klaus jürgen peter wolfgang stefan markus ursula monika petra sabine claudia heike pierre jean michel philippe alain françois nathalie isabelle sylvie giuseppe giovanni marco luca francesco antonio carlos luis miguel jorge pedro carmen lucia sofia mohammed muhammad mohamed ahmed ali omar fatima aisha priya rahul amit raj anita sunita ravi sanjay deepak wei li ming hiroshi yuki kenji ivan dmitri sergei olga natasha anna bob alice tom jim mike chris alex sam ben dan kate liz sue max leo mia ella ava liam oliver elijah lucas mason'.split(
    ' ',
  ),
);

const NOT_NAMES =
  /^(?:none|null|true|false|unknown|name|first|last|full|string|str|text|value|default|test|user|admin|anonymous|column|feature|model|data|dataset|label|class|layer|your|my|new|the|a|an|jane roe|n\/a)$/i;

const NAME_PART = String.raw`\p{Lu}[\p{L}'’-]*\.?`;
const ONE_NAME = new RegExp(`^${NAME_PART}(?: ${NAME_PART}){0,3}$`, 'u');
const FULL_NAME = new RegExp(
  `^(?:(?:Dr|Mr|Mrs|Ms|Prof)\\.? )?${NAME_PART}(?: (?:van|von|de|del|da|der|di|la|bin|al|${NAME_PART})){0,3} ${NAME_PART}$`,
  'u',
);

const STREET =
  /(?<![\p{L}])(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|way|parkway|pkwy|square|sq|place|pl|terrace|highway|hwy|apt|suite|rue|via|calle|plaza|avenida|straat|gasse|allee)(?![\p{L}])|(?:straße|strasse|str\.|weg|platz|gasse|laan)(?![\p{L}])/iu;

export function isAddress(value: string): boolean {
  if (value.length > 160 || !/\d/.test(value) || !/\p{L}{2}/u.test(value) || /[{}<>=@\\_]|:\/\//.test(value))
    return false;
  if (STREET.test(value)) return true;
  return /^\d{1,6}[A-Za-z]?,? \p{Lu}[\p{L} .'-]+,/u.test(value);
}

const DATE =
  /^(?:(?:19|20)\d{2}[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])|(?:0?[1-9]|[12]\d|3[01])[-/. ](?:0?[1-9]|[12]\d|3[01]|[A-Za-z]{3,9})[-/. ,]{1,2}(?:19|20)?\d{2}|[A-Za-z]{3,9} \d{1,2},? (?:19|20)\d{2})(?:[T ]0{1,2}:\d{2}.*)?$/;

/** What a key, a label or a column header says of its values. */
export type LabelKind = 'full-name' | 'part-name' | 'short-name' | 'name' | 'address' | 'birth' | 'record';

const NOT_POSTAL =
  /e ?mail|ip|mac|web|url|wallet|memory|server|host|bind|base|contract|start|end|http|token|site|bus|device|line|physical/;
const PERSONS =
  'patient|customer|employee|client|contact|person|student|applicant|holder|account holder|cardholder|card holder|owner|guardian|passenger|guest|member|subscriber|doctor|physician|nurse|teacher|manager|recipient|beneficiary|emergency contact|spouse|mother|father|parent|child|billing|shipping';

/** @param label as {@link normaliseLabel} gives it */
function judgeLabel(label: string): LabelKind | undefined {
  if (
    / (?:date of birth|dob|birth ?date|birth ?day|birth ?dt|born|geburtsdatum|geburtstag|fecha (?:de )?nacimiento|date (?:de )?naissance|data (?:di )?nascita) /.test(
      label,
    )
  )
    return 'birth';
  if (
    / (?:mrn|medical record(?: (?:number|no|id))?|medical rec num|hospital (?:number|no)|patient mrn|health record number) /.test(
      label,
    )
  )
    return 'record';
  if (
    / (?:(?:street|home|postal|mailing|residential|billing|shipping|delivery|customer|patient|work|office|permanent|current) address|street|address|addresses|address ?1|address line ?\d?|addr|residence|anschrift|adresse|direccion|dirección|indirizzo|endereço) /.test(
      label,
    )
  ) {
    return NOT_POSTAL.test(label) ? undefined : 'address';
  }
  if (
    / (?:first ?name|last ?name|sur ?name|given ?name|family ?name|middle ?name|maiden ?name|vorname|nachname|familienname|apellidos?|prénom|prenom|cognome|forename) /.test(
      label,
    )
  )
    return 'part-name';
  // In code the first of them is more often the name of a file or of a function.
  if (/ (?:fname|lname) /.test(label)) return 'short-name';
  if (
    new RegExp(
      ` (?:full ?name|user ?name|(?:${PERSONS}) ?(?:s )?(?:full )?name|name of (?:the )?(?:${PERSONS})|display name|real name) `,
    ).test(label)
  )
    return 'full-name';
  if (/^ (?:contact )?person $/.test(label)) return 'full-name';
  if (/^(?: \S+ \|)? name /.test(label) || / (?:name|nombre|nome) $/.test(label)) return 'name';
  return undefined;
}

const kinds = new Recent<LabelKind | undefined>(1024, judgeLabel);

/** As {@link judgeLabel}: texts have the same few labels again and again. */
export const labelKind = (label: string): LabelKind | undefined => kinds.get(label);

const KEYWORDS = keywords(
  'name|addr|street|dob|birth|born|geburts|mrn|medical rec|residence|anschrift|nombre|apellido|indirizzo'.split('|'),
  false,
);

/** Words of the keys that speak of a person. */
export const PERSON_KEYWORDS: KeywordFamily = {
  words: () => KEYWORDS,
  reads: ({ kind, table }) => kind !== 'attachment' && !table?.header.length,
};

/** Where {@link PERSON_KEYWORDS} stand in a text that is no segment, and its survey. */
export const lookAtText = singleReader(PERSON_KEYWORDS.words, true);

/** What else a record of a person holds. */
const SIBLING =
  /(?:^|[^a-z])(?:e-?mail|phone|mobile|tel|address|ssn|dob|birth|age|gender|sex|passport|salary|zip|postcode|city|surname|last_?name|nationality|patient|diagnosis)(?:[^a-z]|$)/i;
const SIBLING_REACH = 240;

/** Judges a value by the kind of its label. */
export function personal(kind: LabelKind, value: string, sibling: () => boolean): EntityName | undefined {
  switch (kind) {
    case 'birth':
      return DATE.test(value) ? 'DATE_OF_BIRTH' : undefined;
    case 'record':
      return /^(?:[A-Z]{1,4}[- ]?)?\d{5,12}$/i.test(value) ? 'MEDICAL_RECORD_NUMBER' : undefined;
    case 'address':
      return isAddress(value) ? 'LOCATION' : undefined;
    case 'part-name':
      return isPartOfName(value) ? 'PERSON' : undefined;
    case 'short-name':
      return isPartOfName(value) && (hasGivenName(value) || sibling()) ? 'PERSON' : undefined;
    case 'full-name':
      return isFullName(value) && (hasGivenName(value) || sibling()) ? 'PERSON' : undefined;
    case 'name':
      return isFullName(value) && hasGivenName(value) && sibling() ? 'PERSON' : undefined;
  }
}

/** `MasterFamilyName`: words that a program joins. `McDonald`, `DeAndre` and `FitzGerald` are names. */
const JOINED_WORDS = /\p{L}{4}\p{Lu}/u;

function isPartOfName(value: string): boolean {
  return (
    value.length >= 2 &&
    ONE_NAME.test(value) &&
    !value.split(' ').some((word) => NOT_NAMES.test(word)) &&
    !JOINED_WORDS.test(value.replace(/Fitz(?=\p{Lu})/u, '')) &&
    value !== value.toUpperCase()
  );
}

export function isFullName(value: string): boolean {
  return value.length <= 60 && FULL_NAME.test(value) && !value.split(' ').some((word) => NOT_NAMES.test(word));
}

export function hasGivenName(value: string): boolean {
  return value.split(/[\s,.]+/).some((word) => GIVEN_NAMES.has(word.toLowerCase()));
}

/**
 * Whether an operator or another word of a key may follow the word at `end`, and quotes behind the operator.
 * @param quoted false: a value needs no quotes here
 */
function mayBeKey(text: string, end: number, quoted: boolean): boolean {
  let i = end;
  while (i - end < LONGEST_KEY && isWordCode(text.charCodeAt(i))) i += 1;
  let c = text.charCodeAt(i);
  if (c === SPACE) {
    // `of`, `line`, `number`, `no`, `name`, `id` or a digit: the key goes on.
    const next = text.charCodeAt(i + 1);
    if (isDigit(next) || next === 111 || next === 108 || next === 110 || next === 105) return true;
  }
  if (c === 34 || c === 39) c = text.charCodeAt(++i);
  if (c === 93) c = text.charCodeAt(++i);
  while (c === SPACE || c === TAB) c = text.charCodeAt(++i);
  // Not every letter outside ASCII is part of a word for `isWordCode`.
  if (c >= 0x80) return true;
  if (c !== 58 && c !== 61) return false;
  const operator = c;
  c = text.charCodeAt(++i);
  if (operator === 61) {
    if (c === 61) return false;
    if (c === 62) c = text.charCodeAt(++i);
  }
  if (!quoted) return true;
  while (c === SPACE || c === TAB) c = text.charCodeAt(++i);
  if (c === 114 || c === 98 || c === 117) c = text.charCodeAt(i + 1);
  return c === 34 || c === 39;
}

const LONGEST_KEY = 40;
const SPACE = 32;
const TAB = 9;

/** The whole entry of a label that begins at `keyStart` and a value that ends at `end`, with the quotes around both. */
function entryAround(text: string, keyStart: number, end: number): { start: number; end: number } {
  let start = keyStart;
  while (text[start] === ' ' || text[start] === '-') start += 1;
  const quote = text[start - 1];
  return {
    start: quote === "'" || quote === '"' ? start - 1 : start,
    end: text[end] === "'" || text[end] === '"' ? end + 1 : end,
  };
}

function judgeKey(key: string): { label: string; kind: LabelKind | undefined } {
  const label = normaliseLabel(key);
  return { label, kind: labelKind(label) };
}

/** Values of `key: value` and `key = 'value'` whose key speaks of a person. */
export function findPersonal(passage: Passage, taken: Taken, hits: Hit[]): void {
  const { text, persons } = passage;
  if (persons.length === 0) return;
  // Without quotes only where text is not code, up to what ends a field.
  const quotedOnly = !passage.plain && !passage.output;
  // For this text only: its keys are parts of it.
  let keys: Recent<{ label: string; kind: LabelKind | undefined }> | undefined;
  let done = -1;
  for (let i = 0; i < persons.length; i += 1) {
    if (!mayBeKey(text, persons.end(i), quotedOnly)) continue;
    const index = persons.end(i) - (KEYWORDS[persons.keyword(i)] as Keyword).text.length;
    const rest = text.slice(index, index + 260);
    const key = /^[\p{L}\d_]{1,40}(?: (?:of |line |number|no|id|name|\d)[\p{L}\d_]{0,12}){0,2}/u.exec(rest)?.[0] ?? '';
    const operator = /^(["']?\]?)[ \t]{0,8}(:|=>|=(?!=))[ \t]{0,8}/.exec(rest.slice(key.length));
    if (!operator) continue;
    const at = index + key.length + operator[0].length;
    const after = text.slice(at, at + 200);
    const quoted = /^[rbu]?(["'])([^"'\n\\]{2,160})\1/.exec(after);
    if (!quoted && quotedOnly) continue;
    let keyStart = index;
    const least = Math.max(done, keyStart - 40);
    while (
      keyStart > least &&
      (isWordCode(text.charCodeAt(keyStart - 1)) || text[keyStart - 1] === ' ' || text[keyStart - 1] === '-')
    )
      keyStart -= 1;
    keys ??= new Recent(256, judgeKey);
    const { label, kind } = keys.get(text.slice(keyStart, index + key.length));
    if (!kind) continue;
    let value: string;
    let start: number;
    if (quoted) {
      value = quoted[2] as string;
      start = at + quoted[0].indexOf(value, 1);
    } else {
      const field = /^[^\n"'{}[\]()|;\t]{2,120}/.exec(after)?.[0] ?? '';
      value = (kind === 'address' ? field : field.replace(/(?:,| {2})[\s\S]*/, '')).trimEnd();
      start = at;
    }
    const sibling = () => {
      const around = `${text.slice(Math.max(0, keyStart - SIBLING_REACH), keyStart)} ${text.slice(start + value.length, start + value.length + SIBLING_REACH)}`;
      return SIBLING.test(around);
    };
    const clear = kind !== 'full-name' || !/ user ?name /.test(label) || isFullName(value);
    const entity = clear ? personal(kind, value, sibling) : undefined;
    const end = start + value.length;
    if (!entity || taken.overlaps(start, end)) continue;
    done = end;
    taken.add(start, end);
    // Half a name is one by its label only, so both are shown: `'first_name': 'John'`.
    const half = kind === 'part-name' || kind === 'short-name';
    const shown = half && { shown: entryAround(text, keyStart, end) };
    hits.push({
      entity,
      start,
      end,
      ...shown,
      context: true,
      severity: entity === 'MEDICAL_RECORD_NUMBER' ? 'high' : 'low',
    });
  }
}
