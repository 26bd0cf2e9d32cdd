/** Text that is run: by Python, by a shell, by a database, by an agent. */
import type { Node } from '../ast';
import type { Names } from '../names';
import {
  allow,
  always,
  argument,
  type Call,
  type CallRule,
  type Check,
  FROM,
  isForeign,
  type Judgement,
  runsModelOutput,
} from './call';
import { insecureIndex } from './remote';
import { beginning, isFixed, varies } from './text';

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
    if (facts.downloads.gives(subject, names))
      return { rule: 'download-and-run', message: `${call.path} runs a file that the program downloads.` };
    return { rule: 'dynamic-code', severity: 'low', message: `${call.path} runs the content of another file.` };
  }
  if (inner === 'compile()')
    return { rule: 'dynamic-code', severity: 'low', message: `${call.path} runs code that is compiled here.` };
  return {
    rule: 'dynamic-code',
    severity: call.path === 'eval' && subject.kind === 'name' ? 'low' : 'medium',
    message: `${call.path} runs ${taint ? FROM[taint] : 'text that is not constant'}: whoever controls a part of it runs code here.`,
  };
};

/** Functions that run what they are given as code; only text that comes from outside is worth a word. */
const evaluator: Check = (call, names) => {
  const subject = argument(call, 0, 'expr', 'ex', 's', 'path_name', 'name');
  const taint = subject && names.taint(subject);
  if (taint === 'model') return runsModelOutput(call.path);
  return isForeign(taint)
    ? { rule: 'dynamic-code', severity: 'high', message: `${call.path} evaluates ${FROM[taint]} as code.` }
    : undefined;
};

/** The same for what looks like a formula: whoever starts the program may not know that it is one of Python. */
const formula: Check = (call, names, facts) => {
  const subject = argument(call, 0, 'expr', 'ex', 's', 'a');
  return subject && names.taint(subject) === 'operator'
    ? { rule: 'dynamic-code', severity: 'low', message: `${call.path} evaluates ${FROM.operator} as code.` }
    : evaluator(call, names, facts);
};

/** Libraries whose tables evaluate expressions of Python. */
const FRAMES = ['pandas', 'geopandas', 'dask', 'cudf', 'modin'];
/** What tables are called, where nothing tells what they are. */
const FRAME_NAME = /(?:^|_)(?:g?df|data_?frame|frame|data|table|train|test)\d?$|^df/i;

/** `df.query(text)`: engines of questions and clients of databases have a method of that name, too. */
const frameExpression: Check = (call, names, facts) => {
  const { callee } = call.node;
  if (callee.kind !== 'member') return undefined;
  const { object } = callee;
  const { path } = names.value(object);
  const isFrame =
    path === undefined
      ? FRAME_NAME.test(object.kind === 'member' ? object.property : object.kind === 'name' ? object.name : '')
      : FRAMES.some((module) => path.startsWith(`${module}.`));
  return isFrame ? formula({ ...call, path: `pandas.DataFrame.${callee.property}` }, names, facts) : undefined;
};

const template: Check = (call, names) => {
  const subject = argument(call, 0, 'source');
  if (!subject) return undefined;
  const taint = names.taint(subject);
  if (isForeign(taint))
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
    severity: taint && taint !== 'operator' ? 'high' : 'medium',
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

/** Modules of databases: what else executes something need not be SQL. */
const DATABASE =
  /^(?:sqlite3|psycopg2?|pymysql|MySQLdb|mysql|duckdb|sqlalchemy|pandas|asyncpg|aiosqlite|cx_Oracle|oracledb|pyodbc|snowflake|google\.cloud\.bigquery|clickhouse_connect)\b/;

/** A statement that comes from somewhere as a whole: nobody has to break out of a value. */
function wholeStatement(
  path: string,
  statement: Node,
  names: Names,
): { judged: Judgement; value: boolean } | undefined {
  if (!DATABASE.test(path) || isFixed(statement, names)) return undefined;
  const taint = names.taint(statement);
  if (taint === 'model') return { value: true, judged: { ...runsModelOutput(path), severity: 'medium' } };
  return isForeign(taint)
    ? {
        value: true,
        judged: {
          rule: 'sql-injection',
          message: `${path} runs SQL that is ${FROM[taint]}: it can read and change all that the login may.`,
        },
      }
    : undefined;
}

function judgeSql(call: Call, names: Names): { judged: Judgement; value: boolean } | undefined {
  const statement = argument(call, 0, 'sql', 'query', 'statement');
  if (!statement) return undefined;
  if (!varies(statement, names)) return wholeStatement(call.path, statement, names);
  const text = beginning(statement, names)?.replace(/^[^'"]*['"]+/, '');
  if (text === undefined || !isStatement(text)) return undefined;
  const taint = names.taint(statement);
  const outside = isForeign(taint);
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
  { paths: ['pip.main', 'pip._internal.main', 'pip._internal.cli.main.main'], check: pipMain },
  { methods: ['exec_command'], check: remoteShell },
  {
    paths: [
      'pandas.eval',
      'numexpr.evaluate',
      'sympy.sympify',
      'sympy.parse_expr',
      'sympy.parsing.sympy_parser.parse_expr',
      'sympy.core.sympify.sympify',
    ],
    check: formula,
  },
  {
    paths: [
      ...['timeit.timeit', 'timeit.repeat', 'code.interact', 'runpy.run_module'],
      ...['cProfile.run', 'pdb.run'],
      ...['get_ipython().run_cell', 'IPython.get_ipython().run_cell'],
    ],
    check: evaluator,
  },
  {
    // An expression of pandas reaches every attribute of what it names.
    methods: ['query', 'eval'],
    modules: [...FRAMES, 'flask', 'fastapi', 'django', 'streamlit', 'gradio', 'dash'],
    check: frameExpression,
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
