import assert from 'node:assert/strict';
import { type NotebookReading, readNotebook, readNotebookBytes } from '../../../src/core/notebook/notebook';
import { TextWithoutPictures } from '../../../src/core/notebook/pictures';

const PICTURE = 'iVBORw0KGgo'.padEnd(20_000, 'A7bC9dEf/+');

/** Pictures at every place where a notebook may have one, and text behind each. */
const NOTEBOOK = {
  cells: [
    {
      cell_type: 'code',
      metadata: {},
      source: ['é = "😀"\n', 'x'],
      outputs: [{ output_type: 'display_data', data: { 'image/png': PICTURE, 'text/plain': 'plain' }, metadata: {} }],
    },
    {
      cell_type: 'markdown',
      metadata: { 'image/jpeg': PICTURE, note: 'of a cell' },
      source: 'second',
      attachments: { 'a.png': { 'image/png': PICTURE } },
    },
  ],
  metadata: { before: 'é', 'image/png': PICTURE, name: 'behind pictures' },
};

function told({ document, failure }: NotebookReading): unknown[] {
  const segments = document.segments.map(({ text, path, cell, kind, ...segment }, i) => ({
    ...{ text, path, cell, kind, language: segment.language },
    places: [
      [0, text.length],
      [0, 1],
      [text.length - 1, text.length],
    ].map(([start, end]) => document.segments[i]?.locate(start as number, end as number)),
  }));
  return [segments, failure];
}

/** The same notebook as bytes and as text. */
function assertSame(text: string, mark = ''): TextWithoutPictures | undefined {
  const bytes = new TextEncoder().encode(mark + text);
  assert.deepEqual(told(readNotebookBytes('x.ipynb', bytes)), told(readNotebook('x.ipynb', text)));
  return TextWithoutPictures.of(bytes);
}

describe('pictures of a notebook', () => {
  it('are not decoded, and what stands behind them is where it was', () => {
    for (const indent of [undefined, 1, 2]) {
      const text = JSON.stringify(NOTEBOOK, null, indent);
      for (const mark of ['', '\ufeff']) assert.ok((assertSame(text, mark)?.text.length ?? text.length) < 1500);
      const segments = readNotebookBytes('x.ipynb', new TextEncoder().encode(text)).document.segments;
      const name = segments.find(({ path }) => path === 'metadata/name');
      const { fileLine, column } = name?.locate(0, 6) ?? {};
      const lines = text.split('\n');
      assert.equal(lines[(fileLine as number) - 1]?.slice((column as number) - 1, (column as number) + 5), 'behind');
    }
  });

  it('may have line ends, where they should not', () => {
    const text = JSON.stringify(NOTEBOOK, null, 1).replace('GgoA', 'G\ngo\rA');
    assert.ok(assertSame(text));
    assert.match(text, /G\ngo\rA/);
  });

  it('are text like any when the notebook is damaged', () => {
    const text = JSON.stringify(NOTEBOOK, null, 1);
    for (const damaged of [text.slice(0, -3), text.replace('"second"', '"second'), text.replace('"cells"', '"cell"')])
      assert.ok(assertSame(damaged));
    // A quote that is not where it seems.
    for (const key of ['x"image/png"', '\\"image/png"', '"a"image/png"'])
      assertSame(`{"cells":[{"source":"s","outputs":[{"data":{${key}:"${PICTURE}"}}]}]}`);
  });

  it('are pictures by their key and size only', () => {
    for (const [key, value] of [
      ['image/svg+xml', '<svg>'.padEnd(20_000)],
      ['text/plain', PICTURE],
      ['image/png', PICTURE.slice(0, 5000)],
      ['image/png', `${PICTURE}\\`],
    ] as const)
      assert.equal(assertSame(JSON.stringify({ cells: [{ outputs: [{ data: { [key]: value } }] }] })), undefined, key);
  });
});
