import path from 'node:path';
import { openFile } from '../io/file';
import type { ScanSettings } from '../settings';
import type { SourceEnvironment } from './environment';
import { FolderSource } from './folder';
import { GitHubSource } from './git/github';
import { GitSource } from './git/source';
import { withDeadlines } from './http';
import { HuggingFaceSource } from './huggingface';
import { RemoteError } from './remoteError';
import { S3Source } from './s3/source';
import type { RemoteSpec, Source, SourceSpec } from './source';

/** True for sources that are read by the process that has the network and the credentials, not by a worker. */
export function isRemote(spec: SourceSpec): spec is RemoteSpec {
  return spec.kind === 'huggingface' || spec.kind === 'git' || spec.kind === 's3';
}

/**
 * Opens what a specification names. One line a kind of source.
 * @param environment network, credentials and git; without it only local sources can be opened
 * @throws RemoteError when the source cannot be opened at all
 */
export function openSource(spec: SourceSpec, settings: ScanSettings, environment?: SourceEnvironment): Source {
  switch (spec.kind) {
    case 'folder':
      return new FolderSource(spec.root, settings, spec.only);
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
    default:
      if (!environment) throw new RemoteError('refused', 'remote sources are not read here');
      return openRemote(spec, settings, environment);
  }
}

function openRemote(spec: RemoteSpec, settings: ScanSettings, given: SourceEnvironment): Source {
  const environment = { ...given, http: withDeadlines(given.http, settings.remote.stallMs) };
  switch (spec.kind) {
    case 'huggingface':
      return new HuggingFaceSource(spec, settings, environment);
    case 'git':
      return spec.through === 'api' || (spec.through !== 'git' && !environment.git)
        ? new GitHubSource(spec, settings, environment)
        : new GitSource(spec, settings, environment);
    case 's3':
      return new S3Source(spec, settings, environment);
  }
}
