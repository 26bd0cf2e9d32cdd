import type { RemoteSettings } from '../settings';
import type { SourceEntry } from './source';

/** The first piece of every file; nothing smaller than two of them is read in parts. */
const HEAD = 32 * 1024;

/**
 * What a ranged scan of a large file transfers, by its name, in bytes. Measured by `bench/rows/remote.mjs`; where the
 * structure grows with the model (vocabularies, graphs) the figure is that of a large one.
 */
const STRUCTURE: readonly [RegExp, number][] = [
  [/\.(?:pt|pth|ckpt|bin|pkl|pickle|joblib|dill|npz|nemo|mar|zip|keras)$/i, 160_000],
  [/\.safetensors$/i, 70_000],
  [/\.(?:gguf|ggml)$/i, 7_000_000],
  [/\.(?:onnx|pb|tflite)$/i, 600_000],
  [/\.(?:h5|hdf5)$/i, 250_000],
  // Text is read to its end.
  [
    /\.(?:py|pyi|ipynb|json|jsonl|ya?ml|toml|ini|cfg|conf|env|txt|md|rst|sh|csv|tsv|xml|html?|js|ts|sql|log)$/i,
    Number.POSITIVE_INFINITY,
  ],
];

/**
 * Bytes that scanning files of these names and sizes will transfer, for a person to decide on. An estimate: what a file
 * really is shows when it is read.
 */
export function expectedTransfer(
  entries: Iterable<SourceEntry>,
  { full, fileBytes }: Pick<RemoteSettings, 'full' | 'fileBytes'>,
): number {
  let sum = 0;
  for (const { path, size, here } of entries) {
    if (here) continue;
    if (full || size <= 2 * HEAD) {
      sum += size;
      continue;
    }
    const structure = STRUCTURE.find(([name]) => name.test(path))?.[1] ?? HEAD;
    sum += Math.min(size, structure, fileBytes);
  }
  return sum;
}
