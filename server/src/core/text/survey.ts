import { joined, type Kernel } from './kernel';

/**
 * A first look at the digits and separators of a text: it tells which recognisers of personal data have anything to look
 * at, and between which places. Most texts hold no telephone number, no address of a machine and no identifier, and this
 * is all they cost.
 */
export interface Survey {
  /** Six pairs or three groups of hexadecimal digits with one separator. */
  readonly hardware: Stretch;
  /** Four numbers with points. */
  readonly fourNumbers: Stretch;
  /** Groups with two colons close together, and with three or more. */
  readonly colons: Stretch;
  readonly moreColons: Stretch;
  /** At signs between what may be the parts of an address. */
  readonly atSigns: Stretch;
  /** Where seven digits and more begin that have at most two signs between them, and the places behind the last of them. */
  readonly digits: Int32Array;
  /**
   * Words that hold digits and with which something of the shape of an identifier begins, or which one or two short words
   * in front of it make the beginning of one; and those that may be a wallet. Five numbers of each: begin, end, its digits,
   * and the letters and digits of it and of what single separators join to it within 40 characters, and the digits alone.
   */
  readonly words: Int32Array;
}

/** From where the first of something stands to behind where the last does; empty when `from` is not below `to`. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Digits of the shortest telephone number that is looked at. */
export const PHONE_DIGITS = 7;

const NOWHERE: Stretch = { from: Number.POSITIVE_INFINITY, to: 0 };
/** Of a text in which a recogniser has nothing to look at. */
export const NOTHING: Survey = {
  hardware: NOWHERE,
  fourNumbers: NOWHERE,
  colons: NOWHERE,
  moreColons: NOWHERE,
  atSigns: NOWHERE,
  digits: new Int32Array(),
  words: new Int32Array(),
};

/** Surveys the text at an address of a kernel's memory. @param length in UTF-16 code units */
export function surveyAt(kernel: Kernel, address: number, length: number, checkTime: () => void): Survey {
  const found = kernel.survey(address, length, checkTime);
  if (!found) return NOTHING;
  const { words, runs, facts } = found;
  return {
    hardware: stretchOf(facts, 0),
    fourNumbers: stretchOf(facts, 1),
    colons: stretchOf(facts, 2),
    moreColons: stretchOf(facts, 3),
    atSigns: stretchOf(facts, 4),
    digits: joinedRuns(runs),
    words: joined(words),
  };
}

function stretchOf(facts: Int32Array | undefined, index: number): Stretch {
  const from = facts?.[2 * index] ?? 0;
  const to = facts?.[2 * index + 1] ?? 0;
  return from < to ? { from, to } : NOWHERE;
}

/** Runs of digits of all parts of a text: one that goes on in the next part is told there from its beginning. */
function joinedRuns(parts: readonly Int32Array[]): Int32Array {
  const cut = parts.map((part, i) => {
    const next = parts[i + 1];
    return next && part[part.length - 2] === next[0] ? part.subarray(0, part.length - 2) : part;
  });
  return joined(cut);
}

/** Whether nothing was found in a text that a recogniser could look at. */
export const isEmpty = (found: Survey): boolean => found === NOTHING;
