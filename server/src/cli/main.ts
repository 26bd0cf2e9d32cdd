import path from 'node:path';
import { VERSION } from '../core/version';
import { WorkerPool } from '../worker/pool';
import { parseArguments, UsageError } from './arguments';
import { helpText } from './help';
import { EXIT, styleFor, type Terminal, wantsColor } from './terminal';

async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const args = parseArguments(argv);
  const style = styleFor(wantsColor(undefined, terminal.stdout, terminal.env));
  switch (args.command) {
    case 'help':
      terminal.stdout.write(helpText(args.about));
      return EXIT.clean;
    case 'version':
      terminal.stdout.write(`watchtower ${VERSION}\n`);
      return EXIT.clean;
    case 'rules': {
      const { rulesText } = await import('./rules');
      terminal.stdout.write(rulesText(args.id, args.json, style));
      return EXIT.clean;
    }
    case 'scan':
    case 'baseline': {
      const pool = new WorkerPool({
        script: path.join(__dirname, 'scanWorker.js'),
        ...(args.jobs !== undefined && { size: args.jobs }),
      });
      pool.warm();
      try {
        // Loaded when needed: `--help` and `--version` do not wait for every scanner.
        const { baselineCommand, scanCommand } = await import('./scan');
        return args.command === 'scan'
          ? await scanCommand(args, terminal, pool)
          : await baselineCommand(args, terminal, pool);
      } finally {
        await pool.stop();
      }
    }
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
    if (error instanceof UsageError) {
      stderr.write(`watchtower: ${error.message}\nTry "watchtower --help".\n`);
    } else {
      stderr.write(`watchtower: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

void main();
