import { l10n, ThemeColor, ThemeIcon } from 'vscode';
import type { ListedFinding, Severity } from '../../server/src/protocol/messages';

/** From the worst to the mildest. */
export const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info'];

const ICONS: Record<Severity, ThemeIcon> = {
  critical: new ThemeIcon('flame', new ThemeColor('problemsErrorIcon.foreground')),
  high: new ThemeIcon('error', new ThemeColor('problemsErrorIcon.foreground')),
  medium: new ThemeIcon('warning', new ThemeColor('problemsWarningIcon.foreground')),
  low: new ThemeIcon('info', new ThemeColor('problemsInfoIcon.foreground')),
  info: new ThemeIcon('circle-small'),
};

export function severityIcon(severity: Severity): ThemeIcon {
  return ICONS[severity];
}

/** The severity as a word: icons and colours alone do not reach everybody. */
export function severityWord(severity: Severity): string {
  switch (severity) {
    case 'critical':
      return l10n.t('critical');
    case 'high':
      return l10n.t('high');
    case 'medium':
      return l10n.t('medium');
    case 'low':
      return l10n.t('low');
    case 'info':
      return l10n.t('info');
  }
}

export function rankOf(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

export function isHigh(severity: Severity): boolean {
  return severity === 'critical' || severity === 'high';
}

export function worstOf(findings: readonly ListedFinding[]): Severity | undefined {
  return SEVERITIES.find((severity) => findings.some((finding) => finding.severity === severity));
}

/** `2 critical, 1 medium`; the mildest kind is left out while there are others. */
export function countsOf(findings: readonly ListedFinding[]): string {
  const parts = SEVERITIES.flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count ? [{ severity, text: `${count} ${severityWord(severity)}` }] : [];
  });
  const shown = parts.length > 1 ? parts.filter(({ severity }) => severity !== 'info') : parts;
  return shown.map(({ text }) => text).join(', ');
}
