import { decodeBase64 } from './checksums';
import { documentedKey } from './documented';
import { shannonEntropy, wordiness } from './entropy';
import { nameWords } from './keys';

/**
 * One judgement of values for all rules: is this a secret, or a stand-in for one (a reference, a template, a placeholder),
 * or something else that merely looks random (a digest, an identifier, a path)?
 */
export type Verdict =
  /** Not a secret: refers to one, stands for one, or is something else. */
  | 'none'
  /** A secret by its place, but one that nobody would have to guess for long: `ABCDEFG`, `admin123`. */
  | 'weak'
  | 'real';

/** Words that fill the place of a secret until someone puts one there. */
const PLACEHOLDER_WORDS = new Set(
  (
    'a an and api app apikey access account actual admin allowed any app aws azure bar base64 baz bearer blah bogus by ' +
    'change changeit changeme changethis client code company config cred credential credentials creds custom database db ' +
    'default demo dev do dummy edit empty enter env environment example examplekey fake false field fill fixme foo ' +
    'foobar for from generated generate get git github gitlab go goes google guest hash here hidden hub id if in input ' +
    'insert into invalid is it key keys later license literal local localhost login mail masked me mine missing mock my ' +
    'mypass mypassword mysecret mytoken name new nil no none nopassword not notasecret nothing null num number obtain of ' +
    'off ok on omitted openai optional or org organization own owner paste pass passphrase passwd password passwords ' +
    'personal placeholder please private project prod provide public put pw pwd qux random real redacted removed replace ' +
    'replaced replaceme required removed root sample secret secrets secure sensitive server service session set setting ' +
    'shared some somepassword something somewhere str string super supersecret tbd temp template test tester testing ' +
    'testpass testpassword text that the there this to todo tok token true type undefined unknown unset update use used ' +
    'user username userpass value values var variable via webhook will with word write yes you your yours ' +
    'abc abcd abcdef xyz qwerty asdf lorem ipsum xxx yyy zzz some fakekey afakekey somefakekey afake realsecret ' +
    'proxy repo smtp ftp ssh http mysql postgres redis mongo bob alice jdoe guest1 hf wandb kaggle anthropic cohere huggingface face hugging pinecone url uri host bot channel value1 key1 only long ' +
    'enough too short correct wrong bad good valid my-app mypw nobody knows e.g eg ie'
  ).split(' '),
);

const SECRECY = /^(?:pass|passwd|password|pwd|pw|secret|token|key)$/;

/** `proxypass`, `adminpwd`, `dbsecret`: a word of secrecy with another placeholder before or after it. */
function isCompoundPlaceholder(value: string): boolean {
  if (!/^[a-z]{5,24}$/.test(value)) return false;
  for (let i = 2; i <= value.length - 2; i += 1) {
    const [head, tail] = [value.slice(0, i), value.slice(i)];
    if ((SECRECY.test(head) || SECRECY.test(tail)) && PLACEHOLDER_WORDS.has(head) && PLACEHOLDER_WORDS.has(tail))
      return true;
  }
  return false;
}

/** Anywhere in the value, these say that it stands for another. */
const PLACEHOLDER_PARTS =
  /x{5}|\*{3}|\.{3}|…|#{4}|_{4}|-{5}|change[-_ ]?(?:me|it|this)|replace[-_ ]?(?:me|with|this)|your[-_ ]?(?:own|api|key|token|pass|secret|user|name|app|account|client|project|hf|access)|[-_ ]here\b|_here_|(?:put|insert|enter|paste|add|use|fill|set|provide|type)[-_ ](?:your|the|a|an|my|in|here|api|key|token|secret|password)|place[-_]?holder|redacted|dummy|(?:^|[^a-z])(?:fixme|todo|tbd|fake|sample|mock|example|foobar|some[-_ ](?:other|random|long|secret|key|token|thing|string|value|text|password))(?:[^a-z]|$)|not[-_]?(?:a|the)?[-_]?(?:real|secret|password|used)|something[-_]?secret|EXAMPLEKE|0{12}|1234567890.{0,3}$/i;

