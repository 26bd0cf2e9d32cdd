/** Every rule about calls, by what finds it. */
import type { CallNode } from '../ast';
import type { Names } from '../names';
import { type Call, type CallRule, type Check, callOf, type Facts, type Judgement } from './call';
import { DESERIALIZATION } from './deserialization';
import { EXECUTION } from './execution';
import { HYGIENE } from './hygiene';
import { NETWORK } from './network';
import { REMOTE } from './remote';

const RULES: readonly CallRule[] = [...DESERIALIZATION, ...REMOTE, ...EXECUTION, ...NETWORK, ...HYGIENE];

const EXACT = new Map<string, Check>();
const PATTERNS: { readonly pattern: RegExp; readonly check: Check }[] = [];
const METHODS = new Map<string, Check>();

/**
 * Names with which the path of a judged call ends, each with the modules one of which has to be in the text too;
 * undefined when any will do.
 */
export const LAST_NAMES = new Map<string, Set<string> | undefined>();

function expect(last: string, modules: readonly string[] | undefined): void {
  const known = LAST_NAMES.get(last);
  if (!modules || (LAST_NAMES.has(last) && !known)) LAST_NAMES.set(last, undefined);
  else LAST_NAMES.set(last, new Set([...(known ?? []), ...modules]));
}

for (const rule of RULES) {
  if ('paths' in rule) {
    for (const path of rule.paths) {
      EXACT.set(path, rule.check);
      const parts = path.replaceAll('()', '').split('.');
      expect(parts[parts.length - 1] as string, parts.length > 1 ? [parts[0] as string] : undefined);
    }
  } else if ('pattern' in rule) {
    PATTERNS.push(rule);
    for (const last of rule.last) expect(last, rule.modules);
  } else {
    for (const method of rule.methods) {
      METHODS.set(method, rule.check);
      expect(method, undefined);
    }
  }
}

/** Whether a call of what has this path is judged. */
export function isJudged(path: string): boolean {
  return EXACT.has(path) || PATTERNS.some(({ pattern }) => pattern.test(path));
}

export const isJudgedMethod = (name: string): boolean => METHODS.has(name);

/** @returns what is wrong with the call, if anything */
export function judgeCall(call: Call, names: Names, facts: Facts): Judgement | undefined {
  const exact = EXACT.get(call.path);
  if (exact) return exact(call, names, facts);
  for (const { pattern, check } of PATTERNS) if (pattern.test(call.path)) return check(call, names, facts);
  return undefined;
}

/** Judges a method of an object nothing is known about. */
export function judgeMethod(node: CallNode, method: string, names: Names, facts: Facts): Judgement | undefined {
  return METHODS.get(method)?.(callOf(node, `?.${method}`), names, facts);
}
