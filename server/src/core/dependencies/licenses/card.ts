/** Terms of a model or a data set that its card names: the front matter of a README on a hub (Hugging Face, model cards). */
import type { Severity } from '../../finding';

export interface CardTerms {
  /** The hub's identifier, or the name that the card gives a licence of its own. */
  readonly license: string;
  readonly start: number;
  readonly end: number;
  readonly severity: Severity;
  readonly what: string;
}

/** A front matter that is longer is none that a hub reads. */
const FRONT_MATTER = 65536;

/** Identifiers of the hub (hub-docs, repositories-licenses) that ask for more than a notice. */
const TERMS: readonly [RegExp, Severity, string][] = [
  [
    /^(?:cc-by-nc(?:-nd|-sa)?-[\d.]+|h-research|intel-research|apple-amlr|deepfloyd-if-license|fair-noncommercial-research-license)$/,
    'low',
    'it may not be used commercially',
  ],
  [
    /^(?:[\w.-]*openrail(?:\+\+|-m)?|bigscience-bloom-rail-1\.0|llama[\d.]{1,4}|gemma|grok2-community|c-uda)$/,
    'info',
    'its terms rule some uses out, and have to be given on with it',
  ],
  [
    /^(?:agpl-3\.0|gpl(?:-[23]\.0)?)$/,
    'info',
    'what is given to others together with it may have to be under the same terms',
  ],
  [/^other$/, 'info', 'it is none that is known, so its text has to be read'],
];

const FIELD = /^license:[ \t]*(?:\r?\n[ \t]*-[ \t]*)?(["']?)([\w.+-]{2,60})\1[ \t]*(?:#.*)?$/m;
const NAME = /^license_name:[ \t]*(["']?)([\w.+ -]{2,60}?)\1[ \t]*(?:#.*)?$/m;

/** @param text of a README; a front matter stands at its very begin */
export function cardTerms(text: string): CardTerms | undefined {
  const opened = /^\ufeff?---[ \t]*\r?\n/.exec(text)?.[0];
  if (opened === undefined) return undefined;
  const close = text.slice(0, FRONT_MATTER).indexOf('\n---', opened.length - 1);
  if (close < 0) return undefined;
  const body = text.slice(opened.length, close + 1);
  const field = FIELD.exec(body);
  if (!field) return undefined;
  const value = field[2] as string;
  const terms = TERMS.find(([pattern]) => pattern.test(value.toLowerCase()));
  if (!terms) return undefined;
  const start = opened.length + field.index + field[0].lastIndexOf(value);
  const [, severity, what] = terms;
  const name = value.toLowerCase() === 'other' ? NAME.exec(body)?.[2] : undefined;
  return { license: name ?? value, start, end: start + value.length, severity, what };
}
