import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { ArtifactReport, Finding } from '../../../src/core/finding';
import { PII_ANALYSER } from '../../../src/core/pii/analyser';
import { PYTHON_ANALYSER } from '../../../src/core/python/analyser';
import type { FindingDraft } from '../../../src/core/scanner';
import {
  addToBaseline,
  BaselineError,
  baselineSuppressor,
  createBaseline,
  detectSecretsSuppressor,
  formatBaseline,
  gitleaksIgnoreSuppressor,
  parseBaseline,
} from '../../../src/core/suppress/baseline';
import { ignoreFileSuppressor } from '../../../src/core/suppress/ignoreFile';
import { ruleMatches } from '../../../src/core/suppress/inline';
import { applySuppressions } from '../../../src/core/suppress/suppressor';
import { judge, notebook, segment } from '../pii/judge';

const LOAD = 'import pickle\npickle.load(f)';
const by = (drafts: FindingDraft[]): (string | undefined)[] => drafts.map(({ suppressed }) => suppressed?.by);
const python = (text: string): FindingDraft[] => judge({ name: 'a.py', text }, PYTHON_ANALYSER);

describe('inline suppression', () => {
  const hides = [
    '# watchtower: ignore',
    '# watchtower: ignore[python/pickle-load] our own file',
    '# watchtower:ignore[secret/*, python/*]',
    '# nosec',
    '# nosec B301',
    '# nosec: B404, B301',
    '# noqa: E501, S301',
  ];
  const leaves = [
    '# watchtower: ignore[python/torch-load]',
    '# nosec B602',
    '# noqa',
    '# noqa: E501',
    '# pragma: allowlist secret',
    '# gitleaks:allow',
    '# just a comment',
  ];
  for (const comment of hides)
    it(`${comment} hides`, () => assert.deepEqual(by(python(`${LOAD}  ${comment}\n`)), ['inline']));
  for (const comment of leaves)
    it(`${comment} does not`, () => assert.deepEqual(by(python(`${LOAD}  ${comment}\n`)), [undefined]));

  it('keeps the reason', () => {
    assert.deepEqual(python(`${LOAD}  # watchtower: ignore[python/*] our own file\n`)[0]?.suppressed, {
      by: 'inline',
      reason: 'our own file',
    });
  });

  it('reaches the next line, a block, the file, and no further', () => {
    assert.deepEqual(by(python('import pickle\n# watchtower: ignore-next-line\npickle.load(f)\npickle.load(g)\n')), [
      'inline',
      undefined,
    ]);
    assert.deepEqual(
      by(
        python(
          'import pickle\npickle.load(a)\n# watchtower: ignore-start[python/*]\npickle.load(b)\npickle.load(c)\n# watchtower: ignore-end\npickle.load(d)\n',
        ),
      ),
      [undefined, 'inline', 'inline', undefined],
    );
    assert.deepEqual(by(python(`# watchtower: ignore-file[python/pickle-load] fixtures\n${LOAD}\n`)), ['file']);
  });

  it('speaks the comment syntax of every language', () => {
    const mail = 'maria.lopez@contoso-mail.org';
    for (const [name, line] of [
      ['a.js', `x = "${mail}" // watchtower: ignore`],
      ['a.sql', `SELECT '${mail}' -- watchtower: ignore[pii/*]`],
      ['a.md', `Write to ${mail} <!-- watchtower: ignore[pii/email-address] -->`],
      ['a.ini', `mail = ${mail} ; watchtower: ignore`],
      ['a.yaml', `mail: ${mail} # pragma: allowlist secret`],
    ] as const) {
      assert.deepEqual(by(judge({ name, text: `${line}\n` }, PII_ANALYSER)), ['inline'], name);
    }
  });

  it('honours cell tags, of that cell only', () => {
    const cell = (n: number, tags?: string[]) =>
      segment('import pickle\npickle.load(f)', 'code', 'python', { cell: n, ...(tags && { tags }) });
    assert.deepEqual(
      by(
        judge(
          notebook(
            cell(0, ['watchtower-ignore']),
            cell(1, ['watchtower-ignore:python/torch-load']),
            cell(2, ['watchtower-ignore:python/*']),
            cell(3),
          ),
          PYTHON_ANALYSER,
        ),
      ),
      ['cell', undefined, 'cell', undefined],
    );
  });

  it('takes no orders from what a program printed', () => {
    const drafts = judge(
      notebook(
        segment('mail: maria.lopez@contoso-mail.org # watchtower: ignore', 'output', 'plain', { cell: 0, output: 0 }),
      ),
      PII_ANALYSER,
    );
    assert.deepEqual(by(drafts), [undefined]);
  });

  it('gives an attack no pardon of its own', () => {
    const attack = 'import base64\nexec(base64.b64decode(p))  # nosec\n';
    assert.deepEqual(by(python(`# watchtower: ignore-file\n${attack}`)), [undefined]);
    assert.deepEqual(
      by(judge({ name: 'modeling_x.py', text: "import os\nos.system('id')  # watchtower: ignore\n" }, PYTHON_ANALYSER)),
      [undefined],
    );
  });

  it('can be switched off', () => {
    assert.deepEqual(
      by(
        judge({ name: 'a.py', text: `${LOAD} # watchtower: ignore\n` }, PYTHON_ANALYSER, { inlineSuppression: false }),
      ),
      [undefined],
    );
  });

  it('matches rules by id, family and star', () => {
    assert.equal(ruleMatches('secret/github-token', ['secret/*']), true);
    assert.equal(ruleMatches('secret/github-token', ['secret']), true);
    assert.equal(ruleMatches('secret/github-token', ['secret/github']), false);
    assert.equal(ruleMatches('secret/github-token', ['*']), true);
  });
});

