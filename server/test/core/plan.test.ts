import assert from 'node:assert/strict';
import { planArtifacts } from '../../src/core/plan';
import type { DirectoryFormat } from '../../src/core/scanner';

const saved: DirectoryFormat = {
  id: 'saved',
  title: 'Saved',
  claim: (files) =>
    files.includes('saved_model.pb')
      ? files.filter((f) => f === 'saved_model.pb' || f.startsWith('variables/'))
      : undefined,
};
const entry = (path: string) => ({ path, size: 1 });

describe('planArtifacts', () => {
  it('makes one artifact of a folder and leaves what is not of it', () => {
    const plan = planArtifacts(['m/saved_model.pb', 'm/variables/v.index', 'm/train.py', 'a.pkl'].map(entry), [saved]);
    assert.deepEqual(plan, [
      { kind: 'file', path: 'a.pkl', size: 1 },
      { kind: 'directory', path: 'm', formatId: 'saved', members: ['saved_model.pb', 'variables/v.index'], size: 2 },
      { kind: 'file', path: 'm/train.py', size: 1 },
    ]);
  });

  it('gives a file to one artifact only, the outer folder first', () => {
    const outer: DirectoryFormat = {
      id: 'outer',
      title: 'Outer',
      claim: (f) => (f.includes('MLmodel') ? f : undefined),
    };
    const plan = planArtifacts(['r/MLmodel', 'r/data/saved_model.pb'].map(entry), [saved, outer]);
    assert.equal(plan.length, 1);
    assert.equal(plan[0]?.kind === 'directory' && plan[0].formatId, 'outer');
  });
});
