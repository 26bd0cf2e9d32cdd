import assert from 'node:assert/strict';
import { PythonModule } from '../../../src/core/python/module';
import { Sign, Signs } from '../../../src/core/python/signs';
import { random } from './programs';

const KINDS: ReadonlyMap<string, Sign> = new Map([
  ['\n', Sign.LineFeed],
  ['\r', Sign.CarriageReturn],
  ['"', Sign.DoubleQuote],
  ["'", Sign.SingleQuote],
  ['#', Sign.Hash],
  ...[...'([{'].map((c) => [c, Sign.Open] as const),
  ...[...')]}'].map((c) => [c, Sign.Close] as const),
  ['\\', Sign.Backslash],
  ['=', Sign.Equals],
]);

const expected = (text: string): [number, Sign][] =>
  [...Array(text.length).keys()].flatMap((i): [number, Sign][] => {
    const kind = KINDS.get(text.charAt(i));
    return kind === undefined ? [] : [[i, kind]];
  });

function read(text: string): [number, Sign][] {
  const found: [number, Sign][] = [];
  for (const signs = new Signs(text, 0); signs.kind !== Sign.None; signs.next()) found.push([signs.offset, signs.kind]);
  return found;
}

/** Texts of every length that matters: short ones, and some of several stretches, in ASCII and not. */
function texts(): string[] {
  const next = random(7);
  const letters = [...KINDS.keys(), ...'abc  01_.,:;'];
  return [0, 1, 127, 128, 129, 8191, 8192, 8193, 20_000].flatMap((length) => {
    const ascii = Array.from({ length }, () => letters[Math.floor(next() * letters.length)]).join('');
    return [ascii, `${ascii}\u00e9`, `\u2028${ascii}`, ascii.replaceAll('a', '\ud83d\ude00')];
  });
}

describe('the signs of a Python text', () => {
  it('are all found where they stand', () => {
    for (const text of texts()) assert.deepEqual(read(text), expected(text));
  });

  it('are skipped up to any place, the end and what is behind it included', () => {
    const next = random(8);
    for (const text of texts()) {
      const all = expected(text);
      for (let tries = 0; tries < 20; tries += 1) {
        const signs = new Signs(text, 0);
        for (let at = 0; signs.kind !== Sign.None; at += Math.floor(next() * 9000)) {
          signs.skipTo(at);
          const [offset = text.length, kind = Sign.None] = all.find(([place]) => place >= at) ?? [];
          assert.deepEqual([signs.offset, signs.kind], [offset, kind]);
        }
      }
    }
  });
});

describe('the lines of a Python text', () => {
  const lines = (text: string): string[] => {
    const module = new PythonModule(text);
    return Array.from({ length: module.lines.count }, (_, line) => module.lineText(line));
  };

  it('end where Python ends them, however long the text in front of them is', () => {
    const parts = [
      'a = 1',
      `b = 'it\\'s' + "#"  # no 'string'`,
      'c = (1,\n  [2], # )\n  """\n)\n""")',
      'd = 1 + \\\n  2',
      "if x == '''\n\\''' ''': pass",
      'f(a=1,\n\n  b=2)',
      "g = 'not closed",
      'h = r"\\\\"',
      'i = "\u00e9"',
    ];
    for (const filler of [1, 100, 8150, 8190, 16_380])
      for (let first = 0; first < parts.length; first += 1) {
        const turned = [`j = ${'1'.repeat(filler)}`, ...parts.slice(first), ...parts.slice(0, first)];
        assert.deepEqual(lines(`${turned.join('\n')}\n`), turned);
      }
  });

  it('come to an end when the text breaks off', () => {
    const ends = ['\\', "'", "'\\", '"""', '"""\\', '(', '#', '(#', '=', '==', ':=', '\\\r', "'\\\r", '\\\r\n'];
    for (const end of ends)
      for (const width of [10, 300, 8191, 8192, 8193]) {
        const text = `x = ${end.padStart(width - 4, '1')}`;
        assert.deepEqual(lines(text), [text]);
      }
  });

  it('know their comments', () => {
    const text = `f(  # a 'b' "\n  '# c', d, # e\n  g)  # h`;
    const module = new PythonModule(text);
    const within = (sign: string): boolean => {
      const offset = text.indexOf(sign, 1);
      return module.lines.isComment(module.lines.before(offset), offset);
    };
    assert.deepEqual(
      [...'abcdegh'].filter((letter) => within(letter)),
      ['a', 'b', 'e', 'h'],
    );
  });
});
