import assert from 'node:assert/strict';
import { compare, valid } from '@renovatebot/pep440';
import { compareVersions, normalizeName, parseVersion, type Version } from '../../../src/core/dependencies/version';

const parse = (text: string): Version => {
  const version = parseVersion(text);
  assert.ok(version, text);
  return version;
};

describe('versions of PEP 440', () => {
  it('puts the versions of the specification into its order', () => {
    const ascending = [
      '1.dev0',
      '1.0.dev456',
      '1.0a1',
      '1.0a2.dev456',
      '1.0a12.dev456',
      '1.0a12',
      '1.0b1.dev456',
      '1.0b2',
      '1.0b2.post345.dev456',
      '1.0b2.post345',
      '1.0rc1.dev456',
      '1.0rc1',
      '1.0',
      '1.0.post456.dev34',
      '1.0.post456',
      '1.0.15',
      '1.1.dev1',
      '1!0.1',
    ].map(parse);
    for (let i = 0; i < ascending.length; i += 1) {
      for (let j = 0; j < ascending.length; j += 1) {
        const sign = Math.sign(compareVersions(ascending[i] as Version, ascending[j] as Version));
        assert.equal(sign, Math.sign(i - j), `${ascending[i]?.text} and ${ascending[j]?.text}`);
      }
    }
  });

  it('takes other spellings of a version for the same one', () => {
    for (const [a, b] of [
      ['1.0', 'v1.0.0'],
      ['1.0a1', '1.0-ALPHA.1'],
      ['1.0rc1', '1.0_c1'],
      ['1.0-1', '1.0.post1'],
      ['1.0.dev', '1.0dev0'],
      ['2.5.1+cu121', '2.5.1'],
      ['1.0.0.99999999999999999999', '1.0.0.099999999999999999999'],
    ] as const) {
      assert.equal(compareVersions(parse(a), parse(b)), 0, `${a} and ${b}`);
    }
  });

  it('agrees with another implementation of the specification', () => {
    const texts: string[] = [];
    for (const release of ['0.9', '1.0', '1.0.1', '1.10', '2!0.1', '2024.9.25']) {
      for (const tail of ['', 'a1', 'b2', 'rc3', '.post1', '.dev4', 'a1.post2', 'rc1.dev2', '.post3.dev1']) {
        texts.push(release + tail);
      }
    }
    for (const a of texts) {
      assert.equal(valid(a), a);
      for (const b of texts) {
        assert.equal(Math.sign(compareVersions(parse(a), parse(b))), Math.sign(compare(a, b)), `${a} and ${b}`);
      }
    }
  });

  it('refuses what is no version, however long', () => {
    for (const text of ['', 'latest', '1.0.x', '1..0', '==1.0', '1.0+', `1${'.0'.repeat(5000)}`, '1.0 beta']) {
      assert.equal(parseVersion(text), undefined, text.slice(0, 40));
    }
  });

  it('normalises names as indexes do', () => {
    assert.equal(normalizeName('Scikit_Learn..x--y'), 'scikit-learn-x-y');
  });
});