/** References to where the secret is kept, and templates that will be filled. */
const REFERENCE = new RegExp(
  [
    // Shell, make, templates of every kind, formatting. Only when well-formed: a password may hold the same signs.
    '^\\$\\{?[A-Za-z_][\\w.:-]*\\}?$|^\\$\\$?\\w+$|\\$\\{[\\w.:/ -]{1,80}\\}|\\$\\([^)]{0,200}\\)|\\$\\{\\{[^{}]{0,200}\\}\\}',
    '\\{\\{[^{}]{0,200}\\}\\}|\\{%[^{}]{0,200}%\\}|<%.{0,200}%>|<[A-Za-z][\\w]*(?:[- ][\\w]+){1,6}>|<[\\w -]{0,30}(?:user|pass|pw|token|key|secret|host|name|account|org|client)[\\w -]{0,30}>|^<[^<>]{0,200}>$|^<[^<>]{0,100}$|#\\{[^}]{0,80}\\}',
    '%[sdr](?![\\w])|^%[\\w.()]{1,60}%?$|^@[\\w.-]+@$|%\\(\\w*\\)[sdr]|^%[sdrfv]$|^\\{[\\w.!:\\-[\\]\'"() ]{0,80}\\}$|^\\[[\\w .-]*\\]$|^&\\w+;?$',
    // Tags of YAML and CloudFormation.
    '^!(?:Ref|Sub|ImportValue|GetAtt|Join|Select|vault|secret|env|reference)\\b|^!!\\w+',
    // Look-ups in code.
    '\\bos\\.(?:environ|getenv)|\\bprocess\\.env|\\bgetenv\\b|^\\(?(?:get|load|read|fetch|decrypt|retrieve|input|ask|prompt)[A-Z_]?\\w*\\(',
    // Addresses of secret managers, and values that are encrypted already.
    '^(?:vault|op|gcp|aws|sm|akv|keyvault|secretsmanager|ssm|file|env|secrets?|ref|arn|bws|doppler|keyring|prompt|cmd)[:/]{1,3}\\S',
    '^@Microsoft\\.KeyVault\\(|^(?:ref\\+)?(?:awssm|awsssm|gcpsm|gcpsecrets|azurekeyvault|akvs|infisical|conjur|bitwarden|1password)://\\S',
    '^projects/[\\w-]+/secrets/|^enc:|^ENC\\[|^AQICA|^\\$ANSIBLE_VAULT|^vault:v\\d|^sops:|^\\{cipher\\}',
    '^(?:unused|n/a|none|null|nil|false|true|yes|no|on|off)$',
  ].join('|'),
  'i',
);

const PATH =
  /^(?:[.~]{0,2}\/|[A-Za-z]:[\\/]|\\\\)[^\s]*$|^[\w.-]+(?:\/[\w.-]+)+\/?$|^[\w./\\-]+\.(?:pem|key|crt|cer|pub|json|ya?ml|txt|csv|toml|ini|cfg|conf|env|py|ipynb|js|ts|sh|xml|html?|md|log|db|sqlite3?|pkl|h5|pt|pth|bin|zip|gz|p12|pfx|jks|png|jpe?g|gif|svg|ico|pdf|exe|dll|so|com|org|net|io)$/i;
