import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ClosableByteSource } from './byteSource';

/**
 * A file of the local disk. Opened read-only and never followed by a write.
 * @throws the system's error (ENOENT, EACCES, EISDIR ...) when it cannot be opened
 */
export async function openFile(path: string): Promise<ClosableByteSource> {
  // Without O_NONBLOCK opening a named pipe would wait for a writer for ever.
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  const readInto = async (target: Uint8Array, offset: number): Promise<number> => {
    let filled = 0;
    while (filled < target.length) {
      const { bytesRead } = await handle.read(target, filled, target.length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return filled;
  };
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new Error('not a regular file');
    const { size } = stat;
    return {
      size,
      async read(offset, length) {
        const buffer = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
        const filled = await readInto(buffer, offset);
        return filled === buffer.length ? buffer : buffer.subarray(0, filled);
      },
      readInto,
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}
