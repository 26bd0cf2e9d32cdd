import { strict as assert } from 'node:assert';
import type { Keyword } from '../../../src/core/text/automaton';
import { KeywordMatcher } from '../../../src/core/text/keywordMatcher';
import { KeywordPass, type Look, type Occurrences, singleReader } from '../../../src/core/text/keywordPass';

const untimed = () => undefined;
const look = singleReader(() => [], true);
const over = (pass: KeywordPass, text: string, wanted: number, checkTime: () => void) =>
  (pass.overAll([text], [wanted], false, checkTime)[0] as Look).occurrences;
const survey = (text: string, checkTime: () => void) => look(text, checkTime).survey;
const anywhere = (text: string): Keyword => ({ text, opens: false });
const pairsOf = (found: Occurrences): [number, number][] =>
  Array.from({ length: found.length }, (_, i) => [found.keyword(i), found.end(i)]);

/** Every occurrence of every keyword by its definition, in the order of ends, longer keywords first. */
function expected(text: string, keywords: readonly string[]): [number, number][] {
  const all: [number, number][] = [];
  for (const [index, keyword] of keywords.entries()) {
    for (let at = 0; at + keyword.length <= text.length; at += 1) {
      const part = text.slice(at, at + keyword.length);
      // Only ASCII has two cases here: the Kelvin sign is no K.
      if (part.replace(/[A-Z]/g, (c) => c.toLowerCase()) === keyword.toLowerCase())
        all.push([index, at + keyword.length]);
    }
  }
  const length = (index: number) => (keywords[index] as string).length;
  return all.sort((a, b) => a[1] - b[1] || length(b[0]) - length(a[0]));
}

describe('keyword pass', () => {
  const words = ['key', 'api_key', 'y', 'token', 'ok', '://', 'a-much-longer-keyword-than-the-others', 'xx'];

  it('finds what is there by definition, in short texts and in long ones, whatever the lanes and chunks cut', () => {
    const pass = new KeywordPass([words.map(anywhere)]);
    const pieces = [
      ...words,
      'API_KEY',
      'Token',
      ' ',
      '\n',
      'q',
      'x',
      'a-much-longer-keyword',
      '\u212aey',
      'é',
      '\u{1f511}',
    ];
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed % below;
    };
    for (const [length, ascii] of [
      [0, true],
      [40, false],
      [3000, true],
      [3000, false],
      [70_000, true],
      [70_000, false],
    ] as const) {
      let text = '';
      while (text.length < length) text += pieces[random(ascii ? pieces.length - 3 : pieces.length)] as string;
      const [found] = over(pass, text, 1, untimed) as [Occurrences];
      assert.deepEqual(pairsOf(found), expected(text, words), `${length} characters`);
      const matched: [number, number][] = [];
      new KeywordMatcher(words).scan(text, (keyword, end) => matched.push([keyword, end]));
      assert.deepEqual(matched, pairsOf(found));
    }
  });

  it('finds a keyword across every place where a long text may be cut', () => {
    const pass = new KeywordPass([[anywhere('a-much-longer-keyword-than-the-others')]]);
    const keyword = 'a-much-longer-keyword-than-the-others';
    const size = 66_000;
    for (let at = 0; at + keyword.length < size; at += 31) {
      const text = `${' '.repeat(at)}${keyword}${' '.repeat(size - at - keyword.length)}`;
      const [found] = over(pass, text, 1, untimed) as [Occurrences];
      assert.deepEqual(pairsOf(found), [[0, at + keyword.length]]);
    }
  });

  it('finds as many as a text can hold', () => {
    const pass = new KeywordPass([[anywhere('y')], [anywhere('yy')]]);
    for (const length of [65_534, 65_535, 65_536, 65_537]) {
      const [one, two] = over(pass, 'y'.repeat(length), 0b11, untimed) as [Occurrences, Occurrences];
      assert.deepEqual([one.length, two.length], [length, length - 1]);
      assert.deepEqual([one.end(length - 1), two.end(length - 2)], [length, length]);
    }
  });

  it('finds in many texts together what it finds in each alone', () => {
    const pass = new KeywordPass([words.map(anywhere), [anywhere('key')]]);
    const texts = Array.from({ length: 3000 }, (_, i) => ['', 'key', `api_${'key '.repeat(i % 90)}`, 'y 10:20'][i % 4]);
    const wanted = texts.map((_, i) => (i % 3 > 0 ? 0b11 : 0b10));
    const looks = pass.overAll(texts as string[], wanted, true, untimed);
    for (const [i, text] of texts.entries()) {
      const alone = over(pass, text as string, wanted[i] as number, untimed);
      assert.deepEqual(looks[i]?.occurrences.map(pairsOf), alone.map(pairsOf), `text ${i}`);
      assert.deepEqual(looks[i]?.survey, survey(text as string, untimed), `text ${i}`);
    }
  });

  it('tells each family its own words, and those that are not wanted nothing', () => {
    const pass = new KeywordPass([[anywhere('secret'), anywhere('key')], [anywhere('key')], [anywhere('secret')]]);
    const [first, second, third] = over(pass, 'secret key', 0b011, untimed) as [Occurrences, Occurrences, Occurrences];
    assert.deepEqual(pairsOf(first), [
      [0, 6],
      [1, 10],
    ]);
    assert.deepEqual(pairsOf(second), [[0, 10]]);
    assert.equal(third.length, 0);
  });

  it('leaves out words that begin inside another when they have to open one, but not behind an escape', () => {
    const pass = new KeywordPass([[{ text: 'sk', opens: true }]]);
    const ends = (text: string) => pairsOf((over(pass, text, 1, untimed) as [Occurrences])[0]).map(([, end]) => end);
    assert.deepEqual(ends('sk desk _sk 1sk "sk -sk SK'), [2, 19, 23, 26]);
    assert.deepEqual(ends(String.raw`"a\nsk\tsk"`), [6, 10]);
  });

  it('finds what opens a word by definition, beside what may stand anywhere, whatever the lanes and chunks cut', () => {
    const opening = ['sk', 's.', 'key', 'nkey', '_key', 'ey-ek', '\\n', 'k'];
    const pass = new KeywordPass([opening.map((text) => ({ text, opens: true })), opening.map(anywhere)]);
    const pieces = [...opening, '\\', '\\n', ' ', '.', 'n', 'x', '9', '_', '-', 'K', 'é'];
    let seed = 11;
    const random = () => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return pieces[(seed >> 8) % pieces.length] as string;
    };
    for (const length of [1, 10, 300, 70_000]) {
      let text = '';
      while (text.length < length) text += random();
      const opens = ([index, end]: [number, number]) => {
        const begin = end - (opening[index] as string).length;
        return !/\w/.test(text[begin - 1] ?? '') || text[begin - 2] === '\\';
      };
      const [words, all] = over(pass, text, 0b11, untimed) as [Occurrences, Occurrences];
      assert.deepEqual(pairsOf(all), expected(text, opening), `${length} characters`);
      assert.deepEqual(pairsOf(words), expected(text, opening).filter(opens), `${length} characters`);
    }
  });

  it('looks at the clock again and again on a long text, and passes on what that throws', () => {
    const pass = new KeywordPass([[anywhere('key')]]);
    let looks = 0;
    over(pass, 'key '.repeat(500_000), 1, () => {
      looks += 1;
    });
    assert.ok(looks >= 10, `${looks} looks`);
    const late = new Error('late');
    assert.throws(
      () =>
        over(pass, 'key '.repeat(500_000), 1, () => {
          throw late;
        }),
      late,
    );
  });
});
