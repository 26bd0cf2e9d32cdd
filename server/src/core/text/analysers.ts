import type { TextAnalyser } from './document';

/** Every family of text rules, in the order in which they run. */
export const TEXT_ANALYSERS: readonly TextAnalyser[] = [];
