/**
 * What the name of a variable, a key, a column or an option promises of its value; `key`: the key of something, which
 * may open it or only find it.
 */
export type KeyKind = 'password' | 'token' | 'auth' | 'connection' | 'key';

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

const PASSWORD_WORDS = words(
  'password passwords passwd passwds pwd pass passphrase passcode pw pswd psw passw passwort passwrd pword userpass dbpass mdp contrasena senha kennwort userpassword rootpassword requirepass bindpw rootpw psk masterauth storepass keypass sshpass passe motdepasse wachtwoord heslo salasana',
);
const SECRET_WORDS = words(
  'secret secrets secrete secretkey clientsecret appsecret apisecret sharedsecret token tokens apitoken authtoken accesstoken bearertoken refreshtoken usertoken bottoken apikey apikeys accesskey accesskeyid secretaccesskey authkey privatekey signingkey encryptionkey masterkey licensekey hmac jwt credential credentials cred creds saspwd sas webhooksecret githubkey',
);
const AUTH_WORDS = words('authorization auth bearer cookie');
const CONNECTION_WORDS = words('dsn conn connection connstr connectionstring');

/** `key` means a secret only with one of these before it (or a service's name, which the caller knows). */
const KEY_QUALIFIERS = words(
  'api access secret private priv encryption encrypt signing sign account auth master service license licence subscription ssh app application client storage session crypto cipher aes des rsa shared admin function write read ingest ingestion hmac connection consumer deploy deployment user security server jwt token webhook root host integration restricted live test recovery activation product gpg pgp tls ssl fernet symmetric asymmetric slack github gitlab google aws azure openai stripe db database generic my real travel',
);

/** After these, a word of secrecy is only the subject: `password_hash`, `token_type`, `secret_name`. */
const SUBJECT_SUFFIX = words(
  'id ids name names url urls uri uris path paths file files filename dir directory folder type types kind length len size sizes count counts num max min limit limits hash hashed hashes digest sha sha1 sha256 md5 field fields label labels hint hints prompt policy policies regex pattern patterns format formats expiry expires expired expiration ttl timeout index indices idx column columns col env var variable vars header headers prefix prefixes suffix endpoint host port mode algorithm alg algo class classes method function func fn reg regexp re help title text description desc message messages msg error errors status valid validator validation enabled disabled required reset strength version level usage usages embedding embeddings vocab mask masks attr attribute attributes param params parameter arg args option options input provider service manager store location loc ref reference scope scopes request response handler callback list map mapping dict set group groups role roles user users owner origin source target domain realm template placeholder example encoding encoded bytes bits rotation date time timestamp created updated at on protected public key_id arn info data metadata meta model models tokenizer weight weights ratio rate prob probs score scores loss logits per budget window span position pos offset start end begin context table row entry entries item items box flag required changed change confirm confirmation visible show hide toggle btn button form page screen view reader generator gen iterator stream char chars string_length counter cost price fee address addr contract supply symbol balance swap keying spec vault keyring word meshing pair signatures signature encryption encrypter encoder decoder hashing hasher protection complexity history recovery algorithm_name rule lint',
);

/** Before `token`, these make it one of a language model, a parser or a queue. */
const MODEL_TOKEN = words(
  'pad eos bos mask cls sep unk special oov start end stop next prev previous image audio video boundary fim begin newline blank separator padding unknown word sub subword text prompt completion input output max min num n total max_new additional first last current new generated decoder encoder vocab lemma pos tag bpe wordpiece char special eot sot sos eou eod im think tool assistant system user_turn sentence mention entity comma paren lparen rparen op operator lookahead matching matched unexpected csrf continuation request action idempotency client_request page cursor sync resume placeholder initial init suffix prefix middle infix trigger speaker language lang timestamps timestamp change lock pagination starting creator dedup deduplication cancellation replay watch',
);

