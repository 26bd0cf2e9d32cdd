import type { Severity } from '../finding';
import type { Occurrences } from '../text/keywordPass';
import type { Survey } from '../text/survey';
import type { FarNames, PrintedTables } from './columns';
import type { EntityName } from './rules';

/** One value found in a text. */
export interface Hit {
  readonly entity: EntityName;
  readonly start: number;
  readonly end: number;
  /** What is marked, when that is more than the value. */
  readonly shown?: { readonly start: number; readonly end: number };
  /** Left out: the shape alone, which means something only where values stand for themselves. */
  readonly severity?: Severity;
  /** Belongs to nobody: documentation, tests, reserved ranges. */
  readonly sample?: boolean;
  readonly context?: boolean;
  readonly checked?: boolean;
}

/** What a recogniser may look at. */
export interface Passage {
  readonly text: string;
  /** Column header, key path: a label for every value of the text. */
  readonly header: string;
  /** Values stand for themselves here: prose, lists of values; not code, not printed numbers. */
  readonly plain: boolean;
  /** Printed by a program: full of numbers that are only numbers. */
  readonly output: boolean;
  /** Source code, where a number without quotes is an integer. */
  readonly code: boolean;
  /** What names values from afar, such as headers of printed columns. */
  readonly far?: FarNames | undefined;
  /** The tables of a printed text. */
  readonly tables?: PrintedTables | undefined;
  readonly countries: ReadonlySet<string> | undefined;
  /** Where the words of keys that speak of a person stand in the text. */
  readonly persons: Occurrences;
  /** Where digits and separators stand in the text. */
  readonly survey: Survey;
}

/** Ranges that are spoken for, in no order. A recogniser that comes later leaves them alone. */
export class Taken {
  readonly #blocks = new Map<number, { start: number; end: number }[]>();

  add(start: number, end: number): void {
    for (let block = start >> 8; block <= (end - 1) >> 8; block += 1) {
      const list = this.#blocks.get(block);
      if (list) list.push({ start, end });
      else this.#blocks.set(block, [{ start, end }]);
    }
  }

  overlaps(start: number, end: number): boolean {
    for (let block = start >> 8; block <= (end - 1) >> 8; block += 1) {
      if (this.#blocks.get(block)?.some((range) => range.start < end && start < range.end)) return true;
    }
    return false;
  }
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Letters of any script count, so that a value never begins in the middle of a word. */
export function isWordCode(code: number): boolean {
  return isDigit(code) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95 || code >= 0xc0;
}

export function isHex(code: number): boolean {
  return isDigit(code) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70);
}
