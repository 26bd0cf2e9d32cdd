/** Work that is done on texts, counted instead of timed: the same on every machine and in every run. */
import { hasUnbounded } from './expressions';

/** What an expression tied to one place can have looked at when it fails: its repetitions are bounded or end with the line. */
const TIED_REACH = 2000;

/** How far a failing expression looks: over the whole text, or from one place, up to a bound or to the end. */
type Reach = 'text' | 'bounded' | 'unbounded';

/** Whether an expression is tried at the begin of the text only: every alternative of it begins there. */
const isAnchored = (source: string): boolean =>
  source.startsWith('^') && !/\|(?!\^)/.test(source.replace(/\\.|\[(?:\\.|[^\]])*\]/g, '').replace(/\([^()]*\)/g, ''));

function reachOf({ source, sticky, multiline }: RegExp): Reach {
  if (sticky) return 'bounded';
  if (multiline || !isAnchored(source)) return 'text';
  return hasUnbounded(source) ? 'unbounded' : 'bounded';
}

/**
 * Characters that regular expressions and searches for a text look at while `run` runs, and one for each of them.
 * `test`, `replace`, `match`, `matchAll` and `search` all go through `exec` (ECMAScript, RegExpExec).
 */
export function workOf(run: () => void): number {
  let work = 0;
  let counting = true;
  const reaches = new Map<string, Reach>();
  const { exec } = RegExp.prototype;
  const split = RegExp.prototype[Symbol.split];
  const { indexOf, lastIndexOf } = String.prototype;
  /** Runs what is not to be counted. */
  const aside = <T>(what: () => T): T => {
    counting = false;
    try {
      return what();
    } finally {
      counting = true;
    }
  };
  const failed = (expression: RegExp, text: string, from: number): number => {
    const key = `/${expression.source}/${expression.flags}`;
    const reach = reaches.get(key) ?? aside(() => reachOf(expression));
    reaches.set(key, reach);
    if (reach !== 'bounded') return Math.max(0, text.length - from);
    const newline = indexOf.call(text.slice(from, from + TIED_REACH), '\n');
    return newline < 0 ? Math.min(TIED_REACH, Math.max(0, text.length - from)) : newline;
  };
  RegExp.prototype.exec = function (this: RegExp, text: string): RegExpExecArray | null {
    const from = this.global || this.sticky ? this.lastIndex : 0;
    const match = exec.call(this, text);
    if (counting)
      work += 1 + (match ? Math.max(0, match.index + match[0].length - from) : failed(this, String(text), from));
    return match;
  };
  // It tries at every place with a sticky copy of the expression: one pass.
  RegExp.prototype[Symbol.split] = function (this: RegExp, text: string, limit?: number): string[] {
    if (!counting) return split.call(this, text, limit);
    work += 1 + text.length;
    return aside(() => split.call(this, text, limit));
  };
  String.prototype.indexOf = function (this: string, sought: string, from = 0): number {
    const at = indexOf.call(this, sought, from);
    if (counting) work += 1 + Math.max(0, (at < 0 ? this.length : at) - from);
    return at;
  };
  String.prototype.lastIndexOf = function (this: string, sought: string, from = Number.POSITIVE_INFINITY): number {
    const at = lastIndexOf.call(this, sought, from);
    if (counting) work += 1 + Math.max(0, Math.min(from, this.length) - Math.max(at, 0));
    return at;
  };
  try {
    run();
  } finally {
    RegExp.prototype.exec = exec;
    RegExp.prototype[Symbol.split] = split;
    String.prototype.indexOf = indexOf;
    String.prototype.lastIndexOf = lastIndexOf;
  }
  return work;
}
