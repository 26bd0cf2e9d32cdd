import { BudgetExceeded } from '../budget';

export interface TransferLimits {
  /** Bytes of bodies. */
  bytes: number;
  requests: number;
  /** Milliseconds from the first request. */
  timeMs: number;
}

/** Counts what goes over the network for one file, and for the source it belongs to. */
export class TransferMeter {
  bytes = 0;
  requests = 0;
  #start: number | undefined;

  constructor(
    readonly limits: Readonly<TransferLimits>,
    private readonly parent?: TransferMeter,
    private readonly what = 'file',
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * Before a request that will bring at most `bytes`.
   * @throws BudgetExceeded
   */
  begin(bytes: number): void {
    this.#check(bytes);
    this.parent?.begin(bytes);
    this.requests += 1;
  }

  /** Bytes that came. They count even when they turn out to be useless. */
  received(bytes: number): void {
    this.bytes += bytes;
    this.parent?.received(bytes);
  }

  /** Bytes that may still be asked for. */
  get left(): number {
    return Math.max(0, Math.min(this.limits.bytes - this.bytes, this.parent?.left ?? Number.POSITIVE_INFINITY));
  }

  #check(bytes: number): void {
    const { limits, what } = this;
    this.#start ??= this.now();
    if (this.bytes + bytes > limits.bytes) {
      throw new BudgetExceeded('read', `more than ${limits.bytes} bytes of the ${what} would be transferred`);
    }
    if (this.requests >= limits.requests) {
      throw new BudgetExceeded('read', `more than ${limits.requests} requests for the ${what}`);
    }
    if (this.now() - this.#start > limits.timeMs) {
      throw new BudgetExceeded('time', `the transfer of the ${what} was not finished within ${limits.timeMs} ms`);
    }
  }
}

/** Requests that may be under way at once; who comes later waits in line. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async take(): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}
