import assert from 'node:assert/strict';
import { Budget } from '../../../src/core/budget';
import { DEPENDENCY_ANALYSER } from '../../../src/core/dependencies/analyser';
import type { DependencyRecord } from '../../../src/core/finding';
import type { FindingDraft, ScanContext } from '../../../src/core/scanner';
import { DEFAULT_SETTINGS } from '../../../src/core/settings';
import { analyseDocument } from '../../../src/core/text/analyse';
import type { TextDocument, TextSegment } from '../../../src/core/text/document';
import { LineIndex } from '../../../src/core/text/lineIndex';

function segment(text: string, part: Partial<TextSegment>): TextSegment {
  const index = new LineIndex(text);
  return { kind: 'config', language: 'requirements', text, locate: (s, e) => index.locate(s, e), ...part };
}

function analyse(document: TextDocument): { drafts: FindingDraft[]; dependencies: DependencyRecord[] } {
  const drafts: FindingDraft[] = [];
  const dependencies: DependencyRecord[] = [];
  const context: ScanContext = {
    budget: new Budget(),
    settings: DEFAULT_SETTINGS,
    report: (draft) => drafts.push(draft),
    depend: (dependency) => dependencies.push(dependency),
    describe: () => undefined,
    scan: async () => [],
    incomplete: () => assert.fail('nothing is left out here'),
  };
  analyseDocument(document, [DEPENDENCY_ANALYSER], context);
  return { drafts, dependencies };
}

const file = (text: string) =>
  analyse({ name: 'requirements.txt', kind: 'dependencies', segments: [segment(text, {})] });
const cell = (text: string) =>
  analyse({
    name: 'n.ipynb',
    kind: 'notebook',
    segments: [segment(text, { kind: 'code', language: 'python', cell: 0 })],
  });

const summary = ({ drafts }: { drafts: FindingDraft[] }) =>
  drafts.map(({ rule, severity, location }) => [rule.id, severity ?? rule.severity, location?.line, location?.column]);

