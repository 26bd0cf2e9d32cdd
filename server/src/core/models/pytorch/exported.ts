/**
 * Programs of torch.export (.pt2): the graph is JSON that names what each node calls and holds expressions of sizes as text.
 * While the archive is loaded, `torch/_export/serde/serialize.py` looks the names up under the modules torch, operator and
 * math (deserialize_operator) and hands the expressions to `sympy.sympify`, which evaluates them (_parse_sym_expr).
 */
import type { ByteSource } from '../../io/byteSource';
import { judgeName } from '../../pickle/policy';
import { CAPABILITY_TEXT } from '../../pickle/policyTypes';
import { evidenceText } from '../../redact';
import type { ScanContext } from '../../scanner';
import { TORCH_RULES } from './rules';
import { FILE_OPERATOR } from './script';

const MAX_GRAPH = 64 * 2 ** 20;
const MAX_FINDINGS = 50;

/** What the exporter writes besides registered operators. */
const EXPORTED_TARGET =
  /^(?:_operator|math)\.\w+$|^torch\.(?:_?sym_\w+|_C\._set_grad_enabled|_check\w*|amp\.autocast_mode\._(?:enter|exit)_autocast|_functorch\.predispatch\.\w+|_higher_order_ops\.[\w.]+|fx\.experimental\.\w+\.\w+|autograd\.[\w.]+)$/;

/** Texts in an expression of a size are names of symbols and digits of numbers. */
const PLAIN_TEXT = /'[\w.+ -]{0,100}'/g;
const FUNCTION =
  /^(?:[A-Z]\w*|sqrt|exp|log|sin|cos|tan|asin|acos|atan|sinh|cosh|tanh|floor|ceiling|abs|max|min|round_\w+|cbrt)$/;

/**
 * True when the text of a size is more than sums, products and functions of symbols: `FloorDiv(s0, 2)` or
 * `Mul(Integer(2), Symbol('s0', positive=True))`.
 */
function isMoreThanSize(text: string): boolean {
  const bare = text.slice(0, 100_000).replace(PLAIN_TEXT, '0');
  if (/__|['"`[{:;@]|\.\s*[A-Za-z_]|\b(?:lambda|import|for|if)\b/.test(bare)) return true;
  return [...bare.matchAll(/(\w+)\s*\(/g)].some(([, name]) => !FUNCTION.test(name as string));
}

/** Guards compare inputs, whose names are texts; calls of interpreter functions are none of theirs. */
const GUARD =
  /__(?!as_tensor__)\w+__|\b(?:lambda|import|exec|eval|open|getattr|setattr|compile|globals|subprocess|os|sys)\s*[.(]/;

export function isExportedGraph(path: string): boolean {
  return /^(?:models\/[^/]+|serialized_exported_program|exported_program)\.json$/.test(path);
}

/** Judges what nodes call and what is evaluated; the JSON is walked without recursion. */
export async function scanExportedGraph(name: string, source: ByteSource, context: ScanContext): Promise<void> {
  if (source.size > MAX_GRAPH) {
    context.incomplete(`a graph of ${source.size} bytes`, { member: name });
    return;
  }
  context.budget.checkMemory(source.size * 4, 'the graph');
  let graph: unknown;
  try {
    graph = JSON.parse(new TextDecoder().decode(await source.read(0, source.size)));
  } catch {
    context.incomplete('the graph is no JSON', { member: name });
    return;
  }
  const seen = new Set<string>();
  const pending: unknown[] = [graph];
  for (let steps = 0; pending.length > 0; steps += 1) {
    if (steps % 4096 === 0) context.budget.checkTime();
    const value = pending.pop();
    if (Array.isArray(value)) for (const item of value) pending.push(item);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) {
        if (typeof inner === 'object') {
          pending.push(inner);
          if (key === 'guards_code' && Array.isArray(inner)) for (const guard of inner) judge('guards_code', guard);
        } else judge(key, inner);
      }
    }
  }

  function judge(key: string, value: unknown): void {
    if (typeof value !== 'string' || seen.size >= MAX_FINDINGS || seen.has(`${key} ${value}`)) return;
    const found = key === 'target' ? judgeTarget(value) : judgeText(key, value);
    if (!found) return;
    seen.add(`${key} ${value}`);
    context.report({
      ...found,
      location: { member: name },
      evidence: evidenceText(value, 200),
      anchor: `${key} ${value}`,
    });
  }
}

function judgeText(key: string, value: string) {
  if (key === 'expr_str' ? !isMoreThanSize(value) : key !== 'guards_code' || !GUARD.test(value)) return undefined;
  return {
    rule: TORCH_RULES['exported-code'],
    message: `Loading the program evaluates ${evidenceText(value, 100)} as ${key === 'expr_str' ? 'the expression of a size' : 'a guard'}.`,
  };
}

function judgeTarget(target: string) {
  const shown = evidenceText(target, 100);
  if (/^torch\.ops\./.test(target)) {
    const file = FILE_OPERATOR.test(`${target.slice('torch.'.length).replace(/\.(?:default|out)$/, '')}(`);
    return file
      ? { rule: TORCH_RULES['script-file-access'], message: `Running the program calls ${shown}, which opens a file.` }
      : undefined;
  }
  if (!/^(?:torch|_operator|math)\./.test(target) || EXPORTED_TARGET.test(target)) return undefined;
  const dot = target.lastIndexOf('.');
  const verdict = judgeName(target.slice(0, dot), target.slice(dot + 1));
  const capability = verdict.tier === 'dangerous' ? verdict.capability : undefined;
  return {
    rule: TORCH_RULES['exported-call'],
    ...(!capability && { severity: 'medium' as const }),
    message: capability
      ? `Running the program calls ${shown}; it ${CAPABILITY_TEXT[capability]}.`
      : `Running the program calls ${shown}, which is no operator.`,
  };
}
