import { printable } from './redact';
import type { Rule, RuleReferences } from './rule';

const CATALOGUES: readonly [keyof RuleReferences, string, (id: string) => string | undefined][] = [
  ['cwe', 'CWE', (id) => /^CWE-(\d+)$/.exec(id)?.[1] && `https://cwe.mitre.org/data/definitions/${id.slice(4)}.html`],
  ['owasp', 'OWASP', () => undefined],
  ['atlas', 'MITRE ATLAS', (id) => (id.startsWith('AML.') ? `https://atlas.mitre.org/techniques/${id}` : undefined)],
  ['nist', 'NIST AI RMF', () => undefined],
  ['see', 'See also', (id) => (id.startsWith('https://') ? id : undefined)],
];

/** The page of a rule in Markdown, made from the rule alone: what the editor shows and the documentation holds. */
export function rulePage(rule: Rule): string {
  const lines = [
    `# ${rule.title}`,
    '',
    `\`${rule.id}\` · severity **${rule.severity}** · ${rule.category}${rule.risk ? ` · ${rule.risk}` : ''}`,
    '',
    rule.description,
    '',
    '## What to do',
    '',
    rule.remediation,
    '',
    '## References',
    '',
  ];
  for (const [key, title, address] of CATALOGUES) {
    const ids = rule.references[key];
    if (!ids?.length) continue;
    const shown = ids.map((id) => {
      const link = address(id);
      return link === undefined ? id : link === id ? `<${link}>` : `[${id}](${link})`;
    });
    lines.push(`- ${title}: ${shown.join(', ')}`);
  }
  lines.push(
    '',
    '## Living with it',
    '',
    'Hide one finding in a text file or notebook cell with a comment on its line:',
    '',
    '```python',
    `# watchtower: ignore[${rule.id}]`,
    '```',
    '',
    'Give the rule another severity, or switch it off, in the settings:',
    '',
    '```json',
    `"watchtower.severity.overrides": { "${rule.id}": "low" }`,
    '```',
    '',
  );
  return lines.join('\n');
}

/** Page of a rule that is not ours: one that the user wrote. */
export function customRulePage(id: string): string {
  const shown = printable(id).replaceAll('`', "'");
  return `# ${shown.replace(/[\\*_[\]<>#]/g, '\\$&')}\n\n\`${shown}\` is no built-in rule; it comes from the setting \`watchtower.secrets.customRules\`.\n`;
}
