import path from 'node:path';
import { VERSION } from '../core/version';
import { WorkerPool } from '../worker/pool';
import { parseArguments, type UsageError } from './arguments';
import { helpText } from './help';
import { EXIT, type Terminal } from './terminal';

type Commands = typeof import('./commands');

async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const args = parseArguments(argv);
  if (args.command === 'help') {
    terminal.stdout.write(helpText(args.about));
    return EXIT.clean;
  }
  if (args.command === 'version') {
    terminal.stdout.write(`watchtower ${VERSION}\n`);
    return EXIT.clean;
  }
  const pool = new WorkerPool({
    script: path.join(__dirname, 'scanWorker.js'),
    ...('jobs' in args && { size: args.jobs }),
  });
  // The threads start while this one still loads the commands.
  if (args.command !== 'rules') pool.warm();
  try {
    const { runCommand } = require('bundle:commands') as Commands;
    return await runCommand(args, terminal, pool);
  } finally {
    await pool.stop();
  }
}

async function main(): Promise<void> {
  const cancel = new AbortController();
  const onSignal = () => {
    // A second Ctrl-C does not wait for anything.
    if (cancel.signal.aborted) process.exit(EXIT.cancelled);
    cancel.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  // A closed pipe ends the output, not the process.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const { stdout, stderr, env } = process;
  try {
    process.exitCode = await run(process.argv.slice(2), {
      stdout,
      stderr,
      env,
      cwd: process.cwd(),
      signal: cancel.signal,
    });
  } catch (error) {
    process.exitCode = EXIT.trouble;
    if (isUsageError(error)) {
      stderr.write(`watchtower: ${error.message}\nTry "watchtower --help".\n`);
    } else {
      stderr.write(`watchtower: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

/** Each bundle has a class of its own, so the name decides. */
function isUsageError(error: unknown): error is UsageError {
  return error instanceof Error && error.name === 'UsageError';
}

void main();
