import assert from 'node:assert/strict';
import { awsAccount, hasBech32Checksum, hasMacaroonSignature } from '../../../src/core/secrets/checksums';
import { secretsIn, severityOf } from './support';

describe('what tokens say of themselves', () => {
  it('checks Bech32 with the vectors of BIP 173', () => {
    for (const text of [
      'A12UEL5L',
      'split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w',
      'abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw',
    ])
      assert.ok(hasBech32Checksum(text), text);
    for (const text of ['A12UEL5M', 'split1checkupstagehandshakeupstreamerranterredcaperred2y9e3x', 'x1', '1qqqqqq'])
      assert.ok(!hasBech32Checksum(text), text);
  });

  it('reads the account out of an AWS access key ID, as far as it holds one', () => {
    // The pair of ID and account that AWS's `GetAccessKeyInfo` was described with.
    assert.equal(awsAccount(`ASIA${'QNZGKIQY56JQ7WML'}`), '029608264753');
    assert.equal(awsAccount(`AKIA${'IOSFODNN7EXAMPLE'}`), undefined);
    const [found] = secretsIn(`key = "AKIA${'QNZGKIQY56JQ7WML'}"`);
    assert.match(found?.message ?? '', /of the account 029608264753/);
  });

  it('knows a whole PyPI token from a cut one', () => {
    const bytes = [2, 1, 8, ...Buffer.from('pypi.org'), 2, 36];
    const random = (n: number) => Array.from({ length: n }, (_, i) => (i * 73 + 41) % 251);
    const whole = Buffer.from([...bytes, ...random(36), 0, 2, 3, ...Buffer.from('[1]'), 0, 0, 6, 32, ...random(32)]);
    const token = `pypi-${whole.toString('base64url')}`;
    assert.ok(hasMacaroonSignature(token));
    assert.equal(severityOf(secretsIn(`x = "${token}"`)[0] as never), 'critical');
    const cut = token.slice(0, 100);
    assert.ok(!hasMacaroonSignature(cut));
    const [found] = secretsIn(`x = "${cut}"`);
    assert.equal(severityOf(found as never), 'medium');
    assert.match(found?.message ?? '', /without its signature/);
  });
});
