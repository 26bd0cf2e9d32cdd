import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Trace } from 'vscode-languageserver-protocol/node';
import {
  CloseRemote,
  ConfirmRemote,
  ParseRemote,
  RemoteText,
  ScanRemote,
  ServerInformation,
} from '../../src/protocol/messages';
import { findGit } from '../../src/remote/gitProcess';
import { llama } from '../core/models/snapshot/files';
import { GitServer, makeRepository } from '../remote/support/gitServer';
import { HubServer } from '../remote/support/hubServer';
import { buildServer, TestEditor, until } from './support';

const TRACE_LOG = path.join(__dirname, '..', '..', '..', 'client', 'src', 'traceLog.ts');
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

  it('shows a snapshot under the name of its source, and the texts of its files', async () => {
    const files = Object.entries(llama()).map(([name, content]): [string, Uint8Array] => [
      name,
      typeof content === 'string' ? new TextEncoder().encode(content) : content,
    ]);
    hub.add('acme/llama', Object.fromEntries(files));
    await editor.connection.sendRequest(ScanRemote.type, {
      target: 'hf:acme/llama',
      options: { hubEndpoint: hub.origin },
      credentials: { token: hub.token },
    });
    const root = 'watchtower-remote:/hf/acme/llama%40main';
    const artifact = await until(() => editor.artifacts.get(root), 'the snapshot');
    assert.equal(artifact.path, 'hf/acme/llama@main');
    const finding = artifact.findings.find(({ ruleId }) => ruleId === 'template/code-execution');
    assert.equal(finding?.file?.uri, `${root}/tokenizer_config.json`);
    await until(() => editor.diagnostics.get(`${root}/tokenizer_config.json`), 'diagnostics of the member');
    const { text } = await editor.connection.sendRequest(RemoteText.type, { uri: `${root}/tokenizer_config.json` });
    assert.equal(text, llama()['tokenizer_config.json']);
    await editor.connection.sendRequest(CloseRemote.type, { root });
    await until(() => !editor.artifacts.has(root), 'it to be forgotten');
  });

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
    const asked = hub.requests.length;
    await editor.connection.sendRequest(RemoteText.type, { uri });
    assert.ok(hub.requests.length <= asked + 1, 'the source is opened again for every text');
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

  it('says what will be read and waits for the answer before it reads', async () => {
    hub.add('acme/asked', { 'a.py': new TextEncoder().encode(code), 'w.bin': new Uint8Array(300_000) });
    const asked: ConfirmRemote.Params[] = [];
    let answer = false;
    editor.connection.onRequest(ConfirmRemote.type, (listing) => {
      asked.push(listing);
      assert.equal(hub.cdn.requests.length, 0, 'read before it was allowed to');
      return answer;
    });
    const params = { target: 'hf:acme/asked', options: { hubEndpoint: hub.origin }, credentials: {}, confirm: '7' };
    hub.cdn.reset();
    hub.requests.length = 0;
    const declined = await editor.connection.sendRequest(ScanRemote.type, params);
    assert.equal(declined.cancelled, true);
    assert.equal(declined.artifacts, 0);
    assert.ok(hub.requests.every(({ url }) => url.startsWith('/api/')));
    assert.equal(asked[0]?.confirm, '7');
    assert.equal(asked[0]?.files, 2);
    assert.equal(asked[0]?.bytes, 300_000 + code.length);
    assert.ok(asked[0].expectedBytes < 200_000, `${asked[0].expectedBytes} bytes`);
    assert.ok(asked[0].facts.some(({ label }) => label === 'commit'));
    answer = true;
    const scanned = await editor.connection.sendRequest(ScanRemote.type, params);
    assert.equal(scanned.cancelled, false);
    await until(() => editor.artifacts.has(`${scanned.root}/a.py`), 'the finding');
    assert.equal(editor.artifacts.get(`${scanned.root}/a.py`)?.remote, scanned.root);
    await editor.connection.sendRequest(CloseRemote.type, { root: scanned.root });
    await until(() => !editor.artifacts.has(`${scanned.root}/a.py`), 'the source to be closed');
    await assert.rejects(editor.connection.sendRequest(RemoteText.type, { uri: `${scanned.root}/a.py` }));
  });

  it('keeps the parts of a source apart', async () => {
    const file = new TextEncoder().encode(code);
    hub.add('acme/parts', { 'one/a.py': file, 'two/b.py': file });
    const scan = (subfolder: string) =>
      editor.connection.sendRequest(ScanRemote.type, {
        target: 'hf:acme/parts',
        options: { hubEndpoint: hub.origin, subfolder },
        credentials: {},
      });
    const [one, two] = [await scan('one'), await scan('two')];
    assert.notEqual(one.root, two.root);
    await until(() => editor.artifacts.has(`${two.root}/two/b.py`), 'the second part');
    assert.ok(editor.artifacts.has(`${one.root}/one/a.py`), 'the first part is gone');
  });

  it('understands what is typed, without asking anybody', async () => {
    hub.requests.length = 0;
    const parse = (target: string, options: ParseRemote.Params['options'] = {}) =>
      editor.connection.sendRequest(ParseRemote.type, { target, options });
    assert.deepEqual(await parse('https://huggingface.co/datasets/acme/d/tree/v1/data'), {
      kind: 'huggingface',
      root: 'watchtower-remote:/hf/datasets/acme/d%40v1%3Adata',
      label: 'hf:datasets/acme/d@v1',
      target: 'hf:acme/d',
      options: { repoType: 'dataset', ref: 'v1', subfolder: 'data' },
      refInAddress: false,
      realm: { kind: 'token', host: 'huggingface.co' },
    });
    const page = await parse('https://github.com/acme/r/tree/feature/x/sub');
    assert.ok('refInAddress' in page && page.refInAddress && page.target.endsWith('/tree/feature/x/sub'));
    const again = await parse('target' in page ? page.target : '');
    assert.deepEqual(again, page);
    const bucket = await parse('s3://models/run', { s3Endpoint: 'https://store.example:9000' });
    assert.deepEqual('realm' in bucket && bucket.realm, { kind: 's3', store: 'store.example:9000' });
    assert.ok(!('realm' in (await parse('s3://models', { anonymous: true }))));
    for (const [target, options] of [
      ['ssh://host/x', {}],
      ['hf:a/b', { hubEndpoint: 'ftp://x' }],
      ['hf:a/b', { hubEndpoint: 'https://user:secret@x' }],
      ['hf:a/b', { ref: '--x' }],
      ['s3://models', { region: 'a b' }],
      ['s3://models', { s3Endpoint: 'nowhere' }],
      ['github:a/b', { depth: 0 }],
      ['github:a/b', { subfolder: '../x' }],
    ] as const) {
      const answer = await parse(target, options);
      assert.ok('problem' in answer && answer.problem.length > 10, `${target} ${JSON.stringify(options)}`);
      assert.ok(!answer.problem.includes('secret'));
    }
    assert.equal(hub.requests.length, 0);
  });

  it('reads texts of a git repository from one clone, which goes when the source is closed', async function () {
    if (!findGit(process.env)) this.skip();
    const folder = mkdtempSync(path.join(tmpdir(), 'watchtower-test-lsp-git-'));
    const server = new GitServer(folder);
    try {
      const origin = await server.start();
      makeRepository(folder, 'repo.git', { 'a.py': { content: code }, 'b.py': { content: code } });
      const { processId } = await editor.connection.sendRequest(ServerInformation.type);
      const ours = () =>
        readdirSync(tmpdir())
          .filter((name) => name.startsWith('watchtower-scan-'))
          .filter((name) => {
            const lock = path.join(tmpdir(), name, 'watchtower.lock');
            return existsSync(lock) && readFileSync(lock, 'utf8').includes(`"pid":${processId},`);
          });
      const { root } = await editor.connection.sendRequest(ScanRemote.type, {
        target: `${origin}/repo.git`,
        options: {},
        credentials: {},
      });
      assert.deepEqual(ours(), [], 'the scan has left its folder');
      assert.equal((await editor.connection.sendRequest(RemoteText.type, { uri: `${root}/a.py` })).text, code);
      const asked = server.requests.length;
      assert.equal((await editor.connection.sendRequest(RemoteText.type, { uri: `${root}/b.py` })).text, code);
      assert.equal(server.requests.length, asked, 'the repository is fetched again');
      assert.equal(ours().length, 1);
      await editor.connection.sendRequest(CloseRemote.type, { root });
      await until(() => ours().length === 0, 'the clone to go');
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('leaves no credential in a trace of the protocol', async () => {
    const { withoutCredentials } = (await import(TRACE_LOG)) as { withoutCredentials(message: string): string };
    hub.add('acme/traced', { 'a.py': new TextEncoder().encode(code) }, { private: true });
    const raw: string[] = [];
    await editor.connection.trace(Trace.Verbose, {
      log: (message: unknown, data?: string) => raw.push(data === undefined ? String(message) : `${message}\n${data}`),
    });
    const { root } = await editor.connection.sendRequest(ScanRemote.type, {
      target: 'hf:acme/traced',
      options: { hubEndpoint: hub.origin },
      credentials: { token: hub.token },
    });
    await editor.connection.sendRequest(RemoteText.type, { uri: `${root}/a.py` });
    await editor.connection.trace(Trace.Off, { log: () => undefined });
    assert.ok(
      raw.some((line) => line.includes(hub.token)),
      'the trace is one that would show it',
    );
    const written = raw.map(withoutCredentials);
    assert.ok(written.some((line) => line.startsWith("Sending request 'watchtower/scanRemote")));
    assert.ok(written.every((line) => !line.includes(hub.token) && !line.includes(key)));
  });

  it('has no setting that a workspace can set', () => {
    const manifest = JSON.parse(readFileSync(path.join(__dirname, '..', '..', '..', 'package.json'), 'utf8')) as {
      contributes: { configuration: { properties: Record<string, { scope: string }> }[] };
    };
    const settings = manifest.contributes.configuration.flatMap(({ properties }) => Object.entries(properties));
    const remote = settings.filter(([name]) => name.startsWith('watchtower.remote.'));
    assert.ok(remote.length >= 8);
    for (const [name, { scope }] of remote) {
      assert.equal(scope, 'machine', name);
      assert.ok(!/token|key|secret|password/i.test(name), `${name} would hold a credential`);
    }
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
