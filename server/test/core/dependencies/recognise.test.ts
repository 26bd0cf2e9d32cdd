import assert from 'node:assert/strict';
import { DEPENDENCY_ANALYSER } from '../../../src/core/dependencies/analyser';
import { isRequirementsText } from '../../../src/core/dependencies/recognise';
import { documentFromText } from '../../../src/core/text/fileDocument';
import { judge } from '../pii/judge';

describe('requirements files under other names', () => {
  it('are known by their content', () => {
    for (const text of [
      'numpy==1.21.0\npandas>=1.0,<2\n# a comment\nrequests\n',
      '-r base.txt\ntorch~=2.0\n',
      '--extra-index-url https://download.pytorch.org/whl/cpu\ntorch\n',
      'package @ git+https://github.com/o/r@main\n',
      'numpy==1.21.0 \\\n    --hash=sha256:aaaa\n',
      `${'numpy==1.21.0\n'.repeat(1000)}`,
    ])
      assert.ok(isRequirementsText('base.txt', '', text), text.slice(0, 60));
  });

  it('are known by their folder', () => {
    for (const folder of ['requirements', 'deps', 'constraints', 'reqs'])
      assert.ok(isRequirementsText('dev.txt', folder, 'pytest\nblack\n'), folder);
    assert.equal(isRequirementsText('dev.txt', 'docs', 'pytest\nblack\n'), false);
  });

  it('are told from other texts', () => {
    for (const text of [
      'cat\ndog\nbird\n',
      'loss<0.5\naccuracy>0.9\n',
      'See numpy==1.21.0 for details.\n',
      'The quick brown fox\n',
      '1.0 2.0 3.0\n4.0 5.0 6.0\n',
      '0\n1\n2\n',
      'key=value\nother=thing\n',
      'a==b\nc==d\n',
      'https://example.com\n',
      '192.168.2.1@eth0\n',
      'https://example.com/data-1.0.zip\nhttps://example.com/data-2.0.tar.gz\n',
      '',
      '# only a comment\n',
      'torch==2.0\nis what we use here\n',
    ])
      assert.equal(isRequirementsText('notes.txt', '', text), false, text);
    assert.equal(isRequirementsText('notes.md', 'requirements', 'numpy==1.0\n'), false);
  });

  it('are judged like the others', () => {
    const document = documentFromText('project/requirements/gpu.txt', 'torch\n--trusted-host pypi.example.org\n');
    assert.equal(document.kind, 'dependencies');
    const rules = judge(document, DEPENDENCY_ANALYSER).map(({ rule }) => rule.id);
    assert.ok(rules.includes('dependency/unpinned'), rules.join());
    assert.ok(rules.length > 1, rules.join());
  });
});
