import { strict as assert } from 'node:assert';
import { Forms } from '../../../src/core/pii/forms';
import { IDENTIFIERS } from '../../../src/core/pii/identifiers';

describe('forms of identifiers', () => {
  let seed = 5;
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * below);
  };
  const pick = (from: string) => from[random(from.length)] as string;

  it('never refuses what a pattern matches', () => {
    const forms = new Forms(IDENTIFIERS.map(({ pattern }) => pattern));
    let matched = 0;
    for (let round = 0; round < 300_000; round += 1) {
      let text = '';
      const parts = 1 + random(4);
      for (let i = 0; i < parts; i += 1) {
        if (i > 0 && random(3) > 0) text += pick(' -./:_+');
        const alphabet = pick('dlxd');
        const length = 1 + random(i === 0 ? 10 : 8);
        for (let k = 0; k < length; k += 1)
          text += pick(
            alphabet === 'd'
              ? '0123456789'
              : alphabet === 'l'
                ? 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcxyzÄ'
                : '0123456789ABCDEFGHXYZ',
          );
      }
      const matches = IDENTIFIERS.some(({ pattern }) => {
        pattern.lastIndex = 0;
        return pattern.test(text) && pattern.lastIndex === text.length;
      });
      if (!matches) continue;
      matched += 1;
      assert.ok(forms.mayBegin(text, 0), text);
      assert.ok(forms.mayBegin(`x: ${text}, y`, 3), text);
    }
    assert.ok(matched > 10_000, `${matched} values`);
  });

  it('refuses the words of programs', () => {
    const forms = new Forms(IDENTIFIERS.map(({ pattern }) => pattern));
    for (const word of [
      'float64',

      'conv2d',
      'x1',
      '1e-05',
      'sha256sum',
      '3.14159',
      'b64decode',
    ])
      assert.equal(forms.mayBegin(word, 0), false, word);
  });

  it('ends where a word ends, and reads counts, alternatives, groups that come again and what looks ahead', () => {
    const forms = new Forms([/(?!AB)[A-Z]{2}\d{3,4}/y, /\d{2}([- ]?)\d{2}\1\d{2}|(?:[a-f]\.){2}\d/y]);
    const fits = (text: string) => forms.mayBegin(text, 0);
    for (const text of ['XY123', 'xy1234,', '12-34-56', '12 34 56 ', '123456', 'a.b.7', 'AB123'])
      assert.ok(fits(text), text);
    for (const text of ['XY12', 'XY12345', 'X123', '12-34', 'a.7', '', 'XY123é', '1234567'])
      assert.ok(!fits(text), text);
  });

  it('says of a pattern that it cannot read it', () => {
    assert.throws(() => new Forms([/a*b/y]).mayBegin('ab', 0), /not read/);
    assert.throws(() => new Forms([/[^a]/y]).mayBegin('ab', 0), /of no kind/);
  });
});
