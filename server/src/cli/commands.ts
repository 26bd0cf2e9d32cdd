/**
 * The commands that know scanners, rules and reports: a bundle of its own, so that `--help`, `--version` and wrong usage
 * do not wait for it.
 */
import type { WorkerPool } from '../worker/pool';
import type { Arguments } from './arguments';
import { rulesText } from './rules';
import { baselineCommand, scanCommand } from './scan';
import { EXIT, styleFor, type Terminal, wantsColor } from './terminal';

export type Command = Extract<Arguments, { command: 'scan' | 'baseline' | 'rules' }>;

/**
 * @param pool threads for `scan` and `baseline`; the caller stops it
 * @returns the exit code
 * @throws UsageError
 */
export async function runCommand(args: Command, terminal: Terminal, pool: WorkerPool): Promise<number> {
  switch (args.command) {
    case 'rules':
      terminal.stdout.write(
        rulesText(args.id, args.json, styleFor(wantsColor(undefined, terminal.stdout, terminal.env))),
      );
      return EXIT.clean;
    case 'scan':
      return scanCommand(args, terminal, pool);
    case 'baseline':
      return baselineCommand(args, terminal, pool);
  }
}
