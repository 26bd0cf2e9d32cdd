/**
 * Credentials that their makers publish themselves: in documentation, for emulators and public test servers, or inside a
 * program that everyone can download. Known to everyone, good for nothing, and still no habit to copy.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

const BY_TEXT: readonly [test: (value: string) => boolean, what: string][] = [
  [(v) => /^A[KS]IA[A-Z0-9]{9}EXAMPLE$/.test(v), 'an access key ID of the AWS documentation'],
  [(v) => /EXAMPLEKEY$/.test(v) && v.length >= 38, 'a secret key of the AWS documentation'],
  [
    (v) => v.startsWith('Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq'),
    'the public key of the Azure Storage emulator (Azurite)',
  ],
  [
    (v) => v.startsWith('C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPM'),
    'the public key of the Azure Cosmos DB emulator',
  ],
  [
    (v) =>
      /^(?:2YotnFZFEjr1zCsicMWpAA|tGzv3JOkF0XG5Qx2TlKWIA|mF_9\.B5f-4\.1JqM|SlAV32hkKG|7Fjfp0ZBr1KtDRbnfVdmIw)$/.test(v),
    'an example of RFC 6749, RFC 6750 or OpenID Connect',
  ],
  [
    (v) =>
      /^(?:0685bd9184jfhq22|ad180jjd733klru7|dpf43f3p2l4k3l03|kd94hf93k423kf44|nnch734d00sl2jdk|pfkkdhi9sl3r4s00)$/.test(
        v,
      ),
    'an example of OAuth 1.0 (RFC 5849)',
  ],
  [
    (v) => /^sk_test_(?:4eC39HqLyjWDarjtT1zdp7dc|BQokikJOvBiI2HlWgH4olfQ2)$/.test(v),
    'the test key of the Stripe documentation',
  ],
  // `{"u":"mapbox"`: the account whose tokens stand in the examples of Mapbox and Leaflet.
  [(v) => v.startsWith('pk.eyJ1IjoibWFwYm94Ii'), "a public token of Mapbox's own examples"],
];

/**
 * Those whose shape is that of live ones, by how they begin and by the first 16 hexadecimal digits of their SHA-256: so
 * they stand here without being found here.
 */
const BY_HASH: readonly [begins: string, what: string, hashes: string][] = [
  // firebase-android-sdk, as the allow-list of gitleaks has them (rule gcp-api-key).
  [
    'AIza',
    'an example key of the Firebase SDK',
    'f56e323494a6ffc2 2037abcaffb2b777 3f370c9dd8225c63 e4a5542bb7fd7b67 a19f89ab3555eac1 0b476bdf9acf2123 ' +
      'eb540d2b6ee2a0a4 37f8f09bdf12c2f2 8731261cb72d8626 49f777db995e8260 27a9a42931dff7eb dc0fcf046c61640c ' +
      '4c98242dcadc8b29 ea9bb1082cf95663 3a8b61d0f636b007 a6c814bc555ae62c',
  ],
  // googlemaps/js-samples and every page of the Maps JavaScript documentation.
  ['AIza', 'the key of the samples of Google Maps', 'e4902a0b38812b15'],
  // InnerTube, in the source of every page of YouTube; yt-dlp and pytube have it.
  ['AIza', "the key of YouTube's own web page", '31043aae8be22df7'],
  // Speech recognition of Chromium; the default of the distribution SpeechRecognition.
  ['AIza', "the key of Chromium's speech recognition", 'f7010ed465879292'],
  // transformers, testing_utils.py, and huggingface_hub: "Not critical, only usable on the sandboxed CI instance".
  ['hf_', "the token of Hugging Face's public test server", '5de261506c0ff857'],
  // GitHub documentation, "Authorizing OAuth apps".
  ['gh', 'the token of the GitHub documentation', '3543c50b0cb9cea8 bc3ae723f57c6b9e'],
  // Slack documentation, "Installing with OAuth".
  ['xoxb-', 'the token of the Slack documentation', '2ddc147f3a3b5a17'],
  // MinIO documentation and SDKs: play.min.io.
  ['zuf+', "the key of MinIO's public test server", 'df452eef23e8cf2c'],
  // Flask documentation, "Quickstart", sessions.
  ['192b', 'the secret key of the Flask documentation', '2598f7d6adc142d8'],
  // Hardhat and Anvil: the first accounts of every local chain.
  ['0x', 'the key of a test account of Hardhat and Anvil', '60a09e4357868c1e 095101cf732c298a bb4978fbe7638de8'],
];