describe('dependency findings', () => {
  it('gives one finding for a vulnerable pin, with the ids, the way out and an edit of the version alone', () => {
    const { drafts } = file('tensorflow==2.5.0\n');
    assert.equal(drafts.length, 1);
    const [draft] = drafts as [FindingDraft];
    assert.equal(draft.rule.id, 'dependency/known-vulnerability');
    assert.equal(draft.severity, 'critical');
    assert.deepEqual(draft.location, { line: 1, column: 1, endLine: 1, endColumn: 18, fileLine: 1 });
    assert.ok((draft.data as { count: number }).count > 200);
    const [fix] = draft.fixes ?? [];
    const [edit] = fix?.edits ?? [];
    assert.deepEqual({ ...edit, newText: '' }, { line: 1, column: 13, endLine: 1, endColumn: 18, newText: '' });
    assert.equal(file(`tensorflow==${edit?.newText}`).drafts.length, 0, 'what the edit makes is clean');
  });

  it('strips local versions and offers no edit where hashes would break', () => {
    assert.deepEqual(summary(file('torch==2.5.1+cu121')), [['dependency/known-vulnerability', 'critical', 1, 1]]);
    assert.equal(file('torch==2.5.1 --hash=sha256:00').drafts[0]?.fixes, undefined);
  });

  it('tells ranges that cannot be safe from those that can', () => {
    assert.deepEqual(summary(file('tensorflow<2.0')), [['dependency/known-vulnerability', 'critical', 1, 1]]);
    assert.deepEqual(summary(file('tensorflow>=2.0')), [['dependency/vulnerable-range', 'info', 1, 1]]);
    const { fixed: floor } = file('tensorflow>=2.0').drafts[0]!.data as { fixed: string };
    assert.deepEqual(summary(file(`tensorflow>=${floor}`)), []);
    assert.deepEqual(summary(file('requests~=2.19.1')), [['dependency/known-vulnerability', 'medium', 1, 1]]);
  });

  it('says nothing of versions and packages without advisories', () => {
    assert.deepEqual(summary(file('numpy==1.26.4\nxgboost==2.0.0\nmy-own-thing==1.0\nscikit-learn==1.6.1\n')), []);
  });

  it('makes one fact of all unpinned names', () => {
    assert.deepEqual(summary(file('flask\nnumpy\nmy-own-thing>=1.0\n')), [['dependency/unpinned', 'info', 1, 1]]);
  });

  it('lowers by one step what no release mends', () => {
    const { drafts } = file('ecdsa==0.19.2');
    assert.equal(drafts[0]?.severity, 'medium', 'CVSS 7.4 without a fix');
    assert.equal(drafts[0]?.fixes, undefined);
  });

  it('finds each package of notebook install lines, and nothing in comments', () => {
    const text = [
      '!pip install -q numpy==1.16.0 scikit-learn==0.19.0   # both old',
      '%pip install requests==2.19.1',
      '# !pip install django==1.11.15',
      'versions = !python -m pip install flask==0.12.2',
      'print("pip install urllib3==1.24.1")',
      'if True:',
      '    !pip install \\',
      '        pandas==0.24.1',
    ].join('\n');
    assert.deepEqual(
      cell(text).drafts.map(({ location, data }) => [
        (data as { package: string }).package,
        location?.line,
        location?.column,
      ]),
      [
        ['numpy', 1, 17],
        ['scikit-learn', 1, 31],
        ['requests', 2, 14],
        ['flask', 4, 35],
        ['pandas', 8, 9],
      ],
    );
  });

  it('reads shell cells as shell', () => {
    assert.equal(cell('%%bash\nset -e\npip install numpy==1.16.0\n').drafts.length, 1);
  });

  it('reports unsafe origins and is calm about well-known ones', () => {
    const text = [
      '--trusted-host index.corp.io',
      '--index-url http://index.corp.io/simple',
      '--extra-index-url https://index.corp.io/simple',
      '--extra-index-url https://download.pytorch.org/whl/cu121',
      '--index-url https://pypi.org/simple',
      '--find-links http://localhost:8000/',
      '--index-url https://test.pypi.org/simple',
      '-r https://example.org/requirements.txt',
      '--pre',
    ].join('\n');
    assert.deepEqual(summary(file(text)), [
      ['dependency/trusted-host', 'medium', 1, 1],
      ['dependency/insecure-transport', 'high', 2, 1],
      ['dependency/extra-index', 'medium', 3, 1],
      ['dependency/extra-index', 'info', 4, 1],
      ['dependency/untrusted-index', 'medium', 7, 1],
      ['dependency/remote-include', 'medium', 8, 1],
      ['dependency/prerelease', 'low', 9, 1],
    ]);
  });

  it('wants commits and hashes', () => {
    const commit = 'a'.repeat(40);
    const rules = (line: string) => file(line).drafts.map(({ rule }) => rule.id);
    assert.deepEqual(rules('git+https://github.com/a/b@main'), ['dependency/unpinned-source']);
    assert.deepEqual(rules('git+https://github.com/a/b'), ['dependency/unpinned-source']);
    assert.deepEqual(rules(`git+https://github.com/a/b@${commit}`), []);
    assert.deepEqual(rules('git+https://github.com/a/b@v1.2.3'), []);
    assert.deepEqual(rules(`https://github.com/a/b/archive/${commit}.zip`), []);
    assert.deepEqual(rules('https://files.example.org/c-1.0.tar.gz'), ['dependency/unpinned-source']);
    assert.deepEqual(rules('https://files.example.org/c-1.0.tar.gz#sha256=00'), []);
    assert.deepEqual(rules('git://github.com/a/b'), ['dependency/insecure-transport']);
  });

  it('shows no credentials of addresses, neither in findings nor in components', () => {
    const password = ['s3', 'cr', '3t', 'pw', '99'].join('');
    const { drafts, dependencies } = file(
      `--index-url https://bot:${password}@index.corp.io/simple\nc @ git+https://bot:${password}@git.corp.io/c@main\n`,
    );
    assert.equal(drafts.length, 2);
    assert.equal(dependencies.length, 1);
    assert.ok(!JSON.stringify({ drafts, dependencies }).includes(password));
  });

  it('knows names that are not what is meant', () => {
    const { drafts } = file('sklearn==0.0.post1');
    assert.deepEqual(
      drafts.map(({ rule, fixes }) => [rule.id, fixes?.[0]?.edits[0]?.newText]),
      [['dependency/wrong-name', 'scikit-learn']],
    );
  });

  it('lists what is asked for as components', () => {
    const { dependencies } = file('Flask==2.0\nnumpy>=1.2,<2\nd @ https://user:pw@x.example/d-1.0.zip\n');
    assert.deepEqual(
      dependencies.map(({ location: _, ...rest }) => rest),
      [
        { name: 'flask', ecosystem: 'pypi', version: '2.0', specifier: '==2.0', license: 'BSD-3-Clause' },
        { name: 'numpy', ecosystem: 'pypi', specifier: '>=1.2,<2' },
        { name: 'd', ecosystem: 'pypi', url: 'https://x.example/d-1.0.zip' },
      ],
    );
  });
});