/** Whose `pass` is a password wherever it stands in a name: `db_pass_prod`. */
const PASS_OWNERS = words(
  'db database sql mysql pg postgres redis mongo user admin root smtp mail email ftp ssh login',
);
const PAT_OWNERS = words('github gitlab gh gl ado azure devops access personal user bitbucket databricks');
/** The words from which the keys of a wallet are made. */
const PHRASE_OWNERS = words('seed recovery secret mnemonic backup wallet');
const NOT_PASS = words(
  'any every each first second third two one multi single forward backward low high band by over all test tests trespass compass surpass bypass full dry render render_pass shader',
);
const NOT_KEY = words(
  'primary foreign sort partition index dict hash public cache object bucket row registry hot short cut group lookup json map natural composite surrogate sorting unique data column state idx ordering order attention query value num target source i18n translation locale option',
);

/** Of these a key is a name, a place or a number, or it is shown to everyone. */
const NO_SECRET_KEY = words(
  'site recaptcha publishable anon measurement tracking issue project file path plot image shard range redis kafka message routing event feature answer label metric config parameter state env dataset model run job task experiment checkpoint random rng prng block chunk node edge record doc document page asset resource entity member product customer order item field property attribute setting dedup deduplication idempotency fingerprint correlation pub csrf storage_key localstorage translation locale theme menu color style class type kind test expected actual old new first last current next previous left right top bottom up down',
);

/** Endings of words that are joined from several: `mypassword`, `accesskey`, `dbpasswd`, `iamapikey`. */
const PASSWORD_ENDINGS = ['password', 'passwd', 'passphrase', 'userpass', 'dbpass', 'keypass', 'pwd', 'contrasena'];
const TOKEN_ENDINGS = [
  ...['apikey', 'apitoken', 'authtoken', 'accesstoken', 'accesskey', 'secretkey', 'secret', 'privatekey', 'privkey'],
  ...['appkey', 'authkey', 'dbkey', 'databasekey', 'servicekey', 'accountkey', 'clientkey', 'applicationkey'],
];
/** Whose key is a secret, at the end of a word that is joined from several: `mydatabase_key`. */
const KEY_OWNER = /(?:database|service|application|account|client|private|encryption|secret)$/;

const isPasswordWord = (word: string): boolean =>
  PASSWORD_WORDS.has(word) || PASSWORD_ENDINGS.some((ending) => word.endsWith(ending));
const isSecretWord = (word: string): boolean =>
  SECRET_WORDS.has(word) || TOKEN_ENDINGS.some((ending) => word.endsWith(ending));
const ownsKey = (word: string): boolean => KEY_QUALIFIERS.has(word) || KEY_OWNER.test(word);

/** Words and endings of words that may make a name promise a secret, but for those of connections. */
const PROMISING: readonly string[] = [
  ...[...PASSWORD_WORDS, ...SECRET_WORDS, ...AUTH_WORDS, ...PASSWORD_ENDINGS, ...TOKEN_ENDINGS],
  ...['key', 'keys', 'pat', 'mnemonic'],
  // The rest of `contraseña` is no small letter of ASCII.
  'contrase',
];

/** How these words go on behind a part of them: `word` and `phrase` behind `pass`, and not `ing`. */
export class Continuations {
  readonly #hashes = new Uint8Array(HASHES);

  /** @param part small letters */
  constructor(part: string) {
    for (const word of PROMISING)
      for (let at = word.indexOf(part); at >= 0; at = word.indexOf(part, at + 1))
        this.#hashes[hashOf(word, at + part.length)] = 1;
  }

  /** Whether the small letters at a place may be the rest of such a word. */
  mayBe(text: string, at: number): boolean {
    return this.#hashes[hashOf(text, at)] === 1;
  }
}

/** Letters that are looked at: no rest is longer. */
const LONGEST_REST = 16;
/** Hashes are below this, a power of two. */
const HASHES = 1 << 10;

/** Hash of the small letters at a place. */
function hashOf(text: string, at: number): number {
  let hash = 0;
  const end = Math.min(text.length, at + LONGEST_REST);
  for (let i = at; i < end; i += 1) {
    const c = text.charCodeAt(i);
    if (c < 97 || c > 122) break;
    hash = (Math.imul(hash, 31) + c) & (HASHES - 1);
  }
  return hash;
}

