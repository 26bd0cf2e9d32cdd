/**
 * Finds the lines of a program that a rule can speak of, so that nothing else is parsed: one pass for the words without
 * which no rule applies, then a look at what the name in front of the word means.
 */
import { KeywordMatcher } from '../text/keywordMatcher';
import type { Binding, Statement } from './ast';
import { isJudged, isJudgedMethod, LAST_NAMES } from './calls/registry';
import { DISGUISED, identifier, isIdentifierPart } from './characters';
import type { PythonModule } from './module';
import { Names, type Program } from './names';

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
];
/** What makes functions out of names that are put together: no word of theirs need be in the text. */
const DYNAMIC = [
  'getattr',
  '__import__',
  'import_module',
  '__builtins__',
  '__dict__',
  'globals',
  'vars',
  'partial',
  'modules',
];
/** Of these, what brings modules that are named nowhere. */
const BRINGS_MODULES = new Set(['__import__', 'import_module', '__builtins__', 'globals', 'modules']);
const RANDOM = ['random', 'choice', 'choices', 'randint', 'randrange', 'getrandbits', 'sample'];

interface Word {
  readonly text: string;
  /** Modules one of which has to be in the text; undefined when none has to. */
  readonly modules: ReadonlySet<string> | undefined;
  readonly role: 'last' | 'telling' | 'dynamic' | 'random' | 'removed' | 'module';
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
    ...TELLING.map(word('telling')),
    ...DYNAMIC.map(word('dynamic')),
    ...RANDOM.map((text): Word => ({ text, role: 'random', modules: new Set(['random']) })),
    ...[...REMOVED_MODULES].map(word('removed')),
    ...[...modules].map(word('module')),
  ];
}

const WORDS = words();
const MATCHER = new KeywordMatcher(WORDS.map(({ text }) => text));

interface Hit {
  readonly start: number;
  readonly word: Word;
}

/** What one text holds of the words, whole and in their case. */
export class Mentions {
  readonly hits: Hit[] = [];
  readonly modules = new Set<string>();
  /** Modules may be in use that no word names. */
  bringsModules = false;
  /** Identifiers in disguise: nothing can be told by words. */
  readonly disguised: boolean;

  constructor(text: string) {
    this.disguised = DISGUISED.test(text);
    MATCHER.scan(text, (keyword, end) => {
      const word = WORDS[keyword] as Word;
      const start = end - word.text.length;
      if (isIdentifierPart(text.charCodeAt(end)) || isIdentifierPart(text.charCodeAt(start - 1))) return;
      if (!text.startsWith(word.text, start)) return;
      if (word.role === 'module') this.modules.add(word.text);
      else this.hits.push({ start, word });
      if (BRINGS_MODULES.has(word.text)) this.bringsModules = true;
    });
  }
}

/** Whether any of the texts of a document can hold what is judged. */
export function mayHold(mentions: readonly Mentions[]): boolean {
  return candidateHits(mentions).some((hits) => hits.length > 0) || mentions.some(({ disguised }) => disguised);
}

/** The hits of each text whose modules are in one of them. */
function candidateHits(mentions: readonly Mentions[]): Hit[][] {
  const modules = new Set(mentions.flatMap((one) => [...one.modules]));
  const any = mentions.some(({ bringsModules }) => bringsModules);
  const active = ({ word }: Hit): boolean => {
    if (!word.modules || (any && word.role === 'last')) return true;
    for (const module of word.modules) if (modules.has(module)) return true;
    return false;
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
    const path = program.meaning(binding, module, module.scopeOf(line, statement)).path;
    if (path === undefined || !(isJudged(path) || isObserved(path)) || path === binding.name) return;
    aliases.add(binding.name);
    fresh.add(binding.name);
  };
  const choose = (index: number, line: number) => {
    const lines = chosen[index] as Set<number>;
    if (lines.has(line)) return;
    lines.add(line);
    const module = modules[index] as PythonModule;
    for (const statement of module.statements(line)) {
      for (const binding of statement.bindings) if (binding.value) alias(module, line, statement, binding);
      for (const { name, value } of statement.parameters ?? [])
        if (value) alias(module, line, statement, { name, how: 'value', value });
    }
  };
  for (const [index, hits] of candidateHits(mentions).entries()) {
    const module = modules[index] as PythonModule;
    for (const line of module.lines.imports) {
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
function speaks({ start, word }: Hit, program: Program, module: PythonModule, line: number): boolean {
  const { text } = module;
  const first = module.lines.starts[line] as number;
  switch (word.role) {
    case 'removed':
      return (
        /^(?:import|from)\b/.test(text.slice(first, first + 7)) ||
        /[:;]\s*(?:import|from)\s[^:;]*$/.test(text.slice(Math.max(first, start - 200), start))
      );
    case 'random':
      return text.slice(first, module.lines.ends[line]).includes('=');
    case 'last':
      break;
    default:
      return true;
  }
  const chain = chainBefore(text, start, first);
  if (chain.open) return true;
  const path = [...chain.names, word.text];
  const scope = module.lines.scopes[line] as NonNullable<PythonModule['lines']['scopes'][number]>;
  const base = new Names(program, module, module.lines.opens.get(line) ?? scope).lookup(path[0] as string, start).path;
  if (base === undefined) return path.length > 1 && isJudgedMethod(word.text);
  const whole = [base, ...path.slice(1)].join('.').replace(/^builtins\./, '');
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
