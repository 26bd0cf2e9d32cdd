import assert from 'node:assert/strict';
import { parser } from '@lezer/python';
import { maskIPython } from '../../../src/core/python/syntax';
import { applied } from '../text/applied';
import { matching, randomOf } from './shapes';
import { secretsIn, severityOf } from './support';
import { SYNTAXES } from './syntaxes';

const random = randomOf(41);
const secret = () => `Zx9kQ2v${matching('[A-Za-z0-9]{14}', random)}7`;

function parses(text: string): boolean {
  let ok = true;
  parser.parse(maskIPython(text) ?? '').iterate({
    enter: (node) => {
      if (node.type.isError) ok = false;
    },
  });
  return ok;
}

/** The text after the fix of its only finding. */
function fixed(text: string): string {
  const found = secretsIn(text).filter((draft) => severityOf(draft) !== 'info');
  assert.equal(found.length, 1, text);
  const [fix] = found[0]?.fixes ?? [];
  assert.ok(fix, `no fix for ${text}`);
  return applied(text, fix);
}

describe('fixes of secrets', () => {
  const cases: [string, (v: string) => string, string][] = [
    ['an assignment', (v) => `db_password = "${v}"\n`, 'import os\ndb_password = os.environ["DB_PASSWORD"]\n'],
    ['single quotes', (v) => `db_password = '${v}'\n`, 'import os\ndb_password = os.environ["DB_PASSWORD"]\n'],
    [
      'a dictionary',
      (v) => `c = {"db_password": "${v}"}\n`,
      'import os\nc = {"db_password": os.environ["DB_PASSWORD"]}\n',
    ],
    ['an argument', (v) => `import x\nf(api_key="${v}")\n`, 'import os\nimport x\nf(api_key=os.environ["API_KEY"])\n'],
    ['what has its import', (v) => `import os\nk_secret = "${v}"\n`, 'import os\nk_secret = os.environ["K_SECRET"]\n'],
    [
      'an import that comes too late',
      (v) => `k_secret = "${v}"\nimport os\n`,
      'import os\nk_secret = os.environ["K_SECRET"]\nimport os\n',
    ],
    [
      'an import of another function',
      (v) => `def f():\n    import os\n\napi_token = "${v}"\n`,
      'import os\ndef f():\n    import os\n\napi_token = os.environ["API_TOKEN"]\n',
    ],
    [
      'a module with documentation that speaks of imports',
      (v) =>
        `#!/usr/bin/env python\n"""Text.\nimport x\n"""\nfrom __future__ import annotations\n\nimport y\napi_token = "${v}"\n`,
      '#!/usr/bin/env python\n"""Text.\nimport x\n"""\nfrom __future__ import annotations\n\nimport os\nimport y\napi_token = os.environ["API_TOKEN"]\n',
    ],
    [
      'a cell with magics',
      (v) => `%%time\n%matplotlib inline\napi_token = "${v}"\n`,
      '%%time\n%matplotlib inline\nimport os\napi_token = os.environ["API_TOKEN"]\n',
    ],
    [
      'documentation and the future on one line',
      (v) => `"""Text."""; from __future__ import annotations\napi_token = "${v}"\n`,
      '"""Text."""; from __future__ import annotations\nimport os\napi_token = os.environ["API_TOKEN"]\n',
    ],
    [
      'an import for the type checker only',
      (v) => `from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import os\napi_token = "${v}"\n`,
      'import os\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import os\napi_token = os.environ["API_TOKEN"]\n',
    ],
    ['bytes', (v) => `secret_key = b"${v}"\n`, 'import os\nsecret_key = os.environ["SECRET_KEY"].encode()\n'],
    ['triple quotes', (v) => `api_token = """${v}"""\n`, 'import os\napi_token = os.environ["API_TOKEN"]\n'],
    [
      'several literals',
      (v) => `api_token = (\n    "${v.slice(0, 12)}"\n    "${v.slice(12)}"\n)\n`,
      'import os\napi_token = (\n    os.environ["API_TOKEN"]\n)\n',
    ],
    [
      'literals joined by +',
      (v) => `api_token = "${v.slice(0, 12)}" + "${v.slice(12)}"\n`,
      'import os\napi_token = os.environ["API_TOKEN"]\n',
    ],
    [
      'a part of a string',
      (v) => `u = "postgresql://etl:${v}@db.internal:5432/x"\n`,
      `import os\nu = f"postgresql://etl:{os.environ['DB_PASSWORD']}@db.internal:5432/x"\n`,
    ],
    [
      'a part of an f-string',
      (v) => `u = f'postgresql://etl:${v}@{host}/x'\n`,
      `import os\nu = f'postgresql://etl:{os.environ["DB_PASSWORD"]}@{host}/x'\n`,
    ],
    [
      'JSON in a string',
      (v) => `c = '{"password": "${v}"}'\n`,
      `import os\nc = f'{{"password": "{os.environ["PASSWORD"]}"}}'\n`,
    ],
    [
      'a header',
      (v) => `h = {"Authorization": "Bearer ${v}"}\n`,
      `import os\nh = {"Authorization": f"Bearer {os.environ['API_TOKEN']}"}\n`,
    ],
    ['a default of getenv', (v) => `t = os.getenv("API_TOKEN", "${v}")\n`, 'import os\nt = os.environ["API_TOKEN"]\n'],
    [
      'a default of environ.get',
      (v) => `import os\nt = os.environ.get("API_TOKEN", "${v}")\n`,
      'import os\nt = os.environ["API_TOKEN"]\n',
    ],
    [
      'an alternative',
      (v) => `import os\nt = os.getenv("API_TOKEN") or "${v}"\n`,
      'import os\nt = os.environ["API_TOKEN"]\n',
    ],
    [
      'what is given to the environment',
      (v) => `import os\nos.environ["API_TOKEN"] = "${v}"\n`,
      'import getpass\nimport os\nos.environ["API_TOKEN"] = getpass.getpass("API_TOKEN: ")\n',
    ],
    ['a shell line', (v) => `!huggingface-cli login --token ${v}\n`, '!huggingface-cli login --token $TOKEN\n'],
  ];
  for (const [label, make, wanted] of cases) {
    it(label, () => {
      const after = fixed(make(secret()));
      assert.equal(after, wanted);
      assert.ok(parses(after), after);
    });
  }

  it('names the variable after the service when the name says nothing', () => {
    const hf = `hf_${matching('[A-Za-z]{34}', random)}`;
    assert.match(fixed(`m = load("x", token="${hf}")\n`), /token=os\.environ\["HF_TOKEN"\]/);
    const openai = `sk-${matching('[A-Za-z0-9]{20}', random)}T3BlbkFJ${matching('[A-Za-z0-9]{20}', random)}`;
    assert.match(fixed(`key = "${openai}"\n`), /key = os\.environ\["OPENAI_API_KEY"\]/);
  });

  it('is not offered in comments, documentation and magics', () => {
    for (const make of [
      (v: string) => `# api_token = "${v}"\n`,
      (v: string) => `def f():\n    """Like this: api_token = "${v}"."""\n`,
      (v: string) => `%env API_TOKEN=${v}\n`,
      (v: string) => `!curl -H 'Authorization: Bearer ${v}' https://api.internal\n`,
    ]) {
      const text = make(secret());
      const found = secretsIn(text);
      assert.equal(found.length, 1, text);
      assert.equal(found[0]?.fixes, undefined, text);
    }
  });

  it('is offered in lines that are a part of a statement only', () => {
    for (const make of [
      (v: string) => `if x:\n    pass\nelif f(password="${v}"):\n    pass\n`,
      (v: string) => `if x:\n    pass\nelse: db_password = "${v}"\n`,
      (v: string) => `try:\n    pass\nexcept E: db_password = "${v}"\n`,
      (v: string) => `try:\n    pass\nfinally: login(password="${v}")\n`,
      (v: string) => `@client(password="${v}")\ndef f(): pass\n`,
      (v: string) => `class A(B, password="${v}"):\n    pass\n`,
      (v: string) => `def f(\n    a,\n    password="${v}",\n):\n    pass\n`,
      (v: string) => `with open(1) as f, login(password="${v}") as g:\n    pass\n`,
      (v: string) => `match x:\n    case 1: db_password = "${v}"\n`,
      (v: string) => `if x:\n\tdb_password = "${v}"\n`,
    ]) {
      const after = fixed(make(secret()));
      assert.match(after, /os\.environ\["(?:DB_)?PASSWORD"\]/);
      assert.ok(parses(after), after);
    }
  });

  it('is not offered where it would mean something else', () => {
    for (const make of [
      (v: string) => `match c:\n    case {"password": "${v}"}:\n        pass\n`,
      (v: string) => `def f(os):\n    db_password = "${v}"\n`,
      (v: string) => `import os\nos = None\ndb_password = "${v}"\n`,
      (v: string) => `u = "postgresql://etl:${v}@db.internal/%s" % name\n`,
      (v: string) => `u = "postgresql://etl:${v}@db.internal/{}".format(name)\n`,
    ]) {
      const text = make(secret());
      const found = secretsIn(text);
      assert.equal(found.length, 1, text);
      assert.equal(found[0]?.fixes, undefined, text);
    }
    assert.match(fixed(`import os\ndb_password = "${secret()}" % ()\n`), /os\.environ/);
    assert.match(fixed(`import os\nos.sep = 1\nf(password="${secret()}")\n`), /os\.environ/);
  });

  it('leaves Python that parses and holds no secret, in every syntax of Python', () => {
    let offered = 0;
    const python = SYNTAXES.filter(({ file }) => file === 'code.py');
    for (const syntax of python) {
      const value = secret();
      const text = syntax.text(value);
      for (const fix of secretsIn(text).flatMap((draft) => draft.fixes ?? [])) {
        offered += 1;
        const after = applied(text, fix);
        assert.ok(!after.includes(value) && !after.includes(value.slice(12)), after);
        assert.equal(parses(after), parses(text), after);
        assert.deepEqual(
          secretsIn(after).map((draft) => draft.message),
          [],
          after,
        );
        assert.ok(!JSON.stringify(fix).includes(value.slice(4)), 'the fix holds no secret');
      }
    }
    assert.ok(offered > python.length * 0.85, `${offered} of ${python.length}`);
  });
});
