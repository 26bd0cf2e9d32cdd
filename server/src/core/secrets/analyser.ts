import type { Fix, Severity } from '../finding';
import { pythonSyntax } from '../python/syntax';
import { hashSecret, redactSecret } from '../redact';
import type { Rule } from '../rule';
import type { Keyword } from '../text/automaton';
import type { KeywordFamily, TextAnalyser, TextContext, TextDocument, TextSegment } from '../text/document';
import { KeywordMatcher } from '../text/keywordMatcher';
import type { Occurrences } from '../text/keywordPass';
import { isLockFile } from '../text/languages';
import { Recent } from '../text/recent';
import { decodeBase64, readJsonWebToken } from './checksums';
import { secretColumns } from './columns';
import { COMMANDS, commandCredentials, commandEnd } from './commands';
import { customHits } from './custom';
import { documentedKey, exampleSigner } from './documented';
import { shannonEntropy, wordiness } from './entropy';
import { type Assignment, lineBefore, nameAround, type Surroundings } from './extract/assignment';
import type { Range } from './extract/markup';
import { assignedValues } from './extract/values';
import { environmentFix } from './fixes';
import {
  isCryptic,
  isMaskedToken,
  isPlaceholder,
  isReference,
  isUuid,
  judgeKey,
  judgeValue,
  looksRandom,
  repetitionShare,
  sequenceShare,
} from './judge';
import { Continuations, type KeyKind, keyKind } from './keys';
import { kubernetesSecrets } from './kubernetes';
import { Opening } from './opening';
import { SECRET_RULES, SECRET_SPECS } from './rules';
import type { AssignedShape, TokenShape } from './rules/define';
import {
  bareConnection,
  CREDENTIAL_CALLS,
  type CredentialArgument,
  credentialPair,
  headerValue,
  oracleAddress,
  privateKey,
  puttyKey,
  type StructuralHit,
  sqlPassword,
  urlCredentials,
} from './structures';

/** One candidate in a segment, before overlapping ones are settled. */
export interface Candidate {
  rule: Rule;
  start: number;
  end: number;
  secret: string;
  severity: Severity;
  message: string;
  /** The more is known of a candidate the more it counts against one that overlaps it. */
  rank: number;
  assignment?: Assignment;
}

interface CompiledToken extends TokenShape {
  rule: Rule;
  regex: RegExp;
  prefix: string;
}

interface CompiledAssigned extends Omit<AssignedShape, 'value'> {
  rule: Rule;
  regex: RegExp;
}

/** What a name promises of its value, and the shapes of the services it names that it allows. */
interface NamePromise {
  kind: KeyKind | undefined;
  services: readonly CompiledAssigned[];
}

type Action =
  | { do: 'tokens'; tokens: CompiledToken[] }
  | { do: 'name'; goesOn: Continuations | undefined }
  | { do: 'service' }
  | { do: 'url' }
  | { do: 'connection' }
  | { do: 'pem' }
  | { do: 'putty' }
  | { do: 'jwt' }
  | { do: 'jwt64' }
  | { do: 'bearer' }
  | { do: 'pair'; argument: CredentialArgument }
  | { do: 'sql' }
  | { do: 'oracle' }
  | { do: 'command'; command: string }
  | { do: 'kubernetes' };

/** Whether all that is looked for begins with its keyword, and never inside a word. */
function opensWord(action: Action): boolean {
  if (action.do !== 'tokens') return false;
  return action.tokens.every(
    ({ back, lead, notAfter }) =>
      back === undefined && !lead && (!notAfter || EVERY_KIND.every((c) => notAfter.test(c))),
  );
}

/** How all tokens begin that a keyword leads to, unless it leads to more or stands inside of them. */
function openingOf([action, more]: readonly Action[]): Opening | undefined {
  if (action?.do !== 'tokens' || more || action.tokens.some(({ back, lead }) => back !== undefined || lead))
    return undefined;
  return new Opening(action.tokens.map(({ pattern }) => pattern).join('|'));
}

const EVERY_KIND = ['a', 'z', 'A', 'Z', '0', '9', '_'];

/** Parts of names that promise a secret; the name around them is judged as a whole. */
const NAME_KEYWORDS = [
  ...['pass', 'pwd', 'pw', 'psw', 'pswd', 'secret', 'token', 'key', 'cred', 'auth'],
  ...['kennwort', 'contrase', 'senha', 'wachtwoord', 'heslo', 'salasana'],
  ...['jwt', 'hmac', 'psk', 'cookie', '_pat', 'sas_', 'sig=', 'saspwd', 'mnemonic', '_phrase'],
];

/** Of these the word that they are in tells whether it is one of secrecy. */
const PART_OF_WORD = /^_?[a-z]+$/;

