/**
 * Tells quickly which of many patterns a text may begin with: what stands for a letter is known exactly, all digits are
 * one. Few words begin with any. The patterns are one automaton, whose states are made as texts come to need them.
 */
import { closesHere } from './bounds';
import { KINDS, kindOf, OTHER_LETTER, type Positions, positionsOf, reached } from './patterns';

/** A state's row has its followers by kind, and behind them what is told where it is reached: a number, or 0. */
const TOLD = KINDS;
const ROW = KINDS + 1;

export class Forms<V> {
  /** Read when it is first asked: a start of the program asks for none. */
  #automaton: Positions | undefined;
  /** Positions of each state, by their text, and where its row begins. */
  readonly #states = new Map<string, number>();
  readonly #positions: (readonly number[])[] = [];
  /** Rows of the states: -1 for a follower that was not asked for yet. State 0 leads nowhere. */
  readonly #next: number[] = [];
  readonly #kindOf = Uint8Array.from({ length: 0xc0 }, (_, c) => kindOf(c));
  /** Sets of patterns, what is told of them, and their numbers by their text. */
  readonly #patternsOf: (readonly number[])[] = [[]];
  readonly #told: (V | undefined)[] = [undefined];
  readonly #numbers = new Map<string, number>();
  readonly #unions = new Map<number, number>();
  #initial = -1;

  /**
   * @param patterns regular expressions of digits, letters and the separators `-./:_+` and space
   * @param tell what is to be told of a text that may begin with some of the patterns, given in their order
   */
  constructor(
    private readonly patterns: readonly RegExp[],
    private readonly tell: (which: readonly number[]) => V,
  ) {}

  #read(): Positions {
    const automaton = positionsOf(this.patterns);
    this.#state([], automaton);
    this.#initial = this.#state([automaton.begin], automaton);
    return automaton;
  }

  /** What is told of the patterns that may match from `start` on, to a place where a value may end; undefined of none. */
  at(text: string, start: number): V | undefined {
    this.#automaton ??= this.#read();
    const kinds = this.#kindOf;
    const follow = this.#next;
    let state = this.#initial;
    let found = 0;
    for (let i = start; ; i += 1) {
      // Behind the end of a text there is none: zero is in no pattern.
      const c = i < text.length ? text.charCodeAt(i) : 0;
      const accepted = follow[state + TOLD] as number;
      if (accepted !== 0 && closesHere(text, i)) found = found === 0 ? accepted : this.#union(found, accepted);
      const kind = c < 0xc0 ? (kinds[c] as number) : OTHER_LETTER;
      let next = follow[state + kind] as number;
      if (next < 0) next = this.#make(state, kind, this.#automaton);
      if (next === 0) return this.#told[found];
      state = next;
    }
  }

  #make(state: number, kind: number, automaton: Positions): number {
    const positions = this.#positions[state / ROW] as readonly number[];
    const next = this.#state(
      reached(automaton, positions, (kinds) => kinds[kind]),
      automaton,
    );
    this.#next[state + kind] = next;
    return next;
  }

  #state(positions: readonly number[], { ends }: Positions): number {
    const key = positions.join();
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const state = this.#next.length;
    this.#states.set(key, state);
    this.#positions.push(positions);
    for (let kind = 0; kind < KINDS; kind += 1) this.#next.push(positions.length === 0 ? 0 : -1);
    this.#next.push(this.#set(positions.flatMap((position) => ends.get(position) ?? [])));
    return state;
  }

  /** The number of a set of patterns. */
  #set(patterns: readonly number[]): number {
    if (patterns.length === 0) return 0;
    const sorted = [...new Set(patterns)].sort((a, b) => a - b);
    const key = sorted.join();
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#told.push(this.tell(sorted)) - 1;
    this.#patternsOf.push(sorted);
    this.#numbers.set(key, number);
    return number;
  }

  #union(a: number, b: number): number {
    if (a === b) return a;
    const key = a * SETS + b;
    let union = this.#unions.get(key);
    if (union === undefined) {
      union = this.#set([...(this.#patternsOf[a] as readonly number[]), ...(this.#patternsOf[b] as readonly number[])]);
      this.#unions.set(key, union);
    }
    return union;
  }
}

/** Numbers of sets are below this. */
const SETS = 2 ** 26;
