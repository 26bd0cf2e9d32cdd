/** Judges single calls: which function it really is, with which arguments, on data from where. */
import type { Fix, Severity } from '../finding';
import { type Names, named, positional, type Taint } from './names';
import type { PythonRule } from './rules';
import type { SyntaxNode } from './syntax';

/** A call whose callee is known. */
export interface Call {
  readonly node: SyntaxNode;
  readonly path: string;
  readonly callee: SyntaxNode;
  readonly list: SyntaxNode;
  readonly args: readonly SyntaxNode[];
  readonly keywords: ReadonlyMap<string, { name: SyntaxNode; value: SyntaxNode }>;
  /** `*args` or `**kwargs` are passed: an argument that is not seen may be there all the same. */
  readonly spread: boolean;
}

export interface Judgement {
  rule: PythonRule;
  severity?: Severity;
  message: string;
  /** Shown after the callee: `(…, verify=False)`. Holds no text of the file but names and keywords. */
  evidence?: string;
  fix?: (fixes: FixMaker) => Fix;
}

/** Makes edits out of offsets of the segment. */
export interface FixMaker {
  insert(offset: number, text: string, title: string, preferred: boolean): Fix;
  replace(from: number, to: number, text: string, title: string, preferred: boolean): Fix;
}

export interface Facts {
  /** Files that the same document writes: loading them again is no news. */
  readonly written: ReadonlySet<string>;
  /** File names whose code runs by itself: build scripts and model code. */
  readonly autoRun: boolean;
}

export function readCall(node: SyntaxNode, names: Names): Call | undefined {
  const callee = node.firstChild;
  const list = node.lastChild;
  if (!callee || list?.name !== 'ArgList') return undefined;
  const path = names.value(callee).path;
  if (path === undefined) return undefined;
  return {
    node,
    path: path.replace(/^builtins\./, ''),
    callee,
    list,
    args: positional(list),
    keywords: named(list, (n) => names.source(n)),
    spread: list.getChild('**') !== null || list.getChild('*') !== null,
  };
}

const FROM: Readonly<Record<Taint, string>> = {
  network: 'data from the network',
  input: 'what a user gives',
  decoded: 'decoded text',
};

const isTrue = (call: Call, keyword: string, names: Names): boolean => flag(call, keyword, names) === 'True';

function flag(call: Call, keyword: string, names: Names): string | undefined {
  const argument = call.keywords.get(keyword);
  return argument && names.source(argument.value).trim();
}

type Check = (call: Call, names: Names, facts: Facts) => Judgement | undefined;

/** Where the argument of a loader comes from, and how bad that is. */
function origin(call: Call, names: Names, facts: Facts): { severity: Severity; text: string } {
  const subject = call.args[0] ?? [...call.keywords.values()][0]?.value;
  if (!subject) return { severity: 'medium', text: 'a file' };
  const taint = names.taint(subject);
  if (taint === 'network' || taint === 'input') return { severity: 'high', text: FROM[taint] };
  const path = fileOf(subject, names);
  if (path !== undefined && /^(?:https?|ftp):\/\//.test(path))
    return { severity: 'high', text: 'an address on the network' };
  if (path !== undefined && facts.written.has(path))
    return { severity: 'low', text: 'a file that this code writes itself' };
  return { severity: 'medium', text: 'a file' };
}

/** Constant path of `'x'`, `open('x')`, `gzip.open('x')` and of a file object bound to one of these. */
export function fileOf(node: SyntaxNode, names: Names): string | undefined {
  const text = names.constant(node);
  if (text !== undefined) return text;
  const value = names.value(node);
  if (value.text !== undefined) return value.text;
  if (
    node.name === 'CallExpression' &&
    node.lastChild?.name === 'ArgList' &&
    /(?:^|\.)open\(\)$|^pathlib\.Path\(\)$/.test(value.path ?? '')
  ) {
    const first = positional(node.lastChild)[0];
    return first && names.constant(first);
  }
  return undefined;
}

const pickleLoad =
  (what: string): Check =>
  (call, names, facts) => {
    const subject = call.args[0];
    const inner = subject ? names.value(subject).path : undefined;
    // `pickle.loads(pickle.dumps(x))` copies an object.
    if (inner && /\.dumps\(\)$/.test(inner)) return undefined;
    const { severity, text } = origin(call, names, facts);
    return { rule: 'pickle-load', severity, message: `${what} unpickles ${text}: it runs any code the data holds.` };
  };

const torchLoad: Check = (call, names, facts) => {
  const weightsOnly = call.keywords.get('weights_only');
  if (weightsOnly) {
    if (names.source(weightsOnly.value).trim() !== 'False') return undefined;
    const { severity, text } = origin(call, names, facts);
    return {
      rule: 'torch-load',
      severity: severity === 'low' ? 'medium' : 'high',
      message: `torch.load with weights_only=False unpickles ${text}: it runs any code the checkpoint holds.`,
      evidence: '(…, weights_only=False)',
      fix: (fixes) => fixes.replace(weightsOnly.value.from, weightsOnly.value.to, 'True', 'Load weights only', true),
    };
  }
  if (call.spread) return undefined;
  const { severity, text } = origin(call, names, facts);
  const close = call.list.lastChild;
  return {
    rule: 'torch-load',
    severity,
    message: `torch.load without weights_only=True unpickles ${text} in PyTorch before 2.6: it runs any code the checkpoint holds.`,
    ...(close?.name === ')' &&
      call.args.length > 0 && {
        fix: (fixes: FixMaker) =>
          fixes.insert(
            close.from,
            trailingComma(call, names) ? ' weights_only=True' : ', weights_only=True',
            'Add weights_only=True',
            true,
          ),
      }),
  };
};

function trailingComma(call: Call, names: Names): boolean {
  return /,\s*\)$/.test(names.source(call.list));
}

