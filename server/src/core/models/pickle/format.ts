import { Budget, DEFAULT_LIMITS } from '../../budget';
import { describePickle, scanPickle } from '../../pickle/scan';
import { looksLikePickle } from '../../pickle/streams';
import type { Claim, Format, Probe } from '../../scanner';
import { isLegacyTorch } from '../pytorch/legacy';

const NAMED = ['.pkl', '.pickle', '.dill', '.pck', '.pcl', '.p'];

/** Identification reads a little of every file, so it has a short deadline of its own. */
function identificationBudget(): Budget {
  return new Budget({ ...DEFAULT_LIMITS, timeMs: 5000 });
}

/** Whether the file is a pickle, asked once per file however many formats want to know. */
export function pickleClaim(probe: Probe): Promise<Claim | undefined> {
  return probe.once('pickle', () => looksLikePickle(probe.head, probe.size, probe.source, identificationBudget()));
}

/** A file that is a pickle, whatever its name: scikit-learn, XGBoost, pandas, plain Python. */
export const PICKLE_FORMAT: Format = {
  id: 'pickle',
  title: 'Python pickle',
  kind: 'model',
  extensions: NAMED,
  async identify(probe) {
    const claim = await pickleClaim(probe);
    if (claim) return isLegacyTorch(probe.head) ? undefined : claim;
    return NAMED.includes(probe.extension) ? 'named' : undefined;
  },
  async scan({ source }, context) {
    if (source.size === 0) throw new Error('the file is empty');
    const scan = await scanPickle(source, context);
    context.describe({
      ...describePickle(scan, 'pickle'),
      framework: frameworkOf(scan.globals.map(({ name }) => name)),
    });
    if (!scan.complete && scan.streams === 1 && scan.opcodes < 2) throw new Error('this is no pickle');
  },
};

const FRAMEWORKS: readonly [prefix: string, name: string][] = [
  ['sklearn.', 'scikit-learn'],
  ['xgboost.', 'XGBoost'],
  ['lightgbm.', 'LightGBM'],
  ['catboost.', 'CatBoost'],
  ['statsmodels.', 'statsmodels'],
  ['torch.', 'PyTorch'],
  ['transformers.', 'Transformers'],
  ['keras.', 'Keras'],
  ['tensorflow.', 'TensorFlow'],
  ['spacy.', 'spaCy'],
  ['gensim.', 'gensim'],
  ['pandas.', 'pandas'],
  ['scipy.', 'SciPy'],
  ['numpy.', 'NumPy'],
];

/** The library that a pickle's classes come from; the most specific that occurs. */
export function frameworkOf(names: readonly string[]): string {
  for (const [prefix, name] of FRAMEWORKS) if (names.some((global) => global.startsWith(prefix))) return name;
  return 'Python';
}
