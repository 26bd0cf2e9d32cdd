import assert from 'node:assert/strict';
import { LineIndex } from '../../src/core/text/lineIndex';

describe('LineIndex', () => {
  it('counts \\n, \\r\\n and \\r as line ends and columns in UTF-16 code units', () => {
    const index = new LineIndex('a\r\nbé😀c\rd\n');
    assert.equal(index.lineCount, 4);
    assert.deepEqual(index.position(3), { line: 2, column: 1 });
    assert.deepEqual(index.position(7), { line: 2, column: 5 });
    assert.deepEqual(index.locate(9, 10), { line: 3, column: 1, endLine: 3, endColumn: 2, fileLine: 3 });
  });
});
