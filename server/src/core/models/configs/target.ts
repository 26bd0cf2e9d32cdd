import type { Severity } from '../../finding';
import { isClassName, judgeName } from '../../pickle/policy';
import { CAPABILITY_TEXT, type Verdict } from '../../pickle/policyTypes';

/** How a callable that a configuration names by its dotted path is judged. */
export interface TargetVerdict {
  severity: Severity;
  /** What it can do, for a sentence. */
  why: string;
  dangerous: boolean;
}

/** Modules of which classes are as dangerous as functions. */
const ALWAYS =
  /^(?:os|posix|nt|subprocess|pty|ctypes|_ctypes|importlib|runpy|code|codeop|builtins|socket|shutil|sys|multiprocessing)(?:\.|$)/;
const RUNS = new Set(['process', 'code', 'import', 'native', 'install', 'tamper', 'attribute']);

/**
 * Judges a dotted path as what is called with arguments from the file. Names of third parties are only told to be unknown:
 * an honest configuration names classes of its own project.
 */
export function judgeTarget(path: string): TargetVerdict {
  const clean = path.trim().replace(/:/g, '.');
  const dot = clean.lastIndexOf('.');
  const module = dot < 0 ? 'builtins' : clean.slice(0, dot);
  const name = dot < 0 ? clean : clean.slice(dot + 1);
  const verdict: Verdict = judgeName(module, name);
  if (verdict.tier !== 'dangerous') {
    const known = verdict.tier === 'safe' || verdict.tier === 'library';
    return { severity: 'info', why: known ? 'a known name' : verdict.why, dangerous: false };
  }
  const what = verdict.capability ? CAPABILITY_TEXT[verdict.capability] : verdict.why;
  if (verdict.by === 'word') return { severity: 'info', why: verdict.why, dangerous: false };
  if (verdict.by === 'family' && isClassName(module, name) && !ALWAYS.test(clean)) {
    return { severity: 'info', why: verdict.why, dangerous: false };
  }
  // `a.b.Class.method` is a chain of attributes to a pickle, an ordinary target to a configuration.
  if (verdict.by === 'shape' && verdict.capability === 'attribute' && !/__\w+__/.test(clean)) {
    return { severity: 'info', why: verdict.why, dangerous: false };
  }
  const runs = verdict.capability !== undefined && RUNS.has(verdict.capability);
  return { severity: runs || ALWAYS.test(clean) ? 'high' : 'medium', why: what, dangerous: true };
}

/** True for a dotted path of Python names. */
export function isDottedPath(text: string): boolean {
  return text.length <= 300 && /^[A-Za-z_][\w]*(?:[.:][A-Za-z_][\w]*)*$/.test(text.trim());
}
