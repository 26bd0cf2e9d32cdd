import { closeSync, ftruncateSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { generatedFiles } from '../../fixtures/make.mjs';

const GB = 1_000_000_000;

const u16 = (value) => Buffer.from([value & 255, value >> 8]);
const u32 = (value) => Buffer.from(Uint32Array.of(value).buffer);

/**
 * A PyTorch archive of about `size` bytes with `count` storages. The storages are holes: the file takes no room on disk.
 * Its pickle is the one of the sample workspace, with or without what it should not contain.
 */
function sparseCheckpoint(file, pickle, size, count) {
  const descriptor = openSync(file, 'w');
  const directory = [];
  let offset = 0;
  const add = (name, bytes, length = bytes.length) => {
    const title = Buffer.from(name);
    const common = [
      u16(20),
      u16(0),
      u16(0),
      u16(0),
      u16(0x21),
      u32(0),
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
  add('archive/data.pkl', pickle);
  const each = Math.floor(size / count);
  for (let i = 0; i < count; i += 1) add(`archive/data/${i}`, undefined, each);
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

/** The pickle of one of the sample's archives: its first member, stored as it is. */
function pickleOf(archive) {
  const bytes = Buffer.from(archive);
  const start = 30 + bytes.readUInt16LE(26);
  return bytes.subarray(start, start + bytes.readUInt32LE(18));
}

export const rows = [
  {
    name: 'PyTorch checkpoint, bytes read',
    run({ temporary, scan, bytes }) {
      const folder = path.join(temporary, 'checkpoint');
      mkdirSync(folder, { recursive: true });
      const files = generatedFiles();
      return [
        ['1 GB', GB, 300, 'models/classifier.pt'],
        ['2 GB', 2 * GB, 300, 'models/classifier.pt'],
        ['2 GB with a payload', 2 * GB, 300, 'models/classifier-finetuned.pt'],
      ].map(([title, size, count, sample]) => {
        const file = path.join(folder, `${title.replaceAll(' ', '-')}.pt`);
        sparseCheckpoint(file, pickleOf(files[sample]), size, count);
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
