import { hashSecret } from '../redact';
import type { Rule } from '../rule';
import type { Format } from '../scanner';
import { SECRET_RULES } from './rules';

const EXTENSIONS = ['.p12', '.pfx', '.jks', '.keystore', '.jceks', '.bks', '.pkcs12'];

/** Magic numbers of Java key stores (JKS and JCEKS). */
function isJavaKeyStore(head: Uint8Array): boolean {
  const magic = ((head[0] ?? 0) << 24) | ((head[1] ?? 0) << 16) | ((head[2] ?? 0) << 8) | (head[3] ?? 0);
  return magic === (0xfeedfeed | 0) || magic === (0xcececece | 0);
}

/** Stores of private keys: PKCS #12 (RFC 7292) and those of Java. Encrypted, so that the file itself is what is found. */
export const KEYSTORE_FORMAT: Format = {
  id: 'keystore',
  title: 'Key store',
  kind: 'text',
  extensions: EXTENSIONS,
  identify(probe) {
    if (isJavaKeyStore(probe.head)) return 'certain';
    if (!EXTENSIONS.includes(probe.extension)) return undefined;
    // A DER sequence, as PKCS #12 begins.
    return probe.head[0] === 0x30 && ((probe.head[1] ?? 0) & 0x80) !== 0 ? 'certain' : 'likely';
  },
  scan(input, context) {
    context.report({
      rule: SECRET_RULES['keystore-file'] as Rule,
      message: 'The file is a store of private keys',
      location: {},
      anchor: hashSecret(`${input.source.size}`),
    });
    return Promise.resolve();
  },
};