const MAX_TOKEN = 2100;
/** What the key of something may be given behind its name: 16 letters with a digit among them, or words of a wallet. */
const ISSUED = /[^\n]{0,48}?["'`=:>\s](?:(?=[A-Za-z+/_-]{0,15}\d)[A-Za-z0-9+/_-]{16}|[a-z]{3,8}(?: [a-z]{3,8}){5})/y;
/** Names whose promises are remembered: a large repository has thousands of them. */
const NAMES = 1 << 13;
/** Keywords that are looked at between two looks at the budget: each costs a bounded time, and a hostile text has many. */
const LOOKS_BETWEEN_CHECKS = 2048;

class Engine {
  readonly keywords: readonly Keyword[];
  readonly #lengths: Uint8Array;
  readonly #actions: readonly Action[][];
  /** Of keywords that only tokens begin with. */
  readonly #openings: readonly (Opening | undefined)[];
  readonly #services: KeywordMatcher;
  readonly #serviceRules: readonly CompiledAssigned[][];

  constructor() {
    const actions = new Map<string, Action[]>();
    const add = (keyword: string, action: Action) => {
      const list = actions.get(keyword);
      if (list) list.push(action);
      else actions.set(keyword, [action]);
    };
    const tokensByKeyword = new Map<string, CompiledToken[]>();
    const services = new Map<string, CompiledAssigned[]>();
    for (const [id, spec] of SECRET_SPECS) {
      const rule = SECRET_RULES[id.slice('secret/'.length)] as Rule;
      for (const shape of spec.tokens ?? []) {
        const regex = new RegExp(`(?:${shape.pattern})(?![A-Za-z0-9_])`, shape.back === undefined ? 'y' : '');
        for (const keyword of shape.keywords) {
          const key = keyword.toLowerCase();
          const list = tokensByKeyword.get(key) ?? [];
          list.push({ ...shape, rule, regex, prefix: keyword });
          tokensByKeyword.set(key, list);
        }
      }
      for (const shape of spec.assigned ?? []) {
        const regex = new RegExp(`^(?:${shape.value})$`, shape.exact ? '' : 'i');
        for (const service of shape.services) {
          const list = services.get(service) ?? [];
          list.push({ ...shape, rule, regex });
          services.set(service, list);
        }
      }
    }
    for (const [keyword, tokens] of tokensByKeyword) add(keyword, { do: 'tokens', tokens });
    for (const keyword of NAME_KEYWORDS)
      add(keyword, {
        do: 'name',
        goesOn: PART_OF_WORD.test(keyword) ? new Continuations(keyword.replace('_', '')) : undefined,
      });
    // A word of secrecy in the name leads to those that need one.
    for (const [keyword, shapes] of services) if (shapes.some(({ keyed }) => !keyed)) add(keyword, { do: 'service' });
    add('://', { do: 'url' });
    add('@', { do: 'connection' });
    add('-----begin', { do: 'pem' });
    add('putty-user-key-file-', { do: 'putty' });
    add('eyj', { do: 'jwt' });
    add('zxlk', { do: 'jwt64' });
    add('bearer ', { do: 'bearer' });
    for (const [call, argument] of CREDENTIAL_CALLS) add(call, { do: 'pair', argument });
    add('identified ', { do: 'sql' });
    add('jdbc:oracle:', { do: 'oracle' });
    for (const command of COMMANDS.keys()) add(command, { do: 'command', command });
    add('kind: secret', { do: 'kubernetes' });
    add('kind: "secret"', { do: 'kubernetes' });
    add("kind: 'secret'", { do: 'kubernetes' });
    add('"kind": "secret"', { do: 'kubernetes' });
    add('"kind":"secret"', { do: 'kubernetes' });
    this.keywords = [...actions].map(([text, all]) => ({ text, opens: all.every(opensWord) }));
    this.#lengths = Uint8Array.from(actions.keys(), ({ length }) => length);
    this.#actions = [...actions.values()];
    this.#openings = this.#actions.map(openingOf);
    const names = [...services.keys()];
    this.#services = new KeywordMatcher(names);
    this.#serviceRules = names.map((name) => services.get(name) as CompiledAssigned[]);
  }

  /** All candidates of a segment, unsettled. @param occurrences of `keywords` in the segment's text */
  find(segment: TextSegment, traits: FileTraits, occurrences: Occurrences, checkTime: () => void): Candidate[] {
    // Headers, key paths and files of passwords need no keyword of ours.
    const keyed = segment.path !== undefined || segment.table !== undefined || traits.passwords !== undefined;
    if (occurrences.length === 0 && !keyed) return [];
    const run = new Run(segment, traits, (name) => this.#promises.get(name));
    const { text } = segment;
    for (let i = 0; i < occurrences.length; i += 1) {
      if ((i + 1) % LOOKS_BETWEEN_CHECKS === 0) checkTime();
      const keyword = occurrences.keyword(i);
      const end = occurrences.end(i);
      const start = end - (this.#lengths[keyword] as number);
      if (this.#openings[keyword]?.mayBegin(text, start) === false) continue;
      for (const action of this.#actions[keyword] as Action[]) run.act(action, start, end);
    }
    return run.candidates;
  }

  /** What names promise: the same few come again and again. */
  readonly #promises = new Recent<NamePromise>(NAMES, (name) => this.#judgeName(name));

  #judgeName(name: string): NamePromise {
    const named = new Set<CompiledAssigned>();
    this.#services.scan(name, (service, end) => {
      const { length } = this.#services.keywords[service] as string;
      if (!namesService(name, end - length, end)) return;
      for (const shape of this.#serviceRules[service] as CompiledAssigned[]) named.add(shape);
    });
    const kind = keyKind(name, named.size > 0);
    const services = [...named].filter(({ keyed, key }) => (!keyed || kind !== undefined) && (!key || key.test(name)));
    return { kind, services };
  }
}

/** A longer name of a service is no part of another word by chance. */
const SHORT_SERVICE = 6;
/** What a service's name is written together with. */
const JOINED = /^(?:api|app|key|token|secret|access|auth|client|pass|pat|cred)/i;

/** Whether a part of a name can mean the service called so: `LOB_API_KEY` and `lobApiKey`, not `global`. */
function namesService(text: string, start: number, end: number): boolean {
  if (end - start >= SHORT_SERVICE) return true;
  for (let i = start; i < end; i += 1) if (!isAlphanumeric(text.charCodeAt(i))) return true;
  return beginsWord(text, start) && (beginsWord(text, end) || JOINED.test(text.slice(end, end + 6)));
}

/** Whether a word of a name ends at a place and another begins there, or what is no letter. */
function beginsWord(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  const first = text.charCodeAt(at);
  return !isLetter(before) || !isLetter(first) || (before >= 97 && first < 97);
}

const isLetter = (c: number): boolean => (c >= 97 && c <= 122) || (c >= 65 && c <= 90);
const isAlphanumeric = (c: number): boolean => isLetter(c) || (c >= 48 && c <= 57);

let engine: Engine | undefined;

function engineOf(): Engine {
  engine ??= new Engine();
  return engine;
}

/** Words at which a credential may be, or the name of one. */
export const SECRET_KEYWORDS: KeywordFamily = {
  words: () => engineOf().keywords,
  reads: () => true,
};

/** How bare values are read in a segment. */
function surroundingsOf(segment: TextSegment): Surroundings {
  if (segment.kind === 'config') return 'config';
  if (
    segment.kind === 'output' ||
    segment.kind === 'prose' ||
    segment.kind === 'markdown' ||
    segment.kind === 'raw' ||
    segment.kind === 'table'
  )
    return 'prose';
  switch (segment.language) {
    case 'shell':
    case 'dockerfile':
      return 'shell';
    case 'env':
    case 'ini':
    case 'yaml':
    case 'toml':
    case 'json':
    case 'xml':
    case 'requirements':
      return 'config';
    default:
      return 'code';
  }
}

/** Files of rules and commands whose values stand bare, as in a shell. */
const COMMAND_FILE = /^(?:gnu)?makefile$|\.mk$|^justfile$|^procfile$/;

/** What the name of a file says of all that it holds. */
export interface FileTraits {
  readonly shell: boolean;
  readonly locked: boolean;
  /** It is made of passwords: `.htpasswd` and `shadow` of hashes, `.pgpass` of plain ones. */
  readonly passwords: 'hashed' | 'plain' | undefined;
}

export function traitsOf(fileName: string): FileTraits {
  const name = fileName.toLowerCase();
  const passwords = /htpasswd$|^shadow$/.test(name)
    ? 'hashed'
    : /\.?pgpass(?:\.conf)?$/.test(name)
      ? 'plain'
      : undefined;
  return { shell: COMMAND_FILE.test(name), locked: isLockFile(name), passwords };
}

class Run {
  readonly candidates: Candidate[] = [];
  readonly #text: string;
  readonly #around: Surroundings;
  readonly #lockFile: boolean;
  /** Names end before this have been judged. */
  #named = 0;
  #jwtEnd = 0;
  #urlEnd = 0;
  #kubernetesEnd = 0;
  /** Where the command lines end that have been read, by command. */
  readonly #commandEnds = new Map<string, number>();

  constructor(
    private readonly segment: TextSegment,
    { shell, locked, passwords }: FileTraits,
    private readonly promiseOf: (name: string) => NamePromise,
  ) {
    this.#text = segment.text;
    this.#around = shell ? 'shell' : surroundingsOf(segment);
    this.#lockFile = locked;
    if (segment.path !== undefined) this.#keyed(segment.path);
    this.#columns();
    if (passwords === 'hashed') this.#passwordHashes();
    else if (passwords === 'plain') this.#plainPasswords();
  }

  #columns(): void {
    for (const { header, kind, start, end, secret, count, verdict } of secretColumns(this.segment)) {
      const rule = SECRET_RULES[kind === 'password' ? 'password' : 'generic-credential'] as Rule;
      this.#add({
        rule,
        start,
        end,
        secret,
        severity: verdict === 'weak' ? 'low' : rule.severity,
        message: `${rule.title} in the column \`${header.slice(0, 60)}\` (${count} ${count === 1 ? 'value' : 'values'})`,
        rank: 2.5,
      });
    }
  }

  #passwordHashes(): void {
    const line = /^([^:\s#]{1,64}):(\$[\w$./+=,-]{8,200}|\{SHA\}[A-Za-z0-9+/=]{20,40}|[A-Za-z0-9./]{13})(?=[:\s]|$)/gm;
    for (const match of this.#text.matchAll(line)) {
      const hash = match[2] as string;
      const start = match.index + (match[1] as string).length + 1;
      this.#structural({
        rule: 'password-hash',
        start,
        end: start + hash.length,
        secret: hash,
        verdict: 'real',
        what: 'of a user of this file',
      });
    }
  }

  #plainPasswords(): void {
    const line = /^(?!#)((?:(?:[^:\\\r\n\u2028\u2029]|\\.)+:){4})([^\r\n]{3,200})$/gm;
    for (const match of this.#text.matchAll(line)) {
      const secret = match[2] as string;
      const verdict = judgeValue(secret, { kind: 'password', key: '', context: 'config' });
      if (verdict === 'none') continue;
      const start = match.index + (match[1] as string).length;
      this.#structural({
        rule: 'password',
        start,
        end: start + secret.length,
        secret,
        verdict,
        what: 'a PostgreSQL password file',
      });
    }
  }

  act(action: Action, start: number, end: number): void {
    const text = this.#text;
    switch (action.do) {
      case 'tokens':
        for (const shape of action.tokens) this.#token(shape, start);
        break;
      case 'name':
        if (end > this.#named && !this.#lockFile && action.goesOn?.mayBe(text, end) !== false)
          this.#name(start, end, false);
        break;
      case 'service':
        if (end > this.#named && !this.#lockFile && namesService(text, start, end)) this.#name(start, end, true);
        break;
      case 'url':
        if (start >= this.#urlEnd) this.#structural(urlCredentials(text, start));
        this.#urlEnd = end;
        break;
      case 'connection':
        if (start > 3) this.#structural(bareConnection(text, start));
        break;
      case 'pem':
        this.#structural(privateKey(text, start));
        break;
      case 'putty':
        this.#structural(puttyKey(text, start));
        break;
      case 'jwt':
        if (start >= this.#jwtEnd) this.#jwt(start);
        break;
      case 'jwt64':
        if (start >= this.#jwtEnd) this.#encodedJwt(start);
        break;
      case 'bearer':
        this.#structural(headerValue(text, start));
        break;
      case 'pair':
        this.#structural(credentialPair(text, end - 1, action.argument));
        break;
      case 'sql':
        this.#structural(sqlPassword(text, start));
        break;
      case 'oracle':
        this.#structural(oracleAddress(text, start));
        break;
      case 'command':
        this.#command(start, action.command);
        break;
      case 'kubernetes':
        if (start >= this.#kubernetesEnd) {
          for (const hit of kubernetesSecrets(text, start)) this.#structural(hit);
          const next = text.indexOf('\n---', start);
          this.#kubernetesEnd = next < 0 ? text.length : next;
        }
    }
  }

  #command(start: number, command: string): void {
    const before = this.#text[start - 1] ?? '';
    // `curl` of `pycurl` is none; `/usr/bin/curl` is one. What stands on a line that was read already has been seen.
    if ((/[\w.-]/.test(before) && !escapeBefore(this.#text, start)) || start < (this.#commandEnds.get(command) ?? 0))
      return;
    const end = commandEnd(this.#text, start);
    this.#commandEnds.set(command, end);
    for (const hit of commandCredentials(this.#text, start, end, command)) this.#structural(hit);
  }

  #token(shape: CompiledToken, at: number): void {
    const text = this.#text;
    let start = at;
    let found: string | undefined;
    if (shape.back === undefined) {
      start = at - (shape.lead ?? 0);
      if (start < 0 || (start > 0 && attached(text, start, shape.notAfter))) return;
      shape.regex.lastIndex = start;
      const match = shape.regex.exec(text);
      found = match?.[0];
      const secret = match?.groups?.secret;
      if (found !== undefined && secret !== undefined) {
        // The group is the end of the match: what stands before it only tells what it is.
        start += found.lastIndexOf(secret);
        found = secret;
      }
    } else {
      if (shape.before && !shape.before.test(text[at - 1] ?? '')) return;
      const from = Math.max(0, at - shape.back);
      const match = shape.regex.exec(text.slice(from, at + MAX_TOKEN));
      if (!match || from + match.index > at) return;
      start = from + match.index;
      if (start > 0 && attached(text, start, shape.notAfter)) return;
      found = match[0];
    }
    if (found === undefined) return;
    if (shape.near && !shape.near.test(text.slice(Math.max(0, start - 200), start))) return;
    const body = shape.back === undefined && start === at ? found.slice(shape.prefix.length) : found;
    const documented = documentedKey(found);
    const masked = !documented && isMaskedToken(found, body);
    if (!documented && !masked) {
      if (shannonEntropy(found) < (shape.entropy ?? 2.8)) return;
      if (isReference(found)) return;
      // Names of programs that begin like a token: letters that read as words.
      if (!/\d/.test(body) && wordiness(body) > 0.55) return;
    }
    const check = shape.check?.(found);
    if (check?.accepted === false) return;
    const base = check?.severity ?? shape.severity ?? shape.rule.severity;
    this.#add({
      rule: shape.rule,
      start,
      end: start + found.length,
      secret: found,
      severity: documented ? 'info' : masked ? this.#maskedSeverity(found, start) : base,
      message: documented
        ? `${shape.rule.title}: ${documented}, known to everyone`
        : masked
          ? `${shape.rule.title}: ${this.#maskedSeverity(found, start) === 'info' ? 'only a placeholder of its shape' : 'the shape of one, made of rows of digits and letters'}`
          : `${shape.rule.title}${check?.note ? `; ${check.note}` : ''}`,
      rank: masked ? 1 : shape.shared ? 2.9 : 4,
    });
  }

  /** Asterisks and x's stand for a token; rows of digits in quotes may be someone's idea of one. */
  #maskedSeverity(found: string, start: number): Severity {
    if (repetitionShare(found) > 0.3) return 'info';
    const quoted = /["'=]/.test(this.#text[start - 1] ?? '');
    return quoted && !/x{4}|\*|\.{3}|0{6}|EXAMPLE|YOUR|your|_HERE|-here|REDACT/.test(found)
      ? (weakSeverity(found) ?? 'info')
      : 'info';
  }

  #name(start: number, end: number, service: boolean): void {
    const text = this.#text;
    const name = nameAround(text, start, end);
    // Later keywords of the same name would only find the same.
    this.#named = name.end;
    if (!service && this.#authTuple(name)) return;
    if (isPassStatement(text, name)) return;
    const plain = text.slice(name.start, name.end);
    // `key` alone says something only with what it is an argument of.
    const alone = plain.length <= 4 && /^keys?$/i.test(plain);
    const key = alone ? qualifiedKey(text, plain, name.start) : plain;
    const { kind, services } = this.promiseOf(key);
    if (kind === undefined && services.length === 0) return;
    if (kind === 'key' && services.length === 0) {
      ISSUED.lastIndex = name.end;
      if (!ISSUED.test(text)) return;
    }
    const place = { text, around: this.#around, table: this.segment.kind === 'table' };
    for (const found of assignedValues(place, name))
      this.#assigned(alone && found.key === plain ? { ...found, key } : found);
  }

  /** `auth=("user", "password")`, `basic_auth=(...)` */
  #authTuple(name: { start: number; end: number }): boolean {
    const last = this.#text[name.end - 1];
    if (last !== 'h' && last !== 'H') return false;
    if (!/auth$/i.test(this.#text.slice(name.end - 4, name.end))) return false;
    const open = /[ \t]{0,8}["']?[ \t]{0,8}[=:,][ \t]{0,8}(?:[\w.]{1,40})?(?=\()/y;
    open.lastIndex = name.end;
    const hit = open.test(this.#text) ? credentialPair(this.#text, open.lastIndex) : undefined;
    this.#structural(hit);
    return hit !== undefined;
  }

  /** A segment that is the value of a key path. */
  #keyed(path: string): void {
    const key = path.slice(path.lastIndexOf('/') + 1);
    this.#assigned({
      key,
      keyStart: 0,
      value: this.#text,
      start: 0,
      end: this.#text.length,
      operator: 'assign',
      context: 'literal',
    });
  }

  #assigned(found: Assignment): void {
    const { key, value } = found;
    if (value.length < 4) return;
    const { kind, services } = this.promiseOf(key);
    const shape = services.find((candidate) => this.#fits(candidate, found));
    if (shape) {
      const documented = documentedKey(value);
      this.#add({
        rule: shape.rule,
        start: found.start,
        end: found.end,
        secret: value,
        severity: documented ? 'info' : (weakSeverity(value) ?? shape.severity ?? shape.rule.severity),
        message: documented
          ? `${shape.rule.title}: ${documented}, known to everyone`
          : `${shape.rule.title} in ${describeKey(found)}${isWeak(value) ? ', made of rows of digits and letters' : ''}`,
        rank: 3,
        assignment: found,
      });
      return;
    }
    if (kind === undefined) return;
    if (kind === 'auth') {
      if (found.context === 'literal' || found.context === 'config') {
        if (this.#encodedLogin(found) || this.#plainLogin(found)) return;
        const { joined, value: whole } = found;
        const hit = joined ? headerValue(whole, 0) : headerValue(this.#text, found.start);
        // `"Bearer " + "..."`: what is put together ends with the last literal.
        if (hit && joined && hit.end === whole.length)
          this.#structural({ ...hit, start: joined.end - 1 - hit.secret.length, end: joined.end - 1 });
        else if (hit && !joined && hit.end <= found.end + 1) this.#structural(hit);
      }
      return;
    }
    if (kind === 'connection') return;
    // Told together with who logs in with it, a word and a number are a password in prose too.
    const told = kind === 'password' && (found.context === 'prose' || found.loose) && besideUser(this.#text, found);
    const context = told && /\d/.test(value) ? 'literal' : found.context;
    const verdict = kind === 'key' ? judgeKey(value, context) : judgeValue(value, { kind, key, context });
    if (verdict === 'none') return;
    if (this.#around === 'config' && storedSafely(this.#text, found)) return;
    if (found.loose && (verdict !== 'real' || !(told || looksRandom(value) || isCryptic(value)) || isUuid(value)))
      return;
    // On its own the word means many things: a filter's band, a stage of a computation, the result of a test.
    if (/^(?:pass|pw)$/i.test(key)) {
      if (verdict === 'weak') return;
      if (found.context === 'prose' && !(looksRandom(value) && besideUser(this.#text, found))) return;
    }
    if (kind === 'token' && isUuid(value) && found.context === 'prose') return;
    const rule = (kind === 'password' ? SECRET_RULES.password : SECRET_RULES['generic-credential']) as Rule;
    const documented = documentedKey(value);
    let severity: Severity = verdict === 'weak' ? 'low' : rule.severity;
    if (
      verdict === 'real' &&
      (found.context === 'prose' ||
        found.operator === 'compare' ||
        kind === 'key' ||
        (kind === 'password' && value.length < 8))
    )
      severity = 'medium';
    if (verdict === 'real' && kind === 'password' && /^[a-z]+$/.test(value)) severity = 'medium';
    this.#add({
      rule,
      start: found.start,
      end: found.end,
      secret: value,
      severity: documented ? 'info' : severity,
      message: documented
        ? `${rule.title} in ${describeKey(found)}: ${documented}, known to everyone`
        : `${rule.title} in ${describeKey(found)}${verdict === 'weak' ? ', and an easy one' : ''}`,
      rank: 2,
      assignment: found,
    });
  }

  #fits(shape: CompiledAssigned, { key, value }: Assignment): boolean {
    if (!shape.regex.test(value)) return false;
    if (documentedKey(value)) return true;
    if (shape.entropy === 0) return !/^(.)\1+$|^1234-?5678-?9012$/.test(value) || key.length > 0;
    if (isReference(value) || repetitionShare(value) > 0.4 || /x{6}/i.test(value)) return false;
    if (isWeak(value)) return true;
    if (isMaskedToken(value, value)) return false;
    if (!/\d/.test(value) && (isPlaceholder(value) || wordiness(value) > 0.55)) return false;
    if (
      /[-_](?:id|name|url|path|file|version|hash|sha|digest|commit)s?$/i.test(key) &&
      !/(?:client|app|api|key|access|consumer|account)[-_]?id$/i.test(key)
    )
      return false;
    return shannonEntropy(value) >= (shape.entropy ?? 2.5);
  }

  /**
   * `"auth": "dXNlcjpwYXNz"` of a Docker configuration, `_auth=` of an npm one.
   * @returns true when the value is a login in base64, whether it is a real one or not
   */
  #encodedLogin({ key, value, start, end }: Assignment): boolean {
    if (!/^_?auth$/i.test(key) || !/^[A-Za-z0-9+/]{8,}={0,2}$/.test(value)) return false;
    const pair = decodeBase64(value);
    if (pair === undefined || !/^[\x21-\x39\x3b-\x7e]+:[\x20-\x7e]{3,}$/.test(pair)) return false;
    const verdict = judgeValue(pair.slice(pair.indexOf(':') + 1), { kind: 'password', key: '', context: 'config' });
    if (verdict !== 'none') {
      const what = 'the login of a registry';
      this.#structural({ rule: 'authorization-header', start, end, secret: value, verdict, what });
    }
    return true;
  }

  /** `auth: user:password` */
  #plainLogin({ value, end }: Assignment): boolean {
    const pair = /^[A-Za-z][\w.@-]{0,60}:(?!\/\/)([^\s:]{4,100})$/.exec(value);
    if (!pair) return false;
    const secret = pair[1] as string;
    const verdict = judgeValue(secret, { kind: 'password', key: '', context: 'literal' });
    if (verdict === 'real' && looksRandom(secret)) {
      const what = 'a user name and password pair';
      this.#structural({ rule: 'password', start: end - secret.length, end, secret, verdict, what });
    }
    return true;
  }

  #structural(hit: StructuralHit | undefined): void {
    if (!hit) return;
    const rule = SECRET_RULES[hit.rule] as Rule;
    this.#add({
      rule,
      start: hit.start,
      end: hit.end,
      secret: hit.secret,
      severity: hit.severity ?? (hit.verdict === 'weak' ? 'low' : rule.severity),
      message:
        hit.rule === 'private-key'
          ? capitalised(hit.what)
          : `${rule.title}: ${hit.what}${hit.verdict === 'weak' ? ', with an easy or made-up password' : ''}`,
      rank: hit.rule === 'private-key' ? 5 : 3.5,
    });
  }

  #jwt(at: number): void {
    const text = this.#text;
    if (at > 0 && /[\w.+/-]/.test(text[at - 1] as string) && !escapeBefore(text, at)) return;
    const shape = /eyJ[A-Za-z0-9_-]{8,4000}={0,2}\.eyJ[A-Za-z0-9_-]{8,8000}={0,2}(?:\.[A-Za-z0-9_-]{0,2000}={0,2})?/y;
    shape.lastIndex = at;
    const match = shape.exec(text);
    if (!match) return;
    this.#jwtEnd = at + match[0].length;
    this.#reportJwt(match[0], at, match[0].length);
  }

  #reportJwt(jwt: string, start: number, length: number): void {
    const decoded = readJsonWebToken(jwt);
    if (!decoded) return;
    const { claims, header } = decoded;
    const rule = SECRET_RULES['json-web-token'] as Rule;
    const facts: string[] = [];
    if (typeof header.alg === 'string') facts.push(`signed with ${header.alg}`);
    if (typeof claims.iss === 'string') facts.push(`issued by ${claims.iss.slice(0, 60)}`);
    if (typeof claims.exp === 'number' && Number.isFinite(claims.exp) && Math.abs(claims.exp) < 8e12) {
      facts.push(`expires ${new Date(claims.exp * 1000).toISOString().slice(0, 10)}`);
    } else if (!('exp' in claims)) facts.push('never expires');
    if (claims.role === 'service_role') facts.push('with the role service_role');
    const known = exampleSigner(jwt, header.alg);
    this.#add({
      rule,
      start,
      end: start + length,
      secret: jwt,
      severity: known ? 'info' : claims.role === 'service_role' ? 'critical' : rule.severity,
      message: known
        ? `JSON Web Token, signed with the secret of the examples ${known}: anyone can make it`
        : `JSON Web Token${facts.length ? `, ${facts.join(', ')}` : ''}`,
      rank: 3.8,
    });
  }

  /** A token that has been encoded once more. */
  #encodedJwt(at: number): void {
    const text = this.#text;
    if (at > 0 && /[\w+/]/.test(text[at - 1] as string) && !escapeBefore(text, at)) return;
    const shape = /ZXlK[A-Za-z0-9+/_-]{30,8000}={0,2}/y;
    shape.lastIndex = at;
    const match = shape.exec(text);
    if (!match) return;
    this.#jwtEnd = at + match[0].length;
    const inner = decodeBase64(match[0]);
    if (inner && /^eyJ[\w-]+={0,2}\.eyJ[\w-]+={0,2}(?:\.[\w-]*={0,2})?$/.test(inner))
      this.#reportJwt(inner, at, match[0].length);
  }

  #add(candidate: Candidate): void {
    this.candidates.push(candidate);
  }
}

