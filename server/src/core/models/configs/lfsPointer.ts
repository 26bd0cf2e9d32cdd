import { COVERAGE_RULES } from '../../coverage';
import type { Format } from '../../scanner';

const VERSION = 'version https://git-lfs.github.com/spec/v1';
/** The specification: pointer files are smaller than 1024 bytes. */
const LARGEST = 1024;

/** A Git LFS pointer, whatever name it has: the model itself is not in the tree. */
export const LFS_POINTER_FORMAT: Format = {
  id: 'git-lfs-pointer',
  title: 'Git LFS pointer',
  kind: 'model',
  extensions: [],
  // The pointer says all there is; a model format that goes by the name would only fail on it.
  supersedes: ['text'],
  identify({ head, size }) {
    if (size > LARGEST) return undefined;
    const text = new TextDecoder().decode(head);
    return text.startsWith(VERSION) && /\noid sha256:[0-9a-f]{64}\n/.test(text) ? 'certain' : undefined;
  },
  async scan({ source }, context) {
    const text = new TextDecoder().decode(await source.read(0, LARGEST));
    const size = /\nsize (\d{1,16})\b/.exec(text)?.[1];
    context.report({
      rule: COVERAGE_RULES['lfs-pointer'],
      message: `The file is a Git LFS pointer${size ? ` to ${size} bytes` : ''}: the model itself is not here and was not scanned.`,
      location: { line: 1, column: 1 },
      anchor: 'pointer',
    });
    context.describe({ format: 'git-lfs-pointer', ...(size && { properties: { size: Number(size) } }) });
  },
};
