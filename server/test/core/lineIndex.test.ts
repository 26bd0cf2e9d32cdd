import assert from 'node:assert/strict';
import { LineIndex } from '../../src/core/text/lineIndex';

describe('LineIndex', () => {
  it('counts \\n, \\r\\n and \\r as line ends and columns in UTF-16 code units', () => {
    const index = new LineIndex('a\r\nbé😀c\rd\n');
    assert.deepEqual(index.position(3), { line: 2, column: 1 });
    assert.deepEqual(index.position(7), { line: 2, column: 5 });
    assert.deepEqual(index.locate(9, 10), { line: 3, column: 1, endLine: 3, endColumn: 2, fileLine: 3 });
    assert.deepEqual(index.position(11), { line: 4, column: 1 });
  });

  it('says the same whatever was asked for first', () => {
    const text = 'a\r\n\r\rb\n\nc\r';
    const expected = [1, 1, 1, 2, 3, 4, 4, 5, 6, 6].map((line, offset, lines) => ({
      line,
      column: offset - lines.indexOf(line) + 1,
    }));
    const forwards = new LineIndex(text);
    const backwards = new LineIndex(text);
    assert.deepEqual(
      [...text].map((_, offset) => forwards.position(offset)),
      expected,
    );
    assert.deepEqual([...text].map((_, i) => backwards.position(text.length - 1 - i)).reverse(), expected);
  });
});
