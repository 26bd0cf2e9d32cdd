import assert from 'node:assert/strict';
import { HIGHEST_PROTOCOL, OPCODES, opcodeName } from '../../../src/core/pickle/opcodes';

describe('pickle opcodes', () => {
  const known = OPCODES.filter((opcode) => opcode !== undefined);

  it('has all 68 opcodes of protocols 0 to 5, each once', () => {
    assert.equal(known.length, 68);
    assert.equal(new Set(known.map(({ name }) => name)).size, 68);
    const perProtocol = [0, 1, 2, 3, 4, 5].map((p) => known.filter(({ protocol }) => protocol === p).length);
    // Counted from PEP 307 (0 to 2), 3154 (4) and 574 (5).
    assert.deepEqual(perProtocol, [22, 19, 12, 2, 10, 3]);
    assert.equal(HIGHEST_PROTOCOL, 5);
  });

  it('names opcodes and bytes that are none', () => {
    assert.equal(opcodeName(0x93), 'STACK_GLOBAL');
    assert.equal(opcodeName(0xff), '0xff');
    for (const [code, opcode] of OPCODES.entries()) if (opcode) assert.equal(opcode.code, code);
  });
});
