/** What a licence asks of whoever ships something that it covers; the mildest first. */
export type Obligation =
  /** To keep the notice. */
  | 'notice'
  /** To give changes to its own files on under the same terms: nothing for who only uses it. */
  | 'file'
  /** To let users replace it, and to give changes to it on. */
  | 'library'
  /** To put what contains it under the same terms. */
  | 'work'
  /** The same, and also for what is only offered over a network. */
  | 'network'
  /** To keep to certain uses. */
  | 'use';

const MILDEST_FIRST: readonly Obligation[] = ['notice', 'file', 'library', 'work', 'network', 'use'];

/** By SPDX identifier, in its order; what none of them fits asks for a notice. */
const OBLIGATIONS: readonly [RegExp, Obligation][] = [
  [/^(?:LGPL-|CECILL-C$)/i, 'library'],
  [/^(?:AGPL|SSPL|OSL)-/i, 'network'],
  [/^(?:GPL|CECILL|EUPL|RPL|QPL)-/i, 'work'],
  [/^(?:MPL|EPL|CDDL|CPL)-/i, 'file'],
  [/^(?:LicenseRef|BUSL|Elastic|PolyForm|CC-BY(?:-ND)?-NC|Hippocratic)-/i, 'use'],
];

const termsOf = (expression: string, operator: string): string[] => expression.split(` ${operator} `);

/** `GPL-2.0-only WITH x`: the exception is part of the term and does not make it milder here. */
const identifierOf = (term: string): string => term.replace(/ WITH .*$/, '');

/**
 * What an SPDX expression asks for: of alternatives the mildest can be chosen, of licences that hold together the
 * strictest counts.
 * @param expression identifiers with `OR`, `AND` and `WITH`, without parentheses
 */
export function obligationOf(expression: string): Obligation {
  const worth = (term: string): number => {
    const obligation = OBLIGATIONS.find(([pattern]) => pattern.test(identifierOf(term)))?.[1] ?? 'notice';
    return MILDEST_FIRST.indexOf(obligation);
  };
  const least = Math.min(...termsOf(expression, 'OR').map((all) => Math.max(...termsOf(all, 'AND').map(worth))));
  return MILDEST_FIRST[least] as Obligation;
}

/** `GPL-3.0`, `gpl-3.0-only` and `GPL-3.0+` mean versions of one text. */
const familyOf = (identifier: string): string =>
  identifierOf(identifier)
    .toLowerCase()
    .replace(/(?:-only|-or-later|\+)$/, '');

/**
 * Whether the terms of one licence have been agreed to.
 * @param allowed SPDX identifiers or names; `LGPL-*` stands for all that begin so
 */
export function isAgreed(license: string, allowed: readonly string[]): boolean {
  return allowed.some((one) => {
    const wanted = one.trim().toLowerCase();
    return wanted.endsWith('*')
      ? identifierOf(license).toLowerCase().startsWith(wanted.slice(0, -1))
      : familyOf(license) === familyOf(wanted);
  });
}

/** Whether what an expression asks for, beyond a notice, has been agreed to. */
export function isAllowed(expression: string, allowed: readonly string[]): boolean {
  const mild = (term: string) => MILDEST_FIRST.indexOf(obligationOf(term)) < MILDEST_FIRST.indexOf('library');
  return termsOf(expression, 'OR').some((all) =>
    termsOf(all, 'AND').every((term) => mild(term) || isAgreed(term, allowed)),
  );
}
