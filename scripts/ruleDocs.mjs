// Writes docs/rules.md from the rules themselves. Run it with `npm run docs`; a test compares.
import { writeFileSync } from 'node:fs';
import { ruleIndex } from '../server/src/core/rulePage.ts';
import { RULES } from '../server/src/core/rules.ts';

writeFileSync(new URL('../docs/rules.md', import.meta.url), ruleIndex(RULES));
