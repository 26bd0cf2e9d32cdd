/** Every rule about calls, by what finds it. */
import type { CallNode } from '../ast';
import type { Names } from '../names';
import { type Call, type CallRule, type Check, callOf, type Facts, type Judgement } from './call';
import { DESERIALIZATION } from './deserialization';
import { EXECUTION } from './execution';
import { judgeHanded } from './handed';
import { HYGIENE } from './hygiene';
import { NETWORK } from './network';
import { PROCESSES } from './process';
import { REMOTE } from './remote';

const RULES: readonly CallRule[] = [...DESERIALIZATION, ...REMOTE, ...EXECUTION, ...PROCESSES, ...NETWORK, ...HYGIENE];

const EXACT = new Map<string, Check>();
/** By the name with which a path ends. */
const PATTERNS = new Map<string, { readonly pattern: RegExp; readonly check: Check }[]>();
const METHODS = new Map<string, Check>();
const KEYWORDS = new Map<string, Check>();

/**
 * Names with which the path of a judged call ends, each with the modules one of which has to be in the text too;
 * undefined when any will do.
 */
export const LAST_NAMES = new Map<string, Set<string> | undefined>();

/** Of some of these names, words one of which has to be in the text as well. */
export const WORDS_BESIDE = new Map<string, Set<string> | undefined>();

/** Judged functions that need no import. */
export const BUILTINS = new Set<string>();

function expect(last: string, modules: readonly string[] | undefined, words?: readonly string[]): void {
  widen(LAST_NAMES, last, modules);
  widen(WORDS_BESIDE, last, words);
}

/** Adds what one more rule needs: of a name that any rule speaks of by itself, nothing is needed. */
function widen(needs: Map<string, Set<string> | undefined>, last: string, more: readonly string[] | undefined): void {
  const known = needs.get(last);
  if (!more || (needs.has(last) && !known)) needs.set(last, undefined);
  else needs.set(last, new Set([...(known ?? []), ...more]));
}

for (const rule of RULES) {
  if ('paths' in rule) {
    for (const path of rule.paths) {
      EXACT.set(path, rule.check);
      const parts = path.replaceAll('()', '').split('.');
      if (parts.length === 1) BUILTINS.add(path);
      expect(parts[parts.length - 1] as string, [parts.length > 1 ? (parts[0] as string) : 'builtins'], rule.words);
    }
  } else if ('pattern' in rule) {
    for (const last of rule.last) {
      expect(last, rule.modules);
      PATTERNS.set(last, [...(PATTERNS.get(last) ?? []), rule]);
    }
  } else if ('keywords' in rule) {
    for (const keyword of rule.keywords) KEYWORDS.set(keyword, rule.check);
  } else {
    for (const method of rule.methods) {
      METHODS.set(method, rule.check);
      expect(method, rule.modules);
    }
  }
}

/** Whether a call of what has this path is judged. */
export function isJudged(path: string): boolean {
  return checkOf(path) !== undefined;
}

const lastName = (path: string): string => path.slice(path.lastIndexOf('.') + 1);

function checkOf(path: string): Check | undefined {
  return EXACT.get(path) ?? PATTERNS.get(lastName(path))?.find(({ pattern }) => pattern.test(path))?.check;
}

/** Keyword arguments that are judged whatever is called. */
export const JUDGED_KEYWORDS: readonly string[] = [...KEYWORDS.keys()];

export const isJudgedMethod = (name: string): boolean => METHODS.has(name);

/** @returns what is wrong with the call, if anything */
export function judgeCall(call: Call, names: Names, facts: Facts): Judgement | undefined {
  const check = checkOf(call.path);
  if (check) return check(call, names, facts);
  const method = METHODS.get(lastName(call.path));
  if (method && call.path.includes('.')) return method(call, names, facts);
  return judgeHanded(call, names) ?? judgeKeywords(call, names, facts);
}

/** Judges a method of an object nothing is known about. */
export function judgeMethod(node: CallNode, method: string, names: Names, facts: Facts): Judgement | undefined {
  const call = callOf(node, `?.${method}`, names);
  return METHODS.get(method)?.(call, names, facts) ?? judgeHanded(call, names) ?? judgeKeywords(call, names, facts);
}

/** Judges a call of a name nothing is known about: a class from a star import, a function of the program. */
export function judgeUnknown(node: CallNode, names: Names, facts: Facts): Judgement | undefined {
  return node.args.some(({ name }) => name !== undefined && KEYWORDS.has(name))
    ? judgeKeywords(callOf(node, '?', names), names, facts)
    : undefined;
}

function judgeKeywords(call: Call, names: Names, facts: Facts): Judgement | undefined {
  for (const keyword of call.keywords.keys()) {
    const judged = KEYWORDS.get(keyword)?.(call, names, facts);
    if (judged) return judged;
  }
  return undefined;
}
