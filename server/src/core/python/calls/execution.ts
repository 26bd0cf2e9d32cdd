/** Text that is run: by Python, by a shell, by a database, by an agent. */
import type { Node } from '../ast';
import type { Names } from '../names';
import { allow, always, argument, type Call, type CallRule, type Check, FROM, isTrue, type Judgement } from './call';
import { insecureIndex } from './remote';
import { beginning, isFixed, varies } from './text';

const SHELL_DOWNLOAD =
  /(?:curl|wget)\b[^|;&\n]{0,500}\|\s{0,8}(?:sudo\s{1,8})?(?:ba|z|da|k)?sh\b|(?:ba|z|da)?sh\s{1,8}(?:-c\s{1,8})?["']?[<$]\(\s{0,8}(?:curl|wget)\b|(?:curl|wget)\b[^\n]{0,300}(?:&&|;)\s{0,8}(?:sudo\s{1,8})?(?:(?:ba|z|da)?sh|python3?|chmod)\b|\bIEX\s{0,8}\(|powershell[^\n]{0,100}-e(?:nc|c)?\s|certutil[^\n]{0,80}-urlcache|base64\s{1,8}(?:-d|--decode)[^\n]{0,60}\|\s{0,8}(?:ba|z|da)?sh\b/i;
const SHELL_REVERSE =
  /\/dev\/(?:tcp|udp)\/|\bnc(?:at)?\b[^\n]{0,80}\s-[a-df-z]{0,6}e[a-z]{0,6}\s|mkfifo[^\n]{0,120}\bnc\b|socat[^\n]{0,80}exec:/i;

const SERVER_WITHOUT_TOKEN =
  /\bjupyter\b[^\n]{0,300}--(?:NotebookApp|ServerApp|IdentityProvider)\.(?:token|password)=(?:''|""|\\?["']{2})?(?:\s|$)/;
const PIP_INSTALL = /(?:^|\s|\/)(?:pip[\d.]{0,8}|conda|mamba|uv\s{1,8}pip)\s{1,8}install\s{1,8}(?!-r\b)(?!\.)/;

/** Programs that look at no certificate when they are told so. */
const LOOSE: readonly { readonly program: RegExp; readonly option: RegExp }[] = [
  { program: /^\s*(?:sudo\s{1,8})?curl\s/, option: /\s(?:-[a-zA-Z]{0,8}k[a-zA-Z]{0,8}|--insecure)(?:\s|$)/ },
  { program: /^\s*(?:sudo\s{1,8})?wget\s/, option: /\s--no-check-certificate\b/ },
  { program: /^\s*git\s/, option: /\bhttp\.sslVerify[\s=]{1,4}(?:false|0)\b/i },
  { program: /^\s*npm\s/, option: /\bstrict-ssl[\s=]{1,4}false\b/ },
];
/** Addresses of this machine and of private networks, whose certificates are nobody else's. */
const HERE = /\bhttps:\/\/(?:localhost|127\.|10\.|192\.168\.)/;

const skipsCertificates = (text: string): boolean =>
  text
    .split(/[|;\n]|&&/)
    .some((command) =>
      LOOSE.some(({ program, option }) => program.test(command) && option.test(command) && !HERE.test(command)),
    );

const SHELL_TRUST =
  /\s--trust[-_]remote[-_]code\b(?![\s=]{1,4}["']?(?:false|0|no)\b)|[\s,"']trust_remote_code=(?:true|1)\b/i;
const SHELL_TUNNEL =
  /(?:^|[\s&;|])(?:npx\s{1,8})?(?:localtunnel|lt\s{1,8}--port|ngrok\s{1,8}http|cloudflared\s{1,8}tunnel\s[^\n]{0,40}--url)\b/;
const SHELL_OPEN =
  /\s(?:--host|--ip|--bind|--server[.-](?:address|name|host)|--listen)[\s=]{1,4}["']?(?:0\.0\.0\.0|::)(?![\w.])|\s--bind_all\b/;

/**
 * Command lines that no program needs to hide: what it says decides.
 * @param inCell the line is of a notebook, where a server is started by hand; that of a container has to be open
 */
export function judgeShellText(text: string, inCell = false): Judgement | undefined {
  if (SERVER_WITHOUT_TOKEN.test(text))
    return {
      rule: 'no-authentication',
      message: 'The notebook server asks for no token or password: whoever reaches it runs code on it.',
    };
  if (SHELL_REVERSE.test(text))
    return { rule: 'reverse-shell', message: 'The command line connects to another machine and hands it a shell.' };
  if (SHELL_DOWNLOAD.test(text))
    return { rule: 'download-and-run', message: 'The command line downloads a program and runs it in one step.' };
  if (SHELL_TRUST.test(text))
    return {
      rule: 'trust-remote-code',
      message: 'The option runs Python files of the model repository as they are at the time of loading.',
    };
  if (!inCell) return undefined;
  if (skipsCertificates(text))
    return {
      rule: 'tls-verification-disabled',
      severity: 'low',
      message: 'The command accepts any certificate: what it fetches can be replaced on the way.',
    };
  if (SHELL_TUNNEL.test(text))
    return {
      rule: 'public-share',
      message: 'The tunnel opens a public address of this machine, and nobody who uses it has to log in.',
    };
  if (SHELL_OPEN.test(text))
    return {
      rule: 'bind-all-interfaces',
      message: 'The server is reachable from every network the machine is in.',
    };
  return undefined;
}

const SHELL_CALLS =
  /^(?:os\.(?:system|popen|popen[234])|commands\.get(?:status)?output|popen2\.popen[234]|subprocess\.(?:getoutput|getstatusoutput)|(?:IPython\.)?get_ipython\(\)\.(?:system|getoutput))$/;

const shell: Check = (call, names, facts) => {
  const command = argument(call, 0, 'args', 'cmd');
  if (!command) return undefined;
  const always = SHELL_CALLS.test(call.path) || call.path.endsWith('_shell');
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
  const line = withShell ? command : shellArgument(command, names);
  if (!line || text !== undefined || isFixed(line, names)) return undefined;
  const taint = names.taint(line);
  if (taint === 'decoded') {
    return {
      rule: 'hidden-execution',
      message: 'A command line is decoded and handed to a shell: what it does cannot be read here.',
    };
  }
  if (taint === 'model') return runsModelOutput(call.path);
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
    ...(!always && withShell && { evidence: '(…, shell=True)' }),
  };
};

const runsModelOutput = (path: string): Judgement => ({
  rule: 'agent-code-execution',
  severity: 'high',
  message: `${path} runs ${FROM.model}: a prompt in a document or a page decides what.`,
});

/** Constant text of a command, or of a list of arguments. */
function constantCommand(node: Node, names: Names): string | undefined {
  const text = names.constant(node);
  if (text !== undefined || node.kind !== 'sequence' || node.bracket !== '[') return text;
  const parts = node.items.map((item) => names.constant(item));
  return parts.includes(undefined) ? undefined : parts.join(' ');
}

/** The line in `['bash', '-c', line]`. */
function shellArgument(node: Node, names: Names): Node | undefined {
  if (node.kind !== 'sequence') return undefined;
  const [program, option, line] = node.items;
  return program &&
    option &&
    /(?:^|\/)(?:ba|z|da|k)?sh$/.test(names.constant(program) ?? '') &&
    /^-\w*c$/.test(names.constant(option) ?? '')
    ? line
    : undefined;
}

/** `pip install x` as a line, or as a list such as `[sys.executable, '-m', 'pip', 'install', name]`. */
function installs(node: Node, text: string | undefined, names: Names): boolean {
  if (text !== undefined) return PIP_INSTALL.test(`${text} `);
  if (node.kind === 'sequence')
    return PIP_INSTALL.test(`${node.items.map((item) => names.constant(item) ?? '?').join(' ')} `);
  return node.kind === 'format' && PIP_INSTALL.test(names.source(node).replace(/^\w*["']+/, ' '));
}

/** `eval(repr(x))`, `eval('numpy.' + repr(x))`: what is run was an object of the program a moment ago. */
function isRepresentation(node: Node, names: Names): boolean {
  if (node.kind === 'binary')
    return node.operator === '+' && names.constant(node.left) !== undefined && isRepresentation(node.right, names);
  return node.kind === 'call' && node.callee.kind === 'name' && node.callee.name === 'repr';
}

const dynamicCode: Check = (call, names, facts) => {
  const subject = call.args[0];
  if (!subject) return undefined;
  if (call.path === 'compile') {
    // compile() makes code; what runs it is judged where it runs.
    if (names.taint(subject) !== 'decoded') return undefined;
  }
  if (names.constant(subject) !== undefined || isRepresentation(subject, names)) return undefined;
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
  if (taint === 'model') return runsModelOutput(call.path);
  if (call.path === 'compile') return undefined;
  // The version file of a package, read by its build script.
  if (inner !== undefined && /(?:\bopen\(\)|\bPath\(\))\.read(?:_text)?\(\)$/.test(inner)) {
    return { rule: 'dynamic-code', severity: 'low', message: `${call.path} runs the content of another file.` };
  }
  if (inner === 'compile()')
    return { rule: 'dynamic-code', severity: 'low', message: `${call.path} runs code that is compiled here.` };
  return {
    rule: 'dynamic-code',
    severity: call.path === 'eval' && subject.kind === 'name' ? 'low' : 'medium',
    message: `${call.path} runs text that is not constant: whoever controls a part of it runs code here.`,
  };
};

/** Functions that run what they are given as code; only text that comes from outside is worth a word. */
const evaluator: Check = (call, names) => {
  const subject = call.args[0];
  const taint = subject && names.taint(subject);
  return taint === 'network' || taint === 'input'
    ? {
        rule: 'dynamic-code',
        severity: 'high',
        message: `${call.path.replace('?.', '')} evaluates ${FROM[taint]} as code.`,
      }
    : undefined;
};

const template: Check = (call, names) => {
  const subject = argument(call, 0, 'source');
  if (!subject) return undefined;
  const taint = names.taint(subject);
  if (taint === 'network' || taint === 'input')
    return { rule: 'template-injection', severity: 'high', message: `A template is made of ${FROM[taint]}.` };
  return call.path === 'flask.render_template_string' && varies(subject, names)
    ? { rule: 'template-injection', message: 'A template is put together from values: one with {{ }} in it is run.' }
    : undefined;
};

const remoteShell: Check = (call, names) => {
  // A function of that name is something else.
  if (!/^(?:\?|paramiko\..*)\.exec_command$|^(?:fabric|invoke)\./.test(call.path)) return undefined;
  const line = argument(call, 0, 'command');
  if (!line || !varies(line, names)) return undefined;
  const taint = names.taint(line);
  return {
    rule: 'shell-injection',
    severity: taint ? 'high' : 'medium',
    message: 'A line for a shell is put together from values: one with ; or $() in it runs as a command.',
  };
};

const pipMain: Check = (call, names, facts) => {
  const list = call.args[0];
  if (list?.kind !== 'sequence' || !list.items[0] || names.constant(list.items[0]) !== 'install') return undefined;
  return (
    insecureIndex(list, names) ?? {
      rule: 'runtime-install',
      ...(facts.autoRun && { severity: 'low' as const }),
      message: 'pip installs packages while the program runs.',
    }
  );
};

/** `load_tools(["python_repl", "terminal"])` */
const tools: Check = (call, names) => {
  const list = call.args[0];
  const asked = list?.kind === 'sequence' ? list.items.map((item) => names.constant(item) ?? '') : [];
  const found = asked.find((name) => /^(?:python_repl|terminal|requests_all)$/.test(name));
  return found === undefined
    ? undefined
    : {
        rule: 'agent-code-execution',
        message: `The agent may use ${found}, and a language model writes what it does.`,
      };
};

const SQL =
  /^\s*(?:select\b[\s\S]*\bfrom\b|insert\s+into\b|update\b[\s\S]*\bset\b|delete\s+from\b|drop\s+table\b|create\s+table\b|alter\s+table\b|replace\s+into\b|with\b[\s\S]*\bselect\b)/i;

/** Words of a statement are written in one case; "Select the best answer from" is a sentence. */
const isStatement = (text: string): boolean => SQL.test(text) && /^\s*(?:[a-z]+|[A-Z]+)\b/.test(text);

/** Statement text built from values, handed to whatever executes it. */
const sql: Check = (call, names) => judgeSql(call, names)?.judged;

/** Where the names of tables are the program's own as a rule, and whoever runs it may read all of them. */
const sqlValues: Check = (call, names) => {
  const found = judgeSql(call, names);
  return found?.value ? found.judged : undefined;
};

function judgeSql(call: Call, names: Names): { judged: Judgement; value: boolean } | undefined {
  const statement = argument(call, 0, 'sql', 'query', 'statement');
  if (!statement || !varies(statement, names)) return undefined;
  const text = beginning(statement, names)?.replace(/^[^'"]*['"]+/, '');
  if (text === undefined || !isStatement(text)) return undefined;
  const taint = names.taint(statement);
  const outside = taint === 'input' || taint === 'network';
  // A value in quotes or after a comparison is data; a table name is mostly the programmer's own.
  const value = /(?:=|<|>|like|in|values)\s{0,4}\(?\s{0,4}['"]?%?\s{0,4}(?:\{|%s|["']\s{0,4}\+)/i.test(text);
  return {
    value: outside || value,
    judged: {
      rule: 'sql-injection',
      severity: outside ? 'high' : value ? 'medium' : 'low',
      message: outside
        ? `A SQL statement is built from ${FROM[taint]}: pass it as a parameter.`
        : 'A SQL statement is put together from values: pass them as parameters.',
    },
  };
}

/** CrewAI runs code in a container unless it is told otherwise. */
const unsafeCrew: Check = (call, names) => {
  const mode = call.keywords.get('code_execution_mode');
  return mode && names.constant(mode.value) === 'unsafe'
    ? {
        rule: 'agent-code-execution',
        severity: 'high',
        message: "code_execution_mode='unsafe' runs what a language model writes on this machine, outside a container.",
        evidence: "(…, code_execution_mode='unsafe')",
      }
    : undefined;
};

/** Modules with which code leaves the interpreter of smolagents. */
const POWERFUL = /^(?:\*|os|subprocess|sys|shutil|socket|importlib|builtins|ctypes|pty)(?:\.|$)/;

const authorizedImports: Check = (call, names) => {
  const list = call.keywords.get('additional_authorized_imports')?.value;
  const found =
    list?.kind === 'sequence'
      ? list.items.map((item) => names.constant(item) ?? '').find((name) => POWERFUL.test(name))
      : undefined;
  return found === undefined
    ? undefined
    : {
        rule: 'agent-code-execution',
        severity: 'high',
        message: `Code that a language model writes may import ${found === '*' ? 'everything' : found}: it can do what this program can.`,
        evidence: '(…, additional_authorized_imports=…)',
      };
};

export const EXECUTION: readonly CallRule[] = [
  { paths: ['eval', 'exec', 'compile'], check: dynamicCode },
  {
    paths: [
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
      'pexpect.run',
      'pexpect.spawn',
      'get_ipython().system',
      'get_ipython().getoutput',
      'IPython.get_ipython().system',
    ],
    check: shell,
  },
  { paths: ['pip.main', 'pip._internal.main', 'pip._internal.cli.main.main'], check: pipMain },
  { methods: ['exec_command'], check: remoteShell },
  {
    paths: [
      ...[
        'pandas.eval',
        'numexpr.evaluate',
        'sympy.sympify',
        'sympy.parse_expr',
        'sympy.parsing.sympy_parser.parse_expr',
      ],
      ...['timeit.timeit', 'timeit.repeat', 'code.interact', 'runpy.run_path', 'execfile', 'cProfile.run', 'pdb.run'],
    ],
    check: evaluator,
  },
  {
    // An expression of pandas reaches every attribute of what it names. It matters where others can send one.
    methods: ['query', 'eval'],
    modules: ['flask', 'fastapi', 'django', 'streamlit', 'gradio', 'dash'],
    check: evaluator,
  },
  {
    paths: [
      'flask.render_template_string',
      'jinja2.Template',
      'jinja2.Environment().from_string',
      'mako.template.Template',
    ],
    check: template,
  },
  {
    paths: [
      ...['run', 'sudo'].map((method) => `fabric.Connection().${method}`),
      ...['invoke.run', 'invoke.context.Context().run', 'fabric.api.run', 'fabric.api.sudo'],
    ],
    check: remoteShell,
  },
  {
    pattern: /\.(?:execute|executemany|executescript|raw|read_sql|read_sql_query)$/,
    last: ['execute', 'executemany', 'executescript', 'raw', 'read_sql', 'read_sql_query'],
    check: sql,
  },
  { pattern: /^sqlalchemy\.(?:\w+\.)*text$/, last: ['text'], modules: ['sqlalchemy'], check: sql },
  { methods: ['execute', 'executemany', 'executescript', 'read_sql', 'read_sql_query'], check: sql },
  { paths: ['google.cloud.bigquery.Client().query', 'clickhouse_connect.get_client().query'], check: sql },
  { methods: ['sql'], modules: ['spark', 'pyspark', 'duckdb'], check: sqlValues },
  { paths: ['duckdb.query'], check: sqlValues },
  { methods: ['fetch', 'fetchrow', 'fetchval'], modules: ['asyncpg'], check: sql },
  { methods: ['raw'], modules: ['django'], check: sql },
  {
    keywords: ['allow_dangerous_code'],
    check: allow(
      'allow_dangerous_code',
      'agent-code-execution',
      'high',
      'The agent may run whatever Python a language model writes.',
    ),
  },
  {
    keywords: ['allow_dangerous_requests'],
    check: allow(
      'allow_dangerous_requests',
      'agent-code-execution',
      'medium',
      'The agent may send what a language model writes to databases or addresses inside the network.',
    ),
  },
  { keywords: ['code_execution_mode'], check: unsafeCrew },
  { keywords: ['additional_authorized_imports'], check: authorizedImports },
  { paths: ['langchain.agents.load_tools', 'langchain_community.agent_toolkits.load_tools.load_tools'], check: tools },
  {
    paths: [
      'langchain_experimental.utilities.PythonREPL',
      'langchain.utilities.PythonREPL',
      'langchain_experimental.tools.PythonREPLTool',
      'langchain_experimental.tools.python.tool.PythonREPLTool',
      'langchain_experimental.tools.PythonAstREPLTool',
      'langchain.tools.python.tool.PythonREPLTool',
      'langchain_experimental.utilities.python.PythonREPL',
      'langchain_experimental.tools.python.tool.PythonAstREPLTool',
      'langchain_experimental.pal_chain.PALChain.from_math_prompt',
      'langchain_experimental.pal_chain.PALChain.from_colored_object_prompt',
      'langchain.chains.PALChain.from_math_prompt',
      'langchain_community.tools.ShellTool',
      'langchain.tools.ShellTool',
      'langchain_experimental.llm_bash.bash.BashProcess',
      'langchain.utilities.BashProcess',
      'langchain_experimental.agents.agent_toolkits.create_python_agent',
      'langchain.agents.agent_toolkits.create_python_agent',
      'autogen_ext.code_executors.local.LocalCommandLineCodeExecutor',
      'autogen.coding.LocalCommandLineCodeExecutor',
      'langchain_experimental.llm_bash.base.LLMBashChain.from_llm',
      'llama_index.experimental.query_engine.PandasQueryEngine',
      'llama_index.core.query_engine.PandasQueryEngine',
      'llama_index.query_engine.PandasQueryEngine',
    ],
    check: always('agent-code-execution', 'The tool runs whatever Python a language model writes.'),
  },
];