const finding = (ruleId: string, fingerprint: string, more: Partial<Finding> = {}): Finding => ({
  ruleId,
  category: 'secret',
  severity: 'high',
  message: 'm',
  fingerprint,
  location: { line: 3 },
  ...more,
});
const report = (path: string, ...findings: Finding[]): ArtifactReport => ({
  path,
  kind: 'text',
  format: 'text',
  status: 'scanned',
  bytes: 1,
  bytesRead: 1,
  findings,
});

describe('baseline', () => {
  const one = finding('secret/a', 'f1');
  const two = finding('secret/b', 'f2');

  it('hides what it knows, counts it, and shows what is new', () => {
    const baseline = parseBaseline(formatBaseline(createBaseline([report('a.py', one)])));
    const judged = applySuppressions(report('a.py', one, two), [baselineSuppressor(baseline, '2026-01-01', true)]);
    assert.deepEqual(judged.findings, [two]);
    assert.deepEqual(judged.suppressed, [{ ...one, suppressed: { by: 'baseline' } }]);
  });

  it('has one sorted entry a line, no place, no time, no fingerprint', () => {
    const baseline = createBaseline([report('b.py', two), report('a.py', one, two)]);
    const text = formatBaseline(baseline);
    assert.deepEqual(
      baseline.entries.map(({ path, rule }) => `${path} ${rule}`),
      ['a.py secret/a', 'a.py secret/b'].slice(0, baseline.entries.length),
    );
    assert.equal(text.split('\n').filter((line) => line.includes('"hash"')).length, baseline.entries.length);
    assert.ok(!/f1|f2|"line|20\d\d-/.test(text.replace(/"(?:hash|salt)":\s*"[^"]*"/g, '')));
    assert.equal(formatBaseline(parseBaseline(text)), text);
    assert.equal(formatBaseline({ salt: baseline.salt, entries: [] }).includes('"entries": []'), true);
  });

  it('is salted anew, and stays the same when written again', () => {
    const first = createBaseline([report('a.py', one)]);
    assert.notEqual(first.entries[0]?.hash, createBaseline([report('a.py', one)]).entries[0]?.hash);
    const reasoned = addToBaseline(first, 'a.py', one, 'test key');
    assert.deepEqual(createBaseline([report('a.py', one)], reasoned), reasoned);
    const hidden: ArtifactReport = { ...report('a.py'), suppressed: [{ ...one, suppressed: { by: 'baseline' } }] };
    assert.deepEqual(createBaseline([hidden], reasoned), reasoned, 'what it hides itself stays in it');
  });

  it('forgets entries that have expired', () => {
    const baseline = createBaseline([report('a.py', one)]);
    const dated = {
      ...baseline,
      entries: baseline.entries.map((entry) => ({ ...entry, expires: '2026-06-30', reason: 'later' })),
    };
    const read = parseBaseline(formatBaseline(dated));
    assert.equal(
      applySuppressions(report('a.py', one), [baselineSuppressor(read, '2026-06-30', true)]).findings.length,
      0,
    );
    assert.equal(
      applySuppressions(report('a.py', one), [baselineSuppressor(read, '2026-07-01', true)]).findings.length,
      1,
    );
  });

  it('refuses what is no baseline', () => {
    for (const text of [
      '',
      '[]',
      '{}',
      '{"schema":"watchtower-baseline/1"}',
      '{"schema":"watchtower-baseline/1","salt":"00112233445566778899aabbccddeeff","entries":[{}]}',
      '{"schema":"watchtower-baseline/1","salt":"00112233445566778899aabbccddeeff","entries":[{"hash":"a","rule":"b","path":"c","expires":"soon"}]}',
    ]) {
      assert.throws(() => parseBaseline(text), BaselineError, text);
    }
  });

  it('lets a list that is not trusted hide no model', () => {
    const model = finding('pickle/dangerous-call', 'f3', { category: 'model' });
    const baseline = createBaseline([report('m.pkl', model)]);
    assert.equal(
      applySuppressions(report('m.pkl', model), [baselineSuppressor(baseline, '2026-01-01', false)]).findings.length,
      1,
    );
    assert.equal(applySuppressions(report('m.pkl', model), [ignoreFileSuppressor('*\n', false)]).findings.length, 1);
    assert.equal(applySuppressions(report('m.pkl', model), [ignoreFileSuppressor('*\n', true)]).findings.length, 0);
  });

  it('reads the baseline of detect-secrets by digest, and takes the digest out', () => {
    const secret = ['not', 'so', 'secret'].join('-');
    const sha1 = createHash('sha1').update(secret).digest('hex');
    const text = JSON.stringify({
      version: '1.5.0',
      results: { 'src/a.py': [{ type: 'Secret Keyword', hashed_secret: sha1, line_number: 9 }] },
    });
    const known = finding('secret/a', 'f1', { data: { sha1, kind: 'x' } });
    const other = finding('secret/a', 'f2', { data: { sha1: sha1.replace(/^./, 'x') } });
    const judged = applySuppressions(report('src/a.py', known, other), [detectSecretsSuppressor(text)]);
    assert.deepEqual(
      judged.suppressed?.map(({ suppressed }) => suppressed),
      [{ by: 'baseline', reason: '.secrets.baseline' }],
    );
    assert.equal(judged.findings.length, 1);
    assert.ok(!JSON.stringify(judged).includes('sha1'));
    assert.equal(applySuppressions(report('b.py', known), [detectSecretsSuppressor(text)]).findings.length, 1);
    assert.throws(() => detectSecretsSuppressor('{"results": 3}'), BaselineError);
  });

  it('reads .gitleaksignore', () => {
    const ignore = gitleaksIgnoreSuppressor('# comment\n0123abc4567:src/a.py:generic-api-key:3\nb.py:aws:7\n');
    assert.equal(applySuppressions(report('src/a.py', one), [ignore]).findings.length, 0);
    assert.equal(applySuppressions(report('b.py', one), [ignore]).findings.length, 1);
    assert.equal(
      applySuppressions(report('b.py', finding('secret/a', 'f', { location: { cell: 1, line: 1, fileLine: 7 } })), [
        ignore,
      ]).findings.length,
      0,
    );
  });
});

describe('.watchtowerignore', () => {
  const mail = finding('pii/email-address', 'f1', { category: 'pii' });
  const hidden = (text: string, path: string, found = mail): boolean =>
    applySuppressions(report(path, found), [ignoreFileSuppressor(text, false)]).findings.length === 0;

  it('hides files as .gitignore does', () => {
    assert.equal(hidden('docs/\n!docs/b.md\n*.csv\n', 'docs/a.md'), true);
    assert.equal(hidden('*.csv\n!keep.csv\n', 'data/keep.csv'), false);
    assert.equal(hidden('# docs/\n', 'docs/a.md'), false);
  });

  it('hides one rule or family in some files', () => {
    assert.equal(hidden('pii/email-address:docs/**\n', 'docs/a.md'), true);
    assert.equal(hidden('pii/*:docs/**\n', 'docs/a.md'), true);
    assert.equal(hidden('secret/*:docs/**\n', 'docs/a.md'), false);
    assert.equal(hidden('pii/*:docs/**\n', 'src/a.md'), false);
  });
});
