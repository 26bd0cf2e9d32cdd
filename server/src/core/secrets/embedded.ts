/**
 * Credentials in texts that are no text files: what a model says of itself, the arguments of a call, an error's words.
 * Only those count that a vendor's format or a structure gives away. A name beside a value says little here: the metadata
 * of models are full of tokens and keys that are none.
 */
import { redactRanges } from '../redact';
import type { TextSegment } from '../text/document';
import { singleReader } from '../text/keywordPass';
import { type Candidate, candidatesOf, SECRET_KEYWORDS, traitsOf } from './analyser';

/** Rank from which a candidate's own shape, and not the name before it, makes it one. */
const OWN_SHAPE = 3;
/** A text without such a run, or without an address, holds none; nearly all are told apart by this. */
const MAY_HOLD = /[A-Za-z0-9_\-+/=]{16}|:\/\//;
/** What is shown of any text is far shorter. */
const LONGEST = 64 * 1024;

export type EmbeddedCredential = Pick<Candidate, 'rule' | 'severity' | 'message' | 'start' | 'end' | 'secret'>;

const look = singleReader(SECRET_KEYWORDS.words, false);

/**
 * @param key what the text is the value of; a vendor's name in it counts
 * @returns in their order, without overlaps; offsets in UTF-16 code units
 */
export function embeddedCredentials(text: string, key?: string): EmbeddedCredential[] {
  return MAY_HOLD.test(text) ? candidatesIn(text, key).filter(({ rank }) => rank >= OWN_SHAPE) : [];
}

function candidatesIn(text: string, key?: string): Candidate[] {
  const segment: TextSegment = {
    kind: 'metadata',
    language: 'plain',
    text: text.slice(0, LONGEST),
    ...(key !== undefined && { path: key.slice(key.lastIndexOf('.') + 1) }),
    locate: () => ({}),
  };
  // At most LONGEST characters: no look at the clock is needed.
  const untimed = () => undefined;
  return candidatesOf(segment, traitsOf(''), look(segment.text, untimed).occurrences, untimed);
}

/** The text with the credentials that were found in it replaced by asterisks. */
export function concealedText(text: string, found: readonly EmbeddedCredential[]): string {
  return found.length ? redactRanges(text, found, text.length) : text;
}

/** The text with every credential in it replaced by asterisks. */
export function withoutCredentials(text: string, key?: string): string {
  return concealedText(text, embeddedCredentials(text, key));
}

/** What a person wrote, with all that may be a secret replaced by asterisks: a name beside a value is enough. */
export const withoutSecrets = (text: string): string => concealedText(text, candidatesIn(text));
