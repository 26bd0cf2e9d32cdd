import { l10n } from 'vscode';
import type { Location } from '../../server/src/protocol/messages';

/** Where a finding lies, in words: `cell 3, line 2`, `archive/data.pkl, offset 123`. */
export function placeText({ cell, output, line, member, node, offset }: Location): string {
  const parts: string[] = [];
  if (cell !== undefined) parts.push(l10n.t('cell {0}', cell + 1));
  if (output !== undefined) parts.push(l10n.t('output {0}', output + 1));
  if (member !== undefined) parts.push(member);
  if (node !== undefined) parts.push(node);
  if (line !== undefined && output === undefined) parts.push(l10n.t('line {0}', line));
  if (offset !== undefined) parts.push(l10n.t('offset {0}', offset));
  return parts.join(', ');
}

/** Text of a scanned file where Markdown is rendered: nothing in it may become a link, an image or HTML. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()<>#+\-.!|~&:@/]/g, (c) => `&#${c.charCodeAt(0)};`).replace(/\s+/g, ' ');
}

export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
