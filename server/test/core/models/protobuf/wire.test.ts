import assert from 'node:assert/strict';
import { Budget } from '../../../../src/core/budget';
import { MemoryByteSource } from '../../../../src/core/io/byteSource';
import { BYTES, mayHold, VARINT, wireFields } from '../../../../src/core/models/protobuf/wire';
import { bytesOf, integer } from '../scanBytes';

const WANTED = [
  [1, VARINT],
  [2, BYTES],
] as const;

async function holds(bytes: Uint8Array): Promise<boolean> {
  for await (const field of wireFields(new MemoryByteSource(bytes), 0, bytes.length, new Budget(), () => undefined)) {
    if (WANTED.some(([number, wireType]) => field.number === number && field.wireType === wireType)) return true;
  }
  return false;
}

/** Bytes that are often fields: small tags, small lengths. */
function randomBytes(seed: number): Uint8Array {
  let state = seed * 2654435761 + 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 16;
  };
  return Uint8Array.from({ length: next() % 40 }, () => (next() % 3 ? next() % 32 : next() & 255));
}

describe('protobuf wire format', () => {
  it('a head tells of a whole message what walking it tells', async () => {
    let held = 0;
    for (let seed = 0; seed < 3000; seed += 1) {
      const bytes = randomBytes(seed);
      const truth = await holds(bytes);
      held += truth ? 1 : 0;
      assert.equal(mayHold(bytes, bytes.length, WANTED), truth, Buffer.from(bytes).toString('hex'));
      // Of a longer file it may only err towards looking.
      const head = bytes.subarray(0, 8);
      if (truth) assert.equal(mayHold(head, bytes.length, WANTED), true, Buffer.from(bytes).toString('hex'));
    }
    assert.ok(held > 100, `${held} of the messages hold a wanted field`);
  });

  it('goes past what is longer than the head', () => {
    const field = bytesOf(0x22, [0x80, 0x40], new Uint8Array(8192));
    const message = bytesOf(field, 0x12, 1, 'x');
    assert.equal(mayHold(message.subarray(0, 4096), message.length, WANTED), true);
    assert.equal(mayHold(field.subarray(0, 4096), field.length, WANTED), false);
    assert.equal(mayHold(bytesOf(integer(0, 8)), 8, WANTED), false);
  });
});
