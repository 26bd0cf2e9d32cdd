/** A call whose callee is known, and what rules ask of it. */
import type { Fix, Severity } from '../../finding';
import type { Argument, CallNode, Node } from '../ast';
import { type Names, openedFile, positional, type Taint } from '../names';
import type { PythonRule } from '../rules';

export interface Call {
  readonly node: CallNode;
  readonly path: string;
  readonly args: readonly Node[];
  readonly keywords: ReadonlyMap<string, Argument>;
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
  /** Files that the same document downloads. */
  readonly fetched: ReadonlySet<string>;
  /** File names whose code runs by itself: build scripts and model code. */
  readonly autoRun: boolean;
}

export type Check = (call: Call, names: Names, facts: Facts) => Judgement | undefined;

/** Calls of one kind and how they are judged. */
export type CallRule =
  /** By the whole path of the callee. */
  | { readonly paths: readonly string[]; readonly check: Check }
  /** By a pattern of the path; `last` are the names with which it can end, `modules` those with which it begins when these are few. */
  | {
      readonly pattern: RegExp;
      readonly last: readonly string[];
      readonly modules?: readonly string[];
      readonly check: Check;
    }
  /**
   * By the name of the method, on objects nothing is known about: name and arguments have to say it all. Of `modules`,
   * one has to be in the text where the name is a common one.
   */
  | { readonly methods: readonly string[]; readonly modules?: readonly string[]; readonly check: Check }
  /** By a keyword argument that says it all, whatever is called. */
  | { readonly keywords: readonly string[]; readonly check: Check };

/** @returns undefined when it cannot be told what is called */
export function readCall(node: CallNode, names: Names): Call | undefined {
  const { path, preset } = names.value(node.callee);
  if (path === undefined) return undefined;
  // Arguments that `functools.partial` put in somewhere else are there, and not seen.
  const given = preset?.module === names.module ? preset.args : [];
  return callOf(node, path, names, given, preset !== undefined && preset.module !== names.module);
}

export function callOf(
  node: CallNode,
  path: string,
  names: Names,
  given: readonly Argument[] = [],
  spread = false,
): Call {
  const written = given.length > 0 ? [...given, ...node.args] : node.args;
  const all = written.some(({ stars }) => stars === 2) ? written.flatMap((one) => spreadOut(one, names)) : written;
  const keywords = new Map<string, Argument>();
  for (const argument of all) if (argument.name !== undefined) keywords.set(argument.name, argument);
  return {
    node,
    path,
    args: positional(all),
    keywords,
    spread: spread || all.some(({ stars }) => stars !== undefined),
  };
}

/** Entries that are reported where the dictionary stands, whoever it is handed to. */
const TOLD_IN_DICTIONARIES = new Set(['trust_remote_code', 'allow_dangerous_deserialization', 'use_docker']);

/** The arguments in `**options` when the dictionary stands in the text; the argument itself when it does not. */
function spreadOut(argument: Argument, names: Names): readonly Argument[] {
  const held = argument.stars === 2 ? names.value(argument.value).held : undefined;
  // What stands in another cell cannot be shown in this one.
  if (!held || held.names.module !== names.module) return [argument];
  const found: Argument[] = [];
  for (const { key: name, value } of held.entries(0)) {
    if (name === undefined) return [argument];
    if (!TOLD_IN_DICTIONARIES.has(name)) found.push({ name, value, start: value.start, end: value.end });
  }
  // A dictionary that has a name can be given more before the call.
  return argument.value.kind === 'name' ? [...found, argument] : found;
}

/** Source of a keyword argument, or of the literal that the name given for it holds: `True`, `None`, `'force'`. */
export function flag(call: Call, keyword: string, names: Names): string | undefined {
  const argument = call.keywords.get(keyword);
  return argument && names.literal(argument.value);
}

const TRUE = /^(?:True|1)$/;
const FALSE = /^(?:False|0)$/;
export const isTrue = (call: Call, keyword: string, names: Names): boolean =>
  TRUE.test(flag(call, keyword, names) ?? '');
export const isFalse = (call: Call, keyword: string, names: Names): boolean =>
  FALSE.test(flag(call, keyword, names) ?? '');

