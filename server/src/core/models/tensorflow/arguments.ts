/**
 * Texts that functions of a graph are given by their callers. Inside of a function an argument stands as a mark; behind the
 * last scope the marks are replaced by what the calls give, through as many functions as it takes.
 */
import type { NodeDef } from './proto';

/** Private use characters around the number of an argument. */
const MARK = /\uE000(\d+)\uE001/;
const MARKS = /[\uE000\uE001]/g;
const MOST_CALLS = 50_000;
/** Different texts of one argument, and of one use of it. */
const MOST_TEXTS = 16;
const MOST_DEPTH = 8;
const LONGEST = 4096;

/** Operators whose first input decides which function is called and is no argument of it. */
const DECIDED = new Set(['If', 'StatelessIf', 'Case', 'StatelessCase']);

export interface Call {
  callee: string;
  inputs: readonly string[];
}

interface Given {
  /** The scope in which marks of the text are to be read. */
  scope: string;
  text: string;
}

export function argumentMark(index: number): string {
  return `\uE000${index}\uE001`;
}

export function hasArgument(text: string): boolean {
  return MARK.test(text);
}

/** A text of the file, which must not be taken for a mark. */
export function withoutMarks(text: string): string {
  return text.replace(MARKS, '');
}

/** The functions that a node calls, each with the inputs that become its arguments. */
export function callsOf(node: NodeDef, isFunction: boolean): Call[] {
  const callees = isFunction ? [node.op] : [];
  if (/^(?:Stateful|TPU)?PartitionedCall$|^(?:Stateless)?(?:If|While|Case)$|^RemoteCall$/.test(node.op)) {
    for (const attr of node.attrs.values()) {
      if (attr.func) callees.push(attr.func);
      callees.push(...(attr.listFunc ?? []));
    }
  }
  if (callees.length === 0) return [];
  const data = node.inputs.filter((input) => !input.startsWith('^'));
  const inputs = DECIDED.has(node.op) || node.op === 'RemoteCall' ? data.slice(1) : data;
  return callees.map((callee) => ({ callee, inputs }));
}

export class FunctionArguments {
  readonly #given = new Map<string, Map<number, Given[]>>();
  #calls = 0;

  /** Notes what a call in `scope` gives its function. */
  note(callee: string, scope: string, texts: readonly (string | undefined)[]): void {
    this.#calls += 1;
    if (this.#calls > MOST_CALLS) return;
    let parameters = this.#given.get(callee);
    if (!parameters) {
      parameters = new Map();
      this.#given.set(callee, parameters);
    }
    for (const [index, text] of texts.entries()) {
      if (text === undefined) continue;
      const known = parameters.get(index) ?? [];
      if (known.length >= MOST_TEXTS || known.some((given) => given.text === text && given.scope === scope)) continue;
      known.push({ scope, text });
      parameters.set(index, known);
    }
  }

  /**
   * What a text of a function may be once its arguments are known; `*` stands for one that is not.
   * @returns undefined for a text of which nothing is known
   */
  resolve(text: string, scope: string): (string | undefined)[] {
    const texts = this.#expand(text, scope, 0).map((found) => (found === '*' ? undefined : found));
    return [...new Set(texts)];
  }

  #expand(text: string, scope: string, depth: number): string[] {
    const mark = MARK.exec(text);
    if (!mark) return [text];
    const given = depth < MOST_DEPTH ? (this.#given.get(scope)?.get(Number(mark[1])) ?? []) : [];
    const values = given.flatMap((one) => this.#expand(one.text, one.scope, depth + 1)).slice(0, MOST_TEXTS);
    const out: string[] = [];
    for (const value of values.length > 0 ? values : ['*']) {
      const replaced = text.replaceAll(mark[0], () => withoutMarks(value)).slice(0, LONGEST);
      out.push(...this.#expand(replaced, scope, depth));
      if (out.length >= MOST_TEXTS) break;
    }
    return out.slice(0, MOST_TEXTS);
  }
}
