import assert from 'node:assert/strict';
import { checkSync } from 'recheck';
import { analyse } from 'scslre';
import { PII_ANALYSER } from '../../../src/core/pii/analyser';
import { PYTHON_ANALYSER } from '../../../src/core/python/analyser';
import { SECRETS_ANALYSER } from '../../../src/core/secrets/analyser';
import { judge } from '../pii/judge';
import { type Expression, expressionsIn, expressionsMadeBy, hasUnbounded, widened } from './expressions';
import { workOf } from './work';

const FOLDERS = ['secrets', 'pii', 'python', 'text'];

/** Loads the analysers, and makes what they make only when they need it. */
function useAll(): void {
  const { judge: again } = require('../pii/judge') as typeof import('../pii/judge');
  const { TEXT_ANALYSERS } =
    require('../../../src/core/text/analysers') as typeof import('../../../src/core/text/analysers');
  const text = 'import os\napi_key = "Zx81kQ2vLm7Rt4Wp8Yd3"\nsubject_name = "Jane Quist"\nfull_name: Jane Quist\n';
  for (const analyser of TEXT_ANALYSERS) for (const name of ['a.py', 'a.md']) again({ name, text }, analyser);
  const { IDENTIFIERS } =
    require('../../../src/core/pii/identifiers') as typeof import('../../../src/core/pii/identifiers');
  for (const { context } of IDENTIFIERS) context('a label');
}

const { literals, makers } = expressionsIn(FOLDERS);
const made = expressionsMadeBy(useAll).filter(({ where }) => FOLDERS.some((folder) => where.startsWith(folder)));

/** Each expression once: the same shape serves many rules. */
function all(): Expression[] {
  const found = new Map<string, Expression>();
  for (const one of [...literals, ...made]) found.set(`/${one.source}/${one.flags}`, one);
  return [...found.values()];
}

describe('regular expressions', function () {
  this.timeout(300_000);

  it('are all looked at, those that are put together too', () => {
    assert.ok(literals.length > 700 && made.length > 500, `${literals.length} literals, ${made.length} made`);
    const seen = new Set(made.map(({ where }) => where));
    assert.deepEqual(
      [...makers].filter((file) => !seen.has(file)),
      [],
      'files whose expressions are not seen',
    );
  });

  it('do not go back and forth in one place, with or without their bounds', () => {
    const bad: string[] = [];
    for (const { where, source, flags } of all()) {
      const { reports } = analyse({ source: widened(source), flags }, { reportTypes: { Move: false } });
      for (const { type, exponential, character } of reports)
        bad.push(`${where} ${type}${exponential ? ', exponential' : ''}, ${character.pick}: ${source}`);
    }
    assert.deepEqual(bad, []);
  });

  it('are linear from the first to the last place of a text where no bound ends them', () => {
    const bad: string[] = [];
    for (const { where, source, flags } of all()) {
      if (!hasUnbounded(source)) continue;
      const sticky = flags.includes('y');
      const { reports } = analyse({ source, flags }, { reportTypes: { Move: !sticky } });
      for (const { type, character } of reports) bad.push(`${where} ${type}, ${character.pick}: ${source}`);
      // A second judge, which knows attacks of more than one character. What it has no time for counts for nothing.
      const anchored = sticky ? `^(?:${source})` : source;
      const result = checkSync(anchored, flags.replace(/[ygd]/g, ''), { timeout: 1000 });
      if (result.status === 'vulnerable') bad.push(`${where} ${result.complexity.summary}: ${source}`);
    }
    assert.deepEqual(bad, []);
  });
});

