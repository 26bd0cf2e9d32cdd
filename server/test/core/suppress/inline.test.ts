import assert from 'node:assert/strict';
import { PII_ANALYSER } from '../../../src/core/pii/analyser';
import { PYTHON_ANALYSER } from '../../../src/core/python/analyser';
import type { FindingDraft } from '../../../src/core/scanner';
import { SECRETS_ANALYSER } from '../../../src/core/secrets/analyser';
import { nearest, ruleMatches } from '../../../src/core/suppress/patterns';
import { judge, notebook, segment } from '../pii/judge';

const LOAD = 'import pickle\npickle.load(f)';
const by = (drafts: FindingDraft[]): (string | undefined)[] => drafts.map(({ suppressed }) => suppressed?.by);
const python = (text: string): FindingDraft[] => judge({ name: 'a.py', text }, PYTHON_ANALYSER);
const loads = (drafts: FindingDraft[]): FindingDraft[] => drafts.filter(({ rule }) => rule.id.startsWith('python/'));
const SECRET = ['Zx9kQ2vTr8', 'LmW4nBc7Yd'].join('');
const secrets = (text: string, name = 'a.py'): FindingDraft[] => judge({ name, text }, SECRETS_ANALYSER);
/** Whether the only credential of a text is hidden. */
function hidden(text: string, name = 'a.py'): boolean {
  const found = secrets(text, name).filter(({ rule }) => rule.category === 'secret');
  assert.equal(found.length, 1, text);
  return found[0]?.suppressed !== undefined;
}
const told = (drafts: FindingDraft[]): string[] =>
  drafts.flatMap(({ rule, message }) => (rule.id.startsWith('suppression/') ? `${rule.id} ${message}` : []));

describe('inline suppression', () => {
  const hides = [
    '# watchtower: ignore',
    '# watchtower: ignore[python/pickle-load] our own file',
    '# watchtower:ignore[secret/*, python/*]',
    '# nosec',
    '# nosec B301',
    '# nosec: B404, B301',
    '# noqa: E501, S301',
  ];
  const leaves = [
    '# watchtower: ignore[python/torch-load]',
    '# nosec B602',
    '# noqa',
    '# noqa: E501',
    '# pragma: allowlist secret',
    '# gitleaks:allow',
    '# just a comment',
  ];
  for (const comment of hides)
    it(`${comment} hides`, () => assert.deepEqual(by(python(`${LOAD}  ${comment}\n`)), ['inline']));
  for (const comment of leaves)
    it(`${comment} does not`, () => assert.deepEqual(by(loads(python(`${LOAD}  ${comment}\n`))), [undefined]));

  it('keeps the reason', () => {
    assert.deepEqual(python(`${LOAD}  # watchtower: ignore[python/*] our own file\n`)[0]?.suppressed, {
      by: 'inline',
      reason: 'our own file',
    });
  });

  it('reaches the next line, a block, the file, and no further', () => {
    assert.deepEqual(by(python('import pickle\n# watchtower: ignore-next-line\npickle.load(f)\npickle.load(g)\n')), [
      'inline',
      undefined,
    ]);
    assert.deepEqual(
      by(
        python(
          'import pickle\npickle.load(a)\n# watchtower: ignore-start[python/*]\npickle.load(b)\npickle.load(c)\n# watchtower: ignore-end\npickle.load(d)\n',
        ),
      ),
      [undefined, 'inline', 'inline', undefined],
    );
    assert.deepEqual(by(python(`# watchtower: ignore-file[python/pickle-load] fixtures\n${LOAD}\n`)), ['file']);
  });

  it('speaks the comment syntax of every language', () => {
    const mail = 'maria.lopez@contoso-mail.org';
    for (const [name, line] of [
      ['a.js', `x = "${mail}" // watchtower: ignore`],
      ['a.sql', `SELECT '${mail}' -- watchtower: ignore[pii/*]`],
      ['a.md', `Write to ${mail} <!-- watchtower: ignore[pii/email-address] -->`],
      ['a.ini', `mail = ${mail} ; watchtower: ignore`],
      ['a.yaml', `mail: ${mail} # pragma: allowlist secret`],
    ] as const) {
      assert.deepEqual(by(judge({ name, text: `${line}\n` }, PII_ANALYSER)), ['inline'], name);
    }
  });

  it('honours cell tags, of that cell only', () => {
    const cell = (n: number, tags?: string[]) =>
      segment('import pickle\npickle.load(f)', 'code', 'python', { cell: n, ...(tags && { tags }) });
    assert.deepEqual(
      by(
        judge(
          notebook(
            cell(0, ['watchtower-ignore']),
            cell(1, ['watchtower-ignore:python/torch-load']),
            cell(2, ['watchtower-ignore:python/*']),
            cell(3),
          ),
          PYTHON_ANALYSER,
        ),
      ),
      ['cell', undefined, 'cell', undefined],
    );
  });

  it('takes no orders from what a program printed', () => {
    const drafts = judge(
      notebook(
        segment('mail: maria.lopez@contoso-mail.org # watchtower: ignore', 'output', 'plain', { cell: 0, output: 0 }),
      ),
      PII_ANALYSER,
    );
    assert.deepEqual(by(drafts), [undefined]);
  });

  it('gives an attack no pardon of its own', () => {
    const attack = 'import base64\nexec(base64.b64decode(p))  # nosec\n';
    assert.deepEqual(by(python(`# watchtower: ignore-file\n${attack}`)), [undefined]);
    assert.deepEqual(
      by(judge({ name: 'modeling_x.py', text: "import os\nos.system('id')  # watchtower: ignore\n" }, PYTHON_ANALYSER)),
      [undefined],
    );
  });

  it('can be switched off', () => {
    assert.deepEqual(
      by(
        judge({ name: 'a.py', text: `${LOAD} # watchtower: ignore\n` }, PYTHON_ANALYSER, { inlineSuppression: false }),
      ),
      [undefined],
    );
  });

  it('matches rules by id, family and stars', () => {
    assert.equal(ruleMatches('secret/github-token', ['secret/git*']), true);
    assert.equal(ruleMatches('secret/github-token', ['*/github-*']), true);
    assert.equal(ruleMatches('secret/github-token', ['secret/*-token-*']), false);
    assert.equal(ruleMatches('secret/github-token', ['secret/github-token*token']), false, 'no letter stands for two');
    assert.equal(ruleMatches('secret/github-token', ['secret/*']), true);
    assert.equal(ruleMatches('secret/github-token', ['secret']), true);
    assert.equal(ruleMatches('secret/github-token', ['secret/github']), false);
    assert.equal(ruleMatches('secret/github-token', ['*']), true);
  });
});

