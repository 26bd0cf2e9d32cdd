import assert from 'node:assert/strict';
import { Budget, DEFAULT_LIMITS } from '../../../src/core/budget';
import { MemoryByteSource } from '../../../src/core/io/byteSource';
import { KEYSTORE_FORMAT } from '../../../src/core/secrets/keystoreFormat';
import { DEFAULT_SETTINGS } from '../../../src/core/settings';

const number = (value: number, length: 2 | 4) =>
  Array.from({ length }, (_, i) => (value >> (8 * (length - 1 - i))) & 255);
const text = (value: string) => [...number(value.length, 2), ...Buffer.from(value)];
const blob = (length: number) => [...number(length, 4), ...Array<number>(length).fill(0x30)];
/** An entry of a store: its tag, alias and time, then its certificate or its key with the chain. */
const certificate = [...number(2, 4), ...text('ca'), ...Array<number>(8).fill(1), ...text('X.509'), ...blob(90)];
const privateKey = [...number(1, 4), ...text('me'), ...Array<number>(8).fill(1), ...blob(120), ...number(0, 4)];
const store = (...entries: number[][]) =>
  Uint8Array.from([
    0xfe,
    0xed,
    0xfe,
    0xed,
    ...number(2, 4),
    ...number(entries.length, 4),
    ...entries.flat(),
    ...Array<number>(20).fill(7),
  ]);

async function rulesOf(bytes: Uint8Array): Promise<string[]> {
  const rules: string[] = [];
  const source = new MemoryByteSource(bytes);
  await KEYSTORE_FORMAT.scan({ source, name: 'x.jks' } as never, {
    budget: new Budget(DEFAULT_LIMITS),
    settings: DEFAULT_SETTINGS,
    report: ({ rule }) => rules.push(rule.id),
    describe() {},
    scan: () => Promise.resolve([]),
    incomplete() {},
  });
  return rules;
}

describe('key stores', () => {
  it('are found unless they hold certificates and nothing else', async () => {
    assert.deepEqual(await rulesOf(store(privateKey)), ['secret/keystore-file']);
    assert.deepEqual(await rulesOf(store(certificate, certificate, privateKey)), ['secret/keystore-file']);
    assert.deepEqual(await rulesOf(store(certificate, certificate, certificate)), []);
  });

  it('are found when they are not what they say', async () => {
    const whole = store(certificate, certificate);
    for (const bytes of [whole.subarray(0, whole.length - 30), Uint8Array.from([...whole, 0, 0, 0, 1]), store()])
      assert.deepEqual(await rulesOf(bytes), ['secret/keystore-file']);
  });
});
