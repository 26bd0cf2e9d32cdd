/** Every cap in one place. A scan that meets one ends with a status and a reason, never silently. */

export interface Limits {
  /** Milliseconds for one artifact, members included. */
  timeMs: number;
  /** Bytes that may be read of one artifact's source. */
  readBytes: number;
  /** Archives and embedded files inside each other. */
  depth: number;
  /** Members of all archives of one artifact together. */
  entries: number;
  /** Bytes that decompression may produce for one artifact. */
  expandedBytes: number;
  /** Produced bytes per compressed byte, judged once `ratioFloorBytes` have been produced. */
  expansionRatio: number;
  ratioFloorBytes: number;
  /** Largest piece that is ever held in memory at once. */
  memoryBytes: number;
  /** Text files above this many bytes are scanned up to it, and said to be partial. */
  textBytes: number;
  /** Findings kept per artifact; the rest is counted. */
  findings: number;
}

export const DEFAULT_LIMITS: Readonly<Limits> = {
  timeMs: 60_000,
  readBytes: 4 * 2 ** 30,
  depth: 6,
  entries: 100_000,
  expandedBytes: 2 ** 30,
  expansionRatio: 250,
  ratioFloorBytes: 32 * 2 ** 20,
  memoryBytes: 128 * 2 ** 20,
  textBytes: 32 * 2 ** 20,
  findings: 1000,
};

export type BudgetKind = 'time' | 'read' | 'depth' | 'entries' | 'expanded' | 'ratio' | 'memory' | 'cancelled';

/** Thrown when a cap is met. The engine turns it into the status `partial` and a `coverage/not-inspected` finding. */
export class BudgetExceeded extends Error {
  constructor(
    readonly kind: BudgetKind,
    message: string,
  ) {
    super(message);
    this.name = 'BudgetExceeded';
  }
}

/** Counts what one artifact, with everything inside it, has used. */
export class Budget {
  readonly #end: number;
  #expanded = 0;
  #entries = 0;

  constructor(
    readonly limits: Readonly<Limits> = DEFAULT_LIMITS,
    readonly signal?: AbortSignal,
    private readonly now: () => number = Date.now,
  ) {
    this.#end = now() + limits.timeMs;
  }

  /** Call it in every loop whose length the file decides, about once per thousand steps. */
  checkTime(): void {
    if (this.signal?.aborted) throw new BudgetExceeded('cancelled', 'the scan was cancelled');
    if (this.now() > this.#end) throw new BudgetExceeded('time', `not finished within ${this.limits.timeMs} ms`);
  }

  /** Counts members of archives. */
  spendEntries(count = 1): void {
    this.#entries += count;
    if (this.#entries > this.limits.entries) {
      throw new BudgetExceeded('entries', `more than ${this.limits.entries} members`);
    }
  }

  /** Counts bytes that came out of a decompressor which has been fed `compressed` bytes so far for `produced` bytes. */
  spendExpanded(bytes: number, produced = 0, compressed = 0): void {
    this.#expanded += bytes;
    if (this.#expanded > this.limits.expandedBytes) {
      throw new BudgetExceeded('expanded', `decompresses to more than ${this.limits.expandedBytes} bytes`);
    }
    if (produced > this.limits.ratioFloorBytes && produced > compressed * this.limits.expansionRatio) {
      throw new BudgetExceeded('ratio', `decompresses to more than ${this.limits.expansionRatio} times its size`);
    }
  }

  /** Refuses to hold `bytes` in memory at once when that is over the cap. */
  checkMemory(bytes: number, what: string): void {
    if (bytes > this.limits.memoryBytes) {
      throw new BudgetExceeded('memory', `${what} needs ${bytes} bytes at once; the cap is ${this.limits.memoryBytes}`);
    }
  }
}
