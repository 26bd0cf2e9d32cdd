/** Programs that a rule has to report, each beside programs that it must not. */
import assert from 'node:assert/strict';
import { PYTHON_ANALYSER } from '../../../src/core/python/analyser';
import type { PYTHON_RULES } from '../../../src/core/python/rules';
import { judge } from '../pii/judge';

/** Code that has to be reported, and code as like it as can be that must not. */
export interface Case {
  rule: keyof typeof PYTHON_RULES;
  severity: string;
  bad: readonly string[];
  honest: readonly string[];
}

const told = (text: string): string[] =>
  judge({ name: 'a.py', text: `${text}\n` }, PYTHON_ANALYSER).map(
    ({ rule, severity }) => `${rule.id.slice('python/'.length)} ${severity ?? rule.severity}`,
  );

/** One test for each case. */
export function tellApart(cases: readonly Case[]): void {
  for (const { rule, severity, bad, honest } of cases) {
    it(`${rule}, ${severity}`, () => {
      for (const text of bad) assert.ok(told(text).includes(`${rule} ${severity}`), `${text}\ngave ${told(text)}`);
      for (const text of honest) {
        assert.ok(!told(text).some((one) => one.startsWith(`${rule} `)), `${text}\ngave ${told(text)}`);
        assert.ok(!told(text).some((one) => /(?:medium|high|critical)$/.test(one)), `${text}\ngave ${told(text)}`);
      }
    });
  }
}