/** Texts that make the analysers look again and again, by file. */
const HOSTILE: Readonly<Record<string, readonly string[]>> = {
  'x.py': [
    ...['api_key', 'token=', 'password = "', 'eyJhbGciOi.', '://a:b@', 'user:pass@', 'key, ', '("secret", "'],
    ...['"password": {', 'ghp_', 'bearer ', "auth=('", 'AKIA', '<password>', 'ZXlK', 'sk-', '\\"token\\": '],
    ...['passwords = ["a1b2c3d4", ', 'password: Field(', 'password={', 'identified by ', 'echo "a:bcdef" | chpasswd '],
    ...[
      'add_argument("--password", ',
      '${password:-',
      'getconnection("a", "b", ',
      'password or "',
      'jwt.encode({"a": 1}, ',
    ],
    ...['curl -u a:bcdefg \\\n', '-----BEGIN PRIVATE KEY-----\n', 'pw=', 'login a / pw=', 'NRAL', 'glpat-', 'cfut_'],
    ...[
      'pickle.load(',
      'x = pickle.load\n',
      'class A(pickle.Unpickler):\n',
      'self.load = pickle.load\n',
      'getattr(os, ',
    ],
    ...['import pickle; ', '(x := pickle.loads)', '{"a": pickle.load, ', 'eval(', 'f"{', 'os.system("curl a | '],
    ...[
      'password = "a1b2c3d4"  # watchtower: ignore[secret/a]\n',
      '# watchtower: ignore-start\npassword = "a1b2c3d4"\n',
    ],
    ...['pickle.load(f)  # nosec\n', '# watchtower: ignore[', 'urlretrieve(u, "a/b")\n', 'x = urlretrieve\n'],
    ...['import requests; assert h.hexdigest() == x; urlretrieve(u, "a.pkl"); pickle.load(open("a.pkl"))\n'],
    ...['def a(): h.hexdigest() == x or urlretrieve(u, "a.pkl") or pickle.load("a.pkl")\n'],
    ...['ZipFile("a").extractall("b"); urlretrieve(u, "a"); pickle.load("b/c")\n', 'wget x; tar xf a -C b; ./b/c\n'],
    ...['# ', '"""', 'lambda: ', 'def f(load=pickle.load): ', 'x[0](', 'from pickle import *\n', '    \n', '\\\n'],
  ],
  'x.yaml': [
    'kind: Secret\ndata:\n  a: b\n',
    'password:\n  - ',
    'value: abcd\nname: password\n',
    'kind: Secret\n---\n',
  ],
  'x.xml': ['<name>password</name>\n', '<password>', '<add key="password" '],
  'x.md': [
    'password: a1b2c3d4 <!-- watchtower: ignore -->\n',
    '```\npassword: a1b2c3d4 # gitleaks:allow\n',
    '| password |\n|---|---|\n',
    'ein 12-',
    'name: Jane Quist ',
    'phone ',
    '+1 (',
    'a@b.c ',
    'iban DE',
    '1.2.3.4 ',
  ],
  'x.txt': [
    ...['1', '1 ', '1-', '1.', '::', 'ab:', 'AA 1 ', 'GB82 ', 'x1 ', 'passport ', 'PuTTY-User-Key-File-2: ssh-rsa\n'],
    ...['password', '@', '=', ' ', '\n', '"', '/', '\\', '{', '<', '.', 'a', 'A', '$', '%(', '-'],
  ],
  'x.sh': [
    'curl ',
    'curl -H "Authorization: ',
    'sshpass -p ',
    'nc -',
    'wget x && ',
    'mysql -p',
    'export A_KEY=',
    '| sh ',
  ],
  'x.csv': ['1,', 'name,', 'a@b.de,', 'ssn,1\n', '"",'],
};
const SMALL = 16_000;
const TIMES = 4;

describe('hostile texts', function () {
  this.timeout(300_000);

  for (const analyser of [SECRETS_ANALYSER, PII_ANALYSER, PYTHON_ANALYSER]) {
    it(`cost ${analyser.id} work in proportion to their size`, () => {
      const bad: string[] = [];
      for (const [name, units] of Object.entries(HOSTILE)) {
        for (const unit of units) {
          const cost = (size: number) => {
            const text = unit.repeat(Math.ceil(size / unit.length));
            return workOf(() => judge({ name, text }, analyser));
          };
          const small = cost(SMALL);
          const large = cost(SMALL * TIMES);
          if (large > small * TIMES * 1.25 + 20_000) bad.push(`${name} ${JSON.stringify(unit)}: ${small}, ${large}`);
        }
      }
      assert.deepEqual(bad, []);
    });
  }
});
