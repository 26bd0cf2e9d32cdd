/**
 * The shapes of all identifiers: what their patterns are when letters are one, digits are one and separators are one. Most
 * words of a program have the shape of none of them; the survey of a text (`server/kernel`) does not tell those.
 */
import { IDENTIFIERS } from './identifiers';
import { DIGIT, type Kinds, NONE, OTHER_LETTER, positionsOf, reached } from './patterns';

const isLetter = (kind: number): boolean => kind < DIGIT || kind === OTHER_LETTER;

/** What may follow a state: a letter, a digit, a separator. */
const FOLLOWERS: readonly ((kinds: Kinds) => boolean)[] = [
  (kinds) => kinds.some((may, kind) => may && isLetter(kind)),
  (kinds) => kinds[DIGIT] === 1,
  (kinds) => kinds.some((may, kind) => may && !isLetter(kind) && kind !== DIGIT && kind !== NONE),
];

/**
 * The automaton of the shapes, as rows of four numbers: the states after a letter, a digit and a separator, and 1 where a
 * shape may end. State 0 leads nowhere, state 1 is in front of a text.
 */
export function identifierShapes(): readonly number[] {
  const automaton = positionsOf(IDENTIFIERS.map(({ pattern }) => pattern));
  const states: (readonly number[])[] = [[], [automaton.begin]];
  const numbers = new Map(states.map((positions, number) => [positions.join(), number]));
  const numberOf = (positions: readonly number[]): number => {
    const key = positions.join();
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, states.length);
    return states.push(positions) - 1;
  };
  const rows: number[] = [];
  for (let state = 0; state < states.length; state += 1) {
    const positions = states[state] as readonly number[];
    for (const may of FOLLOWERS) rows.push(numberOf(reached(automaton, positions, may)));
    rows.push(positions.some((position) => automaton.ends.has(position)) ? 1 : 0);
  }
  return rows;
}
