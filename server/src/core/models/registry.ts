import type { DirectoryFormat, Format } from '../scanner';

/** One line a format. The order decides only between formats that know a file by nothing but its name. */
export const MODEL_FORMATS: readonly Format[] = [];

/** One line a kind of folder that is one artifact. The first that claims a folder has it. */
export const DIRECTORY_FORMATS: readonly DirectoryFormat[] = [];
