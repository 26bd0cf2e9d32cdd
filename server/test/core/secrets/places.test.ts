import assert from 'node:assert/strict';
import { matching, randomOf } from './shapes';
import { secretsIn, severityOf, textAt } from './support';

const random = randomOf(53);
const PASSWORD = 'maple6955';
const key = () => `${matching('[A-Za-z0-9]{26}', random)}7Qx4`;

/** The only finding at low or above points at this text. */
function only(text: string, name: string, secret: string): void {
  const found = secretsIn(text, name).filter((draft) => severityOf(draft) !== 'info');
  assert.deepEqual(
    found.map((draft) => textAt(text, draft as never)),
    [secret],
    `${name}: ${text}`,
  );
}

describe('places of credentials', () => {
  const login = btoa(`svc:${PASSWORD}`);
  const places: [text: string, name: string, secret: string][] = [
    [`//npm.internal/:_auth=${login}\n`, '.npmrc', login],
    [`var dsn = "app:${PASSWORD}@tcp(db.internal:3306)/app"\n`, 'a.go', `app:${PASSWORD}@tcp(db.internal:3306)/app`],
    [`ftp = FTP("ftp.internal", "uploader", "${PASSWORD}")\n`, 'a.py', PASSWORD],
    [`host: 10.0.0.5\nuser: root\npassword: ${PASSWORD}\n`, 'notes.txt', PASSWORD],
    [`**Username:** demo  \n**Password:** ${PASSWORD}\n`, 'README.md', PASSWORD],
    [`Log in as user \`admin\` and password \`${PASSWORD}\`\n`, 'README.md', PASSWORD],
    [`user=svc password=${PASSWORD}\n`, 'out.log', PASSWORD],
    [`htpasswd -b -c .htpasswd admin ${PASSWORD}\n`, 'a.sh', PASSWORD],
    [`mongo --host db.internal -u svc -p ${PASSWORD} app\n`, 'a.sh', PASSWORD],
    [`net user svc ${PASSWORD} /add\n`, 'a.ps1', PASSWORD],
    [`net use Z: \\\\fs\\s /user:svc ${PASSWORD}\n`, 'a.bat', PASSWORD],
    [`psexec \\\\host -u svc -p ${PASSWORD} cmd\n`, 'a.bat', PASSWORD],
    [`xfreerdp /v:10.0.0.5 /u:svc /p:${PASSWORD}\n`, 'a.sh', PASSWORD],
    [`az sql server create -n x -u svc -p ${PASSWORD}\n`, 'a.sh', PASSWORD],
    [`echo ${PASSWORD} | docker secret create db -\n`, 'a.sh', PASSWORD],
    [`credentials {\n  username "svc"\n  password "${PASSWORD}"\n}\n`, 'build.gradle', PASSWORD],
    [`credentials += Credentials("Nexus", "nexus.internal", "svc", "${PASSWORD}")\n`, 'a.sbt', PASSWORD],
    [
      `<env-entry-name>dbPassword</env-entry-name>\n<env-entry-value>${PASSWORD}</env-entry-value>\n`,
      'web.xml',
      PASSWORD,
    ],
    [`set db_password "${PASSWORD}";\n`, 'svc.conf', PASSWORD],
    [`set db_password ${PASSWORD}\n`, 'svc.conf', PASSWORD],
    [`private_token "ctq*nxu{exf]vbhf)cerrq]anp";\n`, 'svc.conf', 'ctq*nxu{exf]vbhf)cerrq]anp'],
    [`body = "user=svc&password=" + "${PASSWORD}"\n`, 'a.py', PASSWORD],
    [`#define DB_PASSWORD @"${PASSWORD}"\n`, 'a.m', PASSWORD],
    [`contraseña = "${PASSWORD}"\n`, 'a.py', PASSWORD],
  ];
  for (const [text, name, secret] of places) it(`${name}: ${text.split('\n')[0]}`, () => only(text, name, secret));

  it('are arguments of C++ constructors and of builders, and not of what gets a secret by its name', () => {
    const secret = key();
    only(`Client() : api_key_("${secret}") {}\n`, 'a.cpp', secret);
    for (const call of ['get_api_key', 'load_secret', 'readPassword', 'check_token', 'splitpasswd'])
      assert.deepEqual(secretsIn(`x = ${call}("${secret}")\n`, 'a.py'), [], call);
    assert.deepEqual(secretsIn('state.push_token("paragraph_open")\n', 'a.js'), []);
  });

  it('are the keys of services that no rule knows, at medium, where they look issued', () => {
    const secret = key();
    const [found] = secretsIn(`UNHEARDOF_KEY = "${secret}"\n`);
    assert.ok(found);
    assert.equal(severityOf(found), 'medium');
    for (const text of [
      `cache_key = "${secret}"\n`,
      `site_key = "${secret}"\n`,
      `unheardof_key = "${matching('[a-f0-9]{32}', random)}"\n`,
      'unheardof_key = "customer_lifetime_value_by_region"\n',
      `# the unheardof_key is ${secret}\n`,
    ])
      assert.deepEqual(secretsIn(text), [], text);
  });

  it('are the keys that ciphers, signers, pages and mappings are given', () => {
    const secret = key();
    only(`cipher = AES.new(b"${secret}", AES.MODE_GCM)\n`, 'a.py', secret);
    only(`s = URLSafeTimedSerializer("${secret}")\n`, 'a.py', secret);
    only(`<meta name="api-key" content="${secret}">\n`, 'a.html', secret);
    only(`{"Jwt": {\n  "Key": "${secret}"}}\n`, 'appsettings.json', secret);
    assert.deepEqual(secretsIn(`{"Cache": {"Key": "${secret}"}}\n`, 'appsettings.json'), []);
  });

  it('take the name of a service that stands two words before `key`', () => {
    const id = matching('[a-z0-9]{14}7', random);
    assert.deepEqual(
      secretsIn(`- dropbox api key: ${id}\n`, 'notes.txt').map((draft) => draft.rule.id),
      ['secret/dropbox-token'],
    );
  });
});