const URL = /^[a-z][a-z0-9+.-]{1,20}:\/\/[^\s]*$/i;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const DATE = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;
const VERSION = /^[\^~<>=v ]{0,4}\d{1,9}(?:\.(?:\d{1,9}|x|\*)){1,4}(?:[-+.][\w.+-]{1,40})?$/;
const NUMBER = /^[+-]?(?:0x[0-9a-f_]{1,16}|\d[\d_,]*(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const DIGEST_PREFIX =
  /^(?:sha\d*|md5|sha(?:256|384|512)|blake2b?|pbkdf2(?:_sha\d+)?|bcrypt|argon2\w*|scrypt|x509)[-:$=]/i;
/** MD5, SHA-1, SHA-2 and their like, as hexadecimal digits. */
const HEX_DIGEST = /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})$/i;
const DIGEST_WORDS = new Set(['hash', 'hashed', 'hashes', 'sha', 'md', 'digest', 'digests', 'checksum', 'checksums']);
/** Encodings of text and ways to keep passwords, as calls and settings name them. */
const SETTINGS = new Set(
  (
    'utf8 utf-8 utf-8-sig utf16 utf-16 utf-16le utf-16be utf32 utf-32 ascii latin1 latin-1 iso-8859-1 iso-8859-15 cp1252 base64 ' +
    'base64url binary ucs2 bcrypt crypt scrypt argon2 argon2i argon2d argon2id pbkdf2 md5 sha1 sha-1 sha256 sha-256 sha384 ' +
    'sha512 sha-512 hmac plain plaintext noop ldap'
  ).split(' '),
);
const LONGEST_SETTING = 11;
/** `New password: `, `Are you sure? `: what a program asks with. */
const PROMPT = /^\s*\p{L}[\p{L} ,'()-]*[:?]\s*$/u;
const HOST_AND_PORT = /^[a-z][\w-]*(?:\.[\w-]+)+:\d{2,5}$/i;

/** What stands beside a password in calls and settings: how it is encoded and kept, where it is sent, how it is asked for. */
function isBesidePassword(value: string): boolean {
  if (value.length <= LONGEST_SETTING && SETTINGS.has(value.toLowerCase())) return true;
  const sign = value.lastIndexOf(':');
  if (sign < 0) return value.trimEnd().endsWith('?') && PROMPT.test(value);
  return PROMPT.test(value) || (sign >= value.length - 6 && HOST_AND_PORT.test(value));
}

const MIME = /^(?:application|text|image|audio|video|multipart|font)\/[\w.+-]+$/;

export function isUuid(value: string): boolean {
  return UUID.test(value);
}

/** True when the value names, computes, or is to be replaced by a secret, instead of being one. */
export function isReference(value: string): boolean {
  return REFERENCE.test(value);
}

const SEQUENCES = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890123456789',
  'zyxwvutsrqponmlkjihgfedcba',
  '98765432109876543210',
  'qwertyuiopasdfghjklzxcvbnm',
];

/** Share of the characters that lie in runs of one character. */
export function repetitionShare(value: string): number {
  let covered = 0;
  for (const [run] of value.matchAll(/(.)\1{3,}/g)) covered += run.length;
  return covered / Math.max(1, value.length);
}

function longestSequence(value: string): number {
  let longest = 0;
  let run = 1;
  for (let i = 1; i < value.length; i += 1) {
    run = value.charCodeAt(i) === value.charCodeAt(i - 1) + 1 ? run + 1 : 1;
    longest = Math.max(longest, run);
  }
  return longest;
}

/** Share of the characters that lie in runs of four or more of an alphabet, of digits, or of one character. */
export function sequenceShare(value: string): number {
  const lower = value.toLowerCase();
  let covered = 0;
  let i = 0;
  while (i < lower.length) {
    let run = 1;
    while (i + run < lower.length && lower[i + run] === lower[i]) run += 1;
    if (run < 4) {
      for (const sequence of SEQUENCES) {
        const at = sequence.indexOf(lower.slice(i, i + 4));
        if (at < 0 || i + 4 > lower.length) continue;
        let length = 4;
        while (i + length < lower.length && sequence[at + length] === lower[i + length]) length += 1;
        run = Math.max(run, length);
      }
    }
    if (run >= 4) {
      covered += run;
      i += run;
    } else i += 1;
  }
  return covered / Math.max(1, value.length);
}

function allWordsPlaceholders(value: string): boolean {
  const words = value
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9.]+/)
    .map((word) => word.replace(/^\.{1,40}|\.{1,40}$/g, ''))
    .filter((word) => word !== '');
  if (words.length === 0) return true;
  // `A,.:-@*?!` has a word in it, but does not consist of words.
  if (words.join('').length * 2 < value.length) return false;
  if (PLACEHOLDER_WORDS.has(value.toLowerCase())) return true;
  return words.every(
    (word) =>
      PLACEHOLDER_WORDS.has(word) || PLACEHOLDER_WORDS.has(word.replace(/\d{1,4}$/, '')) || /^(.)\1+$/.test(word),
  );
}

/** True when the value stands for a secret that is to be put in its place. */
export function isPlaceholder(value: string): boolean {
  const trimmed = value.trim();
  if (trimmed.length === 0 || !/[\p{L}\p{N}]/u.test(trimmed)) return true;
  if (new Set(trimmed.replace(/[-_. ]/g, '')).size <= 2) return true;
  if (PLACEHOLDER_PARTS.test(trimmed) || trimmed.includes('EXAMPLE')) return true;
  return trimmed.length <= 80 && allWordsPlaceholders(trimmed);
}

