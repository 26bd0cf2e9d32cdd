/** A text of its own: what was cut out of a longer one keeps the whole of that in memory. */
const ownCopy = (text: string): string => ` ${text}`.slice(1);

/**
 * Keeps what was worked out for the texts met last. What is asked for again moves on; what is not is dropped with the next
 * exchange of the two generations.
 */
export class Recent<V> {
  #young = new Map<string, V>();
  #old: ReadonlyMap<string, V> = new Map();

  /**
   * @param size texts of a generation
   * @param make works out the value of a text
   */
  constructor(
    private readonly size: number,
    private readonly make: (text: string) => V,
  ) {}

  get(text: string): V {
    const known = this.#young.get(text);
    if (known !== undefined || this.#young.has(text)) return known as V;
    const value = this.#old.has(text) ? (this.#old.get(text) as V) : this.make(text);
    if (this.#young.size >= this.size) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(ownCopy(text), value);
    return value;
  }
}
