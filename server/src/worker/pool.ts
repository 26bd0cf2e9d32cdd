import { setMaxListeners } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ArtifactReport } from '../core/finding';
import type { ScanSettings } from '../core/settings';
import type { ScanTask, WorkerRequest, WorkerResponse } from './messages';
import { type ServedRequest, SourceServer } from './served';

export interface PoolOptions {
  /** The bundle `scanWorker.js`. */
  script: string;
  /** Threads; default: one less than the machine has, at least one, at most four. */
  size?: number;
  /** Heap of one thread in MiB. Buffers are not covered by it, the budget caps those. */
  heapMb?: number;
  /** What a task may take beyond the budget's own time before its thread is ended. */
  graceMs?: number;
}

/** `timeout` and `crashed` cost the thread, which is replaced; other tasks are not harmed. */
export class TaskFailed extends Error {
  constructor(
    readonly cause_: 'timeout' | 'crashed' | 'error' | 'cancelled',
    message: string,
  ) {
    super(message);
    this.name = 'TaskFailed';
  }
}

interface Job {
  id: number;
  task: ScanTask;
  settings: ScanSettings;
  resolve(report: ArtifactReport | undefined): void;
  reject(error: Error): void;
}

/** Tasks handed to a thread at once: small files would otherwise wait for a message each. */
const BATCH = 8;

class Thread {
  #worker: Worker | undefined;
  #running: Job[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: PoolOptions,
    private readonly requeue: (jobs: Job[]) => void,
    private readonly idle: () => void,
    private readonly served: SourceServer,
  ) {}

  get busy(): boolean {
    return this.#running.length > 0;
  }

  run(jobs: Job[]): void {
    this.#running = jobs;
    const worker = this.#start();
    worker.ref();
    this.#arm();
    const settings = (jobs[0] as Job).settings;
    worker.postMessage({ settings, tasks: jobs.map(({ id, task }) => ({ id, task })) } satisfies WorkerRequest);
  }

  /** Loads the scanners while whoever asks has other things to do. */
  warm(): void {
    if (!this.busy) this.#start().unref();
  }

  #start(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(this.options.script, {
      resourceLimits: { maxOldGenerationSizeMb: this.options.heapMb ?? 2048 },
      // Nothing of the process' environment concerns a scanner.
      env: {},
      // A parser's own diagnostics quote the file; they belong neither on a terminal nor between a server's messages.
      stdout: true,
      stderr: true,
    });
    worker.stdout.resume();
    worker.stderr.resume();
    worker.on('message', (message: WorkerResponse | ServedRequest) => {
      if (!('served' in message)) this.#answered(message);
      else void this.served.answer(message, worker).then((response) => worker.postMessage(response));
    });
    worker.on('error', (error) =>
      this.#lost(worker, new TaskFailed('crashed', `the scan worker ended: ${error.message}`)),
    );
    worker.on('exit', (code) => {
      void this.served.closeAll(worker);
      this.#lost(worker, new TaskFailed('crashed', `the scan worker ended with code ${code}`));
    });
    this.#worker = worker;
    return worker;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const limit = (this.#running[0] as Job).settings.limits.timeMs + (this.options.graceMs ?? 5000);
    this.#timer = setTimeout(() => {
      if (this.#worker) this.#lost(this.#worker, new TaskFailed('timeout', `not finished within ${limit} ms`));
    }, limit);
  }

  #answered({ id, report, error }: WorkerResponse): void {
    const index = this.#running.findIndex((job) => job.id === id);
    if (index < 0) return;
    const [job] = this.#running.splice(index, 1) as [Job];
    if (error === undefined) job.resolve(report);
    else job.reject(new TaskFailed('error', error));
    if (this.busy) this.#arm();
    else {
      clearTimeout(this.#timer);
      this.#worker?.unref();
      this.idle();
    }
  }

  #lost(worker: Worker, reason: TaskFailed): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    clearTimeout(this.#timer);
    void worker.terminate();
    // Tasks are answered in order, so the first one open is the one that did it.
    const [guilty, ...rest] = this.#running;
    this.#running = [];
    guilty?.reject(reason);
    this.requeue(rest);
    this.idle();
  }

  /** Ends the thread if one of its tasks is among `ids`; the others are done again elsewhere. */
  cancel(ids: ReadonlySet<number>): void {
    const cancelled = this.#running.filter((job) => ids.has(job.id));
    if (cancelled.length === 0) return;
    const rest = this.#running.filter((job) => !ids.has(job.id));
    this.#running = [];
    clearTimeout(this.#timer);
    const worker = this.#worker;
    this.#worker = undefined;
    void worker?.terminate();
    for (const job of cancelled) job.reject(new TaskFailed('cancelled', 'the scan was cancelled'));
    this.requeue(rest);
    this.idle();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    const worker = this.#worker;
    this.#worker = undefined;
    const open = this.#running;
    this.#running = [];
    for (const job of open) job.reject(new TaskFailed('cancelled', 'the scan was cancelled'));
    await worker?.terminate();
  }
}

