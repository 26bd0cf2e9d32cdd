/** Processes that are started: what decides the program, and what a shell or an interpreter in between is given to run. */
import type { Node } from '../ast';
import { FETCHERS } from '../downloads';
import { type Names, positional, type Taint } from '../names';
import {
  argument,
  type Call,
  type CallRule,
  type Check,
  type Facts,
  FROM,
  isForeign,
  isTrue,
  type Judgement,
  runsModelOutput,
} from './call';
import { insecureIndex } from './remote';
import { judgeShellText } from './shellText';
import { beginning, isFixed, varies } from './text';

const PIP_INSTALL = /(?:^|\s|\/)(?:pip[\d.]{0,8}|conda|mamba|uv\s{1,8}pip)\s{1,8}install\s{1,8}(?!-r\b)(?!\.)/;

/** Functions whose text is a line for a shell. */
const SHELL_CALLS =
  /^(?:os\.(?:system|popen|popen[234])|commands\.get(?:status)?output|popen2\.popen[234]|subprocess\.(?:getoutput|getstatusoutput)|(?:IPython\.)?get_ipython\(\)\.(?:system|getoutput))$|_shell$/;

/** A program and what it is given, one by one; each is read where it stands. */
interface Command {
  readonly words: readonly Node[];
  readonly names: Names;
}

const SHELL = /(?:^|[\\/])(?:(?:ba|z|da|k|a|tc|c)?sh)$/;
const PYTHON = /(?:^|[\\/])python[\d.]*(?:\.exe)?$/;
const INTERPRETER = /(?:^|[\\/])(?:(?:ba|z|da|k|a)?sh|python[\d.]*|perl|ruby|node)$/;
/** Programs that start another with the rest of their arguments. */
const STARTS =
  /(?:^|[\\/])(?:sudo|env|nohup|time|timeout|nice|ionice|stdbuf|setsid|xvfb-run|flock|chroot|docker|podman|kubectl|srun|su|unshare|firejail|script)$/;
/** Arguments in front of the shell that are looked at. */
const AHEAD = 12;

/** What is given to something that runs text. */
interface Handed {
  readonly line: Node;
  readonly names: Names;
  readonly by: 'shell' | 'python';
}

/** The text in `['bash', '-c', line]`, also behind programs such as sudo. */
function handed({ words, names }: Command): Handed | undefined {
  const says = (node: Node | undefined): string => (node && names.constant(node)) ?? '';
  const first = STARTS.test(says(words[0])) ? Math.min(AHEAD, words.length) : 1;
  for (let i = 0; i < first; i += 1) {
    const program = words[i] as Node;
    const name = says(program);
    const option = says(words[i + 1]);
    const line = words[i + 2];
    if (!line) return undefined;
    if (SHELL.test(name) && /^-[a-z]*c$/.test(option)) return { line, names, by: 'shell' };
    if (SHELL.test(name) && /^-[a-z]+$/.test(option) && /^-[a-z]*c$/.test(says(line))) {
      const behind = words[i + 3];
      return behind && { line: behind, names, by: 'shell' };
    }
    if (/^(?:cmd|cmd\.exe)$/i.test(name) && /^\/[ck]$/i.test(option)) return { line, names, by: 'shell' };
    if (/^(?:powershell|pwsh)(?:\.exe)?$/i.test(name) && /^-c(?:ommand)?$/i.test(option))
      return { line, names, by: 'shell' };
    const isPython = PYTHON.test(name) || names.value(program).path === 'sys.executable';
    if (isPython && option === '-c') return { line, names, by: 'python' };
  }
  return undefined;
}

/** The words of a command that stands there as a list, or under the name of one. */
function wordsOf(node: Node, names: Names): Command | undefined {
  if (node.kind === 'sequence') return { words: node.items, names };
  const { origin } = node.kind === 'name' ? names.value(node) : { origin: undefined };
  return origin?.node.kind === 'sequence' ? { words: origin.node.items, names: origin.names } : undefined;
}

