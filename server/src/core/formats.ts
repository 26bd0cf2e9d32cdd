import { DIRECTORY_FORMATS, MODEL_FORMATS } from './models/registry';
import type { DirectoryFormat, Format } from './scanner';

/** Everything the engine can identify, models and archives before text. */
export const FORMATS: readonly Format[] = [...MODEL_FORMATS];

export type { DirectoryFormat };
export { DIRECTORY_FORMATS };
