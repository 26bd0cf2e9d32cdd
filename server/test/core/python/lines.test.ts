import assert from 'node:assert/strict';
import { stringEnd } from '../../../src/core/python/literals';
import { PythonModule } from '../../../src/core/python/module';
import { random } from './programs';

interface Division {
  /** Start, end and column of each line. */
  readonly lines: [number, number, number][];
  /** Start and end of each comment within a line. */
  readonly comments: [number, number][];
}

const NEVER_INSIDE = /^[ \t]*(?:import|def|class|return|with|while|try|raise|del|from[ \t]+[\w.]+[ \t]+import)\b/;

/** Divides a text sign by sign. */
function divided(text: string): Division {
  const division: Division = { lines: [], comments: [] };
  const lineFeed = (from: number): number => (text.indexOf('\n', from) < 0 ? text.length : text.indexOf('\n', from));
  const endOf = (start: number): number => {
    let depth = 0;
    for (let at = start; ; ) {
      const sign = text[at];
      if (sign === undefined) return text.length;
      if (sign === '\n' || sign === '\r') {
        if (depth === 0 || NEVER_INSIDE.test(text.slice(at + 1, at + 100))) return at;
        at += 1;
      } else if (sign === '"' || sign === "'") at = stringEnd(text, at, text.length);
      else if (sign === '#') {
        division.comments.push([at, lineFeed(at)]);
        at = lineFeed(at);
      } else if (sign === '\\') at += text.startsWith('\r\n', at + 1) ? 3 : 2;
      else {
        if ('([{'.includes(sign)) depth += 1;
        else if (')]}'.includes(sign)) depth = Math.max(0, depth - 1);
        at += 1;
      }
    }
  };
  let column = 0;
  for (let at = 0; at < text.length; ) {
    const sign = text.charAt(at);
    if (/[ \t\n\r\f]/.test(sign)) {
      column = sign === ' ' ? column + 1 : sign === '\t' ? column + 8 : 0;
      at += 1;
    } else if (sign === '#') at = lineFeed(at);
    else if (/^(?:[!?]|%[A-Za-z%])/.test(text.slice(at, at + 2))) {
      at = lineFeed(at);
      while (at < text.length && text[at - 1] === '\\') at = lineFeed(at + 1);
    } else {
      const end = endOf(at);
      division.lines.push([at, end, column]);
      at = end;
    }
  }
  return division;
}

const PARTS = [
  ...[
    '\n',
    '\n',
    '\n',
    '\r',
    '\r\n',
    '\f',
    '\t',
    '    ',
    ' ',
    '\\',
    '\\\n',
    '\\\r\n',
    '#',
    '# a',
    '=',
    '==',
    ':=',
    ':',
    ',',
  ],
  ...['"', "'", '"""', "'''", '\\"', "\\'", '(', ')', '[', ']', '{', '}', '!', '?', '%', '%m', '%%t', '.', '0', '\0'],
  ...[
    'a',
    'b_1',
    '\u00e9',
    '\u00a0',
    '\u4e2d',
    '\ud83d\ude00',
    'import',
    'import os',
    'from a.b import c',
    'from . import d',
  ],
  ...['def f', 'class A', 'async def g', 'return', 'raise', 'del', 'with', 'while', 'try', 'for i in', 'except', 'if'],
];

/** Texts of every length that matters: short ones, and some that are read in several stretches. */
function* texts(): Generator<string> {
  const next = random(7);
  const part = (): string => PARTS[Math.floor(next() * PARTS.length)] as string;
  for (let count = 0; count < 4000; count += 1) yield Array.from({ length: count % 60 }, part).join('');
  for (const length of [20_000, 65_500, 65_536, 65_537, 131_072, 200_000]) {
    let text = '';
    while (text.length < length) text += part();
    yield text.slice(0, length);
    // One line, one text, one comment and one bracket around the place where the first stretch ends.
    for (const open of ['a', '"""', '#', '(', "f('"]) yield `${open}${'b'.repeat(length)}${open}\n${text}`;
  }
}

describe('the lines of a Python text', () => {
  const lines = (text: string): string[] => {
    const module = new PythonModule(text);
    return Array.from({ length: module.lines.count }, (_, line) => module.lineText(line));
  };

  it('are those that are found sign by sign', () => {
    for (const text of texts()) {
      const { lines, comments } = divided(text);
      const found = new PythonModule(text).lines;
      assert.deepEqual(
        Array.from({ length: found.count }, (_, line) => [found.start(line), found.end(line)]),
        lines.map(([start, end]) => [start, end]),
        text,
      );
      for (const [line, [, , column]] of lines.entries()) {
        const opened = found.opened(line);
        if (opened) assert.equal(opened.indent, column, text);
        const { parent, indent } = found.scope(line);
        assert.ok(!parent || indent < column, text);
      }
      for (const [start, end] of comments) {
        assert.ok(found.isComment(start) && (end === start + 1 || found.isComment(end - 1)), text);
        assert.ok(!found.isComment(end) && !found.isComment(start - 1), text);
      }
    }
  });

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
      return module.lines.isComment(offset);
    };
    assert.deepEqual(
      [...'abcdegh'].filter((letter) => within(letter)),
      ['a', 'b', 'e', 'h'],
    );
  });

  it('tell which names they may bind, in which scope', () => {
    const text = [
      'import a.b as c, d',
      'from e import (f,  # g',
      '  h)',
      'i = j[k] = l.m = (n, *o) = p(q=r)',
      's += t == u != v',
      'w: x = y <= z',
      'with a1 as b1, c1 as (d1, e1): pass',
      'async with f1 as g1: pass',
      'for h1, i1[j1] in k1: pass',
      'try: pass',
      'except l1 as m1: print(n1 := o1)',
      'class p1(q1=r1):',
      '  s1 = 1',
      '  async def t1(self, u1=v1):',
      '    self.w1 = x1.y1 = z1',
      '    self.w1, a2 = b2',
      'c\u00e92 = \uff44\uff12 = 1',
    ].join('\n');
    const { lines } = new PythonModule(text);
    const bound = (names: ReadonlyMap<string, readonly number[]>): string =>
      [...names].map(([name, where]) => `${name}:${where.join('+')}`).join(' ');
    assert.equal(
      bound(lines.module.names),
      'import:0+1 a:0 b:0 as:0 c:0 d:0 from:1 e:1 f:1 g:1 h:1 i:2 k:2 n:2 o:2 s:3 w:4 x:4 b1:5 d1:5 g1:6 h1:7 j1:7 n1:9 m1:9 p1:10 c\u00e92:15 d2:15',
    );
    const klass = lines.scope(11);
    assert.equal(bound(klass.names), 's1:11 t1:12');
    assert.deepEqual([klass.kind, klass.members.length, lines.opened(10) === klass], ['class', 1, true]);
    const method = lines.scope(13);
    assert.deepEqual([method.kind, method.parent === klass], ['function', true]);
    assert.equal(bound(method.names), 'a2:14');
    assert.equal(bound(method.attributes), 'w1:13+14 y1:13');
    assert.deepEqual(lines.imports, [0, 1]);
  });
});
