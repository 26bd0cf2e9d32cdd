/**
 * Finds the lines of a program that a rule can speak of, so that nothing else is parsed: one pass for the words without
 * which no rule applies, then a look at what the name in front of the word means.
 */
import type { KeywordFamily } from '../text/document';
import { KeywordMatcher } from '../text/keywordMatcher';
import type { Occurrences } from '../text/keywordPass';
import type { Binding, Statement } from './ast';
import { BUILTINS, isJudged, isJudgedMethod, JUDGED_KEYWORDS, LAST_NAMES } from './calls/registry';
import { identifier, isDisguised, isIdentifierPart } from './characters';
import type { PythonModule } from './module';
import { Names, type Program } from './names';
import type { Scope } from './scope';

/** Modules that Python dropped: PEP 594, PEP 632 and imp. */
export const REMOVED_MODULES: ReadonlySet<string> = new Set(
  'imp asynchat asyncore distutils cgi cgitb crypt telnetlib pipes sndhdr imghdr nntplib smtpd uu xdrlib chunk aifc audioop msilib nis ossaudiodev spwd sunau mailcap'.split(
    ' ',
  ),
);

/** Calls that are not judged alone but together with others, and the modules they are of. */
const OBSERVED: readonly (readonly [last: string, ...modules: string[]])[] = [
  ['dump', 'pickle', 'cPickle', 'dill', 'cloudpickle', 'joblib', 'sklearn'],
  ['save', 'torch', 'numpy'],
  ['savez', 'numpy'],
  ['savez_compressed', 'numpy'],
  ['to_pickle', 'pandas'],
  ['connect', 'socket'],
  ['create_connection', 'socket'],
  ['dup2', 'os'],
  ['spawn', 'pty'],
  ['execl', 'os'],
  ['execv', 'os'],
  ['execve', 'os'],
];
export const isObserved = (path: string): boolean =>
  /^(?:pickle|cPickle|dill|cloudpickle|joblib|sklearn\.externals\.joblib)\.dump$|^torch\.save$|^numpy\.save(?:z|z_compressed)?$|\.to_pickle$|^socket\.(?:socket\(\)\.connect|create_connection)$|^os\.(?:dup2|execl|execv|execve)$|^pty\.spawn$/.test(
    path,
  );

/** Words that are told by themselves, wherever they stand. */
const TELLING = [
  '_create_default_https_context',
  'verify_mode',
  'NotebookApp',
  'ServerApp',
  'IdentityProvider',
  'PasswordIdentityProvider',
  ...[
    'CURL_CA_BUNDLE',
    'REQUESTS_CA_BUNDLE',
    'PYTHONHTTPSVERIFY',
    'TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD',
    'HF_DATASETS_TRUST_REMOTE_CODE',
  ],
  ...['auto_run', 'use_docker'],
];
/**
 * In front of an expression: it may be constant and yet no literal that stands there whole. A literal is found as it is;
 * what is formatted, called, or taken out of something is no constant.
 */
const PUT_TOGETHER = String.raw`(?!\s{0,20}(?:["'][^"'\\]{0,80}["']\s{0,20}[,)\]%.*[]|[fF]["'][^"'\\{]{0,80}\{(?!\{)|[A-Za-z_]\w{0,80}\s{0,20}[.([]))(?:\s{0,20}(?<name>[A-Za-z_]\w{0,80})\s{0,20}[,)\]])?`;
const CALLED = new RegExp(String.raw`^\s{0,20}\(${PUT_TOGETHER}`);
const SUBSCRIBED = new RegExp(String.raw`^\s{0,20}\[${PUT_TOGETHER}`);
/**
 * What makes functions and modules out of texts, and how a text that is put together is told from one that stands there.
 * The group `name` is the name that has to be a text, when the expression is nothing else.
 */
const DYNAMIC: ReadonlyMap<string, RegExp> = new Map([
  [
    'getattr',
    new RegExp(
      String.raw`^\s{0,20}\((?!\s{0,20}(?:self|cls)\s{0,20},)[^,()]{0,80}(?:\([^()]{0,80}\)[^,()]{0,40})?,${PUT_TOGETHER}`,
    ),
  ],
  ['__import__', CALLED],
  ['import_module', CALLED],
  ['modules', SUBSCRIBED],
  ['__dict__', SUBSCRIBED],
  ['__builtins__', SUBSCRIBED],
  ['globals', new RegExp(String.raw`^\s{0,20}\(\s{0,20}\)\s{0,20}\[${PUT_TOGETHER}`)],
  ['vars', new RegExp(String.raw`^\s{0,20}\([^()]{0,60}\)\s{0,20}\[${PUT_TOGETHER}`)],
]);
/** Characters behind a word of DYNAMIC that are looked at. */
const BEHIND = 200;
const DYNAMIC_WORD = /\b(?:getattr|__dict__|__builtins__|globals|locals|vars|methodcaller)\b/;
/** Of these, what brings modules that are named nowhere. */
const BRINGS_MODULES = new Set(['__import__', 'import_module', 'modules', '__builtins__', 'globals']);

