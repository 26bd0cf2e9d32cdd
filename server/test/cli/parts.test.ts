import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FORMATS, parseArguments, type ScanArguments, UsageError } from '../../src/cli/arguments';
import { parseConfig } from '../../src/cli/config';
import { ProgressBar } from '../../src/cli/progress';
import { exitCode } from '../../src/cli/scan';
import { resolveTargets } from '../../src/cli/target';
import { wantsColor, widthOf } from '../../src/cli/terminal';
import { wrapped } from '../../src/cli/wrap';
import type { ScanReport } from '../../src/core/finding';
import { REPORTS } from '../../src/core/reports';

const scanned = (...argv: string[]) => parseArguments(argv) as ScanArguments;

describe('arguments', () => {
  it('make targets of the flags of the original', () => {
    assert.deepEqual(
      scanned('--repo_type', 'github', '--repo_url', 'https://github.com/o/r', '--branch_name', 'dev').targets,
      ['https://github.com/o/r'],
    );
    assert.equal(
      scanned('--repo_type=github', '--repo_url=https://github.com/o/r', '--branch_name=dev').access.branch,
      'dev',
    );
    assert.deepEqual(scanned('--repo_type', 'huggingface', '--repo_url', 'o/m').targets, ['hf:o/m']);
    assert.deepEqual(scanned('--repo_type', 's3', '--bucket_name', 'b', '--region', 'eu-west-1').targets, ['s3://b']);
    assert.deepEqual(scanned('scan').targets, ['.']);
    assert.deepEqual(scanned('scan', '--', '-rf').targets, ['-rf']);
  });

  it('warn of keys on the command line and of what has no effect', () => {
    const { notes, access } = scanned(
      '--repo_type=s3',
      '--bucket_name=b',
      '--aws_secret_access_key=x',
      '--scan_tf_model',
    );
    assert.equal(access.secretAccessKey, 'x');
    assert.equal(notes.length, 2);
    assert.ok(!notes.join().includes('=x'));
  });

  it('name every report there is', () => {
    assert.deepEqual([...FORMATS], ['text', ...REPORTS.map(({ id }) => id)]);
  });

  it('are refused with what was expected', () => {
    for (const argv of [
      ['scan', '--format', 'xml'],
      ['scan', '--timeout', '1.5'],
      ['scan', '--output='],
      ['rules', 'a', 'b'],
      ['--repo_type=github'],
    ]) {
      assert.throws(() => parseArguments(argv), UsageError, argv.join(' '));
    }
  });
});

describe('the configuration file', () => {
  it('takes the keys of the editor, and refuses others by name', () => {
    const { settings, failOn, baseline } = parseConfig({
      failOn: 'medium',
      baseline: { path: 'b.json' },
      exclude: ['x/'],
      severity: { minimum: 'low', overrides: { 'dependency/*': 'off' } },
      limits: { timeMs: 5000 },
    });
    assert.equal(failOn, 'medium');
    assert.equal(baseline, 'b.json');
    assert.equal(settings.minimumSeverity, 'low');
    assert.equal(settings.severityOverrides['dependency/*'], 'off');
    assert.equal(settings.limits.timeMs, 5000);
    assert.equal(settings.secrets.enabled, true);
    for (const [json, problem] of [
      [{ exclud: [] }, /exclud: unknown/],
      [{ pii: { enable: false } }, /pii\.enable: unknown/],
      [{ failOn: 'info' }, /failOn/],
      [{ baseline: 'b.json' }, /baseline: expected an object/],
      [{ baseline: { path: 7 } }, /baseline\.path: expected/],
      [{ run: 'onSave' }, /run: unknown/],
      [{ severity: { minimum: 'worst' } }, /severity\.minimum/],
      [{ severity: { overrides: { 'secret/pasword': 'off' } } }, /no such rule; secret\/password may be meant/],
      [{ severity: { overrides: { secrets: 'off' } } }, /overrides\["secrets"\]: there is no such rule/],
      [{ severity: { overrides: { 'secret/aws-*': 'off' } } }, /no such rule/],
      [[], /not a JSON object/],
      [JSON.parse('{"__proto__": {"enabled": false}}'), /__proto__: unknown/],
    ] as const) {
      assert.throws(() => parseConfig(json), problem);
    }
  });
});

