import { closeSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';

/** A dictionary of `entries` strings of `width` characters, as protocol 4 writes it: three opcodes an entry. */
function vocabulary(file, entries, width) {
  const descriptor = openSync(file, 'w');
  const batch = 1000;
  writeSync(descriptor, Buffer.from([0x80, 4, 0x7d, 0x94]));
  const piece = Buffer.alloc(batch * (width + 8) + 2);
  for (let done = 0; done < entries; done += batch) {
    let at = piece.writeUInt8(0x28, 0);
    for (let i = done; i < Math.min(entries, done + batch); i += 1) {
      at = piece.writeUInt8(0x8c, at);
      at = piece.writeUInt8(width, at);
      at += piece.write(String(i).padStart(width, '0'), at, 'latin1');
      at = piece.writeUInt8(0x94, at);
      at = piece.writeUInt8(0x4a, at);
      at = piece.writeInt32LE(i, at);
    }
    at = piece.writeUInt8(0x75, at);
    writeSync(descriptor, piece, 0, at);
  }
  writeSync(descriptor, Buffer.from('.'));
  closeSync(descriptor);
}

export const rows = [
  {
    name: 'pickle, memory',
    run({ temporary, scan, bytes }) {
      const folder = path.join(temporary, 'pickle');
      mkdirSync(folder, { recursive: true });
      const small = path.join(folder, 'small.pkl');
      vocabulary(small, 1, 10);
      const empty = scan(small);
      const file = path.join(folder, 'vocabulary.pkl');
      vocabulary(file, 1_730_000, 100);
      const { seconds, report, peakMb } = scan(file);
      const artifact = report.artifacts[0];
      return {
        name: `pickle of 5.2 M opcodes, ${bytes(statSync(file).size)}`,
        value: `${peakMb.toFixed(0)} MB peak, aim 150 MB: ${peakMb <= 150 ? 'met' : 'missed'}`,
        note: `${(peakMb / empty.peakMb).toFixed(2)} times that of a pickle of one entry; ${artifact?.status}, ${seconds.toFixed(2)} s`,
      };
    },
  },
];
