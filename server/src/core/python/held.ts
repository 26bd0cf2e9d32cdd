/** What lists, tuples and dictionaries that stand in the text hold, and which of it is meant. */
import type { CallNode, Node, SequenceNode } from './ast';
import type { Names, Value } from './names';

/** One element, with its key in a dictionary when that is a constant. */
export interface Entry {
  readonly key?: string;
  readonly value: Node;
}

/** Elements of one literal that are looked at. */
const ELEMENTS = 200;

/** A literal or the keywords of `dict(...)`. What is once looked for is kept. */
export class Held {
  #entries: readonly Entry[] | undefined;
  #byKey: ReadonlyMap<string, Node> | undefined;
  #any: { readonly value: Value | undefined } | undefined;

  /** @param names as they are seen where the literal stands */
  constructor(
    private readonly node: SequenceNode | CallNode,
    readonly names: Names,
  ) {}

  /** Elements in the order of the text. */
  entries(depth: number): readonly Entry[] {
    this.#entries ??= [...this.#read(depth)].slice(0, ELEMENTS);
    return this.#entries;
  }

  /**
   * What is taken out.
   * @param key constant key, or undefined when any element can be meant: then it is the first that is worth a rule
   */
  element(key: string | undefined, depth: number): Value | undefined {
    if (key !== undefined) {
      this.#byKey ??= new Map(
        this.entries(depth).flatMap((entry) => (entry.key === undefined ? [] : [[entry.key, entry.value] as const])),
      );
      const value = this.#byKey.get(key);
      if (value) return this.names.value(value, depth + 1);
    }
    if (!this.#any) {
      // A dictionary that is looked up in itself says nothing.
      this.#any = { value: undefined };
      this.#any = { value: this.#first(depth) };
    }
    return key === undefined || this.#byKey?.size === 0 ? this.#any.value : undefined;
  }

  #first(depth: number): Value | undefined {
    for (const { value: node } of this.entries(depth)) {
      if (node.kind !== 'name' && node.kind !== 'member' && node.kind !== 'call') continue;
      const value = this.names.value(node, depth + 1);
      if (value.path !== undefined && this.names.program.isKnown(value.path)) return value;
    }
    return undefined;
  }

  /** Keys are told by the colon behind them. */
  *#read(depth: number): Generator<Entry> {
    const { node, names } = this;
    if (node.kind === 'call') {
      for (const { name, value } of node.args) yield { ...(name !== undefined && { key: name }), value };
      return;
    }
    const { items, bracket } = node;
    for (let i = 0; i < items.length && i < 2 * ELEMENTS; i += 1) {
      const item = items[i] as Node;
      const next = items[i + 1];
      if (bracket === '{' && next && /^\s*:/.test(names.module.text.slice(item.end, next.start))) {
        const key = names.constant(item, depth + 1);
        yield { ...(key !== undefined && { key }), value: next };
        i += 1;
      } else yield { value: item };
    }
  }
}
