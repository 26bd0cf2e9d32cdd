import { printable } from '../redact';

/** What went wrong with a remote, in the classes that a person can act on. */
export type RemoteErrorKind =
  | 'not-found'
  /** Terms have to be accepted on the page first. */
  | 'gated'
  /** A credential is missing or is not accepted. */
  | 'unauthorized'
  /** The credential is good, but has no right to this. */
  | 'forbidden'
  | 'wrong-region'
  | 'rate-limited'
  /** The name does not resolve, nobody answers, or the connection broke. */
  | 'offline'
  | 'tls'
  | 'timeout'
  /** The object is another one than at the first request. */
  | 'changed'
  /** The server sends whole files only, and this one is too large for that. */
  | 'no-range'
  /** The answer contradicts itself or the protocol. */
  | 'protocol'
  /** What is asked for cannot be done, or not safely. */
  | 'refused';

/** Error of a remote source. The message is one sentence for a person and holds neither credentials nor raw server text. */
export class RemoteError extends Error {
  /** Page on which the person can do something about it (accept terms, for instance). */
  readonly page: string | undefined;
  /** When a rate limit is lifted, milliseconds since the epoch. */
  readonly retryAt: number | undefined;

  constructor(
    readonly kind: RemoteErrorKind,
    message: string,
    { page, retryAt, cause }: { page?: string; retryAt?: number; cause?: unknown } = {},
  ) {
    super(printable(message), cause === undefined ? undefined : { cause });
    this.name = 'RemoteError';
    this.page = page;
    this.retryAt = retryAt;
  }
}

/** Errors that concern the whole source: asking again for the next file would give the same answer. */
export function concernsWholeSource(error: unknown): error is RemoteError {
  return (
    error instanceof RemoteError &&
    ['gated', 'unauthorized', 'wrong-region', 'rate-limited', 'tls'].includes(error.kind)
  );
}