describe('where a comment hides', () => {
  const line = (end: string) => `db_password = "${SECRET}"${end}\n`;
  const cases: [label: string, isHidden: boolean, text: string, name?: string][] = [
    ['behind the finding', true, line('  # watchtower: ignore')],
    ['without a space', true, line('# watchtower:ignore[secret/*]')],
    ['behind another comment', true, line('  # noqa: E501  # watchtower: ignore')],
    ['in a file with a byte order mark and CRLF', true, `\ufeff${line('  # watchtower: ignore\r')}`],
    ['on the last line without an end', true, line('  # watchtower: ignore').trimEnd()],
    ['behind characters of two units', true, `x = "\u{1f600}\u{1f600}"; ${line('  # watchtower: ignore')}`],
    ['within a string', false, `x = "# watchtower: ignore"; ${line('')}`],
    ['within the secret', false, `db_password = "${SECRET}#watchtower: ignore"\n`],
    ['in documentation', false, `"""Write # watchtower: ignore-file to hide."""\n${line('')}`],
    ['in a sentence about it', false, `# "watchtower: ignore-file" hides a file\n${line('')}`],
    ['a word that is no instruction', false, line('  # watchtower: ignored')],
    ['a list that does not end', false, line('  # watchtower: ignore[secret/*')],
    ['one rule without brackets', true, line('  # watchtower: ignore secret/password')],
    ['another rule without brackets', false, line('  # watchtower: ignore python/pickle-load')],
    ['the opening bracket of a call', true, `f(  # watchtower: ignore\n    password="${SECRET}",\n)\n`],
    ['the closing bracket of a call', true, `f(\n    password="${SECRET}",\n)  # watchtower: ignore\n`],
    ['another argument of a call', false, `f(\n    a=1,  # watchtower: ignore\n    password="${SECRET}",\n)\n`],
    ['the first argument only', false, `f(a=1,  # watchtower: ignore\n    password="${SECRET}")\n`],
    ['the end of a string of several lines', true, `x = """\npassword = "${SECRET}"\n"""  # watchtower: ignore\n`],
    ['the line behind a backslash', true, `db_password = "${SECRET}" \\\n    + x  # watchtower: ignore\n`],
    ['above a call', true, `# watchtower: ignore-next-line\nf(\n    password="${SECRET}",\n)\n`],
    ['above a decorator', true, `# watchtower: ignore-next-line\n@f("/", token="${SECRET}")\ndef g(): pass\n`],
    ['Markdown: a comment', true, `password: ${SECRET} <!-- watchtower: ignore -->\n`, 'a.md'],
    ['Markdown: prose', false, `Write \`# watchtower: ignore-file\`.\n\n${line('')}`, 'a.md'],
    ['Markdown: a comment as code', false, `Write \`<!-- watchtower: ignore-file -->\`.\n\n${line('')}`, 'a.md'],
    ['Markdown: a block of code', true, `\`\`\`python\n${line('  # watchtower: ignore')}\`\`\`\n`, 'a.md'],
    ['Markdown: behind a block', false, `\`\`\`\n\`\`\`\n${line('  # watchtower: ignore')}`, 'a.md'],
    ['YAML', true, `db_password: "${SECRET}"  # watchtower: ignore\n`, 'a.yaml'],
    ['YAML: within a string', false, `db_password: "${SECRET} # watchtower: ignore"\n`, 'a.yaml'],
    ['YAML: behind an apostrophe', true, `db_password: ${SECRET}  # isn't it # watchtower: ignore\n`, 'a.yaml'],
    ['JSON: within a string', false, `{"db_password": "${SECRET}", "c": "# watchtower: ignore"}\n`, 'a.json'],
    ['JSON: what gitleaks takes there', true, `{"db_password": "${SECRET}", "c": "gitleaks:allow"}\n`, 'a.json'],
    ['JSON with comments', true, `{"db_password": "${SECRET}"} // watchtower: ignore\n`, 'a.jsonc'],
    ['Dockerfile', true, `# watchtower: ignore-next-line\nENV DB_PASSWORD=${SECRET}\n`, 'Dockerfile'],
    ['shell', true, `export DB_PASSWORD=${SECRET}  # watchtower: ignore\n`, 'a.sh'],
    ['shell: within quotes', false, `export DB_PASSWORD=${SECRET}; echo "# watchtower: ignore"\n`, 'a.sh'],
    ['INI', true, `[a]\n; watchtower: ignore-next-line\ndb_password = ${SECRET}\n`, 'a.ini'],
    ['detect-secrets: next line', true, `# pragma: allowlist nextline secret\n${line('')}`],
    ['detect-secrets: within a string', false, `x = "# pragma: allowlist secret"; ${line('')}`],
    ['TruffleHog', true, line('  # trufflehog:ignore')],
    ['GitGuardian', true, line('  # ggignore')],
    ['gitleaks: within a string', false, `x = "gitleaks:allow"; ${line('')}`],
    ['secretlint: next line', true, `// secretlint-disable-next-line\nconst db_password = "${SECRET}";\n`, 'a.js'],
  ];
  for (const [label, isHidden, text, name] of cases)
    it(`${label}: ${isHidden ? 'hides' : 'does not'}`, () => assert.equal(hidden(text, name), isHidden, text));

  it('speaks for unsafe code from the first or last line of its statement, as Bandit does', () => {
    for (const text of [
      'import torch\ntorch.load(path,\n    map_location="cpu")  # nosec\n',
      'import torch\ntorch.load(  # nosec\n    path)\n',
    ])
      assert.deepEqual(by(python(text)), ['inline'], text);
    const other = 'import pickle\nx = [\n    a,  # nosec\n    pickle.load(f),\n    b,\n]\n';
    assert.deepEqual(by(python(other)), [undefined]);
  });

  it('takes the names of Bandit, and its silence for all', () => {
    for (const [comment, isHidden] of [
      ['# nosec pickle', true],
      ['# nosec exec_used', false],
      ['# nosec B602, B301 # more', true],
      ['# nosec it is our own', true],
      ['# flake8: noqa: S301', true],
      ['# ruff: noqa: S602', false],
    ] as const)
      assert.equal(by(loads(python(`${LOAD}  ${comment}\n`)))[0] !== undefined, isHidden, comment);
    assert.deepEqual(by(python(`# ruff: noqa: S301\n${LOAD}\n`)), ['file']);
    assert.deepEqual(by(python('import pickle\npickle.load(f, encoding="# nosec")\n')), [undefined]);
  });

  it('repeats no secret as the reason', () => {
    const token = `ghp_${'aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bD2fG4hJ6'.slice(0, 36)}`;
    for (const text of [
      `# watchtower: ignore  password = "${SECRET}"\n`,
      `<!-- watchtower: ignore --> password = "${SECRET}"\n`,
      `x = 1  # watchtower: ignore-file\ndb_password = "${SECRET}"\n`,
      `import pickle\npickle.load(f)  # watchtower: ignore the token was ${token}\n`,
      `pw = "${SECRET}"  # watchtower: ignore old password = "${SECRET}"\n`,
    ]) {
      const name = text.startsWith('<') ? 'a.md' : 'a.py';
      const all = JSON.stringify([...secrets(text, name), ...python(text)]);
      assert.ok(!all.includes(SECRET) && !all.includes(token), all);
      assert.ok(all.includes('"suppressed"'), text);
    }
  });
});

