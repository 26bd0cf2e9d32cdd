/**
 * Credentials known by where they stand: in addresses, connection strings, headers, pairs, command lines, key blocks.
 * Every reader looks at a bounded stretch around the keyword it was called for.
 */
import type { Severity } from '../finding';
import { decodeBase64 } from './checksums';
import { literalAt, nthLiteral } from './extract/literals';
import {
  isPlaceholder,
  isReference,
  isTemplate,
  judgeValue,
  repetitionShare,
  sequenceShare,
  type Verdict,
} from './judge';
import { keyKind } from './keys';

/** A candidate with its place. The secret is `text.slice(start, end)` unless `secret` says otherwise. */
export interface StructuralHit {
  rule:
    | 'password'
    | 'generic-credential'
    | 'url-credentials'
    | 'connection-string'
    | 'authorization-header'
    | 'command-line-credential'
    | 'private-key'
    | 'kubernetes-secret'
    | 'password-hash';
  start: number;
  end: number;
  secret: string;
  verdict: Exclude<Verdict, 'none'>;
  /** When it is another than the verdict's. */
  severity?: Severity;
  /** What it is in this place, for the message. */
  what: string;
}

/** 1 for each of some ASCII characters. */
function asciiOf(characters: string): Uint8Array {
  const table = new Uint8Array(128);
  for (const c of characters) table[c.charCodeAt(0)] = 1;
  return table;
}

const isOf = (table: Uint8Array, c: number): boolean => c < table.length && table[c] === 1;

const AT_SIGN = 64;

