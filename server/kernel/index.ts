/** What the server's side of the text scan calls: `core/text/kernel.ts`. */
export { scan, tell, useAutomaton } from './keywords';
export { beginLines, COMMENTS, DIVIDED, divide, LINES, NOTES } from './lines';
export { CHUNK, OUTPUT, STATES } from './memory';
export { beginSurvey, FACTS, nothingSurveyed, runsSurveyed, survey } from './survey';
/** The first address that is nobody's. */
export const HEAP = __heap_base;
