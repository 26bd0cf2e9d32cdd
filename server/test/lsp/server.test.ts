import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type CodeAction, type Diagnostic, DiagnosticSeverity, type TextEdit } from 'vscode-languageserver-protocol';
import {
  AddToBaseline,
  type DiagnosticData,
  ExportReports,
  InspectModel,
  ListFindings,
  RuleDocument,
  ScanFile,
  type ScanSummary,
  ScanWorkspace,
  TrustGranted,
} from '../../src/protocol/messages';
import { buildServer, TestEditor, until } from './support';

const UNSAFE = '--trusted-host packages.internal\n';
const RULE = 'dependency/trusted-host';

describe('language server', function () {
  this.timeout(60_000);
  let bundles: ReturnType<typeof buildServer>;
  let root: string;
  let editor: TestEditor;
  const file = (name: string) => path.join(root, name);
  const uri = (name: string) => pathToFileURL(file(name)).href;
  const write = (name: string, content: string | Uint8Array) => {
    mkdirSync(path.dirname(file(name)), { recursive: true });
    writeFileSync(file(name), content);
  };
  const start = async (settings: Record<string, unknown> = {}, folders = [root]) => {
    editor = await TestEditor.start(bundles.folder, { folders, settings });
    return editor;
  };
  const scan = (params: ScanWorkspace.Params = {}) => editor.connection.sendRequest(ScanWorkspace.type, params);
  const found = (name: string, what = `findings in ${name}`) => until(() => editor.diagnostics.get(uri(name)), what);
  const gone = (name: string) => until(() => !editor.diagnostics.has(uri(name)), `no findings in ${name}`);
  const actionsAt = (document: string, diagnostics: Diagnostic[], only?: string[]) =>
    editor.connection.sendRequest<CodeAction[]>('textDocument/codeAction', {
      textDocument: { uri: document },
      range: (diagnostics[0] as Diagnostic).range,
      context: { diagnostics, ...(only && { only }) },
    });

  before(() => {
    bundles = buildServer();
  });
  after(() => bundles.remove());
  beforeEach(() => {
    root = mkdtempSync(path.join(os.tmpdir(), 'watchtower-lsp-workspace-'));
  });
  afterEach(async () => {
    assert.equal(await editor.stop(), 0, 'the server ends cleanly');
    rmSync(root, { recursive: true, force: true });
  });

  it('scans a document when it is opened, and publishes exact diagnostics', async () => {
    write('requirements.txt', `numpy\n${UNSAFE}`);
    await start();
    await editor.open(uri('requirements.txt'), 'pip-requirements', `numpy\n${UNSAFE}`);
    const diagnostics = await found('requirements.txt');
    const diagnostic = diagnostics.find(({ code }) => code === RULE) as Diagnostic;
    assert.equal(diagnostic.source, 'watchtower');
    assert.equal(diagnostic.range.start.line, 1);
    assert.equal(diagnostic.range.start.character, 0);
    assert.equal(diagnostic.codeDescription?.href, `watchtower-rule:/${RULE}.md`);
    assert.equal(diagnostic.severity, DiagnosticSeverity.Warning);
    assert.match((diagnostic.data as DiagnosticData).fingerprint, /^[0-9a-f]{32}$/);
  });

  it('takes a finding back when it is fixed and saved, and not before', async () => {
    write('requirements.txt', UNSAFE);
    await start();
    await editor.open(uri('requirements.txt'), 'pip-requirements', UNSAFE);
    await found('requirements.txt');
    await editor.type(uri('requirements.txt'), '');
    await editor.connection.sendRequest(ListFindings.type, {});
    assert.ok(editor.diagnostics.has(uri('requirements.txt')), 'nothing is scanned for being typed');
    await editor.save(uri('requirements.txt'));
    await gone('requirements.txt');
  });

  it('scans while typing when it is told to', async () => {
    write('requirements.txt', '');
    await start({ run: 'onType' });
    await editor.open(uri('requirements.txt'), 'pip-requirements', '');
    await editor.type(uri('requirements.txt'), UNSAFE);
    await found('requirements.txt');
    await editor.type(uri('requirements.txt'), '');
    await gone('requirements.txt');
  });

  it('scans nothing by itself when it is set to manual', async () => {
    write('requirements.txt', UNSAFE);
    await start({ run: 'manual' });
    await editor.open(uri('requirements.txt'), 'pip-requirements', UNSAFE);
    await editor.save(uri('requirements.txt'));
    const { artifacts } = await editor.connection.sendRequest(ListFindings.type, {});
    assert.deepEqual(artifacts, []);
    const artifact = await editor.connection.sendRequest(ScanFile.type, { uri: uri('requirements.txt') });
    assert.deepEqual(
      artifact?.findings.map(({ ruleId }) => ruleId),
      [RULE],
    );
    await found('requirements.txt');
  });

  it('goes back to what is on disk when unsaved changes are thrown away', async () => {
    write('requirements.txt', 'numpy\n');
    await start({ run: 'onType' });
    await editor.open(uri('requirements.txt'), 'pip-requirements', 'numpy\n');
    await editor.type(uri('requirements.txt'), UNSAFE);
    await found('requirements.txt');
    await editor.close(uri('requirements.txt'));
    await until(() => !editor.rulesAt(uri('requirements.txt')).includes(RULE), 'the finding is gone');
  });

  it('scans a workspace in worker threads, streams findings and reads nothing twice', async () => {
    for (let index = 0; index < 30; index += 1) write(`part${index}/requirements.txt`, UNSAFE);
    write('node_modules/x/requirements.txt', UNSAFE);
    await start();
    const reports: string[] = [];
    editor.connection.onProgress({ __: undefined, _pr: undefined } as never, 'token-1', (value) => {
      reports.push((value as { kind: string }).kind);
    });
    const first = await scan({ workDoneToken: 'token-1' });
    assert.equal(first.artifacts, 30);
    assert.equal(first.findings.medium, 30);
    assert.equal(first.cancelled, false);
    assert.equal(first.unchanged, 0);
    assert.equal(reports[0], 'begin');
    assert.equal(reports.at(-1), 'end');
    await until(() => editor.artifacts.size === 30, 'all findings told');
    assert.equal(editor.diagnostics.size, 30);
    const second = await scan();
    assert.equal(second.unchanged, 30);
    assert.equal(second.findings.medium, 30);
    write('part7/requirements.txt', 'numpy==1.0.0\n# changed\n');
    const third = await scan();
    assert.equal(third.unchanged, 29);
    const forced = await scan({ force: true });
    assert.equal(forced.unchanged, 0);
  });

  it('can be cancelled', async () => {
    for (let index = 0; index < 400; index += 1) write(`part${index}/requirements.txt`, UNSAFE.repeat(200));
    await start();
    const { CancellationTokenSource } = await import('vscode-languageserver-protocol');
    const source = new CancellationTokenSource();
    const running = editor.connection.sendRequest(ScanWorkspace.type, {}, source.token);
    await until(() => editor.state.workspace !== undefined, 'the scan to begin');
    source.cancel();
    // The answer to a cancelled request is the summary of what was done, or the protocol's own error.
    const summary = await running.catch(() => undefined);
    await until(() => editor.state.workspace === undefined && editor.state.last, 'the scan to end');
    assert.equal((summary ?? editor.state.last)?.cancelled, true);
    const again = await scan();
    assert.equal(again.cancelled, false);
    assert.equal(again.artifacts, 400);
  });

  it('forgets what is deleted, renamed or excluded', async () => {
    write('a/requirements.txt', UNSAFE);
    write('b/requirements.txt', UNSAFE);
    write('c/requirements.txt', UNSAFE);
    await start();
    await scan();
    assert.equal(editor.diagnostics.size, 3);
    rmSync(file('a'), { recursive: true });
    await editor.filesChanged({ uri: uri('a'), type: 3 });
    await gone('a/requirements.txt');
    await editor.changeConfiguration({ exclude: ['b/'] });
    await gone('b/requirements.txt');
    rmSync(file('c/requirements.txt'));
    write('c/requirements-dev.txt', UNSAFE);
    await editor.filesChanged(
      { uri: uri('c/requirements.txt'), type: 3 },
      { uri: uri('c/requirements-dev.txt'), type: 1 },
    );
    await found('c/requirements-dev.txt');
    assert.deepEqual([...editor.diagnostics.keys()], [uri('c/requirements-dev.txt')]);
    await until(() => editor.artifacts.size === 1, 'the views to follow');
  });

  it('follows changed severities and says which settings it does not understand', async () => {
    write('requirements.txt', UNSAFE);
    await start({ severity: { overrides: { 'dependency/*': 'high' } } });
    await editor.open(uri('requirements.txt'), 'pip-requirements', UNSAFE);
    assert.equal((await found('requirements.txt'))[0]?.severity, DiagnosticSeverity.Error);
    await editor.changeConfiguration({ severity: { overrides: { [RULE]: 'off' } }, exclude: 7 });
    await gone('requirements.txt');
    await until(() => editor.log.some((line) => line.includes('watchtower.exclude: expected')), 'a word about exclude');
  });

  it('survives files that are damaged, and reports them', async () => {
    write('broken.ipynb', '{"cells": [');
    write('empty.pkl', '');
    write('odd $(name)\n;.ipynb', 'no notebook');
    write('requirements.txt', UNSAFE);
    await start();
    const summary = await scan();
    assert.equal(summary.cancelled, false);
    assert.ok(summary.notScanned >= 2, `${summary.notScanned} are said not to be scanned`);
    assert.deepEqual(editor.rulesAt(uri('requirements.txt')), [RULE]);
    const { artifacts } = await editor.connection.sendRequest(ListFindings.type, { kinds: ['notebook'] });
    assert.equal(artifacts.length, 2);
    for (const artifact of artifacts) assert.notEqual(artifact.status, 'scanned');
  });

  it('offers to ignore, to baseline, to change the severity and to show the rule', async () => {
    write('requirements.txt', UNSAFE);
    await start();
    await editor.open(uri('requirements.txt'), 'pip-requirements', UNSAFE);
    const diagnostics = await found('requirements.txt');
    const actions = await actionsAt(uri('requirements.txt'), diagnostics);
    const ignore = actions.find(({ title }) => title.startsWith('Ignore')) as CodeAction;
    const edits = ignore.edit?.changes?.[uri('requirements.txt')] as TextEdit[];
    assert.equal(edits[0]?.newText, `  # watchtower: ignore[${RULE}]`);
    assert.deepEqual(edits[0]?.range.start, { line: 0, character: 32 });
    assert.deepEqual(
      actions.flatMap(({ command }) => command?.command ?? []),
      ['watchtower.addToBaseline', 'watchtower.changeSeverity', 'watchtower.showRule'],
    );
    assert.deepEqual(await actionsAt(uri('requirements.txt'), diagnostics, ['refactor']), []);
  });

  it('hides what is added to the baseline, and shows it again when the baseline is gone', async () => {
    write('requirements.txt', UNSAFE);
    await start();
    await scan();
    const [diagnostic] = await found('requirements.txt');
    const { artifact, fingerprint } = (diagnostic as Diagnostic).data as DiagnosticData;
    const added = await editor.connection.sendRequest(AddToBaseline.type, {
      findings: [{ uri: artifact, fingerprint }],
    });
    assert.equal(added.added, 1);
    assert.deepEqual(added.files, [uri('.watchtower/baseline.json')]);
    await gone('requirements.txt');
    const text = readFileSync(file('.watchtower/baseline.json'), 'utf8');
    assert.ok(!text.includes(fingerprint), 'hashes are salted');
    await until(() => editor.artifacts.get(uri('requirements.txt'))?.suppressedCount === 1, 'the count of the hidden');
    assert.equal((await scan()).suppressed, 1);
    rmSync(file('.watchtower'), { recursive: true });
    await editor.filesChanged({ uri: uri('.watchtower/baseline.json'), type: 3 });
    await found('requirements.txt');
    assert.equal((await editor.connection.sendRequest(AddToBaseline.type, {})).added, 1);
    await gone('requirements.txt');
    write('.watchtower/baseline.json', 'something else');
    await assert.rejects(editor.connection.sendRequest(AddToBaseline.type, {}), /not overwritten/);
  });

  it('lets an ignore file hide findings, those of models only in a trusted workspace', async () => {
    write('requirements.txt', UNSAFE);
    write('broken.ipynb', 'no notebook');
    await start();
    const before = await scan();
    const about = (report: ScanSummary) => report.findings.low + report.findings.medium;
    assert.ok(editor.diagnostics.has(uri('broken.ipynb')), [...editor.diagnostics.keys()].join());
    write('.watchtowerignore', '*:*\n');
    await editor.filesChanged({ uri: uri('.watchtowerignore'), type: 1 });
    await gone('requirements.txt');
    assert.ok(about(await scan()) < about(before));
    assert.ok(editor.diagnostics.has(uri('broken.ipynb')), 'what could not be inspected is still said');
    await editor.connection.sendNotification(TrustGranted.type);
    await gone('broken.ipynb');
  });

  it('moves with the text: actions after an edit stand where the finding is now', async () => {
    write('requirements.txt', UNSAFE);
    await start();
    await editor.open(uri('requirements.txt'), 'pip-requirements', UNSAFE);
    const diagnostics = await found('requirements.txt');
    await editor.type(uri('requirements.txt'), `# a comment\n\n${UNSAFE}`);
    const actions = await actionsAt(uri('requirements.txt'), diagnostics);
    const edits = actions[0]?.edit?.changes?.[uri('requirements.txt')] as TextEdit[];
    assert.equal(edits[0]?.range.start.line, 2);
  });

  it('writes reports, describes models and shows rules', async () => {
    write('requirements.txt', UNSAFE);
    await start();
    await scan();
    const target = path.join(root, 'out', 'reports');
    const { files } = await editor.connection.sendRequest(ExportReports.type, { target: pathToFileURL(target).href });
    assert.ok(files.length > 0);
    const json = files.find((name) => name.endsWith('.json')) as string;
    assert.ok(readFileSync(new URL(json), 'utf8').includes(RULE));
    const page = await editor.connection.sendRequest(RuleDocument.type, { ruleId: RULE });
    assert.match(page.markdown, /^# .+\n[\s\S]*What to do/);
    const own = await editor.connection.sendRequest(RuleDocument.type, { ruleId: 'custom/<img src=x>' });
    assert.ok(!own.markdown.startsWith('# custom/<img'), 'text of a setting is escaped');
    const result = await editor.connection.sendRequest(InspectModel.type, { uri: uri('requirements.txt') });
    assert.equal(result?.artifact.path, 'requirements.txt');
    assert.equal(await editor.connection.sendRequest(InspectModel.type, { uri: uri('none.pkl') }), null);
  });

  it('keeps folders of a multi-root workspace apart', async () => {
    write('one/requirements.txt', UNSAFE);
    write('one/inner/requirements.txt', UNSAFE);
    write('two/requirements.txt', UNSAFE);
    await start({}, [file('one'), file('one/inner'), file('two')]);
    const summary = await scan();
    assert.equal(summary.artifacts, 3);
    const { artifacts } = await editor.connection.sendRequest(ListFindings.type, {});
    assert.deepEqual(artifacts.map(({ folderUri, path: own }) => `${folderUri?.split('/').at(-1)}:${own}`).sort(), [
      'inner:requirements.txt',
      'one:requirements.txt',
      'two:requirements.txt',
    ]);
    const only = await scan({ folders: [uri('two')] });
    assert.equal(only.artifacts, 1);
  });
});
