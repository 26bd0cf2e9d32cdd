/** What a person waits for before anything is scanned, as multiples of starting Node itself. */
export const rows = [
  {
    name: 'start: --version',
    run({ cli, nodeSeconds }) {
      const bare = nodeSeconds(['-e', '0']);
      const version = nodeSeconds([cli, '--version']);
      return { value: `${(version / bare).toFixed(2)} x node -e 0`, note: `${Math.round(version * 1000)} ms` };
    },
  },
  {
    name: 'start: scan of one small file',
    async run({ cli, temporary, nodeSeconds }) {
      const { mkdirSync, writeFileSync } = await import('node:fs');
      const folder = `${temporary}/one`;
      mkdirSync(folder, { recursive: true });
      writeFileSync(`${folder}/a.py`, 'print(1)\n');
      const bare = nodeSeconds(['-e', '0']);
      const scan = nodeSeconds([cli, 'scan', folder, '-q', '-f', 'json']);
      return { value: `${(scan / bare).toFixed(2)} x node -e 0`, note: `${Math.round(scan * 1000)} ms` };
    },
  },
];