/** The first of the arguments that is given: the position, or one of the keywords. */
export function argument(call: Call, position: number, ...keywords: string[]): Node | undefined {
  const given = call.args[position];
  if (given) return given;
  for (const keyword of keywords) {
    const named = call.keywords.get(keyword);
    if (named) return named.value;
  }
  return undefined;
}

export const FROM: Readonly<Record<Taint, string>> = {
  network: 'data from the network',
  input: 'what a user gives',
  decoded: 'decoded text',
  model: 'what a language model writes',
};

/** Where the argument of a loader comes from, and how bad that is. */
export function origin(call: Call, names: Names, facts: Facts): { severity: Severity; text: string } {
  const subject = call.args[0] ?? [...call.keywords.values()][0]?.value;
  if (!subject) return { severity: 'medium', text: 'a file' };
  const taint = names.taint(subject);
  if (taint === 'network' || taint === 'input') return { severity: 'high', text: FROM[taint] };
  const path = fileOf(subject, names);
  if (path !== undefined && /^(?:https?|ftp):\/\//.test(path))
    return { severity: 'high', text: 'an address on the network' };
  if (isFetched(subject, names) || (path !== undefined && facts.fetched.has(path)))
    return { severity: 'high', text: 'a file that is downloaded here' };
  if (path !== undefined && facts.written.has(path))
    return { severity: 'low', text: 'a file that this code writes itself' };
  return { severity: 'medium', text: 'a file' };
}

/** Functions that fetch a file and give its path. */
const FETCHES =
  /^(?:huggingface_hub\.(?:hf_hub_download|cached_download)|gdown\.(?:download|cached_download)|wget\.download|pooch\.retrieve|(?:tensorflow\.)?keras\.utils\.get_file|kagglehub\.model_download|modelscope\.(?:hub\.file_download\.)?model_file_download)\(\)/;

/** Whether what is loaded is a path that such a function gives, or a file that is opened at it. */
function isFetched(node: Node, names: Names): boolean {
  const { path, origin } = names.value(node);
  if (path !== undefined && FETCHES.test(path)) return true;
  const made = node.kind === 'call' ? { node, names } : origin;
  if (made?.node.kind !== 'call' || !/(?:^|\.)open\(\)$/.test(made.names.value(made.node).path ?? '')) return false;
  const [first] = positional(made.node.args);
  return first !== undefined && FETCHES.test(made.names.value(first).path ?? '');
}

/** Constant path of `'x'`, `open('x')`, `gzip.open('x')` and of a file object bound to one of these. */
export function fileOf(node: Node, names: Names): string | undefined {
  return names.constant(node) ?? names.value(node).text ?? openedFile(node, names);
}

/** Appends an argument to a call. */
export function addArgument(call: Call, names: Names, text: string, title: string, preferred: boolean) {
  const { open, close } = call.node;
  if (close < 0) return {};
  const inside = names.module.text.slice(open + 1, close);
  const lead = inside.trim() === '' ? '' : /,\s*$/.test(inside) ? ' ' : ', ';
  return { fix: (fixes: FixMaker) => fixes.insert(close, lead + text, title, preferred) };
}

/** A fix that sets a keyword argument to False, where it stands in the call. */
export function turnOff(call: Call, keyword: string, title: string) {
  const given = call.keywords.get(keyword);
  if (!given || !call.node.args.includes(given)) return {};
  const { start, end } = given.value;
  return { fix: (fixes: FixMaker) => fixes.replace(start, end, 'False', title, false) };
}

/** Range of an argument with the comma that belongs to it. */
export function argumentRange(call: Call, name: string, names: Names): { from: number; to: number } {
  const { args } = call.node;
  const index = args.findIndex((one) => one.name === name);
  const it = args[index] as Argument;
  const before = args[index - 1];
  const after = args[index + 1];
  if (before) return { from: names.module.text.indexOf(',', before.end), to: it.end };
  return { from: it.start, to: after ? after.start : it.end };
}

export const allow =
  (keyword: string, rule: PythonRule, severity: Severity, message: string): Check =>
  (call, names) =>
    isTrue(call, keyword, names)
      ? {
          rule,
          severity,
          message,
          evidence: `(…, ${keyword}=True)`,
          ...turnOff(call, keyword, `Set ${keyword} to False`),
        }
      : undefined;

export const always =
  (rule: PythonRule, message: string, severity?: Severity): Check =>
  () => ({ rule, message, ...(severity && { severity }) });