const HUMP = /[a-z0-9][A-Z]|[A-Z]{2}[a-z]/;
const ACCENTED = /[\u00c0-\u024f]/;

/** Splits a name into lower-case words without accents at separators, digits' ends and capitals. */
export function nameWords(name: string): string[] {
  const plain = ACCENTED.test(name) ? name.normalize('NFD').replace(/[\u0300-\u036f]/g, '') : name;
  const spaced = HUMP.test(plain)
    ? plain.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/([A-Z])(?=[A-Z][a-z])/g, '$1 ')
    : plain;
  const found: string[] = [];
  for (const word of spaced.toLowerCase().split(/[^a-z0-9]+/)) {
    if (word === '') continue;
    if (!endsInDigit(word)) found.push(word);
    else if (!/^\d+$/.test(word)) found.push(word.replace(/^(\D{2,}?)\d{1,3}$/, '$1'));
  }
  return found;
}

function endsInDigit(word: string): boolean {
  const c = word.charCodeAt(word.length - 1);
  return c >= 48 && c <= 57;
}

/**
 * What a name promises.
 * @param name identifier, dotted path, option or column name
 * @param service true when the name holds a service's name, which qualifies a bare `key`
 * @returns undefined for names that promise no secret
 */
export function keyKind(name: string, service = false): KeyKind | undefined {
  const all = nameWords(name);
  if (all.length === 0) return undefined;
  const last = all[all.length - 1] as string;
  const before = all[all.length - 2];
  if (isPasswordWord(last)) {
    if (last === 'pass' && before !== undefined && NOT_PASS.has(before)) return undefined;
    return 'password';
  }
  if (last === 'key' || last === 'keys') {
    if (before === undefined) return service ? 'token' : undefined;
    if (NOT_KEY.has(before)) return undefined;
    if (before === 'ssh' && all.includes('public')) return undefined;
    if (ownsKey(before) || service) return 'token';
    return last === 'key' && before.length > 2 && !all.some((word) => NO_SECRET_KEY.has(word)) ? 'key' : undefined;
  }
  if (last === 'token' || last === 'tokens') {
    // .NET's `publicKeyToken` is what its name says.
    if (all.includes('public')) return undefined;
    return before !== undefined && MODEL_TOKEN.has(before) ? undefined : 'token';
  }
  if (last === 'mnemonic' || (last === 'phrase' && before !== undefined && PHRASE_OWNERS.has(before))) return 'key';
  if (isSecretWord(last)) return 'token';
  if (last.endsWith('token') && !MODEL_TOKEN.has(last.slice(0, -5))) return 'token';
  // A personal access token; on its own the word is short for `pattern`.
  if (last === 'pat') return service || (before !== undefined && PAT_OWNERS.has(before)) ? 'token' : undefined;
  if (AUTH_WORDS.has(last)) return 'auth';
  if (last === 'str' || last === 'string' || CONNECTION_WORDS.has(last)) {
    return all.some((word) => CONNECTION_WORDS.has(word)) ? 'connection' : undefined;
  }
  if (SUBJECT_SUFFIX.has(last)) return undefined;
  // `password_db`, `SECRET_KEY_BASE`, `token_prod`, `hardcoded_passwords`: the word of secrecy stands earlier.
  if (all.length <= 6) {
    for (let i = all.length - 2; i >= Math.max(0, all.length - 3); i -= 1) {
      const word = all[i] as string;
      if (word === 'pass' || word === 'pw') {
        if (i > 0 && PASS_OWNERS.has(all[i - 1] as string)) return 'password';
      } else if (isPasswordWord(word)) return 'password';
      if (word === 'token' || word === 'tokens') {
        return i > 0 && MODEL_TOKEN.has(all[i - 1] as string) ? undefined : 'token';
      }
      if (isSecretWord(word)) return 'token';
      if (word === 'key' && i > 0 && ownsKey(all[i - 1] as string)) return 'token';
    }
  }
  if (service && /key$|token$|secret$/.test(last)) return 'token';
  return undefined;
}
