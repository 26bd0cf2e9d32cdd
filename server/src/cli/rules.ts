import type { Rule } from '../core/rule';
import { RULES, ruleById } from '../core/rules';
import { UsageError } from './arguments';
import type { Style } from './terminal';

function references(rule: Rule): string[] {
  const { cwe = [], owasp = [], atlas = [], nist = [], see = [] } = rule.references;
  return [
    ['CWE', cwe],
    ['OWASP', owasp],
    ['MITRE ATLAS', atlas],
    ['NIST AI RMF', nist],
    ['See', see],
  ]
    .filter(([, ids]) => ids?.length)
    .map(([name, ids]) => `${name}: ${(ids as readonly string[]).join(', ')}`);
}

/** One rule explained, or all of them listed. @throws UsageError when there is no such rule */
export function rulesText(id: string | undefined, json: boolean, style: Style): string {
  if (id === undefined) {
    const rules = [...RULES].sort((a, b) => (a.id < b.id ? -1 : 1));
    if (json) return `${JSON.stringify(rules, null, 1)}\n`;
    const width = Math.max(...rules.map((rule) => rule.id.length));
    return rules
      .map((rule) => `${style.cyan(rule.id.padEnd(width))}  ${rule.severity.padEnd(8)}  ${rule.title}\n`)
      .join('');
  }
  const rule = ruleById(id);
  if (!rule) throw new UsageError(`no rule "${id}"; "watchtower rules" lists them`);
  if (json) return `${JSON.stringify(rule, null, 1)}\n`;
  return [
    `${style.bold(rule.id)}  ${rule.severity}`,
    rule.title,
    '',
    rule.description,
    '',
    `What to do: ${rule.remediation}`,
    '',
    ...references(rule),
    '',
  ].join('\n');
}