function judgeText(path: string, { line, names, by }: Handed, evidence?: string): Judgement | undefined {
  if (isFixed(line, names)) return undefined;
  const found = names.taint(line);
  // Whoever starts the program may run what they like; what they give can hold a ; all the same.
  const taint = found === 'operator' ? undefined : found;
  if (taint === 'decoded') {
    return {
      rule: 'hidden-execution',
      message:
        by === 'shell'
          ? 'A command line is decoded and handed to a shell: what it does cannot be read here.'
          : 'Code is decoded and handed to Python: what it does cannot be read here.',
    };
  }
  if (taint === 'model') return runsModelOutput(path);
  if (by === 'python') {
    return taint && { rule: 'dynamic-code', severity: 'high', message: `${path} has Python run ${FROM[taint]}.` };
  }
  const together = varies(line, names);
  // A list is no line.
  if (!taint && !together && line.kind === 'sequence') return undefined;
  return {
    rule: 'shell-injection',
    severity: taint ? 'high' : together ? 'medium' : 'low',
    message: taint
      ? `A shell line is built from ${FROM[taint]}.`
      : together
        ? 'A shell line is put together from values: one with ; or $() in it runs as a command.'
        : 'A shell runs a line that is given from elsewhere: pass a list of arguments without a shell.',
    ...(evidence !== undefined && { evidence }),
  };
}

/** What somebody else decides of a program that is started without a shell. */
function judgeProgram(path: string, program: Node, names: Names): Judgement | undefined {
  if (isFixed(program, names)) return undefined;
  const taint = names.taint(program);
  if (taint === 'model') return runsModelOutput(path);
  return isForeign(taint)
    ? { rule: 'shell-injection', severity: 'high', message: `Which program is started is decided by ${FROM[taint]}.` }
    : undefined;
}

/** The text of which `shlex.split(text)` and `text.split()` make a list, and which begins with the program. */
function splitText(node: Node, names: Names): Node | undefined {
  const made = node.kind === 'name' ? names.value(node).origin?.node : node;
  if (made?.kind !== 'call') return undefined;
  if (names.value(made).path === 'shlex.split()') return positional(made.args)[0];
  return made.callee.kind === 'member' && made.callee.property === 'split' ? made.callee.object : undefined;
}

const DOWNLOADED: Judgement = {
  rule: 'download-and-run',
  message: 'A file that the program downloads is run, and nothing says that it is the one that was meant.',
};

/** Runs a file that is downloaded: as the program, or as the script of an interpreter. */
function runsDownload({ words, names }: Command, facts: Facts): boolean {
  const [program, ...rest] = words;
  if (!program) return false;
  if (facts.downloads.has(program, names)) return true;
  const isInterpreter =
    INTERPRETER.test(names.constant(program) ?? '') || names.value(program).path === 'sys.executable';
  const script = isInterpreter
    ? rest.slice(0, AHEAD).find((node) => !/^-(?!c$)/.test(names.constant(node) ?? ''))
    : undefined;
  return script !== undefined && facts.downloads.has(script, names);
}