const URL_PART = /[^\s"'`<>\\]{1,600}/y;
const SCHEME_LIMIT = 40;
/** Characters of an address that are looked at. */
const URL_LIMIT = 600;
/** ASCII characters that end an address. */
const ENDS_URL = asciiOf(' \t\n\v\f\r"\'`<>\\');

/** Whether an at sign stands in the address from a place on. */
function hasUser(text: string, start: number): boolean {
  const end = Math.min(text.length, start + URL_LIMIT);
  for (let at = start; at < end; at += 1) {
    const c = text.charCodeAt(at);
    if (c === AT_SIGN) return true;
    if (isOf(ENDS_URL, c)) return false;
  }
  return false;
}

/** `scheme://user:password@host` around the `://` at `at`. */
export function urlCredentials(text: string, at: number): StructuralHit | undefined {
  if (!hasUser(text, at + 3)) return undefined;
  URL_PART.lastIndex = at + 3;
  const match = URL_PART.exec(text);
  if (!match) return undefined;
  const rest = match[0];
  // RFC 3986: the user information ends at the last `@` before the path; passwords with an unescaped `/` exist all the same.
  const slash = rest.search(/[/?#]/);
  let sign = rest.lastIndexOf('@', slash < 0 ? rest.length : slash);
  if (sign < 0 && slash >= 0) {
    const wide = /^[\w.%+-]{1,80}:[^@\s]{3,120}@[\w.-]{2,100}(?:[:/?]|$)/.exec(rest);
    if (!wide || !/^[a-z][\w+.-]*sql|^redis|^mongo|^amqp/i.test(schemeBefore(text, at))) return undefined;
    sign = rest.indexOf('@', slash);
  }
  if (sign <= 0) return undefined;
  const user = rest.slice(0, sign);
  const host = rest.slice(sign + 1);
  if (!/^[\w[{$<%]/.test(host)) return undefined;
  const colon = user.indexOf(':');
  const scheme = schemeBefore(text, at);
  const what = /^(?:https?|ftps?|git|ssh|sftp|wss?|svn)(?:\+\w+)?$/i.test(scheme)
    ? `a ${scheme} address`
    : `a ${scheme || 'connection'} address`;
  const base = at + 3;
  if (colon < 0) {
    // A lone token: `https://<token>@github.com/...`.
    if (
      !/^https?$|^git/i.test(scheme) ||
      user.length < 20 ||
      isReference(user) ||
      judgeValue(user, { kind: 'token', key: '', context: 'literal' }) !== 'real'
    ) {
      return undefined;
    }
    return { rule: 'url-credentials', start: base, end: base + user.length, secret: user, verdict: 'real', what };
  }
  const password = safeDecode(user.slice(colon + 1));
  const name = user.slice(0, colon);
  const rule = /^(?:https?|ftps?|git|ssh|sftp|wss?|svn)/i.test(scheme) ? 'url-credentials' : 'connection-string';
  if (
    /^(?:x-oauth-basic|x-token-auth)?$/i.test(password) &&
    judgeValue(name, { kind: 'token', key: '', context: 'literal' }) === 'real'
  ) {
    return { rule, start: base, end: base + name.length, secret: name, verdict: 'real', what };
  }
  if (isReference(user) || /[{}]|^\$|%[({s]/.test(password) || /\(|\*{2}|\.{3}/.test(user)) return undefined;
  let verdict: Verdict = judgeValue(password, { kind: 'password', key: '', context: 'config' });
  if (
    password.length < 4 ||
    isPlaceholder(password) ||
    password === name ||
    // Everybody's login to a public server, with an address of one's own for a password (RFC 1635).
    name === 'anonymous' ||
    (verdict === 'none' && /^[A-Z_]+$/.test(password))
  )
    return undefined;
  if (verdict === 'none' && password.length >= 12 && sequenceShare(password) >= 0.7 && repetitionShare(password) < 0.4)
    verdict = 'weak';
  if (/^(?:example|sample|my|your|some)[-.\w]*\.?(?:com|org|net)?(?::\d+)?(?:\/|$)/i.test(host) && verdict === 'real')
    verdict = 'weak';
  if (verdict === 'none') return undefined;
  return { rule, start: base + colon + 1, end: base + sign, secret: user.slice(colon + 1), verdict, what };
}

function schemeBefore(text: string, at: number): string {
  return /[A-Za-z][A-Za-z0-9+.-]{0,39}$/.exec(text.slice(Math.max(0, at - SCHEME_LIMIT), at))?.[0] ?? '';
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Characters of a password in front of the `@` of a connection. */
const LEAST_PASSWORD = 3;
const MOST_PASSWORD = 60;
/** ASCII characters that are in no such password. */
const NO_PASSWORD = asciiOf(' \t\n\v\f\r"\'`/@:<>(){}=,;\\');

/** Whether what may be a password stands between a colon and a place: the signs of decorators and of addresses have none. */
function isBehindPassword(text: string, at: number): boolean {
  let start = at;
  while (at - start <= MOST_PASSWORD && start > 0 && !isOf(NO_PASSWORD, text.charCodeAt(start - 1))) start -= 1;
  const length = at - start;
  return length >= LEAST_PASSWORD && length <= MOST_PASSWORD && text[start - 1] === ':';
}

/** `user:password@host:5432/database` or `user:password@tcp(host:3306)/database` (Go) without a scheme, as the whole of a string or value, around the `@` at `at`. */
export function bareConnection(text: string, at: number): StructuralHit | undefined {
  if (!isBehindPassword(text, at)) return undefined;
  const before = /(^|["'`\s=])([A-Za-z][\w.-]{0,40}):([^\s"'`/@:<>(){}=,;\\]{3,60})$/.exec(
    text.slice(Math.max(0, at - 110), at),
  );
  if (!before) return undefined;
  const after =
    /@(?:localhost|[\w-]{1,60}(?:\.[\w-]{1,60}){0,6})(?::\d{2,5})(?:\/[\w-]{1,64})?(?=["'`\s?;,)]|$)|@[\w-]{1,60}(?:\.[\w-]{1,60}){1,6}\/[\w-]{1,64}(?=["'`\s?;]|$)|@(?:tcp[46]?|udp|unix)\([^()\s"'`]{1,200}\)\/[\w-]{0,64}(?=["'`\s?;]|$)/y;
  after.lastIndex = at;
  if (!after.test(text)) return undefined;
  const user = before[2] as string;
  const password = before[3] as string;
  if (isReference(password) || /^\W+$/.test(password) || isTemplate(password)) return undefined;
  const end = after.lastIndex;
  const real =
    !isPlaceholder(password) && judgeValue(password, { kind: 'password', key: user, context: 'config' }) === 'real';
  // A made-up one is told only where a program uses it: as the whole of a string.
  if (!real && !(/["']/.test(before[1] as string) && text[end] === before[1])) return undefined;
  const start = at - password.length - 1 - user.length;
  // An easy password is one all the same where the name says that these are the credentials in use.
  const name = /([\w.-]{1,60})["']?\]?\s{0,8}[:=]\s{0,8}["']$/.exec(text.slice(Math.max(0, start - 90), start))?.[1];
  return {
    rule: 'connection-string',
    start,
    end,
    secret: password,
    verdict: real ? 'real' : 'weak',
    ...(!real && name && keyKind(name) && { severity: 'medium' as const }),
    what: 'a connection string',
  };
}

const PEM_BEGIN = /-----BEGIN ((?:[A-Z0-9]{1,12} ){0,3})(?:PRIVATE KEY(?: BLOCK)?|KEY)-----/y;
const PEM_LIMIT = 16_384;

/** A PEM or PGP block of a private key from the `-----BEGIN` at `at`. */
export function privateKey(text: string, at: number): StructuralHit | undefined {
  PEM_BEGIN.lastIndex = at;
  const begin = PEM_BEGIN.exec(text);
  if (!begin) return undefined;
  const label = begin[0].slice(11, -5);
  if (/PUBLIC|CERTIFICATE/.test(label) || (label.endsWith('KEY') && !/PRIVATE|RSA|DSA|EC\b/.test(label)))
    return undefined;
  const bodyStart = at + begin[0].length;
  const window = text.slice(bodyStart, bodyStart + PEM_LIMIT);
  // No line of a key begins like this; what begins here instead of the end is another block.
  const mark = window.indexOf('-----');
  const close = window.startsWith('-----END', mark) ? mark : -1;
  const body = close < 0 ? window.slice(0, 200) : window.slice(0, close);
  const material = body.replace(/\\[nr]|["'\\+\s,]/g, '');
  // A name of the header in a program that looks for one, a template, an ellipsis: no key follows.
  if (close < 0 && mark >= 0 && !/^[A-Za-z0-9+/=:,.-]{16}/.test(material)) return undefined;
  if (close < 0 && !/^(?:[\s\\nr"'+]{0,80}\S{8}|[ \t]{0,80}\r?\n\s{0,80}\S.{7})/.test(body)) return undefined;
  if (material.length < 8 || /\{\{|\$\{|<[a-z]|\.{3}|…|%s|x{8}/i.test(material)) return undefined;
  // A program that looks for the header ends its string right after it.
  if (/^["'`)\]]/.test(window) && material.length < 64) return undefined;
  const endMark = close < 0 ? -1 : window.indexOf('-----', close + 8);
  const end = close < 0 ? at + begin[0].length : bodyStart + (endMark < 0 ? close + 8 : endMark + 5);
  const secret = material.slice(0, 4000);
  const kind = label.replace(/ ?(?:PRIVATE )?KEY[\s\S]*/, '').trim();
  const what = `${kind ? `${kind} ` : ''}private key${/ENCRYPTED/.test(label) || /ENCRYPTED/.test(body.slice(0, 200)) ? ' (encrypted)' : ''}`;
  return { rule: 'private-key', start: at, end, secret, verdict: 'real', what };
}

/** A key file of PuTTY (format 2 and 3), from its first line at `at`. */
export function puttyKey(text: string, at: number): StructuralHit | undefined {
  const head =
    /PuTTY-User-Key-File-[23]: [\w.@-]{3,60}\r?\nEncryption: ([\w-]{2,40})\r?\n(?:[\w-]{3,30}: [^\n]{0,200}\n|[A-Za-z0-9+/=]{1,80}\r?\n){0,80}?Private-Lines: \d{1,4}\r?\n/y;
  head.lastIndex = at;
  const match = head.exec(text);
  if (!match) return undefined;
  const lines = /(?:[A-Za-z0-9+/=]{8,80}(?:\r?\n|$)){1,400}/y;
  lines.lastIndex = head.lastIndex;
  const body = lines.exec(text);
  if (!body) return undefined;
  const end = lines.lastIndex - (/\r?\n$/.exec(body[0])?.[0].length ?? 0);
  const what = `PuTTY private key${match[1] === 'none' ? '' : ' (encrypted)'}`;
  return { rule: 'private-key', start: at, end, secret: body[0].replace(/\s/g, ''), verdict: 'real', what };
}

const HEADER_VALUE =
  /(?:(Bearer|Basic|Token|ApiKey|Api-Key|Key|Digest|SSWS|GenieKey|OAuth|JWT|Negotiate|Splunk)[ \t]{1,4}(?:token=)?)?([^\s"'`,;<>{}\\]{4,2000})/iy;

/** The value of an Authorization header, with or without its scheme. `at` is where the value begins. */
export function headerValue(text: string, at: number): StructuralHit | undefined {
  HEADER_VALUE.lastIndex = at;
  const match = HEADER_VALUE.exec(text);
  if (!match) return undefined;
  const scheme = match[1]?.toLowerCase();
  const value = match[2] as string;
  const start = at + match[0].length - value.length;
  const hit = (verdict: Verdict, what: string): StructuralHit | undefined =>
    verdict === 'none'
      ? undefined
      : { rule: 'authorization-header', start, end: start + value.length, secret: value, verdict, what };
  if (isReference(value) || isPlaceholder(value)) return undefined;
  if (scheme === 'basic') {
    const pair = decodeBase64(value);
    if (pair !== undefined && /^[\x20-\x39\x3b-\x7e]*:[\x20-\x7e]*$/.test(pair)) {
      const password = pair.slice(pair.indexOf(':') + 1);
      if (/^\{|\$|</.test(password)) return undefined;
      return hit(isPlaceholder(password) ? 'weak' : 'real', 'a basic authentication header');
    }
    return value.length >= 16 && value.includes('.')
      ? hit(judgeValue(value, { kind: 'token', key: '', context: 'literal' }), 'an authorization header')
      : undefined;
  }
  if (scheme === undefined && (value.length < 16 || !/\d/.test(value))) return undefined;
  return hit(
    judgeValue(value, { kind: 'token', key: 'authorization', context: 'literal' }),
    scheme ? `a ${scheme} authorization header` : 'an authorization header',
  );
}

/** An argument of a call that is a credential by its place. */
export interface CredentialArgument {
  /** How many arguments stand before it. */
  readonly before: number;
  /** A password with its user name, or a key: of what the call signs, encrypts or connects to. */
  readonly kind: 'password' | 'key';
}

/** Calls with a credential among their arguments, lower-case. */
export const CREDENTIAL_CALLS: ReadonlyMap<string, CredentialArgument> = new Map<string, CredentialArgument>([
  ...[
    ...['basicauth(', 'digestauth(', 'proxyauth(', 'login(', 'networkcredential(', 'passwordauthentication('],
    ...['usernamepasswordcredentials(', 'passwordcredential(', 'plaincredentials(', 'plainauthprovider('],
    ...['simple_bind_s(', 'simple_bind('],
  ].map((call) => [call, { before: 1, kind: 'password' }] as const),
  ...[
    ...['getconnection(', 'new pdo(', 'mysqli(', 'mysqli_connect(', 'mysql_connect(', 'mysql_real_connect('],
    ...['dbi->connect(', 'pymysql.connect(', 'mysqldb.connect(', 'ftp(', 'ftp_tls('],
    ...['keyring.set_password('],
  ].map((call) => [call, { before: 2, kind: 'password' }] as const),
  ...['ssh.connect(', 'credentials('].map((call) => [call, { before: 3, kind: 'password' }] as const),
  ['clientsecretcredential(', { before: 2, kind: 'key' }],
  ...[
    'oauthhandler(',
    'oauth1userhandler(',
    'jwt.encode(',
    'jwt.decode(',
    'jwt.sign(',
    'jwt.verify(',
    'createhmac(',
  ].map((call) => [call, { before: 1, kind: 'key' }] as const),
  ...[
    'experiment(',
    'aes.new(',
    'urlsafetimedserializer(',
    'urlsafeserializer(',
    'hmac.new(',
    'fernet(',
    'cohere.client(',
    'cohere.clientv2(',
    'deepl.translator(',
  ].map((call) => [call, { before: 0, kind: 'key' }] as const),
]);

const USER_NAME = /\(\s{0,20}(?:(?:user(?:_?name)?|login)\s{0,2}=\s{0,2})?/iy;
const PASSWORD_NAME = /\s{0,8},\s{0,20}(?:pass(?:word|wd)?|pw)\s{0,2}=\s{0,2}/iy;
const LAST = /(?:\.(?:toCharArray|encode|getBytes|into|to_string)\(\))?\s{0,8}[,)]/y;

/** `("user", "password")` after `auth=`, `HTTPBasicAuth` or `login`, or `(payload, "key")`, at the parenthesis `at`. */
export function credentialPair(
  text: string,
  at: number,
  { before, kind }: CredentialArgument = { before: 1, kind: 'password' },
): StructuralHit | undefined {
  USER_NAME.lastIndex = at;
  if (!USER_NAME.test(text)) return undefined;
  const from = USER_NAME.lastIndex;
  const first = literalAt(text, from);
  let second = nthLiteral(text, from, before);
  if (!second && first) {
    PASSWORD_NAME.lastIndex = first.outerEnd;
    if (PASSWORD_NAME.test(text)) second = nthLiteral(text, PASSWORD_NAME.lastIndex, 0);
  }
  const part = second?.parts[0];
  if (!part || second?.parts.length !== 1 || part.formatted) return undefined;
  LAST.lastIndex = part.outerEnd;
  if (!LAST.test(text)) return undefined;
  if (kind === 'key') {
    if (judgeValue(part.value, { kind: 'token', key: '', context: 'literal' }) !== 'real') return undefined;
    const what = 'an argument that is a key by its place';
    return { rule: 'generic-credential', start: part.start, end: part.end, secret: part.value, verdict: 'real', what };
  }
  const verdict = judgeValue(part.value, {
    kind: 'password',
    key: first?.value.slice(0, 60) ?? '',
    context: 'literal',
  });
  // A third argument is the password of these calls only when it looks like one.
  if (verdict === 'none' || (before > 1 && verdict !== 'real')) return undefined;
  return {
    rule: 'password',
    start: part.start,
    end: part.end,
    secret: part.value,
    verdict,
    what: 'a user name and password pair',
  };
}

/** `IDENTIFIED BY 'password'` of SQL, at the first word. */
export function sqlPassword(text: string, at: number): StructuralHit | undefined {
  const clause =
    /identified(?:\s{1,4}(?:with|via)\s{1,4}["'`]?\w{1,40}["'`]?)?\s{1,4}(?:by|using)\s{1,4}(["'])([^"'\n]{3,200})\1/iy;
  clause.lastIndex = at;
  const match = clause.exec(text);
  // Prose has the words too.
  if (!/\b(?:create|alter|grant)\s[^;]{0,300}$/i.test(text.slice(Math.max(0, at - 320), at))) return undefined;
  const secret = match?.[2];
  if (!match || !secret || /^password$|^\*[0-9A-F]{40}$/i.test(secret)) return undefined;
  const verdict = judgeValue(secret, { kind: 'password', key: '', context: 'config' });
  if (verdict === 'none') return undefined;
  const end = at + match[0].length - 1;
  return { rule: 'password', start: end - secret.length, end, secret, verdict, what: 'of a user of the database' };
}

/** `jdbc:oracle:thin:user/password@host`, at its begin. */
export function oracleAddress(text: string, at: number): StructuralHit | undefined {
  const address = /jdbc:oracle:\w{1,8}:[\w$#]{1,40}\/([^\s"'`/@<>{}]{3,100})@/iy;
  address.lastIndex = at;
  const match = address.exec(text);
  if (!match) return undefined;
  const secret = match[1] as string;
  const verdict = judgeValue(secret, { kind: 'password', key: '', context: 'config' });
  if (verdict === 'none') return undefined;
  const end = at + match[0].length - 1;
  return { rule: 'connection-string', start: end - secret.length, end, secret, verdict, what: 'a jdbc address' };
}
