/** Unsafe code in Python files and notebook cells, judged on the syntax tree with imports and aliases resolved. */
import type { Fix, Severity } from '../finding';
import { evidenceText, hashSecret } from '../redact';
import type { TextAnalyser, TextContext, TextSegment } from '../text/document';
import {
  type Call,
  type Facts,
  type FixMaker,
  fileOf,
  type Judgement,
  judgeCall,
  judgeMethod,
  judgeShellText,
  readCall,
} from './calls';
import { Names } from './names';
import { PYTHON_RULES } from './rules';
import { type PythonSyntax, pythonSyntax, type SyntaxNode } from './syntax';

/** Words without which no rule can apply: files that hold none of them are never parsed. */
const CANDIDATE =
  /pickle|dill|joblib|marshal|shelve|torch|allow_pickle|safe_mode|unsafe_deserialization|yaml|trust_remote_code|from_pretrained|load_dataset|hf_hub_download|snapshot_download|builtins|(?<![.\w'"-])(?:eval|exec)(?=\s*[(),=\]\n]|$)|(?<![.\w])compile\(|os\.system|popen|shell\s*=|subprocess|getoutput|verify(?:_ssl)?\s*=|_unverified_context|CERT_NONE|check_hostname|urlretrieve|urlopen|get_file|http:\/\/[^\s'"]{0,300}\.(?:pkl|pickle|pt|pth|bin|ckpt|joblib|h5|hdf5|keras|onnx|pb|zip|tar|t?gz|whl|py|sh|npy|npz|exe|deb|so)\b|\bexecute\w*\s*\(|read_sql|debug\s*=\s*True|0\.0\.0\.0|share\s*=\s*True|extractall|mktemp|hashlib|AutoAddPolicy|WarningPolicy|NotebookApp|ServerApp|allow_dangerous|PythonREPL|PythonAstREPL|mlflow|pipeline\(|SentenceTransformer|socket|__import__|import_module|(?:import|from)\s+(?:[\w.]{1,60}\s*,\s*){0,8}(?:imp|asynchat|asyncore|distutils|cgi|cgitb|crypt|telnetlib|pipes|sndhdr|imghdr|nntplib|smtpd|uu|xdrlib|chunk|aifc|audioop|msilib|nis|ossaudiodev|spwd|sunau|mailcap)\b|getattr\(\s*(?:os|sys|posix|nt|__builtins__|importlib)\b|\.bind\(|base64|fromhex|codecs/;

/** Of `random` only what becomes a secret is judged: both words have to be there. */
const RANDOM = /\brandom\b/;
const SECRET_WORD = /secret|token|passw|passphrase|api_?key|session|nonce|salt|otp|csrf|private_?key|signing/i;

function mayHold({ text }: TextSegment): boolean {
  return CANDIDATE.test(text) || (RANDOM.test(text) && SECRET_WORD.test(text));
}

/** Modules that Python dropped: PEP 594, PEP 632 and imp. */
const REMOVED = new Set([
  'imp',
  'asynchat',
  'asyncore',
  'distutils',
  'cgi',
  'cgitb',
  'crypt',
  'telnetlib',
  'pipes',
  'sndhdr',
  'imghdr',
  'nntplib',
  'smtpd',
  'uu',
  'xdrlib',
  'chunk',
  'aifc',
  'audioop',
  'msilib',
  'nis',
  'ossaudiodev',
  'spwd',
  'sunau',
  'mailcap',
]);

/** Files that a loader, an installer or a test runner imports by itself. */
const AUTO_RUN =
  /^(?:setup|conftest|hubconf|handler|inference|custom_handler|sitecustomize|usercustomize|__init__)\.py$|^(?:modeling|configuration|tokenization|processing|image_processing|feature_extraction|pipeline)_[\w.-]+\.py$/i;
const MODEL_CODE =
  /^(?:hubconf|handler|custom_handler|sitecustomize|usercustomize)\.py$|^(?:modeling|configuration|tokenization|processing|image_processing|feature_extraction)_[\w.-]+\.py$/i;

export const PYTHON_ANALYSER: TextAnalyser = {
  id: 'python',
  enabled: (settings) => settings.code.enabled,
  analyse(document, context) {
    for (const segment of document.segments) if (segment.language === 'shell') shellSegment(segment, context);
    const segments = document.segments.filter((segment) => segment.language === 'python' && segment.kind === 'code');
    // An alias made in one cell is used in another that holds no such word: all or none.
    if (!segments.some(mayHold)) return;
    const names = new Names();
    const base = document.name.slice(document.name.lastIndexOf('/') + 1);
    const written = new Set<string>();
    const facts: Facts = { written, autoRun: AUTO_RUN.test(base) };
    for (const segment of segments) {
      const syntax = pythonSyntax(segment, context);
      if (syntax) new Walk(segment, syntax, names, facts, written, context, MODEL_CODE.test(base)).run();
    }
  },
};

/** Scripts and shell cells: only what is wrong whoever wrote it. */
function shellSegment(segment: TextSegment, context: TextContext): void {
  for (const match of segment.text.matchAll(/[^\n]+/g)) {
    const line = match[0];
    if (line.length > 4000 || /^\s*#/.test(line)) continue;
    const judged = judgeShellText(line);
    if (!judged) continue;
    const rule = PYTHON_RULES[judged.rule];
    context.report(segment, {
      rule,
      // Installers piped into a shell are common in notebooks and build scripts, and still nobody has read them.
      severity: judged.rule === 'download-and-run' ? 'medium' : rule.severity,
      message: judged.message,
      start: match.index + (line.length - line.trimStart().length),
      end: match.index + line.trimEnd().length,
      anchor: hashSecret(line.trim()),
    });
  }
}

const SPAN = 200;
/** Characters of a call that tell it from others. */
const ANCHOR = 2000;

/** One pass over one tree. */
class Walk {
  readonly #fixes: FixMaker;
  #nodes = 0;
  readonly #reverse = { connect: undefined as SyntaxNode | undefined, dup: false, spawn: false };

  constructor(
    private readonly segment: TextSegment,
    private readonly syntax: PythonSyntax,
    private readonly names: Names,
    private readonly facts: Facts,
    private readonly written: Set<string>,
    private readonly context: TextContext,
    private readonly modelCode: boolean,
  ) {
    this.#fixes = {
      insert: (offset, text, title, preferred) => this.#edit(offset, offset, text, title, preferred),
      replace: (from, to, text, title, preferred) => this.#edit(from, to, text, title, preferred),
    };
  }

  run(): void {
    this.names.enter(this.syntax.text);
    const cursor = this.syntax.tree.cursor();
    for (;;) {
      this.#nodes += 1;
      if ((this.#nodes & 0x3ff) === 0) this.context.checkTime();
      const scope = cursor.name === 'FunctionDefinition' || cursor.name === 'LambdaExpression';
      this.#enter(cursor.node);
      if (cursor.firstChild()) {
        continue;
      }
      if (scope) this.names.popScope();
      for (;;) {
        if (cursor.nextSibling()) break;
        if (!cursor.parent()) {
          this.#reverseShell();
          return;
        }
        if (cursor.name === 'FunctionDefinition' || cursor.name === 'LambdaExpression') this.names.popScope();
      }
    }
  }

  #enter(node: SyntaxNode): void {
    switch (node.name) {
      case 'ImportStatement':
        this.names.importStatement(node);
        this.#removedModule(node);
        break;
      case 'FunctionDefinition':
      case 'LambdaExpression':
        this.#define(node);
        break;
      case 'ClassDefinition': {
        const name = node.getChild('VariableName');
        if (name) this.names.bind(this.names.source(name), {});
        break;
      }
      case 'AssignStatement':
        this.#assign(node);
        break;
      case 'WithStatement':
        this.#bindAs(node);
        break;
      case 'ForStatement':
        this.#bindLoop(node);
        break;
      case 'CallExpression':
        this.#call(node);
        break;
      default:
    }
  }

  #define(node: SyntaxNode): void {
    const name = node.name === 'FunctionDefinition' ? node.getChild('VariableName') : null;
    if (name) this.names.bind(this.names.source(name), {});
    this.names.pushScope();
    const parameters = node.getChild('ParamList');
    for (let child = parameters?.firstChild ?? null; child; child = child.nextSibling) {
      if (child.name === 'VariableName' && child.prevSibling?.name !== 'AssignOp')
        this.names.bind(this.names.source(child), {});
    }
  }

  #assign(node: SyntaxNode): void {
    const children: SyntaxNode[] = [];
    for (let child = node.firstChild; child && children.length < 64; child = child.nextSibling) children.push(child);
    const operators = children.flatMap((child, i) => (child.name === 'AssignOp' ? [i] : []));
    const last = operators.at(-1);
    const value = last === undefined ? undefined : children[last + 1];
    if (!value || last === undefined) return;
    const known = this.names.value(value);
    const taint = this.names.taint(value);
    for (let i = 0; i < last; i += 1) {
      const target = children[i] as SyntaxNode;
      if (target.name === 'VariableName') {
        this.names.bind(this.names.source(target), taint ? { ...known, taint } : known);
        this.#predictable(target, value);
      } else if (target.name === 'MemberExpression') this.#assignMember(node, target, value);
    }
  }

  /** `ssl._create_default_https_context = ...`, `c.ServerApp.token = ''`, `session.verify = False`. */
  #assignMember(node: SyntaxNode, target: SyntaxNode, value: SyntaxNode): void {
    const path = this.names.value(target).path;
    const source = this.names.source(target);
    const right = this.names.source(value).trim();
    if (
      path === 'ssl._create_default_https_context' &&
      this.names.value(value).path === 'ssl._create_unverified_context'
    ) {
      this.#report(
        node,
        {
          rule: 'tls-verification-disabled',
          message: 'All https connections of the program accept any certificate from here on.',
        },
        source,
      );
    } else if (/\.verify_mode$/.test(source) && this.names.value(value).path === 'ssl.CERT_NONE') {
      this.#report(
        node,
        { rule: 'tls-verification-disabled', message: 'The context accepts any certificate.' },
        source,
      );
    } else if (path === 'requests.Session().verify' && right === 'False') {
      this.#report(
        node,
        { rule: 'tls-verification-disabled', message: 'The session accepts any certificate.' },
        source,
      );
    } else if (
      /^c\.(?:NotebookApp|ServerApp|IdentityProvider|PasswordIdentityProvider)\.(?:token|password|hashed_password)$/.test(
        source,
      ) &&
      this.names.constant(value) === ''
    ) {
      this.#report(
        node,
        {
          rule: 'no-authentication',
          message: 'The notebook server asks for no token or password: whoever reaches it runs code on it.',
        },
        source,
      );
    } else if (
      /^c\.(?:NotebookApp|ServerApp)\.ip$/.test(source) &&
      /^(?:0\.0\.0\.0|\*|::)$/.test(this.names.constant(value) ?? '')
    ) {
      this.#report(
        node,
        {
          rule: 'bind-all-interfaces',
          message: 'The notebook server is reachable from every network the machine is in.',
        },
        source,
      );
    }
  }

  #predictable(target: SyntaxNode, value: SyntaxNode): void {
    const name = this.names.source(target);
    if (!/(?:^|_)(?:token|password|passwd|secret|otp|nonce|session_?(?:id|key)|api_?key|csrf|salt)$/i.test(name))
      return;
    const text = this.names.source(value);
    if (!/\brandom\b|choices?\(|randint|randrange|getrandbits/.test(text)) return;
    let found = false;
    const visit = (node: SyntaxNode, depth: number): void => {
      if (found || depth > 12) return;
      if (
        node.name === 'CallExpression' &&
        /^random\.(?:choices?|randint|randrange|random|sample|getrandbits)\(\)$/.test(this.names.value(node).path ?? '')
      )
        found = true;
      for (let child = node.firstChild; child; child = child.nextSibling) visit(child, depth + 1);
    };
    visit(value, 0);
    if (found)
      this.#report(
        value,
        {
          rule: 'predictable-secret',
          message: `${name} is made by the random module, whose next values can be computed.`,
        },
        'random',
      );
  }

  #bindAs(node: SyntaxNode): void {
    for (let child = node.firstChild; child; child = child.nextSibling) {
      if (child.name !== 'as') continue;
      const subject = child.prevSibling;
      const target = child.nextSibling;
      if (!subject || target?.name !== 'VariableName') continue;
      const taint = this.names.taint(subject);
      const text = fileOf(subject, this.names);
      const value = this.names.value(subject);
      this.names.bind(this.names.source(target), {
        ...value,
        ...(text !== undefined && { text }),
        ...(taint && { taint }),
      });
    }
  }

  #bindLoop(node: SyntaxNode): void {
    const target = node.getChild('VariableName');
    const subject = node.getChild('in')?.nextSibling;
    if (target?.prevSibling?.name !== 'for') return;
    const taint = subject ? this.names.taint(subject) : undefined;
    this.names.bind(this.names.source(target), taint ? { taint } : {});
  }

  #removedModule(node: SyntaxNode): void {
    const from = node.firstChild?.name === 'from';
    for (let child = node.firstChild; child; child = child.nextSibling) {
      if (from && child.name === 'import') return;
      const previous = child.prevSibling?.name;
      if (child.name !== 'VariableName' || !(previous === 'import' || previous === 'from' || previous === ','))
        continue;
      const name = this.names.source(child);
      if (!REMOVED.has(name)) continue;
      // A fallback for older Pythons is no surprise.
      if (hasAncestor(node, 'TryStatement')) return;
      this.#report(node, { rule: 'removed-module', message: `The module ${name} is no longer part of Python.` }, name);
    }
  }

  #call(node: SyntaxNode): void {
    const call = readCall(node, this.names);
    const callee = node.firstChild;
    if (!call) {
      if (callee?.name === 'MemberExpression' && callee.lastChild) {
        const judged = judgeMethod(node, this.names.source(callee.lastChild), this.names, this.facts);
        if (judged) this.#report(node, judged, this.names.source(callee.lastChild));
      }
      return;
    }
    this.#writes(call);
    this.#suspect(call);
    const judged = judgeCall(call, this.names, this.facts);
    if (judged) this.#report(node, judged, call.path);
    else this.#importTime(call);
  }

  /** Files the program writes by pickling. */
  #writes(call: Call): void {
    if (
      !/^(?:pickle|cPickle|dill|cloudpickle|joblib|sklearn\.externals\.joblib|torch|numpy)\.(?:dump|save|savez|savez_compressed)$|\.to_pickle$/.test(
        call.path,
      )
    )
      return;
    for (const argument of call.args.slice(0, 2)) {
      const path = fileOf(argument, this.names);
      if (path !== undefined) this.written.add(path);
    }
  }

  /** A process started at import time by code that is only there to be imported. */
  #importTime(call: Call): void {
    if (
      !this.modelCode ||
      !/^(?:os\.(?:system|popen|exec\w+|spawn\w+|posix_spawn)|subprocess\.(?:run|call|check_call|check_output|Popen|getoutput|getstatusoutput)|pty\.spawn)$/.test(
        call.path,
      )
    )
      return;
    if (hasAncestor(call.node, 'FunctionDefinition')) return;
    this.#report(
      call.node,
      {
        rule: 'import-time-execution',
        message: `${call.path} starts a process as soon as the file is imported, which loading the model does.`,
      },
      call.path,
    );
  }

  #suspect(call: Call): void {
    if (/^socket\.(?:socket\(\)\.connect|create_connection)$/.test(call.path)) this.#reverse.connect ??= call.node;
    else if (call.path === 'os.dup2') this.#reverse.dup = true;
    else if (
      call.path === 'pty.spawn' ||
      (/^(?:subprocess\.(?:call|run|Popen|check_call)|os\.(?:system|execl|execv|execve))$/.test(call.path) &&
        /['"](?:\/bin\/(?:ba|z|da)?sh|cmd(?:\.exe)?|powershell(?:\.exe)?)['"]/.test(this.names.source(call.list)))
    ) {
      this.#reverse.spawn = true;
    }
  }

  #reverseShell(): void {
    const { connect, dup, spawn } = this.#reverse;
    if (connect && dup && spawn) {
      this.#report(
        connect,
        { rule: 'reverse-shell', message: 'The code connects to another machine and ties a shell to the connection.' },
        'socket.connect',
      );
    }
  }

  #report(node: SyntaxNode, judged: Judgement, path: string): void {
    const rule = PYTHON_RULES[judged.rule];
    const callee = node.name === 'CallExpression' ? (node.firstChild ?? node) : node;
    const source = this.syntax.text.slice(node.from, Math.min(node.to, node.from + ANCHOR));
    const whole = node.to - node.from <= SPAN && !source.includes('\n');
    const name = node.name === 'CallExpression' ? path.replace(/^\?\./, '…').replaceAll('()', '') : path;
    const severity: Severity | undefined = judged.severity;
    this.context.report(this.segment, {
      rule,
      ...(severity && { severity }),
      message: judged.message,
      start: node.from,
      end: whole ? node.to : callee.to,
      evidence: evidenceText(`${name}${judged.evidence ?? (node.name === 'CallExpression' ? '(…)' : '')}`, 120),
      anchor: hashSecret(source.replace(/\s+/g, ' ')),
      ...(judged.fix && { fixes: [judged.fix(this.#fixes)] }),
      data: { call: evidenceText(name, 120) },
    });
  }

  #edit(from: number, to: number, newText: string, title: string, preferred: boolean): Fix {
    const { line = 1, column = 1, endLine = line, endColumn = column } = this.segment.locate(from, to);
    return { title, edits: [{ line, column, endLine, endColumn, newText }], ...(preferred && { preferred }) };
  }
}

function hasAncestor(node: SyntaxNode, name: string): boolean {
  for (let at = node.parent, depth = 0; at && depth < 200; at = at.parent, depth += 1)
    if (at.name === name) return true;
  return false;
}