describe('comments that hide nothing', () => {
  it('are told when they name no rule, with the one that is meant', () => {
    const [draft] = secrets(`db_password = "${SECRET}"  # watchtower: ignore[secret/pasword]\n`).filter(
      ({ rule }) => rule.id === 'suppression/not-understood',
    );
    assert.equal(draft?.message, '"secret/pasword" names no rule that a comment can hide; "secret/password" does.');
    assert.deepEqual(draft?.fixes?.[0]?.edits, [
      { line: 1, column: 60, endLine: 1, endColumn: 74, newText: 'secret/password' },
    ]);
    assert.equal(nearest('secrets', ['secret', 'pii']), 'secret');
    assert.equal(nearest('nothing-like-it', ['secret', 'pii']), undefined);
  });

  it('are told when they are tags of a cell that name no rule, or are nearly one', () => {
    const cell = (...tags: string[]) =>
      told(judge(notebook(segment('x = 1', 'code', 'python', { tags })), SECRETS_ANALYSER));
    assert.deepEqual(cell('watchtower-ignore:secret/pasword'), [
      'suppression/not-understood "secret/pasword" in the tag of the cell names no rule that it can hide; "secret/password" does.',
    ]);
    assert.equal(cell('watchtower_ignore').length, 1);
    assert.deepEqual(cell('watchtower-ignore', 'watchtower-ignore:secret/*, pii', 'parameters', 'watchtowers'), []);
  });

  it('are told when they are no instruction', () => {
    const wrong = ['ignore-nextline', 'ignore[secret/*', 'ignore[]', 'disable', 'ignore[pickle/dangerous-call]'];
    for (const comment of wrong)
      assert.deepEqual(
        told(secrets(`x = 1  # watchtower: ${comment}\n`)).map((one) => one.split(' ')[0]),
        ['suppression/not-understood'],
        comment,
      );
    assert.deepEqual(told(secrets('# watchtower: see the wiki\nx = "watchtower: ignore-nextline"\n')), []);
  });

  it('are told when there is nothing to hide, and can be taken away', () => {
    const text = `a = 1  # watchtower: ignore[secret/*] old\n# watchtower: ignore-next-line[secret/password]\nb = 2\n`;
    const drafts = secrets(text);
    assert.deepEqual(
      drafts.map(({ rule, location }) => `${rule.id} ${location?.line}`),
      ['suppression/unused 1', 'suppression/unused 2'],
    );
    assert.deepEqual(
      drafts.map(({ fixes }) => fixes?.[0]?.edits),
      [
        [{ line: 1, column: 6, endLine: 1, endColumn: 42, newText: '' }],
        [{ line: 2, column: 1, endLine: 3, endColumn: 1, newText: '' }],
      ],
    );
  });

  it('are not told when what they hide was not looked for', () => {
    assert.deepEqual(told(python('a = 1  # watchtower: ignore[secret/*]\n')), []);
    assert.deepEqual(told(secrets('a = 1  # watchtower: ignore\n')), [], 'all rules, of which some are off');
    const off = { severityOverrides: { 'secret/password': 'off' as const } };
    const one = { name: 'a.py', text: 'a = 1  # watchtower: ignore[secret/password]\n' };
    assert.deepEqual(told(judge(one, SECRETS_ANALYSER, off)), []);
    assert.equal(told(judge(one, SECRETS_ANALYSER)).length, 1);
    assert.deepEqual(told(judge(one, SECRETS_ANALYSER, { inlineSuppression: false })), []);
  });

  it('are not told of what does something, or is for another program', () => {
    const text = `# watchtower: ignore-start[secret/*]\ndb_password = "${SECRET}"\n# watchtower: ignore-end\n`;
    assert.deepEqual(told(secrets(text)), []);
    assert.deepEqual(told(secrets('# nosec\nx = 1  # noqa: S301\n')), []);
  });
});
