/** Text that is run: by Python, by a shell, by a database, by an agent. */
import type { Node } from '../ast';
import type { Names } from '../names';
import { allow, always, argument, type CallRule, type Check, FROM, isTrue, type Judgement } from './call';

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
function constantCommand(node: Node, names: Names): string | undefined {
  const text = names.constant(node);
  if (text !== undefined || node.kind !== 'sequence' || node.bracket !== '[') return text;
  const parts = node.items.map((item) => names.constant(item));
  return parts.includes(undefined) ? undefined : parts.join(' ');
}

const DEEPEST = 40;

/** Text into which values are put: format strings, sums, `%`, `.format`. A bare variable says nothing. */
function varies(node: Node, names: Names, depth = 0): boolean {
  if (depth > DEEPEST) return false;
  switch (node.kind) {
    case 'format':
      return node.values.some(
        (value) => names.constant(value) === undefined && value.kind !== 'literal' && !quotedCall(value, names),
      );
    case 'strings':
      return node.parts.some((part) => varies(part, names, depth + 1));
    case 'binary':
      if (node.operator !== '+' && node.operator !== '%') return false;
      return names.constant(node) === undefined && !quotedCall(node.right, names);
    case 'call':
      return (
        node.callee.kind === 'member' &&
        node.callee.property === 'format' &&
        /^(?:string|strings|format)$/.test(node.callee.object.kind)
      );
    default:
      return false;
  }
}

const quotedCall = (node: Node, names: Names): boolean =>
  node.kind === 'call' &&
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
    severity: call.path === 'eval' && subject.kind === 'name' ? 'low' : 'medium',
    message: `${call.path} runs text that is not constant: whoever controls a part of it runs code here.`,
  };
};

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
    ],
    check: shell,
  },
  {
    pattern: /\.(?:execute|executemany|executescript|raw|read_sql|read_sql_query)$/,
    last: ['execute', 'executemany', 'executescript', 'raw', 'read_sql', 'read_sql_query'],
    check: sql,
  },
  { pattern: /^sqlalchemy\.(?:\w+\.)*text$/, last: ['text'], modules: ['sqlalchemy'], check: sql },
  { methods: ['execute', 'executemany', 'executescript', 'read_sql'], check: sql },
  {
    paths: [
      'langchain_experimental.agents.create_pandas_dataframe_agent',
      'langchain_experimental.agents.agent_toolkits.create_pandas_dataframe_agent',
      'langchain_experimental.agents.create_csv_agent',
      'langchain_experimental.agents.agent_toolkits.create_csv_agent',
    ],
    check: allow(
      'allow_dangerous_code',
      'agent-code-execution',
      'high',
      'The agent may run whatever Python a language model writes.',
    ),
  },
  {
    paths: [
      'langchain_experimental.utilities.PythonREPL',
      'langchain.utilities.PythonREPL',
      'langchain_experimental.tools.PythonREPLTool',
      'langchain_experimental.tools.python.tool.PythonREPLTool',
      'langchain_experimental.tools.PythonAstREPLTool',
      'langchain.tools.python.tool.PythonREPLTool',
      'langchain_experimental.utilities.python.PythonREPL',
    ],
    check: always('agent-code-execution', 'The tool runs whatever Python a language model writes.'),
  },
];
