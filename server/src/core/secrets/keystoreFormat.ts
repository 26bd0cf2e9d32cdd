import type { ByteSource } from '../io/byteSource';
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

const CERTIFICATE = 2;
const MOST_ENTRIES = 4096;

/**
 * Whether a store of Java (JKS, versions 1 and 2) holds certificates and nothing else, as the one of trusted
 * authorities does. Source: sun.security.provider.JavaKeyStore, `engineStore`.
 */
async function onlyCertificates(source: ByteSource): Promise<boolean> {
  const number = async (at: number, length: 2 | 4) => {
    const bytes = await source.read(at, length);
    return bytes.length < length ? -1 : bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  };
  const version = await number(4, 4);
  const count = await number(8, 4);
  if (version < 1 || version > 2 || count < 1 || count > MOST_ENTRIES) return false;
  let at = 12;
  for (let i = 0; i < count; i += 1) {
    if ((await number(at, 4)) !== CERTIFICATE) return false;
    const alias = await number(at + 4, 2);
    // The tag, the alias, the time of creation.
    at += 4 + 2 + alias + 8;
    if (version === 2) at += 2 + (await number(at, 2));
    const length = await number(at, 4);
    if (alias < 0 || length < 0) return false;
    at += 4 + length;
  }
  // What follows is the digest of the whole: 20 bytes.
  return at + 20 === source.size;
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
  async scan(input, context) {
    if (isJavaKeyStore(await input.source.read(0, 4)) && (await onlyCertificates(input.source))) return;
    context.report({
      rule: SECRET_RULES['keystore-file'] as Rule,
      message: 'The file is a store of private keys',
      location: {},
      anchor: hashSecret(`${input.source.size}`),
    });
  },
};
