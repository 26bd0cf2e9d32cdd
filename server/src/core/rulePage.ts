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

/** All rules as one Markdown document, a table for each family: `docs/rules.md`, written by `npm run docs`. */
export function ruleIndex(rules: readonly Rule[]): string {
  const families = new Map<string, Rule[]>();
  for (const rule of rules) {
    const family = rule.id.slice(0, rule.id.indexOf('/'));
    families.set(family, [...(families.get(family) ?? []), rule]);
  }
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  const lines = [
    '# Rules',
    '',
    '<!-- Written by `npm run docs` from the rules themselves. -->',
    '',
    `${rules.length} rules. The id stands in diagnostics, reports, suppressions and settings; \`watchtower rules ID\` prints one with all its references.`,
  ];
  for (const [family, own] of [...families].sort(([a], [b]) => (a < b ? -1 : 1))) {
    lines.push(
      '',
      `## ${family}`,
      '',
      '| rule | severity | what it finds | what to do | CWE |',
      '| --- | --- | --- | --- | --- |',
    );
    for (const rule of own) {
      const cwe = (rule.references.cwe ?? []).join(', ');
      const what = `**${cell(rule.title)}.** ${cell(rule.description)}`;
      lines.push(`| \`${rule.id}\` | ${rule.severity} | ${what} | ${cell(rule.remediation)} | ${cwe} |`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** Page of a rule that is not ours: one that the user wrote. */
export function customRulePage(id: string): string {
  const shown = printable(id).replaceAll('`', "'");
  return `# ${shown.replace(/[\\*_[\]<>#]/g, '\\$&')}\n\n\`${shown}\` is no built-in rule; it comes from the setting \`watchtower.secrets.customRules\`.\n`;
}
