/** Functions that something outside the program calls: a server with what a user sends, an agent with what a model writes. */
import type { MemberNode } from './ast';
import type { Found } from './module';
import type { Names, Taint } from './names';

/** Decorators that make a function the answer to a request. */
const ROUTE =
  /^(?:(?:flask|quart|sanic|fastapi|bottle|litestar)\.(?:Flask|Blueprint|Quart|Sanic|FastAPI|APIRouter|Bottle)\(\)\.(?:route|get|post|put|delete|patch|websocket)|bottle\.(?:route|get|post)|litestar\.(?:get|post|put))(?:\(\))?$/;

/** Decorators that make a function a tool of an agent. */
const TOOL =
  /^(?:langchain(?:_core)?\.(?:agents\.)?tools\.(?:\w+\.)*tool|smolagents\.(?:tools\.)?tool|transformers\.(?:agents\.)?tool|crewai(?:_tools|\.tools)\.tool|agents\.function_tool|strands\.tool|(?:mcp\.server\.fastmcp|fastmcp|mcp\.server)\.FastMCP\(\)\.tool|pydantic_ai\.Agent\(\)\.tool(?:_plain)?|autogen\.\w+\(\)\.register_for_(?:llm|execution))(?:\(\))?$/;

/** Types that hold nothing a shell or a database would act on, and what a framework puts in itself. */
const HARMLESS =
  /^\w+\s{0,20}:\s{0,20}(?:(?:typing\.)?Optional\s{0,4}\[\s{0,4})?(?:int|float|bool|UUID|uuid\.UUID|date|datetime|Session|AsyncSession|BackgroundTasks|Response)\b/;

/** Where a parameter comes from, when its function is one that is called from outside. */
export function handedTaint({ binding, module, parameterOf }: Found, names: Names, depth: number): Taint | undefined {
  const { parameter, name } = binding;
  if (!parameter || !parameterOf || name === 'self' || name === 'cls') return undefined;
  for (const decorator of module.decorators(parameterOf)) {
    const { path } = names.value(decorator, depth);
    if (path === undefined) continue;
    const taint = ROUTE.test(path) ? 'input' : TOOL.test(path) ? 'model' : undefined;
    if (!taint) continue;
    const source = names.source(parameter);
    return HARMLESS.test(source) || /\bDepends\s{0,4}\(/.test(source) ? undefined : taint;
  }
  return undefined;
}

const REQUEST_PARTS = new Set(['GET', 'POST', 'args', 'form', 'query_params', 'get_json']);

/** `request.GET`, where nothing else is known of `request`: what web frameworks call their parameter. */
export const isRequestPart = ({ object, property }: MemberNode): boolean =>
  object.kind === 'name' && object.name === 'request' && REQUEST_PARTS.has(property);
