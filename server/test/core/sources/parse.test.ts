import assert from 'node:assert/strict';
import { isRemoteTarget, parseTarget, TargetError } from '../../../src/core/sources/parse';
import { transferSentence } from '../../../src/core/sources/transferSentence';

describe('targets', () => {
  const hub = { kind: 'huggingface', repoType: 'model', repo: 'acme/model' };
  const git = { kind: 'git', url: 'https://github.com/acme/repo' };
  const good: [string, object][] = [
    ['hf:acme/model', hub],
    ['hf:gpt2', { ...hub, repo: 'gpt2' }],
    ['hf:acme/model@v1.0', { ...hub, revision: 'v1.0' }],
    ['hf:acme/model/onnx/model.onnx@refs/pr/3', { ...hub, revision: 'refs/pr/3', subfolder: 'onnx/model.onnx' }],
    ['hf:datasets/acme/data', { ...hub, repoType: 'dataset', repo: 'acme/data' }],
    ['hf:spaces/acme/app', { ...hub, repoType: 'space', repo: 'acme/app' }],
    ['https://huggingface.co/acme/model', hub],
    ['https://hf.co/acme/model/tree/main/onnx', { ...hub, revision: 'main', subfolder: 'onnx' }],
    [
      'https://huggingface.co/datasets/acme/data/blob/main/a.csv',
      { ...hub, repoType: 'dataset', repo: 'acme/data', revision: 'main', subfolder: 'a.csv' },
    ],
    [
      'https://huggingface.co/gpt2/resolve/main/model.bin',
      { ...hub, repo: 'gpt2', revision: 'main', subfolder: 'model.bin' },
    ],
    ['github:acme/repo', git],
    ['github:acme/repo.git@feature/x', { ...git, ref: 'feature/x' }],
    ['github:acme/repo/sub/folder@main', { ...git, ref: 'main', subfolder: 'sub/folder' }],
    ['https://github.com/acme/repo', git],
    ['https://github.com/acme/repo/', git],
    ['https://github.com/acme/repo/tree/feature/x/sub', { ...git, refAndFolder: 'feature/x/sub' }],
    ['https://github.com/acme/repo/blob/main/a.py', { ...git, refAndFolder: 'main/a.py' }],
    ['https://ghe.example.com/acme/repo.git', { kind: 'git', url: 'https://ghe.example.com/acme/repo.git' }],
    ['git+https://example.com/x/y.git@v1', { kind: 'git', url: 'https://example.com/x/y.git', ref: 'v1' }],
    [
      'https://gitlab.com/group/sub/repo/-/tree/main/x',
      { kind: 'git', url: 'https://gitlab.com/group/sub/repo', refAndFolder: 'main/x' },
    ],
    ['s3://bucket', { kind: 's3', bucket: 'bucket', prefix: '' }],
    ['s3://bucket/a b/../c', { kind: 's3', bucket: 'bucket', prefix: 'a b/../c' }],
  ];
  for (const [text, spec] of good) {
    it(`reads ${text}`, () => {
      assert.ok(isRemoteTarget(text));
      assert.deepEqual(parseTarget(text), spec);
    });
  }

  const bad = [
    'ssh://host/x',
    'git@github.com:acme/repo.git',
    'git://host/x',
    'ext::sh -c touch% x',
    'github:acme',
    'github:acme/repo@--upload-pack=x',
    'github:acme/repo@a..b',
    'hf:',
    'hf:../../x',
    'hf:acme/model/../../x',
    'https://user:secret@github.com/acme/repo',
    'https://token@huggingface.co/acme/model',
    'https://github.com/acme/repo?x=1',
    'https://github.com/acme/repo/tree/-x',
    's3://',
    's3://b',
    's3://..',
    'https://github.com/acme/repo\n--option',
  ];
  for (const text of bad) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => parseTarget(text),
        (error) => error instanceof TargetError && !error.message.includes('secret'),
      );
    });
  }

  it('leaves paths of this machine alone', () => {
    for (const text of ['.', 'C:\\models', '/tmp/x', 'github', 'hf', 's3/x', 'model.pt', './hf:x']) {
      assert.equal(isRemoteTarget(text), false, text);
    }
  });

  it('takes what the target does not say from the options', () => {
    const options = { ref: 'dev', subfolder: '/sub/', hubEndpoint: 'https://hub.example.com' };
    assert.deepEqual(parseTarget('hf:acme/model', options), {
      ...hub,
      revision: 'dev',
      subfolder: 'sub',
      endpoint: 'https://hub.example.com',
    });
    assert.deepEqual(parseTarget('https://hub.example.com/acme/model', { hubEndpoint: 'https://hub.example.com' }), {
      ...hub,
      endpoint: 'https://hub.example.com',
    });
    assert.throws(() => parseTarget('github:a/b', { depth: 0 }), TargetError);
    assert.throws(() => parseTarget('github:a/b', { subfolder: '../x' }), TargetError);
  });

  it('says how much was read', () => {
    assert.equal(
      transferSentence({ read: 3_140_000, requests: 42, ofBytes: 26e9 }),
      'structure scanned: 3.1 MB of 26.0 GB (42 requests)',
    );
    assert.equal(transferSentence({ read: 900, requests: 1, ofBytes: 900 }), 'scanned in full: 900 bytes (1 request)');
  });
});
