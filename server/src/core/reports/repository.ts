import { HUGGING_FACE } from '../sources/huggingface';
import type { SourceSpec } from '../sources/source';
import type { ReportOptions } from './report';

/** A scan's target in the words of the three Watchtower reports. */
export function repositoryOf(spec: SourceSpec): Pick<ReportOptions, 'repositoryType' | 'repositoryUrl' | 'bucketName'> {
  switch (spec.kind) {
    case 'folder':
      return { repositoryType: spec.only ? 'file' : 'folder' };
    case 'file':
      return { repositoryType: 'file' };
    case 'git':
      return { repositoryType: 'github', repositoryUrl: spec.url };
    case 'huggingface': {
      const kind = spec.repoType === 'model' ? '' : `${spec.repoType}s/`;
      return { repositoryType: 'huggingface', repositoryUrl: `${spec.endpoint ?? HUGGING_FACE}/${kind}${spec.repo}` };
    }
    case 's3':
      return { repositoryType: 's3', bucketName: spec.bucket };
  }
}