/** What stands in a line in front of a file that it runs. */
const RUNS_NEXT =
  /^\w*["']{1,3}(?:sudo\s+)?(?:(?:(?:ba|z|da|k)?sh|python[\d.]*|source|\.)\s+(?:-\w+\s+)*|\.\/|chmod\s+\S+\s+)?\{?$/;

/** Whether a line for a shell begins with a file that is downloaded. */
function lineRunsDownload(line: Node, names: Names, facts: Facts): boolean {
  const text = names.constant(line);
  if (text !== undefined) return facts.downloads.isRunBy(text);
  const made = line.kind === 'name' ? names.value(line).built : { node: line, names };
  if (!made) return facts.downloads.has(line, names);
  const { node } = made;
  const first = node.kind === 'format' ? node.values[0] : node.kind === 'binary' ? rightmostFirst(node) : undefined;
  if (!first) return node.kind === 'call' && facts.downloads.has(node, made.names);
  const before = made.names.module.text.slice(node.start, first.start).replace(/["']\s*\+\s*$/, '');
  return RUNS_NEXT.test(before) && facts.downloads.has(first, made.names);
}

/** The first value behind the literal with which a sum begins. */
function rightmostFirst(node: Node): Node | undefined {
  let at = node;
  while (at.kind === 'binary' && at.left.kind === 'binary') at = at.left;
  return at.kind === 'binary' && at.left.kind === 'string' ? at.right : undefined;
}

const shell: Check = (call, names, facts) => {
  const command = argument(call, 0, 'args', 'cmd');
  if (!command) return undefined;
  const always = SHELL_CALLS.test(call.path);
  const withShell = always || isTrue(call, 'shell', names);
  const text = constantCommand(command, names);
  if (text !== undefined) {
    const judged = judgeShellText(text);
    if (judged)
      return facts.autoRun && judged.rule === 'download-and-run' ? { ...judged, severity: 'critical' } : judged;
  }
  if (installs(command, text, names)) {
    const index = insecureIndex(command, names);
    if (index) return index;
    return {
      rule: 'runtime-install',
      ...(facts.autoRun && { severity: 'low' as const }),
      message: `${call.path} installs packages while the program runs.`,
    };
  }
  const list = wordsOf(command, names);
  if (list) {
    const line = handed(list);
    const judged = line && judgeText(call.path, line);
    if (judged) return judged;
    if (line?.by === 'shell' ? lineRunsDownload(line.line, line.names, facts) : runsDownload(list, facts))
      return DOWNLOADED;
    const [program] = list.words;
    const chosen = program && judgeProgram(call.path, program, list.names);
    if (chosen) return chosen;
  }
  if (withShell) {
    return (
      (lineRunsDownload(command, names, facts) ? DOWNLOADED : undefined) ??
      judgeText(call.path, { line: command, names, by: 'shell' }, always ? undefined : '(…, shell=True)')
    );
  }
  if (list) return undefined;
  if (facts.downloads.has(command, names)) return DOWNLOADED;
  const split = splitText(command, names);
  const whole = split ?? command;
  // `shlex.split(f'ls {x}')` runs ls, whatever x is.
  return varies(whole, names) && beginning(whole, names) !== undefined
    ? undefined
    : judgeProgram(call.path, whole, names);
};

/** Constant text of a command, or of a list of arguments. */
function constantCommand(node: Node, names: Names): string | undefined {
  const text = names.constant(node);
  if (text !== undefined || node.kind !== 'sequence' || node.bracket !== '[') return text;
  const parts = node.items.map((item) => names.constant(item));
  return parts.includes(undefined) ? undefined : parts.join(' ');
}

/** `pip install x` as a line, or as a list such as `[sys.executable, '-m', 'pip', 'install', name]`. */
function installs(node: Node, text: string | undefined, names: Names): boolean {
  if (text !== undefined) return PIP_INSTALL.test(`${text} `);
  if (node.kind === 'sequence')
    return PIP_INSTALL.test(`${node.items.map((item) => names.constant(item) ?? '?').join(' ')} `);
  return node.kind === 'format' && PIP_INSTALL.test(names.source(node).replace(/^\w*["']+/, ' '));
}

/** Where functions take a program and its arguments from: each by itself from a position on, or as one list. */
interface Form {
  readonly program?: number;
  readonly list?: number;
  /** The first of them; the name under which the program is started stands in front. */
  readonly rest?: number;
  /** The list begins with the program itself. */
  readonly whole?: boolean;
}

const named = (names: readonly string[], form: Form): [string, Form][] => names.map((name) => [name, form]);
const FORMS: ReadonlyMap<string, Form> = new Map([
  ...named(['os.execl', 'os.execlp', 'os.execle', 'os.execlpe'], { program: 0, rest: 2 }),
  ...named(['os.execv', 'os.execvp', 'os.execve', 'os.execvpe', 'os.posix_spawn', 'os.posix_spawnp'], {
    program: 0,
    list: 1,
  }),
  ...named(['os.spawnl', 'os.spawnlp', 'os.spawnle', 'os.spawnlpe'], { program: 1, rest: 3 }),
  ...named(['os.spawnv', 'os.spawnvp', 'os.spawnve', 'os.spawnvpe'], { program: 1, list: 2 }),
  ...named(['pty.spawn'], { list: 0, whole: true }),
  ...named(['asyncio.create_subprocess_exec', 'asyncio.subprocess.create_subprocess_exec'], { program: 0, rest: 1 }),
  ...named(['trio.run_process', 'anyio.run_process', 'anyio.open_process'], { list: 0, whole: true }),
]);

/** The command that a call starts, the name under which it is started left out. */
function commandOf(call: Call, names: Names, { program, list, rest, whole }: Form): Command | undefined {
  const { args } = call;
  const first = program === undefined ? undefined : args[program];
  if (rest !== undefined) return first && { words: [first, ...args.slice(rest)], names };
  const given = list === undefined ? undefined : args[list];
  const words = given && wordsOf(given, names);
  if (whole) return words ?? (given && { words: [given], names });
  return first && (words ? { words: [first, ...words.words.slice(1)], names: words.names } : { words: [first], names });
}

/** Programs that are started by the operating system without a shell, unless one is what is started. */
const starts: Check = (call, names, facts) => {
  const form = FORMS.get(call.path);
  const command = form && commandOf(call, names, form);
  if (!command) return undefined;
  const line = handed(command);
  if (line) {
    const text = line.by === 'shell' ? line.names.constant(line.line) : undefined;
    return (
      (text === undefined ? undefined : judgeShellText(text)) ??
      judgeText(call.path, line) ??
      (line.by === 'shell' && lineRunsDownload(line.line, line.names, facts) ? DOWNLOADED : undefined)
    );
  }
  if (runsDownload(command, facts)) return DOWNLOADED;
  const [program] = command.words;
  return program && judgeProgram(call.path, program, command.names);
};

/** Code that is read from a file and run: by its path, at a position. */
const fileRunner =
  (position: number, ...keywords: string[]): Check =>
  (call, names, facts) => {
    const path = argument(call, position, ...keywords);
    if (!path) return undefined;
    if (facts.downloads.gives(path, names)) return DOWNLOADED;
    const taint = names.taint(path);
    return isForeign(taint)
      ? { rule: 'dynamic-code', severity: 'high', message: `${call.path} runs a file that ${FROM[taint]} names.` }
      : undefined;
  };

/** Which module is imported is decided from outside: its code is run. */
const importer: Check = (call, names) => {
  const [name] = call.args;
  if (!name || isFixed(name, names)) return undefined;
  const taint: Taint | undefined = names.taint(name);
  // A name in a package of the program's own is a choice among its modules.
  if (!isForeign(taint) || (varies(name, names) && beginning(name, names) !== undefined)) return undefined;
  return { rule: 'dynamic-code', severity: 'high', message: `Which module is imported is decided by ${FROM[taint]}.` };
};

/** What brings words of others: without one of these none of theirs is run. */
const SERVERS = ['flask', 'fastapi', 'django', 'streamlit', 'gradio', 'telegram', 'discord', 'slack_bolt'];

export const PROCESSES: readonly CallRule[] = [
  {
    paths: [
      ...['os.system', 'os.popen', 'commands.getoutput', 'commands.getstatusoutput'],
      ...['subprocess.getoutput', 'subprocess.getstatusoutput', 'subprocess.run', 'subprocess.call'],
      ...['subprocess.check_call', 'subprocess.check_output', 'subprocess.Popen', 'asyncio.create_subprocess_shell'],
      ...['asyncio.subprocess.create_subprocess_shell', 'pexpect.run', 'pexpect.spawn'],
      ...['get_ipython().system', 'get_ipython().getoutput', 'IPython.get_ipython().system'],
    ],
    check: shell,
  },
  { paths: [...FORMS.keys()], check: starts },
  { paths: ['runpy.run_path', 'execfile'], check: fileRunner(0, 'path_name', 'filename') },
  {
    pattern: /^importlib\.(?:util\.spec_from_file_location|machinery\.\w+FileLoader)$/,
    last: ['spec_from_file_location', 'SourceFileLoader', 'SourcelessFileLoader', 'ExtensionFileLoader'],
    modules: [...FETCHERS, ...SERVERS],
    check: fileRunner(1, 'location', 'path'),
  },
  {
    pattern: /^ctypes\.(?:CDLL|PyDLL|cdll\.LoadLibrary)$/,
    last: ['CDLL', 'PyDLL', 'LoadLibrary'],
    modules: [...FETCHERS, ...SERVERS],
    check: fileRunner(0, 'name'),
  },
  {
    pattern: /^(?:importlib\.import_module|__import__)$/,
    last: ['import_module', '__import__'],
    modules: SERVERS,
    check: importer,
  },
];
