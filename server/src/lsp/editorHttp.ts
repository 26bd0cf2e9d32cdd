import type { Connection } from 'vscode-languageserver/node';
import type { HttpClient, HttpRequest, HttpResponse } from '../core/sources/http';
import { HttpBody, HttpDrop, HttpExchange } from '../protocol/messages';
import { checkPublic, networkError, proxyRefusal } from '../remote/nodeHttp';

/** HTTP through the editor, whose own modules know its proxy and its certificates. */
export class EditorHttp implements HttpClient {
  #next = 1;

  constructor(private readonly connection: Connection) {}

  async request({ url, method = 'GET', headers = {}, body, publicOnly, signal }: HttpRequest): Promise<HttpResponse> {
    signal?.throwIfAborted();
    const id = this.#next++;
    const drop = () => void this.connection.sendNotification(HttpDrop.type, { id });
    signal?.addEventListener('abort', drop, { once: true });
    const { host, hostname } = new URL(url);
    if (publicOnly) await checkPublic(hostname);
    try {
      const answer = await this.connection.sendRequest(HttpExchange.type, {
        id,
        url,
        method,
        headers: { ...headers },
        ...(body !== undefined && { body }),
      });
      signal?.throwIfAborted();
      if ('error' in answer) throw networkError(answer.error.code, host);
      if (answer.status === 407) {
        drop();
        throw proxyRefusal(407);
      }
      return {
        status: answer.status,
        header: (name) => answer.headers[name],
        body: this.#body(id, host),
        cancel: drop,
      };
    } finally {
      signal?.removeEventListener('abort', drop);
    }
  }

  async *#body(id: number, host: string): AsyncGenerator<Uint8Array> {
    for (;;) {
      const { data, error } = await this.connection.sendRequest(HttpBody.type, { id });
      if (error) throw networkError(error.code, host);
      if (data === undefined) return;
      yield Buffer.from(data, 'base64');
    }
  }
}