/** `pass` of Python: alone on its line, or behind a colon. */
function isPassStatement(text: string, { start, end }: Range): boolean {
  if (end - start !== 4 || text.charCodeAt(start) !== 112 || !text.startsWith('pass', start)) return false;
  const after = text[end];
  if (after !== undefined && after !== '\n' && after !== '\r') return false;
  const least = Math.max(0, start - 120);
  let before = start - 1;
  while (before >= least && (text[before] === ' ' || text[before] === '\t')) before -= 1;
  return before < 0 || text[before] === '\n' || text[before] === ':';
}

/** Whether a token at `at` is only the end of something longer. */
function attached(text: string, at: number, notAfter: RegExp | undefined): boolean {
  if (notAfter) return notAfter.test(text[at - 1] as string) && !escapeBefore(text, at);
  const c = text.charCodeAt(at - 1);
  const word = (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || (c >= 48 && c <= 57) || c === 95;
  return word && !escapeBefore(text, at);
}

/** `\n`, `\t` and their like in raw JSON or source end in a letter that is no part of a word. */
function escapeBefore(text: string, at: number): boolean {
  return text[at - 2] === '\\' && /[nrtbf]/.test(text[at - 1] as string);
}

const capitalised = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** Rows of the alphabet and of digits in the shape of a credential: made up, most likely, and still in its place. */
function isWeak(value: string): boolean {
  return sequenceShare(value.replace(/-/g, '')) > 0.6 && !/^\d+$/.test(value);
}

/** The more of a value is rows, the less it can be a live one. */
function weakSeverity(value: string): Severity | undefined {
  if (!isWeak(value)) return undefined;
  return sequenceShare(value.replace(/-/g, '')) > 0.9 ? 'low' : 'medium';
}

/** `checksum/secret: ...` of a template, and what stands in a block whose name says that its values are encrypted. */
function storedSafely(text: string, { keyStart }: Assignment): boolean {
  let line = lineBefore(text, keyStart);
  if (/(?:checksum|hash|digest|sha\d*)[/_.-]$/i.test(line)) return true;
  const indent = (from: string) => from.length - from.trimStart().length;
  const own = indent(line);
  if (own === 0 || line.trim() !== '') return false;
  let at = keyStart - line.length - 1;
  for (let lines = 0; at > 0 && lines < 40; lines += 1) {
    line = lineBefore(text, at);
    if (line.trim() !== '' && indent(line) < own) return /^\s*(?:encrypted|sealed)\w{0,20}["']?\s*:/i.test(line);
    at -= line.length + 1;
  }
  return false;
}

/** Offset before the white space that ends at `at`, as far as it is looked at. */
function beforeSpace(text: string, at: number): number {
  const first = Math.max(0, at - 40);
  let end = at;
  while (end > first && /\s/.test(text[end - 1] as string)) end -= 1;
  return end;
}

/** `wandb.login` for an argument of `wandb.login(`, the first or one behind others on its line. */
function calleeBefore(text: string, at: number): string | undefined {
  let open = beforeSpace(text, at);
  if (text[open - 1] === ',') {
    const first = Math.max(0, open - 121);
    do open -= 1;
    while (open > first && !/[()\n]/.test(text[open - 1] as string));
    open = beforeSpace(text, open);
  }
  if (text[open - 1] !== '(') return undefined;
  const end = open - 1;
  const first = Math.max(0, end - 60);
  let start = end;
  while (start > first && /[\w.]/.test(text[start - 1] as string)) start -= 1;
  return end - start < 2 ? undefined : text.slice(start, end);
}

const WHO = '(?:user|username|user[ _-]name|usr|login|account|uid)';
const USER_BEFORE = new RegExp(
  `(?:^|[^\\w])${WHO}\\b[\\s:="'\`*]{1,4}[\\w.@-]{2,60}\\W{1,6}(?:(?:and|with|/|&)\\s{1,3}(?:the\\s{1,3})?)?[*_]{0,2}$`,
  'i',
);
const USER_LINE = new RegExp(`^\\W{0,8}${WHO}\\W{0,6}[:=\\s]\\W{0,6}[\\w.@-]{2,60}\\W{0,6}$`, 'i');

/** Whether who logs in with it stands before a password on its line or on the line above: `login bob / pw=...`. */
function besideUser(text: string, { keyStart }: Assignment): boolean {
  const line = lineBefore(text, keyStart);
  if (/^\W{0,8}$/.test(line)) return USER_LINE.test(lineBefore(text, keyStart - line.length - 1).trim());
  return USER_BEFORE.test(line.slice(-120));
}

/** `Jwt` for the first entry of `"Jwt": {`. */
function mappingBefore(text: string, at: number): string | undefined {
  const quote = text[at - 1];
  if (quote !== '"' && quote !== "'") return undefined;
  const open = beforeSpace(text, at - 1);
  if (text[open - 1] !== '{') return undefined;
  return /["'](\w{2,30})["']\s{0,4}:\s{0,4}$/.exec(text.slice(Math.max(0, open - 44), open - 1))?.[1];
}

/** Where the words begin, two at most, that stand before a place with a blank between them. */
function wordsBefore(text: string, at: number): number {
  let begin = at;
  for (let words = 0; words < 2; words += 1) {
    if (text[begin - 1] !== ' ' && text[begin - 1] !== '\t') break;
    const least = Math.max(0, begin - 21);
    let start = begin - 1;
    while (start > least && isLetter(text.charCodeAt(start - 1))) start -= 1;
    if (begin - start < 3 || isAlphanumeric(text.charCodeAt(start - 1))) break;
    begin = start;
  }
  return begin;
}

/** `key` with the name of what it is an argument of (`wandb.login.key`), or with the words before it (`API key`). */
function qualifiedKey(text: string, key: string, keyStart: number): string {
  const callee = calleeBefore(text, keyStart) ?? mappingBefore(text, keyStart);
  if (callee) return `${callee}.${key}`;
  if (text[keyStart - 1] !== ' ' && text[keyStart - 1] !== '\t') return key;
  const words = text.slice(wordsBefore(text, keyStart), keyStart);
  // The key of GPG or SSH that a document names is the public one, by its fingerprint.
  return words === '' || /\b(?:gpg|pgp|ssh|public)[ \t]$/i.test(words) ? key : words + key;
}

function describeKey({ key, operator }: Assignment): string {
  const shown = key.length > 60 ? `${key.slice(0, 60)}…` : key;
  if (operator === 'default') return `the default of \`${shown}\``;
  if (operator === 'compare') return `a comparison with \`${shown}\``;
  return `\`${shown}\``;
}

/** Of candidates that overlap, the one most is known of. */
function settle(candidates: Candidate[]): Candidate[] {
  const ordered = [...candidates].sort(
    (a, b) => b.rank - a.rank || b.end - b.start - (a.end - a.start) || a.start - b.start,
  );
  const kept: Candidate[] = [];
  if (ordered.length < 64) {
    for (const candidate of ordered) {
      if (!kept.some((other) => candidate.start < other.end && other.start < candidate.end)) kept.push(candidate);
    }
  } else {
    // Many candidates: by buckets of the text instead of each against each.
    const taken = new Map<number, Candidate[]>();
    for (const candidate of ordered) {
      const first = candidate.start >> 8;
      const last = Math.max(first, (candidate.end - 1) >> 8);
      let free = true;
      for (let bucket = first; free && bucket <= last; bucket += 1) {
        free = !taken.get(bucket)?.some((other) => candidate.start < other.end && other.start < candidate.end);
      }
      if (!free) continue;
      kept.push(candidate);
      for (let bucket = first; bucket <= last; bucket += 1) {
        const list = taken.get(bucket);
        if (list) list.push(candidate);
        else taken.set(bucket, [candidate]);
      }
    }
  }
  return kept.sort((a, b) => a.start - b.start);
}

/**
 * What a segment holds, in its order and without overlaps.
 * @param traits of its document
 * @param occurrences of {@link SECRET_KEYWORDS} in the segment's text
 * @param checkTime called again and again on long texts; throws when the time is over
 */
export function candidatesOf(
  segment: TextSegment,
  traits: FileTraits,
  occurrences: Occurrences,
  checkTime: () => void,
): Candidate[] {
  return settle(engineOf().find(segment, traits, occurrences, checkTime));
}

/** The access key id of AWS and its secret are worth more together. */
const AWS_PAIR = ['secret/aws-access-key-id', 'secret/aws-secret-access-key'];

/** Finds credentials in every segment of a document. */
export const SECRETS_ANALYSER: TextAnalyser = {
  id: 'secrets',
  enabled: (settings) => settings.secrets.enabled,
  keywords: SECRET_KEYWORDS,
  analyse(document: TextDocument, context: TextContext): void {
    /** Secrets already reported, and with the place those of one output: it repeats itself as text, HTML and traceback. */
    const seen = new Set<string>();
    const pairs: { segment: TextSegment; candidate: Candidate }[] = [];
    const report = (
      segment: TextSegment,
      candidate: Candidate,
      related?: { segment: TextSegment; candidate: Candidate },
    ) => {
      const fixes = fixesOf(context, segment, candidate);
      context.report(segment, {
        rule: candidate.rule,
        severity: candidate.severity,
        message: candidate.message,
        start: candidate.start,
        end: candidate.end,
        evidence: redactSecret(candidate.secret),
        anchor: hashSecret(candidate.secret),
        ...(fixes.length > 0 && { fixes }),
        ...(related && {
          related: [
            {
              message: related.candidate.rule.title,
              location: related.segment.locate(related.candidate.start, related.candidate.end),
            },
          ],
        }),
      });
    };
    const traits = traitsOf(document.name);
    for (const segment of document.segments) {
      context.checkTime();
      // What a damaged notebook could not be read as is scanned as text once more, after its cells.
      const again = document.kind === 'notebook' && segment.kind === 'raw' && segment.cell === undefined;
      const occurrences = context.occurrences(segment, SECRET_KEYWORDS);
      for (const candidate of candidatesOf(segment, traits, occurrences, context.checkTime)) {
        if (again && seen.has(candidate.secret)) continue;
        seen.add(candidate.secret);
        if (segment.output !== undefined || segment.path !== undefined) {
          const key = `${segment.cell}\0${segment.output}\0${candidate.secret}`;
          if (seen.has(key)) continue;
          seen.add(key);
        }
        if (AWS_PAIR.includes(candidate.rule.id)) pairs.push({ segment, candidate });
        else report(segment, candidate);
      }
      for (const hit of customHits(segment, context.settings.secrets.customRules, context.checkTime)) {
        context.report(segment, hit);
      }
    }
    for (const { segment, candidate } of pairs) {
      const partner = pairs.find((other) => other.candidate.rule.id !== candidate.rule.id);
      report(segment, candidate, partner);
    }
  },
};

function fixesOf(context: TextContext, segment: TextSegment, candidate: Candidate): Fix[] {
  const { assignment, rule } = candidate;
  if (segment.language !== 'python' || segment.kind !== 'code') return [];
  const syntax = pythonSyntax(segment, context);
  if (!syntax) return [];
  const id = rule.id.slice('secret/'.length);
  const fix = environmentFix(segment, syntax, {
    start: candidate.start,
    end: candidate.end,
    ...(assignment?.joined && { joined: assignment.joined }),
    name: assignment?.key,
    rule: id,
    service: SECRET_SPECS.has(rule.id),
  });
  return fix ? [fix] : [];
}
