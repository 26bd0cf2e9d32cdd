import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeWorkspace, zip } from '../../fixtures/make.mjs';

/** A minimal honest pickle, each one different. */
function smallPickle(index) {
  const text = `item-${index}`;
  return Buffer.concat([
    Buffer.from([0x80, 2, 0x7d, 0x58]),
    Buffer.from(Uint32Array.of(text.length).buffer),
    Buffer.from(text),
    Buffer.from([0x4b, index & 255, 0x73, 0x2e]),
  ]);
}

export const rows = [
  {
    name: 'sample workspace',
    run({ root, scan }) {
      const folder = path.join(root, 'fixtures', 'workspace');
      makeWorkspace(folder);
      scan(folder);
      const { seconds, report, peakMb } = scan(folder);
      const files = report.artifacts.length;
      const findings = report.artifacts.reduce((sum, artifact) => sum + artifact.findings.length, 0);
      return {
        value: `${(files / seconds).toFixed(0)} files/s with start-up`,
        note: `${files} files, ${findings} findings, ${seconds.toFixed(2)} s, ${peakMb.toFixed(0)} MB peak`,
      };
    },
  },
  {
    name: 'sample workspace, 100 copies',
    run({ temporary, scan }) {
      const folder = path.join(temporary, 'copies');
      for (let i = 0; i < 100; i += 1) makeWorkspace(path.join(folder, `copy-${i}`));
      const { seconds, report, peakMb } = scan(folder);
      const files = report.artifacts.length;
      return {
        value: `${(files / seconds).toFixed(0)} files/s`,
        note: `${files} files, ${seconds.toFixed(2)} s, ${peakMb.toFixed(0)} MB peak`,
      };
    },
  },
  {
    name: '5,000 small pickles',
    run({ temporary, scan }) {
      const folder = path.join(temporary, 'pickles');
      for (let i = 0; i < 5000; i += 1) {
        const inner = path.join(folder, String(i % 50));
        if (i < 50) mkdirSync(inner, { recursive: true });
        writeFileSync(path.join(inner, `${i}.pkl`), smallPickle(i));
      }
      const { seconds, report, peakMb } = scan(folder);
      return {
        value: `${(report.artifacts.length / seconds).toFixed(0)} files/s`,
        note: `${report.artifacts.length} of 5000 scanned, ${seconds.toFixed(2)} s, ${peakMb.toFixed(0)} MB peak`,
      };
    },
  },
  {
    name: 'archive of 2,000 text files',
    run({ temporary, scan, bytes }) {
      const folder = path.join(temporary, 'archive');
      mkdirSync(folder, { recursive: true });
      const members = Object.fromEntries(
        Array.from({ length: 2000 }, (_, i) => [`notes/${i}.txt`, `note ${i}\n`.repeat(20)]),
      );
      writeFileSync(path.join(folder, 'notes.zip'), zip(members));
      const { seconds, report } = scan(folder);
      const [artifact] = report.artifacts;
      return { value: `${seconds.toFixed(2)} s`, note: `${bytes(artifact?.bytesRead ?? 0)} read, ${artifact?.status}` };
    },
  },
];