describe('what stands where credentials do', () => {
  const honest: [text: string, name: string][] = [
    // biome-ignore lint/suspicious/noTemplateCurlyInString: JavaScript in a string
    ["this.auth = Buffer.from(`${user}:${p}`, 'utf8').toString('base64')\n", 'auth.js'],
    ["const p = await readUserInfo.password('       Again:     ')\n", 'a.js'],
    ["('User:Pass', 'www.host.internal:8080')\n", 'a.py'],
    ['security:\n  password_encoder: bcrypt\n  password: argon2id\n', 'a.yaml'],
    ['<passwordEncoder>bcrypt</passwordEncoder>\n', 'a.xml'],
    ['"discordServerID": "1147436445783560193",\n', 'package.json'],
    [`openapi_types = {'secret': 'V1SecretVolumeSource'}\n`, 'a.py'],
    [
      `# "-----BEGIN ${'ENCRYPTED'} PRIVATE KEY-----"\n_KEY_REGEX = re.compile(\n    b"-----BEGIN [A-Z ]*PRIVATE KEY-----.+-----END [A-Z ]*PRIVATE KEY-----\\r?\\n?",\n    re.DOTALL,\n)\n`,
      'mtls.py',
    ],
    ['mnemonic = "addi"\nmnemonics = ["mov", "push"]\n', 'asm.py'],
    ['The username is what you log in with, and the password is what you choose.\n', 'README.md'],
    ['user: see below\npassword: see 1password\n', 'notes.txt'],
  ];
  for (const [text, name] of honest)
    it(`${name}: ${text.split('\n')[0]}`, () => assert.deepEqual(secretsIn(text, name), []));
});
