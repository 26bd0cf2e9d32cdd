import assert from 'node:assert/strict';
import {
  base58check,
  bech32,
  eip55,
  icao9303,
  kvnr,
  luhn,
  mod11_10,
  nric,
  verhoeff,
} from '../../../src/core/pii/checksums';

/** Every value that differs in one digit must fail: all these checks find single errors. */
function rejectsEveryOtherDigit(value: string, check: (text: string) => boolean): void {
  for (let i = 0; i < value.length; i += 1) {
    if (!/\d/.test(value[i] as string)) continue;
    for (const digit of '0123456789') {
      if (digit === value[i]) continue;
      const changed = value.slice(0, i) + digit + value.slice(i + 1);
      assert.equal(check(changed), false, `${changed} differs from ${value} in one digit`);
    }
  }
}

describe('check digits', () => {
  it('computes Luhn', () => {
    assert.equal(luhn('79927398713'), true);
    rejectsEveryOtherDigit('79927398713', luhn);
    assert.equal(luhn(''), false);
  });

  it('computes Verhoeff', () => {
    assert.equal(verhoeff('2363'), true);
    rejectsEveryOtherDigit('2363', verhoeff);
  });

  it('computes ISO 7064 MOD 11,10', () => {
    assert.equal(mod11_10('136695976'), true);
    rejectsEveryOtherDigit('136695976', mod11_10);
  });

  it('computes the check digit of travel documents', () => {
    assert.equal(icao9303('L898902C36'), true, 'the specimen of ICAO 9303');
    assert.equal(icao9303('L898902C37'), false);
  });

  it('computes the German health insurance number', () => {
    assert.equal(kvnr('A123456780'), true);
    assert.equal(kvnr('A123456781'), false);
  });

  it('computes the letter of a Singapore NRIC in every series', () => {
    for (const value of ['S0000001I', 'T0000001E', 'F0000001U', 'G0000001P']) {
      assert.equal(nric(value), true, value);
      assert.equal(nric(`${value.slice(0, 8)}${value[8] === 'A' ? 'B' : 'A'}`), false);
    }
  });

  it('decodes base58check and bech32', () => {
    assert.deepEqual(base58check('1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa'), { version: 0, length: 20 });
    assert.equal(base58check('1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb'), undefined);
    assert.equal(base58check('1A1zP0'), undefined, '0 is no base58 digit');
    assert.equal(bech32('BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4'), true, 'BIP 173');
    assert.equal(bech32('bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0'), true, 'BIP 350');
    assert.equal(bech32('bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5'), false);
    assert.equal(bech32('Bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'), false, 'mixed case');
  });

  it('reads the capitals of an Ethereum address', () => {
    assert.equal(eip55('5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'), true, 'EIP-55');
    assert.equal(eip55('5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'), false);
    assert.equal(eip55('5aaeb6053f3e94c9b9a09f33669435e7ef1beaed'), undefined);
  });
});
