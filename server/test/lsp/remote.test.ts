import assert from 'node:assert/strict';
import path from 'node:path';
import { RemoteText, ScanRemote } from '../../src/protocol/messages';
import { HubServer } from '../remote/support/hubServer';
import { buildServer, TestEditor, until } from './support';

const CLIENT_HTTP = path.join(__dirname, '..', '..', '..', 'client', 'src', 'remote', 'http.ts');

describe('remote scans of the language server', function () {
  this.timeout(60_000);
  const hub = new HubServer();
  let built: ReturnType<typeof buildServer>;
  let editor: TestEditor;

  before(async () => {
    await hub.start();
    built = buildServer();
    editor = await TestEditor.start(built.folder);
    const { serveHttp } = (await import(CLIENT_HTTP)) as { serveHttp(connection: unknown): unknown };
    serveHttp(editor.connection);
  });

  after(async () => {
    await editor?.stop();
    built?.remove();
    await hub.stop();
  });

  // Not in one piece, so that no scanner of secrets takes it for one.
  const key = ['AKIA', 'Q3EXQ7TPBLZJ4HMW'].join('');
  const code = `import os\n\naws_access_key_id = "${key}"\nos.system(input())\n`;

  it('goes through the editor, streams what is found under the name of the source, and shows its text', async () => {
    hub.add('acme/model', {
      'train.py': new TextEncoder().encode(code),
      'weights/model.bin': new Uint8Array(300_000),
    });
    const result = await editor.connection.sendRequest(ScanRemote.type, {
      target: 'hf:acme/model',
      options: { hubEndpoint: hub.origin },
      credentials: { token: hub.token },
    });
    assert.match(result.label, /^hf:acme\/model@main/);
    assert.match(result.read, /^structure scanned: .* of 300 kB/);
    const uri = 'watchtower-remote:/hf/acme/model%40main/train.py';
    const artifact = await until(() => editor.artifacts.get(uri), 'the finding');
    assert.equal(artifact.path, 'hf/acme/model@main/train.py');
    assert.equal(artifact.folderUri, undefined);
    assert.ok(artifact.findings.length > 0);
    await until(() => editor.diagnostics.get(uri), 'diagnostics of the remote text');
    const { text } = await editor.connection.sendRequest(RemoteText.type, { uri });
    assert.equal(text, code);
    assert.ok(
      hub.requests.length > 0 && hub.requests.every(({ authorization }) => authorization === `Bearer ${hub.token}`),
    );
    assert.ok(hub.cdn.requests.every(({ headers }) => headers.authorization === undefined));
    assert.ok(editor.log.every((line) => !line.includes(hub.token)));
  });

  it('forgets what a later scan of the same source no longer finds', async () => {
    hub.add('acme/model', { 'other.py': new TextEncoder().encode(code) });
    await editor.connection.sendRequest(ScanRemote.type, {
      target: 'hf:acme/model',
      options: { hubEndpoint: hub.origin },
      credentials: {},
    });
    await until(() => editor.artifacts.has('watchtower-remote:/hf/acme/model%40main/other.py'), 'the new file');
    await until(() => !editor.artifacts.has('watchtower-remote:/hf/acme/model%40main/train.py'), 'the old file to go');
  });

  it('tells failures with their kind', async () => {
    const fail = (target: string) =>
      editor.connection
        .sendRequest(ScanRemote.type, { target, options: { hubEndpoint: hub.origin }, credentials: {} })
        .then(
          () => 'none',
          (error: { data?: ScanRemote.Failure }) => error.data?.kind,
        );
    assert.equal(await fail('hf:acme/none'), 'not-found');
    assert.equal(await fail('ssh://host/repository'), 'refused');
    assert.equal(await fail('https://user:secret@host.invalid/x.git'), 'refused');
    await assert.rejects(
      editor.connection.sendRequest(RemoteText.type, { uri: 'watchtower-remote:/hf/acme/model%40main/never' }),
      /belongs to no remote scan/,
    );
  });
});
