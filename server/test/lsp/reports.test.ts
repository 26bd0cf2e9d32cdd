import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import JSZip from 'jszip';
import type { ScanReport } from '../../src/core/finding';
import { writeReports } from '../../src/lsp/reports';

const NAMES = [
  'detailed_reports_N.json',
  'severity_mapped_detailed_reports_N.json',
  'summary_reports_N.json',
  'watchtower.cdx.json',
  'watchtower.csv',
  'watchtower.html',
  'watchtower.json',
  'watchtower.md',
  'watchtower.sarif',
];

const report = (target: string): ScanReport => ({
  schema: 'watchtower-scan/1',
  tool: { name: 'watchtower', version: '0' },
  advisories: { asOf: '2026-01-01', source: 's', count: 0 },
  target,
  notScanned: [],
  artifacts: [],
});
const scan = (label: string) => ({ label, report: report(label), options: { repositoryType: 'folder' } });
const timeless = (name: string) => name.replace(/\d{8,}/, 'N');

describe('export of reports', () => {
  let top: string;
  let target: string;
  beforeEach(() => {
    top = mkdtempSync(path.join(os.tmpdir(), 'watchtower-export-'));
    target = path.join(top, 'in', 'here');
  });
  afterEach(() => rmSync(top, { recursive: true, force: true }));

  it('writes every report there is, the three of AIShield Watchtower too, straight into the folder', async () => {
    const written = await writeReports([scan('project')], target);
    assert.deepEqual(written.map((file) => timeless(path.relative(target, file))).sort(), NAMES);
    assert.deepEqual(readdirSync(target).map(timeless).sort(), NAMES);
  });

  it('writes them into one zip where the target is one', async () => {
    const zip = path.join(target, 'reports.zip');
    assert.deepEqual(await writeReports([scan('one'), scan('two')], zip), [zip]);
    const { files } = await JSZip.loadAsync(readFileSync(zip));
    assert.deepEqual(
      Object.keys(files).map(timeless).sort(),
      ['one', 'two'].flatMap((folder) => NAMES.map((name) => `${folder}/${name}`)),
    );
  });

  it('keeps several apart, and inside the target, whatever they are called', async () => {
    const labels = ['data', 'Data', '../../out', 'C:\\out', '..', 'models (größer)', ''];
    await writeReports(labels.map(scan), target);
    assert.deepEqual(readdirSync(top), ['in']);
    assert.deepEqual(readdirSync(path.join(top, 'in')), ['here']);
    const folders = readdirSync(target).sort();
    assert.deepEqual(folders, ['C_out', 'Data-2', 'data', 'models_größer', 'out', 'reports', 'reports-2'].sort());
    const targets = folders.map(
      (folder) => JSON.parse(readFileSync(path.join(target, folder, 'watchtower.json'), 'utf8')).target as string,
    );
    assert.deepEqual(targets.sort(), [...labels].sort());
  });
});
