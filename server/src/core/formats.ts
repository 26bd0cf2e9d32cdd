import { DIRECTORY_FORMATS, GROUP_FORMATS, MODEL_FORMATS } from './models/registry';
import { NOTEBOOK_FORMAT } from './notebook/format';
import type { DirectoryFormat, Format } from './scanner';
import { KEYSTORE_FORMAT } from './secrets/keystoreFormat';
import { TEXT_FORMATS } from './text/formats';

/** Everything the engine can identify, models and archives before text. */
export const FORMATS: readonly Format[] = [...MODEL_FORMATS, KEYSTORE_FORMAT, NOTEBOOK_FORMAT, ...TEXT_FORMATS];

export type { DirectoryFormat };
export { DIRECTORY_FORMATS, GROUP_FORMATS };