const COMMIT = /^[0-9a-f]{40}$/i;

/** A name of a repository on a hub, not of a file or folder here. */
function hubName(text: string | undefined): text is string {
  return (
    text !== undefined &&
    /^[A-Za-z0-9][\w.-]{0,95}(?:\/[\w.-]{1,96})?$/.test(text) &&
    !/^\.|\.(?:pt|pth|bin|json|onnx|csv|txt|py|h5|gguf|parquet)$/.test(text)
  );
}

const isLocal = (text: string | undefined): boolean =>
  text !== undefined &&
  (/^(?:\.{0,2}\/|~|[A-Za-z]:[\\/])/.test(text) ||
    /^(?:\.|models?\/|checkpoints?\/|output|results?\/|data\/|saved|tmp|my_|\/)/.test(text));

const pinned = (call: Call, names: Names): boolean => {
  const revision = call.keywords.get('revision') ?? call.keywords.get('code_revision');
  const text = revision && names.constant(revision.value);
  return revision !== undefined && (text === undefined || COMMIT.test(text));
};

/** Whatever takes trust_remote_code runs the repository's code; from_pretrained and its like fetch a moving target. */
const hubLoad: Check = (call, names) => {
  const subject =
    call.args[0] ??
    call.keywords.get('pretrained_model_name_or_path')?.value ??
    call.keywords.get('repo_id')?.value ??
    call.keywords.get('path')?.value ??
    call.keywords.get('model')?.value;
  const name = subject && names.constant(subject);
  const trust = call.keywords.get('trust_remote_code');
  if (trust && isTrue(call, 'trust_remote_code', names)) {
    if (isLocal(name)) return undefined;
    const fixed = pinned(call, names);
    return {
      rule: 'trust-remote-code',
      severity: fixed ? 'low' : 'medium',
      message: `trust_remote_code=True runs Python files of the model repository${fixed ? ', at a pinned revision' : ' as they are at the time of loading'}.`,
      evidence: '(…, trust_remote_code=True)',
    };
  }
  if (
    call.spread ||
    call.keywords.has('revision') ||
    call.keywords.has('version') ||
    isTrue(call, 'local_files_only', names)
  )
    return undefined;
  if (!hubName(name) || isLocal(name)) return undefined;
  return {
    rule: 'unpinned-revision',
    message: 'The newest state of the repository is loaded: pin revision= to a reviewed commit.',
  };
};

