/** A call whose callee is known, and what rules ask of it. */
import type { Fix, Severity } from '../../finding';
import type { Argument, CallNode, Node } from '../ast';
import type { Downloads } from '../downloads';
import { encoded, type Names, openedFile, positional, type Taint } from '../names';
import { PYTHON_RULES, type PythonRule } from '../rules';

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
  readonly downloads: Downloads;
  /** File names whose code runs by itself: build scripts and model code. */
  readonly autoRun: boolean;
}

export type Check = (call: Call, names: Names, facts: Facts) => Judgement | undefined;

/** Calls of one kind and how they are judged. */
export type CallRule =
  /** By the whole path of the callee. Of `words`, the text has to hold one for the rule to say anything. */
  | { readonly paths: readonly string[]; readonly words?: readonly string[]; readonly check: Check }
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

export const TRUE = /^(?:True|1)$/;
export const FALSE = /^(?:False|0)$/;
export const isTrue = (call: Call, keyword: string, names: Names): boolean =>
  TRUE.test(flag(call, keyword, names) ?? '');
export const isFalse = (call: Call, keyword: string, names: Names): boolean =>
  FALSE.test(flag(call, keyword, names) ?? '');

/** Whether a flag has a value: whichever way is taken, or on some of the branches before the call. */
export type Certainty = 'sure' | 'possible';

/** @returns undefined when the flag is not given, or nothing says that it can have the value */
export function certainty(given: Argument | Node | undefined, value: RegExp, names: Names): Certainty | undefined {
  if (!given) return undefined;
  const found = names.literals('value' in given ? given.value : given);
  const matching = found.filter((one) => value.test(one)).length;
  if (matching === 0) return undefined;
  return matching === found.length ? 'sure' : 'possible';
}

const LESS: Readonly<Record<Severity, Severity>> = {
  critical: 'high',
  high: 'medium',
  medium: 'low',
  low: 'info',
  info: 'info',
};

/** A judgement of a flag that is set on some branches only: one degree less, and without a fix that would overwrite the others. */
export function weighed(judged: Judgement, certainty: Certainty): Judgement {
  if (certainty === 'sure') return judged;
  const { fix: _, severity = PYTHON_RULES[judged.rule].severity, message, ...rest } = judged;
  return { ...rest, severity: LESS[severity], message: `${message} One of the branches before the call asks for it.` };
}

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
  operator: 'an argument or a variable of the environment',
};

/** Whether something comes from people that the one who runs the program need not know. */
export const isForeign = (taint: Taint | undefined): taint is 'network' | 'input' =>
  taint === 'network' || taint === 'input';

/** Code or a command that a language model writes. */
export const runsModelOutput = (path: string): Judgement => ({
  rule: 'agent-code-execution',
  severity: 'high',
  message: `${path} runs ${FROM.model}: a prompt in a document or a page decides what.`,
});

/** Where the argument of a loader comes from, and how bad that is. */
export function origin(call: Call, names: Names, facts: Facts): { severity: Severity; text: string } {
  const subject = call.args[0] ?? [...call.keywords.values()][0]?.value;
  if (!subject) return { severity: 'medium', text: 'a file' };
  const found = names.taint(subject);
  // Base64 around what somebody sends makes it no better.
  const inner = found === 'decoded' ? encoded(subject, names) : undefined;
  const taint = inner ? inner.names.taint(inner.node) : found;
  if (isForeign(taint)) return { severity: 'high', text: FROM[taint] };
  const path = fileOf(subject, names);
  if (path !== undefined && /^(?:https?|ftp):\/\//.test(path))
    return { severity: 'high', text: 'an address on the network' };
  if (facts.downloads.gives(subject, names)) return { severity: 'high', text: 'a file that is downloaded here' };
  if (path !== undefined && facts.written.has(path))
    return { severity: 'low', text: 'a file that this code writes itself' };
  return { severity: 'medium', text: 'a file' };
}

/** Constant path of `'x'`, `open('x')`, `gzip.open('x')` and of a file object bound to one of these. */
export function fileOf(node: Node, names: Names): string | undefined {
  return names.constant(node) ?? names.value(node).text ?? openedFile(node, names);
}

/** Appends an argument to a call: behind the last one, in front of a comma and a comment that may follow it. */
export function addArgument(call: Call, text: string, title: string, preferred: boolean) {
  const { open, close, args } = call.node;
  const last = args[args.length - 1];
  // A generator without brackets can only be the only argument.
  if (close < 0 || last?.value.kind === 'comprehension') return {};
  const at = last ? last.end : open + 1;
  return { fix: (fixes: FixMaker) => fixes.insert(at, last ? `, ${text}` : text, title, preferred) };
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
  if (before) return { from: commaBehind(names.module.text, before.end), to: it.end };
  return { from: it.start, to: after ? after.start : it.end };
}

/** Offset of the comma behind an argument; comments may stand between, with commas of their own. */
function commaBehind(text: string, end: number): number {
  let at = end;
  while (text[at] !== ',' && at < text.length) {
    const newline = text[at] === '#' ? text.indexOf('\n', at) : at;
    at = newline < 0 ? text.length : newline + 1;
  }
  return at;
}

export const allow =
  (keyword: string, rule: PythonRule, severity: Severity, message: string): Check =>
  (call, names) => {
    const sure = certainty(call.keywords.get(keyword), TRUE, names);
    return (
      sure &&
      weighed(
        {
          rule,
          severity,
          message,
          evidence: `(…, ${keyword}=True)`,
          ...turnOff(call, keyword, `Set ${keyword} to False`),
        },
        sure,
      )
    );
  };

export const always =
  (rule: PythonRule, message: string, severity?: Severity): Check =>
  () => ({ rule, message, ...(severity && { severity }) });
