import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { ArtifactReport, Finding } from '../../../src/core/finding';
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
import { ignoreFileProblems, ignoreFileSuppressor } from '../../../src/core/suppress/ignoreFile';
import { applySuppressions } from '../../../src/core/suppress/suppressor';

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

  it('is read with a byte order mark, and from other systems', () => {
    const baseline = createBaseline([report('a.py', one)]);
    const text = `\ufeff${formatBaseline(baseline).replaceAll('\n', '\r\n')}`;
    assert.deepEqual(parseBaseline(text), baseline);
    const sha1 = 'ab'.repeat(20);
    const known = finding('secret/a', 'f1', { data: { sha1 } });
    const windows = JSON.stringify({
      results: { 'src\\a.py': [{ hashed_secret: sha1.toUpperCase() }], b: 3, c: [null] },
    });
    assert.equal(
      applySuppressions(report('src/a.py', known), [detectSecretsSuppressor(`\ufeff${windows}`)]).findings.length,
      0,
    );
    const leaks = gitleaksIgnoreSuppressor('\ufeff.\\src\\a.py:aws-access-token:3\r\n');
    assert.equal(applySuppressions(report('src/a.py', one), [leaks]).findings.length, 0);
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

  it('names the rules that there are not, and knows stars and byte order marks', () => {
    assert.deepEqual(ignoreFileProblems('\ufeffsecret/pasword:docs/\r\nsecret/*:x\n*:y\ndocs/\n# secret/none:z\n'), [
      'secret/pasword: there is no such rule; secret/password may be meant',
    ]);
    assert.equal(hidden('\ufeffdocs/\n', 'docs/a.md'), true);
    assert.equal(hidden('pii/email-*:docs/**\n', 'docs/a.md'), true);
    assert.equal(hidden('pii/us-*:docs/**\n', 'docs/a.md'), false);
  });

  it('hides one rule or family in some files', () => {
    assert.equal(hidden('pii/email-address:docs/**\n', 'docs/a.md'), true);
    assert.equal(hidden('pii/*:docs/**\n', 'docs/a.md'), true);
    assert.equal(hidden('secret/*:docs/**\n', 'docs/a.md'), false);
    assert.equal(hidden('pii/*:docs/**\n', 'src/a.md'), false);
  });
});
