/** Functions that something outside the program calls: a server with what a user sends, an agent with what a model writes. */
import type { MemberNode } from './ast';
import type { Found, PythonModule } from './module';
import type { Names, Program, Taint } from './names';
import type { Scope } from './scope';

/** Decorators that make a function the answer to a request. */
const ROUTE =
  /^(?:(?:flask|quart|sanic|fastapi|bottle|litestar)\.(?:Flask|Blueprint|Quart|Sanic|FastAPI|APIRouter|Bottle)\(\)\.(?:route|get|post|put|delete|patch|websocket)|bottle\.(?:route|get|post)|litestar\.(?:get|post|put))(?:\(\))?$/;

/** Decorators of services for models and of functions in a cloud: whoever calls them gives the parameters. */
const ENDPOINT =
  /^(?:bentoml\.(?:api|Service\(\)\.api)|functions_framework\.(?:http|cloud_event)|modal\.(?:web_endpoint|fastapi_endpoint)|(?:starlette|django)\.[\w.]{0,60}(?:route|api_view)|rest_framework\.decorators\.api_view)(?:\(\))?$/;

/** Decorators that make a function the answer to a message of a chat. */
const MESSAGE =
  /^(?:(?:discord|nextcord)\.(?:ext\.commands\.)?(?:Bot|Client)\(\)\.(?:command|event|slash_command)|slack_bolt\.(?:async_app\.)?(?:Async)?App\(\)\.(?:command|message|event|action|shortcut|view)|telebot\.TeleBot\(\)\.\w+_handler|aiogram\.Dispatcher\(\)\.message(?:_handler)?|chainlit\.on_message)(?:\(\))?$/;

/** Decorators whose function gets the arguments of the command line. */
const COMMAND =
  /^(?:click\.(?:command|option|argument|group\(\)(?:\(\))?\.command)|typer\.Typer\(\)\.command)(?:\(\))?$/;

/** Decorators that make a function a tool of an agent. */
const TOOL =
  /^(?:langchain(?:_core)?\.(?:agents\.)?tools\.(?:\w+\.)*tool|smolagents\.(?:tools\.)?tool|transformers\.(?:agents\.)?tool|crewai(?:_tools|\.tools)\.tool|agents\.function_tool|strands\.tool|(?:mcp\.server\.fastmcp|fastmcp|mcp\.server)\.FastMCP\(\)\.tool|pydantic_ai\.Agent\(\)\.tool(?:_plain)?|autogen\.\w+\(\)\.register_for_(?:llm|execution))(?:\(\))?$/;

