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

  const patternsOf = (patterns: readonly RegExp[]) => new Forms(patterns, (which) => which.join());
  const ALL = IDENTIFIERS.map(({ pattern }) => pattern);

  it('never refuses what a pattern matches', () => {
    const forms = new Forms(ALL, (which) => new Set(which));
    let matched = 0;
    for (let round = 0; round < 60_000; round += 1) {
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
      const matches = ALL.flatMap((pattern, index) => {
        pattern.lastIndex = 0;
        return pattern.test(text) && pattern.lastIndex === text.length ? [index] : [];
      });
      if (matches.length === 0) continue;
      matched += 1;
      for (const index of matches) {
        assert.ok(forms.at(text, 0)?.has(index), `${text}: ${ALL[index]}`);
        assert.ok(forms.at(`x: ${text}, y`, 3)?.has(index), `${text}: ${ALL[index]}`);
      }
    }
    assert.ok(matched > 2_000, `${matched} values`);
  });

  it('refuses the words of programs', () => {
    const forms = patternsOf(ALL);
    for (const word of [
      'float64',
      'int64',
      'uint8',
      'win32',
      'complex64',
      'conv2d',
      'x1',
      '1e-05',
      'sha256sum',
      '3.14159',
      'b64decode',
    ])
      assert.equal(forms.at(word, 0), undefined, word);
  });

  it('ends where a word ends, and reads counts, alternatives, groups that come again and what looks ahead', () => {
    const forms = patternsOf([/(?!AB)[A-Z]{2}\d{3,4}/y, /\d{2}([- ]?)\d{2}\1\d{2}|(?:[a-f]\.){2}\d/y]);
    const fits = (text: string) => forms.at(text, 0) !== undefined;
    for (const text of ['XY123', 'xy1234,', '12-34-56', '12 34 56 ', '123456', 'a.b.7', 'AB123', 'XY123-', 'XY123. '])
      assert.ok(fits(text), text);
    for (const text of [
      'XY12',
      'XY12345',
      'X123',
      '12-34',
      'a.7',
      'a.g.7',
      '',
      'XY123é',
      '1234567',
      'XY123-4',
      'XY123%',
    ])
      assert.ok(!fits(text), text);
  });

  it('tells all patterns that may end somewhere, in their order', () => {
    const forms = patternsOf([/\d{2}/y, /[X-Z]\d/y, /\d{2}(?: \d{2})?/y, /\d{2} \d{2}/y]);
    assert.equal(forms.at('12', 0), '0,2');
    assert.equal(forms.at('12 34', 0), '0,2,3');
    assert.equal(forms.at('12 345', 0), '0,2');
    assert.equal(forms.at('a 12 34', 2), '0,2,3');
    assert.equal(forms.at('y1', 0), '1');
    assert.equal(forms.at('a1', 0), undefined);
  });

  it('says of a pattern that it cannot read it', () => {
    assert.throws(() => patternsOf([/a*b/y]).at('ab', 0), /not read/);
    assert.throws(() => patternsOf([/[^a]/y]).at('ab', 0), /of no kind/);
  });
});
