import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import https from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readBody } from '../../src/core/sources/http';
import { RemoteError } from '../../src/core/sources/remoteError';
import { certificatesOf } from '../../src/remote/environment';
import { NodeHttpClient, proxyFor, proxyOf } from '../../src/remote/nodeHttp';

const portOf = (server: Server | https.Server) => (server.address() as AddressInfo).port;

describe('proxies and certificates', () => {
  it('are chosen as the environment says', () => {
    const settings = proxyOf({
      HTTPS_PROXY: 'http://p:1',
      https_proxy: 'http://q:2',
      HTTP_PROXY: 'http://evil:3',
      NO_PROXY: 'a.example,.b.example:443,c.example:8443',
    });
    assert.deepEqual(settings, { https: 'http://q:2', except: 'a.example,.b.example:443,c.example:8443' });
    const through = (url: string) => proxyFor(new URL(url), settings)?.href;
    assert.equal(through('https://x.example/'), 'http://q:2/');
    assert.equal(through('https://a.example/'), undefined);
    assert.equal(through('https://sub.a.example/'), undefined);
    assert.equal(through('https://nota.example/'), 'http://q:2/');
    assert.equal(through('https://sub.b.example/'), undefined);
    assert.equal(through('https://c.example/'), 'http://q:2/');
    assert.equal(through('https://127.0.0.1/'), undefined);
    assert.equal(through('http://x.example/'), undefined);
    assert.throws(() => proxyFor(new URL('https://x.example/'), { https: 'socks5://p' }), RemoteError);
    assert.equal(proxyFor(new URL('https://x.example/'), { https: 'p', except: '*' }), undefined);
  });

  it('resolve a name under guard when somebody else has led to it', async () => {
    let asked = 0;
    const server = createServer((_, response) => {
      asked += 1;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = new NodeHttpClient();
    try {
      const url = `http://localhost:${portOf(server)}/`;
      await assert.rejects(
        client.request({ url, publicOnly: true }),
        (error) =>
          error instanceof RemoteError && error.kind === 'refused' && /inside this machine/.test(error.message),
      );
      assert.equal(asked, 0);
      (await client.request({ url })).cancel();
      assert.equal(asked, 1);
    } finally {
      client.close();
      server.closeAllConnections();
      server.close();
    }
  });

  it('tell that the proxy wants a user, for addresses that are not encrypted too', async () => {
    const proxy = createServer((_, response) => response.writeHead(407).end());
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const client = new NodeHttpClient({ proxy: { http: `http://127.0.0.1:${portOf(proxy)}` } });
    try {
      await assert.rejects(client.request({ url: 'http://hub.example/' }), /the proxy asks for a user name/);
    } finally {
      client.close();
      proxy.closeAllConnections();
      proxy.close();
    }
  });

  it('take certificates from the files that other tools are told of', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'watchtower-test-ca-'));
    try {
      const pem = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n';
      writeFileSync(path.join(folder, 'ca.pem'), pem);
      const file = path.join(folder, 'ca.pem');
      assert.deepEqual(await certificatesOf({ SSL_CERT_FILE: file, REQUESTS_CA_BUNDLE: file }), [pem]);
      assert.deepEqual(await certificatesOf({}), []);
      const missing = certificatesOf({ AWS_CA_BUNDLE: path.join(folder, 'none.pem') });
      await assert.rejects(missing, /the file that AWS_CA_BUNDLE names holds no certificates/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  describe('with a TLS server behind a proxy', () => {
    let folder = '';
    let certificate = '';
    let origin: https.Server;
    let proxy: Server;
    const connects: { host: string | undefined; authorization: string | undefined }[] = [];

    before(async function () {
      folder = mkdtempSync(path.join(tmpdir(), 'watchtower-test-tls-'));
      try {
        execFileSync(
          'openssl',
          [
            'req',
            '-x509',
            '-newkey',
            'ec',
            '-pkeyopt',
            'ec_paramgen_curve:prime256v1',
            '-nodes',
            '-days',
            '2',
            '-subj',
            '/CN=hub.example',
            '-addext',
            'subjectAltName=DNS:hub.example',
            '-keyout',
            path.join(folder, 'key'),
            '-out',
            path.join(folder, 'cert'),
          ],
          { stdio: 'ignore' },
        );
      } catch {
        console.log('        skipped: no openssl to make a certificate with');
        this.skip();
      }
      certificate = readFileSync(path.join(folder, 'cert'), 'utf8');
      origin = https.createServer(
        { key: readFileSync(path.join(folder, 'key')), cert: certificate },
        (request, response) => {
          response.end(`${request.method} ${request.url} ${request.headers.host}`);
        },
      );
      await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
      proxy = createServer();
      proxy.on('connect', (request, socket, head) => {
        connects.push({ host: request.url, authorization: request.headers['proxy-authorization'] });
        if (request.url === 'refused.example:443') {
          socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
          return;
        }
        const onward = connect(portOf(origin), '127.0.0.1', () => {
          socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
          onward.write(head);
          onward.pipe(socket).pipe(onward);
        });
        onward.on('error', () => socket.destroy());
        socket.on('error', () => onward.destroy());
      });
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    });

    after(() => {
      origin?.close();
      proxy?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it('goes through CONNECT, trusts the certificate that was added and no other, and keeps the connection', async () => {
      const settings = { https: `http://me:pa%20ss@127.0.0.1:${portOf(proxy)}` };
      const client = new NodeHttpClient({ proxy: settings, certificates: [certificate] });
      for (const place of ['/a', '/b/../c']) {
        const response = await client.request({ url: `https://hub.example${place}` });
        assert.equal(new TextDecoder().decode(await readBody(response, 1000)), `GET ${place} hub.example`);
      }
      assert.deepEqual(connects, [
        { host: 'hub.example:443', authorization: `Basic ${Buffer.from('me:pa ss').toString('base64')}` },
      ]);
      const kind = (promise: Promise<unknown>) =>
        promise.then(
          () => 'none',
          (error: unknown) => (error instanceof RemoteError ? `${error.kind} ${error.message}` : String(error)),
        );
      assert.match(await kind(client.request({ url: 'https://other.example/' })), /^tls .*for another host/);
      assert.match(
        await kind(client.request({ url: 'https://refused.example/' })),
        /^unauthorized the proxy asks for a user name/,
      );
      client.close();
      const untrusting = new NodeHttpClient({ proxy: settings });
      assert.match(
        await kind(untrusting.request({ url: 'https://hub.example/' })),
        /^tls .*not signed by an authority/,
      );
      untrusting.close();
      const nobody = new NodeHttpClient({ proxy: { https: 'http://127.0.0.1:9' } });
      assert.match(await kind(nobody.request({ url: 'https://hub.example/' })), /^offline/);
      nobody.close();
    });
  });
});
