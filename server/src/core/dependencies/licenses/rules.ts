import { defineRules } from '../../rule';

const SUPPLY_CHAIN = { atlas: ['AML.T0010.001'], nist: ['GOVERN 1.1', 'GOVERN 6.1', 'MAP 4.1'] } as const;

export const LICENSE_RULES = defineRules('license', {
  'strong-copyleft': {
    title: 'Package under a strong copyleft licence',
    category: 'license',
    severity: 'medium',
    description:
      'A package under the GPL, the AGPL or a licence like them is imported or installed. What is given to others together with it has to be under the same licence, with its source; the AGPL asks this also of what is only offered over a network. No vulnerability, but a decision that somebody has to take before the work is shipped. One finding for each package and document, at its first place.',
    remediation:
      'If the terms suit the work, add the licence to `licenses.allowed`. If not, take a package under a permissive licence, or buy another licence where one is sold.',
    references: SUPPLY_CHAIN,
  },
  'weak-copyleft': {
    title: 'Package under a weak copyleft licence',
    category: 'license',
    severity: 'low',
    description:
      'A package under the LGPL or a licence like it is imported or installed. Using it asks for little: its users must be able to replace it, and changes to the package itself have to be given on. Copying its code into yours, or freezing both into one executable, asks for more.',
    remediation: 'Keep it a package of its own. If that suits the work, add the licence to `licenses.allowed`.',
    references: SUPPLY_CHAIN,
  },
  'model-terms': {
    title: 'Model or data set under terms of use',
    category: 'license',
    severity: 'low',
    description:
      'The card of a model or of a data set names a licence that asks for more than a notice: no commercial use (low), or rules for its use that have to be given on, a copyleft, a licence of its own (information). What is trained on it or made from it may have to keep to the terms as well.',
    remediation:
      'Read the terms. If your use is allowed, add the licence to `licenses.allowed`; if not, take another model.',
    references: SUPPLY_CHAIN,
  },
  'copyleft-program': {
    title: 'Package that runs a program under a copyleft licence',
    category: 'license',
    severity: 'info',
    description:
      'The package itself is under a permissive licence, but works by running a program that is under the GPL. That asks nothing of code that is not shipped together with the program.',
    remediation:
      'If you ship the program too, in an image for example, keep to its licence: give its source or offer it.',
    references: SUPPLY_CHAIN,
  },
  'restricted-use': {
    title: 'Package that may not be used for everything',
    category: 'license',
    severity: 'medium',
    description:
      'A package is imported or installed whose licence allows only some uses, mostly those that earn nothing: research, evaluation, not selling a service that rests on it.',
    remediation:
      'Read the licence. If your use is allowed, add its name to `licenses.allowed`; if not, take another package.',
    references: SUPPLY_CHAIN,
  },
});