/** Types that hold nothing a shell or a database would act on, and what a framework puts in itself. */
const HARMLESS =
  /^\w+\s{0,20}:\s{0,20}(?:(?:typing\.)?Optional\s{0,4}\[\s{0,4})?(?:int|float|bool|UUID|uuid\.UUID|date|datetime|Session|AsyncSession|BackgroundTasks|Response)\b/;

/** Functions that a server for models looks for by their name: those of SageMaker's handlers, and AWS Lambda's. */
const BY_NAME: ReadonlySet<string> = new Set(['input_fn', 'transform_fn', 'lambda_handler']);
/** Those of their parameters that hold what is sent. */
const SENT_AS = /^(?:request_body|serialized_input_data|input_data|data|body|payload|event)$/;

/** Types of parameters that hold what is sent to a server. */
const SENT = /^\w+\s{0,20}:\s{0,20}(?:\w{1,40}\.){0,3}(?:Request|HttpRequest|UploadFile|WebSocket)\b/;

const SERVERS = ['fastapi', 'starlette', 'django', 'aiohttp'];

/** Where a parameter comes from, when its function is one that is called from outside. */
export function handedTaint({ binding, module, parameterOf }: Found, names: Names, depth: number): Taint | undefined {
  const { parameter, name } = binding;
  if (!parameter || !parameterOf || name === 'self' || name === 'cls') return undefined;
  const source = names.source(parameter);
  const taint =
    decoratedTaint(parameterOf, module, names, depth) ??
    namedTaint(name, module, parameterOf, names.program) ??
    (SENT.test(source) && SERVERS.some(names.program.named) ? 'input' : undefined);
  return !taint || HARMLESS.test(source) || /\bDepends\s{0,4}\(/.test(source) ? undefined : taint;
}

function decoratedTaint(scope: Scope, module: PythonModule, names: Names, depth: number): Taint | undefined {
  for (const decorator of module.decorators(scope)) {
    const { path } = names.value(decorator, depth);
    const taint = path === undefined ? undefined : taintOfDecorator(path);
    if (taint) return taint;
  }
  return undefined;
}

/** Functions that are known by their name, or handed to a framework under it. */
function namedTaint(name: string, module: PythonModule, scope: Scope, program: Program): Taint | undefined {
  const handed = callbacks(program);
  if (handed.size === 0 && !SENT_AS.test(name)) return undefined;
  const own = nameOf(module, scope);
  if (own === undefined) return undefined;
  return BY_NAME.has(own) && SENT_AS.test(name) ? 'input' : handed.get(own);
}

function taintOfDecorator(path: string): Taint | undefined {
  if (ROUTE.test(path) || ENDPOINT.test(path) || MESSAGE.test(path)) return 'input';
  if (TOOL.test(path)) return 'model';
  return COMMAND.test(path) ? 'operator' : undefined;
}

const nameOf = (module: PythonModule, scope: Scope): string | undefined =>
  /^(?:async\s+)?def\s+(\w+)/.exec(
    module.text.slice(module.lines.start(scope.line), module.lines.end(scope.line)),
  )?.[1];

/** Frameworks that are handed functions to call: the word without which they are not there, the places, who fills the parameters. */
const CALLBACKS: readonly { readonly word: string; readonly places: RegExp; readonly taint: Taint }[] = [
  {
    word: 'gradio',
    places:
      /(?:\b(?:Interface|ChatInterface)\s{0,9}\(|\.\s{0,9}(?:click|submit|change|upload|select|release|then|success)\s{0,9}\()\s{0,40}(?:fn\s{0,9}=\s{0,9})?([A-Za-z_]\w{0,80})\s{0,9}[,)]|\bfn\s{0,9}=\s{0,9}([A-Za-z_]\w{0,80})\s{0,9}[,)]/g,
    taint: 'input',
  },
  {
    word: 'telegram',
    places: /\b(?:Command|Message|CallbackQuery)Handler\s{0,9}\([^()]{1,80},\s{0,9}([A-Za-z_]\w{0,80})\s{0,9}[,)]/g,
    taint: 'input',
  },
  {
    word: 'langchain',
    places:
      /\b(?:Tool|StructuredTool)(?:\.from_function)?\s{0,9}\((?:[^()]{0,400}?\bfunc\s{0,9}=)?\s{0,9}([A-Za-z_]\w{0,80})\s{0,9}[,)]/g,
    taint: 'model',
  },
  {
    word: 'llama_index',
    places: /\bFunctionTool\.from_defaults\s{0,9}\(\s{0,9}(?:fn\s{0,9}=\s{0,9})?([A-Za-z_]\w{0,80})\s{0,9}[,)]/g,
    taint: 'model',
  },
  {
    word: 'autogen',
    places: /\b(?:register_function|FunctionTool)\s{0,9}\(\s{0,9}([A-Za-z_]\w{0,80})\s{0,9}[,)]/g,
    taint: 'model',
  },
];
const callbacksOf = new WeakMap<Program, ReadonlyMap<string, Taint>>();

/** Names of the functions that a program hands to such a framework. */
function callbacks(program: Program): ReadonlyMap<string, Taint> {
  let found = callbacksOf.get(program);
  if (!found) {
    const { modules } = program;
    const names = new Map<string, Taint>();
    for (const { word, places, taint } of CALLBACKS) {
      if (!program.named(word)) continue;
      for (const { text } of modules)
        for (const match of text.matchAll(places)) names.set(match[1] ?? match[2] ?? '', taint);
    }
    found = names;
    callbacksOf.set(program, found);
  }
  return found;
}

const REQUEST_PARTS = new Set([
  ...['GET', 'POST', 'FILES', 'args', 'form', 'files', 'values', 'json', 'body', 'data', 'query_params', 'get_json'],
]);

/** `request.GET`, where nothing else is known of `request`: what web frameworks call their parameter. */
export const isRequestPart = ({ object, property }: MemberNode): boolean =>
  object.kind === 'name' && object.name === 'request' && REQUEST_PARTS.has(property);
