import http from 'node:http';
import https from 'node:https';
import type { Disposable } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { HttpBody, HttpDrop, HttpExchange } from '../../../server/src/protocol/messages';

interface Open {
  response: http.IncomingMessage;
  pieces: AsyncIterator<Buffer>;
}

/**
 * Makes the server's HTTP exchanges. The editor patches Node's modules in this process, so that its proxy settings, the
 * system's proxy and the system's certificates hold, which a process of its own could not know.
 */
export function serveHttp(client: LanguageClient): Disposable[] {
  const open = new Map<number, Open>();
  const asking = new Map<number, http.ClientRequest>();
  const drop = (id: number) => {
    asking.get(id)?.destroy();
    open.get(id)?.response.destroy();
    open.delete(id);
  };
  return [
    client.onRequest(HttpExchange.type, ({ id, url, method, headers, body }): Promise<HttpExchange.Result> => {
      const { protocol } = new URL(url);
      if (protocol !== 'https:' && protocol !== 'http:') {
        return Promise.resolve({ error: { code: 'ERR_INVALID_PROTOCOL', message: protocol } });
      }
      return new Promise((resolve) => {
        const module = protocol === 'https:' ? https : http;
        const request = module.request({ ...target(url), method, headers: { 'user-agent': 'watchtower', ...headers } });
        asking.set(id, request);
        request.once('error', (error) => {
          asking.delete(id);
          resolve({ error: reason(error) });
        });
        request.once('response', (response) => {
          asking.delete(id);
          open.set(id, { response, pieces: response[Symbol.asyncIterator]() as AsyncIterator<Buffer> });
          const plain: Record<string, string> = {};
          for (const [name, value] of Object.entries(response.headers)) {
            if (value !== undefined) plain[name] = Array.isArray(value) ? value.join(', ') : value;
          }
          resolve({ status: response.statusCode ?? 0, headers: plain });
        });
        request.end(body);
      });
    }),
    client.onRequest(HttpBody.type, async ({ id }): Promise<HttpBody.Result> => {
      const pieces = open.get(id)?.pieces;
      if (!pieces) return {};
      try {
        const { value, done } = await pieces.next();
        if (done) {
          open.delete(id);
          return {};
        }
        return { data: (value as Buffer).toString('base64') };
      } catch (error) {
        open.delete(id);
        return { error: reason(error as Error) };
      }
    }),
    client.onNotification(HttpDrop.type, ({ id }) => drop(id)),
    { dispose: () => [...open.keys(), ...asking.keys()].forEach(drop) },
  ];
}

/** Not through URL: it would resolve `..` in the key of an object, which is signed as it stands. */
function target(url: string): { hostname: string; port?: string; path: string } {
  const { hostname, port } = new URL(url);
  const path = /^https?:\/\/[^/?#]+([^#]*)/.exec(url)?.[1] ?? '/';
  return {
    hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
    path: path.startsWith('/') ? path : `/${path}`,
    ...(port && { port }),
  };
}

function reason(error: Error): { code: string; message: string } {
  return { code: (error as NodeJS.ErrnoException).code ?? '', message: error.message };
}
