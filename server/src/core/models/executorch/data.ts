/**
 * Data files of ExecuTorch (.ptd): a FlatBuffer of `flat_tensor.fbs` with the identifier FT01, an extended header behind
 * it, and segments with tensors or blobs for backends.
 */
import { PagedByteSource } from '../../io/pages';
import { evidenceText } from '../../redact';
import type { Format, ScanContext, ScanInput } from '../../scanner';
import { reportDamage } from '../damage';
import { sniffStorage } from '../pytorch/storage';
import { Flatbuffer, MalformedFlatbuffer } from '../tflite/flatbuffer';
import { judgeBlob, judgeTail, readSegments, windowOf } from './format';
import { EXECUTORCH_RULES as RULES } from './rules';

const FLAT = { segments: 1, named: 2 } as const;
const NAMED = { key: 0, segment: 1, layout: 2 } as const;
const HEADER_AT = 8;
const HEADER_BYTES = 40;
const MOST = 100_000;

async function scan({ source }: ScanInput, context: ScanContext): Promise<void> {
  let named = 0;
  try {
    const bytes = await source.read(HEADER_AT, HEADER_BYTES);
    if (bytes.length < HEADER_BYTES || new TextDecoder('latin1').decode(bytes.subarray(0, 4)) !== 'FH01')
      throw new MalformedFlatbuffer('there is no extended header');
    const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
    const base = Number(view.getBigUint64(24, true));
    const buffer = new Flatbuffer(new PagedByteSource(source));
    const root = await buffer.root();
    const segments = await readSegments(buffer, root, FLAT.segments, base);
    const entries = await buffer.vector(root, FLAT.named, 4);
    named = entries.count;
    for (let i = 0; i < Math.min(entries.count, MOST); i += 1) {
      if (i % 64 === 0) context.budget.checkTime();
      const entry = await buffer.element(entries, i);
      const indexAt = await buffer.field(entry, NAMED.segment);
      const index = indexAt === undefined ? 0 : await buffer.u32(indexAt);
      const segment = segments[index];
      if (!segment) throw new MalformedFlatbuffer(`segment ${index}, which is not there`);
      const name = `data ${evidenceText((await buffer.text(entry, NAMED.key, 200)) ?? '', 80)}`;
      // Without a layout they are opaque bytes for a backend.
      const isTensor = (await buffer.field(entry, NAMED.layout)) !== undefined;
      if (isTensor) await sniffStorage(name, windowOf(source, segment), context);
      else await judgeBlob(name, windowOf(source, segment), context);
    }
    await judgeTail(source, Math.max(base, ...segments.map(({ at, size }) => at + size)), context);
  } catch (error) {
    if (!(error instanceof MalformedFlatbuffer)) throw error;
    reportDamage(context, RULES.malformed, 'data file', error);
  }
  context.describe({ format: 'executorch-data', framework: 'ExecuTorch', tensorCount: named });
}

export const EXECUTORCH_DATA_FORMAT: Format = {
  id: 'executorch-data',
  title: 'ExecuTorch data',
  kind: 'model',
  extensions: ['.ptd'],
  identify({ head, extension, size }) {
    if (new TextDecoder('latin1').decode(head.subarray(4, 8)) === 'FT01') return 'certain';
    return extension === '.ptd' && size > 0 ? 'named' : undefined;
  },
  scan,
};
