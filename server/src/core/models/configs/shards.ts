import type { ByteSource } from '../../io/byteSource';
import type { Companions } from '../../scanner';
import { shardName } from '../snapshot/files';

/** As many shards are opened; the largest checkpoints have some two hundred. */
const OPENED_SHARDS = 256;
const LARGEST_HEADER = 32 * 2 ** 20;

/** What the index of a sharded checkpoint says against the files beside it. */
export interface ShardReport {
  /** Shards that are named and not there. */
  missing: string[];
  /** Tensors that the index places in a shard which does not hold them. */
  absent: { tensor: string; shard: string }[];
  /** Tensors of a shard that the index does not place there: loaders pass over them. */
  extra: { tensor: string; shard: string }[];
  /** Shards of the same checkpoint by their names, in which the index places nothing: left over, or laid there. */
  stray: string[];
}

/**
 * Compares an index (`weight_map`: tensor to file) with the shards in its folder. Of safetensors shards the headers are
 * read; PyTorch shards are only looked for. Shards on another machine are not opened for it.
 * @param weightMap pairs of tensor and file name, in the order of the text
 * @param index name of the index: `model.safetensors.index.json` is that of `model-00001-of-00002.safetensors`
 */
export async function compareShards(
  weightMap: readonly (readonly [tensor: string, shard: string])[],
  companions: Companions,
  index: string,
): Promise<ShardReport> {
  const report: ShardReport = { missing: [], absent: [], extra: [], stray: [] };
  const placed = new Map<string, Set<string>>();
  for (const [tensor, shard] of weightMap) {
    // Files in other folders are none of this one's, and those outside have been told.
    if (/[\\/:]/.test(shard)) continue;
    const tensors = placed.get(shard);
    if (tensors) tensors.add(tensor);
    else placed.set(shard, new Set([tensor]));
  }
  const there = new Set(await companions.list());
  const checkpoint = index.slice(index.lastIndexOf('/') + 1).replace(/\.index\.json$/, '');
  for (const name of there) {
    const shard = shardName(name);
    if (shard && `${shard.stem}.${shard.extension}` === checkpoint && !placed.has(name)) report.stray.push(name);
  }
  report.stray.sort();
  for (const [shard, tensors] of [...placed].slice(0, OPENED_SHARDS)) {
    if (!there.has(shard)) {
      report.missing.push(shard);
      continue;
    }
    if (!shard.endsWith('.safetensors')) continue;
    const source = await companions.open(shard);
    const held = source && !source.distant ? await tensorNames(source) : undefined;
    if (!held) continue;
    for (const tensor of tensors) if (!held.has(tensor)) report.absent.push({ tensor, shard });
    for (const tensor of held) if (!tensors.has(tensor)) report.extra.push({ tensor, shard });
  }
  return report;
}

/** Names in the header of a safetensors file; undefined for one whose header does not parse, which its own scan tells. */
async function tensorNames(source: ByteSource): Promise<Set<string> | undefined> {
  const start = await source.read(0, 8);
  if (start.length < 8) return undefined;
  const length = new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(LARGEST_HEADER) || length > BigInt(source.size)) return undefined;
  try {
    const header: unknown = JSON.parse(new TextDecoder().decode(await source.read(8, Number(length))));
    if (typeof header !== 'object' || header === null) return undefined;
    return new Set(Object.keys(header).filter((name) => name !== '__metadata__'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
