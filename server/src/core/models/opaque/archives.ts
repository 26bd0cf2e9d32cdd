/** Archives and compressed streams that are recognised and not unpacked: that they were not looked into is said. */
import type { Format } from '../../scanner';

interface Closed {
  id: string;
  title: string;
  extensions: RegExp;
  magic?: readonly number[];
}

const ascii = (text: string): readonly number[] => Array.from(text, (c) => c.charCodeAt(0));

const TABLE: readonly Closed[] = [
  { id: 'lzop', title: 'lzop stream', extensions: /\.lzo$/, magic: [0x89, ...ascii('LZO'), 0, 0x0d, 0x0a, 0x1a, 0x0a] },
  { id: 'snappy', title: 'Snappy stream', extensions: /\.sz$/, magic: [0xff, 6, 0, 0, ...ascii('sNaPpY')] },
  { id: 'cabinet', title: 'Cabinet archive', extensions: /\.cab$/, magic: [...ascii('MSCF'), 0, 0, 0, 0] },
  { id: 'ace', title: 'ACE archive', extensions: /\.ace$/ },
  { id: 'arj', title: 'ARJ archive', extensions: /\.arj$/ },
  {
    id: 'archive-volume',
    title: 'part of an archive in volumes',
    extensions: /\.(?:(?:7z|zip|rar|tar|gz)\.(?!001)\d{3}|[rz]\d\d)$/,
  },
];

function matches(magic: readonly number[] | undefined, head: Uint8Array): boolean {
  return magic !== undefined && head.length > magic.length && magic.every((byte, i) => head[i] === byte);
}

export const CLOSED_ARCHIVE_FORMATS: readonly Format[] = TABLE.map(({ id, title, extensions, magic }) => ({
  id,
  title,
  kind: 'archive',
  extensions: [],
  identify: ({ head, name, size }) =>
    matches(magic, head) ? 'certain' : size > 0 && extensions.test(name) ? 'named' : undefined,
  async scan(input, context) {
    if (magic && !matches(magic, await input.source.read(0, 16)))
      throw new Error('the content is not what its name says');
    context.describe({ format: id });
    context.incomplete(`the inside of a ${title} is not read`);
  },
}));
