import {
  isUrl,
  type Link,
  optionItem,
  optionName,
  type Requirement,
  type RequirementItem,
  readRequirement,
  takesValue,
} from './requirements';
import { readClauses } from './specifier';

/** A word of a command line: its text without quotes, and where it stands. */
interface Word {
  text: string;
  start: number;
  end: number;
  /** A shell or IPython variable stands in it, so its value is not known. */
  dynamic: boolean;
  /** Offset of the first character of `text`, when the text stands there without escapes. */
  plainStart: number | undefined;
}

/** Options with a value that say nothing about what is installed: the value must not be read as a package. */
const IGNORED_WITH_VALUE = new Set(
  (
    '-t --target --root --prefix --src --platform --python-version --implementation --abi --no-binary --only-binary --progress-bar ' +
    '--upgrade-strategy --global-option --install-option --build-option --config-settings --config-setting -C --proxy --retries --timeout ' +
    '--exists-action --cert --client-cert --cache-dir --log --python -p --report --build -b --root-user-action --use-feature ' +
    '--use-deprecated --keyring-provider --hash --resolution --torch-backend --refresh-package --upgrade-package -P --extra --group ' +
    '-n --name --channel --file --exclude-newer --link-mode --index-strategy --python-platform --with --solver'
  ).split(' '),
);

const SEPARATORS = new Set([';', '&', '|', '\n', '\r']);

/** Words of one simple command from `at` on, and where the next begins. Continuations join, comments and redirections end. */
function readCommand(text: string, at: number, end: number): { words: Word[]; next: number } {
  const words: Word[] = [];
  let i = at;
  while (i < end) {
    const c = text[i] as string;
    if (c === '\\' && (text[i + 1] === '\n' || (text[i + 1] === '\r' && text[i + 2] === '\n'))) {
      i += text[i + 1] === '\n' ? 2 : 3;
      continue;
    }
    if (c === ' ' || c === '\t') {
      i += 1;
      continue;
    }
    if (SEPARATORS.has(c)) {
      const stop = c === '\n' || c === '\r' ? i + 1 : i + (text[i + 1] === c ? 2 : 1);
      return { words, next: stop };
    }
    if (c === '#') {
      while (i < end && text[i] !== '\n') i += 1;
      return { words, next: i + 1 };
    }
    const { word, next } = readWord(text, i, end);
    // `> file`, `2>&1`: what follows is where the output goes.
    if (/^\d?>{1,2}/.test(word.text) || word.text.startsWith('<')) {
      i = next;
      if (/^\d?>{1,2}$|^<$/.test(word.text)) {
        while (text[i] === ' ') i += 1;
        if (i < end && !SEPARATORS.has(text[i] as string)) i = readWord(text, i, end).next;
      } else if (text[i] === '&') i += 1;
      continue;
    }
    words.push(word);
    i = next;
  }
  return { words, next: end };
}

function readWord(text: string, at: number, end: number): { word: Word; next: number } {
  let out = '';
  let i = at;
  let quote = '';
  let dynamic = false;
  let plainStart: number | undefined;
  let plain = true;
  while (i < end) {
    const c = text[i] as string;
    if (quote) {
      if (c === quote) {
        quote = '';
        i += 1;
        continue;
      }
      if (c === '\n') break;
    } else {
      if (c === ' ' || c === '\t' || c === '\n' || c === '\r' || c === ';' || c === '|') break;
      if (c === '&' && !out.includes('://') && !/\d?>$/.test(out)) break;
      if (c === '"' || c === "'") {
        if (out) plain = false;
        quote = c;
        i += 1;
        continue;
      }
      if (c === '\\') {
        if (text[i + 1] === '\n' || text[i + 1] === '\r') break;
        plain = false;
        i += 1;
        if (i >= end) break;
      }
    }
    if ((c === '$' && quote !== "'") || c === '{' || c === '`') dynamic = true;
    plainStart ??= i;
    out += text[i];
    i += 1;
  }
  return {
    word: { text: out, start: at, end: i, dynamic, plainStart: plain ? plainStart : undefined },
    next: Math.max(i, at + 1),
  };
}

const PYTHON = /(?:^|[/\\])(?:python|pypy)[\d.]*(?:\.exe)?$|^py$|\{\s*sys\.executable\s*\}$/;
const PIP = /(?:^|[/\\])pip[\d.]*(?:\.exe)?$/;
const CONDA = /(?:^|[/\\])(?:conda|mamba|micromamba)(?:\.exe)?$/;
const PREFIXES = new Set([
  'sudo',
  'env',
  'time',
  'exec',
  'nohup',
  'command',
  'RUN',
  'then',
  'do',
  'else',
  '!',
  '-H',
  '-E',
  '-y',
]);

