import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import JSZip from 'jszip';
import type { ScanReport } from '../../src/core/finding';
import { VERSION } from '../../src/core/version';
import { llama } from '../core/models/snapshot/files';
import { Program, snapshot } from './program';

const program = new Program();
let place: string;

const json = (args: readonly string[], cwd = place): { code: number | null; report: ScanReport } => {
  const { code, stdout, stderr } = program.run(['scan', ...args, '--format', 'json', '--quiet'], { cwd });
  assert.equal(stderr, '');
  return { code, report: JSON.parse(stdout) as ScanReport };
};

function put(name: string, content: string | Uint8Array): void {
  const file = path.join(place, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
}

const PINNED = 'tensorflow==2.5.0\n';
const CLEAN = 'numpy==1.26.4\n';

describe('watchtower', function () {
  this.timeout(120_000);
  before(() => program.build());
  after(() => program.remove());
  beforeEach(() => {
    place = mkdtempSync(path.join(tmpdir(), 'watchtower-cli-'));
  });
  afterEach(() => rmSync(place, { recursive: true, force: true }));

  it('tells a snapshot as one model, by its folder, and its findings by their files', () => {
    for (const [name, content] of Object.entries(llama())) put(`m/${name}`, content);
    const paths = (args: readonly string[], cwd?: string) =>
      json(args, cwd).report.artifacts.map(({ path: name }) => name);
    assert.deepEqual(paths(['.']), ['m', 'm/README.md', 'm/modeling_x.py']);
    assert.deepEqual(paths(['m']), ['.', 'README.md', 'modeling_x.py']);
    put('n/a.py', 'x = 1\n');
    assert.deepEqual(paths(['m', 'n']), ['m', 'm/README.md', 'm/modeling_x.py', 'n/a.py']);
    const text = program.run(['scan', 'm'], { cwd: place }).stdout;
    assert.match(text, /^m \(huggingface-snapshot/m);
    assert.match(text, /template\/code-execution {2}tokenizer_config\.json, line 2/);
    assert.match(text, /3 artifacts \(1 model, 1 Python file, 1 text file\)/);
    const elsewhere = program.run(['scan', path.join(place, 'm')], { cwd: tmpdir() });
    assert.match(elsewhere.stdout, /^\/?\S*m \(huggingface-snapshot/m, 'the root of the target is told by its name');
    const sarif = JSON.parse(program.run(['scan', 'm', '--format', 'sarif', '--quiet'], { cwd: place }).stdout);
    const uris = (
      sarif.runs[0].results as { locations: { physicalLocation: { artifactLocation: { uri: string } } }[] }[]
    )
      .map(({ locations }) => locations[0]?.physicalLocation.artifactLocation.uri)
      .sort();
    assert.deepEqual(uris, ['m/config.json', 'm/tokenizer_config.json']);
    // A list that names the file holds whether it is a member or not.
    put('m/.watchtowerignore', 'tokenizer_config.json\n');
    program.run(['baseline', 'm', '--output', 'b.json'], { cwd: place });
    const known = json(['m', '--baseline', 'b.json']);
    assert.deepEqual(
      known.report.artifacts.flatMap(({ findings }) => findings),
      [],
    );
    rmSync(path.join(place, 'm/config.json'));
    assert.deepEqual(
      json(['m', '--baseline', 'b.json']).report.artifacts.flatMap(({ findings }) => findings),
      [],
    );
  });

  it('says its version, the one of the package', () => {
    const manifest = JSON.parse(readFileSync(path.join(__dirname, '..', '..', '..', 'package.json'), 'utf8'));
    assert.equal(VERSION, manifest.version);
    assert.equal(program.run(['--version']).stdout, `watchtower ${VERSION}\n`);
  });

  it('helps, and says what is wrong with what was typed', () => {
    for (const args of [
      [],
      ['--help'],
      ['help', 'scan'],
      ['scan', '-h'],
      ['rules', '--help'],
      ['baseline', '--help'],
    ]) {
      const { code, stdout, stderr } = program.run(args);
      assert.equal(code, 0);
      assert.match(stdout, /Usage: watchtower/);
      assert.equal(stderr, '');
    }
    for (const [args, message] of [
      [['frobnicate'], /unknown command "frobnicate"/],
      [['scan', '--frob'], /--frob/],
      [['scan', '--format', 'xml'], /--format takes text, json, .*, not "xml"/],
      [['scan', '--fail-on', 'bad'], /--fail-on takes critical/],
      [['scan', '--jobs', '0'], /--jobs takes/],
      [['scan', './nowhere'], /no such file or folder/],
      [['scan', '--config', 'nowhere.json'], /nowhere\.json/],
      [['scan', '--repo_type', 'svn'], /unknown --repo_type/],
      [['scan', '--repo_type', 'folder'], /needs --path/],
      [['rules', 'no/such'], /no rule/],
    ] as const) {
      const { code, stdout, stderr } = program.run(args);
      assert.equal(code, 2, args.join(' '));
      assert.match(stderr, message);
      assert.equal(stdout, '');
    }
  });

  it('lists and explains rules', () => {
    assert.match(program.run(['rules']).stdout, /^dependency\/known-vulnerability +high/m);
    assert.match(program.run(['rules', 'dependency/known-vulnerability']).stdout, /CWE-1395/);
    assert.ok(JSON.parse(program.run(['rules', '--json']).stdout).length > 10);
  });

  it('exits with 1 for findings at or above the threshold, and with 0 below it', () => {
    put('requirements.txt', PINNED);
    assert.equal(json(['.']).code, 1);
    assert.equal(json(['.', '--fail-on', 'critical']).code, 1);
    assert.equal(json(['.', '--fail-on', 'never']).code, 0);
    put('requirements.txt', 'requests==2.19.1\n');
    assert.equal(json(['.']).code, 0);
    assert.equal(json(['.', '--fail-on', 'medium']).code, 1);
    put('requirements.txt', CLEAN);
    assert.equal(json(['.', '--fail-on', 'low']).code, 0);
  });

  it('keeps the contract of the JSON report', () => {
    put('sub/requirements.txt', PINNED);
    const { report } = json(['.']);
    assert.equal(report.schema, 'watchtower-scan/1');
    assert.deepEqual(report.tool, { name: 'watchtower', version: VERSION });
    assert.match(report.advisories.asOf, /^\d{4}-\d\d-\d\d$/);
    assert.ok(report.advisories.count > 6000);
    const [artifact] = report.artifacts;
    assert.equal(artifact?.path, 'sub/requirements.txt');
    assert.equal(artifact?.kind, 'dependencies');
    assert.equal(artifact?.status, 'scanned');
    assert.equal(artifact?.findings[0]?.location.line, 1);
  });

  it('gives a file the same path and fingerprint, named alone or found in its folder', () => {
    put('sub/requirements.txt', PINNED);
    put('sub/other.txt', 'nothing');
    const whole = json(['.']).report.artifacts.find(({ path: name }) => name === 'sub/requirements.txt');
    const alone = json(['sub/requirements.txt']).report.artifacts;
    assert.deepEqual(alone, [whole]);
    const both = json(['sub/requirements.txt', 'sub/other.txt']).report.artifacts;
    assert.deepEqual(
      both.find(({ path: name }) => name === 'sub/requirements.txt'),
      whole,
    );
  });

  it('takes several folders, each under its name', () => {
    put('a/requirements.txt', PINNED);
    put('b/requirements.txt', CLEAN);
    assert.deepEqual(
      json(['a', 'b']).report.artifacts.map(({ path: name }) => name),
      ['a/requirements.txt', 'b/requirements.txt'],
    );
  });

  it('accepts the flags of the original', () => {
    put('requirements.txt', PINNED);
    for (const args of [
      ['--repo_type', 'folder', '--path', '.', '--scan_tf_models'],
      ['--repo-type=folder', '--path=.', '--scan-tf-model'],
      ['scan', '--repo_type=file', '--path', 'requirements.txt'],
    ]) {
      const { code, stdout } = program.run([...args, '--format', 'json'], { cwd: place });
      assert.equal(code, 1, args.join(' '));
      assert.equal((JSON.parse(stdout) as ScanReport).artifacts.length, 1);
    }
  });

  it('obeys --exclude, --min-severity and a configuration that is named, and no other', () => {
    put('requirements.txt', `${PINNED}flask\n`);
    assert.deepEqual(json(['.', '--exclude', 'requirements.txt']).report.artifacts, []);
    const shown = json(['.', '--min-severity', 'critical']).report.artifacts[0]?.findings ?? [];
    assert.deepEqual(
      shown.map(({ severity }) => severity),
      ['critical'],
    );
    put('.watchtower/config.json', JSON.stringify({ dependencies: { enabled: false } }));
    assert.equal(json(['.']).code, 1, 'a configuration in the scanned tree has no say');
    const noted = program.run(['scan', '.'], { cwd: place });
    assert.match(noted.stderr, /is not used unless it is named/);
    assert.equal(json(['.', '--config', '.watchtower/config.json']).code, 0);
    put('bad.json', JSON.stringify({ dependencies: { enabld: false } }));
    const bad = program.run(['scan', '.', '--config', 'bad.json'], { cwd: place });
    assert.equal(bad.code, 2);
    assert.match(bad.stderr, /dependencies\.enabld: unknown/);
  });

  it('writes every format, chosen by name or by extension, and the three Watchtower reports', () => {
    put('requirements.txt', PINNED);
    for (const name of ['r.json', 'r.sarif', 'r.html', 'r.cdx.json', 'r.csv', 'r.md']) {
      const { code } = program.run(['scan', 'requirements.txt', '-q', '-o', `../${path.basename(place)}/out/${name}`], {
        cwd: place,
      });
      assert.equal(code, 2, 'the folder is not there');
      mkdirSync(path.join(place, 'out'), { recursive: true });
      assert.equal(program.run(['scan', 'requirements.txt', '-q', '-o', `out/${name}`], { cwd: place }).code, 1);
      const text = readFileSync(path.join(place, 'out', name), 'utf8');
      assert.ok(text.includes('tensorflow'), name);
      assert.equal(text.includes('"bomFormat"'), name === 'r.cdx.json');
      rmSync(path.join(place, 'out'), { recursive: true });
    }
    assert.equal(program.run(['scan', 'requirements.txt', '-q', '--reports', 'reports/here'], { cwd: place }).code, 1);
    const names = ['summary', 'detailed', 'severity_mapped_detailed'];
    for (const name of names) {
      const found = program.run(['scan', 'reports/here', '--format', 'json', '-q'], { cwd: place }).stdout;
      assert.match(found, new RegExp(`${name}_reports_\\d+\\.json`));
    }
  });

  it('puts the three Watchtower reports into one zip when its name is given', async () => {
    put('requirements.txt', PINNED);
    const { code, stderr } = program.run(['scan', 'requirements.txt', '--reports', 'all.ZIP'], { cwd: place });
    assert.equal(code, 1);
    assert.match(stderr, /wrote all\.ZIP/);
    const zip = await JSZip.loadAsync(readFileSync(path.join(place, 'all.ZIP')));
    const names = Object.keys(zip.files).map((name) => name.replace(/\d+/, 'N'));
    assert.deepEqual(names.sort(), [
      'detailed_reports_N.json',
      'severity_mapped_detailed_reports_N.json',
      'summary_reports_N.json',
    ]);
    const summary = zip.file(/summary/)[0];
    assert.equal(JSON.parse((await summary?.async('string')) ?? '')['Repository Type'], 'file');
    const wrong = program.run(['scan', 'requirements.txt', '--reports', 'no/where/all.zip'], { cwd: place });
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /--reports no\/where\/all\.zip/);
  });

  it('colours only where it is wanted, and escapes names', () => {
    put('\u001b[31mred\n/requirements.txt', PINNED);
    const sequence = '\u001b[';
    const plain = program.run(['scan', '.'], { cwd: place });
    assert.ok(!plain.stdout.includes(sequence), 'not on a pipe');
    assert.match(plain.stdout, /\\u001b\[31mred\\n\/requirements\.txt/);
    const colored = program.run(['scan', '.', '--color'], { cwd: place, env: { NO_COLOR: '1' } });
    assert.ok(colored.stdout.includes(sequence));
    assert.ok(!colored.stdout.includes('\u001b[31mred'), 'the name has none of its own');
    assert.ok(!program.run(['scan', '.', '--color', '--no-color'], { cwd: place }).stdout.includes(sequence));
  });

  it('writes a baseline that hides what is known and shows what is new, and repeats itself', () => {
    put('requirements.txt', `${PINNED}requests==2.19.1\n`);
    const first = program.run(['baseline', '.'], { cwd: place });
    assert.equal(first.code, 0);
    assert.match(first.stdout, /^\.watchtower\/baseline\.json: 2 findings\n$/);
    const file = path.join(place, '.watchtower', 'baseline.json');
    const written = readFileSync(file, 'utf8');
    assert.equal(program.run(['baseline', '.'], { cwd: place }).code, 0);
    assert.equal(readFileSync(file, 'utf8'), written, 'the same salt and entries');

    const known = json(['.', '--baseline', '.watchtower/baseline.json']);
    assert.equal(known.code, 0);
    assert.equal(known.report.artifacts.flatMap(({ findings }) => findings).length, 0);
    assert.equal(known.report.artifacts.flatMap(({ suppressed = [] }) => suppressed).length, 2);
    assert.equal(json(['requirements.txt', '--baseline', '.watchtower/baseline.json']).code, 0, 'named alone');

    put('requirements.txt', `# moved\n\n${PINNED}requests==2.19.1\nmlflow==2.9.0\n`);
    const fresh = json(['.', '--baseline', '.watchtower/baseline.json']);
    assert.equal(fresh.code, 1);
    assert.deepEqual(
      fresh.report.artifacts.flatMap(({ findings }) => findings.map(({ location }) => location.line)),
      [5],
    );
    assert.match(program.run(['scan', '.'], { cwd: place }).stderr, /baseline\.json" is not used unless it is named/);
    assert.match(program.run(['scan', '.', '--baseline', 'requirements.txt'], { cwd: place }).stderr, /--baseline/);
    const kept = program.run(['baseline', '.', '-o', 'requirements.txt'], { cwd: place });
    assert.equal(kept.code, 2, 'another file is not overwritten');
    assert.match(readFileSync(path.join(place, 'requirements.txt'), 'utf8'), /^# moved/);
  });

  it('reads the ignore file of what it scans for text, and not when told', () => {
    put('docs/requirements.txt', PINNED);
    put('.watchtowerignore', 'dependency/*:docs/\n');
    const { code, report } = json(['.']);
    assert.equal(code, 0);
    assert.equal(report.artifacts.flatMap(({ suppressed = [] }) => suppressed).length, 1);
    assert.equal(json(['.', '--no-inline-suppression']).code, 1);
    const poisoned = Buffer.from('\x80\x02cposix\nsystem\nX\x04\0\0\0echo\x85R.', 'latin1');
    put('docs/model.pkl', poisoned);
    put('.watchtowerignore', 'docs/\n');
    assert.equal(json(['.']).code, 1, 'what a model does is not hidden by what came with it');
  });

  it('ends normally on a hostile folder, lists each problem and touches nothing', () => {
    put('models/truncated.h5', Buffer.from([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0]));
    put('models/empty.pkl', '');
    put('notebooks/corrupt.ipynb', '{"cells": [{"cell_type": "code", "source": ["x = 1');
    put('it\'s "quoted"; $(touch pwned) `id` & name.txt', 'text');
    put('with spaces/requirements.txt', PINNED);
    put('new\nline.ipynb', 'not json');
    put('-rf', 'text');
    symlinkSync('nowhere', path.join(place, 'broken-link.pkl'));
    symlinkSync('/etc', path.join(place, 'outside'));
    symlinkSync('.', path.join(place, 'itself'));
    const asRoot = process.getuid?.() === 0;
    put('closed/requirements.txt', PINNED);
    put('unreadable.txt', 'x');
    if (!asRoot) {
      chmodSync(path.join(place, 'closed'), 0);
      chmodSync(path.join(place, 'unreadable.txt'), 0);
    }
    const before = asRoot ? snapshot(place) : [];
    const { code, report } = json(['.']);
    assert.equal(code, 1);
    const notWhole = new Map(
      [...report.artifacts.filter(({ status }) => status !== 'scanned'), ...report.notScanned].map((entry) => [
        entry.path,
        entry.reason ?? '',
      ]),
    );
    for (const name of [
      'models/truncated.h5',
      'models/empty.pkl',
      'notebooks/corrupt.ipynb',
      'new\nline.ipynb',
      'broken-link.pkl',
      'outside',
      ...(asRoot ? [] : ['closed', 'unreadable.txt']),
    ]) {
      assert.ok(notWhole.get(name), `${JSON.stringify(name)} is listed with a reason`);
    }
    assert.ok(
      report.artifacts.some(
        ({ path: name, status }) => name === 'with spaces/requirements.txt' && status === 'scanned',
      ),
    );
    assert.ok(!existsSync(path.join(place, 'pwned')) && !existsSync(path.join(program.folder, 'pwned')));
    if (asRoot) assert.deepEqual(snapshot(place), before);
    else {
      chmodSync(path.join(place, 'closed'), 0o755);
      chmodSync(path.join(place, 'unreadable.txt'), 0o644);
    }
    for (const format of ['text', 'sarif', 'html', 'csv', 'markdown', 'cyclonedx']) {
      assert.equal(program.run(['scan', '.', '-q', '-f', format], { cwd: place }).code, 1, format);
    }
  });

  it('exits with 2 when something could not be read and nothing else was found', () => {
    put('notebooks/corrupt.ipynb', '{"cells": [');
    assert.equal(json(['.']).code, 2);
    assert.equal(json(['.', '--fail-on', 'never']).code, 0);
    assert.equal(json(['.', '--allow-incomplete']).code, 0);
    assert.match(program.run(['scan', '.'], { cwd: place }).stdout, /Not fully scanned: 1/);
  });

  it('stops when it is interrupted and writes nothing', async () => {
    for (let i = 0; i < 3000; i += 1) put(`many/r${i}/requirements.txt`, `${PINNED}torch==2.5.1\nmlflow==2.9.0\n`);
    const output = path.join(place, 'out.json');
    // It is mentioned on the error output when the scan begins.
    put('.watchtower/config.json', '{}');
    const { code, stderr } = await program.interrupt(['scan', place, '--jobs', '1', '-o', output], 'SIGINT');
    assert.equal(code, 130);
    assert.match(stderr, /cancelled/);
    assert.ok(!existsSync(output));
  });
});
