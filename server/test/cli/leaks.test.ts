import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ScanReport } from '../../src/core/finding';
import { leaksIn, secretFiles } from '../core/secrets/leaks';
import { Program } from './program';

describe('no secret leaves the command line', function () {
  this.timeout(120_000);
  const program = new Program();
  const { files, secrets } = secretFiles();
  let place: string;
  let out: string;

  before(() => {
    program.build();
    place = mkdtempSync(path.join(tmpdir(), 'watchtower-leaks-'));
    out = mkdtempSync(path.join(tmpdir(), 'watchtower-leaks-out-'));
    for (const [name, text] of files) {
      mkdirSync(path.dirname(path.join(place, name)), { recursive: true });
      writeFileSync(path.join(place, name), text);
    }
  });
  after(() => {
    program.remove();
    for (const folder of [place, out]) rmSync(folder, { recursive: true, force: true });
  });

  it('although every one of them is found', () => {
    const { stdout } = program.run(['scan', place, '--format', 'json', '-q']);
    const report = JSON.parse(stdout) as ScanReport;
    const found = new Set(
      report.artifacts
        .filter(({ findings }) => findings.some(({ category }) => category === 'secret'))
        .map((a) => a.path),
    );
    assert.deepEqual(
      [...files.keys()].filter((name) => !found.has(name)),
      [],
    );
    assert.ok(secrets.length > 90);
  });

  for (const format of ['text', 'json', 'sarif', 'html', 'cyclonedx', 'csv', 'markdown']) {
    it(`in the format ${format}, on the screen and in a file`, () => {
      const { stdout, stderr } = program.run(['scan', place, '--format', format, '--color', '--jobs', '2']);
      assert.ok(stdout.length > 100);
      assert.deepEqual(leaksIn(stdout, secrets), []);
      assert.deepEqual(leaksIn(stderr, secrets), []);
      const file = path.join(out, `report.${format}`);
      program.run(['scan', place, '--format', format, '--output', file]);
      assert.deepEqual(leaksIn(readFileSync(file, 'utf8'), secrets), []);
    });
  }

  it('in the three Watchtower reports', () => {
    const folder = path.join(out, 'reports');
    program.run(['scan', place, '-q', '--reports', folder]);
    const names = readdirSync(folder);
    assert.equal(names.length, 3);
    for (const name of names)
      assert.deepEqual(leaksIn(readFileSync(path.join(folder, name), 'utf8'), secrets), [], name);
  });

  it('and the baseline of detect-secrets hides what it lists, by a digest that stays inside', () => {
    const secret = secrets.find((value) => files.get('tokens.py')?.includes(`"${value}"`)) as string;
    const digest = createHash('sha1').update(secret).digest('hex');
    const list = path.join(out, '.secrets.baseline');
    const entry = {
      type: 'Secret Keyword',
      filename: 'tokens.py',
      hashed_secret: digest,
      is_verified: false,
      line_number: 1,
    };
    writeFileSync(list, JSON.stringify({ version: '1.5.0', plugins_used: [], results: { 'tokens.py': [entry] } }));
    const scan = (args: string[]) => {
      const { stdout, stderr } = program.run([
        'scan',
        path.join(place, 'tokens.py'),
        '--format',
        'json',
        '-q',
        ...args,
      ]);
      assert.ok(!stdout.includes(digest) && stderr === '');
      return (JSON.parse(stdout) as ScanReport).artifacts[0];
    };
    const before = scan([]);
    const after = scan(['--baseline', list]);
    assert.equal(after?.findings.length, (before?.findings.length ?? 0) - 1);
    assert.deepEqual(
      after?.suppressed?.map(({ suppressed }) => suppressed?.by),
      ['baseline'],
    );
  });

  it('in a baseline, and in what is reported of one', () => {
    const baseline = path.join(out, 'baseline.json');
    const { stdout, stderr } = program.run(['baseline', place, '--output', baseline]);
    assert.deepEqual(leaksIn(stdout + stderr, secrets), []);
    const text = readFileSync(baseline, 'utf8');
    assert.ok(text.split('"rule":"secret/').length > 80);
    assert.deepEqual(leaksIn(text, secrets), []);
    for (const format of ['text', 'json', 'sarif']) {
      const again = program.run(['scan', place, '--format', format, '--baseline', baseline]);
      assert.equal(again.code, 0, format);
      assert.deepEqual(leaksIn(again.stdout + again.stderr, secrets), [], format);
    }
  });
});
