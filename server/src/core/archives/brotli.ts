import { once } from 'node:events';
import { createBrotliDecompress } from 'node:zlib';
import { DamagedStream, type Decode } from './decoded';

const FED = 16 * 1024;

/**
 * Brotli (RFC 7932) by the decoder of Node, which takes no window above 16 MiB. It is fed little at a time and only as its
 * output is taken, so that a bomb is decoded no further than anybody reads.
 */
export const decodeBrotli: Decode = async function* (reader) {
  const start = reader.position;
  const decoder = createBrotliDecompress({ chunkSize: 64 * 1024 });
  let failure: unknown;
  const over = new Promise<false>((resolve) => {
    decoder.once('close', () => resolve(false));
    decoder.once('end', () => resolve(false));
  });
  const wanted = () =>
    Promise.race([
      over,
      once(decoder, 'drain').then(
        () => true,
        () => false,
      ),
    ]);
  const feed = async () => {
    try {
      while (await reader.ensure(1)) {
        const piece = (await reader.bytes(Math.min(FED, reader.available))).slice();
        if (decoder.destroyed || decoder.readableEnded) return;
        if (!decoder.write(piece) && !(await wanted())) return;
      }
      decoder.end();
    } catch (error) {
      failure = error;
      decoder.destroy();
    }
  };
  const feeding = feed();
  try {
    for await (const piece of decoder) yield piece as Uint8Array;
  } catch (error) {
    if (failure) throw failure;
    const { code } = error as { code?: unknown };
    const isCut = code === 'Z_BUF_ERROR';
    throw new DamagedStream(isCut ? 'the compressed data ends before its end mark' : 'brotli: no such stream');
  } finally {
    decoder.destroy();
  }
  await feeding;
  if (failure) throw failure;
  // What was fed behind the end of the stream is none of it.
  reader.seek(start + decoder.bytesWritten);
};
