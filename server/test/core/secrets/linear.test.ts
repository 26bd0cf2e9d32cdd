import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { checkSync } from 'recheck';
import ts from 'typescript';
import { SECRET_SPECS } from '../../../src/core/secrets/rules';
import { secretsIn } from './support';

const CORE = path.resolve(__dirname, '../../../src/core');

function filesOf(folder: string): string[] {
  return readdirSync(folder)
    .map((name) => path.join(folder, name))
    .flatMap((file) => (statSync(file).isDirectory() ? filesOf(file) : file.endsWith('.ts') ? [file] : []));
}

/** Every regular expression literal of a source file. */
function literalsOf(file: string): RegExp[] {
  const found: RegExp[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) {
      const slash = node.text.lastIndexOf('/');
      found.push(new RegExp(node.text.slice(1, slash), node.text.slice(slash + 1)));
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true));
  return found;
}

/** A regular expression is applied to a text only where a keyword was found, and from there; so it is judged as anchored. */
function vulnerable(source: string, flags: string): string | undefined {
  const result = checkSync(source, flags.replace(/[ygd]/g, ''), { timeout: 1000 });
  if (result.status !== 'vulnerable') return undefined;
  return `${result.complexity.type} ${result.complexity.summary}: ${source}`;
}

describe('patterns are linear', function () {
  this.timeout(280_000);

  it('the shapes of all rules', () => {
    const shapes = new Set<string>();
    for (const spec of SECRET_SPECS.values()) {
      for (const { pattern } of spec.tokens ?? []) shapes.add(`^(?:${pattern})(?![A-Za-z0-9_])`);
      for (const { value } of spec.assigned ?? []) shapes.add(`^(?:${value})$`);
    }
    assert.ok(shapes.size > 200);
    assert.deepEqual([...shapes].map((shape) => vulnerable(shape, '')).filter(Boolean), []);
  });

  it('the expressions of the engine and of the readers of notebooks and text have no exponential case', () => {
    const bad: string[] = [];
    for (const folder of ['secrets', 'notebook', 'text']) {
      for (const file of filesOf(path.join(CORE, folder))) {
        for (const { source, flags } of literalsOf(file)) {
          const result = checkSync(source, flags.replace(/[ygd]/g, ''), { timeout: 250 });
          if (result.status === 'vulnerable' && result.complexity.type === 'exponential')
            bad.push(`${path.basename(file)}: ${source}`);
        }
      }
    }
    assert.deepEqual(bad, []);
  });

  it('hostile texts take time in proportion to their size', () => {
    const units = [
      'api_key',
      'token=',
      'password = "',
      'eyJhbGciOi.',
      '://a:b@',
      'user:pass@',
      'curl -u a:bcdefg \\\n',
      '-----BEGIN PRIVATE KEY-----\n',
      'key, ',
      '("secret", "',
      'kind: Secret\ndata:\n  a: b\n',
      '"password": {',
      'ghp_',
      'bearer ',
      "auth=('",
      'AKIA',
      '<password>',
      'ZXlK',
      'sk-',
      '\\"token\\": ',
      'passwords = ["a1b2c3d4", ',
      'password: Field(',
      'password={',
      'password:\n  - ',
      '<name>password</name>',
      '| password |\n|---|---|\n',
      'value: abcd\nname: password\n',
      'identified by ',
      'echo "a:bcdef" | chpasswd ',
      'add_argument("--password", ',
      '${password:-',
      'PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\n',
      'getconnection("a", "b", ',
      'password or "',
      'kind: Secret\n---\n',
    ];
    for (const unit of units) {
      const file = unit.startsWith('|') ? 'x.md' : unit.includes('\n') ? 'x.yaml' : 'x.py';
      const run = (size: number) => {
        const text = unit.repeat(size / unit.length);
        let best = Number.POSITIVE_INFINITY;
        for (let i = 0; i < 3; i += 1) {
          const { user } = process.cpuUsage();
          secretsIn(text, file);
          best = Math.min(best, process.cpuUsage().user - user);
        }
        return best;
      };
      run(20_000);
      const small = run(40_000);
      const large = run(160_000);
      // Four times the text: quadratic work would take sixteen times as long. Small times are noise.
      assert.ok(large < Math.max(small, 8000) * 10, `${unit}: ${small} us for 40 kB, ${large} us for 160 kB`);
    }
  });
});