const HASHES = new Map(
  BY_HASH.flatMap(([begins, what, hashes]) => hashes.split(' ').map((hash) => [hash, { begins, what }] as const)),
);
const BEGINNINGS = [...new Set(BY_HASH.map(([begins]) => begins))];

/** What a value is known as in public. */
export function documentedKey(text: string): string | undefined {
  const value = text.replace(/^\w{1,30}=(?=.)/, '');
  const known = BY_TEXT.find(([test]) => test(value))?.[1];
  if (known !== undefined || value.length > 80 || !BEGINNINGS.some((begins) => value.startsWith(begins))) return known;
  const found = HASHES.get(bytesToHex(sha256(utf8ToBytes(value))).slice(0, 16));
  return found && value.startsWith(found.begins) ? found.what : undefined;
}

/** Secrets that examples of JSON Web Tokens are signed with, and where those stand. */
const EXAMPLE_SECRETS: readonly [secret: string, where: string][] = [
  ['secret', 'of PyJWT and jwt.io'],
  ['your-256-bit-secret', 'of jwt.io'],
  ['your-384-bit-secret', 'of jwt.io'],
  ['your-512-bit-secret', 'of jwt.io'],
  ['a-string-secret-at-least-256-bits-long', 'of jwt.io'],
  ['a-valid-string-secret-that-is-at-least-384-bits-long', 'of jwt.io'],
  ['a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long', 'of jwt.io'],
  ['qwertyuiopasdfghjklzxcvbnm123456', 'of jwt.io'],
  ['shhhhh', 'of jsonwebtoken'],
  ['super-secret-jwt-token-with-at-least-32-characters-long', "of Supabase's local stack"],
  ['your-super-secret-jwt-token-with-at-least-32-characters-long', "of Supabase's local stack"],
];

const HMACS: Readonly<Record<string, { hash: typeof sha256 | typeof sha512; length: number }>> = {
  HS256: { hash: sha256, length: 43 },
  HS384: { hash: sha384, length: 64 },
  HS512: { hash: sha512, length: 86 },
};

/**
 * Whose example a JSON Web Token is signed as: then its secret is public, and anyone can make such a token.
 * @param token compact form (RFC 7515)
 * @param algorithm `alg` of its header
 */
export function exampleSigner(token: string, algorithm: unknown): string | undefined {
  const scheme = typeof algorithm === 'string' && Object.hasOwn(HMACS, algorithm) ? HMACS[algorithm] : undefined;
  const dot = token.lastIndexOf('.');
  const signature = token.slice(dot + 1).replace(/={1,2}$/, '');
  if (!scheme || signature.length !== scheme.length) return undefined;
  const signed = utf8ToBytes(token.slice(0, dot));
  for (const [secret, where] of EXAMPLE_SECRETS) {
    const bytes = hmac(scheme.hash, utf8ToBytes(secret), signed);
    if (base64Url(bytes) === signature) return where;
  }
  return undefined;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** base64url without padding (RFC 4648, section 5). */
function base64Url(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(i, i + 3);
    const group = (a << 16) | (b << 8) | c;
    for (let shift = 18; shift >= 0 && out.length * 6 < bytes.length * 8; shift -= 6)
      out += ALPHABET[(group >> shift) & 63];
  }
  return out;
}