describe('targets', () => {
  let place: string;
  before(() => {
    place = mkdtempSync(path.join(tmpdir(), 'watchtower-targets-'));
    mkdirSync(path.join(place, 'a', 'b'), { recursive: true });
    for (const name of ['a/x.py', 'a/b/y.py']) writeFileSync(path.join(place, name), '');
  });
  after(() => rmSync(place, { recursive: true, force: true }));

  it('are folders, or files taken together below the current folder', async () => {
    assert.deepEqual(await resolveTargets(['a/b/y.py', 'a', './a/x.py', 'a/x.py'], {}, place), [
      { spec: { kind: 'folder', root: place, only: ['a/b/y.py', 'a/x.py'] }, label: '3 files', prefix: '' },
      { spec: { kind: 'folder', root: path.join(place, 'a') }, label: 'a', prefix: 'a' },
    ]);
    const [outside] = await resolveTargets([path.join(place, 'a/x.py')], {}, path.join(place, 'a', 'b'));
    assert.deepEqual(outside?.spec, { kind: 'file', path: path.join(place, 'a/x.py') });
  });

  it('are refused when they are not there or no safe address', async () => {
    await assert.rejects(resolveTargets(['nowhere'], {}, place), /no such file or folder/);
    await assert.rejects(resolveTargets(['ext::sh -c id'], {}, place), UsageError);
    await assert.rejects(resolveTargets(['https://user:pw@github.com/o/r'], {}, place), UsageError);
  });
});

describe('the terminal', () => {
  it('is coloured when asked, else on terminals without NO_COLOR', () => {
    assert.equal(wantsColor(undefined, { isTTY: true }, {}), true);
    assert.equal(wantsColor(undefined, { isTTY: true }, { NO_COLOR: '1' }), false);
    assert.equal(wantsColor(undefined, { isTTY: true }, { NO_COLOR: '' }), true);
    assert.equal(wantsColor(undefined, { isTTY: true }, { TERM: 'dumb' }), false);
    assert.equal(wantsColor(true, { isTTY: false }, { NO_COLOR: '1' }), true);
    assert.equal(wantsColor(false, { isTTY: true }, {}), false);
  });

  it('has a progress bar of one line, with names that cannot leave it', () => {
    const drawn: string[] = [];
    const stream = { isTTY: true, columns: 60, write: (text: string) => drawn.push(text) > 0 };
    let now = 0;
    const bar = new ProgressBar(stream as never, true, () => (now += 1000));
    bar.update({
      planned: 4,
      done: 1,
      plannedBytes: 0,
      doneBytes: 0,
      current: `${'long/'.repeat(40)}\n\u001b[31m.pkl`,
    });
    assert.match(drawn[0] as string, /^\r█{6}░{18} 1\/4 /);
    assert.ok((drawn[0] as string).length <= 61);
    assert.ok(!/[\n\u001b]/.test((drawn[0] as string).slice(1)));
    bar.clear();
    assert.match(drawn[1] as string, /^\r +\r$/);
    const quiet = new ProgressBar({ ...stream, isTTY: false } as never, true);
    quiet.update({ planned: 1, done: 1, plannedBytes: 0, doneBytes: 0 });
    assert.equal(drawn.length, 2);
  });
});

describe('the exit code', () => {
  const report = (part: Partial<ScanReport>): ScanReport => ({
    schema: 'watchtower-scan/1',
    tool: { name: 'watchtower', version: '0' },
    advisories: { asOf: '', source: '', count: 0 },
    target: '.',
    notScanned: [],
    artifacts: [],
    ...part,
  });
  const partial = report({
    artifacts: [{ path: 'a', kind: 'archive', format: 'zip', status: 'partial', bytes: 1, bytesRead: 1, findings: [] }],
  });

  it('tells incomplete from clean, unless that is allowed', () => {
    assert.equal(exitCode(report({}), 'low'), 0);
    assert.equal(exitCode(partial, 'high'), 2);
    assert.equal(exitCode(partial, 'high', true), 0);
    assert.equal(exitCode(partial, 'never'), 0);
    assert.equal(exitCode(report({ notScanned: [{ path: 'a', reason: 'tool folder' }] }), 'low'), 0);
    assert.equal(
      exitCode(report({ notScanned: [{ path: 'a', reason: 'no permission', unreadable: true }] }), 'low'),
      2,
    );
  });
});

describe('lines of text output', () => {
  const text = 'Loading the file calls os.system, which starts a process or runs a shell command.';

  it('are broken between words and lose nothing', () => {
    const lines = wrapped(text, 40, '  → ', '    ');
    assert.ok(lines.length > 1);
    assert.ok(lines.every((line) => line.length <= 40));
    assert.ok(lines[0]?.startsWith('  → ') && lines.slice(1).every((line) => line.startsWith('    ')));
    assert.equal(lines.map((line) => line.slice(4)).join(' '), text);
  });

  it('stay whole in pipes, in very narrow terminals, and where one word is wider than the terminal', () => {
    assert.deepEqual(wrapped(text, undefined, '  '), [`  ${text}`]);
    assert.deepEqual(wrapped(text, 20, '  '), [`  ${text}`]);
    const address = `https://example.com/${'a'.repeat(60)}`;
    assert.ok(wrapped(`see ${address} there`, 40, '').includes(address));
    assert.equal(widthOf({ isTTY: false, columns: 80 }), undefined);
    assert.equal(widthOf({ isTTY: true, columns: 80 }), 80);
    assert.equal(widthOf({ isTTY: true, columns: 0 }), undefined);
  });
});
