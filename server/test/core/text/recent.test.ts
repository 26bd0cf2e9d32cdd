import { strict as assert } from 'node:assert';
import { Recent } from '../../../src/core/text/recent';

describe('what was worked out last', () => {
  it('is kept while it is asked for, also when it is undefined, and dropped with the next exchange when it is not', () => {
    const made: string[] = [];
    const recent = new Recent<string | undefined>(2, (text) => {
      made.push(text);
      return text === 'none' ? undefined : text.toUpperCase();
    });
    assert.equal(recent.get('a'), 'A');
    assert.equal(recent.get('none'), undefined);
    recent.get('none');
    recent.get('a');
    assert.deepEqual(made, ['a', 'none']);
    recent.get('b');
    recent.get('a');
    assert.deepEqual(made, ['a', 'none', 'b']);
    for (const other of ['c', 'd', 'e', 'f']) recent.get(other);
    recent.get('a');
    assert.deepEqual(made, ['a', 'none', 'b', 'c', 'd', 'e', 'f', 'a']);
  });
});
