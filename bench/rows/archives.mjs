import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { zip } from '../../fixtures/make.mjs';

const MEMBERS = 20_000;

/** Sixteen bytes that are neither text nor any format. */
const content = (i) => Buffer.from(Uint32Array.of(0xfe0100, i, i, i).buffer);

const zipOf = (count) => zip(Object.fromEntries(Array.from({ length: count }, (_, i) => [`d/f${i}`, content(i)])));

function tarOf(count) {
  const blocks = [];
  for (let i = 0; i < count; i += 1) {
    const header = Buffer.alloc(512);
    header.write(`d/f${i}`);
    header.write('0000644\0', 100);
    header.write(`${(16).toString(8).padStart(11, '0')} `, 124);
    header.write('0ustar\u000000', 156);
    header.fill(' ', 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    blocks.push(header, content(i), Buffer.alloc(496));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

export const rows = [
  {
    name: 'archives of 20,000 small members',
    run({ cli, temporary, nodeSeconds }) {
      return [
        ['zip', zipOf],
        ['tar', tarOf],
      ].map(([kind, build]) => {
        const seconds = [1, MEMBERS].map((count) => {
          const file = path.join(temporary, `${count}.${kind}`);
          writeFileSync(file, build(count));
          return nodeSeconds([cli, 'scan', file, '--format', 'json', '-q'], 5);
        });
        const [one, all] = seconds;
        const each = Math.round(((all - one) / MEMBERS) * 1e6);
        return {
          name: `20,000 small members, ${kind}`,
          value: `${(all / one).toFixed(1)} times one member`,
          note: `${each} millionths of a second for each`,
        };
      });
    },
  },
];