const SECRET_NAMES = 'token|password|passwd|secret|otp|nonce|session_?(?:id|key)|api_?key|csrf|salt';
/** Names of what has to be hard to guess. */
export const SECRET_NAME = new RegExp(`(?:^|_)(?:${SECRET_NAMES})$`, 'i');
/** Such a name where it is assigned to. */
const SECRET_TARGET = new RegExp(`(?:${SECRET_NAMES})[\\s\\\\]{0,80}(?:[-+*/%&|^@<>]{0,2}=(?!=)|:)`, 'iy');
/** Parts of these names. */
const SECRETS = ['token', 'passw', 'secret', 'otp', 'nonce', 'session', 'api_key', 'apikey', 'csrf', 'salt'];

interface Word {
  readonly text: string;
  /** Modules one of which has to be in the text; undefined when none has to. */
  readonly modules: ReadonlySet<string> | undefined;
  readonly role: 'last' | 'telling' | 'dynamic' | 'secret' | 'removed' | 'module' | 'import';
}

function words(): Word[] {
  const last = new Map(LAST_NAMES);
  for (const [name, ...modules] of OBSERVED) {
    const known = last.get(name);
    if (!last.has(name)) last.set(name, new Set(modules));
    else if (known) last.set(name, new Set([...known, ...modules]));
  }
  last.set('verify', new Set([...(last.get('verify') ?? []), 'requests']));
  const modules = new Set(['random', ...[...last.values()].flatMap((names) => [...(names ?? [])])]);
  const word =
    (role: Word['role']) =>
    (text: string): Word => ({ text, role, modules: undefined });
  return [
    ...[...last].map(([text, needs]): Word => ({ text, role: 'last', modules: needs })),
    ...[...TELLING, ...JUDGED_KEYWORDS].map(word('telling')),
    ...[...DYNAMIC.keys()].map(word('dynamic')),
    ...SECRETS.map(word('secret')),
    ...[...REMOVED_MODULES].map(word('removed')),
    ...[...modules].map(word('module')),
    word('import')('import'),
  ];
}

const WORDS = words();

export const PYTHON_KEYWORDS: KeywordFamily = {
  words: () => WORDS.map(({ text, role }) => ({ text, opens: role !== 'secret' })),
  reads: ({ language, kind }) => language === 'python' && kind === 'code',
};

interface Hit {
  readonly start: number;
  readonly word: Word;
  /** How the word stands there: behind a dot, by itself, or in quotes. */
  readonly as: 'member' | 'name' | 'text';
  /** It can be the function that is there without an import. */
  readonly builtin?: true;
}

/** What one text holds of the words, whole and in their case, where they can mean what they look like. */
export class Mentions {
  readonly hits: Hit[] = [];
  readonly modules = new Set<string>();
  /** Modules may be in use that no word names. */
  bringsModules = false;
  /** Names of functions may be made of text. */
  dynamic = false;
  /** Identifiers in disguise: nothing can be told by words. */
  readonly disguised: boolean;
  /** Offsets behind the word `import`. */
  readonly #imports: number[] = [];

  /** @param occurrences of {@link PYTHON_KEYWORDS} in the text */
  constructor(
    private readonly text: string,
    occurrences: Occurrences,
  ) {
    this.disguised = isDisguised(text);
    for (let i = 0; i < occurrences.length; i += 1) {
      const word = WORDS[occurrences.keyword(i)] as Word;
      const end = occurrences.end(i);
      const start = end - word.text.length;
      if (word.role === 'secret') {
        SECRET_TARGET.lastIndex = start;
        if (SECRET_TARGET.test(text)) this.hits.push({ start, word, as: 'name' });
      } else if (
        !isIdentifierPart(text.charCodeAt(end)) &&
        !isIdentifierPart(text.charCodeAt(start - 1)) &&
        text.startsWith(word.text, start)
      )
        this.#mention(word, start, end);
    }
  }

  /** Names that the text imports by themselves; `*` when it does so with all that a module has. */
  imported(): ReadonlySet<string> {
    const names = new Set<string>();
    let end = 0;
    for (const start of this.#imports) {
      // In the comment of another import.
      if (start < end) continue;
      IMPORTED.lastIndex = start;
      const list = IMPORTED.exec(this.text)?.[0] ?? '';
      end = start + list.length;
      for (const [name] of list.matchAll(/[\w*]+/g)) names.add(name);
    }
    return names;
  }

