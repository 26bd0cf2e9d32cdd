import assert from 'node:assert/strict';
import { checkSync } from 'recheck';
import { IDENTIFIERS } from '../../../src/core/pii/identifiers';

describe('patterns of identifiers', () => {
  it('are sticky, and linear from where they are tried', () => {
    for (const { entity, pattern } of IDENTIFIERS) {
      assert.ok(pattern.sticky, entity);
      const result = checkSync(`^(?:${pattern.source})`, pattern.flags.replace('y', ''), { timeout: 4000 });
      assert.notEqual(result.status, 'vulnerable', `${entity}: ${pattern.source}`);
    }
  }).timeout(240_000);
});
