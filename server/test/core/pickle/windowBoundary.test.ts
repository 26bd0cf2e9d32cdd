import assert from 'node:assert/strict';
import { MODEL_FORMATS } from '../../../src/core/models/registry';
import { bytesOf, scanBytes } from '../models/scanBytes';

describe('pickle lines that the read window cuts', () => {
  it('reads a protocol 0 pickle the same wherever its lines fall', async () => {
    const around = 64 * 1024;
    for (let shift = 0; shift < 24; shift += 1) {
      const filler = `(lp0\n${'I1\na'.repeat(20)}S'${'x'.repeat(around - 118 - shift)}'\np12345\nag12345\naF1.25\nap7\n.`;
      const report = await scanBytes('m.pkl', bytesOf(filler), { formats: MODEL_FORMATS });
      assert.deepEqual(
        [report.status, report.findings.filter((f) => f.severity !== 'info')],
        ['scanned', []],
        `shift ${shift}`,
      );
    }
  });

  it('follows thousands of numbered memo entries over many windows', async () => {
    const lines = ['(lp0\n'];
    for (let n = 1; n < 40_000; n += 1) lines.push(`I${n}\np${n}\na`);
    const report = await scanBytes('m.pkl', bytesOf(`${lines.join('')}.`), { formats: MODEL_FORMATS });
    assert.deepEqual([report.status, report.findings.filter((f) => f.severity !== 'info')], ['scanned', []]);
  });
});
