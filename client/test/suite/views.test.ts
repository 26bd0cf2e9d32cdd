import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import type { ScanSummary } from '../../../server/src/protocol/messages';
import { allNodes, closeEditors, fileUri, isArtifact, isFinding, isGroup, until, watchtower } from './support';

describe('views', () => {
  before(async () => {
    await watchtower();
    const summary = await vscode.commands.executeCommand<ScanSummary>('watchtower.scanWorkspace');
    assert.ok(summary.artifacts >= 5, `${summary.artifacts} artifacts`);
  });
  afterEach(closeEditors);

  it('list the models, the worst first, with what was found in them', async () => {
    const { models } = await watchtower();
    const nodes = await until(() => {
      models.refresh();
      const own = models.roots.filter(isArtifact);
      return own.length >= 2 && own;
    }, 'models');
    assert.equal(nodes[0]?.artifact.path, 'models/dangerous.pkl');
    const item = nodes[0].item();
    assert.match(String(item.description), /critical|high/);
    assert.match(item.accessibilityInformation?.label ?? '', /dangerous\.pkl/);
    const [finding] = nodes[0].children().filter(isFinding);
    assert.ok(finding);
    assert.match(finding.finding.message, /system/);
    assert.equal(models.getParent(finding), nodes[0]);
    const harmless = nodes.find(({ artifact }) => artifact.path === 'models/harmless.pkl');
    assert.ok(harmless, 'a clean model is listed too');
    assert.equal(harmless.children().length, 0);
    await until(() => (models.view.badge?.value ?? 0) >= 1, 'a badge');
  });

  it('keep their ids over a rescan, so that nothing collapses', async () => {
    const { models } = await watchtower();
    const before = allNodes(models.roots).map(({ id }) => id);
    await vscode.commands.executeCommand('watchtower.scanFile', fileUri('models/dangerous.pkl'));
    models.refresh();
    assert.deepEqual(
      allNodes(models.roots).map(({ id }) => id),
      before,
    );
    assert.equal(new Set(before).size, before.length, 'ids are unique');
  });

  it('can reveal a finding', async () => {
    const { models } = await watchtower();
    const finding = allNodes(models.roots).find(isFinding);
    assert.ok(finding);
    await models.view.reveal(finding, { select: true });
    assert.deepEqual(
      models.view.selection.map(({ id }) => id),
      [finding.id],
    );
  });

  it('group by file, severity and rule, and filter', async () => {
    const { findingsTree } = await watchtower();
    const count = () => allNodes(findingsTree.roots).filter(isFinding).length;
    await vscode.commands.executeCommand('watchtower.groupFindings', 'file');
    const all = count();
    assert.ok(all > 0);
    for (const grouping of ['severity', 'rule']) {
      await vscode.commands.executeCommand('watchtower.groupFindings', grouping);
      assert.ok(findingsTree.roots.every(isGroup));
      assert.equal(count(), all, grouping);
    }
    await vscode.commands.executeCommand('watchtower.filterFindings', { severities: [], categories: ['dependency'] });
    assert.ok(count() < all);
    assert.match(findingsTree.view.message ?? '', /of/);
    await vscode.commands.executeCommand('watchtower.filterFindings', { severities: [], categories: [] });
    await vscode.commands.executeCommand('watchtower.groupFindings', 'file');
    assert.equal(count(), all);
  });

  it('open the details of a model, with everything of the file escaped', async () => {
    const { models } = await watchtower();
    const finding = allNodes(models.roots).find(isFinding);
    await vscode.commands.executeCommand('watchtower.openFinding', finding);
    const document = await until(
      () => vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'watchtower-model'),
      'the details page',
    );
    assert.match(document.getText(), /## Findings/);
    assert.match(document.getText(), /system/);
  });

  it('export the reports to a folder that is given', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'watchtower-reports-'));
    const files = await vscode.commands.executeCommand<string[]>('watchtower.exportReports', vscode.Uri.file(folder));
    assert.ok(files.length > 0);
    const json = files.find((file) => file.endsWith('.json'));
    assert.ok(json);
    const text = readFileSync(vscode.Uri.parse(json).fsPath, 'utf8');
    assert.match(text, /dangerous\.pkl/);
    assert.ok(!/ghp_\w{36}/.test(text), 'no report repeats a secret');
    assert.ok(
      files.some((file) => /severity_mapped_detailed_reports_\d+\.json$/.test(file)),
      'the reports of AIShield Watchtower are among them',
    );
  });

  it('export the reports to one zip that is given', async () => {
    const zip = path.join(await mkdtemp(path.join(tmpdir(), 'watchtower-reports-')), 'reports.zip');
    const files = await vscode.commands.executeCommand<string[]>('watchtower.exportReports', vscode.Uri.file(zip));
    assert.deepEqual(files, [vscode.Uri.file(zip).toString()]);
    assert.equal(readFileSync(zip).subarray(0, 2).toString(), 'PK');
  });

  it('are filled again after a restart', async () => {
    const api = await watchtower();
    await vscode.commands.executeCommand('watchtower.restartServer');
    assert.equal(api.findings.artifacts.length, 0);
    const summary = await vscode.commands.executeCommand<ScanSummary>('watchtower.scanWorkspace');
    await until(() => api.findings.artifacts.length === summary.artifacts, `${summary.artifacts} artifacts`).catch(
      (error) => {
        throw new Error(`${error.message}: ${api.findings.artifacts.map(({ path: own }) => own).join(', ')}`);
      },
    );
  });
});