  #mention(word: Word, start: number, end: number): void {
    const { text } = this;
    switch (word.role) {
      case 'module':
        this.modules.add(word.text);
        return;
      case 'import':
        this.#imports.push(end);
        return;
      case 'dynamic': {
        this.dynamic = true;
        if (!(DYNAMIC.get(word.text) as RegExp).test(text.slice(end, end + BEHIND))) return;
        if (BRINGS_MODULES.has(word.text)) this.bringsModules = true;
        this.hits.push({ start, word, as: 'name' });
        return;
      }
      case 'removed':
        if (lastSign(text, start) !== '.' && isImport(text, start)) this.hits.push({ start, word, as: 'name' });
        return;
      case 'last': {
        const before = lastSign(text, start);
        const as = before === '.' ? 'member' : before === '"' || before === "'" ? 'text' : 'name';
        if (
          as === 'member' &&
          !isJudgedMethod(word.text) &&
          /\b(?:self|cls)\s*\.\s*$/.test(text.slice(Math.max(0, start - 10), start))
        )
          return;
        const builtin = BUILTINS.has(word.text) && isBuiltin(text, start, end, as);
        this.hits.push({ start, word, as, ...(builtin && { builtin }) });
        return;
      }
      default:
        this.hits.push({ start, word, as: 'name' });
    }
  }
}

