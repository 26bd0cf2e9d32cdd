import { closeSync, ftruncateSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { checkpointPickle, crc } from '../../fixtures/make.mjs';

const GB = 1_000_000_000;

const u16 = (value) => Buffer.from([value & 255, value >> 8]);
const u32 = (value) => Buffer.from(Uint32Array.of(value).buffer);

/**
 * A PyTorch archive of about `size` bytes with `count` storages. The storages are holes: the file takes no room on disk.
 */
function sparseCheckpoint(file, size, count, payload) {
  const elements = Math.floor(size / count / 4);
  const tensors = Array.from({ length: count }, (_, i) => [`layers.${i}.weight`, [elements]]);
  const descriptor = openSync(file, 'w');
  const directory = [];
  let offset = 0;
  const add = (name, bytes, length = bytes.length, checksum = crc(bytes)) => {
    const title = Buffer.from(name);
    const common = [
      u16(20),
      u16(0),
      u16(0),
      u16(0),
      u16(0x21),
      u32(checksum),
      u32(length),
      u32(length),
      u16(title.length),
      u16(0),
    ];
    const head = Buffer.concat([u32(0x04034b50), ...common, title]);
    writeSync(descriptor, head, 0, head.length, offset);
    if (bytes) writeSync(descriptor, bytes, 0, bytes.length, offset + head.length);
    directory.push(u32(0x02014b50), u16(20), ...common, u16(0), u16(0), u16(0), u32(0), u32(offset), title);
    offset += head.length + length;
  };
  add('archive/data.pkl', checkpointPickle(tensors, payload));
  const zeros = crc(Buffer.alloc(elements * 4));
  for (let i = 0; i < count; i += 1) add(`archive/data/${i}`, undefined, elements * 4, zeros);
  add('archive/version', Buffer.from('3\n'));
  const central = Buffer.concat(directory);
  const entries = count + 2;
  const end = Buffer.concat([
    u32(0x06054b50),
    u16(0),
    u16(0),
    u16(entries),
    u16(entries),
    u32(central.length),
    u32(offset),
    u16(0),
  ]);
  ftruncateSync(descriptor, offset);
  writeSync(descriptor, Buffer.concat([central, end]), 0, central.length + end.length, offset);
  closeSync(descriptor);
}

export const rows = [
  {
    name: 'PyTorch checkpoint, bytes read',
    run({ temporary, scan, bytes }) {
      const folder = path.join(temporary, 'checkpoint');
      mkdirSync(folder, { recursive: true });
      return [
        ['1 GB', GB, 300, false],
        ['2 GB', 2 * GB, 300, false],
        ['2 GB with a payload', 2 * GB, 300, true],
      ].map(([title, size, count, payload]) => {
        const file = path.join(folder, `${title.replaceAll(' ', '-')}.pt`);
        sparseCheckpoint(file, size, count, payload);
        const { seconds, report, peakMb } = scan(file);
        const artifact = report.artifacts[0];
        const worst = artifact?.findings.map(({ severity }) => severity)[0] ?? 'nothing';
        return {
          name: `PyTorch checkpoint, ${title}`,
          value: `${bytes(artifact?.bytesRead ?? 0)} read of ${bytes(statSync(file).size)}`,
          note: `${artifact?.format}, ${artifact?.status}, found: ${worst}; ${seconds.toFixed(2)} s, ${peakMb.toFixed(0)} MB peak`,
        };
      });
    },
  },
];
