import type { Keyword } from '../text/automaton';
import type { KeywordFamily } from '../text/document';
import { keywords, type Occurrences } from '../text/keywordPass';

/** Commands that install, and what runs them. */
const INSTALLERS = keywords(['pip', 'conda', 'mamba', 'micromamba', 'uv', 'python', 'sys'], true);
const IMPORTS = keywords(['import', 'from'], true);
const WORDS: readonly Keyword[] = [...INSTALLERS, ...IMPORTS];

/** Words at which Python code may install or import something. */
export const DEPENDENCY_KEYWORDS: KeywordFamily = {
  words: () => WORDS,
  reads: ({ kind, language }) => kind === 'code' && language === 'python',
};

/** Tells `[start, end)` of each word that installs, or that imports. */
export function eachDependencyWord(
  found: Occurrences,
  what: 'installs' | 'imports',
  tell: (start: number, end: number) => void,
): void {
  const installs = what === 'installs';
  for (let i = 0; i < found.length; i += 1) {
    const keyword = found.keyword(i);
    if (keyword < INSTALLERS.length !== installs) continue;
    const end = found.end(i);
    tell(end - (WORDS[keyword] as Keyword).text.length, end);
  }
}
