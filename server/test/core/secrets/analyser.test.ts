import assert from 'node:assert/strict';
import { matching, randomOf } from './shapes';
import { secretsIn, severityOf, textAt } from './support';

const random = randomOf(11);
const token = () => `Zx9kQ2v${matching('[A-Za-z0-9]{14}', random)}7`;
const password = () => `Gr3en-${matching('[a-z]{5}', random)}7`;

/** The only finding at low or above, and that it points at exactly this text. */
function onlySecret(text: string, name: string, secret: string): void {
  const found = secretsIn(text, name).filter((draft) => severityOf(draft) !== 'info');
  assert.equal(found.length, 1, `${name}: ${text} -> ${found.map((d) => d.rule.id).join() || 'nothing'}`);
  assert.equal(textAt(text, found[0] as never), secret, text);
}

describe('secrets by where they stand', () => {
  const python: [string, (value: string) => string, () => string][] = [
    ['assignment', (v) => `db_password = "${v}"`, password],
    ['annotated assignment', (v) => `api_token: str = '${v}'`, token],
    ['dictionary entry', (v) => `cfg = {"password": "${v}", "host": "x"}`, password],
    ['keyword argument', (v) => `client = Client(api_key="${v}")`, token],
    ['attribute', (v) => `config.db.password = "${v}"`, password],
    ['default of getenv', (v) => `t = os.getenv("API_TOKEN", "${v}")`, token],
    ['default of environ.get by the variable', (v) => `secret_token = os.environ.get("X", "${v}")`, token],
    ['assignment to environ', (v) => `os.environ["API_TOKEN"] = "${v}"`, token],
    ['alternative', (v) => `pwd = getpass.getpass() or "${v}"`, password],
    ['comparison', (v) => `if password == "${v}":\n  pass`, password],
    ['comparison the other way round', (v) => `if "${v}" == password:\n  pass`, password],
    ['second of two', (v) => `user, password = "bob", "${v}"`, password],
    ['bytes', (v) => `aes_secret_key = b"${v}"`, token],
    ['triple quotes', (v) => `PRIVATE_TOKEN = """${v}"""`, token],
    ['auth tuple', (v) => `requests.get(url, auth=("bob", "${v}"))`, password],
    ['HTTPBasicAuth', (v) => `s.auth = HTTPBasicAuth("bob", "${v}")`, password],
    ['login call', (v) => `smtp.login("bob@host", "${v}")`, password],
    ['header', (v) => `h = {"Authorization": "Bearer ${v}"}`, token],
    ['JSON in a string', (v) => `c = json.loads('{"user": "etl", "password": "${v}"}')`, password],
    ['YAML in a string', (v) => `c = yaml.safe_load("""\ndb:\n  password: ${v}\n""")`, password],
    ['ODBC string', (v) => `cs = "DRIVER=x;SERVER=db1;UID=etl;PWD=${v}"`, password],
    ['log line', (v) => `print("connecting with password=${v}")`, password],
    ['database address', (v) => `e = create_engine("postgresql://etl:${v}@db.internal:5432/x")`, password],
    ['address without user', (v) => `r = redis.from_url("redis://:${v}@cache.internal:6379/0")`, password],
    ['magic', (v) => `%env API_TOKEN=${v}`, token],
    ['shell export', (v) => `!export DB_PASSWORD=${v}`, password],
    ['curl user', (v) => `!curl -u etl:${v} https://api.internal/v1`, password],
    ['curl header', (v) => `!curl -H "Authorization: Bearer ${v}" https://api.internal/v1`, token],
    ['pip index', (v) => `!pip install --index-url https://bob:${v}@pypi.internal/simple x`, password],
    ['git clone', (v) => `!git clone https://bob:${v}@git.internal/team/repo.git`, password],
    ['sshpass', (v) => `!sshpass -p "${v}" ssh etl@db1`, password],
    ['login of a hub', (v) => `!huggingface-cli login --token ${v}`, token],
    ['widget', (v) => `w = widgets.Password(value="${v}", description="Password:")`, password],
    ['setter', (v) => `spark.conf.set("fs.azure.account.key", "${v}")`, token],
  ];
  for (const [label, make, value] of python) {
    it(`Python: ${label}`, () => {
      const secret = value();
      onlySecret(make(secret), 'code.py', secret);
    });
  }

  const files: [string, string, (value: string) => string][] = [
    ['.env', '.env', (v) => `DB_HOST=x\nDB_PASSWORD=${v}\n`],
    ['YAML', 'conf.yaml', (v) => `db:\n  password: ${v}  # of the test\n`],
    ['YAML list of variables', 'conf.yaml', (v) => `environment:\n  - DB_PASSWORD=${v}\n`],
    ['name and value', 'deploy.yaml', (v) => `env:\n  - name: DB_PASSWORD\n    value: ${v}\n`],
    ['JSON', 'conf.json', (v) => `{"db": {"password": "${v}"}}`],
    ['TOML', '.streamlit/secrets.toml', (v) => `[db]\npassword = "${v}"\n`],
    ['INI', 'setup.ini', (v) => `[db]\npassword = ${v}\n`],
    ['properties', 'db.properties', (v) => `spring.datasource.password=${v}\n`],
    ['XML element', 'conf.xml', (v) => `<db><password>${v}</password></db>`],
    ['XML attribute', 'conf.xml', (v) => `<user name="x" password="${v}" role="y" />`],
    ['XML key and value', 'app.config', (v) => `<add key="DbPassword" value="${v}" />`],
    ['Dockerfile', 'Dockerfile', (v) => `FROM x\nENV DB_PASSWORD=${v}\n`],
    ['shell', 'run.sh', (v) => `export DB_PASSWORD=${v}\n`],
    ['netrc', '.netrc', (v) => `machine host login bob password ${v}\n`],
    ['git credentials', '.git-credentials', (v) => `https://bob:${v}@git.internal\n`],
    ['pypirc', '.pypirc', (v) => `[pypi]\nusername = bob\npassword = ${v}\n`],
    ['pgpass', '.pgpass', (v) => `db.internal:5432:x:bob:${v}\n`],
    ['CSV column', 'users.csv', (v) => `name,password\nbob,${v}\n`],
    ['Markdown', 'README.md', (v) => `Use \`export API_PASSWORD="${v}"\` first.\n`],
    ['SQL', 'x.sql', (v) => `CREATE USER bob PASSWORD = '${v}';\n`],
    ['JavaScript', 'x.js', (v) => `const dbPassword = "${v}";\n`],
  ];
  for (const [label, name, make] of files) {
    it(`file: ${label}`, () => {
      const secret = password();
      onlySecret(make(secret), name, secret);
    });
  }

  it('joins literals and reports the first part', () => {
    const [a, b] = [matching('[A-Za-z0-9]{12}', random), matching('[A-Za-z0-9]{11}7', random)];
    for (const text of [`api_secret = "${a}" + "${b}"`, `api_secret = ("${a}"\n    "${b}")`]) {
      assert.deepEqual(
        secretsIn(text).map((d) => [d.rule.id, textAt(text, d)]),
        [['secret/generic-credential', a]],
      );
    }
  });

  const quiet: string[] = [
    'password = os.environ["DB_PASSWORD"]',
    'token = os.getenv("API_TOKEN")',
    'token = os.getenv("API_TOKEN", "None")',
    'password = getpass.getpass("Password: ")',
    'api_key = userdata.get("OPENAI_API_KEY")',
    'secret = dbutils.secrets.get(scope="kv", key="sp-client-secret")',
    'password = "<your-password>"',
    'password = "xxxxxxxx"',
    'api_key = "YOUR_API_KEY"',
    'api_key = "..."',
    'api_key = "sk-..."',
    'secret_token = f"{prefix}-{name}"',
    'url = "https://alice:{password}@db.internal/data"',
    'url = "https://alice:$PASSWORD@db.internal/data"',
    'client = MongoClient("mongodb+srv://admin:<password>@cluster0.x.mongodb.net")',
    'tokenizer.pad_token = "[PAD]"',
    'special_tokens = {"mask_token": "<mask>", "eos_token": "</s>"}',
    'token_type = "access"',
    'password_field = "passwd_hash_column"',
    'primary_key = "Zx81kQ2vLm7Rt4Wp8Yd3"',
    `MODEL_SHA256 = "${matching('[a-f0-9]{64}', random)}"`,
    `commit = "${matching('[a-f0-9]{40}', random)}"`,
    'help = "The secret: keep learning rates small. Password hashing uses salt."',
    'from x import password, token',
    'def login(user: str, password: str, token: Optional[str] = None) -> bool: ...',
    'parser.add_argument("--token", type=str, default=None, help="API token")',
    'keys = sorted(d, key=lambda item: item[1])',
    'password = password.encode("latin1")',
    'userpass = "%s:%s" % (username, password)',
    'sequence = "ACCATTGCATTGCATTGCATACGT"',
    '!curl -u etl:$PASSWORD https://api.internal/v1',
    '!sshpass -p "$SSHPASS" ssh etl@db1',
    'label = {"password": "Password", "api_key": "API key"}',
    'q = """SELECT password_hash, api_key FROM accounts WHERE token = %s"""',
    'if begin.startswith("-----BEGIN PRIVATE KEY-----"):\n  pass',
    'START = b"-----BEGIN OPENSSH PRIVATE KEY-----"\nEND = b"-----END OPENSSH PRIVATE KEY-----"',
    'FLOW_PASSWORD_REQUIRED = "FlowPasswordRequiredResultV2"',
    'dependencies = {"rule-1password": "^10.2.2"}',
  ];
  for (const text of quiet) {
    it(`is quiet on ${text.slice(0, 70)}`, () => {
      assert.deepEqual(
        secretsIn(text).map((d) => `${d.rule.id}: ${d.message}`),
        [],
      );
    });
  }

  it('says of documented keys that they are, and no more', () => {
    const id = `AKIA${'IOSFODNN7'}EXAMPLE`;
    const [found] = secretsIn(`aws_access_key_id = "${id}"`);
    assert.equal(severityOf(found as never), 'info');
    assert.match((found as { message: string }).message, /AWS documentation/);
  });

  it('takes `pw=` of a note for a password where a user stands before it', () => {
    const secret = 'q7T!mVz2kL';
    onlySecret(`Ask ops, login: etl / pw=${secret}\n`, 'notes.txt', secret);
    assert.deepEqual(secretsIn(`The pulse has pw=${secret}\n`, 'notes.txt'), []);
  });

  it('takes no token in dots for a name of a program', () => {
    const parts = ['[A-Z][a-z0-9A-Z]{22}7', '[a-zA-Z0-9]{6}', '[a-zA-Z]{4}3[A-Za-z0-9]{20}9q'].map((p) =>
      matching(p, random),
    );
    onlySecret(`bot_token = "${parts.join('.')}"`, 'code.py', parts.join('.'));
  });

  it('takes an easy password in a connection string for what its name says it is', () => {
    const at = (text: string) => secretsIn(text).map(severityOf);
    assert.deepEqual(at('db_credentials = "username:password@localhost:5432/mydatabase"'), ['medium']);
    assert.deepEqual(at('assert parse("user:password@localhost:5432/db") == expected'), ['low']);
    assert.deepEqual(at('db_credentials = "<user>:<password>@localhost:5432/db"'), []);
  });

  it('takes a value of code that is no expression for a password without quotes', () => {
    const broken = 'q7{{T!m]V(z2]k}L>-$#w';
    onlySecret(`db_pass := ${broken}\n`, 'conf.go', broken);
    onlySecret(`passwd = ${broken}'\n`, 'conf.go', broken);
    const honest = [
      'password := cfg.Get("x")[0]',
      'passwd := map[string]func(){}[k]()',
      'password := fmt.Sprintf(',
      'token = re.sub(r"[(]", "", text)',
      'secret := <-ch; password := (*p)[i](x)',
      'let token = /[(]{2}}/g;',
      '$password =~ m{[(]x[)]};',
      "password = user.password)'",
      `passwd = ${broken}`,
    ];
    for (const text of honest) assert.deepEqual(secretsIn(text, 'conf.go'), [], text);
  });

  it('takes `pass` for a password wherever it stands behind whose it is', () => {
    const secret = 'q7T!mVz2kL';
    onlySecret(`db_pass_prod = "${secret}"\nrender_pass_one = "${secret}"\n`, 'a.py', secret);
  });

  it('reads the lines of a section of passwords', () => {
    const secret = 'q7T!mVz2kL';
    onlySecret(
      `[passwords]\n# of the dashboard\nalice = "${secret}"\n[theme]\nbase = "dark01"\n`,
      'secrets.toml',
      secret,
    );
    assert.deepEqual(secretsIn('[passwords]\nmin = "12"\npolicy = "strong"\n', 'a.toml'), []);
  });

  it('reads a password in backticks and one with a caret in an address', () => {
    onlySecret('Log in as `ml` with the password `Eo7t*9Z38y^z`.\n', 'README.md', 'Eo7t*9Z38y^z');
    onlySecret('DATABASE_URL=postgres://ml:Eo7t9Z^38yz@db:5432/x\n', '.env', 'Eo7t9Z^38yz');
    onlySecret('url = "postgresql://ml:Eo7t#9Z38yz@db:5432/x"\n', 'a.py', 'Eo7t#9Z38yz');
  });

  it('takes no fingerprint, no count and no other argument of a call for a secret', () => {
    for (const [text, name] of [
      [`ENV GPG_KEY ${'E3FF2839C048B25C084D'}EBE9B26995E310250568\n`, 'Dockerfile'],
      ['12:00 INFO tokens=123456 key=val_loss\n', 'train.log'],
      ['run = init_run(api_token=neptune.ANONYMOUS_API_TOKEN, with_id="SHOW-2304x")\n', 'a.py'],
    ] as const)
      assert.deepEqual(secretsIn(text, name), [], text);
  });

  it('relates the two halves of an AWS key', () => {
    const id = `AKIA${matching('[A-Z0-9]{15}', random)}7`;
    const secret = `${matching('[A-Za-z0-9]{38}', random)}/9`;
    const drafts = secretsIn(`aws_access_key_id = "${id}"\naws_secret_access_key = "${secret}"\n`);
    assert.deepEqual(
      drafts.map((d) => d.rule.id),
      ['secret/aws-access-key-id', 'secret/aws-secret-access-key'],
    );
    assert.equal(drafts[0]?.related?.[0]?.location.line, 2);
    assert.equal(drafts[1]?.related?.[0]?.location.line, 1);
  });

  it('describes the claims of a JSON Web Token', () => {
    const part = (value: object) => btoa(JSON.stringify(value)).replace(/=+$/, '');
    const jwt = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ iss: 'me', exp: 1893456000 })}.${matching('[A-Za-z0-9_-]{43}', random)}`;
    const [found, ...rest] = secretsIn(`x = "${jwt}"`);
    assert.equal(rest.length, 0);
    assert.match(found?.message ?? '', /signed with HS256, issued by me, expires 2030-01-01/);
  });

  it('finds private keys whole', () => {
    const begin = (kind: string) => `-----BEGIN ${kind}PRIVATE KEY-----`;
    for (const kind of ['', 'RSA ', 'EC ', 'OPENSSH ', 'ENCRYPTED ']) {
      const block = `${begin(kind)}\n${matching('[A-Za-z0-9+/]{64}', random)}\n${begin(kind).replace('BEGIN', 'END')}`;
      onlySecret(`${block}\n`, 'id_rsa', block);
    }
    assert.deepEqual(
      secretsIn(`-----BEGIN ${'PUBLIC'} KEY-----\n${'MFww'.repeat(10)}\n-----END PUBLIC KEY-----`, 'a.pem'),
      [],
    );
  });

  it('finds the key files of PuTTY, to the end of the private part', () => {
    const lines = (n: number) => Array.from({ length: n }, () => matching('[A-Za-z0-9+/]{64}', random)).join('\n');
    for (const encryption of ['none', 'aes256-cbc']) {
      const key = `PuTTY-User-Key-File-3: ssh-rsa\nEncryption: ${encryption}\nComment: a@b\nPublic-Lines: 2\n${lines(2)}\nPrivate-Lines: 3\n${lines(3)}`;
      const text = `${key}\nPrivate-MAC: ${matching('[a-f0-9]{40}', random)}\n`;
      onlySecret(text, 'id.ppk', key);
    }
    assert.deepEqual(secretsIn('The header is PuTTY-User-Key-File-2: ssh-rsa, then Encryption: none.', 'a.md'), []);
  });

  it('offers to read a Python literal from the environment, and adds the import', () => {
    const secret = token();
    const [found] = secretsIn(`import requests\napi_key = "${secret}"\n`);
    const [fix] = found?.fixes ?? [];
    assert.deepEqual(fix?.edits, [
      { line: 1, column: 1, endLine: 1, endColumn: 1, newText: 'import os\n' },
      { line: 2, column: 11, endLine: 2, endColumn: 13 + secret.length, newText: 'os.environ["API_KEY"]' },
    ]);
    const [second] = secretsIn(`import os, sys\nclient = Client(api_key="${secret}")\n`);
    assert.deepEqual(
      second?.fixes?.[0]?.edits.map((e) => e.newText),
      ['os.environ["API_KEY"]'],
    );
  });

  it('repeats no secret in anything it says', () => {
    for (const [, make, value] of python) {
      const secret = value();
      const json = JSON.stringify(secretsIn(make(secret)));
      assert.ok(!json.includes(secret) && !json.includes(secret.slice(4)), make(secret));
    }
  });

  it('tells masks of tokens with short beginnings as information, and no word that begins so', () => {
    const told = (text: string) =>
      secretsIn(text, 'notes.md').map(({ rule, severity }) => [rule.id, severity ?? rule.severity]);
    assert.deepEqual(told(`SK${'x'.repeat(32)}`), [['secret/twilio-api-key', 'info']]);
    assert.deepEqual(told(`AC${'x'.repeat(32)}`), [['secret/twilio-account', 'info']]);
    assert.deepEqual(told(`"AP6${'x'.repeat(10)}"`), [['secret/jfrog-token', 'info']]);
    for (const word of ['APACHE2LICENSE', 'APAC2020Q1Report', 'ACCESSCONTROLLISTSFORALLOFTHEUSERS', 'SKIPPEDTESTS'])
      assert.deepEqual(told(word), []);
  });
});
