/** What the names of a template hold at the place that is being read, with the other values that branches may have given them. */
import type { Value } from './evaluate';

/** Values of one name that are followed beside its last one. */
const OTHERS = 8;

interface Held {
  value: Value | undefined;
  others: readonly Value[];
}

const NOTHING: readonly Value[] = [];

export class Variables {
  readonly #held = new Map<string, Held>();
  /** What the names that a branch sets held before it. */
  #before: Map<string, Held | undefined> | undefined;

  get(name: string): Value | undefined {
    return this.#held.get(name)?.value;
  }

  others(name: string): readonly Value[] {
    return this.#held.get(name)?.others ?? NOTHING;
  }

  set(name: string, value: Value | undefined, others: readonly Value[] = NOTHING): void {
    if (this.#before && !this.#before.has(name)) this.#before.set(name, this.#held.get(name));
    if (value === undefined && others.length === 0) this.#held.delete(name);
    else this.#held.set(name, { value, others });
  }

  delete(name: string): void {
    this.set(name, undefined);
  }

  /**
   * Goes through branches of which one at most is taken, each from the same beginning. Behind them a name holds what the last
   * of them gave it, and may hold what any other gave it.
   * @param complete true when one of them is always taken
   */
  branches(walks: readonly (() => void)[], complete: boolean): void {
    const outer = this.#before;
    const ends = new Map<string, { held: Held[]; branches: number }>();
    for (const walk of walks) {
      const before = new Map<string, Held | undefined>();
      this.#before = before;
      walk();
      for (const [name, held] of before) {
        const end = ends.get(name) ?? { held: [], branches: 0 };
        end.held.push(this.#held.get(name) ?? { value: undefined, others: NOTHING });
        end.branches += 1;
        ends.set(name, end);
        if (held) this.#held.set(name, held);
        else this.#held.delete(name);
      }
    }
    this.#before = outer;
    for (const [name, { held, branches }] of ends) {
      const kept = this.#held.get(name);
      const all = kept && (!complete || branches < walks.length) ? [kept, ...held] : held;
      const values = new Set<Value>();
      for (const { value, others } of all.toReversed()) {
        if (value !== undefined) values.add(value);
        for (const other of others) values.add(other);
      }
      const [last, ...others] = values;
      this.set(name, last, others.slice(0, OTHERS));
    }
  }
}
