import { rmSync } from 'node:fs';
import { chmod, lstat, mkdtemp, open, readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openFile } from '../core/io/file';
import type { Spill } from '../core/io/rangedSource';
import type { TemporaryFolder, TemporaryFolders } from '../core/sources/environment';

const PREFIX = 'watchtower-scan-';
const LOCK = 'watchtower.lock';
const STARTED = Math.round(Date.now() - process.uptime() * 1000);

/** Folders of this process that exist now. */
const mine = new Set<string>();
let watching = false;

/**
 * Folders in the system's temporary directory, readable by this user alone. They are removed when the scan ends, when
 * the process does, and, should it be killed, by {@link sweepTemporaryFolders} of a later one.
 */
export class SystemTemporaryFolders implements TemporaryFolders {
  constructor(private readonly parent = tmpdir()) {}

  async create(): Promise<TemporaryFolder> {
    watchExit();
    const folder = await mkdtemp(path.join(this.parent, PREFIX));
    mine.add(folder);
    await chmod(folder, 0o700);
    await writeFile(path.join(folder, LOCK), JSON.stringify({ pid: process.pid, start: STARTED }), {
      flag: 'wx',
      mode: 0o600,
    });
    let count = 0;
    return {
      path: folder,
      spill: () => {
        count += 1;
        return spillTo(path.join(folder, `object-${count}`));
      },
      remove: async () => {
        if (!mine.has(folder)) return;
        await rm(folder, { recursive: true, force: true, maxRetries: 5 });
        mine.delete(folder);
      },
    };
  }
}

/**
 * Removes what killed processes left behind. Only folders that carry our name and our lock, belong to this user, and
 * whose process is gone; never what a link points to.
 * @returns the folders that were removed
 */
export async function sweepTemporaryFolders(parent = tmpdir()): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await readdir(parent).catch(() => [] as string[])) {
    if (!name.startsWith(PREFIX)) continue;
    const folder = path.join(parent, name);
    try {
      const info = await lstat(folder);
      if (!info.isDirectory() || (process.getuid && info.uid !== process.getuid())) continue;
      const lock = JSON.parse(await readFile(path.join(folder, LOCK), 'utf8')) as { pid?: unknown; start?: unknown };
      if (typeof lock.pid !== 'number' || typeof lock.start !== 'number') continue;
      if (lock.pid === process.pid ? lock.start === STARTED : isAlive(lock.pid)) continue;
      await rm(folder, { recursive: true, force: true, maxRetries: 2 });
      removed.push(folder);
    } catch {
      // Not ours to judge, or somebody else is faster.
    }
  }
  return removed;
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function watchExit(): void {
  if (watching) return;
  watching = true;
  process.on('exit', () => {
    for (const folder of mine) rmSync(folder, { recursive: true, force: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const ended = () => {
      // Somebody else decides what the signal means; the folders go when the process does.
      if (process.listenerCount(signal) > 1) return;
      for (const folder of mine) rmSync(folder, { recursive: true, force: true });
      process.removeListener(signal, ended);
      process.kill(process.pid, signal);
    };
    process.on(signal, ended);
  }
}

async function spillTo(file: string): Promise<Spill> {
  const handle = await open(file, 'wx', 0o600);
  const discard = async () => {
    await handle.close().catch(() => undefined);
    await unlink(file).catch(() => undefined);
  };
  return {
    write: async (bytes) => {
      let written = 0;
      while (written < bytes.length) written += (await handle.write(bytes, written)).bytesWritten;
    },
    finish: async () => {
      await handle.close();
      const source = await openFile(file);
      return {
        size: source.size,
        read: (offset, length) => source.read(offset, length),
        close: async () => {
          await source.close();
          await unlink(file).catch(() => undefined);
        },
      };
    },
    discard,
  };
}
