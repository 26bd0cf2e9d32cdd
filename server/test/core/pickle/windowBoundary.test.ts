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

  it('finds entries of the memo again wherever they lie, and not what was never put', async () => {
    const severities = async (tail: string) => {
      const lines = ['(lp0\n'];
      for (let n = 1; n < 40_000; n += 1)
        lines.push(`${n === 20_000 ? 'Vos' : n === 39_990 ? 'Vsystem' : 'I1'}\np${n}\na`);
      const report = await scanBytes('m.pkl', Buffer.from(lines.join('') + tail, 'latin1'), { formats: MODEL_FORMATS });
      return { status: report.status, critical: report.findings.filter((f) => f.severity === 'critical').length };
    };
    assert.deepEqual(await severities('g20000\ng39990\n\x93(Vx\ntR.'), { status: 'scanned', critical: 1 });
    assert.deepEqual(await severities('g20000\ng39990\np16777300\n\x93(Vx\ntR.'), { status: 'scanned', critical: 1 });
    // Before the name there is nothing to call.
    assert.equal((await severities('g20000\ng50000\n\x93(Vx\ntR.')).critical, 0);
  });
});
