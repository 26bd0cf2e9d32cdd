import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { DIRECTORY_FORMATS, FORMATS, GROUP_FORMATS } from '../../src/core/formats';
import { ruleIndex } from '../../src/core/rulePage';
import { RULES } from '../../src/core/rules';

const ROOT = path.resolve(__dirname, '../../..');
const CORE = path.join(ROOT, 'server/src/core');

function sources(folder: string): string[] {
  return readdirSync(folder)
    .map((name) => path.join(folder, name))
    .flatMap((file) => (statSync(file).isDirectory() ? sources(file) : file.endsWith('.ts') ? [file] : []));
}

function imports(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/(?:from|import|require\()\s*'([^']+)'/g)].map((m) => m[1] as string);
}

describe('the house', () => {
  it('names every package whose code is in a bundle, with its licence', function () {
    this.timeout(60_000);
    const { status, stderr } = spawnSync(process.execPath, ['scripts/notices.mjs', '--check'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
  });

  it('core imports nothing of the editor, the LSP, the workers or the command line', () => {
    for (const file of sources(CORE)) {
      for (const from of imports(file)) {
        assert.ok(!/^vscode/.test(from), `${file} imports ${from}`);
        if (!from.startsWith('.')) continue;
        const target = path.resolve(path.dirname(file), from);
        assert.ok(target.startsWith(CORE) || target.endsWith('package.json'), `${file} imports ${from}`);
      }
    }
  });

  it('scanners never import the engine', () => {
    for (const file of sources(CORE)) {
      const own = path.relative(CORE, file);
      if (!own.includes(path.sep)) continue;
      for (const from of imports(file)) assert.ok(!/(?:^|\/)engine$/.test(from), `${own} imports ${from}`);
    }
  });

  it('the client imports nothing of the server but its protocol', () => {
    const protocol = path.join(ROOT, 'server/src/protocol');
    for (const file of sources(path.join(ROOT, 'client/src'))) {
      for (const from of imports(file)) {
        if (!from.startsWith('.')) continue;
        const target = path.resolve(path.dirname(file), from);
        const server = target.startsWith(path.join(ROOT, 'server'));
        assert.ok(!server || target.startsWith(protocol), `${file} imports ${from}`);
      }
    }
  });

  it('every family of rules is registered, and ids are unique and well formed', () => {
    const families = sources(CORE).flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/defineRules\(\s*'([a-z0-9-]+)'/g)].map((m) => m[1] as string),
    );
    const known = new Set(RULES.map(({ id }) => id.slice(0, id.indexOf('/'))));
    for (const family of families) assert.ok(known.has(family), `rules of ${family} are not in rules.ts`);
    assert.equal(new Set(RULES.map(({ id }) => id)).size, RULES.length);
    for (const { id } of RULES) assert.match(id, /^[a-z0-9-]+\/[a-z0-9]+(?:-[a-z0-9]+)*$/);
  });

  it('every rule explains itself', () => {
    for (const rule of RULES) {
      assert.ok(rule.title && rule.description && rule.remediation, rule.id);
      if (rule.category === 'model') assert.ok(rule.risk, `${rule.id} has no risk class`);
      const { cwe = [], owasp = [], atlas = [], nist = [] } = rule.references;
      assert.ok(cwe.length + owasp.length + atlas.length + nist.length > 0, `${rule.id} has no references`);
      for (const id of cwe) assert.match(id, /^CWE-\d+$/, rule.id);
      for (const id of atlas) assert.match(id, /^(?:AML\.)?T\d{4}(?:\.\d{3})?$/, rule.id);
    }
  });

  it('docs/rules.md says what the rules say', () => {
    assert.equal(readFileSync(path.join(ROOT, 'docs/rules.md'), 'utf8'), ruleIndex(RULES), 'run `npm run docs`');
  });

  it('every format is registered once and has its row in docs/formats.md', () => {
    const ids = [...FORMATS, ...DIRECTORY_FORMATS, ...GROUP_FORMATS].map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    const documented = readFileSync(path.join(ROOT, 'docs/formats.md'), 'utf8');
    for (const { id, kind } of FORMATS) {
      if (kind === 'model' || kind === 'archive') assert.ok(documented.includes(`\`${id}\``), `${id} has no row`);
    }
    for (const { id } of [...DIRECTORY_FORMATS, ...GROUP_FORMATS])
      assert.ok(documented.includes(`\`${id}\``), `${id} has no row`);
  });

  it('every folder of a format reaches the registry', () => {
    const registered = imports(path.join(CORE, 'models/registry.ts')).join('\n');
    const reachedThroughOthers = new Set(['protobuf', 'marshal', 'hdf5', 'jinja']);
    for (const name of readdirSync(path.join(CORE, 'models'))) {
      if (!statSync(path.join(CORE, 'models', name)).isDirectory() || reachedThroughOthers.has(name)) continue;
      assert.ok(registered.includes(`./${name}/`), `models/${name} is not in the registry`);
    }
  });

  it('no rule knows a file by its hash', () => {
    for (const file of sources(CORE)) {
      for (const [, hash] of readFileSync(file, 'utf8').matchAll(/['"`]([0-9a-f]{64})['"`]/g)) {
        assert.fail(`${file} has ${hash}`);
      }
    }
  });
});
