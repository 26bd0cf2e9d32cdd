import { matching, randomOf } from './shapes';
import { SYNTAXES } from './syntaxes';

/** Files that hold secrets of every kind, and the secrets. Every one of them is found. */
export interface SecretFiles {
  files: ReadonlyMap<string, string>;
  secrets: readonly string[];
}

/** One secret in each of many syntaxes, tokens of services, keys, and a notebook with them in source, output and metadata. */
export function secretFiles(): SecretFiles {
  const random = randomOf(77);
  const files = new Map<string, string>();
  const secrets: string[] = [];
  const made = (value: string) => {
    secrets.push(value);
    return value;
  };
  const password = () => made(`Gr3en-${matching('[a-z]{6}', random)}"q7`.replace('"q', 'q'));
  const token = () => made(`Zx9kQ2v${matching('[A-Za-z0-9]{18}', random)}7`);
  for (const [index, syntax] of SYNTAXES.entries()) {
    if (index % 6 !== 0) continue;
    files.set(`s${index}/${syntax.file}`, syntax.text(syntax.kind === 'password' ? password() : token()));
  }
  const pem = matching('[A-Za-z0-9+/]{64}', random);
  files.set('id_rsa', `-----BEGIN ${'RSA'} PRIVATE KEY-----\n${made(pem)}\n-----END ${'RSA'} PRIVATE KEY-----\n`);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const jwt = `${part({ alg: 'HS256' })}.${part({ sub: 'bob', iss: 'x' })}.${matching('[A-Za-z0-9_-]{43}', random)}`;
  const services = [
    ['ghp_', '[A-Za-z0-9]{36}'],
    ['hf_', '[A-Za-z0-9]{34}'],
    ['AKIA', '[A-Z0-9]{16}'],
    ['glpat-', '[A-Za-z0-9]{20}'],
    ['sk-ant-api03-', '[A-Za-z0-9]{93}AA'],
    ['xoxb-', '\\d{12}-\\d{12}-[A-Za-z0-9]{24}'],
    ['dapi', '[a-f0-9]{32}'],
    ['AIza', '[A-Za-z0-9]{35}'],
  ].map(([prefix, rest]) => made(`${prefix}${matching(rest as string, random)}`));
  files.set('tokens.py', `${services.map((value, i) => `t${i} = "${value}"`).join('\n')}\njwt = "${made(jwt)}"\n`);
  // Characters that JSON, HTML, XML, CSV and shells escape.
  const awkward = [`p&"q'<9Zk>;,=`, 'a\\nB7$x`y#k2', `Zür1ch-Ωmega-99`].map(
    (value) => `${value}${matching('[a-z]{3}[0-9]{2}', random)}`,
  );
  files.set(
    'awkward.json',
    JSON.stringify(Object.fromEntries(awkward.map((value, i) => [`password_${i}`, made(value)]))),
  );
  files.set('conf.yaml', `note: x\npassword: '${made(`!Qw3,rt;Y-${matching('[a-z]{4}', random)}`)}'\n`);
  const lines = (text: string) => text.split(/(?<=\n)/);
  files.set(
    'book.ipynb',
    JSON.stringify({
      nbformat: 4,
      nbformat_minor: 5,
      metadata: { papermill: { parameters: { api_token: token() } } },
      cells: [
        {
          id: 'a',
          cell_type: 'code',
          metadata: {},
          execution_count: 1,
          source: lines(`api_key = "${token()}"\n%env DB_PASSWORD=${password()}\n`),
          outputs: [
            { output_type: 'stream', name: 'stdout', text: lines(`{'password': '${password()}'}\n`) },
            {
              output_type: 'error',
              ename: 'ValueError',
              evalue: `password='${password()}'`,
              traceback: [`\u001b[31mValueError\u001b[0m: api_key='${token()}'`],
            },
          ],
        },
        { id: 'b', cell_type: 'markdown', metadata: {}, source: [`password: \`${password()}\`\n`] },
      ],
    }),
  );
  return { files, secrets };
}

/** Everything a secret could be written as, of a length that no other text has by chance. */
export function formsOf(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const html = secret.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
  const bytes = Buffer.from(secret, 'utf8');
  return [
    ...new Set([
      secret,
      json,
      JSON.stringify(json).slice(1, -1),
      html,
      html.replace(/'/g, '&#39;'),
      encodeURIComponent(secret),
      secret.replace(/"/g, '""'),
      bytes.toString('base64').replace(/=+$/, ''),
      bytes.toString('base64url'),
      bytes.toString('hex'),
      secret.slice(4),
      secret.slice(0, Math.ceil(secret.length * 0.6)),
    ]),
  ];
}

/** The secrets that a text holds, in whatever form. */
export function leaksIn(text: string, secrets: readonly string[]): string[] {
  return secrets.filter((secret) => formsOf(secret).some((form) => text.includes(form)));
}
