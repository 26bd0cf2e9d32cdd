import type { WriteStream } from 'node:tty';
import { printable } from '../core/redact';
import type { ScanProgress } from '../worker/scan';

const WIDTH = 24;
const INTERVAL_MS = 80;

/** One line that is drawn over itself on a terminal, and nothing anywhere else. */
export class ProgressBar {
  #drawn = 0;
  #last = 0;

  constructor(
    private readonly stream: Pick<WriteStream, 'write' | 'isTTY' | 'columns'>,
    private readonly enabled: boolean,
    private readonly now: () => number = Date.now,
  ) {}

  update({ planned, done, current }: ScanProgress): void {
    if (!this.enabled || !this.stream.isTTY) return;
    const at = this.now();
    if (at - this.#last < INTERVAL_MS && done < planned) return;
    this.#last = at;
    const filled = planned === 0 ? 0 : Math.round((done / planned) * WIDTH);
    const head = `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${done}/${planned} `;
    const room = Math.max(0, (this.stream.columns || 80) - head.length - 1);
    const name = printable(current ?? '');
    const line =
      head + (name.length > room ? `…${name.slice(name.length - Math.max(0, room - 1))}`.slice(0, room) : name);
    this.stream.write(`\r${line}${' '.repeat(Math.max(0, this.#drawn - line.length))}`);
    this.#drawn = line.length;
  }

  clear(): void {
    if (this.#drawn === 0) return;
    this.stream.write(`\r${' '.repeat(this.#drawn)}\r`);
    this.#drawn = 0;
  }
}
