/** The words without which no rule applies to a Python text. */
import type { KeywordFamily } from '../text/document';
import { JUDGED_KEYWORDS, LAST_NAMES, WORDS_BESIDE } from './calls/registry';

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
  ...['execl', 'execle', 'execlp', 'execlpe', 'execv', 'execve', 'execvp', 'execvpe', 'posix_spawn'].map(
    (name) => [name, 'os'] as const,
  ),
  ...['spawnl', 'spawnle', 'spawnlp', 'spawnlpe', 'spawnv', 'spawnve', 'spawnvp', 'spawnvpe'].map(
    (name) => [name, 'os'] as const,
  ),
];
/** Of these, what writes a file that something else may read: by itself it tells nothing. */
export const WRITES = new Set(
  ['dump', 'save', 'savez', 'savez_compressed', 'to_pickle'].filter((name) => !LAST_NAMES.has(name)),
);
export const isObserved = (path: string): boolean =>
  /^(?:pickle|cPickle|dill|cloudpickle|joblib|sklearn\.externals\.joblib)\.dump$|^torch\.save$|^numpy\.save(?:z|z_compressed)?$|\.to_pickle$|^socket\.(?:socket\(\)\.connect|create_connection)$|^os\.(?:dup2|exec\w+|spawn\w+|posix_spawn)$|^pty\.spawn$/.test(
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
  ...['auto_run', 'use_docker', 'accept_content', 'allow_pickle'],
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
export const DYNAMIC: ReadonlyMap<string, RegExp> = new Map([
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
export const BEHIND = 200;
export const DYNAMIC_WORD = /\b(?:getattr|__dict__|__builtins__|globals|locals|vars|methodcaller)\b/;
/** Of these, what brings modules that are named nowhere. */
export const BRINGS_MODULES = new Set(['__import__', 'import_module', 'modules', '__builtins__', 'globals']);

const SECRET_NAMES = 'token|password|passwd|secret|otp|nonce|session_?(?:id|key)|api_?key|csrf|salt';
/** Names of what has to be hard to guess. */
export const SECRET_NAME = new RegExp(`(?:^|_)(?:${SECRET_NAMES})$`, 'i');
/** Such a name where it is assigned to. */
export const SECRET_TARGET = new RegExp(`(?:${SECRET_NAMES})[\\s\\\\]{0,80}(?:[-+*/%&|^@<>]{0,2}=(?!=)|:)`, 'iy');
/** Parts of these names. */
const SECRETS = ['token', 'passw', 'secret', 'otp', 'nonce', 'session', 'api_key', 'apikey', 'csrf', 'salt'];

export interface Word {
  readonly text: string;
  /** Modules one of which has to be in the text; undefined when none has to. */
  readonly modules: ReadonlySet<string> | undefined;
  /** Words one of which has to be in the text as well; undefined when none has to. */
  readonly beside?: ReadonlySet<string> | undefined;
  readonly role: 'last' | 'telling' | 'dynamic' | 'secret' | 'removed' | 'module' | 'import' | 'disguised';
}

function allWords(): Word[] {
  const last = new Map(LAST_NAMES);
  const observed = new Set(['verify', ...OBSERVED.map(([name]) => name)]);
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
    ...[...last].map(([text, needs]): Word => {
      const beside = observed.has(text) ? undefined : WORDS_BESIDE.get(text);
      return { text, role: 'last', modules: needs, beside };
    }),
    ...[...TELLING, ...JUDGED_KEYWORDS].map(word('telling')),
    ...[...DYNAMIC.keys()].map(word('dynamic')),
    ...SECRETS.map(word('secret')),
    ...[...REMOVED_MODULES].map(word('removed')),
    ...[...modules].map(word('module')),
    word('import')('import'),
  ];
}

export const WORDS: readonly Word[] = allWords();

export const PYTHON_KEYWORDS: KeywordFamily = {
  words: () => WORDS.map(({ text, role }) => ({ text, opens: role !== 'secret' })),
  reads: ({ language, kind }) => language === 'python' && kind === 'code',
};

/** What stands for a word that is written in other letters. */
export const DISGUISED: Word = { text: '', modules: undefined, role: 'disguised' };
