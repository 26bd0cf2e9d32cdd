import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { FolderSource } from '../../../src/core/sources/folder';

describe('FolderSource', () => {
  let top: string;
  let root: string;
  beforeEach(() => {
    top = mkdtempSync(path.join(os.tmpdir(), 'watchtower-folder-'));
    root = path.join(top, 'tree');
    mkdirSync(root);
  });
  afterEach(() => rmSync(top, { recursive: true, force: true }));

  const put = (name: string, text = 'x') => {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  };
  const list = async (settings: { exclude?: string[]; respectGitignore?: boolean } = {}) => {
    const out: Record<string, string | number> = {};
    for await (const e of new FolderSource(root, { exclude: [], respectGitignore: true, ...settings }).list()) {
      out[e.path] = 'size' in e ? e.size : e.reason;
    }
    return out;
  };

  it('looks at what people write into the folder of a tool, and leaves out what the tool keeps there', async () => {
    put('.dvc/config.local');
    put('.dvc/cache/files/md5/ab/cdef');
    put('.dvc/tmp/rwlock');
    assert.deepEqual(await list(), {
      '.dvc/cache': 'tool folder',
      '.dvc/config.local': 1,
      '.dvc/tmp': 'tool folder',
    });
  });

  it('lists every file with its size, and says which folders are left out and why', async () => {
    put('a.pkl');
    put('sub dir/b;$(x)\n.py', 'xy');
    put('.git/config');
    put('env/pyvenv.cfg', 'home = /usr');
    put('env/lib/python3.12/site-packages/x.py');
    put('env/model.pkl');
    put('.hidden.pkl');
    assert.deepEqual(await list(), {
      '.git': 'tool folder',
      '.hidden.pkl': 1,
      'a.pkl': 1,
      'env/lib': 'virtual environment',
      'env/model.pkl': 1,
      'env/pyvenv.cfg': 11,
      'sub dir/b;$(x)\n.py': 2,
    });
  });

  it('honours nested .gitignore for text but never for models, and not at all when told so', async () => {
    put('.gitignore', '*.log\n/out/\n!keep.log\n');
    put('x.log');
    put('keep.log');
    put('out/weights.bin');
    put('out/a.py');
    put('s/.gitignore', 'only.md');
    put('s/only.md');
    put('only.md');
    const seen = await list();
    assert.equal(seen['x.log'], 'ignored by .gitignore');
    assert.equal(seen['keep.log'], 1);
    assert.equal(seen['out/weights.bin'], 1);
    assert.equal(seen['out/a.py'], 'ignored by .gitignore');
    assert.equal(seen['s/only.md'], 'ignored by .gitignore');
    assert.equal(seen['only.md'], 1);
    assert.equal((await list({ respectGitignore: false }))['x.log'], 1);
  });

  it('lets .gitignore hide what is text by its whole name, but nothing that models are called too', async () => {
    put('.gitignore', '*\n');
    const texts = ['.env', '.env.local', '.netrc', '.git-credentials', 'Dockerfile', 'id_rsa', 'server.pem', 'a.R'];
    const models = ['MLmodel', 'model', 'model.dat', 'model.pkl.bak', 'model.old', 'weights.bin', 'x.unknown'];
    for (const name of [...texts, ...models]) put(name);
    const seen = await list();
    for (const name of texts) assert.equal(seen[name], 'ignored by .gitignore', name);
    for (const name of models) assert.equal(seen[name], 1, name);
    const source = new FolderSource(root, { exclude: [], respectGitignore: true });
    assert.equal(await source.leavesOut('.env'), 'ignored by .gitignore');
    assert.equal(await source.leavesOut('MLmodel'), undefined);
  });

  it('says of what is no regular file that it is left out', async function () {
    if (process.platform === 'win32') this.skip();
    const socket = createServer().listen(path.join(root, 'model.pkl'));
    await once(socket, 'listening');
    try {
      assert.deepEqual(await list(), { 'model.pkl': 'not a regular file' });
    } finally {
      socket.close();
    }
  });

  it('excludes by glob', async () => {
    put('a/b/c.py');
    put('d.ipynb');
    assert.deepEqual(await list({ exclude: ['a/', '*.ipynb'] }), {
      a: 'excluded by settings',
      'd.ipynb': 'excluded by settings',
    });
  });

  it('does not follow links and never opens what lies outside', async () => {
    writeFileSync(path.join(top, 'secret'), 's');
    put('in.txt');
    symlinkSync(path.join(top, 'secret'), path.join(root, 'out'));
    symlinkSync('in.txt', path.join(root, 'inner'));
    symlinkSync('nowhere', path.join(root, 'broken'));
    symlinkSync('..', path.join(root, 'loop'));
    assert.deepEqual(await list(), {
      broken: 'broken symbolic link',
      'in.txt': 1,
      loop: 'symbolic link out of the scanned folder',
      out: 'symbolic link out of the scanned folder',
    });
    const source = new FolderSource(root, { exclude: [], respectGitignore: true });
    await assert.rejects(source.open('../secret'), /leaves the scanned folder/);
    await assert.rejects(source.open('out'), /leaves the scanned folder/);
  });
});
