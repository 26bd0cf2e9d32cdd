import path from 'node:path';
import { openFile } from '../io/file';
import type { ScanSettings } from '../settings';
import { FolderSource } from './folder';
import type { Source, SourceSpec } from './source';

/** Opens what a specification names. One line a kind of source. */
export function openSource(spec: SourceSpec, settings: ScanSettings): Source {
  switch (spec.kind) {
    case 'folder':
      return new FolderSource(spec.root, settings);
    case 'file':
      return {
        label: spec.path,
        async *list() {
          const source = await openFile(spec.path);
          await source.close();
          yield { path: path.basename(spec.path), size: source.size };
        },
        open: (name) => openFile(path.join(path.dirname(spec.path), path.basename(name))),
        namesIn: async (folder) =>
          folder === '' || folder === '.' ? new FolderSource(path.dirname(spec.path), settings).namesIn('') : [],
        close: () => Promise.resolve(),
      };
  }
}
