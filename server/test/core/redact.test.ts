import assert from 'node:assert/strict';
import { evidenceText, hashSecret, redactRanges, redactSecret } from '../../src/core/redact';

describe('redaction', () => {
  it('shows of a long secret its first four characters at most, of a short one nothing', () => {
    const long = `ab${'Zq9'.repeat(12)}`;
    const shown = redactSecret(long);
    assert.ok(shown.startsWith('abZq*'));
    assert.ok(!shown.includes(long.slice(4, 8)));
    assert.equal(redactSecret('hunter2'), '******* (7 characters)');
    assert.equal(redactSecret('abc'), '**** (3 characters)');
  });

  it('hides ranges, also when they overlap or stand out of order', () => {
    assert.equal(redactRanges('user=bob pass=sesame!', [{ start: 14, end: 21 }]), 'user=bob pass=*******');
    const twice = redactRanges('aSECRETb', [
      { start: 3, end: 7 },
      { start: 1, end: 5 },
    ]);
    assert.ok(!/[SECRT]/.test(twice));
    assert.ok(twice.startsWith('a') && twice.endsWith('b'));
  });

  it('cuts, and escapes what moves a cursor', () => {
    assert.equal(evidenceText('a\nb\u001b[1m'), 'a\\nb\\u001b[1m');
    assert.equal(evidenceText('x'.repeat(300), 10), 'xxxxxxxxxx… (300 characters)');
  });

  it('hashes with a salt', () => {
    assert.notEqual(hashSecret('a'), hashSecret('a', 'salt'));
    assert.match(hashSecret('a'), /^[0-9a-f]{64}$/);
  });
});
