import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import {
  awsAccount,
  hasBech32Checksum,
  hasGrafanaChecksum,
  hasMacaroonSignature,
  hasRoutableChecksum,
} from '../../../src/core/secrets/checksums';
import { matching, randomOf } from './shapes';
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

  const random = randomOf(77);
  /** A token and the same with another checksum, with what is said of each. */
  const judged = (right: string) => {
    const wrong = right.slice(0, -1) + (right.endsWith('1') ? '2' : '1');
    return [right, wrong].map((token) => secretsIn(`x = "${token}"`).map((draft) => severityOf(draft)));
  };

  it('checks the routable tokens of GitLab, with a version and without', () => {
    for (const prefix of ['glpat-', 'glrt-t1_', 'glagent-']) {
      for (const version of ['.01', '']) {
        const payload = matching('[A-Za-z0-9_-]{43}', random);
        const body = `${prefix}${payload}${version}.${payload.length.toString(36).padStart(2, '0')}`;
        const token = `${body}${crc32(body).toString(36).padStart(7, '0')}`;
        assert.ok(hasRoutableChecksum(token));
        assert.deepEqual(judged(token), [['critical'], ['medium']], prefix + version);
      }
    }
  });

  it('checks the tokens of service accounts of Grafana', () => {
    // The pair of secret and checksum in the tests of Grafana's token generator.
    assert.ok(hasGrafanaChecksum(`glsa_${'iNValIdinValiDinvalidinvalidinva'}_5b582697`));
    const body = `glsa_${matching('[A-Za-z0-9]{32}', random)}`;
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(crc32(body));
    assert.deepEqual(judged(`${body}_${bytes.toString('hex')}`), [['high'], ['medium']]);
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
