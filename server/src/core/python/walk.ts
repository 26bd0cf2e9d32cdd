/** One pass over the chosen lines of a program: every call and assignment in them is judged and reported. */
import type { Fix } from '../finding';
import { evidenceText, hashSecret } from '../redact';
import type { TextContext, TextSegment } from '../text/document';
import { type CallNode, childrenOf, type Node, type SequenceNode, type Statement, type SubscriptNode } from './ast';
import {
  type Call,
  callOf,
  certainty,
  FALSE,
  type Facts,
  type FixMaker,
  fileOf,
  type Judgement,
  readCall,
  weighed,
} from './calls/call';
import { acceptsPickle } from './calls/deserialization';
import { judgeCall, judgeMethod, judgeUnknown } from './calls/registry';
import { Downloads } from './downloads';
import type { PythonModule } from './module';
import { Names, type Program, positional } from './names';
import { PYTHON_RULES } from './rules';
import type { Scope } from './scope';
import { isObserved, REMOVED_MODULES, SECRET_NAME } from './words';

/** Longest call that is underlined whole. */
const SPAN = 200;
/** Characters of a call that tell it from others. */
const ANCHOR = 2000;

const RANDOM_CALL = /^random\.(?:choices?|randint|randrange|random|sample|getrandbits)\(\)$/;
const MAKES_TEXT = /\bjoin\s{0,9}\(|\bstr\s{0,9}\(|\bhex\s{0,9}\(|\bformat\s{0,9}\(|\bgetrandbits\b|%|\b[fF]["']/;
const PROCESS =
  /^(?:os\.(?:system|popen|exec\w+|spawn\w+|posix_spawn)|subprocess\.(?:run|call|check_call|check_output|Popen|getoutput|getstatusoutput)|pty\.spawn)$/;

/** What no object is rebuilt by. */
const RUNS =
  /^(?:eval|exec|__import__|os\.(?:system|popen|exec\w+|spawn\w+|remove|unlink)|subprocess\.\w+|pty\.spawn|runpy\.\w+|shutil\.rmtree|webbrowser\.open|commands\.getoutput|importlib\.import_module)$/;

/** Environment variables that switch a protection off, with the judgement of a value. */
const SWITCHES = new Map<string, (value: string) => Judgement | undefined>([
  ...['CURL_CA_BUNDLE', 'REQUESTS_CA_BUNDLE'].map(
    (name) =>
      [
        name,
        (value: string): Judgement | undefined =>
          value === ''
            ? {
                rule: 'tls-verification-disabled',
                message: `An empty ${name} makes requests, and with it the Hugging Face hub, accept any certificate.`,
              }
            : undefined,
      ] as const,
  ),
  [
    'PYTHONHTTPSVERIFY',
    (value) =>
      value === '0'
        ? {
            rule: 'tls-verification-disabled',
            message: 'PYTHONHTTPSVERIFY=0 makes Python’s https accept any certificate.',
          }
        : undefined,
  ],
  [
    'TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD',
    (value) =>
      /^(?:1|y|yes|true)$/i.test(value)
        ? {
            rule: 'torch-load',
            message: 'The variable makes every torch.load unpickle its file: it runs any code the checkpoint holds.',
          }
        : undefined,
  ],
  [
    'HF_DATASETS_TRUST_REMOTE_CODE',
    (value) =>
      /^(?:1|y|yes|on|true)$/i.test(value)
        ? {
            rule: 'trust-remote-code',
            message: 'The variable lets every data set of the hub run Python files of its repository.',
          }
        : undefined,
  ],
]);

/** Entries of dictionaries that mean what the keyword argument of that name means. */
const ARGUMENTS = new Map<string, Judgement>([
  [
    'trust_remote_code: True',
    {
      rule: 'trust-remote-code',
      message: 'trust_remote_code lets the model repository run its Python files as they are at the time of loading.',
    },
  ],
  [
    'allow_dangerous_deserialization: True',
    {
      rule: 'dangerous-deserialization',
      message: 'The store is unpickled: whoever can write its files runs code here.',
    },
  ],
  [
    'use_docker: False',
    {
      rule: 'agent-code-execution',
      message: 'What a language model writes is run on this machine, outside a container.',
    },
  ],
]);

/** Those that are told at the call when they stand in the dictionary, and here when they are put into it. */
const STORED = new Map<string, Judgement>([
  [
    'weights_only: False',
    {
      rule: 'torch-load',
      message: 'weights_only=False lets the checkpoint be unpickled: it runs any code it holds.',
    },
  ],
  [
    'allow_pickle: True',
    {
      rule: 'numpy-allow-pickle',
      message: 'allow_pickle=True lets object arrays of the file run any code they hold.',
    },
  ],
  [
    'safe_mode: False',
    { rule: 'keras-unsafe-load', message: 'safe_mode=False lets the model bring Python bytecode and run it.' },
  ],
]);

interface Place {
  readonly start: number;
  readonly end: number;
}

export class Walk {
  readonly #written = new Set<string>();
  readonly #facts: Facts;
  readonly #fixes: FixMaker;
  #segment: TextSegment | undefined;
  #module: PythonModule | undefined;
  /** Parts of a reverse shell: a connection, its ends tied to descriptors, a shell. */
  readonly #reverse: {
    connect?: { segment: TextSegment; module: PythonModule; node: CallNode };
    dup?: true;
    spawn?: true;
  } = {};

  constructor(
    private readonly program: Program,
    private readonly context: TextContext,
    private readonly file: { readonly autoRun: boolean; readonly modelCode: boolean },
  ) {
    this.#facts = { written: this.#written, downloads: new Downloads(program), autoRun: file.autoRun };
    this.#fixes = {
      insert: (offset, text, title, preferred) => this.#edit(offset, offset, text, title, preferred),
      replace: (from, to, text, title, preferred) => this.#edit(from, to, text, title, preferred),
    };
  }

  /** @param lines those to look at; all when left out */
  module(segment: TextSegment, module: PythonModule, lines: ReadonlySet<number> | undefined): void {
    this.#segment = segment;
    this.#module = module;
    const chosen = lines ? [...lines].sort((a, b) => a - b) : Array.from({ length: module.lines.count }, (_, i) => i);
    for (const [count, line] of chosen.entries()) {
      if ((count & 0xff) === 0) this.context.checkTime();
      for (const statement of module.statements(line)) {
        const names = new Names(this.program, module, module.scopeOf(line, statement));
        for (const binding of statement.bindings) if (binding.value) this.program.meaning(binding, module, names.scope);
        if (statement.word === 'import' || statement.word === 'from') this.#removed(statement, line);
        if (statement.targets) this.#assignment(statement, names);
        else if (statement.word === 'return') this.#payload(statement, names);
        for (const part of statement.parts) this.#visit(part, names);
      }
    }
  }

  finish(): void {
    const { connect, dup, spawn } = this.#reverse;
    if (!connect || !dup || !spawn) return;
    this.#segment = connect.segment;
    this.#module = connect.module;
    this.#report(
      connect.node,
      { rule: 'reverse-shell', message: 'The code connects to another machine and ties a shell to the connection.' },
      'socket.connect',
    );
  }

  /** `__reduce__` that gives a command: the object is there to be pickled for somebody else. */
  #payload({ parts }: Statement, names: Names): void {
    const { module, scope } = names;
    const [made] = parts;
    const [what] = made?.kind === 'sequence' ? made.items : parts.length > 1 ? parts : [];
    const path = what && names.value(what).path;
    if (!made || path === undefined || !RUNS.test(path) || scope.kind !== 'function') return;
    if (!/^(?:async\s+)?def\s+__reduce(?:_ex)?__\b/.test(module.lineText(scope.line))) return;
    this.#report(
      { start: made.start, end: made.end },
      { rule: 'pickle-payload', message: `Whoever unpickles an object of this class runs ${path}.` },
      path,
    );
  }

  /** Every call of an expression, the outer before the inner, with what lambdas and comprehensions bind. */
  #visit(root: Node, names: Names): void {
    const open: (Node | undefined)[] = [root];
    while (open.length > 0) {
      const node = open.pop();
      if (!node) {
        names.pop();
        continue;
      }
      if (node.kind === 'call') this.#call(node, names);
      else if (node.kind === 'sequence' && node.bracket === '{') this.#dictionary(node, names);
      const locals =
        node.kind === 'lambda'
          ? node.parameters.map(({ name }) => name)
          : node.kind === 'comprehension'
            ? node.clauses.flatMap((clause) => clause.names)
            : undefined;
      if (locals) {
        names.push(locals);
        open.push(undefined);
      }
      const children = childrenOf(node);
      for (let i = children.length - 1; i >= 0; i -= 1) open.push(children[i] as Node);
    }
  }

  /** Arguments that are handed on in a dictionary: `model_kwargs={"trust_remote_code": True}`. */
  #dictionary({ items }: SequenceNode, names: Names): void {
    for (let i = 0; i + 1 < items.length; i += 1) {
      const key = items[i] as Node;
      const value = items[i + 1] as Node;
      if (key.kind !== 'string' || value.kind !== 'literal') continue;
      const judged = ARGUMENTS.get(`${names.constant(key)}: ${names.source(value)}`);
      if (judged) this.#report({ start: key.start, end: value.end }, judged, names.constant(key) as string);
    }
  }

  #call(node: CallNode, names: Names): void {
    const call = readCall(node, names);
    const { callee } = node;
    const method = callee.kind === 'member' ? callee.property : undefined;
    if (method === 'setdefault') this.#setDefault(node, names);
    if (call) {
      if (isObserved(call.path)) this.#observe(call, names);
      this.#suspect(call, names);
      const judged = judgeCall(call, names, this.#facts);
      if (judged) this.#report(node, judged, call.path);
      else this.#importTime(call, names);
      return;
    }
    const judged =
      method === undefined ? judgeUnknown(node, names, this.#facts) : judgeMethod(node, method, names, this.#facts);
    if (judged) this.#report(node, judged, method === undefined ? names.source(callee) : `?.${method}`);
  }

  /** Files the program writes by pickling. */
  #observe(call: Call, names: Names): void {
    if (!/\.(?:dump|save|savez|savez_compressed|to_pickle)$/.test(call.path)) return;
    for (const argument of call.args.slice(0, 2)) {
      const path = fileOf(argument, names);
      if (path !== undefined) this.#written.add(path);
    }
  }

  #suspect(call: Call, names: Names): void {
    if (/^socket\.(?:socket\(\)\.connect|create_connection)$/.test(call.path)) {
      this.#reverse.connect ??= {
        segment: this.#segment as TextSegment,
        module: this.#module as PythonModule,
        node: call.node,
      };
    } else if (call.path === 'os.dup2') this.#reverse.dup = true;
    else if (
      call.path === 'pty.spawn' ||
      (/^(?:subprocess\.(?:call|run|Popen|check_call)|os\.(?:system|execl|execv|execve))$/.test(call.path) &&
        /['"](?:\/bin\/(?:ba|z|da)?sh|cmd(?:\.exe)?|powershell(?:\.exe)?)['"]/.test(
          names.module.text.slice(call.node.open, Math.min(call.node.end, call.node.open + ANCHOR)),
        ))
    ) {
      this.#reverse.spawn = true;
    }
  }

  /** A process started at import time by code that is only there to be imported. */
  #importTime(call: Call, names: Names): void {
    if (!this.file.modelCode || !PROCESS.test(call.path)) return;
    for (let scope: Scope | undefined = names.scope; scope; scope = scope.parent) if (scope.kind === 'function') return;
    this.#report(
      call.node,
      {
        rule: 'import-time-execution',
        message: `${call.path} starts a process as soon as the file is imported, which loading the model does.`,
      },
      call.path,
    );
  }

  #assignment({ targets = [], value }: Statement, names: Names): void {
    if (!value) return;
    for (const target of targets) {
      if (target.kind === 'name') this.#predictable(target.name, value, names);
      else if (target.kind === 'member') this.#member({ start: target.start, end: value.end }, target, value, names);
      else if (target.kind === 'subscript') this.#stored({ start: target.start, end: value.end }, target, value, names);
    }
  }

  /** `ssl._create_default_https_context = ...`, `c.ServerApp.token = ''`, `session.verify = False`. */
  #member(place: Place, target: Node, value: Node, names: Names): void {
    const path = names.value(target).path;
    const source = names.source(target);
    this.#replaced(place, value, names);
    const right = names.value(value).path;
    const report = (judged: Judgement) => this.#report(place, judged, source);
    if (path === 'ssl._create_default_https_context' && right === 'ssl._create_unverified_context') {
      report({
        rule: 'tls-verification-disabled',
        message: 'All https connections of the program accept any certificate from here on.',
      });
    } else if (path === 'interpreter.interpreter.auto_run' && names.source(value) === 'True') {
      report({ rule: 'agent-code-execution', message: 'What a language model writes is run without asking.' });
    } else if (/\.accept_content$/.test(source)) {
      const judged = acceptsPickle(value, names);
      if (judged) report(judged);
    } else if (/^c\.(?:NotebookApp|ServerApp)\.allow_origin$/.test(source) && names.constant(value) === '*') {
      report({
        rule: 'open-origin',
        message: 'Pages of every site may use the notebook server in the name of whoever is logged in.',
      });
    } else if (/\.verify_mode$/.test(source) && /^ssl\.(?:VerifyMode\.)?CERT_NONE$/.test(right ?? '')) {
      report({ rule: 'tls-verification-disabled', message: 'The context accepts any certificate.' });
    } else if (path === 'requests.Session().verify') {
      const sure = certainty(value, FALSE, names);
      if (sure)
        report(weighed({ rule: 'tls-verification-disabled', message: 'The session accepts any certificate.' }, sure));
    } else if (
      /^c\.(?:NotebookApp|ServerApp|IdentityProvider|PasswordIdentityProvider)\.(?:token|password|hashed_password)$/.test(
        source,
      ) &&
      names.constant(value) === ''
    ) {
      report({
        rule: 'no-authentication',
        message: 'The notebook server asks for no token or password: whoever reaches it runs code on it.',
      });
    } else if (
      /^c\.(?:NotebookApp|ServerApp)\.ip$/.test(source) &&
      /^(?:0\.0\.0\.0|\*|::)$/.test(names.constant(value) ?? '')
    ) {
      report({
        rule: 'bind-all-interfaces',
        message: 'The notebook server is reachable from every network the machine is in.',
      });
    }
  }

  /** `np.load = partial(np.load, allow_pickle=True)`: what is put in already says it for every call to come. */
  #replaced(place: Place, value: Node, names: Names): void {
    if (value.kind !== 'call') return;
    const { path, preset } = names.value(value);
    if (path === undefined || preset?.module !== names.module) return;
    const judged = judgeCall(callOf({ ...value, args: [] }, path, names, preset.args), names, this.#facts);
    if (judged?.evidence !== undefined) this.#report(place, { ...judged, fix: undefined }, path);
  }

  /** `kwargs["trust_remote_code"] = True`, `os.environ['CURL_CA_BUNDLE'] = ''` */
  #stored(place: Place, target: SubscriptNode, value: Node, names: Names): void {
    if (names.value(target.object).path === 'os.environ') {
      this.#environment(place, target, value, names);
      return;
    }
    if (target.index) this.#entry(place, target.index, value, names);
  }

  /** `kwargs.setdefault("trust_remote_code", True)` */
  #setDefault(node: CallNode, names: Names): void {
    const [key, value] = positional(node.args);
    if (key && value) this.#entry(node, key, value, names);
  }

  /** An entry that is put into a dictionary. */
  #entry(place: Place, key: Node, value: Node, names: Names): void {
    const name = value.kind === 'literal' ? names.constant(key) : undefined;
    const entry = `${name}: ${names.source(value)}`;
    const judged = ARGUMENTS.get(entry) ?? STORED.get(entry);
    if (judged) this.#report({ start: place.start, end: place.end }, judged, name as string);
  }

  /** `os.environ['CURL_CA_BUNDLE'] = ''` and the other switches that libraries read. */
  #environment(place: Place, { index }: SubscriptNode, value: Node, names: Names): void {
    const name = index && names.constant(index);
    const text = names.constant(value);
    const judged = name === undefined || text === undefined ? undefined : SWITCHES.get(name)?.(text);
    if (judged) this.#report(place, judged, `os.environ[${name}]`);
  }

  #predictable(name: string, value: Node, names: Names): void {
    // The tokens of language models are drawn at random, too: a secret is a text that is put together.
    if (!SECRET_NAME.test(name) || (/token$/i.test(name) && !MAKES_TEXT.test(names.source(value)))) return;
    const open: Node[] = [value];
    for (let node = open.pop(); node; node = open.pop()) {
      if (node.kind === 'call' && RANDOM_CALL.test(names.value(node).path ?? '')) {
        const judged: Judgement = {
          rule: 'predictable-secret',
          message: `${name} is made by the random module, whose next values can be computed.`,
        };
        this.#report(value, judged, 'random');
        return;
      }
      open.push(...childrenOf(node));
    }
  }

  #removed(statement: Statement, line: number): void {
    const module = this.#module as PythonModule;
    const source = module.text
      .slice(statement.start, statement.end)
      .replace(/#[^\n]{0,400}$/, '')
      .replace(/[\s;]{1,80}$/, '');
    const place = { start: statement.start, end: statement.start + source.length };
    const imported = /^from\s+([\w.]+)\s/.exec(source)?.[1] ?? source.slice('import'.length);
    for (const part of imported.split(',')) {
      const name = /^\s*(\w+)/.exec(part)?.[1];
      if (name === undefined || !REMOVED_MODULES.has(name) || module.isFallback(line, statement)) continue;
      this.#report(place, { rule: 'removed-module', message: `The module ${name} is no longer part of Python.` }, name);
    }
  }

  #report(node: CallNode | Node | Place, judged: Judgement, path: string): void {
    const rule = PYTHON_RULES[judged.rule];
    const { text } = this.#module as PythonModule;
    const call = 'kind' in node && node.kind === 'call' ? node : undefined;
    const source = text.slice(node.start, Math.min(node.end, node.start + ANCHOR));
    const whole = node.end - node.start <= SPAN && !source.includes('\n');
    const name = call ? path.replace(/^\?\./, '…').replaceAll('()', '') : path;
    this.context.report(this.#segment as TextSegment, {
      rule,
      ...(judged.severity && { severity: judged.severity }),
      message: judged.message,
      start: node.start,
      end: whole || !call ? node.end : call.callee.end,
      evidence: evidenceText(`${name}${judged.evidence ?? (call ? '(…)' : '')}`, 120),
      anchor: hashSecret(source.replace(/\s+/g, ' ')),
      ...(judged.fix && { fixes: [judged.fix(this.#fixes)] }),
      data: { call: evidenceText(name, 120) },
    });
  }

  #edit(from: number, to: number, newText: string, title: string, preferred: boolean): Fix {
    const {
      line = 1,
      column = 1,
      endLine = line,
      endColumn = column,
    } = (this.#segment as TextSegment).locate(from, to);
    return { title, edits: [{ line, column, endLine, endColumn, newText }], ...(preferred && { preferred }) };
  }
}
