import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CodeAction, Diagnostic } from 'vscode-languageserver-protocol';
import { ExportReports, InspectModel, ScanFile, ScanWorkspace } from '../../src/protocol/messages';
import { llama, safetensors } from '../core/models/snapshot/files';
import { buildServer, TestEditor, until } from './support';

const CREATED = 1;
const CHANGED = 2;
const DELETED = 3;
const TEMPLATE = 'template/code-execution';

describe('a Hugging Face snapshot in the editor', function () {
  this.timeout(60_000);
  let bundles: ReturnType<typeof buildServer>;
  let root: string;
  let editor: TestEditor;
  const uri = (name: string) => pathToFileURL(path.join(root, name)).href;
  const write = (name: string, content: string | Uint8Array) => {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), content);
  };
  const scan = () => editor.connection.sendRequest(ScanWorkspace.type, {});
  const whole = (name: string) => editor.artifacts.get(uri(name));
  const rules = (name: string) => (whole(name)?.findings ?? []).map(({ ruleId }) => ruleId).sort();
  const BOTH = ['config/remote-code', TEMPLATE];

  before(() => {
    bundles = buildServer();
  });
  after(() => bundles.remove());
  beforeEach(async () => {
    root = mkdtempSync(path.join(os.tmpdir(), 'watchtower-lsp-snapshot-'));
    for (const [name, content] of Object.entries(llama())) write(`m/${name}`, content);
    write('other.py', 'x = 1\n');
    editor = await TestEditor.start(bundles.folder, { folders: [root], settings: {} });
  });
  afterEach(async () => {
    assert.equal(await editor.stop(), 0, 'the server ends cleanly');
    rmSync(root, { recursive: true, force: true });
  });

  it('is one artifact whose findings stand in its files, at their lines', async () => {
    await scan();
    await until(() => whole('m'), 'the snapshot');
    assert.equal(whole('m')?.formatTitle, 'Hugging Face model');
    assert.equal(whole('m')?.parameters, 120);
    assert.deepEqual(rules('m'), BOTH);
    assert.equal(whole('m/config.json'), undefined);
    assert.equal(whole('m/modeling_x.py')?.kind, 'python', 'code stays a file of its own');
    const [diagnostic] = editor.diagnostics.get(uri('m/tokenizer_config.json')) ?? [];
    assert.equal(diagnostic?.range.start.line, 1);
    const finding = whole('m')?.findings.find(({ ruleId }) => ruleId === TEMPLATE);
    assert.deepEqual(
      [finding?.file?.name, finding?.file?.uri, finding?.file?.location.line, finding?.file?.location.member],
      ['tokenizer_config.json', uri('m/tokenizer_config.json'), 2, undefined],
    );
    const { description } = (await editor.connection.sendRequest(InspectModel.type, { uri: uri('m') })) ?? {};
    assert.equal(description?.license, 'apache-2.0');
    assert.equal(description?.members?.length, 6);
  });

  it('is the workspace folder itself when the model lies at its root', async () => {
    for (const [name, content] of Object.entries(llama())) write(name, content);
    await scan();
    const here = await until(() => editor.artifacts.get(pathToFileURL(root).href), 'the snapshot of the root');
    assert.equal(here.path, '.');
    assert.deepEqual(here.findings.map(({ ruleId }) => ruleId).sort(), BOTH);
    assert.deepEqual(editor.rulesAt(uri('tokenizer_config.json')), [TEMPLATE]);
    assert.deepEqual(rules('m'), BOTH, 'the other one is one of its own');
  });

  it('follows its files as they are typed in, saved and closed, and nothing is told twice', async () => {
    await scan();
    await until(() => whole('m'), 'the snapshot');
    const file = uri('m/tokenizer_config.json');
    const evil = String(llama()['tokenizer_config.json']);
    await editor.open(file, 'json', evil);
    await editor.type(file, '{"chat_template": "{{ messages }}"}');
    await until(() => rules('m').length === 1, 'the finding to go while typing');
    assert.deepEqual(rules('m'), ['config/remote-code']);
    assert.deepEqual(editor.rulesAt(file), []);
    // A scan of the workspace in between sees the disk, where the template still is: the editor's text counts.
    await scan();
    assert.deepEqual(rules('m'), ['config/remote-code']);
    await editor.close(file);
    await until(() => rules('m').length === 2, 'what is on disk');
    assert.deepEqual(editor.rulesAt(file), [TEMPLATE]);
    write('m/tokenizer_config.json', '{}');
    await editor.filesChanged({ uri: file, type: CHANGED });
    await until(() => rules('m').length === 1, 'the saved text');
    await scan();
    assert.deepEqual(rules('m'), ['config/remote-code']);
    assert.equal(whole('m/tokenizer_config.json'), undefined);
  });

  it('offers for a finding in a file what is offered for any', async () => {
    await scan();
    const file = uri('m/tokenizer_config.json');
    await editor.open(file, 'json', String(llama()['tokenizer_config.json']));
    const diagnostics = await until(() => editor.diagnostics.get(file), 'its diagnostics');
    const actions = await editor.connection.sendRequest<CodeAction[]>('textDocument/codeAction', {
      textDocument: { uri: file },
      range: (diagnostics[0] as Diagnostic).range,
      context: { diagnostics },
    });
    assert.ok(actions.some(({ title }) => title.includes('baseline')));
    await editor.close(file);
  });

  it('takes in a file that comes, and lets go of one that goes', async () => {
    await scan();
    await until(() => whole('m'), 'the snapshot');
    // Not one of the two that the index knows, and not one of three.
    write('m/model-00003-of-00003.safetensors', safetensors({ z: [1000] }));
    await editor.filesChanged({ uri: uri('m/model-00003-of-00003.safetensors'), type: CREATED });
    await until(() => whole('m')?.parameters === 1120, 'the new shard');
    assert.ok(rules('m').includes('config/shard-mismatch'), 'which the index has not');
    rmSync(path.join(root, 'm/model-00003-of-00003.safetensors'));
    await editor.filesChanged({ uri: uri('m/model-00003-of-00003.safetensors'), type: DELETED });
    await until(() => whole('m')?.parameters === 120, 'the shard to go');
    assert.deepEqual(rules('m'), BOTH);
    // A shard that is written anew with other tensors.
    write('m/model-00002-of-00002.safetensors', safetensors({ d: [10, 10] }));
    await editor.filesChanged({ uri: uri('m/model-00002-of-00002.safetensors'), type: CHANGED });
    await until(() => rules('m').includes('config/shard-mismatch'), 'the index to be compared again');
    assert.ok(!rules('m').some((rule) => rule.startsWith('coverage/')), 'a file that is gone is no unreadable one');
  });

  it('falls apart into its files when its configuration goes, and comes together when it comes back', async () => {
    await scan();
    await until(() => whole('m'), 'the snapshot');
    const open = uri('m/tokenizer_config.json');
    await editor.open(open, 'json', String(llama()['tokenizer_config.json']));
    await editor.connection.sendRequest(ScanFile.type, { uri: open });
    rmSync(path.join(root, 'm/config.json'));
    await editor.filesChanged({ uri: uri('m/config.json'), type: DELETED });
    // What is left is a sharded checkpoint; the open file stands for itself again.
    await until(() => whole('m')?.format === 'sharded-checkpoint', 'the shards');
    await until(() => whole('m/tokenizer_config.json'), 'the file on its own');
    assert.deepEqual(editor.rulesAt(open), [TEMPLATE]);
    write('m/config.json', llama()['config.json'] as string);
    await editor.filesChanged({ uri: uri('m/config.json'), type: CREATED });
    await until(() => whole('m')?.format === 'huggingface-snapshot', 'the snapshot');
    await until(() => !whole('m/tokenizer_config.json'), 'the file to be a member');
    assert.deepEqual(rules('m'), BOTH);
    assert.deepEqual(editor.rulesAt(open), [TEMPLATE]);
    await editor.close(open);
  });

  it('can be scanned again as a whole, with what an editor holds', async () => {
    await scan();
    const file = uri('m/tokenizer_config.json');
    await editor.open(file, 'json', '{}');
    await until(() => rules('m').length === 1, "the editor's text");
    const artifact = await editor.connection.sendRequest(ScanFile.type, { uri: uri('m') });
    assert.deepEqual(
      artifact?.findings.map(({ ruleId }) => ruleId),
      ['config/remote-code'],
    );
    await editor.close(file);
  });

  it('counts once in exported reports', async () => {
    await scan();
    const target = path.join(root, '..', `${path.basename(root)}-reports`);
    const { files } = await editor.connection.sendRequest(ExportReports.type, { target: pathToFileURL(target).href });
    const summary = files.find((name) => name.includes('summary_reports'));
    assert.ok(summary);
    const counts = JSON.parse(readFileSync(new URL(summary), 'utf8'));
    rmSync(target, { recursive: true, force: true });
    assert.equal(counts['Total Number of Model Found'], 1);
    assert.equal(counts['Total Number of Model Scanned'], 1);
    assert.deepEqual(counts['Total Model Vulnerabilities Found'], { Critical: 0, High: 1, Medium: 1, Low: 0 });
  });
});
