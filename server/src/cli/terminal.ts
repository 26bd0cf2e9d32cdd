import type { WriteStream } from 'node:tty';

/** The process as a command sees it, so that tests can put another in its place. */
export interface Terminal {
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  env: Record<string, string | undefined>;
  cwd: string;
  signal: AbortSignal;
}

export const EXIT = { clean: 0, findings: 1, trouble: 2, cancelled: 130 } as const;

/** ANSI styles, or nothing where colours are not wanted. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  magenta(text: string): string;
  yellow(text: string): string;
  blue(text: string): string;
  cyan(text: string): string;
  green(text: string): string;
}

export function styleFor(color: boolean): Style {
  const wrap = (open: number, close: number) => (text: string) =>
    color ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    bold: wrap(1, 22),
    dim: wrap(2, 22),
    red: wrap(31, 39),
    magenta: wrap(35, 39),
    yellow: wrap(33, 39),
    blue: wrap(34, 39),
    cyan: wrap(36, 39),
    green: wrap(32, 39),
  };
}

/**
 * Whether to colour: what the command line says, then NO_COLOR (no-color.org: any value but the empty one), then
 * whether it is a terminal that can.
 */
export function wantsColor(
  asked: boolean | undefined,
  stream: Pick<WriteStream, 'isTTY'>,
  env: Record<string, string | undefined>,
): boolean {
  if (asked !== undefined) return asked;
  if (env.NO_COLOR) return false;
  return Boolean(stream.isTTY) && env.TERM !== 'dumb';
}

/** @returns characters in a line of the terminal; undefined when the stream is none, so that logs and pipes get whole lines */
export function widthOf(stream: Pick<WriteStream, 'isTTY' | 'columns'>): number | undefined {
  return stream.isTTY && stream.columns > 0 ? stream.columns : undefined;
}