/** What is imported, from behind the word `import`: in brackets over several lines, or on one that may be joined to the next. */
const IMPORTED = /[\s\\]{0,80}\((?:[^()#]|#[^\n]*)*|[^\n;#\\]*(?:\\\r?\n[^\n;#\\]*)*/y;

/** The sign in front of a place, white space left out within the line. */
function lastSign(text: string, start: number): string {
  let i = start - 1;
  while (i >= 0 && (text.charCodeAt(i) === 32 || text.charCodeAt(i) === 9)) i -= 1;
  // `x.\<newline>load` is a member all the same; a dot at the end of the line above is one too.
  if (text[i] === '\n' && /\.\s*\\?\r?$/.test(text.slice(Math.max(0, i - 80), i))) return '.';
  return text[i] ?? '';
}

/** What follows a word in a sentence, and a function in no expression. */
const PROSE = /^[ \t]+(?!(?:if|else|or|and|for|in|is|not|as)\b)[A-Za-z]/;

/** `eval` called, handed on or given another name; not a method of that name, nor the definition of one. */
function isBuiltin(text: string, start: number, end: number, as: Hit['as']): boolean {
  if (as === 'text') return true;
  const before = text.slice(Math.max(0, start - 24), start);
  if (as === 'member') return /(?:builtins|__builtins__|[)\]])\s*\.\s*$/.test(before);
  return !/\bdef\s+$/.test(before) && !PROSE.test(text.slice(end, end + 40));
}

/** Whether a word stands in an import statement, on its first line or on one that is joined to it. */
function isImport(text: string, start: number): boolean {
  const from = Math.max(0, start - 300);
  const before = text.slice(from, start);
  const line = before.slice(before.lastIndexOf('\n') + 1);
  return /(?:^|[:;])\s*(?:import|from)\s[^;:]*$/.test(line) || /\\\r?\n[^\n]*$/.test(before);
}

/** Whether any of the texts of a document can hold what is judged. */
export function mayHold(mentions: readonly Mentions[]): boolean {
  return candidateHits(mentions).some((hits) => hits.length > 0) || mentions.some(({ disguised }) => disguised);
}

/** The hits of each text that what else is in the document does not rule out. */
function candidateHits(mentions: readonly Mentions[]): Hit[][] {
  const all = (pick: (one: Mentions) => Iterable<string>) => new Set(mentions.flatMap((one) => [...pick(one)]));
  const modules = all((one) => one.modules);
  const brings = mentions.some(({ bringsModules }) => bringsModules);
  const dynamic = mentions.some((one) => one.dynamic);
  let imported: ReadonlySet<string> | undefined;
  const active = ({ word, as, builtin }: Hit): boolean => {
    if (word.role === 'secret') return modules.has('random');
    if (as === 'text' && !dynamic) return false;
    if (word.role !== 'last' || builtin) return true;
    if (word.modules && !brings && ![...word.modules].some((module) => modules.has(module))) return false;
    if (as !== 'name') return true;
    // What is given a name by an assignment is found there, and followed.
    imported ??= all((one) => one.imported());
    return imported.has(word.text) || imported.has('*');
  };
  return mentions.map(({ hits }) => hits.filter(active));
}

/** Rounds of following one alias to the next before every line is looked at. */
const ROUNDS = 4;

/**
 * Lines to look at, by module.
 * @returns undefined when all of them have to be
 */
export function candidateLines(
  program: Program,
  modules: readonly PythonModule[],
  mentions: readonly Mentions[],
): Set<number>[] | undefined {
  if (mentions.some(({ disguised }) => disguised)) return undefined;
  const chosen = modules.map(() => new Set<number>());
  const aliases = new Set<string>();
  let fresh = new Set<string>();
  const alias = (module: PythonModule, line: number, statement: Statement, binding: Binding) => {
    if (aliases.has(binding.name)) return;
    const { path, held } = program.meaning(binding, module, module.scopeOf(line, statement));
    const spoken = path !== undefined && path !== binding.name && (isJudged(path) || isObserved(path));
    if (!spoken && !held?.element(undefined, 0)) return;
    aliases.add(binding.name);
    fresh.add(binding.name);
  };
  const choose = (index: number, line: number) => {
    const lines = chosen[index] as Set<number>;
    if (lines.has(line)) return;
    lines.add(line);
    const module = modules[index] as PythonModule;
    for (const statement of module.statements(line)) {
      for (const binding of statement.bindings)
        if (binding.value || binding.definition) alias(module, line, statement, binding);
      for (const target of statement.targets ?? [])
        if (statement.value && target.kind === 'member')
          alias(module, line, statement, { name: target.property, how: 'value', value: statement.value });
      for (const { name, value } of statement.parameters ?? [])
        if (value) alias(module, line, statement, { name, how: 'default', value });
    }
  };
  for (const [index, hits] of candidateHits(mentions).entries()) {
    const module = modules[index] as PythonModule;
    for (const line of module.lines.imports) {
      // Only another name hides what is imported.
      if (!/\bas\b/.test(module.lineText(line))) continue;
      for (const statement of module.statements(line))
        for (const binding of statement.bindings) if (binding.how === 'import') alias(module, line, statement, binding);
    }
    for (const hit of hits) {
      const line = module.lines.at(hit.start);
      if (line >= 0 && !(chosen[index] as Set<number>).has(line) && speaks(hit, program, module, line))
        choose(index, line);
    }
  }
  for (let round = 0; fresh.size > 0; round += 1) {
    if (round === ROUNDS) return undefined;
    const names = new KeywordMatcher([...fresh].filter((name) => /^\w+$/.test(name)));
    if (names.keywords.length < fresh.size) return undefined;
    fresh = new Set();
    for (const [index, module] of modules.entries()) {
      names.scan(module.text, (keyword, end) => {
        const start = end - (names.keywords[keyword] as string).length;
        if (isIdentifierPart(module.text.charCodeAt(end)) || isIdentifierPart(module.text.charCodeAt(start - 1)))
          return;
        const line = module.lines.at(start);
        if (line >= 0) choose(index, line);
      });
    }
  }
  return chosen;
}

/** Whether a word can mean what it looks like at its place. */
function speaks({ start, word, as }: Hit, program: Program, module: PythonModule, line: number): boolean {
  const { text } = module;
  const first = module.lines.starts[line] as number;
  const scope = module.lines.opens.get(line) ?? (module.lines.scopes[line] as Scope);
  const names = new Names(program, module, scope);
  if (word.role === 'dynamic') {
    const end = start + word.text.length;
    const name = DYNAMIC.get(word.text)?.exec(text.slice(end, end + BEHIND))?.groups?.name;
    return name === undefined || names.lookup(name, start).text !== undefined;
  }
  if (word.role !== 'last') return true;
  if (as === 'text') return DYNAMIC_WORD.test(text.slice(first, module.lines.ends[line]));
  const chain = chainBefore(text, start, first);
  if (chain.open) return true;
  const path = [...chain.names, word.text];
  const base = names.lookup(path[0] as string, start).path;
  if (base === undefined) return path.length > 1 && isJudgedMethod(word.text);
  const whole = [base, ...path.slice(1)].join('.').replace(/^(?:builtins|__builtins__)\./, '');
  return isJudged(whole) || isObserved(whole) || whole === 'requests.Session().verify' || isJudgedMethod(word.text);
}

/** Names in front of a dotted name; `open` when something else than a name stands before them. */
function chainBefore(text: string, start: number, least: number): { names: string[]; open: boolean } {
  const names: string[] = [];
  let at = start;
  for (;;) {
    let dot = at - 1;
    while (dot >= least && isSpace(text.charCodeAt(dot))) dot -= 1;
    if (dot < least || text[dot] !== '.') return { names, open: false };
    let end = dot;
    while (end > least && isSpace(text.charCodeAt(end - 1))) end -= 1;
    let begin = end;
    while (begin > least && isIdentifierPart(text.charCodeAt(begin - 1))) begin -= 1;
    if (begin === end || names.length > 20) return { names, open: true };
    names.unshift(identifier(text.slice(begin, end)));
    at = begin;
  }
}

const isSpace = (c: number): boolean => c === 32 || c === 9 || c === 10 || c === 13 || c === 92;
