import { strict as assert } from 'node:assert';
import { IDENTIFIERS } from '../../../src/core/pii/identifiers';
import { singleReader } from '../../../src/core/text/keywordPass';
import { isEmpty, type Stretch } from '../../../src/core/text/survey';

const untimed = () => undefined;
const look = singleReader(() => [], true);
const survey = (text: string, checkTime: () => void) => look(text, checkTime).survey;
const WORD = String.raw`[A-Za-z0-9_\u00c0-\uffff]`;

/** What a set of a pattern or one of its characters is when letters are one, digits are one and separators are one. */
function shapeOf(set: string): string {
  const matched = (characters: string) => Array.from(characters).some((c) => new RegExp(set, 'i').test(c));
  const kinds = [
    matched('ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÜ') ? 'A-Za-z\\u00c0-\\uffff' : '',
    matched('0123456789') ? '0-9' : '',
    matched('- ./:_+') ? ' ./:_+-' : '',
  ];
  return `[${kinds.join('')}]`;
}

/** Shapes of all identifiers, up to where a word ends. What looks ahead in their patterns is taken to be true. */
const SHAPES = IDENTIFIERS.map(({ pattern: { source } }) => {
  const shape = source
    .replace(/\(\?[!=][^()]*\)/g, '')
    .replace(/\\[1-9]/g, '[-]?')
    .replace(/\[[^\]]*\]|\\.|\{[\d,]+\}|\(\?:|[A-Za-z0-9 _:/-]/g, (part) =>
      /^[{(]/.test(part) ? part : shapeOf(part),
    );
  return new RegExp(`(?:${shape})(?!${WORD})`, 'y');
});

/** Whether an identifier may begin at a place of a text, by its shape. */
function mayBegin(text: string, at: number): boolean {
  return SHAPES.some((shape) => {
    shape.lastIndex = at;
    return shape.test(text);
  });
}

const LETTER = '[A-Za-z_\\u00c0-\\uffff]';
const HEAD = new RegExp(`(?<!${LETTER})${LETTER}{1,3}[ -]$`);

/** Where a word of at most three letters begins that a space or a hyphen joins to what begins at a place. */
function headBefore(text: string, at: number): number | undefined {
  const from = Math.max(0, at - 10);
  const found = HEAD.exec(text.slice(from, at));
  return found ? from + found.index : undefined;
}

/** Begin, end and digits of each word that is to be looked at, by its definition. */
function wordsOf(text: string): number[] {
  const found: number[] = [];
  for (const { 0: word, index: start } of text.matchAll(new RegExp(`${WORD}*\\d${WORD}*`, 'g'))) {
    const end = start + word.length;
    const before = text.slice(Math.max(0, start - 2), start);
    const digits = word.replace(/\D/g, '').length;
    const head = /[A-Za-z\u00c0-\uffff][ -]$/.test(before);
    const goesOn = (word.length > 1 ? /^[ :/.-][A-Za-z0-9]/ : /^[ :/-][A-Za-z0-9]/).test(text.slice(end, end + 2));
    const opens =
      !new RegExp(`\\d\\.$|${WORD}[-/]$|[-+$£#~%\\\\@]$`).test(before) || /(?:^|[^\w\u00c0-\uffff])-$/.test(before);
    const wallet = digits < word.length && word.length >= 26;
    if (word.includes('_') || !(digits >= 5 || word.length >= 5 || goesOn || head)) continue;
    const behind = text.slice(end, Math.max(end, start + 41));
    const value =
      /^(?:[ :/.+-][A-Za-z0-9][A-Za-z0-9_\u00c0-\uffff]*)*/.exec(behind)?.[0].slice(0, start + 40 - end) ?? '';
    const signs = value.replace(/[ :/.+-]/g, '');
    const near = headBefore(text, start);
    const far = near === undefined ? undefined : headBefore(text, near);
    if (wallet || (opens && mayBegin(text, start)) || [near, far].some((at) => at !== undefined && mayBegin(text, at)))
      found.push(start, end, digits, word.length + signs.length, digits + signs.replace(/\D/g, '').length);
  }
  return found;
}

/** Begin and end of each run of seven digits and more with at most two signs between them. */
function runsOf(text: string): number[] {
  return [...text.matchAll(/\d(?:[ .()/-]{0,2}\d){6,}/g)].flatMap(({ 0: run, index }) => [index, index + run.length]);
}

/** From the first to behind the last separator that a pattern finds with its lookbehind in front of it. */
function stretchOf(text: string, pattern: RegExp): Stretch {
  const places = [...text.matchAll(pattern)].map(({ index }) => index);
  return { from: places[0] ?? Number.POSITIVE_INFINITY, to: places.length > 0 ? (places.at(-1) as number) + 1 : 0 };
}

const HEX = '[0-9A-Fa-f]';
/** The first of five separators with two characters between them, or of two with groups of four digits around them. */
const DEVICE = new RegExp(
  `(?<=${HEX})[:-](?=(?<=:)..:..:..:..:|(?<=-)..-..-..-..-)|(?<=${HEX}{4})\\.(?=${HEX}{4}\\.${HEX}{4})`,
  'gs',
);

/** Between what may be the end of a local part and the begin of a host. */
const AT_SIGN = /(?<=[\w+%'&#-])@(?=[A-Za-z0-9])/g;

describe('survey', () => {
  it('tells the digits and separators of texts by their definition, whatever the stretches cut', () => {
    const pieces = [
      ...[
        '1',
        '12',
        '2024',
        '555-0100',
        '(555) 010-0199',
        '+49 30 1234567',
        '3.14159',
        '10.0.0.1',
        '1.2.3',
        '192.168.10.255',
      ],
      ...[
        'aa:bb:cc:dd:ee:ff',
        '00-11-22-33-44-55',
        '0011.2233.4455',
        'fe80::1',
        '12:34:56',
        '::',
        ':',
        '-',
        '.',
        ' ',
        '  ',
      ],
      ...[
        'HRB 123',
        'x_1',
        'name',
        'é',
        '\u{1f511}5',
        '@',
        'a@b.c',
        '\n',
        '/',
        '#',
        '£',
        '$5',
        `0x${'ab12'.repeat(9)}`,
        '\u00a0',
      ],
    ];
    let seed = 11;
    const random = (below: number) => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return Math.floor((seed / 2147483648) * below);
    };
    for (let round = 0; round < 400; round += 1) {
      const length = round < 396 ? random(200) : 150_000;
      let text = '';
      while (text.length < length) text += pieces[random(pieces.length)] as string;
      const found = survey(text, untimed);
      assert.deepEqual(Array.from(found.words), wordsOf(text), JSON.stringify(text.slice(0, 300)));
      assert.deepEqual(Array.from(found.digits), runsOf(text), JSON.stringify(text.slice(0, 300)));
      assert.deepEqual(found.atSigns, stretchOf(text, AT_SIGN));
      assert.deepEqual(found.hardware, stretchOf(text, DEVICE), JSON.stringify(text.slice(0, 300)));
      assert.deepEqual(
        found.colons,
        stretchOf(text, new RegExp(`:(?=:)|(?<=${HEX}):(?=${HEX}{1,4}:)`, 'g')),
        JSON.stringify(text.slice(0, 300)),
      );
    }
  });

  it('tells as many words as a text can hold', () => {
    for (const unit of ['1 ', '1-', '1', 'a1 ', '1:', '::', '@', 'ab:ab:ab:ab:ab:ab-']) {
      const text = unit.repeat(150_000 / unit.length);
      const found = survey(text, untimed);
      assert.deepEqual(Array.from(found.words), wordsOf(text), unit);
      assert.deepEqual(Array.from(found.digits), runsOf(text), unit);
      assert.deepEqual(found.atSigns, stretchOf(text, AT_SIGN));
    }
  });

  it('finds four numbers with points, and three colons close together, and nothing else', () => {
    const numbers = (text: string) => survey(text, untimed).fourNumbers;
    assert.deepEqual(numbers('at 10.0.0.1 now'), { from: 5, to: 6 });
    for (const other of ['1.2.3', '1.2.3.x', '1.2345.6.7', 'v1.2.', '1..2.3.4'])
      assert.ok(numbers(other).to === 0, other);
    const colons = (text: string) => survey(text, untimed).moreColons;
    assert.deepEqual(colons('at fe80:0:0:1 now'), { from: 7, to: 10 });
    assert.deepEqual(colons('a::b:c'), { from: 1, to: 2 });
    for (const other of ['x[::2]', '12:34:56', 'a: b: c: d', 'std::vec::of']) assert.ok(colons(other).to === 0, other);
  });

  it('tells an empty one of texts without digits and separators', () => {
    assert.ok(isEmpty(survey('plain words, nothing more - really.', untimed)));
    assert.ok(isEmpty(survey('', untimed)));
    assert.ok(!isEmpty(survey('12345', untimed)));
  });
});
