import { describePickle, scanPickle } from '../../pickle/scan';
import type { Format } from '../../scanner';
import { frameworkOf, pickleClaim } from '../pickle/format';

/** Appears in the first bytes of nearly every joblib file that holds an array. */
const MARKER = 'joblib.numpy_pickle';

/**
 * joblib dumps: a pickle with the bytes of its arrays written into the stream (`joblib/numpy_pickle.py`). Compressed
 * ones are streams of their own format, with such a pickle inside.
 */
export const JOBLIB_FORMAT: Format = {
  id: 'joblib',
  title: 'joblib dump',
  kind: 'model',
  extensions: ['.joblib'],
  supersedes: ['pickle'],
  async identify(probe) {
    const marked = new TextDecoder('latin1').decode(probe.head).includes(MARKER);
    if (marked || probe.extension === '.joblib') {
      const claim = await pickleClaim(probe);
      if (claim) return claim;
    }
    return probe.extension === '.joblib' ? 'named' : undefined;
  },
  async scan({ source }, context) {
    if (source.size === 0) throw new Error('the file is empty');
    const scan = await scanPickle(source, context);
    const description = describePickle(scan, 'joblib');
    context.describe({
      ...description,
      properties: { ...description.properties, arrays: scan.arrays },
      framework: frameworkOf(scan.globals.map(({ name }) => name)),
    });
  },
};
