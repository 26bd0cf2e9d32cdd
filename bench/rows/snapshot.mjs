import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';

const GB = 1_000_000_000;

/** A safetensors file whose tensors are holes: it takes no room on disk. @returns the names of its tensors */
function sparseSafetensors(file, tensors) {
  let end = 0;
  const header = Object.fromEntries(
    tensors.map(([name, shape]) => {
      const start = end;
      end += 2 * shape.reduce((product, size) => product * size, 1);
      return [name, { dtype: 'BF16', shape, data_offsets: [start, end] }];
    }),
  );
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const descriptor = openSync(file, 'w');
  writeSync(descriptor, Buffer.concat([length, text]), 0);
  ftruncateSync(descriptor, 8 + text.length + end);
  closeSync(descriptor);
  return tensors.map(([name]) => name);
}

/** A sharded model of about `size` bytes with a token embedding, as transformers writes one. */
function snapshot(folder, size) {
  mkdirSync(folder, { recursive: true });
  const hidden = 4096;
  const layers = Math.round((size / 2 - 2 * 128_000 * hidden) / (4 * hidden * hidden));
  const shards = Math.ceil(size / (5 * GB));
  const weightMap = {};
  for (let shard = 0; shard < shards; shard += 1) {
    const file = `model-${String(shard + 1).padStart(5, '0')}-of-${String(shards).padStart(5, '0')}.safetensors`;
    const tensors = [];
    if (shard === 0) tensors.push(['model.embed_tokens.weight', [128_000, hidden]]);
    for (let layer = shard; layer < layers; layer += shards)
      for (const part of ['q', 'k', 'v', 'o'])
        tensors.push([`model.layers.${layer}.${part}_proj.weight`, [hidden, hidden]]);
    if (shard === shards - 1) tensors.push(['lm_head.weight', [128_000, hidden]]);
    for (const name of sparseSafetensors(path.join(folder, file), tensors)) weightMap[name] = file;
  }
  writeFileSync(
    path.join(folder, 'model.safetensors.index.json'),
    JSON.stringify({ metadata: {}, weight_map: weightMap }),
  );
  writeFileSync(
    path.join(folder, 'config.json'),
    JSON.stringify({ model_type: 'llama', architectures: ['LlamaForCausalLM'] }),
  );
}

export const rows = [
  {
    name: 'Hugging Face snapshot, bytes read',
    run({ temporary, scan, bytes }) {
      return [2, 16, 140].map((size) => {
        const folder = path.join(temporary, `snapshot-${size}`);
        snapshot(folder, size * GB);
        const { seconds, report, peakMb } = scan(folder);
        const [artifact] = report.artifacts;
        const files = readdirSync(folder);
        const total = files.reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0);
        return {
          name: `Hugging Face snapshot, ${size} GB in ${files.length - 2} shards`,
          value: `${bytes(artifact?.bytesRead ?? 0)} read of ${bytes(total)}`,
          note: `${report.artifacts.length} artifact, ${artifact?.format}, ${(artifact?.description?.parameters / 1e9).toFixed(1)} billion parameters; ${seconds.toFixed(2)} s, ${peakMb.toFixed(0)} MB peak`,
        };
      });
    },
  },
];