/** Scan workers with a deadline for every task. Threads are started when there is work and keep no process alive when idle. */
export class WorkerPool {
  /** Sources that this process reads for the workers. */
  readonly served = new SourceServer();
  readonly #threads: Thread[];
  #waiting: Job[] = [];
  #nextId = 1;
  #stopped = false;

  constructor(options: PoolOptions) {
    const size = options.size ?? Math.max(1, Math.min(4, availableParallelism() - 1));
    this.#threads = Array.from(
      { length: size },
      () =>
        new Thread(
          options,
          (jobs) => this.#waiting.unshift(...jobs),
          () => this.#feed(),
          this.served,
        ),
    );
  }

  get size(): number {
    return this.#threads.length;
  }

  /** Starts the first thread before there is work for it: its start and the caller's own then run side by side. */
  warm(): void {
    if (!this.#stopped) this.#threads[0]?.warm();
  }

  /**
   * Runs one task in a worker thread.
   * @param urgent goes before what waits: what a person is typing is not behind a workspace scan
   * @returns undefined when no format claims the file
   * @throws TaskFailed
   */
  run(
    task: ScanTask,
    settings: ScanSettings,
    { signal, urgent = false }: { signal?: AbortSignal; urgent?: boolean } = {},
  ): Promise<ArtifactReport | undefined> {
    if (this.#stopped) return Promise.reject(new TaskFailed('cancelled', 'the scanner has been stopped'));
    if (signal?.aborted) return Promise.reject(new TaskFailed('cancelled', 'the scan was cancelled'));
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      const abort = () => this.#cancel(id);
      // One signal stands for a whole scan: every task of it listens.
      if (signal) setMaxListeners(0, signal);
      signal?.addEventListener('abort', abort, { once: true });
      const settle = () => signal?.removeEventListener('abort', abort);
      const job: Job = {
        id,
        task,
        settings,
        resolve: (report) => {
          settle();
          resolve(report);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      if (urgent) this.#waiting.unshift(job);
      else this.#waiting.push(job);
      queueMicrotask(() => this.#feed());
    });
  }

  #cancel(id: number): void {
    const waiting = this.#waiting.findIndex((job) => job.id === id);
    if (waiting >= 0) {
      const [job] = this.#waiting.splice(waiting, 1) as [Job];
      job.reject(new TaskFailed('cancelled', 'the scan was cancelled'));
    } else {
      for (const thread of this.#threads) thread.cancel(new Set([id]));
    }
  }

  #feed(): void {
    if (this.#stopped) return;
    for (const thread of this.#threads) {
      if (thread.busy || this.#waiting.length === 0) continue;
      const share = Math.max(1, Math.min(BATCH, Math.ceil(this.#waiting.length / (this.size * 2))));
      const settings = (this.#waiting[0] as Job).settings;
      let count = 0;
      while (count < share && this.#waiting[count]?.settings === settings) count += 1;
      thread.run(this.#waiting.splice(0, count));
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const job of this.#waiting.splice(0)) job.reject(new TaskFailed('cancelled', 'the scanner has been stopped'));
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }
}
