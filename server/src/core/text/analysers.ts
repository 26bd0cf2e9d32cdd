import { DEPENDENCY_ANALYSER } from '../dependencies/analyser';
import { LICENSE_ANALYSER } from '../dependencies/licenses/analyser';
import { PII_ANALYSER } from '../pii/analyser';
import { PYTHON_ANALYSER } from '../python/analyser';
import { SECRETS_ANALYSER } from '../secrets/analyser';
import type { TextAnalyser } from './document';

/** Every family of text rules, in the order in which they run. */
export const TEXT_ANALYSERS: readonly TextAnalyser[] = [
  SECRETS_ANALYSER,
  PII_ANALYSER,
  DEPENDENCY_ANALYSER,
  LICENSE_ANALYSER,
  PYTHON_ANALYSER,
];
