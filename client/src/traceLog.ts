import type { LogOutputChannel } from 'vscode';

/** Messages that hold credentials, or what another host sent: of these only the name and the time are logged. */
const PRIVATE = /^[^\n]*'watchtower\/(?:http|scanRemote|remoteText)/;

/** What a trace of the protocol says of a message, without what must stand in no log. */
export function withoutCredentials(message: string): string {
  if (!PRIVATE.test(message)) return message;
  return `${message.split('\n', 1)[0]} (content left out)`;
}

/** The log as the trace of the protocol sees it. */
export function traceLog(log: LogOutputChannel): LogOutputChannel {
  // Not a proxy of the log itself: that is frozen, and a proxy must not change what a frozen object says.
  return new Proxy({} as LogOutputChannel, {
    get: (_, name) => {
      if (name === 'trace')
        return (message: string, ...rest: unknown[]) => log.trace(withoutCredentials(message), ...rest);
      const value = Reflect.get(log, name) as unknown;
      return typeof value === 'function' ? (value.bind(log) as unknown) : value;
    },
  });
}