const SHELL_DOWNLOAD =
  /(?:curl|wget)\b[^|;&\n]{0,500}\|\s*(?:sudo\s+)?(?:ba|z|da|k)?sh\b|(?:ba|z|da)?sh\s+(?:-c\s+)?["']?[<$]\(\s*(?:curl|wget)\b|(?:curl|wget)\b[^\n]{0,300}(?:&&|;)\s*(?:sudo\s+)?(?:(?:ba|z|da)?sh|python3?|chmod)\b|\bIEX\s*\(|powershell[^\n]{0,100}-e(?:nc|c)?\s|certutil[^\n]{0,80}-urlcache|base64\s+(?:-d|--decode)[^\n]{0,60}\|\s*(?:ba|z|da)?sh\b/i;
const SHELL_REVERSE =
  /\/dev\/(?:tcp|udp)\/|\bnc(?:at)?\b[^\n]{0,80}\s-\w*e\w*\s|mkfifo[^\n]{0,120}\bnc\b|socat[^\n]{0,80}exec:/i;

/** Command lines that no program needs to hide: what it says decides. */
export function judgeShellText(text: string): Judgement | undefined {
  if (SHELL_REVERSE.test(text))
    return { rule: 'reverse-shell', message: 'The command line connects to another machine and hands it a shell.' };
  if (SHELL_DOWNLOAD.test(text))
    return { rule: 'download-and-run', message: 'The command line downloads a program and runs it in one step.' };
  return undefined;
}

const SHELL_CALLS =
  /^(?:os\.(?:system|popen|popen[234])|commands\.get(?:status)?output|popen2\.popen[234]|subprocess\.(?:getoutput|getstatusoutput))$/;

const shell: Check = (call, names, facts) => {
  const command = call.args[0] ?? call.keywords.get('args')?.value ?? call.keywords.get('cmd')?.value;
  if (!command) return undefined;
  const always = SHELL_CALLS.test(call.path) || call.path.endsWith('_shell');
  const withShell = always || isTrue(call, 'shell', names);
  const text = constantCommand(command, names);
  if (text !== undefined) {
    const judged = judgeShellText(text);
    if (judged)
      return facts.autoRun && judged.rule === 'download-and-run' ? { ...judged, severity: 'critical' } : judged;
  }
  if (!withShell || text !== undefined) return undefined;
  const taint = names.taint(command);
  if (taint === 'decoded') {
    return {
      rule: 'hidden-execution',
      message: 'A command line is decoded and handed to a shell: what it does cannot be read here.',
    };
  }
  if (!varies(command, names)) return undefined;
  return {
    rule: 'shell-injection',
    severity: taint ? 'high' : 'medium',
    message: taint
      ? `A shell line is built from ${FROM[taint]}.`
      : 'A shell line is put together from values: one with ; or $() in it runs as a command.',
    ...(!always && { evidence: '(…, shell=True)' }),
  };
};

/** Constant text of a command, or of a list of arguments. */
function constantCommand(node: SyntaxNode, names: Names): string | undefined {
  const text = names.constant(node);
  if (text !== undefined || node.name !== 'ArrayExpression') return text;
  const parts: string[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) {
    if (/^[[\],]$/.test(child.name)) continue;
    const part = names.constant(child);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return parts.join(' ');
}

/** Text into which values are put: format strings, sums, `%`, `.format`. A bare variable says nothing. */
function varies(node: SyntaxNode, names: Names): boolean {
  switch (node.name) {
    case 'FormatString':
      return hasPlainReplacement(node, names);
    case 'ContinuedString': {
      for (let child = node.firstChild; child; child = child.nextSibling) if (varies(child, names)) return true;
      return false;
    }
    case 'BinaryExpression': {
      const operator = node.getChild('ArithOp');
      if (!operator || !/^[+%]$/.test(names.source(operator))) return false;
      return names.constant(node) === undefined && !quotedCall(node.lastChild, names);
    }
    case 'CallExpression': {
      const callee = node.firstChild;
      return (
        callee?.name === 'MemberExpression' &&
        callee.lastChild !== null &&
        names.source(callee.lastChild) === 'format' &&
        /String$/.test(callee.firstChild?.name ?? '')
      );
    }
    default:
      return false;
  }
}

function hasPlainReplacement(node: SyntaxNode, names: Names): boolean {
  for (const replacement of node.getChildren('FormatReplacement')) {
    const inner = replacement.firstChild?.nextSibling;
    if (inner && names.constant(inner) === undefined && inner.name !== 'Number' && !quotedCall(inner, names))
      return true;
  }
  return false;
}

const quotedCall = (node: SyntaxNode | null, names: Names): boolean =>
  node?.name === 'CallExpression' &&
  /^(?:shlex\.quote|pipes\.quote|shlex\.join|int|len|float)\(\)$/.test(names.value(node).path ?? '');

const dynamicCode: Check = (call, names, facts) => {
  const subject = call.args[0];
  if (!subject) return undefined;
  if (call.path === 'compile') {
    // compile() makes code; what runs it is judged where it runs.
    if (names.taint(subject) !== 'decoded') return undefined;
  }
  if (names.constant(subject) !== undefined) return undefined;
  const taint = names.taint(subject);
  const inner = names.value(subject).path;
  if (taint === 'decoded') {
    return {
      rule: 'hidden-execution',
      message: `${call.path} runs text that is decoded first: what it does cannot be read here.`,
    };
  }
  if (taint === 'network') {
    return {
      rule: 'dynamic-code',
      severity: facts.autoRun ? 'critical' : 'high',
      message: `${call.path} runs ${FROM.network} as code.`,
    };
  }
  if (taint === 'input')
    return { rule: 'dynamic-code', severity: 'high', message: `${call.path} runs ${FROM.input} as code.` };
  if (call.path === 'compile') return undefined;
  const source = names.source(subject);
  // The version file of a package, read by its build script.
  if (inner !== undefined && /(?:\bopen\(\)|\bPath\(\))\.read(?:_text)?\(\)$/.test(inner)) {
    return { rule: 'dynamic-code', severity: 'low', message: `${call.path} runs the content of another file.` };
  }
  if (/^\s*compile\b/.test(source))
    return { rule: 'dynamic-code', severity: 'low', message: `${call.path} runs code that is compiled here.` };
  return {
    rule: 'dynamic-code',
    severity: call.path === 'eval' && subject.name === 'VariableName' ? 'low' : 'medium',
    message: `${call.path} runs text that is not constant: whoever controls a part of it runs code here.`,
  };
};

const tlsOff: Check = (call, names) => {
  const verify = call.keywords.get('verify') ?? call.keywords.get('verify_ssl') ?? call.keywords.get('ssl');
  if (!verify || names.source(verify.value).trim() !== 'False') return undefined;
  const name = names.source(verify.name);
  const { from, to } = argumentRange(verify.name, verify.value);
  return {
    rule: 'tls-verification-disabled',
    message: `${name}=False accepts any certificate: what is transferred can be read and replaced on the way.`,
    evidence: `(…, ${name}=False)`,
    fix: (fixes) => fixes.replace(from, to, '', 'Verify certificates', true),
  };
};

/** The argument with the comma that belongs to it. */
function argumentRange(name: SyntaxNode, value: SyntaxNode): { from: number; to: number } {
  const before = name.prevSibling;
  if (before?.name === ',') return { from: before.from, to: value.to };
  const after = value.nextSibling;
  if (after?.name === ',') return { from: name.from, to: after.nextSibling?.from ?? after.to };
  return { from: name.from, to: value.to };
}

const SQL =
  /^\s*(?:select\b[\s\S]*\bfrom\b|insert\s+into\b|update\b[\s\S]*\bset\b|delete\s+from\b|drop\s+table\b|create\s+table\b|alter\s+table\b|replace\s+into\b|with\b[\s\S]*\bselect\b)/i;

/** Statement text built from values, handed to whatever executes it. */
const sql: Check = (call, names) => {
  const statement = call.args[0];
  if (!statement || !varies(statement, names)) return undefined;
  const source = names.source(statement);
  const text = source.replace(/^[^'"]*['"]+/, '');
  if (!SQL.test(text)) return undefined;
  const taint = names.taint(statement);
  // A value in quotes or after a comparison is data; a table name is mostly the programmer's own.
  const value = /(?:=|<|>|like|in|values)\s{0,4}\(?\s{0,4}['"]?%?\s{0,4}(?:\{|%s|["']\s{0,4}\+)/i.test(text);
  return {
    rule: 'sql-injection',
    severity: taint ? 'high' : value ? 'medium' : 'low',
    message: taint
      ? `A SQL statement is built from ${FROM[taint]}.`
      : 'A SQL statement is put together from values: pass them as parameters.',
  };
};

const EVERYWHERE = new Set(['0.0.0.0', '::', '']);

const serve: Check = (call, names) => {
  const debug = isTrue(call, 'debug', names);
  if (debug && /^flask\.Flask\(\)\.run$/.test(call.path)) {
    return {
      rule: 'debug-server',
      message: 'debug=True opens a debugger that runs Python for whoever reaches the page.',
      evidence: '(…, debug=True)',
    };
  }
  const host =
    call.keywords.get('host')?.value ??
    call.keywords.get('server_name')?.value ??
    call.keywords.get('ip')?.value ??
    (call.path.startsWith('flask.') ? call.args[0] : undefined);
  const text = host && names.constant(host);
  if (text !== undefined && text !== '' && EVERYWHERE.has(text)) {
    return {
      rule: 'bind-all-interfaces',
      message: `The server listens on ${text}: it is reachable from every network the machine is in.`,
      evidence: `(…, host=${text})`,
    };
  }
  if (isTrue(call, 'share', names) && /^gradio\./.test(call.path) && !call.keywords.has('auth')) {
    return {
      rule: 'public-share',
      message: 'share=True opens a public address, and no auth= protects it.',
      evidence: '(…, share=True)',
    };
  }
  return undefined;
};

const bind: Check = (call, names) => {
  const address = call.args[0];
  if (address?.name !== 'TupleExpression') return undefined;
  const host = address.firstChild?.nextSibling;
  const text = host && names.constant(host);
  if (text === undefined || text === null || !EVERYWHERE.has(text)) return undefined;
  return { rule: 'bind-all-interfaces', message: 'The socket is bound to every network the machine is in.' };
};

const extractAll: Check = (call) => {
  if (call.keywords.has('filter') || call.keywords.has('members') || call.spread) return undefined;
  const close = call.list.lastChild;
  const empty = call.args.length === 0 && call.keywords.size === 0;
  return {
    rule: 'archive-extraction',
    message: 'The archive is unpacked without a filter: before Python 3.14 it can write outside the folder.',
    ...(close?.name === ')' && {
      fix: (fixes: FixMaker) =>
        fixes.insert(close.from, empty ? "filter='data'" : ", filter='data'", "Add filter='data'", false),
    }),
  };
};

const yamlLoad: Check = (call, names) => {
  const loader = call.args[1] ?? call.keywords.get('Loader')?.value;
  const path = loader && names.value(loader).path;
  const name = path?.split('.').pop() ?? (loader ? names.source(loader) : undefined);
  if (loader && name !== undefined && !/^(?:Unsafe|C?Unsafe)?Loader$|^CLoader$/.test(name)) return undefined;
  if (call.spread) return undefined;
  const subject = call.args[0];
  const taint = subject && names.taint(subject);
  return {
    rule: 'yaml-load',
    severity: loader || taint ? 'high' : 'medium',
    message: loader
      ? `yaml.load with ${name === 'CLoader' ? 'CLoader' : name === 'UnsafeLoader' ? 'UnsafeLoader' : 'Loader'} builds any Python object the document names.`
      : 'yaml.load without a loader builds any Python object the document names in PyYAML before 6.',
    ...(!loader &&
      call.callee.name === 'MemberExpression' &&
      call.callee.lastChild && {
        fix: (fixes: FixMaker) => {
          const property = call.callee.lastChild as SyntaxNode;
          return fixes.replace(property.from, property.to, 'safe_load', 'Use yaml.safe_load', true);
        },
      }),
  };
};

const allow =
  (keyword: string, rule: PythonRule, severity: Severity, message: string): Check =>
  (call, names) =>
    isTrue(call, keyword, names) ? { rule, severity, message, evidence: `(…, ${keyword}=True)` } : undefined;

const always =
  (rule: PythonRule, message: string, severity?: Severity): Check =>
  () => ({ rule, message, ...(severity && { severity }) });

const torchHub: Check = (call, names) => {
  const source = call.keywords.get('source');
  if (source && names.constant(source.value) === 'local') return undefined;
  const repository = call.args[0] && names.constant(call.args[0]);
  const reference = repository?.split(':')[1];
  if (reference && COMMIT.test(reference)) return undefined;
  const trusted = /^(?:True|['"]force['"])$/.test(flag(call, 'trust_repo', names) ?? '');
  return {
    rule: 'torch-hub-load',
    severity: trusted ? 'medium' : 'low',
    message: `torch.hub.load runs code of a repository${trusted ? ' without asking' : ''}, and no commit is pinned.`,
    ...(trusted && { evidence: '(…, trust_repo=True)' }),
  };
};

const FETCHED =
  /\.(?:pkl|pickle|pt|pth|bin|ckpt|joblib|h5|hdf5|keras|onnx|pb|zip|tar|gz|tgz|whl|py|sh|npy|npz|exe|deb|so)(?:$|[?#])/i;

const plainHttp: Check = (call, names) => {
  const address = call.args[0] ?? call.keywords.get('url')?.value ?? call.keywords.get('origin')?.value;
  const candidates = address ? [address, ...call.args.slice(1, 2)] : [];
  for (const candidate of candidates) {
    const text = names.constant(candidate);
    if (text !== undefined && /^http:\/\/(?!localhost|127\.|0\.0\.0\.0|\[::1\])/.test(text) && FETCHED.test(text)) {
      return {
        rule: 'insecure-download',
        message: 'A file that is loaded or run comes over plain HTTP: anybody on the way can replace it.',
      };
    }
  }
  return undefined;
};

const weakHash: Check = (call, names) => {
  const subject = call.args[0];
  if (!subject || !/passw|passwd|pwd/i.test(names.source(subject)) || isFalse(call, 'usedforsecurity', names))
    return undefined;
  return {
    rule: 'weak-password-hash',
    message: `${call.path} hashes a password: it is made to be fast, so guesses are too.`,
  };
};

const isFalse = (call: Call, keyword: string, names: Names): boolean => flag(call, keyword, names) === 'False';

const remoteModel: Check = (call, names) => {
  const subject = call.args[0] ?? call.keywords.get('model_uri')?.value;
  const text = subject && names.constant(subject);
  if (text === undefined || !/^(?:https?|ftp):\/\//.test(text)) return undefined;
  return {
    rule: 'remote-model-load',
    message: 'A model is loaded straight from an address: its format can run code, and nothing vouches for it.',
  };
};

const keras: Check = (call, names, facts) => {
  if (isFalse(call, 'safe_mode', names)) {
    const argument = call.keywords.get('safe_mode');
    return {
      rule: 'keras-unsafe-load',
      message: 'safe_mode=False lets the model bring Python bytecode and run it.',
      evidence: '(…, safe_mode=False)',
      ...(argument && {
        fix: (fixes: FixMaker) =>
          fixes.replace(argument.value.from, argument.value.to, 'True', 'Keep safe mode', false),
      }),
    };
  }
  return remoteModel(call, names, facts);
};

const EXACT = new Map<string, Check>();
const on = (check: Check, ...paths: string[]): void => {
  for (const path of paths) EXACT.set(path, check);
};

for (const module of [
  'pickle',
  '_pickle',
  'cPickle',
  'dill',
  'cloudpickle',
  'torch.package.pickle',
  'pickle5',
  'six.moves.cPickle',
]) {
  on(pickleLoad(`${module}.load`), `${module}.load`);
  on(pickleLoad(`${module}.loads`), `${module}.loads`);
  on(pickleLoad(`${module}.Unpickler`), `${module}.Unpickler().load`);
}
on(pickleLoad('dill.load_session'), 'dill.load_session', 'dill.load_module');
on(pickleLoad('joblib.load'), 'joblib.load', 'sklearn.externals.joblib.load', 'sklearn.utils._joblib.load');
on(pickleLoad('marshal.load'), 'marshal.load');
on(pickleLoad('marshal.loads'), 'marshal.loads');
on(pickleLoad('shelve.open'), 'shelve.open');
on(pickleLoad('pandas.read_pickle'), 'pandas.read_pickle', 'geopandas.read_pickle');
on(pickleLoad('compress_pickle.load'), 'compress_pickle.load', 'compress_pickle.loads');
on(pickleLoad('torch.multiprocessing'), 'torch.multiprocessing.reductions.ForkingPickler.loads');
on(
  always('jsonpickle-decode', 'jsonpickle rebuilds any object the JSON names: the data decides what runs.'),
  'jsonpickle.decode',
  'jsonpickle.loads',
  'jsonpickle.unpickler.decode',
);
on(torchLoad, 'torch.load', 'torch.serialization.load');
on(torchHub, 'torch.hub.load');
on((call, names, facts) => {
  const { severity } = origin(call, names, facts);
  return {
    rule: 'torchscript-load',
    severity: severity === 'high' ? 'medium' : 'info',
    message: 'A TorchScript file is a program: loading it from elsewhere means running it.',
  };
}, 'torch.jit.load');
on(
  (call, names) =>
    isTrue(call, 'allow_pickle', names)
      ? {
          rule: 'numpy-allow-pickle',
          message: 'allow_pickle=True lets object arrays of the file run any code they hold.',
          evidence: '(…, allow_pickle=True)',
        }
      : undefined,
  'numpy.load',
  'numpy.lib.npyio.NpzFile',
  'numpy.lib.format.read_array',
);
on(
  keras,
  'keras.models.load_model',
  'keras.saving.load_model',
  'tensorflow.keras.models.load_model',
  'tensorflow.keras.saving.load_model',
  'keras.layers.deserialize',
  'keras.saving.deserialize_keras_object',
  'keras.models.model_from_json',
  'tensorflow.keras.models.model_from_json',
  'tensorflow.python.keras.models.load_model',
);
on(
  always(
    'keras-unsafe-load',
    'enable_unsafe_deserialization() switches Keras’ safe mode off for everything that follows.',
  ),
  'keras.config.enable_unsafe_deserialization',
  'tensorflow.keras.config.enable_unsafe_deserialization',
);
on(yamlLoad, 'yaml.load', 'yaml.load_all');
on(
  always('yaml-load', 'yaml.unsafe_load builds any Python object the document names.'),
  'yaml.unsafe_load',
  'yaml.unsafe_load_all',
);
on(
  always(
    'yaml-load',
    'yaml.full_load has been broken out of before (CVE-2020-14343): use yaml.safe_load for files of others.',
    'low',
  ),
  'yaml.full_load',
  'yaml.full_load_all',
);
on(dynamicCode, 'eval', 'exec', 'compile');
on(
  shell,
  'os.system',
  'os.popen',
  'commands.getoutput',
  'commands.getstatusoutput',
  'subprocess.getoutput',
  'subprocess.getstatusoutput',
  'subprocess.run',
  'subprocess.call',
  'subprocess.check_call',
  'subprocess.check_output',
  'subprocess.Popen',
  'asyncio.create_subprocess_shell',
);
on(
  always(
    'tls-verification-disabled',
    'The context accepts any certificate: what is transferred can be read and replaced on the way.',
  ),
  'ssl._create_unverified_context',
);
on(
  always('temporary-file', 'mktemp only makes up a name: somebody else can create the file first.'),
  'tempfile.mktemp',
);
on(weakHash, 'hashlib.md5', 'hashlib.sha1', 'hashlib.sha256', 'hashlib.sha512');
on(
  plainHttp,
  'urllib.request.urlretrieve',
  'urllib.urlretrieve',
  'urllib.request.urlopen',
  'requests.get',
  'wget.download',
  'torch.hub.load_state_dict_from_url',
  'torch.hub.download_url_to_file',
  'torch.utils.model_zoo.load_url',
  'tensorflow.keras.utils.get_file',
  'keras.utils.get_file',
);
on(
  allow(
    'allow_dangerous_code',
    'agent-code-execution',
    'high',
    'The agent may run whatever Python a language model writes.',
  ),
  'langchain_experimental.agents.create_pandas_dataframe_agent',
  'langchain_experimental.agents.agent_toolkits.create_pandas_dataframe_agent',
  'langchain_experimental.agents.create_csv_agent',
  'langchain_experimental.agents.agent_toolkits.create_csv_agent',
);
on(
  always('agent-code-execution', 'The tool runs whatever Python a language model writes.'),
  'langchain_experimental.utilities.PythonREPL',
  'langchain.utilities.PythonREPL',
  'langchain_experimental.tools.PythonREPLTool',
  'langchain_experimental.tools.python.tool.PythonREPLTool',
  'langchain_experimental.tools.PythonAstREPLTool',
  'langchain.tools.python.tool.PythonREPLTool',
  'langchain_experimental.utilities.python.PythonREPL',
);
on(
  remoteModel,
  'mlflow.pyfunc.load_model',
  'mlflow.sklearn.load_model',
  'mlflow.pytorch.load_model',
  'xgboost.Booster',
  'skops.io.load',
);
on(
  hubLoad,
  'datasets.load_dataset',
  'huggingface_hub.snapshot_download',
  'huggingface_hub.hf_hub_download',
  'transformers.pipeline',
  'sentence_transformers.SentenceTransformer',
  'evaluate.load',
  'vllm.LLM',
  'huggingface_hub.from_pretrained_keras',
);
for (const method of ['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'request', 'stream']) {
  for (const client of [
    'requests',
    'requests.Session()',
    'requests.session()',
    'httpx',
    'httpx.Client()',
    'httpx.AsyncClient()',
    'aiohttp.ClientSession()',
  ]) {
    const path = `${client}.${method}`;
    EXACT.set(
      path,
      path === 'requests.get'
        ? (call, names, facts) => tlsOff(call, names, facts) ?? plainHttp(call, names, facts)
        : tlsOff,
    );
  }
}
on(
  tlsOff,
  'httpx.Client',
  'httpx.AsyncClient',
  'aiohttp.TCPConnector',
  'elasticsearch.Elasticsearch',
  'boto3.client',
  'boto3.resource',
  'minio.Minio',
);

const PREFIXED: readonly (readonly [RegExp, Check])[] = [
  [
    /^(?:transformers|diffusers|peft|optimum|sentence_transformers|timm|open_clip|auto_gptq|awq|unsloth|trl|adapters|setfit|spacy_transformers)\..*\.from_pretrained$/,
    hubLoad,
  ],
  [/^(?:transformers|diffusers|peft)\.[\w.]+\.from_config$/, hubLoad],
  [
    /\.(?:execute|executemany|executescript|raw|read_sql|read_sql_query|text)$|^pandas\.(?:read_sql|read_sql_query)$|^sqlalchemy\.text$/,
    sql,
  ],
  [
    /^(?:flask\.Flask\(\)\.run|uvicorn\.run|waitress\.serve|aiohttp\.web\.run_app|gradio\.\w+\(\)\.(?:queue\(\)\.)?launch|dash\.Dash\(\)\.run(?:_server)?|bottle\.run|jupyter_\w+\.\w+\.launch_instance|werkzeug\.serving\.run_simple|hypercorn\.run|quart\.Quart\(\)\.run|sanic\.Sanic\(\)\.run|bokeh\.\w+)$/,
    serve,
  ],
  [/^socket\.socket\(\)\.bind$/, bind],
  [/^tarfile\.(?:open|TarFile(?:\.open)?)\(\)\.extractall$/, extractAll],
  [
    /\.load_local$/,
    allow(
      'allow_dangerous_deserialization',
      'dangerous-deserialization',
      'medium',
      'allow_dangerous_deserialization=True unpickles the files of the store: whoever can write them runs code here.',
    ),
  ],
];

const HOST_KEY = /^paramiko\.SSHClient\(\)\.set_missing_host_key_policy$/;

/** @returns what is wrong with the call, if anything */
export function judgeCall(call: Call, names: Names, facts: Facts): Judgement | undefined {
  const exact = EXACT.get(call.path);
  if (exact) return exact(call, names, facts);
  if (HOST_KEY.test(call.path)) {
    const policy = call.args[0] && names.value(call.args[0]).path;
    if (policy && /(?:AutoAddPolicy|WarningPolicy)(?:\(\))?$/.test(policy)) {
      return { rule: 'ssh-host-key', message: 'Any host key is accepted, so anybody on the way can be the server.' };
    }
    return undefined;
  }
  for (const [pattern, check] of PREFIXED) if (pattern.test(call.path)) return check(call, names, facts);
  return undefined;
}

/** Methods of objects nothing is known about; the name and the arguments have to say it all. */
export function judgeMethod(node: SyntaxNode, method: string, names: Names, facts: Facts): Judgement | undefined {
  const list = node.lastChild;
  const callee = node.firstChild;
  if (list?.name !== 'ArgList' || !callee) return undefined;
  const call: Call = {
    node,
    path: `?.${method}`,
    callee,
    list,
    args: positional(list),
    keywords: named(list, (n) => names.source(n)),
    spread: list.getChild('**') !== null,
  };
  switch (method) {
    case 'execute':
    case 'executemany':
    case 'executescript':
    case 'read_sql':
      return sql(call, names, facts);
    case 'from_pretrained':
      return isTrue(call, 'trust_remote_code', names) ? hubLoad(call, names, facts) : undefined;
    case 'load_local':
      return isTrue(call, 'allow_dangerous_deserialization', names)
        ? {
            rule: 'dangerous-deserialization',
            message:
              'allow_dangerous_deserialization=True unpickles the files of the store: whoever can write them runs code here.',
            evidence: '(…, allow_dangerous_deserialization=True)',
          }
        : undefined;
    case 'set_missing_host_key_policy': {
      const policy = call.args[0] && names.value(call.args[0]).path;
      return policy && /^paramiko\.(?:client\.)?(?:AutoAddPolicy|WarningPolicy)/.test(policy)
        ? { rule: 'ssh-host-key', message: 'Any host key is accepted, so anybody on the way can be the server.' }
        : undefined;
    }
    default:
      return undefined;
  }
}