/** A placeholder that nobody has in use: a mask, or words that ask for the secret. `password` and `changeme` people do use. */
export function isTemplate(value: string): boolean {
  return (
    PLACEHOLDER_PARTS.test(value) ||
    /^[A-Z]+(?:_[A-Z]+)+$/.test(value) ||
    new Set(value.replace(/[-_. ]/g, '')).size <= 2
  );
}

/** Base64 of a placeholder or of a reference, as manifests and configurations of registries hold them. */
export function encodesPlaceholder(value: string): boolean {
  if (value.length > 400 || value.length % 4 === 1 || !/^[A-Za-z0-9+/]{4,}={0,2}$/.test(value)) return false;
  const text = decodeBase64(value);
  return text !== undefined && /^[\x20-\x7e\r\n]+$/.test(text) && (isPlaceholder(text) || isReference(text.trim()));
}

/** Capitals that begin no word, again and again: names have one or two for their abbreviations. */
const hasOddCapitals = (value: string): boolean => (value.match(/[a-z][A-Z](?![a-z])/g)?.length ?? 0) >= 3;

/** `snake_case`, `CamelCase`, `dotted.name`, `SCREAMING_CASE` or `kebab-case` made of words: a name, not a secret. */
export function isIdentifierShaped(value: string): boolean {
  if (!/^[A-Za-z_$][\w.$:/-]*$/.test(value) || /\w\$(?![A-Z])/.test(value)) return false;
  const digits = value.replace(/\D/g, '').length;
  if (digits > 4 || digits * 4 > value.length) return false;
  // Digits within words (`Mapl3`) are how people spell passwords, digits after words how programs spell names.
  if (/[A-Za-z]\d+[a-z]/.test(value)) return false;
  const words = value
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z]+/)
    .filter((word) => word.length > 1);
  if (words.length === 0) return false;
  if (value.length >= 16 && digits > 0 && hasOddCapitals(value)) return false;
  // Digits here and there between letters that are hardly words.
  if (value.length >= 16 && /^[A-Za-z\d]+$/.test(value) && wordiness(value) < 0.6 && /\d\D{1,60}\d/.test(value))
    return false;
  // `YXNkZmZmZm`: capitals that fall anywhere make no words.
  if (words.length >= 4 && words.filter((word) => word.length <= 2).length * 2 > words.length) return false;
  return !(wordiness(value) < 0.5) && words.every((word) => word.length <= 18);
}