/** Where the arguments of an installation begin, and of what kind it is. */
function installArguments(words: readonly Word[]): { from: number; ecosystem: 'pypi' | 'conda' } | undefined {
  let i = 0;
  while (i < words.length && (PREFIXES.has(words[i]!.text) || /^[A-Za-z_]\w*=/.test(words[i]!.text))) i += 1;
  const text = (index: number) => words[index]?.text ?? '';
  if (PYTHON.test(text(i))) {
    i += 1;
    while (/^-[a-zA-Z]/.test(text(i)) && text(i) !== '-m') i += 1;
    if (text(i) !== '-m') return undefined;
    i += 1;
  }
  let ecosystem: 'pypi' | 'conda' = 'pypi';
  if (text(i) === 'uv') {
    i += 1;
    if (text(i) === 'add') return { from: i + 1, ecosystem };
    if (text(i) !== 'pip') return undefined;
    i += 1;
  } else if (PIP.test(text(i))) i += 1;
  else if (CONDA.test(text(i))) {
    ecosystem = 'conda';
    i += 1;
  } else return undefined;
  // Options may stand before the subcommand: `pip -q install x`.
  while (text(i).startsWith('-')) i += 1;
  return text(i) === 'install' ||
    (ecosystem === 'pypi' && text(i) === 'download') ||
    (ecosystem === 'conda' && text(i) === 'create')
    ? { from: i + 1, ecosystem }
    : undefined;
}

/**
 * What the installation commands in `[start, end)` of a shell text ask for: `pip`, `python -m pip`, `uv pip`, `uv add`,
 * `conda`, `mamba`, several on a line. Parsing only; no file that is named is opened.
 */
export function parseInstallCommands(text: string, start = 0, end = text.length): RequirementItem[] {
  const items: RequirementItem[] = [];
  let at = start;
  while (at < end) {
    const { words, next } = readCommand(text, at, end);
    const install = installArguments(words);
    if (install) readArguments(text, words.slice(install.from), install.ecosystem, items);
    at = next;
  }
  return items;
}

function link(word: Word, from = 0): Link {
  const start = word.plainStart === undefined ? word.start : word.plainStart + from;
  const length = word.text.length - from;
  return { text: word.text.slice(from), start, end: word.plainStart === undefined ? word.end : start + length };
}

function readArguments(
  text: string,
  words: readonly Word[],
  ecosystem: 'pypi' | 'conda',
  items: RequirementItem[],
): void {
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] as Word;
    if (word.text.startsWith('-') && word.text.length > 1) {
      const equals = word.text.startsWith('--') ? word.text.indexOf('=') : -1;
      let spelling = equals > 0 ? word.text.slice(0, equals) : word.text;
      let value: Link | undefined = equals > 0 ? link(word, equals + 1) : undefined;
      if (equals < 0 && /^-[A-Za-z]./.test(word.text) && !word.text.startsWith('--')) {
        // `-rfile`, or a cluster such as `-qU` whose last letter may take a value.
        const attached = optionName(word.text.slice(0, 2));
        if (attached) {
          spelling = word.text.slice(0, 2);
          value = link(word, 2);
        } else spelling = `-${word.text[word.text.length - 1]}`;
      }
      const name = ecosystem === 'pypi' ? optionName(spelling) : undefined;
      if (name) {
        if (!value && takesValue(name) && i + 1 < words.length) {
          i += 1;
          value = link(words[i] as Word);
        }
        const item = optionItem(name, word.start, value, value?.end ?? word.end);
        if (item && !words[i]!.dynamic) items.push(item);
      } else if (!value && (IGNORED_WITH_VALUE.has(spelling) || (ecosystem === 'conda' && /^-[cnpf]$/.test(spelling))))
        i += 1;
      continue;
    }
    if (word.dynamic || word.text === '') continue;
    const item = ecosystem === 'conda' ? condaPackage(word) : pipPackage(text, word);
    if (item) items.push(item);
  }
}

/** Offsets of a requirement that was read out of a word, put back into the text. */
function pipPackage(text: string, word: Word): Requirement | undefined {
  const { plainStart } = word;
  if (plainStart !== undefined && (isUrl(word.text) || !/^[./~]/.test(word.text))) {
    return readRequirement(text, plainStart, plainStart + word.text.length);
  }
  if (/^[./~]/.test(word.text)) return undefined;
  const read = readRequirement(word.text, 0, word.text.length);
  if (!read) return undefined;
  // Quotes or escapes stand inside: the whole word is the place, and there is no token to edit.
  return {
    ...read,
    clauses: read.clauses.map((c) => ({ ...c, start: word.start, end: word.start })),
    start: word.start,
    end: word.end,
  };
}

/** `conda-forge::numpy=1.16.0=py37_0`, `numpy==1.16`, `"numpy>=1.11"`. */
function condaPackage(word: Word): Requirement | undefined {
  const { plainStart } = word;
  if (plainStart === undefined || /^[./~]/.test(word.text)) return undefined;
  const skipped = word.text.lastIndexOf('::') >= 0 ? word.text.lastIndexOf('::') + 2 : 0;
  const body = word.text.slice(skipped);
  const match = /^[A-Za-z0-9_][A-Za-z0-9._-]*/.exec(body);
  if (!match) return undefined;
  const start = plainStart + skipped;
  const rest = body.slice(match[0].length);
  const build = /^=[^=,]+(=[^=,]+)$/.exec(rest);
  const specifier = build ? rest.slice(0, rest.length - (build[1] as string).length) : rest;
  const base = {
    kind: 'requirement',
    name: match[0],
    extras: [] as string[],
    editable: false,
    hashes: 0,
    ecosystem: 'conda',
    start,
  } satisfies Partial<Requirement>;
  const at = match[0].length;
  const read = specifier ? readClauses(body, at, at + specifier.length) : undefined;
  if (specifier && !read) return undefined;
  return {
    ...base,
    clauses: (read?.clauses ?? []).map((c) => ({ ...c, start: c.start + start, end: c.end + start })),
    end: start + (read?.end ?? at),
  };
}