function isProse(value: string): boolean {
  const words = value.trim().split(/\s+/);
  if (words.length < 2) return false;
  return words.filter((word) => /^[\p{L}'’"(),.:;!?-]+$/u.test(word)).length >= words.length * 0.6;
}

/** Nucleotides and amino acids: long strings of few letters that key-like columns of biology hold. */
function isSequenceData(value: string): boolean {
  return /^[ACGTUNacgtun-]{16,}$/.test(value);
}

/** Whether every bracket of a value closes the one that was opened last: code does, or is cut off. */
function bracketsMatch(value: string): boolean {
  const open: string[] = [];
  for (const c of value) {
    if (c === '(' || c === '[' || c === '{') open.push(c);
    else if (c in OPENED_BY && open.pop() !== OPENED_BY[c]) return false;
  }
  return open.length === 0;
}

const OPENED_BY: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/** @param whole nothing of the value is cut off */
function isCode(value: string, whole = false): boolean {
  if (whole && /[()[\]{}]/.test(value) && !bracketsMatch(value)) return false;
  if (
    /^[\w.$]+\(.*\)?;?$|=>|^function\b|^lambda\b|^new [A-Z]|^\w+\[[^\]]*\]|^self\.|^this\.|^\s*[{[(]|::|->|&&|\|\|/.test(
      value,
    )
  )
    return true;
  return /^\w+(?:\.\w+)+$/.test(value) && !value.split('.').some(isRandomWord);
}

/** Letters and digits that no program has for the name of an attribute. */
const isRandomWord = (word: string): boolean =>
  word.length >= 16 && /\d.*\d/.test(word) && /[a-z]/.test(word) && /[A-Z]/.test(word) && wordiness(word) < 0.45;

/** A regular expression: what a secret looks like, not one. */
function isPattern(value: string): boolean {
  return /\\[sdwbSDW](?![a-z])|\[\^|\(\?[:=!<P]|[)\]][*+](?:$|[$)[\\])|\]\{\d|^\^.*\$$/.test(value);
}

/** How many of lower-case, upper-case, digits and others a value has. */
function characterClasses(value: string): number {
  return [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((test) => test.test(value)).length;
}

/**
 * True when a value looks like one that nobody would write for another purpose: digits among letters that read as no
 * words. Asked where the place alone does not say that it is a secret.
 */
export function looksRandom(value: string): boolean {
  if (value.length < 8 || /\s/.test(value) || PATH.test(value) || URL.test(value) || NUMBER.test(value)) return false;
  const digits = value.replace(/\D/g, '').length;
  const letters = value.replace(/[^A-Za-z]/g, '').length;
  if (digits < 1 || letters < 3 || isIdentifierShaped(value) || isCode(value)) return false;
  // `utf8-general`, `model-v2.1`, `2024-01-02T10:00`: words, numbers and versions that signs join.
  if (/^[a-z]*\d*(?:[-_.:/][a-z]*\d*)+$/i.test(value) && !/[a-z][A-Z]|[A-Z]{2}[a-z]|[a-z]\d+[a-z]/i.test(value)) {
    return /^[A-Z][a-z]+\d[a-z]|^[a-z]+\d[a-z]/.test(value);
  }
  if (digits < 2 && characterClasses(value) < 3) return false;
  if (digits * 4 >= value.length && value.length >= 12) return true;
  const words = wordiness(value);
  return Number.isNaN(words) || words < 0.62 || characterClasses(value) >= 3;
}

export interface JudgeOptions {
  /** What the key promises. A password may be a word, a token is random. */
  kind: 'password' | 'token';
  /** Key as it stands, to recognise `password = "password"`. */
  key: string;
  /** Bare words of code are names of variables; bare words of a configuration file are its values. */
  context: 'literal' | 'config' | 'prose';
}

const squash = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Judges the value of a key that promises a secret. */
export function judgeValue(value: string, { kind, key, context }: JudgeOptions): Verdict {
  if (value.length < 4 || value.length > 2000) return 'none';
  if (documentedKey(value)) return 'weak';
  if (isReference(value) || URL.test(value) || UUID.test(value) || DATE.test(value)) {
    return UUID.test(value) && kind === 'token' && !isPlaceholder(value) ? 'real' : 'none';
  }
  if (DIGEST_PREFIX.test(value) || MIME.test(value) || VERSION.test(value) || isSequenceData(value)) return 'none';
  if (isBesidePassword(value)) return 'none';
  // `hashed_secret` of a baseline, `token_sha256`: made so that the secret is not repeated.
  if (HEX_DIGEST.test(value) && nameWords(key).some((word) => DIGEST_WORDS.has(word))) return 'none';
  const flatKey = squash(key);
  const flat = squash(value);
  if (flat === '') return 'none';
  if (flatKey !== '' && (flat === flatKey || (flat.length > 3 && flatKey.includes(flat)) || flat.startsWith(flatKey)))
    return 'none';
  // Counts of a log; a fingerprint of a public key, as Docker's images of Python name it.
  if (kind === 'token' && /^\d{1,15}$/.test(value) && (context !== 'literal' || /tokens$/i.test(key))) return 'none';
  if (/^(?:[0-9A-F]{4} ?){2,10}$/.test(value) && nameWords(key).some((word) => word === 'gpg' || word === 'pgp'))
    return 'none';
  if (longestSequence(value) >= 18 || isPattern(value)) return 'none';
  if (sequenceShare(value) >= 0.7 && /^[\w-]+$/.test(value)) {
    // An alphabet is a constant of a program; a row of digits and letters is a poor secret.
    return value.length > 20 || repetitionShare(value) > 0.5 ? 'none' : 'weak';
  }
  if (isPlaceholder(value) || encodesPlaceholder(value)) return 'none';
  if (kind === 'token') return judgeToken(value, context, isChosen(key));
  // A passphrase is made of words; a sentence about one has others.
  if (/(?:pass[-_]?phrase|psk)$/i.test(key) && context !== 'prose' && /^[a-z]{3,}(?:[ -][a-z]{3,}){2,23}$/.test(value))
    return FUNCTION_WORDS.test(value) ? 'none' : 'real';
  return judgePassword(value, context);
}

/** A word with a number, digits for letters, capitals that fall anywhere: what people take for a secret of their own. */
const isMadeUp = (value: string): boolean =>
  /^[A-Za-z\d]{8,24}$/.test(value) &&
  (/^[A-Za-z]+\d{2,4}$/.test(value) ||
    (/\d[A-Za-z]/.test(value) && wordiness(value) < 0.6) ||
    (/[a-z][A-Z]+[a-z]+[A-Z]/.test(value) && wordiness(value) < 0.5));

/** `client_secret`, `SECRET_KEY`: people make these up as they do passwords, where services issue tokens. */
const isChosen = (key: string): boolean => /(?:secret(?:[-_.]?key)?(?:[-_.]?base)?|credentials?)$/i.test(key);

function judgePassword(value: string, context: JudgeOptions['context']): Verdict {
  if (/\s/.test(value) && (isProse(value) || /\n/.test(value) || context === 'prose')) return 'none';
  if (/^(?:[.~]{0,2}\/|[A-Za-z]:\\)/.test(value)) return 'none';
  if (PATH.test(value) && (context === 'prose' || !/\d/.test(value))) return 'none';
  if (/^\d{1,3}$|^\d+\.\d+$/.test(value)) return 'none';
  if (isCode(value, context !== 'prose') && !/[!@#%^~]/.test(value)) return 'none';
  if (/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(value)) return 'none';
  const classes = characterClasses(value);
  if (classes === 1 || (classes === 2 && /^[A-Z][a-z]+[:?!.]?$/.test(value))) {
    // Words and numbers: a configuration file's are its passwords; elsewhere they are labels, types, field names.
    if (/^\d+$/.test(value)) return value.length >= 4 && context !== 'prose' ? 'weak' : 'none';
    if (context === 'prose' || /^[A-Z]/.test(value)) return 'none';
    if (!/^[\x20-\x7e]+$/.test(value)) return 'none';
    if (isCompoundPlaceholder(value)) return context === 'config' ? 'weak' : 'none';
    return context === 'config' ? 'real' : value.length >= 6 ? 'weak' : 'none';
  }
  if (/^[a-z]+(?:[_$-][a-z]+)+$/i.test(value)) {
    // Words joined by signs name things, unless their capitals fall where no name has them.
    if (context !== 'prose' && /[a-z][A-Z]+[a-z]+[A-Z]/.test(value) && wordiness(value) < 0.5) return 'real';
    return context === 'prose' || value.length < 8 || value.includes('_') ? 'none' : 'weak';
  }
  if (
    isIdentifierShaped(value) &&
    (/[._:/$]/.test(value) || (value.length >= 16 && /[Pp]assword|[Ss]ecret|[Tt]oken/.test(value)))
  )
    return 'none';
  // `dataStoreTestQuery`: words that a program's name is made of, and that a person's password may be.
  if (/^[a-z]{3,}(?:[A-Z][a-z]{2,}){2,}$/.test(value) && wordiness(value) > 0.6)
    return context === 'prose' ? 'none' : 'weak';
  if (context === 'prose')
    return (value.length >= 7 && classes >= 3 && /\d/.test(value)) || (wordiness(value) < 0.6 && looksRandom(value))
      ? 'real'
      : 'none';
  return 'real';
}

/** `/` is a sign of base64 too: what is long, has every kind of letter and no dot is no path. */
function isRandomBase64(value: string): boolean {
  return (
    /^[A-Za-z0-9+/]{32,}={0,2}$/.test(value) &&
    characterClasses(value) >= 3 &&
    shannonEntropy(value) >= 4.2 &&
    wordiness(value) < 0.45
  );
}

function judgeToken(value: string, context: JudgeOptions['context'], chosen: boolean): Verdict {
  if (/\s|%20/.test(value)) return 'none';
  if ((PATH.test(value) && !isRandomBase64(value)) || (NUMBER.test(value) && value.length < 16)) return 'none';
  if (isCode(value, context !== 'prose') || /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(value)) return 'none';
  if (/^[\w.+-]+@[\w-]+\.[\w.]+$/.test(value)) return 'none';
  // Many different signs between the words: a passphrase of a person, not a name of a program.
  const signs = new Set(value.replace(/[\w.-]|[^\x21-\x7e]/g, '')).size;
  if (!/^[\x21-\x7e]+$/.test(value)) {
    return context === 'literal' && signs >= 5 && /[A-Za-z]/.test(value) && !/[^\x21-\xbf]/.test(value)
      ? 'real'
      : 'none';
  }
  // `[secret:key@][host[:port]]`: brackets in prose say what may be left out.
  if (context === 'prose' && /[[\]]/.test(value)) return 'none';
  if (isIdentifierShaped(value)) return chosen && context !== 'prose' && isMadeUp(value) ? 'weak' : 'none';
  // `team-prod-1208358310`: the name of a resource.
  if (/^[a-z]{1,12}\d{0,3}(?:[-_.](?:[a-z]{1,12}\d{0,3}|\d{1,12}))+$/.test(value)) return 'none';
  const classes = characterClasses(value);
  const words = wordiness(value);
  const digits = value.replace(/\D/g, '').length;
  if (signs >= 5 || (context !== 'prose' && signs >= 3 && !bracketsMatch(value))) return 'real';
  // A sign that joins no words, among letters of both cases and digits.
  if (classes === 4 && value.length >= 16 && /\w[!#$^*]\w/.test(value) && !/[&=]|%[\da-f]{2}/i.test(value))
    return 'real';
  if (digits === 0 && words > 0.5) return 'none';
  if (value.length < 16) {
    if (value.length < 8 || context === 'prose') return 'none';
    if (digits === 0) return chosen && isMadeUp(value) ? 'weak' : 'none';
    const joined = !/[-_./:=,;@]/.test(value);
    if (classes >= 3 && (context === 'literal' || (joined && !(words > 0.6)))) return words > 0.6 ? 'weak' : 'real';
    return chosen && joined && classes >= 2 ? 'weak' : 'none';
  }
  const entropy = shannonEntropy(value);
  if (entropy < 3) return 'none';
  if (words > 0.62 && digits * 6 < value.length && !hasOddCapitals(value)) return 'none';
  return 'real';
}

const FUNCTION_WORDS = /\b(?:the|your|for|and|with|that|this|from|must|will|are|not|you|any|one of)\b/;

/**
 * Judges the value of a name that only says that it is the key of something. The keys of caches and tables are words,
 * numbers, paths and digests; letters of both cases among digits, or capitals among them, are what services issue.
 */
export function judgeKey(value: string, context: JudgeOptions['context']): Verdict {
  // A mnemonic sentence (BIP-39): 12 to 24 words of a list without function words.
  if (/^[a-z]{3,8}(?: [a-z]{3,8}){11,23}$/.test(value)) return FUNCTION_WORDS.test(value) ? 'none' : 'real';
  if (context === 'prose' || !/^[A-Za-z0-9+/_-]{16,128}={0,2}$/.test(value)) return 'none';
  const digits = value.replace(/\D/g, '').length;
  if (digits < 2 || HEX_DIGEST.test(value) || !/[A-Z]/.test(value) || !looksRandom(value)) return 'none';
  if ((wordiness(value) >= 0.6 && digits * 4 < value.length && !hasOddCapitals(value)) || shannonEntropy(value) < 3.2)
    return 'none';
  return judgeValue(value, { kind: 'token', key: '', context });
}

/** Letters between many different signs, in brackets that do not match: no program's name, no sentence, no code. */
export const isCryptic = (value: string): boolean =>
  new Set(value.replace(/[\w.\s-]/g, '')).size >= 4 &&
  /[A-Za-z]/.test(value) &&
  !/\s/.test(value) &&
  !bracketsMatch(value);

/** True when a token of a vendor's own shape is a mask or a made-up filler: `ghp_xxxx…`, `hf_your_token_here`. */
export function isMaskedToken(token: string, body: string): boolean {
  if (
    /x{6}|X{6}|\*{3}|\.{3}|0{8}|([^A])\1{7}|EXAMPLE|[Ee]xample|YOUR[-_]|your[-_]|REDACTED|PLACEHOLDER|placeholder|_HERE|-here/.test(
      token,
    )
  )
    return true;
  if (body.length >= 8 && new Set(body).size <= Math.min(5, body.length / 4)) return true;
  return body.length >= 12 && sequenceShare(body) > 0.6;
}
